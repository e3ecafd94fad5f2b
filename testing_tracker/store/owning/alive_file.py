"""The file beside a database that says when its dead man's switch was last told something. Imports nothing heavy.

It is no record of what happened: it may be lost, and then `status` says that the switch was never reached.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.given_files import content_of
from testing_tracker.store.location import AnyLocation
from testing_tracker.store.whole_files import whole_file

ENDING = ".alive"
_MOST = 65_536  # bytes; more is no file of ours


@dataclass(frozen=True)
class LastTold:
    """When a facility's switch was last reached and last tried, in UTC, and why it was not reached at the last try."""

    reached_at: datetime | None
    tried_at: datetime
    error: str | None


def last_told(location: AnyLocation, facility_id: int) -> LastTold | None:
    """What is known of a facility's switch; None where nothing is."""
    try:
        told = _all(location)[str(facility_id)]
        reached = told["reached_at"]
        return LastTold(
            datetime.fromisoformat(reached) if reached else None,
            datetime.fromisoformat(str(told["tried_at"])),
            str(told["error"]) if told["error"] else None,
        )
    except (ValueError, KeyError, TypeError, OSError):
        return None


def note(location: AnyLocation, facility_id: int, at: datetime, error: str | None) -> None:
    """Note how a try ended. Where that cannot be written it is not known afterwards, and nothing else."""
    before = last_told(location, facility_id)
    told = LastTold(at if error is None else before.reached_at if before else None, at, error)
    with suppress(OSError, TestingTrackerError):
        try:
            known = _all(location)
        except (ValueError, OSError):
            known = {}
        content = json.dumps(known | {str(facility_id): asdict(told)}, default=str).encode()
        with whole_file(location.beside(ENDING), overwrite=True) as made:
            made.path.write_bytes(content)


def _all(location: AnyLocation) -> dict[str, dict[str, str | None]]:
    try:
        found = json.loads(content_of(location.beside(ENDING), _MOST))
    except RecursionError:
        raise ValueError from None
    if not isinstance(found, dict):
        raise ValueError
    return found
