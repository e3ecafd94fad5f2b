"""How long a nurse waits: whole commands against `python -c "import sqlmodel, click"`, and the nightly draw for
100,000 participants against a bare sqlite3 script that inserts as many rows.

    python benchmarks/commands.py

Prints ratios of medians, measured in turn within this one run. Targets: single commands at most 1.25, the draw at
most 4, its memory flat.
"""

import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 11
PARTICIPANTS = 100_000
BARE_INSERT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.executemany(
    "INSERT INTO draw (participant_id, due_on, kind, status, schedule_version_id, recorded_at) "
    "VALUES (?, '2026-11-25', 'fixed', 'due', 1, '2026-11-25 00:05:00.000000')",
    ((number,) for number in range(1, int(sys.argv[2]) + 1)),
)
connection.execute("COMMIT")
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        commands(Path(folder))
        draw(Path(folder))


def commands(folder: Path) -> None:
    """`due` and `result` on a small clinic."""
    clinic = folder / "clinic.db"
    program(clinic, "init", "--training")
    for number in range(RUNS * 2):
        program(clinic, "participant", "add", f"P{number}", "--schedule", "fixed-1", "--level", "iop")
        program(clinic, "test", f"P{number}")
    bare = [sys.executable, "-c", "import sqlmodel, click"]
    number = iter(range(RUNS * 2))
    times: dict[str, list[float]] = {"bare": [], "due": [], "result": [], "--help": []}
    for _ in range(RUNS):
        times["bare"].append(timed(bare))
        times["due"].append(timed([*start(clinic), "due"]))
        times["result"].append(timed([*start(clinic), "result", f"P{next(number)}", "negative"]))
        times["--help"].append(timed([*start(clinic), "--help"]))
    base = statistics.median(times["bare"])
    print(f"{'bare import':<28}{base * 1000:8.0f} ms")
    for name in ("due", "result", "--help"):
        median = statistics.median(times[name])
        print(f"{name:<28}{median * 1000:8.0f} ms   ratio {median / base:.2f}")


def draw(folder: Path) -> None:
    """The nightly draw, its time against bare inserts and its memory at two sizes."""
    times, bare_times, peaks = [], [], {}
    for count in (PARTICIPANTS // 10, PARTICIPANTS):
        clinic = folder / f"{count}.db"
        program(clinic, "init", "--training", "--timezone", "UTC", day="2026-11-24")
        enrol(clinic, count)
        program(clinic, "draw", day="2026-11-24")  # the night before, which seals what was put in by hand
        copy = folder / "copy.db"
        for _ in range(5 if count == PARTICIPANTS else 1):
            copy.write_bytes(clinic.read_bytes())
            shutil.copy(f"{clinic}.key", f"{copy}.key")
            elapsed = timed([*start(copy, "2026-11-25"), "draw"])
            peaks[count] = peak_of_children()
            copy.write_bytes(clinic.read_bytes())
            bare = timed([sys.executable, "-c", BARE_INSERT, str(copy), str(count)])
            if count == PARTICIPANTS:
                times.append(elapsed)
                bare_times.append(bare)
    ratio = statistics.median(times) / statistics.median(bare_times)
    print(f"{'draw, 100,000':<28}{statistics.median(times) * 1000:8.0f} ms   ratio {ratio:.2f} to bare inserts")
    for count, peak in peaks.items():
        print(f"{f'draw, {count:,}: peak memory':<28}{peak:8.0f} MB (largest so far)")


def enrol(clinic: Path, count: int) -> None:
    """Many participants at once, on a schedule that draws everybody on the measured day."""
    with sqlite3.connect(clinic) as connection:
        (schedule,) = connection.execute("SELECT id FROM schedule WHERE name = 'fixed-1'").fetchone()
        numbers = range(1, count + 1)
        when = "2026-11-24 09:00:00.000000"
        connection.executemany(
            "INSERT INTO participant (id, facility_id, code, code_key) VALUES (?, 1, ?, ?)",
            ((number, f"P{number}", f"p{number}") for number in numbers),
        )
        connection.executemany(
            "INSERT INTO enrolment (participant_id, from_on, enrolled, recorded_at, recorded_by) "
            "VALUES (?, '2026-11-24', 1, ?, 'bench')",
            ((number, when) for number in numbers),
        )
        connection.executemany(
            "INSERT INTO placement (participant_id, from_on, level, recorded_at, recorded_by) "
            "VALUES (?, '2026-11-24', 'iop', ?, 'bench')",
            ((number, when) for number in numbers),
        )
        connection.executemany(
            "INSERT INTO assignment (participant_id, from_on, schedule_id, recorded_at, recorded_by) "
            "VALUES (?, '2026-11-24', ?, ?, 'bench')",
            ((number, schedule, when) for number in numbers),
        )
    connection.close()


def start(database: Path, day: str | None = None) -> list[str]:
    pretend = ["--today", day] if day else []
    return [sys.executable, "-m", "testing_tracker", "--database", str(database), *pretend]


def program(database: Path, *arguments: str, day: str | None = None) -> None:
    subprocess.run([*start(database, day), *arguments], check=True, capture_output=True)


def timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def peak_of_children() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


if __name__ == "__main__":
    main()
