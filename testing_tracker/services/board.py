"""The day on one screen: who is due, who came, what is open and why, and what waits for a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlmodel import and_, col, or_, select

from testing_tracker import services
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.drawing.no_record import Compared, asked_apart
from testing_tracker.rules.testing.board_line import (
    NOT_YET,
    OUT_OF_RANGE,
    DrawFacts,
    Place,
    next_words,
    place_of,
    said_of,
)
from testing_tracker.rules.words import DrawKind, Outcome, RecommendationStatus, Status
from testing_tracker.services.check_in.whether import any_rule
from testing_tracker.services.deciding import reviews
from testing_tracker.services.deciding.positives import GoverningResult, said_by
from testing_tracker.services.deciding.reviews import ReviewLine
from testing_tracker.services.drawing import held_days
from testing_tracker.services.testing import confirmations, recollections
from testing_tracker.services.testing.confirmations import Awaited
from testing_tracker.services.testing.draws import is_still_to_be_drawn, state_of_draw
from testing_tracker.store.queries import draw_stands, id_of
from testing_tracker.store.tables import Draw, Participant, Recommendation
from testing_tracker.store.work import Work

if TYPE_CHECKING:  # what a facility without a rule of checking in has no use for is not loaded
    from testing_tracker.services.check_in.who_is_told import CheckInsOfDay, FaultOfToday, Told
    from testing_tracker.services.keeping.status import StatusReport

# How far back the board looks for what was left over. Chosen here: what is older is in the weekly report.
_DAYS_OPEN, _DAYS_AWAITED = 7, 30
_NIGHT_OVERDUE_AFTER = time(6)  # local, as `status` has it where nobody says otherwise


@dataclass(frozen=True)
class BoardLine:
    """A draw on the board. `said` is what there is to say of it, `next` the words that are typed about it next.

    `state` is what anything that is recorded for it rests on. `at_laboratory`: the next word is to be a laboratory's.
    `told`: whether the participant knows of it, where somebody is to check in that day.
    """

    draw_id: int
    participant: str
    due_on: date
    kind: DrawKind
    status: Status
    outcome: Outcome | None
    analytes: tuple[str, ...]
    place: Place
    said: str
    next: tuple[str, ...] | None
    state: tuple[object, ...]
    at_laboratory: bool = False
    told: "Told | None" = None

    @property
    def for_cause(self) -> bool:
        return self.kind is DrawKind.FOR_CAUSE


@dataclass(frozen=True)
class DayCounts:
    """The draws of a day. Each is in one of `open`, `came`, `missed`, `refused` and `excused`, and the first three of
    what tests said are of those that came."""

    due: int
    open: int
    came: int
    missed: int
    refused: int
    excused: int
    negative: int
    positive: int
    invalid: int
    left_over: int


@dataclass(frozen=True)
class OpenRecommendation:
    """A recommendation that nobody has decided on, and that was not put off to a later day."""

    id: int
    participant: str
    from_level: str
    to_level: str
    reason: str


@dataclass(frozen=True)
class CheckInsSoFar:
    """How many of those expected have checked in on the board's day, between which instants (UTC) they can in time, and
    until when late; `fault` is today's last one."""

    expected: int
    checked_in: int
    opens: datetime
    closes: datetime
    over: datetime
    fault: "FaultOfToday | None"


@dataclass(frozen=True)
class RanByItself:
    """The last nightly run, the last report that left, the last backup (days and instants, None for never), and what is
    wrong with any of them: `problems`."""

    night: date | None
    night_at: datetime | None
    drawn: int | None
    missed: int | None
    report: str | None
    report_at: datetime | None
    backup_at: datetime | None
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """A facility's day. What is not about the day itself is empty on the board of an earlier one.

    `is_drawn`: the nightly run has made its draws. `overdue` are the definitive results that should have come by now.
    `check_ins` is there where a rule binds on the day.
    """

    day: date
    now: datetime
    facility: str
    is_drawn: bool
    counts: DayCounts
    lines: tuple[BoardLine, ...]
    questions: tuple[Compared, ...]
    recommendations: tuple[OpenRecommendation, ...]
    reviews: tuple[ReviewLine, ...]
    overdue: tuple[Awaited, ...]
    by_itself: RanByItself | None
    check_ins: CheckInsSoFar | None = None

    def at(self, place: Place) -> list[BoardLine]:
        """The lines at a place, in the order of the board."""
        return [line for line in self.lines if line.place is place]


