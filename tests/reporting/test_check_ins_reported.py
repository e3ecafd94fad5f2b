"""How everybody's check-ins of a week went, as those who treat them and those who pay for it read it.

It is Monday, 2026-11-23. From Tuesday of last week on everybody with a card checked in between 05:00 and 10:00; on
Tuesday the page was not to be reached from 07:10 to 07:31. Tests were due on Monday, Wednesday and Friday.
"""

import csv
import io
import json
import re
from contextlib import closing
from datetime import date

import pytest
from checked_in import CheckedIn, clock_at, days
from conftest import made_once
from recomputed import check_ins_out_of_line

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.reports.paper.words import WIDTH
from testing_tracker.services.reporting.check_ins_since import newest_of_days

ASKED = days("2026-11-17", "2026-11-22")
FROM_TO = ("--from", "2026-11-16", "--to", "2026-11-22")
FORMS = ("table", "csv", "json", "html")


@made_once
def asked(clinic):
    """A17 always checks in, B04 never; C21 is cut off once and locked out once; E09 was away; D33 has no card."""
    clinic.add("A17", "B04", "C21", "D33", "E09", schedule="fixed-3")
    clinic("draw")
    for code in ("A17", "B04", "C21", "D33", "E09"):
        clinic("missed", code)
    checked_in = CheckedIn(clinic)
    checked_in.card("A17", "B04", "C21", "E09")
    checked_in.rule("2026-11-17")
    clinic("participant", "leave", "E09", "2026-11-18", "2026-11-19", "--reason", "away")
    for day in ASKED:
        clinic.today = day
        with clock_at("04:00"):
            clinic("draw")
        of_day = "come" if day in ("2026-11-18", "2026-11-20") else "stay"
        checked_in("A17", f"{day} 05:12", answer=of_day)
        if day == "2026-11-17":
            checked_in("C21", f"{day} 07:15", "unknown")
            checked_in("C21", f"{day} 07:50", by="phone", receipt="90127748")
            checked_in("E09", f"{day} 10:31", by="phone", timing="late")
            checked_in.outage(f"{day} 07:10", f"{day} 07:31")
        elif day == "2026-11-20":
            checked_in("C21", f"{day} 06:00", "wrong")
        else:
            checked_in("C21", f"{day} 05:30", answer=of_day)
        if day not in ("2026-11-17", "2026-11-18", "2026-11-19"):
            checked_in("E09", f"{day} 05:00", answer=of_day)
        for code in ("B04", "C21", "D33") if of_day == "come" else ():
            clinic("missed", code)
        if day == "2026-11-18":
            clinic("result", "A17", "negative", "--collected-at", "07:52")
        if day == "2026-11-20":
            clinic("result", "A17", "negative", "--collected-at", "14:00")
            clinic("result", "E09", "negative", "--collected-at", "09:00")
    clinic.today = "2026-11-23"
    clinic("draw")


def test_the_report_says_how_everybody_checked_in(asked):
    said = " ".join(asked("report", "weekly").split())
    assert "Check-in checked in 14 of 22 (64 %) in time, 1 late, 1 tried and could not, 6 did not" in said
    assert (
        "at fault Tue 2026-11-17 07:10 to 07:31 (21 minutes); 1 not told that day, 1 told by staff instead; "
        "nobody missed for it" in said
    )
    assert (
        "to specimen from being told, of 3: half within 4 h, 95 % within 8 h 48 min; 1 took more than 8 hours" in said
    )
    assert (
        "missed 11: told and did not come 1; tried to check in and could not 1; did not check in 2; "
        "not asked to check in 7" in said
    )


