"""A participant's record as `participant show` prints it: in full, and for other programs."""

from dataclasses import asdict
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from testing_tracker import services
from testing_tracker.cli.checkin_words import checked_in, receipt_shown
from testing_tracker.cli.desk.desk import Desk, say
from testing_tracker.cli.desk.output import print_table, show
from testing_tracker.rules.check_in.cards import number_shown
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.words import Status

if TYPE_CHECKING:
    from testing_tracker.services.check_in.cards import CardShown
    from testing_tracker.services.people.roster import DrawEntry, JoinedHistory, Record, ResultEntry
    from testing_tracker.services.testing.prescriptions import PrescriptionLine

_LABEL = 13  # columns before what a line of a record says
_DRAW_COLUMNS = ["due_on", "kind", "status", "outcome", "analytes", "method", "reason"]


def record_document(record: "Record", names: bool) -> dict[str, object]:
    """The JSON form; names only where they were asked for."""
    document = asdict(record.line)
    if not names:
        del document["name"]
    document["number"] = record.number
    document["card"] = asdict(record.card) if record.card else None
    document["enrolments"] = [asdict(change) for change in record.enrolments]
    document["levels"] = [asdict(change) for change in record.levels]
    document["schedules"] = [asdict(change) for change in record.schedules]
    document["leaves"] = [asdict(leave) for leave in record.leaves]
    document["prescriptions"] = [_without_code(asdict(line)) for line in record.prescriptions]
    document["draws"] = [asdict(draw) for draw in record.draws]
    document["earlier_codes"] = [_earlier(asdict(earlier), names) for earlier in record.earlier_names]
    document["slips"] = [asdict(slip) for slip in record.slips]
    document["joined"] = [_joined(asdict(joined)) for joined in record.joined]
    document["check_ins"] = [{**asdict(entry), "receipt": receipt_shown(entry.receipt)} for entry in record.check_ins]
    return document


def _earlier(earlier: dict[str, object], names: bool) -> dict[str, object]:
    return earlier if names else {key: value for key, value in earlier.items() if key != "name"}


def _joined(joined: dict[str, Any]) -> dict[str, object]:
    return {**joined.pop("record"), **joined}


def print_record(desk: Desk, record: "Record", zone: tzinfo) -> None:
    """Print the record for people, with a line for each thing that is on record of the participant."""
    line = record.line
    named = f" ({line.name})" if line.name else ""
    say(desk, f"{line.participant}{named}: {line.status}, {line.level}, schedule {line.schedule}")
    show(f"  number     {record.number} in proofs of draws", _LABEL)
    if record.card is not None:
        show(f"  check-in   {_card_line(record.card, zone)}", _LABEL)
    for earlier in record.earlier_names:
        was = f"{earlier.code}{f' ({earlier.name})' if earlier.name else ''}, {earlier.what} corrected"
        show(f"  earlier    {was} on {earlier.until.date()}: {earlier.reason}  (by {earlier.recorded_by})", _LABEL)
    _print_histories(record)
    for joined in record.joined:
        one = joined.record
        show(
            f"  joined     {one.participant}, number {one.number}, on {one.joined_at.date()}: {one.reason}  "
            f"(by {one.recorded_by})",
            _LABEL,
        )
        _print_histories(joined, "  ")
    for prescribed in record.prescriptions:
        show(f"  prescribed {_prescription_line(prescribed)}", _LABEL)
    for slip in record.slips:
        when = slip.undone_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        show(
            f"  undone     {slip.due_on}  {slip.said}, taken back in its log session ({when} by {slip.undone_by})",
            _LABEL,
        )
    if record.check_ins:
        show(f"  checked in {checked_in(record.check_ins, zone)}", _LABEL)
    if record.draws:
        rows = [row for draw in record.draws for row in _draw_rows(draw, zone)]
        columns = [*_DRAW_COLUMNS, "collection"] if any(row["collection"] for row in rows) else _DRAW_COLUMNS
        print_table(rows, columns)


