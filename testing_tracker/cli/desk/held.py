"""What commands say of nights: days that were held back from being missed, and how many may be without a run."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from testing_tracker.rules.keeping.owed import LONGEST_GAP

if TYPE_CHECKING:
    from datetime import date

    from testing_tracker.rules.drawing.no_record import Closed, Compared
    from testing_tracker.store.work import Work


def question_with_answers(compared: "Compared") -> str:
    """A question to the facility, with the figures that it rests on and the commands that answer it."""
    from testing_tracker.rules.drawing.no_record import question

    return (
        f"{question(compared)} They are unrecorded, not missed. When you know, {answers_to(compared.closed)} says so; "
        "a result is logged as always."
    )


def answers_to(closed: "Closed") -> str:
    """The commands that answer a question, each by itself."""
    from testing_tracker.rules.drawing.no_record import days_asked

    days = days_asked(closed)
    return f"`testing-tracker missed --all {days}` or `excuse --all {days} --reason TEXT`"


def asked(work: "Work", on: "date | None" = None) -> list[str]:
    """The newest question that nobody has answered yet, in words, and how many more there are; or those about a day."""
    from testing_tracker.services.drawing import held_days

    found = held_days.unanswered(work, on, on)
    said = [question_with_answers(one) for one in found[-1:]]
    if len(found) > 1:
        more = "1 more question of this kind is" if len(found) == 2 else f"{len(found) - 1} more of these questions are"
        said.append(f"{more} open: `testing-tracker status` has them all.")
    return said


VARIABLE = "TESTING_TRACKER_LONGEST_GAP"
_Command = TypeVar("_Command", bound=Callable[..., object])


def longest_gap_option(command: _Command) -> _Command:
    """`--longest-gap`, which the environment can say once for all."""
    return click.option(
        "--longest-gap",
        type=click.IntRange(min=0),
        default=LONGEST_GAP,
        show_default=True,
        envvar=VARIABLE,
        metavar="NIGHTS",
        help="More nights than this without a run wait for `draw --catch-up-to`.",
    )(command)
