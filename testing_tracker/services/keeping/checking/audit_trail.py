"""Says which draws, and which codes of participants, are not what the acts on the audit table lead to."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, case, cast, exists, func, or_, true
from sqlalchemy import select as sa_select
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col, select

from testing_tracker.rules.drawing.closing import because_in
from testing_tracker.rules.keeping.acts import DATED_BACK_FROM, LEADS_TO, Act
from testing_tracker.rules.testing.settling import ResultAsRead, WhatItSays, what_a_draw_says
from testing_tracker.rules.words import DrawKind, Method, Outcome, Status
from testing_tracker.services.drawing.taking_back import as_it_was_made
from testing_tracker.services.keeping.checking.stumbling import Found
from testing_tracker.services.schedules.versions import may_have_bound
from testing_tracker.services.testing.settling import window_of
from testing_tracker.store.dialects import day_as_text, said_in
from testing_tracker.store.ledger.rows import ROWS_AT_A_TIME
from testing_tracker.store.queries import governs, is_newest, of_facility
from testing_tracker.store.tables import AuditEntry, Draw, Night, Participant, Reading, Renaming, Result
from testing_tracker.store.work import Work, as_json

_SAYS_OTHERWISE = "the draw on record does not say what its results lead to"
_LEADS_NOWHERE = "the draw is on record as {}, and the audit table does not lead to that"


def wrong_codes(work: Work) -> Iterator[Found]:
    """Participants whose code is not the one that its last correction on record gave them."""
    later = aliased(Renaming)
    query = (
        select(Renaming, Participant.code)
        .join(Participant, col(Participant.id) == Renaming.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            ~exists().where(col(later.participant_id) == Renaming.participant_id, col(later.id) > Renaming.id),
            or_(col(Renaming.code) != Participant.code, col(Renaming.code_key) != Participant.code_key),
        )
        .order_by(col(Renaming.id))
    )
    for renaming, code in work.session.exec(query):
        day = renaming.recorded_at.astimezone(work.zone).date()
        yield day, code, "the participant's code is not the one that its correction on record says"


def among(column: ColumnElement[int] | Mapped[int | None], only: Sequence[int] | None) -> ColumnElement[bool]:
    """The condition that a column is one of some ids; always for None."""
    if isinstance(only, range):
        return column.between(only.start, only.stop - 1)
    return true() if only is None else column.in_(only)


def misplaced_draws(work: Work, only: Sequence[int] | None = None) -> Iterator[Found]:
    """Draws that an audit entry knows as another participant's, or as another day's; of some ids `only`."""
    connection = work.session.connection()
    day_said = said_in(connection, col(AuditEntry.detail), "due_on")
    query = (
        sa_select(col(Draw.due_on), col(Participant.code), col(Draw.participant_id))
        .join(AuditEntry, col(AuditEntry.draw_id) == Draw.id)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            col(Participant.facility_id) == work.facility_id,
            among(col(Draw.id), only),
            or_(
                col(AuditEntry.participant_id).is_distinct_from(col(Draw.participant_id)),
                day_said != day_as_text(connection, col(Draw.due_on)),
            ),
        )
        .distinct()
        .order_by(col(Draw.due_on), col(Draw.participant_id))
    )
    for due_on, code, _ in connection.execute(query):
        yield due_on, code, "the draw on record is not the one that the audit table speaks of"


def wrong_statuses(work: Work, only: Sequence[int] | None = None) -> Iterator[Found]:
    """Draws whose status or reason is not the one that the last audit entry about them leads to; of some ids `only`.

    A draw that no entry is about is as it was made: due, or unrecorded in a gap. Past records say nothing about
    their beginning, so only later acts on them are checked.
    """
    last = (
        sa_select(col(AuditEntry.draw_id), func.max(col(AuditEntry.id)).label("entry_id"))
        .where(col(AuditEntry.act).in_(tuple(LEADS_TO)), among(col(AuditEntry.draw_id), only))
        .group_by(col(AuditEntry.draw_id))
        .subquery()
    )
    leads_to = case(*((col(AuditEntry.act) == act, str(status)) for act, status in LEADS_TO.items()))
    reason = case((col(AuditEntry.act).like("draw %"), col(AuditEntry.reason)))
    untouched = col(AuditEntry.id).is_(None) & col(Draw.kind).in_((DrawKind.FIXED, DrawKind.RANDOM))
    begins_as = case((col(Night.ran), str(Status.DUE)), else_=str(Status.UNRECORDED))
    query = (
        sa_select(col(Draw.due_on), col(Participant.code), col(Draw.status))
        .select_from(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .join(last, last.c.draw_id == Draw.id, isouter=True)
        .join(AuditEntry, col(AuditEntry.id) == last.c.entry_id, isouter=True)
        .join(Night, (col(Night.day) == Draw.due_on) & (Night.facility_id == work.facility_id), isouter=True)
        .where(
            col(Participant.facility_id) == work.facility_id,
            among(col(Draw.id), only),
            or_(
                (col(AuditEntry.act) != Act.DRAW_ORDER) & reason.is_distinct_from(col(Draw.reason)),
                leads_to != col(Draw.status),
                untouched & or_(begins_as != col(Draw.status), col(Draw.reason).is_not(None)),
            ),
        )
        .order_by(col(Draw.due_on), col(Draw.id))
    )
    for due_on, code, status in work.session.connection().execute(query):
        yield due_on, code, _LEADS_NOWHERE.format(status)
    yield from _wrong_causes(work, only)


def _wrong_causes(work: Work, only: Sequence[int] | None) -> Iterator[Found]:
    """Draws whose cause is not the one that their reason says: the reason is what the audit table leads to."""
    those = (of_facility(work.facility_id, Draw.participant_id), among(col(Draw.id), only))
    has_one = or_(col(Draw.reason).is_not(None), col(Draw.because).is_not(None))
    pairs = work.session.exec(select(Draw.reason, Draw.because).where(*those, has_one).distinct()).all()
    for reason, because in pairs:
        if because_in(reason) == because:
            continue
        query = (
            select(col(Draw.due_on), Participant.code, col(Draw.status))
            .join(Participant, col(Participant.id) == Draw.participant_id)
            .where(
                *those, col(Draw.reason).is_not_distinct_from(reason), col(Draw.because).is_not_distinct_from(because)
            )
        )
        for due_on, code, status in work.session.exec(query):
            yield due_on, code, _LEADS_NOWHERE.format(status)


def wrong_outcomes(work: Work, only: Sequence[int] | None = None) -> Iterator[Found]:
    """Draws that do not say what their results, the readings of these, and the audit table lead to; as above."""
    those = _with_results().where(of_facility(work.facility_id, Draw.participant_id), among(col(Draw.id), only))
    in_turn = {"yield_per": ROWS_AT_A_TIME}
    with work.session.connection().execute(those, execution_options=in_turn) as rows:
        yield from _saying_otherwise(work, rows)
    yield from _wrong_tries(work, only)


def _saying_otherwise(work: Work, rows: Iterable[Any]) -> Iterator[Found]:
    windows: dict[tuple[object, ...], list[datetime | None]] = {}
    for row in rows:
        try:
            says = _what_it_says(work, row, windows)
        except ValueError:  # one of the field's words is none
            says = []
        was_given = row.collected_at is not None or row.cup_collected_at is not None
        if (row.outcome, row.expected) not in [one[:2] for one in says] or (row.late and not was_given):
            yield row.due_on, row.code, _SAYS_OTHERWISE
        if row.method is not None and row.late not in [one.late for one in says]:
            yield row.due_on, row.code, "the draw on record does not say rightly whether it was late"


def _wrong_tries(work: Work, only: Sequence[int] | None) -> Iterator[Found]:
    """Draws that say that the participant could not provide a specimen, where nobody has recorded that, and draws that
    do not say so where somebody has."""
    tried = (
        sa_select(col(AuditEntry.id))
        .where(col(AuditEntry.draw_id) == Draw.id, col(AuditEntry.act) == Act.DRAW_TRIED)
        .exists()
    )
    unable = cast(col(Draw.unable), Integer)
    unsaid = (
        select(col(Draw.due_on), Participant.code)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            among(col(Draw.id), only),
            unable.not_in((0, 1)) | ((unable == 1) & ~tried),
        )
    )
    later = aliased(AuditEntry)
    since = exists().where(
        col(later.draw_id) == AuditEntry.draw_id, col(later.id) > AuditEntry.id, col(later.act).in_(_END_A_TRY)
    )
    forgotten = (
        select(col(Draw.due_on), Participant.code)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .join(AuditEntry, col(AuditEntry.draw_id) == Draw.id)
        .where(
            Participant.facility_id == work.facility_id,
            among(col(Draw.id), only),
            AuditEntry.act == Act.DRAW_TRIED,
            unable == 0,
            ~since,
        )
    )
    for due_on, code in (*work.session.exec(unsaid), *work.session.exec(forgotten)):
        yield due_on, code, _SAYS_OTHERWISE


# What may have a draw say no more that the participant tried: a result, what is undone, a night that is taken back.
_END_A_TRY = (Act.RESULT_LOG, Act.RESULT_AMEND, Act.LOG_UNDO, Act.DRAW_TAKE_BACK)


@cache
def _with_results() -> Select[*tuple[Any, ...]]:
    """Every draw that has a result or says something, with the result that governs, its newest reading, and when a cup
    beside it was collected."""
    reading, cup = aliased(Reading), aliased(Result)
    newest = sa_select(func.max(col(reading.id))).where(col(reading.result_id) == Result.id).scalar_subquery()
    of_the_cup = (
        sa_select(func.max(col(cup.collected_at)))
        .where(
            col(cup.draw_id) == Result.draw_id,
            col(cup.method) == Method.PRESUMPTIVE,
            col(cup.outcome).is_not(None),
            is_newest(cup),
        )
        .scalar_subquery()
    )
    needs_the_cup = (col(Result.method) == Method.DEFINITIVE) & col(Result.collected_at).is_(None)
    expected, late = cast(col(Draw.expected), Integer), cast(col(Draw.late), Integer)
    return (
        sa_select(
            *(col(Draw.id), col(Draw.due_on), col(Participant.code), col(Draw.kind), col(Draw.schedule_version_id)),
            *(col(Draw.status), col(Draw.because), col(Draw.outcome), expected.label("expected"), late.label("late")),
            *(col(Result.method), col(Result.outcome).label("found"), col(Result.collected_at)),
            case((needs_the_cup, of_the_cup)).label("cup_collected_at"),
            col(Reading.outcome).label("together"),
            ((col(Reading.expected) != "") & (col(Reading.unexpected) == "")).label("is_explained"),
        )
        .select_from(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .join(Result, (col(Result.draw_id) == Draw.id) & governs(), isouter=True)
        .join(Reading, col(Reading.id) == newest, isouter=True)
        .where(or_(col(Result.id).is_not(None), col(Draw.outcome).is_not(None), expected != 0, late != 0))
    )


def _what_it_says(
    work: Work,
    row: Any,  # noqa: ANN401  a row of these columns
    windows: dict[tuple[object, ...], list[datetime | None]],
) -> list[WhatItSays]:
    """What a draw says by each window that it may have been judged by; `windows` are those known by now."""
    results = []
    if row.method is not None:
        found, together = Outcome(row.found) if row.found else None, Outcome(row.together) if row.together else None
        results = [ResultAsRead(Method(row.method), found, together, bool(row.is_explained), row.collected_at)]
        if row.cup_collected_at is not None:
            results.append(ResultAsRead(Method.PRESUMPTIVE, found, collected_at=row.cup_collected_at))
    closings: list[datetime | None] = [None]
    if any(result.collected_at is not None for result in results):
        by_a_rule_of_its_own = row.schedule_version_id is None or row.kind == DrawKind.FOR_CAUSE
        alike = (row.id,) if by_a_rule_of_its_own else (row.schedule_version_id, row.due_on)
        if alike not in windows:
            draw = work.session.get_one(Draw, row.id)
            rules = may_have_bound(work, draw)
            windows[alike] = [window_of(work, draw, results, rule) for rule in rules]
        closings = windows[alike]
    return [what_a_draw_says(Status(row.status), row.because, results, closes) for closes in closings]


def changed_remains(work: Work) -> Iterator[Found]:
    """Draws of nights that were taken back which are not as they were then."""
    said = (
        select(AuditEntry.detail)
        .where(AuditEntry.draw_id == Draw.id, AuditEntry.act == Act.DRAW_TAKE_BACK)
        .order_by(col(AuditEntry.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = work.session.exec(
        select(Draw, Participant.code, said)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(Participant.facility_id == work.facility_id, col(Draw.taken_back_id).is_not(None))
        .order_by(col(Draw.due_on), col(Draw.id))
    )
    for draw, code, detail in rows:
        is_free = draw.ordered_for is None and not (draw.expected or draw.unable or draw.late)
        if (
            draw.status != Status.CANCELLED
            or not is_free
            or as_json(as_it_was_made(draw)) != _without_own_words(detail)
        ):
            yield draw.due_on, code, "the draw of a night that was taken back is not as it was then"
    lost = work.session.exec(
        select(AuditEntry, col(Participant.code))
        .join(Participant, col(Participant.id) == AuditEntry.participant_id)
        .join(Draw, col(Draw.id) == AuditEntry.draw_id, isouter=True)
        .where(
            AuditEntry.facility_id == work.facility_id,
            AuditEntry.act == Act.DRAW_TAKE_BACK,
            or_(col(Draw.id).is_(None), col(Draw.participant_id).is_distinct_from(col(AuditEntry.participant_id))),
        )
        .order_by(col(AuditEntry.id))
    )
    for entry, code in lost:
        day = date.fromisoformat(json.loads(entry.detail or "{}")["due_on"])
        yield day, code, "the draw of a night that was taken back is on record no more"


def _without_own_words(detail: str | None) -> str | None:
    """An entry's details without what every entry may say of its own moment."""
    if detail is None or DATED_BACK_FROM not in detail:
        return detail
    return as_json({key: value for key, value in json.loads(detail).items() if key != DATED_BACK_FROM})
