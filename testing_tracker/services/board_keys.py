"""What a key on the board does: whose line is meant, what to know of it, and recording what is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.log_line import LABEL_MARK, Entry
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.services.testing import cups, log_session, prescriptions
from testing_tracker.services.testing.draws import find_draw_to_correct, state_of_draw
from testing_tracker.services.testing.log_lines import EntryOnRecord, Opened
from testing_tracker.store.queries import id_of
from testing_tracker.store.work import Work

if TYPE_CHECKING:
    from testing_tracker.services.board import BoardLine


@dataclass(frozen=True)
class Meant:
    """What a scanned or typed word can mean: participants, by code, and the draw whose cup has it for a label."""

    codes: Sequence[str]
    draw_id: int | None


def meant(work: Work, text: str) -> Meant:
    """Who is meant by a code, a part of one, or the label of a cup; behind a `#` stands a label and nothing else.

    Everybody in the programme counts, as in the log session: a part of a code is not somebody's because another
    participant happens not to be on the board.
    """
    label = text.removeprefix(LABEL_MARK)
    labelled = [cup.draw_id for cup in cups.with_label(work, label) if not cup.withdrawn] if label else []
    codes: Sequence[str] = ()
    if label == text:
        exact = log_session.code_of(work, text)
        codes = (exact,) if exact is not None else log_session.codes_abbreviated(work, text, work.today)
    return Meant(codes, labelled[-1] if labelled else None)


def prescribed(work: Work, line: "BoardLine") -> list[str]:
    """What is prescribed to a line's participant on the day of its draw, each once."""
    participant = find_participant(work, line.participant)
    found = prescriptions.prescribed_on(work.session, id_of(participant), line.due_on)
    return sorted({one.analyte for one in found})


def record(work: Work, seen: "BoardLine", said: Entry, word: str = "") -> EntryOnRecord:
    """Record for the draw of a line what was said of it while the line was looked at, as its single command does.

    `word` is what was typed or scanned for the label or the reason. Raises TestingTrackerError where that is a
    participant's code, whose cup it may be, and where the draw is not any more what the line showed: whoever pressed a
    key meant that.
    """
    whose = log_session.code_of(work, word) if word else None
    if whose is not None:
        raise TestingTrackerError(
            f"{word} is a participant's code, so nothing was recorded for {seen.participant}. If it is {whose}'s "
            f"turn, scan it again; a cup's label that is a code too is typed as {LABEL_MARK}{word}."
        )
    found = find_draw_to_correct(work, seen.participant, seen.due_on, for_cause=seen.for_cause)
    if id_of(found.draw) != seen.draw_id or state_of_draw(found.draw) != seen.state:
        now = f"{found.draw.status}{f', {found.draw.outcome}' if found.draw.outcome else ''}"
        raise TestingTrackerError(
            f"{found.which} is not any more what it was on the screen: it is {now} now. Nothing was recorded; look at "
            "it, and press the key again if that is still meant."
        )
    opened = Opened(seen.participant, seen.due_on, seen.kind, found.status, (), found.which)
    return log_session.record(work, opened, said)
