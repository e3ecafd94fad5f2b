"""A receipt says who was told what on which day, and only who holds the clinic's key can make one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.check_in.answers import (
    CheckInAttempt,
    CheckInOutcome,
    CheckInWindow,
    DaysAnswer,
    Standing,
    Timing,
    answer_of,
    standing,
)
from testing_tracker.rules.check_in.receipts import (
    HERE,
    RECEIPT_DIGITS,
    Says,
    check_digit,
    everything_said,
    is_whole,
    receipt,
    receipt_key,
    shown,
    what_it_says,
)
from testing_tracker.rules.drawing.day_secrets import chain_of
from testing_tracker.rules.words import Status

SEED, DAY = bytes(range(32)), date(2026, 11, 16)
PINNED = [
    *("52983426", "52048350", "74687941"),  # come: in time, late, over
    *("82959659", "99375550", "82011397"),  # stay
    *("98662088", "97103720", "02819082"),  # done
    *("29824074", "84477224", "40814418"),  # here
]
COME_IN_TIME = Says(DaysAnswer.COME, Timing.IN_TIME)

seeds = st.binary(min_size=32, max_size=32)
days = st.dates(date(2026, 1, 1), date(2030, 12, 31))
people = st.integers(1, 10**9)
sayings = st.sampled_from(list(everything_said()))
digits = st.text("0123456789", min_size=1, max_size=12)


class TestCheckDigits:
    @given(digits)
    def test_every_wrong_digit_is_found(self, some):
        whole = some + check_digit(some)
        assert is_whole(whole)
        for place, right in enumerate(whole):
            for wrong in set("0123456789") - {right}:
                assert not is_whole(whole[:place] + wrong + whole[place + 1 :])

    @given(digits)
    def test_every_two_neighbours_that_changed_places_are_found(self, some):
        whole = some + check_digit(some)
        for place in range(len(whole) - 1):
            one, other = whole[place : place + 2]
            if one != other:
                assert not is_whole(whole[:place] + other + one + whole[place + 2 :])

    def test_damms_own_example(self):
        """572 has the check digit 4 (Damm 2004, as repeated in every description of the algorithm)."""
        assert check_digit("572") == "4"

    @pytest.mark.parametrize("nothing", ["", "12a4", "٥٧٢٤", "572 4", "²", "-1"])
    def test_what_is_no_digits_is_not_whole(self, nothing):
        assert not is_whole(nothing)


class TestReceipts:
    @given(seeds, days, people, sayings)
    def test_a_receipt_says_what_it_was_made_for(self, seed, day, person, says):
        made = receipt(receipt_key(seed, day), person, says)
        assert len(made) == RECEIPT_DIGITS
        assert is_whole(made)
        assert what_it_says(receipt_key(seed, day), person, made) == says

    def test_it_is_the_same_for_ever(self):
        """What was said over a telephone has to be found again by every later version of the program."""
        key = receipt_key(SEED, DAY)
        assert [receipt(key, 17, says) for says in everything_said()] == PINNED

    def test_a_repeated_check_in_has_the_same_one(self):
        made = {receipt(receipt_key(SEED, DAY), 17, COME_IN_TIME) for _ in range(3)}
        assert len(made) == 1

    @given(seeds, days, people, sayings, st.data())
    def test_it_is_of_one_person_one_day_and_one_key(self, seed, day, person, says, data):
        """But for what chance makes alike: 12 in 10 million."""
        made = receipt(receipt_key(seed, day), person, says)
        other = data.draw(people.filter(lambda one: one != person))
        another_day = day + timedelta(days=data.draw(st.integers(1, 400)))
        another_seed = data.draw(seeds.filter(lambda one: one != seed))
        found = [
            what_it_says(receipt_key(seed, day), other, made),
            what_it_says(receipt_key(seed, another_day), person, made),
            what_it_says(receipt_key(another_seed, day), person, made),
        ]
        assert found.count(None) >= len(found) - 1

    @given(seeds, days, people, sayings)
    def test_none_is_made_from_what_a_proof_publishes(self, seed, day, person, says):
        """The day's secret is in every proof; whoever has one can make nobody's receipt."""
        published = chain_of(seed, day - timedelta(days=30), 60).secret(seed, day)
        real = receipt(receipt_key(seed, day), person, says)
        from_a_proof = [receipt_key(published, day), published, receipt_key(published, day)[:16]]
        assert receipt_key(seed, day) not in (published, *from_a_proof)
        assert any(receipt(key, person, says) != real for key in from_a_proof)
        assert sum(receipt(key, person, one) == real for key in from_a_proof for one in everything_said()) <= 1

    @given(seeds, days, people)
    def test_the_answers_of_a_day_have_receipts_of_their_own(self, seed, day, person):
        key = receipt_key(seed, day)
        made = [receipt(key, person, says) for says in everything_said()]
        assert len(set(made)) == 12

    def test_no_receipt_says_two_things(self):
        """Chance makes two of them alike in one of 150,000 days of a participant; this is one."""
        key, person = receipt_key(SEED, DAY), 65_352
        late, stay = Says(DaysAnswer.COME, Timing.LATE), Says(DaysAnswer.STAY, Timing.IN_TIME)
        assert receipt(key, person, late) != receipt(key, person, stay)
        assert what_it_says(key, person, receipt(key, person, stay)) == stay
        assert what_it_says(key, person, receipt(key, person, late)) == late

    def test_all_that_can_be_said_is_in_one_order(self):
        """`todays_receipt` keeps them in it."""
        assert [(one.said, str(one.timing)) for one in everything_said()] == [
            (said, timing) for said in ("come", "stay", "done", "here") for timing in ("in time", "late", "over")
        ]

    @pytest.mark.parametrize("given", ["", "1234567", "123456789", "4586-5319", "٤٥٨٦٥٣١٩", "abcdefgh", "😀" * 8])
    def test_what_is_no_receipt_says_nothing(self, given):
        assert what_it_says(receipt_key(SEED, DAY), 17, given) is None

    def test_it_is_said_in_two_parts(self):
        assert shown("45865319") == "4586-5319"


class TestAnswers:
    @pytest.mark.parametrize(
        ("statuses", "answer"),
        [
            ([], "stay"),
            ([Status.DUE], "come"),
            ([Status.MISSED], "come"),
            ([Status.REFUSED], "come"),
            ([Status.COLLECTED], "done"),
            ([Status.EXCUSED], "stay"),
            ([Status.CANCELLED], "stay"),
            ([Status.UNRECORDED], "stay"),
            ([Status.COLLECTED, Status.DUE], "come"),
            ([Status.EXCUSED, Status.COLLECTED], "done"),
            ([Status.CANCELLED, Status.EXCUSED], "stay"),
        ],
    )
    def test_who_has_a_draw_to_give_is_told_to_come(self, statuses, answer):
        assert answer_of(statuses) == answer
        assert answer_of(reversed(statuses)) == answer

    @given(st.lists(st.sampled_from(Status)))
    def test_any_draw_that_is_due_says_come(self, statuses):
        assert answer_of([*statuses, Status.DUE]) is DaysAnswer.COME

    def test_an_answer_is_in_time_until_the_window_closes(self):
        window = CheckInWindow(*(datetime(2026, 11, 16, hour, tzinfo=UTC) for hour in (5, 10, 17)))
        second = timedelta(seconds=1)
        said = [
            window.timing(window.opens - second),
            window.timing(window.opens),
            window.timing(window.closes - second),
            window.timing(window.closes),
            window.timing(window.over - second),
            window.timing(window.over),
        ]
        assert said == [None, Timing.IN_TIME, Timing.IN_TIME, Timing.LATE, Timing.LATE, Timing.OVER]

    def test_where_collection_ends_with_the_window_nobody_is_late(self):
        opens, closes = (datetime(2026, 11, 16, hour, tzinfo=UTC) for hour in (5, 10))
        assert CheckInWindow(opens, closes, closes).timing(closes) is Timing.OVER


NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
minutes = st.integers(-300, 300).map(lambda minute: NOON + timedelta(minutes=minute))
told = st.builds(
    lambda at, answer: CheckInAttempt(at, CheckInOutcome.TOLD, answer, Timing.IN_TIME),
    minutes,
    st.sampled_from(DaysAnswer),
)
others = st.builds(
    CheckInAttempt, minutes, st.sampled_from([one for one in CheckInOutcome if one is not CheckInOutcome.TOLD])
)


def tells(minute: int, answer: DaysAnswer) -> CheckInAttempt:
    return CheckInAttempt(NOON + timedelta(minutes=minute), CheckInOutcome.TOLD, answer, Timing.IN_TIME)


def tries(minute: int, outcome=CheckInOutcome.WRONG) -> CheckInAttempt:
    return CheckInAttempt(NOON + timedelta(minutes=minute), outcome)


class TestStanding:
    """What counts most is that somebody was told to come after the draw was on record."""

    @pytest.mark.parametrize(
        ("attempts", "stands", "minute"),
        [
            ([], Standing.NOT_CHECKED_IN, None),
            ([tries(-5)], Standing.TRIED, -5),
            ([tries(-5), tries(5, CheckInOutcome.OVER)], Standing.TRIED, 5),
            ([tries(5, CheckInOutcome.EARLY)], Standing.TRIED, 5),
            ([tells(5, DaysAnswer.COME)], Standing.TOLD, 5),
            ([tells(0, DaysAnswer.COME)], Standing.TOLD, 0),
            ([tells(5, DaysAnswer.COME), tells(2, DaysAnswer.COME)], Standing.TOLD, 2),
            ([tells(5, DaysAnswer.COME), tells(9, DaysAnswer.DONE)], Standing.TOLD, 5),
            ([tells(5, DaysAnswer.COME), tells(9, DaysAnswer.STAY)], Standing.TOLD_BEFORE_ORDERED, 9),
            ([tells(5, DaysAnswer.STAY), tells(9, DaysAnswer.COME)], Standing.TOLD, 9),
            ([tells(-5, DaysAnswer.STAY)], Standing.TOLD_BEFORE_ORDERED, -5),
            ([tells(-5, DaysAnswer.COME)], Standing.TOLD_BEFORE_ORDERED, -5),
            ([tells(-5, DaysAnswer.STAY), tries(5)], Standing.TOLD_BEFORE_ORDERED, -5),
            ([tells(5, DaysAnswer.STAY)], Standing.TOLD_BEFORE_ORDERED, 5),
            ([tells(-5, DaysAnswer.STAY), tells(5, DaysAnswer.COME)], Standing.TOLD, 5),
            ([tells(5, DaysAnswer.DONE)], Standing.TOLD_BEFORE_ORDERED, 5),
        ],
    )
    def test_from_what_counts_most(self, attempts, stands, minute):
        found = standing(attempts, NOON)
        assert found.standing is stands
        assert found.attempts == len(attempts)
        assert (found.attempt.at if found.attempt else None) == (
            None if minute is None else NOON + timedelta(minutes=minute)
        )

    @given(st.lists(st.one_of(told, others), max_size=8), st.randoms())
    def test_it_does_not_depend_on_the_order_in_which_they_came_here(self, attempts, random):
        shuffled = random.sample(attempts, len(attempts))
        assert standing(shuffled, NOON).standing is standing(attempts, NOON).standing

    @given(st.lists(st.one_of(told, others), max_size=8), others)
    def test_a_further_try_never_makes_it_worse(self, attempts, further):
        order = list(Standing)
        before, after = standing(attempts, NOON), standing([*attempts, further], NOON)
        assert order.index(after.standing) <= order.index(before.standing)

    @given(st.lists(st.one_of(told, others), max_size=8))
    def test_told_is_only_who_was_told_to_come_and_not_otherwise_since(self, attempts):
        """Whoever was last told that they need not come went by that, and has not missed."""
        said = [one for one in attempts if one.outcome is CheckInOutcome.TOLD]
        to_come = any(one.answer is DaysAnswer.COME and one.at >= NOON for one in said)
        last = max((one.at for one in said), default=None)
        sent_home = any(one.at == last and one.answer is DaysAnswer.STAY for one in said)
        assert (standing(attempts, NOON).standing is Standing.TOLD) == (to_come and not sent_home)

    def test_being_here_is_no_answer(self):
        assert HERE not in list(DaysAnswer)
