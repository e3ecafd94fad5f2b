"""The line about a night that can leave the house, such as `2026-11-16 page 812 3f9a…`, and its reading.

It says that on that day the ledger's page of that number was as its digest says, and so all pages before it, and
whom the night's list had. Whoever keeps such lines where the clinic's own hands do not reach can tell later whether
the records are still those. Nothing about a participant can be read from it.
"""

import re
from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from testing_tracker.rules.exchange.csv_cells import read_day

# A mail or a page may have broken the line: between its parts and in the digest, with the marks of what is quoted.
_BREAK = r"(?:[ \t]*\r?\n[> \t]*)"
_LINE = re.compile(
    rf"(?<![0-9A-Za-z-])([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[ \t]+|{_BREAK})page(?:[ \t]+|{_BREAK})"
    rf"([0-9]{{1,18}})(?![0-9])(?:(?:[ \t]+|{_BREAK})([0-9A-Fa-f](?:{_BREAK}?[0-9A-Fa-f]){{63}})(?![0-9A-Za-z-]))?"
)
_STAMP_BEGINS = "time stamp of page"
_STAMP = re.compile(rf"{_STAMP_BEGINS} ([0-9]{{1,18}}): ([A-Za-z0-9+/]+={{0,2}})")
_SOFT_BREAK = re.compile(r"=\r?\n")  # of a mail in quoted-printable


@dataclass(frozen=True, order=True)
class Witness:
    """A run's day, the number of the ledger's page that its transaction ended with, and the digest, in hexadecimal."""

    day: date
    page: int
    digest: str

    def __str__(self) -> str:
        return f"{self.day} page {self.page} {self.digest}"


def witness_of(day: date, page: int, page_digest: str, list_digest: str) -> Witness:
    """The line of a run, from the digest of the page and that of the run's list, in hexadecimal."""
    said = f"testing-tracker witness 1\n{day} page {page}\n{page_digest}\n{list_digest}\n"
    return Witness(day, page, sha256(said.encode()).hexdigest())


@dataclass(frozen=True)
class Stamp:
    """A time stamp of a page's line (RFC 3161), in base64: the authority's answer, with its certificates."""

    page: int
    answer: str

    def __str__(self) -> str:
        return f"{_STAMP_BEGINS} {self.page}: {self.answer}"

    @property
    def content(self) -> bytes:
        """The answer as it arrived. Raises ValueError for what is none."""
        return b64decode(self.answer, validate=True)


@dataclass(frozen=True)
class GivenLines:
    """The lines that a text has, each once, oldest first; `unread` are the beginnings of those that cannot be read.

    `stamps` are the time stamps that stand beside them.
    """

    lines: tuple[Witness, ...]
    unread: tuple[str, ...]
    stamps: tuple[Stamp, ...] = ()


MOST_LINES = 20_000  # more than fifty years of nights have


def read_witnesses(text: str) -> GivenLines:
    """The lines in any text: a list, a mail, a report. What begins like one and is none is `unread`.

    Raises ValueError for a text with more of them than there can be.
    """
    lines: set[Witness] = set()
    unread: dict[str, None] = {}
    for found in _LINE.finditer(_SOFT_BREAK.sub("", text)):
        if len(lines) + len(unread) >= MOST_LINES:
            raise ValueError(f"it has more than {MOST_LINES:,} witness lines")
        day = _day(found[1])
        if day is None or found[3] is None:
            unread[f"{found[1]} page {found[2]}"] = None
        else:
            lines.add(Witness(day, int(found[2]), re.sub(r"[^0-9a-f]", "", found[3].lower())))
    stamps = tuple(Stamp(int(found[1]), found[2]) for found in _STAMP.finditer(text))
    return GivenLines(tuple(sorted(lines)), tuple(unread), stamps)


def _day(text: str) -> date | None:
    try:
        return read_day(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class LinesOnRecord:
    """What a facility's records say now: the lines of its runs by page, the days of its runs, and its newest page."""

    lines: Mapping[int, Witness]
    days: Collection[date]
    newest_page: int


@dataclass(frozen=True)
class Comparison:
    """Lines that were kept outside, compared with the records: how many agree, and what is wrong with the others."""

    agreed: int
    wrong: list[tuple[date, str]]


def compared(kept: Sequence[Witness], records: Sequence[LinesOnRecord]) -> Comparison:
    """Each line compared with the records of the facilities of which it may be."""
    wrong = [(line.day, said) for line in kept if (said := _objection(line, records)) is not None]
    return Comparison(len(kept) - len(wrong), wrong)


def _objection(line: Witness, records: Sequence[LinesOnRecord]) -> str | None:
    """Why a line that was kept outside is not one of what is on record now; None where it is."""
    if any(one.lines.get(line.page) == line for one in records):
        return None
    newest = max((one.newest_page for one in records), default=0)
    if line.page > newest:
        return (
            f"this night's line is of page {line.page}, and the record ends with page {newest}: an old copy was "
            "brought back, or what came later was erased"
        )
    if not any(line.day in one.days for one in records):
        return f"this night's line is of page {line.page}, and no run of that day is on record: it was erased"
    return (
        f"this night's line is of page {line.page}, and the records up to that night are not those that it was made "
        "of: another past was put in their place"
    )
