"""The nightly run: closes out the days before, catches up on missed nights once a person may say so, draws today.

It may run again, late, or on two hosts at once: the write lock lets one at a time through, and a day that was decided
for a participant stays decided.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import days_between
from testing_tracker.rules.drawing.day_secrets import hashed, seal
from testing_tracker.rules.drawing.no_record import Compared
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.keeping.owed import LONGEST_GAP, Gap, gap_between, refusal
from testing_tracker.rules.schedules.days import chance_on
from testing_tracker.rules.words import DrawKind, Status
from testing_tracker.services.check_in.ending.drawn_late import say_drawn_late, say_not_drawn
from testing_tracker.services.check_in.page import page_faults
from testing_tracker.services.drawing import keys, known_to_key, pools
from testing_tracker.services.drawing.closings import close_days
from testing_tracker.services.drawing.last_nights import TAKE_BACK
from testing_tracker.services.schedules import closed_days, versions
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.services.testing.draws import last_run_before
from testing_tracker.store.dialects import free_ids
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.queries import id_of, in_force_id, version_on
from testing_tracker.store.tables import Assignment, Draw, Enrolment, Facility, Night, NightTakenBack, Participant, Pool
from testing_tracker.store.work import Work


class NightRefusedError(TestingTrackerError):
    """A night that is not made until a person has looked at the machine's clock. Trying again does not help."""


def check_word(work: Work, catch_up_to: date | None) -> None:
    """Raise NightRefusedError where a person says that it is another day than the machine's clock does."""
    if catch_up_to is not None and catch_up_to != work.today:
        raise NightRefusedError(
            f"--catch-up-to says that today is {catch_up_to}, and by this machine's clock it is {work.today}. One of "
            "them is wrong: look at a calendar, and at the machine's clock. Nothing was drawn."
        )


def check_not_ahead(work: Work, last: date) -> None:
    """Raise NightRefusedError where a later night than today's is on record: the clock is wrong, or was then."""
    if last > work.today:
        raise NightRefusedError(
            f"Draws were made for {last} already, and today is {work.today}. Check the machine's clock. If it is "
            f"right now and was wrong then, `{TAKE_BACK}` takes those nights back."
        )


def check_gap(work: Work, since: date, longest: int, catch_up_to: date | None) -> None:
    """Raise NightRefusedError where more nights are without a run than may be, and nobody has said what day it is.

    Who pretends a day on a training database has said it.
    """
    gap = gap_between(since, work.today)
    if gap is None or gap.nights <= longest or work.is_pretended or catch_up_to is not None:
        return
    raise NightRefusedError(refusal(gap, _due(work, since), _fixed(work, gap)))


def _due(work: Work, since: date) -> int:
    query = (
        select(func.count())
        .select_from(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            Draw.status == Status.DUE,
            Draw.due_on >= since,
            Draw.due_on < work.today,
        )
    )
    return work.session.exec(query).one()


def _fixed(work: Work, gap: Gap) -> int:
    """How many fixed draws the gap would have if everybody stays who is enrolled on its last day. Quick, for years."""
    enrolled = select(Enrolment.participant_id).where(
        col(Enrolment.enrolled), col(Enrolment.id) == in_force_id(Enrolment, Enrolment.participant_id, gap.last)
    )
    query = (
        select(Assignment.schedule_id, func.count())
        .join(Participant, col(Participant.id) == Assignment.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            col(Assignment.id) == in_force_id(Assignment, Assignment.participant_id, gap.last),
            col(Assignment.participant_id).in_(enrolled),
        )
        .group_by(col(Assignment.schedule_id))
    )
    tested_by = dict(work.session.exec(query).all())
    known = closed_days.known_now(work.session, work.facility_id)
    found = 0
    for schedule in versions.all_schedules(work):
        participants = tested_by.get(id_of(schedule), 0)
        version = version_on(work.session, id_of(schedule), gap.last)
        rule = versions.rule_of(work, version.text)
        if participants and rule.draw.kind is DrawKind.FIXED:
            days = (gap.first + timedelta(days=n) for n in range(gap.nights))
            drawn = (chance_on(rule, day, known.of(work, version, rule, day)) > 0 for day in days)
            found += participants * sum(drawn)
    return found


