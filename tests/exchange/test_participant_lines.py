"""Participants from a file: the same on record as enrolling them one by one, wherever a batch of lines ends."""

from collections.abc import Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import databases
import pytest
from conftest import MONDAY, Clinic, examples
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker import chance
from testing_tracker.cli.desk import output
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.columns import PARTICIPANTS
from testing_tracker.rules.exchange.given_sheet import HowToRead, open_sheet
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import Level
from testing_tracker.services.exchange import participant_lines
from testing_tracker.services.people import enrolling
from testing_tracker.services.people.enrolling import NewParticipant
from testing_tracker.services.people.lookup import looks_like, record_with_code
from testing_tracker.services.schedules import versions
from testing_tracker.store.engine import make_engine, writing
from testing_tracker.store.location import locate

HEADER = "participant,level,schedule,enrolled_on,name\n"
TODAY = date.fromisoformat(MONDAY)
# Who has them: somebody who began with other details than now, one who had it before a correction, who is gone, who
# is another one, whose enrolment was none, nobody; look-alikes and other cases of these; a word of the log, an analyte,
# no code at all.
CODES = ("A17", "old", "gone", "twice", "never", "N1", "N2", "a-17", "0ld", "n1", "N-1", "n", "coc", "not a code")


@pytest.fixture(scope="module")
def lived_in(made_clinic, tmp_path_factory) -> Path:
    """A clinic where codes mean people in every way that there is; each example copies it."""
    database = tmp_path_factory.mktemp("lived in") / "clinic.db"
    databases.copy(made_clinic, database)
    clinic = Clinic(database, MONDAY)
    clinic.add("A17", enrolled=str(TODAY - timedelta(days=30)))
    clinic("participant", "transfer", "A17", "php", "--reason", "asked for it")
    clinic("participant", "set-schedule", "A17", "random-2")
    clinic.add("old", "gone", "one", "twice", "never")
    clinic("participant", "rename", "old", "B4", "--reason", "typed wrong")
    clinic("participant", "discharge", "gone", "--reason", "moved")
    clinic("participant", "join", "twice", "one", "--reason", "the same person", "--yes")
    clinic("participant", "cancel", "never", "--reason", "never came")
    return database


@st.composite
def lines(draw) -> tuple[str, ...]:
    """The cells of a line, mostly good ones."""
    return (
        draw(st.sampled_from(CODES)),
        draw(st.sampled_from(["iop", "iop", "php", "IOP", "nowhere"])),
        draw(st.sampled_from(["fixed-2", "fixed-2", "random-2", "none"])),
        str(TODAY + timedelta(days=draw(st.sampled_from([0, 0, -30, 3])))),
        draw(st.sampled_from(["", "", "Ann Example"])),
    )


@contextmanager
def at_work(database: Path):
    opened = make_engine(locate(databases.url_of(database)))
    try:
        with writing(opened, None, databases.clock_of(TODAY), SHIPPED) as work:
            yield work
    finally:
        opened.dispose()


def one_by_one(work, rows: Sequence[tuple[str, ...]]) -> tuple[list, ...]:
    """Enrol as the command for one participant does: the lines that are new, unchanged and refused, and the notes."""
    new, unchanged, refused, notes = [], [], [], []
    for number, (code, level, schedule, day, name) in enumerate(rows, start=2):
        try:
            check_code(code)
            said = NewParticipant(code, Level(level.casefold()), schedule, date.fromisoformat(day), name or None)
            versions.find_schedule(work, schedule)
            record = record_with_code(work, code)
            if record is None:
                notes += [(number, looks_like(code, other)) for other in enrolling.enrol(work, said).look_alikes]
                new.append(number)
            elif began_so(work, record.id, level, schedule, day):
                unchanged.append(number)
            else:
                refused.append(number)
        except (TestingTrackerError, ValueError):
            refused.append(number)
    return new, unchanged, refused, notes


def began_so(work, participant_id: int, level: str, schedule: str, day: str) -> bool:
    rows = work.session.connection().exec_driver_sql(
        "SELECT e.from_on, p.level, s.name FROM enrolment e JOIN placement p ON p.participant_id = e.participant_id "
        "AND p.from_on = e.from_on JOIN assignment a ON a.participant_id = e.participant_id AND a.from_on = e.from_on "
        f"JOIN schedule s ON s.id = a.schedule_id WHERE e.enrolled AND e.participant_id = {participant_id}"
    )
    return (day, level.casefold(), schedule) in [(str(from_on), of, name) for from_on, of, name in rows]


@pytest.fixture(autouse=True, scope="module")
def one_salt():
    """Names have one salt here, so that rows can be compared."""
    with patch.object(chance, "new_mark", bytes):
        yield


