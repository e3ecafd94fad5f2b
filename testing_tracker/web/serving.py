"""The page's server: waitress, which reads a request whole before a thread touches it, so that slow ones hold none.

It is reached through a proxy that speaks https. Only what comes from this machine may say whom it asks for.
"""

import logging
import select
import signal
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_address
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import waitress
from waitress import wasyncore
from werkzeug.middleware.proxy_fix import ProxyFix

from testing_tracker.clock import Clock
from testing_tracker.errors import TestingTrackerError
from testing_tracker.web.app import CheckInPage
from testing_tracker.web.file import PageFile
from testing_tracker.web.hashing import Hashing
from testing_tracker.web.pulse import Pulse, TellMinute
from testing_tracker.web.visits import Visits, places_in
from testing_tracker.web.voice import VoiceLine

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SERVING_THREADS = 12  # they wait for a hash, and do little else; each has touched some 80 kB
_STOP_SECONDS = 5
_POLLS = hasattr(select, "poll")  # not on Windows
# connection_limit is 100 by waitress's own default, and a slow connection was kept for 120 s: a few dozen telephones in
# a tunnel would have shut the page.
SETTINGS = {
    "threads": _SERVING_THREADS,
    "connection_limit": 500,
    "channel_timeout": 20,
    "cleanup_interval": 10,
    "max_request_header_size": 16 * 1024,
    "max_request_body_size": 64 * 1024,  # more is refused before the page sees it
    "asyncore_use_poll": _POLLS,
    "ident": "",
}


class BehindProxy:
    """Takes the address and https of who asks from one proxy, where that is on this machine; from nobody else."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._fixed = ProxyFix(app, x_for=1, x_proto=1)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        app = self._fixed if is_loopback(environ.get("REMOTE_ADDR", "")) else self._app
        return app(environ, start_response)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address. A name is looked up by nobody, but `localhost`."""
    if address == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(address.strip("[]")).is_loopback
    return False


def listening_at(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises TestingTrackerError where that address is taken, or none of this machine's."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(1024)
        made.setblocking(False)
    except OSError as error:
        made.close()
        raise TestingTrackerError(
            f"{host}:{port} cannot be listened at: {error.strerror or error}. Name another one."
        ) from None
    return made


class PageServer:
    """The page on one file, from its first request to its last. `line` is what answers on a socket of its own."""

    def __init__(
        self,
        file: PageFile,
        now: Callable[[], datetime],
        listening: socket.socket,
        *,
        tell: TellMinute = lambda beat, kinds: None,
        behind_proxy: bool = False,
        hashing: Hashing | None = None,
    ) -> None:
        self.hashing = hashing or Hashing()
        self.visits = Visits(file, self.hashing, now)
        self.pulse = Pulse(file, now, tell)
        self._stop = Event()
        self._map: dict[int, Any] = {}  # of both listeners, so that one loop serves them
        self._behind_proxy = behind_proxy
        beside = {"/voice": VoiceLine(file, self.visits, self.pulse, now)}
        page: WSGIApplication = CheckInPage(file, self.visits, self.pulse, now, beside)
        self._servers = [self._server(listening, BehindProxy(page) if behind_proxy else page)]
        self.hashing.before = self._waiting

    def also(self, listening: socket.socket, app: "WSGIApplication") -> None:
        """Answer by another application at another socket."""
        self._servers.append(self._server(listening, app))

    def _server(self, made: socket.socket, app: "WSGIApplication") -> Any:  # noqa: ANN401  the library has no types
        given = {**SETTINGS, "clear_untrusted_proxy_headers": not self._behind_proxy}
        return waitress.create_server(app, map=self._map, sockets=[made], **given)

    def _waiting(self) -> int:
        """How many requests were read and wait for a thread."""
        return sum(len(server.task_dispatcher.queue) for server in self._servers)

    def run(self) -> None:
        """Serve until `stop`; then let the requests that run end, for a few seconds."""
        beating = Thread(target=self.pulse.run, args=(self._stop,), name="pulse")
        beating.start()
        try:
            while not self._stop.is_set():
                self._go_on()
            self._finish()
        finally:
            self._stop.set()
            beating.join()
            self.hashing.close()
            for server in self._servers:
                server.close()

    def stop(self, *_: object) -> None:
        """Have `run` end; also a signal's handler."""
        self._stop.set()
        for server in self._servers:
            server.pull_trigger()

    def _go_on(self, seconds: float = 1.0) -> None:
        wasyncore.loop(timeout=seconds, use_poll=_POLLS, map=self._map, count=1)

    def _finish(self) -> None:
        for server in self._servers:
            server.del_channel(self._map)
            server.socket.close()
        seconds = Clock(ZoneInfo("UTC")).stopwatch()
        while seconds() < _STOP_SECONDS and any(_is_at_work(server) for server in self._servers):
            self._go_on(0.05)


def _is_at_work(server: Any) -> bool:  # noqa: ANN401
    threads = server.task_dispatcher
    return bool(
        threads.queue
        or threads.active_count
        or any(channel.total_outbufs_len for channel in list(server.active_channels.values()))
    )


def stop_on_signals(server: PageServer) -> None:
    """Have SIGTERM and SIGINT end a server, as at the end of a service."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)


def keep_the_library_quiet() -> None:
    """Have waitress log nothing: its lines have paths and addresses in them. What fails is counted by `Pulse`."""
    logging.getLogger("waitress").setLevel(logging.CRITICAL + 1)


def told(file: PageFile) -> tuple[int, int]:
    """How many facilities and holders a file has."""
    with file.reading() as database:
        return len(places_in(database)), database.execute("SELECT count(*) FROM holder").fetchone()[0]
