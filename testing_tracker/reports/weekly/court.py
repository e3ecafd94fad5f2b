"""Gathers what a court is told of a week: of each participant how many tests, and what was found, each with its proof.

It has the least that answers a court's question: codes, counts, days and substances. Reasons, notes, prescriptions,
levels of care, schedules, recommendations and what the team wonders about are no part of it.

Of checking in it has one thing: whether the participant of a missed test had been told of it. Who is to hold a missed
test against somebody has to know that, and it speaks for people as often as against them. When and how often somebody
checked in, by which way and with which receipt is no part of it: a court asks about tests, and a day's attempts would
tell where somebody was and when they got up. Whoever wants to rely on a receipt has it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha256

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.reports.weekly.gather import Spool, WeeklyReport
from testing_tracker.reports.weekly.participants import IS_A_DRAW
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.check_in.counted import MissedHow
from testing_tracker.rules.reporting.tally import Tally
from testing_tracker.rules.words import Method, Outcome
from testing_tracker.services.deciding.positives import GoverningResult, positives_of, said_by
from testing_tracker.services.people.lookup import find_participant, record_with_code
from testing_tracker.store.queries import id_of, records_of_all
from testing_tracker.store.tables import Draw, Finding, Participant, Result
from testing_tracker.store.work import Work

_AT_A_TIME = 500


@dataclass(frozen=True)
class FoundInATest:
    """A substance that a test of the week found and that no prescription explains; None where none was named.

    `confirmed` by a laboratory, `lab` where it is known which, `entered_on` the day on which its word was recorded;
    else it is presumptive. `may_go_back_to` are the days of earlier tests that may have found the same use.
    """

    test_of: date
    test_id: int
    substance: str | None
    confirmed: bool
    lab: str | None = None
    entered_on: date | None = None
    may_go_back_to: list[date] = field(default_factory=list)


@dataclass(frozen=True)
class ToldOfOne:
    """What a court is told of a participant.

    `missed` says of the missed tests what they had been told; None where nobody was asked to check in that week.
    """

    participant: str
    participant_id: int
    tally: Tally
    found: list[FoundInATest]
    missed: Mapping[MissedHow, int] | None = None

    @property
    def confirmed(self) -> list[FoundInATest]:
        return [one for one in self.found if one.confirmed]

    @property
    def presumptive(self) -> list[FoundInATest]:
        return [one for one in self.found if not one.confirmed]

    @property
    def still_to_come(self) -> int:
        """The tests whose day is not over, or today's."""
        return self.tally.outstanding - self.tally.unrecorded

    @property
    def without_result(self) -> int:
        """The specimens that were given and whose result is still to come."""
        return self.tally.collected - self.tally.negative - self.tally.positive - self.tally.invalid


@dataclass(frozen=True)
class ToldToCourt:
    """What a court is told of a week, by code; `picked`: of those only who were asked for, not of everybody.

    `digest` is of all that is told, in hexadecimal: two pages that have the same one say the same.
    """

    people: Spool[ToldOfOne]
    picked: bool
    digest: str


def told_to_court(work: Work, report: WeeklyReport, codes: Sequence[str] = ()) -> ToldToCourt:
    """What a court is told of some participants, or of everybody in a week's report.

    Raises TestingTrackerError for a code that nobody has, and for one whose record is not in the week.
    """
    numbers = _numbers(work, codes)
    digest = sha256(_as_bytes(_facts(report)))
    people = Spool(_people(work, report, numbers), lambda one: digest.update(_as_bytes(_told_in_all(one))))
    present = {one.participant_id for one in people} if numbers else set()
    missing = [code for number, code in numbers.items() if number not in present]
    if missing:
        raise TestingTrackerError(
            f"Not in the report of {report.week}: {', '.join(missing)}. Not enrolled in that week, and no test was "
            "due. Leave such a code out, or give another --week."
        )
    return ToldToCourt(people, picked=bool(numbers), digest=digest.hexdigest())


def _told_in_all(one: ToldOfOne) -> dict[str, object]:
    """All that is told of a participant; where nobody was asked to check in, what it was before anybody could be."""
    return {name: value for name, value in asdict(one).items() if name != "missed" or value is not None}


def _facts(report: WeeklyReport) -> dict[str, object]:
    """What the page says beside the participants' lines."""
    week = report.check_in
    of_check_in = {"at_fault": week.days_at_fault} if week is not None else {}
    return of_check_in | {
        "facility": report.first_name,
        "week": report.week,
        "is_closed": report.is_closed,
        "gaps": report.gaps,
        "closed": [one.day for one in report.closed],
        "questions": [(one.closed.first_day, one.closed.day) for one in report.questions],
    }


def _as_bytes(fact: object) -> bytes:
    return json.dumps(fact, default=str, sort_keys=True).encode()


