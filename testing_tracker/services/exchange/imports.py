"""Imports: takes every good line of a spreadsheet and says of every bad one all that is wrong with it.

A reason names a line's own code, the addresses of cells and words of this program. The text of a cell is quoted only
where it cannot be a name: columns may have slipped.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.cell_faults import located
from testing_tracker.rules.exchange.csv_cells import read_day as read_a_day
from testing_tracker.rules.exchange.sheet import ImportedRow, Sheet, Unread
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.analytes import UnknownAnalyteError, Vocabulary
from testing_tracker.rules.words import Outcome
from testing_tracker.services.exchange.lost_zeros import LostZeros
from testing_tracker.services.testing.settling import RaisedRecommendation
from testing_tracker.store.work import Work

MOST_REFUSED = 100_000
_Word = TypeVar("_Word", bound=StrEnum)
_BETWEEN_ANALYTES = re.compile(r",(?=\s*[A-Za-z0-9-]*[A-Za-z])|\s+(?=[^\s=]+\s*=)")
_POSITIVE = ("p", "pos")
_NOT_IN_AN_OUTCOME = re.compile(r"\s*lab(?:oratory)?\b|.*[=#]", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Refused:
    """A line that was not taken, and why."""

    number: int
    reason: str
    raw: str


@dataclass
class ImportReport:
    """What an import did. `header` is the file's own, for writing the refused lines out again.

    `notes` are what a person should be told of lines that were taken, by the line's number. `lost_grounds` says by code
    whom a decision has moved that has lost its ground.
    """

    header: str = ""
    taken: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
    recommendations: list[RaisedRecommendation] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    lost_grounds: dict[str, str] = field(default_factory=dict)

    def refuse(self, line: ImportedRow | Unread, reason: object) -> None:
        """Refuse a line that was read but cannot be taken."""
        self.refused.append(Refused(line.number, str(reason), line.raw))

    def check_kind(self) -> None:
        """Raise TestingTrackerError where so many lines were refused that it is another kind of file."""
        if len(self.refused) > MOST_REFUSED:
            raise TestingTrackerError(
                f"More than {MOST_REFUSED:,} lines cannot be taken, so this is another kind of file. Nothing was "
                "imported."
            )

    def add(self, *, is_new: bool) -> None:
        """Count a good line."""
        self.taken += is_new
        self.unchanged += not is_new


def imported_rows(work: Work, sheet: Sheet, tally: ImportReport) -> Iterator[ImportedRow]:
    """The lines under the header; those that are no lines of such a file go to the tally as refused.

    A code that has lost its zeros stands in them as it is on record. Raises TestingTrackerError where too many lines
    are refused.
    """
    tally.header = sheet.table.raw_header
    zeros = LostZeros(work)
    for line in sheet.rows():
        if isinstance(line, Unread):
            tally.refuse(line, line.reason)
            tally.check_kind()
        elif not line.cells.get("participant", "")[:1].isdigit():
            tally.check_kind()
            yield line
        else:
            tally.check_kind()
            try:
                yield zeros.put_back(line, tally.notes)
            except TestingTrackerError as error:
                tally.refuse(line, located(line, ["participant"], str(error)))
    tally.notes += sheet.notes


@dataclass(frozen=True)
class CellCheck:
    """What some cells of a line have to pass by themselves: reading them raises TestingTrackerError if they do not.

    `words` are those of this program that may stand there.
    """

    columns: tuple[str, ...]
    read: Callable[[Mapping[str, str]], object]
    words: Sequence[str] = ()


def all_faults(line: ImportedRow, checks: Sequence[CellCheck], error: TestingTrackerError) -> str:
    """All that is wrong with a line that was refused, each with its cell; what it was refused for if that is no cell's.

    What needs several cells is looked at where each of them is right.
    """
    found: list[str] = []
    wrong: set[str] = set()
    for check in checks:
        if wrong.intersection(check.columns):
            continue
        try:
            check.read(line.cells)
        except TestingTrackerError as fault:
            wrong.update(check.columns)
            found.append(located(line, check.columns, str(fault), check.words))
    return "; ".join(found) or str(error)


def read_code(cell: str) -> str:
    """A participant's code. Raises TestingTrackerError, which leaves out what is none."""
    if not cell:
        raise TestingTrackerError("participant is empty")
    return check_code(cell)


