"""What becomes of the draws of a day on which participants were to check in: nobody is missed who could not be told."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from conftest import Clinic
from freezegun import freeze_time
from mornings import MONDAY, ZONE, Mornings, moment

from testing_tracker.rules.check_in.answers import (
    CheckInAttempt,
    CheckInOutcome,
    DaysAnswer,
    Standing,
    Timing,
    standing,
)
from testing_tracker.rules.check_in.told import told_of_since
from testing_tracker.services.check_in.cards import end_card
from testing_tracker.services.check_in.ending.later_known import bring_in_line
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import CheckIn, CheckInDay

TUESDAY = MONDAY + timedelta(days=1)
CODES = ("A17", "B04", "C21", "D33", "E09", "F10")


@pytest.fixture(scope="module")
def on_sunday(tmp_path_factory) -> Clinic:
    """Six who are tested every Monday and Thursday, with a card each, and a rule from Monday on."""
    clinic = Clinic(tmp_path_factory.mktemp("sunday") / "live.db", None)
    mornings, sunday = Mornings(clinic), MONDAY - timedelta(days=1)
    with freeze_time(moment(sunday)):
        clinic("init", "--timezone", ZONE.key)
        clinic.add(*CODES)
    mornings.rule(sunday)
    mornings.cards(sunday, *CODES)
    return clinic


@pytest.fixture(scope="module")
def made(on_sunday, tmp_path_factory) -> Clinic:
    """The same once Monday's draws are made."""
    clinic = on_sunday.copy(tmp_path_factory.mktemp("made") / "live.db")
    Mornings(clinic).night(MONDAY)
    return clinic


@pytest.fixture
def mornings(made, tmp_path) -> Mornings:
    return Mornings(made.copy(tmp_path / "live.db"))


def come(mornings: Mornings, *codes: str, day: date = MONDAY) -> None:
    """They check in and give a specimen."""
    for code in codes:
        mornings.told(code, day, "06:00")
        mornings.type(day, "11:00", "result", code, "negative")


def outage(mornings: Mornings, day, at: str, first: str, last: str) -> str:
    return mornings.type(
        day, at, "checkin", "outage", "--from", f"{day} {first}", "--to", f"{day} {last}", "--reason", "no power"
    )


def test_who_was_told_in_good_time_and_did_not_come_has_missed(mornings):
    come(mornings, *CODES[1:])
    mornings.told("A17", MONDAY, "05:12")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "closed out")


def test_who_was_told_before_the_records_were_brought_back_from_a_copy_was_told(on_sunday, tmp_path):
    """The night is made again at eight, and draws whom it drew before; the page still has what it said at six."""
    mornings = Mornings(on_sunday.copy(tmp_path / "live.db"))
    mornings.type(MONDAY, "08:12", "draw")
    mornings.type(MONDAY, "08:13", "test", "A17", "--reason", "slurred speech")
    for code in CODES:
        mornings.told(code, MONDAY, "06:10", known_at="08:14")
    of_the_board = json.loads(mornings.type(MONDAY, "09:00", "today", "--format", "json"))["draws"]
    for lines in (json.loads(mornings.type(MONDAY, "09:00", "due", "--format", "json")), of_the_board):
        told = {(line["participant"], line["kind"]): line["told"] for line in lines}
        assert told.pop(("A17", "for-cause")) == "before the test was ordered"
        assert told == {(code, "fixed"): "yes" for code in CODES}
    for code in CODES[1:]:
        mornings.type(MONDAY, "11:00", "result", code, "negative")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "closed out")
    assert mornings.draw_of("A17", MONDAY, for_cause=True)[:2] == ("unrecorded", "ordered after check-in")
    assert "All holds" in mornings.type(TUESDAY, "09:00", "verify")
    week = ("report", "weekly", "--week", "2026-W47")
    assert json.loads(mornings.type(TUESDAY, "09:00", *week, "--format", "json"))["missed"]["told"] == 1
    explained = json.loads(mornings.type(TUESDAY, "09:00", *week, "--explain", "A17", "--format", "json"))
    assert [draw["checked_in"] for draw in explained] == ["told 06:10", "told before it was ordered 06:10"]


