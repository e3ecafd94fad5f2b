"""A server of a clinic's database, and clients at its socket, as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60


def wait_until(is_so) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


@dataclass
class Served:
    """A clinic's server at its socket. `url` and `today` are what the program's options take, as a clinic has them."""

    process: subprocess.Popen
    socket: Path
    today: str

    @property
    def url(self) -> str:
        return f"unix:{self.socket}"

    def words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "testing_tracker", "--database", self.url, "--today", self.today, *words]

    def ask(self, *words: str, **more) -> subprocess.CompletedProcess:
        return subprocess.run(self.words(*words), capture_output=True, text=True, timeout=PATIENCE, **more)

    def begin(self, *words: str, **more) -> subprocess.Popen:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(self.words(*words), text=True, **{**pipes, **more})

    def children(self) -> set[int]:
        """The processes that the server has, its turns among them."""
        file = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(number) for number in file.read_text().split()}

    def child_of(self, client: subprocess.Popen, before: set[int]) -> int:
        """The process that the server has for a client that has just begun."""
        end = time.monotonic() + PATIENCE
        while not (found := self.children() - before):
            assert time.monotonic() < end
            assert client.poll() is None
            time.sleep(0.01)
        return min(found)

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@contextmanager
def served(
    clinic, *options: str, before: list[str] | None = None, socket: Path | None = None, program: str = "", **more
):
    """A server that listens until the block ends; `program` is what Python runs for it, where that is another."""
    place = socket or clinic.database.with_name("s")
    started = ["-c", program] if program else ["-m", "testing_tracker"]
    command = [sys.executable, *started, "--database", str(clinic.database), "--today", clinic.today]
    log = clinic.database.with_name("server.log")
    with open(log, "w") as out:
        words = [*(before or []), *command, "serve", "--socket", str(place), *options]
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, **more)
    try:
        end = time.monotonic() + PATIENCE
        while "listening" not in log.read_text():
            assert process.poll() is None, f"{process.returncode} {log.read_text()}"
            assert time.monotonic() < end
            time.sleep(0.05)
        running = Served(process, place, clinic.today)
        while not running.children():  # its turns, which would be taken for a command's process
            assert time.monotonic() < end
            time.sleep(0.01)
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
