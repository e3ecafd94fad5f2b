"""`notice`: reminders to check in, which say the same to everybody."""

import click

from testing_tracker.cli.desk.command_words import CommandGroup


@click.group("notice", cls=CommandGroup)
def notice_command() -> None:
    """Reminders to check in, which say the same to everybody."""
