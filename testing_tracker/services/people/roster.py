"""Reads participants: the list of all, and the whole record of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.permitted import NAMES
from testing_tracker.rules.words import DrawKind, Ended, Level, Method, Outcome, ParticipantStatus, Status
from testing_tracker.services.check_in.attempts import CheckInEntry, entries_of
from testing_tracker.services.check_in.cards import CardShown, card_shown
from testing_tracker.services.deciding.positives import said_by
from testing_tracker.services.people import leaves, lookup, staff
from testing_tracker.services.people.lookup import JoinedRecord, joined_records
from testing_tracker.services.people.renaming import EarlierName, earlier_names
from testing_tracker.services.testing import prescriptions
from testing_tracker.services.testing.collections import Cup, cups_by_row
from testing_tracker.services.testing.cups import awaiting
from testing_tracker.services.testing.earlier import Slip, slips_of
from testing_tracker.services.testing.prescriptions import PrescriptionLine
from testing_tracker.store.queries import (
    draws_with,
    enrolled_on,
    governs,
    how_it_ended,
    id_of,
    in_force_id,
    is_newest,
    level_on,
    on_leave,
    records_of,
    schedule_name_on,
    standing_on,
)
from testing_tracker.store.tables import Assignment, Draw, Enrolment, Finding, Participant, Placement, Result, Schedule
from testing_tracker.store.work import Work

_History = TypeVar("_History", Enrolment, Placement, Assignment)


@dataclass(frozen=True)
class RosterLine:
    """A participant in the list. `name` is None unless it was asked for.

    The status of a record that is shown only on demand says why: cancelled as a mistake, or joined into another one.
    """

    participant: str
    level: Level
    schedule: str
    enrolled_on: date
    status: ParticipantStatus | Ended
    name: str | None = None


@dataclass(frozen=True)
class Change:
    """A row of a history: what applies from a day on, who recorded it and when (UTC), and why."""

    from_on: date
    what: str
    reason: str | None
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class LeaveEntry:
    """Days away, both included."""

    from_on: date
    to_on: date
    reason: str


@dataclass(frozen=True)
class ResultEntry:
    """A result of a draw as it was entered. No outcome: taken back.

    `counts` is the one that governs the draw; `stands` is also a presumptive one beside a definitive one. `amounts` are
    what was measured, as `cocaine 320 ng/mL`, with the cutoff that came with it. `not_found` is what was looked for by
    name, and is not there. `undone`: a slip that was undone at once, or its undoing.
    """

    outcome: Outcome | None
    method: Method
    lab: str | None
    counts: bool
    stands: bool
    analytes: list[str]
    amounts: list[str]
    collected_at: datetime | None
    note: str | None
    reason: str | None
    recorded_at: datetime
    recorded_by: str
    not_found: list[str] = field(default_factory=list)
    undone: bool = False
    specimen: Cup | None = None


@dataclass(frozen=True)
class DrawEntry:
    """A draw with every result it ever had, oldest first.

    `recorded_under` is the code of a record that was joined into the participant's, where the draw is of that one.
    `outcome` is what its results say together; `expected`: prescriptions explain all that was found; `late`: given
    after the window. `presumptive` is what a cup found that the laboratory's result beside it did not look at.
    `specimen` is a cup that is on record and whose result is to come.
    """

    due_on: date
    kind: DrawKind
    status: Status
    outcome: Outcome | None
    expected: bool
    late: bool
    reason: str | None
    results: list[ResultEntry]
    presumptive: list[str] = field(default_factory=list)
    recorded_under: str | None = None
    specimen: Cup | None = None


@dataclass(frozen=True)
class JoinedHistory:
    """A record that was joined into a participant's, with what it says of enrolment, level, schedule and leaves."""

    record: JoinedRecord
    enrolments: list[Change]
    levels: list[Change]
    schedules: list[Change]
    leaves: list[LeaveEntry]


@dataclass(frozen=True)
class Record:
    """All that is on record about a participant. `number` is the permanent one, by which proofs know them.

    Draws and prescriptions of records that were joined into this one are among its own; `joined` has their histories.
    `slips` of a log session that were undone at once are left out, there and among the results, unless asked for.
    `card` has the number to check in with, and never the PIN; `check_ins` are all attempts to learn whether to come.
    """

    number: int
    line: RosterLine
    enrolments: list[Change]
    levels: list[Change]
    schedules: list[Change]
    leaves: list[LeaveEntry]
    prescriptions: list[PrescriptionLine]
    draws: list[DrawEntry]
    earlier_names: list[EarlierName]
    joined: list[JoinedHistory]
    slips: list[Slip]
    card: CardShown | None
    check_ins: list[CheckInEntry]


