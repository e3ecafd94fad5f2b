"""`web serve`: the page's process as people start it, what it refuses, and what it says and does not say."""

import ast
import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from web import outside
from web.front_door import (
    MONDAY,
    NOBODYS,
    OPENS,
    YES,
    ZONE,
    FrontDoor,
    filling,
    instant,
    number_of,
    pin_of,
    verifier,
)
from web.outside import ANOTHER, AS_ANOTHER, ask, nginx_before, page_at_work, running, stopped, wait_for

import testing_tracker
from testing_tracker.cli import program
from testing_tracker.rules.check_in import pin_hash
from testing_tracker.rules.check_in.answers import CheckInOutcome, DaysAnswer
from testing_tracker.web.file import PageFile
from testing_tracker.web.filling import PageContents, to_json
from testing_tracker.web.hashing import Hashing
from testing_tracker.web.serving import PageServer, listening_at

pytestmark = pytest.mark.sqlite_only(reason="the page knows no database")

ANSWER = "Yes, please come in today"
RIGHT = {"number": number_of(YES), "pin": pin_of(YES)}


def today_open(holders=None):
    """What is filled in for a day that is open now, whenever the test runs, with real hashes."""
    now = datetime.now(UTC)
    today = now.astimezone(ZONE).date()
    given = filling(day=today, make_verifier=pin_hash.verifier_of, **({"answers": holders} if holders else {}))
    day = replace(
        given.days[0],
        opens_at=now - timedelta(hours=1),
        closes_at=now + timedelta(hours=1),
        over_at=now + timedelta(hours=2),
    )
    return PageContents("a clinic's database", now, (replace(given, days=(day, *given.days[1:])),))


@pytest.fixture
def page(tmp_path):
    """The page's file, filled for a day that is open now."""
    path = tmp_path / "clinic.db.web"
    file = PageFile(path)
    file.fill(today_open())
    file.close()
    return path


def visits(path):
    file = PageFile(path)
    try:
        return file.visits_after(0, 10_000)
    finally:
        file.close()


def serve(*words, **more):
    return CliRunner().invoke(program, ["web", "serve", *words], **more)


def refused(*words) -> str:
    done = serve(*words)
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


class TestRefusals:
    @pytest.mark.parametrize("address", ["0.0.0.0:8200", "[::]:8200", "192.0.2.1:80", "8.8.8.8:1"])
    def test_where_pins_would_travel_in_clear(self, tmp_path, address):
        file = tmp_path / "new.web"
        for more in ((), ("--behind-proxy",), ("--insecure-listen",)):
            said = refused("--listen", address, "--file", str(file), *more)
            assert "PINs would travel in clear" in said
        assert not file.exists()
        both = serve("--listen", address, "--file", str(file), "--behind-proxy", "--insecure-listen", "--check")
        assert both.exit_code == 0

    def test_a_line_that_others_reach(self, tmp_path):
        said = refused("--line", "0.0.0.0:8201", "--file", str(tmp_path / "new.web"))
        assert "reached from other machines" in said

    @pytest.mark.parametrize("command", ["serve", "load", "visits"])
    def test_a_folder_that_is_not_there(self, tmp_path, command):
        """Who mistypes it is told so, rather than that nobody has visited the page."""
        typed = tmp_path / "mistyped" / "clinic.db.web"
        given = to_json(today_open()) if command == "load" else None
        done = CliRunner().invoke(program, ["web", command, "--file", str(typed)], input=given)
        assert done.stderr == (
            f"Error: {typed} cannot be made: No such file or directory. Make the folder, for this account to write in, "
            "or name another file.\n"
        )
        assert (done.exit_code, done.stdout, typed.parent.exists()) == (1, "", False)

    @pytest.mark.parametrize("address", ["", "8200", "127.0.0.1", "127.0.0.1:99999", "host.example:80", "127.0.0.1:x"])
    def test_what_is_no_address(self, address):
        done = serve("--listen", address, "--check")
        assert done.exit_code == 2

    def test_a_file_that_others_can_open(self, page):
        page.chmod(0o644)
        assert "chmod o=" in refused("--check", "--file", str(page))

    def test_a_port_that_is_taken(self, page):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            said = refused("--listen", f"127.0.0.1:{other.getsockname()[1]}", "--file", str(page))
        assert "cannot be listened at" in said

    def test_without_what_it_needs(self, page, monkeypatch):
        monkeypatch.setattr("testing_tracker.cli.web.find_spec", lambda name: None)
        said = refused("--check", "--file", str(page))
        assert said == "Error: The page needs Werkzeug and waitress: pip install 'testing-tracker[web]'\n"

    def test_where_a_server_would_do_it(self, monkeypatch):
        monkeypatch.setattr("testing_tracker.cli.desk.opening.is_asking", lambda: True)
        assert "not done by the server" in refused("--check")


