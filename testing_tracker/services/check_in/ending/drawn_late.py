"""Says on record that check-in was open while the day's draws had not been made, so that nobody could be told anything.

Of a page its own minutes say so; where participants check in by telephone alone, only a night itself can.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.in_force import FoundBy
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.services.check_in.page.page_faults import NOT_LOOKED_THROUGH
from testing_tracker.services.check_in.rules_in_force import rule_on, window_on
from testing_tracker.services.check_in.whether import any_rule
from testing_tracker.store.tables import Outage
from testing_tracker.store.work import Work

DRAWN_LATE = "the day's draws had not been made"
TAKEN_BACK = "the night that said so was taken back"


def say_drawn_late(work: Work) -> None:
    """Put on record for how long today's check-in had been open when the night made today's draws; nothing for none."""
    _say_of(work, [work.today])


def say_not_drawn(work: Work, days: Iterable[date]) -> None:
    """Put on record, before a night closes them, that nobody could be told anything on days without a run."""
    _say_of(work, days)


def _say_of(work: Work, days: Iterable[date]) -> None:
    """On a training database that pretends a day it is noon whenever somebody practises, and that says nothing."""
    if work.is_pretended or not any_rule(work):
        return
    for day in days:
        rule, window = rule_on(work, day), window_on(work, day)
        if rule is not None and window is not None and not rule.page and work.now > window.opens:
            _write(work, window.opens, min(work.now, window.closes), DRAWN_LATE)


def forget_since(work: Work, day: date) -> None:
    """Take back what nights of a clock that was ahead have said of days; `day` is the last before those that they made.

    These are still to come, or come once more; and that day's page may be read yet.
    """
    later = aliased(Outage)
    first, made = (instant_reached(one, time(), work.zone) for one in (day, day + timedelta(days=1)))
    rows = work.session.exec(
        select(Outage).where(
            Outage.facility_id == work.facility_id,
            or_(
                and_(col(Outage.found_by) == FoundBy.NIGHT, col(Outage.from_at) >= made),
                and_(col(Outage.reason) == NOT_LOOKED_THROUGH, col(Outage.from_at) >= first),
            ),
            col(Outage.to_at) > col(Outage.from_at),
            ~exists().where(col(later.replaces_id) == col(Outage.id)),
        )
    )
    for row in rows.all():
        _write(work, row.from_at, row.from_at - timedelta(seconds=1), TAKEN_BACK, replaces=row.id)


def _write(work: Work, from_at: datetime, to_at: datetime, reason: str, replaces: int | None = None) -> None:
    row = Outage(from_at=from_at, to_at=to_at, found_by=FoundBy.NIGHT, reason=reason, replaces_id=replaces)
    row.facility_id = work.facility_id
    work.write(row)
    said: dict[str, Any] = {"replaces": replaces} if replaces is not None else {}
    work.on_record(Act.OUTAGE_FIND, reason=reason, outage=row.id, from_at=from_at, to_at=to_at, **said)
