"""Gathers what may be stuck; `rules.stuck` says what is."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.calendar import zone_on
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.keeping import stuck
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.keeping.stuck import Patience, Stuck
from testing_tracker.rules.words import DrawKind, RecommendationStatus, Status
from testing_tracker.services.check_in.reminding import notice_trouble
from testing_tracker.services.deciding import reviews
from testing_tracker.services.drawing import held_days, keys
from testing_tracker.services.keeping.doctor_check_in import PageWatched, of_check_in
from testing_tracker.services.reporting import lines_out
from testing_tracker.services.schedules import closed_days
from testing_tracker.services.testing import confirmations, recollections
from testing_tracker.store import sqlite_file
from testing_tracker.store.encryption import key_place
from testing_tracker.store.location import AnyLocation, Location
from testing_tracker.store.owning.alive_file import last_told
from testing_tracker.store.owning.server_file import lost_server
from testing_tracker.store.tables import AuditEntry, Draw, Facility, Night, Participant, Recommendation
from testing_tracker.store.work import Work

_SEASONS = (1, 4, 7, 10)


def find_stuck(
    work: Work,
    location: AnyLocation,
    machine_zone: ZoneInfo,
    patience: Patience,
    *,
    has_switch: bool = False,
    keeps_lines: bool = False,
    has_notices: bool = False,
    page: PageWatched | None = None,
) -> list[Stuck]:
    """All that is stuck, and what is worth knowing, in the order in which to look at it.

    By its delivery file the facility has a dead man's switch (`has_switch`), and its nights' witness lines are to be
    kept outside (`keeps_lines`); by its check-in file it reminds people (`has_notices`). `page` is what is known here
    of the check-in page, from outside.
    """
    found = [*_the_program(work, location, machine_zone, patience), *_results(work, patience)]
    found.extend(of_check_in(work, patience, page))
    if has_switch:
        found.append(_switch(work, location, patience))
    if keeps_lines:
        found.extend(_lines(work))
    if has_notices:
        found.extend(_notices(work, patience))
    return stuck.in_order([*found, *_clinicians(work, patience)])


def _switch(work: Work, location: AnyLocation, patience: Patience) -> Stuck | None:
    """The switch is told things by the real clock, so who pretends a day asks only whether it took the last of them."""
    told = last_told(location, work.facility_id)
    told_on = _local_day(work, told.reached_at) if told is not None and told.reached_at else None
    opened_on = work.today if work.is_pretended else work.facility.opened_on
    since = work.today if work.is_pretended else told_on
    return stuck.alive(since, told.error if told is not None else None, opened_on, work.today, patience)


def _lines(work: Work) -> Iterator[Stuck]:
    left = lines_out.left_behind(work)
    if left is not None:
        yield stuck.witness(left.lines, left.since, left.error)


def _notices(work: Work, patience: Patience) -> Iterator[Stuck | None]:
    for one in notice_trouble.failing(work):
        yield stuck.notices_failing(one.participant, one.channel, one.failed_on, one.error, patience)
    for ended in notice_trouble.ended_by_vendor(work, patience.opted_out_days):
        yield stuck.opted_out(ended.participant, ended.channel, _local_day(work, ended.at), work.today, patience)


def _the_program(
    work: Work, location: AnyLocation, machine_zone: ZoneInfo, patience: Patience
) -> Iterator[Stuck | None]:
    opened_on = work.session.get_one(Facility, work.facility_id).opened_on
    local_now = work.now.astimezone(work.zone)
    newest = func.max(Night.day)
    nights = select(newest).where(Night.facility_id == work.facility_id)
    yield stuck.night_overdue(work.session.exec(nights).one(), opened_on, local_now, patience)
    yield from _gaps(work, patience)
    yield from map(stuck.unanswered, held_days.unanswered(work))
    yield stuck.key(keys.problem_with(work.session, work.facility_id, location.key, work.today), work.today)
    entries = select(func.max(AuditEntry.at)).where(AuditEntry.facility_id == work.facility_id)
    known = select(func.max(AuditEntry.id)).where(
        AuditEntry.facility_id == work.facility_id, AuditEntry.act == Act.NIGHT_TAKE_BACK
    )
    since = entries.where(
        col(AuditEntry.id) > (work.session.exec(known).one() or 0)
    )  # the clock's word before is known
    yield stuck.clock(work.session.exec(nights).one(), work.session.exec(since).one(), local_now, patience)
    made = work.session.exec(entries.where(AuditEntry.act == Act.BACKUP_MAKE)).one()
    if made or isinstance(location, Location):  # a server's may all be made by its administrator, unknown here
        yield stuck.backup(_local_day(work, made) if made else None, opened_on, work.today, patience)
    same = all(_offset(zone_month, machine_zone) == _offset(zone_month, work.zone) for zone_month in _moments(work))
    yield stuck.zone(machine_zone.key, zone_on(work.zone, work.today).key, same=same, today=work.today)
    lost = lost_server(location)
    if lost is not None:
        path = lost.socket.removeprefix("unix:")
        yield stuck.server_lost(lost.socket, path, _local_day(work, lost.since))
    if isinstance(location, Location):
        yield _encryption(work, location.path)
    elif not work.facility.training:
        yield _way(work)
    for change in closed_days.coming_changes(work):
        yield stuck.calendar(closed_days.change_in_words(change, work), work.today)


def _encryption(work: Work, file: Path) -> Stuck | None:
    place = key_place.usual_place()
    if place is not None and sqlite_file.is_encrypted(file) and place.is_on_disk_of(file):
        return stuck.encryption_key_beside(str(place), work.today)
    if not work.facility.training and sqlite_file.is_plain_against_word(file):
        return stuck.not_encrypted(key_place.VARIABLE, work.today)
    return None


def _way(work: Work) -> Stuck | None:
    from testing_tracker.store.server import way  # of a server only

    said = way.open_to_others(work.session.connection())
    return None if said is None else stuck.open_way(said, work.today)


def _moments(work: Work) -> Iterator[datetime]:
    """One in each season of this year: two zones are the same when they agree in all."""
    for month in _SEASONS:
        yield work.now.replace(month=month, day=1)


def _offset(moment: datetime, zone: ZoneInfo) -> object:
    return moment.astimezone(zone).utcoffset()


def _gaps(work: Work, patience: Patience) -> Iterator[Stuck | None]:
    unrecorded = (
        select(func.count(col(Draw.id)))
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            Draw.due_on == Night.day,
            Draw.status == Status.UNRECORDED,
            Draw.kind == DrawKind.FIXED,
        )
        .scalar_subquery()
    )
    query = (
        sa_select(col(Night.day), unrecorded)
        .where(col(Night.facility_id) == work.facility_id, ~col(Night.ran))
        .order_by(col(Night.day).desc())
        .limit(patience.gap_days + 1)
    )
    for day, count in work.session.connection().execute(query):
        yield stuck.gap(day, count, work.today, patience)


def _results(work: Work, patience: Patience) -> Iterator[Stuck | None]:
    collected = (
        select(Draw, Participant.code)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(Participant.facility_id == work.facility_id, Draw.status == Status.COLLECTED)
        .order_by(col(Draw.id))
    )
    for draw, code in work.session.exec(collected.where(col(Draw.outcome).is_(None))):
        yield stuck.result(code, DrawKind(draw.kind), draw.due_on, work.today, patience)
    elsewhere = (
        select(Draw, Participant.code)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            Draw.status == Status.UNRECORDED,
            Draw.because == Because.RESULT_TO_COME,
        )
        .order_by(col(Draw.id))
    )
    for draw, code in work.session.exec(elsewhere):
        yield stuck.result(code, DrawKind(draw.kind), draw.due_on, work.today, patience)
    for one in recollections.to_recollect(work):
        yield stuck.recollection(one.participant, one.due_on, one.why, same_draw=one.same_draw)
    for line in confirmations.awaited(work, overdue_only=True):
        yield stuck.confirmation(line.participant, line.due_on, line.lab, line.expected_by, work.today)


def _clinicians(work: Work, patience: Patience) -> Iterator[Stuck | None]:
    waiting = work.session.exec(
        select(Recommendation, Participant.code)
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .where(Participant.facility_id == work.facility_id, Recommendation.status == RecommendationStatus.OPEN)
    )
    for row, code in waiting:
        assert row.id is not None
        raised_on = _local_day(work, row.raised_at)
        yield stuck.recommendation(row.id, code, raised_on, row.deferred_until, work.today, patience)
    for line in reviews.listed(work):
        raised_on = _local_day(work, line.raised_at)
        yield stuck.review(line.id, line.participant, line.about, raised_on, work.today, patience)


def _local_day(work: Work, moment: datetime) -> date:
    return moment.astimezone(work.zone).date()
