"""Starts the program, and turns whatever goes wrong into one line for a person."""

import atexit
import gc
import os
import sys


def main() -> None:
    """Run the command line. Status 0 done, 1 refused, 2 wrong usage; a person never sees a traceback."""
    # A command lives for a moment: looking for garbage every 700 objects while the libraries load, and once more at
    # the end, would cost a tenth of it.
    gc.set_threshold(200_000)
    atexit.register(gc.freeze)
    from testing_tracker.cli import program
    from testing_tracker.errors import TestingTrackerError

    try:
        program()
    except TestingTrackerError as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.strerror or error}: {error.filename}." if error.filename else f"{error.strerror or error}.")
    except Exception as error:
        if os.environ.get("TESTING_TRACKER_DEBUG"):
            raise
        _refuse(
            f"Something went wrong inside the program ({type(error).__name__}). What was not confirmed was not done. "
            "Please report it; TESTING_TRACKER_DEBUG=1 shows the details."
        )


def _refuse(message: str) -> None:
    print(f"Error: {message}", file=sys.stderr)  # noqa: T201  the last words, when click may not be loaded
    sys.stderr.flush()
    raise SystemExit(1)


if __name__ == "__main__":
    main()
