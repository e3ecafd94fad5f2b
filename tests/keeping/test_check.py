"""`check`: what is wrong with the database's file, its key or its records is named, and nothing is changed."""

import databases
import pytest
from conftest import key_of

pytestmark = pytest.mark.sqlite_only(reason="examines a file")


def wrong(clinic) -> dict[str, str]:
    """What `check` names as wrong; its status says so too, and the file is as it was."""
    import json

    before = clinic.database.read_bytes()
    done = clinic.run("check", "--format", "json")
    found = {line["what"]: line["detail"] for line in json.loads(done.stdout) if line["state"] == "wrong"}
    assert done.exit_code == (1 if found else 0)
    assert done.stderr.removeprefix("TRAINING\n").count("\n") == bool(found)
    assert clinic.database.read_bytes() == before
    return found


def change(clinic, *statements: str) -> None:
    """Change the database behind the program's back."""
    with databases.opened(clinic.database) as connection:
        connection.isolation_level = None
        for statement in statements:
            connection.execute(statement)


def test_a_sound_database_is_said_to_be_so(staffed):
    assert wrong(staffed) == {}
    printed = staffed("check")
    assert "all hold: 1 days, 2 decisions, 2 draws" in printed
    assert staffed("check", "--format", "csv").splitlines()[:2] == [
        "what,state,detail",
        "pages,ok,every page and index holds",
    ]


def test_a_trigger_that_was_dropped_is_missed(staffed):
    change(staffed, "DROP TRIGGER result_refuses_update", "DROP TRIGGER audit_entry_refuses_delete")
    assert wrong(staffed) == {"tables and triggers": "the trigger audit_entry_refuses_delete is missing (1 more)"}


def test_a_trigger_that_lets_through_is_named(staffed):
    change(
        staffed,
        "DROP TRIGGER result_refuses_update",
        "CREATE TRIGGER result_refuses_update BEFORE UPDATE ON result BEGIN SELECT 1; END",
    )
    assert wrong(staffed) == {"tables and triggers": "the trigger result_refuses_update was changed"}


def test_a_trigger_or_table_of_somebody_else_is_named(staffed):
    change(staffed, "CREATE TABLE notes (text)", "DROP INDEX draw_by_day")
    assert wrong(staffed) == {"tables and triggers": "the index draw_by_day is missing (1 more)"}


def test_a_column_that_was_added_is_named(staffed):
    change(staffed, "ALTER TABLE participant ADD COLUMN phone TEXT")
    assert "the table participant was changed" in wrong(staffed)["tables and triggers"]


def test_a_row_that_refers_to_nothing_is_named(staffed):
    change(staffed, "PRAGMA foreign_keys = OFF", "UPDATE draw SET participant_id = 99 WHERE id = 1")
    assert wrong(staffed)["references"] == "row 1 of draw refers to a row of participant that is not there"


def test_a_record_that_was_changed_is_named(staffed):
    change(
        staffed,
        "DROP TRIGGER result_refuses_update",
        "UPDATE result SET note = 'better'",
        "CREATE TRIGGER result_refuses_update BEFORE UPDATE ON result "
        "BEGIN SELECT RAISE(ABORT, 'result is append-only'); END",
    )
    found = wrong(staffed)
    assert list(found) == ["records"]
    assert "A17: the result on record was changed" in found["records"]


def test_a_draw_that_was_changed_is_named(staffed):
    change(staffed, "UPDATE draw SET schedule_version_id = 1 WHERE id = 2")
    assert list(wrong(staffed)) == ["records"]


@pytest.mark.parametrize("which", ["database", "key"])
def test_files_open_to_others_are_named(staffed, which):
    (staffed.database if which == "database" else key_of(staffed.database)).chmod(0o640)
    found = wrong(staffed)
    assert list(found) == (["permissions of the database"] if which == "database" else ["key"])
    assert "chmod 600" in "".join(found.values())


def test_a_missing_key_is_named_and_nothing_is_claimed_of_the_draws(staffed):
    key_of(staffed.database).unlink()
    assert "is missing" in wrong(staffed)["key"]
    assert "records                       unchecked" in staffed.run("check").stdout


def test_another_databases_key_is_named(staffed):
    text = key_of(staffed.database).read_text()
    key_of(staffed.database).write_text(text.replace(text.split()[-2], "00" * 32))
    assert "is not the one" in wrong(staffed)["key"]


@pytest.mark.parametrize("keep", [0, 50, 5_000, 100_000])
def test_a_file_that_was_cut_short_is_damaged_and_the_way_back_is_said(staffed, keep):
    staffed.database.write_bytes(staffed.database.read_bytes()[:keep])
    assert wrong(staffed)
    if keep:
        said = staffed.run("check").stderr
        assert "is damaged. Leave it as it is" in said
        assert "`testing-tracker --database NEW restore FILE`" in said


def test_a_header_that_lets_nothing_be_written_is_damage(staffed):
    content = bytearray(staffed.database.read_bytes())
    content[18] = 5
    staffed.database.write_bytes(content)
    assert "unknown file format 5" in wrong(staffed)["pages"]
    assert "is damaged, so no copy of it was made" in staffed.refused("backup", str(staffed.database.with_name("b.db")))


def test_an_earlier_schema_is_examined_and_not_changed(staffed, tmp_path):
    import gzip
    from pathlib import Path

    released = Path(__file__).parents[1] / "store" / "released" / "schema-0003.db.gz"
    staffed.database.write_bytes(gzip.decompress(released.read_bytes()))
    assert wrong(staffed) == {}
    assert "the next command brings it to" in staffed("check")


def test_a_newer_schema_and_no_database_of_ours_are_named(staffed):
    change(staffed, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in wrong(staffed)["schema"]
    change(staffed, "DROP TABLE alembic_version")
    assert "not a database of testing-tracker" in wrong(staffed)["schema"]


def test_a_command_that_stumbles_over_a_garbled_row_says_that_it_is_damaged(staffed):
    change(staffed, "UPDATE night SET day = 'Monday'")
    assert "The database is damaged; `testing-tracker check` says how" in staffed.refused("today")
    assert "records" in wrong(staffed)


def test_a_fault_of_the_programs_own_is_not_called_damage(staffed, monkeypatch):
    from testing_tracker.services.drawing import nights

    def fail(*arguments, **options):
        raise ZeroDivisionError

    monkeypatch.setattr(nights, "run_night", fail)
    assert isinstance(staffed.run("draw").exception, ZeroDivisionError)


def test_where_there_is_none_it_says_so(staffed):
    staffed.database.unlink()
    assert "There is no database" in staffed.run("check").stderr
