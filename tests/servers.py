"""A PostgreSQL server of its own for what the one that all tests share cannot be: asked for passwords and certificates,
followed by a standby, and behind PgBouncer. It listens on a Unix socket in its folder, on 127.0.0.1, and on an address
of this machine that is no loopback where there is one."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import databases

STANDBY, POOLED = 5433, 6432  # of sockets in its folder, which nobody else has
HBA = """
local   all          +with_password                 scram-sha-256
local   all          all                            trust
local   replication  all                            trust
host    all          +in_the_open     127.0.0.1/32  trust
hostssl all          all              127.0.0.1/32  cert
"""
HBA_OUTSIDE = "host    all          +in_the_open     {}/32  trust\n"
POOLER = """
[databases]
* = host={place} port={port}
[pgbouncer]
listen_addr =
listen_port = {pooled}
unix_socket_dir = {place}
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
auth_type = scram-sha-256
auth_file = {place}/people.txt
"""


@dataclass
class Server:
    """A server in a folder, and whoever else runs beside it."""

    place: Path
    programs: Path  # the server's own
    as_user: list[str]  # it refuses to run as root
    beside: list[subprocess.Popen] = field(default_factory=list)
    port: int = 0
    outside: str | None = None  # an address of this machine that is no loopback

    def start(self, data: str, port: int, *options: str) -> None:
        given = f"-p {port} -k {self.place} -c fsync=off -c autovacuum=off {' '.join(options)}"
        self.run("pg_ctl", "-D", self.place / data, "-l", self.place / f"{data}.log", "-w", "-o", given, "start")

    def stop(self, data: str) -> None:
        self.run("pg_ctl", "-D", self.place / data, "-m", "immediate", "stop")

    def run(self, program: str, *arguments: object) -> None:
        command = [*self.as_user, str(self.programs / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.place, check=False)
        assert done.returncode == 0, done.stderr + done.stdout

    def url(self, role: str, database: str, port: int = 0) -> str:
        return f"postgresql://{role}@/{database}?host={self.place}&port={port or self.port}"

    def administer(self, *statements: str, database: str = "postgres", port: int = 0) -> list[tuple]:
        """Run statements as the server's administrator; the rows of the last one."""
        import psycopg

        with psycopg.connect(self.url("postgres", database, port), autocommit=True) as connection:
            done = [connection.execute(statement) for statement in statements][-1]
            return done.fetchall() if done.description else []

    def add_standby(self) -> None:
        """A copy that follows, by the server's own tool, and answers who reads."""
        source = f"host={self.place} port={self.port} user=postgres"
        self.run("pg_basebackup", "-D", self.place / "standby", "-d", source, "-R", "-X", "stream", "-c", "fast")
        self.start("standby", STANDBY, "-c listen_addresses=''", "-c hot_standby=on", "-c hot_standby_feedback=on")

    def wait_for_standby(self) -> None:
        """Wait until the standby has all that is committed by now."""
        ((now,),) = self.administer("SELECT pg_current_wal_lsn()::text")
        for _ in range(500):
            asked = f"SELECT coalesce(pg_last_wal_replay_lsn() >= '{now}', false)"
            if self.administer(asked, port=STANDBY) == [(True,)]:
                return
            time.sleep(0.02)
        raise AssertionError("the standby does not follow")

    def add_pooler(self, people: dict[str, str]) -> None:
        """PgBouncer in transaction mode, to whom each of these people logs in with a password of their own."""
        settings, passwords = self.place / "pgbouncer.ini", self.place / "people.txt"
        settings.write_text(POOLER.format(place=self.place, port=self.port, pooled=POOLED))
        passwords.write_text("".join(f'"{name}" "{password}"\n' for name, password in people.items()))
        command = [*self.as_user, pooler(), "-q", str(settings)]
        self.beside.append(subprocess.Popen(command, cwd=self.place, stderr=subprocess.PIPE))
        for _ in range(500):
            with socket.socket(socket.AF_UNIX) as tried, suppress(OSError):
                tried.connect(str(self.place / f".s.PGSQL.{POOLED}"))
                return
            time.sleep(0.02)
        raise AssertionError("PgBouncer does not answer")


def own_address() -> str | None:
    """An address of this machine's own that is no loopback; None where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, suppress(OSError):
        asked.connect(("192.0.2.1", 9))  # chooses an address to send from; nothing is sent
        found = asked.getsockname()[0]
        return None if found.startswith("127.") else found
    return None


def pooler() -> str | None:
    """PgBouncer, where it is installed: Debian keeps it with what an administrator runs."""
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def server(certificates: Path, authority: Path) -> Iterator[Server]:
    """A server that is gone afterwards, with all that was begun beside it."""
    programs = Path(databases.ask("SELECT setting FROM pg_config WHERE name = 'BINDIR'"))
    data = Path(databases.ask("SHOW data_directory"))
    owner = data.stat()
    as_user = [] if os.getuid() else ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
    place = Path(tempfile.mkdtemp(dir=data.parent.parent))  # in memory, where the other one is
    os.chown(place, owner.st_uid, owner.st_gid)
    made = Server(place, programs, as_user, outside=own_address())
    try:
        made.run("initdb", "-D", place / "data", "-U", "postgres", "-A", "trust", "-N", "--encoding=UTF8")
        (place / "data" / "pg_hba.conf").write_text(HBA + (HBA_OUTSIDE.format(made.outside) if made.outside else ""))
        for name in ("server.pem", "server.key"):
            shutil.copy(certificates / name, place / name)
        shutil.copy(authority / "ca.pem", place / "ca.pem")
        for name in ("server.pem", "server.key", "ca.pem"):
            os.chown(place / name, owner.st_uid, owner.st_gid)
            (place / name).chmod(0o600)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            made.port = free.getsockname()[1]
        tls = f"-c ssl=on -c ssl_cert_file={place}/server.pem -c ssl_key_file={place}/server.key"
        addresses = ",".join(filter(None, ("127.0.0.1", made.outside)))
        made.start("data", made.port, f"-c listen_addresses={addresses}", f"{tls} -c ssl_ca_file={place}/ca.pem")
        yield made
    finally:
        for process in made.beside:
            process.terminate()
            process.communicate()
        for one in ("standby", "data"):
            if (place / one / "postmaster.pid").exists():
                made.stop(one)
        shutil.rmtree(place)
