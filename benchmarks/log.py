"""What a log session costs: 200 results through `log` against a bare sqlite3 loop that inserts and commits as often.

    python benchmarks/log.py

Prints medians, measured in turn within this one run. Targets: 200 results under 2 s beyond the session's start, and at
most 3 times the bare loop.
"""

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
CUPS = 200


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clinic = folder / "clinic.db"
        program(clinic, "init", "--training", "--timezone", "UTC")
        lines = "participant,level,schedule,enrolled_on\n"
        lines += "".join(f"P{number},iop,fixed-2,2026-11-16\n" for number in range(CUPS))
        program(clinic, "participant", "import", "-", given=lines)
        program(clinic, "draw")
        cups = "".join(f"P{number} n\n" for number in range(CUPS))
        starts, sessions, bare = [], [], []
        for run in range(RUNS):
            copy = folder / f"{run}.db"
            copy.write_bytes(clinic.read_bytes())
            starts.append(timed(copy, ""))
            sessions.append(timed(copy, cups))
            bare.append(insert_and_commit(folder / f"bare-{run}.db"))
    start, session, loop = (statistics.median(times) for times in (starts, sessions, bare))
    beyond = session - start
    print(f"start and end of a session {start:6.2f} s")
    print(f"{CUPS} results beyond that    {beyond:6.2f} s   ratio {beyond / loop:.1f} to bare inserts with commit")


def program(database: Path, *arguments: str, given: str | None = None) -> None:
    command = [sys.executable, "-m", "testing_tracker", "--database", str(database), "--today", "2026-11-16"]
    subprocess.run([*command, *arguments], input=given, text=True, check=True, capture_output=True)


def timed(database: Path, cups: str) -> float:
    began = time.perf_counter()
    program(database, "log", given=cups)
    return time.perf_counter() - began


def insert_and_commit(database: Path) -> float:
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE result (id INTEGER PRIMARY KEY, draw_id INTEGER, outcome TEXT, recorded_at TEXT)")
    began = time.perf_counter()
    for number in range(CUPS):
        connection.execute(
            "INSERT INTO result (draw_id, outcome, recorded_at) VALUES (?, 'negative', '2026-11-16 12:00:00')",
            (number,),
        )
        connection.commit()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
