"""Runs a command that a facility's file names: without a shell, for so long, and with nothing to learn here."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread

_OWN_VARIABLES = ("TESTING_TRACKER_", "PGPASSWORD")  # they name the key, what opens an encrypted file, or a server
MOST_ANSWERED = 4_000_000  # bytes of what a command prints; whoever is at its other end may print for ever


class CommandFailedError(Exception):
    """A command was not run, or did not come to its end; says why without what it was given or printed."""


def run(command: Sequence[str], given: str, seconds: float) -> str | None:
    """Run a command with a text on standard input; what went wrong with it, None for nothing. See `status_of`."""
    try:
        status = status_of(command, given, seconds)
    except CommandFailedError as error:
        return str(error)
    return ended_with(command, status) if status else None


def ended_with(command: Sequence[str], status: int) -> str:
    """That a command ended with a status, in words."""
    return f"`{command[0]}` ended with status {status}"


def status_of(command: Sequence[str], given: str, seconds: float) -> int:
    """Run a command with a text on standard input; the status that it ended with. Raises CommandFailedError.

    What it prints is not kept: it may say anything, and as much as it likes.
    """
    with _begun(command, subprocess.DEVNULL) as process:
        return _ended(process, command[0], given, seconds)


def answered(command: Sequence[str], given: str, seconds: float) -> tuple[bytes, str | None]:
    """What a command printed that was given a text on standard input, and what went wrong with it, None for nothing."""
    try:
        with _begun(command, subprocess.PIPE) as process:
            printed = _Printed(process)
            status = _ended(process, command[0], given, seconds)
            found = printed.found(seconds)
    except CommandFailedError as error:
        return b"", str(error)
    if len(found) > MOST_ANSWERED:
        return b"", f"`{command[0]}` printed more than {MOST_ANSWERED:,} bytes"
    return found, ended_with(command, status) if status else None


class _Printed:
    """What a command prints, and one byte more than it may: what it prints on is thrown away."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None, "it is a pipe"
        self._process, self._from, self._found = process, process.stdout, b""
        process.stdout = None  # or else all of it would be kept, however much it is
        self._reading = Thread(target=self._read, name="printed", daemon=True)
        self._reading.start()

    def _read(self) -> None:
        with self._from:
            self._found = self._from.read(MOST_ANSWERED + 1)
            while self._from.read(64 * 1024):
                pass

    def found(self, seconds: float) -> bytes:
        """All that was printed. Raises CommandFailedError where something that was begun goes on."""
        self._reading.join(seconds)
        if self._reading.is_alive():
            _kill(self._process)
            raise CommandFailedError("it left something behind that goes on printing")
        return self._found


def _begun(command: Sequence[str], to: int) -> "subprocess.Popen[bytes]":
    """A command that runs. Raises CommandFailedError where it is none.

    It knows none of the program's own variables nor a server's password, and has no terminal to ask at.
    """
    theirs = {key: value for key, value in os.environ.items() if not key.startswith(_OWN_VARIABLES)}
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=to, stderr=subprocess.DEVNULL, env=theirs, start_new_session=True
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no command"
        raise CommandFailedError(f"`{command[0]}` cannot be run: {why}") from None


def _ended(process: "subprocess.Popen[bytes]", name: str, given: str, seconds: float) -> int:
    """The status that a command ends with, which is ended with all that it began when its time is over.

    Raises CommandFailedError.
    """
    try:
        process.communicate(given.encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise CommandFailedError(f"`{name}` did not end within {seconds:g} seconds") from None
    finally:
        if process.poll() is None:
            _kill(process)
            process.wait()
    if process.returncode < 0:
        raise CommandFailedError(f"`{name}` was ended by signal {-process.returncode}")
    return process.returncode


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
