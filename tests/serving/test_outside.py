"""The nights' witness lines leave by themselves: into a file of a folder or by a command, and again until they have."""

import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import databases
import pytest
from conftest import Clinic
from freezegun import freeze_time
from test_serve import wait_for

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.rules.serving.delivery_file import WitnessDelivery
from testing_tracker.serving import outside
from testing_tracker.serving.outside import Outside, run
from testing_tracker.store.kept_lines import append_once

ZONE = ZoneInfo("America/Los_Angeles")


def at(day: int, hour: int = 0, minute: int = 5):
    """A moment on the facility's clock; real processes go on in their own time."""
    return freeze_time(datetime(2026, 11, day, hour, minute, tzinfo=ZONE), real_asyncio=True)


@pytest.fixture(scope="module")
def made_live(tmp_path_factory):
    made = Clinic(tmp_path_factory.mktemp("live") / "live.db", None)
    with at(15, 12):
        made("init", "--facility", "Harbor House", "--timezone", ZONE.key)
        made.add("KEEP-ME-OUT", "A2", schedule="random-3", name="Tamsin")
    with at(16):
        made("draw")
    return made.database


@pytest.fixture
def live(made_live, tmp_path):
    """A live facility after its first night, with nowhere to keep lines yet."""
    databases.copy(made_live, tmp_path / "live.db")
    return Clinic(tmp_path / "live.db", None)


def keep_in(live: Clinic, to: object) -> None:
    file = live.location.delivery_of(1)
    file.write_text(f"[witness]\nto = {json.dumps(str(to) if isinstance(to, Path) else to)}\n")
    file.chmod(0o600)


def on_record(live: Clinic) -> list[str]:
    return live("witness").splitlines()


