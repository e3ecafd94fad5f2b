"""Reads what a nurse types in the log session: whose cup it is, which draw is meant, and what is to be recorded.

Nothing here knows a database. What a word means depends on where it is typed: the first word at the prompt for a code
is a code, so a participant may have the code `n`, or that of an analyte.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.people.codes import check_code
from testing_tracker.rules.testing.analytes import UnknownAnalyteError, Vocabulary
from testing_tracker.rules.words import Outcome, Status

if TYPE_CHECKING:
    from testing_tracker.rules.testing.amounts import Amount

_MOST_WORDS_OF_A_NAME = 4
_BETWEEN = re.compile(r"[\s,;]+")


class NotUnderstoodError(TestingTrackerError):
    """A word that is no analyte, and nothing else that can be said of a draw."""


class NoLabelError(TestingTrackerError):
    """A word behind `c` that may be the cup's label, and does not look like one."""

    def __init__(self, what: str, word: str) -> None:
        self.wrong = f"`{what}` is collected, its result to come, and {word} does not look like a cup's label."
        super().__init__(f"{self.wrong} If it is one, type `{what} {LABEL_MARK}{word}`.")
        self.word = word


class Key(StrEnum):
    """A word alone on a line that is about the session, not about a draw."""

    HELP = "?"
    UNDO = "u"
    QUIT = "q"
    SKIP = "s"
    WHO = "who"


class Tried(StrEnum):
    """What is recorded of who came and gave nothing: it changes no status by itself."""

    UNABLE = "unable"


@dataclass(frozen=True)
class Entry:
    """What is to be recorded: the outcome of a test with the analytes found, that a cup was taken, or an absence.

    `because` is why, in the nurse's words. `amounts` are what was measured of an analyte, by the vocabulary's names.
    `label` is what is printed on the cup. `by_lab`: a laboratory that tells substances apart says so, not the cup;
    `lab` is its name, None while nobody said it.
    """

    what: Outcome | Status | Tried
    analytes: tuple[str, ...] = ()
    because: str | None = None
    amounts: "Mapping[str, Amount]" = field(default_factory=dict)
    label: str | None = None
    by_lab: bool = False
    lab: str | None = None

    @property
    def lacks_reason(self) -> bool:
        """Whether it is an invalid cup, or a draw that is not to count, without the reason that it has to have."""
        return self.what in (Outcome.INVALID, Status.EXCUSED) and self.because is None

    @property
    def may_have_label(self) -> bool:
        """Whether a cup is there that a label can be on."""
        return isinstance(self.what, Outcome) or self.what is Status.COLLECTED


_KEYS = {
    **{str(key): key for key in Key},
    "help": Key.HELP,
    "undo": Key.UNDO,
    "quit": Key.QUIT,
    "skip": Key.SKIP,
}
WORDS_OF_A_DRAW = (*Outcome, *(Status.MISSED, Status.REFUSED, Status.EXCUSED, Status.COLLECTED), *Tried)
_OUTCOMES: dict[str, Outcome | Status | Tried] = {
    **{word: what for what in WORDS_OF_A_DRAW if what is not Outcome.POSITIVE for word in (what[0], str(what))},
    "neg": Outcome.NEGATIVE,
    "inv": Outcome.INVALID,
    "excuse": Status.EXCUSED,
}
_POSITIVE = ("p", "pos", "positive")
_LABORATORY = ("lab", "laboratory")
WORDS_OF_THE_SESSION = ("help", "lab", "quit", "skip", "undo", "who")
WORDS_OF_A_RESULT = (*WORDS_OF_A_DRAW, "lab")
LABEL_MARK = "#"
DAY_MARK = "@"
_OUTCOME_WITH_COLON = re.compile(rf"^\s*({'|'.join((*_OUTCOMES, *_POSITIVE))}):\s*", re.IGNORECASE)
_AMOUNT_AND_UNIT = re.compile(r"(=\s*[<>]?\s*[\d.]+)\s+([A-Za-zµμ]+/[A-Za-z]+)(?=\s|$)")  # `alcohol=40 mg/dL`
_NUMBER_BEHIND = re.compile(r"(.*?)[\s._-]*([0-9]+)")
_DIGITS = 3  # a scanned label has as many beside its letters
_DIGITS_ALONE = 5
_SCHEDULED = ("scheduled",)
_FOR_CAUSE = ("cause", "for-cause")


