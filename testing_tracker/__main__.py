"""Starts the program, or only asks the server of a database where there is one."""

import os
import sys


def main() -> None:
    """Run the command line. Status 0 done, 1 refused, 2 wrong usage; a person never sees a traceback."""
    places = (os.environ.get("TESTING_TRACKER_DATABASE", ""), os.environ.get("COMP_WORDS", ""), *sys.argv)
    if any("unix" in place for place in places):
        _ask_a_server()
    import atexit
    import gc

    # A command lives for a moment: looking for garbage every 700 objects while the libraries load, and once more at
    # the end, would cost a tenth of it.
    gc.set_threshold(200_000)
    atexit.register(gc.freeze)
    from testing_tracker.cli.command_line import run

    run()


def _ask_a_server() -> None:
    """Ask the server where the line is for one, which ends this process."""
    from testing_tracker.client.wanted import socket_wanted

    path = socket_wanted(sys.argv[1:], os.environ)
    if path is not None:
        from testing_tracker.client.ask import ask

        ask(path)


if __name__ == "__main__":
    main()
