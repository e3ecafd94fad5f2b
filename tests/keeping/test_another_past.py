"""A past that was made without the key: `verify` ends with status 1, because the key file knows what the key has done.

Who makes it can write to the database, runs the program, and does not have the victim's key file.
"""

import errno
import json
import os
import shutil

import databases
import pytest
from conftest import MONDAY, Clinic, key_of
from test_rewriting import rewrite

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.work import Work

TUESDAY, WEDNESDAY = "2026-11-17", "2026-11-18"


@pytest.fixture(autouse=True)
def new_seeds(monkeypatch):
    """A different seed each time."""
    numbers = iter(range(100, 200))
    monkeypatch.setattr(chance, "new_seed", lambda: bytes([next(numbers)]) * 32)


def made(database) -> Clinic:
    databases.make_room(database)
    clinic = Clinic(database, MONDAY)
    clinic("init", "--training", "--timezone", "America/Los_Angeles")
    return clinic


def lived(clinic: Clinic, *days: str) -> Clinic:
    for clinic.today in days:
        clinic("draw")
    return clinic


@pytest.fixture
def victim(tmp_path) -> Clinic:
    """A clinic of three nights, with a positive that somebody would rather not have."""
    clinic = made(tmp_path / "victim.db")
    clinic.add("A17", "B04")
    lived(clinic, MONDAY)
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    lived(clinic, TUESDAY, WEDNESDAY)
    assert "All holds: 3 days" in clinic("verify")
    return clinic


@pytest.fixture
def another_past(tmp_path, victim) -> Clinic:
    """The clinic made anew under another key, where the positive is a negative; a new key is begun at its end, which is
    then said to be the victim's, and the last page of the ledger written anew over that."""
    (anchor,) = (row["anchor"] for row in victim.json("key", "show"))
    clinic = made(tmp_path / "attacker.db")
    clinic.add("A17", "B04")
    lived(clinic, MONDAY)
    clinic("result", "A17", "negative")
    lived(clinic, TUESDAY, WEDNESDAY)
    clinic("key", "rotate", "--reason", "routine")
    rewrite(clinic, f"UPDATE key_chain SET anchor = '{anchor}' WHERE id = 2")
    return clinic


def copied_over(victim: Clinic, past: Clinic) -> Clinic:
    """The victim's database is another one now, and its key file is what it was."""
    key = key_of(victim.database).read_bytes()
    databases.copy(past.database, victim.database)
    key_of(victim.database).write_bytes(key)
    return victim


def said(clinic: Clinic) -> str:
    return "\n".join(what for _, _, what in clinic.json_of_refused("verify"))


LOST = "is not in the key file: it was lost, or the past was written anew with another one"
MOVED = "is on record as number 2, from 2026-11-19 on, and the key file knows it as number 1, from 2026-11-16 on"


def test_a_whole_new_past_made_without_the_key_is_named(victim, another_past):
    found = said(copied_over(victim, another_past))
    assert LOST in found
    assert MOVED in found


def test_an_act_that_acknowledges_it_is_no_managers_word(victim, another_past):
    """The key file does not say so."""
    rewrite(
        another_past,
        "INSERT INTO audit_entry (facility_id, at, account, act, reason, detail) SELECT 1, at, account, "
        "'key acknowledge', 'lost in the move', json_object('lost', json_array((SELECT anchor FROM key_chain WHERE "
        "id = 1)), 'missing', json_array(), 'pages', json_array()) FROM audit_entry WHERE id = 1"
        if not databases.SERVER
        else "INSERT INTO audit_entry (facility_id, at, account, act, reason, detail) SELECT 1, at, account, "
        "'key acknowledge', 'lost in the move', '{}' FROM audit_entry WHERE id = 1",
    )
    assert LOST in said(copied_over(victim, another_past))


def test_a_managers_word_about_the_lost_key_does_not_make_the_rest_true(victim, another_past):
    clinic = copied_over(victim, another_past)
    clinic("key", "acknowledge", "--reason", "it must have been lost")
    found = said(clinic)
    assert LOST not in found
    assert MOVED in found


def test_it_is_named_whatever_day_the_victims_key_is_said_to_begin(victim, another_past):
    rewrite(another_past, f"UPDATE key_chain SET first_day = '{MONDAY}' WHERE id = 2")
    assert "knows it as number 1, from 2026-11-16 on, after another one" in said(copied_over(victim, another_past))


def test_a_past_of_the_attackers_key_alone_is_another_key(victim, another_past):
    rewrite(another_past, "DELETE FROM key_chain WHERE id = 2")
    assert "is not the one that this database's draws come from" in said(copied_over(victim, another_past))


