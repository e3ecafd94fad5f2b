"""A cup on record before its result: its label, its type and when it was taken, and correcting these."""

from dataclasses import dataclass
from datetime import datetime

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.interpretation import Interpretation
from testing_tracker.rules.testing.specimens import NewSpecimen, advice
from testing_tracker.rules.words import Status
from testing_tracker.services.schedules import versions
from testing_tracker.services.testing import attendance, cups, results, specimens
from testing_tracker.services.testing.collections import check_collected_at
from testing_tracker.services.testing.draws import OpenDraw
from testing_tracker.services.testing.results import Logged
from testing_tracker.services.testing.settling import Settled
from testing_tracker.store.tables import Specimen
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class NewCup:
    """What is said of a cup whose result is to come; `collected_at` is in UTC."""

    specimen: NewSpecimen
    collected_at: datetime | None = None


def record(work: Work, found: OpenDraw, cup: NewCup) -> list[str]:
    """A cup was taken and its result is to come: it is on record with its label, and the result attaches to it.

    Also for a draw that is on record as collected without a cup. Returns what a person should know of it. Raises
    TestingTrackerError where the draw's state does not allow that, and for a label that another cup has.
    """
    draw = found.draw
    is_collected = draw.status == Status.COLLECTED and found.outcome is None
    if not is_collected or cups.awaiting(work.session, draw) is not None:
        attendance.record_collected(work, found)
    return _put(work, found, cup, None)


def correct(work: Work, found: OpenDraw, cup: NewCup, reason: str) -> Logged:
    """The draw is collected with its result to come, and this is its cup; the earlier entries are kept."""
    draw = found.draw
    earlier = Status(draw.status)
    if earlier is Status.COLLECTED and found.outcome is None:
        logged = Logged(found.participant, draw, earlier, None, (), Settled(Interpretation(), None))
    else:
        logged = results.take_back(work, found, Status.COLLECTED, reason)
    told = _put(work, found, cup, cups.awaiting(work.session, draw))
    work.on_record(Act.SPECIMEN_CORRECT, draw=draw, reason=reason, label=cup.specimen.label)
    work.session.flush()
    return Logged(found.participant, draw, earlier, None, (), logged.settled, because=logged.because, warnings=told)


def _put(work: Work, found: OpenDraw, cup: NewCup, expected: Specimen | None) -> list[str]:
    draw, said = found.draw, cup.specimen
    check_collected_at(work, found.draw.due_on, cup.collected_at)
    earlier = cups.with_this_label(work, found, said.label) if said.label is not None else None
    if earlier is not None and not earlier.withdrawn and (expected is None or earlier.id != expected.id):
        raise TestingTrackerError(
            f"{found.which} has another specimen with the label {said.label}, and its result; labels are given once."
        )
    earlier = earlier or expected
    kind = said.kind or (earlier.kind if earlier else versions.test_of(work, draw).specimen)
    written = specimens.add(work, draw, said, kind, cup.collected_at, earlier)
    return advice(work.vocabulary.limits_of(kind), written.temperature, None, found.participant.code)
