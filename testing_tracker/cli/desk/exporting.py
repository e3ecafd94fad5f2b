"""What leaves the program for spreadsheets and papers, and how that goes on record."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, warn
from testing_tracker.cli.desk.files import Outgoing
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.store.work import Work


class OnRecord(Protocol):
    """What knows how to put itself on record as having left the program, in which form."""

    @property
    def form(self) -> str: ...

    def record(self, work: "Work", *, to_file: bool) -> None: ...


@dataclass(frozen=True)
class Export:
    """What is said of an export: which report or list, in which form, of which weeks or days, with names or not.

    `participant_id` is whom it is about, where that is one; `more` what is said of this report only.
    """

    report: str
    form: str
    of: object
    names: bool = False
    participant_id: int | None = None
    more: Mapping[str, object] = field(default_factory=dict)

    def record(self, work: "Work", *, to_file: bool) -> None:
        """Put it on a facility's record."""
        services.editions.record_export(
            work,
            self.report,
            self.form,
            to_file=to_file,
            of=str(self.of),
            names=self.names,
            participant_id=self.participant_id,
            **self.more,
        )


@contextmanager
def exported(desk: Desk, export: OnRecord, *others: Desk) -> Iterator[None]:
    """What is printed in the block goes on record when all of it is out; a table is a look at it and no export.

    It goes on the record of the desk's facility, and of `others` that it is about too.
    Where it cannot be put on record, such as in a database that is read-only, a note says so: it has been read.
    """
    yield
    if export.form == "table":
        return
    sys.stdout.flush()
    try:
        for one in (desk, *others):
            with one.writing() as work:
                export.record(work, to_file=False)
    except TestingTrackerError as error:
        warn(f"this could not be put on record as an export. {error}")


def put_on_record(desk: Desk, export: OnRecord, outgoing: Outgoing) -> None:
    """Give a file that is written its name and put it on record as an export: both or neither.

    Raises TestingTrackerError where it cannot be put on record, OSError where it does not fit on the disk.
    """
    outgoing.write_through()  # may be slow, and meanwhile others write to the database
    with desk.writing() as work:
        export.record(work, to_file=True)
        outgoing.put()
