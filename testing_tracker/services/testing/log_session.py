"""The log session's acts: whose draw a line is about, recording what the line says, and taking it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, col, or_, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.log_line import Entry, Tried, codes_meant
from testing_tracker.rules.testing.which_draw import check_change
from testing_tracker.rules.words import DrawKind, Method, Outcome, Status
from testing_tracker.services.people.lookup import find_participant, participant_with_code
from testing_tracker.services.testing import attendance, cups, prescriptions, results
from testing_tracker.services.testing.draws import OpenDraw, due, find_draw, find_draw_to_correct
from testing_tracker.services.testing.log_lines import EntryOnRecord as EntryOnRecord
from testing_tracker.services.testing.log_lines import Opened as Opened
from testing_tracker.services.testing.log_lines import as_it_is, method_of
from testing_tracker.services.testing.log_undo import ChangedSinceError as ChangedSinceError
from testing_tracker.services.testing.log_undo import undo as undo
from testing_tracker.services.testing.results import Logged, NewResult
from testing_tracker.services.testing.settling import RaisedRecommendation
from testing_tracker.store.queries import draws_on, id_of, in_force_id, standing_result
from testing_tracker.store.tables import Draw, Enrolment, Participant, Prescription
from testing_tracker.store.work import Work

_MOST_CODES_LISTED = 8


def awaited(work: Work, day: date) -> list[str]:
    """The codes of those whose specimen or result of a day is still to come."""
    lines = due(work, day)
    waiting = [line for line in lines if line.outcome is None and line.status in (Status.DUE, Status.COLLECTED)]
    return list(dict.fromkeys(line.participant for line in waiting))


@dataclass(frozen=True)
class Left:
    """Who of a day is left, by code: whose specimen is to come, and whose result of a specimen that was collected."""

    to_come: Sequence[str]
    result_to_come: Sequence[str]


def left(work: Work, day: date) -> Left:
    """Who is left of a day. A code with two draws may stand in both."""
    lines = [line for line in due(work, day) if line.outcome is None]
    to_come, collected = (
        tuple(dict.fromkeys(line.participant for line in lines if line.status is status))
        for status in (Status.DUE, Status.COLLECTED)
    )
    return Left(to_come, collected)


def codes_like(work: Work, word: str, day: date) -> list[str]:
    """The codes that a word may be meant for: those that it abbreviates, and those that a letter or two make of it."""
    from testing_tracker.rules.near_words import nearest  # few words are asked about

    codes = _codes_known(work, day)
    return list(dict.fromkeys([*codes_meant(word, codes), *nearest(word, codes)]))[:_MOST_CODES_LISTED]


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
    codes = codes_abbreviated(work, typed, day) if abbreviated else []
    if len(codes) > 1:
        more = f" and {len(codes) - _MOST_CODES_LISTED} more" if len(codes) > _MOST_CODES_LISTED else ""
        raise TestingTrackerError(
            f"{typed} can be {', '.join(codes[:_MOST_CODES_LISTED])}{more}. Type more of the code."
        )
    return codes[0] if codes else find_participant(work, typed).code


def codes_abbreviated(work: Work, typed: str, day: date) -> list[str]:
    """The codes that an abbreviation can stand for, those with a draw that day first.

    Everybody in the programme counts, so that no cup goes to somebody because another participant happens to have no
    draw that day.
    """
    has_draw = _codes_known(work, day)
    return sorted(codes_meant(typed, has_draw), key=lambda code: not has_draw[code])


def _codes_known(work: Work, day: date) -> dict[str, bool]:
    """Every code in the programme, or with a draw that day, and whether it has one."""
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
    return dict(rows)


def draws_meant(work: Work, code: str, day: date, for_cause: bool | None, *, by_lab: bool = False) -> list[Opened]:
    """The draw that a line is about; both of a day's, scheduled first, where it has to be said which.

    Raises TestingTrackerError where there is none, or where nothing can be recorded for it any more. `by_lab`: it is
    about a laboratory's result, which comes beside the one on record.
    """
    try:
        found = [_find(work, code, day, for_cause, by_lab=by_lab)]
    except TestingTrackerError:
        participant = find_participant(work, code)
        if for_cause is not None or len(draws_on(work.session, id_of(participant), day)) < 2 or day > work.today:
            raise
        found = [find_draw(work, code, day, for_cause=which) for which in (False, True)]
        if not by_lab and all(_said_of(work.session, one) is not None for one in found):
            raise TestingTrackerError(
                f"{participant.code}'s two draws of {day} both have a result already. If one is wrong, correct it "
                "with `testing-tracker amend`."
            ) from None
    if len(found) == 1 and not by_lab:
        _check_open(work.session, found[0])
    return [_opened(one, prescriptions.prescribed_on(work.session, one.draw.participant_id, day)) for one in found]


def draws_labelled(work: Work, label: str, *, by_lab: bool = False) -> list[Opened]:
    """The draw whose cup is on record with a label; empty where none is. Raises as `draws_meant` does."""
    cup = next((cup for cup in reversed(cups.with_label(work, label)) if not cup.withdrawn), None)
    if cup is None:
        return []
    draw = work.session.get_one(Draw, cup.draw_id)
    code = work.session.get_one(Participant, draw.participant_id).code
    return draws_meant(work, code, draw.due_on, draw.kind == DrawKind.FOR_CAUSE, by_lab=by_lab)


def check_label(work: Work, opened: Opened, label: str) -> None:
    """Raise TestingTrackerError for a label that is another draw's, or another one than the draw's own cup has."""
    found = find_draw_to_correct(work, opened.code, opened.due_on, for_cause=opened.for_cause)
    cups.check_label(work, found, label)


def _find(work: Work, code: str, day: date, for_cause: bool | None, *, by_lab: bool) -> OpenDraw:
    find = find_draw_to_correct if by_lab else find_draw
    return find(work, code, day, for_cause=for_cause)


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
    found = _find(work, code, day, for_cause, by_lab=said.by_lab)
    if not said.by_lab:
        _check_open(work.session, found)
    return _record(work, _opened(found, ()), found, said)


def _record(work: Work, opened: Opened, found: OpenDraw, said: Entry) -> EntryOnRecord:
    draw = found.draw
    was = as_it_is(work, found, said)
    logged, changed, told = None, None, []
    if isinstance(said.what, Outcome):
        logged = results.log_result(work, found, _new_result(said))
        changed = logged.recommendation
    elif said.what is Tried.UNABLE:
        attendance.record_unable(work, found, said.because)
    elif said.what is Status.COLLECTED:
        told = _record_collected(work, found, said.label)
    else:
        if said.lacks_reason:
            raise TestingTrackerError(f"Say why {found.which} does not count.")
        changed = attendance.record_absence(work, found, said.what, said.because)
    return EntryOnRecord(
        opened=opened,
        recorded=_recorded(said, draw, logged),
        raised=RaisedRecommendation.of_changed(opened.code, changed),
        logged=logged,
        was=was,
        became=as_it_is(work, found, said, logged),
        said=said,
        told=told,
    )


def _recorded(said: Entry, draw: Draw, logged: Logged | None) -> Outcome | Status | Tried:
    if logged is not None and logged.outcome is not None:
        return logged.outcome
    return said.what if isinstance(said.what, Tried) else Status(draw.status)


def _new_result(said: Entry) -> NewResult:
    if said.by_lab and not said.lab:
        raise TestingTrackerError("A definitive result needs the laboratory that it comes from.")
    more: dict[str, Any] = {}
    if said.label is not None:
        from testing_tracker.rules.testing.specimens import NewSpecimen  # most lines have none

        more["specimen"] = NewSpecimen(label=said.label)
    return NewResult(
        Outcome(said.what),
        said.analytes,
        note=said.because,
        amounts=said.amounts,
        method=method_of(said),
        lab=said.lab if said.by_lab else None,
        **more,
    )


def _record_collected(work: Work, found: OpenDraw, label: str | None) -> list[str]:
    if label is None:
        attendance.record_collected(work, found)
        return []
    from testing_tracker.rules.testing.specimens import NewSpecimen
    from testing_tracker.services.testing import collecting

    return collecting.record(work, found, collecting.NewCup(NewSpecimen(label=label)))