@dataclass
class NightReport:
    """What a run did. `held` are the days whose untouched draws were far more than usual, and so are not missed.

    `sealed_page` is the ledger's page that it sealed, by which its witness line is found; None where there was no run.
    """

    day: date
    drawn: int = 0
    missed: int = 0
    held: list[Compared] = field(default_factory=list)
    gaps: list[date] = field(default_factory=list)
    already_made: bool = False
    seconds: float | None = None  # how long it took, where that was measured
    newcomers_from: date | None = None  # the first day that can be drawn for newcomers, when today's key is lost
    sealed_page: int | None = None


def run_night(
    work: Work,
    key_file: KeyFile,
    elapsed: Callable[[], float] | None = None,
    *,
    longest_gap: int = LONGEST_GAP,
    catch_up_to: date | None = None,
) -> NightReport:
    """Make today's draws and close out the days before. `elapsed` tells the seconds that it took, for the record.

    Raises NightRefusedError when a later day was drawn already, because then a clock is wrong, and when more nights
    than `longest_gap` are without a run, unless somebody has said by `catch_up_to` that today is this day; and
    TestingTrackerError when the key that the draws come from is not there.
    """
    check_word(work, catch_up_to)
    report = NightReport(work.today)
    last = work.session.exec(
        select(Night).where(Night.facility_id == work.facility_id).order_by(col(Night.day).desc()).limit(1)
    ).first()
    if last is not None:
        check_not_ahead(work, last.day)
    if last is not None and last.day == work.today:
        report.already_made = True
        if _newest_participant(work) > last.last_participant_id:
            _draw_newcomers(work, key_file, report, last)
            known_to_key.tell(work, key_file, keys.chain_on(work.session, work.facility_id, work.today).anchor)
        return report
    since = last.day if last is not None else work.session.get_one(Facility, work.facility_id).opened_on
    check_gap(work, since, longest_gap, catch_up_to)
    closed_days.record_holidays(work, last.day if last is not None else None)
    _draw_since(work, key_file, report, since)
    detail: dict[str, Any] = {"drawn": report.drawn, "missed": report.missed, "gaps": len(report.gaps)}
    if elapsed is not None:
        report.seconds = detail["seconds"] = round(elapsed(), 2)
    work.on_record(Act.NIGHT_RUN, day=work.today, **detail)
    work.session.flush()
    known_to_key.tell(work, key_file, keys.chain_on(work.session, work.facility_id, work.today).anchor)
    return report


def _draw_since(work: Work, key_file: KeyFile, report: NightReport, since: date) -> None:
    """Close the days since a night, record those without a run, and draw today."""
    keys.begin_on_any_day(work, key_file)
    key = _key_of(work, key_file)
    report.sealed_page = key.last_page_id
    known = pools.newest_participant_known(work.session, key.last_page_id)
    page_faults.say_not_looked_through(work, since)
    say_not_drawn(work, days_between(since, work.today))
    report.missed, report.held = close_days(work, since)
    for gap in days_between(since, work.today):
        _record_gap(work, key, gap, known)
        report.gaps.append(gap)
    _add_night(work, work.today, known, ran=True)
    report.drawn = _draw(work, key, range(1, known + 1), work.today, ran=True)
    say_drawn_late(work)


def _draw_newcomers(work: Work, key_file: KeyFile, report: NightReport, night: Night) -> None:
    report.newcomers_from = keys.replaced_from(work.session, work.facility_id, key_file, work.today)
    if report.newcomers_from is not None:
        return
    closed_days.record_holidays(work, night.day)
    key = _key_of(work, key_file)
    report.sealed_page = key.last_page_id
    known = pools.newest_participant_known(work.session, key.last_page_id)
    who = range(night.last_participant_id + 1, known + 1)
    report.drawn = _draw(work, key, who, work.today, ran=True)
    night.last_participant_id = known
    work.add(night)
    work.on_record(Act.NIGHT_ADD_NEWCOMERS, day=work.today, drawn=report.drawn)
    work.session.flush()


@dataclass(frozen=True)
class _Key:
    """What a run takes from the key: the day's secret, the one that it shows, and the seal of the ledger.

    `revealed` is the secret of the last day before that a run drew, as far as it is the same chain's. It is not the
    eve's: with a clock that is ahead, nights without a run may lie between that are still to come.
    """

    chain_id: int
    secret: bytes
    revealed: str | None
    last_page_id: int
    seal: str


