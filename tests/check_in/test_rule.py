"""From which day on participants check in, between which hours, and what it means if they do not: a manager decides."""

from contextlib import closing
from datetime import date, datetime, timedelta

import pytest
from conftest import Clinic, acting_as, denied
from hypothesis import given
from hypothesis import strategies as st
from mornings import Mornings

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.services.check_in.reporting.asked import days_asked
from testing_tracker.services.check_in.rule_setting import _timeline
from testing_tracker.store.tables import CheckInRule

RULE = ("checkin", "rule", "--opens", "05:00", "--closes", "10:00", "--page", "--not-checked-in", "missed")
LATER_CLOSE = """
title = "Twice a week"
[draw]
kind = "fixed"
per_week = 2
days = ["mon", "thu"]
[collection]
window = "08:00-09:00"
"""


@pytest.fixture
def at_work(clinic):
    """The clinic's records, as a service sees them."""

    def read(asked):
        with closing(Desk(clinic.url, clinic.today)) as desk, desk.reading("checkin rule") as work:
            return asked(work)

    return read


def bind(clinic, from_on, *more, opens="05:00", closes="10:00", page="--page", then="missed"):
    hours = ("--opens", opens, "--closes", closes, page, "--not-checked-in", then)
    return clinic("checkin", "rule", *hours, "--from", from_on, *more)


def test_from_a_day_on_everybody_checks_in(clinic, at_work):
    assert clinic("checkin", "rule") == "TRAINING Nobody has to check in.\n"
    said = clinic(*RULE, "--from", "2026-12-01")
    assert said == (
        "TRAINING From Tue 2026-12-01 everybody with a card checks in between 05:00 and 10:00. "
        "Who does not, and gives no specimen, has missed.\n"
    )
    assert at_work(lambda work: services.rules_in_force.rule_on(work, date(2026, 11, 30))) is None
    rule = at_work(lambda work: services.rules_in_force.rule_on(work, date(2026, 12, 1)))
    assert (f"{rule.opens:%H:%M}", f"{rule.closes:%H:%M}", rule.page, rule.not_checked_in) == (
        *("05:00", "10:00", True),
        "missed",
    )
    assert "check-in rule set" in clinic("audit", "list")


@pytest.mark.parametrize(("closes", "is_little"), [("15:00", False), ("15:01", True), ("17:00", True)])
def test_a_manager_learns_that_a_window_leaves_little_time_to_come(clinic, closes, is_little):
    hours = ("--opens", "05:00", "--closes", closes, "--page", "--not-checked-in", "missed")
    said = clinic.run("checkin", "rule", *hours, "--from", "2026-12-01").stderr
    note = (
        f"TRAINING note: who checks in at {closes} is in time, and has until 17:00 to come, by the schedule fixed-1. "
    )
    assert said == (note + "Where the way is longer, have check-in close earlier.\n" if is_little else "")


@pytest.mark.parametrize(("opens", "is_before"), [("00:00", True), ("00:05", True), ("00:06", False)])
def test_a_manager_learns_that_check_in_opens_before_the_draws_are_made(tmp_path, opens, is_before):
    """Each day would be one at fault, and nobody held to check in, without a word."""
    mornings = Mornings(Clinic(tmp_path / "live.db", None))
    mornings.type(date(2026, 11, 15), "12:00", "init", "--timezone", "America/Los_Angeles")
    mornings.night(date(2026, 11, 16))
    hours = ("--opens", opens, "--closes", "10:00", "--no-page", "--not-checked-in", "missed")
    said = mornings.typed(date(2026, 11, 16), "12:00", "checkin", "rule", *hours, "--from", "2026-12-01").stderr
    assert ("the draws of Mon 2026-11-16 were made at 00:05" in said) is is_before


def test_it_is_said_what_binds_and_what_is_next(clinic):
    bind(clinic, "today", page="--no-page", then="unrecorded")
    bind(clinic, "+14")
    assert clinic("checkin", "rule").splitlines() == [
        "TRAINING Since Mon 2026-11-16 everybody with a card checks in between 05:00 and 10:00, by telephone or at "
        "the desk. Who does not, and gives no specimen, is unrecorded, and a question for you.",
        "TRAINING From Mon 2026-11-30 everybody with a card checks in between 05:00 and 10:00. Who does not, and "
        "gives no specimen, has missed.",
    ]
    assert clinic.json("checkin", "rule")[1] == {
        "from_on": "2026-11-30",
        "opens": "05:00",
        "closes": "10:00",
        "page": True,
        "not_checked_in": "missed",
    }


