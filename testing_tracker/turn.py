"""One turn of `serve`: what is owed by now, for each facility: the nightly draw, and the weekly report's deliveries.

It asks the tables what is owed, instead of setting an alarm for the hour. An alarm is lost when the machine sleeps over
it, when the process restarts, and where the clock jumps over it: in zones that put the clock forward at midnight there
is no 00:05 on that day. It rings twice where the clock is put back, and on two hosts at once. What the tables say is
owed stays owed until it is done, whoever does it, and is then done for everybody.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Engine
from sqlmodel import Session

from testing_tracker.acting import Acting, acting_in
from testing_tracker.clock import Clock
from testing_tracker.delivering import Attempt, Courier, WriteFile
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.delivery_file import Deliveries
from testing_tracker.rules.no_record import question
from testing_tracker.rules.owed import Hours, draw_is_owed, report_owed
from testing_tracker.rules.words import Channel
from testing_tracker.services import draws, nights
from testing_tracker.services.upgrades import bring_up_to_date
from testing_tracker.store import facilities
from testing_tracker.store.engine import open_engine, reading, reading_all, writing
from testing_tracker.store.facilities import the_facility
from testing_tracker.store.location import AnyLocation
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Facility

ClockOf = Callable[[str], Clock]


@dataclass(frozen=True)
class Plan:
    """What to serve: a database's facilities, or the one that `facility` names.

    `ways` tells, anew at each turn, how the weekly reports of a facility leave, by its number. `clock_of` makes the
    clock of a timezone by its name, `write_file` writes a file whole or not at all, and `log` takes a line about what
    was done, `complain` one about what could not be.
    """

    location: AnyLocation
    hours: Hours
    ways: Callable[[int], Deliveries]
    clock_of: ClockOf
    write_file: WriteFile
    log: Callable[[str], None]
    complain: Callable[[str], None]
    facility: str | None = None


def do_what_is_owed(plan: Plan, is_ending: Callable[[], bool] = lambda: False) -> bool:
    """One turn; nothing is begun any more once `is_ending`. Returns whether all was done and all deliveries arrived.

    What cannot be done for one facility keeps none of the others waiting. Raises TestingTrackerError where something
    cannot be done for the only one.
    """
    with _opened(plan) as engine:
        numbers = _facilities(plan, engine)
        is_one_of_many = len(numbers) > 1
        all_done = True
        for number in numbers:
            turn = _Turn(plan, engine, number, f"facility {number}: " if is_one_of_many else "", is_ending)
            try:
                all_done = turn.take() and all_done
            except Exception as error:
                if not is_one_of_many:
                    raise
                turn.complain(f"{in_a_line(error)} Trying again at the next turn.")
                all_done = False
            if is_ending():
                break
        return all_done


def in_a_line(error: Exception) -> str:
    """What went wrong. The message of an unforeseen error may hold a row of the tables, so it is left out."""
    if isinstance(error, TestingTrackerError):
        return f"{str(error).removesuffix('.')}."
    return f"something went wrong ({type(error).__name__})."


@contextmanager
def _opened(plan: Plan) -> Iterator[Engine]:
    """The database as it is at its path now: it may have been replaced by a copy since the last turn."""
    engine = open_engine(plan.location, lambda: bring_up_to_date(plan.location, plan.clock_of, plan.log))
    try:
        yield engine
    finally:
        engine.dispose()


def _facilities(plan: Plan, engine: Engine) -> list[int]:
    with reading_all(engine) as session:
        if plan.facility is not None:
            return [facilities.choose(session, plan.facility)]
        return [id_of(facility) for facility in facilities.every(session)]


@dataclass(frozen=True)
class _State:
    """What the tables say at the beginning of a step."""

    acting: Acting
    facility: Facility
    night_ran: bool

    @property
    def local_now(self) -> datetime:
        return self.acting.now.astimezone(self.acting.zone)


@dataclass(frozen=True)
class _Turn:
    """A turn at one facility; `mark` is before each line about it."""

    plan: Plan
    engine: Engine
    number: int
    mark: str
    is_ending: Callable[[], bool]

    def take(self) -> bool:
        """Today's draws, then the deliveries of reports; returns whether all that was attempted arrived."""
        hours, state = self.plan.hours, self._state()
        if draw_is_owed(hours, state.local_now, night_ran=state.night_ran):
            self._draw()
            state = self._state()
        opened_on = state.facility.opened_on
        week = report_owed(hours, state.local_now, night_ran=state.night_ran, opened_on=opened_on)
        return self._deliver(week)

    def log(self, text: str) -> None:
        self.plan.log(f"{self.mark}{text}")

    def complain(self, text: str) -> None:
        self.plan.complain(f"{self.mark}{text}")

    def _state(self) -> _State:
        with reading(self.engine, str(self.number)) as session:
            facility, acting = self._acting(session)
            night_ran = draws.night_has_run(session, acting, acting.today)
            session.expunge(facility)
        return _State(acting, facility, night_ran)

    def _acting(self, session: Session) -> tuple[Facility, Acting]:
        facility = the_facility(session)
        return facility, acting_in(facility, self.plan.clock_of(facility.timezone))

    def _draw(self) -> None:
        """Run the night. Another host may have been first: then there is nothing to tell."""
        with writing(self.engine, str(self.number)) as session:
            facility, acting = self._acting(session)
            elapsed = self.plan.clock_of(facility.timezone).stopwatch()
            report = nights.run_night(session, acting, self.plan.location.key, elapsed)
        if not report.already_made:
            self.log(
                f"draws of {report.day} made: {report.drawn} drawn; {report.missed} of the days before closed as "
                f"missed; {len(report.gaps)} nights without a run"
            )
        for compared in report.held:
            self.complain(question(compared))

    def _deliver(self, week: Week | None) -> bool:
        """Attempt the deliveries that are owed: the week's, and those that failed before."""
        courier = Courier(
            partial(self._transaction, reading),
            partial(self._transaction, writing),
            self.plan.write_file,
            self.plan.ways(self.number),
            self.number,
        )
        all_arrived = True
        for owed, channel in courier.owed(week):
            attempt = None if self.is_ending() else courier.deliver(owed, channel)
            if attempt is not None:
                self._tell(attempt)
                all_arrived = all_arrived and attempt.error is None
        return all_arrived

    @contextmanager
    def _transaction(
        self, begin: Callable[[Engine, str], AbstractContextManager[Session]]
    ) -> Iterator[tuple[Session, Acting]]:
        with begin(self.engine, str(self.number)) as session:
            yield session, self._acting(session)[1]

    def _tell(self, attempt: Attempt) -> None:
        done = "written" if attempt.channel is Channel.FOLDER else "mailed"
        if attempt.error is None:
            self.log(f"report of {attempt.week} {done}: {attempt.participants} participants")
        else:
            when = f" Trying again at {attempt.next_at:%H:%M} UTC." if attempt.next_at else ""
            self.complain(f"report of {attempt.week} not {done}: {attempt.error}.{when}")
