"""Real participants' records go in line by line: each is on record afterwards, or named with what is wrong with it."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import databases
import pytest
from conftest import key_of

HERE = Path(__file__).parent
TODAY = "2027-02-01"  # the last visit is on 2027-01-26

IN_FULL = pytest.mark.skipif(
    "CTN0094_DATA" not in os.environ, reason="CTN0094_DATA does not name the folder of all records"
)


@pytest.fixture(params=["excerpt", pytest.param("full", marks=IN_FULL)])
def converted(request, tmp_path) -> tuple[Path, Path]:
    """The files for `participant import` and `history import`, made as a person would make them."""
    folder = HERE / "ctn0094" if request.param == "excerpt" else Path(os.environ["CTN0094_DATA"])
    files = tmp_path / "participants.csv", tmp_path / "history.csv"
    subprocess.run([sys.executable, HERE / "ctn0094.py", folder, *files], check=True)
    assert [count_lines(file) for file in files] == [
        count_lines(folder / "participants.csv"),
        count_lines(folder / "visits.csv"),
    ]
    return files


@pytest.fixture
def study(clinic):
    """A clinic without anybody, on a day after the last visit."""
    databases.drop(clinic.database)
    databases.make_room(clinic.database)
    key_of(clinic.database).unlink()
    clinic.today = TODAY
    clinic("init", "--training", "--timezone", "UTC")
    return clinic


def count_lines(file: Path) -> int:
    with file.open(encoding="utf-8", newline="") as lines:
        return sum(1 for _ in csv.reader(lines)) - 1


def read_in(clinic, noun: str, file: Path) -> tuple[list[int], dict[int, str]]:
    """Import a file: how many lines were imported, unchanged and refused, and what was said of the refused ones."""
    done = clinic.run(noun, "import", str(file))
    tally = re.search(r"(\d+) imported, (\d+) unchanged, (\d+) refused", done.stdout)
    assert tally, done.output
    named = {}
    for line in done.stderr.splitlines():
        found = re.fullmatch(rf"{re.escape(str(file))}:(\d+): (.+)", line)
        assert found, line
        named[int(found[1])] = found[2]
    counts = [int(count) for count in tally.groups()]
    assert len(named) == counts[2]
    assert done.exit_code == bool(named)
    assert sum(counts) == count_lines(file)
    return counts, named


def test_every_line_is_on_record_or_named(study, converted):
    participants, history = converted
    _, nobody = read_in(study, "participant", participants)
    assert {re.sub(r"D\d+", "D…", reason) for reason in nobody.values()} == {"enrolled_on is empty (D…)"}
    counts, named = read_in(study, "history", history)

    exported = study("history", "export")
    on_record = {tuple(row) for row in csv.reader(exported.splitlines())}
    assert len(on_record) == counts[0] + 1  # the header
    taken = set()
    with history.open(encoding="utf-8", newline="") as lines:
        for number, cells in enumerate(csv.reader(lines), start=1):
            if number not in named:
                cells[4] = ";".join(sorted(cells[4].split(";")))
                taken.add(tuple(cells))
    assert taken == on_record

    again, named_again = read_in(study, "history", history)
    assert again == [0, counts[0] + counts[1], counts[2]]
    assert named_again == named
    assert study("history", "export") == exported
    assert study.json("recommendation", "list") == []


def test_the_reasons_say_what_the_records_lack(study, converted):
    participants, history = converted
    read_in(study, "participant", participants)
    _, named = read_in(study, "history", history)
    reasons = [re.sub(r" \([A-F]\d+\)", "", reason) for reason in named.values()]
    kinds = {re.sub(r"CTN-\d+|\d{4}-\d\d-\d\d|\(.*\)", "…", reason).split(";")[0] for reason in reasons}
    assert kinds == {
        "due_on is empty",
        "status is empty",
        "… has another record of … …, from before or from an earlier line",
    }
