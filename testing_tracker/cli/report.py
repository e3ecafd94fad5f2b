"""`report`: what a clinical team, a manager and a network of facilities read about their weeks."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.exporting import Export, exported, put_on_record
from testing_tracker.cli.desk.files import deliveries_of, output_file, output_options, write_file
from testing_tracker.cli.desk.given_days import week_given
from testing_tracker.cli.desk.output import format_option, mark_training, print_csv, print_json, print_rows, show
from testing_tracker.cli.desk.parameter_types import CODE, WEEK, CaselessChoice
from testing_tracker.cli.desk.shown import behind, binary_output
from testing_tracker.cli.desk.terminal import is_coloured, width_of
from testing_tracker.cli.report_court import court_report
from testing_tracker.cli.report_forms import (
    InAForm,
    check_file_name,
    check_no_pdf_at_terminal,
    hand_out,
    report_format_option,
)
from testing_tracker.cli.report_outcomes import outcomes_command
from testing_tracker.cli.report_period import period_command
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Channel

if TYPE_CHECKING:
    from testing_tracker.reports.network import FacilityWeek, NetworkReport
    from testing_tracker.reports.weekly.printing import Printed
    from testing_tracker.rules.reporting.tally import Share, Tally


_STANDING = ("open_recommendations", "gaps", "questions", "problem")
_IN_THE_TABLE = ("facility", "due", "absent", "compliance", "positivity", "waiting")


@click.command("network")
@click.option("--week", type=WEEK, metavar="WEEK", help="Such as 2026-W47, 47 or this. Default: the last full week.")
@format_option
@pass_desk
def network_report(desk: Desk, week: str | None, form: str) -> None:
    """A line for each facility of the database, and all together: counts and rates, no participants.

    Absent are tests missed or refused. Waiting are open recommendations, gaps in the nightly run, and days of which the
    facility has to answer whether anything was collected. Of a facility whose records do not hold, nothing is said but
    that.
    """
    from testing_tracker.reports.network import gather
    from testing_tracker.rules.keeping.owed import last_full_week

    with desk.reading_all() as session:
        report = gather(
            session, desk.clock, desk.vocabulary, lambda today: week_given(week, today) or last_full_week(today)
        )
    first, *others = (desk.at(one.number) for one in report.facilities)
    with exported(first, Export("network", form, report.week), *others):
        _print_network(desk, report, form)
    for one in report.problems:
        warn(f"{one.facility}: its records do not hold; `testing-tracker --facility {one.number} verify` says which.")


def _print_network(desk: Desk, report: "NetworkReport", form: str) -> None:
    from testing_tracker.rules.reporting.tally import COUNTS, RATES, counts_and_rates

    span = {"week": str(report.week), "from": report.week.monday, "to": report.week.sunday}
    if form == "json":
        totals = {"tested": sum(one.tested for one in report.facilities), **counts_and_rates(report.total)}
        print_json(desk, span | {"facilities": [_network_row(one) for one in report.facilities], "totals": totals})
    elif form == "csv":
        print_csv(
            desk, [_network_row(one) for one in report.facilities], ("facility", "tested", *COUNTS, *RATES, *_STANDING)
        )
    else:
        show(f"{report.week}, {report.week.monday} to {report.week.sunday}")
        rows = [*map(_of_facility, report.facilities), _shown("all", report.total, "")]
        print_rows(desk, rows, _IN_THE_TABLE, form, empty="")


def _network_row(one: "FacilityWeek") -> dict[str, object]:
    from testing_tracker.rules.reporting.tally import counts_and_rates

    standing = {name: getattr(one, name) for name in _STANDING}
    counts: dict[str, object] = dict(counts_and_rates(one.tally))
    if one.problem:
        counts = {"tested": None} | dict.fromkeys(counts)
    return {"number": one.number, "facility": one.facility, "tested": one.tested} | counts | standing


def _shown(facility: str, tally: "Tally", waiting: str) -> dict[str, object]:
    """A line of the table: rates with what they are of, and what waits."""
    from testing_tracker.rules.reporting.tally import compliance_of, positivity_of

    return {
        "facility": facility,
        "due": tally.due,
        "absent": tally.absent,
        "compliance": _rate(compliance_of(tally)),
        "positivity": _rate(positivity_of(tally)),
        "waiting": waiting,
    }


def _of_facility(one: "FacilityWeek") -> dict[str, object]:
    if one.problem:
        return {"facility": one.facility, "waiting": "records do not hold"}
    waits = {"open": one.open_recommendations, "gaps": len(one.gaps), "to answer": one.questions}
    return _shown(one.facility, one.tally, ", ".join(f"{what} {count}" for what, count in waits.items() if count))


def _rate(share: "Share") -> str:
    return f"{share.fraction} {share.rounded}%" if share.whole else share.fraction


@click.command("participant")
@click.argument("code", type=CODE)
@report_format_option
@output_options()
@click.option("--names", is_flag=True, help="Show the name beside the code; that goes on record.")
@pass_desk
def participant_report(desk: Desk, code: str, form: str, output: Path | None, overwrite: bool, names: bool) -> None:
    """A participant's calendar of draws and results, streaks, measures, prescriptions and decisions."""
    if output is not None:
        check_file_name(output, code)
    hand_out(desk, form, output, overwrite=overwrite, made=partial(_made, desk, code, form, names=names))


