"""What people say of days and times is understood in one way, or refused with both."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.exchange.csv_cells import EARLIEST, LATEST
from testing_tracker.rules.near_words import nearest, word_said
from testing_tracker.rules.said import (
    MONTHS,
    WEEKDAYS,
    Looks,
    check_day_said,
    day_said,
    in_full,
    time_said,
    week_said,
    whole_date_said,
)

THURSDAY = date(2026, 11, 26)
DAYS = st.dates(EARLIEST + timedelta(days=3000), LATEST - timedelta(days=3000))
LOOKS = st.sampled_from(Looks)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-11-23", "2026-11-23"),
        ("today", "2026-11-26"),
        ("Yesterday", "2026-11-25"),
        (" TOMORROW ", "2026-11-27"),
        ("last mon", "2026-11-23"),
        ("last Thursday", "2026-11-19"),
        ("next mon", "2026-11-30"),
        ("next thu", "2026-12-03"),
        ("+3", "2026-11-29"),
        ("-2", "2026-11-24"),
        ("−2", "2026-11-24"),
        ("11/18", "2026-11-18"),
        ("18/11", "2026-11-18"),
        ("11/11", "2026-11-11"),
        ("18.11.", "2026-11-18"),
        ("11/18/2026", "2026-11-18"),
        ("11/18/26", "2026-11-18"),
        ("18.11.2026", "2026-11-18"),
        ("2026/11/18", "2026-11-18"),
        ("Nov 18", "2026-11-18"),
        ("18 nov", "2026-11-18"),
        ("18th November", "2026-11-18"),
        ("November 18 2026", "2026-11-18"),
        ("November 18th, 2026", "2026-11-18"),
        ("18-Nov-2026", "2026-11-18"),
        ("Wed 2026-11-18", "2026-11-18"),
        ("wednesday, nov 18", "2026-11-18"),
        ("Thu 11/12", "2026-11-12"),
        ("fri 11/12", "2026-12-11"),
        ("Mon Nov 30, 2026", "2026-11-30"),
        ("1/13", "2027-01-13"),
        ("Jan 2", "2027-01-02"),
    ],
)
def test_a_day_can_be_said_in_many_ways(said: str, day: str) -> None:
    assert day_said(said, THURSDAY) == date.fromisoformat(day)
    check_day_said(said)


@pytest.mark.parametrize(
    ("said", "looks", "both"),
    [
        ("mon", Looks.EITHER, ["Mon 2026-11-23", "Mon 2026-11-30"]),
        ("thu", Looks.BACK, ["today", "Thu 2026-11-19"]),
        ("thu", Looks.AHEAD, ["today", "Thu 2026-12-03"]),
        ("next sat", Looks.AHEAD, ["Sat 2026-11-28", "Sat 2026-12-05"]),
        ("11/12", Looks.EITHER, ["Thu 2026-11-12", "Fri 2026-12-11"]),
        ("11/12/2026", Looks.BACK, ["Thu 2026-11-12", "Fri 2026-12-11"]),
        ("Nov 30", Looks.BACK, ["Sun 2025-11-30", "Mon 2026-11-30"]),
        ("Nov 20", Looks.AHEAD, ["Fri 2026-11-20", "Sat 2027-11-20"]),
        ("3/31", Looks.EITHER, ["Tue 2026-03-31", "Wed 2027-03-31"]),
    ],
)
def test_what_could_be_two_days_is_refused_with_both(said: str, looks: Looks, both: list[str]) -> None:
    with pytest.raises(ValueError, match="could be") as refused:
        day_said(said, THURSDAY, looks)
    assert all(one in str(refused.value) for one in both)
    check_day_said(said)


@pytest.mark.parametrize("said", ["Mon 2026-11-18", "Mon 11/12", "thu Nov 18"])
def test_a_weekday_that_is_not_the_dates_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=r"another weekday than \w{3} 2026-11-1"):
        day_said(said, THURSDAY)


@given(today=DAYS, day=DAYS, looks=LOOKS)
def test_what_is_said_back_can_be_typed(today: date, day: date, looks: Looks) -> None:
    assert day_said(in_full(day), today, looks) == day == whole_date_said(in_full(day))


@pytest.mark.parametrize(
    "said",
    [
        "",
        "mo",
        "monday week",
        "someday",
        "last",
        "last nov 18",
        "3",
        "+",
        "+-3",
        "++3",
        "2026-02-30",
        "Feb 30",
        "13/13",
        "11/",
        "11/18/",
        "2026-11",
        "ma 3",
        "1899-12-31",
        "2200-01-01",
        "١١/١٨",
        "nov",
        "18",
    ],
)
def test_what_is_no_day_is_refused_with_what_can_be_said(said: str) -> None:
    with pytest.raises(ValueError, match=r"2026-11-23|1900 to 2199") as refused:
        day_said(said, THURSDAY)
    assert "\n" not in str(refused.value)
    with pytest.raises(ValueError, match=r"2026-11-23|1900 to 2199"):
        check_day_said(said)


@pytest.mark.parametrize("said", ["+99999", "-99999", "+999999", "-999999"])
def test_days_that_no_record_has_are_refused(said: str) -> None:
    with pytest.raises(ValueError, match="1900 to 2199"):
        day_said(said, THURSDAY)


@given(today=DAYS, weekday=st.integers(0, 6), looks=LOOKS)
def test_a_weekday_alone_is_the_one_that_the_command_looks_at(today: date, weekday: int, looks: Looks) -> None:
    name = WEEKDAYS[weekday]
    if looks is Looks.EITHER or weekday == today.weekday():
        with pytest.raises(ValueError, match="could be"):
            day_said(name, today, looks)
        return
    day = day_said(name[:3].upper(), today, looks)
    assert day.weekday() == weekday
    assert 0 < ((today - day) if looks is Looks.BACK else (day - today)).days < 7
    assert day_said(f"last {name}", today, looks) < today
    if looks is Looks.BACK or weekday < today.weekday():
        assert day == day_said(f"{'last' if looks is Looks.BACK else 'next'} {name}", today, looks)


@given(
    today=DAYS,
    day=DAYS,
    looks=LOOKS,
    form=st.sampled_from(["{m} {d} {y}", "{d} {m} {y}", "{d}-{m}-{y}", "{m} {d}, {y}"]),
)
def test_a_date_with_its_year_and_the_name_of_its_month_is_that_day(
    today: date, day: date, looks: Looks, form: str
) -> None:
    for month in (MONTHS[day.month - 1], MONTHS[day.month - 1][:3].title()):
        said = form.format(m=month, d=day.day, y=day.year)
        assert day_said(said, today, looks) == day == whole_date_said(said)


@given(today=DAYS, away=st.integers(-60, 60), looks=LOOKS)
def test_a_date_near_today_needs_no_year_and_is_never_another_one(today: date, away: int, looks: Looks) -> None:
    day = today + timedelta(days=away)
    if (day.month, day.day) == (2, 29):
        return
    said = f"{day.day} {MONTHS[day.month - 1]}"
    if looks is Looks.EITHER or (looks is Looks.BACK) == (away <= 0) or not away:
        assert day_said(said, today, looks) == day
    else:
        with pytest.raises(ValueError, match=str(day)):
            day_said(said, today, looks)


@given(today=DAYS, day=DAYS, looks=LOOKS)
def test_numbers_are_a_day_only_where_one_order_gives_one(today: date, day: date, looks: Looks) -> None:
    said = f"{day.month}/{day.day}/{day.year}"
    if day.day > 12 or day.day == day.month:
        assert day_said(said, today, looks) == day
    else:
        with pytest.raises(ValueError, match=str(day)):
            day_said(said, today, looks)


@given(text=st.text(max_size=30) | st.from_regex(r"[0-9a-z+/., -]{1,14}", fullmatch=True), today=DAYS, looks=LOOKS)
def test_whatever_is_said_is_a_day_of_the_records_or_refused_in_a_line(text: str, today: date, looks: Looks) -> None:
    try:
        day = day_said(text, today, looks)
    except ValueError as error:
        refused = str(error)
    else:
        check_day_said(text)
        assert EARLIEST <= day <= LATEST
        return
    assert refused.startswith(repr(text))


@given(day=DAYS)
def test_a_day_is_said_back_with_its_weekday(day: date) -> None:
    weekday, said = in_full(day).split()
    assert date.fromisoformat(said) == day
    assert WEEKDAYS[day.weekday()].startswith(weekday.casefold())


@pytest.mark.parametrize("said", ["today", "mon", "+3", "11/18", "Nov 18", "11/12/2026"])
def test_a_whole_date_says_its_year_and_depends_on_no_clock(said: str) -> None:
    with pytest.raises(ValueError, match=r"its year|could be"):
        whole_date_said(said)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        *[
            (said, time(9, 5))
            for said in ("9:05", "09:05", "905", "0905", "9:05am", "9:05 AM", "905am", "9:05 a.m.", "9:05a")
        ],
        *[(said, time(21, 5)) for said in ("21:05", "2105", "9:05pm", "9:05 PM", "0905p", "9:05 p.m.")],
        ("9am", time(9)),
        ("12am", time(0)),
        ("12pm", time(12)),
        ("12:30am", time(0, 30)),
        ("12:30 pm", time(12, 30)),
        ("12:30", time(12, 30)),
        ("0:00", time(0)),
        ("0000", time(0)),
        ("23:59", time(23, 59)),
    ],
)
def test_a_time_can_be_said_in_many_ways(said: str, at: time) -> None:
    assert time_said(said) == at


def test_an_hour_alone_could_be_two_and_is_refused_with_both() -> None:
    with pytest.raises(ValueError, match="'9' could be 9am or 9pm"):
        time_said("9")


@pytest.mark.parametrize(
    "said", ["", "24:00", "9:60", "13pm", "0am", "9:5", "960", "12345", "nine", "9:05 xm", "٩:٠٥", "-9:05", "99"]
)
def test_what_is_no_time_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="not a time of day; write 09:05, 905 or 9:05am"):
        time_said(said)


@given(st.times())
def test_every_minute_can_be_said_in_each_way(at: time) -> None:
    at = at.replace(second=0, microsecond=0, fold=0)
    twelve, half = at.hour % 12 or 12, "pm" if at.hour >= 12 else "am"
    for said in (
        f"{at:%H:%M}",
        f"{at:%H%M}",
        f"{at.hour}:{at:%M}",
        f"{twelve}:{at:%M}{half}",
        f"{twelve}{at:%M} {half}",
    ):
        assert time_said(said) == at


def test_the_code_with_its_zeros_comes_first() -> None:
    codes = ["P13", "P30", "P03", "A3", "P3X", "Q03"]
    assert nearest("p3", codes)[0] == "P03"
    assert nearest("P0003", codes) == ["P03"]
    assert nearest("P-7", ["P-17", "P-007"])[0] == "P-007"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cocain", "cocaine"),
        ("coccaine", "cocaine"),
        ("ocpiates", "opiates"),
        ("fentanil", "fentanyl"),
        ("rec", "recommendation"),
    ],
)
def test_a_slip_of_the_finger_is_near(typed: str, meant: str) -> None:
    assert nearest(typed, ["cocaine", "opiates", "fentanyl", "recommendation", "alcohol"]) == [meant]


def test_the_near_ones_are_three_at_most_and_another_word_is_none() -> None:
    assert nearest("P1", ["P11", "P12", "P13", "P14"]) == ["P11", "P12", "P13"]
    assert nearest("x", ["a", "b", "P1"]) == []
    assert nearest("zebra", ["cocaine", "opiates"]) == []


@given(word=st.text("abc012", min_size=5, max_size=8), place=st.integers(0, 4), letter=st.sampled_from("abc012"))
def test_one_letter_more_less_or_changed_is_always_near(word: str, place: int, letter: str) -> None:
    slips = {
        word[:place] + letter + word[place:],
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place + 1 :],
        word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
    }
    assert all(nearest(slip, [word]) == [word] for slip in slips)


@given(st.sets(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=5), st.text("abc", min_size=1, max_size=4))
def test_a_beginning_is_the_only_word_that_it_begins_or_is_refused(words: set[str], typed: str) -> None:
    begun = [word for word in sorted(words) if word.startswith(typed)]
    if typed in words or len(begun) == 1:
        assert word_said(typed.upper(), sorted(words)) == (typed if typed in words else begun[0])
    else:
        with pytest.raises(ValueError, match="could be" if begun else "is not one of"):
            word_said(typed, sorted(words))


@given(today=DAYS, number=st.integers(1, 53))
def test_a_week_by_its_number_has_begun_and_is_the_last_one_or_refused_with_both(today: date, number: int) -> None:
    try:
        week = week_said(str(number), today)
    except ValueError as error:
        refused = str(error)
    else:
        assert week.number == number
        assert week.monday <= today
        assert not any((Week.of(today) + -back).number == number for back in range(Week.of(today) - week))
        return
    assert refused.count(f"-W{number:02}") == 2


def test_last_week_is_over_and_this_one_is_not() -> None:
    assert str(week_said("last", THURSDAY)) == "2026-W47"
    assert str(week_said("this week", THURSDAY)) == "2026-W48"
    for said in ("54", "0", "next", "2026-W54", "week", ""):
        with pytest.raises(ValueError, match=r"W47|no week"):
            week_said(said, THURSDAY)
