"""Codes that a spreadsheet took for numbers: `003` becomes 3, and `1E5` becomes 100000."""

import re
from collections import defaultdict
from decimal import Decimal

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.sheet import ImportedRow
from testing_tracker.services.people.lookup import codes_ever
from testing_tracker.store.work import Work

_NUMBER = re.compile(r"[0-9]{1,32}(?:\.[0-9]{1,15})?(?:[eE]\+?[0-9]{1,3})?")
_DIGITS_KEPT = 15  # by a spreadsheet


def has_kept_its_zeros(code: str) -> bool:
    """Whether a code begins as no spreadsheet writes a number, so that none has touched it."""
    return len(code) > 1 and code[0] == "0" and code[1].isdigit()


def number_key(code: str) -> str | None:
    """What a spreadsheet keeps of a code that it takes for a number; None for a code that it leaves alone."""
    if _NUMBER.fullmatch(code) is None:
        return None
    number = Decimal(code).normalize()
    return str(number) if len(number.as_tuple().digits) <= _DIGITS_KEPT else None


class LostZeros:
    """Puts codes back that fit exactly one participant on record. What is on record is read when a number comes."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._keys: set[str] | None = None
        self._by_number: dict[str, list[str]] = defaultdict(list)
        self._meant: dict[str, str] = {}

    def put_back(self, line: ImportedRow, notes: list[tuple[int, str]]) -> ImportedRow:
        """The line with its code as it is on record; a note says so once of each code.

        Raises TestingTrackerError where it could be more than one.
        """
        code = line.cells["participant"]
        key = number_key(code)
        if key is None or has_kept_its_zeros(code):
            return line
        if code not in self._meant:
            self._meant[code] = self._find(code, key, line.number, notes)
        meant = self._meant[code]
        return line if meant == code else line._replace(cells={**line.cells, "participant": meant})

    def _find(self, code: str, key: str, number: int, notes: list[tuple[int, str]]) -> str:
        if self._keys is None:
            self._keys = self._read()
        fitting = [other for other in self._by_number.get(key, ()) if other.casefold() != code.casefold()]
        if code.casefold() in self._keys:
            if fitting:
                said = f"participant {code} is taken as it stands; {_or(fitting)} without its zeros would look the same"
                notes.append((number, said))
            return code
        if not fitting:
            return code
        if len(fitting) > 1:
            raise TestingTrackerError(
                f"participant {code} is not on record, and could be {_or(fitting)}; write it in full"
            )
        notes.append((number, f"participant {code} is read as {fitting[0]}, which a spreadsheet takes for that number"))
        return fitting[0]

    def _read(self) -> set[str]:
        keys: set[str] = set()
        for code in codes_ever(self._work):
            number = number_key(code)
            if number is not None and code.casefold() not in keys:
                self._by_number[number].append(code)
            keys.add(code.casefold())
        return keys


def _or(codes: list[str]) -> str:
    return " or ".join(codes[:5])
