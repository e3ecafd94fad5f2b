"""Nights that a clock that was ahead has made are taken back, and the true days drawn as if they had never been."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import Clinic, acting_as, denied
from freezegun import freeze_time

from testing_tracker import chance

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = datetime(2026, 11, 16, 0, 5, tzinfo=ZONE)
AHEAD = datetime(2027, 12, 1, 0, 5, tzinfo=ZONE)  # a Wednesday
WHY = ("--take-back", "--yes", "--reason", "the battery of the clock was empty")


def at(moment: datetime):
    return freeze_time(moment.astimezone(UTC))


def on(day: int, hour: int = 9, minute: int = 0):
    return at(datetime(2026, 11, day, hour, minute, tzinfo=ZONE))


@pytest.fixture(scope="module", autouse=True)
def _new_seeds():
    numbers = iter(range(100, 200))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chance, "new_seed", lambda: bytes([next(numbers)]) * 32)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory, _new_seeds) -> Clinic:
    """A live facility: A17 and B04 are due on Mondays and Thursdays, twenty others at random; only B04 gave nothing."""
    clinic = Clinic(tmp_path_factory.mktemp("made") / "live.db", None)
    with on(15, 12):
        clinic("init", "--timezone", ZONE.key)
        clinic.add("A17", "B04")
        clinic.add(*(f"R{n:02}" for n in range(20)), schedule="random-2")
    with on(16, 0, 5):
        clinic("draw")
    with on(16):
        for code in drawn_on(clinic, "2026-11-16") - {"B04"}:
            clinic("result", code, "negative")
    return clinic


@pytest.fixture(scope="module")
def made_ahead(made) -> Clinic:
    """The clock was a year ahead on Tuesday night, and somebody typed the day that it showed."""
    clinic = made.copy(made.database.with_name("ahead.db"))
    with at(AHEAD):
        clinic("draw", "--catch-up-to", "2027-12-01")
    return clinic


@pytest.fixture
def live(made, tmp_path) -> Clinic:
    return made.copy(tmp_path / "live.db")


@pytest.fixture
def year_ahead(made_ahead, tmp_path) -> Clinic:
    return made_ahead.copy(tmp_path / "live.db")


def drawn_on(clinic: Clinic, day: str) -> set[str]:
    return {line["participant"] for line in clinic.json("due", "--on", day)}


def test_the_whole_way_back(year_ahead, tmp_path):
    live = year_ahead
    with on(17):
        assert "Draws were made for 2027-12-01 already" in live.refused("draw")
        printed = live("draw", *WHY)
        assert "Taken back: 380 nights, 2026-11-17 to 2027-12-01" in printed
        assert "B04's draw of 2026-11-16: unrecorded (those nights had made it missed)" in printed
        assert "from 2026-11-17 on" in printed
        assert live.status("A17", "2026-11-16") == "collected negative"
        assert live.status("B04", "2026-11-16") == "unrecorded"
        assert drawn_on(live, "2027-12-01") == set()
        verified = live("verify")
        assert "All holds: 1 days" in verified
        assert (
            "The nights of 2026-11-17 to 2027-12-01 were made by a clock that was ahead, and taken back by" in verified
        )
        assert "the battery of the clock was empty" in verified
        assert live.json("verify")["taken_back"][0]["last_day"] == "2027-12-01"
        assert "2026-11-17: " in live("draw")
    with on(18, 0, 5):
        live("draw")
        assert "All holds: 3 days" in live("verify")
        file = tmp_path / "proof.json"
        for day in ("2026-11-16", "2026-11-17"):
            live("proof", "--day", day, "--output", str(file), "--overwrite")
            assert "holds" in live("proof", "check", str(file))
        assert live.json("status")["problems"] == []
        assert {one["matter"] for one in json.loads(live.run("doctor", "--format", "json").stdout)} <= {
            "zone",
            "question",
        }
        live("report", "weekly", "--week", "2026-W47")


def test_what_was_shown_and_seen_says_nothing_of_the_days_to_come(year_ahead):
    live = year_ahead
    with on(17):
        live("draw", *WHY)
        live("draw")
        first, second = live.json("key", "show")
        assert second["first_day"] == "2026-11-17"
        assert first["anchor"] != second["anchor"]
    assert live.rows("SELECT DISTINCT key_chain_id FROM pool WHERE day = '2026-11-17' ORDER BY 1") == [(1,), (2,)]


def test_a_night_ahead_shows_the_secret_of_a_day_that_was_drawn_and_not_of_its_eve(live):
    from hashlib import sha256

    with at(MONDAY + timedelta(days=9)):
        live("draw")
    (anchor,) = [row["anchor"] for row in live.json("key", "show")]
    ((shown,),) = live.rows("SELECT revealed FROM pool WHERE day = '2026-11-25'")
    once = sha256(bytes.fromhex(shown)).digest()
    assert sha256(once).hexdigest() == anchor  # Monday's, the second day of the chain


def test_a_proof_is_not_given_of_the_last_day_that_was_drawn(live):
    with on(19):
        assert "2026-11-16 counts as over when a later night has run" in live.refused("proof", "--day", "2026-11-16")
        live("draw")
        live("proof", "--day", "2026-11-16")


def test_a_day_that_was_drawn_ahead_is_drawn_again_in_its_rows(live):
    with at(MONDAY + timedelta(days=3)):  # on Tuesday the clock says Thursday
        live("draw")
        ahead = drawn_on(live, "2026-11-19")
    with on(17):
        live("draw", *WHY)
        live("draw")
        assert drawn_on(live, "2026-11-19") == set()
        assert "The draws" not in live.refused("result", "A17", "negative", "--on", "2026-11-19")
    with on(18, 0, 5):
        live("draw")
    with on(19, 0, 5):
        live("draw")
        again = drawn_on(live, "2026-11-19")
        assert {"A17", "B04"} <= ahead & again
        assert again != ahead  # under another key
        live("result", "A17", "negative")
        assert "All holds: 4 days" in live("verify")
    with on(20, 0, 5):
        live("draw")
        assert "All holds: 5 days" in live("verify")
        live("proof", "--day", "2026-11-19")
        live("participant", "show", "A17")
    with on(23):
        live("draw")
        live("report", "weekly")
        assert "All holds" in live("verify")


def test_several_nights_ahead_and_what_one_closed_of_another_are_taken_back_together(tmp_path):
    live = Clinic(tmp_path / "strict.db", None)
    (tmp_path / "strict.toml").write_text(STRICT)
    with on(15, 12):
        live("init", "--timezone", ZONE.key)
        live("schedule", "load", str(tmp_path / "strict.toml"))
        live.add("S01", schedule="strict")
    with on(16, 0, 5):
        live("draw")
        live("result", "S01", "negative")
    for days in (10, 11):
        with at(MONDAY + timedelta(days=days)):
            live("draw")
    with at(MONDAY + timedelta(days=11, hours=9)):
        assert live.json("recommendation", "list", "--open"), live.rows("SELECT due_on, kind, status, reason FROM draw")
    with on(17):
        live("draw", *WHY)
        assert live.json("recommendation", "list", "--open") == []
        assert "All holds" in live("verify")
        live("draw")
        assert "All holds: 2 days" in live("verify")


STRICT = """\
title = "Every day, and a missed one counts as positive"
[draw]
kind = "random"
per_week = 7
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
[collection]
specimen = "urine"
panel = ["cocaine"]
window = "08:00-17:00"
[response]
steps = 1
missed = "positive"
"""


def test_what_was_due_today_is_due_again(live):
    with on(16, 10):
        live("result", "B04", "invalid")
        live("test", "B04", "--recollect")
        live("participant", "add", "C21", "--schedule", "fixed-2", "--level", "iop")
        live("draw")
        due = {line["participant"] for line in live.json("due") if line["status"] == "due"}
        assert due == {"B04", "C21"}
    with at(AHEAD):
        live("draw", "--catch-up-to", "2027-12-01")
        assert live.status("B04", "2026-11-16") == "collected invalid"
    with on(16, 11):
        live("draw", *WHY)
        assert {line["participant"] for line in live.json("due") if line["status"] == "due"} == due
        live("result", "B04", "negative")
        assert live.json("key", "show")[-1]["first_day"] == "2026-11-17"
        assert "made already" in live("draw")
    with on(17, 0, 5):
        live("draw")
        assert "All holds: 2 days" in live("verify")
        assert live.rows("SELECT count(*) FROM closing WHERE day = '2026-11-16'") == [(2,)]


def test_what_somebody_recorded_of_such_a_night_is_refused_by_name(year_ahead):
    with at(AHEAD + timedelta(hours=9)):
        year_ahead("test", "A17", "--reason", "came intoxicated")
        year_ahead("result", "B04", "negative", "--on", "2027-11-29")
    with on(17):
        message = year_ahead.refused("draw", *WHY)
    assert "B04 on 2027-11-29, A17 on 2027-12-01" in message
    assert "docs/operations.md" in message


def test_what_a_person_has_said_since_of_a_draw_of_before_stays(year_ahead):
    with at(AHEAD + timedelta(hours=9)):
        year_ahead("result", "B04", "negative", "--on", "2026-11-16")
    with on(17):
        year_ahead("draw", *WHY)
        assert year_ahead.status("B04", "2026-11-16") == "collected negative"
        assert "All holds" in year_ahead("verify")


def test_without_a_night_ahead_there_is_nothing_to_take_back(live):
    with on(16):
        assert "No night later than today, 2026-11-16, is on record" in live.refused("draw", *WHY)


@pytest.mark.parametrize(
    "arguments",
    [("--take-back",), ("--reason", "x"), ("--yes",), ("--take-back", "--reason", "x", "--catch-up-to", "2026-11-17")],
)
def test_it_takes_a_reason(live, arguments):
    assert live.run("draw", *arguments).exit_code == 2


def test_it_asks_first(year_ahead):
    before = year_ahead.contents()
    with on(17):
        done = year_ahead.run("draw", "--take-back", "--reason", "the clock", input="n\n")
    assert done.exit_code == 1
    assert "Today is 2026-11-17. 380 nights, 2026-11-17 to 2027-12-01, are taken back" in done.stderr
    assert year_ahead.contents() == before


def test_it_is_a_managers(year_ahead):
    with on(17):
        year_ahead("staff", "add", "nurse", "--role", "nurse")
        with acting_as("nurse"):
            assert "`testing-tracker draw --take-back` takes a manager" in denied(year_ahead, "draw", *WHY)


def test_of_several_facilities_one_is_named_and_the_others_stay(live):
    with on(16, 10):
        live("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
        live("--facility", "Ostkreuz", "participant", "add", "A17", "--schedule", "fixed-3", "--level", "iop")
    with at(MONDAY + timedelta(days=5)):
        live("draw")
    with on(17):
        assert "several facilities" in live.refused("draw", *WHY)
        live("--facility", "My facility", "draw", *WHY)
        live("--facility", "My facility", "draw")
        assert "All holds" in live("--facility", "My facility", "verify")
        assert "Draws were made for 2026-11-21" in live.refused("--facility", "Ostkreuz", "draw")
        live("--facility", "Ostkreuz", "draw", *WHY)
        live("draw")
        assert live("verify").count("All holds") == 2


def test_a_report_that_left_before_its_time_leaves_again(live, tmp_path):
    (tmp_path / "reports").mkdir()
    with at(MONDAY + timedelta(days=9)):
        live("serve", "--once", "--reports", str(tmp_path / "reports"))
        assert live.rows("SELECT week FROM delivery") == [("2026-W47",)]
    with on(17):
        live("draw", *WHY)
        live("draw")
    with on(23):
        assert "report of 2026-W47 written" in live("serve", "--once", "--reports", str(tmp_path / "reports"))


def test_with_the_key_lost_afterwards_the_days_before_can_still_be_decided(year_ahead):
    from conftest import key_of

    with on(17):
        year_ahead("draw", *WHY)
        year_ahead("draw")
        lines = key_of(year_ahead.database).read_text().splitlines()
        key_of(year_ahead.database).write_text(
            "\n".join(line for line in lines if not line.startswith(_first(year_ahead)))
        )
        year_ahead("key", "acknowledge", "--reason", "lost")
        done = year_ahead.run("verify")
    assert done.exit_code == 0, done.output
    assert "All holds: 2 days" in done.stdout


def _first(clinic: Clinic) -> str:
    return clinic.json("key", "show")[0]["anchor"]


def test_the_tables_refuse_that_it_is_changed(year_ahead):
    import databases

    with on(17):
        year_ahead("draw", *WHY)
    for table in ("taking_back", "night_taken_back", "closing"):
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET facility_id = 1"):
            with pytest.raises(databases.REFUSALS):
                year_ahead.change(change)
