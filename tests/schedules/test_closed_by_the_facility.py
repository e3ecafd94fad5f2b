"""Days that the facility itself closes: in the schedule's file, or at short notice."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.schedules.days import ClosedDays, chance_on, fixed_week
from testing_tracker.rules.schedules.schedule import ClosedRule, DrawRule, Shift, TestingRule
from testing_tracker.rules.schedules.schedule_file import ScheduleFileError, read_schedule
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import DrawKind

FIXED = """
title = "Monday and Thursday"
[draw]
kind = "fixed"
per_week = 2
days = ["mon", "thu"]
[closed]
days = {days}
shift = "{shift}"
[collection]
[response]
"""
DAILY = """
title = "Every day"
[draw]
kind = "random"
per_week = 7
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
[closed]
[collection]
[response]
"""
SNOW = ("--reason", "snow")


@pytest.fixture
def clinic(clinic, tmp_path):
    load(clinic, tmp_path, "twice", FIXED.format(days="[]", shift="next"))
    load(clinic, tmp_path, "back", FIXED.format(days="[]", shift="previous"))
    load(clinic, tmp_path, "daily", DAILY)
    clinic.add("A17", schedule="twice")
    clinic.add("B04", schedule="back")
    clinic.add("C21", schedule="daily")
    return clinic


def load(clinic, folder, name, text):
    (folder / f"{name}.toml").write_text(text)
    return clinic("schedule", "load", str(folder / f"{name}.toml"))


def draw_on(clinic, *days):
    for day in days:
        clinic.today = f"2026-11-{day}"
        clinic("draw")


def drawn_on(clinic, code):
    query = "SELECT due_on FROM draw d JOIN participant p ON p.id = participant_id WHERE code = '{}' ORDER BY due_on"
    return [int(str(day)[-2:]) for (day,) in clinic.rows(query.format(code))]


def statuses(clinic, day):
    return {line["participant"]: line["status"] for line in clinic.json("due", "--on", f"2026-11-{day}")}


# In the schedule's file.


def test_a_day_that_the_file_closes_moves_fixed_draws_as_a_holiday_does(clinic, tmp_path):
    load(clinic, tmp_path, "twice", FIXED.format(days='["2026-11-19", 2026-11-20]', shift="next"))
    draw_on(clinic, *range(16, 24))
    assert drawn_on(clinic, "A17") == [16, 21, 23]
    (line,) = [line for line in clinic.json("schedule", "list") if line["schedule"] == "twice"]
    assert line["closed_days"] == ["2026-11-19", "2026-11-20"]
    assert "All holds" in clinic("verify")


def test_a_later_version_of_the_file_leaves_the_days_before_it_as_they_were(clinic, tmp_path):
    """Thursday's draw was moved to Saturday; the version that binds from Friday knows Thursday no more."""
    load(clinic, tmp_path, "twice", FIXED.format(days='["2026-11-19", "2026-11-20"]', shift="next"))
    draw_on(clinic, 16, 17, 18, 19)
    load(clinic, tmp_path, "twice", FIXED.format(days='["2026-11-20"]', shift="next"))
    draw_on(clinic, 20, 21, 22)
    assert drawn_on(clinic, "A17") == [16, 21]
    assert "All holds" in clinic("verify")


def test_a_version_that_closes_a_day_before_it_binds_draws_nobody_twice(clinic, tmp_path):
    draw_on(clinic, 16)
    load(clinic, tmp_path, "twice", FIXED.format(days='["2026-11-16"]', shift="next"))
    draw_on(clinic, 17, 18, 19)
    assert drawn_on(clinic, "A17") == [16, 19]
    assert "All holds" in clinic("verify")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ('"2026-12-24"', 'closed.days: must be a list of days, such as ["2026-12-24"]'),
        ('["2026-12-32"]', "closed.days: '2026-12-32' is not a day; write each as \"2026-12-24\", with its year"),
        ('["12-24"]', "closed.days: '12-24' is not a day; write each as \"2026-12-24\", with its year"),
        ('["20261224"]', "closed.days: '20261224' is not a day"),
        ("[2026-12-24T08:00:00]", "is not a day"),
        ("[20261224]", "closed.days: 20261224 is not a day"),
        ('["2026-12-24", 2026-12-24]', "closed.days: 2026-12-24 is there twice; leave one of the two out"),
    ],
)
def test_a_day_that_is_none_is_named_with_file_key_and_remedy(days, said):
    with pytest.raises(ScheduleFileError) as refused:
        read_schedule(SHIPPED, FIXED.format(days=days, shift="next"), "evenings.toml")
    assert str(refused.value).startswith("evenings.toml: closed.days")
    assert said in str(refused.value)


# At short notice.


