"""Copies of a database on a PostgreSQL server: made and brought in by the server's own pg_dump and pg_restore.

A password reaches them through their environment only, so that no list of processes shows it.
"""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.location import ServerLocation

BEGINNING = b"PGDMP"  # of every file in pg_dump's custom format
_DEBIANS = Path("/usr/lib/postgresql")  # keeps each version's tools in a folder of its own, out of the PATH
_DEBIANS_CHOOSER = "pg_wrapper"
_MILLISECONDS_FOR_A_LOCK = 60_000
_NO_LINES = "said nothing"

ToolName = Literal["pg_dump", "pg_restore"]

# Of what a dump holds only this is brought in. Who may do what is granted anew, because roles are the server's, and
# facilities are kept apart anew, which names the owner.
_OURS = (
    "TABLE",
    "TABLE DATA",
    "SEQUENCE",
    "SEQUENCE OWNED BY",
    "SEQUENCE SET",
    "DEFAULT",
    "CONSTRAINT",
    "FK CONSTRAINT",
    "INDEX",
    "TRIGGER",
    "FUNCTION",
)
_ENTRY = re.compile(r"\d+; \d+ \d+ (?P<kind>[A-Z]+(?: [A-Z]+)*) (?P<schema>\S+) (?P<name>\S+)(?: .*)?")
_REFUSING = "refuse_change()"  # the only function that the tables need
_REVISION = re.compile(r"^COPY \S*alembic_version .*FROM stdin;\n(\w+)\n\\\.$", re.MULTILINE)


@dataclass(frozen=True)
class Tools:
    """The tools that fit a server, and how they are to connect to it: `how` has no password."""

    location: ServerLocation
    server: int  # its major version
    how: str
    password: str | None = field(repr=False)

    def dump(self, file: Path, snapshot: str) -> None:
        """Write what a transaction that exported its snapshot sees; only for who sees all. Raises TestingTrackerError.

        Without being told that row-level security is meant to be on, pg_dump refuses even the owner, who sees all.
        """
        options = (
            "--format=custom",
            "--enable-row-security",
            f"--lock-wait-timeout={_MILLISECONDS_FOR_A_LOCK}",
            f"--snapshot={snapshot}",
        )
        done = self._run("pg_dump", *options, f"--file={file}", connect=True)
        if done.returncode:
            raise TestingTrackerError(
                f"pg_dump made no copy of {self.location}: {self._said(done)}. Nothing was changed."
            )

    def read_whole(self, file: Path) -> str | None:
        """Read a dump from its beginning to its end; what was wrong with it, None for nothing."""
        done = self._run("pg_restore", f"--file={os.devnull}", str(file))
        return self._said(done) if done.returncode else None

    def contents(self, file: Path) -> "Contents":
        """What is in a dump. Raises TestingTrackerError for one that is not of this program's database."""
        listed = self._run("pg_restore", "--list", str(file)).stdout.splitlines()
        entries = [(line, found) for line in listed if (found := _ENTRY.fullmatch(line)) and found["kind"] in _OURS]
        ours = [one for one in entries if one[1]["kind"] != "FUNCTION" or one[1]["name"] == _REFUSING]
        tables = [found["name"] for _, found in ours if found["kind"] == "TABLE"]
        versions = self._run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file)).stdout
        revision = _REVISION.search(versions)
        schemas = {found["schema"] for _, found in ours}
        odd = [name for name in tables if not re.fullmatch(r"\w+", name)]
        if revision is None or "alembic_version" not in tables or len(schemas) != 1 or odd:
            raise TestingTrackerError(f"{file} is not a backup of testing-tracker's database.")
        version = ("TABLE DATA", "alembic_version")
        lines = [line for line, found in ours if (found["kind"], found["name"]) != version]
        return Contents(revision[1], schemas.pop(), tuple(tables), tuple(lines))

    def bring_in(self, file: Path, contents: "Contents") -> None:
        """Bring a dump into an empty database, in one transaction, all but the schema's number.

        Without that number no command takes the tables for a database, so they can still be looked into and taken
        away again. Raises TestingTrackerError; then nothing is there.
        """
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as chosen:
            chosen.write("".join(f"{line}\n" for line in contents.lines))
            chosen.flush()
            options = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
            done = self._run("pg_restore", *options, f"--use-list={chosen.name}", str(file), connect=True)
        if done.returncode:
            raise TestingTrackerError(
                f"pg_restore could not bring {file} into {self.location}: {self._said(done)}. Nothing was changed."
            )

    def _run(self, name: ToolName, *arguments: str, connect: bool = False) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "LC_ALL": "C"}  # what they say is looked into
        command = [str(find_tool(name, self.server)), *arguments]
        if connect:
            command += ["--no-password", f"--dbname={self.how}"]
            if self.password is not None:
                environment["PGPASSWORD"] = self.password
        return subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def _said(self, done: subprocess.CompletedProcess[str]) -> str:
        """The first thing that a tool complained about; not what follows, nor what it quotes, which may be a row."""
        lines = [line.partition("error: ")[2] for line in done.stderr.splitlines() if "error: " in line]
        first = (lines or done.stderr.splitlines() or [_NO_LINES])[0]
        complaint = first.partition("ERROR:  ")[2] or first.partition("FATAL:  ")[2] or first
        if self.password:
            complaint = complaint.replace(self.password, "***")
        return re.sub(r': ".*', "", complaint).strip().rstrip(".")


