"""`check` of a database on a server: what is wrong is named, and nothing is changed."""

import json

import databases
import pytest
from conftest import MONDAY, Clinic, key_of
from test_postgresql import FIRST_ROWS, bring_to

pytestmark = pytest.mark.postgresql_only


def examined(clinic) -> dict[str, dict[str, str]]:
    """What `check` says of each thing; its status says whether something is wrong, and nothing is changed."""
    before = clinic.contents()
    done = clinic.run("check", "--format", "json")
    found = {line["what"]: line for line in json.loads(done.stdout)}
    assert done.exit_code == any(line["state"] == "wrong" for line in found.values()), done.output
    assert clinic.contents() == before
    return found


def wrong(clinic) -> dict[str, str]:
    return {what: line["detail"] for what, line in examined(clinic).items() if line["state"] == "wrong"}


def test_a_sound_database_is_said_to_be_so(staffed):
    found = examined(staffed)
    assert {what: line["state"] for what, line in found.items()} == {
        "server": "ok",
        "connection": "ok",  # over a socket
        "schema": "ok",
        "pages": "note",
        "references": "ok",
        "tables and triggers": "ok",
        "grants": "note",  # in a database that was copied by hand
        "key": "ok",
        "records": "ok",
    }
    assert found["records"]["detail"] == "all hold: 1 days, 2 decisions, 2 draws"
    assert "not examined" in found["pages"]["detail"]


def test_amcheck_is_used_where_it_is_there(staffed):
    try:
        staffed.change("CREATE EXTENSION amcheck")
    except databases.NO_EXTENSION:
        assert wrong(staffed) == {}
        return
    assert examined(staffed)["pages"]["detail"] == "every index holds"
    assert wrong(staffed) == {}


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["DROP TRIGGER result_refuses_update ON result"], "the trigger result_refuses_update is missing"),
        (["DROP TRIGGER result_refuses_truncate ON result"], "the trigger result_refuses_truncate is missing"),
        (["ALTER TABLE result DISABLE TRIGGER result_refuses_update"], "the trigger result_refuses_update was changed"),
        (
            ["CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"],
            "the function refuse_change was changed",
        ),
        (["CREATE TABLE notes (text text)"], "the table notes was added"),
        (["CREATE VIEW notes AS SELECT 1"], "the view notes was added"),
        (["CREATE RULE quiet AS ON UPDATE TO draw DO INSTEAD NOTHING"], "the rule quiet of draw was added"),
        (["DROP INDEX draw_by_day"], "the index draw_by_day is missing"),
        (
            ["DROP INDEX draw_by_day", "CREATE INDEX draw_by_day ON draw (participant_id)"],
            "the index draw_by_day was changed",
        ),
        (
            [
                "DROP INDEX result_first",
                "CREATE UNIQUE INDEX result_first ON result (draw_id, method) WHERE replaces_id IS NOT NULL",
            ],
            "the index result_first was changed",
        ),
        (["ALTER TABLE participant ADD COLUMN phone text"], "the table participant was changed"),
        (["ALTER TABLE result ALTER COLUMN recorded_by DROP NOT NULL"], "the table result was changed"),
        (["ALTER TABLE draw DROP CONSTRAINT draw_kind_is_known"], "the constraint draw_kind_is_known is missing"),
        (
            [
                "ALTER TABLE draw DROP CONSTRAINT draw_kind_is_known",
                "ALTER TABLE draw ADD CONSTRAINT draw_kind_is_known CHECK (kind IN ('fixed', 'random', 'for-cause', "
                "'imported', 'invented'))",
            ],
            "the constraint draw_kind_is_known was changed",
        ),
        (
            ["ALTER TABLE finding DROP CONSTRAINT finding_facility_id_result_id_refers"],
            "the constraint finding_facility_id_result_id_refers is missing",
        ),
        (["ALTER TABLE draw DISABLE ROW LEVEL SECURITY"], "the row-level security of draw was changed"),
        (["ALTER TABLE look NO FORCE ROW LEVEL SECURITY"], "the row-level security of look was changed"),
        (["DROP POLICY of_own_facilities ON result"], "the policy of_own_facilities of result is missing"),
        (["CREATE POLICY mine ON draw USING (true)"], "the policy mine of draw was added"),
        (
            ["ALTER POLICY of_own_facilities ON facility USING (true)"],
            "the policy of_own_facilities of facility was changed",
        ),
        (["ALTER POLICY of_owner ON staff TO PUBLIC"], "the policy of_owner of staff was changed"),
        (
            ["ALTER FUNCTION facilities_of_session() SECURITY INVOKER"],
            "the function facilities_of_session was changed",
        ),
        (
            ["ALTER FUNCTION facilities_of_session() SET search_path = public"],
            "the function facilities_of_session was changed",
        ),
        (["DROP FUNCTION let_staff_work()"], "the function let_staff_work is missing"),
        (["ALTER FUNCTION let_staff_work() RESET ALL"], "the function let_staff_work was changed"),
        (
            ["CREATE ROLE r LOGIN", "ALTER FUNCTION let_staff_work() OWNER TO r", "DROP OWNED BY r; DROP ROLE r"],
            "the function let_staff_work is missing",
        ),
    ],
)
def test_what_differs_from_what_the_program_made_is_named(staffed, statements, told):
    staffed.change(*statements)
    assert wrong(staffed) == {"tables and triggers": told}


def test_a_row_that_refers_to_nothing_is_named(staffed):
    databases.change(
        staffed.database, "SET session_replication_role = replica", "UPDATE draw SET participant_id = id + 98"
    )
    found = wrong(staffed)
    assert found == {"references": "row 1 of draw refers to a row of participant that is not there (1 more)"}
    assert "is damaged. Leave it as it is" in staffed.run("check").stderr


def test_a_reference_that_nothing_enforces_is_named(staffed):
    staffed.change("ALTER TABLE finding DISABLE TRIGGER ALL")
    assert "finding.result_id may refer to a row of result" in wrong(staffed)["references"]


def test_a_record_that_was_changed_is_named(staffed):
    databases.change(staffed.database, "SET session_replication_role = replica", "UPDATE result SET note = 'better'")
    found = wrong(staffed)
    assert list(found) == ["records"]
    assert "A17: the result on record was changed" in found["records"]


def test_a_missing_key_and_one_open_to_others_are_named(staffed):
    key_of(staffed.database).chmod(0o640)
    assert "chmod 600" in wrong(staffed)["key"]
    key_of(staffed.database).unlink()
    found = examined(staffed)
    assert "is missing" in found["key"]["detail"]
    assert found["records"]["state"] == "unchecked"


def test_an_earlier_and_a_newer_schema_and_no_database_of_ours_are_named(staffed, tmp_path):
    old = Clinic(tmp_path / "old.db", MONDAY)
    bring_to(old, "0001")
    old.change(*FIRST_ROWS)
    assert wrong(old) == {}
    assert "`testing-tracker migrate` brings it to" in old("check")
    staffed.change("UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in wrong(staffed)["schema"]
    assert "not a database of testing-tracker" in wrong(Clinic(tmp_path / "empty.db", MONDAY))["schema"]


def test_where_there_is_none_it_says_so(staffed):
    databases.drop(staffed.database)
    assert "There is no database" in staffed.run("check").stderr
