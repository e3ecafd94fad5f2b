"""Keeps rows outside of the memory while a report is put together, so that a region's is no larger than a clinic's."""

import pickle
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

_Row = TypeVar("_Row")
_AT_A_TIME = 500
_IN_MEMORY = 1 << 20


class Spool(Generic[_Row]):
    """Rows that can be gone through again and again; many are in a file that has no name and that nobody else sees.

    `seen` is shown each row as it comes in.
    """

    def __init__(self, rows: Iterable[_Row], seen: Callable[[_Row], object] = lambda row: None) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  it lives as long as the rows
        weakref.finalize(self, self._file.close)
        self._count = 0
        page: list[_Row] = []
        for row in rows:
            seen(row)
            self._count += 1
            page.append(row)
            if len(page) == _AT_A_TIME:
                pickle.dump(page, self._file, pickle.HIGHEST_PROTOCOL)
                page = []
        pickle.dump(page, self._file, pickle.HIGHEST_PROTOCOL)
        self._end = self._file.tell()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[_Row]:
        position = 0
        while position < self._end:
            self._file.seek(position)
            page: list[_Row] = pickle.load(self._file)
            position = self._file.tell()
            yield from page
