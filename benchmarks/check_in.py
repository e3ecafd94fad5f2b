"""The check-in page: what it takes to load, how alike its answers are, and what it bears.

`python benchmarks/check_in.py`, some two minutes. Figures are of the processor's time, which a busy machine does not
lengthen as it does the others; those of the clock are upper bounds. What is said of 10,000 participants in two hours is
computed from what 600 took at 20 a second, and from what the process takes while nobody asks.
"""

import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from werkzeug.test import Client

from testing_tracker.rules.check_in import pin_hash
from testing_tracker.rules.check_in.answers import DaysAnswer
from testing_tracker.rules.check_in.receipts import check_digit
from testing_tracker.web.app import CheckInPage
from testing_tracker.web.file import PageFile
from testing_tracker.web.filling import DayOfPage, DaysAnswerOf, Filling, Holder, PageContents, PagePlace
from testing_tracker.web.hashing import Hashing
from testing_tracker.web.pulse import Pulse
from testing_tracker.web.visits import Visits

IMPORTS, EACH, PER_SECOND, SECONDS = 11, 400, 20, 30
WERKZEUG = "import werkzeug.wrappers, werkzeug.middleware.proxy_fix, waitress, jinja2"
OURS = "import testing_tracker.web.serving"
HOLDERS = 2 * EACH
PIN = "553018"
SALT = bytes(16)


def number(of: int) -> str:
    digits = f"{400_000 + of:06d}"
    return digits + check_digit(digits)


def filled(path: Path, verifier: bytes) -> PageFile:
    """A page of people, of whom those of even numbers are to come; all have one PIN, so that it is hashed once here."""
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    day = DayOfPage(now.date(), now - hour, now + hour, now + 2 * hour, now)
    answers = [DaysAnswer.STAY if one % 2 else DaysAnswer.COME for one in range(HOLDERS)]
    filling = Filling(
        PagePlace(1, "", "HH", "555-0100", "UTC", "Pacific time", "hora del Pacífico"),
        (day,),
        tuple(Holder(one + 1, number(one), SALT, verifier) for one in range(HOLDERS)),
        tuple(
            DaysAnswerOf(now.date(), one + 1, answer, now, now, "45865319", "45865319")
            for one, answer in enumerate(answers)
        ),
    )
    file = PageFile(path)
    file.fill(PageContents("a benchmark", now, (filling,)))
    return file


def processor_of(code: str) -> float:
    """Processor seconds of a Python that does one thing and ends."""
    child = subprocess.Popen([sys.executable, "-c", code])
    _, _, used = os.wait4(child.pid, 0)
    child.returncode = 0
    return used.ru_utime + used.ru_stime


def importing() -> None:
    took = {code: [] for code in (WERKZEUG, OURS)}
    for _ in range(IMPORTS):
        for code, all_of_it in took.items():
            all_of_it.append(processor_of(code))
    bare, ours = (statistics.median(one) for one in took.values())
    print(f"importing the page {ours * 1000:.0f} ms, what it is built on {bare * 1000:.0f} ms: {ours / bare:.2f} (1.5)")


def answers(hashing: Hashing, verifier: bytes, what: str) -> None:
    """The four answers in mixed order, each from a place and with a number of its own."""
    kinds = {"yes": (0, PIN), "no": (1, PIN), "wrong": (0, "100000"), "nobody": (2 * HOLDERS, PIN)}
    asked = [(kind, turn) for kind in kinds for turn in range(EACH)]
    random.Random(16).shuffle(asked)
    took = {kind: [] for kind in kinds}
    sizes = set()
    with tempfile.TemporaryDirectory() as folder:
        file = filled(Path(folder) / "page.web", verifier)
        now = lambda: datetime.now(UTC)  # noqa: E731
        page = CheckInPage(file, Visits(file, hashing, now), Pulse(file, now), now)
        client = Client(page, use_cookies=False)
        for kind, turn in asked:
            first, pin = kinds[kind]
            form = {"number": number(first + 2 * turn), "pin": pin}
            place = {"REMOTE_ADDR": f"10.{turn >> 8}.{turn & 255}.{list(kinds).index(kind)}"}
            begun = time.process_time()
            answer = client.post("/", data=form, environ_overrides=place)
            took[kind].append(time.process_time() - begun)
            assert answer.status_code == 200
            sizes.add(sum(len(name) + len(value) + 4 for name, value in answer.headers) + len(answer.data))
        file.close()
    medians = {kind: statistics.median(one) for kind, one in took.items()}
    apart = max(medians.values()) / min(medians.values()) - 1
    said = ", ".join(f"{kind} {median * 1000:.2f}" for kind, median in medians.items())
    print(f"{what}: {said} ms; {apart:.1%} apart (5 %), {len(sizes)} size of {max(sizes)} bytes")


def of_process(pid: int) -> tuple[float, float]:
    """Processor seconds that a process has taken, and the most memory in MB."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    most = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), int(most.split()[1]) / 1024


def ask(port: int, turn: int, at: float) -> tuple[int, float]:
    """One check-in at its time, and how long after that time its answer was there."""
    time.sleep(max(0.0, at - time.monotonic()))
    line = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": f"10.{turn >> 8}.{turn & 255}.1",
        "X-Forwarded-Proto": "https",
    }
    try:
        line.request("POST", "/", urlencode({"number": number(turn), "pin": PIN}), headers)
        answer = line.getresponse()
        answer.read()
        return answer.status, time.monotonic() - at
    finally:
        line.close()


def many() -> None:
    """Arrivals that wait for nobody, as people do, at a real server with real hashes."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        path = Path(folder) / "page.web"
        filled(path, pin_hash.verifier_of(PIN, SALT)).close()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        words = ["web", "serve", "--listen", f"127.0.0.1:{port}", "--file", str(path), "--behind-proxy"]
        server = subprocess.Popen([sys.executable, "-m", "testing_tracker", *words], stdout=subprocess.PIPE, text=True)
        try:
            while "check-in on" not in server.stdout.readline():
                pass
            before, _ = of_process(server.pid)
            time.sleep(10)
            idle = (of_process(server.pid)[0] - before) / 10
            before, start = of_process(server.pid)[0], time.monotonic() + 0.5
            chance = random.Random(16)
            times = sorted(start + chance.random() * SECONDS for _ in range(PER_SECOND * SECONDS))
            with ThreadPoolExecutor(200) as pool:
                said = list(pool.map(ask, [port] * len(times), range(len(times)), times))
            after, most = of_process(server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    waits = sorted(wait for _, wait in said)
    each = (after - before - idle * SECONDS) / len(said)
    errors = sum(status != 200 for status, _ in said)
    print(
        f"{len(said)} check-ins at {PER_SECOND} a second: {errors} errors; half within {waits[len(waits) // 2]:.3f} s, "
        f"99 % within {waits[int(len(waits) * 0.99)]:.3f} s by the clock"
    )
    print(
        f"each took {each * 1000:.1f} ms of a processor; nobody asking, {idle:.2%} of one; at most {most:.0f} MB (65)"
    )
    print(f"so 10,000 participants in two hours take {each * 10_000 / 7_200 + idle:.1%} of one core (10 %)")


def main() -> None:
    importing()
    answers(Hashing(lambda pin, salt, given: pin == PIN), bytes(32), "answers without their hash")
    answers(Hashing(), pin_hash.verifier_of(PIN, SALT), "answers with their hash")
    many()


if __name__ == "__main__":
    main()
