"""`participant`: enrol, list, show, and keep the histories."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk import Desk, day_given, pass_desk
from testing_tracker.cli.importing import participant_import
from testing_tracker.cli.output import format_option, print_csv, print_json, print_rows, print_table, say, show
from testing_tracker.cli.recommended import in_a_line
from testing_tracker.cli.words import CODE, DAY, LEVEL, REASON, SCHEDULE
from testing_tracker.rules.words import Level, Status

if TYPE_CHECKING:
    from testing_tracker.services.prescriptions import PrescriptionLine
    from testing_tracker.services.roster import DrawEntry, Record, ResultEntry
    from testing_tracker.store.tables import Recommendation

_COLUMNS = ["participant", "level", "schedule", "enrolled_on", "status"]
_DRAW_COLUMNS = ["due_on", "kind", "status", "outcome", "analytes", "method", "reason"]


@click.group("participant")
def participant_command() -> None:
    """Enrol participants and keep their records."""


participant_command.add_command(participant_import, "import")


@participant_command.command("add")
@click.argument("code", type=CODE)
@click.option("--schedule", type=SCHEDULE, required=True, metavar="NAME", help="Such as random-2.")
@click.option("--level", type=LEVEL, required=True, help="The level of care.")
@click.option("--name", metavar="TEXT", help="Shown only where --names asks for it.")
@click.option("--enrolled", type=DAY, metavar="DATE", help="The first day. Default: today.")
@click.option("--readmit", is_flag=True, help="Enrol a discharged participant again.")
@pass_desk
def add_participant(
    desk: Desk, code: str, schedule: str, level: str, name: str | None, enrolled: str | None, readmit: bool
) -> None:
    """Enrol a participant under the facility's own code, never a name."""
    with desk.writing() as (session, acting):
        new = services.participants.NewParticipant(
            code, Level(level), schedule, day_given(enrolled, acting.today), name
        )
        enrolled_now = services.participants.enrol(session, acting, new, readmit=readmit)
        shown = enrolled_now.participant.code
        changed = _changed(shown, enrolled_now.recommendation)
    say(desk, f"{shown} enrolled on {new.enrolled_on}: {level}, schedule {schedule}.")
    for line in changed:
        say(desk, line)


@participant_command.command("list")
@click.option("--names", is_flag=True, help="Show names too; that goes on record.")
@format_option
@pass_desk
def list_participants(desk: Desk, names: bool, form: str) -> None:
    """Every participant, by code."""
    with desk.writing() if names else desk.reading() as (session, acting):
        lines = services.roster.roster(session, acting, names=names)
    columns = [*_COLUMNS, "name"] if names else _COLUMNS
    rows = [{column: getattr(line, column) for column in columns} for line in lines]
    print_rows(desk, rows, columns, form, empty="No participant is enrolled yet.")


@participant_command.command("show")
@click.argument("code", type=CODE)
@click.option("--names", is_flag=True, help="Show the name too; that goes on record.")
@format_option
@pass_desk
def show_participant(desk: Desk, code: str, names: bool, form: str) -> None:
    """Everything that is on record about one participant."""
    with desk.writing() if names else desk.reading() as (session, acting):
        record = services.roster.record_of(session, acting, code, names=names)
        document = _document(record, names)
    if form == "json":
        print_json(desk, document)
    elif form == "csv":
        print_csv(desk, [document], [*_COLUMNS, "name"] if names else _COLUMNS)
    else:
        _print_record(desk, record)


@participant_command.command("set-schedule")
@click.argument("code", type=CODE)
@click.argument("schedule", metavar="NAME", type=SCHEDULE)
@pass_desk
def set_schedule(desk: Desk, code: str, schedule: str) -> None:
    """Test a participant by another schedule from the next draw on."""
    with desk.writing() as (session, acting):
        from_on = services.participants.set_schedule(session, acting, code, schedule)
    say(desk, f"{code} is tested by {schedule} from {from_on}.")


@participant_command.command("transfer")
@click.argument("code", type=CODE)
@click.argument("level", type=LEVEL)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why.")
@pass_desk
def transfer_participant(desk: Desk, code: str, level: str, reason: str) -> None:
    """Move a participant to another level of care from today."""
    with desk.writing() as (session, acting):
        participant = services.lookup.find_enrolled(session, acting, code)
        done = services.participants.transfer(session, acting, participant, Level(level), reason)
        changed = _changed(participant.code, done.recommendation)
    say(desk, f"{code} transferred from {done.before} to {level}.")
    for line in changed:
        say(desk, line)


@participant_command.command("discharge")
@click.argument("code", type=CODE)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why.")
@pass_desk
def discharge_participant(desk: Desk, code: str, reason: str) -> None:
    """End a participant's enrolment from today; the record stays."""
    with desk.writing() as (session, acting):
        days = [draw.due_on for draw in services.participants.discharge(session, acting, code, reason)]
    say(desk, f"{code} discharged.")
    for day in days:
        say(desk, f"The draw of {day} is cancelled.")


