"""Who has checked in, and who of those with a draw knows of it: on the day's list, on the call list, on the board."""

from contextlib import closing
from datetime import date, timedelta

import pytest
from checking_in import at, begun
from conftest import Clinic, acting_as

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.rules.check_in.in_force import FoundBy
from testing_tracker.store.tables import CheckIn, Contact, Outage

NOT_YET = ("checkin", "list", "--not-yet")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Clinic:
    clinic = Clinic(tmp_path_factory.mktemp("live") / "live.db", None)
    begun(clinic)
    return clinic


@pytest.fixture
def live(made, tmp_path) -> Clinic:
    return made.copy(tmp_path / "live.db")


def write(clinic, when, row):
    """Put a row on record that another part of the program writes: what the page was asked, an outage, an address."""
    with at(when), closing(Desk(clinic.url, None)) as desk, desk.writing("checkin record") as work:
        if isinstance(row, CheckIn):
            row.at = work.now
        elif isinstance(row, Outage):
            row.facility_id, row.to_at = work.facility_id, work.now
            row.from_at = work.now - timedelta(minutes=21)
        work.write(row)


def tried(clinic, when, code, outcome="wrong"):
    (identity,) = clinic.rows(f"SELECT id FROM participant WHERE code = '{code}'")[0]
    day = date(2026, 11, int(when[:2]))
    write(clinic, when, CheckIn(participant_id=identity, day=day, channel="page", outcome=outcome))


def record(clinic, when, *words):
    with at(when):
        return clinic("checkin", "record", *words)


def listed(clinic, when, *more):
    with at(when):
        return {line.pop("participant"): line for line in clinic.json("checkin", "list", *more)}


def explained(clinic, code):
    """The draws of the week as its explained report has them once the day is over."""
    with at("17 00:10"):
        clinic("draw")
    with at("17 09:00"):
        return clinic.json("report", "weekly", "--week", "2026-W47", "--explain", code)


def due(clinic, when, *more):
    with at(when):
        return {line["participant"]: line for line in clinic.json("due", *more)}


