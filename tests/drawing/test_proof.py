"""`proof`: what an outsider needs to check a finished day, and the check."""

import hashlib
import hmac
import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import MONDAY, Clinic, key_of, made_once

from testing_tracker import chance

pytestmark = pytest.mark.one_database(reason="the check of a proof is without a database")

PAGE = (Path(__file__).parents[2] / "docs" / "draws.md").read_text(encoding="utf-8")


@made_once
def tuesday(clinic):
    """After a Monday with thirty participants."""
    clinic.add(*(f"A{n}" for n in range(10)), schedule="random-2")
    clinic.add(*(f"B{n}" for n in range(10)), schedule="random-3")
    clinic.add(*(f"C{n}" for n in range(9)), schedule="fixed-2")
    clinic("draw")
    clinic.add("LATE", schedule="random-3")
    clinic("draw")
    clinic.today = "2026-11-17"
    clinic("draw")


@pytest.fixture
def proof(tuesday, tmp_path) -> Path:
    """The proof of that Monday, written on Tuesday."""
    file = tmp_path / "proof.json"
    tuesday("proof", "--day", MONDAY, "--output", str(file), "--overwrite")
    return file


def check(file: Path, *arguments: str):
    """As an auditor, on another machine."""
    return Clinic(file.parent / "nowhere.db", None).run("proof", "check", str(file), *arguments)


def test_a_finished_days_proof_has_everybody_and_holds(clinic, proof):
    document = json.loads(proof.read_text())
    assert len(document["participants"]) == 30
    assert (document["first_day"], document["hashes"]) == (MONDAY, 1)
    assert [document["anchor"]] == [row["anchor"] for row in clinic.json("key", "show")]
    assert {item["chance"] for item in document["participants"]} == {"2/7", "3/7", "1"}
    drawn = {item["participant"] for item in document["participants"] if item["drawn"]}
    assert drawn == {number for (number,) in clinic.rows("SELECT participant_id FROM draw WHERE due_on = '2026-11-16'")}
    assert proof.stat().st_mode & 0o777 == 0o600
    done = check(proof)
    assert (done.exit_code, f"holds: 30 participants, {len(drawn)} drawn" in done.stdout) == (0, True)
    assert document["anchor"] in done.stdout


def test_a_proof_has_numbers_and_no_codes(proof):
    assert not re.search(r"\b[ABC][0-9]\b|LATE", proof.read_text())


def test_the_proof_can_be_checked_by_hand(proof):
    document = json.loads(proof.read_text())
    secret = bytes.fromhex(document["day_secret"])
    assert hashlib.sha256(secret).hexdigest() == document["anchor"]
    for item in document["participants"]:
        found = hmac.new(secret, str(item["participant"]).encode(), hashlib.sha256).hexdigest()
        assert item["drawn"] is (Fraction(int(found, 16), 2**256) < Fraction(item["chance"]))


def test_ten_lines_of_python_check_a_proof(proof, capsys, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 10
    monkeypatch.chdir(proof.parent)
    exec(code, {})
    assert "holds" in capsys.readouterr().out
    document = json.loads(proof.read_text())
    document["participants"][3]["drawn"] ^= True
    proof.write_text(json.dumps(document))
    with pytest.raises(AssertionError):
        exec(code, {})
    document["participants"][3]["drawn"] ^= True
    document["day"] = "2026-11-17"
    proof.write_text(json.dumps(document))
    with pytest.raises(AssertionError):
        exec(code, {})


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(day_secret="00" * 32),
        lambda document: document.update(anchor="00" * 32),
        lambda document: document.update(hashes=2),
        lambda document: document["participants"][0].update(drawn=not document["participants"][0]["drawn"]),
        lambda document: document["participants"][29].update(drawn=not document["participants"][29]["drawn"]),
        lambda document: [item.update(chance="1/1000000") for item in document["participants"]],
        lambda document: [item.update(participant=item["participant"] + 100) for item in document["participants"]],
    ],
)
def test_a_proof_that_was_changed_does_not_hold(proof, change):
    document = json.loads(proof.read_text())
    change(document)
    proof.write_text(json.dumps(document))
    done = check(proof)
    assert (done.exit_code, "2026-11-16 does not hold" in done.stderr) == (1, True), done.output


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"form": "something else"}',
        "[" * 100_000,
        '{"form": "testing-tracker proof 1", "day": "2026-11-16", "facility": "x", "anchor": "00", "hashes": 1}',
    ],
)
def test_what_is_no_proof_is_one_clear_line(tmp_path, content):
    file = tmp_path / "proof.json"
    file.write_text(content)
    done = check(file)
    assert (done.exit_code, done.stderr.startswith("Error: ")) == (1, True)


