"""Sets the rule of checking in from a day on, ends it, and says which binds when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.in_force import NotCheckedIn, RuleInForce, little_left, opens_before_draws, refusal
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.said import in_full
from testing_tracker.services.check_in.rules_in_force import any_rule, as_rule, row_on
from testing_tracker.services.schedules import versions
from testing_tracker.store.queries import version_on
from testing_tracker.store.tables import CheckInRule, Night
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class RuleFrom:
    """From a day on this rule binds, or none; until the next one does."""

    from_on: date
    rule: RuleInForce | None


@dataclass(frozen=True)
class RuleSet:
    """What was set, the days from which something else was to bind, which does not any more, and what to beware of."""

    now: RuleFrom
    overruled: Sequence[date]
    beware: Sequence[str] = ()


def set_rule(
    work: Work, from_on: date, opens: time, closes: time, *, page: bool, not_checked_in: NotCheckedIn
) -> RuleSet:
    """Have everybody with a card check in, from a day on, between two times (facility's local time).

    It takes the place of what was to bind from a later day. Raises TestingTrackerError for a day that has begun, and
    for a window that is too short or leaves somebody no time to come.
    """
    _check_day(work, from_on)
    ends, schedule = _first_collection_end(work, from_on)
    refused = refusal(opens, closes, ends, schedule)
    if refused is not None:
        raise TestingTrackerError(refused)
    rule = RuleInForce(from_on, opens, closes, page, not_checked_in)
    beware = (little_left(closes, ends, schedule), _opens_before_draws(work, opens))
    return replace(_write(work, from_on, rule), beware=[one for one in beware if one is not None])


def end_rule(work: Work, from_on: date) -> RuleSet:
    """Have nobody check in from a day on. Raises TestingTrackerError for a day that has begun, and without a rule."""
    _check_day(work, from_on)
    return _write(work, from_on, None)


def closes_too_late(work: Work) -> str | None:
    """Why check-in would close too late for some schedule, today or later, as its versions are now; None if not."""
    if not any_rule(work):
        return None
    for step in rules_from(work, work.today):
        if step.rule is not None:
            ends, schedule = _first_collection_end(work, max(step.from_on, work.today))
            refused = refusal(step.rule.opens, step.rule.closes, ends, schedule)
            if refused is not None:
                return refused
    return None


def rules_from(work: Work, day: date) -> list[RuleFrom]:
    """What binds on a day, with the day since when, and what is to bind from later days, in their order.

    Nothing where nobody ever had to check in by then.
    """
    steps = _timeline(_rows(work))
    behind = [step for step in steps if step.from_on <= day]
    return [*behind[-1:], *(step for step in steps if step.from_on > day)]


def _timeline(rows: Sequence[CheckInRule]) -> list[RuleFrom]:
    """The days from which something else binds, in their order; of the rows that begin by a day the newest counts."""
    steps: list[RuleFrom] = []
    for day in sorted({row.from_on for row in rows}):
        newest = max((row for row in rows if row.from_on <= day), key=lambda row: row.id or 0)
        if newest.from_on == day:
            steps.append(RuleFrom(day, as_rule(newest)))
    return steps


def _rows(work: Work) -> Sequence[CheckInRule]:
    return work.session.exec(
        select(CheckInRule).where(CheckInRule.facility_id == work.facility_id).order_by(col(CheckInRule.id))
    ).all()


def _check_day(work: Work, from_on: date) -> None:
    """A training database may begin today: there nobody has to be told before."""
    if from_on > work.today or (work.facility.training and from_on == work.today):
        return
    tomorrow = work.today + timedelta(days=1)
    begun = "has begun" if from_on == work.today else "is over"
    raise TestingTrackerError(
        f"{in_full(from_on)} {begun}; participants have to know before. Give {tomorrow} or a later day."
    )


def _first_collection_end(work: Work, from_on: date) -> tuple[time, str]:
    """The earliest end of collection among the schedules' versions that bind from a day on, and whose it is."""
    found = [
        (versions.rule_of(work, version.text).collection.closes, schedule.name)
        for schedule in versions.all_schedules(work)
        for version in versions.versions_of(work.session, schedule)
        if version.binds_from > from_on or version.id == version_on(work.session, version.schedule_id, from_on).id
    ]
    return min(found, default=(time.max, ""))


def _opens_before_draws(work: Work, opens: time) -> str | None:
    """Whether the newest day's draws were made after such an hour; of a day that is pretended that says nothing."""
    newest = select(col(Night.day), col(Night.recorded_at)).where(Night.facility_id == work.facility_id, col(Night.ran))
    night = work.session.exec(newest.order_by(col(Night.day).desc(), col(Night.id)).limit(1)).first()
    if night is None or work.is_pretended:
        return None
    day, made_at = night
    return opens_before_draws(opens, day, made_at.astimezone(work.zone).time())


def _write(work: Work, from_on: date, rule: RuleInForce | None) -> RuleSet:
    before = row_on(work, from_on)
    earlier = as_rule(before)
    later = [step.from_on for step in rules_from(work, from_on) if step.from_on > from_on]
    if _says(rule) == _says(earlier) and not later:
        raise TestingTrackerError(
            "Nobody has to check in from that day on; there is nothing to end."
            if rule is None
            else f"That rule binds on {in_full(from_on)} already; there is nothing to do."
        )
    kept = before.not_checked_in if before is not None else NotCheckedIn.UNRECORDED
    work.write(
        CheckInRule(
            from_on=from_on,
            opens=rule.opens if rule else None,
            closes=rule.closes if rule else None,
            page=rule.page if rule else False,
            not_checked_in=rule.not_checked_in if rule else kept,
        )
    )
    work.on_record(Act.CHECK_IN_RULE, from_on=from_on, **_detail("", rule), **_detail("earlier_", earlier))
    return RuleSet(RuleFrom(from_on, rule), later)


def _says(rule: RuleInForce | None) -> tuple[object, ...] | None:
    return None if rule is None else (rule.opens, rule.closes, rule.page, rule.not_checked_in)


def _detail(before: str, rule: RuleInForce | None) -> dict[str, Any]:
    """What the audit table says of a rule; of none, that it ends."""
    if rule is None:
        return {} if before else {"ended": True}
    return {
        f"{before}opens": f"{rule.opens:%H:%M}",
        f"{before}closes": f"{rule.closes:%H:%M}",
        f"{before}page": rule.page,
        f"{before}not_checked_in": str(rule.not_checked_in),
    }
