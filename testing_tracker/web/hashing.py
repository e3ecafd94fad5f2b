"""Hashes PINs in two threads, so that 19 MiB each is all that it ever takes, however many ask."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from testing_tracker.rules.check_in import pin_hash

THREADS, MOST_WAITING = 2, 40

Fits = Callable[[str, bytes, bytes], bool]


class TooMuchAskedError(Exception):
    """More wait for their PIN to be looked at than there is time for."""


class Hashing:
    """The pool; `fits` is `pin_hash.fits`, or what counts or shortens it in a test."""

    def __init__(self, fits: Fits = pin_hash.fits, threads: int = THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._fits = fits
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pins")
        self._most = threads + most_waiting
        self._asked = 0
        self._lock = Lock()

    def fits(self, pin: str, salt: bytes, verifier: bytes) -> bool:
        """Whether a PIN is the one that a verifier was made of. Raises TooMuchAskedError."""
        with self._lock:
            if self._asked >= self._most:
                raise TooMuchAskedError
            self._asked += 1
        try:
            return self._pool.submit(self._fits, pin, salt, verifier).result()
        finally:
            with self._lock:
                self._asked -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
