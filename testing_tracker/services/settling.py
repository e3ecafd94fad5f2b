"""Settles a draw after its results, or the prescriptions they are read against, have changed.

What the draw says, its evidence, and what a clinician is asked to look at all follow from the result that governs and
its newest reading, and are brought in line here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.reading import Read
from testing_tracker.rules.words import About, Kind, Method, Outcome, Status, Validity
from testing_tracker.services import evidence, prescriptions, reviews
from testing_tracker.services.draws import window_closes
from testing_tracker.services.panels import test_of
from testing_tracker.services.weighing import weigh_again
from testing_tracker.store import audit
from testing_tracker.store.queries import findings_of, id_of, reading_of, result_of
from testing_tracker.store.tables import Draw, Finding, Reading, Recommendation, Result


@dataclass(frozen=True)
class Settled:
    """How the governing result reads, and the recommendation that settling raised, changed or withdrew."""

    read: Read
    recommendation: Recommendation | None

    @property
    def is_expected(self) -> bool:
        """Whether prescriptions explain all that was found."""
        return bool(self.read.expected) and not self.read.unexpected


def read_and_settle(session: Session, acting: Acting, draw: Draw, result: Result) -> Settled:
    """Read a result that was just written against the prescriptions of the draw's day, and settle the draw."""
    _write_reading(session, acting, draw, result, None)
    return settle(session, acting, draw)


def read_again(session: Session, acting: Acting, draw: Draw, reason: str) -> Settled:
    """Read the governing result again, after prescriptions for its day changed, and settle the draw."""
    result = result_of(session, id_of(draw))
    if result is not None and result.outcome is not None:
        _write_reading(session, acting, draw, result, reason)
        audit.record(
            session, acting, "result read again", participant_id=draw.participant_id, draw_id=draw.id, reason=reason
        )
    return settle(session, acting, draw, raises=False)


def _write_reading(session: Session, acting: Acting, draw: Draw, result: Result, reason: str | None) -> None:
    found = findings_of(session, result.id)
    read = Read((), (), ())
    if result.outcome in (Outcome.POSITIVE, Outcome.NEGATIVE):
        read = prescriptions.read_for(session, draw, found, _looked_for(session, draw, result))
    earlier = reading_of(session, result.id)
    if read == _read_of(earlier) and (earlier is not None or not any((read.expected, read.unexpected, read.absent))):
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


def _looked_for(session: Session, draw: Draw, result: Result) -> Sequence[str]:
    """A cup looks for its panel; a laboratory for what it reports on, found or not."""
    if result.method == Method.DEFINITIVE:
        return session.exec(
            select(Finding.analyte).where(Finding.result_id == result.id).order_by(col(Finding.id))
        ).all()
    return test_of(session, draw).panel


def _read_of(reading: Reading | None) -> Read:
    if reading is None:
        return Read((), (), ())
    return Read(_words(reading.expected), _words(reading.unexpected), _words(reading.absent))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(";")) if text else ()


def settle(session: Session, acting: Acting, draw: Draw, *, raises: bool = True) -> Settled:
    """Bring a draw in line with its governing result: what it says, its evidence, and what is to be looked at.

    A positive of a past record is known to those who treat the participant: it raises nothing when it is corrected to
    another positive, nor, without `raises`, when it is read again.
    """
    was_positive = draw.outcome == Outcome.POSITIVE and not draw.expected
    result = result_of(session, id_of(draw))
    read = _read_of(reading_of(session, result.id) if result is not None else None)
    draw.outcome = result.outcome if result is not None and draw.status == Status.COLLECTED else None
    settled = Settled(read, None)
    draw.expected = draw.outcome == Outcome.POSITIVE and settled.is_expected
    draw.late = result is not None and is_late(session, acting, draw, result)
    session.add(draw)
    session.flush()
    is_positive = draw.outcome == Outcome.POSITIVE and not draw.expected
    if is_positive and draw.kind == Kind.IMPORTED and (was_positive or not raises):
        recommendation = weigh_again(session, acting, draw.participant_id)
    else:
        recommendation = evidence.follow(session, acting, draw)
    _ask_or_withdraw(session, acting, draw, About.UNEXPECTED_NEGATIVE, read.absent if draw.outcome else ())
    _ask_or_withdraw(session, acting, draw, About.TAMPERED, _tampering(session, draw, result))
    return Settled(read, recommendation)


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
