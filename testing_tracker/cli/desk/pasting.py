"""A command that is printed to be pasted: its words for a shell, and the options of the one that prints it."""

from collections.abc import Sequence
from shlex import join

import click
from click.core import ParameterSource

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.help.page import LONG_NAME


def typed(words: Sequence[str], program: str = LONG_NAME) -> str:
    """A command as it is typed in a shell."""
    return join([program, *words])


def given_before(desk: Desk, facility: str | int | None = None, *, elsewhere: bool = False) -> list[str]:
    """The options in front of the command that a next one needs too, as words; a database's password is left out.

    `facility` is the one that the next one is about, where there are several. Where it is `elsewhere` that it is
    pasted, such as out of a mail, neither the folder nor the environment is the same.
    """
    root = click.get_current_context().find_root()

    def is_needed(name: str) -> bool:
        if root.params.get(name) is None:
            return False
        return elsewhere or root.get_parameter_source(name) is ParameterSource.COMMANDLINE

    given: dict[str, object] = {}
    if is_needed("database"):
        given["database"] = _place(desk, elsewhere=elsewhere)
    if is_needed("today"):
        given["today"] = desk.pretended_day
    if facility is not None or is_needed("facility"):
        given["facility"] = desk.facility if facility is None else facility
    return [word for name, value in given.items() for word in (f"--{name}", str(value))]


def _place(desk: Desk, *, elsewhere: bool) -> str | None:
    from testing_tracker.store.location import Location

    place = desk.location
    if place.called:
        return place.called if elsewhere else desk.database
    if not isinstance(place, Location):
        return place.without_password
    return str(place.path.absolute()) if elsewhere else desk.database
