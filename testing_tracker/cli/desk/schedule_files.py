"""Reads the schedule files that a command was given."""

from pathlib import Path

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.given_files import MOST_OF_TOML, content_of


def schedule_text(file: Path) -> str:
    """What stands in a schedule file. Raises TestingTrackerError where it cannot be read."""
    try:
        return content_of(file, MOST_OF_TOML).decode()
    except UnicodeDecodeError:
        raise TestingTrackerError(f"{file} is not a text file in UTF-8.") from None
    except OSError as error:
        raise TestingTrackerError(f"{file} cannot be read: {error.strerror}.") from None
