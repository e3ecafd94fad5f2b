"""`cron` and `systemd`: what to give to those that start the program by themselves."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import TRAINING, Desk, pass_desk, say
from testing_tracker.cli.desk.files import OutputFolder, in_full, look_at, output_file, overwrite_option
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.cli.desk.desk import AtFacility
    from testing_tracker.rules.serving.delivery_file import Deliveries
    from testing_tracker.serving.units import Unattended
    from testing_tracker.store.location import AnyLocation

FACILITY_VARIABLE = "TESTING_TRACKER_FACILITY"
_REPORTS = click.option(
    "--reports",
    type=OutputFolder(),
    metavar="FOLDER",
    help="Where the reports go. Default: as the delivery file says, or reports, beside the database's files.",
)
_BACKUPS = click.option(
    "--backups",
    type=OutputFolder(),
    metavar="FOLDER",
    help="Where the backups go. Default: backups, beside the database's files.",
)


@click.group("cron", cls=CommandGroup)
def cron_command() -> None:
    """The nightly draw, the weekly report, backups and doctor, by cron."""


@cron_command.command("print")
@_REPORTS
@_BACKUPS
@pass_desk
def print_cron(desk: Desk, reports: Path | None, backups: Path | None) -> None:
    """Print the lines for a crontab. Nothing is installed."""
    from testing_tracker.serving.units import cron_lines

    lines = list(cron_lines(_plan(desk, reports, backups)))
    _mark_training(desk)
    for line in lines:
        click.echo(line)


@click.group("systemd", cls=CommandGroup)
def systemd_command() -> None:
    """The nightly draw, the weekly report, backups and doctor, by systemd."""


@systemd_command.command("print")
@_REPORTS
@_BACKUPS
@click.option("--into", type=OutputFolder(), metavar="FOLDER", help="Write each unit into a file of this folder.")
@click.option("--socket", is_flag=True, help="Also the units of a server that answers people's commands at a socket.")
@click.option("--group", metavar="GROUP", help="With --socket: whose members may use it, besides this account.")
@overwrite_option("Replace the files that stand there.")
@pass_desk
def print_systemd(
    desk: Desk,
    reports: Path | None,
    backups: Path | None,
    into: Path | None,
    socket: bool,
    group: str | None,
    overwrite: bool,
) -> None:
    """Print services and timers, and one that stays running. Nothing is installed or started."""
    from testing_tracker.serving.units import socket_units, systemd_units

    if group is not None and not (socket and group.replace("-", "").replace("_", "").isalnum()):
        raise click.UsageError("--group says which group may use the socket: give its name, and --socket too.")
    if socket:
        from testing_tracker.serving.socket import service

        service.refuse_on_a_server(desk.location)
    plan = _with_a_page_of_its_own(desk, _plan(desk, reports, backups))
    units = systemd_units(plan) | (socket_units(plan, group) if socket else {})
    if into is not None and look_at(into).behind is None:  # what is no folder is refused already
        raise TestingTrackerError(f"There is no folder {into}. Make it first.")
    if into is None:
        _mark_training(desk)
        for name, text in units.items():
            click.echo(f"# /etc/systemd/system/{name}\n{text}")
    else:
        with ExitStack() as together:  # all of them or none
            for name, text in units.items():
                outgoing = together.enter_context(output_file(desk, into / name, overwrite=overwrite))
                outgoing.file.write(text.encode())
        say(desk, f"{into}: {len(units)} units. Look at them, copy them to /etc/systemd/system, and enable the timers.")


def _mark_training(desk: Desk) -> None:
    if desk.training:
        click.echo(f"# {TRAINING}")


def _plan(desk: Desk, reports: Path | None, backups: Path | None) -> "Unattended":
    from testing_tracker.account import current_account
    from testing_tracker.cli.desk.files import deliveries_of
    from testing_tracker.clock import machine_zone
    from testing_tracker.serving.units import SERVERS_SETTINGS, Unattended
    from testing_tracker.store.location import Location

    location, each = desk.location, desk.each_facility()
    zones = list(dict.fromkeys(one.timezone for one in each))
    machine = machine_zone().key or "UTC"
    settings = _settings(desk, each)
    found = [one for one in (deliveries_of(location, one.number) for one in each) if one is not None]
    deliveries = [one for one in found if one.channels and reports is None]
    keepers = [one.witness for one in found if one.witness is not None]
    if isinstance(location, Location):
        database = str(location.path)
        usual_reports, usual_backups = location.path.with_name("reports"), location.path.with_name("backups")
    else:
        database = location.without_password
        settings += tuple((name, os.environ[name]) for name in SERVERS_SETTINGS if os.environ.get(name))
        usual_reports, usual_backups = location.beside("-reports"), location.beside("-backups")
    return Unattended(
        program=this_program(),
        database=database,
        settings=settings,
        zone=zones[0],
        machine_zone=machine if [machine] != zones else None,
        account=current_account(),
        writes=(location.beside("").parent, location.key.path.parent),  # a night tells the key file, and the switch's
        reports=_folders(deliveries) if deliveries else (in_full(reports) if reports else usual_reports.absolute(),),
        delivers=bool(deliveries),
        several_zones=len(zones) > 1,
        backups=in_full(backups) if backups else usual_backups.absolute(),
        on_server=not isinstance(location, Location),
        kept=tuple(dict.fromkeys(one.folder for one in keepers if one.folder is not None)),
        has_page=_has_page(each),
    )


def _has_page(each: "list[AtFacility]") -> bool:
    """Whether participants of any of the facilities check in by a page, or will."""
    from testing_tracker import services

    for one in each:
        with one.desk.reading() as work:
            if services.filling.has_page(work):
                return True
    return False


def _is_far(location: "AnyLocation", numbers: list[int]) -> bool:
    """Whether the page is on another machine, by any facility's check-in file."""
    from testing_tracker.cli.desk.files import check_in_settings_of

    found = (check_in_settings_of(location, number) for number in numbers)
    return any(settings is not None and settings.page.over for settings in found)


