"""What stays said beside a new entry, and entries that were a slip and taken back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.words import Method, Outcome, RecommendationStatus, Status, Validity
from testing_tracker.services.testing.settling import beside, named_in
from testing_tracker.store.queries import finding_rows, findings_of, id_of, standing_result
from testing_tracker.store.tables import AuditEntry, Draw, Evidence, Finding, Recommendation, Result, Specimen
from testing_tracker.store.work import Work

if TYPE_CHECKING:
    from testing_tracker.rules.testing.specimens import NewSpecimen


_SAID_OF_A_SPECIMEN = ("kind", "label", "collector", "observed", "received_at")
_SAID_BY_THE_CUP = _SAID_OF_A_SPECIMEN[:-1]


@dataclass(frozen=True)
class StaysSaid:
    """What stays said beside a new entry.

    `result` is the row whose words stay: the one of its method that it corrects or adds to. `specimen` is the one that
    the entry is about, and `validity` what of it decides unless the entry says otherwise.
    """

    result: Result | None = None
    specimen: Specimen | None = None
    validity: Validity = Validity.NOT_TESTED

    @property
    def is_positive(self) -> bool:
        return self.result is not None and self.result.outcome == Outcome.POSITIVE

    def filled(self, new: "NewSpecimen") -> "NewSpecimen":
        """What is said of a specimen with what stays said of it.

        A laboratory measures for itself: of the cup's word it keeps what was collected, its label and by whom.
        """
        return new if self.specimen is None else filled(new, self.specimen, is_another_test=self.result is None)


def filled(new: "NewSpecimen", earlier: Specimen, *, is_another_test: bool = False) -> "NewSpecimen":
    """What is said of a specimen now, and of all else what was said before; another test measures for itself."""
    names = _SAID_BY_THE_CUP if is_another_test else _SAID_OF_A_SPECIMEN
    said = replace(new, **{name: getattr(earlier, name) for name in names if getattr(new, name) in (None, "")})
    if is_another_test:
        return said
    measured = {
        name: Decimal(text)
        for name, value in vars(new.measurements).items()
        if value is None and (text := getattr(earlier, name)) is not None
    }
    return replace(said, measurements=replace(new.measurements, **measured))


def kept_beside(session: Session, draw_id: int, standing: Result | None, method: Method, *, stays: bool) -> StaysSaid:
    """What stays said; `stays` where the new entry corrects or adds to the standing one of its method.

    A specimen that was collected again is another one, so nothing of the first stays. A laboratory tests what the cup
    was of: a specimen that made the cup's result invalid is no better for its negative.
    """
    result = standing if stays and standing is not None and standing.outcome is not None else None
    if result is not None and result.specimen_id is not None:
        specimen = session.get_one(Specimen, result.specimen_id)
        return StaysSaid(result, specimen, Validity(specimen.validity))
    cup = standing_result(session, draw_id, Method.PRESUMPTIVE) if method is Method.DEFINITIVE else None
    if cup is None or cup.outcome is None or cup.specimen_id is None:
        return StaysSaid(result)
    specimen = session.get_one(Specimen, cup.specimen_id)
    is_unusable = cup.outcome == Outcome.INVALID
    return StaysSaid(result, specimen, Validity(specimen.validity) if is_unusable else Validity.NOT_TESTED)


def is_further(work: Work, standing: Result | None, method: Method, outcome: Outcome, names: Sequence[str]) -> bool:
    """Whether a definitive result adds to the one on record: it is about analytes that that one did not look at.

    One that is invalid said nothing, so any may follow it.
    """
    if standing is None or standing.outcome is None or method is Method.PRESUMPTIVE or outcome is Outcome.INVALID:
        return False
    if standing.outcome == Outcome.INVALID:
        return True
    known = named_in(work.session, standing)
    return bool(names and known) and not _touch(work.vocabulary, frozenset(names), known)


def _touch(vocabulary: Vocabulary, names: frozenset[str], known: frozenset[str]) -> bool:
    """Whether one of two lists names an analyte of the other, or the class of one."""

    def classes(some: frozenset[str]) -> frozenset[str]:
        return frozenset(member for one in some for member in vocabulary.members_of(one))

    return bool(names & known or classes(names) & known or classes(known) & names)


def findings_kept(session: Session, earlier: Result, new: Sequence[Finding], *, corrects: bool) -> list[Finding]:
    """The findings of a new entry with those that stay said of the earlier one.

    A laboratory that corrects itself still looked at what it had named: what was found and is not any more, it looked
    for. An amount stays with an analyte that is found, or not, as before.
    """
    rows = finding_rows(session, earlier.id)
    before = {row.analyte: row for row in rows}
    for finding in new:
        if finding.amount is None and finding.analyte in before:
            _take_amount(finding, before.pop(finding.analyte))
        before.pop(finding.analyte, None)
    if earlier.method == Method.PRESUMPTIVE:
        return list(new)
    kept = []
    for row in before.values():
        finding = Finding(result_id=id_of(earlier), analyte=row.analyte, found=row.found and not corrects)
        _take_amount(finding, row)
        kept.append(finding)
    if not rows and earlier.outcome == Outcome.NEGATIVE:  # a plain negative was about all that the cup found
        cup = beside(session, earlier)
        found = findings_of(session, cup.id) if cup is not None and new else []
        named = {finding.analyte for finding in new}
        kept += [Finding(result_id=id_of(earlier), analyte=name, found=False) for name in found if name not in named]
    return [*new, *kept]


def _take_amount(finding: Finding, earlier: Finding) -> None:
    if finding.found == earlier.found:
        finding.amount, finding.unit = earlier.amount, earlier.unit
        finding.comparator, finding.cutoff = earlier.comparator, finding.cutoff or earlier.cutoff


_GIVES_A_STATUS = tuple(Act.of_draw(status) for status in Status)
_TYPED = (
    *(Act.RESULT_LOG, Act.DRAW_COLLECTED, Act.DRAW_TRIED),
    *(Act.DRAW_MISSED, Act.DRAW_REFUSED, Act.DRAW_EXCUSED),
)


@dataclass(frozen=True)
class Slip:
    """What was typed by mistake for a draw, and taken back by whom and when (UTC)."""

    due_on: date
    said: str
    undone_at: datetime
    undone_by: str


def is_same_day(work: Work, typed_at: datetime) -> bool:
    """Whether a line was typed on the facility's day that it is now."""
    return typed_at.astimezone(work.zone).date() == work.now.astimezone(work.zone).date()


