"""Backups of a database on a server: a good copy or none, no password anywhere, and the way back."""

import shutil
import stat
import subprocess
import time
from pathlib import Path

import databases
import pytest
from conftest import MONDAY, Clinic, key_of, made_once
from test_postgresql import FIRST_ROWS, bring_to
from their_process import asking

from testing_tracker.errors import TestingTrackerError
from testing_tracker.services.keeping import server_backups
from testing_tracker.store.engine import SCHEMA_VERSION
from testing_tracker.store.server import dumps

pytestmark = pytest.mark.postgresql_only
THURSDAY = "2026-11-19"


@made_once
def staffed(clinic):
    """Two participants are due on Monday, and one has a result."""
    clinic.add("A17", "B04", name="Ann Öst")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")


@pytest.fixture
def file(tmp_path) -> Path:
    """Where the backup goes."""
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere" / "monday.dump"


@pytest.fixture
def new(tmp_path) -> Clinic:
    """An empty database."""
    return Clinic(tmp_path / "empty.db", MONDAY)


def in_folder(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


class TestMaking:
    def test_a_backup_holds_every_row_for_its_owner_alone(self, staffed, file, new):
        before = staffed.contents()
        assert "up to page 5," in staffed("backup", str(file))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert in_folder(file) == ["monday.dump"]
        new("restore", str(file))
        added = [line for line in new.contents() if line not in before]
        assert sorted(line.split()[0] for line in added) == ["audit_entry", "ledger_page"]
        assert "backup restore" in added[0]
        assert set(before) <= set(new.contents())

    def test_one_that_a_server_of_commands_makes_is_written_by_the_persons_own_process(self, staffed, file, new):
        words = ["backup", "monday.dump"]
        with asking(words, file.parent):
            assert f"{file}: a copy of My facility" in staffed(*words)
            assert "something at" in staffed.refused(*words)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert in_folder(file) == ["monday.dump"]
        new("restore", str(file))
        assert new.rows("SELECT code FROM participant ORDER BY code") == [("A17",), ("B04",)]

    def test_that_it_was_made_is_on_record_and_where_it_is_is_not(self, staffed, file):
        staffed("backup", str(file))
        ((detail,),) = staffed.rows("SELECT detail FROM audit_entry WHERE act = 'backup make'")
        assert detail == f'{{"page": 5, "schema": "{SCHEMA_VERSION}"}}'
        assert "All holds" in staffed("verify")

    def test_the_key_is_not_in_it(self, staffed, file):
        assert "The key of the draws is not in it" in staffed("backup", str(file))
        seed = key_of(staffed.database).read_text().split()[-1]
        assert seed.encode() not in file.read_bytes()

    def test_what_stands_there_is_left_alone(self, staffed, file, new):
        staffed("backup", str(file))
        before = file.read_bytes()
        staffed("missed", "B04")
        assert "give another place, or --overwrite" in staffed.refused("backup", str(file))
        assert file.read_bytes() == before
        staffed("backup", "--overwrite", str(file))
        new("restore", str(file))
        assert new.rows("SELECT count(*) FROM draw WHERE status = 'missed'") == [(1,)]
        own = str(key_of(staffed.database))
        assert "is the key of the draws itself" in staffed.refused("backup", "--overwrite", own)
        assert "is a folder" in staffed.refused("backup", str(file.parent))

    def test_a_copy_is_of_one_moment_though_somebody_writes_meanwhile(self, staffed, file, new, monkeypatch):
        dump = dumps.Tools.dump

        def write_and_dump(tools, made, snapshot):
            staffed("result", "B04", "negative")
            dump(tools, made, snapshot)

        monkeypatch.setattr(dumps.Tools, "dump", write_and_dump)
        assert "up to page 5," in staffed("backup", str(file))
        new("restore", str(file))
        assert new.rows("SELECT count(*) FROM result") == [(1,)]

    def test_the_password_is_in_no_command_and_in_no_output(self, staffed, file, tmp_path, monkeypatch):
        (tmp_path / "bin").mkdir()
        real = dumps.find_tool("pg_dump", 13)
        false = tmp_path / "bin" / "pg_dump"
        seen = tmp_path / "seen"
        false.write_text(
            '#!/bin/sh\n[ "$1" = --version ] || { echo "$@" >'
            + f"{seen}.command; echo $PGPASSWORD >{seen}.secret; }}\n"
            f'exec {real} "$@"\n'
        )
        false.chmod(0o700)
        monkeypatch.setenv("PATH", str(false.parent), prepend=":")
        url = staffed.url.replace("postgres@", "postgres:hid%25den@") + "&sslmode=disable"
        done = staffed.run("--database", url, "backup", str(file))
        assert done.exit_code == 0, done.output
        command = Path(f"{seen}.command").read_text()
        assert "user=postgres" in command
        assert "sslmode=disable" in command
        assert Path(f"{seen}.secret").read_text() == "hid%den\n"
        false.write_text(
            '#!/bin/sh\necho "pg_dump (PostgreSQL) 15.4"\necho "pg_dump: error: no $PGPASSWORD" >&2; exit 1'
        )
        failed = staffed.run("--database", url, "backup", "--overwrite", str(file))
        assert "pg_dump made no copy of" in failed.stderr
        assert not [text for text in (command, done.output, failed.output) if "hid" in text]

    def test_a_password_among_the_options_of_the_url_is_one_too(self, staffed, file):
        url = f"{staffed.url}&password=hidden"
        told = staffed.run("--database", url, "backup", str(file)).output
        assert "a copy of" in told
        assert "hidden" not in told

    def test_a_server_that_ends_idle_transactions_does_not_end_it(self, staffed, file, monkeypatch):
        name = databases.name_of(staffed.database)
        staffed.change(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = 1000")
        dump = dumps.Tools.dump

        def dump_slowly(*arguments):
            time.sleep(2)  # longer than the server lets a transaction idle; all others of a loaded machine are shorter
            dump(*arguments)

        monkeypatch.setattr(dumps.Tools, "dump", dump_slowly)
        assert "a copy of" in staffed("backup", str(file))

    def test_the_password_of_a_certificates_key_is_refused_before_anything_is_shown(self, staffed, file):
        done = staffed.run("--database", f"{staffed.url}&sslpassword=hidden", "backup", str(file))
        assert (done.exit_code, "(sslpassword)" in done.stderr) == (1, True), done.output
        assert "hidden" not in done.output

    def test_a_pg_dump_that_fails_leaves_nothing_behind(self, staffed, file, monkeypatch):
        staffed.change("CREATE TABLE locked (id int)", "REVOKE ALL ON locked FROM PUBLIC")
        role = f"b_{databases.name_of(staffed.database)}"
        databases.make_role(role)
        staffed("staff", "add", role, "--role", "manager")
        staffed.change(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", f"REVOKE ALL ON locked FROM {role}")
        url = staffed.url.replace("postgres@", f"{role}@")
        done = staffed.run("--database", url, "backup", "--despite", "the table is ours", str(file))
        assert (done.exit_code, "permission denied for table locked" in done.stderr) == (1, True), done.output
        assert done.stderr.count("\n") == 1
        assert in_folder(file) == []
        databases.drop(staffed.database)
        databases.drop_role(role)

    @pytest.mark.parametrize(("there", "said"), [([], "there is none here"), ([11, 12], "the newest one here is 12")])
    def test_without_a_pg_dump_that_knows_the_server_it_says_what_to_install(
        self, staffed, file, tmp_path, monkeypatch, there, said
    ):
        monkeypatch.setattr(dumps, "_candidates", lambda name: [pretended(tmp_path, name, one) for one in there])
        told = staffed.refused("backup", str(file))
        assert said in told
        assert "apt-get install postgresql-client-" in told
        assert in_folder(file) == []

    def test_the_tool_of_the_servers_own_version_is_taken_or_the_next_later_one(self, tmp_path, monkeypatch):
        there = [pretended(tmp_path, "pg_restore", version) for version in (17, 14, 16)]
        monkeypatch.setattr(dumps, "_candidates", lambda name: there)
        assert dumps.find_tool("pg_restore", 16) == there[2]
        assert dumps.find_tool("pg_restore", 15) == there[2]
        assert dumps.find_tool("pg_restore", 13) == there[1]
        with pytest.raises(TestingTrackerError, match="PostgreSQL 18, which needs pg_restore 18 or later"):
            dumps.find_tool("pg_restore", 18)

    def test_one_of_an_earlier_schema_is_copied_before_it_is_migrated(self, tmp_path, file, new):
        old = Clinic(tmp_path / "old.db", MONDAY)
        bring_to(old, "0001")
        old.change(*FIRST_ROWS)
        before = old.contents()
        done = old.run("backup", str(file))
        assert (done.exit_code, "earlier schema 0001" in done.stderr) == (0, True), done.output
        assert old.contents() == before
        done = new.run("restore", str(file))
        assert (done.exit_code, "by `testing-tracker migrate`" in done.stderr) == (0, True), done.output
        assert new.contents() == before
        assert "brought from schema 0001" in new("migrate", "--yes")
        assert new.status("A17", "2026-11-12") == "collected positive"


def pretended(folder: Path, name: str, version: int) -> Path:
    """A program that only tells its version."""
    path = folder / f"{name}-{version}"
    path.write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) {version}.3 (Debian)"\n')
    path.chmod(0o700)
    return path


class TestRestore:
    def test_the_next_night_finds_the_gaps_and_new_rows_follow_on(self, staffed, file, new):
        staffed("backup", str(file))
        done = new.run("restore", str(file))
        assert "up to page 5, newest entry of 2026-11-16 12:00" in done.stdout
        assert f"The key file {key_of(new.database)} is missing" in done.stderr
        shutil.copy(key_of(staffed.database), key_of(new.database))
        new.today = THURSDAY
        assert "did not run on the 2 days" in new.run("draw").stderr
        new.add("C01")
        assert "All holds" in new("verify")
        assert "all hold" in new("check")

    def test_what_the_key_has_sealed_since_is_told_until_a_manager_acknowledges_it(self, staffed, file, new):
        staffed("backup", str(file))
        staffed.today = new.today = "2026-11-17"
        staffed("draw")
        shutil.copy(key_of(staffed.database), key_of(new.database))
        told = " ".join(new.run("restore", str(file)).stderr.split())
        assert "in the night of 2026-11-17, and this copy goes up to page 5" in told
        assert "key acknowledge --reason TEXT" in told
        assert "is not the one that the key sealed that night" in new.run("verify").stderr
        printed = new("key", "acknowledge", "--reason", "the disk failed")
        assert f"went up to page 5, its last night was that of {MONDAY}; what came after it is lost" in printed
        new("draw")
        assert "All holds: 2 days" in new("verify")

    def test_what_only_grows_cannot_be_altered_in_it(self, staffed, file, new):
        staffed("backup", str(file))
        new("restore", str(file))
        with pytest.raises(databases.REFUSALS, match="append-only"):
            new.change("UPDATE result SET note = 'x'")

    @pytest.mark.parametrize(
        "statements",
        [
            [
                "CREATE FUNCTION lies() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TRIGGER lies BEFORE INSERT ON draw FOR EACH ROW EXECUTE FUNCTION lies()",
            ],
            ["CREATE VIEW lies AS SELECT code FROM participant"],
            ["CREATE RULE lies AS ON UPDATE TO draw DO INSTEAD NOTHING"],
            ["DROP TRIGGER result_refuses_update ON result"],
        ],
    )
    def test_what_the_program_did_not_make_is_not_passed_on(self, staffed, file, new, statements):
        staffed.change(*statements)
        told = "result_refuses_update" if "DROP" in statements[0] else "lies"
        refused = staffed.refused("backup", str(file))
        assert "what is on record does not hold" in refused
        assert told in refused
        dump_of(staffed, file)
        done = new.run("restore", str(file))
        if done.exit_code:
            assert told in done.stderr
            assert new.contents() == []
        else:  # what is no part of a table stays where it is
            assert "as the program made them" in new.run("check").stdout

    def test_a_dump_made_by_hand_is_as_good(self, staffed, file, new):
        dump_of(staffed, file)
        new("restore", str(file))
        assert set(staffed.contents()) <= set(new.contents())

    def test_only_into_an_empty_database(self, staffed, file, new):
        staffed("backup", str(file))
        assert "There is a testing_tracker database at" in staffed.refused("restore", str(file))
        new.change("CREATE TABLE invoices (id int)")
        assert "is in use for something else (it has invoices)" in new.refused("restore", str(file))

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "There is no file"),
            (b"", "is not a backup of a database on a server"),
            (b"participant,level\n" * 500, "is not a backup of a database on a server"),
            (b"SQLite format 3\0" + bytes(100), "is a backup of a database that is a file"),
            (b"\x89TT\x01" + bytes(100), "is a backup of a database that is a file"),  # an encrypted one
            (b"PGDMP" + bytes(100), "is damaged, or of a later version"),
        ],
    )
    def test_what_is_no_backup_is_refused(self, new, file, content, message):
        if content is not None:
            file.write_bytes(content)
        assert message in new.refused("restore", str(file))

    @pytest.mark.parametrize("keep", [0.3, 0.98])
    def test_one_that_was_cut_short_is_refused(self, staffed, file, new, keep):
        staffed("backup", str(file))
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * keep)])
        assert "is damaged" in new.refused("restore", str(file))

    def test_another_programs_dump_is_refused(self, new, file, tmp_path):
        other = Clinic(tmp_path / "other.db", None)
        other.change("CREATE TABLE invoices (id int)")
        dump_of(other, file)
        assert "is not a backup of testing-tracker's database" in new.refused("restore", str(file))

    def test_one_of_a_newer_program_is_refused(self, staffed, file, new):
        staffed.change("UPDATE alembic_version SET version_num = '9999'")
        dump_of(staffed, file)
        assert "made by a newer version" in new.refused("restore", str(file))

    def test_one_whose_records_were_changed_only_when_that_is_accepted(self, staffed, file, new):
        databases.change(staffed.database, "UPDATE result SET note = 'better'", triggers=False)
        staffed("backup", "--despite", "there is no other", str(file))
        assert "changed behind the program's back" in new.refused("restore", str(file))
        assert new.contents() == []
        assert new.rows("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == [(0,)]
        assert "were not compared" in new.run("restore", "--accept-changed", str(file)).stderr
        shutil.copy(key_of(staffed.database), key_of(new.database))
        assert "A17: the result on record was changed" in new.refused("verify")

    def test_rows_that_do_not_fit_are_refused_in_one_line_without_them(self, staffed, file, new):
        databases.change(staffed.database, "UPDATE draw SET participant_id = 77 WHERE id = 1", triggers=False)
        dump_of(staffed, file)
        said = new.refused("restore", str(file))
        assert "pg_restore could not bring" in said
        assert "violates foreign key constraint" in said
        assert "=(77)" not in said

    def test_while_it_is_looked_into_nobody_takes_it_for_a_database(self, staffed, file, new, monkeypatch):
        seen = []
        finish = server_backups._finish

        def look(*arguments, **options):
            seen.append(new.run("due"))
            return finish(*arguments, **options)

        staffed("backup", str(file))
        monkeypatch.setattr(server_backups, "_finish", look)
        new("restore", str(file))
        assert (seen[0].exit_code, "has no tables of testing-tracker" in seen[0].stderr) == (1, True)
        assert new.run("due").exit_code == 0

    def test_roles_of_the_old_server_are_not_needed(self, staffed, file, new):
        role = f"r_{databases.name_of(staffed.database)}"
        databases.make_role(role)
        staffed.change(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", f"ALTER TABLE draw OWNER TO {role}")
        staffed("backup", "--despite", "the owner left", str(file))
        databases.drop(staffed.database)
        databases.drop_role(role)
        new("restore", str(file))
        assert new.status("A17") == "collected positive"


def dump_of(clinic: Clinic, file: Path) -> None:
    """A copy by hand, of whatever is there."""
    command = [dumps.find_tool("pg_dump", 13), "--format=custom", f"--file={file}", f"--dbname={clinic.url}"]
    subprocess.run(command, check=True)


def test_a_dump_is_not_brought_back_to_a_file(staffed, file, tmp_path):
    staffed("backup", str(file))
    place = tmp_path / "new.db"
    done = staffed.run("--database", str(place), "restore", str(file))
    assert (done.exit_code, "is a backup of a database on a server" in done.stderr) == (1, True)
    assert not place.exists()
