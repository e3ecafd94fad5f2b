"""A training database may begin on any day, also on one before it was made."""

import pytest
from conftest import Clinic
from freezegun import freeze_time

from testing_tracker import chance


@pytest.fixture
def made_today(tmp_path, monkeypatch) -> Clinic:
    """A training database that was made on the real day, 2027-03-03, and pretends no day yet."""
    numbers = iter(range(1, 100))
    monkeypatch.setattr(chance, "new_seed", lambda: bytes([next(numbers)]) * 32)
    clinic = Clinic(tmp_path / "training.db", None)
    with freeze_time("2027-03-03T20:00:00Z"):
        clinic("init", "--training", "--timezone", "America/Los_Angeles")
    return clinic


def test_a_past_day_is_pretended_on_one_that_was_made_today(made_today, tmp_path):
    clinic = made_today
    clinic.today = "2026-11-16"
    clinic.add("A17", schedule="fixed-2")
    clinic.add("R01", schedule="random-3")
    assert "drawn today" in clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "coc")
    for day in (17, 18, 23):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    assert "All holds: 8 days" in clinic("verify")
    clinic("proof", "--day", "2026-11-17", "--output", str(tmp_path / "proof.json"))
    assert "holds" in clinic("proof", "check", str(tmp_path / "proof.json"))
    assert clinic.json("report", "weekly", "--week", "2026-W47")["totals"]["positive"] == 1


def test_the_days_after_it_was_made_go_on_under_the_same_key(made_today):
    clinic = made_today
    for day in ("2026-11-16", "2027-03-02", "2027-03-03", "2027-03-04"):
        clinic.today = day
        clinic("draw")
    assert "All holds" in clinic("verify")
    assert [row["first_day"] for row in clinic.json("key", "show")] == ["2027-03-03", "2026-11-16"]


def test_it_may_begin_earlier_than_the_day_that_was_pretended_first(clinic, monkeypatch):
    monkeypatch.setattr(chance, "new_seed", lambda: bytes(range(32, 64)))
    clinic.today = "2026-01-05"
    clinic.add("A17")
    clinic("draw")
    assert "All holds" in clinic("verify")


def test_a_live_database_has_no_day_before_its_first(tmp_path):
    live = Clinic(tmp_path / "live.db", None)
    with freeze_time("2026-11-16T20:00:00Z"):
        live("init", "--timezone", "America/Los_Angeles")
    with freeze_time("2026-11-14T20:00:00Z"):
        assert "begin a new key" in live.refused("draw")
