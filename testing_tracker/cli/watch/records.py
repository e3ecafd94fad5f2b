"""The records behind the screen: reading the board, seeing that it changed, and recording what a key says.

Nothing here knows the screen. One thread calls it, one call after the other.
"""

import os
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.exporting import Looking
from testing_tracker.cli.desk.recorded import said_of_entry, said_of_undone
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.rules.testing.log_line import Entry
    from testing_tracker.services.board import Board, BoardLine
    from testing_tracker.services.board_keys import Meant
    from testing_tracker.services.testing.log_lines import EntryOnRecord
    from testing_tracker.store.following import Follower

_KEYS_DO = "log"  # the keys record what its lines do, and are for whom it is
_READ_ANYWAY = 600.0  # seconds: a report may have left, or a night be overdue, without a page of the ledger


class ReplacedError(TestingTrackerError):
    """Another database is where the one was that was looked at."""


@dataclass(frozen=True)
class BoardSeen:
    """The board as it was read, and where: `whose` names the facility where the database has several."""

    board: "Board"
    zone: ZoneInfo
    training: bool
    whose: str


@dataclass(frozen=True)
class Done:
    """An act on record: what is said of it, and the board after it."""

    said: tuple[str, ...]
    seen: BoardSeen


class Records:
    """A desk that is sat at for hours: one small question a second, and the board is read when that says so.

    The file is looked at before each use, because one that was replaced is still open, and what is written into it is
    lost.
    """

    def __init__(self, desk: Desk) -> None:
        self._given = desk.database, desk.pretended_day, desk.facility
        self._desk = desk
        self.vocabulary = desk.vocabulary
        self._looking = Looking(desk, "today --watch")
        self._follower: Follower | None = None
        self._file: tuple[int, int] | None = self._identity()
        self._page = -1
        self._day: date | None = None
        self._zone: ZoneInfo | None = None
        self._read_at = 0.0
        self._entries: list[EntryOnRecord] = []

    def read(self) -> BoardSeen:
        """The board now. Raises TestingTrackerError where it cannot be read."""
        from testing_tracker.store.following import Follower

        self._check_same()
        with self._desk.reading() as work:
            number = work.facility_id
            if self._follower is None:
                self._follower = Follower(self._desk.engine, number)
            page = self._follower.newest_page()  # before the board: what comes between is read again
            board = services.board.read_board(work)
            seen = BoardSeen(board, work.zone, self._desk.training, self._desk.whose.removesuffix(": "))
        self._page, self._day, self._zone, self._read_at = page, board.day, seen.zone, monotonic()
        return seen

    def read_if_changed(self) -> BoardSeen | None:
        """The board, if anything was recorded since it was read, or another day has begun; None where all is the same.

        Costs one statement. Raises TestingTrackerError where nothing can be read.
        """
        self._check_same()
        if self._follower is None or self._zone is None:
            return self.read()
        if self._today() == self._day and monotonic() - self._read_at < _READ_ANYWAY:
            try:
                is_same = self._follower.newest_page() == self._page
            except BaseException:
                self._read_at = 0.0  # whatever it was, the board is read anew after it
                raise
            if is_same:
                return None
        return self.read()

    def _today(self) -> date:
        from testing_tracker.clock import Clock

        assert self._zone is not None, "the board was read"
        return Clock(self._zone, self._desk.pretended).today()

    def record(self, line: "BoardLine", said: "Entry", word: str = "") -> Done:
        """Record what was said of a line, and `word` for it. Raises TestingTrackerError where it is not what it was
        when it was seen, and where the word may be another participant's code."""
        self._check_same()
        with self._desk.writing(_KEYS_DO) as work:
            entry = services.board_keys.record(work, line, said, word)
            words = tuple(said_of_entry(entry))
        self._entries.append(entry)
        return Done(words, self._read_after())

    def undo(self) -> Done:
        """Take back what was recorded last here. Raises TestingTrackerError where nothing was, or it was changed since.

        An entry that could not be taken back now, because the database was in use, is the last one still.
        """
        self._check_same()
        if not self._entries:
            raise TestingTrackerError("There is nothing to take back: nothing was recorded on this screen.")
        entry = self._entries[-1]
        try:
            with self._desk.writing(_KEYS_DO) as work:
                words = tuple(said_of_undone(entry, services.log_undo.undo(work, entry)))
        except services.log_undo.ChangedSinceError:
            self._entries.pop()
            raise
        self._entries.pop()
        return Done(words, self._read_after())

    def _read_after(self) -> BoardSeen:
        """The board after an act; where the file was replaced meanwhile, nobody knows what the act was written into."""
        try:
            return self.read()
        except ReplacedError:
            raise ReplacedError(
                "The database was replaced while that was recorded. Look whether it is on record, and say it again if "
                "it is not."
            ) from None

    def record_of(self, code: str) -> list[str]:
        """A participant's recent record in lines, codes only."""
        from testing_tracker.cli.watch.participant_lines import participant_lines

        self._check_same()
        with self._desk.reading() as work:
            participant = services.lookup.find_participant(work, code)
            lines = participant_lines(participant.code, services.recent_record.recent_record(work, participant))
        self._looking.at(code)
        return lines

    def meant(self, text: str) -> "Meant":
        """Whose draw is meant by a code, a part of one, or a cup's label."""
        self._check_same()
        with self._desk.reading() as work:
            return services.board_keys.meant(work, text)

    def prescribed(self, line: "BoardLine") -> str:
        """What is prescribed on the day of a line's draw, in a sentence."""
        self._check_same()
        with self._desk.reading() as work:
            found = services.board_keys.prescribed(work, line)
        return f"Prescribed: {', '.join(found)}." if found else "Nothing prescribed."

    def _identity(self) -> tuple[int, int] | None:
        """Which file the database is; None for one on a server, and where there is none."""
        from testing_tracker.store.location import Location

        location = self._desk.location
        if not isinstance(location, Location):
            return None
        try:
            found = os.stat(location.path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _check_same(self) -> None:
        """Raise ReplacedError, once, where another file is in the database's place now."""
        now = self._identity()
        if now == self._file:
            return
        self._file = now
        self._entries.clear()  # they are in the other one
        self.close()
        self._desk = Desk(*self._given)
        self._desk.tell_of_upgrade = lambda _: None
        raise ReplacedError("The database was replaced by another file. What is shown now is in that one.")

    def close(self) -> None:
        """Let go of the database."""
        if self._follower is not None:
            self._follower.close()
            self._follower = None
        self._desk.close()