def cleaned(line: str) -> str:
    """A line without what scanners and terminals add to it: line ends, tabs and other characters that nobody sees."""
    return " ".join("".join(char if char.isprintable() else " " for char in line).split())


def key_of(text: str) -> Key | None:
    """The key that a whole cleaned line is, in either case."""
    return _KEYS.get(text.casefold())


def split_code(text: str) -> tuple[str, str]:
    """The first word of a line, and the rest of it."""
    first, *rest = _BETWEEN.split(text.strip(" ,;"), maxsplit=1)
    return first, "".join(rest)


def split_day(word: str, today: date) -> tuple[str, date | None]:
    """The code of `C08@yesterday`, and its day; None where it does not say one.

    Raises TestingTrackerError for what is no day, for one that could be two, and for one that is to come.
    """
    code, mark, said = word.partition(DAY_MARK)
    if not mark:
        return word, None
    from testing_tracker.rules.said import Looks, day_said, in_full  # most cups are today's

    try:
        day = day_said(said.replace("_", " "), today, Looks.BACK)
    except ValueError as error:
        raise TestingTrackerError(f"{error}, behind the {DAY_MARK}.") from None
    if day > today:
        raise TestingTrackerError(f"{in_full(day)} is in the future; today is {in_full(today)}.")
    return code, day


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
    """Read `n`, `coc opi`, `coc=320`, `i leaked`, `e court date`, `u`, `c S-104`, `#S-104 n` or `lab coc`.

    An invalid or excused one without its reason is read; whoever asked has to ask for it. Raises TestingTrackerError
    for what is none of these, NotUnderstoodError for a word that nobody knows.
    """
    label, by_lab = None, False
    first, rest = split_code(text)
    while first.startswith(LABEL_MARK) or (is_laboratory(first) and rest):
        if first.startswith(LABEL_MARK):
            label = _label(first, label)
        else:
            by_lab = True
        text = rest
        first, rest = split_code(text)
    entry = replace(_read_what(vocabulary, text), by_lab=by_lab)
    if label is not None:
        if entry.label not in (None, label):
            raise TestingTrackerError(f"A cup has one label, and these are two: {label} and {entry.label}.")
        entry = replace(entry, label=label)
    if by_lab and not isinstance(entry.what, Outcome):
        raise TestingTrackerError(f"A laboratory does not say that a draw was {entry.what}. Type that without `lab`.")
    if entry.label is not None and not entry.may_have_label:
        raise TestingTrackerError(f"{entry.label} is a cup's label, and who is {entry.what} gave no cup.")
    return entry


def _read_what(vocabulary: Vocabulary, text: str) -> Entry:
    text = _OUTCOME_WITH_COLON.sub(lambda found: f"{found[1]} ", text)
    first, rest = split_code(text)
    word = first.casefold()
    what = _OUTCOMES.get(word)
    if what is Outcome.NEGATIVE:
        if rest:
            raise TestingTrackerError(f"`{first}` is negative and stands alone; for a positive type the analytes only.")
        return Entry(what)
    if what is Status.COLLECTED:
        return Entry(what, label=_label_behind(vocabulary, first, rest) if rest else None)
    if what is not None:
        return Entry(what, because=rest or None)
    if is_laboratory(first):
        raise TestingTrackerError("What does the laboratory say? Type `lab n` or what it found, such as `lab coc=320`.")
    found = rest if word in _POSITIVE else text
    if not found.strip(" ,;"):
        raise TestingTrackerError("What was found? Type the analytes, such as `coc opi`.")
    return _positive(vocabulary, found)


