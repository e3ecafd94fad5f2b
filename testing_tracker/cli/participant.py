"""`participant`: enrol, list, show, and keep the histories."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.asking import agree, confirmed, is_asked, yes_option
from testing_tracker.cli.desk.command_words import CommandGroup, TakesDays
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.exporting import Export, exported
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.importing import participant_import
from testing_tracker.cli.desk.output import (
    changed_line,
    decided_lines,
    format_option,
    print_csv,
    print_json,
    print_rows,
)
from testing_tracker.cli.desk.parameter_types import (
    CODE,
    DAY,
    DAY_BEFORE,
    DAY_TO_COME,
    LEVEL,
    NEW_CODE,
    REASON,
    SCHEDULE,
)
from testing_tracker.cli.participant_card import card_command
from testing_tracker.cli.participant_contact import participant_contact
from testing_tracker.cli.participant_record import print_record, record_document
from testing_tracker.rules.words import Level

if TYPE_CHECKING:
    from testing_tracker.store.tables import Draw

_COLUMNS = ["participant", "level", "schedule", "enrolled_on", "status"]


@click.group("participant", cls=CommandGroup)
def participant_command() -> None:
    """Enrol participants and keep their records."""


participant_command.add_command(participant_import, "import")
participant_command.add_command(card_command)
participant_command.add_command(participant_contact)


@participant_command.command("add")
@click.argument("code", type=CODE)
@click.option("--schedule", type=SCHEDULE, required=True, metavar="NAME", help="Such as random-2.")
@click.option("--level", type=LEVEL, required=True, help="The level of care.")
@click.option("--name", metavar="TEXT", help="Shown only where --names asks for it.")
@click.option("--enrolled", type=DAY, metavar="DATE", help="The first day. Default: today.")
@click.option("--readmit", is_flag=True, help="Enrol a discharged participant again.")
@pass_desk
def add_participant(
    desk: Desk, code: str, schedule: str, level: str, name: str | None, enrolled: str | None, readmit: bool
) -> None:
    """Enrol a participant under the facility's own code, never a name."""
    with desk.writing() as work:
        new = services.enrolling.NewParticipant(code, Level(level), schedule, day_given(enrolled, work.today), name)
        enrolled_now = services.enrolling.enrol(work, new, readmit=readmit)
        shown = enrolled_now.participant.code
        changed = changed_line(shown, enrolled_now.recommendation)
        lacks_card = services.expected.lacks_card(work, enrolled_now.participant, new.enrolled_on)
    _warn_of_look_alikes(shown, enrolled_now.look_alikes)
    say(desk, f"{shown} enrolled on {new.enrolled_on}: {level}, schedule {schedule}.")
    for line in changed:
        say(desk, line)
    if lacks_card:
        warn(f"{shown} has no card to check in with: `testing-tracker participant card {shown}`.")


@participant_command.command("list")
@click.option("--names", is_flag=True, help="Show names too; that goes on record.")
@click.option("--all", "everything", is_flag=True, help="Also those cancelled as a mistake or joined into another.")
@format_option
@pass_desk
def list_participants(desk: Desk, names: bool, everything: bool, form: str) -> None:
    """Every participant, by code."""
    with desk.writing() if names else desk.reading() as work:
        lines = services.roster.roster(work, names=names, everything=everything)
        export = Export("participants", form, work.today, names, many=len(lines))
    columns = [*_COLUMNS, "name"] if names else _COLUMNS
    rows = [{column: getattr(line, column) for column in columns} for line in lines]
    with exported(desk, export):
        print_rows(desk, rows, columns, form, empty="No participant is enrolled yet.")


