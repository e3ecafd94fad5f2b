"""Who of those with a draw was told of it, and whether that is or was at fault: for the call list and the board."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import select as sa_select
from sqlmodel import col

from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInWindow, DaysAnswer
from testing_tracker.rules.check_in.told import ToldWord, stands_to, told_word
from testing_tracker.rules.words import DrawKind
from testing_tracker.services.check_in.attempts import AttemptRow, as_attempts, few_columns_on, rows_on
from testing_tracker.services.check_in.expected import expected_in
from testing_tracker.services.check_in.outages import spans_on
from testing_tracker.services.check_in.rules_in_force import any_rule, rule_on, window_on
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.store.queries import draw_stands, id_of, joined_into
from testing_tracker.store.tables import Draw, Participant
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
    rows: Mapping[int, Sequence[AttemptRow]]
    people: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nobody can learn the day's answer any more."""
        return self.now >= self.window.over

    @property
    def checked_in(self) -> int:
        """How many of those expected have got an answer."""
        return sum(any(is_told(row) for row in self.rows.get(one, ())) for one in self.expected)

    def of(self, participant_id: int) -> Sequence[AttemptRow]:
        """What the participant of a record tried that day, in the order of the instants."""
        return self.rows.get(self.people.get(participant_id, participant_id), ())

    def told(self, draw: "Draw | DrawToTell", zone: ZoneInfo) -> Told:
        """Whether the participant of a draw of that day was told of it, in the facility's zone."""
        rows = self.of(draw.participant_id)
        attempts = as_attempts(rows)
        stands = stands_to(draw, attempts, zone)
        is_expected = self.people.get(draw.participant_id, draw.participant_id) in self.expected
        word = told_word(draw, stands, zone, is_expected=is_expected, is_over=self.is_over)
        if stands.attempt is None:
            return Told(word)
        row = rows[attempts.index(stands.attempt)]
        return Told(word, row.at, CheckedInBy(row.channel), row.receipt)


def check_ins_of(work: Work, day: date, among: Collection[int] | None = None) -> CheckInsOfDay | None:
    """A day's check-ins, of all or of some participants by id; None where no rule binds on it, found by one look-up."""
    if not any_rule(work):
        return None
    window = window_on(work, day)
    return None if window is None else _check_ins_in(work, day, window, among)


def _check_ins_in(work: Work, day: date, window: CheckInWindow, among: Collection[int] | None = None) -> CheckInsOfDay:
    people = joined_into(work.session)
    who = None if among is None else {people.get(one, one) for one in among}
    expected = frozenset(expected_in(work, day, window, who))
    return CheckInsOfDay(day, window, work.now, expected, few_columns_on(work, day, who), people)


WhichDraw: TypeAlias = tuple[str, bool]
"""Which draw of a day is meant: the participant's code, and whether it is one for cause."""


def told_of_draws(work: Work, day: date) -> dict[WhichDraw, Told] | None:
    """Whether each draw's participant was told of it, of a day; None where no rule binds on it."""
    window = window_on(work, day) if any_rule(work) else None
    if window is None:
        return None
    draws = draws_to_tell(work, day)
    of_day = _check_ins_in(work, day, window, {draw.participant_id for draw in draws})
    return {(draw.code, draw.kind == DrawKind.FOR_CAUSE): of_day.told(draw, work.zone) for draw in draws}


class DrawToTell(NamedTuple):
    """What counts of a draw where it is asked whether its participant was told of it, with their code."""

    participant_id: int
    kind: str
    due_on: date
    recorded_at: datetime
    status: str
    code: str


def draws_to_tell(work: Work, day: date) -> list[DrawToTell]:
    """The draws of a day that stand."""
    of_draw = (Draw.participant_id, Draw.kind, Draw.due_on, Draw.recorded_at, Draw.status)
    asked = (
        sa_select(*map(col, of_draw), col(Participant.code))
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(col(Participant.facility_id) == work.facility_id, col(Draw.due_on) == day, draw_stands())
    )
    return list(map(DrawToTell._make, work.session.connection().execute(asked)))


def is_told(row: AttemptRow) -> bool:
    """Whether an attempt was answered."""
    return row.answer is not None


def answer_had_today(work: Work, code: str) -> DaysAnswer | None:
    """What a participant was told last today; None where they have not checked in, or no rule binds."""
    if not any_rule(work) or rule_on(work, work.today) is None:
        return None
    identity = id_of(find_participant(work, code))
    told = [row.answer for row in rows_on(work, work.today, [identity]).get(identity, ()) if row.answer]
    return DaysAnswer(told[-1]) if told else None


# What the program finds is on record when the minute is over and a turn has come.
_AS_IF_NOW = timedelta(minutes=3)


@dataclass(frozen=True)
class FaultOfToday:
    """The last span (UTC) of today in which check-in could not be reached; `until` is None while it goes on."""

    since: datetime
    until: datetime | None


def fault_of_today(work: Work) -> FaultOfToday | None:
    """Today's last fault; None where there is none, no rule binds, or collection has ended.

    Spans that follow on one another are one fault.
    """
    spans = spans_on(work, work.today) if any_rule(work) else []
    window = window_on(work, work.today) if spans else None
    if window is None or work.now >= window.over:
        return None
    fault: tuple[datetime, datetime] | None = None
    for span in spans:
        follows = fault is not None and span.from_at <= fault[1] + _AS_IF_NOW
        fault = (fault[0], max(fault[1], span.to_at)) if fault is not None and follows else (span.from_at, span.to_at)
    if fault is None or fault[0] > work.now:
        return None
    since, until = fault
    goes_on = until + _AS_IF_NOW >= work.now and work.now < window.closes
    return FaultOfToday(since, None if goes_on else until)
