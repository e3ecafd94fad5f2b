"""Check-in could not be reached: what staff say of that, when they say it, and what follows for who was not told."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from conftest import Clinic
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from mornings import MONDAY, ZONE, Mornings, moment

from testing_tracker import chance
from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.faulty_minutes import MinuteOfPage, fault_of, is_at_fault, minutes_of
from testing_tracker.services.check_in.ending.later_known import bring_in_line
from testing_tracker.services.check_in.page import page_visits
from testing_tracker.store.tables import Outage

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
CODES = ("A17", "B04", "C21", "D33", "E09", "F10")
STRICT = """
title = "Every Monday"
[draw]
kind = "fixed"
per_week = 1
days = ["mon"]
[collection]
panel = ["cocaine"]
[response]
missed = "positive"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Clinic:
    """A17 and B04 did not check in on Monday and missed, by a schedule that holds a missed test to be a positive."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "strict.toml").write_text(STRICT)
    clinic = Clinic(folder / "live.db", None)
    mornings, sunday = Mornings(clinic), MONDAY - timedelta(days=1)
    with freeze_time(moment(sunday)):
        clinic("init", "--timezone", ZONE.key)
        clinic("schedule", "load", str(folder / "strict.toml"))
        clinic.add(*CODES, schedule="strict")
    mornings.rule(sunday)
    mornings.cards(sunday, *CODES)
    mornings.night(MONDAY)
    for code in CODES[2:]:
        mornings.told(code, MONDAY, "06:00")
        mornings.type(MONDAY, "11:00", "result", code, "negative")
    mornings.night(TUESDAY)
    return clinic


@pytest.fixture
def mornings(made, tmp_path) -> Mornings:
    return Mornings(made.copy(tmp_path / "live.db"))


def outage(mornings: Mornings, *more: str, first="2026-11-16 07:10", last="2026-11-16 07:31", at="09:00") -> str:
    return mornings.type(
        *(TUESDAY, at, "checkin", "outage", "--from", first, "--to", last, "--reason", "no power"), *more
    )


def recommended(mornings: Mornings) -> list[str]:
    rows = mornings.clinic.rows("SELECT status FROM recommendation ORDER BY id")
    return [status for (status,) in rows]


def silent_days(mornings: Mornings, day) -> list[str]:
    lines = json.loads(mornings.typed(day, "09:00", "doctor", "--format", "json").stdout)
    return [line["what"] for line in lines if "has not checked in" in line["what"]]


def test_nobody_is_held_to_anything_on_days_on_which_no_night_had_run(mornings):
    """They call, as on every day, and can be told nothing; a test for cause is ordered all the same."""
    mornings.type(WEDNESDAY, "08:00", "test", "A17", "--reason", "slurred speech")
    saturday = MONDAY + timedelta(days=5)
    mornings.night(saturday)
    assert mornings.draw_of("A17", WEDNESDAY, for_cause=True)[:2] == ("unrecorded", "check-in at fault")
    assert silent_days(mornings, saturday) == []
    week = json.loads(mornings.type(saturday, "09:00", "report", "weekly", "--week", "2026-W47", "--format", "json"))
    assert [(one["day"], one["minutes"]) for one in week["check_in"]["outages"]] == [
        (f"2026-11-{number}", 300) for number in (18, 19, 20)
    ]
    assert "All holds" in mornings.type(saturday, "09:00", "verify")


def test_what_a_clock_that_was_ahead_has_said_of_days_to_come_is_taken_back_with_its_night(mornings, monkeypatch):
    monkeypatch.setattr(chance, "new_seed", lambda: b"another".ljust(32))  # the key that begins then is another one
    mornings.typed(MONDAY + timedelta(days=4), "12:00", "draw")
    back = ("draw", "--take-back", "--reason", "the clock was ahead", "--yes")
    mornings.type(TUESDAY, "12:00", *back)
    mornings.night(WEDNESDAY)
    for code in CODES:
        mornings.told(code, WEDNESDAY, "06:00", "stay")
    mornings.night(MONDAY + timedelta(days=3))
    standing = mornings.clinic.rows("SELECT expected, in_time, faulty_minutes FROM check_in_day ORDER BY id")[-1]
    assert standing == (6, 6, 0)
    assert "All holds" in mornings.type(MONDAY + timedelta(days=3), "09:00", "verify")


def days_with_an_outage(mornings: Mornings) -> list[str]:
    rows = mornings.clinic.rows(
        "SELECT from_at FROM outage WHERE to_at > from_at AND id NOT IN "
        "(SELECT replaces_id FROM outage WHERE replaces_id IS NOT NULL) ORDER BY from_at"
    )
    return [f"{from_at}"[:10] for (from_at,) in rows]


def test_so_is_that_nobody_had_read_the_page_by_then(tmp_path, monkeypatch):
    """It is read when the days have come, and of one on which it is not that is said once more."""
    mornings = Mornings(Clinic(tmp_path / "live.db", None))
    mornings.type(MONDAY - timedelta(days=1), "11:00", "init", "--timezone", ZONE.key)
    mornings.rule(MONDAY - timedelta(days=1), page=True)
    mornings.night(MONDAY)
    mornings.night(TUESDAY)
    monkeypatch.setattr(chance, "new_seed", lambda: b"another".ljust(32))
    mornings.typed(MONDAY + timedelta(days=4), "12:00", "draw")
    mornings.type(TUESDAY, "12:00", "draw", "--take-back", "--reason", "the clock was ahead", "--yes")
    assert days_with_an_outage(mornings) == [f"{MONDAY}"]
    with mornings.writing(TUESDAY, "12:05") as work:
        page_visits.say_looked_through(work, "page", TUESDAY, 0)
    mornings.night(WEDNESDAY)
    assert days_with_an_outage(mornings) == [f"{MONDAY}"]
    mornings.night(MONDAY + timedelta(days=3))
    assert days_with_an_outage(mornings) == [f"{MONDAY}", f"{WEDNESDAY}"]
    assert "All holds" in mornings.type(MONDAY + timedelta(days=3), "09:00", "verify")


def test_an_outage_that_is_recorded_afterwards_gives_back_what_the_night_took_for_missed(mornings):
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "not checked in")
    assert recommended(mornings) == ["open", "open"]
    said = outage(mornings)
    assert "Outage 1: check-in was not to be reached on Mon 2026-11-16 from 07:10 to 07:31." in said
    assert "Nobody who was to check in that day and was not told has missed a test of it." in said
    assert "A17's draw of 2026-11-16: unrecorded, was missed." in said
    assert (
        mornings.draw_of("A17", MONDAY)[:2]
        == mornings.draw_of("B04", MONDAY)[:2]
        == (*("unrecorded", "check-in at fault"),)
    )
    assert recommended(mornings) == ["withdrawn", "withdrawn"]
    assert mornings.draw_of("C21", MONDAY)[0] == "collected"
    counted = "SELECT faulty_minutes, not_checked_in FROM check_in_day WHERE day = '2026-11-16' ORDER BY id"
    assert mornings.clinic.rows(counted) == [(0, 2), (21, 2)]
    assert "All holds" in mornings.type(TUESDAY, "10:00", "verify")


def test_taking_it_back_has_the_nights_word_hold_again(mornings):
    outage(mornings)
    said = mornings.type(TUESDAY, "09:30", "checkin", "outage", "--take-back", "1", "--reason", "it was Sunday")
    assert "Outage 1 of Mon 2026-11-16 was none." in said
    assert "A17's draw of 2026-11-16: missed, was unrecorded." in said
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "not checked in")
    assert "All holds" in mornings.type(TUESDAY, "10:00", "verify")


def test_where_the_same_was_recorded_twice_taking_one_back_says_that_the_other_stands(mornings):
    for at in ("09:00", "09:10"):
        outage(mornings, at=at)
    said = mornings.type(TUESDAY, "09:30", "checkin", "outage", "--take-back", "1", "--reason", "it is there twice")
    assert "By outage 2 check-in was at fault that day all the same." in said
    said = mornings.type(TUESDAY, "09:40", "checkin", "outage", "--take-back", "2", "--reason", "it was Sunday")
    assert "all the same" not in said
    assert "was at fault" not in said


def test_correcting_it_changes_from_when_to_when_it_was(mornings):
    outage(mornings)
    outage(mornings, "--corrects", "1", last="2026-11-16 07:41")
    assert mornings.draw_of("A17", MONDAY)[2].endswith(": from 07:10 to 07:41")
    assert "was corrected or taken back already" in mornings.refused(
        *(TUESDAY, "09:40", "checkin", "outage", "--take-back", "1", "--reason", "again")
    )
    listed = mornings.type(TUESDAY, "10:00", "checkin", "outage", "--format", "csv")
    assert [line.split(",")[-2] for line in listed.splitlines()[-2:]] == ["no: see 2", "yes"]


def test_one_that_turns_out_to_have_been_long_ago_is_listed_as_corrected(mornings):
    """The list goes back two weeks, and what stands in its place is of a day before them."""
    today, day = MONDAY + timedelta(days=20), MONDAY + timedelta(days=10)
    mornings.type(today, "00:05", "draw", "--catch-up-to", f"{today}")
    record = (today, "09:00", "checkin", "outage", "--reason", "no power")
    said = mornings.type(*record, "--from", f"{day} 07:10", "--to", f"{day} 07:31")
    number = int(said.removeprefix("Outage ").partition(":")[0])
    mornings.type(*record, "--from", f"{MONDAY} 07:10", "--to", f"{MONDAY} 07:31", "--corrects", f"{number}")
    listed = json.loads(mornings.type(today, "09:00", "checkin", "outage", "--format", "json"))
    (line,) = [line for line in listed if line["number"] == number]
    assert line["corrected_by"] == number + 1


def test_one_that_turns_out_to_have_been_short_has_kept_nobody_away(mornings):
    outage(mornings)
    assert "too short" in outage(mornings, "--corrects", "1", last="2026-11-16 07:12")
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "not checked in")


def test_where_no_night_had_said_anything_a_person_is_asked(mornings):
    """The outage was there when the night closed the day, and was none."""
    mornings.night(WEDNESDAY)
    monday = MONDAY + timedelta(days=7)
    for day in (MONDAY + timedelta(days=number) for number in range(3, 8)):
        mornings.night(day)
    for code in CODES[2:]:
        mornings.told(code, monday, "06:00")
        mornings.type(monday, "11:00", "result", code, "negative")
    outage_of = ("--from", f"{monday} 07:10", "--to", f"{monday} 07:31", "--reason", "no power")
    mornings.type(monday, "12:00", "checkin", "outage", *outage_of)
    mornings.night(monday + timedelta(days=1))
    assert mornings.draw_of("A17", monday)[:2] == ("unrecorded", "check-in at fault")
    mornings.type(
        *(
            monday + timedelta(days=1),
            "09:00",
            "checkin",
            "outage",
            "--take-back",
            "1",
            "--reason",
            "it was the week before",
        )
    )
    assert mornings.draw_of("A17", monday)[:2] == ("unrecorded", "not checked in")
    assert "Has a test been missed on Monday 2026-11-23?" in mornings.asked(monday + timedelta(days=1))


def test_what_a_person_has_said_stays(mornings):
    mornings.type(TUESDAY, "08:00", "excuse", "A17", "--on", "2026-11-16", "--reason", "court date")
    assert "A17" not in outage(mornings)
    assert mornings.draw_of("A17", MONDAY)[0] == "excused"


def test_an_attempt_that_comes_here_after_the_night_counts(mornings):
    """The page's machine was away, and its visits of Monday are collected on Tuesday."""
    mornings.tried("A17", MONDAY, "07:44", known_at="17:30")
    mornings.told("B04", MONDAY, "05:12", known_at="17:30")
    with mornings.writing(TUESDAY, "08:00") as work:
        bring_in_line(work, [MONDAY])
    assert mornings.draw_of("A17", MONDAY)[:2] == ("unrecorded", "tried to check in")
    assert mornings.draw_of("B04", MONDAY)[:2] == ("missed", "closed out")
    assert recommended(mornings) == ["withdrawn", "open"]
    assert mornings.clinic.rows("SELECT tried, in_time FROM check_in_day ORDER BY id DESC LIMIT 1") == [(1, 5)]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-11-16 08:00", "2026-11-16 07:00", "which is not after it began"),
        ("2026-11-16 08:00", "2026-11-16 08:00", "which is not after it began"),
        ("2026-11-17 08:00", "2026-11-17 09:30", "is in the future"),
        ("2026-11-16 03:00", "2026-11-16 04:30", "open from 05:00 to 10:00 that day; the outage lies outside"),
        ("2026-11-16 10:00", "2026-11-16 11:00", "the outage lies outside"),
        ("2026-11-16 09:00", "2026-11-17 06:00", "day by day"),
        ("2026-11-15 07:00", "2026-11-15 08:00", "no rule was in force"),
        ("sometime", "2026-11-16 08:00", "'sometime' is not a time"),
    ],
)
def test_an_outage_that_cannot_be_is_refused(mornings, first, last, said):
    words = ("checkin", "outage", "--from", first, "--to", last, "--reason", "no power")
    assert said in mornings.refused(TUESDAY, "09:00", *words)


