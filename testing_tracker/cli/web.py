"""`web`: the page on which participants check in, and what goes to it and comes from it."""

import click

from testing_tracker.cli.desk.command_words import CommandGroup


@click.group("web", cls=CommandGroup)
def web_command() -> None:
    """The page on which participants check in, and what goes to it and comes from it."""
