"""What was collected for a draw, what was measured on it, and through whose hands it went."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.exchange.csv_cells import is_id
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.codes import label_key
from testing_tracker.rules.testing.specimens import NewSpecimen, classify
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.services.testing import cups, recollections
from testing_tracker.services.testing.attendance import set_status
from testing_tracker.services.testing.collections import check_has_happened
from testing_tracker.services.testing.draws import OpenDraw, window_closes
from testing_tracker.services.testing.earlier import filled
from testing_tracker.store.queries import draws_on, id_of, newest_specimen, result_of
from testing_tracker.store.tables import Draw, Handover, Participant, Specimen
from testing_tracker.store.work import Work


def add(
    work: Work, draw: Draw, new: NewSpecimen, kind: str, collected_at: datetime | None, earlier: Specimen | None = None
) -> Specimen:
    """Put a specimen on record and classify it by the limits; one that replaces an `earlier` row keeps what that said.

    `cups.cup_for` has looked whether there is an earlier one, and whether the label is free.
    """
    if earlier is not None:
        new, collected_at = filled(new, earlier), collected_at or earlier.collected_at
    if new.received_at is not None:
        check_has_happened(work, new.received_at, "time of receipt")
    if collected_at is not None and new.received_at is not None and new.received_at < collected_at:
        raise TestingTrackerError("The specimen was received before it was collected. Check the two times.")
    measured: dict[str, Any] = {
        name: None if number is None else str(number) for name, number in vars(new.measurements).items()
    }
    specimen = Specimen(
        draw_id=id_of(draw),
        label=new.label,
        kind=kind,
        collector=new.collector,
        observed=new.observed,
        collected_at=collected_at,
        received_at=new.received_at,
        **measured,
        **vars(classify(kind, work.vocabulary.limits_of(kind), new.measurements)),
        replaces_id=earlier.id if earlier is not None else None,
        label_key=label_key(new.label) if new.label is not None else None,
    )
    work.write(specimen)
    if earlier is not None and earlier.withdrawn:
        cups.took_over(work, specimen, earlier, draw)
    return specimen


def find_to_recollect(work: Work, code: str) -> OpenDraw:
    """The participant's draw of today whose specimen does not count, or was out of the range of temperatures.

    Raises TestingTrackerError when there is none.
    """
    participant = find_participant(work, code)
    for draw in draws_on(work.session, id_of(participant), work.today):
        if recollections.can_be_recollected(work, draw):
            return OpenDraw(participant, draw, result_of(work.session, id_of(draw)))
    raise TestingTrackerError(
        f"{participant.code} has no invalid specimen of today to collect again, nor a negative one out of the range of "
        "temperatures. To order a test outside the schedule, leave --recollect out."
    )


def recollect(work: Work, found: OpenDraw) -> str:
    """Have a specimen that does not count collected again: the draw is due again while its window is open.

    Returns why it does not count, in words. Raises TestingTrackerError for a draw with another outcome, and when the
    window has closed.
    """
    if not recollections.can_be_recollected(work, found.draw):
        raise TestingTrackerError(
            f"{found.which} has no invalid specimen to collect again ({found.outcome or found.draw.status})."
        )
    if work.now >= window_closes(work, found.draw):
        raise TestingTrackerError(
            f"The collection window of {found.which} has closed. Order a test on another day with "
            f"`testing-tracker test {found.participant.code}`."
        )
    because = "its specimen does not count" if found.outcome == Outcome.INVALID else "its specimen was out of range"
    set_status(work, found.draw, Status.DUE, Because.RECOLLECT)
    return because


def hand_over(
    work: Work,
    label: str,
    to_whom: str,
    from_whom: str | None = None,
    at: datetime | None = None,
    purpose: str | None = None,
) -> Handover:
    """A specimen passes to another hand; from whom is the last one who had it unless it is said."""
    specimen = find(work, label)
    moment = at or work.now
    hands = hands_of(work.session, specimen)
    check_has_happened(work, moment, "time of the handover")
    if hands and hands[-1].at is not None and moment < hands[-1].at:
        raise TestingTrackerError(
            f"{label} passed to {hands[-1].whom} later than that. Give the handovers in their order."
        )
    handover = Handover(
        specimen_id=id_of(specimen),
        from_whom=from_whom or (hands[-1].whom if hands else work.account),
        to_whom=to_whom,
        at=moment,
        purpose=purpose,
    )
    work.write(handover)
    work.on_record(
        Act.SPECIMEN_HAND_OVER,
        participant_id=work.session.get_one(Draw, specimen.draw_id).participant_id,
        draw_id=specimen.draw_id,
        label=label,
        to=to_whom,
    )
    work.session.flush()
    return handover


@dataclass(frozen=True)
class Hand:
    """Who had a specimen from an instant (UTC) on, what for, and who put that on record."""

    at: datetime | None
    whom: str
    what: str
    recorded_by: str


@dataclass(frozen=True)
class Move:
    """Whose a cup was said to be, from an instant (UTC) on; `withdrawn`: that it is not that one's."""

    participant: str
    due_on: date
    withdrawn: bool
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class SpecimenRecord:
    """A specimen with every hand it passed through, oldest first.

    `moves` are the draws that it was logged for, where that was corrected, and who said so when.
    """

    specimen: Specimen
    participant: str
    draw: Draw
    hands: list[Hand]
    moves: list[Move]


def find(work: Work, label: str) -> Specimen:
    """The newest specimen with this label, or with this number. Raises TestingTrackerError where there is none."""
    found = cups.with_label(work, label) or cups.with_label(work, label, newest_only=False)
    if not found and is_id(label):
        found = list(work.session.exec(cups.of_the_facility(work).where(Specimen.id == int(label))))
    if not found:
        raise TestingTrackerError(f"There is no specimen {label}. Give the label or barcode that was logged with it.")
    return newest_specimen(work.session, id_of(found[-1]))


def shown(work: Work, label: str) -> SpecimenRecord:
    """A specimen and its chain of custody."""
    specimen = find(work, label)
    draw = work.session.get_one(Draw, specimen.draw_id)
    code = work.session.get_one(Participant, draw.participant_id).code
    return SpecimenRecord(specimen, code, draw, hands_of(work.session, specimen), _moves_of(work.session, specimen))


def _moves_of(session: Session, specimen: Specimen) -> list[Move]:
    moves: list[Move] = []
    for row in cups.history_of(session, specimen):
        draw = session.get_one(Draw, row.draw_id)
        code = session.get_one(Participant, draw.participant_id).code
        if not moves or (moves[-1].participant, moves[-1].withdrawn) != (code, row.withdrawn):
            moves.append(Move(code, draw.due_on, row.withdrawn, row.recorded_at, row.recorded_by))
    return moves if len(moves) > 1 else []


def hands_of(session: Session, specimen: Specimen) -> list[Hand]:
    """Every hand that a specimen passed through, also while it was taken for another draw's: the collector's first."""
    rows = cups.history_of(session, specimen)
    first = rows[0].recorded_by
    hands = [Hand(specimen.collected_at, specimen.collector or first, "collected", first)]
    if specimen.received_at is not None:
        by = next(row.recorded_by for row in rows if row.received_at is not None)
        hands.append(Hand(specimen.received_at, by, "received", by))
    ids = [row.id for row in rows]
    for row in session.exec(
        select(Handover).where(col(Handover.specimen_id).in_(ids)).order_by(col(Handover.at), col(Handover.id))
    ):
        hands.append(Hand(row.at, row.to_whom, row.purpose or f"handed over by {row.from_whom}", row.recorded_by))
    return hands