def test_it_is_cut_to_the_time_in_which_check_in_was_open(mornings):
    said = outage(mornings, first="2026-11-16 04:10", last="2026-11-16 05:31")
    assert "from 05:00 to 05:31, as far as check-in was open." in said


def test_an_outage_of_nobody_knows_which_number_is_refused(mornings):
    words = ("checkin", "outage", "--take-back", "7", "--reason", "none")
    assert "There is no outage 7" in mornings.refused(TUESDAY, "09:00", *words)


def test_the_list_says_where_nothing_is_on_record(mornings):
    assert "No outage of check-in is on record" in mornings.type(TUESDAY, "09:00", "checkin", "outage")


OPENS = datetime(2026, 11, 16, 13, tzinfo=UTC)
WINDOW = CheckInWindow(OPENS, OPENS + timedelta(hours=5), OPENS + timedelta(hours=12))
MINUTES = sorted(minutes_of(WINDOW.opens, WINDOW.closes))


@given(st.sets(st.sampled_from(MINUTES), max_size=6))
def test_five_minutes_are_a_fault_or_two_of_the_last_thirty(faulty):
    last = [minute for minute in faulty if minute >= MINUTES[-30]]
    assert is_at_fault(faulty, WINDOW) == (len(faulty) >= 5 or len(last) >= 2)


