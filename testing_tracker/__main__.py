"""Starts the program, and turns whatever goes wrong into one line for a person."""

import atexit
import gc
import os
import sys
from io import TextIOWrapper


def main() -> None:
    """Run the command line. Status 0 done, 1 refused, 2 wrong usage; a person never sees a traceback."""
    # A command lives for a moment: looking for garbage every 700 objects while the libraries load, and once more at
    # the end, would cost a tenth of it.
    gc.set_threshold(200_000)
    atexit.register(gc.freeze)
    from testing_tracker.cli import program
    from testing_tracker.errors import TestingTrackerError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no umlauts still gets its report
    try:
        program()
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


def _refuse(message: str) -> None:
    from testing_tracker.rules.exchange.visible import in_one_line

    print(f"Error: {in_one_line(message)}", file=sys.stderr)  # noqa: T201  the last words, when click may not be loaded
    sys.stderr.flush()
    raise SystemExit(1)


if __name__ == "__main__":
    main()
