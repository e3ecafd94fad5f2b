"""Delivers the weekly report and mails the day's reminder: what is owed, by each way, and again where it failed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path

from testing_tracker.errors import TestingTrackerError
from testing_tracker.reports.paper.pdf import encrypted
from testing_tracker.reports.weekly.forms import as_bytes
from testing_tracker.reports.weekly.gather import gather
from testing_tracker.reports.weekly.mail import Letter, addressed, message
from testing_tracker.reports.weekly.printing import Printed, imprint
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.serving.delivery_file import ENDINGS, Deliveries, FolderDelivery, MailDelivery
from testing_tracker.rules.words import Channel
from testing_tracker.services.reporting import amended as amended_reports
from testing_tracker.services.reporting import outbox
from testing_tracker.services.reporting.outbox import Overdue
from testing_tracker.serving import mail
from testing_tracker.store.work import Work

Transaction = Callable[[], AbstractContextManager[Work]]
WriteFile = Callable[[Path, bytes], None]


@dataclass(frozen=True)
class Courier:
    """What an attempt is made with. `write_file` writes a file whole or not at all, readable by its owner alone.

    `facility` is the facility's number, and `seconds` is how long a mail server may take over each answer.
    """

    reading: Transaction
    writing: Transaction
    write_file: WriteFile
    ways: Deliveries
    facility: int
    seconds: float = mail.SECONDS_TO_ANSWER

    def owed(self, week: Week | None) -> list[tuple[Week, Channel]]:
        """What is to be delivered now: `week` where it was not, and what failed before and has waited long enough."""
        with self.reading() as work:
            found = outbox.reports_owed(work, week, self.ways.channels)
            if week is not None and self._lacks_files(week):
                folder = outbox.on_record(work, week, Channel.FOLDER)
                if folder is not None and folder.delivered_at is not None:
                    found.append((week, Channel.FOLDER))
        return found

    def _lacks_files(self, week: Week) -> bool:
        folder = self.ways.folder
        return folder is not None and folder.refilled and bool(self._files(folder, week))

    def amended(self, week: Week | None) -> list[tuple[Week, Channel]]:
        """The reports that were amended since they were delivered, and whose new edition leaves with `week`'s report.

        That is once a week, when `week` itself has not left: a laboratory's results come for days, and each would be a
        new edition.
        """
        if week is None:
            return []
        with self.reading() as work:
            new = [one for one in self.ways.channels if outbox.on_record(work, week, one) is None]
            found = amended_reports.amended(work) if new else []
        return [(Week.parse(one.week), one.channel) for one in found if one.channel in new and one.week != str(week)]

    def deliver(
        self, week: Week, channel: Channel, *, again: bool = False, amended: bool = False
    ) -> "ReportAttempt | None":
        """Make an attempt; None where another process is at it or was first. `again`: see `outbox.claim`.

        With `amended` only where the report was amended since it was delivered, and says something else now. Never
        raises for what keeps a report from arriving: that is the attempt's `error`, and on record.
        """
        refilling = channel is Channel.FOLDER and self._lacks_files(week)
        with self.writing() as work:
            if amended and not amended_reports.is_amended(work, week, channel):
                return None
            claim = outbox.claim_report(work, week, channel, again=again or refilling or amended)
        if claim is None:
            return None
        made, error = None, None
        try:
            made = self._make(week, channel, by_hand=again, amended=amended)
        except _FailedError as failed:
            error = str(failed)
        except Exception as failed:
            # The message of an unforeseen error may hold a row of the tables.
            error = f"something went wrong inside the program ({type(failed).__name__})"
        with self.writing() as work:
            if made is not None and made.is_as_before:
                amended_reports.record_unchanged(work, week, channel, edition=made.edition, up_to=made.up_to)
                outbox.give_back(work.session, claim)
                return None
            known = {"edition": made.edition, "up_to": made.up_to} if made is not None and made.up_to else {}
            next_at = outbox.finish(work, claim, error, **known)
        return ReportAttempt(error, next_at, week, channel, made.participants if made is not None else 0)

    def _make(self, week: Week, channel: Channel, *, by_hand: bool, amended: bool) -> "_Made":
        """What was made and has left; with `amended` nothing leaves that says what was delivered before."""
        with self.reading() as work:
            last = amended_reports.last_delivered(work, week, channel)
        printed, at = self._printed(week)
        report, edition = printed.report, printed.imprint.number
        is_as_before = amended and last is not None and last.edition is not None and last.edition == edition
        made = _Made(len(report.participants), edition, report.last_entry_id, is_as_before)
        if is_as_before:
            return made
        files = self._rendered(printed, channel, anew=amended)
        if channel is Channel.FOLDER:
            for path, content in files.items():
                self._write(path, content)
            return made
        assert self.ways.mail is not None
        is_new_edition = last is not None and edition != (last.edition or 1)
        letter = Letter(
            facility=report.facility,
            training=report.training,
            week=week,
            encrypted=self.ways.passphrase is not None,
            at=at,
            key=f"{report.facility} {week}"
            + (f" edition {edition}" if is_new_edition else "")
            + (f" {at.isoformat()}" if by_hand else ""),
            amended=is_new_edition,
        )
        try:
            named = {path.name: content for path, content in files.items()}
            mail.send(self.ways.mail, message(self.ways.mail, letter, named), self.seconds)
        except mail.NotSentError as error:
            raise _FailedError(str(error)) from None
        return made

    def _printed(self, week: Week) -> tuple[Printed, datetime]:
        """The report as it is to be written out, and when."""
        try:
            with self.reading() as work:
                report = gather(work, week)
            with self.writing() as work:
                return imprint(work, report), work.now
        except TestingTrackerError:
            raise _not_made(week) from None

    def _rendered(self, printed: Printed, channel: Channel, *, anew: bool) -> dict[Path, bytes]:
        """What is to stand in each file of the report."""
        way = self.ways.folder if channel is Channel.FOLDER else self.ways.mail
        assert way is not None
        week = printed.report.week
        try:
            files = {path: as_bytes(printed, form) for path, form in self._files(way, week, anew=anew).items()}
        except TestingTrackerError:
            raise _not_made(week) from None
        if self.ways.passphrase is not None:
            files = {path: encrypted(pdf, self.ways.passphrase) for path, pdf in files.items()}
        return files

    def _files(self, way: FolderDelivery | MailDelivery, week: Week, *, anew: bool = False) -> dict[Path, str]:
        """The files to make, with their forms; in a folder that is refilled, those that are not there, or all `anew`.

        Facilities may share a folder, so all but the first have their number in the name.
        """
        folder = way.path if isinstance(way, FolderDelivery) else Path()
        whose = "" if self.facility == 1 else f"-facility-{self.facility}"
        named = {folder / f"report-{week}{whose}.{ENDINGS[form]}": form for form in way.forms}
        if isinstance(way, FolderDelivery) and way.refilled and not anew:
            return {path: form for path, form in named.items() if not path.exists()}
        return named

    def _write(self, path: Path, content: bytes) -> None:
        try:
            self.write_file(path, content)
        except TestingTrackerError as error:
            raise _FailedError(str(error).removesuffix(".")) from None


@dataclass(frozen=True)
class Attempt:
    """How an attempt ended: `error` is None when it was delivered, or `next_at` is when it is tried again."""

    error: str | None
    next_at: datetime | None


@dataclass(frozen=True)
class ReportAttempt(Attempt):
    """How an attempt to deliver a week's report ended."""

    week: Week
    channel: Channel
    participants: int


