"""`report weekly --send`: all deliveries of a week, now."""

from functools import partial

import click
from click.core import ParameterSource

from testing_tracker.cli.desk.delivery_files import deliveries_of
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.files import write_file
from testing_tracker.cli.desk.output import say
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Channel


def refuse_with_send(ctx: click.Context, *parameters: str) -> None:
    """Wrong usage with an option that says how to print: what is sent, the delivery file says."""
    for parameter in ctx.command.params:
        if parameter.name in parameters and ctx.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--send takes no {parameter.opts[0]}; the delivery file says what is sent.")


def send_week(desk: Desk, given: str | None) -> None:
    """Deliver a week's report on every channel, also where it was delivered before.

    Raises TestingTrackerError when one failed, and before anything is sent when the week has no final report.
    """
    from testing_tracker.rules.calendar import Week
    from testing_tracker.rules.keeping.owed import last_full_week
    from testing_tracker.services.reporting import outbox
    from testing_tracker.serving.courier import Courier

    with desk.reading() as (session, acting):
        week = Week.parse(given) if given else last_full_week(acting.today)
        outbox.check_sendable(session, acting, week)
        zone, number = acting.zone, acting.facility_id
    ways = deliveries_of(desk.location, number)
    if ways is None or not ways.channels:
        raise TestingTrackerError(
            f"Nothing says where reports go. Write it into {desk.location.delivery_of(number)}, readable by you alone: "
            "[folder] with path, or [mail] with host, tls, from and to. docs/delivery.md has examples."
        )
    courier = Courier(desk.reading, desk.writing, partial(write_file, desk.location), ways, number)
    failures = []
    for channel in ways.channels:
        attempt = courier.deliver(week, channel, again=True)
        if attempt is None:
            failures.append(f"{_PLACES[channel]}: another attempt is under way; `testing-tracker status` tells its end")
        elif attempt.error is not None:
            when = f"; `serve` tries again from {attempt.next_at.astimezone(zone):%H:%M} on" if attempt.next_at else ""
            failures.append(f"{_PLACES[channel]}: {attempt.error}{when}")
        else:
            say(desk, f"The report of {week} was {_DONE[channel]}.")
    if failures:
        raise TestingTrackerError(f"The report of {week} was not delivered {', nor '.join(failures)}.")


_PLACES = {Channel.FOLDER: "to the folder", Channel.MAIL: "by mail"}
_DONE = {Channel.FOLDER: "written to the folder", Channel.MAIL: "mailed"}
