"""`status`: what ran by itself, when, how long, and what failed."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, going_on, pass_desk
from testing_tracker.cli.desk.files import check_in_configured
from testing_tracker.cli.desk.output import Row, answers_to, format_option, print_json, print_rows
from testing_tracker.cli.desk.parameter_types import TIME, longest_gap_option
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.no_record import question
from testing_tracker.rules.keeping.owed import GO_ON

if TYPE_CHECKING:
    from testing_tracker.rules.drawing.no_record import Compared
    from testing_tracker.rules.keeping.owed import Gap
    from testing_tracker.rules.serving.delivery_file import Deliveries
    from testing_tracker.rules.words import Channel
    from testing_tracker.services.check_in.page.page_faults import PageMinutes
    from testing_tracker.services.check_in.page.state_now import CheckInNow
    from testing_tracker.services.keeping.status import DeliveryState, OverdueConfirmations, StatusReport
    from testing_tracker.services.reporting.lines_out import LinesLeft
    from testing_tracker.store.owning.server_file import RunningServer

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

    Exit status 1 when a nightly run is overdue, a report was not delivered, or check-in is at fault while it is open.
    Where several facilities share the database, it is for all of them unless one is named.
    """
    from testing_tracker.store.owning.server_file import running_server

    each, server = desk.each_facility(), running_server(desk.location)
    documents: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    problems: list[str] = []
    encrypted = services.facilities.is_encrypted(desk.location)
    if encrypted:
        rows.append(dict.fromkeys(COLUMNS) | {"what": "database", "state": "encrypted"})
    for at in each:
        named = {"facility": at.name} if at.name else {}
        ways, problem = _configured(desk, at.number)
        channels = ways.channels if ways is not None else None
        with going_on(each, at, problems), at.desk.reading() as work:
            after = time.fromisoformat(overdue_after)
            keeps_lines = ways is not None and ways.witness is not None
            page = _page_minutes(desk, at.number, work.now)
            state = services.status.state_of(work, after, channels, longest_gap, keeps_lines=keeps_lines, page=page)
            if problem is not None:
                state.problems.append(problem)
            _, told = check_in_configured(desk.location, at.number)
            if told is not None:
                state.problems.append(f"the check-in file cannot be used: {told}")
            alive = _switch(desk, at.number) if ways is not None and ways.alive is not None else None
            also = {"encrypted": encrypted, "server": vars(server) if server else None, "alive": alive}
            documents.append(named | _document(state) | also)
            rows += [{**named, **row} for row in _Rows(state, work.zone, alive).all(channels)]
            problems += [f"{at.mark}{told}" for told in state.problems]
    if server is not None:
        rows.append(_server_row(server))
    if form == "json":
        print_json(desk, documents if len(each) > 1 else documents[0])
    else:
        print_rows(desk, rows, ["facility", *COLUMNS] if len(each) > 1 else COLUMNS, form, empty="")
    if problems:
        more = f" There is more ({len(problems) - 1})." if len(problems) > 1 else ""
        raise TestingTrackerError(f"{problems[0][0].upper()}{problems[0][1:]}.{more}")


def _server_row(server: "RunningServer") -> dict[str, object]:
    said = f"version {server.version}, {server.commands} commands since"
    at = f"{server.since:%Y-%m-%d %H:%M} UTC"
    return {"what": "server", "of": server.socket, "state": "running", "at": at, "by": "", "detail": said}


def _configured(desk: Desk, facility_id: int) -> "tuple[Deliveries | None, str | None]":
    """What a facility's delivery file says, None where there is no file; and what is wrong with it."""
    from testing_tracker.cli.desk.files import deliveries_of

    try:
        return deliveries_of(desk.location, facility_id), None
    except TestingTrackerError as error:
        return None, f"the delivery file cannot be used: {error}"


def _page_minutes(desk: Desk, facility_id: int, now: datetime) -> "PageMinutes | None":
    """What the check-in page's file says of its minutes, where it is on this machine."""
    if not desk.location.page.exists():
        return None
    from testing_tracker.serving.check_in_turn import page_minutes_here

    return page_minutes_here(desk.location, facility_id, now)


def _switch(desk: Desk, facility_id: int) -> dict[str, object]:
    """When a facility's dead man's switch was last reached and tried."""
    from testing_tracker.store.owning.alive_file import last_told

    told = last_told(desk.location, facility_id)
    return vars(told) if told is not None else {"reached_at": None, "tried_at": None, "error": None}


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
        "witness": vars(state.witness) if state.witness else None,
        "amended": [{**vars(one), "do": one.do} for one in state.amended],
        "check_in": _check_in(state.check_in) if state.check_in else None,
    }


