"""Somebody who knows the program and can write to the database, but has not the key, rewrites what happened."""

import pytest
from conftest import MONDAY, Clinic, key_of
from sqlmodel import Session
from test_verify import behind_its_back

from testing_tracker import chance
from testing_tracker.store.engine import open_engine, writing_all


def rewrite(clinic: Clinic, *statements: str) -> None:
    """Change rows and write the last page of the ledger anew over them."""
    behind_its_back(clinic, *statements, "DELETE FROM ledger_page WHERE id = (SELECT max(id) FROM ledger_page)")
    engine = open_engine(clinic.location)
    with writing_all(engine, has_tables=False):
        pass  # it says that all rows since the last page are its own
    engine.dispose()


def rewrite_newest(clinic: Clinic, *statements: str) -> None:
    """Change rows, and write the last page of the ledger anew over what it had and what was added."""
    from testing_tracker.store.ledger import pages as ledger

    behind_its_back(clinic, *statements, "DELETE FROM ledger_page WHERE id = (SELECT max(id) FROM ledger_page)")
    engine = open_engine(clinic.location)
    with Session(engine) as session:
        if session.connection().dialect.name == "sqlite":
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        pages = ledger.Pages(session)
        pages._began_after = ledger.known_at_page(session, ledger.last_page(session, 1)[0])
        pages.write(1)
        session.commit()
    engine.dispose()


def found_in(clinic: Clinic) -> list[tuple]:
    """What `verify` says does not hold."""
    return clinic.json_of_refused("verify")


def draw_of(code: str, day: str = MONDAY) -> str:
    """The id of a participant's draw, as part of a statement."""
    drawn = "draw d JOIN participant p ON p.id = participant_id"
    return f"(SELECT d.id FROM {drawn} WHERE code = '{code}' AND due_on = '{day}')"


def exchange_participants(clinic: Clinic, one: str, other: str) -> None:
    """The draws of two participants of Monday change owners."""
    ((first, its), (second, others)) = (
        clinic.rows(f"SELECT id, participant_id FROM draw WHERE id = {draw_of(code)}")[0] for code in (one, other)
    )
    behind_its_back(
        clinic,
        f"UPDATE draw SET due_on = '1900-01-01' WHERE id = {first}",
        f"UPDATE draw SET participant_id = {its} WHERE id = {second}",
        f"UPDATE draw SET participant_id = {others}, due_on = '{MONDAY}' WHERE id = {first}",
    )


@pytest.fixture
def tested(clinic) -> Clinic:
    """A1 positive and B1 negative on Monday; C1 and D1 did not come, and C1 was negative on Thursday."""
    clinic.add("A1", "B1", "C1", "D1", schedule="fixed-2")
    clinic("draw")
    clinic("result", "A1", "positive", "--analyte", "coc")
    clinic("result", "B1", "negative")
    for day in (17, 18, 19):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    clinic("result", "C1", "negative")
    assert "All holds" in clinic("verify")
    return clinic


def test_a_positive_given_to_another_participant_is_found(tested):
    exchange_participants(tested, "A1", "B1")
    found = tested.json_of_refused("verify")
    for code in ("A1", "B1"):
        assert (MONDAY, code, "the draw on record is not the one that the run made") in found
        assert (MONDAY, code, "the draw on record is not the one that the audit table speaks of") in found


def test_a_missed_draw_and_a_negative_one_that_change_days_are_found(tested):
    thursday = "2026-11-19"
    ((first, made), (second, made_later)) = (
        tested.rows(f"SELECT id, recorded_at FROM draw WHERE id = {draw_of('C1', day)}")[0]
        for day in (MONDAY, thursday)
    )
    behind_its_back(
        tested,
        f"UPDATE draw SET due_on = '1900-01-01' WHERE id = {first}",
        f"UPDATE draw SET due_on = '{MONDAY}', recorded_at = '{made}' WHERE id = {second}",
        f"UPDATE draw SET due_on = '{thursday}', recorded_at = '{made_later}' WHERE id = {first}",
    )
    found = tested.json_of_refused("verify")
    assert (MONDAY, "C1", "the draw on record is not the one that the run made") in found
    assert (MONDAY, "C1", "the draw on record is not the one that the audit table speaks of") in found


def test_a_swap_on_a_day_that_cannot_be_decided_again_is_found_all_the_same(clinic, monkeypatch):
    """By the audit table; that a draw is gone, by how many the run made."""
    clinic.add("A1", "B1", schedule="fixed-2")
    clinic("draw")
    clinic("result", "A1", "positive", "--analyte", "coc")
    clinic("result", "B1", "negative")
    key_of(clinic.database).unlink()
    monkeypatch.setattr(chance, "new_seed", lambda: bytes(32))
    clinic("key", "rotate", "--reason", "lost")
    other = clinic.copy(clinic.database.with_name("other.db"))
    exchange_participants(clinic, "A1", "B1")
    assert (MONDAY, "A1", "the draw on record is not the one that the audit table speaks of") in found_in(clinic)
    behind_its_back(other, f"UPDATE draw SET id = 1000 WHERE id = {draw_of('B1')}")
    assert (MONDAY, "", "the draws on record are not the 2 that the run made") in found_in(other)


A_LEAVE = (
    "INSERT INTO leave (facility_id, participant_id, from_on, to_on, reason, recorded_at, recorded_by) "
    f"SELECT 1, id, '{MONDAY}', '{MONDAY}', 'travel', '2026-11-16 16:00:00.000000', 'root' FROM participant"
)


@pytest.mark.parametrize("night_after", [False, True])
def test_a_draw_of_today_that_a_leave_slipped_in_explains_away_is_found(clinic, night_after):
    clinic.add("A1", schedule="fixed-2")
    clinic("draw")
    rewrite(
        clinic,
        A_LEAVE,
        "UPDATE pool SET drawn = 0, last_leave_id = 1",
        "DELETE FROM draw",
        "UPDATE audit_entry SET detail = replace(detail, '\"drawn\": 1', '\"drawn\": 0') WHERE act = 'night run'",
    )
    if night_after:
        clinic.today = "2026-11-17"
        clinic("draw")
    assert (MONDAY, "", "the run on record knew other records than the ones that it sealed") in found_in(clinic)


def test_an_earlier_seal_put_in_place_of_todays_is_found(clinic):
    """Today's run would then not have known who came since."""
    clinic("draw")
    clinic.today = "2026-11-17"
    clinic.add("A1", schedule="fixed-2")
    clinic("draw")
    rewrite(
        clinic,
        "UPDATE pool SET (last_page_id, seal) = (SELECT last_page_id, seal FROM pool WHERE id = 1) WHERE id = 2",
        "UPDATE pool SET (last_participant_id, last_enrolment_id, last_assignment_id) = (0, 0, 0) WHERE id = 2",
        "UPDATE night SET last_participant_id = 0 WHERE id = 2",
    )
    assert ("2026-11-17", "", "the run on record knew other records than the ones that it sealed") in found_in(clinic)
