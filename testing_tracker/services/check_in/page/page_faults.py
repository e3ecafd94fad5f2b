"""Finds the minutes of the window in which the page could not be reached, and puts them on record as outages.

What is on record is never taken back here, and what staff have corrected is not found again. A day of which nobody has
looked the page through before its night is one on which nobody knows who was told: then nobody has missed for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.faulty_minutes import (
    FAULTY_MINUTES,
    MinuteOfPage,
    fault_of,
    minute_begins,
    minutes_of,
)
from testing_tracker.rules.check_in.in_force import FoundBy
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.services.check_in.page.page_visits import is_looked_through
from testing_tracker.services.check_in.rules_in_force import any_rule, rule_on, window_on
from testing_tracker.services.testing.draws import last_run_before
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Facility, Outage
from testing_tracker.store.work import Work
from testing_tracker.web.file import Beat

MOST_DAYS = 14  # to look back on; of days before that it is said that nobody has looked
NOT_LOOKED_THROUGH = "the page's file was not read before the night, so nobody knows who was told"
_GRACE = 2  # minutes: what the page says of a minute is on its disk some seconds after it
_LATELY = 5  # minutes for which two clocks that differ now have differed


@dataclass(frozen=True)
class PageMinutes:
    """What is known of the page's minutes: its own beats, in which of them anybody came, and looks from outside."""

    beats: Mapping[int, Beat] = field(default_factory=dict)
    visited: frozenset[int] = frozenset()
    reached: Mapping[int, bool] = field(default_factory=dict)
    answers_since: Mapping[date, datetime] = field(default_factory=dict)
    clocks_apart: timedelta = timedelta(0)

    def fault_in(self, minute: int, day: date, now: datetime) -> str | None:
        """What was wrong in a minute of a day's window."""
        beat, since = self.beats.get(minute), self.answers_since.get(day)
        is_lately = minute_begins(minute) >= now - timedelta(minutes=_LATELY)
        return fault_of(
            MinuteOfPage(
                beat=beat is not None,
                failed=beat.failed if beat else 0,
                busy=beat.busy if beat else 0,
                visits=int(minute in self.visited),
                answers=since is not None and since <= minute_begins(minute),
                reached=self.reached.get(minute),
                clocks_apart=self.clocks_apart if is_lately else timedelta(0),
            )
        )


@dataclass(frozen=True)
class PageFault:
    """Minutes in a row with the same fault, from one instant (UTC) to another."""

    from_at: datetime
    to_at: datetime
    reason: str

    @property
    def minutes(self) -> int:
        """How many minutes it is long."""
        return len(minutes_of(self.from_at, self.to_at))


def windows_not_closed(work: Work) -> dict[date, CheckInWindow]:
    """The days with a page that no night has closed, and that are not looked through; also today's before it opens."""
    opened_on = work.session.get_one(Facility, work.facility_id).opened_on
    since = max(last_run_before(work, work.today) or opened_on, work.today - timedelta(days=MOST_DAYS))
    return dict(_with_a_page(work, since, work.today))


def windows_to_look_at(work: Work) -> dict[date, CheckInWindow]:
    """The windows of `windows_not_closed` that have opened by now."""
    return {day: window for day, window in windows_not_closed(work).items() if window.opens <= work.now}


def _with_a_page(work: Work, first: date, last: date) -> Iterator[tuple[date, CheckInWindow]]:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        rule = rule_on(work, day)
        if rule is not None and rule.page and not is_looked_through(work, day):
            window = window_on(work, day)
            assert window is not None, "there is a rule"
            yield day, window


def is_over(window: CheckInWindow, now: datetime) -> bool:
    """Whether all minutes of a window can be known by now."""
    return window.closes <= now - timedelta(minutes=_GRACE)


def faulty_minutes(day: date, window: CheckInWindow, known: PageMinutes, now: datetime) -> dict[int, str]:
    """The faulty minutes of a day's window, as far as they are over, with what was wrong; in their order."""
    until = min(window.closes, now - timedelta(minutes=_GRACE))
    over = (one for one in sorted(minutes_of(window.opens, until)) if minute_begins(one + 1) <= until)
    each = ((minute, known.fault_in(minute, day, now)) for minute in over)
    return {minute: why for minute, why in each if why is not None}


def fault_that_lasts(faulty: Mapping[int, str], now: datetime) -> PageFault | None:
    """The fault that goes on as far as can be known, from its first minute on, whatever it was then."""
    if not faulty:
        return None
    first = last = max(faulty)
    while first - 1 in faulty:
        first -= 1
    fault = PageFault(minute_begins(first), minute_begins(last + 1), faulty[last])
    return fault if _lasts(fault, now) else None


