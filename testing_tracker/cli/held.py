"""Says that a day's draws were held back from being missed, in the one way that all commands and reports do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from sqlmodel import Session

    from testing_tracker.acting import Acting
    from testing_tracker.rules.no_record import Closed, Compared


def in_words(compared: "Compared") -> str:
    """A question to the facility, with the figures that it rests on and the commands that answer it."""
    from testing_tracker.rules.no_record import question

    return (
        f"{question(compared)} They are unrecorded, not missed. When you know, {answers_to(compared.closed)} says so; "
        "a result is logged as always."
    )


def answers_to(closed: "Closed") -> str:
    """The commands that answer a question, each by itself."""
    from testing_tracker.rules.no_record import days_asked

    days = days_asked(closed)
    return f"`testing-tracker missed --all {days}` or `excuse --all {days} --reason TEXT`"


def asked(session: "Session", acting: "Acting", on: "date | None" = None) -> list[str]:
    """The questions that nobody has answered yet, in words: all of them, or those about a day."""
    from testing_tracker.services.drawing import held_days

    return [in_words(one) for one in held_days.unanswered(session, acting, on, on)]
