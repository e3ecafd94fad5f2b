"""`recommendation` and `review`: the clinician's worklist, decisions, and what else is to be looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, day_given, pass_desk, say
from testing_tracker.cli.desk.exporting import Export, exported
from testing_tracker.cli.desk.output import format_option, print_csv, print_json, print_rows, print_table, show
from testing_tracker.cli.desk.parameter_types import DAY_TO_COME, ID, LEVEL, REASON
from testing_tracker.rules.deciding.escalation import DISCLAIMER, SAME_USE
from testing_tracker.rules.words import Level

if TYPE_CHECKING:
    from testing_tracker.services.deciding.recent_record import EarlierDecision, RecentRecord
    from testing_tracker.services.deciding.recommendation_lines import EvidenceLine, RecommendationLine
    from testing_tracker.services.deciding.worklist import StepDownLine
    from testing_tracker.services.testing.collections import Collection

    Line = RecommendationLine | StepDownLine


_COLUMNS = ["id", "participant", "from_level", "to_level", "status", "raised_at", "evidence", "reason"]
_CSV = [*_COLUMNS, "kind", "age_days", "certainty", "awaited_by", "is_overdue", "deferred_until"]
_TABLE = ["id", "participant", "recommended", "status", "age", "evidence", "certainty", "awaited"]
_CERTAINTY = {"presumptive": "presumptive: confirm before acting"}


@click.group("recommendation", cls=CommandGroup)
def recommendation_command() -> None:
    """The escalation recommendations: the program recommends, a clinician decides."""


@recommendation_command.command("list")
@click.option("--open", "open_only", is_flag=True, help="Only those that nobody has decided on.")
@click.option("--all", "everything", is_flag=True, help="Also those of slips that were undone at once.")
@format_option
@pass_desk
def list_recommendations(desk: Desk, open_only: bool, everything: bool, form: str) -> None:
    """The worklist: newest evidence first, those put off and those decided on at the end.

    Also who is ready for review of a lower level, where the schedule says after how many negative weeks.
    """
    with desk.reading() as work:
        lines = services.worklist.worklist(work, open_only=open_only, slips_too=everything)
        waiting = len(services.reviews.listed(work))
        export = Export("recommendations", form, work.today)
    empty = "No recommendation is open." if open_only else "No recommendation yet."
    with exported(desk, export):
        print_recommendations(desk, lines, form, empty)
    if form == "table" and waiting:
        what = "1 review waits" if waiting == 1 else f"{waiting} reviews wait"
        show(f"{what} beside these: `testing-tracker review list`.")


@recommendation_command.command("show")
@click.argument("number", metavar="ID", type=ID)
@format_option
@pass_desk
def show_recommendation(desk: Desk, number: int, form: str) -> None:
    """One recommendation with everything it rests on, and the participant's recent record."""
    with desk.reading() as work:
        shown = services.recommendations.shown(work, number)
        line, record, zone = shown.line, shown.record, work.zone
        about = services.lookup.find_participant(work, line.participant).id
        export = Export("recommendation", form, number, participant_id=about)
    if form != "table":
        with exported(desk, export):
            if form == "json":
                behind = zip(line.evidence, shown.collections, strict=True)
                tests = [asdict(test) | asdict(collection) for test, collection in behind]
                print_json(desk, {**asdict(line), "evidence": tests, "record": asdict(record)})
            else:
                print_csv(desk, [_row(line)], _CSV)
        return
    say(desk, f"Recommendation {line.id} for {line.participant}: {line.from_level} to {line.to_level}, {line.status}")
    for said in _in_detail(line, shown.collections, zone):
        show(f"  {said}")
    show(f"{line.participant} so far: {record.standing}, {record.level}, schedule {record.schedule}")
    for said in _record_lines(line, record, zone):
        show(f"  {said}")
    if record.last_draws:
        print_table([vars(draw) for draw in record.last_draws], list(vars(record.last_draws[0])))
    click.echo(DISCLAIMER)


