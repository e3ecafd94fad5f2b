"""`prescription`: what participants take by prescription, which results are read against."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.asking import confirmed
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.exporting import Export, exported, people_in
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import (
    changed_line,
    decided_lines,
    format_option,
    lost_ground_line,
    print_json,
    print_rows,
)
from testing_tracker.cli.desk.parameter_types import ANALYTE, CODE, DAY, REASON
from testing_tracker.cli.desk.terminal import in_its_lines

if TYPE_CHECKING:
    from testing_tracker.rules.testing.interpretation import Interpretation
    from testing_tracker.services.testing.prescribing import Changed, Reread, Touched

_COLUMNS = ["participant", "analyte", "explains", "from_on", "to_on", "status", "prescriber", "reason"]

_reread_option = click.option(
    "--reread/--no-reread", default=None, help="Whether to read the results of these days again. Default: ask."
)


@click.group("prescription", cls=CommandGroup)
def prescription_command() -> None:
    """What participants take by prescription: a positive that it explains is expected."""


@prescription_command.command("add")
@click.argument("code", type=CODE)
@click.argument("analyte", type=ANALYTE)
@click.option("--from", "from_on", type=DAY, metavar="DATE", help="The first day. Default: today.")
@click.option("--to", "to_on", type=DAY, metavar="DATE", help="The last day. Default: until it is ended.")
@click.option("--prescriber", type=REASON, metavar="TEXT", help="Who prescribes it.")
@_reread_option
@pass_desk
def add_prescription(
    desk: Desk,
    code: str,
    analyte: str,
    from_on: str | None,
    to_on: str | None,
    prescriber: str | None,
    reread: bool | None,
) -> None:
    """Put a prescription on record; its first and last day are included."""
    with desk.reading() as work:
        last = day_given(to_on, work.today) if to_on else None
        new = services.prescribing.NewPrescription(code, analyte, day_given(from_on, work.today), last, prescriber)
        touched = _in_lines(services.prescribing.touched_by_adding(work, new))
    wanted = _is_wanted(touched, reread)
    with desk.writing() as work:
        changed = services.prescribing.add(work, new, reread=wanted)
        days = services.prescribing.in_days(changed.prescription)
        said = [f"{changed.participant.code} is prescribed {analyte} {days}.", *_also_explains(desk, analyte)]
        said += _what_followed(changed)
        left = _left_alone(changed)
    _tell(desk, said, left)


@prescription_command.command("end")
@click.argument("code", type=CODE)
@click.argument("analyte", type=ANALYTE)
@click.option("--on", type=DAY, metavar="DATE", help="The last day. Default: today.")
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why.")
@_reread_option
@pass_desk
def end_prescription(desk: Desk, code: str, analyte: str, on: str | None, reason: str, reread: bool | None) -> None:
    """Let a prescription end with a day, its last one; one that begins only later is called off."""
    with desk.reading() as work:
        last = day_given(on, work.today)
        touched = _in_lines(services.prescribing.touched_by_ending(work, code, analyte, last))
    wanted = _is_wanted(touched, reread)
    with desk.writing() as work:
        changed = services.prescribing.end(work, code, analyte, last, reason, reread=wanted)
        row, shown = changed.prescription, changed.participant.code
        if services.prescriptions.is_called_off(row):
            said = [f"{shown}'s prescription of {analyte} from {row.from_on} is called off; it counts for no day."]
        else:
            said = [f"{shown}'s prescription of {analyte} {'ended' if last < work.today else 'ends'} on {row.to_on}."]
        said += _what_followed(changed)
        left = _left_alone(changed)
    _tell(desk, said, left)


@prescription_command.command("list")
@click.argument("code", type=CODE, required=False)
@click.option("--on", type=DAY, metavar="DATE", help="As of that day. Default: today.")
@click.option("--all", "everything", is_flag=True, help="Also what ended, is to come, was called off or replaced.")
@format_option
@pass_desk
def list_prescriptions(desk: Desk, code: str | None, on: str | None, everything: bool, form: str) -> None:
    """What is prescribed, with the other analytes that each prescription explains."""
    with desk.reading() as work:
        day = day_given(on, work.today)
        lines = services.prescriptions.listed(work, code, day, everything=everything)
        about = services.lookup.find_participant(work, code).id if code else None
    whose = f" for {code}" if code else ""
    empty = f"No prescription{whose} is on record." if everything else f"No prescription{whose} is active on {day}."
    with exported(desk, Export("prescriptions", form, day, participant_id=about, many=people_in(lines))):
        if form == "json":
            print_json(desk, [asdict(line) for line in lines])
        else:
            print_rows(desk, [vars(line) for line in lines], _COLUMNS, form, empty)


@prescription_command.command("reread")
@click.argument("code", type=CODE)
@click.option(
    "--reason", type=REASON, default="prescriptions changed", show_default=True, metavar="TEXT", help="Goes on record."
)
@pass_desk
def reread_results(desk: Desk, code: str, reason: str) -> None:
    """Read the participant's results again with the prescriptions that are on record now."""
    with desk.writing() as work:
        shown, again = services.prescribing.read_all_again(work, code, reason)
        said = _read_again(shown, again)
    _tell(desk, said or [f"Every result of {shown} is read with the prescriptions on record already."], [])


