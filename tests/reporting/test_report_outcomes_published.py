"""`report outcomes` through the whole program: against published values, and against a slow and obvious reckoning."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import databases
import pytest
from conftest import Clinic, examples
from hypothesis import given
from hypothesis import strategies as st
from published_patterns import EXCERPT, PUBLISHED_AS, number
from published_patterns import patterns as published

from testing_tracker.rules.exchange.csv_cells import unprotected
from testing_tracker.services.keeping.checking import before_passing_on

pytestmark = pytest.mark.one_database(reason="figures that are counted by the reader")

IN_FULL = pytest.mark.skipif("CTN0094_DATA" not in os.environ, reason="CTN0094_DATA does not name the folder of it all")
LAST_SUNDAY = date(2026, 11, 15)  # the end of the last full week on the day that it is


@pytest.fixture(params=["excerpt", pytest.param("full", marks=IN_FULL)])
def rows(request):
    """Real use patterns, each with its published measures."""
    if request.param == "excerpt":
        return published(EXCERPT)
    found = published(Path(os.environ["CTN0094_DATA"], "use_patterns.csv"))
    assert len(found) == 200
    return found


def test_real_patterns_have_their_published_measures(clinic, rows, tmp_path):
    """Past records that give these patterns go in, and the patterns and every published value come out."""
    participants, history = tmp_path / "participants.csv", tmp_path / "history.csv"
    with participants.open("w", newline="") as people, history.open("w", newline="") as past:
        enrolling, recording = csv.writer(people), csv.writer(past)
        enrolling.writerow(["participant", "level", "schedule", "enrolled_on"])
        recording.writerow(["participant", "due_on", "status", "outcome", "analytes", "reason"])
        for row_number, row in enumerate(rows):
            code, pattern = row["participant"], row["usePatternUDS"]
            monday = LAST_SUNDAY - timedelta(days=7 * len(pattern) - 1)
            enrolling.writerow([code, "iop", "fixed-1", monday + timedelta(days=row_number % 3)])
            for week, letter in enumerate(pattern):
                for day, (status, outcome, analytes) in enumerate(draws_for(letter, week), start=2 + week % 3):
                    due_on = monday + timedelta(days=7 * week + day)
                    recording.writerow([code, due_on, status, outcome, analytes, "court date" * (status == "excused")])
    assert f"{len(rows)} imported, 0 unchanged, 0 refused" in clinic("participant", "import", str(participants))
    assert " 0 unchanged, 0 refused" in clinic("history", "import", str(history))

    found = list(csv.DictReader(clinic("report", "outcomes", "--format", "csv").splitlines()))
    assert [line["participant"] for line in found] == [row["participant"] for row in rows]
    wrong = {
        row["participant"]: differing
        for line, row in zip(found, rows, strict=True)
        if (differing := differs(line, row))
    }
    assert wrong == {}


def draws_for(letter: str, week: int) -> list[tuple[str, str, str]]:
    """A week's draws that make a letter, other ones in other weeks."""
    positive, negative = ("collected", "positive", "opioids"), ("collected", "negative", "")
    missed, refused, excused = ("missed", "", ""), ("refused", "", ""), ("excused", "", "")
    return {
        "+": [[positive], [positive, positive], [positive, missed]],
        "-": [[negative], [negative, excused], [refused, negative]],
        "*": [[positive, negative], [negative, positive], [negative, missed, positive]],
        "o": [[missed], [refused], [missed, excused]],
        "_": [[], [excused], [excused, excused]],
    }[letter][week % 3]