def test_it_can_be_ended(clinic, at_work):
    bind(clinic, "today")
    assert clinic("checkin", "rule", "--end", "--from", "+7") == (
        "TRAINING From Mon 2026-11-23 nobody has to check in.\n"
    )
    days = (date(2026, 11, 22), date(2026, 11, 23))
    assert at_work(lambda work: [services.rules_in_force.rule_on(work, day) is None for day in days]) == [False, True]
    assert at_work(lambda work: services.rules_in_force.window_on(work, date(2026, 11, 23))) is None


def test_a_rule_takes_the_place_of_one_that_was_to_bind_later(clinic):
    bind(clinic, "+14")
    done = clinic.run(*RULE[:-1], "unrecorded", "--from", "+7")
    assert "what was to bind from Mon 2026-11-30 does not any more" in done.stderr
    assert len(clinic.json("checkin", "rule")) == 1


def test_who_lacks_a_card_is_counted(clinic):
    clinic.add("A17", "B04")
    assert "2 participants have no card yet" in clinic.run(*RULE, "--from", "+7").stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            ("--opens", "10:00", "--closes", "05:00"),
            "Check-in cannot close at 05:00, which is not after it opens at 10:00.",
        ),
        (
            ("--opens", "05:00", "--closes", "05:59"),
            "From 05:00 to 05:59 is less than 60 minutes. Give participants longer to check in.",
        ),
        (
            ("--opens", "08:00", "--closes", "17:01"),
            "Who checks in at 17:01 would have had until 17:00 to come, by the schedule fixed-1. Have check-in close "
            "earlier.",
        ),
    ],
)
def test_a_window_that_cannot_be_is_refused_with_its_times(clinic, given, said):
    assert clinic.refused("checkin", "rule", *given, *RULE[6:], "--from", "2026-11-23") == said


def test_a_schedule_that_is_to_bind_later_is_looked_at_too(clinic, tmp_path):
    file = tmp_path / "mornings.toml"
    file.write_text(LATER_CLOSE, encoding="utf-8")
    clinic("schedule", "load", str(file))
    assert "until 09:00 to come, by the schedule mornings" in clinic.refused(*RULE, "--from", "2026-11-23")


def test_a_version_that_is_pending_is_looked_at_too(clinic, tmp_path):
    file = tmp_path / "mornings.toml"
    file.write_text(LATER_CLOSE.replace("-09:00", "-17:00"), encoding="utf-8")
    clinic("schedule", "load", str(file))
    file.write_text(LATER_CLOSE, encoding="utf-8")
    clinic("schedule", "load", str(file))  # binds from tomorrow
    assert "until 09:00 to come, by the schedule mornings" in clinic.refused(*RULE, "--from", "2026-11-16")


def test_a_schedule_that_is_loaded_later_is_taken_and_what_it_leaves_too_late_is_said(clinic, tmp_path):
    """The schedule is how tests are made; that check-in would close after them a manager has to hear."""
    file = tmp_path / "mornings.toml"
    file.write_text(LATER_CLOSE, encoding="utf-8")
    clinic(*RULE, "--from", "2026-11-23")
    done = clinic.run("schedule", "load", str(file))
    assert done.stderr == (
        "TRAINING note: who checks in at 10:00 would have had until 09:00 to come, by the schedule mornings. Have "
        "check-in close earlier.\n"
    )
    clinic("checkin", "rule", *RULE[2:4], "--closes", "09:00", *RULE[6:], "--from", "2026-11-23")
    file.write_text(LATER_CLOSE.replace("Twice", "Two times"), encoding="utf-8")
    assert clinic.run("schedule", "load", str(file)).stderr == ""


@pytest.mark.parametrize("day", ["2026-11-15", "2026-11-16"])
def test_a_day_that_has_begun_is_refused(clinic, day, monkeypatch):
    """A training database may begin today, so that somebody can try."""
    live = clinic.copy(clinic.database.with_name("live.db"))
    live.change("UPDATE facility SET training = false")
    live.today = None
    monkeypatch.setattr("testing_tracker.clock.Clock.today", lambda _: date(2026, 11, 16), raising=True)
    said = live.refused(*RULE, "--from", day)
    begun = "Mon 2026-11-16 has begun" if day.endswith("16") else "Sun 2026-11-15 is over"
    assert said == f"{begun}; participants have to know before. Give 2026-11-17 or a later day."


def test_a_training_database_cannot_begin_yesterday(clinic):
    assert "Sun 2026-11-15 is over" in clinic.refused(*RULE, "--from", "2026-11-15")


