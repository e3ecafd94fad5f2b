"""Makes the attempts to deliver a week's report: claims one, renders, writes or mails, and records how it ended.

While a report is rendered and sent no transaction is open, so a slow mail server keeps nobody from logging a result.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from testing_tracker import mail
from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.reports.forms import as_bytes
from testing_tracker.reports.pdf_encryption import encrypted
from testing_tracker.reports.printing import imprint
from testing_tracker.reports.weekly import WeeklyReport, gather
from testing_tracker.reports.weekly_mail import Letter, message
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.delivery_file import ENDINGS, Deliveries, FolderDelivery, MailDelivery
from testing_tracker.rules.words import Channel
from testing_tracker.services import deliveries

Transaction = Callable[[], AbstractContextManager[tuple[Session, Acting]]]
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
        with self.reading() as (session, acting):
            found = deliveries.owed(session, acting, week, self.ways.channels)
            if week is not None and self._lacks_files(week):
                folder = deliveries.on_record(session, acting, week, Channel.FOLDER)
                if folder is not None and folder.delivered_at is not None:
                    found.append((week, Channel.FOLDER))
        return found

    def _lacks_files(self, week: Week) -> bool:
        folder = self.ways.folder
        return folder is not None and folder.refilled and bool(self._files(folder, week))

    def deliver(self, week: Week, channel: Channel, *, again: bool = False) -> "Attempt | None":
        """Make an attempt; None where another process is at it or was first. `again`: see `services.deliveries.claim`.

        Never raises for what keeps a report from arriving: that is the attempt's `error`, and on record.
        """
        refilling = channel is Channel.FOLDER and self._lacks_files(week)
        with self.writing() as (session, acting):
            claim = deliveries.claim(session, acting, week, channel, again=again or refilling)
        if claim is None:
            return None
        participants, error = 0, None
        try:
            participants = self._make(claim, by_hand=again)
        except _FailedError as failed:
            error = str(failed)
        except Exception as failed:
            # The message of an unforeseen error may hold a row of the tables.
            error = f"something went wrong inside the program ({type(failed).__name__})"
        with self.writing() as (session, acting):
            next_at = deliveries.finish(session, acting, claim, error)
        return Attempt(week, channel, error, next_at, participants)

    def _make(self, claim: deliveries.Claim, *, by_hand: bool) -> int:
        """Returns how many participants the report has."""
        report, files, at = self._rendered(claim.week, claim.channel)
        if claim.channel is Channel.FOLDER:
            for path, content in files.items():
                self._write(path, content)
            return len(report.participants)
        assert self.ways.mail is not None
        letter = Letter(
            facility=report.facility,
            training=report.training,
            week=claim.week,
            encrypted=self.ways.passphrase is not None,
            at=at,
            key=f"{report.facility} {claim.week}" + (f" {at.isoformat()}" if by_hand else ""),
        )
        try:
            named = {path.name: content for path, content in files.items()}
            mail.send(self.ways.mail, message(self.ways.mail, letter, named), self.seconds)
        except mail.NotSentError as error:
            raise _FailedError(str(error)) from None
        return len(report.participants)

    def _rendered(self, week: Week, channel: Channel) -> tuple[WeeklyReport, dict[Path, bytes], datetime]:
        """The report, and what is to stand in each of its files."""
        way = self.ways.folder if channel is Channel.FOLDER else self.ways.mail
        assert way is not None
        try:
            with self.reading() as (session, acting):
                report = gather(session, acting, week)
            with self.writing() as (session, acting):
                printed = imprint(session, acting, report)
                at = acting.now
            files = {path: as_bytes(printed, form) for path, form in self._files(way, week).items()}
        except TestingTrackerError:
            # It may hold a participant's code, and this is read in mails and monitoring.
            raise _FailedError(
                f"the report could not be made; `testing-tracker report weekly --week {week}` says why"
            ) from None
        if self.ways.passphrase is not None:
            files = {path: encrypted(pdf, self.ways.passphrase) for path, pdf in files.items()}
        return report, files, at

    def _files(self, way: FolderDelivery | MailDelivery, week: Week) -> dict[Path, str]:
        """The files to make, with their forms; in a folder that is refilled, those that are not there.

        Facilities may share a folder, so all but the first have their number in the name.
        """
        folder = way.path if isinstance(way, FolderDelivery) else Path()
        whose = "" if self.facility == 1 else f"-facility-{self.facility}"
        named = {folder / f"report-{week}{whose}.{ENDINGS[form]}": form for form in way.forms}
        if isinstance(way, FolderDelivery) and way.refilled:
            return {path: form for path, form in named.items() if not path.exists()}
        return named

    def _write(self, path: Path, content: bytes) -> None:
        try:
            self.write_file(path, content)
        except TestingTrackerError as error:
            raise _FailedError(str(error).removesuffix(".")) from None


@dataclass(frozen=True)
class Attempt:
    """How an attempt ended: `error` is None when the report was delivered, or `next_at` is when it is tried again."""

    week: Week
    channel: Channel
    error: str | None
    next_at: datetime | None
    participants: int


class _FailedError(Exception):
    """Says why an attempt failed, without codes, addresses and passwords."""
