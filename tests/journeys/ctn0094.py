"""Converts the CTN-0094 records to files that `participant import` and `history import` read.

    python tests/journeys/ctn0094.py FOLDER OUT_PARTICIPANTS OUT_HISTORY

FOLDER holds participants.csv and visits.csv. Every participant and every visit becomes one line, however odd: to say
what cannot be taken is the importer's part.
"""

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

Row = Mapping[str, str]

ANALYTES = {
    "Alcohol": "alcohol",
    "Amphetamine": "amphetamine",
    "Benzodiazepine": "benzodiazepine",
    "Buprenorphine": "buprenorphine",
    "Cocaine": "cocaine",
    "Mdma/Hallucinogen": "mdma",
    "Methadone": "methadone",
    "Opioid": "opioids",
    "Sedatives": "sedatives",
    "Thc": "cannabinoids",
}
EXCUSES = {"dead", "illness", "in hospital", "in jail", "no funding", "on vacation"}


def history_line(visit: Row) -> list[str]:
    """A visit as the cells of a past record."""
    status, outcome = _status_and_outcome(visit)
    reason = visit["reasons"].replace(";", ", ") if status in ("missed", "excused") else ""
    analytes = ";".join(ANALYTES[found] for found in visit["positive_for"].split(";") if found)
    return [visit["participant"], visit["date"], status, outcome, analytes, reason]


def _status_and_outcome(visit: Row) -> tuple[str, str]:
    has_come = visit["disposition"] in ("visit", "final", "")
    if has_come and (visit["temperature_ok"] or visit["positive_for"]):
        return "collected", "positive" if visit["positive_for"] else "negative"
    reasons = {reason for reason in visit["reasons"].split(";") if reason}
    if reasons & EXCUSES:
        return "excused", ""
    if visit["disposition"] in ("no visit", "MISSING") or reasons:
        return "missed", ""
    # Somebody came, and no word of a specimen; or a row without anything.
    return ("collected" if visit["disposition"] else ""), ""


def participant_line(participant: Row, days: list[str]) -> list[str]:
    """A participant, enrolled on the earliest date that there is; without any, the cell stays empty."""
    enrolled_on = min((day for day in [participant["randomized_on"], *days] if day), default="")
    return [participant["participant"], "iop", "fixed-1", enrolled_on]


def convert(folder: Path, out_participants: Path, out_history: Path) -> None:
    """Write the two files."""
    visits = _rows(folder / "visits.csv")
    days: dict[str, list[str]] = {}
    for visit in visits:
        days.setdefault(visit["participant"], []).append(visit["date"])
    participants = _rows(folder / "participants.csv")
    _write(
        out_participants,
        ["participant", "level", "schedule", "enrolled_on"],
        [participant_line(row, days.get(row["participant"], [])) for row in participants],
    )
    _write(
        out_history,
        ["participant", "due_on", "status", "outcome", "analytes", "reason"],
        [history_line(row) for row in visits],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, header: list[str], lines: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    convert(*map(Path, sys.argv[1:]))
