"""Where the encryption key is kept, apart from the database, as an environment variable says it. Imports nothing heavy.

`file:PATH`, such as a stick's; `credential:NAME` of systemd's; `keyring:NAME` of the operating system's.
"""

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.encryption.beginning import ENCRYPTION_HEADING, ENCRYPTION_VARIABLE
from testing_tracker.store.encryption.encryption_key import EncryptionKey, new_key, read_key
from testing_tracker.store.given_files import MOST_OF_A_KEY, content_of
from testing_tracker.store.whole_files import whole_file

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

VARIABLE = ENCRYPTION_VARIABLE
WAYS = "file:PATH (a stick's, say), credential:NAME (systemd's) or keyring:NAME (the operating system's)"
_CREDENTIALS = "CREDENTIALS_DIRECTORY"  # https://systemd.io/CREDENTIALS/
_SERVICE = "testing-tracker"
# Of keyring's backends those that an operating system keeps. Others write passwords in clear, or nowhere.
_BY_THE_SYSTEM = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
_TRUSTED = tuple(f"keyring.backends.{name}" for name in _BY_THE_SYSTEM)


class KeyPlace(ABC):
    """A place that an encryption key is kept in."""

    @abstractmethod
    def read(self) -> EncryptionKey:
        """The key. Raises TestingTrackerError where it is missing, damaged or open to others."""

    @abstractmethod
    def is_empty(self) -> bool:
        """Whether nothing is there yet, and a new key can be put there."""

    @abstractmethod
    def put(self, key: EncryptionKey) -> None:
        """Keep a new key there. Raises TestingTrackerError where that cannot be done."""

    @abstractmethod
    def take_away(self) -> None:
        """Remove the key that was just put there."""

    @abstractmethod
    def how_to_copy(self) -> str:
        """What a person does to have a copy of the key, as a sentence."""

    def refuse_beside(self, database: Path) -> None:  # noqa: B027  most places are never beside a database
        """Raise TestingTrackerError where the key lies in the database's own folder."""

    def is_on_disk_of(self, _database: Path) -> bool:
        """Whether who takes the disk that the database is on has taken the key with it."""
        return False


@dataclass(frozen=True)
class _InFile(KeyPlace):
    path: Path

    def __str__(self) -> str:
        return f"file:{self.path}"

    def read(self) -> EncryptionKey:
        try:
            text = content_of(self.path, MOST_OF_A_KEY).decode("ascii")
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except FileNotFoundError:
            raise TestingTrackerError(
                f"The encryption key's file {self.path} is missing. Put the stick in that it is on, or bring it back "
                f"from your copy; {VARIABLE} says where it is."
            ) from None
        except OSError as error:
            raise TestingTrackerError(
                f"The encryption key's file {self.path} cannot be read: {error.strerror}."
            ) from None
        except UnicodeDecodeError:
            raise TestingTrackerError(
                f"{self.path} holds no encryption key. Bring it back from your copy. Nothing was changed."
            ) from None
        if os.name == "posix" and mode & 0o077:
            raise TestingTrackerError(
                f"The encryption key's file {self.path} is open to others (mode {mode:o}). Close it with `chmod 600 "
                f"{self.path}`; a stick that knows no modes is mounted with umask=077."
            )
        return read_key(text, str(self.path))

    def is_empty(self) -> bool:
        return not os.path.lexists(self.path)

    def put(self, key: EncryptionKey) -> None:
        try:
            with whole_file(self.path) as made:
                made.path.write_text(f"{ENCRYPTION_HEADING}{key.in_writing()}\n", encoding="ascii")
        except OSError as error:
            raise TestingTrackerError(
                f"Cannot make the encryption key's file {self.path}: {error.strerror}. Nothing was changed."
            ) from None

    def take_away(self) -> None:
        with suppress(OSError):
            self.path.unlink()

    def how_to_copy(self) -> str:
        return f"Copy the file {self.path} to another safe place, not to where the backups are"

    def is_on_disk_of(self, database: Path) -> bool:
        try:
            return self.path.stat().st_dev == database.parent.stat().st_dev
        except OSError:
            return False

    def refuse_beside(self, database: Path) -> None:
        if os.path.realpath(self.path.parent) == os.path.realpath(database.parent) or (
            os.path.dirname(os.path.realpath(self.path)) == os.path.dirname(os.path.realpath(database))
        ):
            raise TestingTrackerError(
                f"The encryption key {self.path} lies in the folder of {database}: whoever takes the one has the "
                f"other. Move it to another place, such as a stick, and say in {VARIABLE} where. Nothing was changed."
            )


@dataclass(frozen=True)
class _InCredential(KeyPlace):
    name: str

    def __str__(self) -> str:
        return f"credential:{self.name}"

    def read(self) -> EncryptionKey:
        folder = os.environ.get(_CREDENTIALS)
        if not folder:
            raise TestingTrackerError(
                f"The encryption key is to be systemd's credential {self.name}, and this command has none: that is for "
                f"units with LoadCredentialEncrypted={self.name}. Start it by its unit, or by `systemd-run --pipe "
                f"--property=LoadCredentialEncrypted={self.name}`."
            )
        try:
            text = content_of(Path(folder) / self.name, MOST_OF_A_KEY).decode("ascii")
        except (OSError, UnicodeDecodeError):
            raise TestingTrackerError(
                f"systemd's credential {self.name}, the encryption key, is missing or cannot be read. The unit needs "
                f"LoadCredentialEncrypted={self.name}; `systemd-creds encrypt --name={self.name}` makes it of a key's "
                "file."
            ) from None
        return read_key(text, f"the credential {self.name}")

    def is_empty(self) -> bool:
        return False  # only systemd puts something there

    def put(self, key: EncryptionKey) -> None:
        raise AssertionError("only systemd puts something there")

    def take_away(self) -> None:
        """Nothing was put there."""

    def how_to_copy(self) -> str:
        return (
            f"Keep the file that the credential {self.name} was made of in a safe place away from this machine: what "
            "systemd made of it opens on no other"
        )


