"""The nightly run: closes out the days before, records the nights that were missed, and draws today.

It may run again, late, or on two hosts at once: the write lock lets one at a time through, and a day that was decided
for a participant stays decided.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, func, insert, literal, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from testing_tracker import chance
from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import days_between, instant
from testing_tracker.rules.draws import ALWAYS, NEVER, chance_on
from testing_tracker.rules.words import Kind, Status
from testing_tracker.services import schedules
from testing_tracker.store import audit
from testing_tracker.store.queries import id_of, in_force_id, on_leave
from testing_tracker.store.tables import (
    Assignment,
    AuditEntry,
    Draw,
    Enrolment,
    Facility,
    Night,
    Participant,
    ScheduleVersion,
)

AT_A_TIME = 5_000  # participants in memory at once

CLOSED_OUT = "nothing was recorded by the end of the day"
MADE_TOO_LATE = "the draw was made after the day's collection window had closed"


Decide = Callable[[Fraction], bool]


@dataclass
class NightReport:
    """What a run did."""

    day: date
    drawn: int = 0
    missed: int = 0
    gaps: list[date] = field(default_factory=list)
    already_made: bool = False


@dataclass(frozen=True)
class _DayRule:
    """What a schedule says for one day."""

    kind: Kind
    version_id: int
    chance: Fraction


_Rules = dict[int, _DayRule]


def run_night(session: Session, acting: Acting, *, decide: Decide = chance.is_drawn) -> NightReport:
    """Make today's draws and close out the days before. `decide` is chance itself; a demonstration brings its own.

    Raises TestingTrackerError when a later day was drawn already: then the clock is wrong.
    """
    report = NightReport(acting.today)
    last = session.exec(
        select(Night).where(Night.facility_id == acting.facility_id).order_by(col(Night.day).desc()).limit(1)
    ).first()
    if last is not None and last.day > acting.today:
        raise TestingTrackerError(
            f"Draws were made for {last.day} already, and today is {acting.today}. Check the machine's clock."
        )
    if last is not None and last.day == acting.today:
        report.already_made = True
        _draw_newcomers(session, acting, report, last, decide)
        return report
    since = last.day if last is not None else session.get_one(Facility, acting.facility_id).opened_on
    report.missed = _close_out(session, acting, since)
    for gap in days_between(since, acting.today):
        _record_gap(session, acting, gap)
        report.gaps.append(gap)
    newest = _newest_participant(session, acting)
    _add_night(session, acting, acting.today, newest, ran=True)
    report.drawn = _draw_today(session, acting, range(1, newest + 1), decide)
    audit.record(
        session, acting, "night run", day=acting.today, drawn=report.drawn, missed=report.missed, gaps=len(report.gaps)
    )
    session.flush()
    return report


def _draw_today(session: Session, acting: Acting, who: range, decide: Decide) -> int:
    rules = _rules_on(session, acting, acting.today)
    return _draw(session, acting, acting.today, rules, who, Status.DUE, decide)


def _draw_newcomers(session: Session, acting: Acting, report: NightReport, night: Night, decide: Decide) -> None:
    newest = _newest_participant(session, acting)
    if newest <= night.last_participant_id:
        return
    report.drawn = _draw_today(session, acting, range(night.last_participant_id + 1, newest + 1), decide)
    night.last_participant_id = newest
    session.add(night)
    audit.record(session, acting, "night add newcomers", day=acting.today, drawn=report.drawn)
    session.flush()


def _newest_participant(session: Session, acting: Acting) -> int:
    query = select(func.max(Participant.id)).where(Participant.facility_id == acting.facility_id)
    return session.exec(query).one() or 0


def _add_night(session: Session, acting: Acting, day: date, newest: int, *, ran: bool) -> None:
    session.add(
        Night(
            facility_id=acting.facility_id,
            day=day,
            ran=ran,
            last_participant_id=newest,
            recorded_at=acting.now,
            recorded_by=acting.account,
        )
    )
    session.flush()


def _close_out(session: Session, acting: Acting, since: date) -> int:
    """Draws of the days before today that nobody touched become missed; each is on the audit record.

    Those that were made only after their day's collection window had closed become unrecorded: nobody could have been
    told of them in time. Everything older than the last run was closed by that run, so only the days since are looked
    at. Returns how many were missed.
    """
    is_open = (
        col(Draw.status) == Status.DUE,
        col(Draw.due_on) >= since,
        col(Draw.due_on) < acting.today,
        col(Draw.participant_id).in_(select(Participant.id).where(Participant.facility_id == acting.facility_id)),
    )
    made = session.exec(
        select(col(Draw.due_on), col(Draw.schedule_version_id), col(Draw.recorded_at)).where(*is_open).distinct()
    )
    for due_on, version_id, recorded_at in made.all():
        if version_id is not None and _was_too_late(session, acting, due_on, version_id, recorded_at):
            these = (
                col(Draw.due_on) == due_on,
                col(Draw.schedule_version_id) == version_id,
                col(Draw.recorded_at) == recorded_at,
            )
            _close(session, acting, (*is_open, *these), Status.UNRECORDED, MADE_TOO_LATE)
    return _close(session, acting, is_open, Status.MISSED, CLOSED_OUT)


def _was_too_late(session: Session, acting: Acting, due_on: date, version_id: int, recorded_at: datetime) -> bool:
    rule = schedules.rule_of(session.get_one(ScheduleVersion, version_id).text)
    return recorded_at >= instant(due_on, rule.collection.closes, acting.zone)


def _close(
    session: Session, acting: Acting, which: tuple[ColumnElement[bool], ...], status: Status, reason: str
) -> int:
    columns = ["facility_id", "at", "account", "act", "participant_id", "draw_id", "reason"]
    values = (
        literal(acting.facility_id),
        literal(acting.now, UTCDateTime()),
        literal(acting.account),
        literal(f"draw {status}"),
        col(Draw.participant_id),
        col(Draw.id),
        literal(reason),
    )
    session.connection().execute(insert(AuditEntry).from_select(columns, sa_select(*values).where(*which)))
    closed = session.connection().execute(update(Draw).where(*which).values(status=str(status), reason=reason))
    return closed.rowcount


def _record_gap(session: Session, acting: Acting, day: date) -> None:
    """A day without a run: nobody could be told of a random test, so none is made up.

    The fixed tests of that day exist whether or not the program ran, but whether they were given nobody here knows.
    """
    newest = _newest_participant(session, acting)
    _add_night(session, acting, day, newest, ran=False)
    fixed = {key: rule for key, rule in _rules_on(session, acting, day).items() if rule.kind is Kind.FIXED}
    made = _draw(session, acting, day, fixed, range(1, newest + 1), Status.UNRECORDED, lambda _: False)
    audit.record(session, acting, "night gap", day=day, fixed_draws=made)


def _draw(
    session: Session, acting: Acting, day: date, rules: _Rules, who: range, status: Status, decide: Decide
) -> int:
    """Decide a day for the participants with ids in `who`; returns how many were drawn.

    Nobody is drawn who has a draw of that day from a past record.
    """
    always = {schedule_id for schedule_id, rule in rules.items() if rule.chance == ALWAYS}
    by_chance = {schedule_id: rule.chance for schedule_id, rule in rules.items() if NEVER < rule.chance < ALWAYS}
    count = 0
    for page in _active_participants(session, acting, day, who):
        drawn: dict[int, list[int]] = {}
        for participant_id, schedule_id in page:
            if schedule_id in always or (schedule_id in by_chance and decide(by_chance[schedule_id])):
                drawn.setdefault(schedule_id, []).append(participant_id)
        for schedule_id, participant_ids in drawn.items():
            count += _add_draws(session, acting, day, rules[schedule_id], participant_ids, status)
    return count


def _add_draws(
    session: Session, acting: Acting, day: date, rule: _DayRule, participant_ids: list[int], status: Status
) -> int:
    """Write a draw for each participant, many in one statement; returns how many were new."""
    values = {
        "participant_id": col(Participant.id),
        "due_on": literal(day),
        "kind": literal(str(rule.kind)),
        "status": literal(str(status)),
        "schedule_version_id": literal(rule.version_id),
        "recorded_at": literal(acting.now, UTCDateTime()),
    }
    drawn = sa_select(*values.values()).where(col(Participant.id).in_(participant_ids))
    statement = insert(Draw).prefix_with("OR IGNORE").from_select(list(values), drawn)
    return session.connection().execute(statement).rowcount


def _rules_on(session: Session, acting: Acting, day: date) -> _Rules:
    """What each schedule, by id, says for a day."""
    rules = {}
    for schedule in schedules.all_schedules(session, acting):
        version_id, rule = schedules.rule_on(session, id_of(schedule), day)
        rules[id_of(schedule)] = _DayRule(rule.draw.kind, version_id, chance_on(rule, day))
    return rules


def _active_participants(session: Session, acting: Acting, day: date, who: range) -> Iterator[list[tuple[int, int]]]:
    """Everybody who takes part on a day, with the schedule's id, in the order of ids, a page at a time."""
    query = (
        sa_select(col(Assignment.participant_id), col(Assignment.schedule_id))
        .select_from(Participant)
        .join(Assignment, col(Assignment.id) == in_force_id(Assignment, Participant.id, day))
        .join(Enrolment, col(Enrolment.id) == in_force_id(Enrolment, Participant.id, day))
        .where(
            col(Participant.facility_id) == acting.facility_id,
            col(Participant.id) < who.stop,
            col(Enrolment.enrolled),
            ~on_leave(Participant.id, day),
        )
        .order_by(col(Participant.id))
        .limit(AT_A_TIME)
    )
    after = who.start - 1
    while rows := session.connection().execute(query.where(col(Participant.id) > after)).all():
        yield [(row[0], row[1]) for row in rows]
        after = rows[-1][0]
