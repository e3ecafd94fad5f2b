"""`verify`: whatever is changed behind the program's back is found, and what the program does is not."""

from datetime import date
from itertools import count
from pathlib import Path

import databases
import pytest
from conftest import Clinic

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.store.engine import make_engine, reading_all, writing
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.ledger import rows
from testing_tracker.store.location import locate
from testing_tracker.store.tables import Look

# What may change, and says nothing about what happened.
FREE = {("facility", "turn")}
# The clinic here has no rule of checking in; test_every_cell.py tries the tables of it.
OF_CHECK_IN = {"check_in_rule", "card", "check_in", "check_in_day", "outage", "strangers_seen"}
CHECKED = [*(table for table in rows.COLUMNS if table not in OF_CHECK_IN), "ledger_page"]
BOUNDED = """
title = "Two a week, one to three, never more than five days apart"
[draw]
kind = "random"
per_week = 2
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
min_per_week = 1
max_per_week = 3
max_gap_days = 5
[closed]
holidays = "US"
[collection]
[response]
"""


ROTATING = """
title = "Every day, one of three panels"
[draw]
kind = "random"
per_week = 7
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
[collection]
panels = [["cocaine", "fentanyl"], ["alcohol"], ["buprenorphine", "cannabinoids"]]
[response]
"""
PAST = "participant,due_on,status,outcome,analytes,reason\nB1,2026-11-18,missed,,,\n"


@pytest.fixture(scope="module")
def lived_in(made_clinic, tmp_path_factory) -> Path:
    """A clinic after nine nights in which most of what can happen has happened."""
    folder = tmp_path_factory.mktemp("lived in")
    clinic = copy_of(made_clinic, folder)
    clinic.add("A17", "A18", schedule="random-2")
    clinic.add("B1", schedule="fixed-2", level="php")
    (folder / "bounded.toml").write_text(BOUNDED)
    clinic("schedule", "load", str(folder / "bounded.toml"))
    clinic.add("C1", "C2", schedule="bounded")
    (folder / "rotating.toml").write_text(ROTATING)
    clinic("schedule", "load", str(folder / "rotating.toml"))
    clinic.add("R1", "R2", schedule="rotating")
    clinic("prescription", "add", "R1", "buprenorphine")
    clinic("prescription", "add", "R2", "methadone", "--prescriber", "Dr Lee")
    clinic("prescription", "end", "R2", "methadone", "--on", "2026-11-20", "--reason", "tapered")
    clinic("participant", "rename", "A18", "A19", "--reason", "typed wrong")
    clinic("participant", "rename", "A19", "A18", "--name", "Jane Example", "--reason", "it was right")
    clinic("draw")
    clinic("result", "B1", "positive", "--analyte", "coc")
    clinic("confirmation", "send", "B1", "--lab", "Northside")
    clinic("confirmation", "cancel", "B1", "--reason", "admitted")
    measured = ("--specimen-id", "S-1", "--creatinine", "80", "--collector", "nurse 4", "--collected-at", "09:00")
    clinic("result", "R1", "positive", "--analyte", "bup", *measured)
    clinic("specimen", "handover", "S-1", "--to", "courier")
    clinic("specimen", "handover", "S-1", "--to", "Northside")
    clinic("result", "R1", "positive", "--analyte", "bup=20", "--definitive", "--lab", "Northside")
    clinic("unable", "R2")
    clinic.add("N1", schedule="random-3", level="outpatient")
    clinic("draw")
    for day in (17, 18, 20, 21, 22, 23, 24):  # no run on the 19th
        clinic.today = f"2026-11-{day}"
        if day == 18:
            clinic("participant", "leave", "A17", "2026-11-20", "2026-11-30", "--reason", "travel")
            clinic("participant", "set-schedule", "A18", "bounded")
        if day == 21:
            clinic("participant", "return", "A17", "--on", "2026-11-22", "--reason", "back early")
            clinic("test", "C1", "--reason", "seemed intoxicated")
            clinic("result", "C1", "negative", "--for-cause")
            (folder / "bounded.toml").write_text(BOUNDED.replace("max_gap_days = 5", "max_gap_days = 6"))
            clinic("schedule", "load", str(folder / "bounded.toml"))
            clinic("history", "import", "-", input=PAST)
        if day == 23:
            clinic("participant", "discharge", "N1", "--on", "2026-11-21", "--reason", "moved away")
            clinic.add("X1", "X2", enrolled="2026-11-20")
            clinic("participant", "join", "X1", "B1", "--reason", "enrolled twice", "--yes")
            clinic("participant", "cancel", "X2", "--reason", "never came")
            clinic.add("C9", schedule="fixed-2")
            clinic("participant", "join", "C9", "C2", "--reason", "enrolled twice", "--yes")
        clinic("draw")
    clinic("amend", "B1", "--on", "2026-11-16", "negative", "--reason", "cups swapped")
    clinic("missed", "B1", "--on", "2026-11-23")
    clinic("report", "weekly")
    clinic("facility", "close", "2026-11-27", "--reason", "a burst pipe")
    clinic("facility", "open", "2026-11-27", "--reason", "mended")
    clinic("facility", "rename", "Harbor House", "--reason", "moved")
    clinic("facility", "timezone", "America/Denver", "--from", "2026-12-01", "--reason", "moved")
    clinic("participant", "show", "R1", "--names")
    clinic("participant", "list", "--format", "csv")
    for account in ("nurse", "lee"):
        clinic("staff", "add", account, "--role", "nurse")
    for day in (28, 29):  # a clock that was ahead
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    clinic.today = "2026-11-24"
    engine = make_engine(locate(clinic.url))
    with writing(engine, None, databases.clock_of(date(2026, 11, 24)), SHIPPED) as work:
        for detail in (None, "of its week"):
            work.write(Look(participant_id=1, command="report participant", detail=detail))
    engine.dispose()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chance, "new_seed", lambda: bytes(range(100, 132)))
        clinic("draw", "--take-back", "--yes", "--reason", "the clock was ahead")
    return clinic.database