def test_what_is_so_already_is_refused(clinic):
    assert clinic.refused("checkin", "rule", "--end", "--from", "2026-11-23") == (
        "Nobody has to check in from that day on; there is nothing to end."
    )
    bind(clinic, "+7")
    assert "binds on Tue 2026-11-24 already" in clinic.refused(*RULE, "--from", "2026-11-24")


@pytest.mark.parametrize("left_out", ["--opens", "--closes", "--page", "--not-checked-in", "--from"])
def test_nothing_is_decided_by_default(clinic, left_out):
    given = [*RULE, "--from", "+7"]
    place = given.index(left_out)
    del given[place : place + (1 if left_out == "--page" else 2)]
    before = clinic.contents()
    assert clinic.run(*given).exit_code == 2
    assert clinic.contents() == before


def test_only_a_manager_sets_it(clinic):
    clinic("staff", "add", "nina", "--role", "nurse")
    with acting_as("nina"):
        assert "manager" in denied(clinic, *RULE, "--from", "+7")


def test_the_help_says_how_to_begin(clinic):
    assert "--not-checked-in unrecorded` for two weeks" in " ".join(clinic("checkin", "rule", "--help").split())


def test_on_the_night_on_which_the_clock_is_put_forward_the_window_is_shorter(clinic, at_work):
    """02:30 is skipped on 2027-03-14; the window opens when the clock shows 03:00."""
    bind(clinic, "today", opens="02:30", closes="04:00")
    window = at_work(lambda work: services.rules_in_force.window_on(work, date(2027, 3, 14)))
    assert window.closes - window.opens == timedelta(hours=1)
    window = at_work(lambda work: services.rules_in_force.window_on(work, date(2027, 3, 13)))
    assert window.closes - window.opens == timedelta(hours=1, minutes=30)


@pytest.mark.parametrize("opens", ["01:30", "02:00", "02:30"])
def test_and_never_shorter_than_the_shortest(clinic, at_work, opens):
    """From 02:00 to 03:00 there was no minute on 2027-03-14, and nobody could have checked in."""
    closes = f"{int(opens[:2]) + 1:02}{opens[2:]}"
    bind(clinic, "today", opens=opens, closes=closes)
    night = date(2027, 3, 14)
    window = at_work(lambda work: services.rules_in_force.window_on(work, night))
    assert window.closes - window.opens == timedelta(hours=1)
    (asked,) = at_work(lambda work: days_asked(work, [night]))
    assert (asked.opens, asked.closes) == (window.opens, window.closes)


def test_a_day_is_over_when_the_last_schedule_that_tests_anybody_is(clinic, at_work, tmp_path):
    """One that tests nobody does not count, however long it collects."""
    for name, closes in (("long", "18:30"), ("longer", "20:00")):
        file = tmp_path / f"{name}.toml"
        file.write_text(LATER_CLOSE.replace("-09:00", f"-{closes}"), encoding="utf-8")
        clinic("schedule", "load", str(file))
    bind(clinic, "today")
    local = lambda: at_work(  # noqa: E731
        lambda work: services.rules_in_force.window_on(work, work.today).over.astimezone(work.zone)
    )
    assert f"{local():%H:%M}" == "10:00"  # nobody is tested
    clinic.add("A17")
    assert f"{local():%H:%M}" == "17:00"
    clinic.add("B04", schedule="long")
    assert f"{local():%H:%M}" == "18:30"
    clinic("participant", "discharge", "B04", "--reason", "moved")
    assert f"{local():%H:%M}" == "17:00"


def test_without_a_rule_it_takes_one_look_to_know(clinic, at_work):
    assert at_work(services.rules_in_force.any_rule) is False
    bind(clinic, "+7")
    assert at_work(services.rules_in_force.any_rule) is True


DAYS = [date(2026, 11, 16) + timedelta(days=number) for number in range(12)]


@given(st.lists(st.sampled_from(DAYS), max_size=8))
def test_what_is_shown_is_what_binds(begins):
    """On every day the newest row of those that begin by then, as it was defined."""
    rows = [
        CheckInRule(
            id=number, from_on=day, not_checked_in="missed", opens=datetime.min.time(), closes=datetime.max.time()
        )
        for number, day in enumerate(begins, 1)
    ]
    steps = _timeline(rows)
    assert [step.from_on for step in steps] == sorted({step.from_on for step in steps})
    for day in DAYS:
        binding = max((row for row in rows if row.from_on <= day), key=lambda row: row.id, default=None)
        shown = next((step.from_on for step in reversed(steps) if step.from_on <= day), None)
        assert shown == (binding.from_on if binding else None)
