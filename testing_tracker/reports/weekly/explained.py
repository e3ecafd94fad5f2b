"""The draws behind each number of a participant's line in the weekly report."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from testing_tracker.errors import TestingTrackerError
from testing_tracker.reports.weekly.check_in import ToldInWeek, told_in_week
from testing_tracker.reports.weekly.participants import ParticipantWeek, participants_in, tally_columns, tally_of
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.owed import last_full_week
from testing_tracker.rules.reporting.tally import COUNTS, Tally, compliance_of, total
from testing_tracker.rules.words import DrawKind, Outcome, Status
from testing_tracker.services.keeping.checking import before_printing
from testing_tracker.services.people.lookup import find_participant, record_with_code
from testing_tracker.store.queries import draws_with, id_of, newest, result_of
from testing_tracker.store.tables import AuditEntry, Draw
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class ExplainedDraw:
    """A draw of the week with the counts that it is in, why it is what it is, and who said so last.

    `checked_in` is what its participant had been told of it; None where nobody was asked to check in that week.
    """

    due_on: date
    kind: DrawKind
    status: Status
    outcome: Outcome | None
    expected: bool
    late: bool
    counts_in: list[str]
    reason: str | None
    recorded_by: str | None
    checked_in: str | None = None


@dataclass(frozen=True)
class Explained:
    """A participant's line, and the draws that it counts."""

    participant: str
    participant_id: int
    week: Week
    line: ParticipantWeek | None
    draws: list[ExplainedDraw]
    check_in: ToldInWeek | None = None

    @property
    def in_words(self) -> str:
        """The line's numbers as they follow from the draws above."""
        if self.line is None:
            return f"{self.participant} is not in the report of {self.week}."
        tally = self.line.tally
        counts = ", ".join(f"{name} {getattr(tally, name)}" for name in COUNTS if getattr(tally, name))
        rate = f"; compliance {compliance_of(tally).fraction}" if tally.decided else ""
        told = f"; ci {self.check_in.counts.checked_in.fraction}" if self.check_in is not None else ""
        return f"{self.participant} in {self.week}: {counts or 'no draw'}{rate}; pattern {self.line.pattern}{told}"


def explained(work: Work, code: str, week: Week | None = None) -> Explained:
    """What stands behind a participant's numbers. Raises TestingTrackerError for a code that nobody has."""
    week = week or last_full_week(work.today)
    # The line of a record that was joined into another one is still in the reports of its weeks.
    participant = record_with_code(work, code) or find_participant(work, code)
    before_printing.check_draws(work, week, only=participant.id)
    lines = participants_in(work, week, only=id_of(participant))
    line = next(iter(lines), None)
    of_the_week = (Draw.participant_id == participant.id, col(Draw.due_on).between(week.monday, week.sunday))
    draws = draws_with(work.session, *of_the_week, Draw.status != Status.CANCELLED)
    tallies = [_tally_of(work, draw) for draw in draws]
    if line is not None and total(tallies) != line.tally:
        raise TestingTrackerError(
            f"The draws of {participant.code} in {week} do not add up to the line of the report. Please report it."
        )
    told = told_in_week(work, id_of(participant), week)
    return Explained(
        participant=participant.code,
        participant_id=id_of(participant),
        week=week,
        line=line,
        draws=[
            replace(_explained(work.session, draw, tally), checked_in=told.of(draw) if told is not None else None)
            for draw, tally in zip(draws, tallies, strict=True)
        ],
        check_in=told,
    )


def _tally_of(work: Work, draw: Draw) -> Tally:
    """A draw's own tally, by the very columns that count the week."""
    counted = sa_select(*tally_columns(work.today)).where(col(Draw.id) == draw.id)
    return tally_of(tuple(work.session.connection().execute(counted).one()))


def _explained(session: Session, draw: Draw, tally: Tally) -> ExplainedDraw:
    result = result_of(session, id_of(draw))
    last = newest(session, AuditEntry, AuditEntry.draw_id == draw.id)
    return ExplainedDraw(
        due_on=draw.due_on,
        kind=DrawKind(draw.kind),
        status=Status(draw.status),
        outcome=Outcome(draw.outcome) if draw.outcome else None,
        expected=draw.expected,
        late=draw.late,
        counts_in=[name for name in COUNTS if getattr(tally, name)],
        reason=(result.reason if result and not result.undone else None) or draw.reason or draw.ordered_for,
        recorded_by=last.account if last else None,
    )