def copy_of(database: Path, folder: Path) -> Clinic:
    databases.copy(database, folder / "copy.db")
    return Clinic(folder / "copy.db", "2026-11-16")


@pytest.fixture
def clinic(lived_in, tmp_path) -> Clinic:
    clinic = copy_of(lived_in, tmp_path)
    clinic.today = "2026-11-24"
    return clinic


def behind_its_back(clinic: Clinic, *statements: str) -> int:
    """Change the database as somebody with the file could; returns how many rows were changed."""
    return databases.change(clinic.database, *statements, triggers=False)


def test_what_the_program_does_holds(clinic):
    printed = clinic("verify")
    assert "All holds: 9 days" in printed
    assert clinic.json("verify")["problems"] == []


def test_bounds_and_gaps_and_newcomers_are_among_what_was_verified(clinic):
    assert clinic.rows("SELECT count(*) FROM pool WHERE NOT ran AND day < '2026-11-24'") == [(1,)]
    assert clinic.rows("SELECT count(*) FROM pool WHERE day = '2026-11-16'") == [(2,)]
    assert clinic.rows("SELECT count(*) FROM schedule_version WHERE chances IS NOT NULL") == [(2,)]
    drawn = (
        "SELECT count(*) FROM draw JOIN participant p ON p.id = participant_id WHERE kind = 'random' AND code = '{}'"
    )
    assert all(clinic.rows(drawn.format(code)) >= [(1,)] for code in ("C1", "C2"))


def test_every_act_on_record_is_known(clinic):
    acts = {act for (act,) in clinic.rows("SELECT DISTINCT act FROM audit_entry")}
    assert len(acts) > 35
    assert acts <= set(Act)


def columns(database: Path) -> list[tuple[str, str]]:
    return [column for table in CHECKED for column in databases.columns(database, table) if column not in FREE]


@pytest.fixture
def tampered(lived_in, tmp_path):
    """Makes one change in a copy of its own, and says what `verify` leaves with."""
    numbers = count()

    def tamper(statement: str) -> tuple[int, int, str]:
        folder = tmp_path / f"tampered {next(numbers)}"
        folder.mkdir()
        clinic = copy_of(lived_in, folder)
        clinic.today = "2026-11-24"
        changed = behind_its_back(clinic, statement)
        done = clinic.run("verify")
        return changed, done.exit_code, done.stderr[: len("Error:")]

    return tamper


def test_a_change_of_any_cell_of_any_row_that_it_reads_is_found(tampered, lived_in, tmp_path):
    """Each column of each table, in turn in the first and in the last row. On a server every third.

    The ledger is asked, which `verify` asks; what it does not see and one in six are left to the whole command.
    """
    all_columns = columns(lived_in)
    assert len(all_columns) > 100
    for number, (table, column) in enumerate(all_columns[:: 3 if databases.SERVER else 1]):
        which = "max" if number % 2 else "min"
        another = databases.another_value(lived_in, table, column)
        statement = f"UPDATE {table} SET {column} = {another} WHERE id = (SELECT {which}(id) FROM {table})"
        if number % 6 == 0 or not is_seen_by_the_ledger(lived_in, tmp_path / str(number), statement):
            assert tampered(statement) == (1, 1, "Error:"), (table, column, which)


def is_seen_by_the_ledger(lived_in, folder, statement: str) -> bool:
    folder.mkdir()
    clinic = copy_of(lived_in, folder)
    assert behind_its_back(clinic, statement) == 1
    engine = make_engine(locate(clinic.url))
    try:
        with reading_all(engine) as session:
            return ledger.first_broken_page(session, 1) is not None
    except TestingTrackerError:
        return False  # a page that cannot be read; the command has to say so
    finally:
        engine.dispose()


