"""`recommendation`: the escalation recommendations, and a clinician's decisions on them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk import Desk, pass_desk
from testing_tracker.cli.output import format_option, print_csv, print_json, print_rows, say
from testing_tracker.cli.words import REASON
from testing_tracker.rules.escalation import DISCLAIMER

if TYPE_CHECKING:
    from testing_tracker.services.recommendations import RecommendationLine

_COLUMNS = ["id", "participant", "from_level", "to_level", "status", "raised_at", "evidence", "reason"]


@click.group("recommendation")
def recommendation_command() -> None:
    """The escalation recommendations: the program recommends, a clinician decides."""


@recommendation_command.command("list")
@click.option("--open", "open_only", is_flag=True, help="Only those that nobody has decided on.")
@format_option
@pass_desk
def list_recommendations(desk: Desk, open_only: bool, form: str) -> None:
    """Every recommendation, newest first."""
    with desk.reading() as (session, acting):
        lines = services.recommendations.listed(session, acting, open_only=open_only)
    print_recommendations(
        desk, lines, form, empty="No recommendation is open." if open_only else "No recommendation yet."
    )


@recommendation_command.command("show")
@click.argument("number", metavar="ID", type=int)
@format_option
@pass_desk
def show_recommendation(desk: Desk, number: int, form: str) -> None:
    """One recommendation with everything it rests on."""
    with desk.reading() as (session, acting):
        line = services.recommendations.shown(session, acting, number)
        raised = line.raised_at.astimezone(acting.zone)
        decided = line.decided_at.astimezone(acting.zone) if line.decided_at else None
    if form == "json":
        print_json(desk, asdict(line))
        return
    if form == "csv":
        print_csv(desk, [_row(line)], _COLUMNS)
        return
    say(desk, f"Recommendation {line.id} for {line.participant}: {line.from_level} to {line.to_level}, {line.status}")
    click.echo(f"  raised    {raised:%Y-%m-%d %H:%M}")
    click.echo(f"  because   {line.reason}")
    for test in line.evidence:
        click.echo(f"  evidence  {test.due_on}  {test.outcome or 'no result'}  {', '.join(test.analytes)}".rstrip())
    if decided:
        click.echo(f"  decided   {decided:%Y-%m-%d %H:%M} by {line.decided_by}: {line.decision_reason or 'no note'}")
    click.echo(DISCLAIMER)


@recommendation_command.command("accept")
@click.argument("number", metavar="ID", type=int)
@click.option("--note", metavar="TEXT", help="What goes on record with the decision.")
@pass_desk
def accept_recommendation(desk: Desk, number: int, note: str | None) -> None:
    """Follow the recommendation: the participant is transferred to its level from today."""
    with desk.writing() as (session, acting):
        done = services.recommendations.accept(session, acting, number, note)
    moved = f"is in {done.level_now} from today" if done.transferred else f"stays in {done.level_now}"
    say(desk, f"Recommendation {number} accepted; {done.participant} {moved}.")


@recommendation_command.command("decline")
@click.argument("number", metavar="ID", type=int)
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="Why it is not followed.")
@pass_desk
def decline_recommendation(desk: Desk, number: int, reason: str) -> None:
    """Do not follow the recommendation, for a reason."""
    with desk.writing() as (session, acting):
        participant = services.recommendations.decline(session, acting, number, reason)
    say(desk, f"Recommendation {number} for {participant} declined.")


def in_a_line(number: int, participant: str, status: str, reason: str) -> str:
    """A recommendation that an act has raised or changed, in a line of what the act prints."""
    return f"Recommendation {number} for {participant}, {status}: {reason}. A clinician decides."


def print_recommendations(desk: Desk, lines: Sequence["RecommendationLine"], form: str, empty: str) -> None:
    """Print recommendations; the table says that they are no more than that."""
    if form == "json":
        print_json(desk, [asdict(line) for line in lines])
        return
    rows = [_row(line) for line in lines]
    if form == "csv":
        print_csv(desk, rows, _COLUMNS)
        return
    print_rows(desk, rows, ["id", "participant", "recommended", "status", "evidence"], form, empty)
    if lines:
        click.echo(DISCLAIMER)


def _row(line: "RecommendationLine") -> dict[str, object]:
    evidence = [
        f"{test.due_on} {test.outcome or 'no result'} {' '.join(test.analytes)}".rstrip() for test in line.evidence
    ]
    step = f"{line.from_level} to {line.to_level}" if line.to_level is not line.from_level else "clinical review"
    return {**vars(line), "recommended": step, "evidence": evidence}