@dataclass(frozen=True)
class Contents:
    """What is in a dump: its schema's number, the tables and the namespace that they are in, and the lines that choose
    what is brought in."""

    revision: str
    namespace: str
    tables: tuple[str, ...]
    lines: tuple[str, ...]


def tools_for(connection: Connection, location: ServerLocation) -> Tools:
    """The tools for the server of a connection. Raises TestingTrackerError where there are none that know it."""
    server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    for name in ("pg_dump", "pg_restore"):
        find_tool(name, server)
    return Tools(location, server, *_connection(location))


def find_tool(name: ToolName, server: int) -> Path:
    """A tool of the server's own version, or else of the next later one.

    A later pg_restore may ask for what the server does not know; an earlier pg_dump refuses the server.
    """
    found: dict[int, Path] = {}
    for path in _candidates(name):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
        if version := re.search(r" (\d+)(?:\.|\w|$)", said):
            found.setdefault(int(version[1]), path)
    fitting = [version for version in found if version >= server]
    if fitting:
        return found[min(fitting)]
    there = f"the newest one here is {max(found)}" if found else "there is none here"
    raise TestingTrackerError(
        f"The server is PostgreSQL {server}, which needs {name} {server} or later, and {there}. Install PostgreSQL's "
        f"client programs, on Debian `apt-get install postgresql-client-{server}`. Nothing was changed."
    )


def _candidates(name: ToolName) -> list[Path]:
    in_path = shutil.which(name)
    # Debian's chooser goes by the machine's own servers; what it would choose is among the others.
    chosen = [Path(in_path)] if in_path and Path(in_path).resolve().name != _DEBIANS_CHOOSER else []
    return chosen + [path for path in _DEBIANS.glob(f"*/bin/{name}") if os.access(path, os.X_OK)]


def _connection(location: ServerLocation) -> tuple[str, str | None]:
    """How to connect, without a password, and the password that the URL has."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    options = conninfo_to_dict(location.uri)
    password = options.pop("password", None)
    if "sslpassword" in options:
        raise TestingTrackerError(
            "The URL has the password of a certificate's key (sslpassword), which cannot be given to pg_dump without "
            "showing it to others. Use a key without one, in a file of mode 600."
        )
    usual = {"connect_timeout": "10", "application_name": "testing-tracker"}
    how = make_conninfo(**usual | {name: str(value) for name, value in options.items() if value is not None})
    return how, None if password is None else str(password)
