"""`schedule`: the facility's testing rules, which are files that a clinical director can read and edit."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import TRAINING, Desk, pass_desk, say, warn
from testing_tracker.cli.desk.files import GivenPath, schedule_text
from testing_tracker.cli.desk.output import format_option, print_json, print_rows, show
from testing_tracker.cli.desk.parameter_types import ID, REASON, SCHEDULE
from testing_tracker.cli.simulate import simulate_schedules
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.services.schedules.versions import Loaded, PendingVersion, ScheduleLine

_MOST_NAMED = 20
_COLUMNS = [
    "schedule",
    "version",
    "binds_from",
    "kind",
    "per_week",
    "days",
    "participants",
    "title",
    "holidays",
    "closed_days",
    "pending",
]
_FILES = click.argument("files", metavar="FILE…", nargs=-1, required=True, type=GivenPath())


@click.group("schedule", cls=CommandGroup)
def schedule_command() -> None:
    """The facility's testing rules."""


schedule_command.add_command(simulate_schedules)


@schedule_command.command("list")
@format_option
@pass_desk
def list_schedules(desk: Desk, form: str) -> None:
    """Every schedule in the version that binds today, and what its calendar says otherwise of days to come."""
    with desk.reading() as work:
        lines = services.versions.overview(work)
        in_words, coming = services.closed_days.change_in_words, services.closed_days.coming_changes(work)
        changes = [(one.calendar, in_words(one, work)) for one in coming]
    rows = [
        vars(line)
        | {"calendar_changes": [said for name, said in changes if name == line.holidays]}
        | {"pending": _pending(line.pending, form)}
        for line in lines
    ]
    columns = _COLUMNS
    if form == "table":
        columns = ["schedule", "version", "participants", "title", *(["pending"] if _any_pending(lines) else [])]
    print_rows(desk, rows, columns, form, empty="There is no schedule.")
    for _, said in changes:
        warn(said)


def _any_pending(lines: Sequence["ScheduleLine"]) -> bool:
    return any(line.pending is not None for line in lines)


def _pending(coming: "PendingVersion | None", form: str) -> object:
    if coming is None or form == "json":
        return None if coming is None else vars(coming)
    return f"version {coming.version} from {coming.binds_from}: {_in_words(coming.changes)}"


def _in_words(changes: Sequence[str]) -> str:
    return "; ".join(changes) or "another text, and nothing else"


@schedule_command.command("show")
@click.argument("name", type=SCHEDULE)
@click.option("--version", "number", type=ID, metavar="N", help="An earlier version. Default: the latest.")
@format_option
@pass_desk
def show_schedule(desk: Desk, name: str, number: int | None, form: str) -> None:
    """A schedule's file, as it was loaded."""
    with desk.reading() as work:
        version = services.versions.find_version(work, name, number)
        row = {"schedule": name, **version.model_dump(include={"version", "binds_from", "recorded_at", "text"})}
        row["loaded_by"] = version.recorded_by
    if form == "json":
        print_json(desk, row)
    elif form == "csv":
        print_rows(desk, [row], list(row), form, empty="")
    else:
        training = f"{TRAINING} " if desk.training else ""
        click.echo(f"# {training}{name}, version {row['version']}, binds from {row['binds_from']}")
        click.echo(str(row["text"]).rstrip())


@schedule_command.command("check")
@_FILES
@pass_desk
def check_schedules(desk: Desk, files: tuple[Path, ...]) -> None:
    """Say what is wrong with schedule files, without loading them."""
    from testing_tracker.rules.schedules.schedule_file import ScheduleFileError, read_with_table

    problems: list[str] = []
    for file in files:
        try:
            read_with_table(desk.vocabulary, schedule_text(file), str(file))
        except ScheduleFileError as error:
            problems += error.problems
        except TestingTrackerError as error:
            problems.append(str(error))
        else:
            show(f"{file}: good")
    if problems:
        raise TestingTrackerError("\n       ".join(problems))


@schedule_command.command("load")
@_FILES
@pass_desk
def load_schedules(desk: Desk, files: tuple[Path, ...]) -> None:
    """Keep schedule files under their names; a changed one is a new version that binds from tomorrow.

    It says what has changed, and whom that concerns. Until it binds, `schedule take-back` undoes it.
    """
    texts = [(str(file), schedule_text(file)) for file in files]
    with desk.writing() as work:
        loaded = [services.versions.load_schedule(work, file, text) for file, text in texts]
        too_late = services.rule_setting.closes_too_late(work)
    for schedule in loaded:
        done = f"loaded, binds from {schedule.binds_from}" if schedule.changed else "is loaded already; nothing changed"
        say(desk, f"{schedule.name} version {schedule.version} {done}.")
        _say_what_changes(desk, schedule)
    if too_late is not None:
        warn(f"{too_late[0].lower()}{too_late[1:]}")


@schedule_command.command("take-back")
@click.argument("name", type=SCHEDULE)
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why it is not to bind.")
@pass_desk
def take_back_schedule(desk: Desk, name: str, reason: str) -> None:
    """Let a pending version of a schedule not bind: the rule of today goes on. Both stay on record."""
    with desk.writing() as work:
        back = services.versions.take_back(work, name, reason)
    number = back.version - 1
    say(desk, f"{name} version {number} is taken back; version {back.version} says what binds today, and goes on.")


def _say_what_changes(desk: Desk, loaded: "Loaded") -> None:
    """Say what a further version says otherwise, and whom it tests."""
    if not loaded.changed or loaded.version == 1:
        return
    if loaded.changes is None:
        say(desk, "What changes: nothing; it says what binds today, which goes on.")
        return
    say(desk, f"What changes: {_in_words(loaded.changes)}.")
    codes = loaded.participants
    more = f" and {len(codes) - _MOST_NAMED} more" if len(codes) > _MOST_NAMED else ""
    whom = f"{', '.join(codes[:_MOST_NAMED])}{more}" if codes else "nobody at present"
    undo = f"`testing-tracker schedule take-back {loaded.name} --reason TEXT`"
    say(desk, f"Whom it concerns: {whom}. Before it binds, {undo} undoes it.")
