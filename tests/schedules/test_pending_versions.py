"""A changed schedule says what changes, whom it concerns and from when; until it binds, it can be taken back."""

import json
from dataclasses import replace
from datetime import date, time
from fractions import Fraction

import pytest
from conftest import MONDAY

from testing_tracker.rules.schedules.changes import what_changed
from testing_tracker.rules.schedules.schedule import (
    Bounds,
    ClosedRule,
    CollectionRule,
    DrawRule,
    Missed,
    ResponseRule,
    Shift,
    TestingRule,
)
from testing_tracker.rules.words import DrawKind

TUESDAY = "2026-11-17"
RULE = TestingRule("Two a week", DrawRule(DrawKind.RANDOM, Fraction(2), (0, 1, 2, 3, 4)))


@pytest.mark.parametrize(
    ("section", "value", "said"),
    [
        ("title", "Two", "title Two (was Two a week)"),
        ("draw", replace(RULE.draw, kind=DrawKind.FIXED), "draw.kind fixed (was random)"),
        ("draw", replace(RULE.draw, per_week=Fraction(5, 2)), "draw.per_week 2.5 (was 2)"),
        ("draw", replace(RULE.draw, days=(0, 6)), "draw.days mon, sun (was mon, tue, wed, thu, fri)"),
        ("closed", ClosedRule("US-CA"), "closed.holidays US-CA (was not said)"),
        ("closed", ClosedRule(shift=Shift.SKIP), "closed.shift skip (was next)"),
        ("closed", ClosedRule(days=(date(2026, 12, 24),)), "closed.days 2026-12-24 (was not said)"),
        ("collection", CollectionRule("hair"), "collection.specimen hair (was urine)"),
        (
            "collection",
            CollectionRule(panel=("cocaine", "opiates")),
            "collection.panel cocaine, opiates (was no",
        ),
        (
            "collection",
            CollectionRule(panels=(("cocaine",), ("fentanyl",))),
            "collection.panels (cocaine), (fentanyl)",
        ),
        ("collection", CollectionRule(closes=time(18)), "collection.window 08:00-18:00 (was 08:00-17:00)"),
        ("response", ResponseRule(steps=2), "response.steps 2 (was 1)"),
        ("response", ResponseRule(missed=Missed.REVIEW), "response.missed review (was none)"),
        (
            "response",
            ResponseRule(review_after_negative_weeks=8),
            "response.review_after_negative_weeks 8",
        ),
    ],
)
def test_a_change_is_said_in_the_files_words(section, value, said):
    changes = what_changed(RULE, replace(RULE, **{section: value}))
    assert len(changes) == 1
    assert changes[0].startswith(said)


def test_guard_rails_are_keys_of_the_draw():
    with_rails = replace(RULE, draw=replace(RULE.draw, bounds=Bounds(1, 4, 7)))
    assert what_changed(RULE, with_rails) == [
        "draw.min_per_week 1 (was not said)",
        "draw.max_per_week 4 (was not said)",
        "draw.max_gap_days 7 (was not said)",
    ]
    assert what_changed(with_rails, RULE)[-1] == "draw.max_gap_days not said (was 7)"


def test_nothing_changes_what_is_the_same():
    assert what_changed(RULE, replace(RULE)) == []


@pytest.fixture
def changed(clinic, tmp_path):
    """A clinic that has loaded a changed fixed-1, by which C03 and A17 are tested; B04 is tested by another one."""
    clinic.add("C03", "A17", "Gone", schedule="fixed-1")
    clinic.add("B04", schedule="fixed-2")
    clinic("participant", "discharge", "Gone", "--reason", "moved")
    clinic("draw")
    file = tmp_path / "fixed-1.toml"
    file.write_text(clinic("schedule", "show", "fixed-1").replace('"wed"', '"fri"'))
    return clinic, file, clinic("schedule", "load", str(file)).splitlines()


def test_loading_says_what_changes_whom_it_concerns_and_from_when(changed):
    _, _, said = changed
    assert said == [
        "TRAINING fixed-1 version 2 loaded, binds from 2026-11-17.",
        "TRAINING What changes: draw.days fri (was wed).",
        "TRAINING Whom it concerns: A17, C03. Before it binds, `testing-tracker schedule take-back fixed-1 --reason "
        "TEXT` undoes it.",
    ]


