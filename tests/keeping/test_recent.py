"""`verify --recent`: whatever is changed of what is new is found, in the time that two days take."""

from datetime import date

import databases
import pytest
from conftest import Clinic

from testing_tracker import chance
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.services.keeping.checking import checks, recent
from testing_tracker.services.keeping.checking.recent import RecentVerification, verify_recent
from testing_tracker.store.engine import open_engine, reading

DAYS = range(16, 27)  # of November 2026; the last is a Thursday
NEW = "2026-11-25"  # the night before last's day


@pytest.fixture
def lived_in(clinic) -> Clinic:
    """Eleven nights with results; on the last day A1 was positive, and a recommendation is open."""
    clinic.add("A1", "A2", "A3", schedule="random-2")
    for day in DAYS:
        clinic.today = f"2026-11-{day:02}"
        clinic("draw")
        if clinic.status("A1") == "due":
            clinic("result", "A1", "negative")
    if clinic.status("A2") == "none":
        clinic("test", "A2", "--reason", "seemed unwell")
    clinic("result", "A2", "positive", "--analyte", "cocaine")
    clinic("result", "A2", "positive", "--definitive", "--lab", "Northside", "--analyte", "cocaine")
    clinic("participant", "leave", "A3", "2026-11-28", "2026-11-30", "--reason", "a holiday")
    return clinic


def found(clinic: Clinic) -> RecentVerification:
    engine = open_engine(clinic.location)
    with reading(engine, None, databases.clock_of(date.fromisoformat(clinic.today)), SHIPPED) as work:
        result = verify_recent(work, clinic.location.key)
    engine.dispose()
    return result


def test_what_the_program_does_holds_and_what_was_covered_is_said(lived_in):
    said = lived_in("verify", "--recent")
    assert f"which the night of {NEW} sealed, up to page" in said
    assert "2 days," in said
    assert "open recommendations" in said
    assert "`testing-tracker verify` checks everything" in said
    document = lived_in.json("verify", "--recent")
    assert (document["since"], document["problems"], document["days"]) == (NEW, [], 2)
    assert document["decisions"] < lived_in.json("verify")["decisions"]
    assert "what is new holds: 2 days" in lived_in("check", "--recent")


CHANGES = {
    "a new result": "UPDATE result SET note = 'better' WHERE id = (SELECT max(id) FROM result)",
    "a new result that is gone": "DELETE FROM finding WHERE id = (SELECT max(id) FROM finding)",
    "a new leave": "UPDATE leave SET to_on = '2026-12-24'",
    "an invented act": (
        "INSERT INTO audit_entry (facility_id, at, account, act) VALUES (1, '2026-11-26 12:00:00', 'x', 'result log')"
    ),
    "a new page": "UPDATE ledger_page SET digest = 'x' WHERE id = (SELECT max(id) FROM ledger_page)",
    "the last page": "DELETE FROM ledger_page WHERE id = (SELECT max(id) FROM ledger_page)",
    "today's run": "UPDATE pool SET drawn = drawn + 1 WHERE id = (SELECT max(id) FROM pool)",
    "the seal of the night before last": f"UPDATE pool SET seal = '00' WHERE day = '{NEW}'",
    "the page that it sealed": (
        f"UPDATE ledger_page SET digest = 'x' WHERE id = (SELECT last_page_id FROM pool WHERE day = '{NEW}')"
    ),
    "a draw that was touched": (
        "UPDATE draw SET outcome = 'negative' WHERE id = (SELECT draw_id FROM result ORDER BY id DESC LIMIT 1)"
    ),
    "a draw of long ago that says something else": (
        "UPDATE draw SET status = 'excused', outcome = NULL WHERE id = (SELECT draw_id FROM result ORDER BY id LIMIT 1)"
    ),
    "an open recommendation": "UPDATE recommendation SET status = 'declined', decided_by = 'x', decided_at = raised_at",
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_what_is_new_is_found(lived_in, what):
    assert databases.change(lived_in.database, CHANGES[what], triggers=False) >= 1
    assert found(lived_in).problems
    assert lived_in.run("verify", "--recent").exit_code == 1
    assert lived_in.run("verify").exit_code == 1


@pytest.mark.sqlite_only(reason="writes what a typed column cannot hold")
def test_a_draw_that_cannot_be_read_hides_no_other(lived_in):
    garbled = f"UPDATE draw SET due_on = 'soon' WHERE due_on = '{NEW}'"
    other = CHANGES["a draw that was touched"]
    databases.change(lived_in.database, garbled, other, triggers=False)
    said = [problem.what for problem in found(lived_in).problems]
    assert any(what.startswith("the draw ") and "could not be checked" in what for what in said)
    assert "the draw on record does not say what its results lead to" in said


def test_draws_that_nobody_made_and_that_are_gone(lived_in):
    databases.change(lived_in.database, f"DELETE FROM draw WHERE due_on = '{NEW}'", triggers=False)
    is_one = lived_in.rows(f"SELECT sum(drawn) FROM pool WHERE day >= '{NEW}'")[0][0]
    assert bool(found(lived_in).problems) is bool(is_one)


def test_what_is_older_is_for_verify(lived_in):
    change = "UPDATE result SET note = 'better' WHERE id = (SELECT min(id) FROM result)"
    databases.change(lived_in.database, change, triggers=False)
    assert lived_in.run("verify", "--recent").exit_code == 0
    assert lived_in.run("verify").exit_code == 1


def test_in_the_first_days_it_is_everything(clinic):
    clinic.add("A1")
    clinic("draw")
    result = found(clinic)
    assert (result.since, result.days, result.problems) == (None, 1, [])
    assert "All holds: 1 days" in clinic("verify", "--recent")


def test_after_a_new_key_it_begins_where_the_key_is_there(lived_in, monkeypatch):
    monkeypatch.setattr(chance, "new_seed", lambda: bytes(range(100, 132)))
    lived_in("key", "rotate", "--reason", "seen by others")
    for day in (27, 28, 29):
        lived_in.today = f"2026-11-{day}"
        lived_in("draw")
    result = found(lived_in)
    assert (str(result.since), result.problems) == ("2026-11-28", [])


def test_the_checks_that_are_done_of_what_is_new_are_among_all_of_them():
    assert set(recent._LONG) < {check.about for check in checks.CHECKS}
