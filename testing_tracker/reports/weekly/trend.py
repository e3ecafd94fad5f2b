"""The facility's weeks before the report's, to see what changes."""

from dataclasses import dataclass

from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from testing_tracker.acting import Acting
from testing_tracker.reports.paper.counting import IS_A_DRAW, tally_columns, tally_of
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.tally import Tally, total
from testing_tracker.store.tables import Draw, Participant
from testing_tracker.store.week_number import number_of, week_number

WEEKS_BEFORE = 12


@dataclass(frozen=True)
class WeekTally:
    """What became of a facility's draws in a week."""

    week: Week
    tally: Tally


@dataclass(frozen=True)
class Trend:
    """The report's week beside the week before it and the twelve weeks before it, oldest first."""

    before: list[WeekTally]
    this: WeekTally

    @property
    def weeks(self) -> list[WeekTally]:
        """All of them from the first that had draws; the report's is the last."""
        told = [number for number, one in enumerate(self.before) if one.tally.due]
        return [*self.before[told[0] if told else len(self.before) :], self.this]

    @property
    def last(self) -> Tally:
        return self.before[-1].tally

    @property
    def twelve(self) -> Tally:
        """The twelve weeks before, taken together."""
        return total(one.tally for one in self.before)


def trend_in(session: Session, acting: Acting, week: Week) -> Trend:
    """What became of all the facility's draws, in the report's week and the twelve before."""
    first = week + -WEEKS_BEFORE
    number = week_number(col(Draw.due_on))
    rows = session.connection().execute(
        sa_select(number, *tally_columns(acting.today))
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            col(Participant.facility_id) == acting.facility_id,
            IS_A_DRAW,
            col(Draw.due_on).between(first.monday, week.sunday),
        )
        .group_by(number)
    )
    found = {row[0]: tally_of(tuple(row[1:])) for row in rows}
    weeks = [WeekTally(one, found.get(number_of(one), Tally())) for one in (first + n for n in range(WEEKS_BEFORE + 1))]
    return Trend(weeks[:-1], weeks[-1])
