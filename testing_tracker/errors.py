"""The one kind of error that a person sees.

Rules and services raise it; the command line prints `Error: …` and leaves with status 1. A message says what is
wrong, with which record, and what to do. It never holds a name, only a participant's code.
"""


class TestingTrackerError(Exception):
    """What was asked for is refused, and nothing was changed."""

    __test__ = False  # the name begins with "Test", and pytest would collect it
