"""Reads how the weekly report leaves by itself, from a facility's TOML file, and says everything that is wrong with it.

The file may hold a password and a passphrase. No message ever repeats a value, only the key it stands at.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from testing_tracker.rules.exchange.toml_file import (
    FacilityFileError,
    TomlFile,
    document_of,
    flag,
    list_of,
    matching,
    one_of,
    some_of,
    whole_number,
)
from testing_tracker.rules.serving.alive import WANTED_URL, read_url
from testing_tracker.rules.words import Channel

ENDINGS = {"table": "txt", "csv": "csv", "json": "json", "html": "html", "pdf": "pdf"}  # of a file, by form
TLS_PORTS = {"tls": 465, "starttls": 587}
LEAST_PASSPHRASE, MOST_PASSPHRASE = 12, 127  # characters; a pdf's AES-256 takes no more than 127
MOST_RECIPIENTS = 20

_SECTIONS = {
    "folder": ("path", "forms"),
    "mail": ("host", "port", "tls", "ca_file", "user", "password", "password_file", "from", "to", "forms", "reminders"),
    "pdf": ("passphrase", "passphrase_file"),
    "witness": ("to", "timestamp", "timestamp_ca"),
    "alive": ("url", "ca_file"),
}
_NEEDED = {
    "folder": ("path",),
    "mail": ("host", "tls", "from", "to"),
    "pdf": (),
    "witness": ("to",),
    "alive": ("url",),
}
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
# No host can be taken for an option, which might name a program to run; more than a host goes into ~/.ssh/config.
_SSH = re.compile(r"ssh +((?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}@)?[A-Za-z0-9\[](?:[A-Za-z0-9.:_\]-]{0,251}))")
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,253}(?:/[!-~]{0,1000})?")
MOST_WORDS, MOST_OF_A_WORD = 50, 4096
# Appends each line that arrives to a file in the home folder, once. The shell there has this before the line comes, and
# the line is what `read` is given: it is never a command.
_APPENDS = (
    "exec sh -c 'umask 077; f=testing-tracker-witness.txt; while IFS= read -r line; do "
    'grep -qxF -e "$line" "$f" 2>/dev/null || printf "%s\\n" "$line" >>"$f" || exit 1; done; '
    'test -e "$f"\''
)


class DeliveryFileError(FacilityFileError):
    """The file cannot be used; `problems` has a line for each reason."""


@dataclass(frozen=True)
class FolderDelivery:
    """A folder that each week's report is written to, once.

    `refilled`: a file that is not there any more is written again, as `serve --reports` always did.
    """

    path: Path
    forms: tuple[str, ...]
    refilled: bool = False


@dataclass(frozen=True)
class MailDelivery:
    """A mail server, always with TLS, and who gets the report. `ca_file` is a clinic's own certificate authority.

    `reminders`: they also get a mail on each day on which a confirmation is overdue.
    """

    host: str
    port: int
    starttls: bool
    sender: str
    to: tuple[str, ...]
    forms: tuple[str, ...]
    ca_file: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    reminders: bool = False


@dataclass(frozen=True)
class WitnessDelivery:
    """Where each night's witness line is kept, outside of the house: in a file of a folder, or by a command.

    A command's words are run without a shell, with the lines on standard input. In a folder a line may have a time
    stamp beside it, of the authority at `timestamp`, whose certificates are in the file `timestamp_ca`.
    """

    folder: Path | None = None
    command: tuple[str, ...] = ()
    timestamp: str | None = None
    timestamp_ca: Path | None = None

    def __str__(self) -> str:
        return f"the folder {self.folder}" if self.folder is not None else f"`{self.command[0]}`"


@dataclass(frozen=True)
class Alive:
    """A dead man's switch, which is told after each night and each verification how it ended.

    Who knows its address may tell it so too. `ca_file` is a clinic's own certificate authority.
    """

    url: str = field(repr=False)
    ca_file: Path | None = None


@dataclass(frozen=True)
class Deliveries:
    """All ways on which a facility's report leaves, its nights' witness lines, and its dead man's switch.

    With a passphrase, every pdf that leaves is encrypted.
    """

    folder: FolderDelivery | None = None
    mail: MailDelivery | None = None
    passphrase: str | None = field(default=None, repr=False)
    witness: WitnessDelivery | None = None
    alive: Alive | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels on which reports leave."""
        of_reports = {Channel.FOLDER: self.folder, Channel.MAIL: self.mail}
        return tuple(channel for channel, way in of_reports.items() if way is not None)

    def to_reports_folder(self, path: Path) -> "Deliveries":
        """The deliveries with `serve --reports FOLDER` in place of a folder in the file: text and json, kept there.

        Raises DeliveryFileError with a passphrase: text and json cannot be encrypted.
        """
        if self.passphrase is not None:
            raise DeliveryFileError(
                "serve --reports",
                ["writes text and json, which the passphrase does not encrypt; use [folder] of the delivery file"],
            )
        return replace(self, folder=FolderDelivery(path, ("table", "json"), refilled=True))


