"""`draw`, `due` and `test`: the nightly run, the call list, and a test ordered for cause."""

from datetime import date
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.alive import switches_of
from testing_tracker.cli.checkin_words import TO_TELEPHONE, fault_in_words, told_columns
from testing_tracker.cli.desk.desk import Desk, going_on, pass_desk, say, warn
from testing_tracker.cli.desk.exporting import Export, exported
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import format_option, open_questions, print_rows, question_with_answers
from testing_tracker.cli.desk.parameter_types import CODE, DATE, DAY_BEFORE, REASON, longest_gap_option
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import DaysAnswer
from testing_tracker.rules.words import DrawKind

if TYPE_CHECKING:
    from testing_tracker.cli.desk.desk import AtFacility
    from testing_tracker.services.check_in.who_is_told import WhichDraw
    from testing_tracker.services.testing.draws import DueLine


@click.command("draw")
@click.option(
    "--catch-up-to",
    type=DATE,
    metavar="DATE",
    help="Go on after many nights without a run. DATE is the day that it is.",
)
@longest_gap_option
@click.option(
    "--take-back", is_flag=True, help="Take back nights later than today, which a wrong clock made; a manager's."
)
@click.option("--reason", type=REASON, metavar="TEXT", help="With --take-back: why. It goes on record.")
@click.option(
    "--despite", type=REASON, metavar="TEXT", help="Draw though records do not hold, and say why; a manager's."
)
@click.option("--yes", is_flag=True, help="With --take-back: do not ask.")
@pass_desk
def draw_command(
    desk: Desk,
    catch_up_to: str | None,
    longest_gap: int,
    take_back: bool,
    reason: str | None,
    despite: str | None,
    yes: bool,
) -> None:
    """The nightly run: make today's draws, close out the days before.

    Safe to run again, by anyone, at the same time. Where several facilities share the database, it is for all of them
    unless one is named; what keeps one from being drawn keeps none of the others.
    """
    if take_back != (reason is not None) or (take_back and (catch_up_to or despite)) or (yes and not take_back):
        raise click.UsageError(
            "--take-back, --reason TEXT and, if you like, --yes go together, without --catch-up-to and --despite."
        )
    if take_back:
        _take_back(desk, str(reason), yes)
        return
    said = date.fromisoformat(catch_up_to) if catch_up_to else None
    failed: list[str] = []
    with switches_of(desk) as switches:
        each = desk.each_facility()
        for at in each:
            with going_on(each, at, failed), switches.of(at):
                _draw(at.desk, at.mark, longest_gap, said, despite)
                _hand_over(at)
    if failed:
        raise TestingTrackerError(" ".join(failed))


def _draw(desk: Desk, mark: str, longest_gap: int, catch_up_to: date | None, despite: str | None) -> None:
    """Run one facility's night; `mark` is before each line."""
    with desk.writing() as work:
        known = services.before_passing_on.check_night(work, despite)
        elapsed = desk.clock(work.zone.key).stopwatch()
        report = services.nights.run_night(
            work, desk.location.key, elapsed, longest_gap=longest_gap, catch_up_to=catch_up_to
        )
    if report.already_made:
        say(desk, f"{mark}{report.day}: today's draws were made already; {report.drawn} added for new participants.")
    else:
        say(
            desk,
            f"{mark}{report.day}: {report.drawn} drawn today; {report.missed} of the days before closed as missed.",
        )
    if known:
        more = f" ({len(known) - 1} more)" if len(known) > 1 else ""
        warn(
            f"{mark}drawn despite what does not hold: {known[0]}{more}; `testing-tracker verify` and `check` say more."
        )
    for compared in report.held:
        warn(f"{mark}{question_with_answers(compared)}")
    if report.newcomers_from is not None:
        warn(f"{mark}today's key is lost, so new participants are in the draws from {report.newcomers_from} on.")
    if report.gaps:
        days = str(report.gaps[0]) if len(report.gaps) == 1 else f"the {len(report.gaps)} days from {report.gaps[0]} to"
        last = "" if len(report.gaps) == 1 else f" {report.gaps[-1]}"
        warn(
            f"{mark}the nightly draw did not run on {days}{last}. Fixed draws of such a day are unrecorded, not "
            "missed; no random draw was made."
        )
    with desk.reading() as work:
        line = services.witnesses.of_run(work, report.day, report.sealed_page)
    if line is not None:
        say(desk, f"{mark}Witness: {line}")


def _hand_over(at: "AtFacility") -> None:
    """Hand the lines of the nights to where they are kept outside, if that is said. No failure makes a night fail."""
    from testing_tracker.cli.desk.files import deliveries_of

    try:
        ways = deliveries_of(at.desk.location, at.number)
        if ways is None or ways.witness is None:
            return
        from testing_tracker.serving.outside import Outside

        attempt = Outside(at.desk.reading, at.desk.writing, ways.witness, at.number).hand_over(again=True)
        error = attempt.error if attempt is not None else None
    except TestingTrackerError as refused:
        error = str(refused).removesuffix(".")
    if error is not None:
        warn(f"{at.mark}the nights' witness lines were not kept outside: {error}. The next `draw` tries again.")