class TestWhatItSays:
    def test_how_much_it_has_and_since_when(self, page):
        done = serve("--check", "--file", str(page))
        line = r"\S+Z would serve: check-in on http://127\.0\.0\.1:8200, 1 facility, 3 holders, filled \d{4}-.*Z\n"
        assert re.fullmatch(line, done.stdout)

    def test_and_to_a_machine(self, page):
        done = serve("--check", "--file", str(page), "--log-format", "json")
        said = json.loads(done.stdout)
        assert (said["event"], said["facilities"], said["holders"]) == ("page_checked", 1, 3)

    def test_a_file_that_nothing_was_filled_into_is_served(self, tmp_path):
        done = serve("--check", "--file", str(tmp_path / "new.web"))
        assert "0 facilities, 0 holders, nothing filled in yet" in done.stdout
        assert stat.S_IMODE((tmp_path / "new.web").stat().st_mode) == 0o600

    def test_it_is_beside_the_database_by_default_which_it_does_not_open(self, tmp_path):
        (tmp_path / "clinic.db").write_text("no database")
        done = CliRunner().invoke(program, ["--database", str(tmp_path / "clinic.db"), "web", "serve", "--check"])
        assert done.exit_code == 0
        assert (tmp_path / "clinic.db.web").exists()
        assert (tmp_path / "clinic.db").read_text() == "no database"

    def test_nothing_of_anybody(self, page):
        """A day's work leaves no number, PIN, address or path in a line."""
        with page_at_work(page) as (port, process):
            ask(port, "POST", form=RIGHT)
            ask(port, "POST", form={"number": NOBODYS, "pin": "100000"})
            ask(port, path="/a-secret-path")
            with socket.create_connection(("127.0.0.1", port)) as broken:
                broken.sendall(b"GET /a-secret-path\r\n\r\n" + b"\0" * 50)
            out, err = stopped(process)
        said = out + err
        assert said.count("\n") <= 4  # started, perhaps a minute or two, stopped
        for word in (number_of(YES), pin_of(YES), NOBODYS, "secret", "Traceback", "waitress"):
            assert word not in said
        assert re.search(r"check-in on http://127\.0\.0\.1:\d+, 1 facility, 3 holders", out)
        assert out.rstrip().endswith("stopped")
        assert [one.outcome for one in visits(page)] == [CheckInOutcome.TOLD, CheckInOutcome.WRONG]