def _numbers(work: Work, codes: Iterable[str]) -> dict[int, str]:
    """The participants that were picked, by id, each with the code as it is on record."""
    found = {}
    for code in codes:
        # The line of a record that was joined into another one is still in the reports of its weeks.
        participant = record_with_code(work, code) or find_participant(work, code)
        found[id_of(participant)] = participant.code
    return found


def _people(work: Work, report: WeeklyReport, numbers: dict[int, str]) -> Iterator[ToldOfOne]:
    picked = set(numbers.values())
    page: list[tuple[str, Tally]] = []
    for line in report.participants:
        if picked and line.participant not in picked:
            continue
        page.append((line.participant, line.tally))
        if len(page) == _AT_A_TIME:
            yield from _told(work, report, page)
            page = []
    yield from _told(work, report, page)


def _told(work: Work, report: WeeklyReport, page: Sequence[tuple[str, Tally]]) -> Iterator[ToldOfOne]:
    number_of = dict(
        work.session.exec(
            select(Participant.code, Participant.id).where(
                Participant.facility_id == work.facility_id, col(Participant.code).in_([code for code, _ in page])
            )
        ).all()
    )
    positive = [number for code, tally in page if tally.positive and (number := number_of[code]) is not None]
    found = _found(work, report.week, positive) if positive else {}
    for code, tally in page:
        number = number_of[code]
        assert number is not None, "a row that is on record has an id"
        missed = report.check_in.missed_of(number) if report.check_in is not None else None
        yield ToldOfOne(code, number, tally, found.get(number, []), missed)


def _found(work: Work, week: Week, people: list[int]) -> dict[int, list[FoundInATest]]:
    """What the week's tests of some participants found, by participant, the earliest test first."""
    session = work.session
    of_week = IS_A_DRAW & col(Draw.due_on).between(week.monday, week.sunday) & col(Draw.participant_id).in_(people)
    which = of_week & (col(Draw.outcome) == Outcome.POSITIVE) & ~col(Draw.expected)
    same_uses = positives_of(work, col(Draw.participant_id).in_(records_of_all(session, people))).same_uses
    laboratories = _laboratories(session, which)
    found: dict[int, list[FoundInATest]] = {}
    said = sorted(said_by(session, which).values(), key=lambda one: (one.draw.due_on, id_of(one.draw)))
    for one in said:
        days = [earlier.on for earlier in same_uses.get(id_of(one.draw), ())]
        found.setdefault(one.draw.participant_id, []).extend(_of_a_test(work, one, laboratories, days))
    return found


@dataclass(frozen=True)
class _Laboratories:
    """What laboratories said of some draws: their results by draw, oldest first, and what each result found."""

    results: Mapping[int, Sequence[Result]]
    found: Mapping[int, Collection[str]]


def _laboratories(session: Session, which: ColumnElement[bool]) -> _Laboratories:
    condition = which & (col(Result.method) == Method.DEFINITIVE)
    results: dict[int, list[Result]] = {}
    query = select(Result).join(Draw, col(Draw.id) == Result.draw_id).where(condition).order_by(col(Result.id))
    for result in session.exec(query):
        results.setdefault(result.draw_id, []).append(result)
    numbers = select(Result.id).join(Draw, col(Draw.id) == Result.draw_id).where(condition)
    found: dict[int, set[str]] = {}
    findings = select(Finding.result_id, Finding.analyte).where(col(Finding.result_id).in_(numbers), col(Finding.found))
    for number, analyte in session.exec(findings):
        found.setdefault(number, set()).add(analyte)
    return _Laboratories(results, found)


def _of_a_test(
    work: Work, said: GoverningResult, laboratories: _Laboratories, days: list[date]
) -> Iterator[FoundInATest]:
    day, number = said.draw.due_on, id_of(said.draw)
    names: tuple[str | None, ...] = said.unexpected or (None,)
    for name in names:
        is_confirmed = name in said.confirmed if name is not None else said.method is Method.DEFINITIVE
        if is_confirmed:
            proof = _proof(laboratories, number, name)
            entered_on = proof.recorded_at.astimezone(work.zone).date()
            yield FoundInATest(day, number, name, True, proof.lab, entered_on, days)
        else:
            yield FoundInATest(day, number, name, False, may_go_back_to=days)


def _proof(laboratories: _Laboratories, draw_id: int, substance: str | None) -> Result:
    """The laboratory's result that a finding is from.

    A further result of a laboratory keeps what the ones before it found; those it only adds to speak for themselves.
    """
    results = {id_of(one): one for one in laboratories.results[draw_id]}
    replaced = {one.replaces_id for one in results.values()}
    counts = next(one for number, one in results.items() if number not in replaced)
    while counts.reason is None and counts.replaces_id is not None:
        before = results[counts.replaces_id]
        if before.outcome is None or (substance or "") not in laboratories.found.get(id_of(before), ()):
            break
        counts = before
    return counts
