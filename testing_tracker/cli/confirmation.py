"""`confirmation`: specimens sent to a laboratory for a definitive test."""

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.exporting import Export, exported, people_in
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import format_option, print_rows
from testing_tracker.cli.desk.parameter_types import CODE, DAY_TO_COME, REASON
from testing_tracker.cli.result import which_draw

_COLUMNS = ["participant", "due_on", "outcome", "lab", "sent_on", "expected_by", "is_overdue", "analytes"]


@click.group("confirmation", cls=CommandGroup)
def confirmation_command() -> None:
    """Specimens sent to a laboratory for a definitive test; `result --definitive` logs what comes back."""


@confirmation_command.command("send")
@click.argument("code", type=CODE)
@which_draw
@click.option("--lab", metavar="NAME", help="Where it goes.")
@click.option("--by", type=DAY_TO_COME, metavar="DATE", help="When the result is awaited. Default: in a week.")
@pass_desk
def send_confirmation(
    desk: Desk, code: str, on: str | None, for_cause: bool | None, lab: str | None, by: str | None
) -> None:
    """The specimen of a draw was sent for confirmation."""
    with desk.writing() as work:
        found = services.draws.find_draw_to_correct(work, code, day_given(on, work.today), for_cause=for_cause)
        day = day_given(by, work.today) if by else None
        row = services.confirmations.send(work, found, lab, day)
        said = f"{found.which}: sent for confirmation; the result is awaited by {row.due_on}."
    say(desk, said)


@confirmation_command.command("cancel")
@click.argument("code", type=CODE)
@which_draw
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why no result will come.")
@pass_desk
def cancel_confirmation(desk: Desk, code: str, on: str | None, for_cause: bool | None, reason: str) -> None:
    """No definitive result is awaited any more."""
    with desk.writing() as work:
        found = services.draws.find_draw_to_correct(work, code, day_given(on, work.today), for_cause=for_cause)
        services.confirmations.cancel(work, found, reason)
        which = found.which
    say(desk, f"{which}: no definitive result is awaited any more.")


@confirmation_command.command("list")
@click.option("--overdue", "overdue_only", is_flag=True, help="Only those that should have come by now.")
@format_option
@pass_desk
def list_confirmations(desk: Desk, overdue_only: bool, form: str) -> None:
    """The definitive results that are awaited, the longest awaited first."""
    with desk.reading() as work:
        lines = services.confirmations.awaited(work, overdue_only=overdue_only)
        export = Export("confirmations", form, work.today, many=people_in(lines))
    empty = "No definitive result is overdue." if overdue_only else "No definitive result is awaited."
    with exported(desk, export):
        print_rows(desk, [vars(line) for line in lines], _COLUMNS, form, empty=empty)