@given(st.sets(st.integers(MINUTES[0] - 600, MINUTES[-1] + 600)))
def test_minutes_outside_of_the_window_are_nobodys_fault(minutes):
    assert not is_at_fault(minutes - set(MINUTES), WINDOW)


@pytest.mark.parametrize(
    ("minute", "fault"),
    [
        (MinuteOfPage(), None),
        (MinuteOfPage(busy=5), None),
        (MinuteOfPage(reached=False, visits=1), None),
        (MinuteOfPage(clocks_apart=timedelta(seconds=-60)), None),
        (MinuteOfPage(beat=False), "the page was not running"),
        (MinuteOfPage(failed=1), "the page failed"),
        (MinuteOfPage(busy=6), "the page had too much to do"),
        (MinuteOfPage(answers=False), "the page had no answers"),
        (MinuteOfPage(reached=False), "the page was not reached from outside"),
        (
            MinuteOfPage(clocks_apart=timedelta(seconds=-61)),
            "the page's clock and this one's differ by more than a minute",
        ),
    ],
)
def test_what_makes_a_minute_faulty(minute, fault):
    assert fault_of(minute) == fault


def test_verify_names_who_is_missed_for_not_checking_in_although_they_tried_or_could_not(mornings):
    """Somebody else's hand added an attempt, and an outage, and left the draws as they were."""
    mornings.tried("A17", MONDAY, "07:44")
    with mornings.writing(TUESDAY, "08:00") as work:
        span = {"from_at": moment(MONDAY, "07:10"), "to_at": moment(MONDAY, "07:31")}
        work.write(Outage(facility_id=work.facility_id, **span, found_by="staff", reason="no power"))
    problems = json.loads(mornings.typed(TUESDAY, "10:00", "verify", "--format", "json").stdout)["problems"]
    said = "the draw is missed because the participant did not check in, and "
    assert [tuple(one.values())[1:] for one in problems if said in str(one)] == [
        ("A17", f"{said}they tried to"),
        ("B04", f"{said}check-in was not to be reached"),
    ]