def test_a_row_removed_from_any_table_that_it_reads_is_found(tampered):
    for table in CHECKED:
        for which in ("min", "max"):
            found = tampered(f"DELETE FROM {table} WHERE id = (SELECT {which}(id) FROM {table})")
            assert found == (1, 1, "Error:"), (table, which)


DRAW = "(SELECT min(d.id) FROM draw d JOIN participant p ON p.id = d.participant_id WHERE code = 'C2')"


def first_draw(clinic: Clinic, code: str) -> str:
    ((day,),) = clinic.rows(
        f"SELECT min(due_on) FROM draw d JOIN participant p ON p.id = d.participant_id WHERE code = '{code}'"
    )
    return day


def test_a_draw_that_was_deleted_is_found_by_day_and_participant(clinic):
    day = first_draw(clinic, "C2")
    behind_its_back(clinic, f"DELETE FROM draw WHERE id = {DRAW}")
    assert clinic.refused("verify").startswith(f"{day}, C2: was drawn, and there is no draw on record")


def test_a_draw_moved_to_another_participant_is_found(clinic):
    day = first_draw(clinic, "C2")
    behind_its_back(
        clinic,
        f"DELETE FROM draw WHERE participant_id = (SELECT id FROM participant WHERE code = 'A18') AND due_on = '{day}'",
        f"UPDATE draw SET participant_id = (SELECT id FROM participant WHERE code = 'A18') WHERE id = {DRAW}",
    )
    assert clinic.refused("verify").startswith(f"{day}, ")


def test_a_draw_moved_to_another_day_is_found(clinic):
    day = first_draw(clinic, "C2")
    behind_its_back(clinic, f"UPDATE draw SET due_on = '2026-11-19' WHERE id = {DRAW}")
    assert clinic.refused("verify").startswith(f"{min(day, '2026-11-19')}, C2: ")


@pytest.mark.parametrize("day", ["2026-11-19", "2026-11-24", "2026-11-25", "2026-11-10"])
def test_a_draw_that_was_added_is_found(clinic, day):
    behind_its_back(
        clinic,
        "INSERT INTO draw (facility_id, participant_id, due_on, kind, status, schedule_version_id, recorded_at) "
        f"SELECT 1, id, '{day}', 'random', 'missed', 1, '{day} 20:00:00.000000' FROM participant WHERE code = 'N1'",
    )
    assert clinic.refused("verify").startswith(f"{day}, N1: has a draw on record")


def test_a_draw_that_only_says_another_status_is_found(clinic):
    behind_its_back(clinic, "UPDATE draw SET status = 'excused' WHERE status = 'missed' AND kind = 'fixed'")
    assert "B1: the draw is on record as excused, and the audit table does not lead to that" in clinic.refused("verify")


def test_a_leave_that_was_made_longer_is_found_by_participant(clinic):
    behind_its_back(clinic, "UPDATE leave SET from_on = '2026-11-17' WHERE id = 1")
    found = clinic.json_of_refused("verify")
    assert ("2026-11-18", "A17", "the leave on record was changed or added behind the program's back") in found


def test_a_leave_that_was_slipped_in_is_found(clinic):
    behind_its_back(
        clinic,
        "INSERT INTO leave (facility_id, participant_id, from_on, to_on, reason, recorded_at, recorded_by) "
        "VALUES (1, 1, '2026-11-16', '2026-11-18', 'x', '2026-11-16 20:00:00.000000', 'root')",
    )
    assert "A17: the leave on record was added behind the program's back" in clinic.refused("verify")


def test_a_ledger_written_anew_is_found_by_the_seal(clinic):
    """Whoever knows the program can write new pages over changed records, but has not the key to seal them."""
    from testing_tracker.store.engine import open_engine, writing_all

    behind_its_back(clinic, "UPDATE leave SET reason = 'jail' WHERE id = 1", "DELETE FROM ledger_page")
    engine = open_engine(clinic.location)
    with writing_all(engine, has_tables=False):
        pass  # its page is over all rows since the last one
    engine.dispose()
    assert "not the ones that it sealed" in clinic.refused("verify")


def test_the_first_that_does_not_hold_is_named_and_how_many_more(clinic):
    behind_its_back(clinic, "DELETE FROM draw WHERE kind = 'random'")
    assert "There is more that does not hold" in clinic.refused("verify")
    assert len(clinic.json_of_refused("verify")) > 3


def test_verifying_changes_nothing(clinic):
    before = clinic.contents()
    clinic("verify")
    assert clinic.contents() == before


FALSE = "false" if databases.SERVER else "0"


def test_a_try_that_a_draw_does_not_say_any_more_is_found(clinic):
    """R2 tried on the first day, and nothing came of it."""
    assert behind_its_back(clinic, f"UPDATE draw SET unable = {FALSE} WHERE unable <> {FALSE}") == 1
    found = clinic.json_of_refused("verify")
    assert ("2026-11-16", "R2", "the draw on record does not say what its results lead to") in found
