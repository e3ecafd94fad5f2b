"""The key file: the seeds that draws come from, kept outside the database and readable by its owner alone.

One line a chain: the anchor and the seed, in hexadecimal. A replaced key's line stays, so that its days can still be
checked. Before these stands what the key knows of its chains and of what it sealed last
(`rules/drawing/key_lines.py`). Imports nothing heavy.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.day_secrets import SEED_BYTES, Chain, hashed
from testing_tracker.rules.drawing.key_lines import KnownToKey, Line, as_text, is_line, read_lines
from testing_tracker.store.given_files import MOST_OF_A_KEY, content_of
from testing_tracker.store.whole_files import whole_file

HEADING = """\
# The key of a testing_tracker database. Whoever reads it can tell tomorrow's draws; without it no draws can be made.
# Keep it secret, and keep a copy in another safe place. Each line: anchor, seed.
"""

_SEALED = "sealed "

# Stands in the file from when its first key is made until the database that knows it is there.
_UNFINISHED = "# The database of the last key is being made; until it is, whoever begins again adds another key.\n"

_BRING_BACK = (
    "Bring it back from your copy, or, if there is none, move it away and begin a new one with "
    "`testing-tracker key rotate --reason TEXT`."
)


@dataclass(frozen=True)
class KeyFile:
    """The file at a path, which may not be there yet."""

    path: Path

    def seed_of(self, chain: Chain) -> bytes:
        """The seed of a chain.

        Raises TestingTrackerError when the file is missing, open to others, damaged, or holds another key.
        """
        seeds = self._read()
        seed = seeds.get(chain.anchor)
        if seed is None:
            raise TestingTrackerError(
                f"The key in {self.path} is not the one that this database's draws come from (anchor "
                f"{chain.anchor.hex()}). Nothing was drawn. Bring the right key back from your copy, or, if it is "
                "lost, begin a new one with `testing-tracker key rotate --reason TEXT`."
            )
        if not _leads_to(chain, seed):
            raise TestingTrackerError(
                f"The key in {self.path} is damaged: it does not lead to its anchor {chain.anchor.hex()}. "
                "Bring it back from your copy, or, if there is none, begin a new one with "
                "`testing-tracker key rotate --reason TEXT`."
            )
        return seed

    def holds(self, chain: Chain) -> bool:
        """Whether the file has this chain's seed, undamaged.

        Raises TestingTrackerError for a file that is open to others or cannot be read.
        """
        seed = self._read().get(chain.anchor) if self.path.exists() else None
        return seed is not None and _leads_to(chain, seed)

    def begin(self, anchor: bytes, seed: bytes) -> None:
        """Make the file with the first key of a database that is being made; `finish` says that it is.

        Raises TestingTrackerError when something stands there, unless that is what a killed one left: then this key is
        added to it.
        """
        try:
            self._create(f"{_UNFINISHED}{_line(anchor, seed)}")
        except TestingTrackerError:
            if not self._is_unfinished():
                raise
            self.add(anchor, seed)

    def finish(self) -> None:
        """Say that the database which `begin` was for is there. Where that cannot be written down it does no harm."""
        with suppress(OSError, ValueError), self._locked():
            self._rewrite(self._text().replace(_UNFINISHED, ""))

    def give_up(self, anchor: bytes, seed: bytes) -> None:
        """Remove what `begin` made for a database that is not to be; a file that has other keys too stays."""
        with suppress(OSError, ValueError), self._locked():
            if self._text() == f"{HEADING}{_UNFINISHED}{_line(anchor, seed)}":
                self.path.unlink()

    def create(self, anchor: bytes, seed: bytes) -> None:
        """Make the file with its first key. Raises TestingTrackerError when something stands there."""
        self._create(_line(anchor, seed))

    def add(self, anchor: bytes, seed: bytes) -> None:
        """Add a key to those that are there, or make the file; whatever goes wrong, no earlier key is lost."""
        if not self.path.exists():
            try:
                self.create(anchor, seed)
                return
            except TestingTrackerError:
                if not self.path.exists():  # else somebody else was first
                    raise
        self._read()
        try:
            # Facilities that share the file may begin keys at once: each adds to what is then there.
            with self._locked():
                text = self._text()
                more = f"{'' if text.endswith(chr(10)) else chr(10)}{_line(anchor, seed)}"
                try:
                    self._rewrite(f"{text}{more}")
                except PermissionError:  # a folder that is not ours, with a file that is
                    _append(self.path, more)
        except (OSError, ValueError) as error:
            raise TestingTrackerError(f"Cannot write the key file {self.path}: {error}.") from None

    def known(self) -> KnownToKey:
        """What the file knows of chains and sealed pages. Raises TestingTrackerError where it cannot be read."""
        return read_lines(*self._content())

    def learn(self, more: Callable[[KnownToKey], Sequence[Line]]) -> None:
        """Add lines to what the file knows, which `more` chooses by what it knows already; nobody else changes it then.

        A newer sealed page takes the place of the same key's earlier one; all else stays as it is. Raises
        TestingTrackerError where that cannot be written: then the file is as it was.
        """
        self._content()
        try:
            with self._locked():
                text, seeds = self._content()
                chosen = [(line, seeds.get(bytes.fromhex(line.by))) for line in more(read_lines(text, seeds))]
                lines = [as_text(line, seed) for line, seed in chosen if seed is not None]
                if not lines:
                    return
                try:
                    self._rewrite(_with_lines(text, lines))
                except PermissionError:  # a folder that is not ours, with a file that is
                    added = "".join(f"{line}\n" for line in lines)
                    if len(text) + len(added) > MOST_OF_A_KEY // 2:  # who adds for ever would fill it
                        raise
                    _append(self.path, f"{'' if text.endswith(chr(10)) else chr(10)}{added}")
        except (OSError, ValueError) as error:
            raise TestingTrackerError(f"Cannot write the key file {self.path}: {error}.") from None

    def holds_all_of(self, copy: bytes) -> bool:
        """Whether every key in what another file holds is in this one too."""
        try:
            theirs = self._seeds_in(copy.decode("ascii"))
            return theirs.items() <= self._read().items()
        except (OSError, ValueError, TestingTrackerError):
            return False

    def _create(self, lines: str) -> None:
        try:
            if not self.path.parent.is_dir():
                self.path.parent.mkdir(mode=0o700, parents=True)
            self._make(f"{HEADING}{lines}")
        except OSError as error:
            raise TestingTrackerError(f"Cannot make the key file {self.path}: {error.strerror}.") from None

    def _make(self, text: str) -> None:
        try:
            with whole_file(self.path) as made:
                made.path.write_text(text, encoding="ascii")
        except FileExistsError:
            raise TestingTrackerError(
                f"There is a key at {self.path} already. Nothing was changed; a key is never written over. Move it to "
                "a safe place if it belongs to another database, or name another file in TESTING_TRACKER_KEY_FILE."
            ) from None

    def _is_unfinished(self) -> bool:
        try:
            return _UNFINISHED in self._text()
        except (OSError, ValueError):
            return False

    def _text(self) -> str:
        return content_of(self.path, MOST_OF_A_KEY).decode("ascii")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Be the only one to change the file. It is another file after each change, so its name is looked at again."""
        while True:
            # A pipe in its place is not waited for; reading it says that it is none.
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            with open(descriptor, "rb") as file:
                with suppress(ImportError, OSError):  # some systems and disks have no such locks
                    import fcntl

                    fcntl.flock(file, fcntl.LOCK_EX)
                if os.path.samestat(os.fstat(file.fileno()), os.stat(self.path)):
                    yield
                    return

    def _rewrite(self, text: str) -> None:
        """Have another text in the file, whole or not at all; a link to it stays one, and its owner the same."""
        file = Path(os.path.realpath(self.path))
        about = file.stat()
        with whole_file(file, overwrite=True) as made:
            made.path.write_text(text, encoding="ascii")
            if os.name == "posix" and about.st_uid != os.geteuid():
                os.chown(made.path, about.st_uid, about.st_gid)
            os.chmod(made.path, stat.S_IMODE(about.st_mode))

    def _read(self) -> dict[bytes, bytes]:
        """The seeds by their anchors."""
        try:
            return self._content()[1]
        except TestingTrackerError:
            with suppress(OSError), self._locked():  # somebody may have been in the middle of adding one
                return self._content()[1]
            raise

    def _content(self) -> tuple[str, dict[bytes, bytes]]:
        """What stands in the file, and the seeds in that by their anchors."""
        try:
            mode = self.path.stat().st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise TestingTrackerError(
                    f"The key file {self.path} is open to others (mode {stat.S_IMODE(mode):o}): whoever has read it "
                    f"can tell tomorrow's draws. Close it with `chmod 600 {self.path}`, and if others may have read "
                    "it, begin a new key with `testing-tracker key rotate --reason TEXT`."
                )
            text = self._text()
        except FileNotFoundError:
            raise TestingTrackerError(
                f"The key file {self.path} is missing. Bring it back from your copy (or say with "
                "TESTING_TRACKER_KEY_FILE where it is). If it is lost, begin a new one with "
                "`testing-tracker key rotate --reason TEXT`."
            ) from None
        except OSError as error:
            raise TestingTrackerError(f"The key file {self.path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise TestingTrackerError(f"{self.path} is not a key file. {_BRING_BACK}") from None
        return text, self._seeds_in(text)

    def _seeds_in(self, text: str) -> dict[bytes, bytes]:
        seeds = {}
        for line in text.splitlines():
            if not line.strip() or line.startswith("#") or is_line(line):
                continue
            try:
                anchor, seed = (bytes.fromhex(part) for part in line.split())
            except ValueError:
                anchor = seed = b""
            if len(anchor) != SEED_BYTES or len(seed) != SEED_BYTES:
                raise TestingTrackerError(f"The key file {self.path} is damaged. {_BRING_BACK}")
            seeds[anchor] = seed
        return seeds


def _append(path: Path, text: str) -> None:
    """Write at a file's end; what could only be written in part is taken away again."""
    with open(path, "ab", buffering=0) as file:
        end = file.tell()
        try:
            if file.write(text.encode("ascii")) != len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise


def _leads_to(chain: Chain, seed: bytes) -> bool:
    return hashed(seed, chain.days + 1) == chain.anchor


def _with_lines(text: str, more: Sequence[str]) -> str:
    """A file's text with more lines of what the key knows: before the seeds, after the comments at the beginning."""
    sealed_anew = tuple(line[: line.index(" ", len(_SEALED)) + 1] for line in more if line.startswith(_SEALED))
    comments = list(takewhile(lambda line: line.startswith("#"), text.splitlines()))
    rest = text.splitlines()[len(comments) :]
    known = [line for line in rest if is_line(line) and not (sealed_anew and line.startswith(sealed_anew))]
    return "".join(f"{line}\n" for line in (*comments, *known, *more, *(line for line in rest if not is_line(line))))


def _line(anchor: bytes, seed: bytes) -> str:
    return f"{anchor.hex()} {seed.hex()}\n"
