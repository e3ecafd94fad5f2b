"""`decide`: what waits for a clinician, one after the other, at a terminal."""

import shutil
import sys
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.idle import IdleError, closed_by_itself
from testing_tracker.cli.desk.output import show
from testing_tracker.cli.desk.pasting import given_before, typed
from testing_tracker.cli.desk.prompting import prompt, refuse
from testing_tracker.cli.help.asked_for import OF_DECIDE
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.cli.decide_conversation import Sitting


@click.command("decide", epilog="\b\n" + "\n".join(OF_DECIDE))
@pass_desk
def decide_command(desk: Desk) -> None:
    """Go through what waits one by one: the record on a screen, then a decision.

    First the recommendations, then the reviews, then who may need less care. What will change is said before it is
    done; each decision is on record before the next is shown. Ctrl-C leaves at any time, and untouched for
    15 minutes it closes by itself.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise TestingTrackerError(
            "`decide` asks at a terminal. A script uses `testing-tracker recommendation list`, `recommendation accept` "
            "and `review done`."
        )
    from testing_tracker.cli.decide_conversation import Sitting

    sitting = Sitting(desk, show, _size)
    sitting.begin()
    ask = prompt(lambda: sitting.question)
    while not sitting.closed:
        try:
            _take(desk, sitting, ask())
        except (EOFError, KeyboardInterrupt):
            break
        except IdleError as idle:
            click.clear()  # somebody's record is on it
            sitting.tell(sitting.tally)
            sitting.tell(closed_by_itself(desk, idle.minutes, typed((*given_before(desk), "decide"))))
            return
    if sitting.waiting:
        sitting.tell(sitting.tally)


def _take(desk: Desk, sitting: "Sitting", text: str) -> None:
    """One line. Several that were pasted as one are not taken: each answer belongs to what is on the screen."""
    try:
        if len(text.splitlines()) > 1:
            raise TestingTrackerError("One answer at a time: these lines were not taken.")
        sitting.take(text)
    except TestingTrackerError as error:
        refuse(desk, f"{desk.whose}{error}")


def _size() -> tuple[int, int]:
    """Columns and lines of the terminal."""
    size = shutil.get_terminal_size()
    return size.columns - 1, size.lines
