"""`check`: is the database sound, and is it what the program wrote?"""

from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.output import format_option, print_rows
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.services.keeping.checking.examination import Examination


@click.command("check")
@format_option
@pass_desk
def check_command(desk: Desk, form: str) -> None:
    """Examine the database, its key and its records, and change nothing."""
    found = _examine(desk)
    desk.training = found.training
    print_rows(desk, [vars(line) for line in found.lines], ["what", "state", "detail"], form, "")
    if found.damaged:
        raise TestingTrackerError(
            f"{desk.location} is damaged. Leave it as it is, and bring the last backup back to a new place with "
            "`testing-tracker --database NEW restore FILE`."
        )
    if found.wrong:
        raise TestingTrackerError(
            f"{len(found.wrong)} of these are wrong: {', '.join(one.what for one in found.wrong)}."
        )


def _examine(desk: Desk) -> "Examination":
    from testing_tracker.store.location import Location

    location = desk.location
    if isinstance(location, Location):
        return services.examination.examine(location, desk.clock)
    return services.server_examination.examine(location, desk.clock)
