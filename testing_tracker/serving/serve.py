"""Stays running and takes a turn every minute (`turn`), until it is told to stop."""

import logging
import os
import signal
import sys
from threading import Lock, Thread
from typing import Any
from zoneinfo import ZoneInfo

from testing_tracker.clock import Clock
from testing_tracker.serving import events
from testing_tracker.serving.daily_looks import DailyLooks
from testing_tracker.serving.events import Event
from testing_tracker.serving.turn import Plan, do_what_is_owed, error_line

SECONDS_TO_FINISH = 3  # the process is to be gone within five


class Turns:
    """Takes the turns in the scheduler's thread. A turn's failure is told in a line and never ends the process."""

    def __init__(self, plan: Plan, looks: DailyLooks | None = None) -> None:
        self.plan = plan
        self.looks = looks
        self.running = Lock()
        self.ended = False

    def take(self) -> None:
        """Do what is owed; what fails is tried again at the next turn, because it is still owed."""
        with self.running:
            if self.ended:
                return
            try:
                do_what_is_owed(self.plan, lambda: self.ended)
            except Exception as error:
                said = error_line(error)
                events.tell(Event.TURN_FAILED, f"{said} Trying again in a minute.", level=logging.ERROR, error=said)
            self._look()

    def _look(self) -> None:
        if self.looks is None or self.ended:
            return
        try:
            self.looks.go_on()
        except Exception as error:
            said = error_line(error)
            events.tell(Event.RECORDS_DO_NOT_HOLD, f"nothing was looked at: {said}", level=logging.ERROR, error=said)

    def end(self) -> bool:
        """Let the running turn finish, and allow no other; returns whether it did in time."""
        self.ended = True
        finished = self.running.acquire(timeout=SECONDS_TO_FINISH)
        if self.looks is not None:
            self.looks.end()
        if finished:
            self.running.release()
        return finished


def serve(plan: Plan, looks: DailyLooks | None = None) -> None:
    """Take a turn at once, which catches up, and one every minute, until SIGTERM or SIGINT; have the records looked at
    each day."""
    turns = Turns(plan, looks)
    _scheduler(turns).start()
    if turns.end():
        events.tell(Event.STOPPED, "stopped", in_a_turn=False)
        return
    # The turn waits for the disk, for another writer or for a mail server. What it has not committed, leaving undoes;
    # a report that the mail server may have taken is sent again.
    said = "stopped in the middle of a turn; what it had not finished is done after the next start"
    events.tell(Event.STOPPED, said, level=logging.WARNING, in_a_turn=True)
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
