"""What every command works at: the database it was given, the clock, and the transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import as_called, running
from testing_tracker.cli.desk.terminal import in_its_lines
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.toml_file import FacilityFile, FacilityFileError
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.store.given_files import read_facility_file

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

    from testing_tracker.clock import Clock
    from testing_tracker.rules.calendar import Timezones
    from testing_tracker.rules.testing.analytes import Vocabulary
    from testing_tracker.services.people.staff import AccessDeniedError
    from testing_tracker.store.location import AnyLocation
    from testing_tracker.store.tables import Facility
    from testing_tracker.store.work import Work


TRAINING = "TRAINING"


@dataclass(frozen=True)
class AtFacility:
    """A desk at one facility. `name` is empty where it is the database's only one."""

    desk: "Desk"
    name: str
    number: int
    timezone: str

    @property
    def mark(self) -> str:
        """What is before a line about it."""
        return f"{self.name}: " if self.name else ""


@contextmanager
def going_on(each: list[AtFacility], at: AtFacility, failed: list[str]) -> Iterator[None]:
    """Let what cannot be done for one of several facilities keep none of the others: it is noted, with its name."""
    try:
        yield
    except TestingTrackerError as error:
        if len(each) == 1:
            raise
        failed.append(f"{at.mark}{error}")


@contextmanager
def _notes_afterwards() -> Iterator[None]:
    """Have what is noted meanwhile be said when the database is let go: a terminal that is stopped would hold it."""
    context = click.get_current_context(silent=True)
    if context is None or _WAITING in context.meta:
        yield
        return
    waiting: list[str] = []
    context.meta[_WAITING] = waiting
    try:
        yield
    finally:
        del context.meta[_WAITING]
        for line in waiting:
            click.echo(line, err=True)


@contextmanager
def _telling_whom_codes_mean(work: "Work") -> Iterator[None]:
    """Say of each code that was given and means another one now, which: in the error, or else in a note."""
    try:
        yield
    except TestingTrackerError as error:
        told = "".join(f" ({said}.)" for said in work.meant.values())
        if told:
            error.args = (f"{error}{told}",)
        raise
    for said in work.meant.values():
        warn(f"{said}.")


_WAITING = "testing_tracker.notes_waiting"


