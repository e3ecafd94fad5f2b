"""Says in words which records were changed by anything but this program."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

from sqlalchemy import ColumnElement, Integer, case, cast, exists, func, literal, or_, text, true
from sqlalchemy import select as sa_select
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.drawing.because import Because, because_in
from testing_tracker.rules.words import Kind, Method, Outcome, Status
from testing_tracker.services.panels import may_have_bound
from testing_tracker.services.settling import is_late
from testing_tracker.store import ledger
from testing_tracker.store.dialects import day_as_text, said_in
from testing_tracker.store.queries import counts, of_facility, stands
from testing_tracker.store.tables import AuditEntry, Draw, Night, Participant, Reading, Renaming, Result

Found = tuple[date, str, str]

_ORDERED = "draw order"
_TRIED = "draw tried"
_LEADS_NOWHERE = "the draw is on record as {}, and the audit table does not lead to that"
LEADS_TO = {f"draw {status}": status for status in Status} | {
    _ORDERED: Status.DUE,
    "result log": Status.COLLECTED,
    "result amend": Status.COLLECTED,
}


def changed_records(session: Session, acting: Acting) -> Iterator[Found]:
    """Rows that are not as they were written, by day, participant's code, and what is wrong."""
    for page in ledger.broken_pages(session, acting.facility_id):
        day, code = _act(session, acting, page)
        for table, identity in page.rows:
            said = "was added" if page.page_id is None else "was changed or added"
            whose = _code_of(session, table, identity) or code
            yield day, whose, f"the {table.replace('_', ' ')} on record {said} behind the program's back"
        if page.missing or not page.rows:
            lost = f"{page.missing} of the records" if page.missing else "a page of the ledger"
            yield day, code, f"{lost} written then was removed or changed behind the program's back"


def _act(session: Session, acting: Acting, page: ledger.BrokenPage) -> tuple[date, str]:
    """The day of a page's act, and the participant it was about if it was about one.

    The day is today's where the audit entries that would say it are themselves gone or garbled.
    """
    entries = (col(AuditEntry.facility_id) == acting.facility_id) & col(AuditEntry.id).between(
        page.first_entry, page.last_entry
    )
    about = session.exec(select(AuditEntry.participant_id).where(entries).distinct().limit(3)).all()
    people = [number for number in about if number is not None]
    try:
        moment = session.exec(select(AuditEntry.at).where(entries).order_by(col(AuditEntry.id)).limit(1)).first()
    except ValueError:
        moment = None
    day = moment.astimezone(acting.zone).date() if moment else acting.today
    return day, _code(session, people[0]) if len(people) == 1 else ""


_PARTICIPANT_OF = {
    "participant": "SELECT id FROM participant WHERE id = :id",
    "result": "SELECT participant_id FROM draw JOIN result ON draw.id = draw_id WHERE result.id = :id",
    "finding": (
        "SELECT participant_id FROM draw JOIN result ON draw.id = draw_id JOIN finding ON result.id = result_id "
        "WHERE finding.id = :id"
    ),
}
_HAVE_A_PARTICIPANT = (
    *("prescription", "enrolment", "placement", "assignment", "leave", "draw", "audit_entry", "renaming", "joining"),
)


def _code_of(session: Session, table: str, identity: int) -> str:
    """The code of the participant that a row is about; nothing for one that is about none."""
    query = _PARTICIPANT_OF.get(table)
    if table in _HAVE_A_PARTICIPANT:
        query = f"SELECT participant_id FROM {table} WHERE id = :id"  # noqa: S608  one of the names above
    number = session.connection().execute(text(query), {"id": identity}).scalar() if query else None
    return _code(session, number) if number else ""


def _code(session: Session, participant_id: int) -> str:
    return session.exec(select(Participant.code).where(Participant.id == participant_id)).first() or ""


def wrong_codes(session: Session, acting: Acting) -> Iterator[Found]:
    """Participants whose code is not the one that its last correction on record gave them."""
    later = aliased(Renaming)
    query = (
        select(Renaming, Participant.code)
        .join(Participant, col(Participant.id) == Renaming.participant_id)
        .where(
            Participant.facility_id == acting.facility_id,
            ~exists().where(col(later.participant_id) == Renaming.participant_id, col(later.id) > Renaming.id),
            or_(col(Renaming.code) != Participant.code, col(Renaming.code_key) != Participant.code_key),
        )
        .order_by(col(Renaming.id))
    )
    for renaming, code in session.exec(query):
        day = renaming.recorded_at.astimezone(acting.zone).date()
        yield day, code, "the participant's code is not the one that its correction on record says"


def among(column: ColumnElement[int] | Mapped[int | None], only: Sequence[int] | None) -> ColumnElement[bool]:
    """The condition that a column is one of some ids; always for None."""
    return true() if only is None else column.in_(only)