def test_programs_read_the_same(asked):
    report = asked.json("report", "weekly")
    assert report["check_in"] == {
        "expected": 22,
        "in_time": 14,
        "late": 1,
        "tried": 1,
        "not_checked_in": 6,
        "usual": None,
        "outages": [
            {
                "day": "2026-11-17",
                "spans": [{"from": "2026-11-17T15:10:00+00:00", "to": "2026-11-17T15:31:00+00:00"}],
                "minutes": 21,
                "counts": True,
                "not_told": 1,
                "told_by_staff": 1,
                "missed": 0,
            }
        ],
        "told_to_specimen": {"n": 3, "median_s": 14_400, "p95_s": 31_680, "over_8h": 1},
        "unrecorded": {},
    }
    assert sum(report["missed"].values()) == report["totals"]["missed"]
    assert report["missed"] == {
        "told": 1,
        "told_otherwise": 0,
        "tried": 1,
        "not_checked_in": 2,
        "no_check_in_asked": 7,
    }
    lines = {line["participant"]: line["check_in"] for line in report["participants"]}
    assert lines["D33"] is None
    assert lines["C21"] == {"expected": 6, "in_time": 5, "late": 0, "tried": 1, "not_checked_in": 0}
    for count in ("expected", "in_time", "late", "tried", "not_checked_in"):
        assert sum(line[count] for line in lines.values() if line) == report["check_in"][count]
    rows = list(csv.DictReader(io.StringIO(asked("report", "weekly", "--format", "csv"))))
    assert [(row["participant"], row["check_ins_asked"], row["not_checked_in"]) for row in rows] == [
        ("A17", "6", "0"),
        ("B04", "6", "6"),
        ("C21", "6", "0"),
        ("D33", "0", "0"),
        ("E09", "4", "0"),
    ]


def test_each_line_says_on_how_many_days_somebody_checked_in(asked):
    lines = [line.strip() for line in asked("report", "weekly").splitlines()]
    assert [line for line in lines if line.startswith("ci ")] == [
        "ci 0/6",
        "ci 5/6, 1 tried",
        "ci not asked",
        "ci 4/4, 1 late",
    ]
    page = asked("report", "weekly", "--format", "html")
    assert re.findall(r'data-label="check-in">([^<]+)<', page) == ["6/6", "0/6", "5/6", "not asked", "4/4"]


@pytest.mark.parametrize("form", FORMS)
def test_where_no_rule_was_in_force_nothing_is_said_of_checking_in(clinic, form):
    clinic.add("A17")
    clinic("draw")
    clinic.today = "2026-11-23"
    clinic("draw")
    before = clinic("report", "weekly", "--format", form)
    for word in ("check-in", "check_in", "ci ", "checked in"):
        assert word not in before.lower()
    checked_in = CheckedIn(clinic)
    checked_in.card("A17")
    checked_in.rule("2026-11-24")
    checked_in("A17", "2026-11-23 05:00")
    assert clinic("report", "weekly", "--format", form) == before
    assert not clinic.json("report", "weekly")["amended"]


def test_it_fits_a_page_and_a_telephone(asked, monkeypatch):
    assert max(map(len, asked("report", "weekly").splitlines())) <= WIDTH
    monkeypatch.setattr("testing_tracker.cli.report.width_of", lambda _stream: 40)
    lines = asked("report", "weekly").splitlines()
    assert max(len(line) for line in lines if not re.fullmatch(r" *[0-9a-f]{64}", line)) <= 40


def test_a_check_in_that_comes_late_to_the_record_amends_the_report(asked):
    asked("report", "weekly")
    first = asked.json("report", "weekly")
    assert (first["edition"], first["amended"]) == (1, None)
    CheckedIn(asked)("B04", "2026-11-19 05:40")
    report = asked.json("report", "weekly")
    assert report["edition"] == 2
    assert ["checked_in_in_time", 14, 15] in report["amended"]["counts"]
    assert ["not_checked_in", 6, 5] in report["amended"]["counts"]
    said = asked("report", "weekly")
    assert "not checked in: 6 when first printed, 5 now" in said
    assert "B04, 2026-11-19, check-in record: told" in said
    assert asked("report", "weekly") == said
    assert json.loads(asked("report", "weekly", "--format", "json")) == report


def test_who_calls_hours_after_a_short_outage_was_not_told_because_of_it(asked):
    checked_in = CheckedIn(asked)
    for day, called_at in (("2026-11-19", "09:00"), ("2026-11-21", "05:02")):
        checked_in.outage(f"{day} 05:00", f"{day} 05:03")
        checked_in("B04", f"{day} {called_at}", by="phone")
    faults = {one["day"]: one["told_by_staff"] for one in asked.json("report", "weekly")["check_in"]["outages"]}
    assert faults == {"2026-11-17": 1, "2026-11-19": 0, "2026-11-21": 1}


