"""The facilities of a database, and which one a transaction is for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, literal_column, true, type_coerce
from sqlalchemy import select as sa_select
from sqlalchemy.types import NullType
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Timezones
from testing_tracker.store.tables import AuditEntry, Facility, FacilityName, FacilityZone


class WhichFacilityError(TestingTrackerError):
    """A database of several facilities, where nobody has said which one is meant."""


_MOST_NAMED = 5
_FIRST_TWO = select(Facility).limit(2)  # each transaction asks for them, and this takes long to put together

_ZONES = (
    sa_select(col(FacilityZone.from_on), col(FacilityZone.timezone))
    .where(col(FacilityZone.facility_id) == bindparam("facility_id"))
    .order_by(col(FacilityZone.from_on), col(FacilityZone.id))
)
# As the database keeps it: a garbled one is for `verify` to name, and keeps nobody from working.
_NEWEST_MOMENT = type_coerce(
    sa_select(col(AuditEntry.at))
    .where(col(AuditEntry.facility_id) == bindparam("facility_id"))
    .order_by(col(AuditEntry.id).desc())
    .limit(1)
    .scalar_subquery(),
    NullType(),
)


def _begin(role: str) -> Any:  # noqa: ANN401
    """What each transaction asks for first, in one statement; `role` is SQL for who is connected."""
    return (
        sa_select(
            literal_column(role).label("role"),
            _NEWEST_MOMENT.label("newest"),
            col(FacilityZone.from_on),
            col(FacilityZone.timezone),
        )
        .select_from(sa_select(true()).subquery())
        .outerjoin(FacilityZone, col(FacilityZone.facility_id) == bindparam("facility_id"))
        .order_by(col(FacilityZone.from_on), col(FacilityZone.id))
    )


_BEGIN_IN_FILE, _BEGIN_ON_SERVER = _begin("NULL"), _begin("session_user")


def choose(session: Session, given: str | int | None) -> Facility:
    """The facility of a name or a number, or the only one.

    What a person types may be either; the program itself gives the number, which is never taken for a name. Raises
    TestingTrackerError where there are several and none was given, and for one that is not there.
    """
    if given is None:
        meant = _first_two(session)
    elif isinstance(given, int):
        meant = [one for one in [session.get(Facility, given)] if one is not None]
    else:
        meant = _meant(session, given.strip())
    if len(meant) != 1:
        refuse = WhichFacilityError if given is None else TestingTrackerError
        raise refuse(_which(every(session), given))
    return meant[0]


def _first_two(session: Session) -> list[Facility]:
    with _damage_explained():
        return list(session.exec(_FIRST_TWO))


def _meant(session: Session, given: str) -> list[Facility]:
    """The facilities of a name, as it is written or in whatever case; of a number where nobody is called that."""
    with _damage_explained():
        named = list(session.exec(select(Facility).where(Facility.name == given)))
    if named:
        return named
    found = every(session)
    in_any_case = [one for one in found if one.name.casefold() == given.casefold()]
    return in_any_case or [one for one in found if str(one.id) == given] or _once_named(session, found, given)


def _once_named(session: Session, found: list[Facility], given: str) -> list[Facility]:
    """The facilities that had a name before, where no facility has it now."""
    with _damage_explained():
        earlier = session.exec(select(FacilityName.facility_id, FacilityName.earlier))
        ids = {number for number, name in earlier if name.casefold() == given.casefold()}
    return [one for one in found if one.id in ids]


def is_earlier_name(facility: Facility, given: str | int | None) -> bool:
    """Whether what a facility was asked for by is a name that it had before."""
    return isinstance(given, str) and given.strip().casefold() not in (facility.name.casefold(), str(facility.id))


def _which(found: list[Facility], given: str | int | None) -> str:
    names = ", ".join(one.name for one in found[:_MOST_NAMED])
    more = f" and {len(found) - _MOST_NAMED} more (`testing-tracker facility list`)" if found[_MOST_NAMED:] else ""
    if given is not None:
        return (
            f"There is no facility {given!r} in this database. It has {names}{more}. (--facility, or "
            "TESTING_TRACKER_FACILITY, says which.)"
        )
    return (
        f"This database has several facilities: {names}{more}. Say which one with --facility NAME, or once and for "
        "all with TESTING_TRACKER_FACILITY."
    )


def shares(session: Session) -> bool:
    """Whether the database has several facilities."""
    return len(_first_two(session)) > 1


def every(session: Session) -> list[Facility]:
    """All facilities, in the order in which they were made; there is always one.

    On a server those whose staff has who asks. Raises TestingTrackerError where they cannot be read.
    """
    with _damage_explained():
        found = list(session.exec(select(Facility).order_by(col(Facility.id))))
        if not found:
            _refuse_who_sees_nothing(session)
            raise LookupError
        return found


def _refuse_who_sees_nothing(session: Session) -> None:
    if session.connection().dialect.name != "sqlite":
        from testing_tracker.store.server import row_security

        row_security.refuse_who_sees_nothing(session.connection())


def first_name(session: Session, facility: Facility) -> str:
    """The name that a facility was opened under."""
    query = select(FacilityName.earlier).where(FacilityName.facility_id == facility.id).order_by(col(FacilityName.id))
    return session.exec(query.limit(1)).first() or facility.name


def earlier_names(session: Session, facility: Facility) -> list[str]:
    """The names that a facility had before, oldest first."""
    query = select(FacilityName.earlier).where(FacilityName.facility_id == facility.id).order_by(col(FacilityName.id))
    return [name for name in dict.fromkeys(session.exec(query)) if name != facility.name]


def timezones_of(session: Session, facility: Facility) -> Timezones:
    """The timezones that a facility goes by, from when on; of several for one day the last one recorded."""
    with _damage_explained():
        rows = session.connection().execute(_ZONES, {"facility_id": facility.id}).all()
    return _timezones(facility, rows)


@dataclass(frozen=True)
class AtTheBeginning:
    """What a transaction for a facility has to know when it begins.

    `role` is as whom the server has let us in. That is its own word, whatever the client's machine calls itself
    (`session_user`: no SET ROLE changes it). None of a file, which knows nobody. `newest_moment` is that of the
    facility's newest audit entry (UTC), None before the first.
    """

    timezones: Timezones
    role: str | None
    newest_moment: datetime | None


def begun(session: Session, facility: Facility) -> AtTheBeginning:
    """What a transaction for a facility has to know when it begins, in one small statement."""
    connection = session.connection()
    asked = _BEGIN_IN_FILE if connection.dialect.name == "sqlite" else _BEGIN_ON_SERVER
    with _damage_explained():
        rows = connection.execute(asked, {"facility_id": facility.id}).all()
    timezones = _timezones(facility, [row for row in rows if row.from_on is not None])
    return AtTheBeginning(timezones, rows[0].role, _moment(rows[0].newest))


def _moment(kept: object) -> datetime | None:
    """A moment as the database keeps it, in UTC; None for none, and for one that cannot be read."""
    if isinstance(kept, datetime):
        return kept.astimezone(UTC)
    try:
        return datetime.fromisoformat(str(kept)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _timezones(facility: Facility, rows: Sequence[Any]) -> Timezones:
    by_day = {row.from_on: row.timezone for row in rows}  # of one day the last one recorded stays
    return Timezones(facility.timezone, tuple(by_day.items()))


@contextmanager
def _damage_explained() -> Iterator[None]:
    try:
        yield
    except (ValueError, LookupError):
        raise TestingTrackerError(
            "The database has no facility that can be read: it is damaged. Bring back the last copy of it."
        ) from None
