"""The dead man's switch: told after each night and each verification how it ended, and never in their way."""

import os
import stat
import time
from pathlib import Path

import pytest
from conftest import Clinic, key_of
from post_office import LONG_AGO, free_port, make_certificates
from switchboard import Switchboard, switchboard

from testing_tracker.rules.serving.alive import asked_of, parts_of, read_url
from testing_tracker.rules.serving.delivery_file import Alive
from testing_tracker.serving import alive
from testing_tracker.serving.alive import ping
from testing_tracker.serving.asking import NotReachedError

pytestmark = pytest.mark.sqlite_only(reason="the switch is told from beside the database, whatever keeps the records")


@pytest.fixture
def board():
    with switchboard() as board:
        yield board


def watched(clinic: Clinic, url: str, more: str = "") -> Clinic:
    """The clinic with a delivery file that has a switch, and nothing else."""
    file = clinic.database.with_name(f"{clinic.database.name}.delivery.toml")
    file.touch(0o600)
    file.write_text(f'[alive]\nurl = "{url}"\n{more}')
    return clinic


def why_not(way: Alive, seconds: float = 5.0) -> str:
    with pytest.raises(NotReachedError) as raised:
        ping(way, 0, seconds)
    return str(raised.value)


def is_refused(url: object) -> bool:
    try:
        read_url(url)
    except ValueError:
        return True
    return False


def switch_row(clinic: Clinic) -> str:
    """What the table of `status` says of the switch."""
    (row,) = [line for line in clinic("status").splitlines() if line.startswith("dead man's switch")]
    return row


class TestAddress:
    """What an address may be, and how a failure is told by it."""

    @pytest.mark.parametrize(
        "url",
        [
            "https://hc-ping.com/5f3c",
            "https://monitor.clinic.example:8443/api/push/5f3c?status=up",
            "http://localhost:8000/ping/5f3c",
            "http://127.0.0.1/5f3c",
            "http://[::1]:8000/5f3c",
        ],
    )
    def test_https_anywhere_and_http_to_this_machine(self, url):
        assert read_url(url) == url

    @pytest.mark.parametrize(
        "url",
        [
            "http://hc-ping.com/5f3c",
            "http://127.0.0.1.example/5f3c",
            "http://localhost@example.org/5f3c",
            "https://user:word@hc-ping.com/5f3c",
            "https:///5f3c",
            "https://hc-ping.com:99999/5f3c",
            "https://hc-ping.com/5f3c#top",
            "https://hc-ping.com/5f 3c",
            "https://hc-ping.com/5f3c\r\nX-More: 1",
            "https://klinik-für-alle.example/5f3c",
            "https://[::1/5f3c",
            "ftp://hc-ping.com/5f3c",
            "file:///etc/passwd",
            "hc-ping.com/5f3c",
            "",
            5,
            None,
            ["https://hc-ping.com/5f3c"],
            "https://hc-ping.com/" + "a" * 2_000,
        ],
    )
    def test_nothing_else(self, url):
        assert is_refused(url)

    @pytest.mark.parametrize(
        ("url", "failing"),
        [
            ("https://a.example/5f3c", "/5f3c/fail"),
            ("https://a.example/5f3c/", "/5f3c/fail"),
            ("https://a.example", "/fail"),
            ("https://a.example/push/5f3c?create=1&status=up", "/push/5f3c/fail?create=1&status=up"),
        ],
    )
    def test_a_failure_comes_before_the_question(self, url, failing):
        assert asked_of(parts_of(url, failed=True)) == failing
        assert asked_of(parts_of(url, failed=False)) in url or asked_of(parts_of(url, failed=False)) == "/"


class TestPing:
    """One telling."""

    def test_how_it_ended_is_all_that_is_told(self, board):
        ping(Alive(f"{board.url}?a=b"), 0)
        ping(Alive(f"{board.url}?a=b"), 1)
        assert board.told == [
            ("POST", "/ping/5f3c?a=b", "exit status 0\n"),
            ("POST", "/ping/5f3c/fail?a=b", "exit status 1\n"),
        ]

    @pytest.mark.parametrize("how", ["silent", "drips"])
    def test_a_server_that_hangs_is_not_waited_for(self, board, how):
        board.seconds, board.drips = (3.0, False) if how == "silent" else (0.0, True)
        began = time.monotonic()
        assert why_not(Alive(board.url), 0.4) == "it did not answer in time"
        assert time.monotonic() - began < 2

    def test_no_more_than_ten_seconds(self):
        assert alive.SECONDS_TO_ANSWER == 10

    def test_where_it_leads_elsewhere_it_is_not_followed(self, board):
        with switchboard() as other:
            board.status, board.leads_to = 302, other.url
            assert "it leads elsewhere (302)" in why_not(Alive(board.url))
            assert other.told == []

    @pytest.mark.parametrize("status", [404, 500])
    def test_an_error_is_not_having_been_told(self, board, status):
        board.status = status
        assert why_not(Alive(board.url)) == f"it answered with an error ({status})"

    def test_one_that_is_down(self):
        assert why_not(Alive(f"http://localhost:{free_port()}/x")) == "no connection with it (connection refused)"

    def test_one_that_speaks_otherwise(self, board):
        assert why_not(Alive(board.url.replace("http:", "https:"))) == "no TLS with it"


