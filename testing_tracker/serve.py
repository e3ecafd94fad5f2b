"""Stays running, and does what the facility's hours ask for: the nightly draw and the weekly report's deliveries.

Every minute it asks the tables what is owed, instead of setting an alarm for the hour. An alarm is lost when the
machine sleeps over it, when the process restarts, and where the clock jumps over it: in zones that put the clock
forward at midnight there is no 00:05 on that day. It rings twice where the clock is put back, and on two hosts at
once. What the tables say is owed stays owed until it is done, whoever does it, and is then done for everybody.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock, Thread
from typing import Any
from zoneinfo import ZoneInfo

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
from testing_tracker.store.engine import open_engine, reading, writing
from testing_tracker.store.facilities import the_facility
from testing_tracker.store.location import AnyLocation
from testing_tracker.store.tables import Facility

SECONDS_TO_FINISH = 3  # the process is to be gone within five

ClockOf = Callable[[str], Clock]


@dataclass(frozen=True)
class Plan:
    """What to serve. `ways` tells, anew at each turn, how the weekly reports leave.

    `clock_of` makes the clock of a timezone by its name, `write_file` writes a file whole or not at all, and `log`
    takes a line about what was done, `complain` one about what could not be.
    """

    location: AnyLocation
    hours: Hours
    ways: Callable[[], Deliveries]
    clock_of: ClockOf
    write_file: WriteFile
    log: Callable[[str], None]
    complain: Callable[[str], None]


@dataclass(frozen=True)
class _State:
    """What the tables say at the beginning of a step."""

    acting: Acting
    facility: Facility
    night_ran: bool

    @property
    def local_now(self) -> datetime:
        return self.acting.now.astimezone(self.acting.zone)


def do_what_is_owed(plan: Plan, is_ending: Callable[[], bool] = lambda: False) -> bool:
    """One turn: today's draws, then the deliveries of reports; none is begun any more once `is_ending`.

    Returns whether all deliveries arrived. Raises TestingTrackerError where something else cannot be done.
    """
    with _opened(plan) as engine:
        state = _state(plan, engine)
        if draw_is_owed(plan.hours, state.local_now, night_ran=state.night_ran):
            _draw(plan, engine)
            state = _state(plan, engine)
        opened_on = state.facility.opened_on
        week = report_owed(plan.hours, state.local_now, night_ran=state.night_ran, opened_on=opened_on)
        return _deliver(plan, engine, week, is_ending)


@contextmanager
def _opened(plan: Plan) -> Iterator[Engine]:
    """The database as it is at its path now: it may have been replaced by a copy since the last turn."""
    engine = open_engine(plan.location, lambda: bring_up_to_date(plan.location, plan.clock_of, plan.log))
    try:
        yield engine
    finally:
        engine.dispose()


def _state(plan: Plan, engine: Engine) -> _State:
    with reading(engine) as session:
        facility, acting = _acting(plan, session)
        night_ran = draws.night_has_run(session, acting, acting.today)
        session.expunge(facility)
    return _State(acting, facility, night_ran)


def _acting(plan: Plan, session: Session) -> tuple[Facility, Acting]:
    facility = the_facility(session)
    return facility, acting_in(facility, plan.clock_of(facility.timezone))


def _draw(plan: Plan, engine: Engine) -> None:
    """Run the night. Another host may have been first: then there is nothing to tell."""
    with writing(engine) as session:
        facility, acting = _acting(plan, session)
        elapsed = plan.clock_of(facility.timezone).stopwatch()
        report = nights.run_night(session, acting, plan.location.key, elapsed)
    if not report.already_made:
        plan.log(
            f"draws of {report.day} made: {report.drawn} drawn; {report.missed} of the days before closed as missed; "
            f"{len(report.gaps)} nights without a run"
        )
    for compared in report.held:
        plan.complain(question(compared))


def _deliver(plan: Plan, engine: Engine, week: Week | None, is_ending: Callable[[], bool]) -> bool:
    """Attempt the deliveries that are owed: the week's, and those that failed before."""

    @contextmanager
    def transaction(begin: Callable[[Engine], AbstractContextManager[Session]]) -> Iterator[tuple[Session, Acting]]:
        with begin(engine) as session:
            yield session, _acting(plan, session)[1]

    courier = Courier(partial(transaction, reading), partial(transaction, writing), plan.write_file, plan.ways())
    all_arrived = True
    for owed, channel in courier.owed(week):
        attempt = None if is_ending() else courier.deliver(owed, channel)
        if attempt is not None:
            _tell(plan, attempt)
            all_arrived = all_arrived and attempt.error is None
    return all_arrived


