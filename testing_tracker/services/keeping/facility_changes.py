"""What is corrected about a facility itself: its name, and the timezone it goes by from a day on."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.schedules.zones import zone_on
from testing_tracker.rules.words import Role
from testing_tracker.services.keeping import facilities
from testing_tracker.services.people import staff
from testing_tracker.services.schedules import versions
from testing_tracker.store import audit
from testing_tracker.store.facilities import every, timezones_of
from testing_tracker.store.tables import Facility, FacilityName, FacilityZone

A_DAY = timedelta(days=1)


def rename(session: Session, acting: Acting, given: str, reason: str) -> tuple[str, str]:
    """Give the facility another name; returns the earlier one and the new one.

    The earlier name goes on finding it, unless another facility takes it. A manager's to do, where there is one on
    record. Raises TestingTrackerError for a name that cannot be one, and for one that a facility has.
    """
    staff.require(session, acting, Role.MANAGER, "rename the facility")
    name = facilities.check_name(given)
    facility = session.get_one(Facility, acting.facility_id)
    if name == facility.name:
        raise TestingTrackerError(f"The facility is called {name!r} already; there is nothing to do.")
    if any(one.name.casefold() == name.casefold() for one in every(session) if one.id != facility.id):
        raise TestingTrackerError(f"There is a facility {name!r} in this database already. Give another name.")
    earlier, facility.name = facility.name, name
    session.add(facility)
    session.add(
        FacilityName(
            facility_id=acting.facility_id,
            name=name,
            earlier=earlier,
            reason=reason,
            recorded_at=acting.now,
            recorded_by=acting.account,
        )
    )
    audit.record(session, acting, Act.FACILITY_RENAME, reason=reason, facility=name, earlier=earlier)
    session.flush()
    return earlier, name


def change_timezone(session: Session, acting: Acting, timezone: str, from_on: date | None, reason: str) -> date:
    """Have the facility go by another timezone from a day on, by default from tomorrow; returns that day.

    Days before keep theirs, and with it their windows and what was late on them. A manager's to do, where there is one
    on record. Raises TestingTrackerError for an unknown timezone, for the one that it goes by already, and for a day
    that was begun or decided.
    """
    staff.require(session, acting, Role.MANAGER, "change the facility's timezone")
    zone = facilities.find_zone(timezone)
    decided_to = versions.decided_to(session, acting) or acting.today
    earliest = max(acting.today, decided_to) + timedelta(days=1)
    from_on = from_on or earliest
    if from_on < earliest:
        raise TestingTrackerError(
            f"A day that was begun keeps its clock. Give {earliest} or a later day; leave --from out for {earliest}."
        )
    if zone_on(acting.zone, from_on).key == zone.key:
        raise TestingTrackerError(f"The facility goes by {zone.key} on {from_on} already; there is nothing to do.")
    if abs(_offset(zone, from_on) - _offset(zone_on(acting.zone, from_on - timedelta(days=1)), from_on)) > A_DAY:
        raise TestingTrackerError(
            f"{zone.key} is more than a day away from the facility's clock. Give another timezone."
        )
    session.add(
        FacilityZone(
            facility_id=acting.facility_id,
            from_on=from_on,
            timezone=zone.key,
            reason=reason,
            recorded_at=acting.now,
            recorded_by=acting.account,
        )
    )
    audit.record(session, acting, Act.FACILITY_TIMEZONE, reason=reason, timezone=zone.key, from_on=from_on)
    session.flush()
    return from_on


def _offset(zone: ZoneInfo, day: date) -> timedelta:
    return datetime.combine(day, time(12), zone).utcoffset() or timedelta()


def later_timezones(session: Session, acting: Acting, after: date) -> list[tuple[date, str]]:
    """The changes of the timezone that were recorded for days after a day, in their order."""
    facility = session.get_one(Facility, acting.facility_id)
    return [(day, name) for day, name in timezones_of(session, facility).changes if day > after]