def read_board(work: Work, day: date | None = None) -> Board:
    """The board of today, or of an earlier day. Raises TestingTrackerError for a day to come."""
    of = day or work.today
    if of > work.today:
        raise TestingTrackerError(
            f"{of} is in the future; today is {work.today}. Draws are made on their own day, so nobody can know them."
        )
    is_today = of == work.today
    awaited = confirmations.awaited(work)
    of_day = services.who_is_told.check_ins_of(work, of) if any_rule(work) else None
    lines = _lines(work, of, awaited, of_day)
    state = services.status.state_of(work, _NIGHT_OVERDUE_AFTER, None, awaited=awaited) if is_today else None
    return Board(
        day=of,
        now=work.now,
        facility=work.facility.name,
        is_drawn=not is_still_to_be_drawn(work, of),
        counts=_counts(lines),
        lines=tuple(lines),
        questions=tuple(asked_apart(state.questions if state is not None else held_days.unanswered(work, of, of))),
        recommendations=tuple(_recommendations(work)) if is_today else (),
        reviews=tuple(reviews.listed(work)) if is_today else (),
        overdue=tuple(one for one in awaited if one.is_overdue) if is_today else (),
        by_itself=_by_itself(work, state) if state is not None else None,
        check_ins=_so_far(work, of_day) if of_day is not None else None,
    )


def _so_far(work: Work, of_day: "CheckInsOfDay") -> CheckInsSoFar:
    window = of_day.window
    fault = services.who_is_told.fault_of_today(work) if of_day.day == work.today else None
    return CheckInsSoFar(len(of_day.expected), of_day.checked_in, window.opens, window.closes, window.over, fault)


def _counts(lines: Sequence[BoardLine]) -> DayCounts:
    todays = [line for line in lines if line.place is not Place.LEFT]
    places, said = Counter(line.place for line in todays), Counter(line.status for line in todays)
    outcomes = Counter(line.outcome for line in todays if line.place is Place.CAME)
    return DayCounts(
        due=len(todays),
        open=places[Place.OPEN],
        came=places[Place.CAME],
        missed=said[Status.MISSED],
        refused=said[Status.REFUSED],
        excused=said[Status.EXCUSED],
        negative=outcomes[Outcome.NEGATIVE],
        positive=outcomes[Outcome.POSITIVE],
        invalid=outcomes[Outcome.INVALID],
        left_over=len(lines) - len(todays),
    )


def _lines(work: Work, day: date, awaited: Sequence[Awaited], of_day: "CheckInsOfDay | None") -> list[BoardLine]:
    """The draws of a day, and what is left over of the days before: the earliest first there."""
    open_since, awaited_since = day - timedelta(days=_DAYS_OPEN), day - timedelta(days=_DAYS_AWAITED)
    untouched = and_(col(Draw.due_on) >= open_since, col(Draw.status).in_((Status.DUE, Status.UNRECORDED)))
    without_result = and_(Draw.status == Status.COLLECTED, col(Draw.outcome).is_(None), Draw.kind != DrawKind.IMPORTED)
    rows = work.session.exec(
        select(Draw, Participant.code)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            draw_stands(),
            Draw.status != Status.CANCELLED,
            col(Draw.due_on).between(awaited_since, day),
            or_(Draw.due_on == day, untouched, without_result),
        )
        .order_by(Participant.code_key, col(Draw.due_on), col(Draw.id))
    ).all()
    tested = [draw.id for draw, _ in rows if draw.outcome or draw.because == Because.RECOLLECT]
    said = said_by(work.session, col(Draw.id).in_(tested)) if tested else {}
    on_the_day = Counter((draw.participant_id, draw.due_on) for draw, _ in rows)
    known = _Known(
        {(one.participant, one.due_on): one for one in awaited},
        {one.participant: one for one in recollections.to_recollect(work, day)},
    )
    lines = []
    for draw, code in rows:
        is_one_of_two = on_the_day[draw.participant_id, draw.due_on] > 1
        facts = _facts(draw, code, said.get(id_of(draw)), known, is_one_of_two=is_one_of_two)
        told = of_day.told(draw, work.zone) if of_day and draw.due_on == day else None
        lines.append(_line(work, draw, facts, day, told))
    return lines


