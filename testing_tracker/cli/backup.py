"""`backup` and `restore`: a copy of the database in another place, and bringing one back."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.encrypting import encryption_key_option, place_to_encrypt_with, say_of_encryption
from testing_tracker.cli.desk.files import STANDARD_OUTPUT, GivenPath, OutputPath, in_full, look_at, overwrite_option
from testing_tracker.cli.desk.opening import door, here_only, is_asking
from testing_tracker.cli.desk.output import progress
from testing_tracker.cli.desk.parameter_types import REASON
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.rules.calendar import Timezones
    from testing_tracker.services.keeping.backups import Copy, Restored
    from testing_tracker.store.encryption.key_place import KeyPlace


@click.command("backup")
@click.argument("file", metavar="FILE", type=OutputPath())
@click.option("--key", is_flag=True, help="Copy the key of the draws instead; keep it apart from the backups.")
@click.option("--encrypt", is_flag=True, help="Encrypt the copy of a plain database, or give it another key.")
@encryption_key_option
@click.option(
    "--despite", type=REASON, metavar="TEXT", help="Copy though records do not hold, as evidence; a manager's."
)
@overwrite_option()
@pass_desk
def backup_command(
    desk: Desk,
    file: Path,
    key: bool,
    encrypt: bool,
    encryption_key: str | None,
    despite: str | None,
    overwrite: bool,
) -> None:
    """Copy the database into FILE while it is in use; the copy is checked before it counts.

    The copy of an encrypted database is encrypted with the same key. One on a PostgreSQL server is copied by the
    server's own pg_dump, in its custom format.
    The key of the draws is not in it, because whoever has both can tell tomorrow's draws.
    """
    if key and encrypt:
        raise click.UsageError("--key copies the key of the draws, and --encrypt is for a copy of the database.")
    if key and despite is not None:
        raise click.UsageError("--despite is for a copy of the database, and --key copies the key of the draws.")
    if encrypt or encryption_key:
        here_only("backup --encrypt")
    encrypted_by = place_to_encrypt_with(encryption_key, "--encrypt", is_meant=encrypt)
    with _place(desk, file, key=key, overwrite=overwrite) as place:
        if key:
            _copy_key(desk, place, overwrite=overwrite)
        else:
            _copy_database(desk, place, overwrite=overwrite, encrypted_by=encrypted_by, despite=despite)


@dataclass(frozen=True)
class _Place:
    """Where a copy goes: it is made at `path`, and has arrived after `send`; people know it by `name`.

    `check` raises TestingTrackerError where it cannot arrive; of a place that it is made at, who makes it sees that.
    """

    path: Path
    name: str
    check: Callable[[], None]
    send: Callable[[], None]


@contextmanager
def _place(desk: Desk, file: Path, *, key: bool, overwrite: bool) -> Iterator[_Place]:
    """A file; or, for standard output and for somebody else's, a place where nobody else sees the copy being made."""
    if file == STANDARD_OUTPUT:
        out = sys.stdout
        if out.isatty():
            raise click.UsageError("A copy is nothing for a terminal; give a FILE, or lead standard output elsewhere.")
        with _made_aside() as made, redirect_stdout(sys.stderr):
            yield _Place(made, "standard output", _nothing, lambda: _pour(made, out.buffer))
        return
    path = in_full(file)
    if not is_asking():
        yield _Place(path, str(path), _nothing, _nothing)
        return
    from testing_tracker.store.own_files import Output

    def check() -> None:
        output = Output.KEY_COPY if key else Output.COPY
        services.backups.check_place(desk.location, look_at(path), output, overwrite=overwrite)

    with _made_aside() as made:
        yield _Place(made, str(path), check, lambda: _hand_over(made, path, overwrite=overwrite))


def _nothing() -> None:
    """Nothing is to be done."""


@contextmanager
def _made_aside() -> Iterator[Path]:
    """Where a copy is made before it goes elsewhere; it is gone afterwards."""
    import tempfile

    from testing_tracker.store.whole_files import private_folder

    with private_folder(Path(tempfile.gettempdir())) as folder:
        yield folder / "copy"


def _pour(made: Path, out: IO[bytes]) -> None:
    with open(made, "rb") as file:
        copyfileobj(file, out)
    out.flush()


def _hand_over(made: Path, path: Path, *, overwrite: bool) -> None:
    """Write the copy to the person's own file. Raises TestingTrackerError where it cannot be."""
    try:
        with door().make(path, overwrite=overwrite) as theirs:
            _pour(made, theirs.file)
    except OSError as error:
        raise services.backups.cannot_write(path, error) from None


def _copy_database(
    desk: Desk, place: _Place, *, overwrite: bool, encrypted_by: "KeyPlace | None", despite: str | None
) -> None:
    found: dict[int, list[str]] = {}
    copy = _make(desk, place, overwrite=overwrite, encrypted_by=encrypted_by, despite=despite, found=found)
    place.send()
    say(desk, f"{place.name}: a copy of {_what_is_in(copy)}; checked, and readable by you alone.")
    say(
        desk,
        "The key of the draws is not in it: `testing-tracker backup --key FILE` copies that, to be kept in another "
        "place.",
    )
    if encrypted_by is not None:
        say_of_encryption(desk, encrypted_by)
    if copy.page is None:
        warn(f"it is of the earlier schema {copy.schema}, in which it cannot be put on record; `migrate` goes on.")
        return
    for at in desk.each_facility():
        try:
            with at.desk.writing() as work:
                services.backups.record_made(work, copy)
                if despite is not None:
                    told = found.get(work.facility_id, [])
                    services.before_passing_on.record_despite(work, "backup", despite, told)
        except TestingTrackerError as error:
            made = "the copy is good, but that it was made could not be put on record, so `doctor` will not know."
            warn(f"{at.mark}{made} {error}")


