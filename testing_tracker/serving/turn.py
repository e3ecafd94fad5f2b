"""One turn of `serve`: what is owed by now, for each facility: the nightly draw, the reminder, the report's deliveries.

It asks the tables what is owed, instead of setting an alarm for the hour. An alarm is lost when the machine sleeps over
it, when the process restarts, and where the clock jumps over it: in zones that put the clock forward at midnight there
is no 00:05 on that day. It rings twice where the clock is put back, and on two hosts at once. What the tables say is
owed stays owed until it is done, whoever does it, and is then done for everybody.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from sqlalchemy import Engine

from testing_tracker.clock import ClockOf
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.check_in.check_in_file import CheckInSettings
from testing_tracker.rules.drawing.no_record import question
from testing_tracker.rules.keeping.owed import LONGEST_GAP, Hours, draw_is_owed, report_owed
from testing_tracker.rules.serving.delivery_file import Deliveries, MailDelivery
from testing_tracker.rules.testing.analytes import SHIPPED, Vocabulary
from testing_tracker.rules.words import Channel
from testing_tracker.services.drawing import nights, witnesses
from testing_tracker.services.drawing.nights import NightRefusedError
from testing_tracker.services.keeping.checking import before_passing_on
from testing_tracker.services.keeping.upgrades import bring_up_to_date
from testing_tracker.services.people import staff
from testing_tracker.services.testing import draws
from testing_tracker.serving import events
from testing_tracker.serving.alarms import Alarms, OnceAnHour
from testing_tracker.serving.check_in_turn import CheckInTurn, Remembered
from testing_tracker.serving.courier import Attempt, Courier, Reminder, ReportAttempt, WriteFile
from testing_tracker.serving.events import Event
from testing_tracker.serving.noticing import Noticing
from testing_tracker.serving.outside import Outside
from testing_tracker.store import facilities
from testing_tracker.store.engine import open_engine, reading, reading_all, writing
from testing_tracker.store.location import AnyLocation
from testing_tracker.store.work import Work, work_in

_SERVE = "serve"  # what a turn is in the table of who may do what, whoever takes it


@dataclass(frozen=True)
class Plan:
    """What to serve: a database's facilities, or the one that `facility` names.

    `ways` tells, anew at each turn, how the weekly reports of a facility leave, by its number, and `check_in` how its
    participants check in. `clock_of` makes the clock of a facility by its timezones, `write_file` writes a file whole
    or not at all. What was done and what could not be done is told as `events`, and to the dead man's switches by
    `alarms`.
    """

    location: AnyLocation
    hours: Hours
    ways: Callable[[int], Deliveries]
    clock_of: ClockOf
    write_file: WriteFile
    facility: str | int | None = None
    longest_gap: int = LONGEST_GAP
    vocabulary: Vocabulary = SHIPPED
    check_in: Callable[[int], CheckInSettings | None] = lambda _number: None
    refusals: OnceAnHour = field(default_factory=OnceAnHour)
    page_failures: OnceAnHour = field(default_factory=OnceAnHour)
    remembered: dict[int, Remembered] = field(default_factory=dict)
    alarms: Alarms = field(default_factory=Alarms)


def do_what_is_owed(plan: Plan, is_ending: Callable[[], bool] = lambda: False) -> bool:
    """One turn; nothing is begun any more once `is_ending`. Returns whether all was done and all deliveries arrived.

    What cannot be done for one facility keeps none of the others waiting. Raises TestingTrackerError where something
    cannot be done for the only one.
    """
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(_opened(plan))
            numbers = _facilities(plan, engine)
        except Exception:
            plan.alarms.all_failed()
            raise
        is_one_of_many = len(numbers) > 1
        all_done = True
        for number in numbers:
            turn = _Turn(plan, engine, number, f"facility {number}: " if is_one_of_many else "", is_ending)
            try:
                all_done = turn.take() and all_done
            except Exception as error:
                plan.alarms.failed(number)
                if not is_one_of_many:
                    raise
                turn.complain(
                    Event.TURN_FAILED, f"{error_line(error)} Trying again at the next turn.", error=error_line(error)
                )
                all_done = False
            if is_ending():
                break
        return all_done


def error_line(error: Exception) -> str:
    """What went wrong. The message of an unforeseen error may hold a row of the tables, so it is left out."""
    if isinstance(error, TestingTrackerError):
        return f"{str(error).removesuffix('.')}."
    return f"something went wrong ({type(error).__name__})."


@contextmanager
def _opened(plan: Plan) -> Iterator[Engine]:
    """The database as it is at its path now: it may have been replaced by a copy since the last turn."""
    tell = partial(events.tell, Event.DATABASE_UPGRADED)
    engine = open_engine(plan.location, lambda: bring_up_to_date(plan.location, plan.clock_of, tell))
    try:
        yield engine
    finally:
        engine.dispose()


def _facilities(plan: Plan, engine: Engine) -> list[int]:
    """The facilities whose nights the account has. Raises AccessDeniedError where that is none of them."""
    with reading_all(engine) as session:
        served = facilities.every(session) if plan.facility is None else [facilities.choose(session, plan.facility)]
        each = (work_in(session, facility, plan.clock_of, plan.vocabulary) for facility in served)
        return [work.facility_id for work in staff.admitted(each, _SERVE)[0]]


@dataclass(frozen=True)
class _State:
    """What the tables say at the beginning of a step."""

    work: Work
    night_ran: bool

    @property
    def local_now(self) -> datetime:
        return self.work.now.astimezone(self.work.zone)


@dataclass(frozen=True)
class _Turn:
    """A turn at one facility; `mark` is before each line about it."""

    plan: Plan
    engine: Engine
    number: int
    mark: str
    is_ending: Callable[[], bool]

    def take(self) -> bool:
        """What came by the check-in page, today's draws, what goes to the page, what is overdue, and what is delivered.

        Returns whether all that was attempted arrived.
        """
        with closing(self._check_in()) as check_in:
            check_in.before_night()
            try:
                is_drawn, state = self._night()
            finally:
                is_well = check_in.after_night()
        if is_well:
            self.plan.page_failures.is_over(self.number)
        return self._what_leaves(state) and is_drawn and is_well

    def _night(self) -> tuple[bool, "_State"]:
        """Today's draws where they are owed; whether they were not refused, and how things stand then."""
        hours, state = self.plan.hours, self._state()
        is_refused = False
        if draw_is_owed(hours, state.local_now, night_ran=state.night_ran):
            is_refused = not self._is_drawn()
            state = self._state()
        return not is_refused, state

    def _what_leaves(self, state: "_State") -> bool:
        """What is overdue is told, and what is owed is delivered; whether all of it arrived."""
        hours, opened_on = self.plan.hours, state.work.facility.opened_on
        if state.night_ran:
            self.plan.alarms.is_well(self.number)
        week = report_owed(hours, state.local_now, night_ran=state.night_ran, opened_on=opened_on)
        if state.night_ran:
            self._remind()
        ways = self.plan.ways(self.number)
        is_kept_outside = self._hand_over(ways)
        all_arrived = self._deliver(week, ways) and is_kept_outside
        all_arrived = self._mail_reminder(ways) and all_arrived
        return self._remind_to_check_in(ways) and all_arrived

    @cached_property
    def _check_in_settings(self) -> CheckInSettings | None:
        """What the check-in file says, read once in a turn. Raises TestingTrackerError where it cannot be used."""
        return self.plan.check_in(self.number)

    def _check_in(self) -> CheckInTurn:
        return CheckInTurn(
            reading=self._transaction(reading),
            writing=self._transaction(writing),
            location=self.plan.location,
            settings=lambda: self._check_in_settings,
            tell=self.tell,
            clock_of=self.plan.clock_of,
            is_to_be_told=partial(self.plan.page_failures.is_to_be_told, self.number),
            remembered=self.plan.remembered,
        )

    def _remind_to_check_in(self, ways: Deliveries) -> bool:
        """Hand over the reminders to check in that are owed; returns whether what was attempted was taken."""
        try:
            settings = self._check_in_settings
        except TestingTrackerError:  # whoever fills the page has told it
            return True
        begin = (self._transaction(reading), self._transaction(writing))
        return Noticing(*begin, settings, ways.mail, self.number, self.mark).send_what_is_owed(self.is_ending)

    def tell(self, event: Event, said: str, level: int = logging.INFO, **figures: object) -> None:
        events.tell(event, f"{self.mark}{said}", level=level, facility=self.number, **figures)

    def complain(self, event: Event, said: str, level: int = logging.ERROR, **figures: object) -> None:
        self.tell(event, said, level, **figures)

    def _state(self) -> _State:
        with reading(self.engine, self.number, self.plan.clock_of, self.plan.vocabulary) as work:
            night_ran = draws.night_has_run(work, work.today)
            work.session.expunge(work.facility)
        return _State(work, night_ran)

    def _is_drawn(self) -> bool:
        """Make today's draws, unless they wait for a person's word on the day; what is mailed meanwhile goes on."""
        try:
            self._draw()
        except NightRefusedError as refused:
            self.plan.alarms.failed(self.number)
            if self.plan.refusals.is_to_be_told(self.number):
                self.complain(Event.NIGHT_REFUSED, str(refused), error=str(refused))
            return False
        self.plan.refusals.is_over(self.number)
        self.plan.alarms.night_made(self.number)
        return True

    def _draw(self) -> None:
        """Run the night. Another host may have been first: then there is nothing to tell."""
        with writing(self.engine, self.number, self.plan.clock_of, self.plan.vocabulary) as work:
            elapsed = self.plan.clock_of(facilities.timezones_of(work.session, work.facility)).stopwatch()
            known = before_passing_on.check_night(work)
            key = self.plan.location.key
            report = nights.run_night(work, key, elapsed, longest_gap=self.plan.longest_gap)
        for said in work.failed_afterwards:
            self.complain(Event.NIGHT_LEFT_UNDONE, said, logging.WARNING)
        if not report.already_made:
            with reading(self.engine, self.number, self.plan.clock_of, self.plan.vocabulary) as work:
                line = witnesses.of_run(work, report.day, report.sealed_page)
            self.tell(
                Event.NIGHT_MADE,
                f"draws of {report.day} made: {report.drawn} drawn; {report.missed} of the days before closed as "
                f"missed; {len(report.gaps)} nights without a run; witness: {line}",
                witness=str(line),
                day=report.day,
                drawn=report.drawn,
                missed=report.missed,
                gaps=len(report.gaps),
                seconds=report.seconds,
            )
        for one in known if not report.already_made else ():
            said = f"drawn, as a manager said, despite what does not hold: {one}"
            self.complain(Event.RECORDS_DO_NOT_HOLD, said, logging.WARNING, what=one)
        if report.gaps:
            first, last = report.gaps[0], report.gaps[-1]
            days = f"on {first}" if first == last else f"on the {len(report.gaps)} days from {first} to {last}"
            said = f"the nightly draw did not run {days}; random draws of such a day were not made"
            self.complain(
                Event.NIGHT_GAP, said, logging.WARNING, nights=len(report.gaps), first_day=first, last_day=last
            )
        for compared in report.held:
            day = compared.closed.day
            self.complain(Event.NIGHT_HELD, question(compared), logging.WARNING, day=day, **compared.figures)

    def _hand_over(self, ways: Deliveries) -> bool:
        """Hand the nights' lines to where they are kept outside; returns whether what was attempted arrived."""
        outside = Outside(self._transaction(reading), self._transaction(writing), ways.witness, self.number)
        attempt = None if self.is_ending() else outside.hand_over()
        if attempt is None:
            return True
        days = f"{attempt.lines[0].day} to {attempt.lines[-1].day}"
        events_of = (Event.WITNESS_DELIVERED, Event.WITNESS_FAILED)
        figures = {"lines": len(attempt.lines), "page": attempt.lines[-1].page}
        return self._has_arrived(attempt, events_of, f"witness lines of {days}", f"kept in {ways.witness}", **figures)

    def _reminder(self, mail: MailDelivery | None = None) -> Reminder:
        return Reminder(self._transaction(reading), self._transaction(writing), mail)

    def _remind(self) -> None:
        """Tell once a day what is overdue. It is told among what was done, because nothing went wrong here."""
        overdue = self._reminder().tell()
        if overdue is None:
            return
        which = "1 confirmation is" if overdue.count == 1 else f"{overdue.count} confirmations are"
        self.tell(
            Event.CONFIRMATIONS_OVERDUE,
            f"{which} overdue, the longest awaited since {overdue.since}; `testing-tracker confirmation list "
            "--overdue` lists them",
            overdue=overdue.count,
            since=overdue.since,
        )

    def _mail_reminder(self, ways: Deliveries) -> bool:
        """Mail what was told, where that is asked for; returns whether it arrived."""
        attempt = None if self.is_ending() else self._reminder(ways.mail).mail()
        if attempt is None:
            return True
        events_of = (Event.REMINDER_MAILED, Event.REMINDER_FAILED)
        figures = {"day": attempt.day, "overdue": attempt.overdue.count}
        return self._has_arrived(attempt, events_of, f"reminder of {attempt.day}", "mailed", **figures)

    def _has_arrived(
        self,
        attempt: Attempt,
        events_of: tuple[Event, Event],
        what: str,
        done: str,
        **figures: Any,  # noqa: ANN401
    ) -> bool:
        """Tell that what was attempted is done, or what it failed of; returns whether it arrived."""
        arrived, failed = events_of
        if attempt.error is None:
            self.tell(arrived, f"{what} {done}", **figures)
            return True
        said = f"{what} not {done}: {attempt.error}.{_again(attempt.next_at)}"
        self.complain(failed, said, error=attempt.error, next_at=attempt.next_at, **figures)
        return False

    def _deliver(self, week: Week | None, ways: Deliveries) -> bool:
        """Attempt the deliveries that are owed: the week's, and those that failed before."""
        courier = Courier(
            self._transaction(reading),
            self._transaction(writing),
            self.plan.write_file,
            ways,
            self.number,
        )
        all_arrived = True
        new, amended = courier.owed(week), courier.amended(week)
        for owed, channel in [*new, *amended]:
            is_amended = (owed, channel) in amended
            attempt = None if self.is_ending() else courier.deliver(owed, channel, amended=is_amended)
            if attempt is not None:
                self._tell(attempt)
                all_arrived = all_arrived and attempt.error is None
        return all_arrived

    def _transaction(
        self, begin: Callable[..., AbstractContextManager[Work]]
    ) -> Callable[[], AbstractContextManager[Work]]:
        return partial(begin, self.engine, self.number, self.plan.clock_of, self.plan.vocabulary)

    def _tell(self, attempt: ReportAttempt) -> None:
        done = "written" if attempt.channel is Channel.FOLDER else "mailed"
        week, channel = str(attempt.week), str(attempt.channel)
        if attempt.error is None:
            self.tell(
                Event.REPORT_DELIVERED,
                f"report of {attempt.week} {done}: {attempt.participants} participants",
                participants=attempt.participants,
                week=week,
                channel=channel,
            )
            return
        self.complain(
            Event.DELIVERY_FAILED,
            f"report of {attempt.week} not {done}: {attempt.error}.{_again(attempt.next_at)}",
            error=attempt.error,
            next_at=attempt.next_at,
            week=week,
            channel=channel,
        )


def _again(next_at: datetime | None) -> str:
    return f" Trying again at {next_at:%H:%M} UTC." if next_at else ""