def test_todays_draws_are_excused_and_held_against_nobody(clinic):
    draw_on(clinic, 16)
    clinic("result", "C21", "negative")
    said = clinic("facility", "close", "today", *SNOW)
    assert "Closed: 2026-11-16. 2 draws of today excused." in said
    assert statuses(clinic, 16) == {"A17": "excused", "B04": "excused", "C21": "collected"}
    (line,) = [line for line in clinic.json("due") if line["participant"] == "A17"]
    assert line["reason"] == "the facility was closed: snow"
    draw_on(clinic, *range(17, 24))
    assert drawn_on(clinic, "A17") == [16, 19, 23], "what was made is excused, and not moved"
    assert "All holds" in clinic("verify")
    report = clinic.json("report", "weekly", "--week", "2026-W47")
    assert report["closed"] == [{"day": "2026-11-16", "reason": "snow"}]
    text = " ".join(clinic("report", "weekly", "--week", "2026-W47").split())
    assert "The facility was closed on Mon 2026-11-16 (snow): the day's draws that nobody gave are excused" in text


def test_newcomers_of_a_closed_day_are_not_drawn(clinic):
    draw_on(clinic, 16)
    clinic("facility", "close", "today", *SNOW)
    clinic.add("D33", schedule="twice")
    clinic("draw")
    assert drawn_on(clinic, "D33") == []
    assert "All holds" in clinic("verify")


def test_a_day_to_come_moves_fixed_draws_and_draws_nobody_by_chance(clinic):
    draw_on(clinic, 16)
    clinic("facility", "close", "2026-11-19", "--to", "2026-11-20", *SNOW)
    draw_on(clinic, *range(17, 23))
    assert drawn_on(clinic, "A17") == [16, 21]
    assert drawn_on(clinic, "B04") == [16, 18]
    assert drawn_on(clinic, "C21") == [16, 17, 18, 21, 22]
    assert "All holds" in clinic("verify")


def test_a_draw_does_not_move_to_a_day_whose_draws_are_made(clinic):
    """The schedule says the day before, which is over: the day after it is."""
    draw_on(clinic, 16, 17, 18)
    clinic("facility", "close", "2026-11-19", *SNOW)
    draw_on(clinic, *range(19, 23))
    assert drawn_on(clinic, "B04") == [16, 20]
    assert drawn_on(clinic, "A17") == [16, 20]
    assert "All holds" in clinic("verify")
    assert clinic.json("report", "weekly", "--week", "2026-W47")["unplaced"] == []


def test_a_closed_day_in_a_gap_has_no_draws(clinic):
    draw_on(clinic, 16)
    clinic("facility", "close", "2026-11-19", *SNOW)
    draw_on(clinic, 22)
    assert drawn_on(clinic, "A17") == [16, 20]
    assert "All holds" in clinic("verify")


def test_open_again_takes_back_a_day_to_come(clinic):
    draw_on(clinic, 16)
    clinic("facility", "close", "2026-11-18", "--to", "2026-11-20", *SNOW)
    draw_on(clinic, 17)
    assert "Open: 2026-11-19." in clinic("facility", "open", "2026-11-19", "--reason", "roads are clear")
    draw_on(clinic, *range(18, 23))
    assert drawn_on(clinic, "A17") == [16, 19]
    assert drawn_on(clinic, "C21") == [16, 17, 19, 21, 22]
    assert "All holds" in clinic("verify")
    closed = clinic.json("report", "weekly", "--week", "2026-W47")["closed"]
    assert [one["day"] for one in closed] == ["2026-11-18", "2026-11-20"]


def test_open_again_today_makes_the_excused_draws_due_and_none_of_them_missed(clinic):
    draw_on(clinic, 16)
    clinic("excuse", "B04", "--reason", "court")
    clinic("facility", "close", "today", *SNOW)
    said = clinic("facility", "open", "today", "--reason", "roads are clear")
    assert "2 draws of today due again" in said
    assert statuses(clinic, 16) == {"A17": "due", "B04": "excused", "C21": "due"}
    clinic("result", "C21", "negative")
    assert "All holds" in clinic("verify")
    draw_on(clinic, 17)
    assert statuses(clinic, 16) == {"A17": "unrecorded", "B04": "excused", "C21": "collected"}
    assert "All holds" in clinic("verify")


def test_a_day_that_was_decided_closed_stays_closed(clinic):
    draw_on(clinic, 16)
    clinic("facility", "close", "2026-11-17", *SNOW)
    draw_on(clinic, 17)
    assert "with the facility closed, so nobody was drawn. Open it from 2026-11-18 on" in clinic.refused(
        "facility", "open", "today", "--reason", "roads are clear"
    )


