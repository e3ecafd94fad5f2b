"""`doctor` and `check`: what waits for too long, and whether the database is sound."""

from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.alive import switches_of
from testing_tracker.cli.desk.desk import AtFacility, Desk, going_on, pass_desk
from testing_tracker.cli.desk.files import check_in_configured
from testing_tracker.cli.desk.output import format_option, print_rows
from testing_tracker.cli.desk.parameter_types import WholeNumber, longest_gap_option
from testing_tracker.cli.desk.pasting import given_before, typed
from testing_tracker.cli.help.page import LONG_NAME
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from testing_tracker.rules.check_in.check_in_file import CheckInSettings
    from testing_tracker.rules.keeping.stuck import Stuck
    from testing_tracker.rules.serving.delivery_file import Deliveries
    from testing_tracker.services.keeping.checking.examination import Examination
    from testing_tracker.services.keeping.doctor_check_in import PageWatched


@click.command("doctor")
@click.option(
    "--result-days",
    type=WholeNumber(min=0),
    default=2,
    show_default=True,
    metavar="DAYS",
    help="For how many days a result may be awaited.",
)
@click.option("--quiet", is_flag=True, help="Print nothing when nothing needs doing; for cron, which mails the rest.")
@longest_gap_option
@format_option
@pass_desk
def doctor_command(desk: Desk, result_days: int, quiet: bool, longest_gap: int, form: str) -> None:
    """List the work that is stuck: what, since when, whom it is about, and the command that gets it on.

    Leaves with status 1 when something needs doing, 0 when all is well. Where several facilities share the database, it
    is for all of them unless one is named.
    """
    from testing_tracker.clock import machine_zone
    from testing_tracker.rules.keeping.stuck import Patience, in_order

    each = desk.each_facility()
    found: list[dict[str, object]] = []
    failed: list[str] = []
    for at in each:
        with going_on(each, at, failed), at.desk.reading() as work:
            patience = Patience(result_days=result_days, longest_gap=longest_gap)
            ways = _ways(desk, at.number)
            settings, told = check_in_configured(desk.location, at.number)
            lines = services.doctor.find_stuck(
                work,
                desk.location,
                machine_zone(),
                patience,
                has_switch=ways is not None and ways.alive is not None,
                keeps_lines=ways is not None and ways.witness is not None,
                has_notices=settings is not None and settings.notices is not None,
                page=_page(desk, settings),
            )
            lines = in_order([*lines, *_about_the_file(settings, told, ways, work.today)])
            found += [_line(desk, at, vars(line)) for line in lines]
    needs_doing = any(line["needs_doing"] for line in found)
    if needs_doing or not (quiet or failed):
        columns = ["since", "participant", "what", "do"]
        if form != "table":
            columns = ["matter", *columns, "needs_doing"]
        if len(each) > 1:
            columns = ["facility", *columns]
        print_rows(desk, found, columns, form, "All is well.")
    if failed:
        raise TestingTrackerError(" ".join(failed))
    if needs_doing:
        click.get_current_context().exit(1)


def _ways(desk: Desk, facility_id: int) -> "Deliveries | None":
    """What a facility's delivery file says; of one that cannot be used `status` says what is wrong."""
    from testing_tracker.cli.desk.files import deliveries_of

    try:
        return deliveries_of(desk.location, facility_id)
    except TestingTrackerError:
        return None


def _about_the_file(
    settings: "CheckInSettings | None", told: str | None, ways: "Deliveries | None", today: "date"
) -> "Iterator[Stuck]":
    """What is wrong with a facility's check-in file, and what it tells others that it had better not."""
    from testing_tracker.rules.check_in.check_in_file import warning_of_sender
    from testing_tracker.rules.keeping.stuck import check_in_file

    if told is not None:
        yield check_in_file(told, today, is_usable=False)
    if settings is not None:
        sender = ways.mail.sender if ways is not None and ways.mail is not None else None
        for warning in (*settings.warnings, warning_of_sender(settings, sender)):
            if warning is not None:
                yield check_in_file(warning, today, is_usable=True)


def _page(desk: Desk, settings: "CheckInSettings | None") -> "PageWatched | None":
    """What is known here of the check-in page, from outside."""
    if settings is None:
        return None
    from testing_tracker.serving.check_in_turn import page_watched

    return page_watched(desk.location, settings)


def _line(desk: Desk, at: AtFacility, line: dict[str, object]) -> dict[str, object]:
    """A line of the list, with commands that work as they are pasted, also into another shell than cron's.

    Where there are several facilities, it has the one that it is about.
    """
    given = given_before(desk, at.number if at.name else None, elsewhere=True)
    do = str(line["do"]).replace(f"{LONG_NAME} ", f"{typed(given)} ")
    return ({"facility": at.name} if at.name else {}) | line | {"do": do}


@click.command("check")
@click.option("--recent", is_flag=True, help="Of the records only what is new, as verify --recent does.")
@click.option("--quiet", is_flag=True, help="Print nothing when nothing is wrong; for cron, which mails the rest.")
@format_option
@pass_desk
def check_command(desk: Desk, recent: bool, quiet: bool, form: str) -> None:
    """Examine the database, its key and its records, and change nothing."""
    with switches_of(desk) as switches:
        found = _examine(desk, recent=recent)
        desk.training = found.training
        _admit(desk, found)
        switches.tell_all(1 if found.damaged or found.wrong else 0)
    if found.wrong or not quiet:
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


def _admit(desk: Desk, found: "Examination") -> None:
    """Let it be told to whom the lists have, where they can be read; of a damaged file whoever has it is to know."""
    from testing_tracker.services.keeping.checking.examination import Soundness

    is_present = any(line.what == "schema" and line.state is Soundness.OK for line in found.lines)
    if is_present and not found.damaged:
        with desk.reading_all():
            pass


def _examine(desk: Desk, *, recent: bool) -> "Examination":
    from testing_tracker.store.location import Location

    location = desk.location
    if isinstance(location, Location):
        return services.examination.examine(location, desk.clock, desk.vocabulary, recent=recent)
    return services.examination.examine_server(location, desk.clock, desk.vocabulary, recent=recent)