def _tell(plan: Plan, attempt: Attempt) -> None:
    done = "written" if attempt.channel is Channel.FOLDER else "mailed"
    if attempt.error is None:
        plan.log(f"report of {attempt.week} {done}: {attempt.participants} participants")
    else:
        when = f" Trying again at {attempt.next_at:%H:%M} UTC." if attempt.next_at else ""
        plan.complain(f"report of {attempt.week} not {done}: {attempt.error}.{when}")


class Turns:
    """Takes the turns in the scheduler's thread. A turn's failure is told in a line and never ends the process."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.running = Lock()
        self.ended = False

    def take(self) -> None:
        """Do what is owed; what fails is tried again at the next turn, because it is still owed."""
        with self.running:
            if self.ended:
                return
            try:
                do_what_is_owed(self.plan, lambda: self.ended)
            except TestingTrackerError as error:
                self.plan.complain(f"{str(error).removesuffix('.')}. Trying again in a minute.")
            except Exception as error:
                # The message of an unforeseen error may hold a row of the tables.
                self.plan.complain(f"something went wrong ({type(error).__name__}). Trying again in a minute.")

    def end(self) -> bool:
        """Let the running turn finish, and allow no other; returns whether it did in time."""
        self.ended = True
        finished = self.running.acquire(timeout=SECONDS_TO_FINISH)
        if finished:
            self.running.release()
        return finished


def serve(plan: Plan) -> None:
    """Take a turn at once, which catches up, and one every minute, until SIGTERM or SIGINT."""
    turns = Turns(plan)
    _scheduler(turns).start()
    if turns.end():
        plan.log("stopped")
        return
    # The turn waits for the disk, for another writer or for a mail server. What it has not committed, leaving undoes;
    # a report that the mail server may have taken is sent again.
    plan.complain("stopped in the middle of a turn; what it had not finished is done after the next start")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _scheduler(turns: Turns) -> Any:  # noqa: ANN401  the library has no types
    from apscheduler.events import EVENT_SCHEDULER_STARTED
    from apscheduler.schedulers.blocking import BlockingScheduler
    from apscheduler.triggers.interval import IntervalTrigger

    # A turn that takes long makes the scheduler skip the next ones; that is meant, and nothing to log.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    utc = ZoneInfo("UTC")
    scheduler = BlockingScheduler(timezone=utc)
    scheduler.add_job(
        turns.take,
        IntervalTrigger(minutes=1, timezone=utc),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
        next_run_time=Clock(utc).now(),
    )
    scheduler.add_listener(lambda _event: _stop_on_signals(scheduler), EVENT_SCHEDULER_STARTED)
    return scheduler


def _stop_on_signals(scheduler: Any) -> None:  # noqa: ANN401
    """Have SIGTERM and SIGINT stop a scheduler that has started; before, no turn runs and the usual end is right.

    The stopping takes locks that the interrupted wait may hold, so a thread of its own does it.
    """
    asked = (signal.SIGTERM, signal.SIGINT)

    def stop(_number: int, _frame: object) -> None:
        for number in asked:
            signal.signal(number, signal.SIG_IGN)
        Thread(target=scheduler.shutdown, kwargs={"wait": False}).start()

    for number in asked:
        signal.signal(number, stop)