class TestCertificate:
    """Over TLS, the certificate is checked, by the clinic's own authority where it has one."""

    def test_by_its_own_authority(self, tmp_path):
        folder = make_certificates(tmp_path / "tls")
        with switchboard(folder) as board:
            ping(Alive(board.url, folder / "ca.pem"), 0)
            assert board.paths == ["/ping/5f3c"]
            assert "its certificate is not one to be trusted" in why_not(Alive(board.url))
            assert "alive.ca_file cannot be read" in why_not(Alive(board.url, tmp_path / "none.pem"))

    @pytest.mark.parametrize("wrong", [{"name": "other.example"}, {"until": LONG_AGO.replace(year=2002)}])
    def test_for_its_name_and_in_time(self, tmp_path, wrong):
        folder = make_certificates(tmp_path / "tls", **wrong)
        with switchboard(folder) as board:
            assert "its certificate is not one to be trusted" in why_not(Alive(board.url, folder / "ca.pem"))
            assert board.told == []


class TestCommands:
    """What runs unattended tells how it ended."""

    def test_a_night_and_a_verification_that_go_well(self, staffed, board):
        watched(staffed, board.url)
        staffed.today = "2026-11-17"
        for command in (("draw",), ("verify",), ("verify", "--recent"), ("check",)):
            assert staffed.run(*command).stderr in ("", "TRAINING\n")
        assert board.told == [("POST", "/ping/5f3c", "exit status 0\n")] * 4
        staffed("due")
        staffed("report", "weekly")
        assert len(board.told) == 4

    def test_a_night_without_its_key(self, staffed, board):
        watched(staffed, board.url)
        staffed.today = "2026-11-17"
        key_of(staffed.database).unlink()
        staffed.refused("draw")
        assert board.told == [("POST", "/ping/5f3c/fail", "exit status 1\n")]

    def test_a_night_without_a_database(self, staffed, board):
        watched(staffed, board.url)
        staffed.database.rename(staffed.database.with_name("elsewhere.db"))
        assert staffed.run("draw").exit_code == 1
        assert board.paths == ["/ping/5f3c/fail"]

    @pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, OSError(28, "No space left on device")])
    def test_a_night_that_crashes(self, staffed, board, monkeypatch, error):
        from testing_tracker.services.drawing import nights

        def fail(*_arguments, **_options):
            raise error

        monkeypatch.setattr(nights, "run_night", fail)
        watched(staffed, board.url)
        assert staffed.run("draw").exit_code == 1
        assert board.paths == ["/ping/5f3c/fail"]

    def test_a_full_disk(self, staffed, board, monkeypatch):
        """SQLite's own word for it, from a file that may not grow."""
        import databases

        watched(staffed, board.url)
        people = staffed.database.with_name("people.csv")
        lines = [f"P{number},iop,fixed-2,2026-11-16" for number in range(600)]
        people.write_text("\n".join(["participant,level,schedule,enrolled_on", *lines]))
        staffed("participant", "import", str(people))
        staffed.today = "2026-11-19"
        with databases.opened(staffed.database) as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
        from testing_tracker.store import sqlite_file

        connect = sqlite_file.connect

        def small(*given, **options):
            connection = connect(*given, **options)
            connection.execute(f"PRAGMA max_page_count = {pages}")
            return connection

        monkeypatch.setattr(sqlite_file, "connect", small)
        assert "The disk is full" in staffed.run("draw").stderr
        assert board.paths == ["/ping/5f3c/fail"]

    def test_records_that_do_not_hold(self, staffed, board):
        import databases

        watched(staffed, board.url)
        databases.change(staffed.database, "UPDATE result SET note = 'better'", triggers=False)
        for command in (("verify",), ("verify", "--recent"), ("check",), ("draw",)):
            assert staffed.run(*command).exit_code == 1
        assert board.told == [("POST", "/ping/5f3c/fail", "exit status 1\n")] * 4

    def test_who_may_not_is_no_alarm(self, staffed, board):
        from conftest import acting_as

        staffed("staff", "add", "cron", "--role", "nights")
        watched(staffed, board.url)
        with acting_as("pat"):
            assert staffed.run("draw").exit_code == 1
            assert staffed.run("verify").exit_code == 1
        assert board.told == []

    def test_a_switch_that_is_not_reached_is_a_note_and_the_night_is_made(self, staffed):
        watched(staffed, f"http://localhost:{free_port()}/5f3c")
        staffed.today = "2026-11-17"
        done = staffed.run("draw")
        assert done.exit_code == 0
        assert "the dead man's switch was not told: no connection with it (connection refused)." in done.stderr
        assert "5f3c" not in done.output
        assert staffed.rows("SELECT count(*) FROM night WHERE day = '2026-11-17'") == [(1,)]

    def test_a_file_that_cannot_be_used_is_a_note(self, staffed):
        watched(staffed, "http://example.org/5f3c-secret")
        staffed.today = "2026-11-17"
        done = staffed.run("draw")
        assert done.exit_code == 0
        assert "alive.url: must be an https address" in done.stderr
        assert "5f3c" not in done.output

    def test_each_facility_has_its_own(self, staffed, board):
        staffed("facility", "add", "North", "--timezone", "UTC")
        with switchboard() as other:
            watched(staffed, board.url)
            file = staffed.database.with_name(f"{staffed.database.name}.delivery.facility-2.toml")
            file.touch(0o600)
            file.write_text(f'[alive]\nurl = "{other.url}"\n')
            staffed("draw")
            assert (board.paths, other.paths) == (["/ping/5f3c"], ["/ping/5f3c"])
            staffed("--facility", "North", "draw")
            assert (len(board.told), len(other.told)) == (1, 2)
            key_of(staffed.database).unlink()
            staffed.today = "2026-11-17"
            staffed.run("draw")
            assert (board.paths[-1], other.paths[-1]) == ("/ping/5f3c/fail", "/ping/5f3c/fail")
            staffed.database.rename(staffed.database.with_name("elsewhere.db"))
            staffed.run("draw")
            assert (len(board.told), len(other.told)) == (3, 4)

    def test_nothing_is_imported_for_it_where_there_is_none(self, staffed):
        import subprocess
        import sys

        program = (
            "import sys; from testing_tracker.cli import program; program(sys.argv[1:], standalone_mode=False); "
            "sys.exit('http.client' in sys.modules)"
        )
        words = ["--database", str(staffed.database), "--today", staffed.today, "draw"]
        done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


