"""The lines for cron and the units for systemd that run the program unattended. Pure text; it holds no secret.

They name the program and the files by their whole paths, because neither cron nor systemd knows a user's PATH.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.encryption.beginning import ENCRYPTION_VARIABLE

NAME = "testing-tracker"

# What a person's environment may say of a server, and neither cron nor systemd would know. No secret is among them.
SERVERS_SETTINGS = (
    "XDG_DATA_HOME",
    "PGHOST",
    "PGPORT",
    "PGUSER",
    "PGDATABASE",
    "PGPASSFILE",
    "PGSERVICEFILE",
    "PGSSLMODE",
    "PGSSLROOTCERT",
)
_PASSWORD = "The password of the database's user belongs in ~/.pgpass of this account (mode 600), not here."


@dataclass(frozen=True)
class Unattended:
    """What is to be run, for whom and where.

    `program` are the words that start it, `settings` the environment that it needs, `database` what `--database` takes,
    `writes` the folders that it writes to besides `reports` and `backups`. `machine_zone` is None where the machine's
    timezone is the facility's. Where a delivery file `delivers` the report, `reports` are the folders that are named,
    if any, and what did not arrive is tried again every hour. `on_server`: the database is a URL, without a password.
    `several_zones`: the facilities of the database have no midnight in common, so every ten minutes it is asked what
    is owed. `kept` are the folders that witness lines are kept in. Where participants check in by a page
    (`has_page`), `page` is its file, None where it is on another machine; `hidden` is what its process is not to see.
    """

    program: tuple[str, ...]
    database: str
    settings: tuple[tuple[str, str], ...]
    zone: str
    machine_zone: str | None
    account: str
    writes: tuple[Path, ...]
    reports: tuple[Path, ...]
    backups: Path
    delivers: bool = False
    on_server: bool = False
    several_zones: bool = False
    kept: tuple[Path, ...] = ()
    has_page: bool = False
    page: Path | None = None
    hidden: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        words = (*self.program, self.database, *(value for _, value in self.settings), *map(str, self.folders))
        if any(not word.isprintable() for word in words):
            raise TestingTrackerError("A path with a line break or the like cannot stand in these lines. Rename it.")

    @property
    def command(self) -> tuple[str, ...]:
        return (*self.program, "--database", self.database)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where the reports, the backups and the witness lines go."""
        return (*self.reports, self.backups, *self.kept)

    @property
    def shared(self) -> tuple[Path, ...]:
        """The folder that the page's process shares with whatever fills its file."""
        return () if self.page is None else (self.page.parent,)

    @property
    def to_reports(self) -> tuple[str, ...]:
        """What tells `serve` where the reports go; a delivery file says it by itself."""
        return () if self.delivers else ("--reports", *map(str, self.reports))

    @property
    def backup(self) -> str:
        """The backup as a shell does it: a file for each day of the week, so that there are always seven."""
        words = shlex.join([*self.command, "backup", "--overwrite"])
        return f"{words} {shlex.quote(str(self.backups / NAME))}-$(date +%u).{'dump' if self.on_server else 'db'}"


def cron_lines(plan: Unattended) -> Iterator[str]:
    """The lines of a crontab. Raises TestingTrackerError where the encryption key is a credential of systemd's."""
    if _credential(plan):
        raise TestingTrackerError(
            "The encryption key is systemd's credential, and cron has none. Use `testing-tracker systemd print`, or "
            "keep the key in a file elsewhere."
        )
    yield f"# testing-tracker. Put these lines into the crontab of the account that {_owns(plan)}: crontab -e"
    if plan.on_server:
        yield f"# {_PASSWORD}"
    yield f"# Once before: mkdir -p -m 700 {shlex.join(map(str, plan.folders))}"
    yield "# Better another disk for the backups; the key is not in them (testing-tracker backup --key FILE)."
    yield "# What the program complains about, and what verify, check and doctor find, cron mails to MAILTO; it has"
    yield "# codes, no names."
    yield f"CRON_TZ={plan.zone}"
    owed = f"{_in_cron(plan, 'serve', '--once', *plan.to_reports)} >/dev/null"
    if plan.several_zones:
        yield "# The facilities have different timezones, so every ten minutes it is asked what their hours ask for."
        yield f"*/10 * * * * {owed}"
    elif plan.machine_zone is not None:
        yield f"# This machine's timezone is {plan.machine_zone}. A cron without CRON_TZ (Debian's) goes by that, and"
        yield "# needs this line instead of the next two; it draws and reports when the facility's hours ask for it:"
        yield f"# */10 * * * * {owed}"
    if not plan.several_zones:
        yield f"5 0 * * * {_in_cron(plan, 'draw')} >/dev/null"
        yield f"{'0 * * * *' if plan.delivers else '0 6 * * 1'} {owed}"
    if plan.has_page:
        yield f"* * * * * {_in_cron(plan, 'web', 'sync')} >/dev/null"
    yield f"30 1 * * * {_escaped(_with_settings(plan, plan.backup))} >/dev/null"
    yield f"0 4 * * 1-6 {_in_cron(plan, 'verify', '--recent')} >/dev/null"
    yield f"0 4 * * 0 {_in_cron(plan, 'verify')} >/dev/null"
    yield f"0 5 * * * {_in_cron(plan, 'check', '--recent', '--quiet')}"
    yield f"30 7 * * * {_in_cron(plan, 'doctor', '--quiet')}"


