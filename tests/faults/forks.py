"""Runs the real program many times over, in processes that have it loaded already, and kills them when asked to.

A start of the program is mostly its imports. One process loads them once, and forks for every run; each run then goes
through the program's own `main`, with files for its input and output, and is ended like any process.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Run:
    """The program with these arguments. `kill_after` are seconds, None to let it end; `typed` is its input."""

    arguments: list[str]
    folder: str
    typed: str = ""
    kill_after: float | None = None
    most_bytes_in_a_file: int | None = None
    variables: dict[str, str] = field(default_factory=dict)


@dataclass
class Ended:
    """How a run ended: its exit status, -9 when it was killed, for how long it ran, and what it said."""

    status: int
    seconds: float
    out: str
    err: str

    @property
    def was_killed(self) -> bool:
        return self.status == -signal.SIGKILL


class Forks:
    """The process that forks. Use it as a context."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "Forks":
        command = [sys.executable, __file__, str(self.folder)]
        kept = {"TESTING_TRACKER_ENCRYPTION_KEY"} if os.environ.get("TESTING_TRACKER_TEST_ENCRYPTED") else set()
        clean = {
            name: value for name, value in os.environ.items() if name in kept or not name.startswith("TESTING_TRACKER_")
        }
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean)
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def run(self, clinic, *arguments: str, **more) -> Ended:
        """One run of a command on a clinic's database."""
        return self.run_together([self.planned(clinic, *arguments, **more)])[0]

    def planned(self, clinic, *arguments: str, **more) -> Run:
        start = ["--database", clinic.url, *(["--today", clinic.today] if clinic.today else [])]
        return Run([*start, *arguments], str(self.folder), **more)

    def run_together(self, runs: list[Run]) -> list[Ended]:
        """Several runs at once."""
        self.process.stdin.write(json.dumps([asdict(run) for run in runs]) + "\n")
        self.process.stdin.flush()
        return [Ended(**ended) for ended in json.loads(self.process.stdout.readline())]


def _serve(folder: Path) -> None:
    _load(folder)
    _say("ready")
    for line in sys.stdin:
        runs = [Run(**run) for run in json.loads(line)]
        _say(json.dumps(_run_all(folder, runs)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _load(folder: Path) -> None:
    """Everything that the commands import and prepare, by using them once."""
    import psycopg  # noqa: F401  for those that work on a server
    import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401
    from click.testing import CliRunner

    from testing_tracker.cli import program

    (folder / "loading.csv").write_text("participant,due_on,outcome\nA1,2026-11-16,negative\n")
    commands = [
        "init --training --timezone America/Los_Angeles",
        "participant add A1 --schedule fixed-2 --level iop",
        "draw",
        f"result import {folder / 'loading.csv'}",
        "log",
        "due",
        "verify",
        "check",
        f"backup {folder / 'loading-backup.db'}",
    ]
    start = ["--database", str(folder / "loading.db"), "--today", "2026-11-16"]
    for command in commands:
        done = CliRunner().invoke(program, [*start, *command.split()])
        assert done.exit_code == 0, done.output


def _run_all(folder: Path, runs: list[Run]) -> list[dict]:
    began, children = time.perf_counter(), {}
    for number, run in enumerate(runs):
        (folder / f"in-{number}").write_text(run.typed)
        for name in ("out", "err"):  # a child that is killed at once would leave what the one before it said
            (folder / f"{name}-{number}").write_text("")
        child = os.fork()
        if child == 0:
            _be_the_program(folder, number, run)
        children[child] = number
    for child, number in children.items():
        if runs[number].kill_after is not None:
            time.sleep(max(0.0, began + runs[number].kill_after - time.perf_counter()))
            os.kill(child, signal.SIGKILL)
    ended: list[dict] = [{}] * len(runs)
    while children:
        child, status = os.wait()
        number = children.pop(child)
        said = {name: (folder / f"{name}-{number}").read_text(errors="replace") for name in ("out", "err")}
        seconds = time.perf_counter() - began
        ended[number] = {"status": os.waitstatus_to_exitcode(status), "seconds": seconds, **said}
    return ended


def _be_the_program(folder: Path, number: int, run: Run) -> None:
    """What the fork does; it never comes back."""
    import resource

    for descriptor, name, flags in (
        (0, "in", os.O_RDONLY),
        (1, "out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, "err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(folder / f"{name}-{number}", flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    os.environ.update(run.variables)
    sys.argv = ["testing-tracker", *run.arguments]
    if run.most_bytes_in_a_file is not None:
        most = run.most_bytes_in_a_file
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        sys.dont_write_bytecode = True  # else what is compiled for the first time is cut off there for everybody
    status = 70
    try:
        from testing_tracker.__main__ import main

        main()
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