class TestTheList:
    def test_it_says_of_everybody_how_they_stand(self, live):
        record(live, "16 06:12", "A17", "--by", "phone")
        tried(live, "16 07:40", "B04")
        tried(live, "16 07:44", "B04")
        record(live, "16 10:31", "C21", "--by", "phone")
        with at("16 11:00"):
            said = live("checkin", "list")
        rows = [line.split("  ") for line in said.splitlines()[2:]]
        rows = [[cell.strip() for cell in row if cell.strip()] for row in rows]
        receipts = {row[0]: row.pop() for row in rows if row[0] in ("A17", "C21")}
        assert rows == [
            ["A17", "06:12", "phone", "come"],
            ["B04", "tried 07:44", "page, 2 ×"],
            ["C21", "10:31 late", "phone", "stay"],
            ["E09", "on leave"],
            ["F02", "no card"],
        ]
        assert len(set(receipts.values())) == 2

    def test_nobody_has_before_somebody_has(self, live):
        with at("16 05:00"):
            said = live("checkin", "list").splitlines()[2:]
        assert [" ".join(line.split()) for line in said] == [
            "A17 not yet",
            "B04 not yet",
            "C21 not yet",
            "E09 on leave",
            "F02 no card",
        ]

    def test_an_answer_that_is_new_replaces_the_one_before(self, live):
        record(live, "16 06:12", "C21")
        with at("16 07:00"):
            live("test", "C21")
        assert listed(live, "16 07:01")["C21"]["state"] == "told before the test was ordered"
        with at("16 07:01"):
            assert "06:12, before the test was ordered" in live("checkin", "list")
        record(live, "16 07:05", "C21")
        now = listed(live, "16 07:06")["C21"]
        assert (now["state"], now["answer"]) == ("checked in", "come")
        assert now["checked_in"] == "2026-11-16T15:05:00+00:00"

    def test_nobody_has_to_be_told_of_a_draw_that_was_excused(self, live):
        """They were told that they need not come, rightly, and the test had been there before."""
        with at("16 06:00"):
            live("excuse", "A17", "--reason", "a court date")
        record(live, "16 06:10", "A17")
        with at("16 06:11"):
            assert [one["told"] for one in live.json("due") if one["participant"] == "A17"] == [None]

    def test_of_a_draw_that_was_excused_the_report_says_that_they_were_told_not_to_come(self, live):
        """It had been there before they asked."""
        with at("16 06:00"):
            live("excuse", "A17", "--reason", "a court date")
        record(live, "16 06:10", "A17")
        (excused,) = explained(live, "A17")
        assert excused["checked_in"].startswith("told not to come 06:10, receipt ")

    def test_who_heard_that_they_had_been_here_heard_it_of_the_test_that_they_gave_and_of_no_other(self, live):
        with at("16 06:00"):
            live("excuse", "A17", "--reason", "a court date")
        with at("16 08:00"):
            live("test", "A17", "--reason", "slurred speech")
        with at("16 09:00"):
            live("result", "A17", "negative")
        record(live, "16 09:30", "A17")
        with at("16 09:31"):
            told = {one["kind"]: one["told"] for one in live.json("due") if one["participant"] == "A17"}
        assert told == {"fixed": None, "for-cause": "yes"}
        excused, for_cause = explained(live, "A17")
        assert excused["checked_in"].startswith("told not to come 09:30, receipt ")
        assert for_cause["checked_in"].startswith("told once it was given 09:30, receipt ")

    def test_who_came_first_and_then_heard_that_they_had_been_here_knew_of_it(self, live):
        with at("16 09:00"):
            live("result", "A17", "negative")
        record(live, "16 09:30", "A17")
        with at("16 09:31"):
            assert [one["told"] for one in live.json("due") if one["participant"] == "A17"] == ["yes"]
        assert explained(live, "A17")[0]["checked_in"].startswith("told once it was given 09:30, receipt ")

    def test_who_checked_in_in_time_and_asks_again_is_not_late(self, live):
        record(live, "16 06:12", "A17")
        with at("16 09:00"):
            live("result", "A17", "negative")
        record(live, "16 11:00", "A17")
        assert listed(live, "16 11:01")["A17"]["timing"] == "in time"

    def test_those_to_be_told_are_those_who_do_not_know(self, live):
        record(live, "16 06:12", "A17")
        record(live, "16 06:12", "C21")
        assert listed(live, "16 06:13", "--not-yet").keys() == {"B04"}
        with at("16 07:00"):
            live("test", "C21")
        tried(live, "16 07:44", "B04")
        assert listed(live, "16 07:45", "--not-yet").keys() == {"B04", "C21"}
        record(live, "16 08:00", "B04")
        record(live, "16 08:00", "C21")
        with at("16 08:01"):
            assert live(*NOT_YET).strip() == "Everybody who is to check in has been told."

    def test_of_a_day_that_is_over_it_says_who_did_not(self, live):
        record(live, "16 06:12", "A17")
        found = listed(live, "17 09:00", "--on", "yesterday")
        assert (found["A17"]["state"], found["B04"]["state"]) == ("checked in", "no")

    def test_no_list_of_a_day_without_a_rule_or_to_come(self, live):
        with at("16 06:00"):
            assert "no rule is in force" in live.refused("checkin", "list", "--on", "2026-11-15")
            assert "is in the future" in live.refused("checkin", "list", "--on", "2026-11-17")

    @pytest.mark.parametrize("columns", [40, 80])
    def test_no_line_is_wider_than_the_terminal(self, live, columns, monkeypatch):
        record(live, "16 06:12", "C21")
        with at("16 07:00"):
            live("test", "C21")
            monkeypatch.setenv("COLUMNS", str(columns))
            monkeypatch.setattr("testing_tracker.cli.desk.output.width_of", lambda _stream: columns)
            assert max(len(line) for line in live("checkin", "list").splitlines()) <= columns


class TestAddresses:
    @pytest.fixture
    def reachable(self, live):
        contact = {"participant_id": 1, "consent_on": date(2026, 11, 14), "address_salt": "00"}
        write(live, "14 12:30", Contact(channel="text", address="+15550100", **contact))
        write(live, "14 12:30", Contact(channel="mail", address="a@example.org", **contact))
        return live

    def looks(self, clinic):
        return clinic.rows("SELECT command, participant_id, detail FROM look")

    def test_they_are_shown_when_somebody_has_said_yes(self, reachable):
        with at("16 06:00"):
            asked = reachable.run(*NOT_YET, "--contacts", input="y\n")
        assert "goes on record as a look. Right? [y/N]" in asked.stderr
        assert "+15550100" in asked.stdout
        assert self.looks(reachable) == [("checkin list", None, "addresses, 3 participants")]

    def test_and_not_else(self, reachable):
        with at("16 06:00"):
            assert "+15550100" not in reachable.run(*NOT_YET, "--contacts", input="n\n").output
            assert "+15550100" not in reachable.run(*NOT_YET).output
        assert self.looks(reachable) == []

    def test_an_auditor_sees_none_who_may_not_see_them_one_by_one_either(self, reachable):
        """Who telephones those who are not told sees them: a nurse, a clinician, a manager."""
        with at("16 06:00"):
            for account in ("nurse", "clinician", "auditor"):
                reachable("staff", "add", account, "--role", account)
            for account in ("nurse", "clinician"):
                with acting_as(account):
                    assert "+15550100" in reachable(*NOT_YET, "--contacts", "--yes")
            with acting_as("auditor"):
                assert "A17" in reachable(*NOT_YET)
                done = reachable.run(*NOT_YET, "--contacts", "--yes")
        assert done.exit_code == 1
        assert "+15550100" not in done.output
        assert "`testing-tracker checkin list --contacts` takes a nurse, a clinician or a manager" in done.stderr

    def test_for_other_programs_without_asking(self, reachable):
        with at("16 06:00"):
            found = reachable.json(*NOT_YET, "--contacts", "--yes")
            assert "a@example.org" in reachable(*NOT_YET, "--contacts", "--yes", "--format", "csv")
        assert found[0]["contacts"] == {"text": "+15550100", "mail": "a@example.org"}
        assert [look[2] for look in self.looks(reachable)] == [
            "addresses, 3 participants, json",
            "addresses, 3 participants, csv",
        ]

    def test_the_list_itself_is_the_day_s_work_and_no_look(self, reachable):
        with at("16 06:00"):
            reachable("checkin", "list")
        assert self.looks(reachable) == []