def _credential(plan: Unattended) -> str:
    """The name of the credential that the encryption key is, nothing where it is none."""
    kind, _, name = dict(plan.settings).get(ENCRYPTION_VARIABLE, "").partition(":")
    return name if kind == "credential" else ""


def _owns(plan: Unattended) -> str:
    return "has the key of the draws" if plan.on_server else "owns the database"


def _in_cron(plan: Unattended, *arguments: str) -> str:
    return _escaped(_with_settings(plan, shlex.join([*plan.command, *arguments])))


def _with_settings(plan: Unattended, command: str) -> str:
    return " ".join([*(f"{name}={shlex.quote(value)}" for name, value in plan.settings), command])


def _escaped(command: str) -> str:
    return command.replace("%", "\\%")  # cron takes a bare one for the end of the line


def systemd_units(plan: Unattended) -> dict[str, str]:
    """The units by their file names: services, their timers, and `serve` for those who prefer one that stays."""
    shell = ("/bin/sh", "-c", plan.backup)
    owed = (*plan.command, "serve", "--once", *plan.to_reports)
    hourly_or_weekly = "*-*-* *:00:00" if plan.delivers else "Mon *-*-* 06:00:00"
    nightly = {
        "draw": ("the nightly draw", (*plan.command, "draw"), "*-*-* 00:05:00"),
        "report": ("the weekly report", owed, hourly_or_weekly),
    }
    asking = {"draw": ("the nightly draws and the weekly reports", owed, "*-*-* *:0/10:00")}
    jobs = (asking if plan.several_zones else nightly) | {
        "backup": ("a backup", shell, "*-*-* 01:30:00"),
        "verify-recent": (
            "whether what is new holds (fails when something does not)",
            (*plan.command, "verify", "--recent"),
            "Mon..Sat *-*-* 04:00:00",
        ),
        "verify": (
            "whether everything holds (fails when something does not)",
            (*plan.command, "verify"),
            "Sun *-*-* 04:00:00",
        ),
        "check": (
            "whether the database is sound (fails when it is not)",
            (*plan.command, "check", "--recent", "--quiet"),
            "*-*-* 05:00:00",
        ),
        "doctor": ("what is stuck (fails when something needs doing)", (*plan.command, "doctor"), "*-*-* 07:30:00"),
    }
    units = {}
    for name, (what, command, when) in jobs.items():
        units[f"{NAME}-{name}.service"] = _service(plan, what, command, kind="oneshot")
        units[f"{NAME}-{name}.timer"] = _timer(plan, name, when)
    serve = (*plan.command, "serve", *plan.to_reports)
    what = "the nightly draw and the weekly report, instead of their timers"
    staying = "Restart=on-failure\nRestartSec=60\n"
    units[f"{NAME}-serve.service"] = (
        _service(plan, what, serve, kind="exec", more=staying) + "\n[Install]\nWantedBy=multi-user.target\n"
    )
    if plan.page is not None:
        units[PAGE_UNIT] = _page_unit(plan, plan.page)
    return units


PAGE_UNIT = f"{NAME}-web.service"
PAGE_ACCOUNT = f"{NAME}-web"
PAGE_LISTENS = "127.0.0.1:8200"


