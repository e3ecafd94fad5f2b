"""A real web server on this machine that a dead man's switch would be, told how to answer."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Switchboard:
    """The server. `told` are the requests that it had: method, path with question, and body."""

    def __init__(self, certificates: Path | None = None) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.status = 200
        self.leads_to: str | None = None
        self.seconds = 0.0  # that it thinks
        self.drips = False  # an answer a byte at a time, that has no end
        board = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
                board.told.append((self.command, self.path, body))
                time.sleep(board.seconds)
                if board.drips:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                    for _ in range(200):
                        self.wfile.write(b".")
                        time.sleep(0.05)
                self.send_response(board.status)
                if board.leads_to:
                    self.send_header("Location", board.leads_to)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_arguments) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_given: None  # a client that has gone is nothing to print
        self.scheme = "http"
        if certificates is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.server.server_port}/ping/5f3c"

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.told]


@contextmanager
def switchboard(certificates: Path | None = None) -> Iterator[Switchboard]:
    """A server that answers until the block ends."""
    board = Switchboard(certificates)
    thread = threading.Thread(target=board.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield board
    finally:
        board.server.shutdown()
        board.server.server_close()
        thread.join(5)