def _check_in(now: "CheckInNow") -> dict[str, object]:
    return {
        "state": str(now.phase),
        "opens_at": now.opens_at,
        "closes_at": now.closes_at,
        "expected": now.counts.expected,
        "in_time": now.counts.in_time,
        "late": now.counts.late,
        "tried": now.counts.tried,
        "at_fault_since": now.fault.from_at if now.fault else None,
        "fault": now.fault.reason if now.fault else None,
    }


def _gap(gap: "Gap | None") -> dict[str, object] | None:
    return {"nights": gap.nights, "first_day": gap.first, "last_day": gap.last} if gap is not None else None


class _Rows:
    """The rows of the table, in the facility's zone."""

    def __init__(self, state: "StatusReport", zone: ZoneInfo, alive: dict[str, object] | None) -> None:
        self._state = state
        self._zone = zone
        self._alive = alive

    def all(self, channels: "tuple[Channel, ...] | None") -> Iterator[Row]:
        yield from self._nights()
        yield from self._reports()
        if not channels:
            yield self._row("report", None, "not sent", "no delivery file says where to")
        if self._state.witness is not None:
            left = self._state.witness
            yield self._row("witness lines", left.since, "not kept outside", self._failed(left))
        yield from self._check_in()
        yield from self._confirmations()
        for check in self._state.checks:
            yield self._row(check.act, None, "done" if check.at else "never", "", check.at, check.by)
        yield self._switch()

    def _switch(self) -> Row:
        """What is told when a night was made or did not come."""
        what = "dead man's switch"
        if self._alive is None:
            return self._row(what, None, "none", "[alive] of the delivery file names one")
        at, error = self._alive["reached_at"], self._alive["error"]
        said = "failed" if error else "reached" if at else "never"
        return self._row(what, None, said, str(error or ""), at if isinstance(at, datetime) else None)

    def _nights(self) -> Iterator[Row]:
        night, what = self._state.night, "nightly run"
        if night is None:
            yield self._row(what, None, "never")
        else:
            took = "" if night.seconds is None else f" in {night.seconds:g} s"
            made = "" if night.drawn is None else f"{night.drawn} drawn, {night.missed} missed{took}"
            yield self._row(what, night.day, "made", made, night.at, night.by)
        if self._state.overdue_since is not None:
            how = GO_ON if self._state.waits_for_word else "testing-tracker draw"
            yield self._row(what, self._state.overdue_since, "overdue", f"`{how}` makes it")
        for gap in self._state.gaps:
            yield self._row(what, gap, "gap", "did not run")
        for asked in self._state.questions:
            yield self._row(what, asked.closed.day, "asks", f"{question(asked)} {answers_to(asked.closed)} says so")

    def _reports(self) -> Iterator[Row]:
        for edition in self._state.editions:
            numbered = "" if edition.number == 1 else f"edition {edition.number}"
            yield self._row("report", edition.week, "printed", numbered, edition.printed_at, edition.printed_by)
        for one in self._state.deliveries:
            yield self._row(f"report by {one.channel}", one.week, one.state, self._failed(one), one.delivered_at)
        for amended in self._state.amended:
            detail = f"since it was delivered; `{amended.do}` sends it again"
            yield self._row(f"report by {amended.channel}", amended.week, "amended", detail, amended.delivered_at)

    def _check_in(self) -> Iterator[Row]:
        now = self._state.check_in
        if now is None:
            return
        hours = f"{now.opens_at.astimezone(self._zone):%H:%M} to {now.closes_at.astimezone(self._zone):%H:%M}"
        detail = f"{hours}; {now.checked_in} of {now.counts.expected}"
        if now.fault is not None:
            detail += f"; since {now.fault.from_at.astimezone(self._zone):%H:%M}: {now.fault.reason}"
        yield self._row("check-in", self._state.today, now.phase, detail)

    def _confirmations(self) -> Iterator[Row]:
        overdue = self._state.confirmations
        if overdue is None:
            return
        detail = f"{overdue.overdue}; `testing-tracker confirmation list --overdue` lists them"
        yield self._row("confirmations", overdue.since, "overdue", detail)
        if overdue.mailed_at is not None or overdue.error is not None:
            said = "mailed" if overdue.error is None else "failed"
            yield self._row("reminder by mail", self._state.today, said, self._failed(overdue), overdue.mailed_at)

    def _failed(self, one: "DeliveryState | OverdueConfirmations | LinesLeft") -> str:
        """What the last attempt failed of, and when the next one is due."""
        if one.error is None:
            return ""
        tries = f"attempt {one.attempts}: " if one.attempts else ""
        return f"{tries}{one.error}" + (f"; next {self._local(one.next_at)}" if one.next_at else "")

    def _row(
        self, what: str, of: object, said: str, detail: str = "", at: datetime | None = None, by: str | None = None
    ) -> Row:
        return dict(zip(COLUMNS, (what, of, said, self._local(at) if at else None, by, detail), strict=True))

    def _local(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"


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
