"""How long people waited for a result and a decision, and what became of what cups had found."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.reporting.confirming import Confirmed, PresumptivePositive, all_that_became, what_became
from testing_tracker.rules.reporting.waiting import RaisedAndDecided, decisions, spread, time_to_result
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.testing.settling import Statement
from testing_tracker.rules.words import Outcome

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = date(2026, 11, 16)


def at(text: str, on: int = 16) -> datetime:
    """An instant by the clinic's clock."""
    return datetime.fromisoformat(f"2026-11-{on:02}T{text}").replace(tzinfo=ZONE).astimezone(UTC)


@dataclass
class Row:
    outcome: str | None
    recorded_at: datetime
    collected_at: datetime | None = None


class TestSpread:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([], (0, None, None, None)),
            ([3], (1, 3, 3, 3)),
            ([5, 1], (2, 3, 5, 5)),
            ([1, 2, 9], (3, 2, 9, 9)),
            (range(1, 11), (10, 5.5, 9, 10)),
            (range(1, 12), (11, 6, 10, 11)),
        ],
    )
    def test_the_middle_nine_of_ten_and_the_longest(self, values, expected):
        found = spread(values)
        assert (found.count, found.median, found.ninetieth, found.longest) == expected

    @given(st.lists(st.integers(min_value=0, max_value=99), min_size=1))
    def test_nine_of_ten_took_at_most_so_long_and_no_shorter_time_would_do(self, values):
        found = spread(values)
        assert found.median <= found.ninetieth <= found.longest == max(values)
        assert 10 * sum(value <= found.ninetieth for value in values) >= 9 * len(values)
        assert 10 * sum(value < found.ninetieth for value in values) < 9 * len(values)


class TestTimeToResult:
    @pytest.mark.parametrize(
        ("line", "days", "hours"),
        [
            pytest.param([Row("negative", at("15:00"), at("09:00"))], 0, 6, id="the time of collection is known"),
            pytest.param([Row("negative", at("15:00"))], 0, None, id="only the day is"),
            pytest.param([Row("negative", at("00:30", 18), at("23:30", 17))], 1, 1, id="over the clinic's midnight"),
            pytest.param(
                [Row("positive", at("10:00")), Row("negative", at("10:00", 20))], 0, None, id="a correction is none"
            ),
            pytest.param(
                [Row("positive", at("10:00")), Row(None, at("10:05")), Row("negative", at("12:00", 18))],
                2,
                None,
                id="what was taken back was not said",
            ),
            pytest.param(
                [Row("positive", at("10:00")), Row("positive", at("12:00", 18), at("09:00"))],
                0,
                1,
                id="the time of collection was said later",
            ),
            pytest.param(
                [Row("invalid", at("10:00"), at("09:00")), Row("negative", at("12:00", 18), at("11:00", 18))],
                0,
                1,
                id="a second specimen has a result of its own",
            ),
        ],
    )
    def test_from_the_collection_to_the_first_word_that_stands(self, line, days, hours):
        assert time_to_result(MONDAY, line, ZONE) == (days, hours)

    def test_the_time_of_the_cup_serves_the_laboratory(self):
        assert time_to_result(MONDAY, [Row("positive", at("09:00", 19))], ZONE, at("09:00", 17)) == (2, 48)

    @pytest.mark.parametrize("line", [[], [Row("positive", at("10:00")), Row(None, at("10:05"))]])
    def test_nothing_that_stands_took_no_time(self, line):
        assert time_to_result(MONDAY, line, ZONE) is None


class TestDecisions:
    NOW = at("09:00", 30)

    def found(self, *rows: RaisedAndDecided, first: int = 16, last: int = 22):
        return decisions(rows, date(2026, 11, first), date(2026, 11, last), self.NOW, ZONE)

    def test_what_was_raised_is_accepted_declined_withdrawn_or_open(self):
        found = self.found(
            RaisedAndDecided("accepted", at("09:00", 17), at("21:00", 18)),
            RaisedAndDecided("declined", at("09:00", 17), at("09:00", 20)),
            RaisedAndDecided("withdrawn", at("09:00", 17), at("09:00", 29)),
            RaisedAndDecided("open", at("09:00", 20), None),
            RaisedAndDecided("accepted", at("09:00", 12), at("09:00", 17)),
        )
        assert (found.raised, found.accepted, found.declined, found.withdrawn, found.open) == (4, 1, 1, 1, 1)
        assert (found.to_decision.count, found.to_decision.median, found.to_decision.longest) == (2, 2.25, 3)
        assert found.open_for.longest == 10

    def test_one_that_waits_from_before_is_not_forgotten(self):
        found = self.found(
            RaisedAndDecided("open", at("09:00", 2), None), RaisedAndDecided("open", at("09:00", 23), None)
        )
        assert (found.raised, found.open) == (0, 0)
        assert (found.open_for.count, found.open_for.longest) == (1, 28)

    def test_the_day_is_the_clinics(self):
        late = RaisedAndDecided("open", at("23:59", 22), None)
        assert late.raised_at.date() == date(2026, 11, 23)
        assert self.found(late).raised == 1