@pytest.mark.parametrize(
    ("kind", "written", "since"),
    [
        ("random", "00:05", "00:00"),
        ("fixed", "08:12", "00:00"),
        ("for-cause", "08:12", "08:12"),
    ],
)
def test_a_night_s_draw_is_there_from_the_beginning_of_the_day_and_a_test_for_cause_once_it_is_ordered(
    kind, written, since
):
    assert told_of_since(kind, MONDAY, moment(MONDAY, written), ZONE) == moment(MONDAY, since)


def test_who_did_not_check_in_has_missed_where_the_rule_says_so(mornings):
    come(mornings, *CODES[1:])
    mornings.night(TUESDAY)
    said = "the participant did not check in, and nothing was recorded by the end of the day"
    assert mornings.draw_of("A17", MONDAY) == ("missed", "not checked in", said)
    assert "All holds" in mornings.type(TUESDAY, "09:00", "verify")


def test_who_tried_and_could_not_is_asked_about(mornings):
    come(mornings, *CODES[1:])
    mornings.tried("A17", MONDAY, "07:44")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY) == (
        "unrecorded",
        "tried to check in",
        "the participant tried to check in and could not: at 07:44, number and PIN did not go together",
    )
    assert "All holds" in mornings.type(TUESDAY, "09:00", "verify")


def test_who_was_told_with_less_than_two_hours_left_is_as_if_not_told(mornings):
    """Collection of this schedule ends at 17:00."""
    come(mornings, *CODES[2:])
    mornings.told("A17", MONDAY, "15:01")
    mornings.told("B04", MONDAY, "15:00")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "not checked in")
    assert mornings.draw_of("B04", MONDAY)[:2] == ("missed", "closed out")


def test_who_is_back_from_leave_at_noon_and_was_not_told_is_asked_about(mornings):
    """Nobody had asked them to check in that morning, and nobody told them of the test since."""
    mornings.type(MONDAY, "04:30", "participant", "leave", "A17", f"{MONDAY}", f"{TUESDAY}", "--reason", "hospital")
    come(mornings, *CODES[1:])
    mornings.type(MONDAY, "12:00", "participant", "return", "A17")
    mornings.type(MONDAY, "13:00", "test", "A17", "--reason", "slurred speech")
    mornings.night(TUESDAY)
    ends = mornings.draw_of("A17", MONDAY, for_cause=True)
    assert ends[:2] == ("unrecorded", "not checked in")
    assert "did not check in" in mornings.asked(TUESDAY)
    with mornings.writing(TUESDAY, "09:00") as work:
        assert bring_in_line(work, [MONDAY]) == []
    assert mornings.draw_of("A17", MONDAY, for_cause=True) == ends
    week = mornings.type(TUESDAY, "09:00", "report", "weekly", "--week", "2026-W47", "--format", "json")
    assert json.loads(week)["check_in"]["expected"] == 5


def enrolled_since(mornings: Mornings, code: str = "N01") -> None:
    """With a card before check-in opens, and after the night has run: whoever of them asks can be told nothing."""
    mornings.type(MONDAY, "04:00", "participant", "add", code, "--schedule", "fixed-2", "--level", "iop")
    mornings.cards(MONDAY, code, at="04:10")


@pytest.mark.parametrize("drawn_at", ["05:06", "12:00"])
def test_nobody_has_missed_of_whom_nothing_was_decided_while_check_in_was_open(mornings, drawn_at):
    enrolled_since(mornings)
    come(mornings, *CODES)
    mornings.type(MONDAY, drawn_at, "draw")
    mornings.night(TUESDAY)
    ends = mornings.draw_of("N01", MONDAY)
    assert ends[:2] == ("unrecorded", "check-in at fault")
    assert ends[2].endswith(f": from 05:00 to {min(drawn_at, '10:00')}")
    with mornings.writing(TUESDAY, "09:00") as work:
        assert bring_in_line(work, [MONDAY]) == []
    assert mornings.draw_of("N01", MONDAY) == ends


def test_who_had_all_the_time_to_ask_has_though_they_were_enrolled_since(mornings):
    enrolled_since(mornings)
    come(mornings, *CODES)
    mornings.type(MONDAY, "04:20", "draw")
    mornings.night(TUESDAY)
    assert mornings.draw_of("N01", MONDAY)[:2] == ("missed", "not checked in")


