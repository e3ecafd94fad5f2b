"""`missed`, `refused`, `excuse`, `unable`: a draw that gave no specimen; `collected`: one whose result is to come."""

import click

from testing_tracker import services
from testing_tracker.cli.desk import Desk, day_given, pass_desk
from testing_tracker.cli.output import say
from testing_tracker.cli.recommended import in_a_line
from testing_tracker.cli.result import which_draw
from testing_tracker.cli.words import CODE_DUE, REASON
from testing_tracker.rules.words import Status


def _record(desk: Desk, code: str, on: str | None, for_cause: bool | None, status: Status, reason: str | None) -> None:
    with desk.writing() as (session, acting):
        day = day_given(on, acting.today)
        found = services.draws.find_draw(session, acting, code, day, for_cause=for_cause)
        earlier = found.draw.status
        changed = services.attendance.record_absence(session, acting, found, status, reason)
        which, said = found.which, None
        if changed is not None:
            assert changed.id is not None, "it is on record"
            said = in_a_line(changed.id, found.participant.code, changed.status, changed.reason)
    say(desk, f"{which}: {status} (was {earlier}).")
    if said is not None:
        say(desk, said)


@click.command("missed")
@click.argument("code", type=CODE_DUE)
@click.option("--reason", type=REASON, metavar="TEXT", help="Anything that should stand beside it.")
@which_draw
@pass_desk
def missed_command(desk: Desk, code: str, on: str | None, for_cause: bool | None, reason: str | None) -> None:
    """The draw was not provided."""
    _record(desk, code, on, for_cause, Status.MISSED, reason)


@click.command("refused")
@click.argument("code", type=CODE_DUE)
@click.option("--reason", type=REASON, metavar="TEXT", help="Anything that should stand beside it.")
@which_draw
@pass_desk
def refused_command(desk: Desk, code: str, on: str | None, for_cause: bool | None, reason: str | None) -> None:
    """The participant declined to give the specimen."""
    _record(desk, code, on, for_cause, Status.REFUSED, reason)


@click.command("excuse")
@click.argument("code", type=CODE_DUE)
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why the draw does not count.")
@which_draw
@pass_desk
def excuse_command(desk: Desk, code: str, on: str | None, for_cause: bool | None, reason: str) -> None:
    """The draw does not count, for a reason that was accepted."""
    _record(desk, code, on, for_cause, Status.EXCUSED, reason)


@click.command("unable")
@click.argument("code", type=CODE_DUE)
@click.option("--reason", type=REASON, metavar="TEXT", help="Anything that should stand beside it.")
@which_draw
@pass_desk
def unable_command(desk: Desk, code: str, on: str | None, for_cause: bool | None, reason: str | None) -> None:
    """The participant tried and could not give a specimen; nobody holds that against them.

    The draw stays due that day. Without a specimen by its end it becomes unrecorded, and a clinician is asked to look.
    """
    with desk.writing() as (session, acting):
        found = services.draws.find_draw(session, acting, code, day_given(on, acting.today), for_cause=for_cause)
        services.attendance.record_unable(session, acting, found, reason)
        which, status = found.which, found.draw.status
    say(desk, f"{which}: tried and could not provide; the draw is {status}.")


@click.command("collected")
@click.argument("code", type=CODE_DUE)
@which_draw
@pass_desk
def collected_command(desk: Desk, code: str, on: str | None, for_cause: bool | None) -> None:
    """The specimen was taken and its result is to come; `result` adds it."""
    with desk.writing() as (session, acting):
        found = services.draws.find_draw(session, acting, code, day_given(on, acting.today), for_cause=for_cause)
        earlier = found.draw.status
        services.attendance.record_collected(session, acting, found)
        which = found.which
    say(desk, f"{which}: collected (was {earlier}).")
