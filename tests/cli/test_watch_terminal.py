"""`today` and `today --watch` at a real terminal: resized, hung up, without colour, and what is left on it."""

import os
import re
import select
import signal
import time
from contextlib import closing

import pyte
import pytest
from conftest import made_once
from terminals import resize, started, words_of

from testing_tracker.cli.watch.strokes import SECOND_LINE_END
from testing_tracker.store import sqlite_file

pytestmark = pytest.mark.one_database(reason="what the screen asks is asked in test_watch and test_today too")

COLOURED = re.compile(rb"\x1b\[(?:[0-9]+;)*(?:3[0-7]|4[0-7]|9[0-7]|[34]8;)[0-9;]*m")
ALTERNATE, BACK = b"\x1b[?1049h", b"\x1b[?1049l"


@made_once
def staffed(clinic):
    """Three participants are due on Monday, and one has a positive."""
    clinic.add("A17", "B04", "C21")
    clinic("draw")
    clinic("result", "C21", "positive", "--analyte", "cocaine")


class Terminal:
    """A terminal of so many columns and lines, in which the program was started."""

    def __init__(self, clinic, *arguments: str, size=(80, 24), **environment: str) -> None:
        hang_up = signal.SIG_IGN if "NOHUP" in environment else signal.SIG_DFL
        given = {"TERM": "xterm-256color", **environment}
        self.pid, self.end = started(words_of(clinic, *arguments), *size, hang_up=hang_up, **given)
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""

    def resize(self, columns: int, lines: int) -> None:
        resize(self.end, columns, lines)
        self.screen.resize(lines, columns)

    def type(self, keys: str) -> None:
        os.write(self.end, keys.encode())

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def turned_around(self) -> str:
        """What is shown in reverse: the line under the cursor, but for the bar at its end."""
        columns = range(self.screen.columns - 3)
        shown = [row[x].data for row in self.screen.buffer.values() for x in columns if row[x].reverse]
        return "".join(shown).strip()

    def until(self, *texts: str, seconds: float = 20.0) -> str:
        """Wait until all of this is on the screen."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not all(text in self.text for text in texts):
            self._read(0.1)
        assert all(text in self.text for text in texts), self.text
        return self.text

    def until_gone(self, text: str, seconds: float = 20.0) -> None:
        """Wait until this is not on the screen any more."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and text in self.text:
            self._read(0.1)
        assert text not in self.text, self.text

    def _read(self, seconds: float) -> bool:
        """Read what comes within so many seconds; False at the end."""
        if not select.select([self.end], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.end, 65536)
        except OSError:
            return False
        self.raw += data
        self._stream.feed(re.sub(rb"\x1b\[[<>]\d*u", b"", data))  # a keyboard protocol that the emulator does not know
        return bool(data)

    def leaves_with(self, seconds: float = 20.0) -> int:
        """The exit status, once all that was printed is read."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            is_open = self._read(0.05)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                while is_open and select.select([self.end], [], [], 0)[0]:
                    is_open = self._read(0)
                os.close(self.end)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError(f"does not end:\n{self.text}")

    @property
    def left_behind(self) -> bytes:
        """What stays on the terminal: all that was printed before and after the alternate screen."""
        before, _, rest = self.raw.partition(ALTERNATE)
        return before + re.sub(rb"\x1b\[[<>?]?[0-9;]*[a-z]", b"", rest.rpartition(BACK)[2])


class TestTheScreen:
    """It stays, follows, fits, and leaves nothing behind."""

    def test_a_row_of_cups_and_another_nurse_at_a_terminal_that_is_made_narrow(self, staffed, tmp_path):
        log = tmp_path / "log.txt"
        desk = Terminal(staffed, "today", "--watch", TEXTUAL_LOG=str(log), TEXTUAL="devtools,debug")
        desk.until("3 due, 2 open, 1 came", "A17  nothing yet", "q quit")
        assert desk.turned_around == "A17  nothing yet"
        desk.type("n")
        desk.until("A17's draw of 2026-11-16: negative logged.", "1 open, 2 came")
        desk.resize(40, 20)
        desk.until("3 due, 1\n open, 2 came")
        began = time.monotonic()
        staffed("result", "B04", "positive", "--analyte", "opiates")
        desk.until("3 due, 0\n open, 3 came")
        assert time.monotonic() - began < 10  # of which the other nurse's command takes most, on a busy machine
        desk.resize(120, 30)
        desk.until("positive for opiates, presumptive")
        desk.type("C21\r")
        desk.until("\n C21\n")
        time.sleep(SECOND_LINE_END)
        desk.type("\r")
        desk.until("C21: active, iop")
        desk.type("\r")
        desk.until_gone("C21: active, iop")
        desk.type("q")
        assert desk.leaves_with() == 0
        assert desk.left_behind.split(b"\r\n") == [b"TRAINING Recorded on this screen: 1.", b""]
        assert staffed.status("A17") == "collected negative"
        assert not log.exists()

    def test_without_colour(self, staffed):
        desk = Terminal(staffed, "today", "--watch", NO_COLOR="1")
        desk.until("positive for cocaine")
        assert desk.turned_around == "A17  nothing yet"
        desk.type("\x1b[B")
        desk.until("quit")
        desk.type("q")
        assert desk.leaves_with() == 0
        assert not COLOURED.search(desk.raw)

    def test_a_positive_stands_out_by_colour_where_there_is_any(self, staffed):
        desk = Terminal(staffed, "today", "--watch")
        desk.until("positive for cocaine")
        desk.type("\x03")
        assert desk.leaves_with() == 0
        assert COLOURED.search(desk.raw)

    def test_a_database_that_is_locked_for_a_while_is_waited_for(self, staffed):
        desk = Terminal(staffed, "today", "--watch")
        desk.until("A17  nothing yet")
        with closing(sqlite_file.connect(staffed.database)) as other:
            other.execute("BEGIN EXCLUSIVE")
            desk.type("n")
            desk.until("Waiting for the database")
            other.execute("ROLLBACK")
        desk.until("negative logged")
        desk.until("1 open, 2 came")
        assert "Waiting for" not in desk.text
        desk.type("q")
        assert desk.leaves_with() == 0

    def test_what_no_terminal_sends_ends_it_in_a_line(self, staffed):
        desk = Terminal(staffed, "today", "--watch")
        desk.until("A17  nothing yet")
        os.write(desk.end, b"\xe4\xff\xfe")
        assert desk.leaves_with() == 1
        lines = desk.left_behind.strip().replace(b"\r\n  ", b" ").split(b"\r\n")  # the terminal's width folds it
        assert len(lines) == 1
        assert lines[0].startswith(b"Error: ")
        assert b"Traceback" not in desk.raw


class TestTheEnd:
    """A signal or a line that is cut: it ends at once, says nothing of anybody, and nothing is half done."""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_it(self, staffed, number):
        desk = Terminal(staffed, "today", "--watch")
        desk.until("A17  nothing yet")
        os.kill(desk.pid, number)
        assert desk.leaves_with() == 128 + number
        assert desk.left_behind.strip() == b""

    def test_after_a_stop_it_goes_on_and_ends_as_ever(self, staffed):
        desk = Terminal(staffed, "today", "--watch")
        desk.until("A17  nothing yet")
        for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGTSTP):
            os.kill(desk.pid, number)
        desk.type("n")
        desk.until("negative logged")
        desk.type("/")
        desk.until("Which code")
        desk.type("\x1b")
        desk.until_gone("Which code")
        desk.type("q")
        assert desk.leaves_with() == 0

    @pytest.mark.parametrize("environment", [{}, {"NOHUP": "1"}])
    def test_a_terminal_that_is_gone_ends_it(self, staffed, environment):
        desk = Terminal(staffed, "today", "--watch", **environment)
        desk.until("A17  nothing yet")
        desk.type("n")
        desk.until("negative logged")
        os.close(desk.end)
        deadline = time.monotonic() + 20
        done = 0
        while not done and time.monotonic() < deadline:
            done, status = os.waitpid(desk.pid, os.WNOHANG)
            time.sleep(0.05)
        assert done, os.kill(desk.pid, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
        assert staffed.status("A17") == "collected negative"
        staffed("verify")


class TestOnce:
    """`today` at a terminal: as wide as it is, with colour where that is wanted."""

    @pytest.mark.parametrize("columns", [40, 120])
    def test_it_is_as_wide_as_the_terminal(self, staffed, columns):
        desk = Terminal(staffed, "today", size=(columns, 50))
        assert desk.leaves_with() == 0
        assert COLOURED.search(desk.raw)
        plain = re.sub(rb"\x1b\[[0-9;]*m", b"", desk.raw).decode().splitlines()
        assert max(map(len, plain)) <= max(columns, len(f"    tt --database {staffed.url} \\"))
        assert "A17" in desk.text

    def test_no_colour_where_none_is_wanted(self, staffed):
        desk = Terminal(staffed, "today", NO_COLOR="1")
        assert desk.leaves_with() == 0
        assert not COLOURED.search(desk.raw)
