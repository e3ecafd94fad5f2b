"""Whoever had a card before the window opened, is in the programme and not on leave, has to check in that day."""

from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, time

import pytest
from conftest import at_facility

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.services.check_in.expected import expected_on
from testing_tracker.services.check_in.reporting.asked import asked_days, days_asked
from testing_tracker.store.tables import Participant

MONDAY, TUESDAY, WEDNESDAY, SUNDAY = (date(2026, 11, day) for day in (16, 17, 18, 22))
RULE = ("--opens", "05:00", "--closes", "10:00", "--page", "--not-checked-in", "missed")


@pytest.fixture
def ruled(clinic):
    """From Monday on everybody with a card checks in between 05:00 and 10:00."""
    clinic("checkin", "rule", *RULE, "--from", "today")
    clinic.add("A17", "B04")
    return clinic


def at(clinic, moment: datetime, act, facility=None):
    """Do something at a local time of a day."""
    day, before = clinic.today, moment.date().isoformat()
    clinic.today = before
    try:
        with closing(Desk(clinic.url, clinic.today, facility)) as desk, desk.writing("participant card") as work:
            return act(replace(work, now=moment.replace(tzinfo=work.zone).astimezone(work.now.tzinfo)))
    finally:
        clinic.today = day


def give(clinic, code, moment, **more):
    return at(clinic, moment, lambda work: services.cards.issue(work, code, **more))


def expected(clinic, day: date, facility=None) -> set[str]:
    with closing(Desk(clinic.url, clinic.today, facility)) as desk, desk.reading("checkin list") as work:
        return {work.session.get_one(Participant, identity).code for identity in expected_on(work, day)}


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute))


def test_who_got_a_card_before_the_window_opened_is_expected(ruled):
    give(ruled, "A17", local(TUESDAY, 4, 59))
    give(ruled, "B04", local(TUESDAY, 5))
    assert expected(ruled, MONDAY) == set()
    assert expected(ruled, TUESDAY) == {"A17"}
    assert expected(ruled, WEDNESDAY) == {"A17", "B04"}


def test_on_every_day_of_the_week_draws_or_none(ruled):
    give(ruled, "A17", local(MONDAY, 12))
    assert expected(ruled, SUNDAY) == {"A17"}
    assert expected(ruled, date(2026, 12, 25)) == {"A17"}


def test_without_a_rule_nobody_is(clinic):
    clinic.add("A17")
    give(clinic, "A17", local(MONDAY, 3))
    assert expected(clinic, TUESDAY) == set()
    clinic("checkin", "rule", *RULE, "--from", "2026-11-18")
    clinic("checkin", "rule", "--end", "--from", "2026-11-20")
    assert [bool(expected(clinic, date(2026, 11, day))) for day in (17, 18, 19, 20)] == [False, True, True, False]


def test_another_pin_during_the_window_leaves_somebody_expected(ruled):
    """They had one when it opened, and have one now."""
    give(ruled, "A17", local(MONDAY, 12))
    give(ruled, "A17", local(TUESDAY, 7), reason="forgotten")
    assert expected(ruled, TUESDAY) == {"A17"}


def test_whose_card_was_ended_that_day_is_not_expected(ruled):
    give(ruled, "A17", local(MONDAY, 12))
    at(ruled, local(TUESDAY, 7), lambda work: services.cards.end(work, "A17", "cannot use it"))
    assert expected(ruled, TUESDAY) == set()
    assert expected(ruled, MONDAY) == set()


def test_a_card_that_was_ended_when_the_day_was_over_was_there_that_day(ruled):
    give(ruled, "A17", local(MONDAY, 12))
    at(ruled, local(TUESDAY, 17), lambda work: services.cards.end(work, "A17", "cannot use it"))
    assert expected(ruled, TUESDAY) == {"A17"}
    assert expected(ruled, WEDNESDAY) == set()


def test_who_is_on_leave_is_not_expected(ruled):
    give(ruled, "A17", local(MONDAY, 12))
    ruled("participant", "leave", "A17", "2026-11-17", "2026-11-18", "--reason", "hospital")
    assert [bool(expected(ruled, date(2026, 11, day))) for day in (17, 18, 19)] == [False, False, True]
    come_back(ruled, "A17", local(WEDNESDAY, 4, 59))
    assert expected(ruled, WEDNESDAY) == {"A17"}
    assert asked_as_expected(ruled)


