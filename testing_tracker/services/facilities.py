"""Making a facility's database."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session

from testing_tracker import chance
from testing_tracker.acting import acting_in
from testing_tracker.clock import Clock
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.day_secrets import chain_of
from testing_tracker.services import keys, schedules
from testing_tracker.shipped import shipped_schedules
from testing_tracker.store import audit, schema
from testing_tracker.store.engine import create_file, make_engine, writing
from testing_tracker.store.location import AnyLocation, Location
from testing_tracker.store.tables import Facility


@dataclass(frozen=True)
class Made:
    """What `init` made. `anchor` is what its draws from `first_day` on will be checked against, in hexadecimal."""

    timezone: str
    anchor: str
    first_day: date


def make_database(
    location: AnyLocation,
    name: str,
    timezone: str | None,
    pretended_day: date | None,
    *,
    training: bool,
    seed: bytes | None = None,
) -> Made:
    """Make a facility in a new database file, or in an empty database on a server, and its key file.

    Leaves nothing behind when that fails.

    The timezone is the machine's own by default; `pretended_day` is the training database's first day. `seed` is what
    the draws come from: new and from chance, unless it is for a demonstration. Raises TestingTrackerError for an
    unknown timezone and where there is something already.
    """
    clock = Clock(find_zone(timezone), pretended_day)
    seed = seed or chance.new_seed()
    chain = chain_of(seed, clock.today())
    with ExitStack() as undo:
        if isinstance(location, Location):
            create_file(location)
            undo.callback(location.path.unlink, missing_ok=True)
        engine = make_engine(location)
        undo.callback(engine.dispose)
        with writing(engine, has_tables=False) as session:
            schema.refuse_unless_empty(session.connection(), location)
            location.key.create(chain.anchor, seed)
            undo.callback(location.key.path.unlink, missing_ok=True)
            create_facility(session, name, clock, seed, training=training)
        undo.pop_all()
        engine.dispose()
    return Made(clock.zone.key, chain.anchor.hex(), chain.first_day)


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


def create_facility(session: Session, name: str, clock: Clock, seed: bytes, *, training: bool) -> Facility:
    """Make the tables in an empty database, the facility, its key and the schedules that come with the program."""
    schema.upgrade(session.connection())
    facility = Facility(name=name, timezone=clock.zone.key, training=training, opened_on=clock.today())
    session.add(facility)
    session.flush()
    acting = acting_in(facility, clock)
    audit.record(session, acting, "facility create", facility=name, timezone=clock.zone.key, training=training)
    keys.start_chain(session, acting, clock.today(), seed, "the facility's first key")
    for file, text in shipped_schedules().items():
        schedules.load_schedule(session, acting, file, text)
    return facility
