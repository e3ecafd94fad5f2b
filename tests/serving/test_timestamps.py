"""Time stamps of witness lines, by an authority of our own: openssl signs, and a small server answers with that."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import Clinic
from freezegun import freeze_time
from switchboard import switchboard

from testing_tracker.rules.drawing.witness import read_witnesses, witness_of
from testing_tracker.serving.timestamps import NotStampedError, stamp, stamped_at

pytest.importorskip("rfc3161_client")
pytestmark = pytest.mark.sqlite_only(reason="a time stamp is without a database")

ZONE = ZoneInfo("America/Los_Angeles")
LINE = witness_of(date(2026, 11, 16), 812, "aa", "bb")
CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = an authority of our own
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[signer]
basicConstraints = critical, CA:false
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = ours
[ours]
serial = serial
signer_cert = signer.pem
signer_key = signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


class Authority:
    """A time stamp authority in a folder: its certificates, and what it answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers_with: bytes | None = None
        folder.mkdir()
        (folder / "configuration").write_text(CONFIGURATION)
        (folder / "serial").write_text("01\n")
        new = ("-newkey", "rsa:2048", "-nodes", "-config", "configuration")
        self.run(
            "req", "-x509", *new, "-days", "3650", "-extensions", "root", "-keyout", "root.key", "-out", "root.pem"
        )
        self.run("req", *new, "-subj", "/CN=signer", "-keyout", "signer.key", "-out", "signer.csr")
        signed = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "3650")
        extended = ("-extfile", "configuration", "-extensions", "signer")
        self.run("x509", "-req", "-in", "signer.csr", *signed, *extended, "-out", "signer.pem")

    @property
    def certificates(self) -> Path:
        return self.folder / "root.pem"

    def run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def answer(self, query: bytes) -> bytes:
        if self.answers_with is not None:
            return self.answers_with
        (self.folder / "query").write_bytes(query)
        self.run("ts", "-reply", "-config", "configuration", "-queryfile", "query", "-out", "reply")
        return (self.folder / "reply").read_bytes()


