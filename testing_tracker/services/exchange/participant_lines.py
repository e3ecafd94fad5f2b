"""Reads participants from a spreadsheet, and enrols those who are not on record yet."""

from collections.abc import Mapping, Sequence
from itertools import islice

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.sheet import ImportedRow, Sheet
from testing_tracker.rules.words import Level
from testing_tracker.services.exchange.imports import (
    CellCheck,
    ImportReport,
    all_faults,
    imported_rows,
    read_code,
    read_day,
    read_word,
)
from testing_tracker.services.people.enrolling import Newcomers, NewParticipant, enrol_those_new
from testing_tracker.services.people.lookup import looks_like
from testing_tracker.services.schedules import versions
from testing_tracker.store.work import Work

_LEVELS = tuple(Level)
AT_A_TIME = 2_000  # lines in memory at once


def import_participants(work: Work, sheet: Sheet) -> ImportReport:
    """Enrol the participants of a file; one who is on record with the same details stays unchanged."""
    tally = ImportReport()
    schedules = [schedule.name for schedule in versions.all_schedules(work)]
    newcomers = Newcomers(work)
    good = imported_rows(work, sheet, tally)
    while chunk := list(islice(good, AT_A_TIME)):
        _take(work, chunk, schedules, newcomers, tally)
    tally.refused.sort(key=lambda refused: refused.number)
    return tally


def _take(
    work: Work, chunk: Sequence[ImportedRow], schedules: Sequence[str], newcomers: Newcomers, tally: ImportReport
) -> None:
    """Take the lines that can be taken."""
    read: list[tuple[ImportedRow, NewParticipant]] = []
    for line in chunk:
        try:
            read.append((line, _read_participant(line.cells, schedules)))
        except TestingTrackerError as error:
            tally.refuse(line, all_faults(line, _checks(schedules), error))
    became = enrol_those_new(work, [new for _, new in read], newcomers)
    for (line, new), one in zip(read, became, strict=True):
        if one.refusal is not None:
            tally.refuse(line, one.refusal)
            continue
        tally.add(is_new=one.is_new)
        tally.notes += [(line.number, looks_like(new.code, other)) for other in one.look_alikes]


def _read_participant(cells: Mapping[str, str], schedules_known: Sequence[str]) -> NewParticipant:
    code = read_code(cells["participant"])
    level = read_word("level", cells["level"], _LEVELS)
    schedule = _read_schedule(cells["schedule"], schedules_known)
    enrolled_on = read_day("enrolled_on", cells["enrolled_on"])
    return NewParticipant(code, level, schedule, enrolled_on, cells.get("name") or None)


def _read_schedule(cell: str, known: Sequence[str]) -> str:
    if cell in known:
        return cell
    alike = [name for name in known if name.casefold() == cell.casefold()]
    if len(alike) == 1:
        return alike[0]
    said = "is none of" if cell else "is empty; write one of"
    raise TestingTrackerError(f"schedule {said} {', '.join(known)}")


def _checks(schedules: Sequence[str]) -> list[CellCheck]:
    return [
        CellCheck(("participant",), lambda cells: read_code(cells["participant"])),
        CellCheck(("level",), lambda cells: read_word("level", cells["level"], _LEVELS), _LEVELS),
        CellCheck(("schedule",), lambda cells: _read_schedule(cells["schedule"], schedules), schedules),
        CellCheck(("enrolled_on",), lambda cells: read_day("enrolled_on", cells["enrolled_on"])),
    ]
