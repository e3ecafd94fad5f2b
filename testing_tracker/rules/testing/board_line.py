"""A line of the board: what there is to say of a draw, and what is typed next about it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.words import DrawKind, Outcome, Status

TO_BE_SAID = "OUTCOME"  # refused where it is left so


class Place(StrEnum):
    """Where a draw stands on the board: still to be done, given, neither, or left over from an earlier day."""

    OPEN = "open"
    CAME = "came"
    ABSENT = "absent"
    LEFT = "left over"


@dataclass(frozen=True)
class DrawFacts:
    """What the board goes by of a draw. `is_one_of_two`: the participant has another draw on that day.

    `found` are the analytes that count, `explained` those that prescriptions explain, `presumptive` those of both that
    no laboratory has confirmed. `awaited_by` is the day by which a definitive result is awaited, of `lab` where that is
    known. `again` says why another specimen is to be collected where nobody was asked for one yet, and
    `same_draw` whether that may be for this draw; `earlier_outcome` what the specimen said that does not count.
    """

    code: str
    due_on: date
    kind: DrawKind
    status: Status
    outcome: Outcome | None
    because: Because | None = None
    unable: bool = False
    is_one_of_two: bool = False
    found: tuple[str, ...] = ()
    explained: tuple[str, ...] = ()
    presumptive: tuple[str, ...] = ()
    awaited_by: date | None = None
    lab: str | None = None
    again: str | None = None
    same_draw: bool = False
    earlier_outcome: Outcome | None = None

    @property
    def awaits_result(self) -> bool:
        """Whether a specimen was given and nothing is known yet of what its test says."""
        return self.status is Status.COLLECTED and self.outcome is None


NOT_YET = "nothing yet"
OUT_OF_RANGE = "the specimen was too cold or too warm"
_WHY_UNRECORDED = {
    Because.HELD: "unrecorded: was anything collected?",
    Because.UNABLE: "tried and could not; unrecorded, a clinician is asked to look",
    Because.MADE_TOO_LATE: "unrecorded: drawn after the window had closed",
    Because.RESULT_TO_COME: "taken elsewhere; its result is to come",
    Because.CLOSED_FOR_A_WHILE: "unrecorded: the facility was closed for a part of the day",
    Because.CLOSED_BY_A_CLOCK: "unrecorded: a clock that was ahead had closed it",
    Because.ORDERED_AFTER_CHECK_IN: "unrecorded: ordered after the check-in",
    Because.CHECK_IN_AT_FAULT: "unrecorded: check-in was not to be reached",
    Because.TRIED_TO_CHECK_IN: "unrecorded: tried to check in and could not",
    Because.CHECK_INS_HELD: "unrecorded: did check-in work?",
    Because.NOT_CHECKED_IN: "unrecorded: did not check in",
}


def place_of(draw: DrawFacts, day: date) -> Place:
    """Where a draw stands on the board of a day."""
    if draw.due_on < day:
        return Place.LEFT
    if draw.status in (Status.DUE, Status.UNRECORDED) or draw.awaits_result or draw.again:
        return Place.OPEN
    return Place.CAME if draw.status is Status.COLLECTED else Place.ABSENT


def said_of(draw: DrawFacts, today: date) -> str:
    """What there is to say of a draw in a few words: why it is open, or what its test said."""
    if draw.status is Status.COLLECTED:
        return _said_of_a_specimen(draw, today)
    if draw.status is Status.UNRECORDED:
        return _WHY_UNRECORDED.get(draw.because, "unrecorded") if draw.because else "unrecorded"
    if draw.status is not Status.DUE:
        return str(draw.status)
    said = []
    if draw.because is Because.RECOLLECT:
        why = "the specimen was invalid" if draw.earlier_outcome is Outcome.INVALID else OUT_OF_RANGE
        said.append(f"to be collected again: {why}")
    if draw.unable:
        said.append("tried and could not")
    return "; ".join(said) or NOT_YET


def _said_of_a_specimen(draw: DrawFacts, today: date) -> str:
    said = []
    if draw.outcome is None:
        said.append("second specimen collected" if draw.because is Because.SECOND_GIVEN else "collected")
        if draw.awaited_by is None:
            said.append("result awaited")
    elif draw.outcome is Outcome.POSITIVE:
        said.append(_positive(draw))
    else:
        said.append(str(draw.outcome))
    if draw.awaited_by is not None:
        overdue = ", overdue" if draw.awaited_by < today else ""
        said.append(f"at the laboratory{f' {draw.lab}' if draw.lab else ''}, awaited by {draw.awaited_by}{overdue}")
    if draw.again:
        said.append("to be collected again" + ("" if draw.outcome is Outcome.INVALID else f": {draw.again}"))
    return "; ".join(said)


def _positive(draw: DrawFacts) -> str:
    """A positive with what it found; one that prescriptions explain altogether says so first."""
    if not draw.found:
        return f"expected: prescriptions explain {', '.join(draw.explained)}" if draw.explained else "positive"
    besides = f" (prescribed: {', '.join(draw.explained)})" if draw.explained else ""
    open_still = [analyte for analyte in draw.presumptive if analyte in draw.found]
    how = "confirmed"
    if open_still:
        how = "presumptive" if len(open_still) == len(draw.found) else f"presumptive: {', '.join(open_still)}"
    return f"positive for {', '.join(draw.found)}{besides}, {how}"


def next_words(draw: DrawFacts, today: date) -> tuple[str, ...] | None:
    """The words of the command that is typed next about a draw; None where nothing is to be done.

    What a test said stands there as a word to be replaced: nobody is to paste a negative that nobody has seen.
    """
    which = _which(draw, today)
    if draw.again:
        return ("test", draw.code, "--recollect") if draw.same_draw else ("test", draw.code, "--reason", "recollected")
    if draw.awaits_result and draw.awaited_by is not None:
        if draw.lab is None:
            return ("confirmation", "list")
        return ("result", draw.code, TO_BE_SAID, "--definitive", "--lab", draw.lab, *which)
    if draw.status in (Status.DUE, Status.UNRECORDED) or draw.awaits_result:
        return ("result", draw.code, TO_BE_SAID, *which)
    if draw.outcome is Outcome.POSITIVE and draw.presumptive and draw.found and draw.awaited_by is None:
        return ("confirmation", "send", draw.code, *which)
    return None


def _which(draw: DrawFacts, today: date) -> tuple[str, ...]:
    """The options that say which draw is meant, where the code alone does not."""
    on = () if draw.due_on == today else ("--on", str(draw.due_on))
    if not draw.is_one_of_two:
        return on
    return ("--for-cause" if draw.kind is DrawKind.FOR_CAUSE else "--scheduled", *on)
