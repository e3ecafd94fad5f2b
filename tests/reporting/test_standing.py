"""What waited when an edition was first printed comes back as it was."""

import json
from datetime import UTC, date, datetime

from testing_tracker.reports.weekly.open_matters import EvidenceNow, OpenMatters, Recommended, as_json, from_json
from testing_tracker.rules.words import Channel, Outcome, ReviewReason
from testing_tracker.services.deciding.reviews import ReviewLine, ReviewStatus
from testing_tracker.services.reporting.amended import AmendedReport
from testing_tracker.services.testing.confirmations import Awaited
from testing_tracker.services.testing.recollections import ToRecollect

NOON = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)
DAY = date(2026, 11, 18)


def test_all_of_it_comes_back():
    test = EvidenceNow(DAY, "positive", ["cocaine"], "collected", "presumptive", [date(2026, 11, 2)])
    standing = OpenMatters(
        as_of=NOON,
        recommendations=[Recommended(1, "A1", "iop", "php", "open", NOON, 5, [test], "why", "presumptive")],
        reviews=[ReviewLine(1, "A1", ReviewReason.MISSED, DAY, None, ReviewStatus.OPEN, NOON, 5, None, None, None)],
        overdue=[Awaited("A1", DAY, Outcome.POSITIVE, "Northside", DAY, DAY, is_overdue=True)],
        recollections=[ToRecollect("A1", DAY, "invalid", same_draw=True)],
        amended=[AmendedReport("2026-W46", Channel.MAIL, NOON)],
    )
    assert from_json(as_json(standing)) == standing


def test_nothing_comes_back_as_nothing():
    assert from_json(as_json(OpenMatters(NOON, [], [], []))) == OpenMatters(NOON, [], [], [])


def test_an_edition_of_an_earlier_version_kept_less():
    kept = json.loads(as_json(OpenMatters(NOON, [], [], [])))
    del kept["recollections"], kept["amended"]
    assert from_json(json.dumps(kept)) == OpenMatters(NOON, [], [], [])
