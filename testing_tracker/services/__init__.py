"""What the program does: one function an act, in the caller's transaction.

A service checks everything before it writes anything, and raises TestingTrackerError to refuse. Its modules lie in
rooms and are found by their names alone, `services.results`; they are loaded when first used, because they bring the
database library with them and `--help` needs none of it.
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testing_tracker.services import board as board
    from testing_tracker.services import board_keys as board_keys
    from testing_tracker.services import demo as demo
    from testing_tracker.services.check_in import attempts as attempts
    from testing_tracker.services.check_in import cards as cards
    from testing_tracker.services.check_in import day_list as day_list
    from testing_tracker.services.check_in import expected as expected
    from testing_tracker.services.check_in import outages as outages
    from testing_tracker.services.check_in import receipts_read as receipts_read
    from testing_tracker.services.check_in import recording as recording
    from testing_tracker.services.check_in import rule_setting as rule_setting
    from testing_tracker.services.check_in import rules_in_force as rules_in_force
    from testing_tracker.services.check_in import whether as whether
    from testing_tracker.services.check_in import who_is_told as who_is_told
    from testing_tracker.services.check_in.ending import outage_acts as outage_acts
    from testing_tracker.services.check_in.page import filling as filling
    from testing_tracker.services.check_in.page import page_faults as page_faults
    from testing_tracker.services.check_in.page import page_visits as page_visits
    from testing_tracker.services.check_in.page import state_now as state_now
    from testing_tracker.services.check_in.page import todays_receipts as todays_receipts
    from testing_tracker.services.check_in.reminding import contacts as contacts
    from testing_tracker.services.check_in.reminding import notices as notices
    from testing_tracker.services.deciding import meant as meant
    from testing_tracker.services.deciding import one_by_one as one_by_one
    from testing_tracker.services.deciding import positives as positives
    from testing_tracker.services.deciding import recent_record as recent_record
    from testing_tracker.services.deciding import recommendation_lines as recommendation_lines
    from testing_tracker.services.deciding import recommendations as recommendations
    from testing_tracker.services.deciding import reopening as reopening
    from testing_tracker.services.deciding import reviews as reviews
    from testing_tracker.services.drawing import closings as closings
    from testing_tracker.services.drawing import closures as closures
    from testing_tracker.services.drawing import held_days as held_days
    from testing_tracker.services.drawing import keys as keys
    from testing_tracker.services.drawing import known_to_key as known_to_key
    from testing_tracker.services.drawing import last_nights as last_nights
    from testing_tracker.services.drawing import nights as nights
    from testing_tracker.services.drawing import pools as pools
    from testing_tracker.services.drawing import taking_back as taking_back
    from testing_tracker.services.drawing import witnesses as witnesses
    from testing_tracker.services.exchange import history as history
    from testing_tracker.services.exchange import imports as imports
    from testing_tracker.services.exchange import participant_lines as participant_lines
    from testing_tracker.services.exchange import result_lines as result_lines
    from testing_tracker.services.keeping import audit as audit
    from testing_tracker.services.keeping import backups as backups
    from testing_tracker.services.keeping import doctor as doctor
    from testing_tracker.services.keeping import facilities as facilities
    from testing_tracker.services.keeping import server_backups as server_backups
    from testing_tracker.services.keeping import status as status
    from testing_tracker.services.keeping import upgrades as upgrades
    from testing_tracker.services.keeping.checking import before_passing_on as before_passing_on
    from testing_tracker.services.keeping.checking import before_printing as before_printing
    from testing_tracker.services.keeping.checking import checks as checks
    from testing_tracker.services.keeping.checking import examination as examination
    from testing_tracker.services.keeping.checking import proofs as proofs
    from testing_tracker.services.keeping.checking import recent as recent
    from testing_tracker.services.keeping.checking import replay as replay
    from testing_tracker.services.people import cancelling as cancelling
    from testing_tracker.services.people import discharging as discharging
    from testing_tracker.services.people import enrolling as enrolling
    from testing_tracker.services.people import joining as joining
    from testing_tracker.services.people import leaves as leaves
    from testing_tracker.services.people import looks as looks
    from testing_tracker.services.people import lookup as lookup
    from testing_tracker.services.people import moves as moves
    from testing_tracker.services.people import participants as participants
    from testing_tracker.services.people import renaming as renaming
    from testing_tracker.services.people import roster as roster
    from testing_tracker.services.people import staff as staff
    from testing_tracker.services.reporting import editions as editions
    from testing_tracker.services.reporting import outbox as outbox
    from testing_tracker.services.schedules import closed_days as closed_days
    from testing_tracker.services.schedules import versions as versions
    from testing_tracker.services.testing import attendance as attendance
    from testing_tracker.services.testing import collecting as collecting
    from testing_tracker.services.testing import collections as collections
    from testing_tracker.services.testing import confirmations as confirmations
    from testing_tracker.services.testing import corrections as corrections
    from testing_tracker.services.testing import draws as draws
    from testing_tracker.services.testing import log_session as log_session
    from testing_tracker.services.testing import log_undo as log_undo
    from testing_tracker.services.testing import prescribing as prescribing
    from testing_tracker.services.testing import prescriptions as prescriptions
    from testing_tracker.services.testing import recollections as recollections
    from testing_tracker.services.testing import results as results
    from testing_tracker.services.testing import specimens as specimens
    from testing_tracker.services.testing import swapping as swapping

_ROOMS = (
    "testing",
    "drawing",
    "deciding",
    "people",
    "schedules",
    "keeping",
    "keeping.checking",
    "reporting",
    "check_in",
    "check_in.ending",
    "check_in.reminding",
    "check_in.page",
    "exchange",
)


def __getattr__(name: str) -> ModuleType:
    for room in _ROOMS:
        if find_spec(f"{__name__}.{room}.{name}"):
            return import_module(f"{__name__}.{room}.{name}")
    return import_module(f"{__name__}.{name}")