def _label(word: str, earlier: str | None) -> str:
    label = word.removeprefix(LABEL_MARK)
    if not label:
        raise TestingTrackerError(f"Type the label right behind the {LABEL_MARK}, such as {LABEL_MARK}S-104.")
    if earlier not in (None, label):
        raise TestingTrackerError(f"A cup has one label, and these are two: {earlier} and {label}.")
    return label


def _label_behind(vocabulary: Vocabulary, what: str, text: str) -> str:
    """The label of a cup that was taken: one word, which no analyte may be mistaken for."""
    word, more = split_code(text)
    if more:
        raise TestingTrackerError(f"Behind `{what}` stands the cup's label alone, one word such as S-104.")
    if word.startswith(LABEL_MARK):
        return _label(word, None)
    if not _has_digit(word) or is_near_a_result(vocabulary, word):
        raise NoLabelError(what, word)
    return word


def _has_digit(word: str) -> bool:
    return any(char.isdigit() for char in word)


def is_laboratory(word: str) -> bool:
    """Whether a word says that a laboratory is meant: `lab` or `laboratory`."""
    return word.casefold() in _LABORATORY


def check_laboratory(vocabulary: Vocabulary, name: str) -> str:
    """A laboratory's name itself. Raises TestingTrackerError for what may have been meant for a result."""
    first, _ = split_code(name)
    if not any(char.isalpha() for char in name) or "=" in name or name.startswith(LABEL_MARK) or key_of(name):
        raise TestingTrackerError(f"{name} is not a laboratory's name. Type one such as `lab Northside`.")
    if is_part_of_a_result(vocabulary, first) or is_laboratory(first) or is_which(first):
        raise TestingTrackerError(
            f"`{name}` says something of a result, so it is not taken for a laboratory's name. For a result type the "
            "participant's code first, such as `C08 lab n`; for the name of a laboratory another one."
        )
    return name


def looks_like_a_label(vocabulary: Vocabulary, text: str) -> bool:
    """Whether a whole line can be nothing but a cup's label that was scanned: `#` and anything, or a long number.

    A number alone may be an amount, and a word with a digit or two an analyte or a code that was typed wrong; those are
    labels only behind the `#`.
    """
    if text.startswith(LABEL_MARK):
        return " " not in text
    if re.search(r"[\s,;=]", text):
        return False
    digits = sum(char.isdigit() for char in text)
    return digits >= (_DIGITS_ALONE if digits == len(text) else _DIGITS) and not is_near_a_result(vocabulary, text)


def is_near_a_result(vocabulary: Vocabulary, word: str) -> bool:
    """Whether a word says something of a result, or is so near to one that it may be typed wrong, as `cocain1`."""
    letters = "".join(char for char in word.casefold() if char.isalpha())
    if is_part_of_a_result(vocabulary, word) or (len(letters) > 1 and is_part_of_a_result(vocabulary, letters)):
        return True
    return bool(vocabulary.near(word)) or bool(_is_near_a_word(word))


def is_which(word: str) -> bool:
    """Whether a word says which of a day's two draws is meant."""
    return word.casefold() in (*_SCHEDULED, *_FOR_CAUSE)


def is_positive(word: str) -> bool:
    """Whether a word says that something was found, and not what."""
    return word.casefold() in _POSITIVE


def is_part_of_a_result(vocabulary: Vocabulary, word: str) -> bool:
    """Whether a word alone says something of a result, and so may not be meant as a code."""
    return word.casefold() in _OUTCOMES or word.casefold() in _POSITIVE or vocabulary.knows(word)


def _is_near_a_word(word: str) -> bool:
    from difflib import get_close_matches  # most lines have no such word

    return bool(get_close_matches(word.casefold(), [one for one in (*_OUTCOMES, *_POSITIVE) if len(one) > 1]))


