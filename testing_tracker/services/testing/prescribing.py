"""Adding and ending prescriptions, and reading the results that this touches again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from sqlmodel import Session, col

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.interpretation import Interpretation, interpret
from testing_tracker.rules.words import DrawKind, Outcome
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.services.testing.prescriptions import active_on, is_called_off, standing
from testing_tracker.services.testing.settling import interpret_again, words_together
from testing_tracker.store.queries import draws_with, id_of, reading_of, records_of, result_of
from testing_tracker.store.tables import Draw, Participant, Prescription, Recommendation
from testing_tracker.store.work import Work

_Prescribed = Callable[[date], frozenset[str]]


@dataclass(frozen=True)
class NewPrescription:
    """What is prescribed to the participant with a code. Both days are included; without a last one it goes on."""

    code: str
    analyte: str
    from_on: date
    to_on: date | None = None
    prescriber: str | None = None


@dataclass(frozen=True)
class Touched:
    """A result that reads differently for a change of prescriptions."""

    draw: Draw
    before: Interpretation
    after: Interpretation

    @property
    def which(self) -> str:
        """The draw in a message's words."""
        return f"{'for-cause ' if self.draw.kind == DrawKind.FOR_CAUSE else ''}draw of {self.draw.due_on}"


@dataclass(frozen=True)
class Reread:
    """A result that was read again, the recommendation that this raised, changed or withdrew, and those, by number,
    that a clinician has decided on with how it read before; `lost` says whom one of those moved without a ground."""

    touched: Touched
    recommendation: Recommendation | None
    decided: Sequence[int]
    lost: str | None = None


@dataclass(frozen=True)
class Changed:
    """What a change of prescriptions did: the row that counts now, the results it touches, and those read again."""

    participant: Participant
    prescription: Prescription
    touched: Sequence[Touched]
    reread: Sequence[Reread]


def touched_by_adding(work: Work, new: NewPrescription) -> list[Touched]:
    """The results that a prescription would touch. Raises TestingTrackerError as `add` does; writes nothing."""
    participant = _check_new(work, new)
    return results_touched(work, id_of(participant), new.analyte, new.from_on, new.to_on)


def add(work: Work, new: NewPrescription, *, reread: bool) -> Changed:
    """Put a prescription on record; with `reread` read the results that it touches again.

    Raises TestingTrackerError for what nobody prescribes, when it ends before it begins, or when it overlaps with
    another one of the same analyte.
    """
    participant = _check_new(work, new)
    touched = touched_by_adding(work, new)
    prescription = Prescription(
        participant_id=id_of(participant),
        analyte=new.analyte,
        from_on=new.from_on,
        to_on=new.to_on,
        prescriber=new.prescriber,
    )
    _write(work, prescription, Act.PRESCRIPTION_ADD, touched, reread)
    again = _read_again(work, touched, f"prescription of {new.analyte} added") if reread else []
    return Changed(participant, prescription, touched, again)


def touched_by_ending(work: Work, code: str, analyte: str, on: date) -> list[Touched]:
    """The results that an end would touch. Raises TestingTrackerError as `end` does; writes nothing."""
    participant = find_participant(work, code)
    return _touched_by_ending(work, _to_end(work.session, participant, analyte, on), on)


def end(work: Work, code: str, analyte: str, on: date, reason: str, *, reread: bool) -> Changed:
    """Let a prescription end with a day, its last one; with `reread` read the results that this touches again.

    One that begins only after that day is called off and counts for no day. Raises TestingTrackerError when there is
    none to end.
    """
    participant = find_participant(work, code)
    earlier = _to_end(work.session, participant, analyte, on)
    touched = _touched_by_ending(work, earlier, on)
    prescription = Prescription(
        participant_id=id_of(participant),
        analyte=analyte,
        from_on=earlier.from_on,
        to_on=on if on >= earlier.from_on else earlier.from_on - timedelta(days=1),
        prescriber=earlier.prescriber,
        reason=reason,
        replaces_id=earlier.id,
    )
    _write(work, prescription, Act.PRESCRIPTION_END, touched, reread)
    done = "called off" if is_called_off(prescription) else "ended"
    again = _read_again(work, touched, f"prescription of {analyte} {done}: {reason}") if reread else []
    return Changed(participant, prescription, touched, again)


def read_all_again(work: Work, code: str, reason: str) -> tuple[str, list[Reread]]:
    """Read every result of a participant again that the prescriptions on record explain otherwise.

    Returns the participant's code and what was read again.
    """
    participant = find_participant(work, code)
    known = standing(work.session, id_of(participant))
    draws = _draws_with_result(work.session, id_of(participant), date.min, None)
    now = _compare(work, draws, lambda day: _analytes_on(known, day))
    again = _read_again(work, [one for one in now if one.before != one.after], reason)
    return participant.code, again


def read_again_together(
    work: Work, participant_id: int, apart: Mapping[int, Sequence[Prescription]], reason: str
) -> list[Reread]:
    """Read the results again that read otherwise since two records were joined, and their prescriptions count for both.

    `apart` has what was prescribed to each record while they were apart.
    """
    together = standing(work.session, participant_id)
    touched = []
    for record, own in apart.items():
        every = _draws_with_result(work.session, participant_id, date.min, None)
        draws = [draw for draw in every if draw.participant_id == record]
        as_it_was = _compare(work, draws, partial(_analytes_on, own))
        now = _compare(work, draws, partial(_analytes_on, together))
        touched += _read_otherwise(as_it_was, now)
    return _read_again(work, touched, reason)


