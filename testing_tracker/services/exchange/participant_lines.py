"""Reads participants from a spreadsheet, and enrols those who are not on record yet."""

from collections.abc import Iterable, Mapping, Sequence

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Level
from testing_tracker.services.exchange.imports import ImportReport, imported_rows, read_code, read_day, read_word
from testing_tracker.services.people import participants
from testing_tracker.services.people.lookup import LookAlikes, looks_like
from testing_tracker.services.schedules import versions
from testing_tracker.store.work import Work

COLUMNS = ("participant", "level", "schedule", "enrolled_on")
OPTIONAL = ("name",)


def import_participants(work: Work, lines: Iterable[str]) -> ImportReport:
    """Enrol the participants of a file; one who is on record with the same details stays unchanged."""
    tally = ImportReport()
    known = [schedule.name for schedule in versions.all_schedules(work)]
    codes = LookAlikes(work)
    for line in imported_rows(lines, COLUMNS, OPTIONAL, tally):
        try:
            new = _read_participant(line.cells, known)
            with work.session.begin_nested():
                enrolled = participants.enrol_if_new(work, new, codes)
        except TestingTrackerError as error:
            tally.refuse(line, error)
        else:
            tally.add(is_new=enrolled is not None)
            alike = enrolled.look_alikes if enrolled is not None else ()
            tally.notes += [(line.number, looks_like(new.code, other)) for other in alike]
    return tally


def _read_participant(cells: Mapping[str, str], schedules_known: Sequence[str]) -> participants.NewParticipant:
    code = read_code(cells["participant"])
    level = read_word("level", cells["level"], list(Level))
    if cells["schedule"] not in schedules_known:
        said = "is none of" if cells["schedule"] else "is empty; write one of"
        raise TestingTrackerError(f"schedule {said} {', '.join(schedules_known)}")
    enrolled_on = read_day("enrolled_on", cells["enrolled_on"])
    return participants.NewParticipant(code, level, cells["schedule"], enrolled_on, cells.get("name") or None)