@participant_command.command("show")
@click.argument("code", type=CODE)
@click.option("--names", is_flag=True, help="Show the name too; that goes on record.")
@click.option("--all", "everything", is_flag=True, help="Also slips that were undone in their log session.")
@format_option
@pass_desk
def show_participant(desk: Desk, code: str, names: bool, everything: bool, form: str) -> None:
    """Everything that is on record about one participant."""
    with desk.writing() if names else desk.reading() as work:
        record = services.roster.record_of(work, code, names=names, slips_too=everything)
        zone = work.zone
        document = record_document(record, names)
        export = Export("participant record", form, work.today, names, participant_id=record.number)
    with exported(desk, export):
        if form == "json":
            print_json(desk, document)
        elif form == "csv":
            print_csv(desk, [document], [*_COLUMNS, "name"] if names else _COLUMNS)
        else:
            print_record(desk, record, zone)


@participant_command.command("rename")
@click.argument("code", type=CODE)
@click.argument("new_code", metavar="[NEWCODE]", type=NEW_CODE, required=False)
@click.option("--name", metavar="TEXT", help="The name as it ought to be; empty for none.")
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why it is corrected.")
@pass_desk
def rename_participant(desk: Desk, code: str, new_code: str | None, name: str | None, reason: str) -> None:
    """Correct a code or a name that was typed wrong.

    The earlier code finds the participant for ever, and is given to nobody else.
    """
    if new_code is None and name is None:
        raise click.UsageError("Give the NEWCODE, or --name.")
    with desk.writing() as work:
        done = services.renaming.rename(work, code, new_code, name, reason)
    _warn_of_look_alikes(done.code, done.look_alikes)
    if done.code != done.earlier_code:
        say(desk, f"{done.earlier_code} is {done.code} now; the earlier code finds the record too.")
    if done.name_changed:
        say(desk, f"{done.code}'s name is corrected; the earlier one is kept.")


@participant_command.command("cancel")
@click.argument("code", type=CODE)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why it was a mistake.")
@pass_desk
def cancel_enrolment(desk: Desk, code: str, reason: str) -> None:
    """Take back an enrolment that was a mistake, where nothing was recorded of the person.

    It is in no list and no report any more; `participant list --all` shows it. `participant add` gives the code anew.
    """
    with desk.writing() as work:
        done = services.cancelling.cancel(work, code, reason)
        shown, days = done.participant.code, [draw.due_on for draw in done.draws]
    say(desk, f"{shown}'s enrolment is cancelled as a mistake.")
    for day in days:
        say(desk, f"The draw of {day} is cancelled.")
    if done.ends_card:
        say(desk, f"{shown}'s card to check in is ended.")


@participant_command.command("join")
@click.argument("code", type=CODE)
@click.argument("into", type=CODE)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="How it was found out.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_desk
def join_records(desk: Desk, code: str, into: str, reason: str, yes: bool) -> None:
    """Join CODE's record into INTO's, because both are the same person.

    Both keep what is on record. CODE is not drawn any more and finds INTO from now on; prescriptions, positives and
    what is open of both are looked at together. It cannot be taken back.
    """
    if not yes:
        confirmed(f"{code} and {into} are the same person, for ever. Right?", abort=True)
    with desk.writing() as work:
        done = services.joining.join(work, code, into, reason)
        shown, remaining = done.record.code, done.into.code
        lines = [f"{shown} is joined into {remaining}; its record is kept there."]
        lines += [f"{shown}'s draw of {draw.due_on} is cancelled." for draw in done.cancelled]
        lines += changed_line(remaining, done.recommendation)
        if done.ends_card:
            lines.append(f"{shown}'s card to check in is ended; {_other_card(remaining, has_card=done.has_card)}.")
    for line in lines:
        say(desk, line)


def _other_card(code: str, *, has_card: bool) -> str:
    if has_card:
        return (
            f"{code}'s counts, and `testing-tracker participant card {code} --new-pin --reason TEXT` makes another PIN"
        )
    return f"`testing-tracker participant card {code}` makes {code}'s"


@participant_command.command("set-schedule")
@click.argument("code", type=CODE)
@click.argument("schedule", metavar="NAME", type=SCHEDULE)
@pass_desk
def set_schedule(desk: Desk, code: str, schedule: str) -> None:
    """Test a participant by another schedule from the next draw on."""
    with desk.writing() as work:
        from_on = services.participants.set_schedule(work, code, schedule)
        shown = services.lookup.find_participant(work, code).code
    say(desk, f"{shown} is tested by {schedule} from {from_on}.")


