"""`participant contact`: where somebody is reminded to check in, by their written consent, until they take it back."""

from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.exporting import command_now, looked
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import show
from testing_tracker.cli.desk.parameter_types import CODE, DAY_BEFORE, NOTICE_ADDRESS, CaselessChoice
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.notices import NoticeChannel

if TYPE_CHECKING:
    from datetime import tzinfo

    from testing_tracker.services.check_in.reminding.contacts import ContactLine

_CONSENT = (
    "Only with the participant's written consent of a day: give --consent-on DATE. It is their choice, and changes "
    "nothing about checking in."
)


@click.command("contact")
@click.argument("code", type=CODE)
@click.option("--mail", type=NOTICE_ADDRESS, metavar="ADDRESS", help="Remind them by mail at this address.")
@click.option("--text", type=NOTICE_ADDRESS, metavar="NUMBER", help="Remind them by text; such as +15550123.")
@click.option("--consent-on", type=DAY_BEFORE, metavar="DATE", help="The day of their written consent to that.")
@click.option("--stop", type=CaselessChoice(NoticeChannel), help="They took their consent to this back.")
@click.option("--forget", is_flag=True, help="Forget every address of theirs.")
@click.option("--address", is_flag=True, help="Show the addresses too.")
@pass_desk
def participant_contact(
    desk: Desk,
    code: str,
    mail: str | None,
    text: str | None,
    consent_on: str | None,
    stop: str | None,
    forget: bool,
    address: bool,
) -> None:
    """Where a participant is reminded to check in, and since which consent; that you looked is on record.

    An address is kept in one place alone, and goes for good when its consent ends or the participant leaves.
    """
    given = {NoticeChannel.MAIL: mail, NoticeChannel.TEXT: text}
    addresses = {channel: one for channel, one in given.items() if one is not None}
    if sum((bool(addresses), stop is not None, forget, address)) > 1:
        raise click.UsageError("Give an address, --stop, --forget or --address: one at a time.")
    if consent_on is not None and not addresses:
        raise click.UsageError("--consent-on goes with --mail or --text: it is the consent to that.")
    if addresses:
        _set(desk, code, addresses, consent_on)
    elif stop is not None:
        with desk.writing() as work:
            shown = services.contacts.stop(work, code, NoticeChannel(stop)).code
        say(desk, f"{shown} is reminded by {stop} no more; the address is forgotten. The duty to check in stays.")
    elif forget:
        with desk.writing() as work:
            shown = services.contacts.forget(work, code).code
        say(desk, f"{shown}: every address is forgotten. The duty to check in stays.")
    else:
        _show(desk, code, address=address)


def _set(desk: Desk, code: str, addresses: dict[NoticeChannel, str], consent_on: str | None) -> None:
    from testing_tracker.cli.notice import ways_of

    if consent_on is None:
        raise TestingTrackerError(_CONSENT)
    with desk.writing() as work:
        day = day_given(consent_on, work.today)
        ways = ways_of(desk, work.facility_id)
        shown = services.contacts.set_contact(work, code, addresses, day, ways).code
    for channel in addresses:
        say(desk, f"{shown} is reminded by {channel} from now on, by the consent of {day}.")


def _show(desk: Desk, code: str, *, address: bool) -> None:
    with desk.reading() as work:
        participant = services.lookup.find_participant(work, code)
        lines = services.contacts.lines_of(work, code, addresses=address)
        shown, identity, zone = participant.code, participant.id, work.zone
    assert identity is not None, "it is on record"
    looked(desk, command_now(), [identity], "address" if address else None)
    if not lines:
        say(desk, f"{shown} is reminded nowhere, and never was.")
    for line in lines:
        show(f"{shown}: {_in_words(line, zone)}")


def _in_words(line: "ContactLine", zone: "tzinfo") -> str:
    if line.ended_at is not None:
        return f"{line.channel}, ended on {line.ended_at.astimezone(zone).date()}"
    where = f" to {line.address}" if line.address else ""
    return f"{line.channel}{where}, by the consent of {line.consent_on}"
