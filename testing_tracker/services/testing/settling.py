"""What the results of a draw say together, and settling the draw by it when they or prescriptions have changed.

What the draw says, its evidence, and what a clinician is asked to look at all follow from the result that governs and
its newest reading, and are brought in line here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from sqlmodel import Session, col, select

from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.schedules.schedule import TestingRule
from testing_tracker.rules.testing.interpretation import Interpretation
from testing_tracker.rules.testing.settling import ResultAsRead, Statement, Together, together, what_a_draw_says
from testing_tracker.rules.words import DrawKind, Method, Outcome, RecommendationStatus, ReviewReason, Status, Validity
from testing_tracker.services.deciding import evidence, reviews
from testing_tracker.services.deciding.case import decided_on
from testing_tracker.services.testing import prescriptions
from testing_tracker.services.testing.draws import window_closes
from testing_tracker.store.queries import findings_of, id_of, newest_specimen, reading_of, result_of, standing_result
from testing_tracker.store.tables import AuditEntry, Draw, Finding, Reading, Recommendation, Result, Specimen
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class Settled:
    """How the governing result reads, and the recommendation that settling raised, changed or withdrew.

    `decided` are the recommendations, by number, that a clinician decided on with the draw as evidence; `lost` says
    whom one of them moved that has no ground in the draw any more. `presumptive` is what a cup found and the definitive
    result beside it did not look at.
    """

    read: Interpretation
    recommendation: Recommendation | None
    decided: Sequence[int] = ()
    presumptive: Sequence[str] = ()
    lost: str | None = None

    @property
    def is_expected(self) -> bool:
        """Whether prescriptions explain all that was found."""
        return self.read.is_explained


@dataclass(frozen=True)
class RaisedRecommendation:
    """A recommendation that an act has raised, changed or withdrawn, as it stood then."""

    number: int
    participant: str
    status: RecommendationStatus
    reason: str

    @classmethod
    def of(cls, participant: str, changed: Recommendation) -> Self:
        """The recommendation as it stands now, with its participant's code."""
        return cls(id_of(changed), participant, RecommendationStatus(changed.status), changed.reason)

    @classmethod
    def of_changed(cls, participant: str, changed: Recommendation | None) -> Self | None:
        """The recommendation as `of` has it; None where an act has changed none."""
        return cls.of(participant, changed) if changed is not None else None


def interpretation_of(work: Work, draw: Draw, result: Result, found: Sequence[str]) -> Interpretation:
    """A result with these findings as it reads against the prescriptions of the draw's day."""
    if result.outcome not in (Outcome.POSITIVE, Outcome.NEGATIVE):
        return Interpretation()
    return prescriptions.read_for(work, draw, found, prescriptions.looked_for_in(work, draw, result))


def bring_in_line_with(work: Work, draw: Draw, result: Result, read: Interpretation, *, is_first: bool) -> Settled:
    """Keep how a result that was just written reads, and settle the draw.

    `is_first`: there was no other of the draw before, so this one governs.
    """
    if is_first:
        _keep_reading(work, result, read, None, None)
        return _settle(work, draw, result, read, raises=True)
    governing = result_of(work.session, id_of(draw))
    if governing is None or governing.id != result.id:
        _keep_reading(work, result, read, None, None)  # it may govern later
    left = _read_together(work, draw, None)
    return replace(bring_in_line(work, draw), presumptive=left)


def read_restored(work: Work, draw: Draw, results: Sequence[Result]) -> None:
    """Results of a draw that count again are read as when they were written, before the draw is settled by them."""
    governing = result_of(work.session, id_of(draw))
    for result in results:
        if governing is None or governing.id != result.id:
            found = findings_of(work.session, result.id)
            _keep_reading(work, result, interpretation_of(work, draw, result, found), None, None)
    if results:
        _read_together(work, draw, None)


def interpret_again(work: Work, draw: Draw, reason: str) -> Settled:
    """Read the governing result again, after prescriptions for its day changed, and settle the draw."""
    result = result_of(work.session, id_of(draw))
    if result is not None and result.outcome is not None:
        _read_together(work, draw, reason)
        work.on_record(Act.RESULT_READ_AGAIN, draw=draw, reason=reason)
    return bring_in_line(work, draw, raises=False)


