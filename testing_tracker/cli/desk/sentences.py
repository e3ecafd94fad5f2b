"""Sentences that several commands print: a question to the facility, a recommendation, a ground that was lost."""

from typing import TYPE_CHECKING

from testing_tracker import services

if TYPE_CHECKING:
    from datetime import date

    from testing_tracker.rules.drawing.no_record import Closed, Compared
    from testing_tracker.store.work import Work


def question_with_answers(compared: "Compared") -> str:
    """A question to the facility, with the figures that it rests on and the commands that answer it."""
    from testing_tracker.rules.drawing.no_record import question

    return (
        f"{question(compared)} They are unrecorded, not missed. When you know, {answers_to(compared.closed)} says so; "
        "a result is logged as always."
    )


def answers_to(closed: "Closed") -> str:
    """The commands that answer a question, each by itself."""
    from testing_tracker.rules.drawing.no_record import days_asked

    days = days_asked(closed)
    return f"`testing-tracker missed --all {days}` or `excuse --all {days} --reason TEXT`"


def open_questions(work: "Work", on: "date | None" = None) -> list[str]:
    """The newest question that nobody has answered yet, in words, and how many more there are; or those about a day."""
    found = services.held_days.unanswered(work, on, on)
    said = [question_with_answers(one) for one in found[-1:]]
    if len(found) > 1:
        more = "1 more question of this kind is" if len(found) == 2 else f"{len(found) - 1} more of these questions are"
        said.append(f"{more} open: `testing-tracker status` has them all.")
    return said


def recommendation_line(number: int, participant: str, status: str, reason: str) -> str:
    """A recommendation that an act has raised or changed, in a line of what the act prints."""
    return f"Recommendation {number} for {participant}, {status}: {reason}. A clinician decides."


def lost_ground_line(participant: str, lost: str) -> str:
    """Whom a decision has moved that has lost its ground, in a line of what the act prints."""
    return f"{participant} {lost}. A clinician is asked to look: `testing-tracker review list`."
