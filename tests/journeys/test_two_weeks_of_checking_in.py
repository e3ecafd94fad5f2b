"""A clinic of forty checks in for two weeks, and everything that the program says of it is so.

Pages that are away, `serve` that is away, PINs that are forgotten, a number that somebody tries, tests for cause, a
leave, a discharge, a card that comes late and a database that was brought back from yesterday's copy.
"""

from collections import Counter
from contextlib import closing
from datetime import date, timedelta

import pytest
from journeys.forty import CODES, FIRST, LAST, Forty, days_of_week
from journeys.two_weeks import FRI, MON, MON2, SUN2, THU, THU2, TUE2, WED, TwoWeeks, every_day
from web.front_door import verifier

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("testing_tracker.services.check_in.cards.verifier_of", verifier)
        forty = Forty(tmp_path_factory.mktemp("forty"))
        two_weeks = TwoWeeks(forty)
        try:
            two_weeks.live()
            yield two_weeks
        finally:
            forty.close()


BECAUSE_OF_NIGHT = ("closed out", "not checked in", "ordered after check-in", "check-in at fault", "tried to check in")


def test_every_draw_is_what_the_book_says(lived):
    rows = lived.forty.clinic.rows(
        "SELECT code, due_on, kind = 'for-cause', status, because "
        "FROM draw JOIN participant p ON p.id = participant_id "
        f"WHERE due_on BETWEEN '{FIRST}' AND '{SUN2}' ORDER BY due_on, code"
    )
    found = {
        (code, date.fromisoformat(day), bool(cause)): (status, because) for code, day, cause, status, because in rows
    }
    excused = {key for key, (status, _) in found.items() if status == "excused"}
    assert {(code, day) for code, day, _ in excused} <= lived.book.away
    ends = lived.book.ends()
    assert {key: end for key, end in found.items() if key not in excused} == {
        key: end for key, end in ends.items() if key not in excused
    }
    every_end = set(ends.values())
    assert every_end >= {
        ("missed", "closed out"),
        ("missed", "not checked in"),
        ("collected", None),
        ("cancelled", None),
    }
    assert every_end >= {("unrecorded", because) for because in BECAUSE_OF_NIGHT[2:]}


def test_each_day_is_counted_as_the_book_has_it(lived):
    rows = lived.forty.clinic.rows(
        "SELECT day, expected, in_time, late, tried, not_checked_in, held FROM check_in_day "
        "WHERE days = 1 AND id IN (SELECT max(id) FROM check_in_day WHERE days = 1 GROUP BY day)"
    )
    assert {day: counts for day, *counts, _ in rows} == {
        str(day): [*lived.book.counts([day]).values()] for day in every_day()
    }
    assert not any(held for *_, held in rows)


def key_of_line(line: dict) -> tuple[str, bool]:
    return line["participant"], line["kind"] == "for-cause"


@pytest.mark.parametrize("day", every_day(), ids=str)
class TestEachDay:
    def test_the_call_list_says_who_knows(self, lived, day):
        seen = lived.seen[day]
        assert {key_of_line(one): one["told"] for one in seen.due if one["status"] != "excused"} == seen.told

    def test_the_board_says_who_is_open_and_who_knows(self, lived, day):
        seen = lived.seen[day]
        found = {key_of_line(one): one["told"] for one in seen.board["draws"] if one["place"] == "open"}
        assert found == {key: seen.told[key] for key in seen.open}

    def test_status_counts_them(self, lived, day):
        said = lived.seen[day].status["check_in"]
        assert said["state"] == "closed"
        counts = {name: count for name, count in lived.seen[day].counts.items() if name != "not_checked_in"}
        assert {name: said[name] for name in counts} == counts

    def test_the_list_says_how_everybody_stands(self, lived, day):
        lines = {line["participant"]: line for line in lived.forty.clinic.json("checkin", "list", "--on", str(day))}
        for code in CODES:
            asked = lived.book.asked.get((code, day), [])
            told = [one for one in asked if one.is_told]
            if code not in lines:
                assert not asked
                assert lived.book.left[code] <= day
                continue
            line = lines[code]
            if told:
                assert line["answer"] == told[-1].became
                assert line["receipt"] in {one.receipt for one in told}
                assert line["timing"] == ("in time" if told[0].at < "10:00" else "late")
            else:
                assert line["answer"] is None
                assert line["tries"] == len(asked)
                silent = {True: "no", False: "on leave"}[(code, day) not in lived.book.away]
                assert line["state"] == ("tried" if asked else "not yet" if code == LAST and day < THU else silent)


