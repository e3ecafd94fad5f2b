"""A period's check-ins in counts: in figures for programs, and in sections whose columns are numbers.

They are the weekly reports' counts, by the same function: over whole weeks they are their sums.
"""

from collections.abc import Iterator
from dataclasses import asdict

from testing_tracker.reports.paper.words import Section
from testing_tracker.rules.check_in.counted import MISSED_IN_WORDS, UNRECORDED_IN_WORDS
from testing_tracker.rules.reporting.tally import NOT_AVAILABLE, Share
from testing_tracker.services.check_in.reporting.reported import CheckInReported

_HOUR = 3600


def figures_of(of: CheckInReported) -> Iterator[tuple[str, dict[str, object]]]:
    """The figures by the part of the report that they are of."""
    counts, times = of.counts, of.told_to_specimen
    yield (
        "check-in",
        {
            "participants": len(of.by_record),
            "days_with_a_rule": len(of.days),
            **asdict(counts),
            "in_time_rate": counts.share_in_time.rate,
            "days_at_fault": sum(fault.counts for fault in of.faults),
            "minutes_at_fault": sum(fault.minutes for fault in of.faults),
        },
    )
    yield "told to specimen", asdict(times)
    yield "missed", {str(how): count for how, count in of.missed.items()}
    yield "unrecorded for check-in", {str(why).replace(" ", "_"): count for why, count in of.unrecorded.items()}


def counted(of: CheckInReported | None) -> Section:
    """How the days of everybody who was asked ended."""
    if of is None:
        return Section("", (), [])
    counts = of.counts
    days = {
        "in time": counts.in_time,
        "late": counts.late,
        "tried and could not": counts.tried,
        "did not": counts.not_checked_in,
    }
    return Section(
        f"Checked in: {counts.expected} days asked, of {_people(len(of.by_record))}",
        ("", "days", "of all"),
        [(name, str(count), Share(count, counts.expected).percent) for name, count in days.items()],
        note=" ".join(_notes(of)),
        always=True,
    )


def _people(count: int) -> str:
    return f"{count} participant{'' if count == 1 else 's'}"


def _notes(of: CheckInReported) -> Iterator[str]:
    yield "A day of each participant who had a card by then and was not on leave; days that are over."
    if of.faults:
        at_fault = sum(fault.counts for fault in of.faults)
        yield (
            f"Check-in could not be reached for {sum(fault.minutes for fault in of.faults)} minutes, on "
            f"{len(of.faults)} day{'' if len(of.faults) == 1 else 's'}; on {at_fault or 'none'} of them so long that "
            "nobody who was not told is held to have missed."
        )


def told_to_come(of: CheckInReported | None) -> Section:
    """How long it took from being told to the specimen, in hours."""
    times = of.told_to_specimen if of is not None else None
    rows: list[tuple[str, ...]] = []
    if times is not None and times.n:
        rows = [("hours", str(times.n), _hours(times.median_s), _hours(times.p95_s), str(times.over_8h))]
    return Section(
        "Time from being told to the specimen",
        ("", "number", "median", "95 of 100", "over 8 h"),
        rows,
        note="Of tests whose participant was told to come, and whose time of collection is on record.",
    )


def _hours(seconds: int | None) -> str:
    return NOT_AVAILABLE if seconds is None else f"{seconds / _HOUR:.1f}".removesuffix(".0")


def missed(of: CheckInReported | None) -> Section:
    """What the participants of missed tests had been told; and the tests that nobody is held to have missed."""
    found = {MISSED_IN_WORDS[how]: count for how, count in of.missed.items() if count} if of is not None else {}
    total = sum(found.values())
    return Section(
        f"Missed tests, by what was told: {total}",
        ("", "tests", "of all"),
        [(name, str(count), Share(count, total).percent) for name, count in found.items()],
    )


def not_held_against(of: CheckInReported | None) -> Section:
    """The tests that nobody is held to have missed because of check-in."""
    found = of.unrecorded if of is not None else {}
    total = sum(found.values())
    return Section(
        f"Unrecorded because of check-in: {total}",
        ("", "tests", "of all"),
        [(UNRECORDED_IN_WORDS[why], str(count), Share(count, total).percent) for why, count in found.items()],
        note="They are held against nobody.",
    )
