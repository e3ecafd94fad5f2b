"""A whole command line, from its words to its exit status; whatever goes wrong becomes one line for a person."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import NoReturn

from testing_tracker.cli import program
from testing_tracker.errors import TestingTrackerError


def run(arguments: Sequence[str] | None = None, called: str | None = None) -> None:
    """Run a command line: this process's own, or the words given and the name by which the program was called.

    Leaves by SystemExit with status 0 done, 1 refused, 2 wrong usage; a person never sees a traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no umlauts still gets its report
    with refused_in_a_line():
        program(arguments, called)


@contextmanager
def refused_in_a_line() -> Iterator[None]:
    """Whatever goes wrong in the block is one line for a person, and SystemExit with status 1."""
    try:
        yield
    except TestingTrackerError as error:
        _refuse(str(error))
    except OSError as error:
        if error.filename:
            _refuse(f"{error.strerror}: {error.filename}.")
        # What has no file name is the output itself, and it is printed only after the work was done.
        _refuse(
            f"This could not be printed ({error.strerror}). What you asked for may be done; look before repeating it."
        )
    except Exception as error:
        if os.environ.get("TESTING_TRACKER_DEBUG"):
            raise
        _refuse(
            f"Something went wrong inside the program ({type(error).__name__}). What was not confirmed was not done. "
            "Please report it; TESTING_TRACKER_DEBUG=1 shows the details."
        )


def _refuse(message: str) -> NoReturn:
    from testing_tracker.rules.exchange.visible import in_one_line

    print(f"Error: {in_one_line(message)}", file=sys.stderr)  # noqa: T201  the last words, when click may not be loaded
    sys.stderr.flush()
    raise SystemExit(1)
