"""Importing a past record of 1,000,000 lines, against reading them with `csv` and writing the same rows bare.

    python benchmarks/history.py [LINES]
    .ci/postgresql python benchmarks/history.py [LINES]

Bare reads the file, looks the participants' ids up, and inserts draws, results and findings with `executemany`, or COPY
on PostgreSQL, in one transaction. Both are whole commands with their start. Target: a ratio of at most 4.
"""

import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

from measuring import Figure, importing, new_database, print_table

LINES = 1_000_000
DAYS = 200
FIRST = date(2026, 1, 1)
TODAY = "2026-11-25"
TARGET = 4
CELLS = (
    ["collected,negative,,"] * 80
    + ["collected,positive,cocaine,"] * 6
    + ["collected,positive,fentanyl;opiates,"] * 3
    + ["collected,invalid,,"] * 1
    + ["missed,,,"] * 6
    + ["excused,,,court date"] * 3
    + ["refused,,,"] * 1
)


def main() -> None:
    print_table(figures(int(sys.argv[1]) if len(sys.argv) > 1 else LINES))


def figures(lines: int = LINES) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "history.csv"
        people = write(file, lines)
        made = new_database(folder, "history", str(FIRST))
        given = "participant,level,schedule,enrolled_on\n"
        given += "".join(f"P{number},iop,fixed-2,{FIRST}\n" for number in range(people))
        made.program(TODAY, "participant", "import", "-", given=given)
        made.settle()
        yield importing(made, folder, TODAY, "history", file, lines, TARGET)


def write(file: Path, lines: int) -> int:
    """A file as a clinic exports it, a participant after the other; returns how many participants it has."""
    chance = Random(1)
    with file.open("w", encoding="utf-8") as out:
        out.write("participant,due_on,status,outcome,analytes,reason\n")
        for number in range(lines):
            day = FIRST + timedelta(days=number % DAYS)
            out.write(f"P{number // DAYS},{day},{chance.choice(CELLS)}\n")
    return -(-lines // DAYS)


if __name__ == "__main__":
    main()
