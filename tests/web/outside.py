"""The page as a process of its own, a proxy before it, and what reaches them from outside."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

ANOTHER = 4711  # an account and its group that need not be in any list
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

# Loaded before, because another account may not read the Python of the one that tests.
AS_ANOTHER = f"""
import os, sys
import testing_tracker.__main__ as program, testing_tracker.cli.web, testing_tracker.serving.events
import testing_tracker.web.serving, testing_tracker.web.pages as pages, testing_tracker.cli.desk.shown
import testing_tracker.store.location, zoneinfo, encodings.idna, platformdirs, logging
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
pages._template("page.html.j2"); zoneinfo.ZoneInfo("America/Los_Angeles")
os.setgroups([]); os.setgid({ANOTHER}); os.setuid({ANOTHER}); os.chdir("/")
for path in os.environ["NOT_FOR_THEM"].split(":"):
    try:
        open(path)
    except PermissionError:
        pass
    else:
        raise SystemExit("it can be read")
program.main()
"""


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


@dataclass
class Answered:
    status: int
    headers: dict[str, str]
    text: str
    every: list[tuple[str, str]] = field(default_factory=list)


def ask(
    port: int, method: str = "GET", path: str = "/", *, form: dict[str, str] | None = None, headers=None, https=False
) -> Answered:
    """One request, as it is, and its answer."""
    if https:
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        line = HTTPSConnection("127.0.0.1", port, timeout=20, context=trust)
    else:
        line = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        body = None if form is None else urlencode(form)
        line.request(method, path, body, {**(FORM if form is not None else {}), **(headers or {})})
        response = line.getresponse()
        text = response.read().decode(errors="replace")
        return Answered(response.status, dict(response.getheaders()), text, response.getheaders())
    finally:
        line.close()


@contextmanager
def running(*words: str, code: str | None = None, environment: dict[str, str] | None = None) -> Iterator:
    """A process of the program, or of a piece of Python, which is gone afterwards."""
    command = [sys.executable, *(["-c", code] if code else ["-m", "testing_tracker"]), *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            pipe.close()


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Until somebody answers there. Fails with what the process said if it has ended."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(process.communicate())
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise AssertionError("nobody answers")


@contextmanager
def page_at_work(file: Path, *more: str, **how) -> Iterator[tuple[int, subprocess.Popen]]:
    """`web serve` on a file, and its port."""
    port = free_port()
    words = ("web", "serve", "--listen", f"127.0.0.1:{port}", "--file", str(file), *more)
    with running(*words, **how) as process:
        wait_for(port, process)
        yield port, process


def stopped(process: subprocess.Popen) -> tuple[str, str]:
    """What a process had said when it ended, after it was told to stop."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, (out, err)
    return out, err


CONF = """
daemon off; master_process on; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
{location}
    }}
}}
"""
PAGE = Path(__file__).parents[2] / "docs" / "checkin.md"


def as_the_page_has_it(page: int) -> str:
    """What docs/checkin.md says to write into the configuration, for a page at such a port."""
    (found,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert "127.0.0.1:8200" in found
    return found.replace("127.0.0.1:8200", f"127.0.0.1:{page}")


@contextmanager
def nginx_before(page: int) -> Iterator[int]:
    """nginx with https before a page, and its port."""
    folder, port = Path(tempfile.mkdtemp(prefix="nginx-")), free_port()
    folder.chmod(0o755)
    certificate(folder)
    user = "user nobody nogroup;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        CONF.format(folder=folder, port=port, user=user, location=as_the_page_has_it(page))
    )
    process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder)], stderr=subprocess.PIPE)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=20)
        shutil.rmtree(folder)


def certificate(folder: Path) -> None:
    """One that the proxy signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "checkin.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
