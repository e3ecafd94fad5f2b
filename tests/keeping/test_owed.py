"""Every day's draws are owed once, whatever the clock does to the hour."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from testing_tracker.rules.keeping.owed import Hours, draw_is_owed

HOURS = Hours(draw_at=time(0, 5), report_at=time(6))


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("UTC", date(2026, 11, 23)),
        ("Europe/Berlin", date(2026, 3, 29)),
        ("America/Los_Angeles", date(2026, 11, 1)),
        ("America/Sao_Paulo", date(2018, 11, 4)),  # there was no 00:05 on this day
        ("America/Sao_Paulo", date(2018, 2, 18)),  # the clock went from 00:00 back to 23:00
        ("America/Havana", date(2026, 11, 1)),  # 00:05 comes twice on this day
        ("Australia/Lord_Howe", date(2026, 10, 4)),
    ],
)
def test_each_day_is_drawn_once_and_within_its_first_hour_or_so(zone, around):
    drawn = []
    moment = datetime.combine(around - timedelta(days=1), time(12), UTC)
    for _ in range(48 * 60):
        now = moment.astimezone(ZoneInfo(zone))
        if draw_is_owed(HOURS, now, night_ran=now.date() in {when.date() for when in drawn}):
            drawn.append(now)
        moment += timedelta(minutes=1)
    late = drawn[1:]  # the first was owed since before we began to look
    assert [when.date() for when in late] == sorted({when.date() for when in late})
    assert around in {when.date() for when in drawn}
    assert all(time(0, 5) <= when.time() <= time(1, 0) for when in late)
