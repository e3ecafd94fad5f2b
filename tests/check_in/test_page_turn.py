"""A turn of `serve` for the page: visits go on record once, before the night; and the page learns of today alone."""

import json
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest
from conftest import Clinic
from freezegun import freeze_time
from page_given import ZONE, at, cards, its, page_of, rule, runs, settings, told, visit, work_at
from sqlmodel import select

from testing_tracker.rules.check_in import check_in_file
from testing_tracker.rules.check_in.answers import CheckInOutcome, DaysAnswer
from testing_tracker.rules.check_in.receipts import is_whole
from testing_tracker.store.tables import Outage
from testing_tracker.web.file import KEPT, PageFile


@pytest.fixture
def live(tmp_path) -> Clinic:
    """A clinic with three people, two of whom have cards, on the day before checking in begins."""
    live = Clinic(tmp_path / "clinic.db", None)
    with its(15, 12):
        live("init", "--facility", "Harbor House", "--timezone", "America/Los_Angeles")
        live.add("QUILL-7", "MARROW-9", "TAMSIN-4", name="Fenwick")
        rule(live)
        live.numbers = cards(live, "QUILL-7", "MARROW-9")
        settings(live)
    return live


def turn(live, *moment: int) -> list[dict]:
    """The events of a turn at an instant of November."""
    with its(*moment):
        done = live.run("serve", "--once", "--log-format", "json")
    assert done.exit_code in (0, 1), done.output
    return [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]


def in_file(live, query: str) -> list[tuple]:
    with page_of(live) as file, file.reading() as database:
        return database.execute(query).fetchall()


def test_the_page_is_given_numbers_and_todays_answers_and_nothing_else(live):
    turn(live, 16, 0, 5)
    assert in_file(live, "SELECT name, phone, zone, training FROM place") == [
        ("HH", "555-0100", "America/Los_Angeles", 0)
    ]
    assert [number for (number,) in in_file(live, "SELECT id FROM holder")] == sorted(live.numbers.values())
    answers = in_file(live, "SELECT day, answer, come_from, come_to, in_time, late FROM answer")
    assert [(day, answer) for day, answer, *_ in answers] == [("2026-11-16", "come")] * 2  # fixed-2 is on Mondays
    assert {(start, end) for _, _, start, end, *_ in answers} == {(at(16, 8).timestamp(), at(16, 17).timestamp())}
    assert all(is_whole(receipt) for _, _, _, _, *receipts in answers for receipt in receipts)
    days = in_file(live, "SELECT day, opens_at, closes_at, over_at, answers_at FROM day ORDER BY day")
    assert [day for day, *_ in days] == [f"2026-11-{number}" for number in range(16, 24)]
    assert days[0][1:] == tuple(at(16, *hour).timestamp() for hour in ((5,), (10,), (17,), (0, 5)))
    assert {row[-1] for row in days[1:]} == {None}
    assert len(in_file(live, "SELECT * FROM here")) == 2 * 8
    everything = live.location.page.read_bytes()
    for word in (b"QUILL-7", b"MARROW-9", b"TAMSIN-4", b"Fenwick", b"Harbor", b"cocaine"):
        assert word not in everything


def test_before_the_night_there_are_no_answers_and_receipts_all_the_same(live):
    turn(live, 15, 23, 59)
    assert in_file(live, "SELECT count(*) FROM answer") == [(0,)]
    assert in_file(live, "SELECT count(*) FROM day WHERE answers_at IS NOT NULL") == [(0,)]
    assert len(in_file(live, "SELECT * FROM here WHERE day = '2026-11-16'")) == 2


def test_what_somebody_did_at_the_page_is_on_record_once(live):
    turn(live, 16, 0, 5)
    quill = live.numbers["QUILL-7"]
    visit(live, at(16, 5, 11), quill, CheckInOutcome.WRONG)
    told(live, at(16, 5, 12), quill, DaysAnswer.COME)
    visit(live, at(16, 5, 13), None, CheckInOutcome.WRONG)
    for minute in (14, 15):
        turn(live, 16, 5, minute)
    assert live.rows("SELECT participant_id, outcome, answer, timing, channel FROM check_in ORDER BY id") == [
        (quill, "wrong", None, None, "page"),
        (quill, "told", "come", "in time", "page"),
    ]
    assert live.rows("SELECT day, tries FROM strangers_seen") == [("2026-11-16", 1)]
    acts = live.rows("SELECT detail FROM audit_entry WHERE act = 'check-ins collect'")
    assert len(acts) == 1
    assert json.loads(acts[0][0]).items() >= {"visits": 3, "told": 1, "strangers": 1}.items()
    live("verify")


