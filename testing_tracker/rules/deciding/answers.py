"""What a clinician types to answer one thing that waits."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.said import Looks, day_said
from testing_tracker.rules.words import Level


class Choice(StrEnum):
    """The answers, each by its letter. Another level of care is `to php` too."""

    ACCEPT = "a"
    OTHER = "o"
    DECLINE = "d"
    DEFER = "f"
    REOPEN = "r"
    TRANSFER = "t"
    DONE = "x"
    SKIP = "s"
    BACK = "b"
    QUIT = "q"


WORDS = {
    Choice.ACCEPT: "accept",
    Choice.OTHER: "other level",
    Choice.DECLINE: "decline",
    Choice.DEFER: "defer",
    Choice.REOPEN: "reopen",
    Choice.TRANSFER: "transfer",
    Choice.DONE: "done",
    Choice.SKIP: "skip",
    Choice.BACK: "back",
    Choice.QUIT: "quit",
}
_BY_WORD = {
    **{str(choice): choice for choice in Choice},
    **{word.split()[0]: choice for choice, word in WORDS.items()},
    "to": Choice.OTHER,
}
_ALONE = (Choice.SKIP, Choice.BACK, Choice.QUIT)  # nothing belongs behind these
_MOST_WORDS_OF_A_DAY = 3
_BEGINS_A_DAY = ("next", "last")


def choice_said(text: str, among: Sequence[Choice]) -> tuple[Choice, str]:
    """The answer that is meant, of those that can be given, and what is typed behind it.

    Raises TestingTrackerError for any other, and where it could be two things.
    """
    first, _, rest = text.partition(" ")
    choice = _BY_WORD.get(first.casefold())
    if choice is None or choice not in among:
        offered = ", ".join(f"{one} {WORDS[one]}" for one in among)
        raise TestingTrackerError(f"That is none of the answers here: {offered}.")
    if choice in _ALONE and rest:
        raise TestingTrackerError(f"Nothing goes behind `{first}`; alone it is {WORDS[choice]}.")
    if choice is Choice.ACCEPT and _level(rest) is not None:
        raise TestingTrackerError(f"`{text}` could be another level or a note. Type `to {rest}` for the level.")
    if first.casefold() == "other" and rest.casefold().startswith("level"):
        rest = rest[len("level") :].strip()
    return choice, rest


def level_said(text: str) -> tuple[Level, str]:
    """The level of care that is meant, by its whole name in any case, and what is typed behind it.

    Raises TestingTrackerError for what is none.
    """
    first, _, rest = text.partition(" ")
    level = _level(first)
    if level is None:
        raise TestingTrackerError(f"That is no level of care; there are {', '.join(Level)}.")
    return level, rest


def _level(text: str) -> Level | None:
    return next((level for level in Level if level == text.casefold()), None)


def day_and_why(text: str, today: date) -> tuple[date, str]:
    """The day until which something is put off, and what is typed behind it. `next mon` and `Nov 18` are two words.

    Raises TestingTrackerError for what is no day, and for what could be two.
    """
    words = text.split(" ")
    refusals: dict[int, str] = {}
    for count in range(min(_MOST_WORDS_OF_A_DAY, len(words)), 0, -1):
        try:
            return day_said(" ".join(words[:count]), today, Looks.AHEAD), " ".join(words[count:])
        except ValueError as error:
            refusals[count] = str(error)
    # `next fri` may be two days, and only both words say so.
    said = refusals.get(2 if words[0].casefold() in _BEGINS_A_DAY else 1, refusals[1])
    raise TestingTrackerError(f"{said[:1].upper()}{said[1:]}.")
