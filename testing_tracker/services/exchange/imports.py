"""Imports: takes every good line of a CSV file and says of every bad one what is wrong.

A reason names a line's own code and words of this program, never the text of a cell: columns may have slipped, and
the text may be a name.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.csv_cells import read_day as read_a_day
from testing_tracker.rules.exchange.csv_cells import unprotected
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.analytes import UnknownAnalyteError, Vocabulary
from testing_tracker.rules.words import Outcome
from testing_tracker.services.testing.settling import RaisedRecommendation

MOST_REFUSED = 100_000
_NOT_CSV = "this is not proper CSV: a quotation mark is missing or out of place"
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True)
class ImportedRow:
    """A line with the right number of cells: the cells by column, and the text as it stands in the file."""

    number: int
    cells: Mapping[str, str]
    raw: str


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

    def refuse(self, line: ImportedRow, reason: object) -> None:
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


def imported_rows(
    lines: Iterable[str], columns: Sequence[str], optional: Sequence[str], tally: ImportReport
) -> Iterator[ImportedRow]:
    """The lines under the header; those that are no lines of such a file go to the tally as refused.

    The columns may stand in any order. Raises TestingTrackerError when the header is another one, because then no
    line can be understood.
    """
    source = _Source(lines)
    reader = csv.reader(source, strict=True, skipinitialspace=True)
    header: list[str] = []
    while True:
        tally.check_kind()
        source.taken = []
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            cells = [_NOT_CSV]
            reason = _NOT_CSV
        else:
            reason = f"the line has {len(cells)} cells, the header has {len(header)}"
            if not any(cell.strip() for cell in cells):
                continue
        if not header:
            header = _read_header(cells, columns, optional)
            tally.header = "".join(source.taken)
        elif reason is _NOT_CSV or len(cells) != len(header):
            # A stray quotation mark swallows the lines after it; they may be good ones.
            source.give_back_all_but_first()
            tally.refused.append(Refused(source.number, reason, source.taken[0]))
        else:
            by_column = {column: unprotected(cell.strip()).strip() for column, cell in zip(header, cells, strict=True)}
            yield ImportedRow(source.number - len(source.taken) + 1, by_column, "".join(source.taken))
    if not header:
        raise _wrong_header(columns, optional)


class _Source:
    """The lines of the text, numbered, of which those that were read last can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._given_back: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else next(self._lines)
        self.number += 1
        self.taken.append(line)
        return line

    def give_back_all_but_first(self) -> None:
        rest = self.taken[1:]
        self._given_back.extendleft(reversed(rest))
        self.number -= len(rest)
        del self.taken[1:]


def _read_header(cells: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> list[str]:
    header = [cell.strip().casefold() for cell in cells]
    known = {*columns, *optional}
    if not set(columns) <= set(header) <= known or len(set(header)) != len(header):
        raise _wrong_header(columns, optional)
    return header


def _wrong_header(columns: Sequence[str], optional: Sequence[str]) -> TestingTrackerError:
    also = f", and may also name {', '.join(optional)}" if optional else ""
    return TestingTrackerError(
        f"The file must begin with a line that names its columns {','.join(columns)}, separated by commas{also}. "
        "Nothing was changed."
    )


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


def read_word(column: str, cell: str, words: Sequence[_Word]) -> _Word:
    """One of these words. Raises TestingTrackerError, which lists them."""
    for word in words:
        if cell.casefold() == word:
            return word
    said = "is empty; write one of" if not cell else "is none of"
    raise TestingTrackerError(f"{column} {said} {', '.join(words)}")


def read_analytes(vocabulary: Vocabulary, cell: str, column: str = "analytes") -> tuple[str, ...]:
    """The analytes of a `;`-separated cell by the vocabulary's names, in order. Raises TestingTrackerError."""
    found = set()
    names = [name.strip() for name in cell.split(";")]
    for place, name in enumerate(names, start=1):
        try:
            if name:
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