def test_a_past_that_keeps_only_the_victims_chain_is_not_what_it_drew_and_sealed(victim, another_past):
    rewrite(
        another_past,
        "DELETE FROM key_chain WHERE id = 1",
        "UPDATE key_chain SET id = 1, first_day = '2026-11-16'",
    )
    found = said(copied_over(victim, another_past))
    assert "is not the one that the key sealed that night" in found
    assert "the records before this day's run are not the ones that it sealed" in found


def test_the_nights_after_it_do_not_make_it_true(victim, another_past):
    clinic = copied_over(victim, another_past)
    clinic.today = "2026-11-19"
    done = clinic.run("draw")
    assert done.exit_code == 0, "a night that is refused harms everybody"
    assert "what is on record are not the same, so it was left as it is" in " ".join(done.stderr.split())
    assert LOST in said(clinic)


def test_an_earlier_copy_of_the_database_in_its_place_is_named(victim, tmp_path):
    earlier = victim.copy(tmp_path / "earlier.db")
    victim.today = "2026-11-19"
    victim("draw")
    ((page,),) = victim.rows("SELECT max(id) FROM ledger_page")
    copied_over(victim, earlier)
    assert f"page {page} of the ledger is not the one that the key sealed that night: an earlier copy" in said(victim)
    victim.add("C09")
    victim("draw")
    assert f"page {page} of the ledger is not the one that the key sealed that night" in said(victim)


def test_what_was_recorded_in_the_night_itself_is_sealed_with_it(victim):
    """Not only what the night knew: the page that it wrote."""
    rewrite(
        victim,
        "UPDATE audit_entry SET account = 'somebody' WHERE act = 'night run' AND id = (SELECT max(id) "
        "FROM audit_entry)",
    )
    assert "is not the one that the key sealed that night" in said(victim)


@pytest.fixture
def rotated(victim) -> Clinic:
    """A clinic with three chains, each of which drew."""
    for day in ("2026-11-19", "2026-11-20"):
        victim("key", "rotate", "--reason", "seen by others")
        lived(victim, day)
    assert [row["first_day"] for row in victim.json("key", "show")] == [MONDAY, "2026-11-19", "2026-11-20"]
    assert victim.json("verify")["notes"] == []
    return victim


def test_a_chain_that_was_dropped_is_missed(rotated):
    second = rotated.json("key", "show")[1]["anchor"]
    rewrite(rotated, "DELETE FROM key_chain WHERE id = 2")
    found = said(rotated)
    assert f"the key {second[:8]} of the days from 2026-11-19 on was begun, and is on record no more" in found


@pytest.mark.parametrize("number", [1, 3])
def test_the_first_and_the_last_chain_are_missed_too(rotated, number):
    gone = rotated.json("key", "show")[number - 1]["anchor"]
    rewrite(rotated, f"DELETE FROM key_chain WHERE id = {number}")
    assert f"the key {gone[:8]} of the days from" in said(rotated)
    assert "was begun, and is on record no more" in said(rotated)


def test_chains_in_another_order_are_named(rotated):
    first, second = (row["anchor"] for row in rotated.json("key", "show")[:2])
    rewrite(
        rotated,
        f"UPDATE key_chain SET anchor = '{second}' WHERE id = 1",
        f"UPDATE key_chain SET anchor = '{first}' WHERE id = 2",
    )
    found = said(rotated)
    assert (
        f"the key {second[:8]} is on record as number 1, from {MONDAY} on, and the key file knows it as number 2"
        in found
    )


def test_a_chain_with_another_first_day_is_named(rotated):
    rewrite(rotated, "UPDATE key_chain SET first_day = '2026-11-18' WHERE id = 2")
    assert (
        "is on record as number 2, from 2026-11-18 on, and the key file knows it as number 2, from 2026-11-19 on"
        in (said(rotated))
    )


def spoiled(clinic: Clinic, word: str) -> None:
    """Another mark than its own stands behind a line of the key file."""
    key = key_of(clinic.database)
    lines = [line if not line.startswith(word) else f"{line[:-4]}0000" for line in key.read_text().splitlines()]
    key.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("word", ["chain", "sealed"])
def test_a_line_of_the_key_file_with_another_mark_is_named_and_left_alone(victim, word):
    copy = key_of(victim.database).read_bytes()
    spoiled(victim, word)
    spoilt = key_of(victim.database).read_text()
    assert f"a line of the key file ({word} …) is not as this program wrote it" in said(victim)
    victim.today = "2026-11-19"
    done = victim.run("draw")
    assert (done.exit_code, "so it was left as it is" in done.stderr) == (0, True)
    assert key_of(victim.database).read_text() == spoilt
    assert "is not as this program wrote it" in victim.refused("key", "acknowledge", "--reason", "it will be fine")
    key_of(victim.database).write_bytes(copy)
    assert "All holds" in victim("verify"), "a copy of before is an earlier word, which still holds"


