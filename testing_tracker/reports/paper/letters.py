"""What all messages that the program mails have in common. What can be read unopened says nothing about tests."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

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
