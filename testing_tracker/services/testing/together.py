"""What the results of a draw say together, from what is on record of them."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from testing_tracker.rules.testing.governing import Together, Word, together
from testing_tracker.rules.testing.interpretation import Read
from testing_tracker.rules.words import Method, Outcome
from testing_tracker.services.testing import prescriptions
from testing_tracker.store.queries import findings_of, id_of, result_of, standing_result
from testing_tracker.store.tables import Draw, Finding, Result, Specimen


@dataclass(frozen=True)
class Said:
    """What the results of a draw say together: the row that governs, and how it reads with what it did not look at."""

    result: Result
    together: Together
    read: Read

    @property
    def outcome(self) -> Outcome:
        return self.together.outcome

    @property
    def other_outcome(self) -> Outcome | None:
        """The outcome where it is another one than the governing result's own."""
        return None if self.outcome == self.result.outcome else self.outcome


def said_together(session: Session, draw: Draw) -> Said | None:
    """What the results of a draw say together, read against the prescriptions of its day; None where none counts."""
    result = result_of(session, id_of(draw))
    if result is None or result.outcome is None:
        return None
    both = words_together(session, draw, result)
    read = Read()
    if both.outcome is not Outcome.INVALID:
        read = prescriptions.read_for(session, draw, sorted(both.found), sorted(both.looked_for))
    return Said(result, both, read)


def words_together(session: Session, draw: Draw, result: Result) -> Together:
    """What the governing result of a draw says together with the other one, if there is any."""
    other = result if result.method == Method.PRESUMPTIVE else _presumptive(session, draw)
    definitive = result if result.method == Method.DEFINITIVE else None
    both = together(
        _word(session, draw, other) if other is not None else None,
        _word(session, draw, definitive) if definitive is not None else None,
    )
    assert both is not None, "the governing result has an outcome"
    return both


def _presumptive(session: Session, draw: Draw) -> Result | None:
    result = standing_result(session, id_of(draw), Method.PRESUMPTIVE)
    return result if result is not None and result.outcome is not None else None


def _word(session: Session, draw: Draw, result: Result) -> Word:
    return Word(
        outcome=Outcome(result.outcome or ""),
        found=frozenset(findings_of(session, result.id)),
        looked_for=frozenset(prescriptions.looked_for_in(session, draw, result)),
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