def test_an_outage_that_staff_say_afterwards_amends_the_report(asked):
    asked("report", "weekly")
    CheckedIn(asked).outage("2026-11-19 05:00", "2026-11-19 06:30", "no power")
    said = " ".join(asked("report", "weekly").split())
    assert "at fault Thu 2026-11-19 05:00 to 06:30 (90 minutes); 1 not told that day; nobody missed for it" in said
    assert "check-in, 2026-11-19, outage record (no power)" in said
    CheckedIn(asked).outage("2026-11-25 05:00", "2026-11-25 06:30", "no power")
    assert " ".join(asked("report", "weekly").split()) == said


def delivered_before(clinic, first: date, last: date) -> set[date]:
    """The days of some about which a report that was delivered when one was first printed does not know all."""
    with closing(Desk(clinic.url, clinic.today)) as desk, desk.reading("status") as work:
        (since,) = clinic.rows("SELECT min(last_entry_id) FROM report_edition")[0]
        return set(newest_of_days(work, since, first, last))


def test_an_outage_that_turns_out_to_have_been_in_another_week_amends_the_report_of_both(asked):
    with clock_at("12:00"):
        asked("checkin", "outage", "--from", "2026-11-19 05:00", "--to", "2026-11-19 06:30", "--reason", "no power")
    asked("report", "weekly")
    with clock_at("13:00"):
        span = ("--from", "2026-11-23 05:00", "--to", "2026-11-23 06:30")
        asked("checkin", "outage", "--corrects", "2", *span, "--reason", "it was Monday")
    report = asked.json("report", "weekly")
    assert [one["day"] for one in report["check_in"]["outages"]] == ["2026-11-17"]
    acts = [(act["on"], act["what"], act["reason"]) for act in report["amended"]["acts"]]
    assert acts == [("2026-11-19", "outage record", "it was Monday")]
    assert delivered_before(asked, date(2026, 11, 16), date(2026, 11, 22)) == {date(2026, 11, 19)}


def test_two_records_of_one_person_that_are_joined_amend_the_report(asked):
    """What one of them was told the person knew: the other one's days are checked in too."""
    checked_in = CheckedIn(asked)
    asked.add("F10", schedule="fixed-3")
    checked_in.card("F10")
    for asked.today in days("2026-11-23", "2026-11-25"):
        asked("draw")
    checked_in("F10", "2026-11-24 06:00")
    for asked.today in days("2026-11-26", "2026-11-30"):
        asked("draw")
    asked("report", "weekly")
    asked("participant", "join", "F10", "B04", "--reason", "the same person", "--yes")
    amended = asked.json("report", "weekly")["amended"]
    assert ["checked_in_in_time", 1, 2] in amended["counts"]
    acts = [(act["participant"], act["on"], act["what"]) for act in amended["acts"]]
    assert ("F10", "2026-11-24", "participant join") in acts
    assert delivered_before(asked, date(2026, 11, 23), date(2026, 11, 29)) == {date(2026, 11, 24)}


def test_minutes_too_few_to_count_are_said_to_be(asked):
    CheckedIn(asked).outage("2026-11-19 05:00", "2026-11-19 05:03")
    said = " ".join(asked("report", "weekly").split())
    assert "(3 minutes); 1 not told that day; too short to count, and nobody who was not told missed a test" in said


def test_a_usual_week_is_said_beside_it(asked):
    asked.today = "2026-11-16"
    CheckedIn(asked).day("2026-11-15", 40, 39)
    asked.today = "2026-11-23"
    assert "6 did not; usual 98 %" in " ".join(asked("report", "weekly").split())