def differs(line: dict[str, str], row: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Where the report differs from what was published."""
    pattern = row["usePatternUDS"]
    found = unprotected(line["pattern"])  # a spreadsheet would compute one such as -+-
    differing = {} if found == pattern else {"pattern": (found, pattern)}
    if int(line["weeks"]) != len(pattern):
        differing["weeks"] = (line["weeks"], str(len(pattern)))
    for name, column in PUBLISHED_AS.items():
        if number(line[name]) != pytest.approx(number(row[column]), abs=1e-12):
            differing[name] = (line[name], row[column])
    return differing


@dataclass(frozen=True)
class Person:
    """`enrolments`: first day and day of the discharge, if any. `called_off`: the day planned, and the day of that."""

    enrolments: list[tuple[date, date | None]]
    called_off: tuple[date, date] | None
    draws: dict[date, tuple[str, str | None, bool]]  # status, outcome, whether prescriptions explain it


STATUSES = ["due", "missed", "refused", "excused", "unrecorded", "cancelled"]
DRAWN = st.one_of(
    st.tuples(st.sampled_from(STATUSES), st.none(), st.just(False)),
    st.tuples(st.just("collected"), st.sampled_from(["negative", "positive", "invalid", None]), st.just(False)),
    st.just(("collected", "positive", True)),
)
FIRST, TODAY = date(2026, 9, 28), date(2026, 11, 16)
DAYS = st.integers(0, (TODAY - FIRST).days).map(lambda days: FIRST + timedelta(days=days))


@st.composite
def people(draw):
    """Somebody who comes, goes, and comes again, as the program's acts leave the records."""
    day, enrolments = FIRST, []
    for _ in range(draw(st.integers(1, 3))):
        first = day + timedelta(days=draw(st.integers(0, 15)))
        day = first + timedelta(days=draw(st.integers(0, 20)))
        enrolments.append((first, day))
    if is_here := draw(st.booleans()):
        enrolments[-1] = (first, None)
    called_off = None
    if not is_here and draw(st.booleans()):
        on = day + timedelta(days=draw(st.integers(0, 5)))
        called_off = on + timedelta(days=draw(st.integers(1, 9))), on
    return Person(enrolments, called_off, draw(st.dictionaries(DAYS, DRAWN, max_size=25)))


@examples(60)
@given(st.lists(people(), max_size=4), st.none() | DAYS, DAYS)
def test_any_record_and_span_against_a_slow_and_obvious_reckoning(
    made_clinic, tmp_path_factory, everybody, first, last
):
    if first is not None and first > last:
        first, last = last, first
    databases.copy(made_clinic, tmp_path_factory.getbasetemp() / "any.db")
    clinic = Clinic(tmp_path_factory.getbasetemp() / "any.db", str(TODAY))
    clinic.change(*(row for number, person in enumerate(everybody, start=1) for row in rows_of(number, person)))
    begins = ["--from", str(first)] if first else []
    with pytest.MonkeyPatch.context() as patch:  # these rows were written by hand, and no report is made of such
        patch.setattr(before_passing_on, "look", lambda _work: [])
        found = clinic.json("report", "outcomes", *begins, "--to", str(last))
    expected = {f"P{number}": slow_pattern(person, first, last) for number, person in enumerate(everybody, start=1)}
    assert {line["participant"]: line["pattern"] for line in found} == {
        code: pattern for code, pattern in expected.items() if pattern is not None
    }


def rows_of(number: int, person: Person) -> Iterator[str]:
    """The rows that the program's own acts would have left, as statements."""
    changes = []
    for first, discharged in person.enrolments:
        changes.append((first, True))
        if discharged is not None:
            changes.append((discharged, False))
    if person.called_off is not None:
        planned, on = person.called_off
        changes += [(planned, True), (planned, False), (on, False)]
    by = ("2026-09-28 12:00:00", "nurse")
    enrolled_on = changes[0][0]
    yield insert("participant", "id, code, code_key", (number, f"P{number}", f"p{number}"))
    for day, enrolled in changes:
        row = (number, str(day), enrolled, *by)
        yield insert("enrolment", "participant_id, from_on, enrolled, recorded_at, recorded_by", row)
    for table, column, value in (("placement", "level", "iop"), ("assignment", "schedule_id", 1)):
        columns = f"participant_id, from_on, {column}, recorded_at, recorded_by"
        row = (number, str(enrolled_on), value, *by)
        yield insert(table, columns, row)
    for day, (status, outcome, expected) in person.draws.items():
        columns = "participant_id, due_on, kind, status, outcome, expected, recorded_at"
        row = (number, str(day), "imported", status, outcome, expected, by[0])
        yield insert("draw", columns, row)
        if outcome is not None:
            yield (
                "INSERT INTO result (facility_id, draw_id, outcome, recorded_at, recorded_by) "
                f"SELECT 1, id, outcome, recorded_at, 'nurse' FROM draw WHERE participant_id = {number} "
                f"AND due_on = '{day}'"
            )
        if expected:
            yield (
                "INSERT INTO reading (facility_id, result_id, expected, unexpected, absent, recorded_at, recorded_by) "
                "SELECT 1, result.id, 'methadone', '', '', result.recorded_at, 'nurse' FROM result "
                f"JOIN draw ON draw.id = draw_id WHERE participant_id = {number} AND due_on = '{day}'"
            )


def insert(table: str, columns: str, row: tuple) -> str:
    values = ["NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'" for value in row]
    return f"INSERT INTO {table} (facility_id, {columns}) VALUES (1, {', '.join(values)})"


def slow_pattern(person: Person, first: date | None, last: date) -> str | None:
    """The pattern day by day: the latest enrolment with a day or a test in the span, from its week on."""
    span = days_from(first or FIRST, last)
    tests = {day: drawn for day, drawn in person.draws.items() if day in span and drawn[0] != "cancelled"}
    for enrolled, discharged in reversed(person.enrolments):
        in_treatment = [day for day in span if enrolled <= day and (discharged is None or day < discharged)]
        in_treatment += [day for day in tests if enrolled <= day]
        if enrolled <= last and in_treatment:
            begins = max(enrolled, first) if first else enrolled
            mondays = [day for day in days_from(begins - timedelta(days=6), max(in_treatment)) if day.weekday() == 0]
            weeks = [
                [tests[day] for day in days_from(monday, monday + timedelta(days=6)) if day in tests]
                for monday in mondays
            ]
            return "".join(slow_letter(week) for week in weeks)
    return None


def days_from(first: date, last: date) -> list[date]:
    return [first + timedelta(days=days) for days in range((last - first).days + 1)]


def slow_letter(tests: list[tuple[str, str | None, bool]]) -> str:
    said = {"negative" if expected else outcome for _, outcome, expected in tests}
    statuses = {status for status, _, _ in tests}
    if "negative" in said or "positive" in said:
        return {(True, True): "*", (True, False): "-", (False, True): "+"}["negative" in said, "positive" in said]
    return "o" if statuses & {"missed", "refused"} and "collected" not in statuses else "_"
