"""What encryption costs: commands and a night of 10,000 on an encrypted file against a plain one.

    python benchmarks/encrypted.py [RUNS]

In turn, the best of each: commands by processor time, which a busy machine lengthens less, the night by the clock.
Needs the extra `[encryption]`.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import Database, Figure, child, database, print_table
from night import DAY, DAY_BEFORE, enrolment

RUNS = 9
PARTICIPANTS = 10_000
CUPS = 20
TARGET = 1.25


def main() -> None:
    print_table(figures(int(sys.argv[1]) if sys.argv[1:] else RUNS))


def figures(runs: int = RUNS) -> Iterator[Figure]:
    """The rows: what is encrypted stands under `program`, what is plain under `bare`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stick").mkdir()
        (folder / "clinic").mkdir()
        os.environ["TESTING_TRACKER_ENCRYPTION_KEY"] = f"file:{folder / 'stick' / 'key'}"
        encrypted, plain = (_clinic(folder / "clinic", kind, runs) for kind in ("encrypted", "plain"))
        took: dict[str, tuple[list[float], list[float]]] = {what: ([], []) for what in ("due", "result", "log")}
        for run in range(runs):
            cups = "".join(f"L{run * CUPS + number:04} n\n" for number in range(CUPS))
            for side, clinic in enumerate((encrypted, plain)):
                took["due"][side].append(clinic.program(DAY, "due").processor)
                took["result"][side].append(clinic.program(DAY, "result", f"R{run:02}", "negative").processor)
                took["log"][side].append(clinic.program(DAY, "log", given=cups).processor)
        names = {"due": "`due`", "result": "`result`", "log": f"`log` of {CUPS} cups"}
        for what, (ours, bare) in took.items():
            yield Figure(f"{names[what]}, encrypted", min(ours), min(bare), TARGET)
        yield _night(folder / "clinic", runs=min(runs, 5))


def _night(folder: Path, runs: int) -> Figure:
    times: tuple[list[float], list[float]] = ([], [])
    made = [_made(folder, f"night_{kind}", DAY_BEFORE, kind) for kind in ("encrypted", "plain")]
    for one in made:
        child("night_run.py", "enrol", one.given, DAY_BEFORE, *enrolment(PARTICIPANTS, "random-2"))
    for _ in range(runs):
        for side, one in enumerate(made):
            times[side].append(child("night_run.py", "program", one.copy(folder, "copy").given, DAY).seconds_said)
    return Figure(f"night of {PARTICIPANTS:,}, encrypted", min(times[0]), min(times[1]), TARGET)


def _clinic(folder: Path, kind: str, runs: int) -> Database:
    clinic = _made(folder, kind, DAY, kind)
    codes = [*(f"R{run:02}" for run in range(runs)), *(f"L{number:04}" for number in range(runs * CUPS))]
    lines = "".join(f"{code},iop,fixed-1,{DAY}\n" for code in codes)
    clinic.program(DAY, "participant", "import", "-", given=f"participant,level,schedule,enrolled_on\n{lines}")
    clinic.program(DAY, "draw")
    return clinic


def _made(folder: Path, name: str, day: str, kind: str) -> Database:
    made = database(folder, name)
    encrypted = ["--encrypted"] if kind == "encrypted" else []
    made.program(day, "init", "--training", "--timezone", "UTC", *encrypted)
    return made


if __name__ == "__main__":
    main()