def test_a_lost_key_is_wrong_until_a_manager_acknowledges_it_and_named_ever_after(victim):
    key_of(victim.database).unlink()
    done = victim.run("key", "rotate", "--reason", "lost in the move")
    assert "key acknowledge --reason TEXT" in " ".join(done.stderr.split())
    assert LOST in said(victim)
    printed = victim("key", "acknowledge", "--reason", "the disk of the key broke")
    assert f"of the days from {MONDAY} on is lost" in printed
    lived(victim, "2026-11-19")
    done = victim.run("verify")
    assert done.exit_code == 0
    assert "is lost, acknowledged by" in done.stderr
    assert "the disk of the key broke" in done.stderr
    ((reason,),) = victim.rows("SELECT reason FROM audit_entry WHERE act = 'key acknowledge'")
    assert reason == "the disk of the key broke"
    (note,) = victim.json("verify")["notes"]
    assert "the disk of the key broke" in note
    assert "There is nothing to acknowledge" in victim.refused("key", "acknowledge", "--reason", "again")


def test_a_key_that_is_found_again_is_lost_no_more(victim, tmp_path):
    key = key_of(victim.database)
    shutil.copy(key, tmp_path / "found.key")
    key.unlink()
    victim("key", "rotate", "--reason", "lost")
    victim("key", "acknowledge", "--reason", "lost")
    key.write_text(key.read_text() + (tmp_path / "found.key").read_text())
    assert victim.json("verify")["notes"] == []
    lived(victim, "2026-11-19")
    assert victim.json("verify")["notes"] == []


def test_a_second_key_that_is_lost_takes_the_word_on_the_first_with_it(victim):
    for reason in ("lost", "lost again"):
        key_of(victim.database).unlink()
        victim("key", "rotate", "--reason", reason)
        assert said(victim).count(LOST) == (1 if reason == "lost" else 2)
        victim("key", "acknowledge", "--reason", reason)
    assert len(victim.json("verify")["notes"]) == 2


def test_without_the_newest_key_nothing_can_be_acknowledged(victim):
    key_of(victim.database).unlink()
    assert "is missing" in victim.refused("key", "acknowledge", "--reason", "lost")


@pytest.mark.sqlite_only(reason="a server's copies are brought back into another database")
def test_a_copy_that_is_brought_back_can_be_lived_with(victim, tmp_path):
    victim("backup", str(tmp_path / "backup"))
    lived(victim, "2026-11-19", "2026-11-20")
    ((page,),) = victim.rows("SELECT max(id) FROM ledger_page")
    (tmp_path / "new.db.key").write_bytes(key_of(victim.database).read_bytes())
    (tmp_path / "new.db.key").chmod(0o600)
    new = Clinic(tmp_path / "new.db", "2026-11-20")
    done = new.run("restore", str(tmp_path / "backup"))
    assert done.exit_code == 0
    assert f"has sealed page {page} in the night of 2026-11-20, and this copy goes up to page" in done.stderr
    assert "key acknowledge --reason TEXT" in done.stderr
    done = new.run("draw")
    assert (done.exit_code, "so it was left as it is" in done.stderr) == (0, True)
    assert f"page {page} of the ledger is not the one that the key sealed that night" in said(new)
    printed = new("key", "acknowledge", "--reason", "the disk failed")
    assert f"page {page}, sealed in the night of 2026-11-20, is not on record" in printed
    assert f"its last night was that of {WEDNESDAY}; what came after it is lost" in printed
    done = new.run("verify")
    assert (done.exit_code, "the disk failed" in done.stderr) == (0, True), done.output
    lived(new, "2026-11-21")
    assert "and this copy" not in new.run("verify").stderr
    assert len(new.json("verify")["notes"]) == 1
    rewrite(new, "UPDATE audit_entry SET account = 'x' WHERE id = (SELECT max(id) FROM audit_entry)")
    assert "is not the one that the key sealed that night" in said(new), "from then on it is sealed as before"