def test_what_is_recorded_later_of_an_earlier_week_leaves_a_printed_report_as_it_was(asked):
    """A court would read that the records of its week had changed."""
    for asked.today in days("2026-11-24", "2026-11-30"):
        asked("draw")
    report, said = asked.json("report", "weekly"), asked("report", "weekly", "--for", "court")
    CheckedIn(asked)("B04", "2026-11-21 05:40")
    with clock_at("13:00"):
        span = ("--from", "2026-11-21 05:00", "--to", "2026-11-21 06:30")
        asked("checkin", "outage", *span, "--reason", "no power")
    assert asked.json("report", "weekly") == report
    assert asked("report", "weekly", "--for", "court") == said
    assert asked.json("report", "weekly", "--week", "2026-W47")["edition"] == 1
    assert asked.json("report", "weekly", "--week", "2026-W47")["check_in"]["outages"][-1]["day"] == "2026-11-21"


def test_nobody_is_counted_on_a_day_that_is_not_over(asked):
    CheckedIn(asked)("A17", "2026-11-23 05:12")
    report = asked.json("report", "weekly", "--week", "this")
    assert "check_in" not in report
    asked.today = "2026-11-24"
    asked("draw")
    assert asked.json("report", "weekly", "--week", "this")["check_in"]["expected"] == 4


def test_a_participants_report_has_each_day_with_its_receipt(asked):
    said = asked("report", "participant", "C21")
    lines = [line.strip() for line in said[said.index("Check-ins: ") :].splitlines()][:8]
    assert lines == [
        "Check-ins: 5/6 = 83 %",
        "2026-11-17  07:50  phone  9012-7748  need not come",
        "2026-11-18  05:30  page   4586-5319  told to come",
        "2026-11-19  05:30  page   4586-5319  need not come",
        "2026-11-20  06:00  page              tried and could not: number and PIN did",
        "not go together",
        "2026-11-21  05:30  page   4586-5319  need not come",
        "2026-11-22  05:30  page   4586-5319  need not come",
    ]
    report = asked.json("report", "participant", "C21")
    assert report["check_in"] == {"expected": 6, "in_time": 5, "late": 0, "tried": 1, "not_checked_in": 0}
    assert report["check_ins"][0] == {
        "day": "2026-11-17",
        "asked": True,
        "ended": "in time",
        "said": [
            {
                "at": "2026-11-17T15:50:00+00:00",
                "by": "phone",
                "outcome": "told",
                "answer": "stay",
                "timing": "in time",
                "receipt": "9012-7748",
            }
        ],
        "attempts": 2,
        "at_fault": True,
    }
    of_b04 = asked("report", "participant", "B04")
    assert re.search(r"2026-11-17 +did not check in, and check-in was at fault that day\n", of_b04)
    assert re.search(r"2026-11-18 +did not check in\n", of_b04)
    assert "10:31  phone  4586-5319  need not come, late" in asked("report", "participant", "E09")
    assert "heck-in" not in asked("report", "participant", "D33")
    assert "check_in" not in asked.json("report", "participant", "D33")


def test_who_was_turned_away_is_not_held_to_have_tried_too_much(asked):
    """Somebody else may have tried the number, or a whole street the page."""
    CheckedIn(asked)("B04", "2026-11-22 06:10", "blocked")
    said = " ".join(asked("report", "participant", "B04").split())
    assert "tried and could not: the page was asked too much, by whomever it was, and looked at nothing" in said


def test_a_test_for_cause_shows_both_answers_of_the_day(asked):
    checked_in = CheckedIn(asked)
    checked_in("A17", "2026-11-21 13:05", answer="come", by="phone", timing="late", receipt="11112222")
    checked_in("D33", "2026-11-21 09:00", by="staff")
    said = asked("report", "participant", "A17")
    assert "2026-11-21  05:12  page   4586-5319  need not come\n" in said
    assert "2026-11-21  13:05  phone  1111-2222  told to come, late\n" in said
    assert "09:00  staff  4586-5319  need not come, not asked to" in asked("report", "participant", "D33")