def test_doctor_names_a_number_that_somebody_tries_and_who_is_silent_and_who_has_no_card(lived):
    def named(day: date, what: str) -> list[str]:
        return [one["participant"] for one in lived.seen[day].doctor if what in one["what"]]

    for day in every_day():
        assert named(day, "no card") == ([LAST] if day < WED else [])
        assert named(day, "somebody tries PINs") == ([lived.tried] if day == FRI else [])
        assert named(day, "has not checked in for 3 days") == ([lived.quiet] if day == THU2 else [])


def test_every_receipt_that_was_handed_out_is_found_again(lived):
    clinic, count = lived.forty.clinic, 0
    with closing(Desk(clinic.url, None)) as desk, desk.reading("checkin verify") as work:
        for code, day in lived.book.asked:
            for receipt, says in lived.receipts_of(code, day):
                read = services.receipts_read.read_receipt(work, desk.location.key, code, receipt, day)
                assert (read.participant, read.says) == (code, says)
                times = {one.at for one in lived.book.asked[code, day] if one.receipt == receipt}
                assert f"{read.at.astimezone(work.zone):%H:%M}" in times
                count += 1
    assert count > 500


def test_a_receipt_as_it_is_typed(lived):
    """Of one who was told at the page, of one by telephone, of one who could not be told."""
    for code, day, how in ((lived.told_before_restore, MON2, "by the page"), (lived.leaver, TUE2, "by the page")):
        ((receipt, says),) = lived.receipts_of(code, day)
        said = lived.forty.clinic("checkin", "verify", code, receipt, "--on", str(day))
        assert says in said
        assert how in said
        assert (
            "is not a receipt of"
            in lived.forty.clinic.run("checkin", "verify", code, receipt, "--on", str(day - timedelta(days=1))).stderr
        )


def test_every_attempt_of_everybody_is_on_record(lived):
    for code in CODES:
        rows = lived.forty.clinic.json("checkin", "show", code, "--from", str(FIRST))
        found = Counter((row["day"], row["outcome"], row["answer"], row["receipt"]) for row in rows)
        expected = Counter(
            (str(day), "told" if one.is_told else one.became, one.became if one.is_told else None, one.receipt)
            for (whose, day), asked in lived.book.asked.items()
            if whose == code
            for one in asked
        )
        if code == lived.called_before_restore:  # the call before the disk was lost; the second one has its receipt
            expected[str(MON2), "told", "stay", rows_receipt(lived, code)] -= 1
        assert found == +expected, code


def rows_receipt(lived, code: str) -> str:
    ((receipt, _),) = lived.receipts_of(code, MON2)
    return receipt


