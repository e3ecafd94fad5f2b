"""Says that a day's draws were held back from being missed, in the one way that `draw`, `serve` and reports do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testing_tracker.rules.no_record import Compared


def in_words(compared: "Compared") -> str:
    """A question to the facility, with the figures that it rests on and the commands that answer it."""
    from testing_tracker.rules.no_record import question

    day = compared.closed.day
    return (
        f"{question(compared)} They are unrecorded, not missed. When you know, "
        f"`testing-tracker missed --all --on {day}` or `excuse --all --on {day} --reason TEXT` says so; a result is "
        "logged as always."
    )
