"""Who of those with a draw was told of it: for the call list and the board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInWindow, standing
from testing_tracker.rules.check_in.told import ToldWord, told_word
from testing_tracker.services.check_in.attempts import as_attempts, rows_on
from testing_tracker.services.check_in.expected import expected_on
from testing_tracker.services.check_in.rules_in_force import any_rule, window_on
from testing_tracker.store.queries import joined_into
from testing_tracker.store.tables import CheckIn
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class Told:
    """Whether a participant was told of a draw, when (UTC) and how, and the receipt of that."""

    word: ToldWord
    at: datetime | None = None
    by: CheckedInBy | None = None
    receipt: str | None = None


@dataclass(frozen=True)
class CheckInsOfDay:
    """A day's check-ins, where a rule binds on it: its instants, who is expected, and what each tried, by person."""

    day: date
    window: CheckInWindow
    now: datetime
    expected: frozenset[int]
    rows: Mapping[int, Sequence[CheckIn]]
    people: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nobody can learn the day's answer any more."""
        return self.now >= self.window.over

    @property
    def checked_in(self) -> int:
        """How many of those expected have got an answer."""
        return sum(any(is_told(row) for row in self.rows.get(one, ())) for one in self.expected)

    def of(self, participant_id: int) -> Sequence[CheckIn]:
        """What the participant of a record tried that day, in the order of the instants."""
        return self.rows.get(self.people.get(participant_id, participant_id), ())

    def told(self, participant_id: int, recorded_at: datetime) -> Told:
        """Whether a participant was told of a draw that was put on record at an instant."""
        rows = self.of(participant_id)
        attempts = as_attempts(rows)
        stands = standing(attempts, recorded_at)
        is_expected = self.people.get(participant_id, participant_id) in self.expected
        word = told_word(stands, is_expected=is_expected, is_over=self.is_over)
        if stands.attempt is None:
            return Told(word)
        row = rows[attempts.index(stands.attempt)]
        return Told(word, row.at, CheckedInBy(row.channel), row.receipt)


def check_ins_of(work: Work, day: date) -> CheckInsOfDay | None:
    """A day's check-ins; None where no rule binds on it, which is found out by one look-up."""
    if not any_rule(work):
        return None
    window = window_on(work, day)
    if window is None:
        return None
    rows = rows_on(work, day)
    people = joined_into(work.session)
    return CheckInsOfDay(day, window, work.now, frozenset(expected_on(work, day)), rows, people)


def is_told(row: CheckIn) -> bool:
    """Whether an attempt was answered."""
    return row.answer is not None
