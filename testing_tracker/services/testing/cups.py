"""Which cup is whose: one that is on record before its result, and one that turns out to be another draw's.

A correction of a specimen is a new row that replaces it, also where it changes the draw: what was said of the cup, its
label and every hand that it passed through go with it, and the earlier rows stay.
"""

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.codes import label_key
from testing_tracker.rules.words import MEASURED, Status
from testing_tracker.store.queries import id_of, is_newest, newest
from testing_tracker.store.tables import Confirmation, Draw, Participant, Result, Specimen
from testing_tracker.store.work import Work

if TYPE_CHECKING:
    from testing_tracker.rules.testing.specimens import NewSpecimen
    from testing_tracker.services.testing.draws import OpenDraw

# What a correction does not say stays as the earlier row said it.
_CARRIED = ("label", "kind", "collector", "observed", "collected_at", "received_at", *MEASURED)
_CLASSIFIED = ("validity", "because", "edition", "label_key")


def is_newest_cup() -> ColumnElement[bool]:
    """The condition that no other row replaces a specimen's."""
    later = aliased(Specimen)
    return ~select(later.id).where(later.replaces_id == Specimen.id).exists()


def of_the_facility(work: Work) -> SelectOfScalar[Specimen]:
    """Every row of the facility's specimens, oldest first, to be asked for with a condition."""
    return (
        select(Specimen)
        .join(Draw, col(Draw.id) == Specimen.draw_id)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(Participant.facility_id == work.facility_id)
        .order_by(col(Specimen.id))
    )


def with_label(work: Work, label: str, *, newest_only: bool = True) -> list[Specimen]:
    """The facility's specimens with a label, however it is written; oldest first."""
    key = label_key(label)
    has_none = col(Specimen.label_key).is_(None) & col(Specimen.label).is_not(None)  # older rows have no key
    labelled = of_the_facility(work).where(or_(col(Specimen.label_key) == key, has_none))
    found = work.session.exec(labelled.where(is_newest_cup()) if newest_only else labelled)
    return [specimen for specimen in found if specimen.label is not None and label_key(specimen.label) == key]


def cups_of(session: Session, draw: Draw) -> list[Specimen]:
    """The cups that are a draw's now, as they were last corrected, oldest first."""
    return list(
        session.exec(
            select(Specimen)
            .where(Specimen.draw_id == draw.id, ~col(Specimen.withdrawn), is_newest_cup())
            .order_by(col(Specimen.id))
        )
    )


def history_of(session: Session, specimen: Specimen) -> list[Specimen]:
    """A specimen's rows, the first one first, up to this one."""
    rows = [specimen]
    while rows[0].replaces_id is not None:
        rows.insert(0, session.get_one(Specimen, rows[0].replaces_id))
    return rows


def awaiting(session: Session, draw: Draw) -> Specimen | None:
    """The cup of a collected draw that is on record and has no result that stands; None where there is none."""
    if draw.status != Status.COLLECTED:
        return None
    for specimen in reversed(cups_of(session, draw)):
        rows = [id_of(row) for row in history_of(session, specimen)]
        result = select(Result.id).where(
            col(Result.specimen_id).in_(rows), col(Result.outcome).is_not(None), is_newest(Result)
        )
        if session.exec(result).first() is None:
            return specimen
    return None


def cup_for(
    work: Work, found: "OpenDraw", said: "NewSpecimen | None", standing: Result | None, *, corrects: bool
) -> Specimen | None:
    """The cup on record that a result is of: the one with its label, or the one whose result is to come.

    A correction's is the cup of the result that it corrects. Raises TestingTrackerError for a label that another draw's
    cup has, and for another label than the cup that is awaited.
    """
    draw = found.draw
    expected = awaiting(work.session, draw)
    if said is None:
        return expected
    labelled = with_this_label(work, found, said.label) if said.label is not None else None
    if expected is not None:
        _check_label(found, said.label, expected)
    if labelled is not None and labelled.withdrawn:
        return labelled
    if expected is not None:
        return expected
    if labelled is not None and not is_of(work.session, labelled, standing):
        return None  # another method's test of the same cup has a row of its own
    return _corrected(work.session, draw, standing) if corrects else None


def check_label(work: Work, found: "OpenDraw", label: str) -> None:
    """Raise TestingTrackerError for a label that another draw's cup has, or that is not the awaited cup's own."""
    with_this_label(work, found, label)
    expected = awaiting(work.session, found.draw)
    if expected is not None:
        _check_label(found, label, expected)


def with_this_label(work: Work, found: "OpenDraw", label: str) -> Specimen | None:
    """The cup with a label that may be this draw's: its own, or one that was taken back from another draw."""
    if not label_key(label):
        raise TestingTrackerError("The specimen's label is empty. Give what is printed on it.")
    labelled = with_label(work, label)
    for other in labelled:
        if other.draw_id != found.draw.id and not other.withdrawn:
            raise TestingTrackerError(
                f"There is another specimen with the label {label}. Look at it with "
                f"`testing-tracker specimen show {label}`; labels are given once. If the cup was logged for somebody "
                "else, `testing-tracker swap` exchanges the two."
            )
    return labelled[-1] if labelled else None


def _check_label(found: "OpenDraw", label: str | None, expected: Specimen) -> None:
    if label is None or expected.label is None or label_key(label) == label_key(expected.label):
        return
    raise TestingTrackerError(
        f"The cup of {found.which} is on record as {expected.label}, and this is {label}. If {label} is right, correct "
        f"it with `testing-tracker amend {found.participant.code} collected --specimen-id {label} --reason …`."
    )


