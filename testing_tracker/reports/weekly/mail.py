"""The message that carries a week's report."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from testing_tracker.reports.paper.imprint_words import NOTICE
from testing_tracker.reports.paper.letters import addressed
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.serving.delivery_file import MailDelivery

_TYPES = {
    "txt": ("text", "plain"),
    "csv": ("text", "csv"),
    "json": ("application", "json"),
    "html": ("text", "html"),
    "pdf": ("application", "pdf"),
}


@dataclass(frozen=True)
class Letter:
    """What a message is about. `key` tells it from other messages: one with the same key is the same, sent again.

    `amended`: the readers have had an earlier edition.
    """

    facility: str
    training: bool
    week: Week
    encrypted: bool
    at: datetime
    key: str
    amended: bool = False


def message(mail: MailDelivery, letter: Letter, attachments: dict[str, bytes]) -> EmailMessage:
    """The message with the report's files by their names."""
    subject = f"Weekly report {letter.week}" + (", amended" if letter.amended else "")
    built = addressed(mail, subject, _body(letter), letter.at, letter.key, training=letter.training)
    for name, content in attachments.items():
        maintype, subtype = _TYPES[name.rpartition(".")[2]]
        written = {"charset": "utf-8"} if maintype == "text" else {}
        built.add_attachment(content, maintype=maintype, subtype=subtype, filename=name, params=written)
    return built


def _body(letter: Letter) -> str:
    week = letter.week
    amended = (
        "It takes the place of the one that was sent before, and says what was amended.\n" if letter.amended else ""
    )
    opened = "It opens with the passphrase that was agreed on.\n" if letter.encrypted else ""
    return (
        f"The weekly report of {letter.facility}, {week} ({week.monday} to {week.sunday}), is attached.\n"
        f"{amended}{opened}\n{NOTICE}\n"
    )
