"""Holds the draws that a report is made from against the audit table, before anything of it is printed.

It has to look at every draw that a number rests on, for years of them, so it first asks a quick question of each: do
its status, outcome, participant and day agree with the last act about it? Those that do not are then looked at as
`verify` does, because there are honest reasons (a definitive result governs what was logged after it).
"""

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, true
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.acts import LEADS_TO, SAYS_AN_OUTCOME
from testing_tracker.rules.reporting.period import Period
from testing_tracker.rules.words import DrawKind, Outcome, Status
from testing_tracker.services.keeping.checking import before_passing_on
from testing_tracker.services.keeping.checking.audit_trail import misplaced_draws, wrong_outcomes, wrong_statuses
from testing_tracker.services.keeping.checking.stumbling import Found
from testing_tracker.store.dialects import day_as_text, said_in
from testing_tracker.store.queries import of_facility, records_of
from testing_tracker.store.tables import AuditEntry, Draw, Reading, Result
from testing_tracker.store.work import Work

_AT_A_TIME = 500


def check_draws(work: Work, week: Week, only: int | None = None) -> None:
    """Raise TestingTrackerError naming the first draw up to a week's end that the audit table does not lead to.

    `only` is a participant's id, where the report is about one.
    """
    check_draws_until(work, week.sunday, week, only)


def check_draws_until(work: Work, last: date, of: Week | Period, only: int | None = None) -> None:
    """Raise TestingTrackerError as `check_draws` does, for the draws up to a day; `of` is what is to be printed."""
    before_passing_on.check_report(work, of)
    doubts = doubtful(work, last, only)
    found: list[Found] = []
    for start in range(0, len(doubts), _AT_A_TIME):
        found += _wrong(work, doubts[start : start + _AT_A_TIME])
    if found:
        day, code, what = min(found)
        raise TestingTrackerError(
            f"The report of {of} is not printed, because a record does not hold: {day}, {code}: {what}. "
            "`testing-tracker verify` checks everything and names all that does not."
        )


def _wrong(work: Work, ids: Sequence[int]) -> Iterator[Found]:
    yield from misplaced_draws(work, ids)
    yield from wrong_statuses(work, ids)
    yield from wrong_outcomes(work, ids)


def doubtful(work: Work, until: date, only: int | None = None) -> Sequence[int]:
    """The ids of the draws that do not at once agree with the last act about them."""
    entry, any_entry = aliased(AuditEntry), aliased(AuditEntry)
    last = (
        sa_select(func.max(col(any_entry.id)))
        .where(col(any_entry.draw_id) == Draw.id, col(any_entry.act).in_(tuple(LEADS_TO)))
        .scalar_subquery()
    )
    query = (
        select(col(Draw.id))
        .join(entry, col(entry.id) == last, isouter=True)
        .where(
            of_facility(work.facility_id, Draw.participant_id),
            Draw.due_on <= until,
            true() if only is None else col(Draw.participant_id).in_(records_of(only)),
            or_(*_doubts(work, entry)),
        )
    )
    return [identity for identity in work.session.exec(query) if identity is not None]


def _doubts(work: Work, entry: type[AuditEntry]) -> Iterator[ColumnElement[bool]]:
    """The conditions under which a draw has to be looked at; `entry` is the last act about it, if there is one."""
    connection = work.session.connection()
    untouched = or_(col(Draw.status).not_in((Status.DUE, Status.UNRECORDED)), col(Draw.outcome).is_not(None))
    yield and_(col(entry.id).is_(None), col(Draw.kind) != DrawKind.IMPORTED, untouched)
    # What a prescription explains, and what was late, no act says: it follows from readings and times.
    yield (col(Draw.outcome) == Outcome.POSITIVE) & _may_be_explained()
    yield _is_read_together()
    yield or_(col(Draw.expected), col(Draw.late))
    # Where no second specimen came, an act that says nothing of an outcome gives the first one's back.
    yield (col(Draw.status) == Status.COLLECTED) & col(Draw.outcome).is_(None)
    yield case(*((col(entry.act) == act, str(status)) for act, status in LEADS_TO.items())) != col(Draw.status)
    said = case((col(entry.act).in_(SAYS_AN_OUTCOME), said_in(connection, col(entry.detail), "outcome")))
    yield said.is_distinct_from(col(Draw.outcome)) & col(entry.id).is_not(None)
    yield col(entry.participant_id) != col(Draw.participant_id)
    yield said_in(connection, col(entry.detail), "due_on") != day_as_text(connection, col(Draw.due_on))


def _is_read_together() -> ColumnElement[bool]:
    """The condition that a draw's results have said something together that the governing one does not say alone."""
    return (
        exists()
        .where(col(Result.draw_id) == Draw.id, col(Reading.result_id) == Result.id, col(Reading.outcome).is_not(None))
        .correlate(Draw)
    )


def _may_be_explained() -> ColumnElement[bool]:
    """The condition that some reading of a draw's results says that prescriptions explain all that was found."""
    return (
        exists()
        .where(
            col(Result.draw_id) == Draw.id,
            col(Reading.result_id) == Result.id,
            col(Reading.expected) != "",
            col(Reading.unexpected) == "",
        )
        .correlate(Draw)
    )


def check_runs(week: Week | Period, days: Sequence[tuple[date, int, int | None]]) -> None:
    """Raise TestingTrackerError for a day that has other draws on record than its runs made; None is not known."""
    for day, on_record, made in days:
        if made is not None and on_record != made:
            raise TestingTrackerError(
                f"The report of {week} is not printed, because a record does not hold: {day}: the day's runs made "
                f"{made} draws, and {on_record} are on record. `testing-tracker verify` says which."
            )


def check_sums(week: Week | Period, *, agree: bool) -> None:
    """Raise TestingTrackerError when the participants' counts and the facility's do not come to the same."""
    if not agree:
        raise TestingTrackerError(
            f"The report of {week} is not printed: its participants' counts do not add up to the facility's. Please "
            "report it; `testing-tracker verify` checks the records."
        )