def come_back(clinic, code, moment) -> None:
    at(clinic, moment, lambda work: services.leaves.end_leave(work, code, moment.date(), "is back"))


def asked_as_expected(clinic) -> bool:
    """Whether the reports say of each day who was expected as it is said of that day alone."""
    with closing(Desk(clinic.url, "2026-11-23")) as desk, desk.reading("checkin list") as work:
        days = [date(2026, 11, day) for day in range(16, 23)]
        asked = asked_days(work, days_asked(work, days))
        return all(
            {number for number, on in asked.items() if day in {one.day for one in on}} == expected_on(work, day)
            for day in days
        )


def test_who_is_back_from_leave_at_noon_was_not_to_check_in_that_morning(ruled):
    give(ruled, "A17", local(MONDAY, 12))
    ruled("participant", "leave", "A17", "2026-11-17", "2026-11-19", "--reason", "hospital")
    come_back(ruled, "A17", local(WEDNESDAY, 12))
    assert [bool(expected(ruled, date(2026, 11, day))) for day in (17, 18, 19)] == [False, False, True]
    assert asked_as_expected(ruled)


def test_a_leave_that_was_said_when_the_window_had_closed_and_taken_back_leaves_somebody_expected(ruled):
    give(ruled, "A17", local(MONDAY, 12))
    away = (TUESDAY, WEDNESDAY, "hospital")
    at(ruled, local(TUESDAY, 12), lambda work: services.leaves.add_leave(work, "A17", *away))
    come_back(ruled, "A17", local(TUESDAY, 13))
    assert expected(ruled, TUESDAY) == {"A17"}
    assert asked_as_expected(ruled)


def test_who_was_discharged_is_not_expected_that_day(ruled):
    give(ruled, "A17", local(MONDAY, 12))
    give(ruled, "B04", local(MONDAY, 12))
    ruled.today = "2026-11-18"
    ruled("participant", "discharge", "A17", "--reason", "moved")
    assert expected(ruled, TUESDAY) == {"A17", "B04"}
    assert expected(ruled, WEDNESDAY) == {"B04"}


def test_who_begins_later_is_not_expected_before(ruled):
    ruled.add("C21", enrolled="2026-11-18")
    give(ruled, "C21", local(MONDAY, 12))
    assert expected(ruled, TUESDAY) == set()
    assert expected(ruled, WEDNESDAY) == {"C21"}


def test_a_record_that_was_joined_into_another_is_not_expected(ruled):
    give(ruled, "A17", local(MONDAY, 12))
    give(ruled, "B04", local(MONDAY, 12))
    ruled.today = "2026-11-18"
    ruled("participant", "join", "A17", "B04", "--reason", "same person", "--yes")
    assert expected(ruled, TUESDAY) == {"A17", "B04"}
    assert expected(ruled, WEDNESDAY) == {"B04"}


def test_who_came_back_is_expected_once_there_is_a_new_pin(ruled):
    give(ruled, "A17", local(MONDAY, 12))
    ruled("participant", "discharge", "A17", "--reason", "moved")
    ruled.today = "2026-11-17"
    ruled("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop", "--readmit")
    assert expected(ruled, WEDNESDAY) == set()
    give(ruled, "A17", local(TUESDAY, 12))
    assert expected(ruled, WEDNESDAY) == {"A17"}


def test_a_facility_expects_its_own(network):
    at_facility(network, "1", "checkin", "rule", *RULE, "--from", "today")
    for facility in ("1", "Ostkreuz"):
        at_facility(network, facility, "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
        at(network, local(MONDAY, 12), lambda work: services.cards.issue(work, "A17"), facility)
    assert expected(network, TUESDAY, "1") == {"A17"}
    assert expected(network, TUESDAY, "Ostkreuz") == set()


def test_cards_that_stand_are_the_newest_that_are_not_ended(ruled):
    first = give(ruled, "A17", local(MONDAY, 12))
    second = give(ruled, "A17", local(MONDAY, 13), reason="forgotten")
    give(ruled, "B04", local(MONDAY, 12))
    at(ruled, local(MONDAY, 14), lambda work: services.cards.end(work, "B04", "cannot use it"))
    with closing(Desk(ruled.url, ruled.today)) as desk, desk.reading("checkin list") as work:
        standing = services.cards.standing_cards(work)
        assert {identity: card.verifier for identity, card in standing.items()} == {1: second.verifier.hex()}
        assert services.cards.card_of(work, 1).number == first.card.number
        assert services.cards.card_of(work, 2) is None