class TestWhatItLoads:
    def test_rules_and_the_doors_and_nothing_of_the_records(self):
        """The page's package stands beside the layers: a hole in it is not in the clinic's records."""
        folder = Path(testing_tracker.__file__).parent / "web"
        used = set()
        for file in folder.glob("*.py"):
            for node in ast.walk(ast.parse(file.read_bytes())):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("testing_tracker"):
                    used |= {node.module} if node.module != "testing_tracker" else {one.name for one in node.names}
        parts = {name.removeprefix("testing_tracker.").split(".")[0] for name in used}
        assert parts <= {"rules", "web", "errors", "chance", "clock"}

    def test_no_database_library_and_no_table(self, page):
        code = (
            "import sys, testing_tracker.__main__ as program\n"
            "try: program.main()\n"
            "except SystemExit: pass\n"
            "print(sorted(name for name in sys.modules if name.split('.')[0] in"
            " ('sqlalchemy', 'sqlmodel', 'pydantic', 'alembic', 'numpy', 'rich')"
            " or name.startswith(('testing_tracker.store.tables', 'testing_tracker.store.engine',"
            " 'testing_tracker.services.'))))"
        )
        words = [sys.executable, "-c", code, "web", "serve", "--check", "--file", str(page)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"


class TestRealServer:
    def test_a_participant_checks_in(self, page):
        with page_at_work(page) as (port, _):
            form, told, alive = ask(port), ask(port, "POST", form=RIGHT), ask(port, path="/alive")
        assert (form.status, told.status, alive.status) == (200, 200, 200)
        assert ANSWER in told.text
        assert "Server" not in told.headers
        assert len(told.text.encode()) == int(told.headers["Content-Length"]) == 4_096
        assert alive.text == "alive\n"

    def test_what_it_did_is_counted_by_the_minute(self, page):
        with page_at_work(page) as (port, process):
            for _ in range(3):
                ask(port)
            stopped(process)
        file = PageFile(page)
        beats = file.beats_between(0, 1 << 40)
        file.close()
        assert sum(beat.served for beat in beats.values()) == 3

    def test_100_slow_ones_hold_nobody_up(self, page):
        with page_at_work(page) as (port, _):
            slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
            for one in slow:
                one.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nnumber=")
            begun = time.monotonic()
            for _ in range(5):
                for one in slow:
                    one.sendall(b"1")
                assert ANSWER in ask(port, "POST", form=RIGHT).text
            assert time.monotonic() - begun < 20
            for one in slow:
                one.close()
        assert len(visits(page)) == 5

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20_000 + b"\r\n\r\n", b"431"),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n", b"413"),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
            (b"\0\0\0\r\n\r\n", b"400"),
            (b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"200"),
        ],
    )
    def test_what_is_no_request_is_refused_by_the_server(self, page, sent, status):
        with page_at_work(page) as (port, process):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
                line.sendall(sent)
                got = line.recv(100_000)
            assert got.split()[1] == status
            assert b"Traceback" not in got
            assert ask(port).status == 200
            out, err = stopped(process)
        assert "Traceback" not in out + err
        assert visits(page) == []

    def test_a_stop_lets_what_runs_end(self, page):
        with page_at_work(page) as (port, process), ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(ask, port, "POST", form=RIGHT) for _ in range(12)]
            until = time.monotonic() + 10
            while not visits(page) and time.monotonic() < until:
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            told = []
            for one in asked:
                try:
                    told.append(one.result())
                except OSError:
                    continue  # it had not been accepted yet
            assert process.wait(timeout=10) == 0
        assert {one.status for one in told} == {200}
        assert len(visits(page)) == len(told)

    def test_killed_between_the_commit_and_the_answer_the_repeat_has_the_same_receipt(self, page):
        port = outside.free_port()
        code = f"""
import os, signal, sys
from testing_tracker.web.visits import Visits
kept = Visits.check_in
def killed(self, asked):
    came = kept(self, asked)
    os.kill(os.getpid(), signal.SIGKILL)
Visits.check_in = killed
from testing_tracker.__main__ import main
sys.argv = ["tt", "web", "serve", "--listen", "127.0.0.1:{port}", "--file", {str(page)!r}]
main()
"""
        with running(code=code) as process:
            wait_for(port, process)
            with pytest.raises(ConnectionError):
                ask(port, "POST", form=RIGHT)
            assert process.wait(10) == -signal.SIGKILL
        (before,) = visits(page)
        assert before.outcome is CheckInOutcome.TOLD
        with page_at_work(page) as (port, _):
            told = ask(port, "POST", form=RIGHT)
        receipt = before.receipt
        assert f"{receipt[:4]}-{receipt[4:]}" in told.text
        assert "This is the same answer." in told.text
        assert [one.receipt for one in visits(page)] == [receipt] * 2

    def test_it_goes_on_while_the_file_is_filled_anew(self, page):
        with page_at_work(page) as (port, _):
            assert ANSWER in ask(port, "POST", form=RIGHT).text
            file = PageFile(page)
            file.fill(PageContents("a clinic's database", datetime.now(UTC)))
            assert "Please call" in ask(port, "POST", form=RIGHT).text
            file.fill(today_open())
            file.close()
            assert ANSWER in ask(port, "POST", form=RIGHT).text

    def test_more_at_once_than_it_has_room_for_are_told_to_call_and_are_on_record(self, tmp_path):
        """Also those that are read and wait for a thread: nobody waits for long, and an outage is seen as one."""
        from threading import Thread

        def slow(pin, salt, given):
            time.sleep(0.1)
            return verifier(pin, salt) == given

        people = dict.fromkeys(range(1, 101), DaysAnswer.STAY)
        file = PageFile(tmp_path / "clinic.db.web")
        file.fill(PageContents("a clinic's database", datetime.now(UTC), (filling(people),)))
        listening = listening_at("127.0.0.1", 0)
        port = listening.getsockname()[1]
        server = PageServer(file, lambda: instant(MONDAY, OPENS), listening, behind_proxy=True, hashing=Hashing(slow))
        serving = Thread(target=server.run)
        serving.start()
        try:
            with ThreadPoolExecutor(100) as pool:
                asked = [
                    pool.submit(
                        *(ask, port, "POST"),
                        form={"number": number_of(one), "pin": pin_of(one)},
                        headers={"X-Forwarded-For": f"10.0.{one}.1"},
                    )
                    for one in people
                ]
                statuses = [one.result().status for one in asked]
        finally:
            server.stop()
            serving.join()
        assert set(statuses) == {200, 503}
        assert statuses.count(200) >= 30
        kept = file.visits_after(0, 1_000)
        assert {one.holder for one in kept} == set(people)
        assert sum(one.outcome is CheckInOutcome.BLOCKED for one in kept) == statuses.count(503)
        (beat,) = file.beats_between(0, 1 << 40).values()
        assert (beat.served, beat.busy, beat.failed) == (100, statuses.count(503), 0)
        file.close()


