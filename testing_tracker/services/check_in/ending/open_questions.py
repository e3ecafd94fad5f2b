"""What nobody has answered yet of draws whose participants did not check in, or tried and could not."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.check_in.could_not import DAYS_LOOKED_AT
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.drawing.no_record import DAYS_TOGETHER, Asks, Closed, Compared, Count
from testing_tracker.rules.words import DrawKind, Status
from testing_tracker.services.check_in.ending.day_counts import closed_of, days_waiting, standing_rows
from testing_tracker.services.check_in.rules_in_force import any_rule
from testing_tracker.store.queries import joined_into
from testing_tracker.store.tables import CheckInDay, Draw
from testing_tracker.store.work import Work

_ASKED_ABOUT = {Because.NOT_CHECKED_IN: Asks.NOT_CHECKED_IN, Because.TRIED_TO_CHECK_IN: Asks.TRIED}
_NOT_GIVEN = (Status.EXCUSED, Status.CANCELLED)


def about_check_in(work: Work, since: date | None = None, until: date | None = None) -> list[Compared]:
    """The questions that are open, oldest first: those about days from `since` to `until`; without a first day all
    there are about check-in itself, and those about who did not or could not check in of the last 28 days."""
    if not any_rule(work):
        return []
    found = [*_about_days(work, since, until), *_about_people(work, since, until)]
    return sorted(found, key=lambda one: (one.closed.day, one.closed.days))


def _about_days(work: Work, since: date | None, until: date | None) -> list[Compared]:
    """The days, or days together, of which it is asked whether check-in worked."""
    of_days = select(func.min(CheckInDay.day)).where(CheckInDay.facility_id == work.facility_id, col(CheckInDay.held))
    first = work.session.exec(of_days).one()
    if first is None:
        return []
    last = until + timedelta(days=DAYS_TOGETHER) if until is not None else work.today
    rows = [row for row in standing_rows(work, max(since or first, first), last) if row.held]
    waiting = days_waiting(work, rows)
    found = [
        Compared(closed_of(row), Count(row.usual_expected, row.usual_not_checked_in), Asks.CHECK_INS) for row in rows
    ]
    return [
        one
        for one in found
        if (until is None or one.closed.first_day <= until)
        and any(one.closed.first_day <= day <= one.closed.day for day in waiting)
    ]


def _about_people(work: Work, since: date | None, until: date | None) -> list[Compared]:
    """A question a day about those who did not check in, and one about those who tried and could not."""
    first = since or work.today - timedelta(days=DAYS_LOOKED_AT)
    asked: defaultdict[tuple[date, Because], set[int]] = defaultdict(set)
    rows = work.session.connection().execute(
        sa_select(col(Draw.due_on), col(Draw.because), col(Draw.participant_id)).where(
            col(Draw.facility_id) == work.facility_id,
            col(Draw.due_on).between(first, until or work.today),
            col(Draw.status) == Status.UNRECORDED,
            col(Draw.because).in_(_ASKED_ABOUT),
        )
    )
    for day, because, participant_id in rows:
        asked[day, Because(str(because))].add(participant_id)
    draws = _draws_of(work, {day for day, _ in asked})
    into = joined_into(work.session) if asked else {}
    return [
        Compared(
            Closed(day, 1, Count(draws[day], len(people))),
            Count(),
            _ASKED_ABOUT[because],
            most_often=_most_often(work, day, because, people, into),
        )
        for (day, because), people in sorted(asked.items())
    ]


def _most_often(work: Work, day: date, because: Because, people: set[int], into: Mapping[int, int]) -> int:
    if because is not Because.TRIED_TO_CHECK_IN:
        return 1
    from testing_tracker.services.check_in.ending.day_ends import times_tried  # with all that closes a day

    return max(times_tried(work, day, people, into).values())


def _draws_of(work: Work, days: set[date]) -> dict[date, int]:
    """How many draws some days have that were to be given."""
    rows = work.session.connection().execute(
        sa_select(col(Draw.due_on), func.count())
        .where(
            col(Draw.facility_id) == work.facility_id,
            col(Draw.due_on).in_(days),
            col(Draw.status).not_in(_NOT_GIVEN),
            col(Draw.kind) != DrawKind.IMPORTED,
        )
        .group_by(col(Draw.due_on))
    )
    return {row[0]: row[1] for row in rows}
