"""The queue of reminders to check in: which are owed today, who is at one, and how each attempt ended.

An attempt is claimed in one transaction and finished in another, and made in between. What a crash leaves claimed is
tried again when the claim has run out. None leaves in quiet hours or after the window has closed: what is left then is
removed, or has failed where it was attempted. Nothing here proves that anybody read anything.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckInOutcome, CheckInWindow
from testing_tracker.rules.check_in.check_in_file import CheckInSettings, NoticeSettings
from testing_tracker.rules.check_in.notice_times import NoticeState, kinds_owed, may_leave, may_leave_until
from testing_tracker.rules.check_in.notice_words import Reminding
from testing_tracker.rules.check_in.notices import NoticeChannel, NoticeKind
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.keeping.owed import wait_after
from testing_tracker.services.check_in import attempts, cards, expected, rules_in_force
from testing_tracker.services.check_in.reminding import contacts
from testing_tracker.services.people.lookup import find_enrolled
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import CheckIn, Contact, Notice, Participant
from testing_tracker.store.work import Work

TIME_FOR_AN_ATTEMPT = timedelta(minutes=5)
DAYS_KEPT = 7
CUT_OFF = "the attempt did not come to an end"


@dataclass(frozen=True)
class ToHandOver:
    """A reminder that is this process's to hand over, for as long as `busy_until` says; where to, and in what words.

    It may leave until `until` and not later.
    """

    notice_id: int
    participant_id: int
    kind: NoticeKind
    channel: NoticeChannel
    language: Language
    busy_until: datetime
    until: datetime
    address: str = field(repr=False)


@dataclass(frozen=True)
class HandedOver:
    """How an attempt ended: `error` None for well. `again`: it is worth another one. `opted_out`: they want no more.

    `not_begun`: its time was over before it began, so it was none.
    """

    of: ToHandOver
    error: str | None = None
    again: bool = False
    opted_out: bool = False
    not_begun: bool = False


@dataclass(frozen=True)
class NoticeLine:
    """A reminder of a day, and how far it is."""

    participant: str
    day: date
    kind: NoticeKind
    channel: NoticeChannel
    state: NoticeState
    attempts: int
    at: datetime | None
    error: str | None


def reminding(work: Work, settings: CheckInSettings) -> Reminding | None:
    """What today's reminders say; None where nobody has to check in."""
    rule = rules_in_force.rule_on(work, work.today)
    if rule is None:
        return None
    page = settings.page
    return Reminding(page.name, page.phone, rule.opens, rule.closes, work.facility.training)


def is_anything_owed(work: Work, settings: NoticeSettings, ways: Collection[NoticeChannel]) -> bool:
    """Whether `put_in_order` or `claim_owed` has anything to do now; cheap where it has not, because each turn asks."""
    if work.is_pretended or not rules_in_force.any_rule(work):
        return False
    window = rules_in_force.window_on(work, work.today)
    if work.session.exec(_left_over(work, window).limit(1)).first() is not None:
        return True
    local_now = work.now.astimezone(work.zone)
    if not may_leave(settings, window, local_now):
        return False
    if work.session.exec(_due(work).limit(1)).first() is not None:
        return True
    return any(_missing(work, kind, ways) for kind in kinds_owed(settings, window, local_now))


def put_in_order(work: Work) -> None:
    """Remove what can leave no more, and what was kept for long enough. What was attempted in vain has failed then."""
    for row in work.session.exec(_left_over(work, rules_in_force.window_on(work, work.today))).all():
        if row.day < work.today - timedelta(days=DAYS_KEPT) or (row.attempts == 0 and row.next_at is not None):
            work.session.delete(row)
        else:
            row.next_at, row.busy_until, row.error = None, None, row.error or CUT_OFF
            work.add(row)
    work.session.flush()