def test_who_was_enrolled_since_and_is_told_knows_of_it(mornings):
    enrolled_since(mornings)
    come(mornings, *CODES)
    mornings.type(MONDAY, "09:00", "draw")
    mornings.told("N01", MONDAY, "09:10")
    mornings.night(TUESDAY)
    assert mornings.draw_of("N01", MONDAY)[:2] == ("missed", "closed out")


def test_a_test_for_cause_of_whom_no_night_has_decided_is_not_missed(mornings):
    enrolled_since(mornings)
    come(mornings, *CODES)
    mornings.type(MONDAY, "08:00", "test", "N01", "--reason", "slurred speech")
    mornings.night(TUESDAY)
    assert mornings.draw_of("N01", MONDAY, for_cause=True)[:2] == ("unrecorded", "check-in at fault")


def test_who_was_told_late_after_trying_in_vain_is_asked_about(mornings):
    come(mornings, *CODES[1:])
    mornings.tried("A17", MONDAY, "09:50", "unknown")
    mornings.told("A17", MONDAY, "16:00")
    mornings.night(TUESDAY)
    status, because, reason = mornings.draw_of("A17", MONDAY)
    assert (status, because) == ("unrecorded", "tried to check in")
    assert reason.endswith("at 09:50, there was no answer")


def test_a_test_for_cause_that_nobody_told_is_not_missed(mornings):
    come(mornings, *CODES)
    mornings.told("A17", MONDAY, "11:30", "done")
    mornings.type(MONDAY, "12:00", "test", "A17", "--reason", "seemed intoxicated")
    mornings.told("B04", MONDAY, "11:30", "done")
    mornings.type(MONDAY, "12:00", "test", "B04", "--reason", "seemed intoxicated")
    mornings.told("B04", MONDAY, "12:05", "come")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY, for_cause=True) == (
        *("unrecorded", "ordered after check-in"),
        "the test was ordered after the participant had checked in, and nobody recorded telling it",
    )
    assert mornings.draw_of("B04", MONDAY, for_cause=True)[:2] == ("missed", "closed out")


def test_who_was_told_by_mistake_that_they_had_been_here_has_not_missed(mornings):
    """C21's cup was logged for A17, who looked at the page once more and stayed away; later the cup was put right."""
    come(mornings, "B04", "D33", "E09", "F10")
    mornings.told("A17", MONDAY, "06:00")
    mornings.type(MONDAY, "08:00", "result", "A17", "negative")
    mornings.told("A17", MONDAY, "08:30", "done")
    mornings.type(MONDAY, "15:00", "swap", "A17", "C21", "--reason", "labels changed hands")
    assert mornings.draw_of("A17", MONDAY)[0] == "due"
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("unrecorded", "ordered after check-in")
    due = json.loads(mornings.type(TUESDAY, "09:00", "due", "--on", f"{MONDAY}", "--format", "json"))
    told = {line["participant"]: line["told"] for line in due}
    assert (told["A17"], told["B04"]) == ("before the test was ordered", "yes")
    week = ("report", "weekly", "--week", "2026-W47", "--explain", "A17", "--format", "json")
    (explained,) = json.loads(mornings.type(TUESDAY, "09:00", *week))
    assert explained["checked_in"] == "told before it was ordered 08:30"


def test_while_check_in_was_at_fault_nobody_who_was_not_told_has_missed(mornings):
    come(mornings, *CODES[3:])
    mornings.told("A17", MONDAY, "05:12")
    mornings.tried("B04", MONDAY, "07:12", "unknown")
    outage(mornings, MONDAY, "10:30", "07:10", "07:31")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "closed out")
    at_fault = (
        *("unrecorded", "check-in at fault"),
        "check-in was not to be reached, and nobody who was not told has missed: from 07:10 to 07:31",
    )
    assert mornings.draw_of("B04", MONDAY) == mornings.draw_of("C21", MONDAY) == at_fault
    assert "All holds" in mornings.type(TUESDAY, "09:00", "verify")


