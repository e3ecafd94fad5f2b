"""Finds the line of a spreadsheet that names its columns, and says which of them is which."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.columns import Columns
from testing_tracker.rules.near_words import in_words

MOST_ABOVE = 100  # lines in which the header is looked for
_MOST_NAMED, _LONGEST_NAME = 20, 30
_NOTHING_CHANGED = "Nothing was changed."
_Where = TypeVar("_Where")


@dataclass(frozen=True)
class Candidate(Generic[_Where]):
    """A line that may be the header. `where` is how the table below it is read."""

    number: int
    cells: Sequence[str]
    where: _Where


@dataclass(frozen=True)
class Header(Generic[_Where]):
    """The line that names the columns: for each of its cells the column that it is, None for one not known."""

    number: int
    names: tuple[str | None, ...]
    cells: tuple[str, ...]
    where: _Where
    has_lines_above: bool

    @property
    def letters(self) -> dict[str, str]:
        """By column, its letter as a spreadsheet has it."""
        return {name: letter_of(place) for place, name in enumerate(self.names) if name is not None}


def letter_of(place: int) -> str:
    """The letter of a column, the first being 0: A to Z, then AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def key_of(name: str) -> str:
    """A column's name as names are compared."""
    return " ".join(name.casefold().split())


def read_mappings(columns: Columns, given: Iterable[str]) -> dict[str, str]:
    """The columns that `--map "Client ID=participant"` says. Raises ValueError."""
    found: dict[str, str] = {}
    for one in given:
        theirs, equals, ours = (part.strip() for part in one.rpartition("="))
        ours = ours.casefold()
        if not equals or not theirs:
            raise ValueError('write it as "Client ID=participant": the file\'s name of a column, =, and ours')
        if ours not in columns.words:
            near = columns.near(ours)
            hint = f"did you mean {in_words(near)}?" if near else f"the columns are {', '.join(columns.words)}"
            raise ValueError(f"there is no column {ours!r}; {hint}")
        if key_of(theirs) in found or ours in found.values():
            raise ValueError(f"{ours} or the file's own column of it is named twice")
        found[key_of(theirs)] = ours
    return found


def find_header(
    candidates: Iterable[Candidate[_Where]], columns: Columns, mappings: Mapping[str, str]
) -> Header[_Where]:
    """The first line that has the needed columns.

    Raises TestingTrackerError with the columns that are missing and what is there instead; it quotes the names of a
    line only where one of them is a needed column, because else it may be a line of people.
    """
    needed = {name for one in columns.alternatives for name in one}
    best: tuple[int, Candidate[_Where]] | None = None
    said_at: int | None = None
    for candidate in candidates:
        names = _names(candidate.cells, columns, mappings)
        if not columns.lacking(name for name in names if name is not None):
            _check(candidate, names, mappings)
            cells = tuple(cell.strip() for cell in candidate.cells)
            is_first = said_at is None or said_at == candidate.number
            return Header(candidate.number, names, cells, candidate.where, has_lines_above=not is_first)
        known = len({*names} & needed)
        if known and (best is None or known > best[0]):
            best = known, candidate
        if said_at is None and _says_something(candidate.cells):
            said_at = candidate.number
    raise _no_header(columns, mappings, best[1] if best is not None else None)


def _says_something(cells: Sequence[str]) -> bool:
    return any(cells) and not cells[0].casefold().startswith("sep=")


def _names(cells: Sequence[str], columns: Columns, mappings: Mapping[str, str]) -> tuple[str | None, ...]:
    keys = map(key_of, cells)
    return tuple(mappings.get(key) or (key if key in columns.words else None) for key in keys)


def _check(candidate: Candidate[_Where], names: Sequence[str | None], mappings: Mapping[str, str]) -> None:
    known = [name for name in names if name is not None]
    twice = next((name for name in known if known.count(name) > 1), None)
    if twice is not None:
        said = f"Line {candidate.number} has two columns {twice}. Leave one out, or name it otherwise."
        raise TestingTrackerError(f"{said} {_NOTHING_CHANGED}")
    keys = {key_of(cell) for cell in candidate.cells}
    absent = next((theirs for theirs in mappings if theirs not in keys), None)
    if absent is not None:
        raise TestingTrackerError(
            f"--map names a column {absent}, which line {candidate.number} does not have: it has "
            f"{_listed(candidate.cells)}. {_NOTHING_CHANGED}"
        )


def _no_header(columns: Columns, mappings: Mapping[str, str], best: Candidate[_Where] | None) -> TestingTrackerError:
    if best is None:
        return TestingTrackerError(
            f"No line of the file names its columns {columns.in_words()}. If they have other names there, say so with "
            f'--map "Client ID={columns.needed[0]}". {_NOTHING_CHANGED}'
        )
    names = [name for name in _names(best.cells, columns, mappings) if name is not None]
    missing = columns.lacking(names)
    unknown = [cell for cell in map(str.strip, best.cells) if cell and _names([cell], columns, mappings) == (None,)]
    said = f"Line {best.number} names the columns {_listed(best.cells)}; missing: {', '.join(missing)}."
    if unknown:
        near = [(cell, found) for cell in unknown for found in columns.near(cell)[:1] if found in missing]
        cell, column = near[0] if near else ("THEIRS", missing[0])
        which = cell[:_LONGEST_NAME] if near else "one of them"
        said += f' If {which} is {column}, say so: --map "{cell[:_LONGEST_NAME]}={column}".'
    return TestingTrackerError(f"{said} {_NOTHING_CHANGED}")


def _listed(cells: Sequence[str]) -> str:
    names = [cell.strip()[:_LONGEST_NAME] for cell in cells if cell.strip()]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def notes_on(header: Header[_Where], columns: Columns) -> list[tuple[int, str]]:
    """What a person should be told of a header: lines above it and columns that are left out."""
    notes = []
    if header.has_lines_above:
        notes.append((header.number, "the lines above this one, which names the columns, are left out"))
    unknown = [cell for cell, name in zip(header.cells, header.names, strict=True) if name is None and cell]
    if unknown:
        said = f"columns that are not known are left out: {_listed(unknown)}"
        there = {*header.names}
        near = [(cell, found) for cell in unknown for found in columns.near(cell) if found not in there]
        if near:
            said += f'. If {near[0][0][:_LONGEST_NAME]} is {near[0][1]}, say so: --map "{near[0][0]}={near[0][1]}"'
        notes.append((header.number, said))
    return notes