class Desk:
    """Opens the database when a command first needs it. `training` is known from then on, and so is `whose`.

    `whose` is what is said before a line about the facility, where the database has several: codes may be the same.
    """

    def __init__(self, database: str | None, pretended_day: str | None, facility: str | int | None = None) -> None:
        self.database = database
        self.pretended_day = pretended_day
        self.facility = facility
        self.training = False
        self.whose = ""
        self._says_whose = True
        self._has_noted_name = self._has_noted_plain = False
        self.tell_of_upgrade: Callable[[str], None] | None = None  # a note on standard error, unless it is set
        self._engine: Engine | None = None

    @property
    def location(self) -> "AnyLocation":
        from testing_tracker.store.location import locate

        return locate(self.database)

    @cached_property
    def vocabulary(self) -> "Vocabulary":
        """The analytes that ship with the program, and the facility's own beside its database."""
        from testing_tracker.rules.testing.analytes import Vocabulary

        return Vocabulary(self._own_analytes)

    def _own_analytes(self) -> FacilityFile | None:
        from testing_tracker.store.location import ANALYTES_VARIABLE

        try:
            location = self.location
        except TestingTrackerError:
            return None  # is told when the command opens the database
        if not location.analytes.exists():
            if location.analytes_elsewhere is None:
                return None
            raise FacilityFileError(
                str(location.analytes), [f"is not there; put it there, or change {ANALYTES_VARIABLE}, which names it"]
            )
        return read_facility_file(location.analytes)

    def clock(self, timezones: "str | Timezones") -> "Clock":
        """The clock in a facility's zone, pretending the day that `--today` says."""
        from zoneinfo import ZoneInfoNotFoundError

        from testing_tracker.clock import Clock
        from testing_tracker.rules.calendar import Timezones, zone_of

        known = Timezones(timezones) if isinstance(timezones, str) else timezones
        try:
            return Clock(zone_of(known), self.pretended)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            names = ", ".join(dict.fromkeys((known.first, *(name for _, name in known.changes))))
            raise TestingTrackerError(
                f"This machine knows no timezone {names!r}, the facility's. `pip install tzdata` may bring it."
            ) from None

    @property
    def pretended(self) -> date | None:
        """The day that `--today` says, None for the real one."""
        if not self.pretended_day:
            return None
        try:
            return date.fromisoformat(self.pretended_day)
        except ValueError:
            raise TestingTrackerError("--today needs a date such as 2026-11-23.") from None

    @contextmanager
    def writing(self, command: str | None = None) -> Iterator["Work"]:
        """A transaction that commits when the command's service has returned.

        Raises AccessDeniedError where the account acting may not do the command, which is the one that is running.
        """
        from testing_tracker.store.engine import writing

        with _notes_afterwards(), self._denied_on_record():
            with (
                writing(self.engine, self.facility, self.clock, self.vocabulary) as work,
                _telling_whom_codes_mean(work),
            ):
                self._begin(work, command)
                yield work
            for said in work.failed_afterwards:
                warn(said)

    @contextmanager
    def reading(self, command: str | None = None, *, on_record: bool = True) -> Iterator["Work"]:
        """One unchanging view of the records. Raises AccessDeniedError as `writing` does, and puts it `on_record`."""
        from testing_tracker.store.engine import reading

        with (
            _notes_afterwards(),
            self._denied_on_record() if on_record else nullcontext(),
            reading(self.engine, self.facility, self.clock, self.vocabulary) as work,
            _telling_whom_codes_mean(work),
        ):
            self._begin(work, command)
            yield work

    @contextmanager
    def writing_all(self) -> Iterator["Session"]:
        """A transaction like `writing`, of all facilities at once; for who may do the command at any of them."""
        from testing_tracker.store.engine import writing_all

        with _notes_afterwards(), self._denied_on_record(), writing_all(self.engine) as session:
            self._check_training_of_all(session)
            self._admitted(session)
            yield session

    @contextmanager
    def reading_all(self, *, of_any: bool = False) -> Iterator["Session"]:
        """A view like `reading`, of all facilities; for who may do the command at every one, or `of_any` at any one."""
        from testing_tracker.store.engine import reading_all

        with _notes_afterwards(), self._denied_on_record(), reading_all(self.engine) as session:
            self._check_training_of_all(session)
            _, denied = self._admitted(session)
            if denied and not of_any:
                raise denied[0]
            yield session

    def each_facility(self) -> list["AtFacility"]:
        """The facilities that a command is for which can be for all: the one that was named, or those at which the
        account acting may do it. Raises AccessDeniedError where that is none."""
        from testing_tracker.store.facilities import choose, shares
        from testing_tracker.store.queries import id_of

        with self.reading_all(of_any=True) as session:
            if self.facility is not None:
                found = [choose(session, self.facility)]
                self._note_earlier_name(found[0])
                services.staff.admit(self._work(session, found[0]), running())
            else:
                found = self.admitted(session)
            several = shares(session)
            return [
                AtFacility(self.at(id_of(one)), one.name if several else "", id_of(one), self._timezone(session, one))
                for one in found
            ]

    def admitted(self, session: "Session") -> list["Facility"]:
        """The facilities at which the account acting may do the command; of the others is told how many they are."""
        found, denied = self._admitted(session)
        if denied:
            others = "1 facility is" if len(denied) == 1 else f"{len(denied)} facilities are"
            warn(f"{others} left out, whose list does not have you for this.")
        return found

    def _admitted(self, session: "Session") -> "tuple[list[Facility], list[AccessDeniedError]]":
        from testing_tracker.store.facilities import every

        found, denied = services.staff.admitted([self._work(session, one) for one in every(session)], running())
        return [work.facility for work in found], denied

    def _work(self, session: "Session", facility: "Facility") -> "Work":
        from testing_tracker.store.work import work_in

        return work_in(session, facility, self.clock, self.vocabulary)

    @contextmanager
    def _denied_on_record(self) -> Iterator[None]:
        """Put on record that an account was refused, in a transaction of its own: the other one came to nothing.

        Where nothing can be written, as on a standby, it is refused all the same.
        """
        from testing_tracker.store.engine import writing

        try:
            yield
        except services.staff.AccessDeniedError as denied:
            with (
                suppress(TestingTrackerError),
                writing(self.engine, denied.facility_id, self.clock, self.vocabulary) as work,
            ):
                services.staff.record_denied(work, denied)
            raise

    def _timezone(self, session: "Session", facility: "Facility") -> str:
        """The name of the timezone that a facility goes by today."""
        from testing_tracker.rules.calendar import zone_on
        from testing_tracker.store.facilities import timezones_of

        clock = self.clock(timezones_of(session, facility))
        return zone_on(clock.zone, clock.today()).key

    def _note_earlier_name(self, facility: "Facility") -> None:
        """Say once that the facility has another name now than the one that was given."""
        from testing_tracker.store.facilities import is_earlier_name

        if is_earlier_name(facility, self.facility) and not self._has_noted_name:
            self._has_noted_name = True
            warn(f"{self.facility} is called {facility.name} now.")

    def at(self, facility_id: int) -> "Desk":
        """This desk for one of the facilities, whose lines the command marks itself."""
        desk = copy(self)
        desk.vocabulary = self.vocabulary
        desk._says_whose = False
        desk.facility = facility_id
        return desk

    @property
    def engine(self) -> "Engine":
        from testing_tracker.store.engine import open_engine

        if self._engine is None:
            self._engine = open_engine(self.location, self._bring_up_to_date)
        return self._engine

    def lacks_database(self) -> bool:
        """Whether nobody has made a database here yet. Raises TestingTrackerError where there can be none."""
        from testing_tracker.store.location import Location

        location = self.location
        return isinstance(location, Location) and not location.path.exists()

    def has_damaged_database(self) -> bool:
        """Whether there is a database's file here, and something in it is not as it ought to be."""
        from testing_tracker.store.location import Location

        try:
            location = self.location
        except TestingTrackerError:
            return False
        if not isinstance(location, Location) or not location.path.is_file():
            return False
        return services.examination.is_damaged(location)

    def close(self) -> None:
        """Let go of the database's connections; the command is over."""
        if self._engine is not None:
            self._engine.dispose()

    def _bring_up_to_date(self) -> None:
        services.upgrades.bring_up_to_date(self.location, self.clock, self.tell_of_upgrade or warn)

    def _begin(self, work: "Work", command: str | None) -> None:
        from testing_tracker.store.facilities import shares

        self._check_training(work.facility)
        services.staff.admit(work, command or running())
        self._note_earlier_name(work.facility)
        if self._says_whose and self.facility is not None and shares(work.session):
            self.whose = f"{work.facility.name}: "

    def _check_training_of_all(self, session: "Session") -> None:
        from testing_tracker.store.facilities import every

        for facility in every(session):
            self._check_training(facility)

    def _check_training(self, facility: "Facility") -> None:
        if self.pretended_day and not facility.training:
            raise TestingTrackerError(
                "--today works on a training database only, and this one is live. Leave --today and "
                "TESTING_TRACKER_TODAY out, or make a training database with `init --training`."
            )
        self.training = facility.training
        if not self.training:
            self._note_plain()

    def _note_plain(self) -> None:
        """Say once that the file is plain where a key is named: somebody may have put another one in its place."""
        from testing_tracker.store.encryption.beginning import ENCRYPTION_VARIABLE
        from testing_tracker.store.location import Location
        from testing_tracker.store.sqlite_file import is_plain_against_word

        location = self.location
        if isinstance(location, Location) and not self._has_noted_plain and is_plain_against_word(location.path):
            self._has_noted_plain = True
            warn(
                f"{location} is not encrypted, and {ENCRYPTION_VARIABLE} says where a key is. If it was, this is "
                "another file; if it is not to be, unset that."
            )


pass_desk = click.make_pass_decorator(Desk)


def say(desk: Desk, text: str) -> None:
    """One line on standard output about what was done, and for which facility where there are several."""
    marked = as_called(in_one_line(f"{desk.whose}{text}"))
    click.echo(in_its_lines(f"{TRAINING} {marked}" if desk.training else marked))


def warn(text: str) -> None:
    """One line on standard error that a person should see, after the transaction if there is one.

    A script reading the output does not see it.
    """
    context = click.get_current_context()
    desk = context.find_root().obj
    note = f"{TRAINING} note" if isinstance(desk, Desk) and desk.training else "Note"
    line = in_its_lines(f"{note}: {as_called(in_one_line(text))}", err=True)
    if _WAITING in context.meta:
        context.meta[_WAITING].append(line)
    else:
        click.echo(line, err=True)
