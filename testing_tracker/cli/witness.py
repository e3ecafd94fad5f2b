"""`witness`: the nights' lines, to be kept where the clinic's own hands do not reach; and the reading of those."""

from datetime import date
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, going_on, pass_desk, say, warn
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.opening import door
from testing_tracker.cli.desk.output import format_option, print_rows
from testing_tracker.cli.desk.parameter_types import DAY_BEFORE
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from testing_tracker.cli.desk.desk import AtFacility
    from testing_tracker.rules.drawing.witness import GivenLines, Witness


@click.command("witness")
@click.option("--from", "first", type=DAY_BEFORE, metavar="DATE", help="The first day. Default: all of them.")
@click.option("--to", "last", type=DAY_BEFORE, metavar="DATE", help="The last day. Default: today.")
@format_option
@pass_desk
def witness_command(desk: Desk, first: str | None, last: str | None, form: str) -> None:
    """A line a night, to be kept outside: `verify --against` tells by it whether the past is still the same.

    Nothing about participants is in it. A delivery file sends each night's by itself (docs/delivery.md).
    """
    each = desk.each_facility()
    found: list[tuple[AtFacility, list[Witness]]] = []
    failed: list[str] = []
    for at in each:
        with going_on(each, at, failed), at.desk.reading() as work:
            since = date.min if first is None else day_given(first, work.today)
            up_to = day_given(last, work.today)
            if since > up_to:
                raise click.UsageError(f"--from {since} is after --to {up_to}.")
            found.append((at, services.witnesses.lines(work, since, up_to)))
    if form == "table":
        for at, lines in found:
            for line in lines:
                say(desk, f"{at.mark}{line}")
            if not lines:
                warn(f"{at.mark}no night of these days has a line; nights have one since this version makes them.")
    else:
        whose = ["facility"] if len(each) > 1 else []
        rows = [({"facility": at.name} if whose else {}) | vars(line) for at, lines in found for line in lines]
        print_rows(desk, rows, [*whose, "day", "page", "digest"], form, "")
    if failed:
        raise TestingTrackerError(" ".join(failed))


def lines_in(file: Path) -> "tuple[Witness, ...]":
    """The witness lines that a file has anywhere in it; see `given_in`."""
    return given_in(file).lines


def given_in(file: Path) -> "GivenLines":
    """The witness lines that a file has anywhere in it, such as a mail or a report.

    Raises TestingTrackerError where it cannot be read, or has none. What begins like one and is cut off is told.
    """
    from testing_tracker.rules.drawing.witness import read_witnesses
    from testing_tracker.store.given_files import piped_content
    from testing_tracker.store.kept_lines import MOST

    try:
        content = door().content(file, MOST) if str(file) != "-" else piped_content(MOST)
    except OSError as error:
        raise TestingTrackerError(f"{file} cannot be read: {error.strerror}.") from None
    try:
        given = read_witnesses(_text_of(content))
    except ValueError as error:
        raise TestingTrackerError(f"{file}: {error}.") from None
    if not given.lines:
        raise TestingTrackerError(
            f"There is no witness line in {file}. One is such as `2026-11-16 page 812`, and a digest of 64 digits "
            "behind it; out of a pdf copy it into a text."
        )
    if given.unread:
        more = f", and so are {len(given.unread) - 1} more" if given.unread[1:] else ""
        warn(f"{file}: the line that begins with {given.unread[0]!r} is not whole, and was left out{more}.")
    return given


def lines_given(said: Path) -> "tuple[Witness, ...]":
    """The line that was typed itself, or the lines of the file of that name."""
    from testing_tracker.rules.drawing.witness import read_witnesses

    return read_witnesses(str(said)).lines or lines_in(said)


def stamps_checked(desk: Desk, numbers: "Iterable[int]", given: "GivenLines") -> "Iterator[tuple[date, str]]":
    """What is wrong with the time stamps that stand beside lines; how far they reach is told.

    They hold by the certificates that a facility's delivery file names.
    """
    from testing_tracker.cli.desk.files import deliveries_of
    from testing_tracker.serving.timestamps import EXTRA, NotStampedError, stamped_at

    ways = [way.witness for number in numbers if (way := deliveries_of(desk.location, number)) is not None]
    authorities = [way.timestamp_ca for way in ways if way is not None and way.timestamp_ca is not None]
    if not authorities or find_spec("rfc3161_client") is None:
        why = "no delivery file names timestamp_ca" if not authorities else f"that needs {EXTRA}"
        warn(f"{len(given.stamps)} time stamps were not checked: {why}.")
        return
    moments = []
    for stamp in given.stamps:
        of_page = [line for line in given.lines if line.page == stamp.page]
        errors = []
        for line, file in product(of_page, dict.fromkeys(authorities)):
            try:
                moments.append((stamped_at(line, stamp, file), line))
                break
            except NotStampedError as error:
                errors.append((line.day, str(error)))
        else:
            yield errors[0] if errors else (given.lines[0].day, f"the time stamp of page {stamp.page} is of no line")
    if moments:
        at, line = max(moments)
        warn(f"by the newest of {len(moments)} time stamps the line of page {line.page} was there {at:%F %H:%M} UTC.")


def _text_of(content: bytes) -> str:
    """A file's text in whatever encoding: the lines are of ASCII. Of a mail also what is packed in it."""
    text = content.replace(b"\0", b"").decode("ascii", errors="replace")  # two bytes a letter are the same without NUL
    if "\nContent-Transfer-Encoding: base64" not in text.replace("\r", ""):
        return text
    from email import message_from_bytes

    parts = [part.get_payload(decode=True) for part in message_from_bytes(content).walk() if not part.is_multipart()]
    return "\n".join([text, *(part.decode("ascii", errors="replace") for part in parts if isinstance(part, bytes))])
