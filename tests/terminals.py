"""Programs at a real terminal, as a person has one."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Sequence

_OF_THIS_ONE = ("COLUMNS", "LINES", "NO_COLOR")
_ANY_QUESTION = re.compile(r":$")


def words_of(clinic, *words: str) -> list[str]:
    """The program with a clinic's database, on its day."""
    return [sys.executable, "-m", "testing_tracker", "--database", clinic.url, "--today", clinic.today, *words]


def hurried(clinic, minute: float, *words: str) -> list[str]:
    """As `words_of`; a minute in which nobody touches the terminal has only so many seconds."""
    python, _, _, *arguments = words_of(clinic, *words)
    code = (
        "from testing_tracker.cli.desk import idle; from testing_tracker.__main__ import main; "
        f"idle.MINUTE = {minute}; main()"
    )
    return [python, "-c", code, *arguments]


def resize(end: int, columns: int, lines: int) -> None:
    """Make a terminal so wide and so high, by its end."""
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def started(
    command: Sequence[str], columns: int, lines: int, *, hang_up: signal.Handlers = signal.SIG_DFL, **environment: str
) -> tuple[int, int]:
    """Start a program at a terminal of its own: its process, and the end at which a person sits."""
    pid, end = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, hang_up)
        resize(0, columns, lines)
        kept = {name: value for name, value in os.environ.items() if name not in _OF_THIS_ONE}
        os.execve(command[0], command, {**kept, "TERM": "xterm", **environment})
    return pid, end


class Terminal:
    """A conversation at a terminal: `said` is all that was printed; `asks` is what a question ends with."""

    def __init__(
        self,
        clinic,
        *words: str,
        columns: int = 80,
        rows: int = 24,
        asks: re.Pattern[str] = _ANY_QUESTION,
        minute: float | None = None,
    ) -> None:
        command = words_of(clinic, *words) if minute is None else hurried(clinic, minute, *words)
        self.pid, self.end = started(command, columns, rows)
        self.said, self._asks = "", asks
        self._read_until_asked()

    def type(self, line: str, end: str = "\r") -> str:
        """Type a line; what the screen says until it asks again or the program ends."""
        before = len(self.said)
        os.write(self.end, (line + end).encode())
        self._read_until_asked()
        return self.said[before:]

    def _read_until_asked(self) -> None:
        """Until nothing more comes for a while, and the cursor stands behind a question."""
        deadline, before = time.monotonic() + 20, len(self.said)
        quiet = 0.0
        while time.monotonic() < deadline and quiet < 3:
            ready, _, _ = select.select([self.end], [], [], 0.05)
            if not ready:
                has_answered = len(self.said) > before
                quiet += has_answered if self._asks.search(self.said.rstrip(" \r\n\b")) else 0.1 * bool(self.said)
                continue
            quiet = 0.0
            if not self._read():
                return

    def _read(self) -> bool:
        """Read what comes; False at the end."""
        try:
            data = os.read(self.end, 65536)
        except OSError:
            return False
        if b"\x1b[6n" in data:  # where is the cursor?
            os.write(self.end, b"\x1b[1;1R")
        self.said += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data.decode(errors="replace"))
        return bool(data)

    def ends_by_itself(self) -> tuple[int, str]:
        """Touch nothing until it ends: its exit status, and all that was said, in one line."""
        while self._read():
            pass
        return self.leaves_with(), " ".join(self.said.split())

    def leaves_with(self) -> int:
        """The exit status."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.end)
        return os.waitstatus_to_exitcode(status)
