"""`participant`: enrol, list, show, and keep the histories."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from testing_tracker import services
from testing_tracker.cli.checkin_words import checked_in
from testing_tracker.cli.desk.asking import agree, confirmed, is_asked, yes_option
from testing_tracker.cli.desk.command_words import CommandGroup, TakesDays
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.exporting import Export, exported
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.importing import participant_import
from testing_tracker.cli.desk.output import (
    changed_line,
    decided_lines,
    format_option,
    print_csv,
    print_json,
    print_rows,
    print_table,
    show,
)
from testing_tracker.cli.desk.parameter_types import (
    CODE,
    DAY,
    DAY_BEFORE,
    DAY_TO_COME,
    LEVEL,
    NEW_CODE,
    REASON,
    SCHEDULE,
)
from testing_tracker.cli.participant_card import card_command
from testing_tracker.cli.participant_contact import participant_contact
from testing_tracker.rules.check_in.cards import number_shown
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.words import Level, Status

if TYPE_CHECKING:
    from testing_tracker.services.check_in.cards import CardShown
    from testing_tracker.services.people.roster import DrawEntry, JoinedHistory, Record, ResultEntry
    from testing_tracker.services.testing.prescriptions import PrescriptionLine
    from testing_tracker.store.tables import Draw

_COLUMNS = ["participant", "level", "schedule", "enrolled_on", "status"]
_LABEL = 13  # columns before what a line of a record says
_DRAW_COLUMNS = ["due_on", "kind", "status", "outcome", "analytes", "method", "reason"]


@click.group("participant", cls=CommandGroup)
def participant_command() -> None:
    """Enrol participants and keep their records."""


participant_command.add_command(participant_import, "import")
participant_command.add_command(card_command)
participant_command.add_command(participant_contact)


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
    with desk.writing() as work:
        new = services.enrolling.NewParticipant(code, Level(level), schedule, day_given(enrolled, work.today), name)
        enrolled_now = services.enrolling.enrol(work, new, readmit=readmit)
        shown = enrolled_now.participant.code
        changed = changed_line(shown, enrolled_now.recommendation)
        lacks_card = services.expected.lacks_card(work, enrolled_now.participant, new.enrolled_on)
    _warn_of_look_alikes(shown, enrolled_now.look_alikes)
    say(desk, f"{shown} enrolled on {new.enrolled_on}: {level}, schedule {schedule}.")
    for line in changed:
        say(desk, line)
    if lacks_card:
        warn(f"{shown} has no card to check in with: `testing-tracker participant card {shown}`.")


@participant_command.command("list")
@click.option("--names", is_flag=True, help="Show names too; that goes on record.")
@click.option("--all", "everything", is_flag=True, help="Also those cancelled as a mistake or joined into another.")
@format_option
@pass_desk
def list_participants(desk: Desk, names: bool, everything: bool, form: str) -> None:
    """Every participant, by code."""
    with desk.writing() if names else desk.reading() as work:
        lines = services.roster.roster(work, names=names, everything=everything)
        export = Export("participants", form, work.today, names, many=len(lines))
    columns = [*_COLUMNS, "name"] if names else _COLUMNS
    rows = [{column: getattr(line, column) for column in columns} for line in lines]
    with exported(desk, export):
        print_rows(desk, rows, columns, form, empty="No participant is enrolled yet.")


@participant_command.command("show")
@click.argument("code", type=CODE)
@click.option("--names", is_flag=True, help="Show the name too; that goes on record.")
@click.option("--all", "everything", is_flag=True, help="Also slips that were undone in their log session.")
@format_option
@pass_desk
def show_participant(desk: Desk, code: str, names: bool, everything: bool, form: str) -> None:
    """Everything that is on record about one participant."""
    with desk.writing() if names else desk.reading() as work:
        record = services.roster.record_of(work, code, names=names, slips_too=everything)
        zone = work.zone
        document = _document(record, names)
        export = Export("participant record", form, work.today, names, participant_id=record.number)
    with exported(desk, export):
        if form == "json":
            print_json(desk, document)
        elif form == "csv":
            print_csv(desk, [document], [*_COLUMNS, "name"] if names else _COLUMNS)
        else:
            _print_record(desk, record, zone)


@participant_command.command("rename")
@click.argument("code", type=CODE)
@click.argument("new_code", metavar="[NEWCODE]", type=NEW_CODE, required=False)
@click.option("--name", metavar="TEXT", help="The name as it ought to be; empty for none.")
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why it is corrected.")
@pass_desk
def rename_participant(desk: Desk, code: str, new_code: str | None, name: str | None, reason: str) -> None:
    """Correct a code or a name that was typed wrong.

    The earlier code finds the participant for ever, and is given to nobody else.
    """
    if new_code is None and name is None:
        raise click.UsageError("Give the NEWCODE, or --name.")
    with desk.writing() as work:
        done = services.renaming.rename(work, code, new_code, name, reason)
    _warn_of_look_alikes(done.code, done.look_alikes)
    if done.code != done.earlier_code:
        say(desk, f"{done.earlier_code} is {done.code} now; the earlier code finds the record too.")
    if done.name_changed:
        say(desk, f"{done.code}'s name is corrected; the earlier one is kept.")


@participant_command.command("cancel")
@click.argument("code", type=CODE)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why it was a mistake.")
@pass_desk
def cancel_enrolment(desk: Desk, code: str, reason: str) -> None:
    """Take back an enrolment that was a mistake, where nothing was recorded of the person.

    It is in no list and no report any more; `participant list --all` shows it. `participant add` gives the code anew.
    """
    with desk.writing() as work:
        done = services.cancelling.cancel(work, code, reason)
        shown, days = done.participant.code, [draw.due_on for draw in done.draws]
    say(desk, f"{shown}'s enrolment is cancelled as a mistake.")
    for day in days:
        say(desk, f"The draw of {day} is cancelled.")
    if done.ends_card:
        say(desk, f"{shown}'s card to check in is ended.")


@participant_command.command("join")
@click.argument("code", type=CODE)
@click.argument("into", type=CODE)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="How it was found out.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_desk
def join_records(desk: Desk, code: str, into: str, reason: str, yes: bool) -> None:
    """Join CODE's record into INTO's, because both are the same person.

    Both keep what is on record. CODE is not drawn any more and finds INTO from now on; prescriptions, positives and
    what is open of both are looked at together. It cannot be taken back.
    """
    if not yes:
        confirmed(f"{code} and {into} are the same person, for ever. Right?", abort=True)
    with desk.writing() as work:
        done = services.joining.join(work, code, into, reason)
        shown, remaining = done.record.code, done.into.code
        lines = [f"{shown} is joined into {remaining}; its record is kept there."]
        lines += [f"{shown}'s draw of {draw.due_on} is cancelled." for draw in done.cancelled]
        lines += changed_line(remaining, done.recommendation)
        if done.ends_card:
            lines.append(f"{shown}'s card to check in is ended; {_other_card(remaining, has_card=done.has_card)}.")
    for line in lines:
        say(desk, line)


def _other_card(code: str, *, has_card: bool) -> str:
    if has_card:
        return (
            f"{code}'s counts, and `testing-tracker participant card {code} --new-pin --reason TEXT` makes another PIN"
        )
    return f"`testing-tracker participant card {code}` makes {code}'s"


@participant_command.command("set-schedule")
@click.argument("code", type=CODE)
@click.argument("schedule", metavar="NAME", type=SCHEDULE)
@pass_desk
def set_schedule(desk: Desk, code: str, schedule: str) -> None:
    """Test a participant by another schedule from the next draw on."""
    with desk.writing() as work:
        from_on = services.participants.set_schedule(work, code, schedule)
        shown = services.lookup.find_participant(work, code).code
    say(desk, f"{shown} is tested by {schedule} from {from_on}.")


@participant_command.command("transfer")
@click.argument("code", type=CODE)
@click.argument("level", type=LEVEL)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why.")
@yes_option
@pass_desk
def transfer_participant(desk: Desk, code: str, level: str, reason: str, yes: bool) -> None:
    """Move a participant to another level of care from today. At a terminal it says what will change, and asks."""
    said = None
    if is_asked(yes=yes):
        with desk.reading() as work:
            said = services.moves.transfer_of(work, code, Level(level))
        agree(desk, said)
    with desk.writing() as work:
        shown, done = services.moves.transfer(work, code, Level(level), reason, said)
        changed = changed_line(shown, done.recommendation)
    say(desk, f"{shown} transferred from {done.before} to {level}.")
    for line in changed:
        say(desk, line)


@participant_command.command("discharge")
@click.argument("code", type=CODE)
@click.option("--on", type=DAY_BEFORE, metavar="DATE", help="From a day that is over. Default: today.")
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why.")
@pass_desk
def discharge_participant(desk: Desk, code: str, on: str | None, reason: str) -> None:
    """End a participant's enrolment from today, or from an earlier day; the record stays.

    Tests that were missed from that day on are cancelled: who has left misses none. Those that were given stay.
    """
    with desk.writing() as work:
        day = day_given(on, work.today) if on is not None else None
        done = services.discharging.discharge(work, code, reason, day)
        since = f" from {done.from_on}" if done.from_on != work.today else ""
        lines = [f"{done.participant.code} discharged{since}."]
        lines += [f"The draw of {draw.due_on} is cancelled." for draw in done.cancelled]
        if done.ends_card:
            lines.append(f"{done.participant.code}'s card to check in is ended.")
        if since:
            lines += [f"The draw of {draw.due_on} stays: {_what_was_given(draw)}." for draw in done.kept]
        for recommendation in done.changed:
            lines += changed_line(done.participant.code, recommendation)
        lines += decided_lines(done.decided, "what this corrects")
    for line in lines:
        say(desk, line)


def _what_was_given(draw: "Draw") -> str:
    return "the participant tried" if draw.unable else f"{draw.status} {draw.outcome or ''}".strip()


@participant_command.command("leave", cls=TakesDays)
@click.argument("code", type=CODE)
@click.argument("from_on", metavar="FROM", type=DAY)
@click.argument("to_on", metavar="TO", type=DAY)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Such as hospital, travel or jail.")
@pass_desk
def leave(desk: Desk, code: str, from_on: str, to_on: str, reason: str) -> None:
    """Days away, from FROM to TO, both included: no draws are made, and those there are become excused."""
    with desk.writing() as work:
        first, last = day_given(from_on, work.today), day_given(to_on, work.today)
        draws = services.leaves.add_leave(work, code, first, last, reason)
        days = [draw.due_on for draw in draws]
        shown = services.lookup.find_participant(work, code).code
    say(desk, f"{shown} is on leave from {first} to {last}.")
    for day in days:
        say(desk, f"The draw of {day} is excused.")


@participant_command.command("return")
@click.argument("code", type=CODE)
@click.option("--on", type=DAY_TO_COME, metavar="DATE", help="The first day back. Default: today.")
@click.option("--reason", type=REASON, default="back early", show_default=True, metavar="TEXT", help="Why.")
@pass_desk
def return_from_leave(desk: Desk, code: str, on: str | None, reason: str) -> None:
    """End a leave early; draws are made again from that day on."""
    with desk.writing() as work:
        back_on = day_given(on, work.today)
        services.leaves.end_leave(work, code, back_on, reason)
        shown = services.lookup.find_participant(work, code).code
    say(desk, f"{shown} is back on {back_on} and in the draws from the next nightly run on.")


def _warn_of_look_alikes(code: str, look_alikes: Sequence[str]) -> None:
    for other in look_alikes:
        warn(f"{services.lookup.looks_like(code, other)}.")


def _document(record: "Record", names: bool) -> dict[str, object]:
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
    document["check_ins"] = [asdict(entry) for entry in record.check_ins]
    return document


def _earlier(earlier: dict[str, object], names: bool) -> dict[str, object]:
    return earlier if names else {key: value for key, value in earlier.items() if key != "name"}


def _joined(joined: dict[str, Any]) -> dict[str, object]:
    return {**joined.pop("record"), **joined}


def _print_record(desk: Desk, record: "Record", zone: tzinfo) -> None:
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
