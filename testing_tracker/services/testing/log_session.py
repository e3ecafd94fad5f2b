"""The log session's acts: whose draw a line is about, recording what the line says, and taking it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, or_, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.log_line import Entry, codes_meant
from testing_tracker.rules.testing.which_draw import check_change
from testing_tracker.rules.words import DrawKind, Method, Outcome, ParticipantStatus, Status
from testing_tracker.services.people.lookup import find_participant, participant_with_code
from testing_tracker.services.testing import attendance, prescriptions, results, settling
from testing_tracker.services.testing import earlier as undone
from testing_tracker.services.testing.draws import OpenDraw, due, find_draw, find_draw_to_correct, night_has_run
from testing_tracker.services.testing.results import Logged, NewResult
from testing_tracker.services.testing.settling import RaisedRecommendation
from testing_tracker.store.queries import draws_on, id_of, in_force_id, standing_on, standing_result
from testing_tracker.store.tables import Draw, Enrolment, Participant, Prescription, Recommendation, Result
from testing_tracker.store.work import Work

WHY_UNDONE = "undone in the log session"
_MOST_CODES_LISTED = 8


class ChangedSinceError(TestingTrackerError):
    """A line that cannot be taken back, because its draw says something else now."""


@dataclass(frozen=True)
class Opened:
    """A draw that a line is to be recorded for, as it was when it was shown. `which` names it in a message's words.

    `prescribed` is for showing it: there is nothing in it where a line was recorded at once.
    """

    code: str
    due_on: date
    kind: DrawKind
    status: Status
    prescribed: tuple[str, ...]
    which: str

    @property
    def for_cause(self) -> bool:
        return self.kind is DrawKind.FOR_CAUSE


@dataclass(frozen=True)
class EntryOnRecord:
    """A line on record, and how to take it back: what the draw was before, and the result that was written.

    `recorded` is what went on record. `logged` says what followed from a result, and `raised` which recommendation
    it changed; the rows in them are for the same transaction only.
    """

    opened: Opened
    recorded: Outcome | Status
    raised: RaisedRecommendation | None
    logged: Logged | None
    before: Status
    reason_before: str | None
    was_unable: bool
    result_id: int | None


@dataclass(frozen=True)
class Undone:
    """What a draw is again after its last line was taken back; `because` is why not what it was before.

    `lost` says whom a decision has moved that has lost its ground by it.
    """

    status: Status
    because: str | None
    raised: RaisedRecommendation | None
    decided: Sequence[int]
    lost: str | None = None


def awaited(work: Work, day: date) -> list[str]:
    """The codes of those whose specimen or result of a day is still to come."""
    lines = due(work, day)
    waiting = [line for line in lines if line.outcome is None and line.status in (Status.DUE, Status.COLLECTED)]
    return list(dict.fromkeys(line.participant for line in waiting))


def code_of(work: Work, typed: str) -> str | None:
    """The code of the participant whose whole code this is, as it was entered; None where there is nobody."""
    participant = participant_with_code(work, typed)
    return participant.code if participant is not None else None


def code_meant(work: Work, typed: str, day: date, *, abbreviated: bool) -> str:
    """The code that is typed, or the only one that it abbreviates. Raises TestingTrackerError for any other."""
    check_code(typed)
    exact = code_of(work, typed)
    if exact is not None:
        return exact
    codes = _codes_for(work, typed, day) if abbreviated else []
    if len(codes) > 1:
        more = f" and {len(codes) - _MOST_CODES_LISTED} more" if len(codes) > _MOST_CODES_LISTED else ""
        raise TestingTrackerError(
            f"{typed} can be {', '.join(codes[:_MOST_CODES_LISTED])}{more}. Type more of the code."
        )
    return codes[0] if codes else find_participant(work, typed).code


def _codes_for(work: Work, typed: str, day: date) -> list[str]:
    """The codes that an abbreviation can stand for, those with a draw that day first.

    Everybody in the programme counts, so that no cup goes to somebody because another participant happens to have no
    draw that day.
    """
    enrolment = select(Enrolment.enrolled).where(Enrolment.id == in_force_id(Enrolment, col(Participant.id), day))
    drawn = select(Draw.participant_id).where(Draw.due_on == day)
    rows = work.session.exec(
        select(Participant.code, col(Participant.id).in_(drawn))
        .where(
            Participant.facility_id == work.facility_id,
            or_(enrolment.scalar_subquery(), col(Participant.id).in_(drawn)),
        )
        .order_by(Participant.code_key)
    ).all()
    has_draw = dict(rows)
    return sorted(codes_meant(typed, has_draw), key=lambda code: not has_draw[code])


def draws_meant(work: Work, code: str, day: date, for_cause: bool | None) -> list[Opened]:
    """The draw that a line is about; both of a day's, scheduled first, where it has to be said which.

    Raises TestingTrackerError where there is none, or where nothing can be recorded for it any more.
    """
    try:
        found = [find_draw(work, code, day, for_cause=for_cause)]
    except TestingTrackerError:
        participant = find_participant(work, code)
        if for_cause is not None or len(draws_on(work.session, id_of(participant), day)) < 2 or day > work.today:
            raise
        found = [find_draw(work, code, day, for_cause=which) for which in (False, True)]
        if all(_said_of(work.session, one) is not None for one in found):
            raise TestingTrackerError(
                f"{participant.code}'s two draws of {day} both have a result already. If one is wrong, correct it "
                "with `testing-tracker amend`."
            ) from None
    if len(found) == 1:
        _check_open(work.session, found[0])
    return [_opened(one, prescriptions.prescribed_on(work.session, one.draw.participant_id, day)) for one in found]


def _check_open(session: Session, found: OpenDraw) -> None:
    check_change(found.which, Status(found.draw.status), _said_of(session, found), Status.COLLECTED)


def _said_of(session: Session, found: OpenDraw) -> Outcome | None:
    """What the cup said, as far as it is on record. A laboratory's word may come before the cup's."""
    standing = standing_result(session, id_of(found.draw), Method.PRESUMPTIVE)
    if found.outcome is None or standing is None or standing.outcome is None:
        return None
    return Outcome(standing.outcome)


def _opened(found: OpenDraw, takes: Sequence[Prescription]) -> Opened:
    draw = found.draw
    return Opened(
        code=found.participant.code,
        due_on=draw.due_on,
        kind=DrawKind(draw.kind),
        status=Status(draw.status),
        prescribed=tuple(sorted({row.analyte for row in takes})),
        which=found.which,
    )


def record(work: Work, opened: Opened, said: Entry) -> EntryOnRecord:
    """Record what a line says of a draw, as the single command for it does.

    Raises TestingTrackerError where the draw is not open any more, for instance because another nurse was first.
    """
    found = find_draw_to_correct(work, opened.code, opened.due_on, for_cause=opened.for_cause)
    return _record(work, opened, found, said)


def record_at_once(work: Work, code: str, day: date, for_cause: bool | None, said: Entry) -> EntryOnRecord:
    """Find the draw of a line with a whole code and all that is to be recorded, as `draws_meant` does, and record it.

    Raises TestingTrackerError where it is not clear which draw is meant, and where `draws_meant` or `record` would.
    """
    found = find_draw(work, code, day, for_cause=for_cause)
    _check_open(work.session, found)
    return _record(work, _opened(found, ()), found, said)


def _record(work: Work, opened: Opened, found: OpenDraw, said: Entry) -> EntryOnRecord:
    draw = found.draw
    before, reason, unable = Status(draw.status), draw.reason, draw.unable
    logged = None
    if isinstance(said.what, Outcome):
        new = NewResult(said.what, said.analytes, note=said.because)
        logged = results.log_result(work, found, new)
        changed = logged.recommendation
    else:
        changed = attendance.record_absence(work, found, said.what, said.because)
    return EntryOnRecord(
        opened=opened,
        recorded=(logged.outcome if logged else None) or Status(draw.status),
        raised=_raised(opened.code, changed),
        logged=logged,
        before=before,
        reason_before=reason,
        was_unable=unable,
        result_id=logged.result_id if logged else None,
    )


def undo(work: Work, line: EntryOnRecord) -> Undone:
    """Take an accepted line back: the draw is what it was before, and the line stays on record as taken back.

    A draw that was due is so again only while nothing has closed it since. Raises TestingTrackerError when somebody
    has changed the record in the meantime.
    """
    opened = line.opened
    found = find_draw_to_correct(work, opened.code, opened.due_on, for_cause=opened.for_cause)
    draw = found.draw
    _check_unchanged(work.session, found, line)
    if line.before is Status.DUE and not _is_still_open(work, draw):
        logged = results.take_back(work, found, Status.DUE, WHY_UNDONE)
        changed = _raised(opened.code, logged.recommendation)
        return Undone(Status(draw.status), logged.because, changed, logged.decided, logged.settled.lost)
    if line.result_id is not None:
        _take_result_back(work, found, line.result_id)
    work.on_record(Act.LOG_UNDO, draw=draw, reason=WHY_UNDONE, due_on=draw.due_on, undone=line.recorded)
    draw.unable = line.was_unable
    followed = attendance.set_status(work, draw, line.before, line.reason_before)
    settled = settling.bring_in_line(work, draw)
    if line.raised is not None:
        undone.mark_recommendation(work, line.raised.number, draw)
    changed = _raised(opened.code, settled.recommendation or followed)
    return Undone(line.before, None, changed, settled.decided, settled.lost)


def _check_unchanged(session: Session, found: OpenDraw, line: EntryOnRecord) -> None:
    """Raise TestingTrackerError unless the draw still says what the line recorded, and nothing more."""
    draw = found.draw
    if line.result_id is None:
        is_same = draw.status == line.recorded
    else:
        standing = standing_result(session, id_of(draw), Method.PRESUMPTIVE)
        is_same = standing is not None and standing.id == line.result_id and standing.outcome is not None
    if not is_same:
        raise ChangedSinceError(
            f"{found.which} was changed since by somebody else. Look at it, and correct it with "
            "`testing-tracker amend`."
        )


def _is_still_open(work: Work, draw: Draw) -> bool:
    """Whether a draw that was due would be so still, had nothing been recorded for it."""
    if standing_on(work.session, draw.participant_id, draw.due_on) is not ParticipantStatus.ACTIVE:
        return False
    return draw.due_on == work.today or not night_has_run(work, work.today)


def _take_result_back(work: Work, found: OpenDraw, result_id: int) -> None:
    """Take a result back; an invalid one that it stood for, because the specimen was collected again, counts again."""
    slip = work.session.get_one(Result, result_id)
    earlier = work.session.get(Result, slip.replaces_id) if slip.replaces_id is not None else None
    work.write(
        Result(
            draw_id=id_of(found.draw),
            outcome=earlier.outcome if earlier else None,
            collected_at=earlier.collected_at if earlier else None,
            note=earlier.note if earlier else None,
            lab=earlier.lab if earlier else None,
            specimen_id=earlier.specimen_id if earlier else None,
            replaces_id=result_id,
            reason=WHY_UNDONE,
            method=Method.PRESUMPTIVE,
            undone=undone.is_same_day(work, slip.recorded_at),
        )
    )
    try:
        work.session.flush()
    except IntegrityError:
        raise ChangedSinceError(f"{found.which} was recorded by somebody else just now. Look at it first.") from None


def _raised(code: str, changed: Recommendation | None) -> RaisedRecommendation | None:
    return RaisedRecommendation.of(code, changed) if changed is not None else None