@pytest.fixture(scope="module")
def authorities(tmp_path_factory) -> tuple[Authority, Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return Authority(folder / "one"), Authority(folder / "other")


@pytest.fixture
def authority(authorities) -> Authority:
    authorities[0].answers_with = None
    return authorities[0]


@pytest.fixture
def url(authority) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            content = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/tsr"
    server.shutdown()
    thread.join()
    server.server_close()


class TestAStamp:
    def test_it_holds_for_its_line_by_its_authority(self, authorities, authority, url):
        found = stamp(LINE, url, authority.certificates)
        assert (
            abs((stamped_at(LINE, found, authority.certificates) - datetime.now(ZoneInfo("UTC"))).total_seconds()) < 60
        )
        assert read_witnesses(f"{LINE}\n{found}\n").stamps == (found,)
        other = witness_of(LINE.day, LINE.page, "aa", "bc")
        with pytest.raises(NotStampedError, match="the time stamp of page 812 does not hold"):
            stamped_at(other, found, authority.certificates)
        with pytest.raises(NotStampedError, match="does not hold"):
            stamped_at(LINE, found, authorities[1].certificates)

    @pytest.mark.parametrize("content", [b"", b"nonsense", b"0" * 200_000])
    def test_what_is_no_stamp_is_refused_in_words(self, authority, url, content):
        authority.answers_with = content
        with pytest.raises(NotStampedError):
            stamp(LINE, url, authority.certificates)

    def test_an_answer_to_another_question_is_refused(self, authority, url):
        """Of the same line, but asked earlier: its number used once is another."""
        stamp(LINE, url, authority.certificates)
        authority.answers_with = (authority.folder / "reply").read_bytes()
        with pytest.raises(NotStampedError, match="Nonce mismatch"):
            stamp(LINE, url, authority.certificates)

    def test_nobody_there(self, authority):
        with pytest.raises(NotStampedError, match="gave no answer"):
            stamp(LINE, "http://127.0.0.1:9/", authority.certificates)

    def test_one_that_answers_a_byte_at_a_time_keeps_no_night_waiting(self, authority):
        with switchboard() as board:
            board.drips = True
            began = time.monotonic()
            with pytest.raises(NotStampedError, match="did not answer in time"):
                stamp(LINE, board.url, authority.certificates, 0.4)
            assert time.monotonic() - began < 2

    def test_where_it_leads_elsewhere_it_is_not_followed(self, authority):
        with switchboard() as board, switchboard() as other:
            board.status, board.leads_to = 302, other.url
            with pytest.raises(NotStampedError, match=r"it leads elsewhere \(302\)"):
                stamp(LINE, board.url, authority.certificates)
            assert other.told == []

    def test_certificates_that_are_none(self, authority, url, tmp_path):
        (tmp_path / "ca.pem").write_text("nothing")
        with pytest.raises(NotStampedError, match="has no certificates"):
            stamp(LINE, url, tmp_path / "ca.pem")
        with pytest.raises(NotStampedError, match="cannot be read"):
            stamp(LINE, url, tmp_path / "none.pem")
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(NotStampedError, match="it is not a plain file"):
            stamp(LINE, url, tmp_path / "pipe")


class TestBesideTheLine:
    @pytest.fixture
    def live(self, authority, url, tmp_path) -> Clinic:
        live = Clinic(tmp_path / "live.db", None)
        with freeze_time(datetime(2026, 11, 16, 12, tzinfo=ZONE), real_asyncio=True):
            live("init", "--facility", "Harbor House", "--timezone", ZONE.key)
            live.add("A17", schedule="fixed-2")
        (tmp_path / "kept").mkdir()
        values = {"to": str(tmp_path / "kept"), "timestamp": url, "timestamp_ca": str(authority.certificates)}
        file = live.location.delivery_of(1)
        file.write_text("\n".join(["[witness]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]))
        file.chmod(0o600)
        return live

    def draw(self, live: Clinic) -> str:
        with freeze_time(datetime(2026, 11, 16, 12, tzinfo=ZONE), real_asyncio=True):
            return live.run("draw").output

    def test_it_is_kept_and_verified(self, live, tmp_path):
        assert "Note" not in self.draw(live)
        kept = tmp_path / "kept" / "witness.txt"
        assert [line[:10] for line in kept.read_text().splitlines()] == ["2026-11-16", "time stamp"]
        done = live.run("verify", "--against", str(kept))
        assert done.exit_code == 0
        assert "1 of 1 lines that were kept outside agree" in done.stdout
        assert "by the newest of 1 time stamps the line of page" in done.stderr
        kept.write_text(kept.read_text().replace("time stamp of page ", "time stamp of page 9"))
        assert "is of no line" in live.refused("verify", "--against", str(kept))

    def test_it_holds_by_the_authority_of_any_facility(self, live, authorities, tmp_path):
        self.draw(live)
        kept = tmp_path / "kept" / "witness.txt"
        of_this = live.location.delivery_of(1).read_text()
        of_other = of_this.replace(str(authorities[0].certificates), str(authorities[1].certificates))
        with freeze_time(datetime(2026, 11, 16, 12, tzinfo=ZONE), real_asyncio=True):
            live("facility", "add", "North", "--timezone", ZONE.key)
            live.location.delivery_of(1).write_text(of_other)
            assert "does not hold" in live.refused("verify", "--against", str(kept))
            live.location.delivery_of(2).write_text(of_this)
            live.location.delivery_of(2).chmod(0o600)
            done = live.run("verify", "--against", str(kept))
        assert done.exit_code == 0
        assert "by the newest of 1 time stamps" in done.stderr

    def test_one_that_was_changed_is_named(self, live, tmp_path):
        self.draw(live)
        kept = tmp_path / "kept" / "witness.txt"
        line, stamped = kept.read_text().splitlines()
        kept.write_text(f"{line}\n{stamped[:-100]}AAAA{stamped[-96:]}\n")
        assert "time stamp of page" in live.refused("verify", "--against", str(kept))

    def test_without_the_authority_the_line_is_kept_and_the_stamp_asked_for_again(self, live, authority, tmp_path):
        authority.answers_with = b"nonsense"
        assert "were not kept outside" in self.draw(live)
        kept = tmp_path / "kept" / "witness.txt"
        assert len(kept.read_text().splitlines()) == 1
        authority.answers_with = None
        assert "Note" not in self.draw(live)
        assert [line[:10] for line in kept.read_text().splitlines()] == ["2026-11-16", "time stamp"]

    def test_what_cannot_be_checked_is_said(self, live, tmp_path):
        self.draw(live)
        live.location.delivery_of(1).unlink()
        done = live.run("verify", "--against", str(tmp_path / "kept" / "witness.txt"))
        assert done.exit_code == 0
        assert "1 time stamps were not checked: no delivery file names timestamp_ca." in done.stderr
