"""Making a facility with the schedules that come with the program, and correcting its name and its timezone."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING
from unicodedata import normalize
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func
from sqlmodel import Session, col, select

from testing_tracker import chance
from testing_tracker.clock import Clock, ClockOf, machine_zone
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import zone_on
from testing_tracker.rules.drawing.day_secrets import chain_of
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.analytes import SHIPPED, Vocabulary
from testing_tracker.services.drawing import keys, known_to_key
from testing_tracker.services.people import staff
from testing_tracker.services.schedules import versions
from testing_tracker.store import migrations, sqlite_file
from testing_tracker.store.engine import make_engine, new_file, writing_all
from testing_tracker.store.facilities import earlier_names, every, timezones_of
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.location import AnyLocation, Location
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Facility, FacilityName, FacilityZone, Night, Participant
from testing_tracker.store.work import Work, work_in

if TYPE_CHECKING:
    from testing_tracker.store.encryption.key_place import KeyPlace


def shipped_schedules() -> dict[str, str]:
    """The text of each shipped schedule by its file name.

    A wheel carries the folder inside the package; a checkout and an editable install have it beside the package.
    """
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in sorted(_folder().iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def _folder() -> Traversable:
    package = files("testing_tracker")
    inside = package.joinpath("schedules")
    return inside if inside.is_dir() else package.joinpath("..", "schedules")


@dataclass(frozen=True)
class Made:
    """What was made: a facility and its number.

    `anchor` is what its draws from `first_day` on will be checked against, in hexadecimal; `left_to_grant` the
    statements that the server's administrator has to run, so that the staff may work; `open_way` says where the
    connection to the server can be read by others.
    """

    number: int
    timezone: str
    anchor: str
    first_day: date
    left_to_grant: Sequence[str] = ()
    open_way: str | None = None


def make_database(
    location: AnyLocation,
    name: str,
    timezone: str | None,
    pretended_day: date | None,
    *,
    training: bool,
    seed: bytes | None = None,
    vocabulary: Vocabulary = SHIPPED,
    encrypted_by: "KeyPlace | None" = None,
) -> Made:
    """Make a facility in a new database file, or in an empty database on a server, and its key file.

    Leaves nothing behind when that fails.

    The timezone is the machine's own by default; `pretended_day` is the training database's first day. `seed` is what
    the draws come from: new and from chance, unless it is for a demonstration. A file is encrypted where a place is
    given for its key. Raises TestingTrackerError for an
    unknown timezone and where there is something already.
    """
    name = check_name(name)
    clock = Clock(find_zone(timezone), pretended_day)
    seed = seed or chance.new_seed()
    chain = chain_of(seed, clock.today())
    create = partial(create_facility, name=name, clock=clock, seed=seed, vocabulary=vocabulary, training=training)
    with ExitStack() as undo:
        # A file has its place when all is in it; who is killed before that has made nothing, and can begin again.
        with new_file(location, encrypted_by) if isinstance(location, Location) else nullcontext(location) as place:
            facility_id, left_to_grant, open_way = _fill(place, location, chain.anchor, seed, undo, create)
        undo.pop_all()
    location.key.finish()
    known_to_key.tell_of_first(location.key, chain.anchor.hex(), chain.first_day)
    return Made(facility_id, clock.zone.key, chain.anchor.hex(), chain.first_day, left_to_grant, open_way)


def _fill(
    place: AnyLocation,
    location: AnyLocation,
    anchor: bytes,
    seed: bytes,
    undo: ExitStack,
    create: Callable[[Session], Facility],
) -> tuple[int, list[str], str | None]:
    """Make the tables, the facility and its key; `place` is where a new file is until it has its name.

    `undo` takes the key away again where nothing comes of the database.
    """
    engine = make_engine(place)
    try:
        with writing_all(engine, has_tables=False) as session:
            migrations.refuse_unless_empty(session.connection(), location)
            location.key.begin(anchor, seed)
            undo.callback(location.key.give_up, anchor, seed)
            return id_of(create(session)), grant_to_staff(session), _open_way(session)
    finally:
        engine.dispose()


def grant_to_staff(session: Session) -> list[str]:
    """Have a server let the staff do what their roles are for, in a transaction of the tables' owner.

    Returns the statements that an administrator of the server has to run for it; a file knows nobody.
    """
    if session.connection().dialect.name == "sqlite":
        return []
    from testing_tracker.store.server import grants

    return grants.set_up(session.connection())


def _open_way(session: Session) -> str | None:
    if session.connection().dialect.name == "sqlite":
        return None
    from testing_tracker.store.server import way

    return way.open_to_others(session.connection())


def refuse_unless_owner(session: Session, command: str) -> None:
    """Raise TestingTrackerError for a command on a server that takes the owner of the tables, from another account."""
    if session.connection().dialect.name != "sqlite":
        from testing_tracker.store.server import grants

        grants.refuse_unless_owner(session.connection(), command)


def is_encrypted(location: AnyLocation) -> bool | None:
    """Whether a database's file is encrypted; None for one on a server, whose disk is its administrator's."""
    return sqlite_file.is_encrypted(location.path) if isinstance(location, Location) else None


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


def create_facility(
    session: Session, name: str, clock: Clock, seed: bytes, vocabulary: Vocabulary = SHIPPED, *, training: bool
) -> Facility:
    """Make the tables in an empty database, and a facility in it."""
    migrations.upgrade(session.connection())
    return _open_facility(session, name, clock, seed, vocabulary, training=training)


def add(session: Session, name: str, clock: Clock, key_file: KeyFile, vocabulary: Vocabulary) -> Made:
    """Make one more facility in a database, with schedules and a key of its own in the key file.

    It is for training if the others are. The caller's transaction is the only one to write for any facility. Raises
    TestingTrackerError for a name that one has already, in whatever case; on a server for all but its owner.
    """
    refuse_unless_owner(session, "facility add")
    name = check_name(name)
    others = every(session)
    if any(one.name.casefold() == name.casefold() for one in others):
        raise TestingTrackerError(f"There is a facility {name!r} in this database already. Give another name.")
    training = all(one.training for one in others)
    if clock.pretended_day and not training:
        raise TestingTrackerError("--today works on a training database only, and this one is live. Leave it out.")
    seed = chance.new_seed()
    chain = chain_of(seed, clock.today())
    nights = staff.who_runs_nights(session)
    facility = _open_facility(session, name, clock, seed, vocabulary, training=training, nights=nights)
    key_file.add(chain.anchor, seed)
    return Made(id_of(facility), facility.timezone, chain.anchor.hex(), chain.first_day)


@dataclass(frozen=True)
class FacilityLine:
    """A facility, how many participants it has on record, discharged ones too, and the day of its last nightly run.

    `timezone` is today's; `timezone_changes` are those recorded for later days, as `DATE NAME`. `earlier_names` find
    it too.
    """

    number: int
    facility: str
    timezone: str
    opened_on: date
    participants: int
    last_run_on: date | None
    earlier_names: list[str]
    timezone_changes: list[str]


def listed(session: Session, clock_of: ClockOf, which: Iterable[Facility]) -> list[FacilityLine]:
    """A line for each of some facilities of the database, in their order."""
    nights = select(Night.facility_id, func.max(col(Night.day))).where(col(Night.ran))
    last = dict(session.exec(nights.group_by(col(Night.facility_id))).all())
    people = select(Participant.facility_id, func.count()).group_by(col(Participant.facility_id))
    participants = dict(session.exec(people).all())
    lines = []
    for one in which:
        timezones = timezones_of(session, one)
        clock = clock_of(timezones)
        today = clock.today()
        lines.append(
            FacilityLine(
                number=id_of(one),
                facility=one.name,
                timezone=zone_on(clock.zone, today).key,
                opened_on=one.opened_on,
                participants=participants.get(id_of(one), 0),
                last_run_on=last.get(id_of(one)),
                earlier_names=earlier_names(session, one),
                timezone_changes=[f"{day} {name}" for day, name in timezones.changes if day > today],
            )
        )
    return lines


def _open_facility(
    session: Session,
    name: str,
    clock: Clock,
    seed: bytes,
    vocabulary: Vocabulary,
    *,
    training: bool,
    nights: Iterable[str] = (),
) -> Facility:
    """The facility, the list of its staff, its key and the schedules that come with the program."""
    facility = Facility(name=name, timezone=clock.zone.key, training=training, opened_on=clock.today())
    session.add(facility)
    session.flush()
    work = work_in(session, facility, lambda _: clock, vocabulary)
    work.on_record(Act.FACILITY_CREATE, facility=name, timezone=clock.zone.key, training=training)
    staff.open_list(work, nights)
    keys.start_chain(work, clock.today(), seed, "the facility's first key")
    for file, text in shipped_schedules().items():
        versions.load_schedule(work, file, text)
    return facility


A_DAY = timedelta(days=1)


def rename(work: Work, given: str, reason: str) -> tuple[str, str]:
    """Give the facility another name; returns the earlier one and the new one.

    The earlier name goes on finding it, unless another facility takes it. Raises TestingTrackerError for a name that
    cannot be one, and for one that a facility has.
    """
    name = check_name(given)
    facility = work.session.get_one(Facility, work.facility_id)
    if name == facility.name:
        raise TestingTrackerError(f"The facility is called {name!r} already; there is nothing to do.")
    if any(one.name.casefold() == name.casefold() for one in every(work.session) if one.id != facility.id):
        raise TestingTrackerError(f"There is a facility {name!r} in this database already. Give another name.")
    earlier, facility.name = facility.name, name
    work.add(facility)
    work.write(FacilityName(facility_id=work.facility_id, name=name, earlier=earlier, reason=reason))
    work.on_record(Act.FACILITY_RENAME, reason=reason, facility=name, earlier=earlier)
    work.session.flush()
    return earlier, name


def change_timezone(work: Work, timezone: str, from_on: date | None, reason: str) -> date:
    """Have the facility go by another timezone from a day on, by default from tomorrow; returns that day.

    Days before keep theirs, and with it their windows and what was late on them. Raises TestingTrackerError for an
    unknown timezone, for the one that it goes by already, and for a day that was begun or decided.
    """
    zone = find_zone(timezone)
    decided_to = versions.decided_to(work) or work.today
    earliest = max(work.today, decided_to) + timedelta(days=1)
    from_on = from_on or earliest
    if from_on < earliest:
        raise TestingTrackerError(
            f"A day that was begun keeps its clock. Give {earliest} or a later day; leave --from out for {earliest}."
        )
    if zone_on(work.zone, from_on).key == zone.key:
        raise TestingTrackerError(f"The facility goes by {zone.key} on {from_on} already; there is nothing to do.")
    if abs(_offset(zone, from_on) - _offset(zone_on(work.zone, from_on - timedelta(days=1)), from_on)) > A_DAY:
        raise TestingTrackerError(
            f"{zone.key} is more than a day away from the facility's clock. Give another timezone."
        )
    work.write(FacilityZone(facility_id=work.facility_id, from_on=from_on, timezone=zone.key, reason=reason))
    work.on_record(Act.FACILITY_TIMEZONE, reason=reason, timezone=zone.key, from_on=from_on)
    work.session.flush()
    return from_on


def _offset(zone: ZoneInfo, day: date) -> timedelta:
    return datetime.combine(day, time(12), zone).utcoffset() or timedelta()


def later_timezones(work: Work, after: date) -> list[tuple[date, str]]:
    """The changes of the timezone that were recorded for days after a day, in their order."""
    facility = work.session.get_one(Facility, work.facility_id)
    return [(day, name) for day, name in timezones_of(work.session, facility).changes if day > after]
