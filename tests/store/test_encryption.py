"""An encrypted database's file is noise to whoever has not its key, and a database like every other to whoever has."""

import json
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

import databases
import pytest
from by_cron import run_by_cron
from conftest import MONDAY, Clinic, key_of
from test_upgrades import RELEASED, rows

from testing_tracker import account
from testing_tracker.store import copies, sqlite_file
from testing_tracker.store.encryption import encrypted_file, key_place
from testing_tracker.store.encryption.beginning import MARK
from testing_tracker.store.encryption.encryption_key import EncryptionKey, read_key

pytestmark = pytest.mark.sqlite_only(reason="a server's disk is its administrator's")

VARIABLE = key_place.VARIABLE
# What a clinic's records are about, and what their tables and columns are called.
READABLE = ("A17-SECRET", "B04-SECRET", "cocaine", "Harbor House", "her note", "random-2", "participant", "due_on")


@pytest.fixture
def stick(tmp_path, monkeypatch) -> Path:
    """Where the key is, apart from the database; the environment says so."""
    folder = tmp_path / "stick"
    folder.mkdir()
    monkeypatch.setenv(VARIABLE, f"file:{folder / 'key'}")
    return folder / "key"


@pytest.fixture
def encrypted(tmp_path, stick) -> Clinic:
    """An encrypted clinic with a result and a note."""
    clinic = Clinic(tmp_path / "clinic" / "clinic.db", MONDAY)
    clinic("init", "--encrypted", "--training", "--facility", "Harbor House", "--timezone", "America/Los_Angeles")
    live(clinic)
    return clinic


def live(clinic: Clinic) -> None:
    clinic.add("A17-SECRET", "B04-SECRET")
    clinic("draw")
    clinic("result", "A17-SECRET", "positive", "--analyte", "cocaine", "--note", "her note")


@pytest.fixture
def plain(tmp_path) -> Clinic:
    clinic = Clinic(tmp_path / "clinic" / "clinic.db", MONDAY)
    clinic("init", "--training", "--facility", "Harbor House", "--timezone", "America/Los_Angeles")
    live(clinic)
    return clinic


def readable_in(folder: Path) -> dict[str, list[str]]:
    """What can be read in any of the files below a folder, in whatever way text is kept."""
    words = [*READABLE, account.current_account() + "\0"]
    found = {}
    for file in folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        there = [
            word for word in words if any(word.encode(way).lower() in content.lower() for way in ("utf-8", "utf-16-le"))
        ]
        if there:
            found[file.name] = there
    return found


def test_what_can_be_read_is_found_in_a_plain_one(plain, tmp_path):
    """Else the tests below could not fail."""
    assert set(readable_in(tmp_path)["clinic.db"]) >= set(READABLE)


