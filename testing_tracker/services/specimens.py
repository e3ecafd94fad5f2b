"""What was collected for a draw, what was measured on it, and through whose hands it went."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.numbers import is_id
from testing_tracker.rules.specimens import Measurements, classify
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.attendance import set_status
from testing_tracker.services.draws import OpenDraw, window_closes
from testing_tracker.services.lookup import find_participant
from testing_tracker.store import audit
from testing_tracker.store.queries import draws_on, id_of, result_of
from testing_tracker.store.tables import Draw, Handover, Participant, Specimen

RECOLLECT = "to be collected again"


@dataclass(frozen=True)
class NewSpecimen:
    """What is said of a specimen. `kind` is the schedule's unless given; instants are in UTC, `received_at` the
    laboratory's or the desk's."""

    kind: str | None = None
    label: str | None = None
    collector: str | None = None
    observed: bool | None = None
    received_at: datetime | None = None
    measurements: Measurements = field(default_factory=Measurements)


def add(
    session: Session, acting: Acting, draw: Draw, new: NewSpecimen, kind: str, collected_at: datetime | None
) -> Specimen:
    """Put a specimen on record and classify it by the limits.

    Raises TestingTrackerError for a label that another draw's specimen has.
    """
    if new.label is not None:
        for other in _labelled(session, acting, new.label):
            if other.draw_id != draw.id:
                raise TestingTrackerError(
                    f"There is another specimen with the label {new.label}. Look at it with "
                    f"`testing-tracker specimen show {new.label}`; labels are given once."
                )
    if collected_at is not None and new.received_at is not None and new.received_at < collected_at:
        raise TestingTrackerError("The specimen was received before it was collected. Check the two times.")
    classified = classify(kind, new.measurements)
    measured = new.measurements
    specimen = Specimen(
        draw_id=id_of(draw),
        label=new.label,
        kind=kind,
        collector=new.collector,
        observed=new.observed,
        collected_at=collected_at,
        received_at=new.received_at,
        temperature=_text(measured.temperature),
        creatinine=_text(measured.creatinine),
        specific_gravity=_text(measured.specific_gravity),
        ph=_text(measured.ph),
        oxidant=_text(measured.oxidant),
        validity=classified.validity,
        because=classified.because,
        edition=classified.edition,
        recorded_at=acting.now,
        recorded_by=acting.account,
    )
    session.add(specimen)
    session.flush()
    return specimen


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _labelled(session: Session, acting: Acting, label: str) -> list[Specimen]:
    return list(session.exec(_of_the_facility(acting).where(Specimen.label == label)))


def _of_the_facility(acting: Acting) -> SelectOfScalar[Specimen]:
    return (
        select(Specimen)
        .join(Draw, col(Draw.id) == Specimen.draw_id)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(Participant.facility_id == acting.facility_id)
        .order_by(col(Specimen.id))
    )


def latest(session: Session, specimen_id: int) -> Specimen:
    """A specimen as it was last corrected."""
    specimen = session.get_one(Specimen, specimen_id)
    while later := session.exec(select(Specimen).where(Specimen.replaces_id == specimen.id)).first():
        specimen = later
    return specimen


def find_to_recollect(session: Session, acting: Acting, code: str) -> OpenDraw:
    """The participant's draw of today whose specimen does not count. Raises TestingTrackerError when there is none."""
    participant = find_participant(session, acting, code)
    for draw in draws_on(session, id_of(participant), acting.today):
        if draw.outcome == Outcome.INVALID:
            return OpenDraw(participant, draw, result_of(session, id_of(draw)))
    raise TestingTrackerError(
        f"{participant.code} has no invalid specimen of today to collect again. To order a test outside the schedule, "
        "leave --recollect out."
    )


def recollect(session: Session, acting: Acting, found: OpenDraw) -> None:
    """A specimen that does not count is to be collected again: the draw is due again while its window is open.

    Raises TestingTrackerError for a draw with another outcome, and when the window has closed.
    """
    if found.outcome is not Outcome.INVALID or found.draw.status != Status.COLLECTED:
        raise TestingTrackerError(
            f"{found.which} has no invalid specimen to collect again ({found.outcome or found.draw.status})."
        )
    if acting.now >= window_closes(session, acting, found.draw):
        raise TestingTrackerError(
            f"The collection window of {found.which} has closed. Order a test on another day with "
            f"`testing-tracker test {found.participant.code}`."
        )
    found.draw.outcome = None
    set_status(session, acting, found.draw, Status.DUE, RECOLLECT)


def hand_over(
    session: Session,
    acting: Acting,
    label: str,
    to_whom: str,
    from_whom: str | None = None,
    at: datetime | None = None,
    purpose: str | None = None,
) -> Handover:
    """A specimen passes to another hand; from whom is the last one who had it unless it is said."""
    specimen = find(session, acting, label)
    moment = at or acting.now
    hands = hands_of(session, specimen)
    if moment > acting.now:
        raise TestingTrackerError("That time is in the future.")
    if hands and hands[-1].at is not None and moment < hands[-1].at:
        raise TestingTrackerError(
            f"{label} passed to {hands[-1].whom} later than that. Give the handovers in their order."
        )
    handover = Handover(
        specimen_id=id_of(specimen),
        from_whom=from_whom or (hands[-1].whom if hands else acting.account),
        to_whom=to_whom,
        at=moment,
        purpose=purpose,
        recorded_at=acting.now,
        recorded_by=acting.account,
    )
    session.add(handover)
    audit.record(
        session,
        acting,
        "specimen hand over",
        participant_id=session.get_one(Draw, specimen.draw_id).participant_id,
        draw_id=specimen.draw_id,
        label=label,
        to=to_whom,
    )
    session.flush()
    return handover


@dataclass(frozen=True)
class Hand:
    """Who had a specimen from an instant (UTC) on, what for, and who put that on record."""

    at: datetime | None
    whom: str
    what: str
    recorded_by: str


@dataclass(frozen=True)
class SpecimenRecord:
    """A specimen with every hand it passed through, oldest first."""

    specimen: Specimen
    participant: str
    draw: Draw
    hands: list[Hand]


def find(session: Session, acting: Acting, label: str) -> Specimen:
    """The newest specimen with this label, or with this number. Raises TestingTrackerError where there is none."""
    found = _labelled(session, acting, label)
    if not found and is_id(label):
        found = list(session.exec(_of_the_facility(acting).where(Specimen.id == int(label))))
    if not found:
        raise TestingTrackerError(f"There is no specimen {label}. Give the label or barcode that was logged with it.")
    return found[-1]


def shown(session: Session, acting: Acting, label: str) -> SpecimenRecord:
    """A specimen and its chain of custody."""
    specimen = find(session, acting, label)
    draw = session.get_one(Draw, specimen.draw_id)
    code = session.get_one(Participant, draw.participant_id).code
    return SpecimenRecord(specimen, code, draw, hands_of(session, specimen))


def hands_of(session: Session, specimen: Specimen) -> list[Hand]:
    """Every hand that a specimen passed through: the collector's first."""
    hands = [Hand(specimen.collected_at, specimen.collector or specimen.recorded_by, "collected", specimen.recorded_by)]
    if specimen.received_at is not None:
        hands.append(Hand(specimen.received_at, specimen.recorded_by, "received", specimen.recorded_by))
    for row in session.exec(
        select(Handover).where(Handover.specimen_id == specimen.id).order_by(col(Handover.at), col(Handover.id))
    ):
        hands.append(Hand(row.at, row.to_whom, row.purpose or f"handed over by {row.from_whom}", row.recorded_by))
    return hands