class TestShown:
    """`status` and `doctor` show when it was last reached, or that there is none."""

    def test_there_is_none(self, staffed):
        assert staffed.json("status")["alive"] is None
        assert "none" in switch_row(staffed)

    def test_when_it_was_reached(self, staffed, board):
        watched(staffed, board.url)
        assert staffed.json("status")["alive"] == {"reached_at": None, "tried_at": None, "error": None}
        assert "never" in switch_row(staffed)
        staffed("verify")
        told = staffed.json("status")["alive"]
        assert told["reached_at"] == told["tried_at"]
        assert "reached" in next(
            line for line in staffed("status").splitlines() if line.startswith("dead man's switch")
        )
        board.status = 500
        staffed.run("verify")
        again = staffed.json("status")["alive"]
        assert again["reached_at"] == told["reached_at"]
        assert again["error"] == "it answered with an error (500)"
        assert "5f3c" not in staffed("status")
        assert oct(staffed.database.with_name(f"{staffed.database.name}.alive").stat().st_mode)[-3:] == "600"

    def test_doctor_misses_one_that_is_not_reached(self, staffed, board):
        watched(staffed, board.url)
        staffed("verify")
        staffed("result", "B04", "negative")
        assert "switch" not in staffed.run("doctor").stdout
        board.status = 500
        staffed.run("verify")
        assert "the dead man's switch was not told: it answered with an error (500)" in staffed.run("doctor").stdout

    def test_what_stands_beside_the_database_is_nobodys_to_write(self, staffed):
        place = staffed.database.with_name(f"{staffed.database.name}.alive")
        assert "dead man's switch itself" in staffed.refused("backup", str(place))

    @pytest.mark.parametrize(
        "content", [b"", b"[]", b'{"1": 5}', b'{"1": {"reached_at": "x"}}', b"\xff" * 100, b"[" * 50_000, b" " * 99_999]
    )
    def test_a_garbled_one_is_as_none(self, staffed, board, content):
        watched(staffed, board.url)
        place: Path = staffed.database.with_name(f"{staffed.database.name}.alive")
        place.write_bytes(content)
        assert staffed.json("status")["alive"]["tried_at"] is None
        staffed("verify")
        assert staffed.json("status")["alive"]["tried_at"] is not None

    def test_a_pipe_in_its_place_keeps_no_night_waiting(self, staffed, board):
        place = staffed.database.with_name(f"{staffed.database.name}.alive")
        os.mkfifo(place)
        watched(staffed, board.url)("draw")
        assert board.paths == ["/ping/5f3c"]
        assert staffed.json("status")["alive"]["tried_at"] is None
        assert stat.S_ISFIFO(place.stat().st_mode)


def test_a_switchboard_is_a_real_one(board: Switchboard):
    import urllib.request

    with urllib.request.urlopen(board.url) as answer:
        assert answer.status == 200
    assert board.told == [("GET", "/ping/5f3c", "")]
