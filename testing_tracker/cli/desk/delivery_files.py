"""Reads the file that says how the weekly report leaves by itself, and the files of secrets that it names."""

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from testing_tracker.rules.serving.delivery_file import Deliveries, DeliveryFileError, read_deliveries
from testing_tracker.store.given_files import MOST_OF_TOML, content_of
from testing_tracker.store.location import DELIVERY_VARIABLE

if TYPE_CHECKING:
    from testing_tracker.store.location import AnyLocation


def deliveries_of(location: "AnyLocation", facility_id: int) -> Deliveries | None:
    """What a facility's file says, None where it has none.

    Raises DeliveryFileError for a file that others can read, that is not there though the environment names it (the
    first facility's), or that says what cannot be.
    """
    file = location.delivery_of(facility_id)
    is_named = location.delivery_elsewhere is not None and facility_id == 1
    if not is_named and not file.exists():
        return None
    try:
        text = _private_text(file)
    except FileNotFoundError:
        problem = f"is not there; put it there, or change {DELIVERY_VARIABLE}, which names it"
        raise DeliveryFileError(str(file), [problem]) from None
    except ValueError as error:
        raise DeliveryFileError(str(file), [str(error)]) from None
    return read_deliveries(text, str(file), file.parent, _secret_in)


def _secret_in(path: Path) -> str:
    try:
        return _private_text(path)
    except FileNotFoundError:
        raise ValueError(f"{path} is not there") from None
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None


def _private_text(path: Path) -> str:
    """The text of a file that only its owner may read. Raises ValueError saying what is wrong with another one."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if os.name == "posix" and mode & 0o077:
            raise ValueError(f"is open to others (mode {mode:o}), and may hold a password; `chmod 600` it")
        return content_of(path, MOST_OF_TOML).decode()
    except FileNotFoundError:
        raise
    except UnicodeDecodeError:
        raise ValueError("is not a text file in UTF-8") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