@participant_command.command("transfer")
@click.argument("code", type=CODE)
@click.argument("level", type=LEVEL)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why.")
@yes_option
@pass_desk
def transfer_participant(desk: Desk, code: str, level: str, reason: str, yes: bool) -> None:
    """Move a participant to another level of care from today. At a terminal it says what will change, and asks."""
    said = None
    if is_asked(yes=yes):
        with desk.reading() as work:
            said = services.moves.transfer_of(work, code, Level(level))
        agree(desk, said)
    with desk.writing() as work:
        shown, done = services.moves.transfer(work, code, Level(level), reason, said)
        changed = changed_line(shown, done.recommendation)
    say(desk, f"{shown} transferred from {done.before} to {level}.")
    for line in changed:
        say(desk, line)


@participant_command.command("discharge")
@click.argument("code", type=CODE)
@click.option("--on", type=DAY_BEFORE, metavar="DATE", help="From a day that is over. Default: today.")
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why.")
@pass_desk
def discharge_participant(desk: Desk, code: str, on: str | None, reason: str) -> None:
    """End a participant's enrolment from today, or from an earlier day; the record stays.

    Tests that were missed from that day on are cancelled: who has left misses none. Those that were given stay.
    """
    with desk.writing() as work:
        day = day_given(on, work.today) if on is not None else None
        done = services.discharging.discharge(work, code, reason, day)
        since = f" from {done.from_on}" if done.from_on != work.today else ""
        lines = [f"{done.participant.code} discharged{since}."]
        lines += [f"The draw of {draw.due_on} is cancelled." for draw in done.cancelled]
        if done.ends_card:
            lines.append(f"{done.participant.code}'s card to check in is ended.")
        if since:
            lines += [f"The draw of {draw.due_on} stays: {_what_was_given(draw)}." for draw in done.kept]
        for recommendation in done.changed:
            lines += changed_line(done.participant.code, recommendation)
        lines += decided_lines(done.decided, "what this corrects")
    for line in lines:
        say(desk, line)


def _what_was_given(draw: "Draw") -> str:
    return "the participant tried" if draw.unable else f"{draw.status} {draw.outcome or ''}".strip()


@participant_command.command("leave", cls=TakesDays)
@click.argument("code", type=CODE)
@click.argument("from_on", metavar="FROM", type=DAY)
@click.argument("to_on", metavar="TO", type=DAY)
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Such as hospital, travel or jail.")
@pass_desk
def leave(desk: Desk, code: str, from_on: str, to_on: str, reason: str) -> None:
    """Days away, from FROM to TO, both included: no draws are made, and those there are become excused."""
    with desk.writing() as work:
        first, last = day_given(from_on, work.today), day_given(to_on, work.today)
        draws = services.leaves.add_leave(work, code, first, last, reason)
        days = [draw.due_on for draw in draws]
        shown = services.lookup.find_participant(work, code).code
    say(desk, f"{shown} is on leave from {first} to {last}.")
    for day in days:
        say(desk, f"The draw of {day} is excused.")


@participant_command.command("return")
@click.argument("code", type=CODE)
@click.option("--on", type=DAY_TO_COME, metavar="DATE", help="The first day back. Default: today.")
@click.option("--reason", type=REASON, default="back early", show_default=True, metavar="TEXT", help="Why.")
@pass_desk
def return_from_leave(desk: Desk, code: str, on: str | None, reason: str) -> None:
    """End a leave early; draws are made again from that day on."""
    with desk.writing() as work:
        back_on = day_given(on, work.today)
        services.leaves.end_leave(work, code, back_on, reason)
        shown = services.lookup.find_participant(work, code).code
    say(desk, f"{shown} is back on {back_on} and in the draws from the next nightly run on.")


def _warn_of_look_alikes(code: str, look_alikes: Sequence[str]) -> None:
    for other in look_alikes:
        warn(f"{services.lookup.looks_like(code, other)}.")