@pytest.mark.sqlite_only(reason="a server's copies are brought back into another database")
def test_where_no_restore_is_on_record_nobody_claims_how_far_the_copy_went(victim, tmp_path):
    victim("backup", str(tmp_path / "backup"))
    (tmp_path / "new.db.key").write_bytes(key_of(victim.database).read_bytes())
    (tmp_path / "new.db.key").chmod(0o600)
    new = Clinic(tmp_path / "new.db", "2026-11-19")
    new("restore", str(tmp_path / "backup"))
    earlier = new.copy(tmp_path / "earlier.db")
    assert new.json("verify")["notes"] == [], "nothing was lost"
    for when in ("first", "again"):
        new.add(f"C{when}")
        lived(new, "2026-11-19" if when == "first" else "2026-11-20")
        copied_over(new, earlier)
        new.add(f"D{when}")
        printed = new("key", "acknowledge", "--reason", "the disk failed")
        told = "The copy that was brought back went up to page" if when == "first" else "The ledger goes up to page"
        assert told in printed
        earlier = new.copy(tmp_path / f"earlier {when}.db")


@pytest.mark.sqlite_only(reason="a server's copies are brought back into another database")
def test_a_copy_of_before_a_key_was_begun_can_be_lived_with(victim, tmp_path):
    earlier = victim.copy(tmp_path / "earlier.db")
    victim("key", "rotate", "--reason", "seen by others")
    lived(victim, "2026-11-19")
    copied_over(victim, earlier)
    assert "was begun, and is on record no more" in said(victim)
    victim("key", "acknowledge", "--reason", "the disk failed")
    assert len(victim.json("verify")["notes"]) == 2  # the chain, and the page that it sealed
    victim("key", "rotate", "--reason", "seen by others")
    lived(victim, "2026-11-19", "2026-11-20")
    assert len(victim.json("verify")["notes"]) == 2


def of_before(clinic: Clinic) -> None:
    """The key file as an earlier version of the program left it."""
    key = key_of(clinic.database)
    lines = [line for line in key.read_text().splitlines() if line.split()[0] not in ("chain", "sealed")]
    key.write_text("\n".join(lines) + "\n")


def test_a_key_file_of_before_is_a_note_and_brought_up_to_date_by_the_next_night(victim):
    lines = key_of(victim.database).read_text()
    of_before(victim)
    done = victim.run("verify")
    assert (done.exit_code, "the next night writes that down" in done.stderr) == (0, True)
    assert "next night writes that down" in " ".join(victim.run("check").stdout.split())
    lived(victim, "2026-11-19")
    assert victim.json("verify")["notes"] == []
    new = key_of(victim.database).read_text()
    assert [line for line in new.splitlines() if line.startswith("chain")] == [
        line for line in lines.splitlines() if line.startswith("chain")
    ]
    assert sum(line.startswith("sealed") for line in new.splitlines()) == 1


def test_each_copy_of_a_key_file_knows_what_it_has_sealed(victim, tmp_path, monkeypatch):
    """Two hosts make the nights of one database by turns."""
    key = key_of(victim.database)
    shutil.copy(key, tmp_path / "other host.key")
    for number, day in enumerate(("2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22")):
        with monkeypatch.context() as patch:
            if number % 2:
                patch.setenv("TESTING_TRACKER_KEY_FILE", str(tmp_path / "other host.key"))
            lived(victim, day)
            assert victim.json("verify")["notes"] == []
    assert key.read_bytes() != (tmp_path / "other host.key").read_bytes()
    rewrite(victim, "UPDATE audit_entry SET account = 'x' WHERE id = (SELECT max(id) FROM audit_entry)")
    sealed = "is not the one that the key sealed that night"
    assert sealed not in victim.run("verify", "--format", "csv").stdout, "it has not sealed the last night"
    monkeypatch.setenv("TESTING_TRACKER_KEY_FILE", str(tmp_path / "other host.key"))
    assert sealed in said(victim)