def _is_wanted(touched: Sequence[str], reread: bool | None) -> bool:
    """Whether to read these results again: what the option says, else what the person does, who is shown them first."""
    if reread is not None or not touched:
        return bool(reread)
    if not somebody_can_answer():
        return False
    for line in touched:
        click.echo(in_its_lines(line, err=True), err=True)
    return confirmed("Read again?")


def somebody_can_answer() -> bool:
    """Whether a person sits at the terminal; a script or a pipe is asked nothing."""
    return sys.stdin.isatty()


def _tell(desk: Desk, said: Sequence[str], left: Sequence[str]) -> None:
    for line in said:
        say(desk, line)
    for line in left:
        warn(line)


def _also_explains(desk: Desk, analyte: str) -> list[str]:
    others = desk.vocabulary.also_explained_by(analyte)
    return [f"It also explains {', '.join(others)}."] if others else []


def _what_followed(changed: "Changed") -> list[str]:
    return _read_again(changed.participant.code, changed.reread)


def _read_again(code: str, again: "Sequence[Reread]") -> list[str]:
    """What was read again, and where the recommendations stand after all of it."""
    said = [f"{code}'s {one.touched.which} was read again: {_change(one.touched)}." for one in again]
    recommendations = {one.recommendation.id: one.recommendation for one in again if one.recommendation is not None}
    said += [line for found in recommendations.values() for line in changed_line(code, found)]
    said += decided_lines(sorted({number for one in again for number in one.decided}), "what was read before")
    said += [lost_ground_line(code, lost) for lost in dict.fromkeys(one.lost for one in again) if lost is not None]
    return said


def _left_alone(changed: "Changed") -> list[str]:
    """What a person has to know about results that would read differently and were not read again."""
    if changed.reread or not changed.touched:
        return []
    code = changed.participant.code
    lines = [f"{code}'s {one.which} was not read again: {_change(one)}" for one in changed.touched]
    return [
        *lines,
        f"to read {'it' if len(lines) == 1 else 'them'} again: `testing-tracker prescription reread {code}`",
    ]


def _in_lines(touched: "Sequence[Touched]") -> list[str]:
    return [f"The {one.which} would read {_change(one)}." for one in touched]


def _change(touched: "Touched") -> str:
    return f"{_interpretation_in_words(touched.after)}; before, {_interpretation_in_words(touched.before)}"


def _interpretation_in_words(read: "Interpretation") -> str:
    parts = (("expected", read.expected), ("unexpected", read.unexpected), ("unexpected negative for", read.absent))
    return ", ".join(f"{word} {' and '.join(names)}" for word, names in parts if names) or "nothing unexpected"