def _made(desk: Desk, code: str, form: str, *, names: bool) -> InAForm:
    from testing_tracker.reports.participant.forms import as_bytes
    from testing_tracker.reports.participant.gather import gather

    with desk.writing() if names else desk.reading() as work:
        report = gather(work, code, names=names)
        export = Export("participant", form, work.today, names, participant_id=report.record.number)
    return InAForm(f"the report on {report.participant}", export, as_bytes(report, form))


def refuse_with(option: str, because: str, ctx: click.Context, *parameters: str) -> None:
    """Wrong usage with an option that leaves nothing to say for these parameters."""
    for parameter in ctx.command.params:
        if parameter.name in parameters and ctx.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} takes no {parameter.opts[0]}; {because}.")


def send_week(desk: Desk, given: str | None) -> None:
    """Deliver a week's report on every channel, also where it was delivered before.

    Raises TestingTrackerError when one failed, and before anything is sent when the week has no final report.
    """
    from testing_tracker.rules.keeping.owed import last_full_week
    from testing_tracker.serving.courier import Courier

    with desk.reading() as work:
        week = week_given(given, work.today) or last_full_week(work.today)
        services.outbox.check_sendable(work, week)
        zone, number = work.zone, work.facility_id
    ways = deliveries_of(desk.location, number)
    if ways is None or not ways.channels:
        raise TestingTrackerError(
            f"Nothing says where reports go. Write it into {desk.location.delivery_of(number)}, readable by you alone: "
            "[folder] with path, or [mail] with host, tls, from and to. docs/delivery.md has examples."
        )
    courier = Courier(desk.reading, desk.writing, partial(write_file, desk.location), ways, number)
    failures = []
    for channel in ways.channels:
        attempt = courier.deliver(week, channel, again=True)
        if attempt is None:
            failures.append(f"{_PLACES[channel]}: another attempt is under way; `testing-tracker status` tells its end")
        elif attempt.error is not None:
            when = f"; `serve` tries again from {attempt.next_at.astimezone(zone):%H:%M} on" if attempt.next_at else ""
            failures.append(f"{_PLACES[channel]}: {attempt.error}{when}")
        else:
            say(desk, f"The report of {week} was {_DONE[channel]}.")
    if failures:
        raise TestingTrackerError(f"The report of {week} was not delivered {', nor '.join(failures)}.")


_PLACES = {Channel.FOLDER: "to the folder", Channel.MAIL: "by mail"}
_DONE = {Channel.FOLDER: "written to the folder", Channel.MAIL: "mailed"}


_EXPLAINED = ("due_on", "kind", "status", "outcome", "expected", "late", "counts_in", "reason", "recorded_by")


@click.group("report", cls=CommandGroup)
def report_command() -> None:
    """The reports: a week's tests, one participant, outcomes, the facilities of a network."""


report_command.add_command(participant_report)
report_command.add_command(outcomes_command)
report_command.add_command(network_report)
report_command.add_command(period_command)


