"""What a key file keeps besides its seeds: which chains were begun, and what the ledger was when it last sealed it.

Whoever can write to the database, and has not the key, can write a whole new past; the seals in it are then another
key's. So the key's own file remembers each chain and the newest page that it sealed, each in a line with a mark that
only the holder of a seed can make. One word, the anchor of the seed that made the mark, what is said, and the mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeAlias

from testing_tracker.rules.drawing.day_secrets import SEED_BYTES, mark_of_line

NOTHING_BEFORE = "-"


@dataclass(frozen=True)
class ChainLine:
    """A chain that was begun: its number among its facility's, its first day, and the anchor of the one before it."""

    by: str
    number: int
    first_day: date
    before: str


@dataclass(frozen=True)
class SealedLine:
    """The newest page of the ledger that a chain's key sealed, its digest, and the day of that night."""

    by: str
    page: int
    digest: str
    day: date


@dataclass(frozen=True)
class LostLine:
    """A chain of before whose seed is not there any more, as a manager has acknowledged."""

    by: str
    anchor: str
    number: int
    first_day: date
    before: str


@dataclass(frozen=True)
class GoneLine:
    """A page that was sealed and is on record no more, as a manager has acknowledged: the records went up to a page."""

    by: str
    page: int
    digest: str
    day: date
    up_to: int


@dataclass(frozen=True)
class DroppedLine:
    """A chain that was begun and is on record no more, as a manager has acknowledged."""

    by: str
    anchor: str
    number: int
    first_day: date
    before: str


Line: TypeAlias = ChainLine | SealedLine | LostLine | GoneLine | DroppedLine
_KINDS: dict[str, type[Line]] = {
    "chain": ChainLine,
    "sealed": SealedLine,
    "lost": LostLine,
    "gone": GoneLine,
    "dropped": DroppedLine,
}
_WORDS = {kind: word for word, kind in _KINDS.items()}


@dataclass(frozen=True)
class KnownToKey:
    """What the lines of a file say. `unsigned` are those whose seed is not in the file; `wrong` those that say nothing,
    or have another mark than theirs, as they stand there."""

    lines: tuple[Line, ...] = ()
    unsigned: tuple[Line, ...] = ()
    wrong: tuple[str, ...] = ()

    def chains(self) -> dict[str, ChainLine | LostLine | DroppedLine]:
        """The chains that the file knows, by anchor; what was acknowledged of one counts."""
        found: dict[str, ChainLine | LostLine | DroppedLine] = {}
        for line in self.lines:
            if isinstance(line, ChainLine):
                found.setdefault(line.by, line)
            elif isinstance(line, LostLine | DroppedLine):
                found[line.anchor] = line
        return found


def is_line(text: str) -> bool:
    """Whether a line of a key file is one of these, and not a seed's."""
    return text.split(" ", 1)[0] in _KINDS


def read_lines(text: str, seeds: Mapping[bytes, bytes]) -> KnownToKey:
    """What the lines among a file's text say; `seeds` are those in the file, by anchor. The last of a kind counts."""
    lines: dict[Line, None] = {}
    unsigned: list[Line] = []
    wrong: list[str] = []
    for one in filter(is_line, text.splitlines()):
        line = _read(one)
        seed = None if line is None else seeds.get(bytes.fromhex(line.by))
        if line is None or (seed is not None and as_text(line, seed) != one):
            wrong.append(one)
        elif seed is None:
            unsigned.append(line)
        else:
            lines.pop(line, None)
            lines[line] = None
    newest = {line.by: line for line in lines if isinstance(line, SealedLine)}
    kept = tuple(line for line in lines if not isinstance(line, SealedLine) or newest[line.by] == line)
    return KnownToKey(kept, tuple(unsigned), tuple(wrong))


def as_text(line: Line, seed: bytes) -> str:
    """A line as it stands in the file, with its mark by the seed."""
    said = " ".join((_WORDS[type(line)], *(str(getattr(line, field.name)) for field in fields(line))))
    return f"{said} {mark_of_line(seed, said.encode()).hex()}"


def _read(text: str) -> Line | None:
    word, *said = text.split(" ")
    names = fields(_KINDS[word])
    if len(said) != len(names) + 1:
        return None
    try:
        return _KINDS[word](**{field.name: _value(field.name, one) for field, one in zip(names, said, strict=False)})
    except ValueError:
        return None


def _value(name: str, text: str) -> Any:  # noqa: ANN401
    if name in ("first_day", "day"):
        return date.fromisoformat(text)
    if name in ("number", "page", "up_to"):
        return int(text)
    if not (name == "before" and text == NOTHING_BEFORE) and len(bytes.fromhex(text)) != SEED_BYTES:
        raise ValueError(text)
    return text
