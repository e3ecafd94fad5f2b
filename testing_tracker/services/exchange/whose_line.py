"""Which draw a line of a laboratory's file is about: by its participant and day, or by its specimen's label."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.cell_faults import may_be_quoted
from testing_tracker.rules.words import DrawKind
from testing_tracker.services.exchange.imports import read_code, read_day, read_word
from testing_tracker.services.people import lookup
from testing_tracker.services.testing import cups
from testing_tracker.services.testing.draws import find_draw
from testing_tracker.store.queries import draws_on, id_of
from testing_tracker.store.tables import Draw, Participant
from testing_tracker.store.work import Work


class Which(StrEnum):
    """Which draw a line means, where two fall on one day."""

    SCHEDULED = "scheduled"
    FOR_CAUSE = "for-cause"


@dataclass(frozen=True)
class WhichDraw:
    """A draw that a line is about, and by what it is found: the participant's code, its day and whether for cause."""

    draw_id: int
    participant: str
    day: date
    for_cause: bool


def draw_of(work: Work, cells: Mapping[str, str]) -> WhichDraw:
    """The draw that a line is about. Raises TestingTrackerError where there is none, or its cells contradict.

    A label that is on record says whose the line is where it does not say so itself. Where both say it they have to
    agree: the label is on the cup, and the rest somebody has typed.
    """
    of_label = _of_label(work, cells.get("specimen_id", ""))
    if of_label is None:
        if not cells.get("participant") and not cells.get("due_on") and cells.get("specimen_id"):
            raise TestingTrackerError(
                "no cup with this label is on record, so it does not say whose it is; give participant and due_on too"
            )
        return _of_a_day(work, cells)
    which = read_which(cells)
    code, day = cells.get("participant", ""), cells.get("due_on", "")
    participant = find_participant(work, code) if code else None
    is_theirs = participant is None or id_of(participant) in _people_of(work, of_label)
    is_that_day = not day or read_day("due_on", day) == of_label.due_on
    for_cause = of_label.kind == DrawKind.FOR_CAUSE
    owner = work.session.get_one(Participant, of_label.participant_id).code
    if not is_theirs or not is_that_day or which not in (None, Which.FOR_CAUSE if for_cause else Which.SCHEDULED):
        cause = "for-cause " if for_cause else ""
        raise TestingTrackerError(
            f"the cup with this label is on record for {owner}'s {cause}draw of {of_label.due_on}, and the line says "
            "otherwise. Look which is right; `testing-tracker swap` exchanges two that were mixed up"
        )
    return _which(work, owner, of_label.due_on, for_cause=for_cause)


def find_participant(work: Work, code: str) -> Participant:
    """The participant with a code. Raises TestingTrackerError, which leaves out what may be a name."""
    try:
        return lookup.find_participant(work, read_code(code))
    except TestingTrackerError:
        if not code or may_be_quoted(code):
            raise
        read_code(code)
        raise TestingTrackerError(
            "There is no such participant. `testing-tracker participant list` shows them all"
        ) from None


def read_which(cells: Mapping[str, str]) -> Which | None:
    """Which of a day's two draws a line says that it means."""
    return read_word("kind", cells["kind"], list(Which)) if cells.get("kind") else None


def _of_label(work: Work, label: str) -> Draw | None:
    """The draw whose cup has a label. Raises TestingTrackerError where cups of several have it."""
    if not label:
        return None
    draws = {cup.draw_id for cup in cups.with_label(work, label) if not cup.withdrawn}
    if len(draws) > 1:
        raise TestingTrackerError(
            "cups of several draws are on record with this label, and the line does not say which"
        )
    return work.session.get_one(Draw, draws.pop()) if draws else None


def _people_of(work: Work, draw: Draw) -> set[int]:
    """The record that a draw is of, and that of the person whose it is by now."""
    owner = work.session.get_one(Participant, draw.participant_id)
    person = lookup.participant_with_code(work, owner.code)
    return {id_of(owner), id_of(person) if person is not None else id_of(owner)}


def _of_a_day(work: Work, cells: Mapping[str, str]) -> WhichDraw:
    """By participant and day. Of two draws it is not guessed: when the file comes again, the guess would be another."""
    code = cells.get("participant", "")
    read_code(code)
    day = read_day("due_on", cells.get("due_on", ""))
    which = read_which(cells)
    participant = find_participant(work, code)
    if which is None and len(draws_on(work.session, id_of(participant), day)) > 1:
        raise TestingTrackerError(
            f"{participant.code} has two draws on {day}, a scheduled one and one for cause; say which in a column "
            f"kind: {' or '.join(Which)}"
        )
    return _which(work, code, day, for_cause=None if which is None else which is Which.FOR_CAUSE)


def _which(work: Work, code: str, day: date, *, for_cause: bool | None) -> WhichDraw:
    draw = find_draw(work, code, day, for_cause=for_cause).draw
    return WhichDraw(id_of(draw), code, day, draw.kind == DrawKind.FOR_CAUSE)
