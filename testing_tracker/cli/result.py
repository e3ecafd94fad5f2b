"""`result` and `amend`: what a specimen's test said, and correcting it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import as_called
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.parameter_types import CODE, CODE_DUE, DAY_BEFORE, OUTCOME, REASON
from testing_tracker.cli.desk.recorded import found_in_words, told
from testing_tracker.cli.desk.result_options import new_cup, new_result, nothing_said, said_of_a_result, said_together
from testing_tracker.cli.desk.without_result import record_absence, record_collected, record_unable
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.toml_file import FacilityFileError
from testing_tracker.rules.words import Outcome, Status

if TYPE_CHECKING:
    from testing_tracker.rules.testing.log_line import Entry

_Command = TypeVar("_Command", bound=Callable[..., object])


def which_draw(command: _Command) -> _Command:
    """`--on` and, for a day with two draws, `--scheduled` or `--for-cause`."""
    cause = click.option(
        "--for-cause/--scheduled", "for_cause", default=None, help="Which one, where two draws fall on one day."
    )
    return click.option("--on", type=DAY_BEFORE, metavar="DATE", help="The draw's day. Default: today.")(cause(command))


class _ResultCommand(click.Command):
    """`result CODE OUTCOME`, and `result import FILE`, which is a command of its own behind the same word."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        if args[:1] == ["import"]:
            from testing_tracker.cli.desk.importing import result_import

            return result_import.make_context("result import", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("result", cls=_ResultCommand, epilog="`result import FILE.csv` logs a file of results.")
@click.argument("code", type=CODE_DUE)
@click.argument("outcome", type=OUTCOME, nargs=-1, required=True)
@which_draw
@said_of_a_result
@pass_desk
def result_command(
    desk: Desk,
    /,
    code: str,
    outcome: tuple[str, ...],
    on: str | None,
    for_cause: bool | None,
    **said: Any,  # noqa: ANN401
) -> None:
    """Log the result of a participant's draw: today's, or that of the day that --on says.

    OUTCOME is negative, positive (with at least one --analyte), the analytes that were found, or invalid; or what `log`
    understands: n, p:coc,fen, coc=320, i leaked; m, r, e court date, u and c are the commands missed, refused, excuse,
    unable and collected.
    """
    entry = _entry(desk, outcome)
    if not isinstance(entry.what, Outcome):
        _record_without_result(desk, code, on, for_cause, entry, said)
        return
    said = said_together(entry, said)
    with desk.writing() as work:
        day = day_given(on, work.today)
        find = services.draws.find_draw_to_correct if said["definitive"] else services.draws.find_draw
        found = find(work, code, day, for_cause=for_cause)
        logged = services.results.log_result(work, found, new_result(work, day, entry.what, said))
        kind = "definitive result, " if said["definitive"] else ""
        lines = told(found.which, f"{kind}{found_in_words(logged)} logged", logged)
    _print(desk, lines, logged.warnings)


@click.command("amend")
@click.argument("code", type=CODE)
@click.argument("outcome", type=OUTCOME, nargs=-1, required=True)
@which_draw
@said_of_a_result
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why it is corrected.")
@pass_desk
def amend_command(
    desk: Desk,
    /,
    code: str,
    outcome: tuple[str, ...],
    on: str | None,
    for_cause: bool | None,
    reason: str,
    **said: Any,  # noqa: ANN401
) -> None:
    """Correct a result; the earlier one is kept and shown.

    OUTCOME is as with `result`. For a result that should not be there at all, such as one logged for the wrong
    participant, it is what the draw goes back to: due, missed, refused, excused, or collected, whose result is to come;
    with collected, --specimen-id, --specimen, --collector, --observed and --collected-at correct what is on record of
    the cup.
    """
    what, said = _amended(desk, outcome, said)
    with desk.writing() as work:
        day = day_given(on, work.today)
        found = services.draws.find_draw_to_correct(work, code, day, for_cause=for_cause)
        if isinstance(what, Status):
            services.corrections.check_may_amend(work, found)
            cup = new_cup(work, day, said) if what is Status.COLLECTED else None
            if cup is None:
                _check_nothing_said(what, said)
                logged = services.results.take_back(work, found, what, reason)
            else:
                logged = services.collecting.correct(work, found, cup, reason)
            now = logged.draw.status + (f", because {logged.because}" if logged.because else "")
        else:
            new = new_result(work, day, what, said)
            services.corrections.check_may_amend(work, found, new.method)
            logged = services.results.amend_result(work, found, new, reason)
            now = found_in_words(logged)
        lines = told(found.which, f"corrected to {now}; the earlier entry is kept", logged)
    _print(desk, lines, logged.warnings)


def _entry(desk: Desk, words: Sequence[str]) -> "Entry":
    """What OUTCOME says. Raises UsageError for what is none."""
    from testing_tracker.rules.testing.outcome_said import outcome_said

    try:
        return outcome_said(desk.vocabulary, " ".join(words))
    except FacilityFileError:
        raise
    except TestingTrackerError as error:
        raise click.BadParameter(as_called(str(error)), param_hint="'OUTCOME'") from None


def _record_without_result(
    desk: Desk, code: str, on: str | None, for_cause: bool | None, entry: "Entry", said: dict[str, Any]
) -> None:
    """Do what `missed`, `refused`, `excuse`, `unable` or `collected` does, as the log session takes their letters."""
    if entry.what is Status.COLLECTED:
        _check_is_no_code(desk, code, entry)
        record_collected(desk, code, on, for_cause, said_together(entry, said))
        return
    _check_nothing_said(entry.what, said)
    if not isinstance(entry.what, Status):
        record_unable(desk, code, on, for_cause, entry.because)
    elif entry.lacks_reason:
        raise click.UsageError(f"Say why the draw does not count: `testing-tracker result {code} e REASON`.")
    else:
        record_absence(desk, code, on, for_cause, entry.what, entry.because)


def _check_is_no_code(desk: Desk, code: str, entry: "Entry") -> None:
    """Raise TestingTrackerError for a label behind OUTCOME that may be the next participant's code."""
    if entry.label is None:
        return
    with desk.reading() as work:
        whose = services.log_session.code_of(work, entry.label)
    if whose is not None:
        raise TestingTrackerError(
            f"{entry.label} is a participant's code, and may be the cup's label. If it is the label of {code}'s cup, "
            f"`testing-tracker collected {code} --specimen-id {entry.label}` says so."
        )


def _amended(desk: Desk, words: Sequence[str], said: dict[str, Any]) -> tuple[Outcome | Status, dict[str, Any]]:
    """What a draw is to be, or the outcome that it is to have, and the options with what OUTCOME says."""
    if " ".join(words).casefold() == Status.DUE:
        return Status.DUE, said
    entry = _entry(desk, words)
    if isinstance(entry.what, Outcome) or entry.what is Status.COLLECTED:
        return entry.what, said_together(entry, said)
    if not isinstance(entry.what, Status):
        raise click.UsageError("Amend it to due; then `testing-tracker unable` says that the participant tried.")
    if entry.because:
        raise click.UsageError("--reason says why; OUTCOME is one word here.")
    return entry.what, said


def _check_nothing_said(what: str, said: dict[str, Any]) -> None:
    if not nothing_said(said):
        raise TestingTrackerError(f"A draw that is {what} has no analyte, time of collection or note.")


def _print(desk: Desk, lines: Sequence[str], warnings: Sequence[str]) -> None:
    for line in lines:
        say(desk, line)
    for warning in warnings:
        warn(f"{warning}.")
