"""The census: who was in the programme, who came, left, and moved from one level of care or schedule to another."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.reporting.census import Movements, RecordDays, census, whereabouts
from testing_tracker.rules.reporting.period import Period, last_full_month, month_said, quarter_said

FIRST = date(2026, 9, 28)
LEVELS, SCHEDULES = ("outpatient", "iop", "php"), ("fixed-2", "random-2")
OCTOBER = month_said("2026-10")


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def record(*enrolled: tuple[str, bool], level: str = "iop", moves: tuple[tuple[str, str], ...] = (), leaves=()):
    """A record that begins with its first enrolment, at a level, and moves from days on."""
    first = day(enrolled[0][0])
    return RecordDays(
        enrolled=[(day(when), what) for when, what in enrolled],
        levels=[(first, level), *((day(when), to) for when, to in moves)],
        schedules=[(first, "fixed-2")],
        leaves=[(day(since), day(until)) for since, until in leaves],
    )


def counted(*records: RecordDays, period: Period = OCTOBER) -> tuple[int, int, int, int]:
    """Beginning, enrolled, discharged and end, of one person."""
    whole = census({1: records}, period).whole
    return whole.beginning, whole.enrolled, whole.discharged, whole.end


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([record(("09-01", True))], (1, 0, 0, 1), id="there all the time"),
        pytest.param([record(("10-01", True))], (0, 1, 0, 1), id="came on the first day"),
        pytest.param([record(("10-31", True))], (0, 1, 0, 1), id="came on the last day"),
        pytest.param([record(("11-01", True))], (0, 0, 0, 0), id="came the day after"),
        pytest.param([record(("09-01", True), ("10-01", False))], (1, 0, 1, 0), id="left from the first day on"),
        pytest.param([record(("09-01", True), ("11-01", False))], (1, 0, 0, 1), id="there to the last day's end"),
        pytest.param(
            [record(("09-01", True), ("10-05", False), ("10-20", True))], (1, 1, 1, 1), id="left and came again"
        ),
        pytest.param(
            [record(("09-01", True), ("10-05", False), ("10-05", True))], (1, 0, 0, 1), id="readmitted on that very day"
        ),
        pytest.param([record(("10-05", True), ("10-05", False))], (0, 0, 0, 0), id="cancelled: it never was"),
        pytest.param(
            [record(("10-05", True), ("10-05", False), ("10-09", True))], (0, 1, 0, 1), id="cancelled, then enrolled"
        ),
        pytest.param(
            [record(("09-01", True)), record(("10-05", True), ("10-12", False))], (1, 0, 0, 1), id="one of two records"
        ),
        pytest.param(
            [record(("10-12", True)), record(("09-01", True), ("10-12", False))], (1, 0, 0, 1), id="one goes on"
        ),
        pytest.param(
            [record(("10-20", True)), record(("09-01", True), ("10-12", False))], (1, 1, 1, 1), id="with a gap between"
        ),
    ],
)
def test_a_person_counts_by_days(records, expected):
    assert counted(*records) == expected


def test_a_move_leaves_one_level_and_comes_to_another():
    found = census({1: [record(("09-01", True), moves=(("10-10", "php"), ("10-20", "residential")))]}, OCTOBER)
    assert found.transfers == {("iop", "php"): 1, ("php", "residential"): 1}
    php = found.levels["php"]
    assert (php.beginning, php.moved_in, php.moved_out, php.end, php.present) == (0, 1, 1, 0, {1})
    assert (found.whole.moved_in, found.whole.moved_out) == (0, 0)


def test_a_move_while_nobody_is_there_is_none():
    gone = record(("09-01", True), ("10-05", False), ("10-20", True), moves=(("10-20", "php"),))
    found = census({1: [gone]}, OCTOBER)
    assert found.transfers == {}
    assert (found.levels["iop"].discharged, found.levels["php"].enrolled) == (1, 1)


def test_who_is_on_leave_is_in_the_programme():
    found = census({1: [record(("09-01", True), leaves=(("10-30", "11-03"),))]}, OCTOBER)
    assert (found.whole.end, found.whole.on_leave_at_end, found.whole.on_leave_at_beginning) == (1, 1, 0)


_day_numbers = st.integers(min_value=0, max_value=40)


def histories(values):
    """What holds from days on, in their order; several rows of one day are in the order of their recording."""
    rows = st.lists(st.tuples(_day_numbers, values), min_size=1, max_size=8)
    return rows.map(
        lambda found: [(FIRST + timedelta(days=n), held) for n, held in sorted(found, key=lambda row: row[0])]
    )


record_days = st.builds(
    RecordDays,
    enrolled=histories(st.booleans()),
    levels=histories(st.sampled_from(LEVELS)),
    schedules=histories(st.sampled_from(SCHEDULES)),
    leaves=st.lists(
        st.tuples(_day_numbers, _day_numbers).map(
            lambda found: tuple(FIRST + timedelta(days=number) for number in sorted(found))
        ),
        max_size=2,
    ),
)
people = st.dictionaries(
    st.integers(min_value=1, max_value=9), st.lists(record_days, min_size=1, max_size=3), max_size=5
)
periods = st.tuples(_day_numbers, _day_numbers).map(
    lambda found: Period(*(FIRST + timedelta(days=number) for number in sorted(found)))
)


def balance(found: Movements) -> int:
    return found.beginning + found.enrolled + found.moved_in - found.moved_out - found.discharged


@given(people, periods)
def test_beginning_and_who_came_less_who_left_is_the_end(persons, period):
    found = census(persons, period)
    for one in (found.whole, *found.levels.values(), *found.schedules.values()):
        assert balance(one) == one.end
        assert one.on_leave_at_end <= one.end <= len(one.present)


@given(people, periods)
def test_the_levels_and_the_schedules_come_to_the_whole(persons, period):
    found = census(persons, period)
    for parts in (found.levels.values(), found.schedules.values()):
        for figure in ("beginning", "enrolled", "discharged", "end", "on_leave_at_beginning", "on_leave_at_end"):
            assert sum(getattr(one, figure) for one in parts) == getattr(found.whole, figure), figure
        assert sum(one.moved_in for one in parts) == sum(one.moved_out for one in parts)
        assert set().union(*(one.present for one in parts)) == found.whole.present
    assert sum(one.moved_in for one in found.levels.values()) == sum(found.transfers.values())


@given(people, periods)
def test_a_period_is_the_sum_of_its_days(persons, period):
    found = census(persons, period)
    days = [census(persons, Period(one, one)) for one in period.days]
    assert found.whole.beginning == days[0].whole.beginning
    assert found.whole.end == days[-1].whole.end
    for figure in ("enrolled", "discharged"):
        assert sum(getattr(one.whole, figure) for one in days) == getattr(found.whole, figure)
    for level in LEVELS:
        parts = [one.levels.get(level, Movements()) for one in days]
        whole = found.levels.get(level, Movements())
        assert sum(one.moved_in for one in parts) == whole.moved_in
        assert set().union(*(one.present for one in parts)) == whole.present


@given(people, periods)
def test_the_end_is_who_is_there_on_the_last_day_asked_one_by_one(persons, period):
    there = [number for number, records in persons.items() if whereabouts(records, period.last) is not None]
    assert census(persons, period).whole.end == len(there)


class TestPeriods:
    @pytest.mark.parametrize(
        ("period", "said", "first", "last"),
        [
            (month_said("2026-10"), "2026-10", date(2026, 10, 1), date(2026, 10, 31)),
            (month_said("2026-12"), "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
            (month_said("2028-02"), "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
            (quarter_said("2026-Q3"), "2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
            (quarter_said("2026-q4"), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
            (last_full_month(date(2026, 1, 31)), "2025-12", date(2025, 12, 1), date(2025, 12, 31)),
            (last_full_month(date(2026, 3, 1)), "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
            (
                Period(date(2026, 10, 1), date(2026, 10, 30)),
                "2026-10-01 to 2026-10-30",
                *(date(2026, 10, n) for n in (1, 30)),
            ),
        ],
    )
    def test_a_period_has_its_days_and_is_called_by_them(self, period, said, first, last):
        assert (str(period), period.first, period.last) == (said, first, last)
        assert (period.days[0], period.days[-1], len(period.days)) == (first, last, (last - first).days + 1)

    @pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "0000-01", "Oct", "", "2026-10-01", "2026-Q3"])
    def test_what_is_no_month_is_refused(self, text):
        with pytest.raises(ValueError, match="is no month; write"):
            month_said(text)

    @pytest.mark.parametrize("text", ["2026-Q5", "2026-Q0", "2026Q3", "0000-Q1", "Q3", "2026-10", ""])
    def test_what_is_no_quarter_is_refused(self, text):
        with pytest.raises(ValueError, match="is no quarter; write"):
            quarter_said(text)

    def test_days_that_no_record_can_have_are_refused_in_words(self):
        for said, text in ((quarter_said, "9999-Q4"), (month_said, "9999-12"), (month_said, "0001-01")):
            with pytest.raises(ValueError, match="is no"):
                said(text)