def test_what_is_on_record_may_go_from_the_file_once_it_is_old_and_what_came_since_may_not(live):
    turn(live, 16, 0, 5)
    told(live, at(16, 5, 12), live.numbers["QUILL-7"], DaysAnswer.COME)
    turn(live, 16, 5, 13)
    told(live, at(16, 5, 14), live.numbers["MARROW-9"], DaysAnswer.COME)
    with page_of(live) as file:
        file.tidy(at(16, 5, 15) + KEPT)
    assert in_file(live, "SELECT holder FROM visit") == [(live.numbers["MARROW-9"],)]


def test_a_day_is_closed_by_what_the_page_knows_of_it(live):
    turn(live, 16, 0, 5)
    runs(live, at(16, 5), at(16, 10))
    told(live, at(16, 5, 12), live.numbers["QUILL-7"], DaysAnswer.COME)
    told_of = turn(live, 17, 0, 5)
    assert [one["event"] for one in told_of][:2] == ["check_in_closed", "night_made"]
    assert told_of[0].items() >= {"expected": 2, "in_time": 1, "late": 0, "tried": 0, "not_checked_in": 1}.items()
    assert live.rows("SELECT * FROM outage") == []
    assert turn(live, 17, 0, 6) == []


class TestFaults:
    """Minutes in which nobody could check in are on record, and are told when they begin and end."""

    def events(self, live, *moment: int) -> list[str]:
        return [one["event"] for one in turn(live, *moment)]

    def spans(self, live) -> list[tuple]:
        """The outages that count, by the clinic's clock."""
        rows = live.rows(
            "SELECT from_at, to_at, reason FROM outage WHERE id NOT IN "
            "(SELECT replaces_id FROM outage WHERE replaces_id IS NOT NULL) ORDER BY from_at"
        )
        return [(local(first), local(last), reason) for first, last, reason in rows]

    def test_a_page_that_is_away_for_a_while(self, live):
        turn(live, 16, 0, 5)
        runs(live, at(16, 5), at(16, 7, 10))
        assert self.events(live, 16, 7, 10) == ["check_in_opened"]
        found = [one for minute in range(11, 40) for one in turn(live, 16, 7, minute)]
        assert [one["event"] for one in found] == ["check_in_fault"]
        assert found[0].items() >= {"level": "error", "since": at(16, 7, 10).isoformat()}.items()
        assert "the page was not running" in found[0]["reason"]
        runs(live, at(16, 7, 31), at(16, 10))
        assert self.events(live, 16, 7, 41) == ["check_in_well_again"]
        assert self.spans(live) == [("07:10", "07:31", "the page was not running")]
        assert len(live.rows("SELECT * FROM outage")) < 12  # a long one is not a row a minute
        assert self.events(live, 16, 10, 3) == ["check_in_closed"]
        assert self.spans(live) == [("07:10", "07:31", "the page was not running")]
        live("verify")

    def test_serve_away_from_before_opening_leaves_nobody_missed(self, live):
        """The page ran, and had no answers: everybody was sent to the telephone."""
        turn(live, 15, 23, 0)
        runs(live, at(16, 5), at(16, 10))
        visit(live, at(16, 6), live.numbers["QUILL-7"], CheckInOutcome.UNKNOWN)
        turn(live, 17, 0, 5)
        assert self.spans(live) == [("05:00", "10:00", "the page had no answers")]
        assert live.rows("SELECT outcome FROM check_in") == [("unknown",)]

    def test_a_host_without_the_page_does_not_say_that_it_is_away(self, live, monkeypatch, tmp_path):
        """`serve` runs on two hosts, against the failure of one; the page runs on one of them."""
        turn(live, 16, 0, 5)
        runs(live, at(16, 5), at(16, 10, 5))
        told(live, at(16, 5, 12), live.numbers["QUILL-7"])
        turn(live, 16, 5, 13)
        for there in range(1, 5):
            with monkeypatch.context() as other:
                other.setenv("TESTING_TRACKER_WEB", str(tmp_path / "other-host.web"))
                assert turn(live, 16, 5 + there, 20) == []
                with its(16, 5 + there, 21):
                    status = live.run("status", "--format", "json")
                assert json.loads(status.stdout)["check_in"]["state"] == "open"
            turn(live, 16, 5 + there, 22)
        assert self.spans(live) == []
        with monkeypatch.context() as other:
            other.setenv("TESTING_TRACKER_WEB", str(tmp_path / "other-host.web"))
            assert self.events(live, 16, 10, 4) == []
        assert self.events(live, 16, 10, 5) == ["check_in_closed"]
        monkeypatch.setenv("TESTING_TRACKER_WEB", str(tmp_path / "other-host.web"))  # now the first host is gone
        for day in (17, 18):
            turn(live, day, 0, 5)
        assert self.events(live, 18, 6) == ["check_in_opened", "check_in_fault"]
        assert [reason for *_, reason in self.spans(live)] == ["the page was not running"] * 2

    def test_nor_does_the_host_that_the_page_was_moved_from(self, live, monkeypatch, tmp_path):
        """It still has the minutes in which it ran, and `serve` goes on there."""
        turn(live, 16, 0, 5)
        runs(live, at(16, 5), at(16, 10, 5))
        told(live, at(16, 5, 12), live.numbers["QUILL-7"])
        turn(live, 16, 10, 5)
        other = str(tmp_path / "other-host.web")
        with monkeypatch.context() as there:
            there.setenv("TESTING_TRACKER_WEB", other)
            turn(live, 16, 12)
            runs(live, at(16, 12), at(18, 10, 5))
            told(live, at(16, 12, 30), live.numbers["MARROW-9"])
            turn(live, 16, 12, 31)
        for day in (17, 18):
            for hour, minute in ((0, 5), (5, 20), (9, 59), (10, 4)):
                assert "check_in_fault" not in self.events(live, day, hour, minute)
                with monkeypatch.context() as there:
                    there.setenv("TESTING_TRACKER_WEB", other)
                    told(live, at(day, hour, minute), live.numbers["MARROW-9"])
                    assert "check_in_fault" not in self.events(live, day, hour, minute)
        assert self.spans(live) == []
        with its(18, 9, 59):
            assert json.loads(live.run("status", "--format", "json").stdout)["check_in"]["state"] == "open"

    def test_what_comes_before_the_night_is_on_record_before_it(self, live):
        turn(live, 16, 0, 5)
        runs(live, at(16, 5), at(16, 10))
        visit(live, at(16, 9), live.numbers["QUILL-7"], CheckInOutcome.BLOCKED)
        turn(live, 17, 0, 5)
        assert live.rows(
            "SELECT 1 FROM check_in c JOIN night n ON n.day = '2026-11-17' AND c.recorded_at <= n.recorded_at"
        )

    def test_a_page_that_cannot_be_read_before_the_night_has_told_nobody_knows_whom(self, live):
        turn(live, 16, 0, 5)
        runs(live, at(16, 5), at(16, 10))
        for name in ("", "-wal", "-shm"):
            live.location.page.with_name(f"clinic.db.web{name}").unlink(missing_ok=True)
        live.location.page.write_text("no database at all, but some text that is long enough to be told from one")
        live.location.page.chmod(0o600)
        assert self.events(live, 17, 0, 5)[:2] == ["web_failed", "night_made"]
        ((first, last, reason),) = self.spans(live)
        assert (first, last) == ("05:00", "10:00")
        assert "nobody knows who was told" in reason

    def test_draw_by_hand_without_the_page_knows_so_too(self, live):
        with its(16, 0, 5):
            live("draw")
        with its(17, 0, 5):
            live("draw")
        assert [reason for *_, reason in self.spans(live)] == [
            "the page's file was not read before the night, so nobody knows who was told"
        ]

    def test_what_staff_have_taken_back_is_not_found_again(self, live):
        turn(live, 16, 0, 5)
        runs(live, at(16, 5, 3), at(16, 10))
        turn(live, 16, 6)
        assert self.spans(live) == [("05:00", "05:03", "the page was not running")]
        with its(16, 6, 1), work_at(live, to_write=True) as work:
            (row,) = work.session.exec(select(Outage))
            taken_back = {"from_at": row.to_at, "to_at": row.from_at, "replaces_id": row.id}
            work.write(Outage(found_by="staff", reason="it did run", facility_id=1, **taken_back))
        turn(live, 16, 6, 2)
        assert len(live.rows("SELECT * FROM outage")) == 2

    def test_a_fault_of_the_page_is_no_fault_of_the_turn(self, live):
        live.location.check_in_of(1).write_text("[page]\nname = 1\n")
        found = turn(live, 16, 0, 5)
        assert [one["event"] for one in found] == ["web_failed", "night_made"]
        assert live.rows("SELECT count(*) FROM draw") == [(3,)]