def test_the_report_of_a_period_has_the_sums_of_its_weeks(asked):
    week = asked.json("report", "weekly")
    period = asked.json("report", "period", *FROM_TO)
    counts = ("expected", "in_time", "late", "tried", "not_checked_in", "told_to_specimen", "unrecorded")
    assert [period["check_in"][one] for one in counts] == [week["check_in"][one] for one in counts]
    assert period["missed"] == week["missed"]
    assert (period["check_in"]["days_at_fault"], period["check_in"]["minutes_at_fault"]) == (1, 21)
    parts = [asked.json("report", "period", "--from", day, "--to", day) for day in ASKED]
    for one in counts[:5]:
        assert sum(part["check_in"][one] for part in parts) == week["check_in"][one]


def test_the_report_of_a_period_says_it_in_numbers(asked):
    said = asked("report", "period", *FROM_TO)
    assert "Checked in: 22 days asked, of 4 participants\n" in said
    assert re.search(r"in time +14 +64 %\n +late +1 +5 %\n +tried and could not +1 +5 %\n +did not +6 +27 %", said)
    assert re.search(r"number median 95 of 100 over 8 h\n +hours +3 +4 +8.8 +1\n", said)
    assert "Missed tests, by what was told: 11\n" in said
    rows = list(csv.reader(io.StringIO(asked("report", "period", *FROM_TO, "--format", "csv"))))
    assert ["check-in", "", "in_time", "14"] in rows
    assert ["missed", "", "not_checked_in", "2"] in rows
    assert "in time" in asked("report", "period", *FROM_TO, "--format", "html")


@pytest.mark.parametrize("form", FORMS)
def test_a_period_without_a_rule_says_nothing_of_it(clinic, form):
    clinic.add("A17")
    said = clinic("report", "period", *FROM_TO, "--format", form)
    assert not re.search("check.?in|checked", said, re.IGNORECASE)


def test_a_court_learns_whether_somebody_was_told_of_a_missed_test_and_nothing_more(asked):
    said = " ".join(asked("report", "weekly", "--for", "court").split())
    assert (
        "C21: Came to 0 of 3 tests; 3 missed (1 told to come, 1 tried to check in and could not, 1 not asked to" in said
    )
    assert "B04: Came to 0 of 3 tests; 3 missed (2 did not check in, so was not told, 1 not asked to check in)." in said
    assert "D33: Came to 0 of 3 tests; 3 missed (not asked to check in)." in said
    assert "On Tuesday 2026-11-17 check-in was not to be reached for a while" in said
    assert "check in: Ask the facility, on every day" in said
    for more in ("4586", "9012", "05:12", "07:50", "page,", "power cut", "5/6", "64 %", "22"):
        assert more not in said.replace("2026-11-22", "").replace("by a page, by telephone", "")
    lines = asked.json("report", "weekly", "--for", "court")["participants"]
    assert all(sum(line["missed_how"].values()) == line["missed"] for line in lines)
    assert "tried to check in" in asked("report", "weekly", "--for", "court", "--format", "html")


def test_whoever_was_told_last_that_they_had_been_here_was_not_told_to_come(asked):
    """Another's specimen had been put down as theirs; the report says of the missed test what the call list did."""
    checked_in = CheckedIn(asked)
    asked("draw")
    checked_in("A17", "2026-11-23 05:40", answer="come")
    checked_in("A17", "2026-11-23 07:40", answer="done")
    asked("missed", "A17")
    assert re.search("A17 .* before the test was ordered +07:40", asked("due"))
    asked.today = "2026-11-24"
    asked("draw")
    this_week = ("report", "weekly", "--week", "this")
    said = " ".join(asked(*this_week, "--for", "court").split())
    assert "A17: Came to 0 of 1 test; 1 missed (told otherwise that day, before it was ordered)." in said
    assert asked.json(*this_week)["missed"]["told_otherwise"] == 1
    assert asked.json(*this_week, "--explain", "A17")[0]["checked_in"].startswith("told before it was ordered 07:40")


