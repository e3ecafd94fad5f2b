"""Runs a command that a facility's file names: without a shell, for so long, and with nothing to learn here."""

import os
import signal
import subprocess
from collections.abc import Sequence

_OWN_VARIABLES = ("TESTING_TRACKER_", "PGPASSWORD")  # they name the key, what opens an encrypted file, or a server


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
    return _ended(command, given, seconds, subprocess.DEVNULL)[0]


def answered(command: Sequence[str], given: str, seconds: float) -> tuple[bytes, str | None]:
    """What a command printed that was given a text on standard input, and what went wrong with it, None for nothing."""
    try:
        status, printed = _ended(command, given, seconds, subprocess.PIPE)
    except CommandFailedError as error:
        return b"", str(error)
    return printed, ended_with(command, status) if status else None


def _ended(command: Sequence[str], given: str, seconds: float, to: int) -> tuple[int, bytes]:
    """Run a command; the status that it ended with, and what it printed where that is kept. Raises CommandFailedError.

    It knows none of the program's own variables nor a server's password, has no terminal to ask at, and is ended with
    all that it began when its time is over.
    """
    name = command[0]
    theirs = {key: value for key, value in os.environ.items() if not key.startswith(_OWN_VARIABLES)}
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=to, stderr=subprocess.DEVNULL, env=theirs, start_new_session=True
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no command"
        raise CommandFailedError(f"`{name}` cannot be run: {why}") from None
    try:
        printed, _ = process.communicate(given.encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise CommandFailedError(f"`{name}` did not end within {seconds:g} seconds") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode < 0:
        raise CommandFailedError(f"`{name}` was ended by signal {-process.returncode}")
    return process.returncode, printed or b""
