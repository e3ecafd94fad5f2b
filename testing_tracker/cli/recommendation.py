"""`recommendation`: the clinician's worklist, and the decisions."""

from dataclasses import asdict
from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.asking import agree, is_asked, yes_option
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk, say
from testing_tracker.cli.desk.exporting import Export, exported, people_in
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import format_option, print_csv, print_json, print_table, show
from testing_tracker.cli.desk.parameter_types import DAY_TO_COME, DECIDED_RECOMMENDATION, LEVEL, REASON, RECOMMENDATION
from testing_tracker.cli.desk.recommended import (
    CSV_COLUMNS,
    LABEL,
    Labelled,
    decided_in_words,
    earlier_decisions,
    facts_of,
    facts_of_record,
    print_recommendations,
    row_of,
)
from testing_tracker.rules.deciding.escalation import DISCLAIMER
from testing_tracker.rules.words import Level

if TYPE_CHECKING:
    from testing_tracker.services.deciding.recommendations import ShownRecommendation

WHICH = "ID|CODE"


@click.group("recommendation", cls=CommandGroup)
def recommendation_command() -> None:
    """The escalation recommendations: the program recommends, a clinician decides."""


@recommendation_command.command("list")
@click.option("--open", is_flag=True, hidden=True, expose_value=False, help="What is listed anyway.")
@click.option("--all", "everything", is_flag=True, help="Also those decided on or withdrawn, and those of slips.")
@format_option
@pass_desk
def list_recommendations(desk: Desk, everything: bool, form: str) -> None:
    """What nobody has decided on: newest evidence first, those put off at the end.

    Also who is ready for review of a lower level, where the schedule says after how many negative weeks.
    """
    with desk.reading() as work:
        lines = services.worklist.worklist(work, everything=everything)
        waiting = len(services.reviews.listed(work))
        export = Export("recommendations", form, work.today, many=people_in(lines))
    empty = "No recommendation yet." if everything else "No recommendation is open."
    with exported(desk, export):
        print_recommendations(desk, lines, form, empty)
    if form == "table" and waiting:
        what = "1 review waits" if waiting == 1 else f"{waiting} reviews wait"
        show(f"{what} beside these: `testing-tracker review list`.")


@recommendation_command.command("show")
@click.argument("which", metavar=WHICH, type=RECOMMENDATION)
@format_option
@pass_desk
def show_recommendation(desk: Desk, which: str, form: str) -> None:
    """One recommendation with everything it rests on, and the participant's recent record."""
    with desk.reading() as work:
        number = services.meant.number_meant(work, which)
        shown = services.recommendations.shown(work, number)
        line, record, zone = shown.line, shown.record, work.zone
        about = services.lookup.find_participant(work, line.participant).id
        export = Export("recommendation", form, number, participant_id=about)
    with exported(desk, export):
        if form == "json":
            behind = zip(line.evidence, shown.collections, strict=True)
            tests = [asdict(test) | asdict(collection) for test, collection in behind]
            print_json(desk, {**asdict(line), "evidence": tests, "record": asdict(record)})
        elif form == "csv":
            print_csv(desk, [row_of(line)], CSV_COLUMNS)
        else:
            _print_recommendation(desk, shown, zone)


def _print_recommendation(desk: Desk, shown: "ShownRecommendation", zone: tzinfo) -> None:
    line, record = shown.line, shown.record
    say(desk, f"Recommendation {line.id} for {line.participant}: {line.from_level} to {line.to_level}, {line.status}")
    for fact in facts_of(line, shown.collections, zone):
        show(str(fact), LABEL if fact.label is not None else 0)
    show(f"{line.participant} so far: {record.standing}, {record.level}, schedule {record.schedule}")
    for fact in facts_of_record(record):
        show(str(fact), LABEL if fact.label is not None else 0)
    for decision in earlier_decisions(line, record.decisions):
        show(str(Labelled(0, "earlier", decided_in_words(decision, zone))), LABEL)
    if record.last_draws:
        print_table([vars(draw) for draw in record.last_draws], list(vars(record.last_draws[0])))
    show(DISCLAIMER)


@recommendation_command.command("accept")
@click.argument("which", metavar=WHICH, type=RECOMMENDATION)
@click.option("--to", "to_level", type=LEVEL, help="Another level than recommended; it may be lower.")
@click.option("--note", metavar="TEXT", help="What goes on record with the decision.")
@yes_option
@pass_desk
def accept_recommendation(desk: Desk, which: str, to_level: str | None, note: str | None, yes: bool) -> None:
    """Follow the recommendation: the participant is transferred to its level, or the one given, from today.

    Instead of its number a participant's code will do where one is open. The schedule stays. At a terminal it says what
    will change, and asks.
    """
    level, said = Level(to_level) if to_level else None, None
    if is_asked(yes=yes):
        with desk.reading() as work:
            said = services.recommendations.acceptance(work, services.meant.number_meant(work, which), level)
        agree(desk, f"Recommendation {said.number}: {said.move}")
    with desk.writing() as work:
        number = said.number if said else services.meant.number_meant(work, which)
        done = services.recommendations.accept(work, number, note, level, said)
    say(desk, done.done)


@recommendation_command.command("decline")
@click.argument("which", metavar=WHICH, type=RECOMMENDATION)
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why it is not followed.")
@pass_desk
def decline_recommendation(desk: Desk, which: str, reason: str) -> None:
    """Do not follow the recommendation, for a reason."""
    with desk.writing() as work:
        number = services.meant.number_meant(work, which)
        participant = services.recommendations.decline(work, number, reason)
    say(desk, f"Recommendation {number} for {participant} declined.")


@recommendation_command.command("defer")
@click.argument("which", metavar=WHICH, type=RECOMMENDATION)
@click.option("--until", type=DAY_TO_COME, required=True, metavar="DATE", help="The day on which it comes back.")
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why it is put off.")
@pass_desk
def defer_recommendation(desk: Desk, which: str, until: str, reason: str) -> None:
    """Put the recommendation off until a day, for a reason. A test that may show another use brings it back earlier."""
    with desk.writing() as work:
        number = services.meant.number_meant(work, which)
        day = day_given(until, work.today)
        participant = services.recommendations.defer(work, number, day, reason)
    say(desk, f"Recommendation {number} for {participant} is put off until {day}.")


@recommendation_command.command("reopen")
@click.argument("which", metavar=WHICH, type=DECIDED_RECOMMENDATION)
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why it was a mistake.")
@yes_option
@pass_desk
def reopen_recommendation(desk: Desk, which: str, reason: str, yes: bool) -> None:
    """Take a decision back that was a mistake: the recommendation is open again. One that was put off is back now.

    Where the decision moved the participant, and nobody has since, that is taken back from today. The decision is kept,
    and the recommendation is weighed anew. At a terminal it says what will change, and asks.
    """
    said = None
    if is_asked(yes=yes):
        with desk.reading() as work:
            said = services.reopening.reopening(work, services.meant.number_meant(work, which, decided=True))
        agree(desk, said)
    with desk.writing() as work:
        number = said.number if said else services.meant.number_meant(work, which, decided=True)
        told = services.reopening.reopen(work, number, reason, said).told
    for line in told:
        say(desk, line)
