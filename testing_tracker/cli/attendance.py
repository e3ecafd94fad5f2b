"""`missed`, `refused`, `excuse`, `unable`: a draw that gave no specimen; `collected`: one whose result is to come."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import click

from testing_tracker import services
from testing_tracker.cli.desk.asking import confirmed
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.parameter_types import CODE_DUE, DAY_BEFORE, REASON
from testing_tracker.cli.desk.result_options import said_of_a_cup
from testing_tracker.cli.desk.without_result import record_absence, record_collected, record_unable
from testing_tracker.cli.result import which_draw
from testing_tracker.rules.words import Status

_Command = TypeVar("_Command", bound=Callable[..., object])


def _one_or_all(command: _Command) -> _Command:
    """CODE, or `--all` for every draw of a day, or of several, that nobody knows anything about."""
    for option in (
        click.option("--yes", is_flag=True, help="With --all: do not ask."),
        click.option(
            "--to", "to_day", type=DAY_BEFORE, metavar="DATE", help="With --all and --from: the last of the days."
        ),
        click.option(
            "--from", "from_day", type=DAY_BEFORE, metavar="DATE", help="With --all: the first of several days."
        ),
        click.option(
            "--all",
            "everybody",
            is_flag=True,
            help="In place of CODE: all draws of a day of which nothing is on record; a manager's.",
        ),
        click.argument("code", type=CODE_DUE, required=False),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class _Days:
    """The days that `--all` is about: one with `--on`, or several with `--from` and `--to`."""

    on: str | None
    from_day: str | None
    to_day: str | None

    @property
    def are_given(self) -> bool:
        if self.from_day is None and self.to_day is None:
            return self.on is not None
        return self.on is None and self.from_day is not None and self.to_day is not None

    def from_to(self, today: date) -> tuple[date, date]:
        return day_given(self.from_day or self.on, today), day_given(self.to_day or self.on, today)


def _check_one_or_all(code: str | None, days: _Days, for_cause: bool | None, everybody: bool) -> None:
    if everybody and (code is not None or for_cause is not None or not days.are_given):
        raise click.UsageError("--all takes --on DATE, or --from DATE --to DATE, and no CODE.")
    if not everybody and (code is None or days.from_day is not None or days.to_day is not None):
        raise click.UsageError("Give a participant's CODE, or --all with --on DATE or --from DATE --to DATE.")


def _record_all(desk: Desk, days: _Days, status: Status, reason: str | None, yes: bool) -> None:
    """Ask, and then do it: while somebody thinks about it, the nurses go on writing."""
    with desk.reading() as work:
        first, last = days.from_to(work.today)
        found = services.attendance.draws_without_record(work, first, last, status)
        count, of_whom = len(found), _who_tried(draw.because for draw in found)
    draws = f"{count} draw{'s' if count > 1 else ''} of {first}" + (f" to {last}" if last != first else "")
    if not yes:
        confirmed(f"{draws} without any record become {status}{of_whom}. Right?", abort=True)
    with desk.writing() as work:
        services.attendance.record_all(work, first, last, status, reason, expected=count)
    say(desk, f"{draws}: {status}.")


def _who_tried(becauses: Iterable[str | None]) -> str:
    """How many of some draws are those of participants who tried to check in and could not, to be thought about."""
    from testing_tracker.rules.drawing.closing import Because  # only `--all` asks

    tried = sum(because == Because.TRIED_TO_CHECK_IN for because in becauses)
    return f"; of {tried} of them the participant tried to check in and could not" if tried else ""


def _record_one_or_all(
    desk: Desk,
    status: Status,
    *,
    code: str | None,
    on: str | None,
    for_cause: bool | None,
    reason: str | None,
    everybody: bool,
    from_day: str | None,
    to_day: str | None,
    yes: bool,
) -> None:
    days = _Days(on, from_day, to_day)
    _check_one_or_all(code, days, for_cause, everybody)
    if code is None:
        _record_all(desk, days, status, reason, yes)
    else:
        record_absence(desk, code, on, for_cause, status, reason)


@click.command("missed")
@_one_or_all
@click.option("--reason", type=REASON, metavar="TEXT", help="Anything that should stand beside it.")
@which_draw
@pass_desk
def missed_command(desk: Desk, /, **given: Any) -> None:  # noqa: ANN401
    """The participant did not come: no specimen was given."""
    _record_one_or_all(desk, Status.MISSED, **given)


@click.command("refused")
@click.argument("code", type=CODE_DUE)
@click.option("--reason", type=REASON, metavar="TEXT", help="Anything that should stand beside it.")
@which_draw
@pass_desk
def refused_command(desk: Desk, code: str, on: str | None, for_cause: bool | None, reason: str | None) -> None:
    """The participant declined to give the specimen."""
    record_absence(desk, code, on, for_cause, Status.REFUSED, reason)


@click.command("excuse")
@_one_or_all
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why the draw does not count.")
@which_draw
@pass_desk
def excuse_command(desk: Desk, /, **given: Any) -> None:  # noqa: ANN401
    """The draw does not count, for a reason that was accepted."""
    _record_one_or_all(desk, Status.EXCUSED, **given)


@click.command("unable")
@click.argument("code", type=CODE_DUE)
@click.option("--reason", type=REASON, metavar="TEXT", help="Anything that should stand beside it.")
@which_draw
@pass_desk
def unable_command(desk: Desk, code: str, on: str | None, for_cause: bool | None, reason: str | None) -> None:
    """The participant tried and could not give a specimen; nobody holds that against them.

    The draw stays due that day. Without a specimen by its end it becomes unrecorded, and a clinician is asked to look.
    """
    record_unable(desk, code, on, for_cause, reason)


@click.command("collected")
@click.argument("code", type=CODE_DUE)
@which_draw
@said_of_a_cup
@pass_desk
def collected_command(
    desk: Desk,
    /,
    code: str,
    on: str | None,
    for_cause: bool | None,
    **said: Any,  # noqa: ANN401
) -> None:
    """The specimen was taken and its result is to come; `result` adds it.

    With --specimen-id its label is on record before, and what comes back with another label is refused.
    """
    record_collected(desk, code, on, for_cause, said)
