"""What goes into the page's file, and how it travels to a page on another machine (`documents`).

There is no code, name, result or key in it, and nothing of tomorrow but when the window is open, and receipts that only
say that somebody was here.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import cache, partial
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from testing_tracker.rules.check_in.answers import CheckInWindow, DaysAnswer, Timing
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.web.documents import instant_in, on_one_line, read_document

_KIND = "testing_tracker_page"


@dataclass(frozen=True)
class PagePlace:
    """A facility as its page shows it; see the check-in file. `path` is `hh` for `/hh` and `/hh/es`, empty for `/`.

    `zone` names the timezone, `zone_en` and `zone_es` say it in words. `public_url` is how the outside sees the page.
    `voice_token` is what a telephone vendor signs its requests with; without one there is no telephone line.
    `languages` are those that people are spoken to in, at least one.
    """

    facility: int
    path: str
    name: str
    phone: str
    zone: str
    zone_en: str = ""
    zone_es: str = ""
    training: bool = False
    public_url: str | None = None
    voice_token: str | None = None
    languages: tuple[Language, ...] = tuple(Language)


@dataclass(frozen=True)
class DayOfPage:
    """A day's instants; `answers_at` is since when the day's answers are known, None before the night has run."""

    day: date
    opens_at: datetime
    closes_at: datetime
    over_at: datetime
    answers_at: datetime | None = None

    @property
    def window(self) -> CheckInWindow:
        return CheckInWindow(self.opens_at, self.closes_at, self.over_at)


@dataclass(frozen=True)
class Holder:
    """Who has a card with a PIN, by the permanent number of the participant."""

    id: int
    number: str
    salt: bytes
    verifier: bytes
    language: Language = Language.ENGLISH


@dataclass(frozen=True)
class FormerNumber:
    """A number that no PIN goes with any more, and whose it was: who tries it may have no other card in hand yet."""

    number: str
    holder: int


@dataclass(frozen=True)
class DaysAnswerOf:
    """What a holder is told on a day, when to come if so, and the receipts of that; None where no key makes them."""

    day: date
    holder: int
    answer: DaysAnswer
    come_from: datetime | None = None
    come_to: datetime | None = None
    in_time: str | None = None
    late: str | None = None

    def receipt(self, timing: Timing) -> str | None:
        return {Timing.IN_TIME: self.in_time, Timing.LATE: self.late}.get(timing)


@dataclass(frozen=True)
class HereReceipt:
    """What shows that a holder was here on a day and could not be told, by when that was (`receipts.HERE`)."""

    day: date
    holder: int
    in_time: str
    late: str
    over: str

    def receipt(self, timing: Timing) -> str:
        return {Timing.IN_TIME: self.in_time, Timing.LATE: self.late, Timing.OVER: self.over}[timing]


@dataclass(frozen=True)
class Filling:
    """All that the page is to know of one facility: it knows nothing else of it afterwards.

    `here` None: those receipts are in the file already, and stay.
    """

    place: PagePlace
    days: tuple[DayOfPage, ...] = ()
    holders: tuple[Holder, ...] = ()
    answers: tuple[DaysAnswerOf, ...] = ()
    here: tuple[HereReceipt, ...] | None = ()
    former_numbers: tuple[FormerNumber, ...] = ()


@dataclass(frozen=True)
class PageMark:
    """What a facility's part of the file was made from, and its `here` receipts: the same words, nothing is new."""

    facility: int
    made_from: str
    here_from: str


@dataclass(frozen=True)
class CollectedTo:
    """The last visit of a page's file up to which all that were a facility's are on record there."""

    facility: int
    number: int
    file: str


@dataclass(frozen=True)
class PageContents:
    """All that the page is to know. Facilities that are neither here nor among the `kept` are taken away.

    `source` names the database that it comes from, the same each time: a page is filled from one. `at` is when it was
    read. `kept` are facilities that stay in the file as they are: nothing of them is new, or they could not be read
    now. `marks` say what the file is made from then, `collected` how far visits are on record, where that is known.
    """

    source: str
    at: datetime
    fillings: tuple[Filling, ...] = ()
    kept: tuple[int, ...] = ()
    marks: tuple[PageMark, ...] = ()
    collected: tuple[CollectedTo, ...] = ()


def to_json(contents: PageContents) -> str:
    """The document, on one line."""
    return on_one_line(_KIND, _plain(contents))


def from_json(text: str | bytes) -> PageContents:
    """What a document says. Raises TestingTrackerError where it is none, not whole, or of another version."""
    contents = read_document(text, _KIND, "web print", partial(_read, PageContents))
    assert isinstance(contents, PageContents)
    return contents


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a document may hold
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


_READERS: dict[type, Callable[[Any], Any]] = {
    bytes: bytes.fromhex,
    date: date.fromisoformat,
    datetime: instant_in,
    DaysAnswer: DaysAnswer,
    Language: Language,
}


def _read(kind: Any, given: Any) -> Any:  # noqa: ANN401  whatever a document holds
    """A value of a kind; raises ValueError, KeyError or TypeError where it is something else."""
    if get_origin(kind) is tuple:
        if not isinstance(given, list):
            raise ValueError("not a list")
        return tuple(_read(get_args(kind)[0], one) for one in given)
    if isinstance(kind, UnionType):
        return None if given is None else _read(get_args(kind)[0], given)
    if kind in _READERS:
        return _READERS[kind](given)
    if kind in (int, str, bool):
        if type(given) is not kind:
            raise ValueError("of another kind")
        return given
    return kind(**{name: _read(of, given[name]) for name, of in _kinds_of(kind)})


@cache
def _kinds_of(kind: type) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((one.name, hints[one.name]) for one in fields(kind))
