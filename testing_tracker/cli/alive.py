"""The dead man's switch of commands that run unattended: told how they ended, whatever becomes of them.

It is told wherever a facility's delivery file has one, also by hand: whoever watches it waits for what was done, not
for who did it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from testing_tracker import services
from testing_tracker.cli.desk.desk import AtFacility, Desk, warn
from testing_tracker.cli.desk.files import deliveries_of
from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.location import AnyLocation


class Switches:
    """The switches of the facilities that a command is for."""

    def __init__(self, location: AnyLocation) -> None:
        self._location = location
        self._told: set[int] = set()

    @contextmanager
    def of(self, at: AtFacility) -> Iterator[None]:
        """Tell a facility's switch how the block ended, unless the block has told it."""
        with self._telling([at.number]):
            yield
        if at.number not in self._told:
            self.tell(at.number, 0)

    @contextmanager
    def of_all(self) -> Iterator[None]:
        """Tell all of them where the block fails before any was told: then nobody knows which facilities there are."""
        with self._telling(facilities_with_a_file(self._location)):
            yield

    @contextmanager
    def _telling(self, numbers: list[int]) -> Iterator[None]:
        try:
            yield
        except services.staff.AccessDeniedError:
            raise  # it says something of who asked, and nothing of the records
        except BaseException:
            for number in numbers if not self._told.issuperset(numbers) else ():
                self.tell(number, 1)
            raise

    def tell_all(self, status: int) -> None:
        """Tell the switch of every facility that has a file, for what is examined of the database as a whole."""
        for number in facilities_with_a_file(self._location):
            self.tell(number, status)

    def tell(self, facility_id: int, status: int) -> None:
        """Tell a facility's switch an exit status; what keeps it from being told is a note."""
        self._told.add(facility_id)
        why = told_alive(self._location, facility_id, status)
        if why is not None:
            warn(f"the dead man's switch was not told: {why}.")


@contextmanager
def switches_of(desk: Desk) -> Iterator[Switches]:
    """The switches for a command, told that it failed where it fails before it is known for which facilities it is."""
    switches = Switches(desk.location)
    with switches.of_all():
        yield switches


def told_alive(location: AnyLocation, facility_id: int, status: int) -> str | None:
    """Tell a facility's switch an exit status; why that could not be told, None where it was, or where there is none.

    Never raises: what was done is done.
    """
    try:
        ways = deliveries_of(location, facility_id)
    except TestingTrackerError as error:
        return f"the delivery file cannot be used: {str(error).removesuffix('.')}"
    if ways is None or ways.alive is None:
        return None
    from zoneinfo import ZoneInfo

    from testing_tracker.clock import Clock
    from testing_tracker.serving.alive import ping
    from testing_tracker.serving.asking import NotReachedError
    from testing_tracker.store.owning.alive_file import note

    why = None
    try:
        ping(ways.alive, status)
    except NotReachedError as error:
        why = str(error)
    note(location, facility_id, Clock(ZoneInfo("UTC")).now(), why)
    return why


def facilities_with_a_file(location: AnyLocation) -> list[int]:
    """The numbers of the facilities that have a delivery file, found without the database."""
    first = location.delivery_of(1)
    begins = f"{first.stem}.facility-"
    found = [1] if first.exists() else []
    for file in sorted(first.parent.glob(f"*.facility-*{first.suffix}")) if first.parent.is_dir() else ():
        number = file.name.removeprefix(begins).removesuffix(first.suffix)
        if file.name.startswith(begins) and number.isdecimal():
            found.append(int(number))
    return found
