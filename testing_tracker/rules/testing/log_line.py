"""Reads what a nurse types in the log session: whose cup it is, which draw is meant, and what is to be recorded.

Nothing here knows a database. What a word means depends on where it is typed: the first word at the prompt for a code
is a code, so a participant may have the code `n`, or that of an analyte.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.analytes import UnknownAnalyteError, Vocabulary
from testing_tracker.rules.words import Outcome, Status

_MOST_WORDS_OF_A_NAME = 4
_BETWEEN = re.compile(r"[\s,;]+")


class Key(StrEnum):
    """A letter alone on a line that is about the session, not about a draw."""

    HELP = "?"
    UNDO = "u"
    QUIT = "q"
    SKIP = "s"


@dataclass(frozen=True)
class Entry:
    """What is to be recorded: the outcome of a test with the analytes found, or an absence, and why."""

    what: Outcome | Status
    analytes: tuple[str, ...] = ()
    because: str | None = None


_OUTCOMES: dict[str, Outcome | Status] = {
    "n": Outcome.NEGATIVE,
    "neg": Outcome.NEGATIVE,
    "negative": Outcome.NEGATIVE,
    "i": Outcome.INVALID,
    "inv": Outcome.INVALID,
    "invalid": Outcome.INVALID,
    "m": Status.MISSED,
    "missed": Status.MISSED,
    "r": Status.REFUSED,
    "refused": Status.REFUSED,
}
_POSITIVE = ("p", "pos", "positive")
_SCHEDULED = ("scheduled",)
_FOR_CAUSE = ("cause", "for-cause")


def cleaned(line: str) -> str:
    """A line without what scanners and terminals add to it: line ends, tabs and other characters that nobody sees."""
    return " ".join("".join(char if char.isprintable() else " " for char in line).split())


def key_of(text: str) -> Key | None:
    """The key that a whole cleaned line is, in either case."""
    return Key(text.casefold()) if text.casefold() in set(Key) else None


def split_code(text: str) -> tuple[str, str]:
    """The first word of a line, and the rest of it."""
    first, *rest = _BETWEEN.split(text.strip(" ,;"), maxsplit=1)
    return first, "".join(rest)


def split_which(text: str) -> tuple[bool | None, str]:
    """Whether the draw for cause is meant (`cause`, `for-cause`) or the scheduled one, and the rest of the line.

    None where it does not say.
    """
    first, rest = split_code(re.sub(r"^for\s+cause\b", "for-cause", text, flags=re.IGNORECASE))
    if first.casefold() in _FOR_CAUSE:
        return True, rest
    if first.casefold() in _SCHEDULED:
        return False, rest
    return None, text


def read_said(vocabulary: Vocabulary, text: str) -> Entry:
    """Read `n`, `coc opi`, `i leaked`, `m` or `r left the room`.

    An invalid without its reason is read; whoever asked has to ask for it. Raises TestingTrackerError for what is
    none of these.
    """
    first, rest = split_code(text)
    word = first.casefold()
    what = _OUTCOMES.get(word)
    if what is Outcome.NEGATIVE:
        if rest:
            raise TestingTrackerError(f"`{first}` is negative and stands alone; for a positive type the analytes only.")
        return Entry(what)
    if what is not None:
        return Entry(what, because=rest or None)
    found = rest if word in _POSITIVE else text
    if not found.strip(" ,;"):
        raise TestingTrackerError("What was found? Type the analytes, such as `coc opi`.")
    return Entry(Outcome.POSITIVE, _analytes(vocabulary, found))


def is_which(word: str) -> bool:
    """Whether a word says which of a day's two draws is meant."""
    return word.casefold() in (*_SCHEDULED, *_FOR_CAUSE)


def is_part_of_a_result(vocabulary: Vocabulary, word: str) -> bool:
    """Whether a word alone says something of a result, and so may not be meant as a code."""
    if word.casefold() in _OUTCOMES or word.casefold() in _POSITIVE:
        return True
    try:
        return bool(vocabulary.named(word))
    except UnknownAnalyteError:
        return False


def _analytes(vocabulary: Vocabulary, text: str) -> tuple[str, ...]:
    """The analytes that are named, commas or blanks between them; a name may itself have blanks."""
    parts = [part.split() for part in re.split(r"[,;]", text)]
    return tuple(dict.fromkeys(analyte for words in parts for analyte in _analytes_among(vocabulary, words)))


def _analytes_among(vocabulary: Vocabulary, words: Sequence[str]) -> Iterable[str]:
    while words:
        analyte, taken = _longest(vocabulary, words)
        yield analyte
        words = words[taken:]


def _longest(vocabulary: Vocabulary, words: Sequence[str]) -> tuple[str, int]:
    for taken in range(min(len(words), _MOST_WORDS_OF_A_NAME), 1, -1):
        try:
            return vocabulary.named(" ".join(words[:taken])), taken
        except UnknownAnalyteError:
            continue
    try:
        return vocabulary.named(words[0]), 1
    except UnknownAnalyteError as error:
        if words[0].casefold() in _OUTCOMES:
            raise TestingTrackerError(f"`{words[0]}` does not stand beside analytes. Type one or the other.") from None
        raise TestingTrackerError(f"{error}. `?` shows what can be typed.") from None


def codes_meant(typed: str, codes: Iterable[str]) -> list[str]:
    """The codes that a beginning or an end of one can stand for, in order; in either case.

    The whole code means that one alone, and a letter alone means nothing else: it may have been meant for the result.
    """
    key, codes = typed.casefold(), list(codes)
    exact = [code for code in codes if code.casefold() == key]
    if exact or not key or (len(key) == 1 and not key.isdigit()):
        return exact
    return [code for code in codes if code.casefold().startswith(key) or code.casefold().endswith(key)]


# The letters that the log session knows, and those kept for what a nurse records beside them.
_WORDS = {*Key, "c", "e", "unable", *Outcome, *Status}


def check_new_code(vocabulary: Vocabulary, code: str) -> str:
    """The code itself. Raises TestingTrackerError for one that is none, and for a word of the log session."""
    check_code(code)
    if code.casefold() in _WORDS or is_which(code) or is_part_of_a_result(vocabulary, code):
        raise TestingTrackerError(
            f"{code} cannot be a new participant's code, because `testing-tracker log` takes it for a result. Give "
            f"another one, such as P-{code}."
        )
    return code
