"""Writes the weekly compliance report for a clinical team to read: plain text of 80 columns, on screen or on paper.

It is written line by line and not laid out as a whole, so that a large facility's report does not fill the memory.
"""

import textwrap
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import zip_longest
from typing import TextIO

from testing_tracker.reports.weekly import WeeklyReport
from testing_tracker.reports.weekly_attention import Attention
from testing_tracker.reports.weekly_participants import ParticipantWeek
from testing_tracker.reports.weekly_recommendations import Recommended
from testing_tracker.rules.calendar import weekday_name
from testing_tracker.rules.escalation import DISCLAIMER
from testing_tracker.rules.words import Level

PRIVACY = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
WIDTH = 80  # a printed page, and the narrowest terminal in use
NOT_AVAILABLE = "n/a"

_LETTERS_SHOWN = 8
_KEY = (
    f"Pattern: the last {_LETTERS_SHOWN} weeks, oldest first; + positive, - negative, * both, "
    "o missed or refused, _ nothing due or nothing known. open: nothing recorded yet."
)
_SHORT_LEVELS = {Level.OUTPATIENT: "outp", Level.RESIDENTIAL: "resid"}  # so that a code keeps its place in the line
_CODE, _SCHEDULE = 11, 8  # columns; a longer one goes on in the next line
_COUNTS = {
    "due": "due",
    "coll": "collected",
    "miss": "missed",
    "ref": "refused",
    "exc": "excused",
    "open": "outstanding",
    "neg": "negative",
    "pos": "positive",
    "inv": "invalid",
}


def write_table(report: WeeklyReport, file: TextIO) -> None:
    """The form for people."""
    for line in _lines(report):
        file.write(f"{line.rstrip()}\n")


def _lines(report: WeeklyReport) -> Iterator[str]:
    yield from _heading(report)
    yield ""
    yield from _numbers(report)
    yield ""
    yield from _participants(report.participants)
    yield ""
    yield from _recommendations(report.recommendations)
    yield ""
    yield from _attention(report.attention)
    for warning in _warnings(report):
        yield from _wrapped(warning)
    if report.participants:
        yield from _wrapped(_KEY)
    yield PRIVACY
    for anchor in report.anchors:
        superseded = " (superseded before it drew)" if anchor.superseded else ""
        yield f"Draws from {anchor.first_day} on{superseded}, anchor:"
        yield f"  {anchor.anchor}"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _heading(report: WeeklyReport) -> Iterator[str]:
    week = report.week
    if report.training:
        yield "TRAINING"
    yield from _wrapped(f"{report.facility}: weekly compliance report, {week}")
    printed = report.printed_at.astimezone(report.zone)
    yield f"{_day(week.monday)} to {_day(week.sunday)}, printed {printed:%Y-%m-%d %H:%M}"
    if report.today <= week.sunday:
        yield "The week is not over; these are the numbers so far."


def _day(day: date) -> str:
    return f"{weekday_name(day).title()} {day}"


def _numbers(report: WeeklyReport) -> Iterator[str]:
    tally = report.total
    yield f"participants {len(report.participants)}"
    late = f" ({tally.late} after the window)" if tally.late else ""
    yield from _wrapped(
        f"tests due {tally.due}: collected {tally.collected}{late}, missed {tally.missed}, refused {tally.refused}, "
        f"excused {tally.excused}, outstanding {tally.outstanding}"
    )
    expected = f" ({tally.expected} found only what is prescribed)" if tally.expected else ""
    yield f"results: negative {tally.negative}{expected}, positive {tally.positive}, invalid {tally.invalid}"
    yield from _wrapped(
        f"compliance {_fraction(tally.collected, tally.decided)} (collected of due, without excused and outstanding)"
    )
    yield f"positivity {_fraction(tally.positive, tally.usable)} (positive of positive and negative)"


def _fraction(part: int, whole: int) -> str:
    return f"{part}/{whole} = {_percent(part, whole)}" if whole else NOT_AVAILABLE


def _percent(part: int, whole: int) -> str:
    """Rounded half up, as people do it."""
    return f"{(200 * part + whole) // (2 * whole)} %" if whole else NOT_AVAILABLE