def claim_owed(
    work: Work, settings: NoticeSettings, ways: Collection[NoticeChannel], most: int
) -> Sequence[ToHandOver]:
    """Take so many of the attempts that are owed now, in no order that says anything.

    Who has checked in by now gets no reminder of it, drawn or not.
    """
    window = rules_in_force.window_on(work, work.today)
    local_now = work.now.astimezone(work.zone)
    if window is None or work.is_pretended or not may_leave(settings, window, local_now):
        return []
    for kind in kinds_owed(settings, window, local_now):
        new = _missing(work, kind, ways)
        if new:
            same = {"day": work.today, "kind": str(kind), "attempts": 0, "next_at": work.now}
            work.write_all(Notice, ("participant_id", "channel"), [(one, str(way)) for one, way in new], **same)
    due = work.session.exec(_due(work).where(col(Notice.channel).in_(ways))).all()
    return _claimed(work, _still_needed(work, due, most), may_leave_until(settings, window, local_now))


def claim_for(
    work: Work, code: str, settings: NoticeSettings, ways: Collection[NoticeChannel]
) -> tuple[Participant, Sequence[ToHandOver]]:
    """Take an attempt on each channel of a participant's, whom somebody wants reminded now, also once more.

    Raises TestingTrackerError where nothing may leave now, or the participant has no address or has checked in.
    """
    participant = find_enrolled(work, code)
    window, local_now = _may_leave_now(work, settings)
    identity = id_of(participant)
    if identity not in expected.expected_on(work, work.today, [identity]):
        raise TestingTrackerError(f"{participant.code} does not have to check in today; nothing was sent.")
    if identity in _checked_in(work, [identity]):
        raise TestingTrackerError(f"{participant.code} has checked in today; nothing was sent.")
    channels = [row.channel for row in contacts.standing_contacts(work, [identity]) if row.channel in ways]
    if not channels:
        raise TestingTrackerError(
            f"{participant.code} has no address here to be reminded at. With written consent: `testing-tracker "
            f"participant contact {participant.code} --text NUMBER --consent-on DATE`."
        )
    minutes = settings.reminder_minutes
    is_late = minutes is not None and local_now >= window.closes - timedelta(minutes=minutes)
    kind = NoticeKind.REMINDER if is_late or settings.morning is None else NoticeKind.MORNING
    rows = [_row(work, identity, kind, NoticeChannel(one)) for one in channels]
    if any(_is_busy(row, work.now) for row in rows):
        raise TestingTrackerError(f"{participant.code} is being reminded right now; `notice list` says how it ended.")
    for row in rows:
        row.handed_over_at, row.error = None, None
    work.on_record(Act.NOTICE_SEND, participant_id=identity, kind=kind, channels=sorted(map(str, channels)))
    return participant, _claimed(work, rows, may_leave_until(settings, window, local_now))


def _may_leave_now(work: Work, settings: NoticeSettings) -> tuple[CheckInWindow, datetime]:
    window = rules_in_force.window_on(work, work.today)
    local_now = work.now.astimezone(work.zone)
    if work.is_pretended:
        raise TestingTrackerError("On a day that is only pretended nothing is sent. Leave out --today.")
    if window is None:
        raise TestingTrackerError("Nobody has to check in today: no rule is in force. `testing-tracker checkin rule`.")
    if local_now >= window.closes:
        closed = window.closes.astimezone(work.zone)
        raise TestingTrackerError(f"Check-in closed at {closed:%H:%M}; no reminder leaves after that.")
    if not may_leave(settings, window, local_now):
        raise TestingTrackerError("These are quiet hours, by the check-in file; nothing was sent.")
    return window, local_now


