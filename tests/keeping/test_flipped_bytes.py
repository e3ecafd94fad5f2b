"""A copy of which one byte changed on its way is refused in words, or what it brings back is whole."""

import random
import shutil

import databases
import pytest
from conftest import Clinic, key_of

from testing_tracker.store import copies

pytestmark = pytest.mark.sqlite_only(reason="a server's copies are made by its own tools")

TIMES = 80


def rows(database) -> list[str]:
    with databases.opened(database) as connection:
        return list(connection.iterdump())


@pytest.fixture
def saved(staffed, tmp_path):
    """A backup of a clinic with a positive, a negative and a prescription."""
    staffed("result", "B04", "negative")
    staffed("prescription", "add", "B04", "buprenorphine")
    staffed("backup", str(tmp_path / "saved.db"))
    return tmp_path / "saved.db"


def positions(content: bytes) -> list[int]:
    """Every tenth byte of the header, and others all over, most of them where something is."""
    chance = random.Random("flipped bytes")
    used = [position for position, byte in enumerate(content) if byte]
    return [*range(0, 100, 10), *range(60, 72), *chance.sample(used, TIMES), *chance.sample(range(len(content)), 10)]


def test_whichever_byte_it_is(staffed, saved):
    content, before = saved.read_bytes(), set(rows(saved))
    spoiled = saved.with_name("spoiled.db")
    refused = 0
    for number, position in enumerate(positions(content)):
        changed = bytearray(content)
        changed[position] ^= 1 << number % 8
        spoiled.write_bytes(changed)
        new = Clinic(saved.parent / "new" / "new.db", staffed.today)
        done = new.run("restore", str(spoiled))
        if done.exit_code == 0:
            assert before <= set(rows(new.database)), position
            shutil.rmtree(new.database.parent)
        else:
            refused += 1
            assert done.exit_code == 1, position
            assert done.stderr.startswith("Error: "), position
            assert done.stderr.count("\n") == 1, position
            assert "went wrong" not in done.stderr
            assert list(new.database.parent.iterdir()) == [], position
    assert refused > TIMES


def test_what_sqlite_wrote_since_has_no_checksum_and_is_still_compared_with_its_ledger(staffed, saved):
    with databases.opened(saved) as connection, connection:
        connection.execute("VACUUM")
    assert not copies.is_broken(saved)
    new = Clinic(saved.with_name("new.db"), staffed.today)
    new("restore", str(saved))
    shutil.copy(key_of(staffed.database), key_of(new.database))
    assert "All holds" in new("verify")


def test_a_copy_of_a_copy_has_a_checksum_of_its_own(staffed, saved):
    new = Clinic(saved.with_name("new.db"), staffed.today)
    new("restore", str(saved))
    with databases.opened(new.database) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)
        assert connection.execute("PRAGMA application_id").fetchone() == (0,)
    shutil.copy(saved, saved.with_name("live.db"))  # used as it is
    live = Clinic(saved.with_name("live.db"), staffed.today)
    shutil.copy(key_of(staffed.database), key_of(live.database))
    live.add("C21")
    live("backup", str(saved.with_name("again.db")))
    Clinic(saved.with_name("other.db"), staffed.today)("restore", str(saved.with_name("again.db")))


def test_a_spoiled_one_may_be_taken_when_there_is_no_better(staffed, saved):
    content = bytearray(saved.read_bytes())
    free = content.rindex(bytes(200))
    content[free + 100] ^= 1
    saved.write_bytes(content)
    new = Clinic(saved.with_name("new.db"), staffed.today)
    assert "is not to the byte what was written" in new.run("restore", str(saved)).stderr
    new("restore", "--accept-changed", str(saved))


@pytest.mark.parametrize("schema", ["0001", "0002", "0003", "0004", "0005"])
def test_a_database_that_was_brought_up_to_date_is_to_the_letter_as_a_new_one(tmp_path, schema):
    import gzip
    from pathlib import Path

    released = Path(__file__).parents[1] / "store" / "released" / f"schema-{schema}.db.gz"
    old = Clinic(tmp_path / "old.db", "2026-11-19")
    old.database.write_bytes(gzip.decompress(released.read_bytes()))
    key = released.with_name(f"schema-{schema}.db.key")
    if key.exists():
        shutil.copy(key, key_of(old.database))
        key_of(old.database).chmod(0o600)
    Clinic(tmp_path / "early.db", old.today)("restore", str(old.database))
    old("participant", "list")
    old("backup", str(tmp_path / "saved.db"))
    Clinic(tmp_path / "new.db", old.today)("restore", str(tmp_path / "saved.db"))
