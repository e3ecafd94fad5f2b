"""`result` and `amend`: what a specimen's test said, and correcting it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from testing_tracker import services
from testing_tracker.cli.desk import Desk, day_given, pass_desk
from testing_tracker.cli.output import say
from testing_tracker.cli.recommendation import in_a_line
from testing_tracker.cli.words import ANALYTE, CODE, CODE_DUE, DAY, OUTCOME, REASON
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Outcome, Status

if TYPE_CHECKING:
    from testing_tracker.services.results import Logged

_Command = TypeVar("_Command", bound=Callable[..., object])

_NO_RESULT = (Status.DUE, Status.MISSED, Status.REFUSED, Status.EXCUSED)


def which_draw(command: _Command) -> _Command:
    """`--on` and, for a day with two draws, `--scheduled` or `--for-cause`."""
    cause = click.option(
        "--for-cause/--scheduled", "for_cause", default=None, help="Which one, where two draws fall on one day."
    )
    return click.option("--on", type=DAY, metavar="DATE", help="The draw's day. Default: today.")(cause(command))


class _ResultCommand(click.Command):
    """`result CODE OUTCOME`, and `result import FILE`, which is a command of its own behind the same word."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        if args[:1] == ["import"]:
            from testing_tracker.cli.importing import result_import

            return result_import.make_context("result import", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("result", cls=_ResultCommand, epilog="`result import FILE.csv` logs a file of results.")
@click.argument("code", type=CODE_DUE)
@click.argument("outcome", type=OUTCOME)
@which_draw
@click.option("--analyte", "analytes", type=ANALYTE, multiple=True, metavar="NAME", help="What a positive found.")
@click.option("--collected-at", metavar="TIME", help="Such as 09:40, the facility's time.")
@click.option("--note", metavar="TEXT", help="Anything worth keeping with it.")
@pass_desk
def result_command(
    desk: Desk,
    code: str,
    outcome: str,
    on: str | None,
    for_cause: bool | None,
    analytes: tuple[str, ...],
    collected_at: str | None,
    note: str | None,
) -> None:
    """Log the result of the participant's draw due that day.

    OUTCOME is negative, positive (with at least one --analyte) or invalid.
    """
    with desk.writing() as (session, acting):
        day = day_given(on, acting.today)
        found = services.draws.find_draw(session, acting, code, day, for_cause=for_cause)
        at = services.results.collected_instant(acting, day, collected_at) if collected_at else None
        new = services.results.NewResult(Outcome(outcome), analytes, at, note)
        logged = services.results.log_result(session, acting, found, new)
        said = _said(found.which, f"{_in_words(outcome, analytes)} logged", logged)
    for line in said:
        say(desk, line)


@click.command("amend")
@click.argument("code", type=CODE)
@click.argument("outcome", type=click.Choice([str(word) for word in (*Outcome, *_NO_RESULT)]))
@which_draw
@click.option("--analyte", "analytes", type=ANALYTE, multiple=True, metavar="NAME", help="What a positive found.")
@click.option("--collected-at", metavar="TIME", help="Such as 09:40, the facility's time.")
@click.option("--note", metavar="TEXT", help="Anything worth keeping with it.")
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why it is corrected.")
@pass_desk
def amend_command(
    desk: Desk,
    code: str,
    outcome: str,
    on: str | None,
    for_cause: bool | None,
    analytes: tuple[str, ...],
    collected_at: str | None,
    note: str | None,
    reason: str,
) -> None:
    """Correct a result; the earlier one is kept and shown.

    For a result that should not be there at all, such as one logged for the wrong participant, OUTCOME is what the
    draw goes back to: due, missed, refused or excused.
    """
    with desk.writing() as (session, acting):
        day = day_given(on, acting.today)
        found = services.draws.find_draw_to_correct(session, acting, code, day, for_cause=for_cause)
        if outcome in _NO_RESULT:
            if analytes or collected_at or note:
                raise TestingTrackerError(f"A draw that is {outcome} has no analyte, time of collection or note.")
            logged = services.results.take_back(session, acting, found, Status(outcome), reason)
            now = logged.draw.status + (f", because {logged.because}" if logged.because else "")
        else:
            at = services.results.collected_instant(acting, day, collected_at) if collected_at else None
            new = services.results.NewResult(Outcome(outcome), analytes, at, note)
            logged = services.results.amend_result(session, acting, found, new, reason)
            now = _in_words(outcome, analytes)
        said = _said(found.which, f"corrected to {now}; the earlier entry is kept", logged)
    for line in said:
        say(desk, line)


def _in_words(outcome: str, analytes: tuple[str, ...]) -> str:
    return f"{outcome} for {', '.join(dict.fromkeys(analytes))}" if analytes else outcome


def _said(which: str, done: str, logged: "Logged") -> list[str]:
    """What a nurse has to see: what was done, and what follows from it."""
    was = f" (was {logged.earlier_status})" if logged.earlier_status not in (Status.DUE, Status.COLLECTED) else ""
    said = [f"{which}: {done}{was}."]
    recommendation = logged.recommendation
    if recommendation is not None:
        assert recommendation.id is not None, "it has been written"
        code = logged.participant.code
        said.append(in_a_line(recommendation.id, code, recommendation.status, recommendation.reason))
    said += [
        f"Recommendation {number} was decided on what this corrects. The decision stands until a clinician changes it."
        for number in logged.decided
    ]
    return said