def finish(work: Work, ended: Sequence[HandedOver]) -> None:
    """Record how attempts ended. What is worth another one waits for it; who wants no more is reminded no more."""
    for one in ended:
        row = work.session.get(Notice, one.of.notice_id)
        if row is None or (row.participant_id, row.channel) != (one.of.participant_id, one.of.channel):
            continue  # forgotten meanwhile; another one may have its number since
        if one.error is None and not one.not_begun:
            row.handed_over_at, row.next_at, row.busy_until, row.error = work.now, None, None, None
        elif row.busy_until == one.of.busy_until:  # or else the claim had run out, and another process is at it now
            row.busy_until = None
            if one.not_begun:
                row.attempts -= 1
            else:
                row.error = one.error
                row.next_at = work.now + wait_after(row.attempts) if one.again else None
        work.add(row)
        work.session.flush()
        if one.opted_out:
            contacts.stop_for_vendor(work, one.of.participant_id, one.of.channel, one.of.address)


def lines(work: Work, *, failed: bool = False) -> Sequence[NoticeLine]:
    """Today's reminders; or all that have failed in the days that are kept, newest first."""
    asked = (
        select(Notice, Participant.code)
        .join(Participant, col(Participant.id) == Notice.participant_id)
        .where(Notice.facility_id == work.facility_id)
        .order_by(col(Notice.day).desc(), col(Participant.code_key), col(Notice.id))
    )
    if not failed:
        asked = asked.where(Notice.day == work.today)
    found = [_line(row, code) for row, code in work.session.exec(asked).all()]
    return [one for one in found if not failed or one.state is NoticeState.FAILED]


def _line(row: Notice, code: str) -> NoticeLine:
    kind, channel = NoticeKind(row.kind), NoticeChannel(row.channel)
    at = row.handed_over_at or row.next_at
    return NoticeLine(code, row.day, kind, channel, _state(row), row.attempts, at, row.error)


def _state(row: Notice) -> NoticeState:
    if row.handed_over_at is not None:
        return NoticeState.HANDED_OVER
    return NoticeState.FAILED if row.next_at is None else NoticeState.WAITING


def _of_facility(work: Work) -> SelectOfScalar[Notice]:
    return select(Notice).where(Notice.facility_id == work.facility_id)


_IS_WAITING = and_(col(Notice.handed_over_at).is_(None), col(Notice.next_at).is_not(None))


def _is_free(work: Work) -> ColumnElement[bool]:
    return or_(col(Notice.busy_until).is_(None), col(Notice.busy_until) <= work.now)


def _due(work: Work) -> SelectOfScalar[int | None]:
    """The numbers of what may be attempted now."""
    of_today = select(col(Notice.id)).where(Notice.facility_id == work.facility_id, Notice.day == work.today)
    return of_today.where(_IS_WAITING, col(Notice.next_at) <= work.now, _is_free(work)).order_by(col(Notice.id))


def _left_over(work: Work, window: CheckInWindow | None) -> SelectOfScalar[Notice]:
    """What waits and may leave no more, and what was kept for long enough."""
    is_over = window is None or work.now >= window.closes
    waits_in_vain = and_(_IS_WAITING, _is_free(work), col(Notice.day) < work.today + timedelta(days=is_over))
    return _of_facility(work).where(or_(waits_in_vain, col(Notice.day) < work.today - timedelta(days=DAYS_KEPT)))


def _is_busy(row: Notice, now: datetime) -> bool:
    return row.busy_until is not None and row.busy_until > now


def _missing(work: Work, kind: NoticeKind, ways: Collection[NoticeChannel]) -> Sequence[tuple[int, NoticeChannel]]:
    """Who is to get a reminder of a kind, and has none in the queue: whoever has to check in today and has consented;
    of the second one only whoever has not checked in."""
    in_queue = exists().where(
        col(Notice.participant_id) == Contact.participant_id,
        col(Notice.channel) == Contact.channel,
        col(Notice.day) == work.today,
        col(Notice.kind) == kind,
    )
    told = exists().where(
        col(CheckIn.participant_id) == Contact.participant_id,
        col(CheckIn.day) == work.today,
        col(CheckIn.outcome) == CheckInOutcome.TOLD,
    )
    asked = select(Contact.participant_id, Contact.channel).where(
        Contact.facility_id == work.facility_id, col(Contact.channel).in_(ways), ~in_queue
    )
    if kind is NoticeKind.REMINDER:
        asked = asked.where(~told)
    wanted = work.session.exec(asked.order_by(col(Contact.id))).all()
    if not wanted:
        return []
    people = expected.expected_on(work, work.today)
    if kind is NoticeKind.REMINDER:
        people -= _checked_in(work, [participant_id for participant_id, _ in wanted])
    return [(one, NoticeChannel(channel)) for one, channel in wanted if one in people]