@pytest.mark.parametrize(
    ("first", "last", "becomes"),
    [("07:10", "07:14", "missed"), ("07:10", "07:15", "unrecorded"), ("09:31", "09:33", "unrecorded")],
)
def test_some_minutes_keep_nobody_away_unless_they_are_the_last(mornings, first, last, becomes):
    come(mornings, *CODES[1:])
    outage(mornings, MONDAY, "10:30", first, last)
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[0] == becomes


def test_who_has_no_card_or_is_on_leave_is_closed_as_anybody(mornings):
    """A card that was made when the window was open already binds from the next day on."""
    with mornings.writing(MONDAY, "04:00") as work:
        end_card(work, id_of(find_participant(work, "A17")), "moved away")
    mornings.cards(MONDAY, "A17", at="05:30")
    come(mornings, *CODES[1:])
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "closed out")


def without_card(mornings: Mornings, code: str) -> None:
    """Their card was ended before the window opened; at the desk they are told without one."""
    with mornings.writing(MONDAY, "04:00") as work:
        end_card(work, id_of(find_participant(work, code)), "lost")


def test_who_asked_without_having_to_and_learned_nothing_has_not_missed(mornings):
    without_card(mornings, "A17")
    mornings.cards(MONDAY, "A17", at="05:30")
    come(mornings, *CODES[1:])
    mornings.tried("A17", MONDAY, "05:45")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("unrecorded", "tried to check in")
    assert "All holds" in mornings.type(TUESDAY, "09:00", "verify")


def test_who_was_told_at_the_desk_to_stay_before_a_test_was_ordered_has_not_missed_it(mornings):
    without_card(mornings, "A17")
    come(mornings, *CODES[1:])
    mornings.type(MONDAY, "07:00", "excuse", "A17", "--reason", "ill")
    assert "you do not need to come" in mornings.type(MONDAY, "08:00", "checkin", "record", "A17", "--by", "desk")
    mornings.type(MONDAY, "12:00", "test", "A17", "--reason", "seemed intoxicated")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY, for_cause=True)[:2] == ("unrecorded", "ordered after check-in")


@pytest.mark.parametrize(("at", "said", "becomes"), [("05:45", None, "tried to check in"), ("06:30", "stay", None)])
def test_what_comes_here_after_the_night_counts_for_whoever_was_closed_as_anybody(mornings, at, said, becomes):
    """Who had no card that morning and tried, and who was told to come and later that they need not."""
    without_card(mornings, "A17")
    come(mornings, *CODES[2:])
    mornings.told("B04", MONDAY, "06:00")
    mornings.night(TUESDAY)
    code = "A17" if said is None else "B04"
    assert mornings.draw_of(code, MONDAY)[:2] == ("missed", "closed out")
    if said is None:
        mornings.tried(code, MONDAY, at, known_at="16:00")
    else:
        mornings.told(code, MONDAY, at, said, known_at="16:00")
    with mornings.writing(TUESDAY, "09:00") as work:
        bring_in_line(work, [MONDAY])
    assert mornings.draw_of(code, MONDAY)[:2] == ("unrecorded", becomes or "ordered after check-in")
    assert mornings.draw_of("A17" if said else "B04", MONDAY)[:2] == ("missed", "closed out")


def test_a_specimen_counts_whatever_the_check_in_was(mornings):
    mornings.tried("A17", MONDAY, "07:44")
    for code in CODES:
        mornings.type(MONDAY, "11:00", "result", code, "negative")
    mornings.night(TUESDAY)
    assert {mornings.draw_of(code, MONDAY)[0] for code in CODES} == {"collected"}


def test_on_a_day_on_which_nobody_checks_in_it_is_check_in_that_is_asked_about(mornings):
    said = mornings.night(TUESDAY)
    asked = "Did check-in work on Monday 2026-11-16? 6 of 6 did not check in, and there is no record yet of how many"
    assert asked in said
    assert {mornings.draw_of(code, MONDAY)[:2] for code in CODES} == {("unrecorded", "check-ins held back")}
    assert asked in mornings.asked(TUESDAY)
    (question,) = json.loads(mornings.typed(TUESDAY, "09:00", "today", "--format", "json").stdout)["questions"]
    assert asked in question["question"]
    mornings.type(TUESDAY, "09:10", "missed", "--all", "--on", "2026-11-16", "--yes")
    assert {mornings.draw_of(code, MONDAY)[0] for code in CODES} == {"missed"}
    assert "Did check-in work" not in mornings.asked(TUESDAY)
    assert "All holds" in mornings.type(TUESDAY, "09:30", "verify")


