"""`serve`: stay running, and do what is to be done at the facility's own hours."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.alive import facilities_with_a_file, told_alive
from testing_tracker.cli.desk.desk import TRAINING, Desk, pass_desk
from testing_tracker.cli.desk.files import OutputFolder, in_full, write_file
from testing_tracker.cli.desk.opening import here_only
from testing_tracker.cli.desk.parameter_types import TIME, CaselessChoice, longest_gap_option
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    import subprocess

    from testing_tracker.rules.keeping.owed import Hours
    from testing_tracker.rules.serving.delivery_file import Deliveries
    from testing_tracker.serving.daily_looks import DailyLooks
    from testing_tracker.serving.turn import Plan


log_format_option = click.option(
    "--log-format",
    type=CaselessChoice(("text", "json")),
    default="text",
    show_default=True,
    envvar="TESTING_TRACKER_LOG_FORMAT",
    help="A line an event for people, or a JSON object for machines.",
)


@contextmanager
def event_lines(desk: Desk, form: str) -> Iterator[None]:
    """Print every event meanwhile, with the real time, also where a training database pretends another day."""
    from zoneinfo import ZoneInfo

    from testing_tracker.clock import Clock
    from testing_tracker.serving.events import FORMATTERS, LOGGER

    lines = _Lines()
    lines.setFormatter(FORMATTERS[form](Clock(ZoneInfo("UTC")).now, lambda: TRAINING if desk.training else ""))
    LOGGER.addHandler(lines)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    try:
        yield
    finally:
        LOGGER.removeHandler(lines)


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=record.levelno >= logging.WARNING)


@click.command("serve")
@click.option(
    "--draw-at",
    type=TIME,
    default="00:05",
    show_default=True,
    metavar="TIME",
    help="When the nightly draw is made, by the facility's clock.",
)
@click.option(
    "--report-at",
    type=TIME,
    default="06:00",
    show_default=True,
    metavar="TIME",
    help="When the weekly report is made, on Mondays, by that clock.",
)
@click.option(
    "--reports",
    type=OutputFolder(exists=True),
    metavar="FOLDER",
    help="Where to write each week's report, as report-2026-W47.txt and .json. Default: as the delivery file says.",
)
@longest_gap_option
@click.option("--once", is_flag=True, help="Do what is owed by now and leave; for cron.")
@log_format_option
@click.option(
    "--socket",
    "path",
    is_flag=False,
    flag_value="",
    metavar="[PATH]",
    help="Also answer people's commands, given with --database unix:PATH. Default: beside the database.",
)
@click.option("--group", metavar="GROUP", help="Whose members may use the socket, besides this account.")
@pass_desk
def serve_command(
    desk: Desk,
    draw_at: str,
    report_at: str,
    reports: Path | None,
    once: bool,
    log_format: str,
    longest_gap: int,
    path: str | None,
    group: str | None,
) -> None:
    """Stay running: the nightly draw and the weekly report, at the facility's own hours.

    A delivery file beside the database says where the report goes, by folder or mail (docs/delivery.md).
    What was not done in time, because the machine was off or asleep, is done at once. It may run on two hosts.
    """
    from testing_tracker.rules.keeping.owed import Hours
    from testing_tracker.serving import events, serve, turn
    from testing_tracker.serving.events import Event

    here_only("serve")
    _check_together(path, group, once=once)
    if path is not None:
        from testing_tracker.serving.socket import service

        service.refuse_on_a_server(desk.location)
    desk.tell_of_upgrade = partial(events.tell, Event.DATABASE_UPGRADED)
    with event_lines(desk, log_format):
        served = desk.each_facility()  # says at once that there is no database, or that --today is not for it
        numbers, zones = [one.number for one in served], {one.timezone for one in served}
        hours = Hours(time.fromisoformat(draw_at), time.fromisoformat(report_at))
        plan = _plan(desk, hours, reports, longest_gap)
        desk.engine.dispose()
        if once:
            if not turn.do_what_is_owed(plan):
                click.get_current_context().exit(1)
            return
        weekly = f", the weekly report at {report_at} on Mondays" if _delivers(plan, numbers) else ""
        said = f"serving: the nightly draw at {draw_at}{weekly} ({', '.join(sorted(zones))})"
        events.tell(Event.STARTED, said, draw_at=draw_at, report_at=report_at, facilities=len(numbers))
        looks = _looks(desk, served[0].timezone)
        serve.serve(plan, looks) if path is None else _serve_at_socket(desk, plan, path, group, looks)


def _plan(desk: Desk, hours: "Hours", reports: Path | None, longest_gap: int) -> "Plan":
    from testing_tracker.cli.desk.files import check_in_settings_of
    from testing_tracker.serving.alarms import Alarms
    from testing_tracker.serving.turn import Plan

    return Plan(
        location=desk.location,
        hours=hours,
        ways=partial(_ways, desk, in_full(reports) if reports else None),
        clock_of=desk.clock,
        vocabulary=desk.vocabulary,
        write_file=partial(write_file, desk.location),
        facility=desk.facility,
        longest_gap=longest_gap,
        check_in=partial(check_in_settings_of, desk.location),
        alarms=Alarms(partial(told_alive, desk.location), partial(facilities_with_a_file, desk.location)),
    )


def _check_together(path: str | None, group: str | None, *, once: bool) -> None:
    if path is None and group is not None:
        raise click.UsageError("--group says who may use the socket: give --socket too.")
    if path is not None and once:
        raise click.UsageError("--once leaves when all is done, and --socket stays: give one of them.")


def _looks(desk: Desk, timezone: str) -> "DailyLooks":
    """What has the records looked at each day, by this very program on the same database."""
    import os
    import subprocess
    from zoneinfo import ZoneInfo

    from testing_tracker.cli.unattended import this_program
    from testing_tracker.clock import Clock
    from testing_tracker.serving.daily_looks import DailyLooks
    from testing_tracker.store.location import VARIABLE, Location

    location, clock = desk.location, desk.clock(timezone)
    # Not among the words, which everybody on the machine may read: a URL may have a password in it.
    environment = os.environ | {VARIABLE: str(location.path) if isinstance(location, Location) else location.uri}
    given = [*(["--facility", str(desk.facility)] if desk.facility is not None else [])]
    given += ["--today", desk.pretended_day] if desk.pretended_day else []

    def begin(words: Sequence[str]) -> "subprocess.Popen[bytes]":
        nothing = subprocess.DEVNULL
        command = [*this_program(), *given, *words]
        return subprocess.Popen(command, env=environment, stdin=nothing, stdout=nothing, stderr=nothing)

    return DailyLooks(begin, lambda: clock.now().astimezone(clock.zone), Clock(ZoneInfo("UTC")).stopwatch())


def _serve_at_socket(desk: Desk, plan: "Plan", given: str, group: str | None, looks: "DailyLooks") -> None:
    """Answer commands at a socket, with the turns in a process beside it."""
    from testing_tracker.cli.command_line import run
    from testing_tracker.cli.served import runs_lines
    from testing_tracker.serving.socket.service import Service

    location = desk.location
    path = in_full(Path(given)) if given else location.beside(".socket")
    called = f"unix:{path}"
    Service(plan, path, group, run_line=runs_lines(location, called), run_here=run, looks=looks).serve()


def _ways(desk: Desk, reports: Path | None, facility_id: int) -> "Deliveries":
    """How a facility's weekly report leaves, as the file beside the database and `--reports` say now."""
    from testing_tracker.cli.desk.files import deliveries_of
    from testing_tracker.rules.serving.delivery_file import Deliveries

    ways = deliveries_of(desk.location, facility_id) or Deliveries()
    return ways.to_reports_folder(reports) if reports else ways


def _delivers(plan: "Plan", numbers: list[int]) -> bool:
    """Whether any report leaves. A file that cannot be used is told at each turn, and keeps no draw from being made."""
    try:
        return any(plan.ways(number).channels for number in numbers)
    except TestingTrackerError:
        return True
