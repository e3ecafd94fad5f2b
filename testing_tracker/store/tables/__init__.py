"""The tables.

Levels of care, schedules, enrolments, leaves and results are histories: a change or a correction is a new row, and
triggers in the database refuse to alter an old one. `due_on` and `from_on` are the facility's local dates; `…_at` are
instants, aware and in UTC.

Every row but a facility's own says in `facility_id` whose it is, and refers to rows of the same facility only. What is
unique is so within a facility, so that nobody learns of another one's rows from a refusal.
"""

from typing import TYPE_CHECKING, Any

from testing_tracker.store.tables.constraints import number_widely
from testing_tracker.store.tables.deciding import AuditEntry as AuditEntry
from testing_tracker.store.tables.deciding import Evidence as Evidence
from testing_tracker.store.tables.deciding import LastWritten as LastWritten
from testing_tracker.store.tables.deciding import LedgerPage as LedgerPage
from testing_tracker.store.tables.deciding import Recommendation as Recommendation
from testing_tracker.store.tables.deciding import Review as Review
from testing_tracker.store.tables.drawing import Closure as Closure
from testing_tracker.store.tables.drawing import Draw as Draw
from testing_tracker.store.tables.drawing import HolidayYear as HolidayYear
from testing_tracker.store.tables.drawing import KeyChain as KeyChain
from testing_tracker.store.tables.drawing import Night as Night
from testing_tracker.store.tables.drawing import NightTakenBack as NightTakenBack
from testing_tracker.store.tables.drawing import Pool as Pool
from testing_tracker.store.tables.drawing import Schedule as Schedule
from testing_tracker.store.tables.drawing import ScheduleVersion as ScheduleVersion
from testing_tracker.store.tables.drawing import TakingBack as TakingBack
from testing_tracker.store.tables.people import Assignment as Assignment
from testing_tracker.store.tables.people import Enrolment as Enrolment
from testing_tracker.store.tables.people import Facility as Facility
from testing_tracker.store.tables.people import FacilityName as FacilityName
from testing_tracker.store.tables.people import FacilityZone as FacilityZone
from testing_tracker.store.tables.people import Joining as Joining
from testing_tracker.store.tables.people import Leave as Leave
from testing_tracker.store.tables.people import Participant as Participant
from testing_tracker.store.tables.people import Placement as Placement
from testing_tracker.store.tables.people import Prescription as Prescription
from testing_tracker.store.tables.people import Renaming as Renaming
from testing_tracker.store.tables.reporting import Closing as Closing
from testing_tracker.store.tables.reporting import Delivery as Delivery
from testing_tracker.store.tables.reporting import Look as Look
from testing_tracker.store.tables.reporting import ReportEdition as ReportEdition
from testing_tracker.store.tables.reporting import Staff as Staff
from testing_tracker.store.tables.testing import Confirmation as Confirmation
from testing_tracker.store.tables.testing import Finding as Finding
from testing_tracker.store.tables.testing import Handover as Handover
from testing_tracker.store.tables.testing import Reading as Reading
from testing_tracker.store.tables.testing import Result as Result
from testing_tracker.store.tables.testing import Specimen as Specimen

if TYPE_CHECKING:
    from testing_tracker.store.tables.check_in import Card as Card
    from testing_tracker.store.tables.check_in import CheckIn as CheckIn
    from testing_tracker.store.tables.check_in import CheckInDay as CheckInDay
    from testing_tracker.store.tables.check_in import CheckInRule as CheckInRule
    from testing_tracker.store.tables.check_in import Contact as Contact
    from testing_tracker.store.tables.check_in import Notice as Notice
    from testing_tracker.store.tables.check_in import Outage as Outage
    from testing_tracker.store.tables.check_in import StrangersSeen as StrangersSeen
    from testing_tracker.store.tables.check_in import TodaysReceipt as TodaysReceipt

number_widely()

_OF_CHECK_IN = frozenset(
    {"Card", "CheckIn", "CheckInDay", "CheckInRule", "Contact", "Notice", "Outage", "StrangersSeen", "TodaysReceipt"}
)


def __getattr__(name: str) -> Any:  # noqa: ANN401  a table, by its name
    """The tables of checking in, when one is asked for: to declare them is a fifteenth of a command's start, and where
    no rule is in force no command needs them. Whoever goes through all tables there are imports them first."""
    if name not in _OF_CHECK_IN:
        raise AttributeError(f"there is no table {name}")
    from testing_tracker.store.tables import check_in

    return getattr(check_in, name)
