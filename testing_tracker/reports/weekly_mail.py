"""The message that carries a week's report. What can be read without opening it says nothing about tests."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from testing_tracker.reports.imprint_words import NOTICE
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.delivery_file import MailDelivery

TRAINING = "TRAINING"
_TYPES = {
    "txt": ("text", "plain"),
    "csv": ("text", "csv"),
    "json": ("application", "json"),
    "html": ("text", "html"),
    "pdf": ("application", "pdf"),
}


@dataclass(frozen=True)
class Letter:
    """What a message is about. `key` tells it from other messages: one with the same key is the same, sent again."""

    facility: str
    training: bool
    week: Week
    encrypted: bool
    at: datetime
    key: str


def message(mail: MailDelivery, letter: Letter, attachments: dict[str, bytes]) -> EmailMessage:
    """The message with the report's files by their names."""
    built = EmailMessage()
    built["Subject"] = f"{TRAINING} Weekly report {letter.week}" if letter.training else f"Weekly report {letter.week}"
    built["From"] = Address(addr_spec=mail.sender)
    built["To"] = [Address(addr_spec=recipient) for recipient in mail.to]
    built["Date"] = format_datetime(letter.at)
    built["Message-ID"] = f"<{sha256(letter.key.encode()).hexdigest()[:32]}@{mail.sender.rpartition('@')[2]}>"
    built["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note answers it
    built.set_content(_body(letter), cte="quoted-printable")
    for name, content in attachments.items():
        maintype, subtype = _TYPES[name.rpartition(".")[2]]
        written = {"charset": "utf-8"} if maintype == "text" else {}
        built.add_attachment(content, maintype=maintype, subtype=subtype, filename=name, params=written)
    return built


def _body(letter: Letter) -> str:
    week = letter.week
    mark = f"{TRAINING}: made up for practice.\n\n" if letter.training else ""
    opened = "It opens with the passphrase that was agreed on.\n" if letter.encrypted else ""
    return (
        f"{mark}The weekly report of {letter.facility}, {week} ({week.monday} to {week.sunday}), is attached.\n"
        f"{opened}\n{NOTICE}\n"
    )
