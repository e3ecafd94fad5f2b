"""Reads what tests found, for the recommendations: only what prescriptions do not explain counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from testing_tracker.rules.testing.carry_over import Found, same_uses
from testing_tracker.rules.words import Method, Outcome
from testing_tracker.services.schedules.versions import rule_of_draw
from testing_tracker.store.queries import governs, id_of, may_be_positive, persons_of
from testing_tracker.store.tables import Draw, Finding, Reading, Result, Specimen
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class GoverningResult:
    """What the results of a draw say together. `expected` are the analytes that prescriptions explain.

    `confirmed` are those that the definitive result found. `method` is definitive where that result speaks for all that
    is said. `is_answered`: no further word of a laboratory is awaited; `is_beside`: one has said something.
    """

    draw: Draw
    outcome: Outcome
    method: Method
    unexpected: tuple[str, ...]
    expected: tuple[str, ...]
    specimen_id: int | None
    confirmed: frozenset[str] = frozenset()
    is_answered: bool = False
    is_beside: bool = False

    @property
    def presumptive(self) -> tuple[str, ...]:
        """The analytes that count and that no definitive result has confirmed."""
        return tuple(analyte for analyte in self.unexpected if analyte not in self.confirmed)

    @property
    def left(self) -> tuple[str, ...]:
        """All that was found and that no definitive result has confirmed, whether prescriptions explain it or not."""
        return tuple(sorted(analyte for analyte in (*self.unexpected, *self.expected) if analyte not in self.confirmed))

    @property
    def is_positive(self) -> bool:
        """Whether it found anything that counts."""
        return self.outcome is Outcome.POSITIVE and bool(self.unexpected)


def said_by(session: Session, which: ColumnElement[bool]) -> dict[int, GoverningResult]:
    """What the results of some draws say, by draw; one without result, or whose result was taken back, is left out."""
    condition = (which, governs(), col(Result.outcome).is_not(None))
    rows = session.exec(select(Draw, Result).join(Result, col(Result.draw_id) == Draw.id).where(*condition)).all()
    if not rows:
        return {}
    results = select(Result.id).join(Draw, col(Draw.id) == Result.draw_id).where(*condition)
    readings = {
        reading.result_id: reading
        for reading in session.exec(
            select(Reading).where(col(Reading.result_id).in_(results)).order_by(col(Reading.id))  # the newest is last
        )
    }
    findings: dict[int, list[str]] = {}
    for result_id, analyte in session.exec(
        select(Finding.result_id, Finding.analyte)
        .where(col(Finding.result_id).in_(results), col(Finding.found))
        .order_by(Finding.analyte)
    ):
        findings.setdefault(result_id, []).append(analyte)
    said = {}
    for draw, result in rows:
        found = tuple(findings.get(id_of(result), ()))
        reading = readings.get(id_of(result))
        said[id_of(draw)] = _said(draw, result, found, reading)
    return said


def _said(draw: Draw, result: Result, found: tuple[str, ...], reading: Reading | None) -> GoverningResult:
    unexpected = found if reading is None else _words(reading.unexpected)
    expected = () if reading is None else _words(reading.expected)
    is_definitive = result.method == Method.DEFINITIVE
    confirmed = frozenset(found) if is_definitive else frozenset()
    speaks = is_definitive and not (reading is not None and reading.outcome and result.outcome == Outcome.INVALID)
    return GoverningResult(
        draw=draw,
        outcome=Outcome((reading.outcome if reading is not None else None) or result.outcome or ""),
        method=Method.DEFINITIVE if speaks and confirmed.issuperset((*unexpected, *expected)) else Method.PRESUMPTIVE,
        unexpected=unexpected,
        expected=expected,
        specimen_id=result.specimen_id,
        confirmed=confirmed,
        is_beside=is_definitive,
        is_answered=speaks and confirmed.issuperset(unexpected),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(";")) if text else ()


@dataclass(frozen=True)
class Positives:
    """The positive tests of some participants that count, by draw, and which of them may show no new use.

    `same_uses` has the earlier tests that each of those may go back to, and `people` whose record goes on for each
    record that was joined into another one.
    """

    tests: dict[int, GoverningResult]
    same_uses: dict[int, tuple[Found, ...]]
    people: Mapping[int, int] = field(default_factory=dict)

    def in_full(self, participant_id: int) -> list[Draw]:
        """A participant's positive draws that show a use of their own."""
        person = self.people.get(participant_id, participant_id)
        return [
            said.draw
            for identity, said in self.tests.items()
            if self.people.get(said.draw.participant_id, said.draw.participant_id) == person
            and identity not in self.same_uses
        ]


def positives_of(work: Work, which: ColumnElement[bool]) -> Positives:
    """The positives among all draws of some participants; `which` says whose, by `Draw.participant_id`."""
    said_of = said_by(work.session, which & may_be_positive())
    tests = {identity: said for identity, said in said_of.items() if said.is_positive}
    by_participant: dict[int, list[Found]] = {}
    collected: dict[int, str] = {}
    people = persons_of(work.session, {said.draw.participant_id for said in tests.values()})
    for said in tests.values():
        person = people.get(said.draw.participant_id, said.draw.participant_id)
        by_participant.setdefault(person, []).append(_found(work, said, collected))
    carried_over: dict[int, tuple[Found, ...]] = {}
    for of_person in by_participant.values():
        carried_over |= same_uses(work.vocabulary, of_person)
    return Positives(tests, carried_over, people)


def _found(work: Work, said: GoverningResult, collected: dict[int, str]) -> Found:
    """What a positive found, with the windows of detection in what was collected: as its specimen says, or its rule.

    `collected` keeps what each schedule version collects, from one call to the next.
    """
    version_id = said.draw.schedule_version_id
    if said.specimen_id is not None:
        specimen = work.session.get_one(Specimen, said.specimen_id).kind
    elif version_id in collected:
        specimen = collected[version_id]
    else:
        specimen = rule_of_draw(work, said.draw).collection.specimen
        if version_id is not None:
            collected[version_id] = specimen
    windows = {analyte: work.vocabulary.longest_window_days(analyte, specimen) for analyte in said.unexpected}
    return Found(id_of(said.draw), said.draw.due_on, windows)