def test_a_stolen_file_is_noise(encrypted, tmp_path):
    encrypted("backup", str(tmp_path / "backup.db"))
    assert readable_in(tmp_path) == {}
    for file in (encrypted.database, tmp_path / "backup.db"):
        content = file.read_bytes()
        assert content[:4] == MARK
        counts = [content[16:].count(byte) for byte in range(256)]
        expected = len(content) / 256
        assert all(0.6 * expected < count < 1.4 * expected for count in counts), "not noise"


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_what_is_beside_it_in_the_middle_of_an_act_is_noise(encrypted, tmp_path, journal):
    with closing(sqlite_file.connect(encrypted.database)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE schedule SET name = name || ' cocaine A17-SECRET'")
        connection.execute(
            "CREATE TABLE more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 20000) SELECT i, 'A17-SECRET cocaine' AS due_on FROM n ORDER BY i DESC"
        )
        beside = encrypted.database.with_name(encrypted.database.name + {"DELETE": "-journal", "WAL": "-wal"}[journal])
        assert beside.stat().st_size > 0
        assert readable_in(tmp_path) == {}
        connection.execute("COMMIT" if journal == "WAL" else "ROLLBACK")
        assert readable_in(tmp_path) == {}


def test_it_is_a_database_like_every_other_to_who_has_the_key(encrypted, tmp_path):
    (line,) = [one for one in encrypted.json("due") if one["participant"] == "A17-SECRET"]
    assert line["outcome"] == "positive"
    assert "All holds" in encrypted("verify")
    assert encrypted.json("status")["encrypted"] is True
    lines = {line["what"]: line for line in encrypted.json("check")}
    assert {line["state"] for line in lines.values()} == {"ok", "note"}  # here the stick is on the same disk
    assert "same disk" in lines["encryption"]["detail"]
    encrypted("backup", str(tmp_path / "backup.db"))
    again = Clinic(tmp_path / "again" / "clinic.db", encrypted.today)
    again("restore", str(tmp_path / "backup.db"))
    assert sqlite_file.is_encrypted(again.database)
    assert again.json("due") == encrypted.json("due")
    assert readable_in(tmp_path) == {}


def test_its_key_is_told_once_and_not_shown(tmp_path, stick):
    clinic = Clinic(tmp_path / "clinic" / "clinic.db", None)
    said = clinic("init", "--encrypted")
    assert f"The encryption key is file:{stick}" in said
    assert f"Copy the file {stick} to another safe place" in said
    assert read_key(stick.read_text(), "it").secret.hex() not in said
    assert S_IMODE(stick.stat().st_mode) == 0o600
    assert "secret" not in repr(EncryptionKey(b"secret" * 6))


def test_without_a_place_for_the_key_nothing_is_made(tmp_path):
    clinic = Clinic(tmp_path / "clinic.db", None)
    done = clinic.run("init", "--encrypted")
    assert done.exit_code == 1
    assert "Where is the encryption key to be kept?" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_key_beside_the_database_is_refused(tmp_path, encrypted, stick, monkeypatch):
    beside = encrypted.database.with_name("key")
    other = Clinic(encrypted.database.with_name("other.db"), None)
    said = other.run("init", "--encrypted", "--encryption-key", f"file:{beside}").stderr
    assert "lies in the folder of" in said
    assert not beside.exists()
    assert not other.database.exists()
    shutil.copy(stick, beside)
    (tmp_path / "link").symlink_to(beside)
    for path in (beside, tmp_path / "link"):
        monkeypatch.setenv(VARIABLE, f"file:{path}")
        assert "lies in the folder of" in encrypted.run("due").stderr


def test_what_is_wrong_with_the_key_is_said_in_its_words(encrypted, stick, monkeypatch, tmp_path):
    def said(command: str = "due") -> str:
        done = encrypted.run(command)
        assert (done.exit_code, done.stdout) == (1, "")
        return done.stderr

    stick.chmod(0o644)
    assert "is open to others (mode 644)" in said()
    stick.chmod(0o600)
    text = stick.read_text()
    stick.write_text(text[:-12] + ("0" if text[-12] != "0" else "1") + text[-11:])
    assert "is damaged: it is not as it was written" in said()
    stick.write_text("nothing\n")
    assert "holds no encryption key" in said()
    stick.unlink()
    assert "is missing. Put the stick in" in said()
    Clinic(tmp_path / "other" / "other.db", None)("init", "--encrypted")  # makes another key there
    for command in ("due", "check", "doctor", "status"):
        assert "is not the one of" in said(command)
    monkeypatch.setenv(VARIABLE, "stick")
    assert "cannot be read from what" in said()
    monkeypatch.delenv(VARIABLE)
    assert "is encrypted, and no key was given. Say in TESTING_TRACKER_ENCRYPTION_KEY" in said()


def test_a_credential_of_systemds(encrypted, stick, monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, "credential:clinic")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert "LoadCredentialEncrypted=clinic" in encrypted.run("due").stderr
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert "is missing or cannot be read" in encrypted.run("due").stderr
    (tmp_path / "credentials").mkdir()
    shutil.copy(stick, tmp_path / "credentials" / "clinic")
    assert "A17-SECRET" in encrypted("due")


def test_a_keyring_that_the_system_does_not_keep_is_refused(tmp_path, monkeypatch):
    import keyring
    from keyring.backends import null

    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())
    try:
        done = Clinic(tmp_path / "clinic.db", None).run("init", "--encrypted", "--encryption-key", "keyring:clinic")
    finally:
        keyring.set_keyring(before)
    assert "has no keyring that the operating system keeps" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_keyring(tmp_path, monkeypatch):
    import keyring
    from keyring.backend import KeyringBackend

    class Kept(KeyringBackend):
        priority = 1
        held: dict[tuple[str, str], str] = {}  # noqa: RUF012

        def get_password(self, service, name):
            return self.held.get((service, name))

        def set_password(self, service, name, password):
            self.held[service, name] = password

        def delete_password(self, service, name):
            del self.held[service, name]

    before = keyring.get_keyring()
    monkeypatch.setattr(key_place, "_TRUSTED", (__name__,))
    keyring.set_keyring(Kept())
    key_place._written_in_keyring.cache_clear()
    try:
        clinic = Clinic(tmp_path / "clinic.db", None)
        said = clinic("init", "--encrypted", "--encryption-key", "keyring:clinic")
        assert "`keyring get testing-tracker clinic` shows it" in said
        assert list(Kept.held) == [("testing-tracker", "clinic")]
        monkeypatch.setenv(VARIABLE, "keyring:clinic")
        assert "All holds" in clinic("verify")
        Kept.held.clear()
        key_place._written_in_keyring.cache_clear()
        assert "keyring has no encryption key 'clinic'" in clinic.run("due").stderr
    finally:
        keyring.set_keyring(before)
        key_place._written_in_keyring.cache_clear()