@recommendation_command.command("accept")
@click.argument("number", metavar="ID", type=ID)
@click.option("--to", "to_level", type=LEVEL, help="Another level than recommended; it may be lower.")
@click.option("--note", metavar="TEXT", help="What goes on record with the decision.")
@pass_desk
def accept_recommendation(desk: Desk, number: int, to_level: str | None, note: str | None) -> None:
    """Follow the recommendation: the participant is transferred to its level, or the one given, from today."""
    with desk.writing() as work:
        done = services.recommendations.accept(work, number, note, Level(to_level) if to_level else None)
    moved = f"is in {done.level_now} from today" if done.transferred else f"stays in {done.level_now}"
    other = f" at {to_level} instead of {done.recommended}" if to_level and to_level != done.recommended else ""
    say(desk, f"Recommendation {number} accepted{other}; {done.participant} {moved}.")


@recommendation_command.command("decline")
@click.argument("number", metavar="ID", type=ID)
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why it is not followed.")
@pass_desk
def decline_recommendation(desk: Desk, number: int, reason: str) -> None:
    """Do not follow the recommendation, for a reason."""
    with desk.writing() as work:
        participant = services.recommendations.decline(work, number, reason)
    say(desk, f"Recommendation {number} for {participant} declined.")


@recommendation_command.command("defer")
@click.argument("number", metavar="ID", type=ID)
@click.option("--until", type=DAY_TO_COME, required=True, metavar="DATE", help="The day on which it comes back.")
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why it is put off.")
@pass_desk
def defer_recommendation(desk: Desk, number: int, until: str, reason: str) -> None:
    """Put the recommendation off until a day, for a reason. A test that may show another use brings it back earlier."""
    with desk.writing() as work:
        day = day_given(until, work.today)
        participant = services.recommendations.defer(work, number, day, reason)
    say(desk, f"Recommendation {number} for {participant} is put off until {day}.")


def print_recommendations(desk: Desk, lines: Sequence["Line"], form: str, empty: str) -> None:
    """Print recommendations; the table says that they are no more than that."""
    if form == "json":
        print_json(desk, [asdict(line) for line in lines])
        return
    if form == "csv":
        print_csv(desk, [_row(line) for line in lines], _CSV)
        return
    print_rows(desk, [_row(line) | _for_people(line) for line in lines], _TABLE, form, empty)
    if lines:
        click.echo(DISCLAIMER)


def _row(line: "Line") -> dict[str, object]:
    return {**vars(line), "evidence": [_evidence_in_words(test) for test in line.evidence]}


def _for_people(line: "Line") -> dict[str, object]:
    step = f"{line.from_level} to {line.to_level}" if line.to_level is not line.from_level else "clinical review"
    return {
        "recommended": step,
        "status": _status(line),
        "age": "" if line.age_days is None else f"{line.age_days} d",
        "evidence": [_evidence_in_words(test) for test in line.evidence] or [line.reason.partition(":")[0]],
        "certainty": _CERTAINTY.get(line.certainty or "", line.certainty),
        "awaited": _awaited(line),
    }


def _status(line: "Line") -> str:
    if line.kind == "step-down":
        return "ready for review of a lower level"
    if line.deferred_until is not None:
        return f"{line.status}, put off until {line.deferred_until}"
    return f"{line.status}, its results have changed since" if line.changed_since else str(line.status)


def _awaited(line: "Line | EvidenceLine") -> str:
    if line.awaited_by is None:
        return ""
    return f"definitive result by {line.awaited_by}" + (", overdue" if line.is_overdue else "")


def _evidence_in_words(test: "EvidenceLine") -> str:
    """A test as evidence: its day, what it says, and what makes that less than it seems."""
    said = test.outcome or (test.status if test.status in ("missed", "refused") else "no result")
    words = f"{test.due_on} {said} {' '.join(test.analytes)}".rstrip()
    if test.expected:
        words += " (prescribed)"
    if test.same_use_as:
        words += f" ({SAME_USE} as {' and '.join(str(day) for day in test.same_use_as)})"
    return words


def _how(test: "EvidenceLine") -> str:
    """By which method all of it was found; where a laboratory has not looked at some, those."""
    if test.presumptive and len(test.presumptive) < len(test.analytes):
        return f"definitive; presumptive: {' '.join(test.presumptive)}"
    return test.method or ""


