"""What leaves the program for spreadsheets and papers, what is shown of records, and how both go on record.

This is the one door by which somebody's record is shown: that it was looked at is on record first. What cannot be put
on record is not shown, such as in a database that is read-only, on a standby or on a full disk.
"""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import click

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

    @property
    def look(self) -> "LookedAt | None": ...

    def record(self, work: "Work", *, to_file: bool) -> None: ...


@dataclass(frozen=True)
class LookedAt:
    """Whose records are looked at, by id, and what is said of that; nobody's is a list of many."""

    participants: Sequence[int] = ()
    detail: str | None = None


@dataclass(frozen=True)
class Export:
    """What is said of an export: which report or list, in which form, of which weeks or days, with names or not.

    `participant_id` is whom it is about, where that is one; `more` what is said of this report only. `many` is how many
    participants' records are in it, None where it has none: the call list, and totals.
    """

    report: str
    form: str
    of: object
    names: bool = False
    participant_id: int | None = None
    more: Mapping[str, object] = field(default_factory=dict)
    many: int | None = None
    picked: Sequence[int] = ()

    @property
    def look(self) -> LookedAt | None:
        """What of it is a look: one participant's record, names, and the records of many for another program."""
        about = self.picked or ([self.participant_id] if self.participant_id is not None else [])
        form = self.form if self.form != "table" else None
        if about:
            return LookedAt(about, ", ".join(filter(None, ("names" if self.names else None, form))) or None)
        if not self.many or not (self.names or form):
            return None
        of = f"{self.many} participant{'' if self.many == 1 else 's'}"
        return LookedAt((), ", ".join(filter(None, ("names" if self.names else None, of, form))))

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


class AboutSomebody(Protocol):
    """A line of a list that has a participant's code."""

    @property
    def participant(self) -> str: ...


def people_in(lines: Iterable[AboutSomebody]) -> int:
    """How many participants a list's lines are about."""
    return len({line.participant for line in lines})


@contextmanager
def exported(desk: Desk, export: OnRecord, *others: Desk) -> Iterator[None]:
    """What is printed in the block goes on record when all of it is out; a table is no export.

    Where it is a look, that is on record before; else nothing is printed (TestingTrackerError).

    It goes on the record of the desk's facility, and of `others` that it is about too.
    Where it cannot be put on record, such as in a database that is read-only, a note says so: it has been read.
    """
    if export.look is not None:
        looked(desk, command_now(), export.look.participants, export.look.detail)
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
        if export.look is not None:
            services.looks.looked(work, command_now(), export.look.participants, export.look.detail)
        export.record(work, to_file=True)
        outgoing.put()


class Looking:
    """The looks of one command, each person's once however often it shows them."""

    def __init__(self, desk: Desk, command: str) -> None:
        self._desk, self._command = desk, command
        self._looked_at: set[str] = set()

    def at(self, code: str) -> None:
        """Put on record that the record of the participant with a code is looked at now."""
        if code not in self._looked_at:
            with self._desk.reading() as work:
                participant_id = services.lookup.find_participant(work, code).id
            assert participant_id is not None, "it is on record"
            looked(self._desk, self._command, [participant_id])
            self._looked_at.add(code)


def looked(desk: Desk, command: str, participants: Collection[int] = (), detail: str | None = None) -> None:
    """Put a look on record, in a transaction of its own: what is shown was read, and nobody waits for it any more.

    Raises TestingTrackerError where it cannot be, so that nothing is shown.
    """
    try:
        with desk.writing() as work:
            services.looks.looked(work, command, participants, detail)
    except TestingTrackerError as error:
        raise TestingTrackerError(
            f"This is shown only where it can be put on record that somebody looked. {error}"
        ) from None


def command_now() -> str:
    """The command that runs, as its whole words: `participant show`."""
    context: click.Context | None = click.get_current_context()
    words: list[str] = []
    while context is not None and context.parent is not None:
        words.insert(0, context.command.name or "")
        context = context.parent
    return " ".join(words)
