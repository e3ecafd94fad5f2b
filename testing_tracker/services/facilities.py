"""Making a facility's database, and saying who acts in it."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from testing_tracker.account import current_account
from testing_tracker.acting import Acting
from testing_tracker.clock import Clock
from testing_tracker.services import schedules
from testing_tracker.shipped import shipped_schedules
from testing_tracker.store import audit, schema
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Facility


def create_facility(session: Session, name: str, clock: Clock, *, training: bool) -> Facility:
    """Make the tables in an empty database, the facility, and the schedules that come with the program."""
    schema.upgrade(session.connection())
    facility = Facility(name=name, timezone=clock.zone.key, training=training, opened_on=clock.today())
    session.add(facility)
    session.flush()
    acting = acting_in(facility, clock)
    audit.record(session, acting, "facility create", facility=name, timezone=clock.zone.key, training=training)
    for file, text in shipped_schedules().items():
        schedules.load_schedule(session, acting, file, text)
    return facility


def acting_in(facility: Facility, clock: Clock) -> Acting:
    """The current account, acting now for a facility."""
    return Acting(id_of(facility), ZoneInfo(facility.timezone), current_account(), clock.now(), clock.today())
