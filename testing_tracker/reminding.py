"""Tells of overdue confirmations, and mails it to whoever the delivery file says: counts, and how to list them.

While a mail is sent no transaction is open, as with reports.
"""

from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage

from testing_tracker import mail
from testing_tracker.delivering import Transaction
from testing_tracker.reports.letters import addressed
from testing_tracker.rules.delivery_file import MailDelivery
from testing_tracker.services import reminders
from testing_tracker.services.reminders import Claim, Overdue
from testing_tracker.store.facilities import the_facility


@dataclass(frozen=True)
class Attempt:
    """How an attempt to mail a reminder ended: `error` is None when it was mailed, or `next_at` is when it is tried
    again."""

    day: date
    overdue: Overdue
    error: str | None
    next_at: datetime | None


@dataclass(frozen=True)
class Reminder:
    """A facility's reminders. `way` is None where none is mailed; `seconds` as in `delivering.Courier`."""

    reading: Transaction
    writing: Transaction
    way: MailDelivery | None
    seconds: float = mail.SECONDS_TO_ANSWER

    def tell(self) -> Overdue | None:
        """What is to be told today; None where nothing is overdue, and where it was told already."""
        with self.reading() as (session, acting):
            if reminders.overdue(session, acting) is None or reminders.is_told(session, acting):
                return None
        with self.writing() as (session, acting):
            return reminders.tell(session, acting)

    def mail(self) -> Attempt | None:
        """Make an attempt to mail what was told; None where none is owed, or another process is at it.

        Never raises for what keeps a mail from arriving: that is the attempt's `error`, and on record.
        """
        if self.way is None or not self.way.reminders:
            return None
        with self.reading() as (session, acting):
            if not reminders.mail_is_owed(session, acting):
                return None
        with self.writing() as (session, acting):
            claim = reminders.claim(session, acting)
            facility = the_facility(session)
            name, training, at = facility.name, facility.training, acting.now
        if claim is None:
            return None
        error = None
        try:
            mail.send(self.way, _message(self.way, claim, name, at, training=training), self.seconds)
        except mail.NotSentError as failed:
            error = str(failed)
        with self.writing() as (session, acting):
            next_at = reminders.finish(session, acting, claim, error)
        return Attempt(claim.day, claim.overdue, error, next_at)


def _message(way: MailDelivery, claim: Claim, facility: str, at: datetime, *, training: bool) -> EmailMessage:
    found = claim.overdue
    which = "1 confirmation is" if found.count == 1 else f"{found.count} confirmations are"
    body = (
        f"At {facility} {which} overdue; the longest awaited should have come by {found.since}.\n\n"
        "`testing-tracker confirmation list --overdue` lists them. Ask the laboratory; log what it says with\n"
        "`testing-tracker result CODE OUTCOME --definitive --lab NAME`, or call one off with\n"
        "`testing-tracker confirmation cancel`.\n"
    )
    return addressed(way, f"Reminder {claim.day}", body, at, f"{facility} reminder {claim.day}", training=training)