def _read_together(work: Work, draw: Draw, reason: str | None) -> Sequence[str]:
    """Keep how the governing result reads together with what it did not look at; what of that a cup had found."""
    said = said_together(work, draw)
    if said is None:
        return ()
    earlier = reading_of(work.session, said.result.id)
    _keep_reading(work, said.result, said.read, earlier, reason, said.other_outcome)
    return sorted(said.together.presumptive) if said.result.method == Method.DEFINITIVE else ()


def _keep_up(work: Work, draw: Draw, result: Result) -> None:
    """Read a definitive result again where what a cup says beside it has changed; prescriptions change nothing here."""
    reading = reading_of(work.session, result.id)
    if reading is None and beside(work.session, result) is None:
        return
    both, read = words_together(work, draw, result), _read_in(reading)
    outcome = reading.outcome if reading is not None and reading.outcome else result.outcome
    if both.outcome != outcome or both.found != {*read.expected, *read.unexpected}:
        _read_together(work, draw, "what the cup says beside it has changed")


def _keep_reading(
    work: Work,
    result: Result,
    read: Interpretation,
    earlier: Reading | None,
    reason: str | None,
    outcome: Outcome | None = None,
) -> None:
    """Put on record how a result reads, unless that is what its earlier reading says, or nothing where it has none."""
    if read == _read_in(earlier) and outcome == (earlier.outcome if earlier is not None else None):
        return
    work.write(
        Reading(
            result_id=id_of(result),
            expected=";".join(read.expected),
            unexpected=";".join(read.unexpected),
            absent=";".join(read.absent),
            reason=reason,
            outcome=outcome,
        )
    )


def _read_in(reading: Reading | None) -> Interpretation:
    if reading is None:
        return Interpretation()
    return Interpretation.from_text(reading.expected, reading.unexpected, reading.absent)


def bring_in_line(work: Work, draw: Draw, *, raises: bool = True) -> Settled:
    """Bring a draw in line with its governing result: what it says, its evidence, and what is to be looked at.

    A positive of a past record is known to those who treat the participant: it raises nothing when it is corrected to
    another positive, nor, without `raises`, when it is read again.
    """
    result = result_of(work.session, id_of(draw))
    if result is not None and result.method == Method.DEFINITIVE and result.outcome is not None:
        _keep_up(work, draw, result)
    reading = reading_of(work.session, result.id) if result is not None else None
    outcome = Outcome(reading.outcome) if reading is not None and reading.outcome else None
    return _settle(work, draw, result, _read_in(reading), raises=raises, outcome=outcome)


def _settle(
    work: Work, draw: Draw, result: Result | None, read: Interpretation, *, raises: bool, outcome: Outcome | None = None
) -> Settled:
    """`outcome` is what the draw's results say together, where that is not what the governing one says."""
    was_positive = draw.outcome == Outcome.POSITIVE and not draw.expected
    results = _as_read(work.session, result, read, outcome)
    closes = window_of(work, draw, results)
    draw.outcome, draw.expected, draw.late = what_a_draw_says(Status(draw.status), draw.because, results, closes)
    work.write(draw)
    absent, tampering = read.absent if draw.outcome else (), _tampering(work.session, draw, result)
    if not absent and not tampering and evidence.is_quiet(work, draw):
        return Settled(read, None)
    is_positive = draw.outcome == Outcome.POSITIVE and not draw.expected
    is_known = is_positive and draw.kind == DrawKind.IMPORTED and (was_positive or not raises)
    recommendation = evidence.bring_in_line(work, draw.participant_id, [] if is_known else [draw])
    _ask_or_withdraw(work, draw, ReviewReason.UNEXPECTED_NEGATIVE, absent)
    _ask_or_withdraw(work, draw, ReviewReason.TAMPERED, tampering)
    decided = decided_on(work.session, draw)
    return Settled(read, recommendation, decided, lost=reviews.lost_ground_of(work.session, draw) if decided else None)


def _as_read(
    session: Session, result: Result | None, read: Interpretation, together_say: Outcome | None
) -> list[ResultAsRead]:
    """The governing result of a draw, and the cup beside it where that has to say when the specimen was given."""
    if result is None:
        return []
    outcome = Outcome(result.outcome) if result.outcome else None
    governing = ResultAsRead(Method(result.method), outcome, together_say, read.is_explained, result.collected_at)
    if governing.collected_at is not None or governing.method is Method.PRESUMPTIVE:
        return [governing]
    cup = beside(session, result)
    if cup is None or not cup.outcome:
        return [governing]
    return [governing, ResultAsRead(Method.PRESUMPTIVE, Outcome(cup.outcome), collected_at=cup.collected_at)]


