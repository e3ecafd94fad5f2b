"""Tells of overdue confirmations, and mails it to whoever the delivery file says: counts, and how to list them.

While a mail is sent no transaction is open, as with reports.
"""

from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage

from testing_tracker.reports.paper.letters import addressed
from testing_tracker.rules.serving.delivery_file import MailDelivery
from testing_tracker.services.reporting import outbox, reminders
from testing_tracker.services.reporting.reminders import Overdue
from testing_tracker.serving import mail
from testing_tracker.serving.courier import Attempt, Transaction
from testing_tracker.store.facilities import the_facility


@dataclass(frozen=True)
class ReminderAttempt(Attempt):
    """How an attempt to mail a day's reminder ended."""

    day: date
    overdue: Overdue


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
            if reminders.overdue(session, acting) is None or reminders.told(session, acting) is not None:
                return None
        with self.writing() as (session, acting):
            return reminders.tell(session, acting)

    def mail(self) -> ReminderAttempt | None:
        """Make an attempt to mail what was told; None where none is owed, or another process is at it.

        Never raises for what keeps a mail from arriving: that is the attempt's `error`, and on record.
        """
        if self.way is None or not self.way.reminders:
            return None
        with self.reading() as (session, acting):
            if not reminders.mail_is_owed(session, acting):
                return None
        with self.writing() as (session, acting):
            taken = reminders.claim(session, acting)
            facility = the_facility(session)
            name, training, day, at = facility.name, facility.training, acting.today, acting.now
        if taken is None:
            return None
        overdue, claim = taken
        error = None
        try:
            mail.send(self.way, _message(self.way, day, overdue, name, at, training=training), self.seconds)
        except mail.NotSentError as failed:
            error = str(failed)
        with self.writing() as (session, acting):
            next_at = outbox.finish(session, acting, claim, error)
        return ReminderAttempt(error, next_at, day, overdue)


def _message(
    way: MailDelivery, day: date, found: Overdue, facility: str, at: datetime, *, training: bool
) -> EmailMessage:
    which = "1 confirmation is" if found.count == 1 else f"{found.count} confirmations are"
    body = (
        f"At {facility} {which} overdue; the longest awaited should have come by {found.since}.\n\n"
        "`testing-tracker confirmation list --overdue` lists them. Ask the laboratory; log what it says with\n"
        "`testing-tracker result CODE OUTCOME --definitive --lab NAME`, or call one off with\n"
        "`testing-tracker confirmation cancel`.\n"
    )
    return addressed(way, f"Reminder {day}", body, at, f"{facility} reminder {day}", training=training)