def mark_recommendation(work: Work, number: int | None, draw: Draw) -> None:
    """Keep a recommendation out of sight that a slip raised today and that went with it; any other stays in sight.

    So does one that was decided on meanwhile, and reopened: somebody has acted on it.
    """
    recommendation = work.session.get(Recommendation, number) if number is not None else None
    if recommendation is None or recommendation.status != RecommendationStatus.WITHDRAWN:
        return
    others = select(Evidence.id).where(Evidence.recommendation_id == number, Evidence.draw_id != draw.id)
    reopened = select(AuditEntry.id).where(
        AuditEntry.recommendation_id == number, AuditEntry.act == Act.RECOMMENDATION_REOPEN
    )
    is_alone = all(work.session.exec(query.limit(1)).first() is None for query in (others, reopened))
    if is_alone and is_same_day(work, recommendation.raised_at):
        recommendation.undone = True
        work.write(recommendation)


def slips_of(session: Session, participant_id: int, zone: tzinfo) -> list[Slip]:
    """A participant's slips that were undone on their day, oldest first."""
    rows = session.exec(
        select(AuditEntry, Draw)
        .join(Draw, col(Draw.id) == AuditEntry.draw_id)
        .where(
            AuditEntry.participant_id == participant_id,
            col(AuditEntry.act).in_((*_TYPED, *_GIVES_A_STATUS, Act.LOG_UNDO)),
        )
        .order_by(col(AuditEntry.id))
    ).all()
    days = {entry.draw_id: draw.due_on for entry, draw in rows}
    slips = []
    for taken_back in _taken_back([entry for entry, _ in rows], zone):
        typed, undo = taken_back[0], next(entry for entry in taken_back if entry.act == Act.LOG_UNDO)
        said = str(json.loads(undo.detail or "{}").get("undone", typed.act))
        slips.append(Slip(days[undo.draw_id], said, undo.at, undo.account))
    return slips


def without_slips(entries: Sequence[AuditEntry], zone: tzinfo) -> list[AuditEntry]:
    """The acts on draws, in their order, without those that were undone on their day, and without the undoing.

    What was typed before these acts begin, and undone among them, stays: it was in sight.
    """
    hidden = {id_of(entry) for taken_back in _taken_back(entries, zone) for entry in taken_back}
    return [entry for entry in entries if id_of(entry) not in hidden]


def _taken_back(entries: Sequence[AuditEntry], zone: tzinfo) -> list[list[AuditEntry]]:
    """What was typed for a draw and undone on the same day, with the entries that came of it: that who could not
    provide makes a draw of a day that is over unrecorded, the undoing, and that the draw is what it was before."""
    typed: dict[int | None, list[list[AuditEntry]]] = {}
    goes_back: dict[int | None, list[AuditEntry]] = {}
    found = []
    for entry in sorted(entries, key=id_of):
        lines = typed.setdefault(entry.draw_id, [])
        if entry.act == Act.LOG_UNDO:
            goes_back[entry.draw_id] = undone = [*(lines.pop() if lines else []), entry]
            if len(undone) > 1 and _on_one_day(undone[0], entry, zone):
                found.append(undone)
        elif entry.act in _GIVES_A_STATUS and entry.draw_id in goes_back:
            goes_back.pop(entry.draw_id).append(entry)
        elif entry.act in _TYPED:
            lines.append([entry])
        elif entry.act == Act.DRAW_UNRECORDED and lines and lines[-1][-1].act == Act.DRAW_TRIED:
            lines[-1].append(entry)
    return found


def _on_one_day(typed: AuditEntry, undone: AuditEntry, zone: tzinfo) -> bool:
    return typed.at.astimezone(zone).date() == undone.at.astimezone(zone).date()
