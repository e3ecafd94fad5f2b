"""What a nurse records of a draw beside its result: absences, cups collected, to collect again, or taken elsewhere."""

from datetime import date

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import Because, Untouched, because_in, end_of_day, sentence
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.permitted import ALL_DRAWS
from testing_tracker.rules.testing.which_draw import NOT_YET_DONE, check_change
from testing_tracker.rules.words import DrawKind, ParticipantStatus, Status
from testing_tracker.services.deciding import evidence
from testing_tracker.services.people import staff
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.services.testing import settling
from testing_tracker.services.testing.draws import OpenDraw
from testing_tracker.store.queries import draws_on, id_of, in_force, standing_on
from testing_tracker.store.tables import AuditEntry, Draw, Enrolment, Participant, Recommendation
from testing_tracker.store.work import Work

# Why a draw is unrecorded of which somebody is asked whether it was missed.
ASKED_ABOUT = (
    Because.HELD,
    Because.CLOSED_BY_A_CLOCK,
    Because.TRIED_TO_CHECK_IN,
    Because.CHECK_INS_HELD,
    Because.NOT_CHECKED_IN,
)


def record_absence(work: Work, found: OpenDraw, status: Status, reason: str | None) -> Recommendation | None:
    """Set a draw to missed, refused or excused. Raises TestingTrackerError where its state does not allow that.

    Who gave a specimen that does not count and no second one has not missed the draw: it is collected, as the first
    result says. Returns the recommendation that this raised or changed, where the schedule asks for one.
    """
    check_change(found.which, Status(found.draw.status), found.outcome, status)
    if status is Status.MISSED and found.has_earlier_specimen:
        set_status(work, found.draw, Status.COLLECTED, Because.NOT_RECOLLECTED, reason)
        return settling.bring_in_line(work, found.draw).recommendation
    return set_status(work, found.draw, status, reason)


def draws_without_record(work: Work, first: date, last: date, status: Status) -> list[Draw]:
    """The draws of days that nobody knows anything about, to be recorded together as missed or excused.

    Only what a night has asked about, or closed by a wrong clock, can become missed: of a day without a run, of a draw
    that was made too late or ordered after check-in, or while check-in was at fault, nobody could be told. Who tried
    and could not give a specimen stays out of it. It is a manager's to say, where there is one on record. Raises
    TestingTrackerError where there is no such draw, for a day to come, and for days that end before they begin.
    """
    days = f"{first}" if first == last else f"{first} to {last}"
    staff.admit(work, ALL_DRAWS[status])
    if last < first:
        raise TestingTrackerError(f"{last} is before {first}; say the earlier day with --from.")
    if last > work.today or (status is Status.MISSED and last == work.today):
        raise TestingTrackerError(f"{last} is not over; today is {work.today}. Record each draw by its code.")
    of_whom_to_ask = (Draw.status == Status.UNRECORDED, col(Draw.because).in_(ASKED_ABOUT))
    held_only = of_whom_to_ask if status is Status.MISSED else ()
    unknown = work.session.exec(
        select(Draw)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            col(Draw.due_on).between(first, last),
            col(Draw.status).in_(NOT_YET_DONE),
            ~col(Draw.unable),
            *held_only,
        )
        .order_by(col(Draw.id))
    ).all()
    if not unknown:
        raise TestingTrackerError(
            f"No draw of {days} waits for that. To change one, use `testing-tracker amend`; draws of a day without a "
            "run can be excused."
        )
    return list(unknown)


def record_all(work: Work, first: date, last: date, status: Status, reason: str | None, expected: int) -> None:
    """Say of all these draws that they were missed, or do not count: the answer to a night's question.

    `expected` is how many they were when somebody said yes to it; raises TestingTrackerError where they are others now.
    """
    unknown = draws_without_record(work, first, last, status)
    if len(unknown) != expected:
        days = f"{first}" if first == last else f"{first} to {last}"
        raise TestingTrackerError(f"It is {len(unknown)} draws of {days} now, not {expected}. Look, and say it again.")
    for draw in unknown:
        set_status(work, draw, status, reason)


def record_unable(work: Work, found: OpenDraw, reason: str | None) -> None:
    """The participant tried and could not. The draw stays due, to be tried again until the night closes its day.

    A day that is over becomes unrecorded, as the night would have made it, and a clinician is asked to look; also when
    the night took it for missed. Raises TestingTrackerError for a draw of which something else is recorded.
    """
    draw = found.draw
    earlier = Status(draw.status)
    if draw.unable:
        raise TestingTrackerError(f"{found.which} is recorded as unable to provide already; there is nothing to do.")
    if found.outcome is not None or earlier not in (Status.DUE, Status.UNRECORDED, Status.MISSED):
        said = f"has a result ({found.outcome})" if found.outcome is not None else f"is recorded as {earlier}"
        raise TestingTrackerError(f"{found.which} {said}. If that is wrong, correct it with `testing-tracker amend`.")
    draw.unable = True
    work.add(draw)
    work.on_record(Act.DRAW_TRIED, draw=draw, reason=reason, due_on=draw.due_on, earlier=earlier)
    work.session.flush()
    if draw.due_on < work.today or earlier is not Status.DUE:
        close_unable(work, draw)


