"""How long a definitive result is awaited: a week from the day on which the specimen was sent, unless it is said."""

from datetime import date, timedelta

from testing_tracker.errors import TestingTrackerError

# Chosen here, from no source.
USUAL_WAIT = timedelta(days=7)


def expected_by(sent_on: date, said: date | None) -> date:
    """The last day on which the result of a specimen is awaited. Raises TestingTrackerError for a day that is over."""
    if said is None:
        return sent_on + USUAL_WAIT
    if said < sent_on:
        raise TestingTrackerError(f"{said} is over; say by when the result is awaited, today or later.")
    return said


def is_overdue(awaited_by: date | None, today: date) -> bool:
    """Whether a result is awaited, and the last day for it is over."""
    return awaited_by is not None and awaited_by < today
