"""The key that the draws come from: where it is, who may read it, and what happens without it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import MONDAY, Clinic, key_of

from testing_tracker import chance

HEX = 64


@pytest.fixture
def new_seeds(monkeypatch):
    """A different seed each time, the same in every run of the test."""
    numbers = iter(range(100, 200))
    monkeypatch.setattr(chance, "new_seed", lambda: bytes([next(numbers)]) * 32)


def anchors(clinic) -> list[str]:
    return [row["anchor"] for row in clinic.json("key", "show")]


def in_report(first_day: str, anchor: str, *, superseded: bool = False) -> dict[str, object]:
    return {"first_day": first_day, "anchor": anchor, "superseded": superseded}


def test_init_makes_a_key_that_only_its_owner_may_read_and_prints_the_anchor(tmp_path):
    clinic = Clinic(tmp_path / "new.db", MONDAY)
    printed = clinic("init", "--training")
    key = key_of(tmp_path / "new.db")
    assert key.stat().st_mode & 0o777 == 0o600
    assert str(key) in printed
    (anchor,) = anchors(clinic)
    assert len(anchor) == HEX
    assert f"{anchor}, from {MONDAY} on" in printed


def test_the_key_is_nowhere_in_the_database(clinic):
    seed = key_of(clinic.database).read_text().split()[-1]
    content = clinic.database.read_bytes() if clinic.database.exists() else "".join(clinic.contents()).encode()
    assert len(seed) == HEX
    assert seed.encode() not in content
    assert bytes.fromhex(seed) not in content


def test_the_anchor_is_on_the_audit_record_and_at_the_foot_of_the_report(clinic):
    (anchor,) = anchors(clinic)
    ((detail,),) = clinic.rows("SELECT detail FROM audit_entry WHERE act = 'key create'")
    assert anchor in detail
    assert clinic("report", "weekly").rstrip().endswith(f"Draws from {MONDAY} on, anchor:\n  {anchor}")
    assert clinic.json("report", "weekly")["anchors"] == [in_report(MONDAY, anchor)]


def test_every_key_is_another_one(tmp_path):
    for name in ("a", "b"):
        program = [sys.executable, "-m", "testing_tracker", "--database", Clinic(tmp_path / f"{name}.db", None).url]
        subprocess.run([*program, "init"], check=True, capture_output=True)
    seeds = {key_of(tmp_path / f"{name}.db").read_text() for name in ("a", "b")}
    assert len(seeds) == 2


def test_the_key_may_be_elsewhere(tmp_path, monkeypatch):
    key = tmp_path / "safe" / "clinic.key"
    monkeypatch.setenv("TESTING_TRACKER_KEY_FILE", str(key))
    clinic = Clinic(tmp_path / "clinic.db", MONDAY)
    clinic("init", "--training")
    assert key.stat().st_mode & 0o777 == 0o600
    assert not key_of(clinic.database).exists()
    clinic("draw")
    monkeypatch.delenv("TESTING_TRACKER_KEY_FILE")
    clinic.today = "2026-11-17"
    assert "is missing" in clinic.refused("draw")


def test_init_never_writes_over_a_key(tmp_path):
    key = key_of(tmp_path / "new.db")
    key.parent.mkdir(exist_ok=True)
    key.write_text("another database's")
    done = Clinic(tmp_path / "new.db", MONDAY).run("init", "--training")
    assert (done.exit_code, "never written over" in done.stderr) == (1, True)
    assert key.read_text() == "another database's"
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(clinic, mode):
    key_of(clinic.database).chmod(mode)
    assert f"chmod 600 {key_of(clinic.database)}" in clinic.refused("draw")
    assert "open to others" in clinic.refused("verify")


def test_a_lost_key_is_an_error_that_says_so_and_never_a_silent_new_key(clinic):
    clinic("draw")
    key = key_of(clinic.database)
    key.unlink()
    clinic.today = "2026-11-17"
    assert "is missing" in clinic.refused("draw")
    assert "is missing" in clinic.refused("verify")
    assert "is missing" in clinic.refused("proof", "--day", MONDAY)
    assert not key.exists()


def test_a_nurse_works_on_without_the_key(clinic):
    clinic.add("A17")
    clinic("draw")
    key_of(clinic.database).unlink()
    clinic("result", "A17", "negative")
    clinic("due")
    clinic("report", "weekly")


def test_anothers_key_is_refused(clinic, tmp_path, new_seeds):
    other = Clinic(tmp_path / "other.db", MONDAY)
    other("init", "--training")
    shutil.copy(key_of(other.database), key_of(clinic.database))
    assert "is not the one that this database's draws come from" in clinic.refused("draw")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:-40], "is damaged"),
        (lambda text: text.replace("1e1f", "1e1e"), "does not lead to its anchor"),
        (lambda text: "", "is not the one"),
        (lambda text: "Grüße", "is not a key file"),
        (lambda text: text + "more words than two", "is damaged"),
    ],
)
def test_a_damaged_key_is_named(clinic, spoil, said):
    key = key_of(clinic.database)
    key.write_text(spoil(key.read_text()), encoding="utf-8")
    assert said in clinic.refused("draw")


def test_a_folder_in_place_of_the_key(clinic):
    key = key_of(clinic.database)
    key.unlink()
    key.mkdir(mode=0o700)
    assert "cannot be read" in clinic.refused("draw")


def test_rotating_begins_a_new_chain_on_record_and_keeps_the_earlier_key(clinic, new_seeds):
    clinic.add("A17", schedule="random-3")
    clinic("draw")
    before = anchors(clinic)
    printed = clinic("key", "rotate", "--reason", "the office was broken into")
    assert anchors(clinic)[:1] == before
    assert f"{anchors(clinic)[1]}, from 2026-11-17 on" in printed
    assert [row["first_day"] for row in clinic.json("key", "show")] == [MONDAY, "2026-11-17"], "today was drawn already"
    entries = clinic.rows("SELECT reason FROM audit_entry WHERE act = 'key create' ORDER BY id")
    assert entries[-1] == ("the office was broken into",)
    assert key_of(clinic.database).stat().st_mode & 0o777 == 0o600
    for day in ("2026-11-17", "2026-11-18"):
        clinic.today = day
        clinic("draw")
    assert "All holds: 3 days" in clinic("verify")
    listed = clinic.json("report", "weekly", "--week", "2026-W47")["anchors"]
    assert listed == [in_report(MONDAY, before[0]), in_report("2026-11-17", anchors(clinic)[1])]


def test_a_key_rotated_before_the_run_is_for_the_same_day(clinic, new_seeds):
    clinic("key", "rotate", "--reason", "practice")
    clinic("key", "rotate", "--reason", "again")
    assert [row["first_day"] for row in clinic.json("key", "show")] == [MONDAY] * 3
    clinic("draw")
    assert clinic.rows("SELECT key_chain_id FROM pool") == [(3,)]
    listed = clinic.json("report", "weekly", "--week", "2026-W47")["anchors"]
    first, second, third = anchors(clinic)
    superseded = [in_report(MONDAY, anchor, superseded=True) for anchor in (first, second)]
    assert listed == [*superseded, in_report(MONDAY, third)]
    printed = clinic("report", "weekly", "--week", "2026-W47")
    assert f"Draws from {MONDAY} on (superseded before it drew), anchor:\n  {second}" in printed
    assert clinic.json("report", "weekly", "--week", "2026-W48")["anchors"] == listed[-1:]
    assert "All holds" in clinic("verify")


def test_verify_lists_the_keys_that_were_begun_when_there_is_more_than_one(clinic, new_seeds):
    assert "keys were begun" not in clinic("verify")
    clinic("key", "rotate", "--reason", "a nicer outcome")
    lines = clinic("verify").splitlines()
    assert "2 keys were begun" in lines[1]
    second = anchors(clinic)[1]
    assert f"{second[:8]}, from {MONDAY} on, by " in lines[3]
    assert lines[3].endswith(": a nicer outcome")
    assert [(key["anchor"], key["reason"]) for key in clinic.json("verify")["keys"]][1] == (second, "a nicer outcome")


def test_after_a_lost_key_the_days_that_were_shown_can_still_be_checked(clinic, new_seeds):
    clinic.add(*(f"A{n}" for n in range(6)), schedule="random-3")
    for day in (16, 17, 18):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    key_of(clinic.database).unlink()
    assert "cannot be decided again" in clinic.run("key", "rotate", "--reason", "lost in the move").stderr
    assert "is not in the key file: it was lost, or the past was written anew" in clinic.refused("verify")
    clinic("key", "acknowledge", "--reason", "lost in the move")
    clinic.today = "2026-11-19"
    clinic("draw")
    done = clinic.run("verify")
    assert done.exit_code == 0
    assert "from 2026-11-16 on is lost, acknowledged by" in done.stderr
    assert "the draws of 2026-11-18 cannot be decided again" in done.stderr
    assert clinic.json("verify")["decisions"] == 18


def test_a_wrong_digit_in_a_key_without_copy_costs_one_day_and_not_verify(clinic, new_seeds):
    clinic.add(*(f"A{n}" for n in range(6)), schedule="random-3")
    for day in (16, 17):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    key = key_of(clinic.database)
    key.write_text(key.read_text().replace("1e1f", "1e1e"))
    assert "begin a new one with `testing-tracker key rotate" in clinic.refused("verify")
    assert "cannot be decided again" in clinic.run("key", "rotate", "--reason", "damaged").stderr
    clinic("key", "acknowledge", "--reason", "a wrong digit")
    for day in (17, 18):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        done = clinic.run("verify")
        assert (done.exit_code, "the draws of 2026-11-17 cannot be" in done.stderr) == (0, True), done.output


def test_a_cut_off_key_without_copy_is_moved_away_and_replaced(clinic, new_seeds):
    clinic("draw")
    key = key_of(clinic.database)
    key.write_text(key.read_text()[:-40])
    clinic.today = "2026-11-17"
    for command in (("draw",), ("key", "rotate", "--reason", "damaged")):
        assert "if there is none, move it away and begin a new one with `testing-tracker key" in clinic.refused(
            *command
        )
    key.rename(key.with_name("damaged"))
    clinic("key", "rotate", "--reason", "damaged")
    clinic("draw")
    clinic("key", "acknowledge", "--reason", "cut off")
    assert "All holds" in clinic("verify")


def test_after_a_key_lost_and_replaced_on_one_day_that_days_work_goes_on(clinic, new_seeds):
    clinic.add("A17", schedule="random-3")
    for day in (16, 17):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    key_of(clinic.database).unlink()
    clinic("key", "rotate", "--reason", "lost")
    clinic("key", "acknowledge", "--reason", "lost")
    done = clinic.run("verify")
    assert (done.exit_code, "the draws of 2026-11-17 cannot be decided" in done.stderr) == (0, True), done.output
    clinic.add("B2", schedule="fixed-3")
    done = clinic.run("draw")
    assert done.exit_code == 0
    assert "new participants are in the draws from 2026-11-18 on" in done.stderr
    assert clinic.run("verify").exit_code == 0
    clinic.today = "2026-11-18"
    clinic("draw")
    assert clinic.status("B2") == "due"
    assert clinic.run("verify").exit_code == 0


def test_newcomers_of_a_rotated_key_that_is_still_there_are_drawn_today(clinic, new_seeds):
    clinic("draw")
    clinic("key", "rotate", "--reason", "practice")
    clinic.add("B2", schedule="fixed-2")
    assert "1 added for new participants" in clinic("draw")
    assert "All holds" in clinic("verify")


def test_rotate_needs_a_reason(clinic):
    assert clinic.run("key", "rotate").exit_code == 2


def test_the_nightly_run_shows_only_secrets_of_days_that_are_over(clinic):
    import hashlib

    for day in (16, 17, 20):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    (anchor,) = anchors(clinic)
    shown = dict(clinic.rows("SELECT day, revealed FROM pool WHERE revealed IS NOT NULL"))
    assert sorted(shown) == ["2026-11-17", "2026-11-20"]
    secret = bytes.fromhex(shown["2026-11-20"])  # of the 17th, the second day: nobody drew on the two after it
    for _ in range(2):
        secret = hashlib.sha256(secret).digest()
    assert secret.hex() == anchor


def test_a_key_file_that_cannot_be_made_leaves_nothing(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("TESTING_TRACKER_KEY_FILE", str(blocked / "clinic.key"))
    done = Clinic(tmp_path / "clinic.db", MONDAY).run("init", "--training")
    assert (done.exit_code, "Cannot make the key file" in done.stderr) == (1, True)
    assert not Path(tmp_path / "clinic.db").exists()
    assert os.listdir(tmp_path) == ["file"]