def local(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(ZONE):%H:%M}"


def test_a_number_that_somebody_tries_is_told_without_saying_whose(live):
    turn(live, 16, 0, 5)
    for second in range(30):
        visit(live, at(16, 5, 1, second), live.numbers["MARROW-9"], CheckInOutcome.WRONG)
    told_of = [one for one in turn(live, 16, 5, 2) if one["event"] == "number_guarded"]
    assert len(told_of) == 1
    assert told_of[0].items() >= {"numbers": 1, "facility": 1}.items()
    assert "MARROW" not in json.dumps(told_of)
    assert "number_guarded" not in [one["event"] for one in turn(live, 16, 5, 3)]
    with its(16, 12):
        (line,) = [one for one in live_doctor(live) if "tries PINs" in one["what"]]
    assert line["participant"] == "MARROW-9"
    assert "--new-number" in line["do"]


def live_doctor(live) -> list[dict]:
    return json.loads(live.run("doctor", "--format", "json").stdout)


def test_a_facility_without_visitors_does_not_read_the_others_again_at_each_turn(live, monkeypatch):
    """One checks in by telephone, of another nobody comes; the first one has 90 days of visits in the file."""
    with its(15, 13):
        for name in ("North", "South"):
            live("facility", "add", name, "--timezone", "America/Los_Angeles")
        rule(live, facility="North", page=False)
        rule(live, facility="South")
        for number, word in ((1, "hh"), (3, "south")):
            file = live.location.check_in_of(number)
            settings(live, facility=number)
            file.write_text(file.read_text() + f'path = "{word}"\n')
    turn(live, 16, 0, 5)
    runs(live, at(16, 5), at(16, 10, 5))
    for minute in range(5):
        told(live, at(16, 5, minute), live.numbers["QUILL-7"])
    turn(live, 16, 10, 3)
    asked = []
    after = PageFile.visits_after

    def visits_after(file, number, limit):
        asked.append(number)
        return after(file, number, limit)

    monkeypatch.setattr(PageFile, "visits_after", visits_after)
    turn(live, 16, 10, 4)
    assert asked == [5, 5]
    told(live, at(16, 10, 5), live.numbers["QUILL-7"])
    turn(live, 16, 10, 6)
    assert len(live.rows("SELECT * FROM check_in")) == 6


