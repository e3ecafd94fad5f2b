"""One night in a process of its own, whose memory is measured: the program's, or the bare writing of the same rows.

Prints the seconds from the transaction's beginning to its commit.
"""

import gc
import hmac
import sys
import time
from collections.abc import Iterator

COLUMNS = ("facility_id", "participant_id", "due_on", "kind", "status", "schedule_version_id", "recorded_at")
RECORDED_AT = "2026-11-25 12:00:00.000000"


def main() -> None:
    which, given, day, *rest = sys.argv[1:]
    if which == "enrol":
        enrol(given, day, rest)
    elif which == "program":
        print(program(given, day))
    elif which == "verify":
        verify(given, day)
    else:
        print(bare(given, day, int(rest[0]), rest[1]))


def enrol(given: str, day: str, statements: list[str]) -> None:
    """Run statements as an act of the program's, which ends with a page of the ledger."""
    from testing_tracker.cli.desk.desk import Desk

    with Desk(given, day).writing() as work:
        for statement in statements:
            work.session.connection().exec_driver_sql(statement)


def program(given: str, day: str) -> float:
    gc.set_threshold(200_000)  # as the program's start does
    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.services.drawing import nights

    desk = Desk(given, day)
    assert desk.engine
    began = time.perf_counter()
    with desk.writing() as work:
        report = nights.run_night(work, desk.location.key)
    seconds = time.perf_counter() - began
    assert report.drawn
    return seconds


def verify(given: str, day: str) -> None:
    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.services.keeping.checking import checks

    desk = Desk(given, day)
    with desk.reading() as work:
        found = checks.verify(work, desk.location.key)
    print("as they should be" if not found.problems else found.problems[:5])


def bare(given: str, day: str, count: int, schedule: str) -> float:
    """The same rows: each participant's ticket decides, and who is drawn has a row."""
    if given.startswith("postgresql"):
        return copied(given, day, count, schedule)
    import sqlite3

    connection = sqlite3.connect(given, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    version = connection.execute(VERSION, (schedule,)).fetchone()[0]
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        f"INSERT INTO draw ({', '.join(COLUMNS)}) VALUES (1, ?, ?, ?, 'due', ?, ?)", rows(day, count, schedule, version)
    )
    connection.execute("COMMIT")
    return time.perf_counter() - began


VERSION = "SELECT v.id FROM schedule_version v JOIN schedule s ON s.id = v.schedule_id WHERE s.name = ?"


def rows(day: str, count: int, schedule: str, version: int) -> Iterator[tuple[object, ...]]:
    secret = bytes(range(32))
    everybody = schedule.startswith("fixed")
    kind = "fixed" if everybody else "random"
    limit = b"\xff" * 32 if everybody else (2 * (1 << 256) // 7).to_bytes(32)
    for number in range(1, count + 1):
        if hmac.digest(secret, b"%d" % number, "sha256") <= limit:
            yield number, day, kind, version, RECORDED_AT


def copied(given: str, day: str, count: int, schedule: str) -> float:
    """The rows are decided before; the copying alone is timed."""
    import psycopg

    with psycopg.connect(given) as connection:
        version = connection.execute(VERSION.replace("?", "%s"), (schedule,)).fetchone()[0]  # type: ignore[index]
        connection.rollback()
        decided = list(rows(day, count, schedule, version))
        cursor = connection.cursor()
        began = time.perf_counter()
        with cursor.copy(f"COPY draw ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for number, due_on, kind, version_id, recorded_at in decided:
                copy.write_row((1, number, due_on, kind, "due", version_id, f"{recorded_at}+00:00"))
        connection.commit()
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
