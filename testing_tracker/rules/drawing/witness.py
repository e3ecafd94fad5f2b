"""The line about a night that can leave the house, such as `2026-11-16 page 812 3f9a…`, and its reading.

It says that on that day the ledger's page of that number was as its digest says, and so all pages before it, and
whom the night's list had. Whoever keeps such lines where the clinic's own hands do not reach can tell later whether
the records are still those. Nothing about a participant can be read from it.
"""

import re
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
class GivenLines:
    """The lines that a text has, each once, oldest first; `unread` are the beginnings of those that cannot be read."""

    lines: tuple[Witness, ...]
    unread: tuple[str, ...]


def read_witnesses(text: str) -> GivenLines:
    """The lines in any text: a list, a mail, a report. What begins like one and is none is `unread`."""
    lines: set[Witness] = set()
    unread: dict[str, None] = {}
    for found in _LINE.finditer(_SOFT_BREAK.sub("", text)):
        day = _day(found[1])
        if day is None or found[3] is None:
            unread[f"{found[1]} page {found[2]}"] = None
        else:
            lines.add(Witness(day, int(found[2]), re.sub(r"[^0-9a-f]", "", found[3].lower())))
    return GivenLines(tuple(sorted(lines)), tuple(unread))


def _day(text: str) -> date | None:
    try:
        return read_day(text)
    except ValueError:
        return None
