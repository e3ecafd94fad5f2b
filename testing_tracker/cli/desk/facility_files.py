"""Reads the file of the facility's own analytes and limits."""

from pathlib import Path

from testing_tracker.rules.testing.facility_file import FacilityFile, FacilityFileError
from testing_tracker.store.given_files import MOST_OF_TOML, content_of


def read_facility_file(file: Path) -> FacilityFile:
    """What stands in the file. Raises FacilityFileError where it cannot be read."""
    try:
        return FacilityFile(content_of(file, MOST_OF_TOML).decode(), str(file))
    except UnicodeDecodeError:
        raise FacilityFileError(str(file), ["not a text file in UTF-8; save it as one"]) from None
    except OSError as error:
        raise FacilityFileError(str(file), [f"cannot be read: {error.strerror}"]) from None