def test_a_night_of_a_clock_that_was_ahead_says_nothing_of_check_in(mornings, monkeypatch):
    """On Tuesday noon the clock showed Thursday; what its night said of Tuesday is said again when that is over."""
    monkeypatch.setattr(chance, "new_seed", lambda: b"another".ljust(32))  # the key that begins then is another one
    thursday = MONDAY + timedelta(days=3)
    mornings.cards(TUESDAY, *CODES)
    mornings.type(TUESDAY, "12:00", "test", "C21", "--reason", "seemed intoxicated")
    mornings.night(thursday)
    assert mornings.draw_of("C21", TUESDAY, for_cause=True)[:2] == ("unrecorded", "check-ins held back")
    mornings.type(TUESDAY, "13:00", "draw", "--take-back", "--yes", "--reason", "the battery of the clock was empty")
    assert mornings.draw_of("C21", TUESDAY, for_cause=True)[:2] == ("due", "closed by a clock")
    newest = "SELECT expected FROM check_in_day WHERE day = '2026-11-17' ORDER BY id DESC LIMIT 1"
    assert mornings.clinic.rows(newest) == [(0,)]
    mornings.told("C21", TUESDAY, "14:00")
    mornings.night(WEDNESDAY)
    assert mornings.draw_of("C21", TUESDAY, for_cause=True)[:2] == ("missed", "closed out")
    assert mornings.clinic.rows(newest) == [(6,)]
    assert "All holds" in mornings.type(WEDNESDAY, "10:00", "verify")


def test_who_was_told_by_a_clock_that_was_ahead_was_told_nothing_of_the_days_draw(mornings, monkeypatch):
    """On Tuesday the clock showed next Monday, and A17 was told to come in. That Monday has a draw of its own."""
    monkeypatch.setattr(chance, "new_seed", lambda: b"another".ljust(32))
    monday = MONDAY + timedelta(days=7)
    mornings.night(monday)
    mornings.told("A17", monday, "05:12")
    mornings.type(TUESDAY, "13:00", "draw", "--take-back", "--yes", "--reason", "the battery of the clock was empty")
    for day in (MONDAY + timedelta(days=number) for number in range(2, 8)):
        mornings.night(day)
    for code in CODES[1:]:
        mornings.told(code, monday, "06:00")
        mornings.type(monday, "11:00", "result", code, "negative")
    mornings.night(monday + timedelta(days=1))
    assert mornings.draw_of("A17", monday)[:2] == ("unrecorded", "ordered after check-in")
