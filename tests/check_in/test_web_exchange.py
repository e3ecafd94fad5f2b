"""`web sync`, `print`, `load`, `visits` and `collect`: one machine or two, nothing twice, and nothing lost between."""

import json
import shlex
import sys
import tracemalloc
from datetime import datetime, timedelta

import pytest
from conftest import Clinic
from freezegun import freeze_time
from page_given import ZONE, at, cards, its, page_of, rule, runs, settings, told, visit

from testing_tracker.rules.check_in.answers import CheckInOutcome, DaysAnswer
from testing_tracker.services.check_in.page.page_faults import MOST_DAYS
from testing_tracker.serving.commands import MOST_ANSWERED, answered
from testing_tracker.web.file import KEPT


@pytest.fixture
def live(tmp_path) -> Clinic:
    """Three people, two of them with cards; they check in by a page from today on, and the night has run."""
    (tmp_path / "clinic").mkdir()
    live = Clinic(tmp_path / "clinic" / "clinic.db", None)
    with its(15, 12):
        live("init", "--facility", "Harbor House", "--timezone", "America/Los_Angeles")
        live.add("QUILL-7", "MARROW-9", "TAMSIN-4", name="Fenwick")
        rule(live)
        live.numbers = cards(live, "QUILL-7", "MARROW-9")
        settings(live)
    with its(16, 0, 5):
        live("draw")
    return live


@pytest.fixture
def far(tmp_path) -> Clinic:
    """The page's own machine, which has no database."""
    (tmp_path / "far").mkdir()
    return Clinic(tmp_path / "far" / "page.db", None)


def on_record(live) -> list[tuple]:
    return live.rows("SELECT participant_id, outcome, answer FROM check_in ORDER BY id")


def carry(live, far) -> str:
    """Fill a page on another machine, by hand."""
    return far("web", "load", input=live("web", "print"))


def test_sync_does_by_cron_what_serve_does(live):
    with its(16, 0, 6):
        assert live("web", "sync") == "Nobody new has visited the page. The page is filled.\n"
    told(live, at(16, 5, 12), live.numbers["QUILL-7"], DaysAnswer.COME)
    visit(live, at(16, 5, 13), None, CheckInOutcome.WRONG)
    with its(16, 5, 13):
        said = live("web", "sync")
        assert said.splitlines()[-1] == (
            "2 visits put on record: 1 told, 1 with numbers of nobody. The page is filled."
        )
        assert "QUILL" not in said
        assert live("web", "sync").endswith("Nobody new has visited the page. The page is filled.\n")
    assert on_record(live) == [(live.numbers["QUILL-7"], "told", "come")]


def test_without_a_check_in_file_it_says_which_is_missing(live):
    live.location.check_in_of(1).unlink()
    with its(16, 0, 6):
        done = live.run("web", "sync")
    assert done.exit_code == 1
    assert "there is no" in done.stderr
    assert live.location.check_in_of(1).name in done.stderr


def test_where_nobody_checks_in_by_a_page_there_is_nothing_to_fill(clinic):
    assert clinic("web", "sync") == "TRAINING Nobody new has visited the page. There is no page to fill.\n"
    assert clinic.refused("web", "print").startswith("Nobody checks in by a page")
    assert not clinic.location.page.exists()


