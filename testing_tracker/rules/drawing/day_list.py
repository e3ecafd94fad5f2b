"""The digest of a run's list: who was in it, with which exact chance, and what was decided on each.

A run keeps it when it decides, and a proof carries it. So nobody can be left out of a proof, or put into it, without
its digest showing that; and the line that leaves the house (`witness`) says which digest it was.
"""

import json
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from hashlib import sha256


class DayList:
    """A run's list on its way into the digest, in the order of the participants' numbers.

    `facility` is its name that night, as a proof has it. The run decided on those with numbers from `first` to `last`
    who took part.
    """

    def __init__(self, facility: str, day: date, first: int, last: int) -> None:
        # A name in JSON is one line, whatever is in it.
        head = f"testing-tracker list 1\n{json.dumps(facility)}\n{day} {first} {last}\n"
        self._digest = sha256(head.encode())

    def add(self, lines: Iterable[str]) -> None:
        """Add participants, each by the number and the words of `decided_on`."""
        self._digest.update("".join(lines).encode())

    @property
    def digest(self) -> str:
        """The digest of what was added so far, in hexadecimal."""
        return self._digest.hexdigest()


def decided_on(chance: Fraction, panel: int | None, panels: int | None, *, drawn: bool) -> str:
    """What stands behind a participant's number in the list: ` 2/7 1`, and with panels which of how many."""
    of_panels = "" if panel is None and panels is None else f" {panel} of {panels}"
    return f" {chance} {drawn:d}{of_panels}\n"