def test_an_answer_that_check_in_did_not_work_takes_the_draws_out_of_the_count(mornings):
    mornings.night(TUESDAY)
    mornings.type(TUESDAY, "09:10", "excuse", "--all", "--on", "2026-11-16", "--reason", "the line was cut", "--yes")
    assert {mornings.draw_of(code, MONDAY)[0] for code in CODES} == {"excused"}


def test_what_nobody_could_be_told_of_stays_out_of_missed_for_all(mornings):
    come(mornings, *CODES[2:])
    mornings.type(MONDAY, "12:00", "test", "C21", "--reason", "seemed intoxicated")
    mornings.tried("B04", MONDAY, "07:44")
    mornings.night(TUESDAY)
    done = mornings.typed(TUESDAY, "09:00", "missed", "--all", "--on", "2026-11-16", input="n\n")
    assert "1 draw of 2026-11-16 without any record become missed; of 1 of them the participant tried" in done.stderr
    mornings.type(TUESDAY, "09:00", "missed", "--all", "--on", "2026-11-16", "--yes")
    assert mornings.draw_of("B04", MONDAY)[0] == "missed"
    assert mornings.draw_of("C21", MONDAY, for_cause=True)[0] == "unrecorded"


def test_who_tries_in_vain_again_and_again_is_said_to(mornings):
    for day in (MONDAY - timedelta(days=number) for number in (1, 5, 27, 28)):
        mornings.tried("A17", day, "07:00")
    mornings.tried("A17", MONDAY - timedelta(days=2), "07:00")
    mornings.told("A17", MONDAY - timedelta(days=2), "07:05", "stay")
    come(mornings, *CODES[1:])
    mornings.tried("A17", MONDAY, "07:44")
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[2].endswith("; the 4th time in 28 days")
    assert "one of them the 4th time in 28 days" in mornings.asked(TUESDAY)


@pytest.fixture(scope="module")
def asking(made) -> Clinic:
    """The same clinic, whose rule says that a person decides about who did not check in."""
    clinic = made.copy(made.database.with_name("asking.db"))
    Mornings(clinic).rule(MONDAY - timedelta(days=1), then="unrecorded")
    return clinic


def test_where_the_rule_says_so_not_checking_in_is_a_question(asking, tmp_path):
    mornings = Mornings(asking.copy(tmp_path / "live.db"))
    come(mornings, *CODES[1:])
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("unrecorded", "not checked in")
    asked = "Has a test been missed on Monday 2026-11-16? Nothing was on record for 1 of that day's 6 draws, whose"
    assert asked in mornings.asked(TUESDAY)
    mornings.type(TUESDAY, "09:10", "missed", "--all", "--on", "2026-11-16", "--yes")
    assert mornings.draw_of("A17", MONDAY)[0] == "missed"
    assert asked not in mornings.asked(TUESDAY)


def test_a_record_that_is_missing_is_asked_about_also_of_those_who_did_not_check_in(mornings):
    """Five were told and nothing is on record of any of them; so nobody knows of the sixth either."""
    for code in CODES[1:]:
        mornings.told(code, MONDAY, "06:00")
    said = mornings.night(TUESDAY)
    assert "Was anything collected on Monday 2026-11-16?" in said
    assert {mornings.draw_of(code, MONDAY)[:2] for code in CODES} == {("unrecorded", "held back")}


def test_each_day_is_counted_when_it_is_closed(mornings):
    come(mornings, *CODES[2:])
    mornings.told("A17", MONDAY, "10:30")
    mornings.tried("B04", MONDAY, "07:44")
    outage(mornings, MONDAY, "10:45", "07:10", "07:13")
    mornings.night(TUESDAY)
    found = "expected, in_time, late, tried, not_checked_in, held, faulty_minutes"
    assert mornings.clinic.rows(f"SELECT {found} FROM check_in_day WHERE day = '2026-11-16'") == [(6, 4, 1, 1, 0, 0, 3)]