class TestByHand:
    """Two machines and two pipes."""

    def test_the_page_knows_the_same_as_one_that_is_filled_here(self, live, far):
        with its(16, 0, 6):
            live("web", "sync")
            assert carry(live, far) == "The page is filled: 1 facility, 2 holders.\n"
        for table in ("place", "holder", "answer", "here", "day"):
            both = []
            for one in (live, far):
                with page_of(one) as file, file.reading() as database:
                    both.append(sorted(database.execute(f"SELECT * FROM {table}").fetchall()))
            assert both[0] == both[1], table
        assert not far.database.exists()

    def test_what_is_printed_has_no_code_name_or_draw_of_another_day(self, live):
        with its(16, 0, 6):
            printed = live("web", "print")
        for word in ("QUILL-7", "MARROW-9", "TAMSIN-4", "Fenwick", "Harbor"):
            assert word not in printed
        (filling,) = json.loads(printed)["fillings"]
        assert {answer["day"] for answer in filling["answers"]} == {"2026-11-16"}
        assert {day["answers_at"] for day in filling["days"][1:]} == {None}

    def test_visits_come_back_and_are_on_record_once(self, live, far):
        with its(16, 0, 6):
            carry(live, far)
        told(far, at(16, 5, 12), live.numbers["QUILL-7"], DaysAnswer.COME)
        visit(far, at(16, 5, 13), None, CheckInOutcome.WRONG)
        with its(16, 5, 14):
            printed = far("web", "visits")
            said = live("web", "collect", input=printed)
            assert said == (
                "2 visits put on record: 1 told, 1 with numbers of nobody. "
                "The next ones: testing-tracker web visits --after 2\n"
            )
            assert live("web", "collect", input=printed).startswith("Nobody new has visited the page.")
        assert on_record(live) == [(live.numbers["QUILL-7"], "told", "come")]
        live("verify")

    def test_what_is_on_record_may_go_from_the_page_once_it_is_old(self, live, far):
        with its(16, 0, 6):
            carry(live, far)
        told(far, at(16, 5, 12), live.numbers["QUILL-7"], DaysAnswer.COME)
        with its(16, 5, 13):
            live("web", "collect", input=far("web", "visits"))
            told(far, at(16, 5, 13), live.numbers["MARROW-9"], DaysAnswer.COME)
            carry(live, far)
        with page_of(far) as file:
            file.tidy(at(16, 5, 15) + KEPT)
            assert [one.holder for one in file.visits_after(0, 10)] == [live.numbers["MARROW-9"]]

    def test_no_visit_is_left_out_between_two_collections(self, live, far):
        with its(16, 0, 6):
            carry(live, far)
        for minute in (12, 13, 14):
            told(far, at(16, 5, minute), live.numbers["QUILL-7"])
        with its(16, 5, 15):
            printed = far("web", "visits", "--after", "2")
            assert "those between would be lost" in live.refused("web", "collect", input=printed)
            live("web", "collect", input=far("web", "visits"))
        assert len(on_record(live)) == 3

    def test_a_page_that_is_filled_again_has_had_the_days_answers_all_the_time(self, live, far):
        with its(16, 0, 6):
            carry(live, far)
        runs(far, at(16, 5), at(16, 6))
        for minute in (10, 20):
            with its(16, 5, minute):
                carry(live, far)
        with its(16, 6):
            live("web", "collect", input=far("web", "visits"))
        assert live.rows("SELECT * FROM outage") == []

    def test_of_the_time_since_it_was_printed_nothing_is_known(self, live, far):
        """Neither is the page at fault since then, nor was the day looked through."""
        with its(16, 0, 6):
            carry(live, far)
        runs(far, at(16, 5), at(16, 10, 5))
        with its(16, 9, 50):
            printed = far("web", "visits")
        told(far, at(16, 9, 55), live.numbers["QUILL-7"], DaysAnswer.COME)
        for minute in (20, 50):
            with its(16, 10, minute):
                live("web", "collect", input=printed)
        assert live.rows("SELECT * FROM outage") == live.rows("SELECT * FROM strangers_seen") == []
        with its(16, 11):
            live("web", "collect", input=far("web", "visits"))
        assert live.rows("SELECT * FROM outage") == []
        assert live.rows("SELECT day, tries FROM strangers_seen") == [("2026-11-16", 0)]  # it is looked through

    def test_what_was_printed_earlier_does_not_replace_what_was_printed_since(self, live, far):
        with its(16, 0, 6):
            printed = live("web", "print")
        with its(16, 8):
            live("result", "QUILL-7", "negative")
            carry(live, far)
            done = far.run("web", "load", input=printed)
            assert (done.exit_code, "answers and PINs may be others since" in done.stderr) == (1, True)
        with page_of(far) as file, file.reading() as database:
            quill = (live.numbers["QUILL-7"],)
            assert database.execute("SELECT answer FROM answer WHERE holder = ?", quill).fetchall() == [("done",)]

    def test_a_clock_that_was_ahead_keeps_no_page_from_being_filled(self, live, far):
        with its(16, 9):
            carry(live, far)
        with its(16, 8):
            assert carry(live, far).startswith("The page is filled")

    @pytest.mark.parametrize("spoil", [lambda text: text[:-20], lambda text: "[]", lambda text: "", lambda text: "{}"])
    def test_what_did_not_arrive_whole_changes_nothing(self, live, far, spoil):
        with its(16, 0, 6):
            printed = live("web", "print")
            far("web", "load", input=printed)
            with page_of(far) as file, file.reading() as database:
                before = list(database.iterdump())
            assert far.run("web", "load", input=spoil(printed)).exit_code == 1
            assert live.refused("web", "collect", input=spoil(far("web", "visits")))
        with page_of(far) as file, file.reading() as database:
            assert list(database.iterdump()) == before

    def test_a_newer_version_is_refused_on_both_sides(self, live, far):
        with its(16, 0, 6):
            printed = live("web", "print")
            far("web", "load", input=printed)
            visits = json.loads(far("web", "visits")) | {"testing_tracker_visits": 2}
            assert "another version" in live.refused("web", "collect", input=json.dumps(visits))
            newer = json.loads(printed) | {"testing_tracker_page": 2}
            done = far.run("web", "load", input=json.dumps(newer))
        assert (done.exit_code, "another version" in done.stderr) == (1, True)

    def test_a_page_that_lies_puts_nobody_elses_visits_on_record(self, live, far):
        """What is of another facility, or of nobody, is nobody's; what is no visit is refused whole."""
        with its(16, 0, 6):
            carry(live, far)
        told(far, at(16, 5, 12), 4711)
        told(far, at(16, 5, 12), live.numbers["QUILL-7"], facility=2)
        with its(16, 5, 14):
            told_of = json.loads(far("web", "visits"))
            assert "1 with numbers of nobody" in live("web", "collect", input=json.dumps(told_of))
            assert on_record(live) == []
            for column, lie in ((8, "never"), (6, "missed"), (7, "positive"), (9, "1; DROP"), (3, "noon"), (0, -1)):
                visits = [[3, 1, "2026-11-16", at(16, 5, 13).timestamp(), "page", 1, "told", "stay", "in time", None]]
                visits[0][column] = lie
                assert "did not arrive whole" in live.refused(
                    "web", "collect", input=json.dumps(told_of | {"visits": visits})
                )

    def test_a_page_of_another_database_is_left_as_it_is(self, live, far, tmp_path):
        with its(16, 0, 6):
            carry(live, far)
            document = json.loads(live("web", "print")) | {"source": "another"}
            done = far.run("web", "load", input=json.dumps(document))
        assert (done.exit_code, "another database" in done.stderr) == (1, True)

    @pytest.mark.parametrize("command", ["collect", "sync", "serve"])
    def test_what_the_page_of_another_database_says_is_of_other_people(self, live, far, tmp_path, command, monkeypatch):
        """A17 there has the same permanent number as somebody here, and told them there is told nobody here."""
        monkeypatch.setattr("testing_tracker.chance.new_seed", lambda: bytes(range(32, 64)))
        other = Clinic(tmp_path / "far" / "other.db", None)
        with its(15, 12):
            other("init", "--facility", "Other House", "--timezone", "America/Los_Angeles")
            other.add("A17", "B04")
            rule(other)
            theirs = cards(other, "A17", "B04")
            settings(other)
        with its(16, 0, 6):
            other("draw")
            carry(other, far)
        told(far, at(16, 5, 12), theirs["A17"], DaysAnswer.COME)
        with its(16, 5, 14):
            if command == "collect":
                assert "page of another database" in live.refused("web", "collect", input=far("web", "visits"))
            else:
                monkeypatch.setenv("TESTING_TRACKER_WEB", str(far.location.page))
                done = live.run(*(("serve", "--once") if command == "serve" else ("web", "sync")))
                assert (done.exit_code, "page of another database" in done.stderr) == (1, True)
        assert on_record(live) == []
        assert live.rows("SELECT * FROM outage") == []
        with page_of(far) as file:
            assert file.last_visit == 1


