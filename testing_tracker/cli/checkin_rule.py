"""`checkin rule`: from when on, and between which hours, participants check in, and what it means if they do not."""

from datetime import time
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import format_option, print_rows
from testing_tracker.cli.desk.parameter_types import DAY_TO_COME, TIME, CaselessChoice
from testing_tracker.rules.check_in.in_force import NotCheckedIn, RuleInForce
from testing_tracker.rules.said import in_full

if TYPE_CHECKING:
    from testing_tracker.services.check_in.rule_setting import RuleFrom, RuleSet

_COLUMNS = ["from_on", "opens", "closes", "page", "not_checked_in"]
_THEN = {
    NotCheckedIn.MISSED: "Who does not, and gives no specimen, has missed.",
    NotCheckedIn.UNRECORDED: "Who does not, and gives no specimen, is unrecorded, and a question for you.",
}


@click.command("rule")
@click.option("--opens", type=TIME, metavar="TIME", help="From when on they can check in, such as 05:00.")
@click.option("--closes", type=TIME, metavar="TIME", help="Until when that is in time.")
@click.option("--page/--no-page", default=None, help="Whether they can check in by a page, or by telephone only.")
@click.option(
    "--not-checked-in",
    type=CaselessChoice(NotCheckedIn),
    help="What a draw becomes whose participant did not check in and gave no specimen.",
)
@click.option("--end", is_flag=True, help="From that day on nobody has to check in.")
@click.option("--from", "from_on", type=DAY_TO_COME, metavar="DATE", help="The first day, which has not begun.")
@format_option
@pass_desk
def rule_command(
    desk: Desk,
    opens: str | None,
    closes: str | None,
    page: bool | None,
    not_checked_in: str | None,
    end: bool,
    from_on: str | None,
    form: str,
) -> None:
    """When everybody with a card checks in, from a day on; without options, which rule is in force and which is next.

    What it means if somebody does not check in has no default: it has to be what your agreements with participants
    say. Begin with `--not-checked-in unrecorded` for two weeks, until everybody knows how.
    """
    said = (opens, closes, page, not_checked_in)
    if from_on is None and not end and said == (None,) * len(said):
        _show(desk, form)
        return
    if from_on is None or form != "table" or (end and said != (None,) * len(said)):
        raise click.UsageError("A rule needs --from DATE, and so does --end, alone with it. --format shows.")
    if not end and None in said:
        raise click.UsageError(
            "A rule needs --opens, --closes, --page or --no-page, and --not-checked-in; you decide each."
        )
    with desk.writing() as work:
        day = day_given(from_on, work.today)
        if end:
            done = services.rule_setting.end_rule(work, day)
        else:
            done = services.rule_setting.set_rule(
                work,
                day,
                time.fromisoformat(str(opens)),
                time.fromisoformat(str(closes)),
                page=bool(page),
                not_checked_in=NotCheckedIn(str(not_checked_in)),
            )
        lacking = 0 if end else len(services.cards.without_card(work))
    _tell(desk, done, lacking)


def _tell(desk: Desk, done: "RuleSet", lacking: int) -> None:
    say(desk, f"From {in_full(done.now.from_on)} {_said(done.now.rule)}")
    for day in done.overruled:
        warn(f"what was to bind from {in_full(day)} does not any more.")
    for beware in done.beware:
        warn(beware)
    if lacking:
        who = "1 participant has" if lacking == 1 else f"{lacking} participants have"
        warn(f"{who} no card yet, and cannot check in without: `testing-tracker participant card --all --print FILE`.")


def _show(desk: Desk, form: str) -> None:
    with desk.reading() as work:
        steps, today = services.rule_setting.rules_from(work, work.today), work.today
    if form != "table":
        print_rows(desk, [_row(step) for step in steps], _COLUMNS, form, empty="")
        return
    if not steps or steps[0].from_on > today:
        say(desk, "Nobody has to check in.")
    for step in steps:
        since = "Since" if step.from_on <= today else "From"
        say(desk, f"{since} {in_full(step.from_on)} {_said(step.rule)}")


def _row(step: "RuleFrom") -> dict[str, object]:
    rule = step.rule
    return {
        "from_on": step.from_on,
        "opens": f"{rule.opens:%H:%M}" if rule else None,
        "closes": f"{rule.closes:%H:%M}" if rule else None,
        "page": rule.page if rule else None,
        "not_checked_in": rule.not_checked_in if rule else None,
    }


def _said(rule: RuleInForce | None) -> str:
    """What a rule says, behind the day from which on."""
    if rule is None:
        return "nobody has to check in."
    how = "" if rule.page else ", by telephone or at the desk"
    return (
        f"everybody with a card checks in between {rule.opens:%H:%M} and {rule.closes:%H:%M}{how}. "
        f"{_THEN[rule.not_checked_in]}"
    )