def test_the_call_list_says_the_same_once_the_day_is_over(asked):
    """Whoever is to say whether they missed it reads there whether they knew of it."""
    checked_in = CheckedIn(asked)
    asked("draw")
    for code in ("A17", "B04", "C21", "E09"):
        checked_in(code, "2026-11-23 05:40", answer="come")
    checked_in("A17", "2026-11-23 07:40", answer="done")
    for code in ("B04", "C21", "D33", "E09"):
        asked("result", code, "negative")
    asked.today = "2026-11-24"
    asked("draw")
    said = asked("due", "--on", "2026-11-23")
    assert re.search("A17 .* unrecorded +before the test was ordered +07:40", said)
    assert re.search("B04 .* collected +yes +05:40", said)
    draws = asked.json("report", "weekly", "--week", "this", "--explain", "A17")
    assert draws[0]["checked_in"].startswith("told before it was ordered 07:40")


def test_a_court_reads_the_same_as_before_where_no_rule_was_in_force(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic("missed", "A17")
    clinic.today = "2026-11-23"
    clinic("draw")
    before = clinic.json("report", "weekly", "--for", "court")
    CheckedIn(clinic).rule("2026-11-23")
    after = clinic.json("report", "weekly", "--for", "court")
    assert after == before
    assert not re.search("check.?in|missed_how", json.dumps(after))


def test_the_draws_behind_a_line_say_what_was_told_of_each(asked):
    draws = asked.json("report", "weekly", "--explain", "C21")
    assert [(draw["due_on"], draw["checked_in"]) for draw in draws] == [
        ("2026-11-16", "not asked to"),
        ("2026-11-18", "told 05:30, receipt 4586-5319"),
        ("2026-11-20", "tried 06:00"),
    ]
    said = asked("report", "weekly", "--explain", "B04")
    assert "not checked in" in said
    assert "B04 in 2026-W47: due 3, missed 3; compliance 0/3; pattern o; ci 0/6" in said


def test_the_draws_behind_a_line_say_nothing_of_it_without_a_rule(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic.today = "2026-11-23"
    clinic("draw")
    assert "checked_in" not in clinic.json("report", "weekly", "--explain", "A17")[0]
    assert "; ci" not in clinic("report", "weekly", "--explain", "A17")


def days_asked(clinic) -> dict[str, int | None]:
    """On how many days of this week each was asked to check in; None on none."""
    lines = clinic.json("report", "weekly", "--week", "this")["participants"]
    return {line["participant"]: line["check_in"] and line["check_in"]["expected"] for line in lines}


def test_the_counts_are_what_the_days_say_one_by_one(asked):
    assert check_ins_out_of_line(asked, date(2026, 11, 16)) == []


def test_a_card_that_ends_in_the_day_asks_nobody_that_day(asked):
    """Nor does one that is made when the window is open; one that ends when collection is over asked until then."""
    checked_in = CheckedIn(asked)
    asked("draw")
    with clock_at("09:00"):
        checked_in.card("A17", ended=True)
        checked_in.card("D33")
    with clock_at("22:00"):
        checked_in.card("C21", ended=True)
    asked.today = "2026-11-24"
    asked("draw")
    assert days_asked(asked) == {
        "A17": None,
        "B04": 1,
        "C21": 1,
        "D33": None,
        "E09": 1,
    }
    assert check_ins_out_of_line(asked, date(2026, 11, 16)) == []


def test_a_discharge_a_rule_that_ends_and_two_records_of_one_person_are_counted_as_they_were(asked):
    checked_in = CheckedIn(asked)
    asked("draw")
    asked("participant", "add", "F10", "--schedule", "fixed-3", "--level", "iop")
    checked_in.card("F10")
    asked.today = "2026-11-24"
    asked("draw")
    asked("participant", "discharge", "B04", "--reason", "moved")
    checked_in("F10", "2026-11-24 06:00")
    checked_in("E09", "2026-11-24 06:00", "wrong")
    asked("participant", "join", "F10", "E09", "--reason", "the same person", "--yes")
    checked_in.rule("2026-11-26", None, None)
    for asked.today in ("2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28"):
        asked("draw")
    report = asked.json("report", "weekly", "--week", "this")
    assert {
        line["participant"]: line["check_in"] and line["check_in"]["expected"] for line in report["participants"]
    } == {
        "A17": 3,
        "B04": 1,
        "C21": 3,
        "D33": None,
        "E09": 3,
        "F10": None,
    }
    assert check_ins_out_of_line(asked, date(2026, 11, 16)) == []