def roster(work: Work, *, names: bool = False, everything: bool = False) -> list[RosterLine]:
    """The facility's participants as they are today, by code. Showing names is an act on the audit record.

    `everything` adds those whose enrolment was cancelled as a mistake, and records that were joined into another one.
    """
    if names:
        staff.admit(work, NAMES)
        work.on_record(Act.NAMES_SHOW)
    earlier, now = aliased(Enrolment), aliased(Enrolment)
    latest = select(func.max(earlier.id)).where(earlier.participant_id == Participant.id, col(earlier.enrolled))
    rows = work.session.exec(
        select(  # type: ignore[call-overload]  # the library types selects of up to four columns
            Participant,
            Placement.level,
            Schedule.name,
            Enrolment.from_on,
            now.enrolled,
            on_leave(Participant.id, work.today),
            how_it_ended(Participant.id),
        )
        .select_from(Participant)
        .join(Placement, col(Placement.id) == in_force_id(Placement, Participant.id, date.max))
        .join(Assignment, col(Assignment.id) == in_force_id(Assignment, Participant.id, date.max))
        .join(Schedule, col(Schedule.id) == Assignment.schedule_id)
        .join(Enrolment, col(Enrolment.id) == latest.scalar_subquery())
        .join(now, col(now.id) == in_force_id(Enrolment, Participant.id, work.today), isouter=True)
        .where(Participant.facility_id == work.facility_id)
        .order_by(Participant.code_key)
    )
    return [
        RosterLine(
            participant=participant.code,
            level=Level(level),
            schedule=schedule,
            enrolled_on=began,
            status=Ended(ended) if ended else _standing(enrolled, away),
            name=participant.name if names else None,
        )
        for participant, level, schedule, began, enrolled, away, ended in rows
        if everything or not ended
    ]


def _standing(enrolled: bool | None, away: bool) -> ParticipantStatus:
    """`enrolled` is None where the first enrolment is still to come, which counts as active."""
    if enrolled is False:
        return ParticipantStatus.DISCHARGED
    return ParticipantStatus.ON_LEAVE if away else ParticipantStatus.ACTIVE


def record_of(work: Work, code: str, *, names: bool = False, slips_too: bool = False) -> Record:
    """Everything about one participant. Raises TestingTrackerError for a code that nobody has."""
    participant = lookup.find_participant(work, code)
    identity = id_of(participant)
    if names:
        staff.admit(work, NAMES)
        work.on_record(Act.NAMES_SHOW, participant_id=identity)
    line = RosterLine(
        participant=participant.code,
        level=level_on(work.session, identity, date.max),
        schedule=schedule_name_on(work.session, identity, date.max),
        enrolled_on=enrolled_on(work.session, identity),
        status=standing_on(work.session, identity, work.today),
        name=participant.name if names else None,
    )
    return Record(
        number=identity,
        line=line,
        **_histories(work.session, identity),
        prescriptions=prescriptions.lines_of(work, participant.code, identity, work.today),
        draws=_draws(work.session, identity, slips_too=slips_too),
        earlier_names=earlier_names(work.session, identity, names=names),
        joined=[
            JoinedHistory(joined, **_histories(work.session, joined.number))
            for joined in joined_records(work.session, identity)
        ],
        slips=slips_of(work.session, identity, work.zone) if slips_too else [],
        card=card_shown(work, identity),
        check_ins=entries_of(work, None, identity),
    )


def _histories(session: Session, participant_id: int) -> dict[str, Any]:
    """What a record says of enrolment, level, schedule and leaves, by the names that the fields have."""
    enrolments = _rows(session, Enrolment, participant_id)
    levels = _rows(session, Placement, participant_id)
    assigned = _rows(session, Assignment, participant_id)
    return {
        "enrolments": [
            _change(row, "enrolled" if row.enrolled else row.ended_as or "discharged", row.reason) for row in enrolments
        ],
        "levels": [_change(row, row.level, row.reason) for row in levels],
        "schedules": [_change(row, session.get_one(Schedule, row.schedule_id).name, None) for row in assigned],
        "leaves": [
            LeaveEntry(leave.from_on, leave.to_on, leave.reason) for leave in leaves.leaves_of(session, participant_id)
        ],
    }


def _rows(session: Session, history: type[_History], participant_id: int) -> list[_History]:
    query = select(history).where(history.participant_id == participant_id)
    return list(session.exec(query.order_by(col(history.from_on), col(history.id))))


def _change(row: Enrolment | Placement | Assignment, what: str, reason: str | None) -> Change:
    return Change(row.from_on, what, reason, row.recorded_at, row.recorded_by)


