"""How much text the cells of an .xlsx stand for: a text that many of them share is read once for each."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST_TEXT = 80_000_000  # bytes: twice what a file may be unpacked

CELL_BEGINS = re.compile(rb"<(?:[A-Za-z0-9]+:)?c[\s/>]")
_TEXT_BEGINS = re.compile(rb"<(?:[A-Za-z0-9]+:)?si[\s/>]")
# In quotation marks a < would begin nothing; no program writes one there.
_HIDDEN_BEGIN = re.compile(rb"""=\s*(?:"[^"<>]*<|'[^'<>]*<)""")
# As programs write a cell: what is in it is of no interest unless it is the number of a text.
_PLAIN_CELL = re.compile(
    rb'<(?:[A-Za-z0-9]+:)?c((?:\s[a-z]+="[A-Za-z0-9]*")*)\s?/?>'
    rb"(?:<(?:[A-Za-z0-9]+:)?v>([0-9]{1,9})</(?:[A-Za-z0-9]+:)?v></(?:[A-Za-z0-9]+:)?c>)?"
)


@dataclass(frozen=True)
class _Texts:
    """The sizes of the shared texts, in their order; none but the `longest` where that order cannot be relied on."""

    sizes: Sequence[int]
    longest: int


def text_of(parts: Mapping[str, bytes]) -> int:
    """The most bytes of text that all cells can have. What is written as no program does counts as the longest text."""
    texts = _texts_in(parts.values())
    cells = sum(part.count(b"<c") + part.count(b":c") for part in parts.values())
    if cells * texts.longest <= MOST_TEXT:
        return cells * texts.longest
    return sum(_text_in(part, texts) for part in parts.values())


def hides_something(part: bytes) -> bool:
    """Whether a part has comments and the like, in which tags are none; no program writes them."""
    return b"<!" in part or part.find(b"<?", 5) >= 0


def _texts_in(parts: Iterable[bytes]) -> _Texts:
    having = [part for part in parts if b"<si" in part or b":si" in part]
    texts = [text for part in having for text in re.split(_TEXT_BEGINS, part)[1:]]
    sizes = [len(text) for text in texts]
    is_plain = (
        len(having) == 1
        and all(b"<t" in text or b":t" in text for text in texts)
        and not hides_something(having[0])
        and _HIDDEN_BEGIN.search(having[0]) is None
    )
    return _Texts(sizes if is_plain else (), max(sizes, default=0))


def _text_in(part: bytes, texts: _Texts) -> int:
    total, others = 0, len(CELL_BEGINS.findall(part))
    for found in _PLAIN_CELL.finditer(part):
        others -= 1
        if b't="s"' not in found[1]:
            continue
        if found[2] is None or not texts.sizes:
            total += texts.longest
        elif int(found[2]) < len(texts.sizes):
            total += texts.sizes[int(found[2])]
        if total > MOST_TEXT:
            return total
    return total + others * texts.longest
