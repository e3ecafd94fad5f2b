"""Importing 100,000 participants, against reading the lines with `csv` and writing the same rows bare.

    python benchmarks/participants.py [LINES]
    .ci/postgresql python benchmarks/participants.py [LINES]

Bare reads the file and inserts participants, enrolments, placements, assignments and audit entries with `executemany`,
or COPY on PostgreSQL, in one transaction. Both are whole commands with their start. Target: a ratio of at most 4.
"""

import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

from measuring import Figure, importing, new_database, print_table

LINES = 100_000
FIRST = date(2026, 1, 1)
TODAY = "2026-11-25"
TARGET = 4
LEVELS = ("outpatient", "iop", "php", "residential")
SCHEDULES = ("fixed-2", "random-2", "random-1")


def main() -> None:
    print_table(figures(int(sys.argv[1]) if len(sys.argv) > 1 else LINES))


def figures(lines: int = LINES) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "participants.csv"
        write(file, lines)
        made = new_database(folder, "participants", str(FIRST))
        yield importing(made, folder, TODAY, "participant", file, lines, TARGET)


def write(file: Path, lines: int) -> None:
    """A file as a region's office exports it."""
    chance = Random(1)
    with file.open("w", encoding="utf-8") as out:
        out.write("participant,level,schedule,enrolled_on\n")
        for number in range(lines):
            day = FIRST + timedelta(days=chance.randrange(300))
            out.write(f"P{number},{chance.choice(LEVELS)},{chance.choice(SCHEDULES)},{day}\n")


if __name__ == "__main__":
    main()