class TestTheCallList:
    def test_each_draw_says_whether_its_participant_knows(self, live):
        record(live, "16 05:12", "A17", "--by", "phone")
        with at("16 05:13"):
            head, _, *lines = live("due").splitlines()
        assert " ".join(head.split()) == "participant due on kind status told told at outcome schedule"
        assert [line.split()[4:6] for line in lines] == [["yes", "05:12"], ["not", "yet"], ["-", "fixed-2"]]
        found = due(live, "16 05:13")["A17"]
        assert (found["told"], found["told_at"], found["told_by"]) == ("yes", "2026-11-16T13:12:00+00:00", "phone")
        assert len(found["receipt"]) == len("4586-5319")
        assert due(live, "16 05:13")["F02"]["told"] is None

    def test_late_tried_and_told_before_it_was_ordered(self, live):
        record(live, "16 06:15", "C21")
        with at("16 07:00"):
            said = live.run("test", "C21", "--reason", "seemed intoxicated")
        assert (
            "C21 has checked in today and was told to stay. Tell C21 now, and record it: `testing-tracker checkin "
            "record C21`." in said.stderr
        )
        tried(live, "16 07:44", "B04")
        record(live, "16 10:31", "A17")
        found = due(live, "16 10:32")
        assert {code: line["told"] for code, line in found.items()} == {
            "A17": "late",
            "B04": "tried",
            "C21": "before the test was ordered",
            "F02": None,
        }

    def test_a_test_for_cause_of_who_was_told_to_come_is_a_second_one_to_be_told_of(self, live):
        record(live, "16 06:15", "A17")
        with at("16 07:00"):
            said = live.run("test", "A17")
        assert "was told to come in, before this test was ordered" in said.stderr
        with at("16 07:01"):
            lines = [line for line in live.json("due") if line["participant"] == "A17"]
        assert [(line["kind"], line["told"]) for line in lines] == [
            ("fixed", "yes"),
            ("for-cause", "before the test was ordered"),
        ]

    def test_who_was_told_that_they_had_been_here_and_had_not_is_to_be_called(self, live):
        """Another's specimen was logged as theirs; they came to nobody, and were sent home."""
        with at("16 08:00"):
            live("result", "A17", "negative")
        record(live, "16 08:30", "A17")
        assert "A17" not in listed(live, "16 08:31", "--not-yet")
        with at("16 09:00"):
            live("amend", "A17", "due", "--reason", "it was B04's")
            (line,) = (line for line in live.json("today")["draws"] if line["participant"] == "A17")
        assert line["told"] == due(live, "16 09:01")["A17"]["told"] == "before the test was ordered"
        assert listed(live, "16 09:01", "--not-yet")["A17"]["state"] == "told before the test was ordered"
        record(live, "16 09:05", "A17")
        assert due(live, "16 09:06")["A17"]["told"] == "yes"
        assert "A17" not in listed(live, "16 09:06", "--not-yet")

    def test_so_is_who_was_told_so_of_a_specimen_that_does_not_count(self, live):
        record(live, "16 06:12", "A17")
        with at("16 08:00"):
            live("result", "A17", "invalid")
        record(live, "16 08:30", "A17")
        with at("16 09:00"):
            live("test", "A17", "--recollect")
        assert due(live, "16 09:01")["A17"]["told"] == "before the test was ordered"
        assert "A17" in listed(live, "16 09:01", "--not-yet")

    def test_so_is_who_knows_of_one_test_and_not_of_the_other(self, live):
        record(live, "16 06:15", "A17")
        with at("16 08:00"):
            live("result", "A17", "negative")
        record(live, "16 08:30", "A17")
        with at("16 09:00"):
            live("test", "A17")
        assert listed(live, "16 09:01", "--not-yet")["A17"]["state"] == "told before the test was ordered"

    def test_who_came_without_checking_in_and_asks_then_knows(self, live):
        with at("16 08:00"):
            live("result", "A17", "negative")
        record(live, "16 08:30", "A17")
        assert due(live, "16 08:31")["A17"]["told"] == "yes"

    def test_who_has_not_checked_in_hears_of_the_test_when_they_do(self, live):
        with at("16 07:00"):
            said = live.run("test", "C21")
        assert said.stderr == ""
        assert record(live, "16 07:05", "C21").startswith("C21: Yes, please come in today")

    def test_a_day_without_a_rule_has_no_such_columns(self, live):
        assert "told" not in due(live, "16 06:00", "--on", "2026-11-15")
        with at("16 06:00"):
            live("checkin", "rule", "--end", "--from", "2026-11-17")
        with at("19 00:10"):
            live("draw", "--catch-up-to", "2026-11-19")
        assert all("told" not in line for line in due(live, "19 06:00").values())

    def test_while_check_in_is_at_fault_it_says_whom_to_telephone(self, live):
        write(live, "16 07:31", Outage(found_by=FoundBy.STAFF, reason="no power", from_at=None, to_at=None))
        said = "Telephone those who are not told: `testing-tracker checkin list --not-yet --contacts`."
        for hour, since in (
            ("07:32", "Check-in has been at fault since 07:10."),
            ("08:00", "Check-in was at fault from 07:10 to 07:31."),
        ):
            with at(f"16 {hour}"):
                assert f"Note: {since} {said}" in live.run("due").stderr
        with at("16 17:00"):
            assert "at fault" not in live.run("due").stderr