@pytest.mark.parametrize(
    "change",
    [{"chance": "1/0"}, {"chance": "7/2"}, {"chance": "x"}, {"drawn": 1}, {"participant": "1"}, {"participant": 2}],
)
def test_a_proof_with_a_value_that_is_none_is_refused(proof, change):
    document = json.loads(proof.read_text())
    document["participants"][0].update(change)
    proof.write_text(json.dumps(document))
    assert "not a proof of a day's draws" in check(proof).stderr


def test_a_file_that_is_not_there(tmp_path):
    assert "cannot be read" in check(tmp_path / "none.json").stderr


def test_the_anchor_one_was_given_is_compared(proof):
    document = json.loads(proof.read_text())
    assert check(proof, "--anchor", document["anchor"].upper()).exit_code == 0
    assert "not the one that you were given" in check(proof, "--anchor", "00" * 32).stderr


def test_a_proof_given_out_for_another_day_does_not_hold(proof):
    """Neither with another day alone, nor with a first day that goes with it."""
    document = json.loads(proof.read_text())
    given = ("--anchor", document["anchor"], "--first-day", MONDAY)
    assert check(proof, *given).stdout == check(proof).stdout.splitlines(keepends=True)[0]
    document["day"] = "2026-11-17"
    proof.write_text(json.dumps(document))
    assert "2026-11-17 does not hold: 1 hashes are not those of this day" in check(proof, *given).stderr
    document["first_day"] = "2026-11-17"
    proof.write_text(json.dumps(document))
    assert "first day is 2026-11-17, not the one that you were given" in check(proof, *given).stderr
    assert "the list of participants 1 to 29 is not the one that the night kept" in check(proof, *given[:2]).stderr
    del document["runs"]  # as an earlier version wrote it, which only the first day gives away
    proof.write_text(json.dumps(document))
    assert f"{document['anchor']}, from 2026-11-17 on" in check(proof, *given[:2]).stdout


@pytest.mark.parametrize("day", ["today", "2026-11-17", "2026-11-18"])
def test_todays_secret_and_later_ones_are_never_shown(clinic, proof, day):
    assert "is not over" in clinic.refused("proof", "--day", day)


def test_a_day_without_draws_has_no_proof(clinic):
    clinic.today = "2026-11-18"
    clinic("draw")
    assert "No draws were made on 2026-11-17" in clinic.refused("proof", "--day", "yesterday")


def test_a_deleted_draw_shows_in_the_proof(clinic, proof):
    """The proof says what is on record; that it is not what the secret draws, anybody can see."""
    from test_verify import behind_its_back

    behind_its_back(clinic, "DELETE FROM draw WHERE due_on = '2026-11-16' AND kind = 'random'")
    clinic("proof", "--day", MONDAY, "--output", str(proof), "--overwrite")
    assert "is drawn by the day's secret, and the file says not drawn" in check(proof).stderr


def test_writing_a_proof_goes_on_record(clinic, proof):
    assert clinic.rows("SELECT count(*) FROM audit_entry WHERE act = 'proof write'") == [(1,)]


def test_proof_needs_a_day(clinic):
    assert clinic.run("proof").exit_code == 2


def test_a_proof_needs_the_key_until_a_later_night_has_shown_the_days_secret(clinic, proof):
    key_of(clinic.database).unlink()
    clinic.today = "2026-11-18"
    assert "is missing" in clinic.refused("proof", "--day", "2026-11-17")
    before = proof.read_text()
    clinic("proof", "--day", MONDAY, "--output", str(proof), "--overwrite")
    assert proof.read_text() == before


def test_the_days_of_a_lost_key_are_proved_after_it_was_replaced(clinic, proof, monkeypatch):
    monkeypatch.setattr(chance, "new_seed", lambda: bytes(32))
    for day in (18, 19):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    key_of(clinic.database).unlink()
    clinic("key", "rotate", "--reason", "lost")
    clinic.today = "2026-11-20"
    clinic("draw")
    for day in (16, 17, 18):
        clinic("proof", "--day", f"2026-11-{day}", "--output", str(proof), "--overwrite")
        assert check(proof).exit_code == 0


def test_a_participants_number_in_proofs_is_in_the_record(clinic, proof):
    number = clinic.json("participant", "show", "B3")["number"]
    assert clinic.rows("SELECT code FROM participant WHERE id = " + str(number)) == [("B3",)]
    assert f"number     {number} in proofs" in clinic("participant", "show", "B3")