@pytest.mark.parametrize("monday", [MON, MON2], ids=["2026-W47", "2026-W48"])
class TestTheWeeksReport:
    @pytest.fixture
    def report(self, lived, monday):
        return lived.forty.clinic.json("report", "weekly", "--week", f"{monday:%G-W%V}")

    def test_it_counts_check_ins_as_the_book_does(self, lived, monday, report):
        days = days_of_week(monday)
        said = report["check_in"]
        assert {name: said[name] for name in lived.book.counts([])} == lived.book.counts(days)
        for line in report["participants"]:
            counts = lived.book.counts(days, [line["participant"]])
            assert line["check_in"] == (counts if counts["expected"] else None)

    def test_every_missed_test_has_how(self, lived, monday, report):
        ends = {key: end for key, end in lived.book.ends().items() if key[1] in days_of_week(monday)}
        missed = Counter(how_missed(lived.book, *key) for key, (status, _) in ends.items() if status == "missed")
        assert Counter(report["missed"]) == missed
        assert report["totals"]["missed"] == missed.total()
        unrecorded = Counter(because for status, because in ends.values() if status == "unrecorded")
        assert Counter(report["check_in"]["unrecorded"]) == unrecorded

    def test_it_says_when_check_in_was_at_fault(self, lived, monday, report):
        faults = {one["day"]: one for one in report["check_in"]["outages"]}
        days = {str(day) for day in lived.book.at_fault if day in days_of_week(monday)}
        assert {day for day, one in faults.items() if one["counts"]} == days
        assert all(one["missed"] == 0 for one in faults.values() if one["counts"])
        for day, one in faults.items():
            counts = lived.book.counts([date.fromisoformat(day)])
            assert one["not_told"] == counts["tried"] + counts["not_checked_in"]
            untold = [
                key
                for key, (status, _) in lived.book.ends().items()
                if status == "missed"
                and str(key[1]) == day
                and how_missed(lived.book, *key) == "not_checked_in"
                and not any(asked.is_told for asked in lived.book.asked.get(key[:2], []))
            ]
            assert one["missed"] == len(untold)

    def test_people_read_the_same(self, lived, monday, report):
        read = " ".join(lived.forty.clinic("report", "weekly", "--week", f"{monday:%G-W%V}").split())
        counts = lived.book.counts(days_of_week(monday))
        assert f"checked in {counts['in_time']} of {counts['expected']} (" in read
        for day, span in lived.book.at_fault.items():
            assert (f"{day} {span} (" in read) is (day in days_of_week(monday))


def test_the_list_of_outages_says_which_of_them_counted(lived):
    listed = {one["reason"]: one["counts"] for one in lived.forty.clinic.json("checkin", "outage")}
    assert listed == {
        "the page was not running": True,
        "the page had no answers": True,
        "no power": True,
        "the exchange": False,
    }
    (short,) = [line for line in lived.forty.clinic("checkin", "outage").splitlines() if "the exchange" in line]
    assert "no: too short" in short


def how_missed(book, code: str, day: date, cause: bool) -> str:
    _, because = book.end(code, day, (book.for_cause if cause else book.tests)[code, day])
    if because == "not checked in":
        return "not_checked_in"
    return "told" if book.is_expected(code, day) else "no_check_in_asked"


def test_a_participants_report_has_every_day(lived):
    for code in (lived.tried, lived.leaver, lived.on_leave, LAST, lived.quiet):
        report = lived.forty.clinic.json("report", "participant", code)
        assert report["check_in"] == lived.book.counts(every_day(), [code])
        asked = {str(day): asked for (whose, day), asked in lived.book.asked.items() if whose == code}
        days = {one["day"]: one for one in report["check_ins"]}
        assert {day for day, one in days.items() if one["asked"]} == {
            str(day) for day in every_day() if lived.book.is_expected(code, day)
        }
        for day, one in days.items():
            receipts = {said["receipt"] for said in one["said"]} - {None}
            assert receipts <= {said.receipt for said in asked.get(day, []) if said.receipt}


def test_what_waits_for_an_answer_is_asked(lived):
    status = lived.forty.clinic.json("status")
    ends = lived.book.ends()
    tried = {day for (_, day, _), (_, because) in ends.items() if because == "tried to check in"}
    assert {one["from"] for one in status["questions"]} == {str(day) for day in tried}
    assert all("Why could participants not check in" in one["question"] for one in status["questions"])


def test_all_holds(lived):
    assert "All holds" in lived.forty.clinic("verify")
