"""`status`: what ran by itself, when, how long, and what failed."""

from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, going_on, pass_desk
from testing_tracker.cli.desk.output import format_option, print_json, print_rows
from testing_tracker.cli.desk.parameter_types import TIME, longest_gap_option
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.owed import GO_ON

if TYPE_CHECKING:
    from testing_tracker.rules.keeping.owed import Gap
from testing_tracker.cli.desk.sentences import answers_to
from testing_tracker.rules.drawing.no_record import question

if TYPE_CHECKING:
    from testing_tracker.rules.drawing.no_record import Compared
    from testing_tracker.rules.words import Channel
    from testing_tracker.services.keeping.status import StatusReport

COLUMNS = ("what", "of", "state", "at", "by", "detail")


@click.command("status")
@click.option(
    "--overdue-after",
    type=TIME,
    default="06:00",
    show_default=True,
    metavar="TIME",
    help="From when on, local time, a nightly run that was not made is overdue.",
)
@longest_gap_option
@format_option
@pass_desk
def status_command(desk: Desk, overdue_after: str, longest_gap: int, form: str) -> None:
    """The nightly run, the reports and their deliveries; for cron's mails and monitoring.

    Exit status 1 when a nightly run is overdue, or a report was not delivered. Where several facilities share the
    database, it is for all of them unless one is named.
    """
    each = desk.each_facility()
    documents: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    problems: list[str] = []
    for at in each:
        named = {"facility": at.name} if at.name else {}
        channels, problem = _configured(desk, at.number)
        with going_on(each, at, problems), at.desk.reading() as work:
            after = time.fromisoformat(overdue_after)
            state = services.status.state_of(work, after, channels, longest_gap)
            if problem is not None:
                state.problems.append(problem)
            documents.append(named | _document(state))
            rows += [named | row for row in _rows(state, channels, work.zone)]
            problems += [f"{at.mark}{told}" for told in state.problems]
    if form == "json":
        print_json(desk, documents if len(each) > 1 else documents[0])
    else:
        print_rows(desk, rows, ["facility", *COLUMNS] if len(each) > 1 else COLUMNS, form, empty="")
    if problems:
        more = f" There is more ({len(problems) - 1})." if len(problems) > 1 else ""
        raise TestingTrackerError(f"{problems[0][0].upper()}{problems[0][1:]}.{more}")


def _configured(desk: Desk, facility_id: int) -> "tuple[tuple[Channel, ...] | None, str | None]":
    """The channels that a facility's delivery file has, None where there is no file; and what is wrong with it."""
    from testing_tracker.cli.desk.files import deliveries_of

    try:
        ways = deliveries_of(desk.location, facility_id)
    except TestingTrackerError as error:
        return None, f"the delivery file cannot be used: {error}"
    return (ways.channels if ways is not None else None), None


def _document(state: "StatusReport") -> dict[str, object]:
    return {
        "today": state.today,
        "now": state.now,
        "night": vars(state.night) if state.night else None,
        "overdue": state.overdue_since is not None,
        "overdue_since": state.overdue_since,
        "gaps": state.gaps,
        "editions": [vars(edition) for edition in state.editions],
        "deliveries": [vars(delivery) for delivery in state.deliveries],
        "checks": [vars(check) for check in state.checks],
        "confirmations": vars(state.confirmations) if state.confirmations else None,
        "problems": state.problems,
        "waits_for_word": _gap(state.waits_for_word),
        "questions": [_question(one) for one in state.questions],
        "amended": [{**vars(one), "do": one.do} for one in state.amended],
    }


def _gap(gap: "Gap | None") -> dict[str, object] | None:
    return {"nights": gap.nights, "first_day": gap.first, "last_day": gap.last} if gap is not None else None


def _rows(state: "StatusReport", channels: "tuple[Channel, ...] | None", zone: ZoneInfo) -> list[dict[str, object]]:
    def row(what: str, of: object, said: str, at: datetime | None, by: str | None, detail: str) -> dict[str, object]:
        local = f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else None
        return dict(zip(COLUMNS, (what, of, said, local, by, detail), strict=True))

    rows = []
    night = state.night
    if night is None:
        rows.append(row("nightly run", None, "never", None, None, ""))
    else:
        took = "" if night.seconds is None else f" in {night.seconds:g} s"
        made = "" if night.drawn is None else f"{night.drawn} drawn, {night.missed} missed{took}"
        rows.append(row("nightly run", night.day, "made", night.at, night.by, made))
    if state.overdue_since is not None:
        how = f"`{GO_ON}` makes it" if state.waits_for_word else "`testing-tracker draw` makes it"
        rows.append(row("nightly run", state.overdue_since, "overdue", None, None, how))
    rows += [row("nightly run", gap, "gap", None, None, "did not run") for gap in state.gaps]
    for asked in state.questions:
        detail = f"{question(asked)} {answers_to(asked.closed)} says so"
        rows.append(row("nightly run", asked.closed.day, "asks", None, None, detail))
    for edition in state.editions:
        numbered = "" if edition.number == 1 else f"edition {edition.number}"
        rows.append(row("report", edition.week, "printed", edition.printed_at, edition.printed_by, numbered))
    for one in state.deliveries:
        rows.append(
            row(
                f"report by {one.channel}",
                one.week,
                one.state,
                one.delivered_at,
                None,
                _told(one.error, one.attempts, one.next_at, zone),
            )
        )
    for amended in state.amended:
        detail = f"since it was delivered; `{amended.do}` sends it again"
        rows.append(row(f"report by {amended.channel}", amended.week, "amended", amended.delivered_at, None, detail))
    if not channels:
        rows.append(row("report", None, "not sent", None, None, "no delivery file says where to"))
    if state.confirmations is not None:
        overdue = state.confirmations
        detail = f"{overdue.overdue}; `testing-tracker confirmation list --overdue` lists them"
        rows.append(row("confirmations", overdue.since, "overdue", None, None, detail))
        if overdue.mailed_at is not None or overdue.error is not None:
            said = "mailed" if overdue.error is None else "failed"
            told = _told(overdue.error, overdue.attempts, overdue.next_at, zone)
            rows.append(row("reminder by mail", state.today, said, overdue.mailed_at, None, told))
    rows += [row(check.act, None, "done" if check.at else "never", check.at, check.by, "") for check in state.checks]
    return rows


def _question(asked: "Compared") -> dict[str, object]:
    closed = asked.closed
    return {
        "from": closed.first_day,
        "to": closed.day,
        "draws": closed.count.draws,
        "untouched": closed.count.untouched,
        "question": question(asked),
        "do": answers_to(closed),
    }


def _told(error: str | None, attempts: int, next_at: datetime | None, zone: ZoneInfo) -> str:
    if error is None:
        return ""
    tries = f"attempt {attempts}: " if attempts else ""
    when = f"; next {next_at.astimezone(zone):%Y-%m-%d %H:%M}" if next_at else ""
    return f"{tries}{error}{when}"
