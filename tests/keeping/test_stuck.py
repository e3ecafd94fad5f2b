"""What counts as stuck: the day before and the day on which it does."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from testing_tracker.rules.keeping import stuck
from testing_tracker.rules.keeping.stuck import Patience
from testing_tracker.rules.words import DrawKind

PATIENCE = Patience()
MONDAY = date(2026, 11, 16)
ZONE = ZoneInfo("America/Los_Angeles")


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def at(number: int, hour: int, minute: int = 0) -> datetime:
    moment = day(number)
    return datetime(moment.year, moment.month, moment.day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("last", "now", "since"),
    [
        (day(0), at(0, 23, 59), None),  # today's run
        (day(0), at(1, 5, 59), None),  # tonight's is not late yet
        (day(0), at(1, 6, 0), day(1)),
        (day(0), at(2, 0, 1), day(1)),  # yesterday's never came
        (day(0), at(9, 12), day(1)),
        (None, at(0, 23, 59), None),  # the day on which the facility was opened
        (None, at(1, 5, 59), None),
        (None, at(1, 6, 0), day(1)),
        (day(2), at(1, 12), None),  # the clock is wrong, and that is another matter
    ],
)
def test_a_night_is_overdue_from_six_in_the_morning(last, now, since):
    found = stuck.night_overdue(last, MONDAY, now, PATIENCE)
    assert (found.since if found else None) == since


def test_the_last_week_s_gaps_are_told():
    assert stuck.gap(day(0), 3, day(7), PATIENCE).what.endswith("still unrecorded: 3")
    assert stuck.gap(day(0), 3, day(8), PATIENCE) is None


def test_a_collected_specimen_has_two_days_for_its_result():
    assert stuck.result("A17", DrawKind.FIXED, day(0), day(2), PATIENCE) is None
    found = stuck.result("A17", DrawKind.FIXED, day(0), day(3), PATIENCE)
    assert (found.participant, found.since, found.do) == (
        "A17",
        MONDAY,
        "testing-tracker result A17 OUTCOME --on 2026-11-16",
    )
    assert stuck.result("A17", DrawKind.FOR_CAUSE, day(0), day(3), PATIENCE).do.endswith("--for-cause")
    assert stuck.result("A17", DrawKind.FIXED, day(0), day(1), Patience(result_days=0)) is not None


def test_a_definitive_result_is_overdue_when_its_day_is_over():
    assert stuck.confirmation("A17", day(0), "Northside", day(5), day(5)) is None
    found = stuck.confirmation("A17", day(0), "North Side", day(5), day(6))
    assert found.since == day(5)
    assert found.do == "testing-tracker result A17 OUTCOME --definitive --on 2026-11-16 --lab 'North Side'"


def test_an_invalid_specimen_is_collected_again_today_or_ordered_anew():
    today = stuck.recollection("A17", day(0), "cold", same_draw=True)
    assert (today.what, today.do) == ("cold", "testing-tracker test A17 --recollect")
    later = stuck.recollection("A17", day(0), "cold", same_draw=False)
    assert later.do == "testing-tracker test A17 --reason 'specimen of 2026-11-16'"


@pytest.mark.parametrize(
    ("deferred_until", "today", "is_stuck"),
    [(None, 7, False), (None, 8, True), (day(9), 8, False), (day(9), 9, True), (day(3), 7, False)],
)
def test_a_recommendation_has_a_week_unless_it_was_put_off(deferred_until, today, is_stuck):
    found = stuck.recommendation(2, "A17", day(0), deferred_until, day(today), PATIENCE)
    assert (found is not None) is is_stuck


def test_a_review_has_a_week():
    assert stuck.review(1, "A17", "missed", day(0), day(7), PATIENCE) is None
    assert stuck.review(1, "A17", "missed", day(0), day(8), PATIENCE).do == "testing-tracker review done 1"


@pytest.mark.parametrize(
    ("last", "today", "since"),
    [(day(0), 7, None), (day(0), 8, day(0)), (None, 7, None), (None, 8, MONDAY)],
)
def test_a_backup_is_good_for_a_week(last, today, since):
    found = stuck.backup(last, MONDAY, day(today), PATIENCE)
    assert (found.since if found else None) == since


def test_a_clock_that_was_put_back_shows_in_the_records():
    now = at(0, 12)
    assert stuck.clock(day(0), now.astimezone(UTC), now, PATIENCE) is None
    assert stuck.clock(None, None, now, PATIENCE) is None
    assert stuck.clock(day(1), now, now, PATIENCE).what == "draws of 2026-11-17 were made, and today is 2026-11-16"
    assert stuck.clock(day(0), now + timedelta(minutes=5), now, PATIENCE) is None  # another machine's clock
    later = (now + timedelta(minutes=6)).astimezone(UTC)
    assert "an entry of 2026-11-16 12:06 is on record, and it is 2026-11-16 12:00" in (
        stuck.clock(day(0), later, now, PATIENCE).what
    )


def test_another_timezone_is_only_worth_knowing():
    assert stuck.zone("US/Pacific", "America/Los_Angeles", same=True, today=MONDAY) is None
    assert not stuck.zone("UTC", "America/Los_Angeles", same=False, today=MONDAY).needs_doing


def test_what_keeps_the_program_from_working_comes_before_people_and_notes_last():
    found = stuck.in_order(
        [
            stuck.zone("UTC", "America/Los_Angeles", same=False, today=MONDAY),
            stuck.result("B04", DrawKind.FIXED, day(1), day(9), PATIENCE),
            None,
            stuck.result("A17", DrawKind.FIXED, day(1), day(9), PATIENCE),
            stuck.result("C21", DrawKind.FIXED, day(0), day(9), PATIENCE),
            stuck.key("The key file is missing.", day(9)),
        ]
    )
    assert [one.participant for one in found] == [None, "C21", "A17", "B04", None]