def _corrected(session: Session, draw: Draw, standing: Result | None) -> Specimen | None:
    if standing is None or standing.outcome is None or standing.specimen_id is None:
        return None
    return next((cup for cup in cups_of(session, draw) if is_of(session, cup, standing)), None)


def is_of(session: Session, specimen: Specimen, result: Result | None) -> bool:
    """Whether a result is of a specimen, as it was at first or at any correction."""
    if result is None or result.specimen_id is None:
        return False
    return result.specimen_id in [row.id for row in history_of(session, specimen)]


def release(work: Work, draw: Draw, reason: str) -> list[str]:
    """What was collected for a draw is not its cup: its labels, hands and awaited confirmation wait for whose it is.

    Returns what a person should know of it. A result logged with the label takes the cup over.
    """
    told = []
    last = None
    for specimen in cups_of(work.session, draw):
        last = _copied(work, specimen, draw, withdrawn=True)
        _on_record(work, Act.SPECIMEN_WITHDRAW, last, draw, reason)
        if last.label is not None:
            told.append(f"the cup {last.label} is nobody's now; a result logged with --specimen-id takes it over")
    awaited = newest_confirmation(work.session, draw)
    if awaited is not None:
        cup = last.id if last is not None else None
        confirm(work, draw, Act.CONFIRMATION_CANCEL, lab=awaited.lab, reason=reason, specimen_id=cup)
        lab = f" from {awaited.lab}" if awaited.lab else ""
        follows = "goes with the cup" if told else "is called off; send it for whose cup it was"
        told.append(f"the definitive result{lab} that was awaited by {awaited.due_on} {follows}")
    return told


def say_the_same(one: Specimen, other: Specimen) -> bool:
    """Whether two rows say the same of a cup."""
    return all(getattr(one, name) == getattr(other, name) for name in (*_CARRIED, "draw_id", "withdrawn"))


def put_back(work: Work, draw: Draw, changed: Specimen, before: Specimen | None, reason: str) -> Specimen:
    """A cup says again what it said `before`; it is nobody's where it was not this draw's then."""
    if before is not None and before.id not in [row.id for row in history_of(work.session, changed)]:
        before = None
    row = _copied(work, before or changed, draw, withdrawn=before is None, replaces=changed)
    _on_record(work, Act.SPECIMEN_WITHDRAW if before is None else Act.SPECIMEN_CORRECT, row, draw, reason)
    return row


def moved(work: Work, specimen: Specimen, draw: Draw, reason: str) -> Specimen:
    """The cup is another draw's: its row there, with its label, all that was said of it, and its hands."""
    row = _copied(work, specimen, draw, withdrawn=False)
    _on_record(work, Act.SPECIMEN_MOVE, row, draw, reason)
    return row


def took_over(work: Work, specimen: Specimen, earlier: Specimen, draw: Draw) -> None:
    """A cup that was taken back is this draw's: say so on record, and await for it what was awaited of it."""
    _on_record(work, Act.SPECIMEN_MOVE, specimen, draw, None)
    left = work.session.exec(select(Confirmation).where(Confirmation.specimen_id == earlier.id)).first()
    if left is None or newest_confirmation(work.session, draw) is not None:
        return
    before = (Confirmation.draw_id == left.draw_id, col(Confirmation.id) < left.id)
    sent = newest(work.session, Confirmation, *before)
    if sent is not None and sent.due_on is not None:
        expect(work, draw, sent, left.reason)


def newest_confirmation(session: Session, draw: Draw) -> Confirmation | None:
    """What was sent of a draw's cup to a laboratory, also when it was answered; None where that was called off."""
    last = newest(session, Confirmation, Confirmation.draw_id == draw.id)
    return last if last is not None and last.due_on is not None else None


def expect(work: Work, draw: Draw, sent: Confirmation, reason: str | None) -> None:
    """Await for a draw what was sent for another one, as of the day on which it was sent."""
    sent_on = sent.sent_on or sent.recorded_at.astimezone(work.zone).date()
    confirm(work, draw, Act.CONFIRMATION_SEND, lab=sent.lab, by=sent.due_on, reason=reason, sent_on=sent_on)


def call_off(work: Work, draw: Draw, sent: Confirmation, reason: str) -> None:
    """No definitive result is awaited for a draw any more, because its cup is another's, or was no good."""
    confirm(work, draw, Act.CONFIRMATION_CANCEL, lab=sent.lab, reason=reason)


def confirm(
    work: Work,
    draw: Draw,
    act: Act,
    *,
    lab: str | None,
    reason: str | None,
    by: date | None = None,
    sent_on: date | None = None,
    specimen_id: int | None = None,
) -> Confirmation:
    """Write that a definitive result is awaited for a draw `by` a day, or without one that none is any more."""
    row = Confirmation(draw_id=id_of(draw), lab=lab, due_on=by, reason=reason, sent_on=sent_on, specimen_id=specimen_id)
    work.write(row)
    work.on_record(act, draw=draw, reason=reason, lab=lab, awaited_by=by)
    work.session.flush()
    return row


def _copied(
    work: Work, specimen: Specimen, draw: Draw, *, withdrawn: bool, replaces: Specimen | None = None
) -> Specimen:
    row = Specimen(
        draw_id=id_of(draw),
        **{name: getattr(specimen, name) for name in (*_CARRIED, *_CLASSIFIED)},
        withdrawn=withdrawn,
        replaces_id=(replaces or specimen).id,
    )
    if row.label is not None:
        row.label_key = label_key(row.label)
    work.write(row)
    return row


def _on_record(work: Work, act: Act, specimen: Specimen, draw: Draw, reason: str | None) -> None:
    work.on_record(act, draw=draw, reason=reason, specimen=specimen.id, label=specimen.label)
    work.session.flush()