def results_touched(
    work: Work,
    participant_id: int,
    analyte: str,
    from_on: date,
    to_on: date | None,
    *,
    is_prescribed: bool = True,
) -> list[Touched]:
    """The results of these days, both included, that would read differently if the analyte were prescribed on them.

    Without `is_prescribed`: if it were not.
    """
    known = standing(work.session, participant_id)

    def changed(day: date) -> frozenset[str]:
        return _analytes_on(known, day) | {analyte} if is_prescribed else _analytes_on(known, day) - {analyte}

    draws = _draws_with_result(work.session, participant_id, from_on, to_on)
    unchanged = _compare(work, draws, lambda day: _analytes_on(known, day))
    return _read_otherwise(unchanged, _compare(work, draws, changed))


def _read_otherwise(unchanged: Sequence[Touched], changed: Sequence[Touched]) -> list[Touched]:
    """The results that a change makes read differently; one that was left as it had been read differs not for that."""
    return [one for was, one in zip(unchanged, changed, strict=True) if one.after not in (was.after, one.before)]


def _check_new(work: Work, new: NewPrescription) -> Participant:
    """The participant, also a discharged one: a prescription may explain a result of before."""
    participant = find_participant(work, new.code)
    if new.to_on is not None and new.to_on < new.from_on:
        raise TestingTrackerError(f"The prescription ends on {new.to_on}, before it begins on {new.from_on}.")
    if not work.vocabulary.can_be_prescribed(new.analyte):
        raise TestingTrackerError(f"No prescription explains {new.analyte}. Name the medicine that is prescribed.")
    for other in standing(work.session, id_of(participant)):
        begins_after = new.to_on is not None and other.from_on > new.to_on
        is_over = other.to_on is not None and other.to_on < new.from_on
        if other.analyte == new.analyte and not begins_after and not is_over:
            raise TestingTrackerError(
                f"{participant.code} is prescribed {new.analyte} {in_days(other)} already. Give other days, or end "
                f"that one first with `testing-tracker prescription end {participant.code} {new.analyte} --on DATE "
                "--reason …`."
            )
    return participant


def in_days(prescription: Prescription) -> str:
    """The days of a prescription in words."""
    return f"from {prescription.from_on}" + (f" to {prescription.to_on}" if prescription.to_on else "")


def _to_end(session: Session, participant: Participant, analyte: str, on: date) -> Prescription:
    """The prescription that goes on after a day; or else the first that begins after it, which is to be called off."""
    rows = [row for row in standing(session, id_of(participant)) if row.analyte == analyte]
    lasting = [row for row in rows if row.to_on is None or row.to_on > on]
    if lasting:
        return lasting[0]
    if rows:
        raise TestingTrackerError(
            f"{participant.code}'s prescription of {analyte} ends on {rows[-1].to_on}, so there is nothing to end "
            f"after {on}. To shorten it, give an earlier day with --on."
        )
    raise TestingTrackerError(
        f"{participant.code} has no prescription of {analyte}. "
        f"`testing-tracker prescription list {participant.code} --all` shows what is on record."
    )


def _touched_by_ending(work: Work, earlier: Prescription, on: date) -> list[Touched]:
    if on >= work.today:
        return []  # no day after it has a result
    first = max(earlier.from_on, on + timedelta(days=1))
    return results_touched(work, earlier.participant_id, earlier.analyte, first, earlier.to_on, is_prescribed=False)


def _write(work: Work, prescription: Prescription, act: Act, touched: Sequence[Touched], reread: bool) -> None:
    """Add the row, and what was answered about the results that it touches."""
    work.write(prescription)
    work.on_record(
        act,
        participant_id=prescription.participant_id,
        reason=prescription.reason,
        analyte=prescription.analyte,
        from_on=prescription.from_on,
        to_on=prescription.to_on,
        touched=[one.draw.due_on for one in touched],
        reread=reread if touched else None,
    )
    work.session.flush()


def _read_again(work: Work, touched: Sequence[Touched], reason: str) -> list[Reread]:
    again = []
    for one in touched:
        settled = interpret_again(work, one.draw, reason)
        again.append(Reread(one, settled.recommendation, settled.decided, settled.lost))
    return again


def _analytes_on(prescriptions: Sequence[Prescription], day: date) -> frozenset[str]:
    return frozenset(row.analyte for row in active_on(prescriptions, day))


def _draws_with_result(session: Session, participant_id: int, from_on: date, to_on: date | None) -> Sequence[Draw]:
    """The draws of these days whose result can be read, oldest first."""
    return draws_with(
        session,
        col(Draw.participant_id).in_(records_of(participant_id)),
        col(Draw.outcome).in_((Outcome.POSITIVE, Outcome.NEGATIVE)),
        col(Draw.due_on).between(from_on, to_on or date.max),
    )


def _compare(work: Work, draws: Sequence[Draw], prescribed: _Prescribed) -> list[Touched]:
    """Each draw's result as it was read last, and as it reads with these analytes prescribed."""
    compared = []
    for draw in draws:
        result = result_of(work.session, id_of(draw))
        assert result is not None, "its outcome is the draw's"
        both, reading = words_together(work, draw, result), reading_of(work.session, result.id)
        found = sorted(both.found)
        # One that was never read, from before there were prescriptions, had nothing to explain it.
        before = interpret(work.vocabulary, found, (), ())
        if reading is not None:
            before = Interpretation.from_text(reading.expected, reading.unexpected, reading.absent)
        after = interpret(work.vocabulary, found, both.looked_for, prescribed(draw.due_on))
        compared.append(Touched(draw, before, after))
    return compared
