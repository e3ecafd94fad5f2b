"""Hashes PINs in one thread, and in a second while many wait, so that 19 MiB each is all that it ever takes."""

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock

from testing_tracker.rules.check_in import pin_hash

THREADS, MOST_WAITING = 2, 40
MANY_WAITING = 10  # from when on both threads hash; one alone does some thirty a second, and takes half the memory

Fits = Callable[[str, bytes, bytes], bool]


# Of glibc's mallopt(3): what is larger is taken from the system and given back; so many heaps for all threads.
_M_MMAP_THRESHOLD, _LARGE = -3, 4 * 1024 * 1024
_M_ARENA_MAX, _HEAPS = -8, 1


class TooMuchAskedError(Exception):
    """More wait for their PIN to be looked at than there is time for."""


class Hashing:
    """The pool; `fits` is `pin_hash.fits`, or what counts or shortens it in a test."""

    def __init__(self, fits: Fits = pin_hash.fits, most_waiting: int = MOST_WAITING) -> None:
        self.before: Callable[[], int] = lambda: 0  # how many wait for a thread to read them, before they come here
        self._fits = fits
        self._first, self._second = (ThreadPoolExecutor(1, thread_name_prefix=f"pins-{one}") for one in range(THREADS))
        self._most = THREADS + most_waiting
        self._asked = self._at_first = 0
        self._lock = Lock()

    def fits(self, pin: str, salt: bytes, verifier: bytes) -> bool:
        """Whether a PIN is the one that a verifier was made of. Raises TooMuchAskedError."""
        with self._lock:
            if self._asked + self.before() >= self._most:
                raise TooMuchAskedError
            is_first = self._at_first <= MANY_WAITING or self._at_first <= self._asked - self._at_first
            self._asked += 1
            self._at_first += is_first
            pool = self._first if is_first else self._second
            asked = pool.submit(self._fits, pin, salt, verifier)
        try:
            return asked.result()
        finally:
            with self._lock:
                self._asked -= 1
                self._at_first -= is_first

    def close(self) -> None:
        for pool in (self._first, self._second):
            pool.shutdown(wait=False, cancel_futures=True)


def give_memory_back() -> None:
    """Have the system take a hash's memory back at once, where its library can be told so; for this whole process.

    Left to itself glibc keeps it after the first few, and later finds it in pieces: 22 MB more after some hundreds.
    """
    with suppress(AttributeError, OSError):
        system = ctypes.CDLL(None)
        system.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        system.mallopt(_M_ARENA_MAX, _HEAPS)