def _findings(session: Session, result: Result) -> Sequence[Finding]:
    return session.exec(select(Finding).where(Finding.result_id == result.id).order_by(Finding.analyte)).all()


def _amount(finding: Finding) -> str:
    cutoff = f" (cutoff {finding.cutoff})" if finding.cutoff else ""
    return f"{finding.analyte} {finding.comparator or ''}{finding.amount} {finding.unit}{cutoff}"


def _draws(session: Session, participant_id: int, *, slips_too: bool) -> list[DrawEntry]:
    of_person = col(Draw.participant_id).in_(records_of(participant_id))
    draws = draws_with(session, of_person)
    others = {draw.participant_id for draw in draws} - {participant_id}
    under = {number: session.get_one(Participant, number).code for number in others}
    known = cups_by_row(session, of_person)
    results = _results(session, participant_id, known, slips_too=slips_too)
    said = said_by(session, of_person)
    beside = {identity: one for identity, one in said.items() if one.is_beside}
    return [
        DrawEntry(
            due_on=draw.due_on,
            kind=DrawKind(draw.kind),
            status=Status(draw.status),
            outcome=Outcome(draw.outcome) if draw.outcome else None,
            expected=draw.expected,
            late=draw.late,
            reason=draw.reason or draw.ordered_for,
            results=results.get(id_of(draw), []),
            presumptive=list(beside[id_of(draw)].left) if id_of(draw) in beside else [],
            recorded_under=under.get(draw.participant_id),
            specimen=_awaited(session, draw, known),
        )
        for draw in draws
    ]


def _results(
    session: Session, participant_id: int, known: Mapping[int, Cup], *, slips_too: bool
) -> dict[int, list[ResultEntry]]:
    """The results of each draw of a participant, oldest first."""
    undone = _undone(session, participant_id)
    query = (
        select(Result, governs(), is_newest(Result))
        .join(Draw, col(Draw.id) == Result.draw_id)
        .where(col(Draw.participant_id).in_(records_of(participant_id)))
        .order_by(col(Result.id))
    )
    results: dict[int, list[ResultEntry]] = {}
    for result, it_counts, it_stands in session.exec(query):
        findings = _findings(session, result)
        results.setdefault(result.draw_id, []).append(
            ResultEntry(
                outcome=Outcome(result.outcome) if result.outcome else None,
                method=Method(result.method),
                lab=result.lab,
                counts=bool(it_counts),
                stands=bool(it_stands),
                analytes=[one.analyte for one in findings if one.found],
                amounts=[_amount(one) for one in findings if one.amount is not None],
                collected_at=result.collected_at,
                note=result.note,
                reason=result.reason,
                recorded_at=result.recorded_at,
                recorded_by=result.recorded_by,
                not_found=[one.analyte for one in findings if not one.found],
                undone=result.id in undone,
                specimen=known.get(result.specimen_id) if result.specimen_id is not None else None,
            )
        )
    return results if slips_too else {draw_id: _without_slips(entries) for draw_id, entries in results.items()}


def _awaited(session: Session, draw: Draw, known: Mapping[int, Cup]) -> Cup | None:
    if draw.status != Status.COLLECTED or draw.outcome is not None:
        return None
    specimen = awaiting(session, draw)
    return known.get(id_of(specimen)) if specimen is not None else None


def _undone(session: Session, participant_id: int) -> set[int | None]:
    """The results, by id, that were undone at once, and those that say so, or say again what stood before them."""
    rows = session.exec(
        select(Result.id, Result.replaces_id, Result.undone)
        .join(Draw, col(Draw.id) == Result.draw_id)
        .where(col(Draw.participant_id).in_(records_of(participant_id)))
    )
    replaced, undoing = {}, []
    for identity, replaces_id, is_undone in rows:
        replaced[identity] = replaces_id
        if is_undone:
            undoing.append(identity)

    def said_at_first(identity: int | None) -> int | None:
        return said_at_first(replaced.get(said_at_first(replaced[identity]))) if identity in undoing else identity

    return {row for one in undoing for row in (one, replaced[one], said_at_first(replaced[one]))}


def _without_slips(entries: Sequence[ResultEntry]) -> list[ResultEntry]:
    """A draw's results without those that were undone at once; what one of them stood for counts again."""
    kept: list[ResultEntry] = []
    for entry in entries:
        if not entry.undone:
            kept.append(entry)
        elif entry.outcome is not None and entry.stands:
            place = max(place for place, one in enumerate(kept) if one.method is entry.method and one.outcome)
            kept[place] = replace(kept[place], counts=entry.counts, stands=True)
    return kept
