"""`checkin outage`: when check-in could not be reached, so that nobody who was not told then has missed a test."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.given_days import instant_given
from testing_tracker.cli.desk.output import decided_lines, format_option, print_rows
from testing_tracker.cli.desk.parameter_types import ID, INSTANT, REASON
from testing_tracker.rules.said import in_full

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from testing_tracker.services.check_in.ending.outage_acts import OutageLine, OutageSaid

_COLUMNS = ["number", "day", "from_at", "to_at", "found_by", "counts", "reason"]
_DAYS_SHOWN = 14


@click.command("outage")
@click.option("--from", "from_at", type=INSTANT, metavar="TIME", help='Such as 07:10 today, or "2026-11-16 07:10".')
@click.option("--to", "to_at", type=INSTANT, metavar="TIME", help="When it was over.")
@click.option("--reason", type=REASON, metavar="TEXT", help="What was wrong.")
@click.option("--corrects", type=ID, metavar="NUMBER", help="The outage in whose place this one is.")
@click.option("--take-back", type=ID, metavar="NUMBER", help="The outage that was none.")
@format_option
@pass_desk
def outage_command(
    desk: Desk,
    from_at: str | None,
    to_at: str | None,
    reason: str | None,
    corrects: int | None,
    take_back: int | None,
    form: str,
) -> None:
    """Record that check-in could not be reached; without options, list the outages of the last two weeks.

    On a day on which it was so for 5 minutes or more, or for 2 of the last 30, nobody who was not told has missed a
    test, also where a night has said so already.
    """
    if (from_at, to_at, reason, corrects, take_back) == (None,) * 5:
        _list(desk, form)
        return
    of_a_span = (from_at is not None, to_at is not None)
    if reason is None or form != "table" or (take_back is not None and (any(of_a_span) or corrects is not None)):
        raise click.UsageError("Give --from, --to and --reason; or --take-back NUMBER and --reason. --format lists.")
    if take_back is None and not all(of_a_span):
        raise click.UsageError("Give --from TIME and --to TIME, or --take-back NUMBER.")
    with desk.writing() as work:
        if take_back is not None:
            done = services.outage_acts.take_back(work, take_back, reason)
        else:
            first = instant_given(work, work.today, from_at, "time")
            last = instant_given(work, work.today, to_at, "time")
            assert first is not None, "it was given"
            assert last is not None, "it was given"
            done = services.outage_acts.record(work, first, last, reason, corrects)
        zone = work.zone
    _say(desk, done, zone, take_back)


def _say(desk: Desk, done: "OutageSaid", zone: "ZoneInfo", taken_back: int | None) -> None:
    if taken_back is not None:
        say(desk, f"Outage {taken_back} of {in_full(done.day)} was none.")
    else:
        span = f"{done.from_at.astimezone(zone):%H:%M} to {done.to_at.astimezone(zone):%H:%M}"
        cut = ", as far as check-in was open" if done.cut else ""
        say(desk, f"Outage {done.number}: check-in was not to be reached on {in_full(done.day)} from {span}{cut}.")
    if done.is_at_fault and taken_back is not None:
        others = " and ".join(map(str, done.standing))
        say(desk, f"By outage {others} check-in was at fault that day all the same.")
    if done.is_at_fault:
        say(desk, "Nobody who was to check in that day and was not told has missed a test of it.")
    elif taken_back is None:
        say(desk, "That is too short to have kept anybody away: nothing follows from it.")
    for one in done.reconsidered:
        say(desk, f"{one.participant}'s draw of {one.due_on}: {one.status}, was {one.earlier}.")
        for line in decided_lines(one.decided, f"that draw, which is {one.status} now"):
            say(desk, line)


def _list(desk: Desk, form: str) -> None:
    with desk.reading() as work:
        lines = services.outage_acts.listed(work, work.today - timedelta(days=_DAYS_SHOWN))
        zone = work.zone
    rows = [_document(one) if form == "json" else _row(one, zone) for one in lines]
    print_rows(desk, rows, _COLUMNS, form, empty=f"No outage of check-in is on record of the last {_DAYS_SHOWN} days.")


def _row(one: "OutageLine", zone: "ZoneInfo") -> dict[str, object]:
    first, last = one.from_at.astimezone(zone), one.to_at.astimezone(zone)
    return {
        "number": one.number,
        "day": first.date(),
        "from_at": f"{first:%H:%M}",
        "to_at": "" if one.taken_back else f"{last:%H:%M}",
        "found_by": one.found_by,
        "counts": _counts(one),
        "reason": one.reason,
    }


def _counts(one: "OutageLine") -> str:
    if one.corrected_by is not None:
        return f"no: see {one.corrected_by}"
    if one.taken_back:
        return f"takes {one.corrects} back"
    return "yes" if one.is_day_at_fault else "no: too short"


def _document(one: "OutageLine") -> dict[str, object]:
    return {
        "number": one.number,
        "from_at": one.from_at,
        "to_at": one.to_at,
        "found_by": one.found_by,
        "reason": one.reason,
        "corrects": one.corrects,
        "corrected_by": one.corrected_by,
        "taken_back": one.taken_back,
        "counts": one.is_day_at_fault and one.corrected_by is None and not one.taken_back,
        "recorded_at": one.recorded_at,
        "recorded_by": one.recorded_by,
    }
