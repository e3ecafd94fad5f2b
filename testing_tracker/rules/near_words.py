"""Which of a few words is meant: typed in either case, by its beginning only, or with a slip of the finger."""

import re
from collections.abc import Iterable
from typing import TypeVar

_Word = TypeVar("_Word", bound=str)


def words_meant(text: str, words: Iterable[_Word]) -> list[_Word]:
    """The words that a text can stand for: the one that it is, or else those that it begins; in either case."""
    said, words = text.strip().casefold(), list(words)
    exact = [word for word in words if word.casefold() == said]
    return exact or [word for word in words if said and word.casefold().startswith(said)]


def word_said(text: str, words: Iterable[_Word]) -> _Word:
    """The one of these words that is meant. Raises ValueError with all that it could be, or else with the near ones."""
    words = list(words)
    meant = words_meant(text, words)
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ValueError(f"{text!r} could be {in_words(meant)}; write more of it")
    near = nearest(text, words)
    hint = f"; did you mean {in_words(near)}?" if near else ""
    raise ValueError(f"{text!r} is not one of {', '.join(repr(str(word)) for word in words)}{hint}")


def in_words(several: Iterable[str]) -> str:
    """Words one after the other, with `or` before the last."""
    *rest, last = several
    return f"{', '.join(rest)} or {last}" if rest else last


def nearest(word: str, among: Iterable[str], most: int = 3) -> list[str]:
    """The words that one that is none of them may have been meant for, the nearest first, in either case.

    Before all others come those that differ in nothing but the zeros before a number: `p3` is P03. Then those that a
    few letters make of it (one left out, one too many, another one, two in each other's place), and those it begins.
    """
    typed = word.casefold()
    allowed = 1 + (len(typed) >= 5) + (len(typed) >= 9)
    found = []
    for place, other in enumerate(among):
        key = other.casefold()
        if without_zeros(key) == without_zeros(typed):
            found.append((0, place, other))
            continue
        steps = slips(typed, key, allowed)
        if steps > allowed and len(typed) > 1 and key.startswith(typed):
            steps = allowed
        if steps <= allowed and steps < len(typed):
            found.append((steps, place, other))
    return [other for _, _, other in sorted(found)[:most]]


def without_zeros(code: str) -> str:
    """A code, in either case, without the zeros that a spreadsheet takes from the beginning of a number."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", code.casefold())


def slips(word: str, other: str, allowed: int) -> int:
    """How many letters are to be changed, two that changed places being one; more than allowed is not counted out."""
    if abs(len(word) - len(other)) > allowed:
        return allowed + 1
    earlier: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        row = [i]
        for j, against in enumerate(other, start=1):
            steps = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == against:
                steps = min(steps, earlier[j - 2] + 1)
            row.append(steps)
        if min(row) > allowed:
            return allowed + 1
        earlier, last = last, row
    return last[-1]
