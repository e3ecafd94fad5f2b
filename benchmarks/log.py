"""What a log session costs: 200 results through `log` against a bare loop that inserts and commits as often.

    python benchmarks/log.py
    .ci/postgresql python benchmarks/log.py

The start and end of a session, as measured without a line, are taken off. The bare loop inserts a row and commits it,
with the same care for the disk. Target: at most 3 times the bare loop.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from measuring import SERVER, Database, Figure, new_database, print_table

RUNS = 5
CUPS = 200
DAY = "2026-11-16"
TARGET = 3
TABLE = "CREATE TABLE bare (id INTEGER PRIMARY KEY, draw_id INTEGER, outcome TEXT, recorded_at TEXT)"
ROW = "INSERT INTO bare (id, draw_id, outcome, recorded_at) VALUES (?, ?, 'negative', '2026-11-16 12:00:00')"


def main() -> None:
    print_table(figures())


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clinic = new_database(folder, "log", DAY)
        lines = "participant,level,schedule,enrolled_on\n"
        lines += "".join(f"P{number},iop,fixed-2,{DAY}\n" for number in range(CUPS))
        clinic.program(DAY, "participant", "import", "-", given=lines)
        clinic.program(DAY, "draw")
        cups = "".join(f"P{number} n\n" for number in range(CUPS))
        starts, sessions, bare = [], [], []
        for _ in range(RUNS):
            copy = clinic.copy(folder, "log_copy")
            starts.append(copy.program(DAY, "log", given="").seconds)
            sessions.append(copy.program(DAY, "log", given=cups).seconds)
            bare.append(insert_and_commit(clinic.copy(folder, "log_copy")))
        start, session, loop = (min(times) for times in (starts, sessions, bare))
        yield Figure(f"{CUPS} results in a `log` session", session - start, loop, TARGET)
        copy.drop()
        clinic.drop()


def insert_and_commit(database: Database) -> float:
    if SERVER:
        import psycopg

        connection = psycopg.connect(database.given)
    else:
        import sqlite3

        connection = sqlite3.connect(database.name)
    connection.execute(TABLE)
    connection.commit()
    row = ROW.replace("?", "%s") if SERVER else ROW
    began = time.perf_counter()
    for number in range(CUPS):
        connection.execute(row, (number, number))
        connection.commit()
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


if __name__ == "__main__":
    main()