def _checked_in(work: Work, participants: Collection[int] | None = None) -> set[int]:
    """Who was told an answer today, whichever it was."""
    rows = attempts.rows_on(work, work.today, participants)
    return {one for one, tried in rows.items() if any(row.outcome == CheckInOutcome.TOLD for row in tried)}


def _still_needed(work: Work, due: Sequence[int | None], most: int) -> list[Notice]:
    """So many of what is due and is still to leave, in an order that chance gives, which says nothing.

    What it comes upon that is not is removed: they have checked in, are away, or are reminded no more. A morning's
    reminder that the second one has overtaken is one of these.
    """
    left = list(due)
    kept: list[Notice] = []
    people = expected.expected_on(work, work.today) if left else set()
    while left and len(kept) < most:
        some = [left.pop(chance.below(len(left))) for _ in range(min(most, len(left)))]
        found = {row.id: row for row in work.session.exec(select(Notice).where(col(Notice.id).in_(some))).all()}
        rows = [found[number] for number in some]
        owners = sorted({row.participant_id for row in rows})
        told = _checked_in(work, owners)
        reached = {(one.participant_id, one.channel) for one in contacts.standing_contacts(work, owners)}
        reminded = _reminded(work, owners)
        for row in rows:
            whose = (row.participant_id, row.channel)
            is_late = row.participant_id in told if row.kind == NoticeKind.REMINDER else whose in reminded
            if row.participant_id not in people or whose not in reached or is_late:
                work.session.delete(row)
            elif len(kept) < most:
                kept.append(row)
    work.session.flush()
    return kept


def _reminded(work: Work, participants: Collection[int]) -> set[tuple[int, str]]:
    """Who of some has the second reminder in the queue, and on which channel."""
    second = _of_facility(work).where(Notice.day == work.today, Notice.kind == NoticeKind.REMINDER)
    rows = work.session.exec(second.where(col(Notice.participant_id).in_(participants))).all()
    return {(row.participant_id, row.channel) for row in rows}


def _row(work: Work, participant_id: int, kind: NoticeKind, channel: NoticeChannel) -> Notice:
    of_today = _of_facility(work).where(Notice.day == work.today, Notice.participant_id == participant_id)
    found = work.session.exec(of_today.where(Notice.kind == kind, Notice.channel == channel)).first()
    return found or _put(work, participant_id, kind, channel)


def _put(work: Work, participant_id: int, kind: NoticeKind, channel: NoticeChannel) -> Notice:
    row = Notice(participant_id=participant_id, day=work.today, kind=kind, channel=channel, next_at=work.now)
    work.write(row)
    return row


def _claimed(work: Work, rows: Sequence[Notice], until: datetime) -> list[ToHandOver]:
    people = [row.participant_id for row in rows]
    addresses = {(one.participant_id, one.channel): one.address for one in contacts.standing_contacts(work, people)}
    taken = []
    for row in rows:
        row.attempts += 1
        row.busy_until = work.now + TIME_FOR_AN_ATTEMPT
        row.next_at = row.next_at or work.now
        work.write(row)
        card = cards.card_of(work, row.participant_id)
        taken.append(
            ToHandOver(
                notice_id=id_of(row),
                participant_id=row.participant_id,
                kind=NoticeKind(row.kind),
                channel=NoticeChannel(row.channel),
                language=Language(card.language) if card is not None else Language.ENGLISH,
                busy_until=row.busy_until,
                until=until,
                address=addresses[row.participant_id, row.channel],
            )
        )
    return taken