def test_without_a_rule_nothing_is_kept_and_nothing_changes(clinic):
    clinic.add("A17", "B04", "C21", schedule="fixed-3")
    clinic("draw")
    for code in ("A17", "B04"):
        clinic("result", code, "negative")
    clinic.today = "2026-11-17"
    clinic("draw")
    assert clinic.status("C21", "2026-11-16") == "missed"
    assert clinic.rows("SELECT count(*) FROM check_in_day") == [(0,)]


def test_days_together_that_jump_out_give_back_what_a_night_took_for_missed(mornings):
    """Everybody has checked in for weeks, and then one does not, three times: alone that is nothing, together it is."""
    with mornings.writing(MONDAY, "04:00") as work:
        for number in range(1, 29):
            told = {"expected": 6, "in_time": 6, "late": 0, "tried": 0, "not_checked_in": 0, "held": False}
            none = {"usual_expected": 0, "usual_not_checked_in": 0, "faulty_minutes": 0, "strangers": 0}
            day = MONDAY - timedelta(days=number)
            work.write(CheckInDay(facility_id=work.facility_id, day=day, days=1, **told, **none))
    come(mornings, *CODES[1:])
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "not checked in")
    for day in (TUESDAY, TUESDAY + timedelta(days=1)):
        for code in CODES[1:]:
            mornings.told(code, day, "06:00", "stay")
        said = mornings.night(day + timedelta(days=1))
    asked = "Did check-in work from Thursday 2026-11-12 to Wednesday 2026-11-18? 3 of 42 did not check in"
    assert asked in said
    assert mornings.draw_of("A17", MONDAY)[:2] == ("unrecorded", "check-ins held back")
    thursday = TUESDAY + timedelta(days=2)
    mornings.type(thursday, "09:00", "missed", "--all", "--from", "2026-11-12", "--to", "2026-11-18", "--yes")
    assert mornings.draw_of("A17", MONDAY)[0] == "missed"
    assert "All holds" in mornings.type(thursday, "09:30", "verify")


def test_while_nobody_has_looked_what_the_page_did_nobody_who_was_not_told_has_missed(made, tmp_path):
    """The day has a page, and what it wrote was never read."""
    mornings = Mornings(made.copy(tmp_path / "live.db"))
    mornings.rule(MONDAY - timedelta(days=1), page=True)
    come(mornings, *CODES[1:])
    mornings.night(TUESDAY)
    status, because, reason = mornings.draw_of("A17", MONDAY)
    assert (status, because) == ("unrecorded", "check-in at fault")
    assert reason.endswith(": from 05:00 to 10:00")


def test_who_attended_another_record_that_was_joined_has_checked_in(mornings):
    """A17 has a second record, whose card was used that morning."""
    mornings.type(MONDAY, "05:30", "participant", "add", "A18", "--schedule", "fixed-2", "--level", "iop")
    mornings.told("A18", MONDAY, "06:00")
    mornings.type(MONDAY, "12:00", "participant", "join", "A18", "A17", "--reason", "enrolled twice", "--yes")
    come(mornings, *CODES[1:])
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "closed out")


def test_draws_that_were_made_when_check_in_was_open_already_are_missed_by_nobody_who_was_not_told(mornings):
    """By telephone alone nothing else says so: whoever called at six was told nothing."""
    thursday, friday = TUESDAY + timedelta(days=2), TUESDAY + timedelta(days=3)
    come(mornings, *CODES)
    mornings.night(TUESDAY)
    mornings.night(thursday - timedelta(days=1))
    mornings.type(thursday, "11:00", "draw")
    mornings.night(friday)
    status, because, reason = mornings.draw_of("A17", thursday)
    assert (status, because) == ("unrecorded", "check-in at fault")
    assert reason.endswith("from 05:00 to 10:00")
    assert "the day's draws had not been made" in mornings.type(friday, "09:00", "checkin", "outage")
    assert "All holds" in mornings.type(friday, "09:00", "verify")


def test_draws_that_were_made_before_check_in_opened_are_no_fault(mornings):
    mornings.night(TUESDAY)
    assert mornings.clinic.rows("SELECT * FROM outage") == []