def _in_detail(line: "RecommendationLine", collections: "Sequence[Collection]", zone: tzinfo) -> Iterator[str]:
    ago = "today" if line.age_days == 0 else f"{line.age_days} days ago" if line.age_days > 1 else "1 day ago"
    yield f"raised    {_local(line.raised_at, zone)}, {ago}"
    yield f"because   {line.reason}"
    if line.certainty:
        yield f"certainty {_CERTAINTY.get(line.certainty, line.certainty)}"
    for test, collection in zip(line.evidence, collections, strict=True):
        more = ", ".join(filter(None, (_how(test), _awaited(test))))
        yield f"evidence  {_evidence_in_words(test)}" + (f"  [{more}]" if more else "")
        said = services.collections.collection_in_words(
            collection.collected_at, collection.note, collection.specimen, zone
        )
        if said:
            yield f"          {said}"
    if line.deferred_until is not None:
        yield f"put off   until {line.deferred_until}"
    if line.decided_at is not None:
        at = f" at {line.decided_level}" if line.decided_level else ""
        yield f"decided   {_local(line.decided_at, zone)} by {line.decided_by}{at}: {line.decision_reason or 'no note'}"
    if line.changed_since:
        yield "note      what it was decided on has changed since; the decision stands until a clinician changes it"


def _record_lines(line: "RecommendationLine", record: "RecentRecord", zone: tzinfo) -> Iterator[str]:
    yield f"pattern   {record.pattern}  (a letter a week, this week the last)"
    yield f"negatives {record.negatives_in_a_row} in a row now, {record.most_negatives_in_a_row} at most"
    for medicine in record.prescriptions:
        until = f" to {medicine.to_on}" if medicine.to_on else ""
        by = f", by {medicine.prescriber}" if medicine.prescriber else ""
        yield f"takes     {medicine.analyte}, prescribed from {medicine.from_on}{until}{by}"
    if not record.prescriptions:
        yield "takes     nothing by prescription that is on record"
    for review in record.reviews:
        detail = f": {review.detail}" if review.detail else ""
        yield f"review    {review.id}  {review.due_on}  {review.about}{detail}"
    for decision in record.decisions:
        if decision.recommendation != line.id or decision.decision == "deferred":
            yield f"earlier   {_decided(decision, zone)}"


def _decided(decision: "EarlierDecision", zone: tzinfo) -> str:
    at = f" at {decision.level}" if decision.level else ""
    when = _local(decision.at, zone)
    return f"{decision.recommendation} {decision.decision}{at}, {when} by {decision.by}: {decision.reason or 'no note'}"


def _local(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


_REVIEW_COLUMNS = ["id", "participant", "about", "due_on", "detail", "status", "age_days"]
_REVIEW_CSV = [*_REVIEW_COLUMNS, "raised_at", "done_at", "done_by", "note"]


@click.group("review", cls=CommandGroup)
def review_command() -> None:
    """What a clinician is asked to look at, such as a missed test where the schedule asks for a review of it."""


@review_command.command("list")
@click.option("--all", "closed_too", is_flag=True, help="Also those that are done or withdrawn.")
@format_option
@pass_desk
def list_reviews(desk: Desk, closed_too: bool, form: str) -> None:
    """What waits to be looked at, newest first."""
    with desk.reading() as work:
        rows = [asdict(line) for line in services.reviews.listed(work, closed_too=closed_too)]
        export = Export("reviews", form, work.today)
    columns = _REVIEW_COLUMNS
    if form == "csv":
        columns = _REVIEW_CSV
    elif closed_too:
        columns = [*_REVIEW_COLUMNS, "done_by", "note"]
    with exported(desk, export):
        print_rows(desk, rows, columns, form, "No review yet." if closed_too else "Nothing waits for review.")


@review_command.command("done")
@click.argument("number", metavar="ID", type=ID)
@click.option("--note", metavar="TEXT", help="What goes on record with it.")
@pass_desk
def done_with_review(desk: Desk, number: int, note: str | None) -> None:
    """Somebody has looked."""
    with desk.writing() as work:
        line = services.reviews.done(work, number, note)
    say(desk, f"Review {number} for {line.participant} ({line.about}, {line.due_on}) is done.")
