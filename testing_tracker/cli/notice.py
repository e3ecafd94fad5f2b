"""`notice`: reminders to check in, which say the same to everybody."""

from datetime import time
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.exporting import Export, exported, people_in
from testing_tracker.cli.desk.files import check_in_settings_of, deliveries_of
from testing_tracker.cli.desk.output import format_option, print_rows
from testing_tracker.cli.desk.parameter_types import CODE, NOTICE_ADDRESS, CaselessChoice
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.notices import NoticeChannel
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.keeping.acts import Act

if TYPE_CHECKING:
    from testing_tracker.rules.check_in.notice_words import Reminding
    from testing_tracker.serving.noticing import Noticing
    from testing_tracker.store.work import Work

_COLUMNS = ["participant", "day", "kind", "channel", "state", "attempts", "at", "error"]
_WITHOUT_A_RULE = time(5), time(10)  # what a test says where no rule is in force yet


@click.group("notice", cls=CommandGroup)
def notice_command() -> None:
    """Reminders to check in, which say the same to everybody."""


@notice_command.command("list")
@click.option("--failed", is_flag=True, help="All that failed in the last seven days, of whatever day.")
@format_option
@pass_desk
def list_notices(desk: Desk, failed: bool, form: str) -> None:
    """Today's reminders and how far each is. Handed over is not read: it proves nothing."""
    with desk.reading() as work:
        lines = services.notices.lines(work, failed=failed)
        rows = [vars(line) | {"at": line.at.astimezone(work.zone) if line.at else None} for line in lines]
        export = Export("notices", form, work.today, many=people_in(lines))
    if form != "json":
        rows = [row | {"at": f"{at:%H:%M}" if (at := row["at"]) else ""} for row in rows]
    empty = "No reminder has failed." if failed else "No reminder is on its way today."
    with exported(desk, export):
        print_rows(desk, rows, _COLUMNS, form, empty=empty)


@notice_command.command("send")
@click.option("--to", "code", type=CODE, required=True, metavar="CODE", help="Whom to remind now, also once more.")
@pass_desk
def send_notice(desk: Desk, code: str) -> None:
    """Remind one participant now, on each channel that they have consented to."""
    noticing = noticing_of(desk)
    with desk.writing() as work:
        assert noticing.settings is not None, "or else it was refused"
        assert noticing.settings.notices is not None, "or else it was refused"
        participant, taken = services.notices.claim_for(work, code, noticing.settings.notices, noticing.ways)
        shown, now = participant.code, work.now
        said = services.notices.reminding(work, noticing.settings)
    assert said is not None, "or else it was refused"
    ended = noticing.hand_over(said, taken, now)
    failed = [f"by {one.of.channel}: {one.error}" for one in ended if one.error is not None]
    for one in ended:
        if one.error is None:
            say(desk, f"{shown}: reminder by {one.of.channel} handed over.")
    if failed:
        raise TestingTrackerError(f"{shown} was not reminded {', nor '.join(failed)}.")


@notice_command.command("test")
@click.option("--mail", type=NOTICE_ADDRESS, metavar="ADDRESS", help="An address of your own.")
@click.option("--text", type=NOTICE_ADDRESS, metavar="NUMBER", help="A telephone of your own, such as +15550123.")
@click.option(
    "--language", type=CaselessChoice(Language), default="en", show_default=True, help="What it is written in."
)
@pass_desk
def test_notice(desk: Desk, mail: str | None, text: str | None, language: str) -> None:
    """Send this morning's reminder to yourself, and say what it says. It is no participant's."""
    given = {NoticeChannel.MAIL: mail, NoticeChannel.TEXT: text}
    asked = {channel: address for channel, address in given.items() if address is not None}
    if not asked:
        raise click.UsageError("Give --mail ADDRESS or --text NUMBER, where to send it.")
    noticing = noticing_of(desk)
    for channel in asked:
        services.contacts.refuse_without(noticing.ways, channel)
    addresses = {channel: services.contacts.address_of(channel, address) for channel, address in asked.items()}
    with desk.writing() as work:
        said, now = _said(work, noticing), work.now
        work.on_record(Act.NOTICE_SEND, test=True, channels=sorted(map(str, addresses)))
    for channel, address in addresses.items():
        words = noticing.tried(said, channel, Language(language), address, now)
        say(desk, f"Handed over by {channel}, {len(words)} characters: {words}")


def _said(work: "Work", noticing: "Noticing") -> "Reminding":
    from testing_tracker.rules.check_in.notice_words import Reminding

    assert noticing.settings is not None, "or else it was refused"
    said = services.notices.reminding(work, noticing.settings)
    page = noticing.settings.page
    return said or Reminding(page.name, page.phone, *_WITHOUT_A_RULE, training=work.facility.training)


def noticing_of(desk: Desk) -> "Noticing":
    """The facility's reminders. Raises TestingTrackerError where no file says how they leave."""
    from testing_tracker.serving.noticing import Noticing

    with desk.reading() as work:
        number = work.facility_id
    settings = check_in_settings_of(desk.location, number)
    ways = deliveries_of(desk.location, number)
    noticing = Noticing(desk.reading, desk.writing, settings, ways.mail if ways is not None else None, number)
    if settings is None or settings.notices is None or not noticing.ways:
        raise TestingTrackerError(
            f"Nothing says how reminders leave. Write [notices] into {desk.location.check_in_of(number)}, readable by "
            "you alone, with [notices.text] there or [mail] in the delivery file. docs/notices.md has examples."
        )
    return noticing


def ways_of(desk: Desk, number: int) -> tuple[NoticeChannel, ...]:
    """The channels on which a facility reminds, by its files."""
    settings, ways = check_in_settings_of(desk.location, number), deliveries_of(desk.location, number)
    return settings.channels(has_mail=ways is not None and ways.mail is not None) if settings is not None else ()