def _card_line(card: "CardShown", zone: tzinfo) -> str:
    how = "card ended" if card.ended else f"in {'Spanish' if card.language is Language.SPANISH else 'English'}, card of"
    why = f": {card.reason}" if card.reason else ""
    on = card.recorded_at.astimezone(zone).date()
    return f"number {number_shown(card.number)}, {how} {on}{why}  (by {card.recorded_by})"


def _print_histories(record: "Record | JoinedHistory", indent: str = "") -> None:
    label = _LABEL + len(indent)
    for title, changes in (("enrolment", record.enrolments), ("level", record.levels), ("schedule", record.schedules)):
        for change in changes:
            why = f": {change.reason}" if change.reason else ""
            show(f"  {indent}{title:<10} from {change.from_on}  {change.what}{why}  (by {change.recorded_by})", label)
    for leave in record.leaves:
        show(f"  {indent}leave      from {leave.from_on}  to {leave.to_on}: {leave.reason}", label)


def _without_code(prescription: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in prescription.items() if key != "participant"}


def _prescription_line(prescription: "PrescriptionLine") -> str:
    until = f"  to {prescription.to_on}" if prescription.to_on else ""
    by = f", by {prescription.prescriber}" if prescription.prescriber else ""
    why = f": {prescription.reason}" if prescription.reason else ""
    return f"from {prescription.from_on}{until}  {prescription.analyte}{by}  ({prescription.status}{why})"


def _draw_rows(draw: "DrawEntry", zone: tzinfo) -> list[dict[str, object]]:
    """A line a draw, and a line for each other result of it, so that a correction shows what it corrected."""
    governing = next((entry for entry in draw.results if entry.counts and draw.outcome is not None), None)
    taken_back = bool(draw.results) and draw.results[-1].outcome is None
    row: dict[str, object] = {"due_on": draw.due_on, "kind": draw.kind, "status": draw.status}
    row["collection"] = services.collections.collection_in_words(None, None, draw.specimen, zone)
    if governing is not None:
        row |= _result_cells(governing, zone)
        if draw.presumptive:
            row["analytes"] = [*_analytes(governing), *(f"{name} presumptive" for name in draw.presumptive)]
        row["outcome"] = f"{draw.outcome}{', expected' if draw.expected else ''}{', late' if draw.late else ''}"
    elif taken_back and draw.status is not Status.COLLECTED:
        row["outcome"] = "taken back"
    row["reason"] = (governing.reason if governing else None) or draw.reason
    if draw.recorded_under is not None:
        row["reason"] = "; ".join(filter(None, (f"recorded under {draw.recorded_under}", str(row["reason"] or ""))))
    rows = [row]
    for entry in reversed(draw.results):
        if entry is not governing and entry.outcome is not None:
            is_beside = entry.stands and governing is not None
            cells = _result_cells(entry, zone)
            outcome = entry.outcome if is_beside else f"was {entry.outcome}"
            status = "  undone" if entry.undone else "  beside it" if is_beside else "  earlier"
            rows.append({**cells, "status": status, "outcome": outcome, "reason": entry.reason})
    return rows


def _result_cells(entry: "ResultEntry", zone: tzinfo) -> dict[str, object]:
    method = f"{entry.method}, {entry.lab}" if entry.lab else str(entry.method)
    return {
        "outcome": entry.outcome,
        "analytes": _analytes(entry),
        "method": method,
        "collection": services.collections.collection_in_words(entry.collected_at, entry.note, entry.specimen, zone),
    }


def _analytes(entry: "ResultEntry") -> list[str]:
    """What was found, what was measured, and what was looked for and is not there."""
    measured = {amount.split(" ")[0] for amount in entry.amounts}
    absent = [f"no {name}" for name in entry.not_found if name not in measured]
    return [*entry.analytes, *entry.amounts, *absent]
