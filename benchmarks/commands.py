"""How long a nurse waits: whole commands against `python -c "import sqlmodel, click"`.

    python benchmarks/commands.py
    .ci/postgresql python benchmarks/commands.py

The best of runs in turn, which other work disturbs least. Target for `due`, `today` and `result`: at most 1.15. On
a server both sides import psycopg too.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import SERVER, Figure, new_database, print_table, run, start

RUNS = 31
DAY = "2026-11-25"
TARGET = 1.15
BARE = "import sqlmodel, click" + (", psycopg" if SERVER else "")


def main() -> None:
    print_table(figures())


def figures() -> Iterator[Figure]:
    """`due`, `today`, `result` and `--help` in a clinic whose participants are all due."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clinic = new_database(folder, "commands", DAY)
        codes = [f"P{number}" for number in range(RUNS)]
        lines = "".join(f"{code},iop,fixed-1,{DAY}\n" for code in codes)
        clinic.program(DAY, "participant", "import", "-", given=f"participant,level,schedule,enrolled_on\n{lines}")
        clinic.program(DAY, "draw")
        commands = {"due": [], "today": [], "result": [], "--help": []}  # type: dict[str, list[float]]
        bare = []
        for code in codes:
            bare.append(run([sys.executable, "-c", BARE]).seconds)
            commands["due"].append(run([*start(clinic.given, DAY), "due"]).seconds)
            commands["today"].append(run([*start(clinic.given, DAY), "today"]).seconds)
            commands["result"].append(run([*start(clinic.given, DAY), "result", code, "negative"]).seconds)
            commands["--help"].append(run([*start(clinic.given), "--help"]).seconds)
        for command, times in commands.items():
            target = None if command == "--help" else TARGET
            yield Figure(f"`{command}`", min(times), min(bare), target)
        clinic.drop()


if __name__ == "__main__":
    main()
