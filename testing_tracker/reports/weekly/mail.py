"""Messages by mail, the one that carries a week's report among them; unopened they say nothing about tests."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from testing_tracker.reports.paper.words import NOTICE
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.serving.delivery_file import MailDelivery

TRAINING = "TRAINING"


def addressed(mail: MailDelivery, subject: str, body: str, at: datetime, key: str, *, training: bool) -> EmailMessage:
    """A message to everybody in `mail.to`. `key` tells it from others: with the same key it is the same, sent again."""
    built = EmailMessage()
    built["Subject"] = f"{TRAINING} {subject}" if training else subject
    built["From"] = Address(addr_spec=mail.sender)
    built["To"] = [Address(addr_spec=recipient) for recipient in mail.to]
    built["Date"] = format_datetime(at)
    built["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:32]}@{mail.sender.rpartition('@')[2]}>"
    built["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note answers it
    mark = f"{TRAINING}: made up for practice.\n\n" if training else ""
    built.set_content(f"{mark}{body}", cte="quoted-printable")
    return built


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
