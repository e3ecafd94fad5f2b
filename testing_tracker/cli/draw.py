"""`draw`, `due` and `test`: the nightly run, the call list, and a test ordered for cause."""

import click

from testing_tracker import services
from testing_tracker.cli.desk import Desk, day_given, going_on, pass_desk
from testing_tracker.cli.held import asked, in_words
from testing_tracker.cli.output import format_option, print_rows, say, warn
from testing_tracker.cli.words import CODE, DAY, REASON
from testing_tracker.errors import TestingTrackerError


@click.command("draw")
@pass_desk
def draw_command(desk: Desk) -> None:
    """The nightly run: make today's draws, close out the days before.

    Safe to run again, by anyone, at the same time. Where several facilities share the database, it is for all of them
    unless one is named; what keeps one from being drawn keeps none of the others.
    """
    each = desk.each_facility()
    failed: list[str] = []
    for at in each:
        with going_on(each, at, failed):
            _draw(at.desk, at.mark)
    if failed:
        raise TestingTrackerError(" ".join(failed))


def _draw(desk: Desk, mark: str) -> None:
    """Run one facility's night; `mark` is before each line."""
    with desk.writing() as (session, acting):
        elapsed = desk.clock(acting.zone.key).stopwatch()
        report = services.nights.run_night(session, acting, desk.location.key, elapsed)
    if report.already_made:
        say(desk, f"{mark}{report.day}: today's draws were made already; {report.drawn} added for new participants.")
    else:
        say(
            desk,
            f"{mark}{report.day}: {report.drawn} drawn today; {report.missed} of the days before closed as missed.",
        )
    for compared in report.held:
        warn(f"{mark}{in_words(compared)}")
    if report.newcomers_from is not None:
        warn(f"{mark}today's key is lost, so new participants are in the draws from {report.newcomers_from} on.")
    if report.gaps:
        days = str(report.gaps[0]) if len(report.gaps) == 1 else f"the {len(report.gaps)} days from {report.gaps[0]} to"
        last = "" if len(report.gaps) == 1 else f" {report.gaps[-1]}"
        warn(
            f"{mark}the nightly draw did not run on {days}{last}. Fixed draws of such a day are unrecorded, not "
            "missed; no random draw was made."
        )


@click.command("due")
@click.option("--on", type=DAY, metavar="DATE", help="The day. Default: today.")
@format_option
@pass_desk
def due_command(desk: Desk, on: str | None, form: str) -> None:
    """Who is to be tested that day, and what has become of each."""
    with desk.reading() as (session, acting):
        day = day_given(on, acting.today)
        lines = services.draws.due(session, acting, day)
        made = services.draws.night_has_run(session, acting, day)
        today = acting.today
        questions = asked(session, acting, None if day == today else day)
    columns = ["participant", "due_on", "kind", "status", "outcome", "schedule"]
    if any(line.panel for line in lines):
        columns.append("panel")
    print_rows(desk, [vars(line) for line in lines], columns, form, empty=f"Nobody is due on {day}.")
    if day > today:
        warn(f"{day} is in the future. Draws are made on their own day, so nobody can know them before.")
    elif day == today and not made:
        warn("today's draws have not been made yet; `testing-tracker draw` makes them.")
    for question in questions:
        warn(question)


@click.command("test")
@click.argument("code", type=CODE)
@click.option("--reason", type=REASON, metavar="TEXT", help="Why the test is ordered.")
@click.option("--recollect", is_flag=True, help="The specimen does not count: collect another for the same draw.")
@pass_desk
def test_command(desk: Desk, code: str, reason: str | None, recollect: bool) -> None:
    """Order a test for cause today, outside the schedule; or collect again what gave no valid specimen."""
    if recollect:
        _recollect(desk, code)
        return
    with desk.writing() as (session, acting):
        draw = services.draws.order_test(session, acting, code, reason)
        day = draw.due_on
    say(desk, f"{code}: a test for cause is due today, {day}.")


def _recollect(desk: Desk, code: str) -> None:
    with desk.writing() as (session, acting):
        found = services.specimens.find_to_recollect(session, acting, code)
        services.specimens.recollect(session, acting, found)
        which = found.which
    say(desk, f"{which}: due again, because its specimen does not count; the earlier result is kept.")