def close_unable(work: Work, draw: Draw) -> None:
    """The day is over, and the participant could not: the draw is unrecorded, not missed, for a clinician to see."""
    said = work.session.exec(
        select(AuditEntry.reason)
        .where(AuditEntry.draw_id == draw.id, AuditEntry.act == Act.DRAW_TRIED)
        .order_by(col(AuditEntry.id).desc())
        .limit(1)
    ).first()
    set_status(work, draw, *end_of_day(Untouched(unable=True)), said)


def set_collected(draw: Draw) -> None:
    """A draw was given; the reason of an earlier status does not apply any more. Settling writes it."""
    draw.status, draw.reason, draw.because, draw.unable = Status.COLLECTED, None, None, False


def record_collected(work: Work, found: OpenDraw) -> None:
    """The specimen was given and its result is to come, so the night does not close the draw out as missed.

    Raises TestingTrackerError where the draw's state does not allow that.
    """
    earlier = Status(found.draw.status)
    check_change(found.which, earlier, found.outcome, Status.COLLECTED)
    if earlier is Status.COLLECTED:
        raise TestingTrackerError(f"{found.which} is recorded as collected already; log its result with `result`.")
    because = Because.SECOND_GIVEN if found.has_earlier_specimen else None
    set_status(work, found.draw, Status.COLLECTED, because)


def set_status(
    work: Work, draw: Draw, status: Status, why: Because | str | None, more: str | None = None
) -> Recommendation | None:
    """Write a draw's status with its audit entry, and what follows; whether it may change was checked before.

    `why` is the program's own word, with what a person said besides in `more`, or a person's words.

    What follows is what the schedule asks for after a missed or refused test, or the end of that where the draw is
    neither any more. A draw that is not collected says nothing of a specimen any more, nor that it was late. Returns
    the recommendation that this raised or changed.
    """
    reason = sentence(why, more) if isinstance(why, Because) else why
    work.on_record(Act.of_draw(status), draw=draw, reason=reason, due_on=draw.due_on, earlier=draw.status)
    draw.status = status
    draw.reason, draw.because = reason, because_in(reason)
    if status is not Status.COLLECTED:
        draw.outcome, draw.expected, draw.late = None, False, False
    work.write(draw)
    return evidence.bring_in_line(work, draw.participant_id, [draw])


def record_test(work: Work, code: str, day: date, reason: str | None) -> Draw:
    """A test for cause of a day that is over, to be given its result like any other; one a day. The reason says where.

    Until then it is unrecorded: nobody has missed it, and it is never late, because nobody could be told of it in
    time. Its positive raises as any does. A leave does not stand in its way: people on leave may be at a hospital.
    Raises TestingTrackerError for a day that is not over, and for one on which the participant was not enrolled.
    """
    participant = find_participant(work, code)
    identity = id_of(participant)
    if reason is None:
        raise TestingTrackerError("Say with --reason where the test was taken, such as 'county hospital'.")
    if day >= work.today:
        raise TestingTrackerError(f"{day} is not over; today is {work.today}. Leave --on out to order one for today.")
    first = in_force(work.session, Enrolment, identity, day)
    if first is None:
        raise TestingTrackerError(f"{day} is before {participant.code} was enrolled.")
    if standing_on(work.session, identity, day) is ParticipantStatus.DISCHARGED:
        raise TestingTrackerError(f"{participant.code} was not in the programme on {day}.")
    if any(draw.kind == DrawKind.FOR_CAUSE for draw in draws_on(work.session, identity, day)):
        raise TestingTrackerError(
            f"{participant.code} has a test for cause of {day} on record already. Log its result with "
            f"`testing-tracker result {participant.code} … --for-cause --on {day}`."
        )
    draw = Draw(
        participant_id=identity,
        due_on=day,
        kind=DrawKind.FOR_CAUSE,
        status=Status.DUE,
        ordered_for=f"{reason} (put on record on {work.today})",
    )
    work.write(draw)
    work.on_record(Act.DRAW_RECORD, draw=draw, reason=reason, due_on=draw.due_on)
    set_status(work, draw, Status.UNRECORDED, Because.RESULT_TO_COME)
    return draw
