"""Which rule of checking in binds on a day, and that day's instants."""

from datetime import date, time

from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.in_force import NotCheckedIn, RuleInForce
from testing_tracker.services.check_in.whether import any_rule as any_rule
from testing_tracker.services.schedules import versions
from testing_tracker.store.queries import id_of, in_force_id
from testing_tracker.store.tables import Assignment, CheckInRule, Enrolment
from testing_tracker.store.work import Work


def rule_on(work: Work, day: date) -> RuleInForce | None:
    """The rule that binds on a day; None where nobody has to check in."""
    return as_rule(row_on(work, day))


def window_on(work: Work, day: date) -> CheckInWindow | None:
    """A day's instants: when check-in opens, closes and is over; None where no rule binds."""
    rule = rule_on(work, day)
    return None if rule is None else rule.window(day, last_collection(work, day) or rule.closes, work.zone)


def row_on(work: Work, day: date) -> CheckInRule | None:
    """The row that counts on a day: the newest of those that begin by then. It may be one that ends checking in."""
    return work.session.exec(
        select(CheckInRule)
        .where(CheckInRule.facility_id == work.facility_id, CheckInRule.from_on <= day)
        .order_by(col(CheckInRule.id).desc())
        .limit(1)
    ).first()


def as_rule(row: CheckInRule | None) -> RuleInForce | None:
    """The rule in a row; None without one, and of one that ends checking in."""
    if row is None or row.opens is None or row.closes is None:
        return None
    return RuleInForce(row.from_on, row.opens, row.closes, row.page, NotCheckedIn(row.not_checked_in))


def last_collection(work: Work, day: date) -> time | None:
    """The latest end of collection (local time) of the schedules that somebody is tested by on a day.

    None where nobody is tested.
    """
    by_end = sorted(collections_end(work, day), reverse=True)
    return next((closes for closes, _, schedule_id in by_end if _is_in_use(work, schedule_id, day)), None)


def collections_end(work: Work, day: date) -> list[tuple[time, str, int]]:
    """Of each schedule, in its version of a day, when collection ends, its name and its id."""
    return [
        (versions.rule_on(work, id_of(schedule), day)[1].collection.closes, schedule.name, id_of(schedule))
        for schedule in versions.all_schedules(work)
    ]


def _is_in_use(work: Work, schedule_id: int, day: date) -> bool:
    tested = (
        sa_select(col(Assignment.id))
        .join(Enrolment, col(Enrolment.id) == in_force_id(Enrolment, Assignment.participant_id, day))
        .where(
            col(Assignment.schedule_id) == schedule_id,
            col(Assignment.id) == in_force_id(Assignment, Assignment.participant_id, day),
            col(Enrolment.enrolled),
        )
        .limit(1)
    )
    return work.session.connection().execute(tested).first() is not None