class TestAfterwards:
    """What a database that was brought back from a copy lacks, the page still has."""

    @pytest.mark.sqlite_only(reason="a server's backup is restored into another database")
    def test_after_a_restore_the_visits_that_the_copy_lacks_are_collected_again(self, live, tmp_path):
        turn(live, 16, 0, 5)
        told(live, at(16, 5, 1), live.numbers["QUILL-7"], DaysAnswer.COME)
        turn(live, 16, 5, 2)
        with its(16, 5, 3):
            live("backup", str(tmp_path / "copy.db"))
        told(live, at(16, 5, 4), live.numbers["MARROW-9"], DaysAnswer.COME)
        visit(live, at(16, 5, 5), None, CheckInOutcome.WRONG)
        turn(live, 16, 5, 6)
        before = live.rows("SELECT participant_id, at, outcome, visit FROM check_in ORDER BY id")
        for name in ("", "-wal", "-shm", "-journal"):
            live.database.with_name(f"clinic.db{name}").unlink(missing_ok=True)
        with its(16, 5, 7):
            live("restore", str(tmp_path / "copy.db"))
            assert len(live.rows("SELECT * FROM check_in")) == 1
        turn(live, 16, 5, 8)
        assert live.rows("SELECT participant_id, at, outcome, visit FROM check_in ORDER BY id") == before
        assert live.rows("SELECT tries FROM strangers_seen") == [(1,)]
        live("verify")

    @pytest.mark.sqlite_only(reason="a server's backup is restored into another database")
    def test_as_many_acts_after_a_restore_are_other_acts(self, live, tmp_path):
        """The page is given what is so now, though the newest of the records has the number that another one had."""
        turn(live, 16, 0, 5)
        with its(16, 5, 3):
            live("backup", str(tmp_path / "copy.db"))

        def brought_back(minute: int) -> None:
            for name in ("", "-wal", "-shm", "-journal"):
                live.database.with_name(f"clinic.db{name}").unlink(missing_ok=True)
            with its(16, 5, minute):
                live("restore", str(tmp_path / "copy.db"))

        brought_back(4)
        with its(16, 5, 5):
            live("result", "QUILL-7", "negative")
        newest = "SELECT count(*) FROM ledger_page"
        before = live.rows(newest)
        turn(live, 16, 5, 6)
        quill = f"SELECT answer FROM answer WHERE holder = {live.numbers['QUILL-7']}"
        assert in_file(live, quill) == [("done",)]
        brought_back(7)
        with its(16, 5, 8):
            live("result", "MARROW-9", "negative")
        assert live.rows(newest) == before
        turn(live, 16, 5, 9)
        assert in_file(live, quill) == [("come",)]

    def test_a_page_whose_file_was_replaced_is_filled_anew_and_nothing_is_lost(self, live):
        turn(live, 16, 0, 5)
        told(live, at(16, 5, 1), live.numbers["QUILL-7"], DaysAnswer.COME)
        turn(live, 16, 5, 2)
        for name in ("", "-wal", "-shm"):
            live.location.page.with_name(f"clinic.db.web{name}").unlink(missing_ok=True)
        turn(live, 16, 5, 3)
        assert len(in_file(live, "SELECT * FROM answer")) == 2
        told(live, at(16, 5, 4), live.numbers["MARROW-9"], DaysAnswer.COME)
        turn(live, 16, 5, 5)
        assert len(live.rows("SELECT * FROM check_in")) == 2

    def test_answers_go_on_being_todays(self, live):
        turn(live, 16, 0, 5)
        with its(16, 9):
            live("result", "QUILL-7", "negative")
        turn(live, 16, 9, 1)
        assert sorted(in_file(live, "SELECT holder, answer FROM answer")) == [
            (live.numbers["QUILL-7"], "done"),
            (live.numbers["MARROW-9"], "come"),
        ]
        with its(16, 9, 2):
            live("participant", "discharge", "MARROW-9", "--reason", "moved away")
        turn(live, 16, 9, 3)
        assert in_file(live, "SELECT id FROM holder") == [(live.numbers["QUILL-7"],)]
        turn(live, 17, 0, 5)
        assert in_file(live, "SELECT DISTINCT day, answer FROM answer") == [("2026-11-17", "stay")]

    def test_a_turn_with_nothing_new_reads_no_answers(self, live, monkeypatch):
        turn(live, 16, 0, 5)
        told(live, at(16, 5, 1), live.numbers["QUILL-7"], DaysAnswer.COME)
        monkeypatch.setattr("testing_tracker.services.check_in.page.filling.answers_on", None)
        assert [one["event"] for one in turn(live, 16, 5, 2)] == ["check_in_opened"]  # a visit changes no answer
        assert len(live.rows("SELECT * FROM check_in")) == 1
        runs(live, at(16, 5), at(16, 10))
        turn(live, 16, 5, 3)
        with page_of(live) as file:
            assert file.filled_at == at(16, 5, 3)

    @pytest.mark.parametrize("command", [("serve", "--once"), ("web", "sync")], ids=" ".join)
    def test_it_reads_the_check_in_file_once(self, live, monkeypatch, command):
        turn(live, 16, 0, 5)
        read = Mock(wraps=check_in_file.read_check_in_file)
        monkeypatch.setattr(check_in_file, "read_check_in_file", read)
        with its(16, 5, 1):
            live(*command)
        assert read.call_count == 1


