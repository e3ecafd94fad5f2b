"""The key file: the seeds that draws come from, kept outside the database and readable by its owner alone.

One line a chain: the anchor and the seed, in hexadecimal. A replaced key's line stays, so that its days can still be
checked. Imports nothing heavy.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.day_secrets import SEED_BYTES, Chain, hashed
from testing_tracker.store.given_files import MOST_OF_A_KEY, content_of

_HEADING = """\
# The key of a testing_tracker database. Whoever reads it can tell tomorrow's draws; without it no draws can be made.
# Keep it secret, and keep a copy in another safe place. Each line: anchor, seed.
"""

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

    def create(self, anchor: bytes, seed: bytes) -> None:
        """Make the file with its first key. Raises TestingTrackerError when something stands there."""
        try:
            if not self.path.parent.is_dir():
                self.path.parent.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise TestingTrackerError(f"Cannot make the key file {self.path}: {error.strerror}.") from None
        try:
            descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            raise TestingTrackerError(
                f"There is a key at {self.path} already. Nothing was changed; a key is never written over. Move it to "
                "a safe place if it belongs to another database, or name another file in TESTING_TRACKER_KEY_FILE."
            ) from None
        except OSError as error:
            raise TestingTrackerError(f"Cannot make the key file {self.path}: {error.strerror}.") from None
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(f"{_HEADING}{_line(anchor, seed)}")
            file.flush()
            os.fsync(file.fileno())

    def add(self, anchor: bytes, seed: bytes) -> None:
        """Add a key to those that are there, or make the file; whatever goes wrong, no earlier key is lost."""
        if not self.path.exists():
            self.create(anchor, seed)
            return
        self._read()
        try:
            # Facilities that share the file may begin keys at once: a line is one write, at what is then the end.
            with open(self.path, "a", encoding="ascii") as file:
                file.write(f"\n{_line(anchor, seed)}")
                file.flush()
                os.fsync(file.fileno())
        except (OSError, ValueError) as error:
            raise TestingTrackerError(f"Cannot write the key file {self.path}: {error}.") from None

    def _read(self) -> dict[bytes, bytes]:
        """The seeds by their anchors."""
        try:
            mode = self.path.stat().st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise TestingTrackerError(
                    f"The key file {self.path} is open to others (mode {stat.S_IMODE(mode):o}): whoever has read it "
                    f"can tell tomorrow's draws. Close it with `chmod 600 {self.path}`, and if others may have read "
                    "it, begin a new key with `testing-tracker key rotate --reason TEXT`."
                )
            text = content_of(self.path, MOST_OF_A_KEY).decode("ascii")
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
        return self._seeds_in(text)

    def _seeds_in(self, text: str) -> dict[bytes, bytes]:
        seeds = {}
        for line in text.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            try:
                anchor, seed = (bytes.fromhex(part) for part in line.split())
            except ValueError:
                anchor = seed = b""
            if len(anchor) != SEED_BYTES or len(seed) != SEED_BYTES:
                raise TestingTrackerError(f"The key file {self.path} is damaged. {_BRING_BACK}")
            seeds[anchor] = seed
        return seeds


def _leads_to(chain: Chain, seed: bytes) -> bool:
    return hashed(seed, chain.days + 1) == chain.anchor


def _line(anchor: bytes, seed: bytes) -> str:
    return f"{anchor.hex()} {seed.hex()}\n"
