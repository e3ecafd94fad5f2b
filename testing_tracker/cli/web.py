"""`web`: the page on which participants check in, and what goes to it and comes from it."""

import logging
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from testing_tracker.cli import web_exchange
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.files import GivenPath, in_full
from testing_tracker.cli.desk.opening import here_only
from testing_tracker.cli.desk.parameter_types import CheckedWord
from testing_tracker.cli.serve import event_lines, log_format_option
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.web.file import Beat, PageFile

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[0-9.]{7,15}|localhost):([0-9]{1,5})")


@click.group("web", cls=CommandGroup)
def web_command() -> None:
    """The page on which participants check in, and what goes to it and comes from it."""


def _address(text: str) -> str:
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found[2]) > 65_535:
        raise ValueError(f"{text!r} is no address and port, such as 127.0.0.1:8200")
    return text


ADDRESS = CheckedWord("address", _address)


@web_command.command("serve")
@click.option(
    "--listen",
    type=ADDRESS,
    default="127.0.0.1:8200",
    show_default=True,
    metavar="ADDRESS:PORT",
    help="Where the proxy that speaks https finds the page.",
)
@click.option(
    "--file",
    "given",
    type=GivenPath(),
    metavar="FILE",
    help="The page's own file. Default: beside the database, with .web behind its name.",
)
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="A proxy on this machine says who asks, by X-Forwarded-For and X-Forwarded-Proto. Without it all are one.",
)
@click.option("--insecure-listen", is_flag=True, help="Listen where other machines reach it without https.")
@click.option("--line", type=ADDRESS, metavar="ADDRESS:PORT", help="Also answer a telephone exchange of this machine.")
@click.option("--check", is_flag=True, help="Say what would be served, without listening, and leave.")
@log_format_option
@pass_desk
def web_serve(
    desk: Desk,
    listen: str,
    given: Path | None,
    behind_proxy: bool,
    insecure_listen: bool,
    line: str | None,
    check: bool,
    log_format: str,
) -> None:
    """Serve the page on which participants check in, until it is told to stop.

    It knows what `serve` or `web sync` fill into its file, and opens neither the database nor a key: have it run as an
    account that can read neither. What people see is behind a proxy that speaks https (docs/checkin.md).
    """
    here_only("web serve")
    _refuse_without_the_extra()
    from testing_tracker.web.file import PageFile

    _refuse_in_clear(listen, line, sure=behind_proxy and insecure_listen)
    path = in_full(given) if given is not None else desk.location.page
    file = PageFile(path)
    try:
        _mark_training(desk, file)
        with event_lines(desk, log_format):
            _serve(file, listen, line, behind_proxy=behind_proxy, check=check)
    finally:
        file.close()


def _refuse_without_the_extra() -> None:
    if find_spec("werkzeug") is None or find_spec("waitress") is None:
        raise TestingTrackerError("The page needs Werkzeug and waitress: pip install 'testing-tracker[web]'")


def _refuse_in_clear(listen: str, line: str | None, *, sure: bool) -> None:
    from testing_tracker.web.serving import is_loopback

    if not is_loopback(_host_and_port(listen)[0]) and not sure:
        raise TestingTrackerError(
            f"{listen} is reached from other machines, and PINs would travel in clear. Listen at 127.0.0.1, behind a "
            "proxy that speaks https; or give both --behind-proxy and --insecure-listen."
        )
    if line is not None and not is_loopback(_host_and_port(line)[0]):
        raise TestingTrackerError(f"{line} is reached from other machines. --line is for this machine: 127.0.0.1.")


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return ("127.0.0.1" if host == "localhost" else host.strip("[]")), int(port)


def _mark_training(desk: Desk, file: "PageFile") -> None:
    """Have the lines of a training page say so."""
    from testing_tracker.web.visits import places_in

    with file.reading() as database:
        desk.training = any(place.training for place in places_in(database))


def _serve(file: "PageFile", listen: str, line: str | None, *, behind_proxy: bool, check: bool) -> None:
    from zoneinfo import ZoneInfo

    from testing_tracker.clock import Clock
    from testing_tracker.serving import events
    from testing_tracker.serving.events import Event
    from testing_tracker.web import serving
    from testing_tracker.web.hashing import give_memory_back

    serving.keep_the_library_quiet()
    give_memory_back()
    facilities, holders = serving.told(file)
    said = (
        f"check-in on http://{listen}, {_many(facilities, 'facility', 'facilities')}, "
        f"{_many(holders, 'holder', 'holders')}, {_filled(file)}"
    )
    figures: dict[str, Any] = {"facilities": facilities, "holders": holders, "filled_at": file.filled_at}
    if check:
        events.tell(Event.PAGE_CHECKED, f"would serve: {said}", **figures)
        return
    listening = serving.listening_at(*_host_and_port(listen))
    also = None if line is None else serving.listening_at(*_host_and_port(line))
    server = serving.PageServer(
        file, Clock(ZoneInfo("UTC")).now, listening, tell=_tell_minute, behind_proxy=behind_proxy
    )
    if also is not None:
        exchange = import_module("testing_tracker.web.line")
        server.also(also, exchange.ExchangeLine(file, server.visits, server.pulse))
    serving.stop_on_signals(server)
    events.tell(Event.PAGE_STARTED, said, **figures)
    server.run()
    events.tell(Event.STOPPED, "stopped")


def _many(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


def _filled(file: "PageFile") -> str:
    filled = file.filled_at
    return "nothing filled in yet" if filled is None else f"filled {filled:%Y-%m-%d %H:%M:%SZ}"


def _tell_minute(beat: "Beat", kinds: list[str]) -> None:
    from testing_tracker.serving import events
    from testing_tracker.serving.events import Event

    failed = f" ({', '.join(kinds)})" if kinds else ""
    events.tell(
        Event.PAGE_MINUTE,
        f"served {beat.served}, busy {beat.busy}, failed {beat.failed}{failed}",
        level=logging.WARNING if beat.busy or beat.failed else logging.INFO,
        served=beat.served,
        busy=beat.busy,
        failed=beat.failed,
    )


for _command in (
    web_exchange.sync_command,
    web_exchange.print_command,
    web_exchange.load_command,
    web_exchange.visits_command,
    web_exchange.collect_command,
):
    web_command.add_command(_command)