class TestAnotherAccount:
    @pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another account")
    def test_it_serves_what_it_may_and_can_read_neither_the_records_nor_the_key(self):
        folder = Path(tempfile.mkdtemp(prefix="page-"))
        folder.chmod(0o755)
        try:
            (folder / "records").mkdir(mode=0o700)
            for name in ("clinic.db", "clinic.db.key"):
                (folder / "records" / name).write_text("not for them")
                (folder / "records" / name).chmod(0o600)
            shared = folder / "page"
            shared.mkdir()
            os.chown(shared, 0, ANOTHER)
            shared.chmod(0o2770)
            file = PageFile(shared / "clinic.db.web")  # the clinic's side, as root here
            file.fill(today_open())
            environment = {
                "NOT_FOR_THEM": f"{folder}/records/clinic.db:{folder}/records/clinic.db.key",
                "TESTING_TRACKER_DATABASE": f"{folder}/records/clinic.db",
                "HOME": "/",
            }
            page = shared / "clinic.db.web"
            with page_at_work(page, "--behind-proxy", code=AS_ANOTHER, environment=environment) as (port, process):
                assert ANSWER in ask(port, "POST", form=RIGHT).text
                assert os.stat(f"/proc/{process.pid}").st_uid == ANOTHER
                file.fill(PageContents("a clinic's database", datetime.now(UTC)))  # both sides write
                assert [one.outcome for one in file.visits_after(0, 9)] == [CheckInOutcome.TOLD]
                out, err = stopped(process)
            file.close()
            assert "can be read" not in out + err
        finally:
            shutil.rmtree(folder)


