"""Whom a run decides on for a day, with which chance, and who is drawn: for the night, for `verify` and for `proof`.

Nothing here looks at the clock, and nothing at rows that came after those the run knew, so deciding again gives the
same for ever.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, case, func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.drawing.day_list import DayList, decided_on
from testing_tracker.rules.drawing.day_secrets import drawn_among, panel_drawn
from testing_tracker.rules.schedules.days import ClosedDays, chance_on
from testing_tracker.rules.schedules.guard_rails import (
    ChanceTable,
    Recent,
    binding,
    chance_within,
    last_day_that_matters,
)
from testing_tracker.rules.schedules.schedule import TestingRule
from testing_tracker.rules.words import DrawKind
from testing_tracker.services.schedules import closed_days, versions
from testing_tracker.services.schedules.closed_days import KnownDays
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.queries import draw_stands, id_of, in_force_id, leave_counts, version_known
from testing_tracker.store.tables import (
    Assignment,
    Draw,
    Enrolment,
    Facility,
    FacilityName,
    Leave,
    Participant,
    Pool,
    Schedule,
)
from testing_tracker.store.work import Work

AT_A_TIME = 5_000  # participants in memory at once


@dataclass(frozen=True)
class DayRule:
    """What a schedule says for one day. `table` is there for a random schedule with bounds only.

    `closed` are the closed days around that day, as the run knew them.
    """

    name: str
    version_id: int
    rule: TestingRule
    table: ChanceTable | None
    closed: ClosedDays

    @property
    def kind(self) -> DrawKind:
        return self.rule.draw.kind


@dataclass(frozen=True)
class Group:
    """Participants of a page who have the same schedule and chance; `drawn` are those whose ticket is below it.

    `panels` has the number of the panel that chance chose for each of those drawn, where the schedule rotates panels.
    """

    rule: DayRule
    chance: Fraction
    participant_ids: Sequence[int]
    drawn: Sequence[int]
    panels: Mapping[int, int]


def known_at(session: Session, page_id: int) -> dict[str, Any]:
    """What a run that begins now knows, as a pool's fields: the newest ids at the page of the ledger that it seals.

    They are those of all facilities. What another facility adds meanwhile is no concern of this one's.
    """
    known = ledger.known_at_page(session, page_id)
    return {
        "last_enrolment_id": known["enrolment"],
        "last_assignment_id": known["assignment"],
        "last_leave_id": known["leave"],
        "last_version_id": known["schedule_version"],
        "last_holiday_year_id": known["holiday_year"],
        "last_closure_id": known["closure"],
        "last_draw_id": session.connection().execute(sa_select(func.max(col(Draw.id)))).scalar() or 0,
    }


def newest_participant_known(session: Session, page_id: int) -> int:
    """The newest participant, by id, on whom a run decides that begins at a page of the ledger."""
    return ledger.known_at_page(session, page_id)["participant"]


class Listing:
    """The digest of a run's list, from its groups as they are decided; a page of them in memory."""

    def __init__(self, session: Session, pool: Pool) -> None:
        called = called_at(session, pool)
        self._listed = DayList(called, pool.day, pool.first_participant_id, pool.last_participant_id)
        self._page: list[tuple[int, str]] = []

    def add(self, group: Group) -> None:
        panels = len(group.rule.rule.collection.panels) or None
        words = {
            is_drawn: decided_on(group.chance, None, panels, drawn=is_drawn)
            for is_drawn in ((True, False) if group.chance else (False,))
        }
        drawn = frozenset(group.drawn)
        if group.panels:
            of_panel = {
                panel: decided_on(group.chance, panel, panels, drawn=True) for panel in set(group.panels.values())
            }
            self._page += [
                (number, of_panel[group.panels[number]] if number in drawn else words[False])
                for number in group.participant_ids
            ]
        else:
            self._page += [(number, words[number in drawn]) for number in group.participant_ids]

    def end_page(self) -> None:
        """Take in a page's participants, who were decided on by schedule and chance, by their numbers."""
        self._listed.add(f"{number}{words}" for number, words in sorted(self._page))
        self._page.clear()

    @property
    def digest(self) -> str:
        return self._listed.digest


def called_at(session: Session, pool: Pool) -> str:
    """What a facility was called when a run decided, as a proof of it says."""
    facility = session.get_one(Facility, pool.facility_id)
    known = ledger.known_at_page(session, pool.last_page_id)["facility_name"]
    later = (
        select(FacilityName.earlier)
        .where(FacilityName.facility_id == pool.facility_id, col(FacilityName.id) > known)
        .order_by(col(FacilityName.id))
    )
    name = session.exec(later.limit(1)).first() or facility.name
    return f"{name} (TRAINING)" if facility.training else name