@dataclass(frozen=True)
class _Known:
    """What is known of draws beside their rows."""

    awaited: Mapping[tuple[str, date], Awaited]
    again: Mapping[str, recollections.ToRecollect]


def _facts(draw: Draw, code: str, said: GoverningResult | None, known: _Known, *, is_one_of_two: bool) -> DrawFacts:
    status, outcome = Status(draw.status), Outcome(draw.outcome) if draw.outcome else None
    awaited = known.awaited.get((code, draw.due_on)) if status is Status.COLLECTED else None
    again = known.again.get(code) if status is Status.COLLECTED and outcome is not None else None
    is_again = again is not None and again.due_on == draw.due_on
    return DrawFacts(
        code=code,
        due_on=draw.due_on,
        kind=DrawKind(draw.kind),
        status=status,
        outcome=outcome,
        because=Because(draw.because) if draw.because else None,
        unable=draw.unable,
        is_one_of_two=is_one_of_two,
        found=said.unexpected if said and outcome else (),
        explained=said.expected if said and outcome else (),
        presumptive=said.left if said and outcome else (),
        awaited_by=awaited.expected_by if awaited else None,
        lab=awaited.lab if awaited else None,
        again=OUT_OF_RANGE if is_again else None,
        same_draw=is_again and again is not None and again.same_draw,
        earlier_outcome=said.outcome if said else None,
    )


def _line(work: Work, draw: Draw, facts: DrawFacts, day: date, told: "Told | None") -> BoardLine:
    said = said_of(facts, work.today)
    if told is not None and facts.status is Status.DUE:
        from testing_tracker.rules.check_in.told import with_told

        said = with_told(told.word, None if said == NOT_YET else said) or NOT_YET
    if draw.panel is not None and facts.outcome is None and facts.status in (Status.DUE, Status.COLLECTED):
        said += f"; look for {', '.join(services.versions.test_of(work, draw).panel)}"
    return BoardLine(
        draw_id=id_of(draw),
        participant=facts.code,
        due_on=facts.due_on,
        kind=facts.kind,
        status=facts.status,
        outcome=facts.outcome,
        analytes=(*facts.found, *facts.explained),
        place=place_of(facts, day),
        said=said,
        next=next_words(facts, work.today),
        state=state_of_draw(draw),
        at_laboratory=facts.awaits_result and facts.awaited_by is not None,
        told=told,
    )


def _recommendations(work: Work) -> list[OpenRecommendation]:
    rows = work.session.exec(
        select(Recommendation, Participant.code)
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            Recommendation.status == RecommendationStatus.OPEN,
            or_(col(Recommendation.deferred_until).is_(None), col(Recommendation.deferred_until) <= work.today),
        )
        .order_by(col(Recommendation.raised_at).desc(), col(Recommendation.id).desc())
    )
    return [OpenRecommendation(id_of(one), code, one.from_level, one.to_level, one.reason) for one, code in rows]


def _by_itself(work: Work, state: "StatusReport") -> RanByItself:
    arrived = [one for one in state.deliveries if one.delivered_at is not None]
    last = max(arrived, key=lambda one: one.delivered_at or work.now, default=None)
    night = state.night
    return RanByItself(
        night=night.day if night else None,
        night_at=night.at if night else None,
        drawn=night.drawn if night else None,
        missed=night.missed if night else None,
        report=last.week if last else None,
        report_at=last.delivered_at if last else None,
        backup_at=state.checks[0].at if state.checks else None,
        problems=tuple(state.problems),
    )
