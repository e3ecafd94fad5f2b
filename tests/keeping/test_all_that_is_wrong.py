"""`verify` lists everything that does not hold: what cannot be read is a line of its own, and hides nothing else."""

from dataclasses import dataclass

import databases
import pytest
from conftest import Clinic

pytestmark = pytest.mark.sqlite_only(reason="writes what a typed column cannot hold")

WEEK = ("2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22")
OF = "SELECT d.id FROM draw d JOIN participant p ON p.id = d.participant_id WHERE code = '{}' AND due_on = '{}'"
BEHIND = "behind the program's back"
UNREADABLE = "could not be checked: something on record cannot be read (ValueError)"


@dataclass(frozen=True)
class Damage:
    """A change by hand, and what `verify` is to say of it."""

    statement: str
    said: tuple[str, ...]


DAMAGES = {
    "a key that nobody began": Damage(
        "INSERT INTO key_chain (id, facility_id, anchor, first_day, days, reason, recorded_at, recorded_by) "
        "VALUES (9, 1, 'nonsense', 'some day', 5, '', 'once', 'x')",
        (f"the key chain on record was added {BEHIND}", f"the key 9 {UNREADABLE}"),
    ),
    "a page that does not say any more how far it reached": Damage(
        "UPDATE ledger_page SET up_to = '{' WHERE id = 4", ("a page of the ledger written then was removed or changed",)
    ),
    "a night on no day": Damage(
        "UPDATE night SET day = 'Monday' WHERE day = '2026-11-17'",
        ("the night on record was changed or added", f"the night 2 {UNREADABLE}"),
    ),
    "a run on no day": Damage(
        "UPDATE pool SET day = '2026-13-45' WHERE day = '2026-11-18'",
        ("the pool on record was changed or added", f"the pool 3 {UNREADABLE}"),
    ),
    "a draw on no day": Damage(
        f"UPDATE draw SET due_on = 'soon' WHERE id IN ({OF.format('D1', '2026-11-19')})",
        ("D1: was drawn, and there is no draw on record", "draw 19 could not be checked"),
    ),
    "a draw that is gone": Damage(
        f"DELETE FROM draw WHERE id IN ({OF.format('D2', '2026-11-19')})",
        ("D2: was drawn, and there is no draw on record",),
    ),
    "a draw that says another status": Damage(
        f"UPDATE draw SET status = 'excused' WHERE id IN ({OF.format('D3', '2026-11-17')})",
        ("D3: the draw is on record as excused",),
    ),
    "a draw that says another outcome": Damage(
        f"UPDATE draw SET outcome = 'negative' WHERE id IN ({OF.format('D4', '2026-11-16')})",
        ("D4: the draw on record does not say what its results lead to",),
    ),
    "a result that reads otherwise": Damage(
        "UPDATE result SET note = 'better'", (f"D4: the result on record was changed or added {BEHIND}",)
    ),
    "an act at no moment": Damage(
        "UPDATE audit_entry SET at = 'then' WHERE act = 'participant leave'",
        (f"D5: the audit entry on record was changed or added {BEHIND}",),
    ),
    "a leave that was made longer": Damage(
        "UPDATE leave SET to_on = '2026-12-31'", (f"D5: the leave on record was changed or added {BEHIND}",)
    ),
    "a code that is another one": Damage(
        "UPDATE participant SET code = 'E7', code_key = 'E7' WHERE code = 'D7'",
        ("E7: the participant's code is not the one that its correction on record says",),
    ),
    "a schedule that cannot be read": Damage(
        "UPDATE schedule_version SET text = 'draw them all' WHERE schedule_id = "
        "(SELECT id FROM schedule WHERE name = 'later')",
        ("the schedule version on record was changed or added", "2026-11-21: the run could not be checked: "),
    ),
    "a seal that is none": Damage(
        "UPDATE pool SET seal = 'none' WHERE day = '2026-11-20'",
        ("2026-11-20: the records before this day's run are not the ones that it sealed",),
    ),
}


@pytest.fixture(scope="module")
def lived_in(made_clinic, tmp_path_factory) -> Clinic:
    folder = tmp_path_factory.mktemp("lived in")
    databases.copy(made_clinic, folder / "clinic.db")
    clinic = Clinic(folder / "clinic.db", WEEK[0])
    (folder / "every-day.toml").write_text(EVERY_DAY)
    clinic("schedule", "load", str(folder / "every-day.toml"))
    clinic.add("D1", "D2", "D3", "D4", "D5", "D6", schedule="every-day")
    clinic("participant", "rename", "D6", "D7", "--reason", "typed wrong")
    for day in WEEK:
        clinic.today = day
        if day == WEEK[5]:
            (folder / "later.toml").write_text(EVERY_DAY.replace("Every", "Each"))
            clinic("schedule", "load", str(folder / "later.toml"))
            clinic.add("R1", schedule="later")
        clinic("draw")
        if day == WEEK[0]:
            clinic("result", "D4", "positive", "--analyte", "cocaine")
    clinic("participant", "leave", "D5", "2026-11-25", "2026-11-26", "--reason", "travel")
    return clinic


EVERY_DAY = """
title = "Every day"
[draw]
kind = "random"
per_week = 7
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
[collection]
[response]
"""


def said_of(clinic: Clinic, database, *damages: Damage) -> list[str]:
    """What `verify` says of a copy with this damage, each line as it is printed."""
    damaged = clinic.copy(database)
    databases.change(damaged.database, *(damage.statement for damage in damages), triggers=False)
    found = damaged.json_of_refused("verify")
    return [f"{day}, {who}: {what}" if who else f"{day}: {what}" for day, who, what in found]


def missing(damage: Damage, lines: list[str]) -> list[str]:
    return [said for said in damage.said if not any(said in line for line in lines)]


def test_nothing_is_wrong_before(lived_in):
    assert lived_in.json("verify")["problems"] == lived_in.json("verify")["notes"] == []


@pytest.mark.parametrize("name", DAMAGES)
def test_each_alone_is_named(lived_in, tmp_path, name):
    lines = said_of(lived_in, tmp_path / "damaged.db", DAMAGES[name])
    assert missing(DAMAGES[name], lines) == [], lines


def test_all_together_each_is_named(lived_in, tmp_path):
    lines = said_of(lived_in, tmp_path / "damaged.db", *DAMAGES.values())
    assert {name: lost for name, damage in DAMAGES.items() if (lost := missing(damage, lines))} == {}, lines


def test_a_key_that_nobody_began_hides_none_of_the_others(lived_in, tmp_path):
    bogus = DAMAGES["a key that nobody began"]
    for number, damage in enumerate(DAMAGES.values()):
        alone = said_of(lived_in, tmp_path / f"{number}.db", damage)
        both = said_of(lived_in, tmp_path / f"{number} and key.db", *{bogus, damage})
        assert set(alone) <= set(both)


def test_check_names_the_records_and_the_key(lived_in, tmp_path):
    damaged = lived_in.copy(tmp_path / "damaged.db")
    databases.change(damaged.database, DAMAGES["a key that nobody began"].statement, triggers=False)
    done = damaged.run("check")
    assert done.exit_code == 1
    assert "key" in done.stdout
    assert "more; `testing-tracker verify` names them)" in " ".join(done.stdout.split())