@dataclass(frozen=True)
class _InKeyring(KeyPlace):
    name: str

    def __str__(self) -> str:
        return f"keyring:{self.name}"

    def read(self) -> EncryptionKey:
        written = _written_in_keyring(self.name)
        if written is None:
            raise TestingTrackerError(
                f"The operating system's keyring has no encryption key {self.name!r} of {_SERVICE}. Unlock the keyring "
                f"that it is in, or put your copy there with `keyring set {_SERVICE} {self.name}`."
            )
        return read_key(written, f"the keyring's {self.name}")

    def is_empty(self) -> bool:
        return _written_in_keyring(self.name) is None

    def put(self, key: EncryptionKey) -> None:
        _written_in_keyring.cache_clear()
        with _keyring_explained() as keyring:
            keyring.set_password(_SERVICE, self.name, key.in_writing())

    def take_away(self) -> None:
        _written_in_keyring.cache_clear()
        with suppress(TestingTrackerError), _keyring_explained() as keyring:
            keyring.delete_password(_SERVICE, self.name)

    def how_to_copy(self) -> str:
        return f"`keyring get {_SERVICE} {self.name}` shows it; write it down, and keep that in another safe place"


@cache  # a process asks the operating system once
def _written_in_keyring(name: str) -> str | None:
    with _keyring_explained() as keyring:
        return keyring.get_password(_SERVICE, name)


@contextmanager
def _keyring_explained() -> Iterator["KeyringBackend"]:
    """The operating system's keyring. Raises TestingTrackerError where there is none."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise TestingTrackerError(
            "The operating system's keyring needs the package keyring: `pip install 'testing-tracker[encryption]'`."
        ) from None
    try:
        chosen = keyring.get_keyring()
        candidates = getattr(chosen, "backends", [chosen])  # keyring's chainer asks several in turn
        trusted = [one for one in candidates if type(one).__module__ in _TRUSTED]
        if not trusted:
            raise TestingTrackerError(
                "This machine has no keyring that the operating system keeps (keyring would use "
                f"{type(chosen).__module__}), and another is not safe enough for the key. Give a file or a credential: "
                f"{WAYS}."
            )
        yield trusted[0]
    except (KeyringError, RuntimeError, OSError) as error:
        raise TestingTrackerError(
            f"The operating system's keyring did not answer ({type(error).__name__}). Unlock it, and try again."
        ) from None


def place_said(said: str) -> KeyPlace:
    """The place that somebody names. Raises TestingTrackerError for what is none."""
    kind, _, rest = said.partition(":")
    if rest and kind == "file" and "\0" not in rest:
        with suppress(RuntimeError):  # `~somebody` whom the machine does not know
            return _InFile(Path(rest).expanduser().absolute())
    if rest and kind in ("credential", "keyring") and rest.isprintable() and "/" not in rest and rest[0] != ".":
        return _InCredential(rest) if kind == "credential" else _InKeyring(rest)
    raise TestingTrackerError(f"Where the encryption key is cannot be read from what {VARIABLE} says. Give {WAYS}.")


_for_now: ContextVar[KeyPlace | None] = ContextVar("place of the encryption key", default=None)


@contextmanager
def taken_from(place: KeyPlace | None, database: Path) -> Iterator[None]:
    """Have keys taken from a place, or from the usual one, while files are opened that stand for the database: copies.

    Raises TestingTrackerError where the key lies beside the database; where the copies are does not matter.
    """
    place = place or usual_place()
    if place is not None:
        place.refuse_beside(database)
    token = _for_now.set(place)
    try:
        yield
    finally:
        _for_now.reset(token)


def usual_place() -> KeyPlace | None:
    """The place that the environment names, None where it names none."""
    said = os.environ.get(VARIABLE)
    return place_said(said) if said else None


_kept: dict[KeyPlace, EncryptionKey] = {}  # of a process that forks for every command


def keep() -> None:
    """Read the key from the usual place once, for this process and for all that are forked of it.

    From then on the place is named in full, whatever folder such a process goes by. Raises TestingTrackerError.
    """
    place = usual_place()
    if place is not None:
        _kept[place] = place.read()
        os.environ[VARIABLE] = str(place)


def key_for(database: Path, beginning: bytes) -> EncryptionKey:
    """The key of a file that begins so, from where it is said to be. Raises TestingTrackerError.

    It must not lie beside the file. Of two places, where a copy gets a key of its own, the one counts whose key fits.
    """
    chosen, usual = _for_now.get(), usual_place()
    places = [one for one in dict.fromkeys((chosen, usual)) if one is not None]
    if not places:
        raise TestingTrackerError(
            f"{database} is encrypted, and no key was given. Say in {VARIABLE} where it is: {WAYS}."
        )
    if chosen is None:
        places[0].refuse_beside(database)
    for place in places:
        key = _kept.get(place) or place.read()
        if key.fits(beginning):
            return key
    raise TestingTrackerError(
        f"The encryption key from {places[0]} is not the one of {database}, unless the first bytes of that file are "
        f"damaged. Say in {VARIABLE} where its key is. Nothing was changed."
    )


@contextmanager
def key_to_encrypt_with(place: KeyPlace) -> Iterator[EncryptionKey]:
    """The key that is in a place, or a new one put there, which is taken away again if the block fails."""
    if not place.is_empty():
        yield place.read()
        return
    key = new_key()
    place.put(key)
    try:
        yield key
    except BaseException:
        place.take_away()
        raise