class TestARuleThatLeavesLittleTime:
    """Check-in closes half an hour before collection ends: who asks at the end is in time, and may not get there."""

    @pytest.fixture
    def mornings(self, on_sunday, tmp_path) -> Mornings:
        mornings = Mornings(on_sunday.copy(tmp_path / "live.db"))
        rule = ("--opens", "05:00", "--closes", "16:30", "--no-page", "--not-checked-in", "unrecorded")
        mornings.type(MONDAY - timedelta(days=1), "13:00", "checkin", "rule", *rule, "--from", str(MONDAY))
        mornings.night(MONDAY)
        come(mornings, *CODES[1:])
        return mornings

    def told_at_last(self, mornings: Mornings) -> None:
        """In time by this rule, and not by the one of `Mornings`."""
        with mornings.writing(MONDAY, "16:20") as work:
            whose = id_of(find_participant(work, "A17"))
            row = {"participant_id": whose, "day": MONDAY, "at": moment(MONDAY, "16:20"), "channel": "page"}
            work.write(CheckIn(**row, outcome="told", answer=DaysAnswer.COME, timing=Timing.IN_TIME))

    def ended(self, mornings: Mornings) -> tuple[str, str | None]:
        """What has become of the draw, and that no entry contradicts it."""
        assert "All holds" in mornings.type(TUESDAY, "09:00", "verify")
        return mornings.draw_of("A17", MONDAY)[:2]

    def test_who_waited_until_then_knew_of_it(self, mornings):
        """That they did not check in would be untrue."""
        self.told_at_last(mornings)
        mornings.tried("A17", MONDAY, "16:25")
        mornings.night(TUESDAY)
        assert self.ended(mornings) == ("missed", "closed out")

    def test_who_had_tried_before_was_kept_from_it(self, mornings):
        mornings.tried("A17", MONDAY, "09:00", "blocked")
        self.told_at_last(mornings)
        mornings.night(TUESDAY)
        assert self.ended(mornings) == ("unrecorded", "tried to check in")

    def test_who_could_not_ask_before_was_kept_from_it(self, mornings):
        self.told_at_last(mornings)
        outage(mornings, MONDAY, "16:40", "05:00", "16:15")
        mornings.night(TUESDAY)
        assert self.ended(mornings) == ("unrecorded", "check-in at fault")

    def test_an_outage_that_is_known_afterwards_counts_until_it_is_taken_back(self, mornings):
        self.told_at_last(mornings)
        mornings.night(TUESDAY)
        span = ("--from", f"{MONDAY} 05:00", "--to", f"{MONDAY} 16:15")
        mornings.type(TUESDAY, "08:00", "checkin", "outage", *span, "--reason", "no power")
        assert self.ended(mornings) == ("unrecorded", "check-in at fault")
        mornings.type(TUESDAY, "08:30", "checkin", "outage", "--take-back", "1", "--reason", "it was another day")
        assert self.ended(mornings) == ("missed", "closed out")

    def test_who_is_late_as_well_counts_as_not_told(self):
        late = CheckInAttempt(moment(MONDAY, "09:30"), CheckInOutcome.TOLD, DaysAnswer.COME, Timing.LATE)
        since, ends = moment(MONDAY, "00:05"), moment(MONDAY, "11:00")
        assert standing([late], since, ends).standing is Standing.NOT_CHECKED_IN
        assert standing([replace(late, timing=Timing.IN_TIME)], since, ends).standing is Standing.TOLD_WITH_LITTLE_LEFT


def test_records_that_are_joined_after_the_night_have_heard_what_either_was_told(mornings):
    """The person was told by their other card on Monday that they need not come, and the night could not know that."""
    mornings.type(MONDAY, "05:30", "participant", "add", "A18", "--schedule", "fixed-1", "--level", "iop")
    mornings.told("A18", MONDAY, "06:00", "stay")
    come(mornings, *CODES[1:])
    mornings.night(TUESDAY)
    assert mornings.draw_of("A17", MONDAY)[:2] == ("missed", "not checked in")
    mornings.type(TUESDAY, "12:00", "participant", "join", "A18", "A17", "--reason", "enrolled twice", "--yes")
    assert mornings.draw_of("A17", MONDAY)[:2] == ("unrecorded", "ordered after check-in")
    assert "All holds" in mornings.type(TUESDAY, "12:05", "verify")
