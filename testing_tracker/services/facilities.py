"""Making a facility: the first one with its database, others beside it."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from unicodedata import normalize
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func
from sqlmodel import Session, col, select

from testing_tracker import chance
from testing_tracker.acting import acting_in
from testing_tracker.clock import Clock, machine_zone
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.day_secrets import chain_of
from testing_tracker.services import keys, schedules
from testing_tracker.shipped import shipped_schedules
from testing_tracker.store import audit, schema
from testing_tracker.store.engine import create_file, make_engine, writing_all
from testing_tracker.store.facilities import every
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.location import AnyLocation, Location
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Facility, Night, Participant


@dataclass(frozen=True)
class Made:
    """What was made: a facility and its number.

    `anchor` is what its draws from `first_day` on will be checked against, in hexadecimal.
    """

    number: int
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
    name = check_name(name)
    clock = Clock(find_zone(timezone), pretended_day)
    seed = seed or chance.new_seed()
    chain = chain_of(seed, clock.today())
    with ExitStack() as undo:
        if isinstance(location, Location):
            create_file(location)
            undo.callback(location.path.unlink, missing_ok=True)
        engine = make_engine(location)
        undo.callback(engine.dispose)
        with writing_all(engine, has_tables=False) as session:
            schema.refuse_unless_empty(session.connection(), location)
            location.key.create(chain.anchor, seed)
            undo.callback(location.key.path.unlink, missing_ok=True)
            facility_id = id_of(create_facility(session, name, clock, seed, training=training))
        undo.pop_all()
        engine.dispose()
    return Made(facility_id, clock.zone.key, chain.anchor.hex(), chain.first_day)


def check_name(given: str) -> str:
    """A facility's name as it is kept: a line of text that begins with a letter and is composed in one way.

    A number would be taken for the number of another facility, and a spreadsheet would take what begins with a sign for
    a formula. Raises TestingTrackerError for another one.
    """
    name = normalize("NFC", given).strip()
    if not name or not name[0].isalpha() or not name.isprintable():
        raise TestingTrackerError(
            f"{given!r} is not a facility's name. Give a line of text that begins with a letter, such as Harbor House."
        )
    return name


def find_zone(timezone: str | None) -> ZoneInfo:
    """The zone of a name such as America/Los_Angeles, the machine's own for None."""
    if timezone is None:
        timezone = machine_zone().key or "UTC"
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TestingTrackerError(
            f"There is no timezone {timezone!r}. Give one such as America/Los_Angeles or Europe/Berlin."
        ) from None


def create_facility(session: Session, name: str, clock: Clock, seed: bytes, *, training: bool) -> Facility:
    """Make the tables in an empty database, and a facility in it."""
    schema.upgrade(session.connection())
    return _open_facility(session, name, clock, seed, training=training)


def add(session: Session, name: str, clock: Clock, key_file: KeyFile) -> Made:
    """Make one more facility in a database, with schedules and a key of its own in the key file.

    It is for training if the others are. The caller's transaction is the only one to write for any facility. Raises
    TestingTrackerError for a name that one has already, in whatever case.
    """
    name = check_name(name)
    others = every(session)
    if any(one.name.casefold() == name.casefold() for one in others):
        raise TestingTrackerError(f"There is a facility {name!r} in this database already. Give another name.")
    training = all(one.training for one in others)
    if clock.pretended_day and not training:
        raise TestingTrackerError("--today works on a training database only, and this one is live. Leave it out.")
    seed = chance.new_seed()
    chain = chain_of(seed, clock.today())
    facility = _open_facility(session, name, clock, seed, training=training)
    key_file.add(chain.anchor, seed)
    return Made(id_of(facility), facility.timezone, chain.anchor.hex(), chain.first_day)


@dataclass(frozen=True)
class FacilityLine:
    """A facility, how many participants it has on record, discharged ones too, and the day of its last nightly run."""

    number: int
    facility: str
    timezone: str
    opened_on: date
    participants: int
    last_run_on: date | None


def listed(session: Session) -> list[FacilityLine]:
    """Every facility of the database, in the order in which they were made."""
    nights = select(Night.facility_id, func.max(col(Night.day))).where(col(Night.ran))
    last = dict(session.exec(nights.group_by(col(Night.facility_id))).all())
    people = select(Participant.facility_id, func.count()).group_by(col(Participant.facility_id))
    participants = dict(session.exec(people).all())
    return [
        FacilityLine(
            number=id_of(one),
            facility=one.name,
            timezone=one.timezone,
            opened_on=one.opened_on,
            participants=participants.get(id_of(one), 0),
            last_run_on=last.get(id_of(one)),
        )
        for one in every(session)
    ]


def _open_facility(session: Session, name: str, clock: Clock, seed: bytes, *, training: bool) -> Facility:
    """The facility, its key and the schedules that come with the program."""
    facility = Facility(name=name, timezone=clock.zone.key, training=training, opened_on=clock.today())
    session.add(facility)
    session.flush()
    acting = acting_in(facility, clock)
    audit.record(session, acting, "facility create", facility=name, timezone=clock.zone.key, training=training)
    keys.start_chain(session, acting, clock.today(), seed, "the facility's first key")
    for file, text in shipped_schedules().items():
        schedules.load_schedule(session, acting, file, text)
    return facility
