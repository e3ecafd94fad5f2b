"""What the program does: one function an act, in the caller's transaction.

A service checks everything before it writes anything, and raises TestingTrackerError to refuse. Its modules are
loaded when first used, because they bring the database library with them and `--help` needs none of it.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testing_tracker.services import attendance as attendance
    from testing_tracker.services import backups as backups
    from testing_tracker.services import closings as closings
    from testing_tracker.services import confirmations as confirmations
    from testing_tracker.services import cross_check as cross_check
    from testing_tracker.services import demo as demo
    from testing_tracker.services import doctor as doctor
    from testing_tracker.services import draws as draws
    from testing_tracker.services import editions as editions
    from testing_tracker.services import examination as examination
    from testing_tracker.services import exports as exports
    from testing_tracker.services import facilities as facilities
    from testing_tracker.services import history as history
    from testing_tracker.services import imports as imports
    from testing_tracker.services import keys as keys
    from testing_tracker.services import leaves as leaves
    from testing_tracker.services import log_session as log_session
    from testing_tracker.services import lookup as lookup
    from testing_tracker.services import nights as nights
    from testing_tracker.services import panels as panels
    from testing_tracker.services import participants as participants
    from testing_tracker.services import pools as pools
    from testing_tracker.services import positives as positives
    from testing_tracker.services import prescribing as prescribing
    from testing_tracker.services import prescriptions as prescriptions
    from testing_tracker.services import proofs as proofs
    from testing_tracker.services import recent_record as recent_record
    from testing_tracker.services import recommendation_lines as recommendation_lines
    from testing_tracker.services import recommendations as recommendations
    from testing_tracker.services import reminders as reminders
    from testing_tracker.services import result_lines as result_lines
    from testing_tracker.services import results as results
    from testing_tracker.services import reviews as reviews
    from testing_tracker.services import roster as roster
    from testing_tracker.services import schedules as schedules
    from testing_tracker.services import server_backups as server_backups
    from testing_tracker.services import server_examination as server_examination
    from testing_tracker.services import settling as settling
    from testing_tracker.services import specimens as specimens
    from testing_tracker.services import staff as staff
    from testing_tracker.services import status as status
    from testing_tracker.services import upgrades as upgrades
    from testing_tracker.services import use_patterns as use_patterns
    from testing_tracker.services import verification as verification
    from testing_tracker.services import worklist as worklist


def __getattr__(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")