def misplaced_draws(session: Session, acting: Acting, only: Sequence[int] | None = None) -> Iterator[Found]:
    """Draws that an audit entry knows as another participant's, or as another day's; of some ids `only`."""
    connection = session.connection()
    day_said = said_in(connection, col(AuditEntry.detail), "due_on")
    query = (
        sa_select(col(Draw.due_on), col(Participant.code), col(Draw.participant_id))
        .join(AuditEntry, col(AuditEntry.draw_id) == Draw.id)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            col(Participant.facility_id) == acting.facility_id,
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


def wrong_statuses(session: Session, acting: Acting, only: Sequence[int] | None = None) -> Iterator[Found]:
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
    untouched = col(AuditEntry.id).is_(None) & col(Draw.kind).in_((Kind.FIXED, Kind.RANDOM))
    begins_as = case((col(Night.ran), str(Status.DUE)), else_=str(Status.UNRECORDED))
    query = (
        sa_select(col(Draw.due_on), col(Participant.code), col(Draw.status))
        .select_from(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .join(last, last.c.draw_id == Draw.id, isouter=True)
        .join(AuditEntry, col(AuditEntry.id) == last.c.entry_id, isouter=True)
        .join(Night, (col(Night.day) == Draw.due_on) & (Night.facility_id == acting.facility_id), isouter=True)
        .where(
            col(Participant.facility_id) == acting.facility_id,
            among(col(Draw.id), only),
            or_(
                (col(AuditEntry.act) != _ORDERED) & reason.is_distinct_from(col(Draw.reason)),
                leads_to != col(Draw.status),
                untouched & or_(begins_as != col(Draw.status), col(Draw.reason).is_not(None)),
            ),
        )
        .order_by(col(Draw.due_on), col(Draw.id))
    )
    for due_on, code, status in session.connection().execute(query):
        yield due_on, code, _LEADS_NOWHERE.format(status)
    yield from _wrong_causes(session, acting, only)


def _wrong_causes(session: Session, acting: Acting, only: Sequence[int] | None) -> Iterator[Found]:
    """Draws whose cause is not the one that their reason says: the reason is what the audit table leads to."""
    those = (of_facility(acting.facility_id, Draw.participant_id), among(col(Draw.id), only))
    has_one = or_(col(Draw.reason).is_not(None), col(Draw.because).is_not(None))
    pairs = session.exec(select(Draw.reason, Draw.because).where(*those, has_one).distinct()).all()
    for reason, because in pairs:
        if because_in(reason) == because:
            continue
        query = (
            select(col(Draw.due_on), Participant.code, col(Draw.status))
            .join(Participant, col(Participant.id) == Draw.participant_id)
            .where(
                *those,
                col(Draw.reason).is_not_distinct_from(reason),
                col(Draw.because).is_not_distinct_from(because),
            )
        )
        for due_on, code, status in session.exec(query):
            yield due_on, code, _LEADS_NOWHERE.format(status)


@cache
def _is_beside() -> ColumnElement[bool]:
    """The condition that a result stands beside a definitive one, which leaves to it what it does not say itself."""
    return (col(Result.method) == Method.PRESUMPTIVE) & col(Result.outcome).is_not(None) & stands(Result)


def wrong_outcomes(session: Session, acting: Acting, only: Sequence[int] | None = None) -> Iterator[Found]:
    """Draws that do not say what their results, the readings of these, and the audit table lead to; as above."""
    governing = sa_select(col(Result.outcome)).where(col(Result.draw_id) == Draw.id, counts()).scalar_subquery()
    is_first_cups = col(Draw.because).is_distinct_from(Because.SECOND_GIVEN)
    said = func.coalesce(col(Reading.outcome), governing)
    outcome = case(((col(Draw.status) == Status.COLLECTED) & is_first_cups, said))
    of_result = aliased(Reading)
    newest = (
        sa_select(func.max(col(of_result.id)))
        .join(Result, col(Result.id) == of_result.result_id)
        .where(col(Result.draw_id) == Draw.id, counts())
        .scalar_subquery()
    )
    explained = (
        (col(Draw.outcome) == Outcome.POSITIVE) & (col(Reading.expected) != "") & (col(Reading.unexpected) == "")
    )
    tried = (
        sa_select(col(AuditEntry.id)).where(col(AuditEntry.draw_id) == Draw.id, col(AuditEntry.act) == _TRIED).exists()
    )
    given_at = (
        sa_select(func.max(col(Result.collected_at)))
        .where(col(Result.draw_id) == Draw.id, counts() | _is_beside())
        .correlate(Draw)
        .scalar_subquery()
    )
    late = cast(col(Draw.late), Integer)
    unable = cast(col(Draw.unable), Integer)
    query = (
        sa_select(col(Draw.due_on), col(Participant.code))
        .select_from(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .join(Reading, col(Reading.id) == newest, isouter=True)
        .where(
            col(Participant.facility_id) == acting.facility_id,
            among(col(Draw.id), only),
            or_(
                outcome.is_distinct_from(col(Draw.outcome)),
                func.coalesce(explained, literal(value=False)) != col(Draw.expected),
                (late != 0) & given_at.is_(None),
                unable.not_in((0, 1)) | ((unable == 1) & ~tried),
            ),
        )
        .order_by(col(Draw.due_on), col(Draw.id))
    )
    for due_on, code in session.connection().execute(query):
        yield due_on, code, "the draw on record does not say what its results lead to"
    timed = (
        select(Draw, Result, Participant.code)
        .select_from(Draw)
        .join(Result, (col(Result.draw_id) == Draw.id) & counts())
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == acting.facility_id,
            among(col(Draw.id), only),
            or_(col(Draw.late), given_at.is_not(None)),
        )
    )
    for draw, result, code in session.exec(timed):
        if draw.late not in [is_late(session, acting, draw, result, rule) for rule in may_have_bound(session, draw)]:
            yield draw.due_on, code, "the draw on record does not say rightly whether it was late"