def test_the_list_has_what_is_pending_until_it_binds(changed):
    clinic, _, _ = changed
    line = clinic.json("schedule", "list")[0]
    assert (line["version"], line["days"]) == (1, ["wed"])
    assert line["pending"] == {"version": 2, "binds_from": TUESDAY, "changes": ["draw.days fri (was wed)"]}
    assert "version 2 from 2026-11-17: draw.days fri (was wed)" in clinic("schedule", "list")
    clinic.today = TUESDAY
    line = clinic.json("schedule", "list")[0]
    assert (line["version"], line["days"], line["pending"]) == (2, ["fri"], None)
    assert "pending" not in clinic("schedule", "list")


def test_a_pending_version_is_taken_back_and_never_binds(changed):
    clinic, file, _ = changed
    said = clinic("schedule", "take-back", "fixed-1", "--reason", "not agreed yet")
    assert "fixed-1 version 2 is taken back; version 3 says what binds today, and goes on." in said
    assert clinic.json("schedule", "list")[0]["pending"] is None
    act, reason, detail = clinic.rows("SELECT act, reason, detail FROM audit_entry ORDER BY id DESC LIMIT 1")[0]
    assert (act, reason) == ("schedule take back", "not agreed yet")
    assert json.loads(detail)["version"] == 3
    assert '"fri"' in clinic("schedule", "show", "fixed-1", "--version", "2"), "it stays on record"
    for clinic.today in (TUESDAY, "2026-11-18", "2026-11-19", "2026-11-20"):
        clinic("draw")
    days = {
        day
        for (day,) in clinic.rows(
            "SELECT due_on FROM draw JOIN participant p ON p.id = participant_id WHERE p.code = 'A17'"
        )
    }
    assert days == {"2026-11-18"}, "a Wednesday, as before"
    assert "All holds" in clinic("verify")
    assert "version 4 loaded, binds from 2026-11-21" in clinic("schedule", "load", str(file))


@pytest.mark.parametrize("binds", [False, True])
def test_what_is_not_pending_cannot_be_taken_back(changed, binds):
    clinic, _, _ = changed
    if binds:
        clinic.today = TUESDAY
    else:
        clinic("schedule", "take-back", "fixed-1", "--reason", "a slip")
    said = clinic.refused("schedule", "take-back", "fixed-1", "--reason", "again")
    assert "No version of fixed-1 is pending" in said
    assert "There is no schedule" in clinic.refused("schedule", "take-back", "weekly", "--reason", "again")


def test_who_changed_only_a_comment_is_told_so(clinic, tmp_path):
    file = tmp_path / "fixed-1.toml"
    file.write_text(clinic("schedule", "show", "fixed-1") + "\n# agreed on " + MONDAY + "\n")
    assert "What changes: another text, and nothing else." in clinic("schedule", "load", str(file))


def test_loading_todays_text_again_is_told_as_such_and_leaves_nothing_pending(changed):
    clinic, file, _ = changed
    ((text,),) = clinic.rows(
        "SELECT text FROM schedule_version v JOIN schedule s ON s.id = v.schedule_id "
        "WHERE s.name = 'fixed-1' AND version = 1"
    )
    pending = file.read_text()
    file.write_text(text)
    assert clinic("schedule", "load", str(file)).splitlines() == [
        "TRAINING fixed-1 version 3 loaded, binds from 2026-11-17.",
        "TRAINING What changes: nothing; it says what binds today, which goes on.",
    ]
    assert "No version of fixed-1 is pending" in clinic.refused("schedule", "take-back", "fixed-1", "--reason", "again")
    file.write_text(pending)
    assert "version 4 loaded" in clinic("schedule", "load", str(file)), "and the other one may come once more"
    assert "version 4 is taken back" in clinic("schedule", "take-back", "fixed-1", "--reason", "again")
    clinic.today = TUESDAY
    clinic("draw")
    assert clinic.json("schedule", "list")[0]["days"] == ["wed"]
    assert "All holds" in clinic("verify")


def test_with_guard_rails_their_chances_come_back_with_the_rule(clinic, tmp_path):
    file = tmp_path / "ours.toml"
    rule = clinic("schedule", "show", "random-2").split("[draw]")[0]
    draw = "[draw]\nkind = 'random'\nper_week = 2\ndays = ['mon', 'tue', 'wed', 'thu', 'fri']\n"
    rest = "[closed]\n[collection]\n[response]\n"
    for most in (3, 4):
        file.write_text(f"{rule}{draw}min_per_week = 1\nmax_per_week = {most}\nmax_gap_days = 7\n{rest}")
        clinic("schedule", "load", str(file))
    clinic("schedule", "take-back", "ours", "--reason", "not agreed")
    first, other, back = clinic.rows(
        "SELECT v.text, v.chances FROM schedule_version v JOIN schedule s ON s.id = v.schedule_id "
        "WHERE s.name = 'ours' ORDER BY v.version"
    )
    assert first[1] is not None
    assert back == first != other
