"""Puts on record what visitors of the page did: each visit once, however often it is collected, and by whom.

How far it was collected is asked of the records themselves. So a database that was brought back from a copy gets what
the copy lacks once more, and of two hosts the later one finds nothing to do.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func
from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInOutcome
from testing_tracker.rules.check_in.cards import MOST_WRONG
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.services.check_in.ending.later_known import bring_in_line
from testing_tracker.store.tables import CheckIn, Participant, StrangersSeen
from testing_tracker.store.work import Work
from testing_tracker.web.file import Visit

_DIGITS = 12  # of a visit's number, so that they are in their order as text too
_LAST = 10**_DIGITS - 1
_END = " end"
_COLUMNS = ("participant_id", "day", "at", "channel", "outcome", "answer", "timing", "receipt", "visit")


@dataclass(frozen=True)
class CollectedVisits:
    """What was put on record: visits, how many of them were told, and tries with numbers of nobody."""

    visits: int = 0
    told: int = 0
    strangers: int = 0

    def __bool__(self) -> bool:
        return self.visits > 0

    def __add__(self, other: "CollectedVisits") -> "CollectedVisits":
        return CollectedVisits(self.visits + other.visits, self.told + other.told, self.strangers + other.strangers)


def mark_of(file: str, number: int) -> str:
    """A visit as the records name it, by the page's file and its number there."""
    return f"{file}:{number:0{_DIGITS}d}"


def collected_to(work: Work, file: str) -> int:
    """The last visit of a file that is on record at this facility, 0 for none."""
    first, last = mark_of(file, 0), mark_of(file, _LAST)
    of_people = select(func.max(CheckIn.visit)).where(
        CheckIn.facility_id == work.facility_id, col(CheckIn.visit).between(first, last)
    )
    of_nobody = select(func.max(StrangersSeen.up_to)).where(
        StrangersSeen.facility_id == work.facility_id, col(StrangersSeen.up_to).between(first, f"{last}{_END}")
    )
    found = [work.session.exec(query).one() for query in (of_people, of_nobody)]
    return max((int(mark[len(first) - _DIGITS : len(first)]) for mark in found if mark), default=0)


def files_collected(work: Work, back: timedelta | None = None) -> set[str]:
    """The files that visits were collected from last: one, but on the day on which the page began another.

    With a time, only where that was within it.
    """
    of_people = select(CheckIn.visit, CheckIn.recorded_at).where(
        CheckIn.facility_id == work.facility_id, col(CheckIn.visit).is_not(None)
    )
    of_nobody = select(StrangersSeen.up_to, StrangersSeen.recorded_at).where(
        StrangersSeen.facility_id == work.facility_id
    )
    newest = (of_people.order_by(col(CheckIn.id).desc()), of_nobody.order_by(col(StrangersSeen.id).desc()))
    # When that was is looked at here: asked for in the statement, all rows are gone through where none is so young.
    marks = [work.session.exec(query.limit(1)).first() for query in newest]
    return {one[0].partition(":")[0] for one in marks if one and one[0] and (back is None or one[1] >= work.now - back)}


def collect(work: Work, file: str, visits: Sequence[Visit]) -> CollectedVisits:
    """Put the facility's visits among these on record, but those that are; the account of it is one act.

    A visit by a number that is nobody's here is counted, and a day's count is all that is kept of it.
    """
    known = collected_to(work, file)
    new = [one for one in visits if one.facility == work.facility_id and known < one.number <= _LAST]
    if not new:
        return CollectedVisits()
    here = _participants(work, {one.holder for one in new if one.holder is not None})
    of_people = [one for one in new if one.holder in here]
    rows = [
        (
            *(one.holder, one.day, one.at, str(one.channel), str(one.outcome), one.answer and str(one.answer)),
            *(one.timing and str(one.timing), one.receipt, mark_of(file, one.number)),
        )
        for one in of_people
    ]
    if rows:
        work.write_all(CheckIn, _COLUMNS, rows)
    strangers = Counter(one.day for one in new if one.holder not in here)
    for day, tries in sorted(strangers.items()):
        work.write(StrangersSeen(day=day, tries=tries, up_to=mark_of(file, new[-1].number)))
    done = CollectedVisits(len(new), sum(one.outcome is CheckInOutcome.TOLD for one in of_people), strangers.total())
    work.on_record(Act.CHECK_INS_COLLECT, **vars(done), up_to=mark_of(file, new[-1].number))
    bring_in_line(work, {one.day for one in of_people})  # a night may have closed such a day without knowing of them
    return done


def is_looked_through(work: Work, day: date) -> bool:
    """Whether all that the page knows of a day's window is on record."""
    asked = select(StrangersSeen.id).where(
        StrangersSeen.facility_id == work.facility_id, StrangersSeen.day == day, StrangersSeen.tries == 0
    )
    return work.session.exec(asked.limit(1)).first() is not None


def say_looked_through(work: Work, file: str, day: date, last: int) -> None:
    """Put on record that all that the page knows of a day's window is: no night need doubt the day any more.

    `last` is the last visit of whichever facility that was looked at: where few come, it is not asked for those of the
    others again each time.
    """
    up_to = f"{mark_of(file, max(collected_to(work, file), min(last, _LAST)))}{_END}"
    work.write(StrangersSeen(day=day, tries=0, up_to=up_to))
    work.on_record(Act.CHECK_INS_COLLECT, day=day, up_to=up_to)


def guarded_numbers(work: Work) -> list[int]:
    """Whose numbers somebody has tried so many PINs for in the last day that they are guarded, by participant's id."""
    since = work.now - timedelta(days=1)
    asked = (
        select(CheckIn.participant_id)
        .where(
            CheckIn.facility_id == work.facility_id,
            col(CheckIn.day) >= work.today - timedelta(days=2),
            CheckIn.outcome == CheckInOutcome.WRONG,
            col(CheckIn.at) >= since,
        )
        .group_by(col(CheckIn.participant_id))
        .having(func.count() >= MOST_WRONG)
    )
    return sorted(work.session.exec(asked))


def _participants(work: Work, numbers: Iterable[int]) -> set[int]:
    asked = select(Participant.id).where(
        Participant.facility_id == work.facility_id, col(Participant.id).in_(list(numbers))
    )
    return {number for number in work.session.exec(asked) if number is not None}