def _lasts(fault: PageFault, now: datetime) -> bool:
    return fault.to_at >= now - timedelta(minutes=_GRACE + 1)


def are_owed(work: Work, window: CheckInWindow, faulty: Mapping[int, str]) -> bool:
    """Whether any of a window's faulty minutes is to be put on record now."""
    return bool(faulty) and next(_owed(work, window, faulty), None) is not None


def put_on_record(work: Work, window: CheckInWindow, faulty: Mapping[int, str]) -> None:
    """Put the faulty minutes of a window on record that are not.

    A fault that goes on is put on record at once for its first minutes, and then each time that it has doubled, so that
    a long one is not a row a minute; and whole when it is over.
    """
    for fault, earlier in list(_owed(work, window, faulty)):
        _write(work, fault, replaces=earlier)


def _owed(work: Work, window: CheckInWindow, faulty: Mapping[int, str]) -> Iterator[tuple[PageFault, int | None]]:
    """The faults that are to be written, with the number of the row that each is a longer word of."""
    rows = _rows(work, window)
    ever = set().union(*(minutes_of(row.from_at, row.to_at) for row in rows))
    standing = {row.to_at: row for row in rows if not _is_replaced(work, row)}
    for fault in _spans({minute: why for minute, why in faulty.items() if minute not in ever}):
        earlier = standing.get(fault.from_at)
        if earlier is None or earlier.found_by != FoundBy.PROGRAM or earlier.reason != fault.reason:
            yield fault, None
            continue
        whole = PageFault(earlier.from_at, fault.to_at, fault.reason)
        on_record = len(minutes_of(earlier.from_at, earlier.to_at))
        if is_over(window, work.now) or not _lasts(fault, work.now) or _is_to_be_said(on_record, whole):
            yield whole, id_of(earlier)


def say_not_looked_through(work: Work, since: date) -> list[date]:
    """Put on record, before a night closes the days since one, which of them the page was not looked through for.

    Who practises on a pretended day has no page that runs by that day's clock.
    """
    if work.is_pretended or not any_rule(work):
        return []
    found = []
    for day, window in _with_a_page(work, since, _before(work.today)):
        ever = set().union(*(minutes_of(row.from_at, row.to_at) for row in _rows(work, window)))
        unknown = minutes_of(window.opens, window.closes) - ever
        for fault in _spans(dict.fromkeys(sorted(unknown), NOT_LOOKED_THROUGH)):
            _write(work, fault)
            found.append(day)
    return sorted(set(found))


def _before(day: date) -> date:
    return day - timedelta(days=1)


def _spans(faulty: Mapping[int, str]) -> Iterator[PageFault]:
    minutes = sorted(faulty)
    ends = [one for one, after in pairwise(minutes) if after != one + 1 or faulty[after] != faulty[one]]
    first = minutes[:1]
    for last in [*ends, *minutes[-1:]]:
        yield PageFault(minute_begins(first[0]), minute_begins(last + 1), faulty[last])
        first = minutes[minutes.index(last) + 1 :][:1]


def _is_to_be_said(minutes_on_record: int, whole: PageFault) -> bool:
    return whole.minutes <= FAULTY_MINUTES or whole.minutes >= 2 * minutes_on_record


def _rows(work: Work, window: CheckInWindow) -> list[Outage]:
    """All rows about a window, also those that were corrected since; not what was taken back with its night."""
    later = aliased(Outage)
    asked = select(Outage).where(
        Outage.facility_id == work.facility_id,
        col(Outage.from_at) < window.closes,
        col(Outage.to_at) > window.opens,
        col(Outage.to_at) > col(Outage.from_at),
        ~exists().where(col(later.replaces_id) == col(Outage.id), col(later.found_by) == FoundBy.NIGHT),
    )
    return list(work.session.exec(asked.order_by(col(Outage.id))))


def _is_replaced(work: Work, row: Outage) -> bool:
    later = aliased(Outage)
    return bool(work.session.exec(select(exists().where(col(later.replaces_id) == row.id))).one())


def _write(work: Work, fault: PageFault, replaces: int | None = None) -> None:
    row = Outage(
        from_at=fault.from_at,
        to_at=fault.to_at,
        found_by=FoundBy.PROGRAM,
        reason=fault.reason,
        replaces_id=replaces,
        facility_id=work.facility_id,
    )
    work.write(row)
    said: dict[str, Any] = {"from_at": fault.from_at, "to_at": fault.to_at}
    if replaces is not None:
        said["replaces"] = replaces
    work.on_record(Act.OUTAGE_FIND, reason=fault.reason, outage=row.id, **said)