def test_a_draw_that_was_made_in_a_days_place_is_told_when_the_day_opens_again(clinic):
    draw_on(clinic, 16)
    clinic("facility", "close", "2026-11-19", *SNOW)
    draw_on(clinic, 17, 18)
    done = clinic.run("facility", "open", "2026-11-19", "--reason", "roads are clear")
    assert "back: draws of Wednesday 2026-11-18 were made in the place of a day that is open again" in done.stderr
    draw_on(clinic, 19, 20)
    assert "All holds" in clinic("verify")


def test_closing_in_the_midst_of_what_is_closed_adds_only_what_is_new(clinic):
    draw_on(clinic, 16)
    clinic("facility", "close", "2026-11-19", *SNOW)
    draw_on(clinic, 17, 18, 19)
    said = clinic("facility", "close", "2026-11-19", "--to", "2026-11-20", "--reason", "still snow")
    assert "Closed: 2026-11-20." in said
    draw_on(clinic, *range(20, 23))
    assert drawn_on(clinic, "A17") == [16, 21]
    assert "All holds" in clinic("verify")


def test_who_when_and_why_stays_on_record(clinic):
    clinic("facility", "close", "2026-11-19", "--to", "2026-11-20", *SNOW)
    clinic("facility", "open", "2026-11-20", "--reason", "thaw")
    rows = clinic.rows("SELECT from_on, to_on, closed, reason FROM closure ORDER BY id")
    assert rows == [("2026-11-19", "2026-11-20", 1, "snow"), ("2026-11-20", "2026-11-20", 0, "thaw")]
    acts = clinic.rows("SELECT act, reason FROM audit_entry WHERE act LIKE 'facility %' ORDER BY id")
    assert acts[1:] == [("facility close", "snow"), ("facility open", "thaw")]
    with pytest.raises(Exception, match="append-only"):
        clinic.change("DELETE FROM closure")


def test_what_cannot_be_closed_or_opened_is_refused_in_words(clinic):
    clinic.today = "2026-11-17"
    refused = clinic.refused
    assert "excuse --all --on 2026-11-16" in refused("facility", "close", "2026-11-16", *SNOW)
    assert "2026-11-18 is before 2026-11-19" in refused("facility", "close", "2026-11-19", "--to", "2026-11-18", *SNOW)
    assert "more than a year" in refused("facility", "close", "2026-11-19", "--to", "2062-11-19", *SNOW)
    assert "Nobody closed the facility on 2026-11-19" in refused("facility", "open", "2026-11-19", *SNOW)
    clinic("facility", "close", "2026-11-19", *SNOW)
    assert "closed on 2026-11-19 already" in refused("facility", "close", "2026-11-19", *SNOW)
    clinic("facility", "close", "2026-11-20", *SNOW)


def test_a_specimen_that_is_to_be_given_again_is_not_excused(clinic):
    draw_on(clinic, 16)
    clinic("result", "A17", "invalid")
    clinic("test", "A17", "--recollect")
    clinic("facility", "close", "today", *SNOW)
    draw_on(clinic, 17)
    assert statuses(clinic, 16)["A17"] == "collected"
    assert "All holds" in clinic("verify")


# The rule itself.


def fixed(days, shift):
    return TestingRule(
        "fixed", DrawRule(DrawKind.FIXED, Fraction(len(days)), tuple(sorted(days))), ClosedRule(None, shift)
    )


@given(
    st.sets(st.integers(0, 6), min_size=1, max_size=3),
    st.sampled_from(Shift),
    st.lists(st.tuples(st.integers(0, 6), st.integers(-1, 6)), max_size=4),
)
def test_however_late_days_are_closed_nobody_is_drawn_more_often_than_the_schedule_says(days, shift, told):
    """Each closed day is told after some day was decided; decided day by day, as the nights do."""
    week = Week(2026, 47)
    schedule = fixed(days, shift)
    drawn = []
    for number, day in enumerate(week.days):
        known = {week.days[closed]: after for closed, after in told if after < number and after <= closed}
        closed = ClosedDays(
            frozenset(known), frozenset((one, week.monday + timedelta(days=after)) for one, after in known.items())
        )
        if chance_on(schedule, day, closed):
            assert day not in closed
            drawn.append(day)
    assert len(drawn) <= len(days)
    ordinary = [day for day in fixed_week(schedule, week, ClosedDays()).days if day.weekday() not in dict(told)]
    assert set(ordinary) <= set(drawn)


def test_a_closed_day_has_no_chance_whatever_the_schedule():
    closed = ClosedDays(frozenset({date(2026, 11, 16)}), frozenset({(date(2026, 11, 16), date(2026, 11, 16))}))
    assert chance_on(fixed({0}, Shift.NEXT), date(2026, 11, 16), closed) == 0
    assert chance_on(fixed({0}, Shift.NEXT), date(2026, 11, 17), closed) == 0
