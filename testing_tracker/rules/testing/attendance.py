"""What may become of a draw: which status may follow which."""

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Outcome, Status

NOT_YET_DONE = (Status.DUE, Status.UNRECORDED)

# A result may still come in for a draw that was closed out as missed, or whose participant was discharged after giving
# the specimen; a nurse's word may mend what the night assumed.
_MAY_BECOME = {
    Status.COLLECTED: (Status.DUE, Status.UNRECORDED, Status.MISSED, Status.COLLECTED, Status.CANCELLED),
    Status.MISSED: (Status.DUE, Status.UNRECORDED),
    Status.REFUSED: (Status.DUE, Status.UNRECORDED, Status.MISSED),
    Status.EXCUSED: (Status.DUE, Status.UNRECORDED, Status.MISSED, Status.REFUSED),
}


def check_change(which: str, status: Status, outcome: Outcome | None, wanted: Status) -> None:
    """Raise TestingTrackerError when a draw in this state cannot become what is wanted.

    `which` names the draw for the message, as in `A17's draw of 2026-11-23`. A collected draw takes a result only
    while it has none.
    """
    if outcome is not None:
        raise TestingTrackerError(
            f"{which} already has a result ({outcome}). If it is wrong, correct it with `testing-tracker amend`."
        )
    if status in _MAY_BECOME[wanted]:
        return
    if status is wanted:
        raise TestingTrackerError(f"{which} is recorded as {status} already; there is nothing to do.")
    if status is Status.CANCELLED:
        raise TestingTrackerError(f"{which} was cancelled, so nothing can be recorded for it.")
    raise TestingTrackerError(
        f"{which} is recorded as {status}. If that is wrong, correct it with `testing-tracker amend`."
    )
