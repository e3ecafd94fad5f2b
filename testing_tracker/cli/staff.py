"""`staff`: which account may do what."""

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.output import format_option, print_rows, say
from testing_tracker.rules.words import Role

_ROLE = click.option(
    "--role", type=click.Choice([str(role) for role in Role]), required=True, help="What the account is."
)


@click.group("staff")
def staff_command() -> None:
    """Who may do what, by the operating system's account.

    Where a manager is on record, only a manager may answer for all draws of a day and give or take roles.
    """


@staff_command.command("list")
@format_option
@pass_desk
def list_staff(desk: Desk, form: str) -> None:
    """Who has which role."""
    with desk.reading() as (session, acting):
        lines = services.staff.listed(session, acting)
    columns = ["account", "role", "recorded_at", "recorded_by"]
    empty = "Nobody has a role, so everybody may do everything."
    print_rows(desk, [vars(line) for line in lines], columns, form, empty=empty)


@staff_command.command("add")
@click.argument("account")
@_ROLE
@pass_desk
def add_staff(desk: Desk, account: str, role: str) -> None:
    """Give an account a role."""
    with desk.writing() as (session, acting):
        services.staff.give(session, acting, account, Role(role))
    say(desk, f"{account} is a {role}.")


@staff_command.command("remove")
@click.argument("account")
@_ROLE
@pass_desk
def remove_staff(desk: Desk, account: str, role: str) -> None:
    """Take a role from an account; what it did stays on record."""
    with desk.writing() as (session, acting):
        services.staff.take(session, acting, account, Role(role))
    say(desk, f"{account} is no {role} any more.")
