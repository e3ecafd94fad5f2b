"""What the outcomes report costs: 100,000 participants with a year of draws against a bare sqlite3 script that reads
the same rows, and its memory with one and with three draws a week.

    python benchmarks/outcomes.py

Prints the time, its ratio to the bare script's and the peak of memory, measured within this one run. Targets: a ratio
of at most 8, and no more memory for more draws.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from multiprocessing import Process
from pathlib import Path

PARTICIPANTS = 100_000
WEEKS = 52
MONDAY = date(2025, 11, 17)
TODAY = MONDAY + timedelta(weeks=WEEKS)
BARE_READ = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
query = "SELECT participant_id, due_on, status, outcome, expected FROM draw ORDER BY participant_id, due_on"
print(sum(1 for _ in connection.execute(query)))
"""
STATUSES = (("collected", "negative"), ("collected", "positive"), ("missed", None), ("excused", None))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for per_week in (1, 3):
            measure(Path(folder) / f"{per_week}.db", per_week)


def measure(clinic: Path, per_week: int) -> None:
    start = [sys.executable, "-m", "testing_tracker", "--database", str(clinic), "--today"]
    run([*start, MONDAY.isoformat(), "init", "--training"])
    filling = Process(target=fill, args=(clinic, per_week))  # apart, because a child begins with its parent's memory
    filling.start()
    filling.join()
    bare, _ = run([sys.executable, "-c", BARE_READ, str(clinic)])
    report = [*start, TODAY.isoformat(), "report", "outcomes", "--format", "csv", "--output", f"{clinic}.csv"]
    ours, peak = run(report)
    draws = PARTICIPANTS * WEEKS * per_week
    print(
        f"{draws:>12,} draws {ours:8.1f} s   ratio {ours / bare:.1f} to reading them   peak {peak:.0f} MB", flush=True
    )


def fill(clinic: Path, per_week: int) -> None:
    """Everybody is enrolled on the first Monday and drawn on the first days of every week."""
    people = range(1, PARTICIPANTS + 1)
    by = f"{MONDAY} 09:00:00.000000", "bench"
    with sqlite3.connect(clinic) as connection:
        connection.execute("PRAGMA cache_size = -500000")  # kilobytes
        add = connection.executemany
        add(
            "INSERT INTO participant (id, facility_id, code, code_key) VALUES (?, 1, ?, ?)",
            ((number, f"P{number}", f"p{number}") for number in people),
        )
        for table, column, value in (
            ("enrolment", "enrolled", 1),
            ("placement", "level", "iop"),
            ("assignment", "schedule_id", 1),
        ):
            add(
                f"INSERT INTO {table} (facility_id, participant_id, from_on, {column}, recorded_at, recorded_by) "
                "VALUES (1, ?, ?, ?, ?, ?)",
                ((number, MONDAY.isoformat(), value, *by) for number in people),
            )
        add(
            "INSERT INTO draw (facility_id, participant_id, due_on, kind, status, outcome, recorded_at) "
            "VALUES (1, ?, ?, 'fixed', ?, ?, ?)",
            draws(people, per_week, by[0]),
        )
    connection.close()


def draws(people: range, per_week: int, when: str) -> Iterator[tuple[object, ...]]:
    for day in (MONDAY + timedelta(weeks=week, days=day) for week in range(WEEKS) for day in range(per_week)):
        for number in people:
            yield number, day.isoformat(), *STATUSES[(number + day.toordinal()) % len(STATUSES)], when


def run(command: list[str]) -> tuple[float, float]:
    """Run a command that works: seconds, and its peak of memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - began, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