@report_command.command("weekly")
@click.option("--week", type=WEEK, metavar="WEEK", help="Such as 2026-W47, 47 or this. Default: the last full week.")
@report_format_option
@output_options()
@click.option(
    "--sort",
    type=CaselessChoice(["code", "worst"]),
    default="code",
    show_default=True,
    help="The order of the lines: by code, or most positive tests and most not given first.",
)
@click.option(
    "--for",
    "audience",
    type=CaselessChoice(["team", "court"]),
    default="team",
    show_default=True,
    help="Who reads it: the team, or a court, which gets the least, in plain words.",
)
@click.option(
    "--participant",
    "codes",
    type=CODE,
    metavar="CODE",
    multiple=True,
    help="With --for court: only this participant; may be given again.",
)
@click.option("--names", is_flag=True, help="Show names beside the codes; that goes on record.")
@click.option("--explain", type=CODE, metavar="CODE", help="List the draws behind each number of a participant's line.")
@click.option("--send", is_flag=True, help="Deliver it now, by folder and mail as the delivery file says.")
@pass_desk
def weekly(
    desk: Desk,
    week: str | None,
    form: str,
    output: Path | None,
    overwrite: bool,
    sort: str,
    audience: str,
    codes: tuple[str, ...],
    names: bool,
    explain: str | None,
    send: bool,
) -> None:
    """A week's tests: what was due, what became of it, and what it says about each participant."""
    context = click.get_current_context()
    if send:
        what_it_is = ("form", "output", "overwrite", "sort", "audience", "codes", "names", "explain")
        refuse_with("--send", "the delivery file says what is sent", context, *what_it_is)
        send_week(desk, week)
        return
    if audience == "court":
        refuse_with("--for court", "a court gets the least, by code", context, "sort", "names", "explain")
        court_report(desk, week, form, output, overwrite=overwrite, codes=codes)
        return
    if codes:
        raise click.UsageError("--participant goes with --for court only; --explain CODE has one participant's draws.")
    if explain is not None:
        _explain(desk, week, form, explain, other=names or output is not None or sort != "code")
        return
    check_no_pdf_at_terminal(form, output)
    if output is not None:
        from testing_tracker.reports.weekly import forms

        with output_file(desk, output, overwrite=overwrite) as outgoing:
            printed = _print(desk, week, sort, names=names)
            forms.write(printed, form, outgoing.file)
            put_on_record(desk, _export(printed, form, names=names), outgoing)
        say(desk, f"Wrote the report of {printed.report.week} to {output}.")
    else:
        printed = _print(desk, week, sort, names=names)
        with exported(desk, _export(printed, form, names=names)):
            _show(desk, printed, form)


def _export(printed: "Printed", form: str, *, names: bool) -> Export:
    return Export(
        "weekly", form, printed.report.week, names, more={"for": "team"}, many=len(printed.report.participants)
    )


def _print(desk: Desk, week: str | None, sort: str, *, names: bool) -> "Printed":
    """The report, gathered without keeping a nurse from writing, and then kept as it is printed."""
    from testing_tracker.reports.weekly.gather import gather
    from testing_tracker.reports.weekly.printing import imprint

    with desk.reading() as work:
        report = gather(work, week_given(week, work.today))
    with desk.writing() as work:
        printed = imprint(work, report)
        shown = services.editions.names_shown(work) if names else None
    return replace(printed, names=shown, sort=sort)


def _show(desk: Desk, printed: "Printed", form: str) -> None:
    from testing_tracker.reports.paper.words import WIDTH
    from testing_tracker.reports.weekly import forms
    from testing_tracker.reports.weekly.table import Screen

    if form != "table":
        mark_training(desk)
        forms.write(printed, form, binary_output())
        return
    screen = Screen(width=width_of(sys.stdout) or WIDTH, colour=is_coloured(sys.stdout))
    forms.write_text(printed, form, behind(sys.stdout), screen)


def _explain(desk: Desk, week: str | None, form: str, code: str, *, other: bool) -> None:
    """The draws behind a line; nothing else goes with it."""
    from testing_tracker.reports.weekly.explained import explained

    if other or form in ("html", "pdf"):
        raise click.UsageError("--explain goes with --week and --format table, csv or json only.")
    with desk.reading() as work:
        found = explained(work, code, week_given(week, work.today))
    columns = _EXPLAINED if found.check_in is None else (*_EXPLAINED, "checked_in")
    rows = [{name: getattr(draw, name) for name in columns} for draw in found.draws]
    with exported(desk, Export("weekly explained", form, found.week, participant_id=found.participant_id)):
        print_rows(desk, rows, columns, form, empty=f"{found.participant} had no draw in {found.week}.")
    if form == "table":
        show(found.in_words)
