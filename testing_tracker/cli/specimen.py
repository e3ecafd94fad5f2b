"""`specimen` and `swap`: what was collected, whose hands it went through, and cups logged the wrong way round."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.exporting import Export, exported
from testing_tracker.cli.desk.given_days import day_given, instant_given
from testing_tracker.cli.desk.output import format_option, print_json, print_rows, show
from testing_tracker.cli.desk.parameter_types import CODE, INSTANT, REASON
from testing_tracker.cli.desk.recorded import found_in_words, told
from testing_tracker.cli.result import which_draw
from testing_tracker.rules.words import MEASURED

if TYPE_CHECKING:
    from testing_tracker.services.testing.results import Logged
    from testing_tracker.services.testing.specimens import SpecimenRecord


_LABEL = 22  # columns before what a line says
_SHOWN = {
    "kind": "kind",
    "collector": "collected by",
    "temperature": "temperature (C)",
    "creatinine": "creatinine (mg/dL)",
    "specific_gravity": "specific gravity",
    "ph": "pH",
    "oxidant": "oxidant",
    "validity": "validity",
    "because": "because",
    "edition": "limits",
}


@click.group("specimen", cls=CommandGroup)
def specimen_command() -> None:
    """What was collected for a draw, and through whose hands it went."""


@specimen_command.command("show")
@click.argument("label", metavar="ID")
@format_option
@pass_desk
def show_specimen(desk: Desk, label: str, form: str) -> None:
    """A specimen by its label or barcode: what was measured on it, and every hand that it passed through."""
    with desk.reading() as work:
        record = services.specimens.shown(work, label)
        specimen = record.specimen.model_dump(exclude={"draw_id", "replaces_id", "label_key"})
        whose = {"participant": record.participant, "due_on": record.draw.due_on}
        export = Export("specimen", form, record.draw.due_on, participant_id=record.draw.participant_id)
        zone = work.zone
    hands, moves = ([vars(one) for one in several] for several in (record.hands, record.moves))
    with exported(desk, export):
        if form == "json":
            print_json(desk, {**whose, **specimen, "hands": hands, "moves": moves})
        elif form == "csv":
            print_rows(desk, hands, ["at", "whom", "what", "recorded_by"], form, empty="")
        else:
            draw = f"{record.participant}'s draw of {whose['due_on']}"
            of = f", taken back from {draw}: nobody's now" if specimen["withdrawn"] else f" of {draw}"
            say(desk, f"Specimen {label}{of}")
            for line in _lines(record, specimen, zone):
                show(line, _LABEL)


def _lines(record: "SpecimenRecord", specimen: dict[str, Any], zone: tzinfo) -> Iterator[str]:
    """What was measured on a specimen, which draws it was logged for, and whose hands it went through."""
    for key, title in _SHOWN.items():
        said = "not tested" if specimen[key] is None and key in MEASURED else specimen[key]
        if said is not None:
            yield f"  {title:<19} {said}"
    observed = {True: "yes", False: "no", None: "not said"}[specimen["observed"]]
    yield f"  {'observed':<19} {observed}"
    for move in record.moves:
        what = "taken back from" if move.withdrawn else "logged for"
        when = f"{move.recorded_at.astimezone(zone):%Y-%m-%d %H:%M}"
        yield f"  {what:<19} {move.participant}'s draw of {move.due_on} ({when} by {move.recorded_by})"
    yield "  through the hands of"
    for hand in record.hands:
        at = f"{hand.at.astimezone(zone):%Y-%m-%d %H:%M}" if hand.at else "time not said"
        yield f"    {at:<16}  {hand.whom}: {hand.what} (recorded by {hand.recorded_by})"


@specimen_command.command("handover")
@click.argument("label", metavar="ID")
@click.option("--to", "to_whom", metavar="WHOM", required=True, help="Who has it now: a person, a courier, a lab.")
@click.option("--from", "from_whom", metavar="WHOM", help="Who had it. Default: the last on record.")
@click.option("--at", type=INSTANT, metavar="TIME", help="Such as 09:40 today. Default: now.")
@click.option("--for", "purpose", metavar="TEXT", help="What for.")
@pass_desk
def hand_over(desk: Desk, label: str, to_whom: str, from_whom: str | None, at: str | None, purpose: str | None) -> None:
    """A specimen passes to another hand."""
    with desk.writing() as work:
        moment = instant_given(work, work.today, at, "time of the handover")
        row = services.specimens.hand_over(work, label, to_whom, from_whom, moment, purpose)
        said = f"{label}: from {row.from_whom} to {row.to_whom}."
    say(desk, said)


@click.command("swap")
@click.argument("code", type=CODE)
@click.argument("other", metavar="OTHER", type=CODE)
@which_draw
@click.option("--reason", type=REASON, metavar="TEXT", required=True, help="What happened.")
@pass_desk
def swap_command(desk: Desk, code: str, other: str, on: str | None, for_cause: bool | None, reason: str) -> None:
    """Exchange two participants' cups of a day, where each was logged for the other.

    Results, specimen labels, every hand that the cups passed through and awaited definitive results change places;
    the earlier entries are kept. Where one of the two has no cup, the other one's moves there.
    """
    with desk.writing() as work:
        day = day_given(on, work.today)
        one, another = (
            services.draws.find_draw_to_correct(work, whose, day, for_cause=for_cause) for whose in (code, other)
        )
        services.corrections.check_may_swap(work, one, another)
        done = services.swapping.swap(work, one, another, reason)
        lines = [
            line
            for found, whose, logged in zip((one, another), (another, one), done, strict=True)
            for line in told(found.which, _now(whose.participant.code, logged), logged)
        ]
        warnings = [warning for logged in done for warning in logged.warnings]
    for line in lines:
        say(desk, line)
    for warning in warnings:
        warn(f"{warning}.")


def _now(whose: str, logged: "Logged") -> str:
    """What a draw has after the swap."""
    if logged.outcome is not None:
        return f"{whose}'s cup, {found_in_words(logged)}; the earlier entry is kept"
    if logged.draw.status == "collected":
        return f"{whose}'s cup, whose result is to come; the earlier entry is kept"
    because = f", because {logged.because}" if logged.because else ""
    return f"has no cup now and is {logged.draw.status}{because}; the earlier entry is kept"