@dataclass(frozen=True)
class _Made:
    """What an attempt has made of the records up to an audit entry; `is_as_before`: it was delivered before."""

    participants: int
    edition: int | None
    up_to: int
    is_as_before: bool = False


def _not_made(week: Week) -> "_FailedError":
    # Why may hold a participant's code, and this is read in mails and monitoring.
    return _FailedError(f"the report could not be made; `testing-tracker report weekly --week {week}` says why")


class _FailedError(Exception):
    """Says why an attempt failed, without codes, addresses and passwords."""


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
        with self.reading() as work:
            if outbox.overdue_confirmations(work) is None or outbox.reminder_told(work) is not None:
                return None
        with self.writing() as work:
            return outbox.remind(work)

    def mail(self) -> ReminderAttempt | None:
        """Make an attempt to mail what was told; None where none is owed, or another process is at it.

        Never raises for what keeps a mail from arriving: that is the attempt's `error`, and on record.
        """
        if self.way is None or not self.way.reminders:
            return None
        with self.reading() as work:
            if not outbox.reminder_is_owed(work):
                return None
        with self.writing() as work:
            taken = outbox.claim_reminder(work)
            name, training, day, at = work.facility.name, work.facility.training, work.today, work.now
        if taken is None:
            return None
        overdue, claim = taken
        error = None
        try:
            mail.send(self.way, _message(self.way, day, overdue, name, at, training=training), self.seconds)
        except mail.NotSentError as failed:
            error = str(failed)
        with self.writing() as work:
            next_at = outbox.finish(work, claim, error)
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
