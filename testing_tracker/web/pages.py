"""The pages that a participant sees, as bytes: each of one size, in their language, without scripts.

What is shown is decided before; nothing is looked up here. Whoever looks on from outside learns nothing from a page's
length or its headers.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from testing_tracker.rules.check_in.answers import Timing
from testing_tracker.rules.check_in.page_words import Language

PAGE_BYTES = 4_096


class PageKind(StrEnum):
    """What a page says.

    `wrong`: number and PIN do not go together; `digit`: no such number can be; `pin digits`: the PIN has not six.
    `unknown` has no answer, and says that this is on record; `unknown unrecorded` does not promise that. `busy`: too
    much is asked of the page; `blocked`: too much was tried with a number. Both say the same.
    """

    FORM = "form"
    COME = "come"
    STAY = "stay"
    DONE = "done"
    WRONG = "wrong"
    DIGIT = "digit"
    PIN_DIGITS = "pin digits"
    EARLY = "early"
    OVER = "over"
    UNKNOWN = "unknown"
    UNKNOWN_UNRECORDED = "unknown unrecorded"
    BUSY = "busy"
    BLOCKED = "blocked"


class PlaceNamed(Protocol):
    """What a page says of a facility: its neutral name, its telephone, and its zone in words, which may be empty."""

    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def zone_en(self) -> str: ...
    @property
    def zone_es(self) -> str: ...
    @property
    def training(self) -> bool: ...


@dataclass(frozen=True)
class PageShown:
    """What one page says. All instants are aware, in the facility's zone; None where that is not known.

    `place` is None before anything was ever filled in. `path` is what stands before `/` and `/es` on this page's
    addresses: nothing, or `/hh`. `opens_at`, `closes_at` and `over_at` are the day's; `opens_next` is when it opens
    after this day. `come_from` and `come_to`: when a specimen is taken. `receipt` is eight digits. `same_since` is when
    the same answer was first given today; `replaces` when another one was. `number` is as it was typed.
    """

    kind: PageKind
    language: Language
    now: datetime
    place: PlaceNamed | None
    path: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    over_at: datetime | None = None
    opens_next: datetime | None = None
    timing: Timing | None = None
    come_from: datetime | None = None
    come_to: datetime | None = None
    receipt: str | None = None
    same_since: datetime | None = None
    replaces: datetime | None = None
    number: str = ""


def render(page: PageShown) -> bytes:
    """A page in UTF-8, `PAGE_BYTES` long."""
    return page.kind.encode().ljust(PAGE_BYTES)


def headers(secure: bool) -> list[tuple[str, str]]:
    """The headers of every page but its status; `secure` where it is asked for over https."""
    return [("Content-Type", "text/html; charset=utf-8")]


def style() -> bytes:
    """What is served as `/style.css`, as `text/css; charset=utf-8`."""
    return b""
