"""`staff`: which account may do what."""

from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.output import format_option, print_rows
from testing_tracker.cli.desk.parameter_types import CaselessChoice
from testing_tracker.rules.words import Role

if TYPE_CHECKING:
    from testing_tracker.services.people.staff import NowOnTheList

_ROLE = click.option("--role", type=CaselessChoice(Role), required=True, help="The role.")
_MOST_NAMED = 5


@click.group("staff", cls=CommandGroup)
def staff_command() -> None:
    """Who may do what, by account.

    While one account is on the list it may do everything, and others are refused. Once a second one is named, each may
    do what its roles give, and roles add up. A nurse records what happened, a clinician decides what follows, a manager
    answers for how the facility does it, an auditor reads, and nights is for the account that runs the nightly draw.
    """


@staff_command.command("list")
@format_option
@pass_desk
def list_staff(desk: Desk, form: str) -> None:
    """Who has which role."""
    with desk.reading() as work:
        lines = services.staff.listed(work)
        meaning = services.staff.roles_at(work).meaning
    columns = ["account", "role", "recorded_at", "recorded_by"]
    print_rows(desk, [vars(line) for line in lines], columns, form, empty=meaning)
    if lines and form == "table":
        say(desk, meaning)


@staff_command.command("add")
@click.argument("account")
@_ROLE
@pass_desk
def add_staff(desk: Desk, account: str, role: str) -> None:
    """Give an account a role."""
    with desk.writing() as work:
        now = services.staff.give(work, account, Role(role))
    say(desk, f"{account} {_is(Role(role))}.")
    _tell(now)


def _tell(now: "NowOnTheList") -> None:
    """What changed for others by a new name on the list."""
    from testing_tracker.rules.people.permitted import add_words, as_people_say

    for role, commands in now.no_more.items():
        more = f" and {len(commands) - _MOST_NAMED} more" if commands[_MOST_NAMED:] else ""
        warn(
            f"{now.first} is not the only one on the list any more, and may not do what {as_people_say([role])} does "
            f"({', '.join(commands[:_MOST_NAMED])}{more}). `{add_words(str(now.first), role)}` gives it back."
        )
    if now.unnamed:
        warn(
            f"kept out from now on, with acts on record and no role: {', '.join(now.unnamed)}. "
            f"`{add_words(now.unnamed[0], Role.NURSE)}` lets one in."
        )
    _tell_what_is_left(now.left_to_grant)


def _tell_what_is_left(statements: list[str]) -> None:
    """Say which statements a server's administrator has to run, so that it lets the staff do what the list says."""
    if statements:
        warn(services.upgrades.left_to_grant(statements))


def _is(role: Role) -> str:
    from testing_tracker.rules.people.permitted import as_people_say

    return "has the nights" if role is Role.NIGHTS else f"is {as_people_say([role])}"


@staff_command.command("remove")
@click.argument("account")
@_ROLE
@pass_desk
def remove_staff(desk: Desk, account: str, role: str) -> None:
    """Take a role from an account; what it did stays on record."""
    with desk.writing() as work:
        now = services.staff.take(work, account, Role(role))
    no_more = "has the nights no more" if role is Role.NIGHTS else f"is no {role} any more"
    say(desk, f"{account} {no_more}.")
    if role == Role.NIGHTS and not now.is_had:
        warn("no account has the nights now, so every account may run the nightly draw, back up and read the reports.")
    _tell_what_is_left(now.left_to_grant)