def read_day(column: str, cell: str) -> date:
    """The day that a cell says. Raises TestingTrackerError."""
    try:
        return read_a_day(cell)
    except ValueError:
        said = "is not a date; write it like 2026-11-23" if cell else "is empty"
        raise TestingTrackerError(f"{column} {said}") from None


def read_word(column: str, cell: str, words: Sequence[_Word], letters: Mapping[str, _Word] | None = None) -> _Word:
    """One of these words, or of the letters that are typed for them. Raises TestingTrackerError, which lists them."""
    said = cell.casefold()
    for word in words:
        if said == word:
            return word
    if letters is not None and said in letters:
        return letters[said]
    raise TestingTrackerError(f"{column} {'is none of' if cell else 'is empty; write one of'} {', '.join(words)}")


@dataclass(frozen=True)
class SaidOutcome:
    """What a cell says of a test: the outcome, the analytes that it names beside it, and why it is invalid."""

    outcome: Outcome
    analytes: tuple[str, ...] = ()
    because: str | None = None


def read_outcome(vocabulary: Vocabulary, cell: str) -> SaidOutcome:
    """`negative`, `NEG`, `n`, `p:coc,fen` or `coc`, as in the log session. Raises TestingTrackerError."""
    said = cell.casefold()
    for word in Outcome:
        if said == word:
            return SaidOutcome(word)
    if said in _POSITIVE:
        return SaidOutcome(Outcome.POSITIVE)  # another column has what was found
    from testing_tracker.rules.testing.log_line import read_said

    entry = None
    if cell and not _NOT_IN_AN_OUTCOME.match(cell):
        try:
            entry = read_said(vocabulary, cell.replace(":", " ", 1))
        except TestingTrackerError:
            entry = None  # it quotes what was typed
    if entry is None or not isinstance(entry.what, Outcome):
        raise TestingTrackerError(f"outcome {'is none of' if cell else 'is empty; write one of'} {', '.join(Outcome)}")
    return SaidOutcome(entry.what, tuple(sorted(entry.analytes)), entry.because)


def parts_of(vocabulary: Vocabulary, cell: str) -> list[str]:
    """The analytes of a cell, each with its amount if it has one, between `;`, commas or blanks.

    What is known as it stands is not divided: `Opiates Screen, Urine` is one name.
    """
    found = []
    for part in filter(None, map(str.strip, cell.split(";"))):
        found += [part] if "=" not in part and _is_known(vocabulary, part) else _divided(vocabulary, part)
    return found


def _divided(vocabulary: Vocabulary, text: str) -> list[str]:
    found = []
    for part in filter(None, map(str.strip, _BETWEEN_ANALYTES.split(text))):
        words = part.split()
        is_list = (
            "=" not in part and not _is_known(vocabulary, part) and all(_is_known(vocabulary, one) for one in words)
        )
        found += words if is_list else [part]
    return found


def _is_known(vocabulary: Vocabulary, name: str) -> bool:
    try:
        return bool(vocabulary.named(name))
    except UnknownAnalyteError:
        return False


def read_analytes(vocabulary: Vocabulary, cell: str, column: str = "analytes") -> tuple[str, ...]:
    """The analytes of a cell by the vocabulary's names, in order. Raises TestingTrackerError."""
    return named(vocabulary, parts_of(vocabulary, cell), column) if cell else ()


def named(vocabulary: Vocabulary, names: Sequence[str], column: str) -> tuple[str, ...]:
    """The vocabulary's names for those of a cell. Raises TestingTrackerError."""
    found = set()
    for place, name in enumerate(names, start=1):
        try:
            found.add(vocabulary.named(name))
        except UnknownAnalyteError:
            which = f"{column} names one" if len(names) == 1 else f"number {place} of the {column} is one"
            raise TestingTrackerError(
                f"{which} that is not known; `testing-tracker analyte list` has them all"
            ) from None
    return tuple(sorted(found))


def check_analytes(outcome: Outcome | None, analytes: Sequence[str]) -> None:
    """Raise TestingTrackerError unless a positive, and nothing else, has analytes."""
    if outcome is Outcome.POSITIVE and not analytes:
        raise TestingTrackerError("a positive needs at least one analyte")
    if outcome is not Outcome.POSITIVE and analytes:
        raise TestingTrackerError(f"only a positive has analytes, and the outcome is {outcome or 'empty'}")