FENTANYL, COCAINE, OPIATES = (frozenset({one}) for one in ("fentanyl", "cocaine", "opiates"))
BOTH = FENTANYL | COCAINE


def laboratory(outcome: str, found=frozenset(), looked_for=frozenset()) -> Statement:
    return Statement(Outcome(outcome), found, found | looked_for)


@pytest.mark.parametrize(
    ("positive", "became"),
    [
        (PresumptivePositive(COCAINE), Confirmed.NEVER_SENT),
        (PresumptivePositive(COCAINE, is_explained=True), Confirmed.EXPLAINED),
        (PresumptivePositive(COCAINE, is_awaited=True), Confirmed.AWAITED),
        (PresumptivePositive(COCAINE, is_explained=True, is_awaited=True), Confirmed.AWAITED),
        (PresumptivePositive(COCAINE, definitive=laboratory("positive", COCAINE)), Confirmed.CONFIRMED),
        (PresumptivePositive(COCAINE, definitive=laboratory("positive", BOTH)), Confirmed.CONFIRMED),
        (PresumptivePositive(OPIATES, definitive=laboratory("positive", frozenset({"codeine"}))), Confirmed.CONFIRMED),
        (PresumptivePositive(BOTH, definitive=laboratory("positive", COCAINE, FENTANYL)), Confirmed.PARTLY),
        (PresumptivePositive(BOTH, definitive=laboratory("positive", COCAINE)), Confirmed.PARTLY),
        (PresumptivePositive(COCAINE, definitive=laboratory("negative")), Confirmed.NOT),
        (PresumptivePositive(COCAINE, definitive=laboratory("negative", looked_for=COCAINE)), Confirmed.NOT),
        (PresumptivePositive(BOTH, definitive=laboratory("negative", looked_for=COCAINE)), Confirmed.INCONCLUSIVE),
        (PresumptivePositive(COCAINE, definitive=laboratory("positive", FENTANYL)), Confirmed.INCONCLUSIVE),
        (PresumptivePositive(COCAINE, definitive=laboratory("invalid")), Confirmed.INCONCLUSIVE),
        (PresumptivePositive(COCAINE, definitive=laboratory("invalid"), is_awaited=True), Confirmed.AWAITED),
        (PresumptivePositive(definitive=laboratory("positive", COCAINE)), Confirmed.CONFIRMED),
        (PresumptivePositive(definitive=laboratory("negative")), Confirmed.NOT),
    ],
)
def test_a_presumptive_positive_becomes_one_thing(positive, became):
    assert what_became(SHIPPED, positive) is became


_analytes = st.frozensets(st.sampled_from(["cocaine", "fentanyl", "opiates", "codeine"]))
_said = st.none() | st.builds(laboratory, st.sampled_from(["negative", "positive", "invalid"]), _analytes, _analytes)


@given(st.lists(st.builds(PresumptivePositive, _analytes, st.booleans(), _said, st.booleans())))
def test_all_that_became_of_them_are_all_there_are(positives):
    found = all_that_became(SHIPPED, positives)
    assert list(found) == list(Confirmed)
    assert sum(found.values()) == len(positives)


@given(_analytes, _said.filter(bool), st.booleans())
def test_nothing_is_confirmed_that_no_laboratory_found(found, said, awaited):
    became = what_became(SHIPPED, PresumptivePositive(found, definitive=said, is_awaited=awaited))
    if became in (Confirmed.CONFIRMED, Confirmed.PARTLY):
        assert said.found or not found


def test_a_day_of_another_zone_is_not_counted_twice():
    assert time_to_result(MONDAY, [Row("negative", at("16:30"), at("16:00"))], ZONE) == (0, 0.5)
    assert at("16:30").date() == MONDAY + timedelta(days=1)