class TestTheBoard:
    def test_it_says_who_is_told_in_few_columns(self, live, monkeypatch):
        record(live, "16 06:12", "A17")
        record(live, "16 06:15", "C21")
        with at("16 07:00"):
            live("test", "C21")
        write(live, "16 07:31", Outage(found_by=FoundBy.STAFF, reason="no power", from_at=None, to_at=None))
        for columns in (40, 60, 80):
            monkeypatch.setattr("testing_tracker.cli.board.shown.width_of", lambda _stream, wide=columns: wide)
            with at("16 07:32"):
                said = live("today")
            text = " ".join(said.split())
            assert "A17 told" in text
            assert "B04 not told yet" in text
            assert "not told: checked in before it was" in text
            assert "2 of 3 have checked in; open until 10:00" in text
            assert "Check-in has been at fault since 07:10." in text

    @pytest.mark.parametrize(
        ("when", "said"),
        [
            ("16 04:00", "opens at 05:00"),
            ("16 06:00", "0 of 3 have checked in; open until 10:00"),
            ("16 11:00", "0 of 3 have checked in; closed at 10:00, late until 17:00"),
            ("16 18:00", "0 of 3 have checked in"),
        ],
    )
    def test_the_day_s_hours(self, live, when, said):
        with at(when):
            lines = live("today").splitlines()
        assert lines[lines.index("Checking in") + 1].strip() == said

    def test_what_was_given_says_no_more_of_being_told(self, live):
        record(live, "16 06:12", "A17")
        with at("16 09:00"):
            live("result", "A17", "negative")
            (line,) = (line for line in live.json("today")["draws"] if line["participant"] == "A17")
        assert (line["said"], line["told"]) == ("negative", "yes")

    def test_a_clinic_without_a_rule_sees_none_of_it(self, clinic):
        clinic.add("A17")
        clinic("draw")
        assert "told" not in clinic("today")
        assert "check_ins" not in clinic.json("today")


def test_a_participant_s_record_has_it_too(live):
    def shown(when):
        with at(when):
            lines = live("participant", "show", "A17").splitlines()
        return [line.strip() for line in lines if "checked in" in line]

    assert shown("16 05:00") == []
    tried(live, "16 05:10", "A17")
    assert shown("16 05:11") == ["checked in not yet, tried Mon 2026-11-16 at 05:10 by page: wrong"]
    record(live, "16 05:12", "A17", "--by", "phone")
    (line,) = shown("16 05:13")
    assert line.startswith("checked in on 1 day, last Mon 2026-11-16 at 05:12 by phone: come (")
    with at("16 05:13"):
        attempts = live.json("participant", "show", "A17")["check_ins"]
    assert [one["outcome"] for one in attempts] == ["wrong", "told"]
    assert line.endswith(f"({attempts[1]['receipt']})"), "a receipt has one form for people and programs"


def test_records_that_were_joined_are_one_person_s(live):
    """Whoever was told knows it, whichever of their two cards they had."""
    record(live, "16 06:12", "B04")
    with at("16 07:00"):
        live("participant", "join", "B04", "A17", "--reason", "enrolled twice", "--yes")
    assert due(live, "16 07:01")["A17"]["told"] == "yes"
    assert "B04" not in listed(live, "16 07:01")
    assert listed(live, "16 07:01")["A17"]["state"] == "checked in"