@pytest.mark.skipif(outside.NGINX is None, reason="nginx is not on this machine")
class TestBehindNginx:
    @pytest.fixture
    def proxied(self, page):
        with page_at_work(page, "--behind-proxy") as (inside, process), nginx_before(inside) as port:
            yield port, inside, page, process

    def test_a_participant_checks_in_over_https(self, proxied):
        port, _, _, _ = proxied
        told = ask(port, "POST", form=RIGHT, https=True)
        assert ANSWER in told.text
        assert told.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert re.fullmatch(r"__Host-device=[0-9a-f]{16}\.[0-9a-f]{32}; .*Secure.*", told.headers["Set-Cookie"])
        assert "Content-Encoding" not in told.headers

    def test_all_answers_have_as_many_bytes_outside(self, proxied):
        port, _, _, _ = proxied
        wrong = ({"number": number_of(YES), "pin": "100000"}, {"number": NOBODYS, "pin": "100000"})
        forms = [RIGHT, {"number": number_of(2), "pin": pin_of(2)}, *wrong]
        answers = [ask(port, "POST", form=form, https=True, headers={"Accept-Encoding": "gzip, br"}) for form in forms]
        sizes = {
            (one.status, tuple((name, len(value)) for name, value in one.every), len(one.text.encode()))
            for one in answers
        }
        assert len(sizes) == 1

    def test_a_header_that_somebody_sends_moves_nobody_to_another_place(self, proxied):
        """Whoever says that they are elsewhere, in whatever words, is where the proxy sees them."""
        port, _, _, _ = proxied
        statuses = []
        for one in range(60):
            headers = {
                "X-Forwarded-For": f"10.0.{one}.1",
                "X_Forwarded_For": f"10.1.{one}.1",
                "Forwarded": f"for=10.2.{one}.1",
                "X-Real-IP": f"10.3.{one}.1",
                "X-Forwarded-Proto": "http",
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-Prefix": "/evil",
                "Client-IP": f"10.4.{one}.1",
            }
            form = {"number": number_of(100 + one), "pin": "100000"}
            answer = ask(port, "POST", form=form, https=True, headers=headers)
            statuses.append(answer.status)
            assert "evil" not in answer.text + str(answer.headers)
        assert statuses == [200] * 30 + [429] * 30

    def test_slow_ones_do_not_even_reach_the_page(self, proxied):
        port, _, page, _ = proxied
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        slow = []
        for _ in range(50):
            line = trust.wrap_socket(socket.create_connection(("127.0.0.1", port)))
            line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nnumber=")
            slow.append(line)
        assert ANSWER in ask(port, "POST", form=RIGHT, https=True).text
        for line in slow:
            line.close()
        assert len(visits(page)) == 1

    def test_what_is_too_large_is_refused_before_it(self, proxied):
        port, _, page, _ = proxied
        assert ask(port, "POST", form={"number": "1" * 10_000, "pin": ""}, https=True).status == 413
        assert ask(port, "POST", form={"number": "1" * 3_000, "pin": ""}, https=True).status == 413
        assert visits(page) == []

    def test_without_behind_proxy_the_headers_of_a_proxy_are_nobodys(self, page):
        with page_at_work(page) as (port, _):
            told = ask(port, "POST", form=RIGHT, headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"})
        assert ANSWER in told.text
        assert "Set-Cookie" not in told.headers
        assert "Strict-Transport-Security" not in told.headers

    def test_from_another_machine_they_are_nobodys_either(self, tmp_path):
        door = FrontDoor(tmp_path / "clinic.db.web", behind_proxy=True)
        door.fill()
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"}
        assert "Set-Cookie" not in door.check_in(YES, address="192.0.2.9", headers=headers).headers
        assert "Set-Cookie" in door.check_in(YES, address="127.0.0.1", headers=headers).headers
        for one in range(60):
            headers = {"X-Forwarded-For": f"10.0.{one}.1, 10.9.9.9"}  # the last one is the proxy's word
            last = door.post(number_of(100 + one), "100000", address="127.0.0.1", headers=headers)
        assert last.status_code == 429
        door.close()
