"""Logging the result of a draw's specimen, and correcting one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.amounts import Amount, check_cutoffs, judge
from testing_tracker.rules.testing.specimen_limits import outcome_of
from testing_tracker.rules.testing.which_draw import OF_THE_FIRST, check_change
from testing_tracker.rules.words import Method, Outcome, ParticipantStatus, Status, Validity
from testing_tracker.services.schedules import versions
from testing_tracker.services.schedules.versions import WhatIsTested
from testing_tracker.services.testing import confirmations, cups, recollections, settling
from testing_tracker.services.testing.attendance import set_collected, set_status
from testing_tracker.services.testing.collections import check_collected_at
from testing_tracker.services.testing.draws import OpenDraw, window_closes
from testing_tracker.services.testing.earlier import StaysSaid, findings_kept, is_further, kept_beside
from testing_tracker.services.testing.settling import Settled, named_in
from testing_tracker.store.queries import findings_of, id_of, result_of, standing_on, standing_result
from testing_tracker.store.tables import Draw, Finding, Participant, Recommendation, Result, Specimen
from testing_tracker.store.work import Work

if TYPE_CHECKING:
    from testing_tracker.rules.testing.specimens import NewSpecimen


@dataclass(frozen=True)
class NewResult:
    """What is said of a specimen. `collected_at` is in UTC; analytes are the vocabulary's names.

    `amounts` are what was measured of an analyte; it counts as found when it reaches the cutoff, the one of `cutoffs`
    that came with the result or else the vocabulary's. A definitive result is a laboratory's that tells substances
    apart. `looked_for` are the analytes that were looked for, found or not; it governs those that it names.
    """

    outcome: Outcome
    analytes: Sequence[str] = ()
    collected_at: datetime | None = None
    note: str | None = None
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    method: Method = Method.PRESUMPTIVE
    lab: str | None = None
    specimen: "NewSpecimen | None" = None
    looked_for: Sequence[str] = ()
    cutoffs: Mapping[str, Amount] = field(default_factory=dict)

    @property
    def named(self) -> tuple[str, ...]:
        """Every analyte that the result says something of."""
        return tuple(dict.fromkeys((*self.analytes, *self.amounts, *self.looked_for)))


@dataclass(frozen=True)
class Governing:
    """A result that goes on governing the draw beside the one that was written."""

    outcome: Outcome
    method: Method
    analytes: Sequence[str]
    lab: str | None


@dataclass(frozen=True)
class Logged:
    """What logging did: the draw, its status before, and the recommendation that it raised, changed or withdrew.

    `outcome` is what went on record, which the specimen's validity may have changed, with the analytes found.
    `settled` says how the result reads, and `result_id` which row it is; `decided` are the recommendations that a
    clinician decided on with what was recorded before; `governing` is set where another result governs; `because` is
    why a draw that was to be due again has another status. `of_the_cup` are those of the warnings that are about the
    specimen itself, and `collect_again` is the command for another one in place of an invalid one.
    """

    participant: Participant
    draw: Draw
    earlier_status: Status
    outcome: Outcome | None
    analytes: Sequence[str]
    settled: Settled
    result_id: int | None = None
    governing: "Governing | None" = None
    because: str | None = None
    warnings: Sequence[str] = ()
    of_the_cup: Sequence[str] = ()
    collect_again: str | None = None

    @property
    def recommendation(self) -> Recommendation | None:
        return self.settled.recommendation

    @property
    def decided(self) -> Sequence[int]:
        return self.settled.decided


def log_result(work: Work, found: OpenDraw, new: NewResult) -> Logged:
    """Record the result of a draw; a positive raises its recommendation in the same transaction.

    Also for a draw that was closed out as missed before its result came in, and a laboratory's definitive result beside
    the presumptive one; a further one about other analytes adds to it. Raises TestingTrackerError for a second result,
    and for a result that is not one.
    """
    draw = found.draw
    earlier = Status(draw.status)
    standing = _standing(work.session, found, new.method)
    said = standing.outcome if standing is not None and not found.has_earlier_specimen else None
    which = f"{found.which} (definitive)" if new.method is Method.DEFINITIVE else found.which
    adds = not found.has_earlier_specimen and is_further(work, standing, new.method, new.outcome, new.named)
    check_change(which, earlier, Outcome(said) if said and not adds else None, Status.COLLECTED)
    return _record(work, found, new, standing, None, is_further=adds)


def amend_result(work: Work, found: OpenDraw, new: NewResult, reason: str) -> Logged:
    """Correct what is recorded for a draw; the earlier result is kept. Evidence follows the correction.

    Raises TestingTrackerError when nothing was recorded yet, or when it says the same already.
    """
    draw = found.draw
    earlier = Status(draw.status)
    standing = _standing(work.session, found, new.method)
    is_earlier = found.has_earlier_specimen
    has_none = standing is None or standing.outcome is None or (is_earlier and earlier is Status.COLLECTED)
    if earlier in (Status.DUE, Status.CANCELLED) or (earlier is Status.COLLECTED and has_none):
        kind = "definitive result" if new.method is Method.DEFINITIVE else "result"
        raise TestingTrackerError(f"{found.which} has no {kind} to correct ({earlier}). Log one with `result`.")
    if not is_earlier and _is_same(work.session, standing, new):
        raise TestingTrackerError(f"{found.which} says {new.outcome} already; there is nothing to correct.")
    return _record(work, found, new, standing, reason)


def _standing(session: Session, found: OpenDraw, method: Method) -> Result | None:
    """The newest word of one method on a draw. Where no result counts, there is none of any method."""
    return standing_result(session, id_of(found.draw), method) if found.result is not None else None


@dataclass(frozen=True)
class _Judged:
    """What a result says of its specimen: what that makes of its outcome, and what was found; `test` was looked for."""

    test: WhatIsTested
    specimen: Specimen | None
    outcome: Outcome
    analytes: Sequence[str]
    warnings: Sequence[str]
    unusable: str | None


def _record(
    work: Work,
    found: OpenDraw,
    new: NewResult,
    standing: Result | None,
    reason: str | None,
    *,
    is_further: bool = False,
) -> Logged:
    """Write a result that may be written, and what follows from it."""
    draw, earlier, before = found.draw, Status(found.draw.status), found.draw.outcome
    stays = is_further or reason is not None
    kept = _kept(work.session, found, new, standing, stays=stays)
    said = _judge(work, found, new, standing, kept, corrects=stays)
    if found.has_earlier_specimen:
        _supersede(work, found, new.method)
    outcome = Outcome.POSITIVE if is_further and kept.is_positive else said.outcome
    written = put(work, found, _row(draw, new, standing, outcome, said.specimen, reason, kept))
    analytes = _write_findings(work, written, new, said.analytes, kept, corrects=not is_further)
    read = settling.interpretation_of(work, draw, written, analytes)
    put_on_record(
        work, Act.RESULT_LOG if reason is None else Act.RESULT_AMEND, draw, written, before or earlier, analytes
    )
    set_collected(draw)
    settled = settling.bring_in_line_with(work, draw, written, read, is_first=found.result is None)
    if new.method is Method.DEFINITIVE and outcome is Outcome.INVALID:
        confirmations.end_for_invalid(work, draw)
    of_the_cup = _of_the_cup(work, found.participant, said, outcome)
    return Logged(
        participant=found.participant,
        draw=draw,
        earlier_status=earlier,
        outcome=outcome,
        analytes=tuple(analytes),
        settled=settled,
        result_id=written.id,
        governing=_governing(work.session, draw, written) if found.result is not None else None,
        warnings=[*said.warnings, *said.test.outside(analytes), *of_the_cup],
        of_the_cup=of_the_cup,
        collect_again=recollections.collect_again(work, draw, found.participant.code),
    )


def _judge(
    work: Work, found: OpenDraw, new: NewResult, standing: Result | None, kept: StaysSaid, *, corrects: bool
) -> _Judged:
    """Put the specimen on record, and hold what was said of it against cutoffs and limits."""
    test = versions.test_of(work, found.draw)
    cup = cups.cup_for(work, found, new.specimen, standing, corrects=corrects)
    known = cup or kept.specimen
    kind = (new.specimen.kind if new.specimen else None) or (known.kind if known else test.specimen)
    check_cutoffs(new.cutoffs, new.named)
    found_in_it = judge(work.vocabulary, new.outcome, new.analytes, new.amounts, kind, new.method, new.cutoffs)
    check_collected_at(work, found.draw.due_on, new.collected_at)
    specimen = _add_specimen(work, found.draw, new, kind, cup, kept)
    outcome, unusable = outcome_of(new.outcome, kept.validity if specimen is None else Validity(specimen.validity))
    analytes = found_in_it.analytes if outcome is Outcome.POSITIVE else ()
    return _Judged(test, specimen, outcome, analytes, found_in_it.warnings, unusable)


def _of_the_cup(work: Work, participant: Participant, said: _Judged, outcome: Outcome) -> list[str]:
    """What a nurse is told of the specimen itself."""
    told = [said.unusable] if said.unusable else []
    if said.specimen is None or said.specimen.temperature is None:
        return told
    from testing_tracker.rules.testing.specimens import advice  # nor need one for a cup's temperature

    limits = work.vocabulary.limits_of(said.specimen.kind)
    return [*told, *advice(limits, said.specimen.temperature, outcome, participant.code)]


def put_on_record(
    work: Work, act: Act, draw: Draw, written: Result, earlier: str, analytes: Sequence[str], **more: str
) -> None:
    """Have the audit table say what a result says of a draw, and what was there before."""
    work.on_record(
        act,
        draw=draw,
        reason=written.reason,
        due_on=draw.due_on,
        earlier=earlier,
        outcome=written.outcome,
        analytes=analytes,
        method=written.method,
        **dict[str, Any](more),
    )


def _governing(session: Session, draw: Draw, written: Result) -> Governing | None:
    result = result_of(session, id_of(draw))
    if result is None or result.id == written.id or not result.outcome:
        return None
    found = findings_of(session, result.id)
    return Governing(Outcome(result.outcome), Method(result.method), found, result.lab)


def _kept(session: Session, found: OpenDraw, new: NewResult, standing: Result | None, *, stays: bool) -> StaysSaid:
    """What stays said of the draw; nothing where this is the first result of its specimen."""
    if found.result is None or found.has_earlier_specimen:
        return StaysSaid()
    return kept_beside(session, id_of(found.draw), standing, new.method, stays=stays)


def _add_specimen(
    work: Work, draw: Draw, new: NewResult, kind: str, cup: Specimen | None, kept: StaysSaid
) -> Specimen | None:
    """Put on record what is said of the specimen, as a correction of the cup that is on record, if there is one."""
    if new.specimen is None and (cup is None or new.collected_at in (None, cup.collected_at)):
        return cup
    # a nurse without measurements need not wait for the limits
    from testing_tracker.rules.testing.specimens import NewSpecimen
    from testing_tracker.services.testing import specimens

    said = new.specimen or NewSpecimen()
    if cup is None:
        said = kept.filled(said)
    return specimens.add(work, draw, said, kind, new.collected_at, cup)


def take_back(work: Work, found: OpenDraw, status: Status, reason: str) -> Logged:
    """Correct a record that should not be there, such as one logged for the wrong participant.

    The draw becomes `missed`, `refused`, `excused`, `collected` with the result to come or, where it can still be
    given, `due` again; the result stays on record as taken back. Unless the draw stays collected, its cup is nobody's
    until a result is logged with its label. Raises TestingTrackerError when the draw is in that state already.
    """
    draw = found.draw
    earlier = Status(draw.status)
    wanted, because = _due_again(work, found) if status is Status.DUE else (status, None)
    has_to_come = wanted is Status.COLLECTED and found.outcome is not None
    if earlier in (status, wanted, Status.CANCELLED) and not has_to_come:
        raise TestingTrackerError(f"{found.which} is recorded as {earlier}; there is nothing to correct.")
    _take_back(work, found, Method, reason)
    told = cups.release(work, draw, reason) if wanted is not Status.COLLECTED else []
    followed = set_status(work, draw, wanted, f"{because}; {reason}" if because else reason)
    settled = settling.bring_in_line(work, draw)
    settled = replace(settled, recommendation=settled.recommendation or followed)
    return Logged(found.participant, draw, earlier, None, (), settled, because=because, warnings=told)


def _due_again(work: Work, found: OpenDraw) -> tuple[Status, str | None]:
    """What a draw that is to be due again becomes, and why, if it cannot be given any more."""
    draw = found.draw
    standing = standing_on(work.session, draw.participant_id, draw.due_on)
    if standing is ParticipantStatus.DISCHARGED:
        return Status.CANCELLED, f"{found.participant.code} was discharged"
    if standing is ParticipantStatus.ON_LEAVE:
        return Status.EXCUSED, f"{found.participant.code} is on leave that day"
    if draw.due_on < work.today:
        return Status.UNRECORDED, "the day is over"
    if work.now >= window_closes(work, draw):
        return Status.UNRECORDED, "the day's collection window has closed"
    return Status.DUE, None


def _is_same(session: Session, standing: Result | None, new: NewResult) -> bool:
    if standing is None or standing.outcome != new.outcome or new.amounts or new.specimen or new.cutoffs:
        return False
    if not set(new.looked_for) <= named_in(session, standing):
        return False
    same_time = new.collected_at in (None, standing.collected_at)
    same_note = new.note in (None, standing.note) and new.lab in (None, standing.lab)
    return findings_of(session, standing.id) == sorted(set(new.analytes)) and same_time and same_note


def _row(
    draw: Draw,
    new: NewResult,
    standing: Result | None,
    outcome: Outcome,
    specimen: Specimen | None,
    reason: str | None,
    kept: StaysSaid,
) -> Result:
    """The row to write. What it does not say stays as the one said that it corrects or adds to; a note with its
    outcome."""
    said = kept.result
    return Result(
        draw_id=id_of(draw),
        outcome=outcome,
        collected_at=new.collected_at
        or (said.collected_at if said else None)
        or (specimen.collected_at if specimen else None),
        note=new.note or (said.note if said and said.outcome == outcome else None),
        replaces_id=standing.id if standing else None,
        reason=reason,
        method=new.method,
        lab=new.lab or (said.lab if said else None),
        specimen_id=specimen.id if specimen else (kept.specimen.id if kept.specimen else None),
    )


def _supersede(work: Work, found: OpenDraw, method: Method) -> None:
    """What was said by other methods of a specimen that does not count says nothing of the second one."""
    _take_back(work, found, [other for other in Method if other is not method], OF_THE_FIRST)


def _take_back(work: Work, found: OpenDraw, methods: Iterable[Method], reason: str) -> None:
    """Have what these methods said of a draw not count any more; it stays on record."""
    for method in methods:
        standing = standing_result(work.session, id_of(found.draw), method)
        if standing is not None and standing.outcome is not None:
            row = Result(draw_id=id_of(found.draw), replaces_id=standing.id, reason=reason, method=standing.method)
            put(work, found, row)


def put(work: Work, found: OpenDraw, result: Result) -> Result:
    """Add the row that counts from now on. The database lets only one first result and one correction of it in."""
    try:
        work.write(result)
    except IntegrityError:
        raise TestingTrackerError(f"{found.which} was recorded by somebody else just now. Look at it first.") from None
    return result


def _write_findings(
    work: Work, result: Result, new: NewResult, found: Sequence[str], kept: StaysSaid, *, corrects: bool
) -> list[str]:
    """The analytes found, those that were measured and are below their cutoff, and those only looked for.

    Returns all that the result found, with what stays found.
    """
    rows = []
    for analyte in sorted({*found, *new.amounts, *new.looked_for}):
        amount, cutoff = new.amounts.get(analyte), new.cutoffs.get(analyte)
        rows.append(
            Finding(
                result_id=id_of(result),
                analyte=analyte,
                found=analyte in found,
                amount=str(amount.number) if amount else None,
                unit=amount.unit if amount else None,
                comparator=amount.comparator or None if amount else None,
                cutoff=str(cutoff) if cutoff else None,
            )
        )
    if kept.result is not None:
        rows = findings_kept(work.session, kept.result, rows, corrects=corrects)
        for row in rows:
            row.result_id = id_of(result)
    for row in rows:
        work.add(row)
    return sorted(row.analyte for row in rows if row.found)
