"""What the page's file has to tell the clinic, and how that travels from a page on another machine (`documents`).

Whoever has the page's machine can write such a document; so nothing is taken from it but what it may say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from testing_tracker.errors import TestingTrackerError
from testing_tracker.web.documents import instant_in, on_one_line, read_document
from testing_tracker.web.file import Beat, PageFile, Visit, minute_of, visit_of
from testing_tracker.web.filling import PageMark

MOST_VISITS = 1_000  # in one document
_KIND = "testing_tracker_visits"
_FILE = re.compile(r"[0-9a-f]{8,64}")
_RECEIPT = re.compile(r"[0-9]{8}")
_LARGEST = 2**53


@dataclass(frozen=True)
class PageSeen:
    """The visits after one, and what is known of the minutes since one; `now` is by the clock of the page's machine.

    `file` is whose numbers the visits have, `after` the visit that was asked for. `visited` are the minutes in which
    anybody came, `answers_since` is since when a facility's page has had a day's answers. `source` names the database
    that the page was filled from, whose people the visits are of; None where none ever did.
    """

    file: str
    now: datetime
    after: int = 0
    visits: tuple[Visit, ...] = ()
    beats: Mapping[int, Beat] = field(default_factory=dict)
    visited: frozenset[int] = frozenset()
    answers_since: Mapping[tuple[int, date], datetime] = field(default_factory=dict)
    marks: Mapping[int, PageMark] = field(default_factory=dict)
    source: str | None = None

    @property
    def has_more(self) -> bool:
        """Whether there may be visits after these."""
        return len(self.visits) >= MOST_VISITS


def last_in(seen: PageSeen) -> int:
    """The last visit of the page's file up to which all are told of."""
    return seen.visits[-1].number if seen.visits else seen.after


def seen_in(file: PageFile, after: int | None, now: datetime, back: timedelta) -> PageSeen:
    """What a file tells now: the visits after one, none without one, and the minutes of the time before now.

    Raises TestingTrackerError for an older copy of the file: its next visits would have numbers of earlier ones.
    """
    first, last = minute_of(now - back), minute_of(now)
    if after is None:
        after = file.last_visit
    elif after > file.last_visit:
        raise TestingTrackerError(
            "The page's file is an older copy of itself: visits were collected that it does not know. Stop the page, "
            "move the file away, and start the page again: it begins a new one. Nothing was changed."
        )
    return PageSeen(
        file.identity,
        now,
        after,
        tuple(file.visits_after(after, MOST_VISITS)),
        file.beats_between(first, last),
        frozenset(file.minutes_with_visits(first, last)),
        file.answers_known_since(),
        file.marks(),
        file.about("source"),
    )


def to_json(seen: PageSeen) -> str:
    """The document, on one line."""
    return on_one_line(
        _KIND,
        {
            "file": seen.file,
            "now": seen.now.astimezone(UTC).isoformat(),
            "after": seen.after,
            "visits": [_row_of(visit) for visit in seen.visits],
            "beats": [[minute, one.served, one.busy, one.failed] for minute, one in sorted(seen.beats.items())],
            "visited": sorted(seen.visited),
            "answers": [[number, f"{day}", at.isoformat()] for (number, day), at in seen.answers_since.items()],
            "marks": [[one.facility, one.made_from, one.here_from] for one in seen.marks.values()],
            "source": seen.source,
        },
    )


def from_json(text: str | bytes) -> PageSeen:
    """What a document says. Raises TestingTrackerError where it is none, not whole, or of another version."""
    return read_document(text, _KIND, "web visits", _read)


def _read(document: dict[str, Any]) -> PageSeen:
    if _FILE.fullmatch(document["file"]) is None:
        raise ValueError("no file of ours")
    visits = tuple(_visit(row) for row in document["visits"])
    after, numbers = _whole(document["after"]), [visit.number for visit in visits]
    if len(visits) > MOST_VISITS or numbers != sorted(set(numbers)) or after >= min(numbers, default=_LARGEST):
        raise ValueError("not in their order")
    return PageSeen(
        document["file"],
        instant_in(document["now"]),
        after,
        visits,
        {_whole(minute): Beat(*map(_whole, more)) for minute, *more in document["beats"]},
        frozenset(map(_whole, document["visited"])),
        {(_whole(number), date.fromisoformat(day)): instant_in(at) for number, day, at in document["answers"]},
        {_whole(number): PageMark(number, str(made), str(here)) for number, made, here in document["marks"]},
        None if document["source"] is None else str(document["source"]),
    )


def _row_of(visit: Visit) -> list[object]:
    return [
        *(visit.number, visit.facility, f"{visit.day}", visit.at.timestamp(), str(visit.channel), visit.holder),
        *(str(visit.outcome), visit.answer and str(visit.answer), visit.timing and str(visit.timing), visit.receipt),
    ]


def _visit(row: list[Any]) -> Visit:
    number, facility, _day, at, _channel, holder, _outcome, _answer, _timing, receipt = row
    for one in (number, facility, *(() if holder is None else (holder,))):
        _whole(one)
    if not isinstance(at, int | float) or (receipt is not None and _RECEIPT.fullmatch(receipt) is None):
        raise ValueError("no visit")
    return visit_of(tuple(row))


def _whole(value: Any) -> int:  # noqa: ANN401  whatever a document holds
    if type(value) is not int or not 0 <= value < _LARGEST:
        raise ValueError("no number of ours")
    return value