class TestWhereItIsSaid:
    """`status` and `doctor`."""

    def status(self, live, *moment: int) -> tuple[int, dict, str]:
        with its(*moment):
            done = live.run("status", "--format", "json")
            return done.exit_code, json.loads(done.stdout)["check_in"], done.stderr

    def test_status_says_how_check_in_stands_and_fails_while_it_is_at_fault(self, live):
        turn(live, 16, 0, 5)
        runs(live, at(16, 5), at(16, 7, 10))
        told(live, at(16, 5, 12), live.numbers["QUILL-7"], DaysAnswer.COME)
        turn(live, 16, 5, 13)
        assert self.status(live, 16, 4)[:2] == (
            0,
            {
                "state": "not open yet",
                "opens_at": at(16, 5).isoformat(),
                "closes_at": at(16, 10).isoformat(),
                "expected": 2,
                "in_time": 1,
                "late": 0,
                "tried": 0,
                "at_fault_since": None,
                "fault": None,
            },
        )
        assert self.status(live, 16, 7, 10)[1]["state"] == "open"
        failed, says, said = self.status(live, 16, 7, 20)
        assert (failed, says["state"], says["at_fault_since"]) == (1, "at fault", at(16, 7, 10).isoformat())
        assert "Check-in has been at fault since 07:10: the page was not running; telephone those" in said
        assert self.status(live, 16, 10, 5)[0] == 0
        with its(16, 7, 20):
            (line,) = [line for line in live.run("status").stdout.splitlines() if line.startswith("check-in")]
        assert "at fault" in line
        assert "1 of 2" in line

    def test_on_another_machine_what_is_on_record_says_so(self, live, monkeypatch, tmp_path):
        turn(live, 16, 0, 5)
        runs(live, at(16, 5), at(16, 7, 10))
        for minute in (14, 20):
            turn(live, 16, 7, minute)
        monkeypatch.setenv("TESTING_TRACKER_WEB", str(tmp_path / "not-here"))
        failed, says, _ = self.status(live, 16, 7, 21)
        assert (failed, says["state"]) == (1, "at fault")

    def test_where_nobody_checks_in_nothing_is_said(self, clinic):
        clinic("draw")
        assert json.loads(clinic("status", "--format", "json"))["check_in"] is None
        assert "check-in" not in clinic("status")

    def test_doctor_names_who_has_no_card_and_who_does_not_check_in(self, live):
        for day in (16, 17, 18):
            turn(live, day, 0, 5)
            runs(live, at(day, 5), at(day, 10))
            told(live, at(day, 6), live.numbers["QUILL-7"])
        turn(live, 19, 0, 5)
        with its(19, 12):
            found = {(one["participant"], one["what"]) for one in live_doctor(live) if one["matter"] == "check-in"}
        assert found == {
            ("TAMSIN-4", "no card, so no check-in"),
            ("MARROW-9", "has not checked in for 3 days in a row"),
            (None, "nobody looks at the check-in page from outside: [page] of the check-in file has no public_url"),
        }
        assert any("public_url = " in one["do"] for one in live_doctor(live) if one["participant"] is None)

    def test_doctor_sees_a_clock_that_went_back_between_two_visits(self, live):
        turn(live, 16, 0, 5)
        told(live, at(16, 6), live.numbers["QUILL-7"])
        told(live, at(16, 5, 30), live.numbers["MARROW-9"])
        turn(live, 16, 6, 1)
        with its(16, 6, 2):
            (line,) = [one for one in live_doctor(live) if "went back" in one["what"]]
        assert line["matter"] == "clock"


def test_a_day_of_which_nobody_read_the_page_is_at_fault_however_long_the_nights_were_slept_over(live):
    """The machine stood still from Monday morning on, for three weeks; somebody had given a specimen by then."""
    turn(live, 16, 0, 5)
    with its(16, 4):
        live("result", "QUILL-7", "negative")
        live("result", "TAMSIN-4", "negative")
    with freeze_time(datetime(2026, 12, 7, 8, 5, tzinfo=UTC)):
        live("draw", "--catch-up-to", "2026-12-07")
    assert live.rows("SELECT status, because FROM draw WHERE due_on = '2026-11-16' AND participant_id = 2") == [
        ("unrecorded", "check-in at fault")
    ]