def decided(
    work: Work,
    pool: Pool,
    secret: bytes | None,
    known: KnownDays | None = None,
    listing: Listing | None = None,
) -> Iterator[Group]:
    """Everybody on whom a run decides, in groups, a page at a time in the order of ids.

    Without a secret nobody is drawn by chance: a gap has its fixed draws only. `known` is what the run is supposed to
    have known of closed days, by default what is on record of that. What is decided is added to a `listing`.
    """
    rules = rules_of(work, pool, known)
    for page in _participants(work.session, pool):
        of_schedule: dict[int, list[int]] = {}
        for participant_id, schedule_id in page:
            of_schedule.setdefault(schedule_id, []).append(participant_id)
        for schedule_id, participant_ids in of_schedule.items():
            rule = rules[schedule_id]
            for chance, having_it in _by_chance(work.session, pool, rule, participant_ids):
                drawn = _drawn(rule, secret, having_it, chance)
                group = Group(rule, chance, having_it, drawn, _panels(rule, secret, drawn))
                if listing is not None:
                    listing.add(group)
                yield group
        if listing is not None:
            listing.end_page()


def _drawn(rule: DayRule, secret: bytes | None, participant_ids: list[int], chance: Fraction) -> list[int]:
    if rule.kind is DrawKind.FIXED:
        return participant_ids if chance else []
    return drawn_among(secret, participant_ids, chance) if secret else []


def _panels(rule: DayRule, secret: bytes | None, drawn: Sequence[int]) -> dict[int, int]:
    panels = len(rule.rule.collection.panels)
    return {number: panel_drawn(secret, number, panels) for number in drawn} if panels and secret else {}


def rules_of(work: Work, pool: Pool, known: KnownDays | None = None) -> dict[int, DayRule]:
    """What each schedule, by id, says for the pool's day."""
    rules = {}
    known = known or closed_days.known_to(work.session, pool)
    for schedule in work.session.exec(select(Schedule).where(Schedule.facility_id == pool.facility_id)):
        version = version_known(work.session, id_of(schedule), pool.day, up_to=pool.last_version_id)
        if version is not None:
            table = _table_of(version.chances) if version.chances else None
            rule = versions.rule_of(work, version.text)
            shut = known.of(work, version, rule, pool.day)
            rules[id_of(schedule)] = DayRule(schedule.name, id_of(version), rule, table, shut)
    return rules


@lru_cache(maxsize=64)
def _table_of(text: str) -> ChanceTable:
    return ChanceTable.from_json(text)


def _participants(session: Session, pool: Pool) -> Iterator[list[tuple[int, int]]]:
    """Everybody who takes part on the pool's day, with the schedule's id; not who has a past record of that day.

    Each history is read over a page's range of ids, which takes either kind of database as long for the last page as
    for the first, whatever it has counted of its tables.
    """
    execute = session.connection().execute
    recorded = frozenset(execute(_past_record(pool)).scalars())
    first = pool.first_participant_id
    while first <= pool.last_participant_id:
        last = _last_of_page(session, pool, first)
        away = frozenset(execute(_on_leave(pool, first, last)).scalars())
        # Of several assignments the last one is in force, and so the one that stays in the dictionary.
        schedule_ids = {row[0]: row[1] for row in execute(_assignments(pool, first, last)).all()}
        yield [item for item in schedule_ids.items() if item[0] not in away and item[0] not in recorded]
        first = last + 1


def _last_of_page(session: Session, pool: Pool, first: int) -> int:
    """The id of the last participant of a page. Between the facility's ids may be many of other facilities'."""
    if pool.last_participant_id - first < AT_A_TIME:
        return pool.last_participant_id
    query = (
        sa_select(col(Participant.id))
        .where(col(Participant.facility_id) == pool.facility_id, col(Participant.id) >= first)
        .order_by(col(Participant.id))
        .offset(AT_A_TIME - 1)
        .limit(1)
    )
    return min(session.connection().execute(query).scalar() or pool.last_participant_id, pool.last_participant_id)


