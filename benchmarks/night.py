"""The nightly draw for 10,000, 100,000 and 1,000,000 participants, against writing the same rows bare.

    python benchmarks/night.py [PARTICIPANTS…]
    .ci/postgresql python benchmarks/night.py

Bare is, on SQLite, an `executemany` into the same table, of rows that an `hmac` for each participant decides on; on
PostgreSQL a COPY of the same rows. Both sides are timed without the start of Python, from the transaction's beginning
to its commit. Two schedules: a random one that draws two of seven, and one that draws everybody. Targets: a ratio of
at most 2, a peak of memory (the whole process) of at most 300 MB.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import Database, Figure, child, new_database, print_table

COUNTS = (10_000, 100_000, 1_000_000)
DAY_BEFORE = "2026-11-24"
DAY = "2026-11-25"
SCHEDULES = {"random-2": "two of seven drawn", "fixed-1": "everybody drawn"}
TARGET = 2
MOST_MB = 300


def main() -> None:
    counts = [int(count) for count in sys.argv[1:]] or COUNTS
    print_table(figures(counts))


def figures(counts: "tuple[int, ...] | list[int]" = COUNTS) -> Iterator[Figure]:
    for schedule, who in SCHEDULES.items():
        for count in counts:
            with tempfile.TemporaryDirectory() as folder:
                yield measure(Path(folder), count, schedule, f"night of {count:,}, {who}")


def measure(folder: Path, count: int, schedule: str, what: str) -> Figure:
    made = new_database(folder, "night", DAY_BEFORE)
    child("night_run.py", "enrol", made.given, DAY_BEFORE, *enrolment(count, schedule))
    made.settle()
    ours, bare, peaks = [], [], []
    for _ in range(5 if count <= 100_000 else 2):
        copy = made.copy(folder, "night_copy")
        used = child("night_run.py", "program", copy.given, DAY)
        ours.append(used.seconds_said)
        peaks.append(used.peak_mb)
        _check(copy)
        copy = made.copy(folder, "night_copy")
        bare.append(child("night_run.py", "bare", copy.given, DAY, count, schedule).seconds_said)
    copy.drop()
    made.drop()
    return Figure(what, min(ours), min(bare), TARGET, max(peaks), MOST_MB)


def _check(copy: Database) -> None:
    """The draws are all there, and are those that the key gives."""
    said = child("night_run.py", "verify", copy.given, DAY).said
    assert "as they should be" in said, said


def enrolment(count: int, schedule: str) -> list[str]:
    """Statements that enrol many participants at once."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
    recorded = (
        "'2026-11-24 09:00:00.000000+00:00', 'bench'" if _on_server() else "'2026-11-24 09:00:00.000000', 'bench'"
    )
    statements = [
        f"INSERT INTO participant (facility_id, code, code_key) {numbers}SELECT 1, 'P' || i, 'p' || i FROM n ORDER BY i"
    ]
    values = {
        "enrolment": ("enrolled", "true"),
        "placement": ("level", "'iop'"),
        "assignment": ("schedule_id", f"(SELECT id FROM schedule WHERE name = '{schedule}')"),
    }
    for table, (column, value) in values.items():
        statements.append(
            f"INSERT INTO {table} (facility_id, participant_id, from_on, {column}, recorded_at, recorded_by) "
            f"{numbers}SELECT 1, i, DATE '{DAY_BEFORE}', {value}, {recorded} FROM n"
        )
    return statements if _on_server() else [one.replace("DATE '", "'") for one in statements]


def _on_server() -> bool:
    from measuring import SERVER

    return bool(SERVER)


if __name__ == "__main__":
    main()
