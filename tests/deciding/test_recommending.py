"""What a clinician is asked follows from the record, in whatever order it came about."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.deciding.escalation import LADDER
from testing_tracker.rules.deciding.recommending import Case, Fact, Wanted, wanted, weighed
from testing_tracker.rules.schedules.schedule import Missed, ResponseRule
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.testing.carry_over import Found, same_uses
from testing_tracker.rules.words import Level, ReviewReason, Status, TakenAs

MONDAY = date(2026, 11, 16)
STRICT = ResponseRule(steps=1, repeat_within_days=30, repeat_steps=2, missed=Missed.POSITIVE)
REVIEWED = ResponseRule(missed=Missed.REVIEW)
WINDOWS = {"cocaine": 4, "cannabinoids": 30, "ethanol": None}
SAME_USE = "cannabinoids, as on 2026-11-16"


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def positive(number: int, *found: str, **more) -> Fact:
    return Fact(number, day(number), Status.COLLECTED, is_positive=True, found=found or ("cocaine",), **more)


def absent(number: int, status: Status, response: ResponseRule, **more) -> Fact:
    return Fact(number, day(number), status, response, **more)


def case(*facts: Fact, level: Level = Level.OUTPATIENT, acts=()) -> Case:
    """A case of these draws alone, with what they say of each other worked out."""
    found = [Found(one.draw_id, one.on, {name: WINDOWS[name] for name in one.found}) for one in facts if one.grounds]
    same = same_uses(SHIPPED, [one for one in found if one.windows])
    return Case(
        level=level,
        facts=[replace(one, same_use=same.get(one.draw_id, ()) if one.is_positive else ()) for one in facts],
        decided={one.draw_id for one in facts if TakenAs.POSITIVE in one.decided_as},
        uses=[one.on for one in facts if one.is_positive and one.draw_id not in same],
        acts=acts,
    )


def to_level(one: Case) -> Level:
    return weighed(one, wanted(one).evidence).to_level


DECIDED = frozenset({TakenAs.POSITIVE})


def test_a_positive_raises_a_step_up():
    one = case(positive(0))
    assert wanted(one).evidence == {0: TakenAs.POSITIVE}
    assert to_level(one) is Level.IOP


def test_a_negative_and_one_that_prescriptions_explain_ask_for_nothing():
    assert wanted(case(Fact(0, MONDAY, Status.COLLECTED))) == Wanted(because="no positive test is left")


@pytest.mark.parametrize("status", [Status.MISSED, Status.REFUSED])
def test_an_absence_is_evidence_or_reviewed_or_only_counted_as_the_schedule_says(status):
    assert wanted(case(absent(0, status, STRICT))).evidence == {0: TakenAs(status)}
    assert wanted(case(absent(0, status, REVIEWED, reason="left"))).reviews == {(0, ReviewReason(status)): "left"}
    assert wanted(case(absent(0, status, ResponseRule()))) == wanted(case())


def test_who_tried_and_could_not_is_looked_at_once_the_day_is_over():
    tried = Fact(0, MONDAY, Status.UNRECORDED, unable=True)
    assert set(wanted(case(tried)).reviews) == {(0, ReviewReason.UNABLE)}
    assert wanted(case(replace(tried, status=Status.DUE))).reviews == {}


def test_what_was_decided_on_is_not_put_forward_again():
    assert wanted(case(positive(0, decided_as=DECIDED))).evidence == {}


def test_a_missed_test_that_was_decided_on_and_turns_out_positive_is_put_forward():
    assert wanted(case(positive(0, decided_as=frozenset({TakenAs.MISSED})))).evidence == {0: TakenAs.POSITIVE}


def test_a_use_that_was_decided_on_is_asked_about_and_raises_nothing():
    one = case(positive(0, "cannabinoids", decided_as=DECIDED), positive(7, "cannabinoids"))
    assert wanted(one).evidence == {}
    assert wanted(one).reviews == {(7, ReviewReason.SAME_USE): SAME_USE}


def test_beside_anything_new_it_is_seen_with_that():
    decided, again = positive(0, "cannabinoids", decided_as=DECIDED), positive(7, "cannabinoids")
    new = wanted(case(decided, again, absent(9, Status.REFUSED, STRICT)))
    assert set(new.evidence) == {7, 9}
    assert new.reviews == {}


def test_what_a_clinician_has_looked_at_as_the_same_use_stays_looked_at():
    decided = positive(0, "cannabinoids", decided_as=DECIDED)
    looked_at = positive(7, "cannabinoids", looked_at=SAME_USE)
    assert wanted(case(decided, looked_at)).reviews == {}
    assert set(wanted(case(decided, looked_at, positive(9))).evidence) == {9}


def test_it_is_put_forward_when_the_use_is_none_any_more():
    corrected = Fact(0, MONDAY, Status.COLLECTED, decided_as=DECIDED)
    looked_at = positive(7, "cannabinoids", looked_at=SAME_USE)
    assert set(wanted(case(corrected, looked_at)).evidence) == {7}


def test_what_somebody_was_moved_on_is_looked_at_when_it_is_no_ground_any_more():
    moved = ("was moved from iop to php on this ground (recommendation 1)",)
    excused = Fact(0, MONDAY, Status.EXCUSED, moved=moved)
    assert wanted(case(excused)).reviews == {(0, ReviewReason.LOST_GROUND): moved[0]}
    assert wanted(case(positive(0, decided_as=DECIDED, moved=moved))).reviews == {}


def test_a_repeat_asks_for_more_and_the_same_use_for_nothing_of_its_own():
    first, repeat = positive(0, response=STRICT), positive(10, response=STRICT)
    assert to_level(case(first, repeat)) is Level.PHP
    assert to_level(case(first, positive(3, response=STRICT))) is Level.IOP
    assert to_level(case(first, absent(10, Status.MISSED, STRICT))) is Level.IOP


def test_the_reason_counts_what_it_rests_on():
    facts = (positive(0), positive(3), absent(4, Status.MISSED, STRICT))
    said = weighed(case(*facts), {0, 3, 4}).reason
    assert said == (
        "2 positive tests (1 of them possibly the same use as 2026-11-16), 1 missed test; "
        "review for more immersive care, outpatient to iop"
    )


UNTIL = date(2026, 12, 1)


def test_a_deferral_ends_with_a_use_that_came_later_and_not_with_the_same_one():
    stands = positive(0, stands_as=TakenAs.POSITIVE)
    put_off = (0, UNTIL)
    assert weighed(case(stands, acts=put_off), {0}).deferred_until == UNTIL
    assert weighed(case(stands, positive(3), acts=put_off), {0, 3}).deferred_until == UNTIL
    assert weighed(case(stands, positive(10), acts=put_off), {0, 10}).deferred_until is None
    later = positive(10, stands_as=TakenAs.POSITIVE)
    assert weighed(case(stands, later, acts=(*put_off, 10)), {0, 10}).deferred_until is None
    assert weighed(case(stands, later, acts=(*put_off, 10)), {0}).deferred_until == UNTIL


def test_why_an_open_one_is_withdrawn():
    stands = TakenAs.POSITIVE
    gone = Fact(0, MONDAY, Status.EXCUSED, stands_as=stands)
    assert wanted(case(gone)).because == "no positive test is left"
    decided = positive(0, "cannabinoids", decided_as=DECIDED)
    again = positive(7, "cannabinoids", stands_as=stands)
    assert wanted(case(decided, again, replace(gone, draw_id=9))).because == (
        "only uses that were decided on before are left"
    )


TAKEN = st.sampled_from(TakenAs)
ONE_DRAW = st.fixed_dictionaries(
    {
        "status": st.sampled_from([*Status, Status.COLLECTED, Status.COLLECTED]),
        "response": st.sampled_from([STRICT, REVIEWED, ResponseRule(steps=0), ResponseRule()]),
        "found": st.sets(st.sampled_from(sorted(WINDOWS))).map(sorted).map(tuple),
        "unable": st.booleans(),
        "stands_as": st.none() | TAKEN,
        "decided_as": st.frozensets(TAKEN),
        "looked_at": st.none() | st.sampled_from([SAME_USE, "cocaine, as on 2026-11-16"]),
        "moved": st.sampled_from([(), ("was moved",)]),
    }
)


@st.composite
def cases(draw, response=None) -> Case:
    drawn = draw(st.dictionaries(st.integers(0, 40), ONE_DRAW, max_size=6))
    facts = [
        Fact(
            number,
            day(number),
            is_positive=bool(said["found"]),
            **(said | ({"response": response} if response else {})),
        )
        for number, said in drawn.items()
    ]
    acts = draw(st.lists(st.sampled_from([UNTIL, UNTIL + timedelta(days=7), *drawn]), max_size=5))
    return case(*facts, level=draw(st.sampled_from(Level)), acts=acts)


@given(st.data(), cases())
def test_the_order_in_which_the_facts_are_listed_changes_nothing(data, one):
    other = replace(one, facts=data.draw(st.permutations(one.facts)))
    assert wanted(other) == wanted(one)
    assert weighed(other, wanted(other).evidence) == weighed(one, wanted(one).evidence)


@given(cases())
def test_what_is_in_line_stays_as_it_is(one):
    asked = wanted(one)
    came = [fact.draw_id for fact in one.facts if asked.evidence.get(fact.draw_id) not in (None, fact.stands_as)]
    in_line = replace(
        one,
        facts=[replace(fact, stands_as=asked.evidence.get(fact.draw_id)) for fact in one.facts],
        acts=[*one.acts, *came],
    )
    assert replace(wanted(in_line), because=None) == replace(asked, because=None)
    if asked.evidence:
        assert weighed(in_line, asked.evidence) == weighed(one, asked.evidence)


@given(cases())
def test_nothing_is_both_put_forward_and_asked_about_and_nothing_new_is_lost(one):
    asked = wanted(one)
    about_uses = {draw_id for draw_id, about in asked.reviews if about is ReviewReason.SAME_USE}
    assert not (asked.evidence and about_uses)
    for fact in one.facts:
        assert asked.evidence.get(fact.draw_id) not in fact.decided_as
        is_new = fact.grounds is not None and fact.grounds not in fact.decided_as and not fact.same_use
        assert not is_new or fact.draw_id in asked.evidence


@given(st.data(), cases(response=STRICT))
def test_one_more_test_never_recommends_less(data, one):
    ids = [fact.draw_id for fact in one.facts if fact.grounds]
    more = set(data.draw(st.lists(st.sampled_from(ids)))) if ids else set()
    fewer = {draw_id for draw_id in more if data.draw(st.booleans())}
    levels = [LADDER.index(weighed(one, evidence).to_level) for evidence in (fewer, more)]
    assert levels == sorted(levels)