def _page_unit(plan: Unattended, page: Path) -> str:
    """The page's own process, in an account of its own, which sees its file's folder and neither records nor key."""
    command = (*plan.program, "web", "serve", "--listen", PAGE_LISTENS, "--behind-proxy", "--file", str(page))
    owner = plan.account.removeprefix("uid ")
    hidden = " ".join(_quoted(f"-{one}") for one in plan.hidden)
    begins = f"""\
# Once before, as root: the page's account, and a folder that it shares with {owner} and nobody else.
#   useradd --system --shell /usr/sbin/nologin {PAGE_ACCOUNT}
#   install --directory --mode 2770 --owner {owner} --group {PAGE_ACCOUNT} {shlex.quote(str(page.parent))}
[Unit]
Description=testing-tracker: the page on which participants check in
After=network.target

[Service]
Type=exec
User={PAGE_ACCOUNT}
Group={PAGE_ACCOUNT}
ExecStart={" ".join(_quoted(word).replace("$", "$$") for word in command)}
"""
    ends = f"""\
InaccessiblePaths={hidden}
ReadWritePaths={_quoted(str(page.parent))}

[Install]
WantedBy=multi-user.target
"""
    return begins + _PAGE_SANDBOX + ends


_PAGE_SANDBOX = """\
Restart=always
RestartSec=2
TimeoutStopSec=10
UMask=0007
MemoryMax=256M
TasksMax=64
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
IPAddressDeny=any
IPAddressAllow=localhost
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""


RUNTIME_FOLDER = f"/run/{NAME}"


def socket_units(plan: Unattended, group: str | None) -> dict[str, str]:
    """The units of the server at a socket, which systemd opens; with it `serve` need not run by itself."""
    path = f"{RUNTIME_FOLDER}/{NAME}.socket"
    mode = f"SocketGroup={group}\nSocketMode=0660" if group else "SocketMode=0600"
    listens = f"""\
[Unit]
Description=testing-tracker: where people's commands are answered, as --database unix:{path}

[Socket]
ListenStream={path}
DirectoryMode=0755
SocketUser={plan.account.removeprefix("uid ")}
{mode}
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
"""
    # Only the server itself is told to stop; it lets the commands finish. The folder outlives it, for its socket.
    staying = (
        "Restart=on-failure\nRestartSec=2\nKillMode=mixed\nTimeoutStopSec=10\n"
        f"RuntimeDirectory={NAME}\nRuntimeDirectoryMode=0755\nRuntimeDirectoryPreserve=yes\n"
    )
    serve = (*plan.command, "serve", "--socket", path, *plan.to_reports)
    what = "people's commands, the nightly draw and the weekly report, instead of their timers"
    service = _service(plan, what, serve, kind="exec", more=staying)
    return {
        f"{NAME}-socket.socket": listens,
        f"{NAME}-socket.service": service + "\n[Install]\nWantedBy=multi-user.target\n",
    }


def _service(plan: Unattended, what: str, command: tuple[str, ...], *, kind: str, more: str = "") -> str:
    settings = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in plan.settings)
    if name := _credential(plan):
        settings += f"LoadCredentialEncrypted={_quoted(name)}\n"
    folders = dict.fromkeys(map(str, plan.writes)) | dict.fromkeys(f"-{one}" for one in (*plan.folders, *plan.shared))
    return f"""\
[Unit]
Description=testing-tracker: {what}
{_FOR_A_SERVER if plan.on_server else ""}
[Service]
Type={kind}
User={plan.account.removeprefix("uid ")}
{settings}ExecStart={" ".join(_quoted(word).replace("$", "$$") for word in command)}
{more}UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes
ReadWritePaths={" ".join(map(_quoted, folders))}
"""


_FOR_A_SERVER = f"""\
# {_PASSWORD}
Wants=network-online.target
After=network-online.target postgresql.service
"""


def _timer(plan: Unattended, name: str, when: str) -> str:
    return f"""\
[Unit]
Description=testing-tracker: the time for {NAME}-{name}.service

[Timer]
OnCalendar={when} {plan.zone}
Persistent=true

[Install]
WantedBy=timers.target
"""


def _quoted(word: str) -> str:
    """A word as systemd reads it; the percent sign would begin a specifier."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if word and not set(word) & set(" \t'\"\\;") else f'"{escaped}"'