def read_deliveries(text: str, file: str, folder: Path, secret_in: Callable[[Path], str]) -> Deliveries:
    """What a file's text says; `file` is its name for messages, and paths in it start at `folder`.

    `secret_in` gives the text of a file that holds a password or a passphrase, and raises ValueError saying what is
    wrong with it. Raises DeliveryFileError with every problem: an unknown key, a wrong type, an impossible value.
    """
    document = document_of(text, file, DeliveryFileError, quoted=False)
    reader = _Reader(document, folder, secret_in)
    deliveries = reader.deliveries()
    if reader.problems:
        raise DeliveryFileError(file, reader.problems)
    return deliveries


class _Reader(TomlFile):
    """Takes values out of the document. A bad one becomes a problem, and a stand-in takes its place."""

    def __init__(self, document: Mapping[str, Any], folder: Path, secret_in: Callable[[Path], str]) -> None:
        super().__init__(document)
        self.folder = folder
        self.secret_in = secret_in

    def deliveries(self) -> Deliveries:
        known = ", ".join(f"[{name}]" for name in _SECTIONS)
        self.refuse_unknown(_SECTIONS, f"a delivery file has {known}", _NEEDED)
        passphrase = self._secret("pdf", "passphrase", _passphrase)
        encrypted = bool(self.section("pdf"))
        return Deliveries(
            folder=self._folder(encrypted=encrypted) if "folder" in self.document else None,
            mail=self._mail(encrypted=encrypted) if "mail" in self.document else None,
            passphrase=passphrase,
            witness=self._witness() if "witness" in self.document else None,
            alive=self._alive() if "alive" in self.document else None,
        )

    def in_words(self, error: ValueError, wanted: str) -> str:
        """Never the error's own words: they may quote the value, and that may be a password."""
        return f"must be {wanted}"

    def _folder(self, *, encrypted: bool) -> FolderDelivery:
        path = self.value("folder.path", Path(), self._path, "the path of a folder")
        return FolderDelivery(path, self._forms("folder", ("pdf", "json"), encrypted=encrypted))

    def _mail(self, *, encrypted: bool) -> MailDelivery:
        tls = self.value("mail.tls", "tls", one_of(TLS_PORTS), '"tls" or "starttls"; a report is never mailed without')
        password = self._secret("mail", "password", _password)
        mail = self.section("mail")
        if ("user" in mail) != ("password" in mail or "password_file" in mail):
            self.problems.append("mail.user: comes with password or password_file, or none of them")
        return MailDelivery(
            host=self.value("mail.host", "", matching(_HOST), 'the mail server\'s name, such as "mail.clinic.example"'),
            port=self.value("mail.port", TLS_PORTS[tls], whole_number(1, 65535), "a whole number from 1 to 65535"),
            starttls=tls == "starttls",
            sender=self.value("mail.from", "", matching(ADDRESS), "one plain address in quotes"),
            to=self.value("mail.to", (), _addresses, f"a list of 1 to {MOST_RECIPIENTS} different plain addresses"),
            forms=self._forms("mail", ("pdf",), encrypted=encrypted),
            ca_file=self.value("mail.ca_file", None, self._path, "the path of a file with certificates (PEM)"),
            user=self.value("mail.user", None, _password, "a text of ASCII characters"),
            password=password,
            reminders=self.value("mail.reminders", False, flag, "true or false"),
        )

    def _witness(self) -> WitnessDelivery:
        wanted = 'the path of a folder, "ssh HOST" without options, or a list of a command\'s words'
        keeper = self.value("witness.to", WitnessDelivery(), self._keeper, wanted)
        url = self.value("witness.timestamp", None, matching(_URL), 'an address such as "https://tsa.example/tsr"')
        authorities = self.value("witness.timestamp_ca", None, self._path, "the path of a file with certificates (PEM)")
        if (url is None) != (authorities is None):
            self.problems.append("witness.timestamp: comes with timestamp_ca, or none of them")
        if url is not None and keeper.command:
            self.problems.append(
                "witness.timestamp: is kept beside the line in a folder; a command is given lines only"
            )
        return replace(keeper, timestamp=url, timestamp_ca=authorities)

    def _keeper(self, value: Any) -> WitnessDelivery:  # noqa: ANN401
        if isinstance(value, list):
            return WitnessDelivery(command=command_words(value))
        host = _SSH.fullmatch(value) if isinstance(value, str) else None
        if host is not None:
            return WitnessDelivery(command=("ssh", "-o", "BatchMode=yes", host[1], _APPENDS))
        if isinstance(value, str) and value.split()[:1] == ["ssh"]:
            raise ValueError
        return WitnessDelivery(folder=self._path(value))

    def _alive(self) -> Alive:
        url = self.value("alive.url", "", read_url, WANTED_URL)
        return Alive(url, self.value("alive.ca_file", None, self._path, "the path of a file with certificates (PEM)"))

    def _forms(self, section: str, usual: tuple[str, ...], *, encrypted: bool) -> tuple[str, ...]:
        if encrypted:
            usual = ("pdf",)
        wanted = f"a list of different ones of {', '.join(ENDINGS)}"
        forms = self.value(f"{section}.forms", usual, some_of(ENDINGS), wanted)
        bare = [form for form in forms if form != "pdf"]
        if encrypted and bare:
            self.problems.append(
                f"{section}.forms: only a pdf can be encrypted; leave out {', '.join(bare)}, or the passphrase"
            )
        return forms

    def _secret(self, section: str, key: str, read: Callable[[Any], str]) -> str | None:
        """A password or passphrase, from the file or from a file that it names."""
        content, in_file = self.section(section), f"{key}_file"
        if key in content and in_file in content:
            self.problems.append(f"{section}.{in_file}: stands in place of {key}; remove one of the two")
            return None
        if in_file not in content:
            if section == "pdf" and "pdf" in self.document and key not in content:
                self.problems.append("pdf.passphrase: missing; write it or passphrase_file, or remove [pdf]")
            return self.value(f"{section}.{key}", None, read, _WANTED[key])
        path = self.value(f"{section}.{in_file}", None, self._path, f"the path of a file that holds the {key}")
        if path is None:
            return None
        try:
            text = self.secret_in(path)
        except ValueError as error:
            self.problems.append(f"{section}.{in_file}: {error}")
            return None
        try:
            return read(text.removesuffix("\n").removesuffix("\r"))
        except ValueError:
            self.problems.append(f"{section}.{in_file}: must hold {_WANTED[key]}, on one line")
            return None

    def _path(self, value: Any) -> Path:  # noqa: ANN401
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise ValueError
        return self.folder / value


_WANTED = {
    "password": "a text of ASCII characters",
    "passphrase": f"{LEAST_PASSPHRASE} to {MOST_PASSPHRASE} ASCII characters",
}


def _password(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise ValueError
    return value


def _passphrase(value: Any) -> str:  # noqa: ANN401
    passphrase = _password(value)
    if not LEAST_PASSPHRASE <= len(passphrase) <= MOST_PASSPHRASE:
        raise ValueError
    return passphrase


def command_words(value: list[Any]) -> tuple[str, ...]:
    """A command's words as it is run; its first is the program."""
    words = tuple(word for word in value if isinstance(word, str) and "\0" not in word)
    if not 1 <= len(words) == len(value) <= MOST_WORDS or max(map(len, words)) > MOST_OF_A_WORD or not words[0].strip():
        raise ValueError
    return words


def _addresses(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    addresses = tuple(map(matching(ADDRESS), list_of(value)))
    if not 1 <= len({address.casefold() for address in addresses}) == len(addresses) <= MOST_RECIPIENTS:
        raise ValueError
    return addresses