@participant_command.command("leave")
@click.argument("code", type=CODE)
@click.argument("from_on", metavar="FROM", type=DAY)
@click.argument("to_on", metavar="TO", type=DAY)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Such as hospital, travel or jail.")
@pass_desk
def leave(desk: Desk, code: str, from_on: str, to_on: str, reason: str) -> None:
    """Days away, both included: no draws are made, and those there are become excused."""
    with desk.writing() as (session, acting):
        first, last = day_given(from_on, acting.today), day_given(to_on, acting.today)
        draws = services.leaves.add_leave(session, acting, code, first, last, reason)
        days = [draw.due_on for draw in draws]
    say(desk, f"{code} is on leave from {first} to {last}.")
    for day in days:
        say(desk, f"The draw of {day} is excused.")


@participant_command.command("return")
@click.argument("code", type=CODE)
@click.option("--on", type=DAY, metavar="DATE", help="The first day back. Default: today.")
@click.option("--reason", type=REASON, default="back early", show_default=True, metavar="TEXT", help="Why.")
@pass_desk
def return_from_leave(desk: Desk, code: str, on: str | None, reason: str) -> None:
    """End a leave early; draws are made again from that day on."""
    with desk.writing() as (session, acting):
        back_on = day_given(on, acting.today)
        services.leaves.end_leave(session, acting, code, back_on, reason)
    say(desk, f"{code} is back on {back_on} and in the draws from the next nightly run on.")


def _changed(code: str, recommendation: "Recommendation | None") -> list[str]:
    """What an open recommendation says now, if the new level of care changed that."""
    if recommendation is None:
        return []
    assert recommendation.id is not None, "it is on record"
    return [in_a_line(recommendation.id, code, recommendation.status, recommendation.reason)]


def _document(record: "Record", names: bool) -> dict[str, object]:
    document = asdict(record.line)
    if not names:
        del document["name"]
    document["number"] = record.number
    document["enrolments"] = [asdict(change) for change in record.enrolments]
    document["levels"] = [asdict(change) for change in record.levels]
    document["schedules"] = [asdict(change) for change in record.schedules]
    document["leaves"] = [asdict(leave) for leave in record.leaves]
    document["prescriptions"] = [_without_code(asdict(line)) for line in record.prescriptions]
    document["draws"] = [asdict(draw) for draw in record.draws]
    return document


def _print_record(desk: Desk, record: "Record") -> None:
    line = record.line
    named = f" ({line.name})" if line.name else ""
    say(desk, f"{line.participant}{named}: {line.status}, {line.level}, schedule {line.schedule}")
    show(f"  number     {record.number} in proofs of draws")
    for title, changes in (("enrolment", record.enrolments), ("level", record.levels), ("schedule", record.schedules)):
        for change in changes:
            why = f": {change.reason}" if change.reason else ""
            show(f"  {title:<10} from {change.from_on}  {change.what}{why}  (by {change.recorded_by})")
    for leave in record.leaves:
        show(f"  leave      from {leave.from_on}  to {leave.to_on}: {leave.reason}")
    for prescribed in record.prescriptions:
        show(f"  prescribed {_in_a_line(prescribed)}")
    if record.draws:
        print_table([row for draw in record.draws for row in _draw_rows(draw)], _DRAW_COLUMNS)


def _without_code(prescription: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in prescription.items() if key != "participant"}


def _in_a_line(prescription: "PrescriptionLine") -> str:
    until = f"  to {prescription.to_on}" if prescription.to_on else ""
    by = f", by {prescription.prescriber}" if prescription.prescriber else ""
    why = f": {prescription.reason}" if prescription.reason else ""
    return f"from {prescription.from_on}{until}  {prescription.analyte}{by}  ({prescription.status}{why})"


def _draw_rows(draw: "DrawEntry") -> list[dict[str, object]]:
    """A line a draw, and a line for each other result of it, so that a correction shows what it corrected."""
    governing = next((entry for entry in draw.results if entry.counts and draw.outcome is not None), None)
    taken_back = bool(draw.results) and draw.results[-1].outcome is None
    row: dict[str, object] = {"due_on": draw.due_on, "kind": draw.kind, "status": draw.status}
    if governing is not None:
        row |= _result_cells(governing)
        row["outcome"] = f"{row['outcome']}{', expected' if draw.expected else ''}{', late' if draw.late else ''}"
    elif taken_back and draw.status is not Status.COLLECTED:
        row["outcome"] = "taken back"
    row["reason"] = (governing.reason if governing else None) or draw.reason
    rows = [row]
    for entry in reversed(draw.results):
        if entry is not governing and entry.outcome is not None:
            is_beside = entry.stands and governing is not None
            cells = _result_cells(entry)
            outcome = entry.outcome if is_beside else f"was {entry.outcome}"
            status = "  beside it" if is_beside else "  earlier"
            rows.append({**cells, "status": status, "outcome": outcome, "reason": entry.reason})
    return rows


def _result_cells(entry: "ResultEntry") -> dict[str, object]:
    method = f"definitive, {entry.lab}" if entry.lab else str(entry.method)
    return {"outcome": entry.outcome, "analytes": [*entry.analytes, *entry.amounts], "method": method}