def window_of(
    work: Work, draw: Draw, results: Sequence[ResultAsRead], rule: TestingRule | None = None
) -> datetime | None:
    """The instant from which a draw's specimen, given when its results say, could not be given any more.

    By the draw's own rule unless one is given. None where nobody said when it was given, and where the test was put on
    record after its day, because it was taken elsewhere: no window of ours was for it.
    """
    if all(result.collected_at is None for result in results) or _was_recorded_later(work.session, draw):
        return None
    return window_closes(work, draw, rule)


def _was_recorded_later(session: Session, draw: Draw) -> bool:
    if draw.kind != DrawKind.FOR_CAUSE:
        return False
    entry = select(AuditEntry.id).where(AuditEntry.draw_id == draw.id, AuditEntry.act == Act.DRAW_RECORD)
    return session.exec(entry.limit(1)).first() is not None


def _tampering(session: Session, draw: Draw, result: Result | None) -> tuple[str, ...]:
    if draw.outcome is None or result is None:
        return ()
    if result.method == Method.PRESUMPTIVE and result.specimen_id is None:
        return ()

    found = [newest_specimen(session, id_of(one)) for one in specimens_of(session, result)]
    said = [
        f"{one.validity}: {one.because}"
        for one in found
        if one.validity in (Validity.SUBSTITUTED, Validity.ADULTERATED)
    ]
    return tuple(dict.fromkeys(said))


def _ask_or_withdraw(work: Work, draw: Draw, about: ReviewReason, what: Sequence[str]) -> None:
    if what:
        reviews.ask(work, draw, about, ", ".join(what))
    else:
        reviews.withdraw(work, draw, about)


@dataclass(frozen=True)
class SaidTogether:
    """What the results of a draw say together: the row that governs, and how it reads with what it did not look at."""

    result: Result
    together: Together
    read: Interpretation

    @property
    def outcome(self) -> Outcome:
        return self.together.outcome

    @property
    def other_outcome(self) -> Outcome | None:
        """The outcome where it is another one than the governing result's own."""
        return None if self.outcome == self.result.outcome else self.outcome


def said_together(work: Work, draw: Draw) -> SaidTogether | None:
    """What the results of a draw say together, read against the prescriptions of its day; None where none counts."""
    result = result_of(work.session, id_of(draw))
    if result is None or result.outcome is None:
        return None
    both = words_together(work, draw, result)
    read = Interpretation()
    if both.outcome is not Outcome.INVALID:
        read = prescriptions.read_for(work, draw, sorted(both.found), sorted(both.looked_for))
    return SaidTogether(result, both, read)


def words_together(work: Work, draw: Draw, result: Result) -> Together:
    """What the governing result of a draw says together with the other one, if there is any."""
    other = result if result.method == Method.PRESUMPTIVE else _presumptive(work.session, draw)
    definitive = result if result.method == Method.DEFINITIVE else None
    both = together(
        work.vocabulary,
        _word(work, draw, other) if other is not None else None,
        _word(work, draw, definitive) if definitive is not None else None,
    )
    assert both is not None, "the governing result has an outcome"
    return both


def _presumptive(session: Session, draw: Draw) -> Result | None:
    result = standing_result(session, id_of(draw), Method.PRESUMPTIVE)
    return result if result is not None and result.outcome is not None else None


def _word(work: Work, draw: Draw, result: Result) -> Statement:
    return Statement(
        outcome=Outcome(result.outcome or ""),
        found=frozenset(findings_of(work.session, result.id)),
        looked_for=frozenset(prescriptions.looked_for_in(work, draw, result)),
    )


def beside(session: Session, result: Result) -> Result | None:
    """The result by the other method that stands beside one, with an outcome; None where there is none."""
    other = Method.PRESUMPTIVE if result.method == Method.DEFINITIVE else Method.DEFINITIVE
    found = standing_result(session, result.draw_id, other)
    return found if found is not None and found.outcome is not None else None


def named_in(session: Session, result: Result) -> frozenset[str]:
    """Every analyte that a result names: found, measured or looked for."""
    return frozenset(session.exec(select(Finding.analyte).where(col(Finding.result_id) == result.id)))


def specimens_of(session: Session, result: Result) -> list[Specimen]:
    """The specimens that the results of a draw were had from, as they are kept with the governing one and the other."""
    rows = [result, beside(session, result)]
    numbers = dict.fromkeys(row.specimen_id for row in rows if row is not None and row.specimen_id is not None)
    return [session.get_one(Specimen, number) for number in numbers]
