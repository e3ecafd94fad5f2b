"""What a clinician is asked because of a participant's tests: a function of the record, however it came about.

A positive test raises a recommendation or joins the open one, and so does a missed or refused test where the schedule
asks for that. What a clinician has decided on is not put forward again, nor is a positive that may still show a use
that was decided on: somebody is asked to look at it instead, unless there is another reason to look at the level of
care, which it then is seen with.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from testing_tracker.rules.deciding.escalation import (
    Grounds,
    Positive,
    explanation,
    is_more_immersive,
    level_above,
    steps_up,
)
from testing_tracker.rules.schedules.schedule import Missed, ResponseRule
from testing_tracker.rules.testing.carry_over import Found
from testing_tracker.rules.words import Level, ReviewReason, Status, TakenAs

_ABSENCES = {Status.MISSED: ReviewReason.MISSED, Status.REFUSED: ReviewReason.REFUSED}


@dataclass(frozen=True)
class Fact:
    """A draw as it is on record now, and what clinicians have said of it.

    `is_positive`: it found something that no prescription explains, `found` in alphabetical order. `same_use` are the
    earlier positives that it may be the same use as, and `looked_at` the words in which a clinician has looked at that.
    `stands_as` says as what it stands in the open recommendation, `decided_as` as what it was decided on, and `moved`
    whom an accepted recommendation moved on it.
    """

    draw_id: int
    on: date
    status: Status
    response: ResponseRule = field(default_factory=ResponseRule)
    reason: str | None = None
    is_positive: bool = False
    unable: bool = False
    found: tuple[str, ...] = ()
    same_use: tuple[Found, ...] = ()
    looked_at: str | None = None
    stands_as: TakenAs | None = None
    decided_as: frozenset[TakenAs] = frozenset()
    moved: tuple[str, ...] = ()

    @property
    def grounds(self) -> TakenAs | None:
        """What the draw is evidence of now, if of anything."""
        if self.status in _ABSENCES:
            return TakenAs(self.status) if self.response.missed is Missed.POSITIVE else None
        return TakenAs.POSITIVE if self.is_positive and self.status is Status.COLLECTED else None

    @property
    def reviews(self) -> Mapping[ReviewReason, str | None]:
        """What the draw by itself asks a clinician to look at, each with its detail.

        Who was absent, where the schedule asks for a review of that; who tried and could not, which is held against
        nobody; and what a participant was moved on that is no ground any more, because only a clinician takes a
        decision back.
        """
        wanted: dict[ReviewReason, str | None] = {}
        if self.status in _ABSENCES and self.response.missed is Missed.REVIEW:
            wanted[_ABSENCES[self.status]] = self.reason
        if self.unable and self.status is Status.UNRECORDED:
            wanted[ReviewReason.UNABLE] = self.reason
        if self.moved and self.grounds is None:
            wanted[ReviewReason.LOST_GROUND] = "; ".join(self.moved)
        return wanted

    @property
    def same_use_in_words(self) -> str:
        """What was found again, and on which days before: `cocaine, as on 2026-11-16`."""
        return f"{', '.join(self.found)}, as on {' and '.join(str(found.on) for found in self.same_use)}"


@dataclass(frozen=True)
class Case:
    """What a participant's recommendation and reviews follow from.

    `facts` are the draws that may matter. `decided` are the draws, by id, that clinicians have decided on as positive,
    and `uses` the days of the positives that show a use of their own; either may be of draws that are no fact here.
    `acts` tell of the open recommendation in their order: a day until which it was put off, a draw that came to it, or
    None where it was reopened.
    """

    level: Level
    facts: Sequence[Fact] = ()
    decided: Collection[int] = ()
    uses: Collection[date] = ()
    acts: Sequence[date | int | None] = ()


@dataclass(frozen=True)
class Weighed:
    """What some evidence recommends, why, and until when it is put off."""

    from_level: Level
    to_level: Level
    reason: str
    deferred_until: date | None


@dataclass(frozen=True)
class Wanted:
    """What ought to stand: the evidence, by draw and as what, and the reviews, by draw and matter, with their detail.

    Without evidence there is no recommendation, and one that is open is withdrawn for the reason `because`.
    """

    evidence: Mapping[int, TakenAs] = field(default_factory=dict)
    reviews: Mapping[tuple[int, ReviewReason], str | None] = field(default_factory=dict)
    because: str | None = None


def wanted(case: Case) -> Wanted:
    """The recommendation and the reviews that a case asks for.

    All that nobody has decided on is seen together, as soon as anything of it may be a new use or is an absence.
    """
    undecided = [fact for fact in case.facts if _is_undecided(case, fact)]
    reviews = {(fact.draw_id, about): detail for fact in case.facts for about, detail in fact.reviews.items()}
    if all(_is_use_decided_on(case, fact) for fact in undecided):
        reviews |= {(fact.draw_id, ReviewReason.SAME_USE): fact.same_use_in_words for fact in undecided}
        is_left = any(fact.stands_as and fact.grounds for fact in case.facts)
        left = "only uses that were decided on before are left" if is_left else "no positive test is left"
        return Wanted(reviews=reviews, because=left)
    return Wanted({fact.draw_id: fact.grounds for fact in undecided if fact.grounds}, reviews)


def weighed(case: Case, evidence: Collection[int]) -> Weighed:
    """Work out what some draws of a case recommend: the highest level that any one of them asks for.

    Two positives ask for no more than one, unless the schedule says so of repeats; the clinician sees them all.
    """
    facts = [fact for fact in case.facts if fact.draw_id in evidence]
    target = case.level
    for fact in facts:
        reached = level_above(case.level, _steps(case, fact, evidence))
        target = reached if is_more_immersive(reached, target) else target
    taken = [fact.grounds for fact in facts]
    grounds = Grounds(
        positive=taken.count(TakenAs.POSITIVE),
        missed=taken.count(TakenAs.MISSED),
        refused=taken.count(TakenAs.REFUSED),
        same_uses=[[found.on for found in fact.same_use] for fact in facts if fact.same_use],
    )
    return Weighed(case.level, target, explanation(case.level, target, grounds), _put_off_until(case, facts))


def _is_undecided(case: Case, fact: Fact) -> bool:
    """Whether a draw is a ground that no clinician has decided on, nor looked at as a use that was decided on.

    What was looked at is to be seen again when it may go back to another use than was said then.
    """
    if fact.grounds is None or fact.grounds in fact.decided_as:
        return False
    return not (_is_use_decided_on(case, fact) and fact.looked_at == fact.same_use_in_words)


def _is_use_decided_on(case: Case, fact: Fact) -> bool:
    """Whether all that a positive found may be from uses that clinicians have decided on."""
    return bool(fact.same_use) and all(found.draw_id in case.decided for found in fact.same_use)


def _steps(case: Case, fact: Fact, evidence: Collection[int]) -> int:
    """How many levels up one draw of the evidence asks for.

    A positive that may be the same use as one that a clinician knows of, asks for none of its own; beside a past
    record, which raises no recommendation, for no more than a first one does. A missed or refused test is no positive,
    so it is no repeat of one either.
    """
    if fact.same_use:
        is_known = all(found.draw_id in evidence or found.draw_id in case.decided for found in fact.same_use)
        return 0 if is_known else fact.response.steps
    return steps_up(Positive(fact.on, fact.response), case.uses if fact.is_positive else ())


def _put_off_until(case: Case, evidence: Sequence[Fact]) -> date | None:
    """Until when a recommendation is put off, as its evidence stands.

    What may show a use of its own and came later ends a deferral: the clinician put it off without knowing of it. One
    that was taken back has not ended it. A clinician who reopens it wants it back now.
    """
    ending = [fact for fact in evidence if not fact.same_use]
    if any(fact.stands_as is not fact.grounds for fact in ending):
        return None
    until: date | None = None
    for act in case.acts:
        if act is None or isinstance(act, date):
            until = act
        elif any(fact.draw_id == act for fact in ending):
            until = None
    return until