def _take_back(desk: Desk, reason: str, yes: bool) -> None:
    """Ask, and then do it."""
    from testing_tracker.cli.desk.asking import confirmed  # `due` is here too, and asks nothing

    with desk.reading() as work:
        ahead, today = services.taking_back.nights_ahead(work), work.today
    if not yes:
        confirmed(
            f"Today is {today}. {ahead.nights} nights, {ahead.first_day} to {ahead.last_day}, are taken back, and "
            "their draws do not count. Right?",
            abort=True,
        )
    with desk.writing() as work:
        done = services.taking_back.take_back(work, desk.location.key, reason, ahead)
    say(
        desk,
        f"Taken back: {ahead.nights} nights, {ahead.first_day} to {ahead.last_day}, with {done.draws} draws. Run "
        "`testing-tracker draw` for today's.",
    )
    for one in done.restored:
        say(desk, f"{one.participant}'s draw of {one.due_on}: {one.status} (those nights had made it {one.earlier}).")
    if done.decided:
        numbers = ", ".join(map(str, done.decided))
        warn(f"recommendations that were decided with such a draw as evidence; look at them again: {numbers}")
    say(desk, f"A new key is in {desk.location.key.path}, because what those nights drew was seen; keep a copy of it.")
    say(desk, f"Anchor, to check these draws against: {done.key.anchor}, from {done.key.first_day} on")


@click.command("due")
@click.option("--on", type=DAY_BEFORE, metavar="DATE", help="The day. Default: today.")
@format_option
@pass_desk
def due_command(desk: Desk, on: str | None, form: str) -> None:
    """Who is to be tested today, or on the day of --on, and what has become of each."""
    with desk.reading() as work:
        day = day_given(on, work.today)
        lines = services.draws.due(work, day)
        made = services.draws.night_has_run(work, day)
        today = work.today
        again = services.recollections.to_recollect(work, day)
        questions = open_questions(work, None if day == today else day)
        checks_in = services.whether.any_rule(work)
        told = services.who_is_told.told_of_draws(work, day) if checks_in else None
        fault = services.who_is_told.fault_of_today(work) if checks_in and day == today else None
        zone = work.zone
    columns = ["participant", "due_on", "kind", "status", "outcome", "schedule"]
    rows = [vars(line) for line in lines]
    if told is not None:
        columns[4:4] = ["told", "told_at"]
        rows = [
            {**row, **told_columns(told[which_of(line)], form, zone)} for row, line in zip(rows, lines, strict=True)
        ]
    if any(line.panel for line in lines):
        columns.append("panel")
    with exported(desk, Export("due", form, day)):
        print_rows(desk, rows, columns, form, empty=f"Nobody is due on {day}.")
    if day > today:
        warn(f"{day} is in the future. Draws are made on their own day, so nobody can know them before.")
    elif day == today and not made:
        warn("today's draws have not been made yet; `testing-tracker draw` makes them.")
    for question in questions:
        warn(question)
    for one in again:
        warn(f"{one.participant}: {one.why}.")
    if fault is not None:
        to_telephone = f"`testing-tracker {' '.join(TO_TELEPHONE)}`"
        warn(f"{fault_in_words(fault, zone)} Telephone those who are not told: {to_telephone}.")


def which_of(line: "DueLine") -> "WhichDraw":
    """Which draw of its day a line is about."""
    return line.participant, line.kind is DrawKind.FOR_CAUSE


@click.command("test")
@click.argument("code", type=CODE)
@click.option("--reason", type=REASON, metavar="TEXT", help="Why the test is ordered.")
@click.option("--on", type=DAY_BEFORE, metavar="DATE", help="A day that is over: the test was taken elsewhere.")
@click.option(
    "--recollect", is_flag=True, help="The specimen does not count, or was cold: collect another for the same draw."
)
@pass_desk
def test_command(desk: Desk, code: str, reason: str | None, on: str | None, recollect: bool) -> None:
    """Order a test for cause today, outside the schedule; or collect again what gave no valid specimen.

    With --on it puts a test on record that was taken elsewhere on an earlier day, such as at a hospital; --reason says
    where. `result CODE … --on DATE` adds what it said.
    """
    if recollect:
        if on is not None:
            raise click.UsageError("--recollect is for today's specimen and takes no --on.")
        _recollect(desk, code)
        return
    answer: DaysAnswer | None = None
    with desk.writing() as work:
        day = day_given(on, work.today)
        shown = services.lookup.find_participant(work, code).code
        if day == work.today:
            services.draws.order_test(work, code, reason)
            said = f"{shown}: a test for cause is due today, {day}."
            answer = services.who_is_told.answer_had_today(work, code)
        else:
            services.attendance.record_test(work, code, day, reason)
            said = (
                f"{shown}: a test for cause of {day} is on record. Log what it said with "
                f"`testing-tracker result {shown} … --for-cause --on {day}`."
            )
    say(desk, said)
    if answer is not None:
        warn(
            f"{shown} has checked in today and {_HAS_HEARD[answer]}. Tell {shown} now, and record it: "
            f"`testing-tracker checkin record {shown}`."
        )


_HAS_HEARD = {
    DaysAnswer.COME: "was told to come in, before this test was ordered",
    DaysAnswer.STAY: "was told to stay",
    DaysAnswer.DONE: "was told that today's specimen was given",
}


def _recollect(desk: Desk, code: str) -> None:
    with desk.writing() as work:
        found = services.specimens.find_to_recollect(work, code)
        because = services.specimens.recollect(work, found)
        which = found.which
    say(desk, f"{which}: due again, because {because}; the earlier result is kept.")
