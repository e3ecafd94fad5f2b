"""The worklist one by one: what a clinician is shown of each, and that it is still so when they decide.

An answer is said in a sentence before it is given (`will`), and given in a transaction of its own (`give`), which does
the acts of the single commands and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Level, RecommendationStatus
from testing_tracker.services.deciding import recommendations, reopening, reviews, worklist
from testing_tracker.services.deciding.recent_record import RecentRecord, recent_record
from testing_tracker.services.deciding.recommendation_lines import RecommendationLine
from testing_tracker.services.deciding.recommendations import ShownRecommendation
from testing_tracker.services.deciding.reviews import ReviewLine, ReviewStatus
from testing_tracker.services.deciding.worklist import StepDownLine
from testing_tracker.services.people import moves
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.store.work import Work


class WaitingKind(StrEnum):
    """What a clinician may have before them."""

    RECOMMENDATION = "recommendation"
    REVIEW = "review"
    STEP_DOWN = "step-down"


@dataclass(frozen=True)
class Waiting:
    """One thing that waits: a recommendation or a review by its number, or by code who may need less care."""

    kind: WaitingKind
    number: int
    participant: str


@dataclass(frozen=True)
class Seen:
    """What was shown of one thing that waits, and whether it still waits. Only one of the first three is there.

    A participant who is not ready for less care any more has none of them.
    """

    waiting: Waiting
    recommendation: ShownRecommendation | None
    review: ReviewLine | None
    step_down: StepDownLine | None
    record: RecentRecord
    is_open: bool

    @property
    def without_ages(self) -> "Seen":
        """All of it but how old it is, which changes by itself."""
        record = replace(self.record, reviews=[replace(one, age_days=0) for one in self.record.reviews])
        shown, review = self.recommendation, self.review
        return replace(
            self,
            recommendation=replace(shown, line=replace(shown.line, age_days=0), record=record) if shown else None,
            review=replace(review, age_days=0) if review else None,
            record=record,
        )


class What(StrEnum):
    """What can be answered."""

    ACCEPT = "accept"
    DECLINE = "decline"
    DEFER = "defer"
    REOPEN = "reopen"
    DONE = "done"
    TRANSFER = "transfer"


@dataclass(frozen=True)
class Answer:
    """What a clinician answers: at which level of care, until which day, and why, as far as the answer takes that."""

    what: What
    level: Level | None = None
    until: date | None = None
    why: str | None = None


class OnScreenNoMoreError(TestingTrackerError):
    """What was shown is not what is on record any more; `now` is."""

    def __init__(self, now: Seen) -> None:
        super().__init__("The record has changed since it was shown; nothing was done.")
        self.now = now


def waiting(work: Work) -> list[Waiting]:
    """What waits for a clinician now, in the order in which to look at it; what was put off is left out."""
    lines = worklist.worklist(work)
    open_ones = [line for line in lines if not isinstance(line, StepDownLine) and not _is_put_off(line, work)]
    return [
        *(Waiting(WaitingKind.RECOMMENDATION, line.id, line.participant) for line in open_ones),
        *(Waiting(WaitingKind.REVIEW, line.id, line.participant) for line in reviews.listed(work)),
        *(Waiting(WaitingKind.STEP_DOWN, 0, line.participant) for line in lines if isinstance(line, StepDownLine)),
    ]


def put_off(work: Work) -> int:
    """How many recommendations are put off to a later day."""
    return sum(_is_put_off(line, work) for line in recommendations.listed(work))


def _is_put_off(line: RecommendationLine, work: Work) -> bool:
    return line.deferred_until is not None and line.deferred_until > work.today


def look(work: Work, one: Waiting) -> Seen:
    """What is to be shown of one thing that waits, as it is on record now."""
    if one.kind is WaitingKind.RECOMMENDATION:
        shown = recommendations.shown(work, one.number)
        is_open = shown.line.status is RecommendationStatus.OPEN and not _is_put_off(shown.line, work)
        return Seen(one, shown, None, None, shown.record, is_open)
    record = recent_record(work, find_participant(work, one.participant))
    if one.kind is WaitingKind.REVIEW:
        review = reviews.line_of(work, one.number)
        return Seen(one, None, review, None, record, review.status is ReviewStatus.OPEN)
    ready = [line for line in worklist.ready_for_less(work) if line.participant == one.participant]
    return Seen(one, None, None, ready[0] if ready else None, record, bool(ready))


def will(work: Work, seen: Seen, answer: Answer) -> str:
    """What an answer will do, in a sentence. Raises TestingTrackerError where it cannot be given.

    Raises OnScreenNoMoreError where the record is not what was shown any more.
    """
    now = look(work, seen.waiting)
    if now.without_ages != seen.without_ages:
        raise OnScreenNoMoreError(now)
    one = seen.waiting
    match answer.what:
        case What.ACCEPT:
            return str(recommendations.acceptance(work, one.number, answer.level).move)
        case What.REOPEN:
            return str(reopening.reopening(work, one.number))
        case What.TRANSFER:
            return str(moves.transfer_of(work, one.participant, _level(answer)))
        case What.DONE:
            return f"Review {one.number} for {one.participant} is done, {_why(answer)}"
        case What.DEFER:
            recommendations.check_to_come(work, _until(answer))
            return f"Recommendation {one.number} for {one.participant} is put off until {_until(answer)}"
    participant = find_participant(work, one.participant)
    stays = moves.move_of(work, participant, moves.level_of_change(work, participant))
    return f"Recommendation {one.number} is declined; {stays}"


def _why(answer: Answer) -> str:
    return f"with `{answer.why}`" if answer.why else "without a note"


def _level(answer: Answer) -> Level:
    assert answer.level is not None, "a transfer is to some level"
    return answer.level


def _until(answer: Answer) -> date:
    assert answer.until is not None, "it is put off until some day"
    return answer.until


def give(work: Work, seen: Seen, answer: Answer, said: str) -> Sequence[str]:
    """Give an answer as it was said; what was done, in sentences.

    Raises OnScreenNoMoreError where the record is not what was shown any more, or the answer would do something else.
    """
    if will(work, seen, answer) != said:
        raise OnScreenNoMoreError(look(work, seen.waiting))
    one, why = seen.waiting, answer.why or ""
    match answer.what:
        case What.ACCEPT:
            return [recommendations.accept(work, one.number, answer.why, answer.level).done]
        case What.DECLINE:
            recommendations.decline(work, one.number, why)
            return [f"{said}."]
        case What.DEFER:
            recommendations.defer(work, one.number, _until(answer), why)
            return [f"Recommendation {one.number} for {one.participant} is put off until {_until(answer)}."]
        case What.REOPEN:
            return reopening.reopen(work, one.number, why).told
        case What.DONE:
            return [reviews.done(work, one.number, answer.why).is_done]
    move = moves.transfer_of(work, one.participant, _level(answer))
    moves.transfer(work, one.participant, _level(answer), why)
    return [f"{move.done}."]


@dataclass(frozen=True)
class StillOpen:
    """How much waits for a clinician, by what it is; `put_off` come back by themselves."""

    recommendations: int
    reviews: int
    step_downs: int
    put_off: int

    @property
    def is_any(self) -> bool:
        """Whether anything waits now."""
        return bool(self.recommendations or self.reviews or self.step_downs)

    def __str__(self) -> str:
        """`2 recommendations, 1 review; 1 put off`."""
        counted = (
            (self.recommendations, "recommendation", "recommendations"),
            (self.reviews, "review", "reviews"),
            (self.step_downs, "participant ready for less", "participants ready for less"),
        )
        said = ", ".join(f"{count} {one if count == 1 else more}" for count, one, more in counted if count)
        return (said or "nothing") + (f"; {self.put_off} put off" if self.put_off else "")


def still_open(work: Work) -> StillOpen:
    """How much waits for a clinician now."""
    counted = [one.kind for one in waiting(work)]
    recommended, to_review, ready = (counted.count(kind) for kind in WaitingKind)
    return StillOpen(recommended, to_review, ready, put_off(work))
