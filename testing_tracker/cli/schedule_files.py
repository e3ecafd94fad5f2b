"""Reads the schedule files that a command was given."""

from pathlib import Path

from testing_tracker.errors import TestingTrackerError


def schedule_text(file: Path) -> str:
    """What stands in a schedule file. Raises TestingTrackerError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TestingTrackerError(f"{file} is not a text file in UTF-8.") from None
    except OSError as error:
        raise TestingTrackerError(f"{file} cannot be read: {error.strerror}.") from None