class TestOver:
    """A command to the other machine, as `ssh` is."""

    @pytest.fixture
    def over(self, far, tmp_path) -> str:
        """A command that runs what follows it on the page's machine."""
        script = tmp_path / "as-ssh"
        program = f'{shlex.quote(sys.executable)} -m testing_tracker --database {shlex.quote(far.url)} "$@"'
        script.write_text(f"#!/bin/sh\nshift 2\n{program}\n")
        script.chmod(0o700)
        return f"{script} window.example"

    def test_both_ways_by_one_command_without_a_shell(self, live, far, over):
        assert "filled" in live("web", "sync", "--over", over)
        with page_of(far) as file:
            assert file.filled_at is not None
            first = file.filled_at
        told(far, at(16, 5, 12), live.numbers["QUILL-7"], DaysAnswer.COME)
        said = live("web", "sync", "--over", over)
        assert "1 visit put on record: 1 told." in said
        with page_of(far) as file:
            assert file.filled_at > first
        assert on_record(live) == [(live.numbers["QUILL-7"], "told", "come")]

    def test_a_machine_that_does_not_answer_is_said_to_be_one(self, live):
        done = live.run("web", "sync", "--over", "false window.example")
        assert done.exit_code == 1
        assert "The page's machine does not answer: `false` ended with status 1" in done.stderr
        done = live.run("web", "sync", "--over", "no-such-command-here x")
        assert "cannot be run" in done.stderr

    def test_one_that_prints_something_else_changes_nothing(self, live):
        before = live.contents()
        done = live.run("web", "sync", "--over", "echo hello")
        assert (done.exit_code, "did not arrive whole" in done.stderr) == (1, True)
        assert live.contents() == before

    def test_after_two_weeks_without_anybody_here_it_is_asked_as_far_back_as_is_looked(self, live, over):
        with its(16, 0, 6):
            assert "filled" in live("web", "sync", "--over", over)
        with freeze_time(datetime(2026, 12, 1, 23, 59, tzinfo=ZONE)):
            assert "The page is filled" in live("web", "sync", "--over", over)
        assert len(live.rows("SELECT DISTINCT day FROM strangers_seen")) == MOST_DAYS + 1

    @pytest.mark.parametrize("prints", ["yes", "head -c 5000000 /dev/zero"])
    def test_one_that_prints_without_end_takes_no_memory_and_no_longer_than_any(self, prints):
        tracemalloc.start()
        said, error = answered(("sh", "-c", prints), "", 0.5)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert said == b""
        assert error in ("`sh` did not end within 0.5 seconds", "`sh` printed more than 4,000,000 bytes")
        assert most < 3 * MOST_ANSWERED

    def test_what_one_leaves_behind_holds_nobody_up(self):
        said, error = answered(("sh", "-c", "echo here; sleep 60 & exit 0"), "", 0.5)
        assert (said, error) == (b"", "it left something behind that goes on printing")
        assert answered(("sh", "-c", "cat; exit 3"), "given", 5) == (b"given", "`sh` ended with status 3")


def test_two_hosts_whose_clocks_differ_have_had_faulty_minutes(live, far):
    """Nobody is held to have missed while nobody can say when they were told."""
    with its(16, 0, 6):
        carry(live, far)
    runs(far, at(16, 5), at(16, 5, 40))
    with its(16, 5, 32):
        printed = json.loads(far("web", "visits"))
    for ahead, faulty in ((timedelta(seconds=59), 0), (timedelta(seconds=61), 1)):
        printed["now"] = (at(16, 5, 30) + ahead).isoformat()
        with its(16, 5, 30):
            live("web", "collect", input=json.dumps(printed))
        assert len(live.rows("SELECT * FROM outage WHERE reason LIKE '%clock%'")) == faulty
