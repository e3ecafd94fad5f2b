"""What the program does: one function an act, in the caller's transaction.

A service checks everything before it writes anything, and raises TestingTrackerError to refuse. Its modules are
loaded when first used, because they bring the database library with them and `--help` needs none of it.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testing_tracker.services import (  # noqa: F401
        attendance,
        demo,
        draws,
        facilities,
        history,
        imports,
        nights,
        participants,
        recommendations,
        results,
        schedules,
        standing,
    )


def __getattr__(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")
