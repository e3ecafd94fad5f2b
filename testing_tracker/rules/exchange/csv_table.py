"""The lines of a csv file, whatever stands between its cells, each with its number and its own text."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from testing_tracker.rules.exchange.csv_cells import is_formula, protected, rows_to
from testing_tracker.rules.exchange.header import MOST_ABOVE, Candidate
from testing_tracker.rules.watched import Advance

NOT_CSV = "this is not proper CSV: a quotation mark is missing or out of place"
DELIMITERS = (",", ";", "\t")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_LONGEST_HEADER, _MOST_LINES_OF_A_HEADER = 20_000, 5
Line = tuple[int, Sequence[str] | str, str]  # number, cells or what is wrong with the line, its text


@dataclass(frozen=True)
class TableStart:
    """Where the lines below a header begin, how many lines are above that, and what stands between cells."""

    delimiter: str
    offset: int
    number: int
    raw: str


def candidates(text: str) -> Iterator[Candidate[TableStart]]:
    """The first lines of a file, each read in every way that it may have been written."""
    found = [match[0] for match in islice(_LINE.finditer(text), MOST_ABOVE + _MOST_LINES_OF_A_HEADER)]
    offset = 0
    for number, line in enumerate(found[:MOST_ABOVE], start=1):
        following = found[number - 1 : number - 1 + _MOST_LINES_OF_A_HEADER]
        if len(line) <= _LONGEST_HEADER:
            for delimiter in DELIMITERS:
                yield from _read(number, offset, following, delimiter)
        offset += len(line)


def _read(number: int, offset: int, following: Sequence[str], delimiter: str) -> Iterator[Candidate[TableStart]]:
    reader = csv.reader(iter(following), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        cells = next(reader)
    except (csv.Error, StopIteration):
        return
    raw = "".join(following[: reader.line_num])
    yield Candidate(number, cells, TableStart(delimiter, offset + len(raw), number + reader.line_num, raw))


class CsvTable:
    """The lines below a csv file's header, which has so many cells. They can be read more than once."""

    def __init__(self, text: str, place: TableStart, width: int) -> None:
        self.text = text
        self.place = place
        self._width = width

    @property
    def raw_header(self) -> str:
        """The header as it stands."""
        return self.place.raw

    @property
    def size(self) -> int:
        """How many parts there are to advance by."""
        return len(self.text)

    def lines(self, advance: Advance) -> Iterator[Line]:
        """Each line that says something. `advance` is told how many characters were read."""
        source = _Source(self.text, self.place, advance)
        reader = csv.reader(source, delimiter=self.place.delimiter, strict=True, skipinitialspace=True)
        while True:
            source.taken = []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                wrong = NOT_CSV
            else:
                if len(cells) == self._width:
                    yield source.number - len(source.taken) + 1, cells, "".join(source.taken)
                    continue
                if not any(cell.strip() for cell in cells):
                    continue
                wrong = f"the line has {len(cells)} cells, the header has {self._width}"
            # A stray quotation mark swallows the lines after it; they may be good ones.
            source.give_back_all_but_first()
            yield source.number, wrong, source.taken[0]

    def protected(self, raw: str) -> str:
        """A line as it stood, but that no spreadsheet computes a cell of it; importing it takes that back."""
        delimiter = self.place.delimiter
        try:
            rows = list(csv.reader([raw], delimiter=delimiter, strict=True, skipinitialspace=True))
        except csv.Error:
            return raw  # what is wrong with it is there to be mended
        if len(rows) != 1 or not any(map(is_formula, rows[0])):
            return raw
        text = io.StringIO(newline="")
        rows_to(text, delimiter).writerow([protected(cell) for cell in rows[0]])
        return text.getvalue()


class _Source:
    """The lines of the text, numbered, of which those that were read last can be given back."""

    def __init__(self, text: str, place: TableStart, advance: Advance) -> None:
        advance(place.offset)
        self._lines = _LINE.finditer(text, place.offset)
        self._advance = advance
        self._given_back: deque[str] = deque()
        self.number = place.number - 1
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else self._next()
        self.number += 1
        self.taken.append(line)
        return line

    def _next(self) -> str:
        line = next(self._lines)[0]
        self._advance(len(line))
        return line

    def give_back_all_but_first(self) -> None:
        rest = self.taken[1:]
        self._given_back.extendleft(reversed(rest))
        self.number -= len(rest)
        del self.taken[1:]
