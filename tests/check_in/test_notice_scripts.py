"""The scripts of docs/notices.md, as they stand there, against stand-ins for what they hand a text to."""

import base64
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import which
from threading import Thread
from urllib.parse import parse_qs

import pytest

pytestmark = pytest.mark.one_database(reason="they know no database")

PAGE = Path(__file__).parents[2] / "docs" / "notices.md"
SCRIPTS = dict(re.findall(r"<!-- script (\w+) -->\n\n```\w+\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
TO, TEXT = "+15550123", 'HH: "please" check in & pay $0; ñ?'
SAID = json.dumps({"to": TO, "text": TEXT}) + "\n"


def run(script: Path, path: Path | None = None, **settings: str) -> int:
    """Run a script as the program does; it prints nothing that it was given."""
    here = {"PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run([script], input=SAID, text=True, capture_output=True, timeout=60, env={**here, **settings})
    assert TO not in done.stdout + done.stderr
    return done.returncode


def kept(folder: Path, name: str, content: str | None = None) -> Path:
    file = folder / name
    file.write_text(SCRIPTS[name] if content is None else content)
    file.chmod(0o700)
    return file


def test_there_are_three():
    assert set(SCRIPTS) == {"gammu", "twilio", "apprise"}


class TestAModem:
    @pytest.fixture
    def modem(self, tmp_path) -> Path:
        """A stand-in for gammu-smsd-inject, which takes the text on standard input and the number as a word."""
        (tmp_path / "bin").mkdir()
        content = (
            '#!/bin/sh\nprintf "%s\\n" "$@" >"$KEPT"\ncat >>"$KEPT"\nprintf "Created message with ID 1\\n"\nexit $END\n'
        )
        kept(tmp_path / "bin", "gammu-smsd-inject", content)
        return tmp_path

    def test_it_is_queued_whole(self, modem):
        assert run(kept(modem, "gammu"), modem / "bin", KEPT=str(modem / "kept"), END="0") == 0
        assert (modem / "kept").read_text().splitlines() == ["TEXT", TO, TEXT]

    def test_what_is_not_queued_is_tried_again(self, modem):
        assert run(kept(modem, "gammu"), modem / "bin", KEPT=str(modem / "kept"), END="2") == 75

    def test_where_it_is_not_installed_it_is_tried_again(self, modem):
        (modem / "bin" / "gammu-smsd-inject").unlink()
        assert run(kept(modem, "gammu"), modem / "bin") == 75


@contextmanager
def server(status: int, answer: str):
    """A web server that checks what it is sent for the form that Twilio documents, and answers as it is told."""
    asked: list[dict] = []

    class Messages(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            kind, authorization = self.headers["Content-Type"], self.headers.get("Authorization", "")
            asked.append({"path": self.path, "kind": kind, "authorization": authorization, "body": body})
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            pass

    found = HTTPServer(("127.0.0.1", 0), Messages)
    Thread(target=found.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{found.server_port}", asked
    finally:
        found.shutdown()
        found.server_close()


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed here")
class TestTwilio:
    @pytest.fixture
    def settings(self, tmp_path) -> Path:
        return kept(
            tmp_path, "settings", "ACCOUNT=AC123\nKEY=SK456\nSECRET='a\"b$c'\nSENDER=+15550199\n".replace('"', "")
        )

    def send(self, tmp_path: Path, settings: Path, base: str) -> int:
        return run(kept(tmp_path, "twilio"), SETTINGS=str(settings), BASE=base)

    def test_it_is_handed_over_in_the_form_that_is_documented(self, tmp_path, settings):
        with server(201, '{"sid": "SM1", "status": "queued"}') as (base, asked):
            assert self.send(tmp_path, settings, base) == 0
        [one] = asked
        assert one["path"] == "/2010-04-01/Accounts/AC123/Messages.json"
        assert one["kind"] == "application/x-www-form-urlencoded"
        assert one["authorization"] == f"Basic {base64.b64encode(b'SK456:ab$c').decode()}"
        assert parse_qs(one["body"], strict_parsing=True) == {"To": [TO], "From": ["+15550199"], "Body": [TEXT]}

    @pytest.mark.parametrize(
        ("status", "answer", "ends"),
        [
            (400, '{"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400}', 69),
            (400, '{"code":21610,"status":400}', 69),
            (400, '{"code": 21211, "message": "The To number is not a valid phone number.", "status": 400}', 1),
            (401, '{"code": 20003, "status": 401}', 1),
            (429, '{"code": 20429, "status": 429}', 75),
            (503, "", 75),
            (500, "", 1),
        ],
    )
    def test_what_it_answers_is_told_by_the_status(self, tmp_path, settings, status, answer, ends):
        with server(status, answer) as (base, _):
            assert self.send(tmp_path, settings, base) == ends

    def test_where_nobody_answers_it_is_tried_again(self, tmp_path, settings):
        with server(201, "") as (base, _):
            pass
        assert self.send(tmp_path, settings, base) == 75

    def test_without_its_settings_it_fails(self, tmp_path):
        assert run(kept(tmp_path, "twilio"), SETTINGS=str(tmp_path / "none")) not in (0, 69, 75)

    def test_neither_secret_number_nor_text_is_among_the_words_of_any_program(self, tmp_path, settings):
        content = '#!/bin/sh\nprintf "%s\\n" "$@" >"$KEPT"\ncat >/dev/null\nprintf "\\n201"\n'
        (tmp_path / "bin").mkdir()
        kept(tmp_path / "bin", "curl", content)
        words = tmp_path / "words"
        assert run(kept(tmp_path, "twilio"), tmp_path / "bin", SETTINGS=str(settings), KEPT=str(words)) == 0
        assert not re.search("SK456|5550|check in", words.read_text())


STAND_IN = """
import os
class Apprise:
    def add(self, address):
        self.address = address
        return "://" in address
    def notify(self, body):
        with open(os.environ["KEPT"], "w") as file:
            file.write(f"{self.address}\\n{body}")
        return "fails" not in self.address
"""


def _has_apprise() -> bool:
    import importlib.util

    return importlib.util.find_spec("apprise") is not None


class TestApprise:
    def send(self, folder: Path, address: str, **settings: str) -> int:
        script = SCRIPTS["apprise"].replace("/opt/apprise/bin/python", sys.executable)
        kept(folder, "address", f"{address}\n")
        return run(kept(folder, "send", script), SETTINGS=str(folder / "address"), **settings)

    @pytest.mark.parametrize(
        ("address", "ends"), [("way://user:key@{to}", 0), ("nonsense", 1), ("way://fails/{to}", 75)]
    )
    def test_it_is_given_the_address_and_the_text(self, tmp_path, address, ends):
        (tmp_path / "apprise.py").write_text(STAND_IN)
        told = {"PYTHONPATH": str(tmp_path), "KEPT": str(tmp_path / "kept")}
        assert self.send(tmp_path, address, **told) == ends
        if ends == 0:
            assert (tmp_path / "kept").read_text() == f"way://user:key@15550123\n{TEXT}"

    @pytest.mark.skipif(not _has_apprise(), reason="apprise is not installed here; a stand-in was tried")
    def test_apprise_itself_hands_it_to_a_web_server(self, tmp_path):
        with server(200, "{}") as (base, asked):
            assert self.send(tmp_path, f"{base.replace('http', 'json')}/{{to}}") == 0
        assert asked[0]["path"].rstrip("/") == "/15550123"
        assert json.loads(asked[0]["body"])["message"] == TEXT
        assert self.send(tmp_path, f"{base.replace('http', 'json')}/{{to}}") == 75
