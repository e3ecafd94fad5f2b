"""`schedule`: the facility's testing rules, which are files that a clinical director can read and edit."""

from pathlib import Path

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import TRAINING, Desk, pass_desk, say, warn
from testing_tracker.cli.desk.files import schedule_text
from testing_tracker.cli.desk.output import format_option, print_json, print_rows
from testing_tracker.cli.desk.parameter_types import ID, SCHEDULE
from testing_tracker.cli.simulate import simulate_schedules
from testing_tracker.errors import TestingTrackerError

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
]
_FILES = click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))


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
        vars(line) | {"calendar_changes": [said for name, said in changes if name == line.holidays]} for line in lines
    ]
    columns = ["schedule", "version", "participants", "title"] if form == "table" else _COLUMNS
    print_rows(desk, rows, columns, form, empty="There is no schedule.")
    for _, said in changes:
        warn(said)


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
            click.echo(f"{file}: good")
    if problems:
        raise TestingTrackerError("\n       ".join(problems))


@schedule_command.command("load")
@_FILES
@pass_desk
def load_schedules(desk: Desk, files: tuple[Path, ...]) -> None:
    """Keep schedule files under their names; a changed one is a new version that binds from tomorrow."""
    texts = [(str(file), schedule_text(file)) for file in files]
    with desk.writing() as work:
        loaded = [services.versions.load_schedule(work, file, text) for file, text in texts]
    for schedule in loaded:
        done = f"loaded, binds from {schedule.binds_from}" if schedule.changed else "is loaded already; nothing changed"
        say(desk, f"{schedule.name} version {schedule.version} {done}.")