@pytest.fixture
def cannot_be_written(monkeypatch):
    """Nobody can write the key file, as on a disk that only reads."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(KeyFile, "_rewrite", refuse)
        yield


def test_a_key_file_that_cannot_be_written_is_told_and_the_night_is_made(victim, cannot_be_written):
    before = key_of(victim.database).read_bytes()
    victim.today = "2026-11-19"
    done = victim.run("draw")
    assert done.exit_code == 0
    assert "2026-11-19: 2 drawn today" in done.stdout
    assert f"Cannot write the key file {key_of(victim.database)}: [Errno 30] Read-only file system" in " ".join(
        done.stderr.split()
    )
    assert key_of(victim.database).read_bytes() == before
    assert "All holds: 4 days" in victim("verify")


def test_a_server_tells_so_too(victim, cannot_be_written):
    victim.today = "2026-11-19"
    done = victim.run("serve", "--once", "--log-format", "json")
    told = [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]
    assert [(one["event"], one["level"]) for one in told] == [("night_left_undone", "warning"), ("night_made", "info")]


def test_an_acknowledgement_that_cannot_be_written_is_an_error_and_may_be_repeated(victim, monkeypatch):
    key_of(victim.database).unlink()
    victim("key", "rotate", "--reason", "lost")

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(KeyFile, "_rewrite", refuse)
        done = victim.run("key", "acknowledge", "--reason", "lost")
    assert done.exit_code == 1
    assert "It is on record, and not in the key file, where it counts. Do it again." in done.stderr
    assert LOST in said(victim)
    victim("key", "acknowledge", "--reason", "lost")
    assert victim.run("verify").exit_code == 0


def test_a_night_that_comes_to_nothing_leaves_nothing_in_the_key_file(victim, monkeypatch):
    """It learns when all is on record: what is rolled back would be missed for ever."""
    before = key_of(victim.database).read_bytes()

    def fail(*_: object) -> None:
        raise TestingTrackerError("the disk is full")

    victim.today = "2026-11-19"
    for words in (("draw",), ("key", "rotate", "--reason", "seen")):
        with monkeypatch.context() as patch:
            patch.setattr("testing_tracker.store.ledger.pages.Pages.write", fail)
            assert victim.run(*words).exit_code == 1
    now = key_of(victim.database).read_text()
    assert [line for line in before.decode().splitlines() if line not in now.splitlines()] == []
    assert sum(line.startswith(("chain", "sealed")) for line in now.splitlines()) == 2
    lived(victim, "2026-11-19")
    assert victim.json("verify")["notes"] == []


def test_facilities_and_databases_that_share_a_key_file_do_not_miss_each_others(victim, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTING_TRACKER_KEY_FILE", str(key_of(victim.database)))
    other = Clinic(tmp_path / "other.db", WEDNESDAY)
    databases.make_room(other.database)
    key = key_of(victim.database)
    aside = key.rename(tmp_path / "aside.key")
    other("init", "--training", "--timezone", "America/Los_Angeles")
    key.write_text(aside.read_text() + "".join(f"{line}\n" for line in key.read_text().splitlines() if line[0] != "#"))
    victim("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
    victim("--facility", "2", "key", "rotate", "--reason", "practice")
    for clinic in (victim, other):
        lived(clinic, "2026-11-19")
        documents = clinic.json("verify")
        found = documents if isinstance(documents, list) else [documents]
        assert [one["problems"] + one["notes"] for one in found] == [[]] * len(found)
    rewrite(victim, "DELETE FROM key_chain WHERE facility_id = 2 AND id = (SELECT max(id) FROM key_chain)")
    assert other.run("verify").exit_code == 0
    of_each = {
        one["facility"]: str(one["problems"]) for one in json.loads(victim.run("verify", "--format", "json").stdout)
    }
    missed = {name for name, found in of_each.items() if "was begun, and is on record no more" in found}
    assert missed == {"Ostkreuz"}


def test_a_line_that_is_not_as_written_is_said_of_the_facility_whose_it_is(victim):
    victim("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
    known = key_of(victim.database).read_text()
    victim.today = "2026-11-19"
    victim("--facility", "2", "draw")
    (anchor,) = {
        line.split()[1] for line in key_of(victim.database).read_text().splitlines() if line[:6] == "sealed"
    } - {line.split()[1] for line in known.splitlines() if line[:6] == "sealed"}
    spoiled(victim, f"sealed {anchor}")
    documents = json.loads(victim.run("verify", "--format", "json").stdout)
    found = {one["facility"] for one in documents if "is not as this program wrote it" in str(one["problems"])}
    assert found == {"Ostkreuz"}


def test_a_key_is_known_from_when_its_facility_was_made(tmp_path):
    clinic = made(tmp_path / "new.db")
    assert clinic.json("verify")["notes"] == []
    clinic("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
    assert [one["notes"] for one in clinic.json("verify")] == [[], []]


def test_a_night_that_is_told_after_a_later_one_takes_nothing_back(victim, monkeypatch):
    """Who made it was held up between its commit and the key file."""
    late: list[Work] = []
    with monkeypatch.context() as patch:
        patch.setattr(Work, "do_what_is_left", lambda work: late.append(work))
        lived(victim, "2026-11-19")
    lived(victim, "2026-11-20")
    known = key_of(victim.database).read_bytes()
    assert sum(len(work.once_committed) for work in late) == 1
    for work in late:
        work.do_what_is_left()
    assert key_of(victim.database).read_bytes() == known
