"""Who has checked in on a day, who has not yet, and where those can be reached who agreed to be."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckedInBy, DaysAnswer, Timing, asks_to_come
from testing_tracker.rules.check_in.notices import NoticeChannel
from testing_tracker.rules.check_in.receipts import Says
from testing_tracker.rules.check_in.told import ToldWord
from testing_tracker.rules.people.permitted import ADDRESSES
from testing_tracker.rules.said import in_full
from testing_tracker.rules.words import Status
from testing_tracker.services.check_in.attempts import AttemptRow
from testing_tracker.services.check_in.cards import standing_cards
from testing_tracker.services.check_in.expected import is_away
from testing_tracker.services.check_in.receipt_keys import ReceiptMaker
from testing_tracker.services.check_in.who_is_told import CheckInsOfDay, check_ins_of, draws_to_tell, is_told
from testing_tracker.services.people import staff
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.queries import in_force_id
from testing_tracker.store.tables import Contact, Enrolment, Participant
from testing_tracker.store.work import Work


class CheckInState(StrEnum):
    """How somebody stands on a day's list; `told_otherwise`: told something, and asked since to come to a test."""

    CHECKED_IN = "checked in"
    TOLD_OTHERWISE = "told before the test was ordered"
    TRIED = "tried"
    NOT_YET = "not yet"
    NO = "no"
    ON_LEAVE = "on leave"
    NO_CARD = "no card"


_TO_BE_TOLD = (CheckInState.TOLD_OTHERWISE, CheckInState.TRIED, CheckInState.NOT_YET, CheckInState.NO)


@dataclass(frozen=True)
class CheckInLine:
    """A participant on a day's list: the attempt by which they have the newest answer, else the last one.

    `at` is in UTC. `tries` are those that were not answered, where none was. `contacts` are addresses by channel.
    """

    participant_id: int
    participant: str
    day: date
    state: CheckInState
    at: datetime | None = None
    by: CheckedInBy | None = None
    answer: DaysAnswer | None = None
    timing: Timing | None = None
    receipt: str | None = None
    tries: int = 0
    contacts: Mapping[NoticeChannel, str] | None = None


def listed(
    work: Work, key_file: KeyFile | None, day: date, *, not_yet: bool = False, contacts: bool = False
) -> list[CheckInLine]:
    """The day's list by code: everybody in the programme, whether or not they are expected, and who tried besides.

    `not_yet` leaves only those who are expected and have not been told what they ought to know. Raises
    TestingTrackerError for a day to come, and where no rule binds on the day; AccessDeniedError for the contacts, to
    whom the list of the staff gives none.
    """
    if contacts:
        staff.admit(work, ADDRESSES)
    if day > work.today:
        raise TestingTrackerError(f"{in_full(day)} is in the future; nobody can have checked in.")
    of_day = check_ins_of(work, day)
    if of_day is None:
        raise TestingTrackerError(
            f"Nobody has to check in on {in_full(day)}: no rule is in force. A manager sets one with "
            "`testing-tracker checkin rule`."
        )
    untold = _told_otherwise(work, of_day)
    receipts = ReceiptMaker(work, key_file, day)
    cards = standing_cards(work)
    found = []
    for number, code, on_leave in _everybody(work, of_day):
        line = _line(of_day, number, code, receipts, is_untold=number in untold)
        if line.at is None and number not in of_day.expected:
            state = CheckInState.ON_LEAVE if on_leave else CheckInState.NO_CARD
            if number in cards and not on_leave:  # a card of today: they may check in, and nobody holds them to it
                state = CheckInState.NOT_YET
            line = CheckInLine(number, code, day, state)
        found.append(line)
    if not_yet:
        found = [line for line in found if line.state in _TO_BE_TOLD]
    return _with_contacts(work, found) if contacts else found


def _everybody(work: Work, of_day: CheckInsOfDay) -> Sequence[tuple[int, str, bool]]:
    """Who is in the programme that day or tried to check in: id, code, and whether they are on leave."""
    enrolled = select(col(Enrolment.participant_id)).where(
        col(Enrolment.id) == in_force_id(Enrolment, Enrolment.participant_id, of_day.day), col(Enrolment.enrolled)
    )
    rows = work.session.exec(
        select(
            Participant.id,
            Participant.code,
            is_away(Participant.id, of_day.day, of_day.window),
            col(Participant.id).in_(enrolled),
        )
        .where(Participant.facility_id == work.facility_id)
        .order_by(Participant.code_key)
    )
    return [
        (number, code, bool(on_leave))
        for number, code, on_leave, is_enrolled in rows
        if number is not None and (is_enrolled or number in of_day.rows)
    ]


def _told_otherwise(work: Work, of_day: CheckInsOfDay) -> set[int]:
    """Of those who were told something: who knows nothing of a test that asks them to come by now."""
    if not any(is_told(row) for rows in of_day.rows.values() for row in rows):
        return set()
    return {
        of_day.people.get(draw.participant_id, draw.participant_id)
        for draw in draws_to_tell(work, of_day.day)
        if asks_to_come(Status(draw.status)) and of_day.of(draw.participant_id)
        if of_day.told(draw, work.zone).word is ToldWord.BEFORE_ORDERED
    }


def _line(of_day: CheckInsOfDay, number: int, code: str, receipts: ReceiptMaker, *, is_untold: bool) -> CheckInLine:
    rows = of_day.rows.get(number, ())
    told = [row for row in rows if is_told(row)]
    if not told:
        return _not_told(of_day, number, code, rows)
    newest = told[-1].answer
    row = next(one for one in told if one.answer == newest)
    state = CheckInState.TOLD_OTHERWISE if is_untold else CheckInState.CHECKED_IN
    was_in_time = any(one.timing == Timing.IN_TIME for one in told)
    timing = Timing.IN_TIME if was_in_time else Timing(str(row.timing))
    return CheckInLine(
        participant_id=number,
        participant=code,
        day=of_day.day,
        state=state,
        at=row.at,
        by=CheckedInBy(row.channel),
        answer=DaysAnswer(str(row.answer)),
        timing=timing,
        receipt=row.receipt or receipts.of(row.participant_id, Says(str(row.answer), Timing(str(row.timing)))),
    )


def _not_told(of_day: CheckInsOfDay, number: int, code: str, rows: Sequence[AttemptRow]) -> CheckInLine:
    if not rows:
        return CheckInLine(number, code, of_day.day, CheckInState.NO if of_day.is_over else CheckInState.NOT_YET)
    last = rows[-1]
    return CheckInLine(
        number, code, of_day.day, CheckInState.TRIED, at=last.at, by=CheckedInBy(last.channel), tries=len(rows)
    )


def _with_contacts(work: Work, lines: Sequence[CheckInLine]) -> list[CheckInLine]:
    found: defaultdict[int, dict[NoticeChannel, str]] = defaultdict(dict)
    for contact in work.session.exec(select(Contact).where(Contact.facility_id == work.facility_id)):
        found[contact.participant_id][NoticeChannel(contact.channel)] = contact.address
    return [CheckInLine(**{**vars(line), "contacts": found.get(line.participant_id, {})}) for line in lines]