def _with_a_page_of_its_own(desk: Desk, plan: "Unattended") -> "Unattended":
    """What is to be run, with the page's own process where the page is on this machine.

    That has an account of its own, which cannot share the folder of the records; so its file is elsewhere, and
    whatever fills it is told where.
    """
    from dataclasses import replace

    from testing_tracker.serving.units import PAGE_ACCOUNT
    from testing_tracker.store.location import PAGE_VARIABLE, Location
    from testing_tracker.store.places import SIDE_ENDINGS

    if not plan.has_page:
        return plan
    location, numbers = desk.location, [one.number for one in desk.each_facility()]
    if _is_far(location, numbers):
        return plan
    page = location.page_elsewhere or Path("/var/lib") / PAGE_ACCOUNT / location.page.name
    settings = dict(plan.settings) | {PAGE_VARIABLE: str(page)}
    records = [location.path, *(location.beside(one) for one in SIDE_ENDINGS)] if isinstance(location, Location) else []
    files = [file for number in numbers for file in (location.delivery_of(number), location.check_in_of(number))]
    hidden = (*records, location.key.path, location.beside(".key"), *files, *plan.folders)
    return replace(plan, settings=tuple(settings.items()), page=page, hidden=tuple(dict.fromkeys(hidden)))


def _settings(desk: Desk, each: "list[AtFacility]") -> tuple[tuple[str, str], ...]:
    """What the environment has to say for the program to find the same database, files and facility again."""
    from testing_tracker.cli.desk.parameter_types import LONGEST_GAP_VARIABLE
    from testing_tracker.store.encryption.key_place import VARIABLE, usual_place
    from testing_tracker.store.location import (
        ANALYTES_VARIABLE,
        CHECK_IN_VARIABLE,
        DELIVERY_VARIABLE,
        KEY_VARIABLE,
        PAGE_VARIABLE,
    )

    location = desk.location
    elsewhere = (
        (KEY_VARIABLE, location.key_elsewhere),
        (ANALYTES_VARIABLE, location.analytes_elsewhere),
        (DELIVERY_VARIABLE, location.delivery_elsewhere),
        (PAGE_VARIABLE, location.page_elsewhere),
        (CHECK_IN_VARIABLE, location.check_in_elsewhere),
    )
    settings = tuple((name, str(path)) for name, path in elsewhere if path is not None)
    if (place := usual_place()) is not None:
        settings += ((VARIABLE, str(place)),)
    if os.environ.get(LONGEST_GAP_VARIABLE):
        settings += ((LONGEST_GAP_VARIABLE, os.environ[LONGEST_GAP_VARIABLE]),)
    return settings if desk.facility is None else (*settings, (FACILITY_VARIABLE, str(each[0].number)))


def _folders(deliveries: "list[Deliveries]") -> tuple[Path, ...]:
    """Where the delivery files say that the reports go, none for nowhere but the mail."""
    return tuple(dict.fromkeys(one.folder.path for one in deliveries if one.folder is not None))


def this_program() -> tuple[str, ...]:
    """The words that start this program wherever one stands."""
    script = Path(sys.executable).with_name("testing-tracker")
    return (str(script),) if os.access(script, os.X_OK) else (sys.executable, "-m", "testing_tracker")