def _assignments(pool: Pool, first: int, last: int) -> Select[int, int]:
    """Each assignment up to the pool's day of those who are enrolled then, in the order of `queries.in_force`."""
    enrolled = (
        sa_select(col(Enrolment.enrolled))
        .where(
            col(Enrolment.participant_id) == Participant.id,
            col(Enrolment.from_on) <= pool.day,
            col(Enrolment.id) <= pool.last_enrolment_id,
        )
        .order_by(col(Enrolment.from_on).desc(), col(Enrolment.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        sa_select(col(Assignment.participant_id), col(Assignment.schedule_id))
        .join(Participant, col(Participant.id) == Assignment.participant_id)
        .where(
            col(Participant.facility_id) == pool.facility_id,
            col(Participant.id).between(first, last),
            col(Assignment.participant_id).between(first, last),
            col(Assignment.from_on) <= pool.day,
            col(Assignment.id) <= pool.last_assignment_id,
            enrolled,
        )
        .order_by(col(Assignment.participant_id), col(Assignment.from_on), col(Assignment.id))
    )


def _on_leave(pool: Pool, first: int, last: int) -> Select[int]:
    return sa_select(col(Leave.participant_id)).where(
        col(Leave.participant_id).between(first, last),
        col(Leave.from_on) <= pool.day,
        col(Leave.to_on) >= pool.day,
        col(Leave.id) <= pool.last_leave_id,
        leave_counts(pool.last_leave_id),
    )


def _past_record(pool: Pool) -> Select[int]:
    return draws_of_the_day(pool).where(col(Draw.kind) == DrawKind.IMPORTED, col(Draw.id) <= pool.last_draw_id)


def draws_of_the_day(pool: Pool) -> Select[int]:
    """The participants of a pool who have a draw of its day on record, whoever put it there; no taken back one's."""
    return (
        sa_select(col(Draw.participant_id))
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            col(Participant.facility_id) == pool.facility_id,
            col(Participant.id).between(pool.first_participant_id, pool.last_participant_id),
            col(Draw.due_on) == pool.day,
            draw_stands(),
        )
    )


def _by_chance(
    session: Session, pool: Pool, rule: DayRule, participant_ids: list[int]
) -> Iterator[tuple[Fraction, list[int]]]:
    """The participants of one schedule by the chance they have. Only bounds make it differ between them."""
    if rule.table is None:
        yield chance_on(rule.rule, pool.day, rule.closed), participant_ids
        return
    having: dict[Fraction, list[int]] = {}
    recent = _recent(session, pool, rule.rule, participant_ids)
    away = _away(session, pool, rule.rule, participant_ids)
    nowhere: frozenset[date] = frozenset()
    for number in participant_ids:
        days_off = away.get(number, nowhere)
        chance = chance_within(rule.rule, rule.table, pool.day, recent[number], rule.closed, days_off)
        having.setdefault(chance, []).append(number)
    yield from having.items()


def _recent(session: Session, pool: Pool, rule: TestingRule, participant_ids: list[int]) -> dict[int, Recent]:
    """For each participant the draws of this week so far, and the days since the last one.

    Draws that a schedule made count, whatever became of them; tests for cause and past records do not. Who was never
    drawn since the enrolment began counts from the day before it. Draws so long ago that the gap has run out since are
    not looked up: the gap has run out then, by how much makes no difference.
    """
    monday = Week.of(pool.day).monday
    gap = binding(rule.draw).max_gap_days or 0
    since = min(monday, pool.day - timedelta(days=gap))
    enrolled = in_force_id(Enrolment, Participant.id, pool.day, up_to=pool.last_enrolment_id)
    began = session.connection().execute(
        sa_select(col(Participant.id), col(Enrolment.from_on))
        .join(Enrolment, col(Enrolment.id) == enrolled)
        .where(col(Participant.id).in_(participant_ids))
    )
    last = {number: max(from_on, since) - timedelta(days=1) for number, from_on in began}
    this_week = dict.fromkeys(participant_ids, 0)
    draws = session.connection().execute(
        sa_select(
            col(Draw.participant_id),
            func.max(col(Draw.due_on)),
            func.sum(case((col(Draw.due_on) >= monday, 1), else_=0)),
        )
        .where(
            col(Draw.participant_id).in_(participant_ids),
            col(Draw.due_on).between(since, pool.day - timedelta(days=1)),
            col(Draw.kind).in_((DrawKind.FIXED, DrawKind.RANDOM)),
            draw_stands(),
        )
        .group_by(col(Draw.participant_id))
    )
    for number, latest, count in draws:
        last[number] = max(last[number], latest)
        this_week[number] = count
    return {number: Recent(this_week[number], (pool.day - last[number]).days) for number in participant_ids}


def _away(session: Session, pool: Pool, rule: TestingRule, participant_ids: list[int]) -> dict[int, frozenset[date]]:
    """The days of leave ahead that a chance within bounds has to look at."""
    horizon = last_day_that_matters(rule.draw, pool.day)
    leaves = session.connection().execute(
        sa_select(col(Leave.participant_id), col(Leave.from_on), col(Leave.to_on)).where(
            col(Leave.participant_id).in_(participant_ids),
            col(Leave.from_on) <= horizon,
            col(Leave.to_on) > pool.day,
            col(Leave.id) <= pool.last_leave_id,
            leave_counts(pool.last_leave_id),
        )
    )
    away: dict[int, set[date]] = {}
    for number, from_on, to_on in leaves:
        first, last = max(from_on, pool.day + timedelta(days=1)), min(to_on, horizon)
        days = {first + timedelta(days=offset) for offset in range((last - first).days + 1)}
        away.setdefault(number, set()).update(days)
    return {number: frozenset(days) for number, days in away.items()}
