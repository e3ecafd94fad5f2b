"""Settles a draw after its results, or the prescriptions they are read against, have changed.

What the draw says, its evidence, and what a clinician is asked to look at all follow from the result that governs and
its newest reading, and are brought in line here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from testing_tracker.acting import Acting
from testing_tracker.rules.reading import Read
from testing_tracker.rules.words import About, Kind, Outcome, Status, Validity
from testing_tracker.services import evidence, prescriptions, reviews
from testing_tracker.services.deciding import lost_ground
from testing_tracker.services.draws import window_closes
from testing_tracker.services.weighing import weigh_again
from testing_tracker.store import audit
from testing_tracker.store.queries import findings_of, id_of, reading_of, result_of
from testing_tracker.store.tables import Draw, Reading, Recommendation, Result


@dataclass(frozen=True)
class Settled:
    """How the governing result reads, and the recommendation that settling raised, changed or withdrew.

    `decided` are the recommendations, by number, that a clinician decided on with the draw as evidence; `lost` says
    whom one of them moved that has no ground in the draw any more.
    """

    read: Read
    recommendation: Recommendation | None
    decided: Sequence[int] = ()
    lost: str | None = None

    @property
    def is_expected(self) -> bool:
        """Whether prescriptions explain all that was found."""
        return self.read.is_explained


def read_of(session: Session, draw: Draw, result: Result, found: Sequence[str]) -> Read:
    """A result with these findings as it reads against the prescriptions of the draw's day."""
    if result.outcome not in (Outcome.POSITIVE, Outcome.NEGATIVE):
        return Read()
    return prescriptions.read_for(session, draw, found, prescriptions.looked_for_in(session, draw, result))


def settle_with(session: Session, acting: Acting, draw: Draw, result: Result, read: Read, *, is_first: bool) -> Settled:
    """Keep how a result that was just written reads, and settle the draw.

    `is_first`: there was no other of the draw before, so this one governs.
    """
    _keep_reading(session, acting, result, read, None, None)
    if is_first:
        return _settle(session, acting, draw, result, read, raises=True)
    return settle(session, acting, draw)


def read_again(session: Session, acting: Acting, draw: Draw, reason: str) -> Settled:
    """Read the governing result again, after prescriptions for its day changed, and settle the draw."""
    result = result_of(session, id_of(draw))
    if result is not None and result.outcome is not None:
        read = read_of(session, draw, result, findings_of(session, result.id))
        _keep_reading(session, acting, result, read, reading_of(session, result.id), reason)
        audit.record(
            session, acting, "result read again", participant_id=draw.participant_id, draw_id=draw.id, reason=reason
        )
    return settle(session, acting, draw, raises=False)


def _keep_reading(
    session: Session, acting: Acting, result: Result, read: Read, earlier: Reading | None, reason: str | None
) -> None:
    """Put on record how a result reads, unless that is what its earlier reading says, or nothing where it has none."""
    if read == _read_in(earlier):
        return
    session.add(
        Reading(
            result_id=id_of(result),
            expected=";".join(read.expected),
            unexpected=";".join(read.unexpected),
            absent=";".join(read.absent),
            reason=reason,
            recorded_at=acting.now,
            recorded_by=acting.account,
        )
    )
    session.flush()


def _read_in(reading: Reading | None) -> Read:
    if reading is None:
        return Read()
    return Read.from_text(reading.expected, reading.unexpected, reading.absent)


def settle(session: Session, acting: Acting, draw: Draw, *, raises: bool = True) -> Settled:
    """Bring a draw in line with its governing result: what it says, its evidence, and what is to be looked at.

    A positive of a past record is known to those who treat the participant: it raises nothing when it is corrected to
    another positive, nor, without `raises`, when it is read again.
    """
    result = result_of(session, id_of(draw))
    read = _read_in(reading_of(session, result.id) if result is not None else None)
    return _settle(session, acting, draw, result, read, raises=raises)


def _settle(
    session: Session, acting: Acting, draw: Draw, result: Result | None, read: Read, *, raises: bool
) -> Settled:
    was_positive = draw.outcome == Outcome.POSITIVE and not draw.expected
    draw.outcome = result.outcome if result is not None and draw.status == Status.COLLECTED else None
    draw.expected = draw.outcome == Outcome.POSITIVE and read.is_explained
    draw.late = result is not None and is_late(session, acting, draw, result)
    session.add(draw)
    session.flush()
    absent, tampering = read.absent if draw.outcome else (), _tampering(session, draw, result)
    if not absent and not tampering and evidence.is_quiet(session, draw):
        return Settled(read, None)
    is_positive = draw.outcome == Outcome.POSITIVE and not draw.expected
    if is_positive and draw.kind == Kind.IMPORTED and (was_positive or not raises):
        recommendation = weigh_again(session, acting, draw.participant_id)
    else:
        recommendation = evidence.follow(session, acting, draw)
    _ask_or_withdraw(session, acting, draw, About.UNEXPECTED_NEGATIVE, absent)
    _ask_or_withdraw(session, acting, draw, About.TAMPERED, tampering)
    decided = evidence.decided_on(session, draw)
    return Settled(read, recommendation, decided, lost_ground.open_for(session, draw) if decided else None)


def is_late(session: Session, acting: Acting, draw: Draw, result: Result) -> bool:
    """Whether a draw's specimen was given after its collection window had closed, as far as anybody said when."""
    if draw.outcome is None or result.collected_at is None:
        return False
    return result.collected_at >= window_closes(session, acting, draw)


def _tampering(session: Session, draw: Draw, result: Result | None) -> tuple[str, ...]:
    if draw.outcome is None or result is None or result.specimen_id is None:
        return ()
    from testing_tracker.services import specimens  # a nurse without measurements need not wait for the limits

    specimen = specimens.latest(session, result.specimen_id)
    if specimen.validity not in (Validity.SUBSTITUTED, Validity.ADULTERATED):
        return ()
    return (f"{specimen.validity}: {specimen.because}",)


def _ask_or_withdraw(session: Session, acting: Acting, draw: Draw, about: About, what: Sequence[str]) -> None:
    if what:
        reviews.ask(session, acting, draw, about, ", ".join(what))
    else:
        reviews.withdraw(session, acting, draw, about)