def is_gone(process: int) -> bool:
    """Whether a process has ended; its parent may be nobody who asks how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@contextmanager
def elsewhere(live: Clinic) -> Iterator[None]:
    """On a host of the same database that has no delivery file."""
    file = live.location.delivery_of(1)
    file.rename(file.with_suffix(".away"))
    try:
        yield
    finally:
        file.with_suffix(".away").rename(file)


class TestInAFolder:
    @pytest.fixture
    def folder(self, live, tmp_path) -> Path:
        folder = tmp_path / "outside"
        folder.mkdir()
        keep_in(live, folder)
        return folder

    def test_draw_hands_every_line_over_that_has_not_left(self, live, folder):
        with at(17):
            assert "Note" not in live.run("draw").output
            assert (folder / "witness.txt").read_text().splitlines() == on_record(live)
        assert len(on_record(live)) == 2
        assert stat.S_IMODE((folder / "witness.txt").stat().st_mode) == 0o600

    def test_a_line_is_never_there_twice_and_nothing_is_cut_off(self, live, folder):
        file = folder / "witness.txt"
        file.write_text("what was there before\nhalf a li")
        for day in (17, 18, 18, 19):
            with at(day):
                live("draw")
                live("serve", "--once")
        text = file.read_text()
        assert text.startswith("what was there before\nhalf a li\n2026-11-16 page")
        assert text.splitlines()[2:] == on_record(live)

    def test_newcomers_of_the_day_have_a_line_of_their_own(self, live, folder):
        with at(17):
            live("draw")
        with at(17, 10):
            live.add("C3", schedule="fixed-2")
            live("draw")
        assert (folder / "witness.txt").read_text().splitlines() == on_record(live)
        assert len(on_record(live)) == 3

    def test_serve_hands_over_what_a_host_without_a_delivery_file_drew_for_newcomers(self, live, folder):
        with at(17):
            live("serve", "--once")
        with at(17, 10):
            live.add("C3", schedule="fixed-2")
            with elsewhere(live):
                live("draw")
            assert "witness lines of 2026-11-17 to 2026-11-17 kept" in live("serve", "--once")
        assert (folder / "witness.txt").read_text().splitlines() == on_record(live)
        assert len(on_record(live)) == 3

    def test_a_failure_that_is_over_is_not_told_of_a_later_night(self, live, folder):
        folder.rmdir()
        with at(17):
            assert "were not kept outside" in live.run("draw").stderr
        folder.mkdir()
        with at(18):
            live("draw")
        with at(19):
            with elsewhere(live):
                live("draw")
            assert live.json("status")["witness"] is None

    def test_serve_does_it_too_and_tells_it(self, live, folder):
        with at(17):
            printed = live("serve", "--once")
        assert "draws of 2026-11-17 made" in printed
        assert f"witness: {on_record(live)[-1]}" in printed
        assert f"witness lines of 2026-11-16 to 2026-11-17 kept in the folder {folder}" in printed
        assert (folder / "witness.txt").read_text().splitlines() == on_record(live)

    def test_nobody_is_in_it(self, live, folder):
        with at(17):
            live("draw")
        kept = (folder / "witness.txt").read_bytes()
        assert not [word for word in (b"KEEP-ME-OUT", b"A2", b"Tamsin", b"Harbor") if word in kept]

    def test_verify_compares_what_was_kept(self, live, folder):
        with at(17):
            live("draw")
            said = live("verify", "--against", str(folder / "witness.txt"))
        assert "2 of 2 lines that were kept outside agree with the records." in said

    def test_a_folder_that_is_not_there_keeps_no_night_from_being_made(self, live, folder):
        folder.rmdir()
        with at(17):
            done = live.run("draw")
            assert done.exit_code == 0
            assert "drawn today" in done.stdout
            assert "the nights' witness lines were not kept outside" in done.stderr
            assert "No such file or directory. The next `draw` tries again." in done.stderr
            status = live.run("status", "--format", "json")
            assert json.loads(status.stdout)["witness"]["since"] == "2026-11-16"
            assert "the witness lines since 2026-11-16 are not kept outside" in status.stdout
            assert "2 witness lines are not kept outside" in live.run("doctor").stdout
        folder.mkdir()
        with at(18):
            live("draw")
            assert json.loads(live.run("status", "--format", "json").stdout)["witness"] is None
            assert "witness" not in live.run("doctor").stdout
        assert (folder / "witness.txt").read_text().splitlines() == on_record(live)
        acts = [act for (act,) in live.rows("SELECT act FROM audit_entry WHERE act LIKE 'witness%' ORDER BY id")]
        assert acts == ["witness deliver failed", "witness deliver"]
        assert "All holds" in live("verify")

    def test_what_nobody_foresaw_keeps_no_report_from_leaving(self, live, folder, monkeypatch):
        def fail(*_):
            raise ZeroDivisionError("A2 has a name")

        monkeypatch.setattr(outside, "append_once", fail)
        with at(23, 9):
            done = live.run("serve", "--once", "--reports", str(folder))
        assert "something went wrong inside the program (ZeroDivisionError)." in done.stderr
        assert "A2" not in done.output
        assert "report of 2026-W47 written" in done.stdout

    def test_serve_tries_again_after_a_while(self, live, folder):
        folder.rmdir()
        with at(17):
            done = live.run("serve", "--once")
            assert done.exit_code == 1
            assert "witness lines of 2026-11-16 to 2026-11-17 not kept in the folder" in done.stderr
            assert "Trying again at 08:06 UTC." in done.stderr
            assert live.run("serve", "--once").exit_code == 0  # it is not its time
        folder.mkdir()
        with at(17, 0, 6):
            assert "kept in the folder" in live("serve", "--once")
            assert "kept in" not in live("serve", "--once")

    def test_what_nothing_hands_over_is_named_on_the_next_day(self, live, tmp_path):
        keep_in(live, tmp_path / "nowhere")
        with at(16, 9):
            assert live.run("status").exit_code == 0
        with at(17, 0, 1):
            said = live.run("status").stderr
        assert "he witness lines since 2026-11-16 are not kept outside: nothing has handed them over" in said

    @pytest.mark.parametrize("what", ["link", "folder", "pipe"])
    def test_only_a_plain_file_is_written_to(self, live, folder, what):
        file, elsewhere = folder / "witness.txt", folder / "elsewhere"
        elsewhere.write_text("mine")
        {"link": lambda: file.symlink_to(elsewhere), "folder": file.mkdir, "pipe": lambda: os.mkfifo(file)}[what]()
        with at(17):
            assert "were not kept outside" in live.run("draw").stderr
        assert elsewhere.read_text() == "mine"

    def test_each_facility_has_its_file(self, live, folder):
        with at(16, 10):
            live("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
            other = live.location.delivery_of(2)
            other.write_text(live.location.delivery_of(1).read_text())
            other.chmod(0o600)
        with at(17, 12):
            live("draw")
            said = live.run("verify", "--against", str(folder / "witness-facility-2.txt")).output
        assert len((folder / "witness.txt").read_text().splitlines()) == 2
        assert len((folder / "witness-facility-2.txt").read_text().splitlines()) == 1
        assert "1 of 1 lines" in said


class TestAppending:
    def test_what_a_crash_left_of_a_line_is_not_taken_for_one(self, tmp_path):
        file = tmp_path / "lines"
        append_once(file, ["one", "two"])
        file.write_text("one\ntw")
        append_once(file, ["one", "two", "two"])
        assert file.read_text() == "one\ntw\ntwo\n"

    def test_nothing_to_append_leaves_the_file_as_it_is(self, tmp_path):
        file = tmp_path / "lines"
        file.write_text("one\ntw")
        append_once(file, ["one"])
        assert file.read_text() == "one\ntw"


STAND_IN = """#!{python}
import os, subprocess, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    print(words[:-1], sorted(name for name in os.environ if name.startswith("TESTING")), file=log)
os.chdir({home!r})
sys.exit(subprocess.run(["/bin/sh", "-c", words[-1]]).returncode)
"""


class TestByACommand:
    @pytest.fixture
    def machine(self, tmp_path, monkeypatch) -> Path:
        """The home folder on another machine, where an ssh of our own leads, as the real one hands words to a shell."""
        home, programs = tmp_path / "home", tmp_path / "programs"
        home.mkdir()
        programs.mkdir()
        ssh = programs / "ssh"
        ssh.write_text(STAND_IN.format(python=sys.executable, log=str(tmp_path / "log"), home=str(home)))
        ssh.chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("TESTING_TRACKER_LOG_FORMAT", "text")
        return home

    def test_ssh_appends_each_line_once_for_its_owner_alone(self, live, machine, tmp_path):
        keep_in(live, "ssh backup@host.example")
        for day in (17, 18):
            with at(day):
                live("draw")
        kept = machine / "testing-tracker-witness.txt"
        assert kept.read_text().splitlines() == on_record(live)
        assert len(on_record(live)) == 3
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        asked = "['-o', 'BatchMode=yes', 'backup@host.example'] []"
        assert (tmp_path / "log").read_text().splitlines() == [asked, asked]

    def test_the_shell_there_never_reads_a_line_as_commands(self, machine):
        file = live_command("ssh host")
        hostile = '$(touch a)\n`touch b`\n; touch c\n" && touch d; "\n\\\n-e touch\n'
        for _ in range(2):
            assert run(file, hostile, 30) is None
        assert sorted(os.listdir(machine)) == ["testing-tracker-witness.txt"]
        assert (machine / "testing-tracker-witness.txt").read_text() == hostile

    def test_what_fails_is_tried_by_the_next_draw(self, live, machine):
        (machine / "testing-tracker-witness.txt").mkdir()
        keep_in(live, "ssh host")
        with at(17):
            done = live.run("draw")
            assert done.exit_code == 0
            assert "not kept outside: `ssh` ended with status 1. The next `draw` tries again." in done.stderr
        (machine / "testing-tracker-witness.txt").rmdir()
        with at(17, 0, 6):
            assert "today's draws were made already" in live("draw")
        assert (machine / "testing-tracker-witness.txt").read_text().splitlines() == on_record(live)

    def test_a_command_of_ones_own_is_given_the_lines_and_no_shell(self, live, tmp_path):
        keep_in(live, ["tee", "-a", str(tmp_path / "kept; touch x")])
        with at(17):
            live("draw")
        assert (tmp_path / "kept; touch x").read_text().splitlines() == on_record(live)

    def test_it_is_ended_after_its_time_with_all_that_it_began(self, tmp_path):
        begun = tmp_path / "begun"
        script = f"sleep 60 & echo $! >{begun}; wait"
        assert run(("sh", "-c", script), "", 0.5) == "`sh` did not end within 0.5 seconds"
        process = int(begun.read_text())
        wait_for(lambda: is_gone(process))

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            (("/no/such/program",), "`/no/such/program` cannot be run: No such file or directory"),
            (("/",), "`/` cannot be run: Permission denied"),
            (("sh", "-c", "exit 7"), "`sh` ended with status 7"),
            (("sh", "-c", "kill -9 $$"), "`sh` was ended by signal 9"),
            (("true",), None),  # whether it reads what it is given is its own affair
        ],
    )
    def test_what_goes_wrong_is_said_in_words(self, command, said):
        assert run(command, "a line\n" * 100_000, 30) == said

    def test_it_knows_none_of_the_programs_variables(self, monkeypatch, tmp_path):
        monkeypatch.setenv("TESTING_TRACKER_ENCRYPTION_KEY", "file:/secret")
        monkeypatch.setenv("PGPASSWORD", "hidden")
        file = tmp_path / "env"
        assert run(("sh", "-c", f"env >{file}"), "", 30) is None
        assert "TESTING_TRACKER" not in file.read_text()
        assert "hidden" not in file.read_text()

    @pytest.fixture
    def desk(self, live) -> Iterator[Desk]:
        desk = Desk(live.url, None, None)
        yield desk
        desk.close()

    def test_two_at_once_hand_over_once(self, desk, monkeypatch):
        """The second one finds the first at it, and leaves it to that."""
        other = partial(Outside, desk.reading, desk.writing, WitnessDelivery(command=("true",)), 1)
        seen = []
        real = outside.run

        def slow(*given):
            monkeypatch.setattr(outside, "run", real)
            seen.append(other().hand_over(again=True))
            return real(*given)

        monkeypatch.setattr(outside, "run", slow)
        with at(16, 9):
            attempt = other().hand_over()
        assert (attempt.error, seen) == (None, [None])

    def test_an_attempt_that_was_cut_off_is_made_again(self, desk, monkeypatch):
        way = Outside(desk.reading, desk.writing, WitnessDelivery(command=("true",)), 1)

        def cut_off(*_):
            raise KeyboardInterrupt

        with at(16, 9), monkeypatch.context() as patch:
            patch.setattr(outside, "run", cut_off)
            with pytest.raises(KeyboardInterrupt):
                way.hand_over()
            assert way.hand_over() is None
        with at(16, 9, 11):
            assert way.hand_over().error is None
            assert way.hand_over() is None


def live_command(to: str) -> tuple[str, ...]:
    """The words that a delivery file's `to` stands for."""
    from testing_tracker.rules.serving.delivery_file import read_deliveries

    way = read_deliveries(f'[witness]\nto = "{to}"\n', "file", Path("/"), lambda _: "").witness
    assert way is not None
    return way.command
