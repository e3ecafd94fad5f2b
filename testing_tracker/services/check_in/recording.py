"""What staff record of a check-in: somebody asked by telephone or at the desk, and was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from typing import Any

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.check_in.answer_history import answer_at
from testing_tracker.rules.check_in.answers import (
    CheckedInBy,
    CheckInAttempt,
    CheckInOutcome,
    CheckInWindow,
    Timing,
)
from testing_tracker.rules.check_in.cards import PIN_DIGITS, digits_in
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.check_in.pin_hash import fits
from testing_tracker.rules.check_in.receipts import HERE, Says
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.said import in_full
from testing_tracker.rules.words import ParticipantStatus, Status
from testing_tracker.services.check_in.answer_histories import decided_at, histories_on, was_brought_back
from testing_tracker.services.check_in.attempts import as_attempts, rows_on
from testing_tracker.services.check_in.cards import card_of, last_card
from testing_tracker.services.check_in.receipt_keys import receipt_of
from testing_tracker.services.check_in.rules_in_force import window_on
from testing_tracker.services.check_in.todays_answers import AnswerNow, answers_on
from testing_tracker.services.people.lookup import find_participant, was_discharged
from testing_tracker.services.testing.draws import night_has_run
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.queries import draws_on, id_of, in_force, standing_on
from testing_tracker.store.tables import CheckIn, Enrolment, Participant
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class ToRecord:
    """What is to be recorded: whose check-in, on which way, with which note.

    `told_at` (UTC) is when they were told, where that is recorded afterwards; `early`: also before check-in opens.
    """

    code: str
    by: CheckedInBy
    told_at: datetime | None = None
    note: str | None = None
    early: bool = False


@dataclass(frozen=True)
class Recorded:
    """A check-in that staff recorded now, with what goes with it.

    `answer` has the hours of collection. `earlier` is the attempt before it by which they first had their last answer.
    `on_leave`: nobody expects a check-in. `past`: of a day that is over, what the draws are by now. `language` is what
    they are spoken to in. `why_not` says why they could not be told: then it is on record as a try.
    """

    participant: str
    day: date
    attempt: CheckInAttempt
    receipt: str | None
    answer: AnswerNow | None
    window: CheckInWindow
    earlier: CheckInAttempt | None
    on_leave: bool
    language: Language
    past: tuple[Status, ...] = ()
    why_not: str | None = None


def check_before_pin(work: Work, to_record: ToRecord) -> None:
    """Raise TestingTrackerError for what `record` would refuse, before somebody is asked for a PIN."""
    participant, day, moment = _whose(work, to_record)
    _timing(work, to_record, day, moment)
    _card(work, participant)


def record(work: Work, key_file: KeyFile | None, to_record: ToRecord, pin: str | None = None) -> Recorded:
    """Record that a participant checked in, and what they are told; with a PIN that was said, only if it is theirs.

    A wrong one is a try on record, with nothing told, and so it is where today's draws have not been made: nobody who
    asked has missed for that. After collection has ended nobody is told either. Raises TestingTrackerError for somebody
    who is not in the programme, where no rule binds, before check-in opens, for another day than today or yesterday,
    and for an instant at which that day's draws had not been made, but for records that were brought back since.
    """
    participant, day, moment = _whose(work, to_record)
    window, timing = _timing(work, to_record, day, moment)
    is_past, identity = to_record.told_at is not None, id_of(participant)
    answer = _answer_then(work, participant, day, moment) if is_past else _answer_now(work, identity)
    outcome = CheckInOutcome.TOLD if answer is not None else CheckInOutcome.UNKNOWN
    if timing is Timing.OVER:
        outcome = CheckInOutcome.OVER
    why_not = _not_made(work, participant) if outcome is CheckInOutcome.UNKNOWN else None
    if pin is not None and not _is_theirs(work, participant, pin):
        outcome = CheckInOutcome.WRONG
        why_not = (
            f"That is not {participant.code}'s PIN. Tell the caller nothing; ask once more, or ask them in person."
        )
    told = answer if outcome is CheckInOutcome.TOLD else None
    says = Says(told.answer if told is not None else HERE, timing)
    earlier = [row for row in rows_on(work, day, [identity]).get(identity, ()) if row.answer and row.at <= moment]
    row = CheckIn(
        participant_id=identity,
        day=day,
        at=moment,
        channel=to_record.by,
        outcome=outcome,
        answer=told.answer if told is not None else None,
        timing=timing if outcome is not CheckInOutcome.WRONG else None,
        receipt=None if outcome is CheckInOutcome.WRONG else receipt_of(work, key_file, identity, day, says),
        note=to_record.note,
    )
    work.write(row)
    _on_record(work, row, is_past=is_past)
    return Recorded(
        participant=participant.code,
        day=day,
        attempt=as_attempts([row])[0],
        receipt=row.receipt,
        answer=told,
        window=window,
        earlier=_since(as_attempts(earlier)),
        on_leave=standing_on(work.session, identity, day) is ParticipantStatus.ON_LEAVE,
        language=Language(card.language) if (card := last_card(work, identity)) is not None else Language.ENGLISH,
        past=tuple(Status(draw.status) for draw in draws_on(work.session, identity, day)) if day < work.today else (),
        why_not=why_not,
    )


def _since(told: Sequence[CheckInAttempt]) -> CheckInAttempt | None:
    """The attempt by which somebody first had the answer that they had last."""
    newest_first = list(reversed(told))
    run = list(takewhile(lambda one: one.answer is newest_first[0].answer, newest_first))
    return run[-1] if run else None


def _on_record(work: Work, row: CheckIn, *, is_past: bool) -> None:
    said: dict[str, Any] = {"answer": row.answer, "timing": row.timing, "at": row.at if is_past else None}
    work.on_record(
        Act.CHECK_IN_RECORD,
        participant_id=row.participant_id,
        reason=row.note,
        check_in=row.id,
        day=row.day,
        channel=row.channel,
        outcome=row.outcome,
        **{name: value for name, value in said.items() if value is not None},
    )
    work.session.flush()


def _whose(work: Work, to_record: ToRecord) -> tuple[Participant, date, datetime]:
    """The participant, and the day and instant at which they were told. Raises TestingTrackerError, see `record`."""
    moment = to_record.told_at or work.now
    day = moment.astimezone(work.zone).date() if to_record.told_at is not None else work.today
    if not work.today - timedelta(days=1) <= day <= work.today:
        raise TestingTrackerError(
            f"A check-in is recorded on its own day or the day after, and {in_full(day)} is neither. What became of a "
            "draw of that day is recorded for the draw: `testing-tracker excuse CODE --on DATE --reason TEXT`."
        )
    participant = find_participant(work, to_record.code)
    identity = id_of(participant)
    enrolment = in_force(work.session, Enrolment, identity, day)
    if enrolment is None:
        raise TestingTrackerError(
            f"{participant.code}'s enrolment had not begun on {in_full(day)}; there is nothing to tell."
        )
    if not enrolment.enrolled:
        raise TestingTrackerError(was_discharged(work.session, participant))
    return participant, day, moment


def _timing(work: Work, to_record: ToRecord, day: date, moment: datetime) -> tuple[CheckInWindow, Timing]:
    window = window_on(work, day)
    if window is None:
        raise TestingTrackerError(
            f"Nobody has to check in on {in_full(day)}: no rule is in force. A manager sets one with "
            "`testing-tracker checkin rule`."
        )
    timing = window.timing(moment)
    if timing is None and not to_record.early:
        raise TestingTrackerError(
            f"Check-in opens at {window.opens.astimezone(work.zone):%H:%M}; --early if the participant asks in person."
        )
    return window, timing or Timing.IN_TIME


def _answer_now(work: Work, identity: int) -> AnswerNow | None:
    return answers_on(work, work.today, [identity]).get(identity)


def _answer_then(work: Work, participant: Participant, day: date, moment: datetime) -> AnswerNow:
    """What was to be told at an instant, by what was on record then. Raises TestingTrackerError where nothing was."""
    identity = id_of(participant)
    if work.is_pretended:  # a day that is pretended has no hours: all that was done on it was done at its noon
        moment = max(moment, instant_reached(day, time(12), work.zone))
    made = decided_at(work, day, identity)
    if made is None or not (made <= moment or _was_made_before(work, identity, moment, made)):
        raise TestingTrackerError(
            f"At {moment.astimezone(work.zone):%H:%M} on {in_full(day)} that day's draws had not been made; nobody "
            "could be told anything."
        )
    then = answer_at(histories_on(work, day, [identity]).get(identity, ()), max(moment, made))
    now = answers_on(work, day, [identity]).get(identity)
    return now if now is not None and then is now.answer else AnswerNow(then)


def _was_made_before(work: Work, participant_id: int, moment: datetime, made: datetime) -> bool:
    """Whether an instant was before a night only because that was made again, from a copy that was brought back."""
    enrolment = in_force(work.session, Enrolment, participant_id, made.astimezone(work.zone).date())
    was_there = enrolment is not None and enrolment.recorded_at <= moment
    return was_there and was_brought_back(work, moment, made)


def _not_made(work: Work, participant: Participant) -> str:
    if night_has_run(work, work.today):
        return (
            f"{participant.code} was enrolled after today's draws were made, and nothing is decided yet; "
            "`testing-tracker draw` does that, and then there is an answer."
        )
    return "Today's draws have not been made yet; nobody can be told anything. `testing-tracker draw` makes them."


def _card(work: Work, participant: Participant) -> tuple[str, str]:
    """The salt and the verifier of a participant's PIN. Raises TestingTrackerError where there is no card."""
    card = card_of(work, id_of(participant))
    if card is None or card.salt is None or card.verifier is None:
        raise TestingTrackerError(
            f"{participant.code} has no card, and so no PIN. `testing-tracker participant card {participant.code}` "
            "makes one; without --pin the check-in is recorded without it."
        )
    return card.salt, card.verifier


def _is_theirs(work: Work, participant: Participant, said: str) -> bool:
    salt, verifier = _card(work, participant)
    pin = digits_in(said)
    if pin is None or len(pin) != PIN_DIGITS:
        return False
    return fits(pin, bytes.fromhex(salt), bytes.fromhex(verifier))
