"""Taking a line of the log session back: the draw is what it was before, and both stay on record."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Method, ParticipantStatus, Status
from testing_tracker.services.testing import attendance, cups, results, settling
from testing_tracker.services.testing import earlier as undone
from testing_tracker.services.testing.draws import OpenDraw, find_draw_to_correct, night_has_run
from testing_tracker.services.testing.log_lines import WHY_UNDONE, EntryOnRecord, as_it_is
from testing_tracker.services.testing.settling import RaisedRecommendation
from testing_tracker.store.queries import finding_rows, id_of, newest, standing_on, standing_result
from testing_tracker.store.tables import Confirmation, Draw, Finding, Result, Specimen
from testing_tracker.store.work import Work

_SAID_OF_AN_ANALYTE = ("analyte", "found", "amount", "unit", "comparator", "cutoff")


class ChangedSinceError(TestingTrackerError):
    """A line that cannot be taken back, because its draw says something else now."""


@dataclass(frozen=True)
class Undone:
    """What a draw is again after its last line was taken back; `because` is why not what it was before.

    `lost` says whom a decision has moved that has lost its ground by it.
    """

    status: Status
    because: str | None
    raised: RaisedRecommendation | None
    decided: Sequence[int]
    lost: str | None = None


def undo(work: Work, line: EntryOnRecord) -> Undone:
    """Take an accepted line back: the draw is what it was before, and the line stays on record as taken back.

    A draw that was due is so again only while nothing has closed it since. Raises TestingTrackerError when somebody
    has changed the record in the meantime.
    """
    opened = line.opened
    found = find_draw_to_correct(work, opened.code, opened.due_on, for_cause=opened.for_cause)
    draw = found.draw
    _check_unchanged(work, found, line)
    if line.before is Status.DUE and draw.status != Status.DUE and not _is_still_open(work, draw):
        logged = results.take_back(work, found, Status.DUE, WHY_UNDONE)
        changed = RaisedRecommendation.of_changed(opened.code, logged.recommendation)
        return Undone(Status(draw.status), logged.because, changed, logged.decided, logged.settled.lost)
    restored = _put_results_back(work, found, line)
    work.on_record(Act.LOG_UNDO, draw=draw, reason=WHY_UNDONE, due_on=draw.due_on, undone=line.recorded)
    draw.unable = line.was.unable
    _put_cup_back(work, draw, line)
    settling.read_restored(work, draw, restored)
    followed = attendance.set_status(work, draw, line.before, line.was.reason)
    settled = settling.bring_in_line(work, draw)
    changed = RaisedRecommendation.of_changed(opened.code, settled.recommendation or followed)
    for raised in filter(None, (line.raised, changed)):  # another one, where a line after it was taken back too
        undone.mark_recommendation(work, raised.number, draw)
    return Undone(line.before, None, changed, settled.decided, settled.lost)


def _check_unchanged(work: Work, found: OpenDraw, line: EntryOnRecord) -> None:
    """Raise TestingTrackerError unless the draw still says what the line recorded, and nothing more."""
    now = as_it_is(work, found, line.said)
    is_same = now.results == line.became.results and _is_same_cup(work.session, now.cup, line.became.cup)
    if line.logged is None:
        became = line.became
        is_same = is_same and (now.status, now.outcome, now.unable) == (became.status, became.outcome, became.unable)
    if not is_same:
        raise ChangedSinceError(
            f"{found.which} was changed since by somebody else. Look at it, and correct it with "
            "`testing-tracker amend`."
        )


def _is_same_cup(session: Session, one: int | None, other: int | None) -> bool:
    """Whether two rows, by their ids, say the same of a cup; the later one may be there since a line was taken back."""
    if one is None or other is None or one == other:
        return one == other
    return cups.say_the_same(session.get_one(Specimen, one), session.get_one(Specimen, other))


def _is_still_open(work: Work, draw: Draw) -> bool:
    """Whether a draw that was due would be so still, had nothing been recorded for it."""
    if standing_on(work.session, draw.participant_id, draw.due_on) is not ParticipantStatus.ACTIVE:
        return False
    return draw.due_on == work.today or not night_has_run(work, work.today)


def _put_results_back(work: Work, found: OpenDraw, line: EntryOnRecord) -> list[Result]:
    """Take a line's result back; what it stood for counts again, such as an invalid one before a second specimen.

    Returns the rows that say so of an earlier one.
    """
    restored = []
    for method in Method:
        before = line.was.results.get(method)
        slip = standing_result(work.session, id_of(found.draw), method)
        if slip is None or line.became.results.get(method) == before:
            continue
        earlier = work.session.get(Result, before) if before is not None else None
        row = Result(
            draw_id=id_of(found.draw),
            outcome=earlier.outcome if earlier else None,
            collected_at=earlier.collected_at if earlier else None,
            note=earlier.note if earlier else None,
            lab=earlier.lab if earlier else None,
            specimen_id=earlier.specimen_id if earlier else None,
            replaces_id=slip.id,
            reason=WHY_UNDONE,
            method=method,
            undone=undone.is_same_day(work, slip.recorded_at),
        )
        _write(work, found, row)
        if earlier is not None:
            _copy_findings(work, earlier, row)
            restored.append(row)
    return restored


def _write(work: Work, found: OpenDraw, row: Result) -> None:
    work.write(row)
    try:
        work.session.flush()
    except IntegrityError:
        raise ChangedSinceError(f"{found.which} was recorded by somebody else just now. Look at it first.") from None


def _copy_findings(work: Work, earlier: Result, row: Result) -> None:
    for one in finding_rows(work.session, earlier.id):
        said = {name: getattr(one, name) for name in _SAID_OF_AN_ANALYTE}
        work.add(Finding(result_id=id_of(row), **said))
    work.session.flush()


def _put_cup_back(work: Work, draw: Draw, line: EntryOnRecord) -> None:
    """The cup that a line has labelled says what it said before, and what was sent of it is awaited as it was."""
    session, was, became = work.session, line.was, line.became
    left = None
    if became.cup is not None and became.cup != was.cup:
        before = session.get(Specimen, was.cup) if was.cup is not None else None
        left = cups.put_back(work, draw, cups.cups_of(session, draw)[-1], before, WHY_UNDONE)
    if became.sent is None or became.sent == was.sent:
        return
    sent = newest(session, Confirmation, Confirmation.draw_id == draw.id)
    if sent is None or sent.id != became.sent:
        return  # somebody has sent it, or called it off, since
    before_it = session.get(Confirmation, was.sent) if was.sent is not None else None
    if before_it is not None and before_it.due_on is not None:
        cups.expect(work, draw, before_it, WHY_UNDONE)
    elif sent.due_on is not None:
        number = left.id if left is not None else None
        cups.confirm(work, draw, Act.CONFIRMATION_CANCEL, lab=sent.lab, reason=WHY_UNDONE, specimen_id=number)