def test_every_flipped_bit_is_named(encrypted, stick):
    content = encrypted.database.read_bytes()
    for position in [0, 3, 5, 12, 16, 100, 4000, 4095, *range(5_000, len(content), len(content) // 40)]:
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        encrypted.database.write_bytes(changed)
        done = encrypted.run("check")
        assert done.exit_code == 1, position
        assert "damaged" in done.stderr, (position, done.stderr)
        if position >= 16:
            assert f"HMAC verification failed for page {position // 4096 + 1}" in " ".join(done.stdout.split())
    encrypted.database.write_bytes(content)
    assert encrypted.run("check").exit_code == 0


def test_what_is_damaged_is_told_in_our_words_alone(encrypted, capfd):
    """The library would write its own on standard error."""
    content = bytearray(encrypted.database.read_bytes())
    content[1_000] ^= 1
    encrypted.database.write_bytes(content)
    assert encrypted.run("due").exit_code == 1
    assert tuple(capfd.readouterr()) == ("", "")


def test_what_is_sorted_stays_in_memory(encrypted):
    with closing(sqlite_file.connect(encrypted.database)) as connection:
        assert connection.execute("PRAGMA temp_store").fetchone() == (2,)  # whatever the library was compiled for


def test_a_damaged_copy_is_not_brought_back(encrypted, tmp_path):
    encrypted("backup", str(tmp_path / "backup.db"))
    content = bytearray((tmp_path / "backup.db").read_bytes())
    content[50_000] ^= 1
    (tmp_path / "backup.db").write_bytes(content)
    new = Clinic(tmp_path / "new" / "clinic.db", MONDAY)
    assert "is damaged, and was not brought back" in new.run("restore", str(tmp_path / "backup.db")).stderr
    assert not new.database.exists()


def test_a_clinic_that_is_plain_becomes_encrypted(plain, tmp_path, stick, monkeypatch):
    """`backup --encrypt`, move the plain file away, `restore`."""
    before = rows_by_door(plain.database)
    monkeypatch.delenv(VARIABLE)
    copy = tmp_path / "copy.db"
    said = plain("backup", str(copy), "--encrypt", "--encryption-key", f"file:{stick}")
    assert f"The encryption key is file:{stick}" in said
    assert set(readable_in(tmp_path)) == {"clinic.db"}
    aside = tmp_path / "aside.db"
    plain.database.rename(aside)
    assert "no key was given" in plain_refusal(plain, copy)
    monkeypatch.setenv(VARIABLE, f"file:{stick}")
    plain("restore", str(copy))
    assert set(readable_in(tmp_path)) == {"aside.db"}
    now = rows_by_door(plain.database)
    assert [row for row in before if row not in now] == []
    assert "All holds" in plain("verify")
    assert plain.run("check").exit_code == 0
    said = Clinic(tmp_path / "again" / "clinic.db", MONDAY).run("restore", str(aside)).stderr
    assert "is not encrypted, and TESTING_TRACKER_ENCRYPTION_KEY says that the database is to be" in said


def plain_refusal(clinic: Clinic, copy: Path) -> str:
    done = clinic.run("restore", str(copy))
    assert done.exit_code == 1
    assert not clinic.database.exists()
    return done.stderr


def rows_by_door(database: Path) -> list[tuple]:
    from testing_tracker.store import integrity

    with closing(sqlite_file.connect(database)) as connection:
        return list(integrity.rows(connection))


def test_a_copy_with_another_key(encrypted, tmp_path, stick, monkeypatch):
    """How the key is changed: a copy with a new one, brought back."""
    new = tmp_path / "new stick" / "key"
    new.parent.mkdir()
    encrypted("backup", str(tmp_path / "copy.db"), "--encrypt", "--encryption-key", f"file:{new}")
    assert read_key(new.read_text(), "new") != read_key(stick.read_text(), "old")
    again = Clinic(tmp_path / "again" / "clinic.db", MONDAY)
    assert "is not the one of" in again.run("restore", str(tmp_path / "copy.db")).stderr
    monkeypatch.setenv(VARIABLE, f"file:{new}")
    again("restore", str(tmp_path / "copy.db"))
    assert again.json("due")


def test_a_copy_does_not_lie_beside_the_key(encrypted, stick):
    assert "lies in the folder of" in encrypted.refused("backup", str(stick.with_name("backup.db")))
    assert sorted(stick.parent.iterdir()) == [stick]


def test_a_key_that_was_made_goes_where_nothing_comes_of_the_copy(plain, stick, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "seal", fail)
    assert "No space left" in plain.run("backup", str(tmp_path / "copy.db"), "--encrypt").stderr
    assert not stick.exists()
    assert not (tmp_path / "copy.db").exists()


def test_nothing_is_written_over_the_key(encrypted, stick, tmp_path):
    assert "is the encryption key itself" in encrypted.refused("backup", str(stick), "--overwrite")
    other = tmp_path / "copy of the key"
    shutil.copy(stick, other)
    assert "holds an encryption key" in encrypted.refused("backup", str(other), "--overwrite")


@pytest.mark.parametrize("released", RELEASED, ids=lambda file: file.name)
def test_an_earlier_schema_is_brought_up_to_date_while_encrypted(released, tmp_path, stick):
    import gzip

    old = tmp_path / "old" / "old.db"
    old.parent.mkdir()
    old.write_bytes(gzip.decompress(released.read_bytes()))
    database = tmp_path / "clinic" / "clinic.db"
    database.parent.mkdir()
    with key_place.taken_from(None, database), key_place.key_to_encrypt_with(key_place.usual_place()) as key:
        database.touch(0o600)
        encrypted_file.begin(database, key)
        copies.copy_database(old, database, lambda _: None)
    kept = released.with_name(released.name.replace(".gz", ".key"))
    if kept.exists():
        key_of(database).touch(0o600)
        key_of(database).write_bytes(kept.read_bytes())
    before = rows(old)
    old.unlink()
    clinic = Clinic(database, "2026-11-19")
    clinic("due")
    (copy,) = database.parent.glob("clinic.db.schema-*")
    assert sqlite_file.is_encrypted(copy)
    assert "All holds" in clinic("verify")
    assert clinic.run("check").exit_code == 0
    with closing(sqlite_file.connect(copy)) as connection:
        for table, those in before.items():
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == those
    assert [word for words in readable_in(database.parent).values() for word in words] == []


def test_a_commit_that_is_killed_is_taken_back(encrypted, tmp_path):
    """By kill -9 when the journal is written and the file is half changed."""
    before = databases.contents(encrypted.database)
    script = f"""
import time
from pathlib import Path
from testing_tracker.store import sqlite_file
connection = sqlite_file.connect(Path({str(encrypted.database)!r}))
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE schedule SET name = name || ' cocaine'")
connection.execute("CREATE TABLE more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    "WHERE i < 9999) SELECT i, 'A17-SECRET cocaine' AS due_on FROM n ORDER BY random()")
print("there", flush=True)
time.sleep(60)
"""
    whole = encrypted.database.read_bytes()
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert encrypted.database.with_name("clinic.db-journal").stat().st_size > 0
    assert encrypted.database.read_bytes() != whole
    assert readable_in(tmp_path) == {}
    encrypted("due")
    assert databases.contents(encrypted.database) == before
    assert encrypted.run("check").exit_code == 0


def test_looking_how_a_file_begins_lets_go_of_no_lock(encrypted):
    """Whoever closes a file lets go of all locks that the process has on it, SQLite's too."""
    other = (
        "import sqlite3, sys; from pathlib import Path; from testing_tracker.store import sqlite_file\n"
        f"connection = sqlite_file.connect(Path({str(encrypted.database)!r}), wait_seconds=0)\n"
        "try: connection.execute('BEGIN IMMEDIATE')\n"
        "except sqlite_file.complaints() as error: print(error)\n"
    )
    with closing(sqlite_file.connect(encrypted.database)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert sqlite_file.is_encrypted(encrypted.database)
        sqlite_file.connect(encrypted.database).close()
        said = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=True).stdout
        assert said == "database is locked\n"


def test_without_the_library_all_else_works(encrypted, plain_beside, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    told = "needs the package sqlcipher3: `pip install 'testing-tracker[encryption]'`"
    assert told in encrypted.run("due").stderr
    assert told in Clinic(plain_beside.database.with_name("new.db"), None).run("init", "--encrypted").stderr
    assert told in plain_beside.run("backup", str(plain_beside.database.with_name("copy")), "--encrypt").stderr
    assert "A17-SECRET" in plain_beside("due")


@pytest.fixture
def plain_beside(tmp_path) -> Clinic:
    clinic = Clinic(tmp_path / "plain" / "clinic.db", MONDAY)
    clinic("init", "--training")
    live(clinic)
    return clinic


def test_a_plain_database_needs_nothing_of_it(plain):
    script = (
        "import sys; from testing_tracker.__main__ import main\n"
        f"sys.argv = ['tt', '--database', {str(plain.database)!r}, '--today', {MONDAY!r}, 'due']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([one for one in sys.modules if one.startswith(('sqlcipher3', 'keyring'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_process_that_has_read_the_key_leaves_no_core(encrypted):
    script = (
        "import resource; from pathlib import Path; from testing_tracker.store import sqlite_file\n"
        f"sqlite_file.connect(Path({str(encrypted.database)!r}))\n"
        "import ctypes; print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "0 0\n"  # PR_GET_DUMPABLE: nor does a program of the system's get one


def test_the_keys_option_goes_with_what_is_encrypted(plain):
    assert plain.run("backup", "copy.db", "--encryption-key", "file:key").exit_code == 2
    assert plain.run("backup", "copy.db", "--key", "--encrypt").exit_code == 2


def test_a_reports_rows_stay_in_memory(encrypted, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    opened: list[object] = []
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *given, **more: opened.append(given))
    monkeypatch.setattr("testing_tracker.reports.weekly.gather._IN_MEMORY", 1)
    assert "A17-SECRET" in json.dumps(encrypted.json("report", "weekly", "--week", "2026-W47"))
    encrypted("history", "export")
    assert opened == []


def test_what_runs_by_itself_is_told_where_the_key_is(encrypted, stick, monkeypatch):
    lines = encrypted("cron", "print").splitlines()
    draw = next(line for line in lines if line.endswith(" draw >/dev/null")).split(" * * * ")[1]
    assert f"{VARIABLE}=file:{stick} " in draw
    assert "encrypted, and no key" not in run_by_cron(draw).stderr
    assert f"Environment={VARIABLE}=file:{stick}\n" in encrypted("systemd", "print")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(stick.parent))
    monkeypatch.setenv(VARIABLE, "credential:key")
    assert "LoadCredentialEncrypted=key\n" in encrypted("systemd", "print", "--socket")
    refused = encrypted.run("cron", "print")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "systemd print" in refused.stderr