@examples(15 if databases.SERVER else 60)  # each copies two databases
@given(st.lists(lines(), max_size=12), st.sampled_from([1, 2, 3, 2_000]))
def test_a_file_leaves_what_one_by_one_leaves(lived_in, rows, at_a_time):
    with TemporaryDirectory() as folder, databases.dropped_afterwards():
        here, there = Path(folder, "here.db"), Path(folder, "there.db")
        databases.copy(lived_in, here)
        databases.copy(lived_in, there)
        with at_work(here) as work:
            new, unchanged, refused, notes = one_by_one(work, rows)
            meant = work.meant
        text = "".join([HEADER, *(",".join(cells) + "\n" for cells in rows)])
        sheet = open_sheet(text.encode(), "people.csv", PARTICIPANTS, HowToRead())
        with at_work(there) as work, patch.object(participant_lines, "AT_A_TIME", at_a_time):
            tally = participant_lines.import_participants(work, sheet)
            assert work.meant == meant
        assert (tally.taken, tally.unchanged) == (len(new), len(unchanged))
        assert [line.number for line in tally.refused] == refused
        assert tally.notes == notes
        assert databases.contents(there) == databases.contents(here)


def test_each_command_for_one_leaves_the_rows_of_a_file(clinic, tmp_path):
    other = clinic.copy(tmp_path / "other.db")
    people = [("A17", "iop", "fixed-2", "2026-11-01", "Ann Example"), ("a-18", "php", "random-2", "2026-11-20", None)]
    for code, level, schedule, day, name in people:
        clinic.add(code, level=level, schedule=schedule, enrolled=day, **({"name": name} if name else {}))
    text = HEADER + "".join(",".join(cell or "" for cell in cells) + "\n" for cells in people)
    assert "2 imported" in other("participant", "import", "-", input=text)
    for table in ("participant", "enrolment", "placement", "assignment", "audit_entry"):
        query = f"SELECT * FROM {table} ORDER BY id"
        assert other.rows(query) == clinic.rows(query)
    said = '{"enrolled_on": "2026-11-20", "level": "php", "schedule": "random-2"}'
    entry = ("participant add", 2, None, None, None, said)
    columns = "act, participant_id, draw_id, recommendation_id, reason, detail"
    assert other.rows(f"SELECT {columns} FROM audit_entry ORDER BY id")[-1] == entry
    assert "All holds" in other("verify")


@pytest.mark.parametrize("at_a_time", [1, 2, 2_000])
def test_two_lines_of_one_code(clinic, at_a_time):
    text = HEADER + "A17,iop,fixed-2,2026-11-01,\na17,iop,fixed-2,2026-11-01,Ann\nA17,php,fixed-2,2026-11-01,\n"
    with patch.object(participant_lines, "AT_A_TIME", at_a_time):
        done = clinic.run("participant", "import", "-", input=text)
    assert done.stdout == "TRAINING Participants: 1 imported, 1 unchanged, 1 refused.\n"
    assert done.stderr == "-:4: A17 is on record already, with other details; nothing was changed\n"
    assert clinic.rows("SELECT code, name FROM participant") == [("A17", None)]


def test_the_bar_moves_through_all_the_work(clinic, monkeypatch):
    drawn = []
    monkeypatch.setattr(output, "SECONDS_WITHOUT_PROGRESS", 0.0)
    monkeypatch.setattr(output, "_is_watched", lambda: True)
    monkeypatch.setattr(participant_lines, "AT_A_TIME", 1)
    monkeypatch.setattr("rich.progress.Progress.update", lambda self, task, **given: drawn.append(given))
    write = enrolling.Newcomers.write

    def told(newcomers, people):
        drawn.append("written")
        return write(newcomers, people)

    monkeypatch.setattr(enrolling.Newcomers, "write", told)
    clinic("participant", "import", "-", input=HEADER + "A17,iop,fixed-2,2026-11-01,\nB4,iop,fixed-2,2026-11-01,\n")
    steps = [step if step == "written" else step["description"] for step in drawn]
    assert steps[:5] == ["Importing", "Importing", "written", "Importing", "written"], "header, line, line"
    assert set(steps[5:]) == {"Writing the ledger"}
    assert drawn[-1]["completed"] == drawn[-1]["total"] == 2 * 5, "tables that grew by a row for each"


def test_refusals_come_in_the_order_of_the_lines(clinic):
    text = HEADER + "n,iop,fixed-2,2026-11-01,\nA1,iop\nA2,iop,none,2026-11-01,\nA3,iop,fixed-2,2026-11-01,\n"
    done = clinic.run("participant", "import", "-", input=text)
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == ["2", "3", "4"]
    assert clinic.rows("SELECT code FROM participant") == [("A3",)]


@pytest.mark.parametrize("table", ["participant", "enrolment", "placement", "assignment", "audit_entry"])
def test_what_is_changed_in_a_batch_is_named(clinic, table):
    text = HEADER + "".join(f"P{number},iop,fixed-2,2026-11-01,\n" for number in range(4))
    clinic("participant", "import", "-", input=text)
    assert "All holds" in clinic("verify")
    newest = clinic.rows(f"SELECT max(id) FROM {table}")[0][0]
    changed = {
        "participant": "code = 'X', code_key = 'x'",
        "enrolment": "from_on = '2026-11-02'",
        "placement": "level = 'php'",
        "assignment": "schedule_id = 1 + schedule_id",
        "audit_entry": "account = 'somebody'",
    }
    statement = f"UPDATE {table} SET {changed[table]} WHERE id = {newest - 1}"
    assert databases.change(clinic.database, statement, triggers=False) == 1
    assert clinic.run("verify").exit_code == 1
