"""What travels between the clinic and a page on another machine: a document of JSON on one line, version 1."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from testing_tracker.errors import TestingTrackerError

VERSION = 1
Read = TypeVar("Read")


def on_one_line(kind: str, said: Mapping[str, Any]) -> str:
    """A document of a kind."""
    return json.dumps({kind: VERSION} | dict(said), ensure_ascii=False, separators=(",", ":"))


def read_document(text: str | bytes, kind: str, command: str, read: Callable[[dict[str, Any]], Read]) -> Read:
    """What a document of a kind says, which a command prints, by what reads its fields.

    Raises TestingTrackerError where it is none, not whole, or of another version.
    """
    not_whole = TestingTrackerError(
        f"What {command} printed did not arrive whole. Have it printed again. Nothing was changed."
    )
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise not_whole from None
    if not isinstance(document, dict) or kind not in document:
        raise TestingTrackerError(f"This is not what {command} prints. Nothing was changed.")
    if document.pop(kind) != VERSION:
        raise TestingTrackerError(
            "This was printed by another version of testing_tracker. Bring both machines to the same one. Nothing was "
            "changed."
        )
    try:
        return read(document)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise not_whole from None


def instant_in(text: str) -> datetime:
    """An instant as it stands in a document, in UTC. Raises TypeError and ValueError where it is none."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant without its zone")
    return found.astimezone(UTC)