def _participants(lines: list[ParticipantWeek]) -> Iterator[str]:
    if not lines:
        yield "Nobody was enrolled and nothing was due in this week."
        return
    yield _row("participant", "level", "schedule", _COUNTS, "compl", "pattern")
    yield "-" * WIDTH
    for line in lines:
        counted = [str(getattr(line.tally, count)) for count in _COUNTS.values()]
        level = _SHORT_LEVELS.get(Level(line.level), line.level)
        compliance = _percent(line.tally.collected, line.tally.decided)
        codes, names = _folded(line.participant, _CODE), _folded(line.schedule, _SCHEDULE)
        yield _row(codes[0], level, names[0], counted, compliance, line.pattern[-_LETTERS_SHOWN:])
        for code, name in zip_longest(codes[1:], names[1:], fillvalue=""):
            yield _row(code, "", name, (), "", "")


def _row(code: str, level: str, schedule: str, counts: Iterable[str], compliance: str, pattern: str) -> str:
    numbers = " ".join(f"{count:>{max(3, len(heading))}}" for heading, count in zip(_COUNTS, counts, strict=False))
    start = f"{code:<{_CODE}} {level:<5} {schedule:<{_SCHEDULE}}"
    return f"{start} {numbers} {compliance:>5} {pattern:>{_LETTERS_SHOWN}}"


def _folded(text: str, width: int) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), width)]


def _recommendations(found: list[Recommended]) -> Iterator[str]:
    waiting = [recommendation for recommendation in found if recommendation.is_open]
    decided = [recommendation for recommendation in found if not recommendation.is_open]
    yield f"Open recommendations: {len(waiting) or 'none'}"
    for recommendation in waiting:
        yield from _recommendation(recommendation)
    if decided:
        yield f"Others raised or decided in the week: {len(decided)}"
    for recommendation in decided:
        yield from _recommendation(recommendation)
    if found:
        yield DISCLAIMER


def _recommendation(found: Recommended) -> Iterator[str]:
    yield from _wrapped(f"  {found.id}  {found.participant}  {found.status}: {found.reason}", "     ")
    for proof in found.evidence:
        outcome = proof.outcome or "result taken back"
        found_in_it = f": {', '.join(proof.analytes)}" if proof.analytes else ""
        yield from _wrapped(f"     {proof.due_on}  {outcome}{found_in_it}", "       ")


def _attention(attention: Attention) -> Iterator[str]:
    """Reviews, overdue confirmations and leaves, each only where there is one."""
    if attention.reviews:
        yield f"For a clinician to look at: {len(attention.reviews)}"
        for review in attention.reviews:
            detail = f": {review.detail}" if review.detail else ""
            yield from _wrapped(
                f"  {review.id}  {review.participant}  {review.due_on}  {review.about}{detail}", "     "
            )
        yield ""
    if attention.overdue:
        yield f"Definitive results overdue: {len(attention.overdue)}"
        for awaited in attention.overdue:
            lab = f" from {awaited.lab}" if awaited.lab else ""
            yield from _wrapped(
                f"  {awaited.participant}  of {awaited.due_on}, awaited{lab} by {awaited.expected_by}", "     "
            )
        yield ""
    if attention.leaves:
        yield f"On leave in the week: {len(attention.leaves)}"
        for leave in attention.leaves:
            yield from _wrapped(f"  {leave.participant}  {leave.from_on} to {leave.to_on}: {leave.reason}", "     ")
        yield ""


def _warnings(report: WeeklyReport) -> Iterator[str]:
    """What makes the numbers other than they look, and only then."""
    if report.total.unrecorded:
        yield (
            f"Nothing was recorded for {report.total.unrecorded} of the outstanding tests although their day is over; "
            "they are held against nobody."
        )
    if report.gaps:
        whose = "its" if len(report.gaps) == 1 else "their"
        yield (
            f"The nightly draw did not run on {', '.join(str(day) for day in report.gaps)}: "
            f"{whose} fixed draws are not counted as missed."
        )
    for unplaced in report.unplaced:
        yield (
            f"{unplaced.schedule} has no open day left in the week for its draw of {unplaced.closed_on}, "
            "a closed day: nobody was drawn for it."
        )
