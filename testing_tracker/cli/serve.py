"""`serve`: stay running, and do what is to be done at the facility's own hours."""

from collections.abc import Callable
from datetime import UTC, time
from pathlib import Path

import click

from testing_tracker.cli.desk import Desk, pass_desk
from testing_tracker.cli.output import TRAINING
from testing_tracker.cli.words import Word


def _time_of_day(value: str) -> str:
    try:
        if len(value) == len("00:05"):
            return time.fromisoformat(value).strftime("%H:%M")
    except ValueError:
        pass
    raise ValueError(f"{value!r} is not a time of day; write 00:05")


TIME = Word("time", _time_of_day)


@click.command("serve")
@click.option("--draw-at", type=TIME, default="00:05", show_default=True, metavar="TIME", help="The nightly draw.")
@click.option(
    "--report-at", type=TIME, default="06:00", show_default=True, metavar="TIME", help="The weekly report, on Mondays."
)
@click.option(
    "--reports",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where to write each week's report, as report-2026-W47.txt and .json. Default: no reports.",
)
@click.option("--once", is_flag=True, help="Do what is owed by now and leave; for cron.")
@pass_desk
def serve_command(desk: Desk, draw_at: str, report_at: str, reports: Path | None, once: bool) -> None:
    """Stay running: the nightly draw and the weekly report, at the facility's own hours.

    What was not done in time, because the machine was off or asleep, is done at once. It may run on two hosts.
    """
    with desk.reading() as (_, acting):  # says at once that there is no database, or that --today is not for it
        zone = acting.zone.key
    from testing_tracker import serve
    from testing_tracker.cli.files import write_whole
    from testing_tracker.rules.owed import Hours

    plan = serve.Plan(
        location=desk.location,
        hours=Hours(time.fromisoformat(draw_at), time.fromisoformat(report_at)),
        reports=reports.absolute() if reports else None,
        clock_of=desk.clock,
        write_file=write_whole,
        log=_line_writer(desk, err=False),
        complain=_line_writer(desk, err=True),
    )
    desk.engine.dispose()
    if once:
        serve.do_what_is_owed(plan)
        return
    weekly = f", the weekly report at {report_at} on Mondays" if reports else ""
    plan.log(f"serving: the nightly draw at {draw_at}{weekly} ({zone})")
    serve.serve(plan)


def _line_writer(desk: Desk, *, err: bool) -> Callable[[str], None]:
    """Writes a line with the real time before it, also where a training database pretends another day."""
    from zoneinfo import ZoneInfo

    from testing_tracker.clock import Clock

    clock = Clock(ZoneInfo("UTC"))

    def write(text: str) -> None:
        moment = clock.now().astimezone(UTC)
        marked = f"{TRAINING} {text}" if desk.training else text
        click.echo(f"{moment:%Y-%m-%dT%H:%M:%SZ} {marked}", err=err)

    return write
