"""`swap`: two cups that were logged for each other's participants."""

from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, day_given, pass_desk
from testing_tracker.cli.desk.output import say, warn
from testing_tracker.cli.desk.words import CODE, REASON
from testing_tracker.cli.result import in_words, told, which_draw

if TYPE_CHECKING:
    from testing_tracker.services.testing.results import Logged


@click.command("swap")
@click.argument("code", type=CODE)
@click.argument("other", metavar="OTHER", type=CODE)
@which_draw
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="What happened.")
@pass_desk
def swap_command(desk: Desk, code: str, other: str, on: str | None, for_cause: bool | None, reason: str) -> None:
    """Exchange two participants' cups of a day, where each was logged for the other.

    Results, specimen labels, every hand that the cups passed through and awaited definitive results change places;
    the earlier entries are kept. Where one of the two has no cup, the other one's moves there.
    """
    with desk.writing() as (session, acting):
        from testing_tracker.services.testing import swapping

        day = day_given(on, acting.today)
        one, another = (
            services.draws.find_draw_to_correct(session, acting, whose, day, for_cause=for_cause)
            for whose in (code, other)
        )
        done = swapping.swap(session, acting, one, another, reason)
        lines = [
            line
            for found, whose, logged in zip((one, another), (another, one), done, strict=True)
            for line in told(found.which, _now(whose.participant.code, logged), logged)
        ]
        warnings = [warning for logged in done for warning in logged.warnings]
    for line in lines:
        say(desk, line)
    for warning in warnings:
        warn(f"{warning}.")


def _now(whose: str, logged: "Logged") -> str:
    """What a draw has after the swap."""
    if logged.outcome is not None:
        return f"{whose}'s cup, {in_words(logged)}; the earlier entry is kept"
    if logged.draw.status == "collected":
        return f"{whose}'s cup, whose result is to come; the earlier entry is kept"
    because = f", because {logged.because}" if logged.because else ""
    return f"has no cup now and is {logged.draw.status}{because}; the earlier entry is kept"
