"""`report network`: the week of all facilities that share the database."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.desk.desk import Desk, pass_desk, warn
from testing_tracker.cli.desk.importing import Export, exported
from testing_tracker.cli.desk.output import format_option, print_csv, print_json, print_rows
from testing_tracker.cli.desk.parameter_types import WEEK

if TYPE_CHECKING:
    from testing_tracker.reports.network import FacilityWeek, NetworkReport
    from testing_tracker.rules.reporting.tally import Tally

_RATES = ("compliance_rate", "positivity_rate", "positivity_rate_missing_as_positive")
_STANDING = ("open_recommendations", "gaps", "questions", "problem")
_IN_THE_TABLE = ("facility", "due", "absent", "compliance", "positivity", "waiting")


@click.command("network")
@click.option("--week", type=WEEK, metavar="WEEK", help="An ISO week such as 2026-W47. Default: the last full week.")
@format_option
@pass_desk
def network_report(desk: Desk, week: str | None, form: str) -> None:
    """A line for each facility of the database, and all together: counts and rates, no participants.

    Absent are tests missed or refused. Waiting are open recommendations, gaps in the nightly run, and days of which the
    facility has to answer whether anything was collected. Of a facility whose records do not hold, nothing is said but
    that.
    """
    from testing_tracker.reports.network import gather
    from testing_tracker.rules.calendar import Week

    with desk.reading_all() as session:
        report = gather(session, desk.clock, desk.vocabulary, Week.parse(week) if week else None)
    first, *others = (desk.at(one.number) for one in report.facilities)
    with exported(first, Export("network", form, report.week), *others):
        _print(desk, report, form)
    for one in report.problems:
        warn(f"{one.facility}: its records do not hold; `testing-tracker --facility {one.number} verify` says which.")


def _print(desk: Desk, report: "NetworkReport", form: str) -> None:
    from testing_tracker.rules.reporting.tally import COUNTS

    span = {"week": str(report.week), "from": report.week.monday, "to": report.week.sunday}
    if form == "json":
        totals = {"tested": sum(one.tested for one in report.facilities), **_tally(report.total)}
        print_json(desk, span | {"facilities": [_line(one) for one in report.facilities], "totals": totals})
    elif form == "csv":
        print_csv(desk, [_line(one) for one in report.facilities], ("facility", "tested", *COUNTS, *_RATES, *_STANDING))
    else:
        click.echo(f"{report.week}, {report.week.monday} to {report.week.sunday}")
        rows = [*map(_of_facility, report.facilities), _shown("all", report.total, "")]
        print_rows(desk, rows, _IN_THE_TABLE, form, empty="")


def _line(one: "FacilityWeek") -> dict[str, object]:
    standing = {name: getattr(one, name) for name in _STANDING}
    counts = {"tested": None} | dict.fromkeys(_tally(one.tally)) if one.problem else _tally(one.tally)
    return {"number": one.number, "facility": one.facility, "tested": one.tested} | counts | standing


def _tally(tally: "Tally") -> dict[str, object]:
    return asdict(tally) | {name: getattr(tally, name) for name in _RATES}


def _shown(facility: str, tally: "Tally", waiting: str) -> dict[str, object]:
    """A line of the table: rates with what they are of, and what waits."""
    return {
        "facility": facility,
        "due": tally.due,
        "absent": tally.absent,
        "compliance": _rate(tally.collected, tally.decided),
        "positivity": _rate(tally.positive, tally.usable),
        "waiting": waiting,
    }


def _of_facility(one: "FacilityWeek") -> dict[str, object]:
    if one.problem:
        return {"facility": one.facility, "waiting": "records do not hold"}
    waits = {"open": one.open_recommendations, "gaps": len(one.gaps), "to answer": one.questions}
    return _shown(one.facility, one.tally, ", ".join(f"{what} {count}" for what, count in waits.items() if count))


def _rate(part: int, whole: int) -> str:
    from testing_tracker.rules.reporting.tally import percent

    return f"{part}/{whole} {percent(part, whole)}%" if whole else "n/a"