def _positive(vocabulary: Vocabulary, text: str) -> Entry:
    """The analytes that are named, commas or blanks between them; a name may itself have blanks, and an amount."""
    parts = [_AMOUNT_AND_UNIT.sub(r"\1\2", part).split() for part in re.split(r"[,;]", text)]
    found = [pair for words in parts for pair in _analytes_among(vocabulary, words)]
    measured = [(analyte, amount) for analyte, amount in found if amount is not None]
    analytes = tuple(dict.fromkeys(analyte for analyte, _ in found))
    if not measured:
        return Entry(Outcome.POSITIVE, analytes)
    from testing_tracker.rules.testing.amounts import amounts_by_analyte, read_amount  # few lines have one

    amounts = amounts_by_analyte((analyte, read_amount(amount)) for analyte, amount in measured)
    return Entry(Outcome.POSITIVE, analytes, amounts=amounts)


def _analytes_among(vocabulary: Vocabulary, words: Sequence[str]) -> Iterable[tuple[str, str | None]]:
    """Each analyte with the amount behind its `=`, as it is typed."""
    while words:
        ends = next((place for place, word in enumerate(words) if "=" in word), None)
        if ends is None:
            analyte, taken = _longest(vocabulary, words)
            yield analyte, None
            words = words[taken:]
            continue
        last, _, amount = words[ends].partition("=")
        named = [*words[:ends], last] if last else words[:ends]
        if not named or not amount:
            raise TestingTrackerError(f"`{words[ends]}` is not an analyte with its amount; write coc=320 in one word.")
        while named:
            analyte, taken = _longest(vocabulary, named)
            named = named[taken:]
            yield analyte, None if named else amount
        words = words[ends + 1 :]


def _longest(vocabulary: Vocabulary, words: Sequence[str]) -> tuple[str, int]:
    for taken in range(min(len(words), _MOST_WORDS_OF_A_NAME), 0, -1):
        name = " ".join(words[:taken])
        try:
            analyte = vocabulary.named(name)
        except UnknownAnalyteError:
            continue
        _check_is_no_amount(vocabulary, name)
        return analyte, taken
    try:
        return vocabulary.named(words[0]), 1
    except UnknownAnalyteError as error:
        if words[0].casefold() in _OUTCOMES:
            raise TestingTrackerError(f"`{words[0]}` does not stand beside analytes. Type one or the other.") from None
        raise NotUnderstoodError(f"{error}.") from None


def _check_is_no_amount(vocabulary: Vocabulary, name: str) -> None:
    """Raise TestingTrackerError for `coc50`: a cup may print its cutoff so, and a nurse mean what was measured."""
    match = _NUMBER_BEHIND.fullmatch(name)
    if match is not None and vocabulary.has_name(match[1]) and not vocabulary.has_name(name):
        raise TestingTrackerError(
            f"`{name}` can be two things. Type `{match[1]}` if the cup found it, `{match[1]}={match[2]}` for an amount."
        )


def codes_meant(typed: str, codes: Iterable[str]) -> list[str]:
    """The codes that a beginning or an end of one can stand for, in order; in either case.

    The whole code means that one alone, and a letter alone means nothing else: it may have been meant for the result.
    """
    key, codes = typed.casefold(), list(codes)
    exact = [code for code in codes if code.casefold() == key]
    if exact or not key or (len(key) == 1 and not key.isdigit()):
        return exact
    return [code for code in codes if code.casefold().startswith(key) or code.casefold().endswith(key)]


# The words that the log session knows, beside those that say something of a result.
_WORDS = {*_KEYS, *_LABORATORY, *Outcome, *Status}


def check_new_code(vocabulary: Vocabulary, code: str) -> str:
    """The code itself. Raises TestingTrackerError for one that is none, and for a word of the log session."""
    check_code(code)
    if code.casefold() in _WORDS or is_which(code) or is_part_of_a_result(vocabulary, code):
        raise TestingTrackerError(
            f"{code} cannot be a new participant's code, because `testing-tracker log` takes it for a result. Give "
            f"another one, such as P-{code}."
        )
    return code