def _copy_key(desk: Desk, place: _Place, *, overwrite: bool) -> None:
    """Copy the key file where it has the key of at least one facility."""
    from testing_tracker.rules.people.permitted import COPY_KEY

    each = desk.each_facility()
    lost = []
    for at in each:
        with at.desk.reading() as work:
            services.staff.admit(work, COPY_KEY)
            problem = services.keys.problem_with(work.session, work.facility_id, desk.location.key, work.today)
        if problem is not None:
            lost.append(f"{at.mark}{problem}")
    if len(lost) == len(each):
        raise TestingTrackerError(" ".join(lost))
    place.check()
    services.backups.copy_key(desk.location, place.path, overwrite=overwrite)
    place.send()
    say(
        desk,
        f"{place.name}: a copy of the key. Whoever reads it can tell tomorrow's draws; keep it apart from backups.",
    )
    for problem in lost:
        warn(problem)
    for at in each:
        try:
            with at.desk.writing() as work:
                services.backups.record_key_copy(work)
        except TestingTrackerError as error:
            warn(f"{at.mark}the copy is good, but that it was made could not be put on record. {error}")


def _make(
    desk: Desk,
    place: _Place,
    *,
    overwrite: bool,
    encrypted_by: "KeyPlace | None",
    despite: str | None,
    found: dict[int, list[str]],
) -> "Copy":
    """Make the copy; what does not hold at a facility is `found`, and refused unless it is made `despite` that."""
    from testing_tracker.store.engine import SCHEMA_VERSION, schema_of
    from testing_tracker.store.location import Location

    location = desk.location
    if isinstance(location, Location) or schema_of(location) == SCHEMA_VERSION:
        with desk.reading_all():
            pass  # says that there is no database, or brings a file up to date, before anything is copied
        for at in desk.each_facility():
            with at.desk.reading() as work:
                found[at.number] = services.before_passing_on.check_copy(work, despite)
    place.check()
    if isinstance(location, Location):
        desk.close()  # what is encrypted is read by another library, and one lets go of the other's locks
        with progress("Copying", location.path.stat().st_size) as advance:
            return services.backups.make(location, place.path, advance, overwrite=overwrite, encrypted_by=encrypted_by)
    if encrypted_by is not None:
        raise TestingTrackerError(
            "A copy of a database on a server is pg_dump's, and is not encrypted by this program. Lead it to a tool "
            "that is: `testing-tracker backup - | age --recipient ... > FILE`. Nothing was changed."
        )
    copy = services.server_backups.make(location, place.path, overwrite=overwrite)
    desk.training = copy.training
    return copy


@click.command("restore")
@click.argument("file", metavar="FILE", type=GivenPath())
@click.option("--accept-changed", is_flag=True, help="Also when records in it were changed behind the program's back.")
@pass_desk
def restore_command(desk: Desk, file: Path, accept_changed: bool) -> None:
    """Bring a backup back to where there is no database: `testing-tracker --database NEW restore FILE`.

    On a server NEW is an empty database. The backup is checked first. The next `draw` finds the nights that are missing
    in it.
    """
    here_only("restore")
    file = in_full(file)
    restored = _restore(desk, file, accept_changed=accept_changed)
    copy = restored.copy
    desk.training = copy.training
    say(desk, f"{desk.location}: brought back from {file}, a copy of {_what_is_in(copy)}.")
    say(
        desk,
        "What was recorded after that is not in it: record it again. The next `draw` finds the nights without one.",
    )
    if restored.key_problem:
        warn(f"before draws can be made, the key has to be in its place. {restored.key_problem}")
    if restored.behind:
        warn(restored.behind)
    if copy.page is None:
        warn(f"it is of the earlier schema {copy.schema}, and is brought up to date {_when_up_to_date(desk)}.")
    elif accept_changed:
        warn("its records were not compared with its ledger; `testing-tracker verify` does that.")


def _restore(desk: Desk, file: Path, *, accept_changed: bool) -> "Restored":
    from testing_tracker.store.location import Location

    location = desk.location
    if isinstance(location, Location):
        with progress("Copying", file.stat().st_size if file.is_file() else 0) as advance:
            return services.backups.restore(location, file, desk.clock, advance, accept_changed=accept_changed)
    return services.server_backups.restore(location, file, desk.clock, accept_changed=accept_changed)


def _when_up_to_date(desk: Desk) -> str:
    from testing_tracker.store.location import Location

    return "when it is first opened" if isinstance(desk.location, Location) else "by `testing-tracker migrate`"


def _what_is_in(copy: "Copy") -> str:
    more = {0: "", 1: " and 1 more facility"}.get(copy.others, f" and {copy.others} more facilities")
    whose = f"{copy.facility}{more}"
    pages = "" if copy.page is None else f", up to page {copy.page}"
    entry = f", newest entry of {_local(copy.newest_entry, copy.timezones)}" if copy.newest_entry else ""
    return f"{whose}{pages}{entry}"


def _local(moment: datetime, timezones: "Timezones") -> str:
    from testing_tracker.rules.calendar import zone_of

    return f"{moment.astimezone(zone_of(timezones)):%Y-%m-%d %H:%M}"
