"""What the benchmarks of speed share: databases made for them, what a child process took, and the table.

Databases are SQLite files, or, where TESTING_TRACKER_TEST_POSTGRES holds the URL of one, databases on that server.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SERVER = os.environ.get("TESTING_TRACKER_TEST_POSTGRES")
KIND = "PostgreSQL" if SERVER else "SQLite"
HERE = Path(__file__).parent
IMPORTS = 3  # of each file


@dataclass(frozen=True)
class Used:
    """What a child process took; `said` is its output."""

    seconds: float
    processor: float  # seconds of it, which a busy machine does not lengthen as it does the others
    peak_mb: float
    said: str

    @property
    def seconds_said(self) -> float:
        """What the child itself measured and printed last."""
        return float(self.said.split()[-1])


@dataclass(frozen=True)
class Figure:
    """A row of the table: the program against the bare way of doing the same, in seconds."""

    what: str
    ours: float
    bare: float
    target: float | None
    peak_mb: float | None = None
    most_mb: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.bare

    @property
    def is_met(self) -> bool:
        in_time = self.target is None or self.ratio <= self.target
        return in_time and (self.peak_mb is None or self.most_mb is None or self.peak_mb <= self.most_mb)

    def __str__(self) -> str:
        target = f"{self.target:g}" if self.target is not None else "–"
        peak = f"{self.peak_mb:.0f} MB" if self.peak_mb is not None else ""
        met = "" if self.target is None else "yes" if self.is_met else "no"
        return (
            f"| {self.what} | {_time(self.ours)} | {_time(self.bare)} | {self.ratio:.2f} | {target} | {peak} | {met} |"
        )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def print_heading() -> None:
    """The table's first two lines."""
    print(f"| {KIND} | program | bare | ratio | at most | peak memory | met |")
    print("| --- | --: | --: | --: | --: | --: | --- |", flush=True)


def print_table(figures: Iterable[Figure]) -> None:
    """The table, a row as soon as it was measured."""
    print_heading()
    for figure in figures:
        print(figure, flush=True)


@dataclass(frozen=True)
class Database:
    """A database made for a benchmark. `given` is what `--database` takes, `name` the file's or the server's."""

    given: str
    name: str

    def copy(self, folder: Path, name: str) -> "Database":
        """The same records in another database, with the key."""
        other = database(folder, name)
        if SERVER:
            _administer(f"DROP DATABASE IF EXISTS {other.name} WITH (FORCE)")
            _administer(f"CREATE DATABASE {other.name} TEMPLATE {self.name}")
        else:
            for ending in ("-wal", "-shm"):
                Path(f"{other.name}{ending}").unlink(missing_ok=True)
            shutil.copyfile(self.name, other.name)  # a child begins with the memory of its parent
        other.key.write_bytes(self.key.read_bytes())
        other.key.chmod(0o600)
        return other

    def drop(self) -> None:
        """Make room: a file goes with its folder, but a million participants take a gigabyte."""
        if SERVER:
            _administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        else:
            for ending in ("", "-wal", "-shm"):
                Path(f"{self.name}{ending}").unlink(missing_ok=True)

    @property
    def key(self) -> Path:
        from testing_tracker.store.location import locate

        return locate(self.given).beside(".key")

    def settle(self) -> None:
        """Have a server count its tables, as it does by itself after a while; a file needs nothing of the kind."""
        if SERVER:
            import psycopg

            with psycopg.connect(self.given, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
                connection.execute("CHECKPOINT")

    def program(self, day: str, *arguments: str, given: str | None = None) -> Used:
        """Run one of the program's commands on a pretended day."""
        return run([*start(self.given, day), *arguments], given)


def start(given: str, day: str | None = None) -> list[str]:
    pretend = ["--today", day] if day else []
    return [sys.executable, "-m", "testing_tracker", "--database", given, *pretend]


def database(folder: Path, name: str) -> Database:
    """Where a database of this name is, or is to be made."""
    if not SERVER:
        return Database(str(folder / f"{name}.db"), str(folder / f"{name}.db"))
    os.environ["XDG_DATA_HOME"] = str(folder)  # where the key goes
    name = f"bench_{name}"
    beginning, slash, rest = SERVER.partition("://")[2].partition("/")
    return Database(f"postgresql://{beginning}{slash}{name}{''.join(rest.partition('?')[1:])}", name)


def new_database(folder: Path, name: str, day: str) -> Database:
    """A training database that begins on a day."""
    made = database(folder, name)
    if SERVER:
        made.drop()
        _administer(f"CREATE DATABASE {made.name} TEMPLATE template0 ENCODING UTF8")
    made.program(day, "init", "--training", "--timezone", "UTC")
    return made


def _administer(statement: str) -> None:
    import psycopg

    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(statement)


def importing(made: Database, folder: Path, day: str, noun: str, file: Path, lines: int, target: float) -> Figure:
    """An import of a file on a pretended day against the script that writes its rows bare: the best of runs in turn.

    Each begins with the same records.
    """
    ours, bare, peaks = [], [], []
    for _ in range(IMPORTS):
        copy = made.copy(folder, f"{noun}_copy")
        used = run([*start(copy.given, day), noun, "import", str(file)])
        assert f"{lines} imported, 0 unchanged, 0 refused" in used.said, used.said
        ours.append(used.seconds)
        peaks.append(used.peak_mb)
        copy = made.copy(folder, f"{noun}_copy")
        bare.append(child(f"{noun}_bare.py", copy.given, file).seconds)
    copy.drop()
    made.drop()
    return Figure(f"{noun} import, {lines:,} lines", min(ours), min(bare), target, max(peaks))


def child(script: str, *arguments: object) -> Used:
    """Run one of the scripts beside this one."""
    return run([sys.executable, str(HERE / script), *map(str, arguments)])


def run(command: list[str], given: str | None = None) -> Used:
    """What a command took. Raises AssertionError where it fails."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(given or "")
        process.stdin.close()
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    assert process.returncode == 0, command
    return Used(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)
