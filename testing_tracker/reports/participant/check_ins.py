"""A participant's check-ins in their report: a line a day, with what they were told, and the receipt of it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from zoneinfo import ZoneInfo

from testing_tracker.reports.paper.words import Section
from testing_tracker.rules.check_in.answers import CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.could_not import WHY_NOT_TOLD
from testing_tracker.rules.check_in.counted import CheckInCounts
from testing_tracker.rules.check_in.receipts import shown
from testing_tracker.services.check_in.reporting.attempts_of_days import DayCheckedIn, WhatWasSaid

_TOLD = {
    DaysAnswer.COME: "told to come",
    DaysAnswer.STAY: "need not come",
    DaysAnswer.DONE: "had been in already",
}
_NOT_ASKED = "not asked to"


def counts_of(days: Sequence[DayCheckedIn]) -> CheckInCounts:
    """How the days on which they were asked ended."""
    counts = CheckInCounts()
    for day in days:
        if day.asked:
            counts.count(day.ended)
    return counts


def section_of(days: Sequence[DayCheckedIn], zone: ZoneInfo) -> Section:
    """The list of the report; nothing for who was never asked and never tried."""
    return Section(
        f"Check-ins: {counts_of(days).checked_in}",
        ("day", "at", "by", "receipt", "said"),
        [row for day in days for row in _rows(day, zone)],
        note="Days checked in, of those asked. By a receipt the clinic can check that this was said." if days else "",
    )


def _rows(day: DayCheckedIn, zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    if not day.said:
        yield str(day.day), "", "", "", ", ".join(["did not check in", *_at_fault(day)])
    for said in day.said:
        yield (
            str(day.day),
            f"{said.at.astimezone(zone):%H:%M}",
            str(said.by),
            shown(said.receipt) if said.receipt else "",
            _said(day, said),
        )


def _said(day: DayCheckedIn, said: WhatWasSaid) -> str:
    if said.outcome is CheckInOutcome.TOLD:
        what = [
            _TOLD[said.answer] if said.answer is not None else "told",
            *([str(said.timing)] if _is_late(said) else []),
        ]
    else:
        times = f"tried {day.attempts} times" if day.attempts > 1 else "tried"
        what = [f"{times} and could not: {WHY_NOT_TOLD[said.outcome]}", *_at_fault(day)]
    return ", ".join([*what, *([] if day.asked else [_NOT_ASKED])])


def _at_fault(day: DayCheckedIn) -> list[str]:
    """What is to be said beside that somebody was told nothing, where they may not have been able to."""
    return ["and check-in was at fault that day"] if day.at_fault else []


def _is_late(said: WhatWasSaid) -> bool:
    return said.timing is not None and said.timing is not Timing.IN_TIME


def as_documents(days: Sequence[DayCheckedIn]) -> dict[str, object]:
    """The keys of the JSON form; none for who was never asked and never tried."""
    if not days:
        return {}
    documents = [{**asdict(day), "said": [_document(said) for said in day.said]} for day in days]
    return {"check_in": asdict(counts_of(days)), "check_ins": documents}


def _document(said: WhatWasSaid) -> dict[str, object]:
    return {**asdict(said), "receipt": shown(said.receipt) if said.receipt else None}
