"""`checkin`: who has learned today whether to come, and the record of it."""

import click

from testing_tracker.cli.checkin_list import list_command, show_command
from testing_tracker.cli.checkin_outage import outage_command
from testing_tracker.cli.checkin_record import record_command, verify_command
from testing_tracker.cli.checkin_rule import rule_command
from testing_tracker.cli.desk.command_words import CommandGroup


@click.group("checkin", cls=CommandGroup)
def checkin_command() -> None:
    """Who has learned today whether to come, and the record of it."""


checkin_command.add_command(rule_command)
checkin_command.add_command(outage_command)
for _command in (record_command, list_command, show_command, verify_command):
    checkin_command.add_command(_command)