def _key_of(work: Work, key_file: KeyFile) -> _Key:
    key = keys.open_key(work.session, work.facility_id, key_file, work.today)
    secret = key.secret(work.today)
    shown = last_run_before(work, work.today)
    if shown is not None and shown < key.row.first_day:
        shown = None
    # So that the seal is over all that the run knows, also within a longer transaction.
    work.write_page()
    page_id, digest = ledger.last_page(work.session, work.facility_id)
    return _Key(
        chain_id=id_of(key.row),
        secret=secret,
        revealed=hashed(secret, (work.today - shown).days).hex() if shown is not None else None,
        last_page_id=page_id,
        seal=seal(key.seed, digest.encode()).hex(),
    )


def _newest_participant(work: Work) -> int:
    query = select(func.max(Participant.id)).where(Participant.facility_id == work.facility_id)
    return work.session.exec(query).one() or 0


def _add_night(work: Work, day: date, known: int, *, ran: bool) -> None:
    # In a file the number of a night that was taken back would be given again.
    newest = work.session.exec(select(func.max(NightTakenBack.night_id))).one() or 0
    work.write(
        Night(
            id=max(free_ids(work.session.connection(), Night, 1)[0], newest + 1),
            facility_id=work.facility_id,
            day=day,
            ran=ran,
            last_participant_id=known,
        )
    )


def _record_gap(work: Work, key: _Key, day: date, known: int) -> None:
    """A day without a run: nobody could be told of a random test, so none is made up.

    The fixed tests of that day exist whether or not the program ran, but whether they were given nobody here knows.
    """
    _add_night(work, day, known, ran=False)
    made = _draw(work, key, range(1, known + 1), day, ran=False)
    work.on_record(Act.NIGHT_GAP, day=day, fixed_draws=made)


def _draw(work: Work, key: _Key, who: range, day: date, *, ran: bool) -> int:
    """Decide a day for the participants with ids in `who`, keep what was known, and return how many were drawn."""
    pool = Pool(
        facility_id=work.facility_id,
        day=day,
        ran=ran,
        key_chain_id=key.chain_id,
        first_participant_id=who.start,
        last_participant_id=who.stop - 1,
        **pools.known_at(work.session, key.last_page_id),
        drawn=0,
        revealed=key.revealed if ran else None,
        last_page_id=key.last_page_id,
        seal=key.seal,
    )
    taken, remains = _drawn_already(work.session, pool), _taken_back(work.session, pool)
    listing = pools.Listing(work.session, pool)
    for group in pools.decided(work, pool, key.secret if ran else None, listing=listing):
        pool.drawn += _add_draws(work, pool, group, taken, remains)
    pool.list_digest = listing.digest
    work.write(pool)
    return pool.drawn


def _drawn_already(session: Session, pool: Pool) -> frozenset[int]:
    """Who has a draw of that day although nobody decided on it; only somebody else's hand can have done that."""
    query = pools.draws_of_the_day(pool).where(col(Draw.kind) != DrawKind.FOR_CAUSE)
    return frozenset(session.connection().execute(query).scalars())


def _taken_back(session: Session, pool: Pool) -> dict[int, Draw]:
    """What is left of the draws that a night of that day which was taken back had made, by participant."""
    query = select(Draw).where(Draw.due_on == pool.day, col(Draw.taken_back_id).is_not(None))
    return {draw.participant_id: draw for draw in session.exec(query)}


def _add_draws(work: Work, pool: Pool, group: pools.Group, taken: frozenset[int], remains: dict[int, Draw]) -> int:
    """Write a draw for each participant drawn, many at once; returns how many."""
    drawn = [number for number in group.drawn if number not in taken]
    for number in drawn:
        if number in remains:
            _make_again(work, pool, group, remains[number])
    # In the order of `decided`: `verify` expects the draws' ids to ascend in it.
    work.write_all(
        Draw,
        ("participant_id", "panel"),
        ((number, group.panels.get(number)) for number in drawn if number not in remains),
        due_on=pool.day,
        kind=str(group.rule.kind),
        status=str(Status.DUE if pool.ran else Status.UNRECORDED),
        schedule_version_id=group.rule.version_id,
    )
    return len(drawn)


def _make_again(work: Work, pool: Pool, group: pools.Group, draw: Draw) -> None:
    """Make a draw that a night which was taken back had made already, in the same row: a day has one only."""
    draw.taken_back_id = None
    draw.kind, draw.schedule_version_id = group.rule.kind, group.rule.version_id
    draw.panel, draw.recorded_at = group.panels.get(draw.participant_id), work.now
    draw.unable = False
    set_status(work, draw, Status.DUE if pool.ran else Status.UNRECORDED, None)
