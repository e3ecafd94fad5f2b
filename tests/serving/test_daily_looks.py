"""`serve` has the records looked at each day in a process of its own, and tells the dead man's switch of its nights."""

import time
from datetime import UTC, date, datetime

import databases
import pytest
from conftest import Clinic, key_of
from served import served, wait_until
from switchboard import switchboard
from test_alive import watched

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.serve import _looks
from testing_tracker.serving import alarms, daily_looks, events, serve
from testing_tracker.serving.alarms import Alarms
from testing_tracker.serving.daily_looks import DailyLooks, looks_of

NEW, CHECK = ("verify", "--recent"), ("check", "--recent", "--quiet")


@pytest.fixture
def told(monkeypatch):
    """The events that are told, with their figures."""
    found = []
    monkeypatch.setattr(events, "tell", lambda event, said, **more: found.append((str(event), said, more)))
    return found


class Process:
    """A command that ends when it is told to."""

    def __init__(self) -> None:
        self.returncode = None
        self.was_ended = False

    def poll(self):
        return self.returncode

    def terminate(self):
        self.was_ended = True


class Machine:
    """The looks of a machine whose clock and processes are the test's."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 17, 3, 59, tzinfo=UTC)
        self.settled = 1_000.0
        self.begun: list[tuple[tuple[str, ...], Process]] = []
        self.looks = DailyLooks(self.begin, lambda: self.now, lambda: self.settled)

    def begin(self, words):
        self.begun.append((tuple(words), Process()))
        return self.begun[-1][1]

    def at(self, *moment: int) -> list[tuple[str, ...]]:
        """A turn at that moment; what has been begun by then."""
        self.now = datetime(2026, 11, *moment, tzinfo=UTC)
        self.looks.go_on()
        return [words for words, _ in self.begun]

    def ends(self, status: int) -> None:
        self.begun[-1][1].returncode = status


@pytest.fixture
def machine():
    return Machine()


class TestDays:
    """When what is looked at."""

    def test_on_sundays_everything(self):
        days = {day: looks_of(date(2026, 11, day)) for day in range(16, 23)}
        assert [day for day, words in days.items() if words[0] == ("verify",)] == [22]
        assert all(words[0] == NEW for day, words in days.items() if day != 22)
        assert all(words[1] == CHECK for words in days.values())

    def test_once_a_day_one_after_the_other(self, machine, told):
        assert machine.at(17, 3, 59) == []
        assert machine.at(17, 4, 0) == [NEW]
        assert machine.at(17, 4, 1) == [NEW]  # it takes its time, and nothing waits for it
        machine.ends(0)
        assert machine.at(17, 4, 2) == [NEW, CHECK]
        machine.ends(0)
        assert machine.at(17, 23, 0) == [NEW, CHECK]
        assert [event for event, *_ in told] == ["records_hold", "records_hold"]
        assert machine.at(18, 4, 0)[2:] == [NEW]

    def test_one_that_takes_for_days_is_not_begun_twice(self, machine, told):
        machine.at(17, 4, 0)
        assert machine.at(18, 4, 0) == [NEW]
        assert machine.at(19, 4, 0) == [NEW]

    def test_what_was_just_started_has_other_things_to_do_first(self, machine):
        machine.settled = 10.0
        assert machine.at(17, 12, 0) == []
        machine.settled = daily_looks.SECONDS_TO_SETTLE
        assert machine.at(17, 12, 5) == [NEW]

    def test_what_does_not_hold_is_told_without_what_it_is(self, machine, told):
        machine.at(17, 4, 0)
        machine.ends(1)
        machine.at(17, 4, 1)
        ((event, said, more),) = told
        assert event == "records_do_not_hold"
        assert said.startswith("verify --recent: something does not hold")
        assert (more["command"], more["status"]) == ("verify --recent", 1)

    def test_a_program_that_cannot_be_begun_is_told(self, machine, told, monkeypatch):
        def none(_words):
            raise FileNotFoundError(2, "No such file or directory")

        machine.looks.begin = none
        machine.at(17, 4, 0)
        assert "could not be looked at (No such file or directory)" in told[0][1]

    def test_at_the_end_it_is_made_to_leave(self, machine):
        machine.at(17, 4, 0)
        machine.looks.end()
        assert machine.begun[0][1].was_ended


@pytest.mark.sqlite_only(reason="the switch is told from beside the database, whatever keeps the records")
class TestReally:
    """With real processes and a real switch."""

    def look(self, clinic: Clinic) -> None:
        found = _looks(Desk(clinic.url, clinic.today), "America/Los_Angeles")
        found.settled = lambda: 1_000.0
        end = time.monotonic() + 60
        found.go_on()
        while found._running is not None:
            assert time.monotonic() < end
            time.sleep(0.05)
            found.go_on()

    def test_it_looks_and_tells_the_switch(self, staffed, told):
        with switchboard() as board:
            watched(staffed, board.url)
            self.look(staffed)
            assert board.paths == ["/ping/5f3c", "/ping/5f3c"]
            databases.change(staffed.database, "UPDATE result SET note = 'better'", triggers=False)
            self.look(staffed)
            assert board.paths[2:] == ["/ping/5f3c/fail", "/ping/5f3c/fail"]
        assert [event for event, *_ in told] == ["records_hold"] * 2 + ["records_do_not_hold"] * 2

    def test_a_turn_tells_of_its_night(self, staffed):
        with switchboard() as board:
            watched(staffed, board.url)
            staffed.today = "2026-11-17"
            assert staffed.run("serve", "--once").exit_code == 0
            assert board.paths == ["/ping/5f3c"]
            staffed.run("serve", "--once")  # there is no night to be made
            assert len(board.told) == 1
            staffed.today = "2026-11-18"
            key_of(staffed.database).rename(staffed.database.with_name("key"))
            assert staffed.run("serve", "--once").exit_code == 1
            assert board.paths[1:] == ["/ping/5f3c/fail"]
            staffed.database.with_name("key").rename(key_of(staffed.database))
            databases.change(staffed.database, "CREATE VIEW notes AS SELECT 1")
            done = staffed.run("serve", "--once")
            assert done.exit_code == 1
            assert "what is on record does not hold: the view notes was added" in done.stderr
            assert board.paths[2:] == ["/ping/5f3c/fail"]
            staffed.database.rename(staffed.database.with_name("elsewhere.db"))
            staffed.run("serve", "--once")

    def test_a_switch_that_is_down_keeps_no_night(self, staffed):
        from post_office import free_port

        watched(staffed, f"http://localhost:{free_port()}/5f3c")
        staffed.today = "2026-11-17"
        done = staffed.run("serve", "--once")
        assert done.exit_code == 0
        assert "the dead man's switch was not told: no connection with it (connection refused)" in done.stderr
        assert staffed.rows("SELECT count(*) FROM night WHERE day = '2026-11-17'") == [(1,)]


class TestAlarms:
    """A turn is taken every minute, and a switch is not told every minute."""

    def test_a_failure_once_an_hour_and_its_end_once(self, monkeypatch):
        heard = []
        of = Alarms(lambda number, status: heard.append((number, status)))
        seconds = [0.0]
        monkeypatch.setattr(
            alarms.Clock, "stopwatch", lambda _clock: (lambda begun: lambda: seconds[0] - begun)(seconds[0])
        )
        for minute in range(61):
            seconds[0] = minute * 60.0
            of.failed(1)
        assert heard == [(1, 1), (1, 1)]
        of.is_well(1)
        of.is_well(1)
        assert heard[2:] == [(1, 0)]
        of.failed(1)
        assert heard[3:] == [(1, 1)]

    def test_where_no_database_is_all_are_told(self):
        heard = []
        Alarms(lambda number, status: heard.append((number, status)), lambda: [1, 3]).all_failed()
        assert heard == [(1, 1), (3, 1)]


class TestTurns:
    """Each turn goes on with the looks, whatever became of the turn."""

    def test_also_where_it_failed_and_not_after_the_end(self, monkeypatch, told):
        done = []

        class Counted:
            def go_on(self) -> None:
                done.append("went on")
                raise ZeroDivisionError

            def end(self) -> None:
                done.append("ended")

        def fail(_plan, _is_ending):
            raise OSError

        monkeypatch.setattr(serve, "do_what_is_owed", fail)
        turns = serve.Turns(None, Counted())
        turns.take()
        assert turns.end()
        turns.take()
        assert done == ["went on", "ended"]
        assert [event for event, *_ in told] == ["turn_failed", "records_do_not_hold"]


@pytest.mark.sqlite_only(reason="a server at a socket is a file's")
def test_a_server_makes_the_night_looks_and_tells_the_switch(staffed):
    program = (
        "import sys; from testing_tracker.serving import daily_looks; daily_looks.SECONDS_TO_SETTLE = 0.0; "
        "from testing_tracker.cli.command_line import run; sys.exit(run(sys.argv[1:]))"
    )
    with switchboard() as board:
        watched(staffed, board.url)
        staffed.today = "2026-11-17"
        with served(staffed, program=program):
            wait_until(lambda: len(board.told) == 2)
        assert board.told == [("POST", "/ping/5f3c", "exit status 0\n")] * 2
    assert "records_" not in staffed.database.with_name("server.log").read_text()
    assert staffed.json("status")["alive"]["error"] is None
