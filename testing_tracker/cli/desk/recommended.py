"""Prints recommendations: a line each for lists, and one with all that it rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.output import print_csv, print_json, print_rows, show
from testing_tracker.rules.deciding.escalation import DISCLAIMER, SAME_USE
from testing_tracker.rules.words import RecommendationStatus

if TYPE_CHECKING:
    from testing_tracker.services.deciding.recent_record import EarlierDecision, RecentRecord
    from testing_tracker.services.deciding.recommendation_lines import EvidenceLine, RecommendationLine
    from testing_tracker.services.deciding.worklist import StepDownLine
    from testing_tracker.services.testing.collections import Collection

    Line = RecommendationLine | StepDownLine


_COLUMNS = ["id", "participant", "from_level", "to_level", "status", "raised_at", "evidence", "reason"]
CSV_COLUMNS = [*_COLUMNS, "kind", "age_days", "certainty", "awaited_by", "is_overdue", "deferred_until"]
LABEL = 12  # columns before what a line says
CERTAINTY = {"presumptive": "presumptive: confirm before acting"}


def print_recommendations(desk: Desk, lines: Sequence["Line"], form: str, empty: str) -> None:
    """Print recommendations; the table says that they are no more than that.

    It is made for 80 columns: the status has a column where not all are open, and what is to be known of a test stands
    beside it.
    """
    if form == "json":
        print_json(desk, [asdict(line) for line in lines])
        return
    if form == "csv":
        print_csv(desk, [row_of(line) for line in lines], CSV_COLUMNS)
        return
    status = ["status"] if any(line.status is not RecommendationStatus.OPEN for line in lines) else []
    columns = ["id", "participant", "recommended", *status, "age", "evidence"]
    print_rows(desk, [row_of(line) | _for_people(line) for line in lines], columns, form, empty)
    if lines:
        show(DISCLAIMER)


def row_of(line: "Line") -> dict[str, object]:
    """A recommendation as a row of csv has it."""
    return {**vars(line), "evidence": [evidence_in_words(test) for test in line.evidence]}


def _for_people(line: "Line") -> dict[str, object]:
    return {
        "recommended": step(line),
        "age": "" if line.age_days is None else f"{line.age_days} d",
        "evidence": "; ".join(_what_it_rests_on(line)),
    }


def step(line: "Line") -> str:
    """What is recommended, in two levels of care; without a step it is a clinical review."""
    return f"{line.from_level} to {line.to_level}" if line.to_level is not line.from_level else "clinical review"


def _what_it_rests_on(line: "Line") -> Iterator[str]:
    if line.kind == "step-down":
        yield line.reason.rpartition(",")[0] or line.reason
        return
    more = ", ".join(filter(None, (CERTAINTY.get(line.certainty or "", line.certainty), awaited_in_words(line))))
    yield ", ".join(evidence_in_words(test) for test in line.evidence) + (f" [{more}]" if more else "")
    if line.deferred_until is not None:
        yield f"put off until {line.deferred_until}"
    if line.changed_since:
        yield "its results have changed since"


def awaited_in_words(line: "Line | EvidenceLine") -> str:
    """By when a definitive result is awaited; nothing where none is."""
    if line.awaited_by is None:
        return ""
    return f"definitive result by {line.awaited_by}" + (", overdue" if line.is_overdue else "")


def evidence_in_words(test: "EvidenceLine") -> str:
    """A test as evidence: its day, what it says, and what makes that less than it seems."""
    said = test.outcome or (test.status if test.status in ("missed", "refused") else "no result")
    words = f"{test.due_on} {said} {' '.join(test.analytes)}".rstrip()
    if test.expected:
        words += " (prescribed)"
    if test.same_use_as:
        words += f" ({SAME_USE} as {' and '.join(str(day) for day in test.same_use_as)})"
    return words


def how_found(test: "EvidenceLine") -> str:
    """By which method all of it was found; where a laboratory has not looked at some, those."""
    if test.presumptive and len(test.presumptive) < len(test.analytes):
        return f"definitive; presumptive: {' '.join(test.presumptive)}"
    return test.method or ""


class Labelled(NamedTuple):
    """Something to be known for a decision, with a word for what it is. The higher its rank, the sooner it is left out
    where there is no room."""

    rank: int
    label: str | None
    text: str

    def __str__(self) -> str:
        return self.text if self.label is None else f"  {self.label:<{LABEL - 2}}{self.text}"


def facts_of(line: "RecommendationLine", collections: "Sequence[Collection]", zone: tzinfo) -> Iterator[Labelled]:
    """Everything that a recommendation rests on, and what became of it."""
    yield Labelled(0, "because", line.reason)
    if line.certainty:
        yield Labelled(0, "certainty", CERTAINTY.get(line.certainty, line.certainty))
    for test, collection in zip(line.evidence, collections, strict=True):
        more = ", ".join(filter(None, (how_found(test), awaited_in_words(test))))
        yield Labelled(1, "evidence", evidence_in_words(test) + (f"  [{more}]" if more else ""))
        told = services.collections.collection_in_words(
            collection.collected_at, collection.note, collection.specimen, zone
        )
        if told:
            yield Labelled(3, "", told)
    if line.deferred_until is not None:
        yield Labelled(0, "put off", f"until {line.deferred_until}")
    if line.status is not RecommendationStatus.OPEN:
        yield Labelled(0, "status", became_in_words(line, zone))
    if line.changed_since:
        said = "what it was decided on has changed since; the decision stands until a clinician changes it"
        yield Labelled(0, "note", said)
    yield Labelled(5, "raised", f"{local_time(line.raised_at, zone)}, {ago(line.age_days)}")


def became_in_words(line: "RecommendationLine", zone: tzinfo) -> str:
    """What a recommendation is that is not open: at which level, when, by whom and why."""
    at = f" at {line.decided_level}" if line.decided_level else ""
    when = f" {local_time(line.decided_at, zone)} by {line.decided_by}" if line.decided_at else ""
    return f"{line.status}{at}{when}: {line.decision_reason or 'no note'}"


def facts_of_record(record: "RecentRecord", without_review: int | None = None) -> Iterator[Labelled]:
    """A participant's recent record but for its draws; one of the reviews may be left out."""
    yield Labelled(2, "pattern", f"{record.pattern}  (a letter a week, this week the last)")
    most = record.most_negatives_in_a_row
    yield Labelled(3, "negatives", f"{record.negatives_in_a_row} in a row now, {most} at most")
    for medicine in record.prescriptions:
        until = f" to {medicine.to_on}" if medicine.to_on else ""
        by = f", by {medicine.prescriber}" if medicine.prescriber else ""
        yield Labelled(1, "takes", f"{medicine.analyte}, prescribed from {medicine.from_on}{until}{by}")
    if not record.prescriptions:
        yield Labelled(3, "takes", "nothing by prescription that is on record")
    for review in record.reviews:
        if review.id != without_review:
            yield Labelled(3, "review", f"{review.id}  {review.due_on}  {review.what}")


def ago(days: int) -> str:
    """How long ago something was."""
    return "today" if days == 0 else "1 day ago" if days == 1 else f"{days} days ago"


def earlier_decisions(line: "RecommendationLine", decisions: "Sequence[EarlierDecision]") -> "list[EarlierDecision]":
    """All decisions, newest first, but the one that stands on the recommendation itself."""
    earlier = list(decisions)
    if line.status in (RecommendationStatus.ACCEPTED, RecommendationStatus.DECLINED):
        stands = (one for one in earlier if (one.recommendation, one.decision) == (line.id, line.status))
        newest = next(stands, None)
        earlier = [one for one in earlier if one is not newest]
    return earlier


def decided_in_words(decision: "EarlierDecision", zone: tzinfo) -> str:
    """An earlier decision in a line: on which recommendation, what, when, by whom and why."""
    at = f" at {decision.level}" if decision.level else ""
    when = local_time(decision.at, zone)
    return f"{decision.recommendation} {decision.decision}{at}, {when} by {decision.by}: {decision.reason or 'no note'}"


def local_time(moment: datetime, zone: tzinfo) -> str:
    """An instant by the facility's clock."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
