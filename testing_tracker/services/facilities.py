"""Making a facility's database."""

from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session

from testing_tracker.acting import acting_in
from testing_tracker.clock import Clock
from testing_tracker.errors import TestingTrackerError
from testing_tracker.services import schedules
from testing_tracker.shipped import shipped_schedules
from testing_tracker.store import audit, schema
from testing_tracker.store.engine import create_file, make_engine, writing
from testing_tracker.store.location import Location
from testing_tracker.store.tables import Facility


def make_database(
    location: Location, name: str, timezone: str | None, pretended_day: date | None, *, training: bool
) -> Facility:
    """Make a new database file with a facility in it; leaves nothing behind when that fails.

    The timezone is the machine's own by default; `pretended_day` is the training database's first day. Raises
    TestingTrackerError for an unknown timezone and where a file stands already.
    """
    clock = Clock(find_zone(timezone), pretended_day)
    create_file(location)
    try:
        engine = make_engine(location)
        with writing(engine) as session:
            facility = create_facility(session, name, clock, training=training)
            session.flush()
            session.refresh(facility)
            session.expunge(facility)
        engine.dispose()
    except BaseException:
        location.path.unlink(missing_ok=True)
        raise
    return facility


def find_zone(timezone: str | None) -> ZoneInfo:
    """The zone of a name such as America/Los_Angeles, the machine's own for None."""
    if timezone is None:
        from tzlocal import get_localzone_name

        timezone = get_localzone_name() or "UTC"
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TestingTrackerError(
            f"There is no timezone {timezone!r}. Give one such as America/Los_Angeles or Europe/Berlin."
        ) from None


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
