"""`verify`, `proof` and `key`: check the draws, let somebody else check them, and the key they come from."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.alive import switches_of
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, going_on, pass_desk, say, warn
from testing_tracker.cli.desk.exporting import exported, put_on_record
from testing_tracker.cli.desk.files import GivenPath, output_file, output_options
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.opening import door
from testing_tracker.cli.desk.output import format_option, print_json, print_rows, show
from testing_tracker.cli.desk.parameter_types import DATE, DAY_BEFORE, REASON
from testing_tracker.cli.witness import given_in, lines_given, stamps_checked
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testing_tracker.cli.desk.desk import AtFacility
    from testing_tracker.rules.drawing.proof import Proof
    from testing_tracker.rules.drawing.witness import Comparison, Witness
    from testing_tracker.services.keeping.checking.replay import Problem, Verification
    from testing_tracker.store.work import Work


_REMEDY = " Change nothing, keep copies of the database and the key, and find out who could write to them."


@click.command("verify")
@click.option(
    "--against",
    type=GivenPath(allow_dash=True),
    metavar="FILE",
    help="Also compare the nights' lines that were kept outside, anywhere in this file (`testing-tracker witness`).",
)
@click.option("--recent", is_flag=True, help="Only what is new since the night before last; takes seconds.")
@format_option
@pass_desk
def verify_command(desk: Desk, against: Path | None, recent: bool, form: str) -> None:
    """Decide every draw again from what is stored, and say what does not hold.

    Where several facilities share the database, it is for all of them unless one is named.
    """
    given = given_in(against) if against is not None else None
    kept = given.lines if given is not None else ()
    found: list[tuple[AtFacility, Verification]] = []
    outside: Comparison | None = None
    failed: list[str] = []
    with switches_of(desk) as switches:
        each = desk.each_facility()
        for at in each:
            with going_on(each, at, failed), switches.of(at):
                result, compared = _verified(at.desk, kept if outside is None else (), recent=recent)
                found.append((at, result))
                outside = outside or compared
                if compared is not None and given is not None and given.stamps:
                    compared.wrong.extend(stamps_checked(desk, [one.number for one in each], given))
                switches.tell(at.number, 1 if result.problems or (compared and compared.wrong) else 0)
    problems = [(at.mark, problem) for at, result in found for problem in result.problems]
    problems += [("", services.replay.Problem(day, "", what)) for day, what in (outside.wrong if outside else ())]
    if form == "json":
        documents = [_document(at, result) for at, result in found]
        if outside is not None:
            documents[0] |= _compared(documents[0], outside)
        print_json(desk, documents if len(each) > 1 else documents[0])
    elif form == "csv":
        rows = [{"facility": mark.removesuffix(": ")} | vars(problem) for mark, problem in problems]
        whose = ["facility"] if len(each) > 1 else []
        print_rows(desk, rows, [*whose, "day", "participant", "what"], form, "")
    agreeing = (
        f"{outside.agreed} of {len(kept)} lines that were kept outside agree with the records." if outside else ""
    )
    problems.sort(key=lambda one: one[1].lacks_key)  # a key that is not at hand says less than what is wrong
    if problems:
        failed.insert(0, " ".join(filter(None, (_in_short(problems), agreeing))))
    if failed:
        raise TestingTrackerError(" ".join(failed))
    if agreeing and form == "table":
        say(desk, agreeing)
    for at, result in found:
        for note in (*result.unchecked, *result.notes):
            warn(f"{at.mark}{note}")
        if form == "table":
            _say_that_all_holds(desk, at.mark, result)


def _verified(desk: Desk, kept: "Sequence[Witness]", *, recent: bool) -> "tuple[Verification, Comparison | None]":
    with desk.reading() as work:
        check = services.recent.verify_recent if recent else services.checks.verify
        return check(work, desk.location.key), services.witnesses.compare(work, kept) if kept else None


def _in_short(problems: "Sequence[tuple[str, Problem]]") -> str:
    """The first of what does not hold, how much more there is, and what to do."""
    mark, first = problems[0]
    others = len(problems) - 1
    more = f" There is more that does not hold ({others}; `--format csv` lists it)." if others else ""
    remedy = "" if all(problem.lacks_key for _, problem in problems) else _REMEDY
    return f"{mark}{first}.{more}{remedy}"


def _compared(document: dict[str, object], outside: "Comparison") -> dict[str, object]:
    """What a document says of the lines that were kept outside; what is wrong with one is among the problems."""
    wrong = [{"day": day, "participant": "", "what": what} for day, what in outside.wrong]
    listed = document["problems"]
    assert isinstance(listed, list)
    return {"problems": [*listed, *wrong], "agreed": outside.agreed}


def _named(at: "AtFacility") -> dict[str, object]:
    return {"facility": at.name} if at.name else {}


def _document(at: "AtFacility", result: "Verification") -> dict[str, object]:
    lists = {name: [vars(one) for one in getattr(result, name)] for name in ("problems", "keys", "taken_back")}
    return _named(at) | vars(result) | lists


def _say_that_all_holds(desk: Desk, mark: str, result: "Verification") -> None:
    checked = f"{result.days} days, {result.decisions} decisions, {result.drawn} draws"
    if isinstance(result, services.recent.RecentVerification) and result.since is not None:
        since = f"since page {result.first_page} of the ledger, which the night of {result.since} sealed"
        also = f"{result.draws} draws that were touched or due, {result.recommendations} open recommendations"
        say(desk, f"{mark}What is new holds, {since}, up to page {result.last_page}: {checked}.")
        say(desk, f"{mark}So do {also}, {result.reviews} open reviews. `testing-tracker verify` checks everything.")
    else:
        say(desk, f"{mark}All holds: {checked}, and the records that they rest on.")
    for one in result.taken_back:
        say(
            desk,
            f"{mark}The nights of {one.first_day} to {one.last_day} were made by a clock that was ahead, and taken "
            f"back by {one.recorded_by}: {one.reason}",
        )
    if len(result.keys) > 1:
        say(desk, f"{mark}{len(result.keys)} keys were begun; a new one before a day's draw draws that day anew:")
    for key in result.keys if len(result.keys) > 1 else ():
        say(desk, f"  {key.anchor[:8]}, from {key.first_day} on, by {key.recorded_by}: {key.reason}")


@click.group("proof", cls=CommandGroup, invoke_without_command=True)
@click.option("--day", type=DAY_BEFORE, metavar="DATE", help="A day that is over.")
@output_options("Write it here, readable by you alone.")
@click.pass_context
def proof_command(ctx: click.Context, day: str | None, output: Path | None, overwrite: bool) -> None:
    """Write, as JSON, what an outsider needs to check a finished day's draws; no code and no name is in it."""
    if ctx.invoked_subcommand is not None:
        return
    if day is None:
        raise click.UsageError("Missing option '--day'.")
    desk = ctx.find_object(Desk)
    assert desk is not None
    from testing_tracker.rules.drawing.proof import as_document

    with desk.reading() as work:
        proof = services.proofs.prove(work, desk.location.key, day_given(day, work.today))
    document = as_document(proof)
    if output is None:
        with exported(desk, _ProofShown(proof.day)):
            print_json(desk, document)
        return
    text = f"{json.dumps(document, indent=2)}\n"
    with output_file(desk, output, overwrite=overwrite) as outgoing:
        outgoing.file.write(text.encode())
        put_on_record(desk, _ProofShown(proof.day), outgoing)
    say(desk, f"{output}: the proof of {proof.day}, for {len(proof.decisions)} participants.")


@dataclass(frozen=True)
class _ProofShown:
    """What goes on record of a proof: an act, and no look, because nobody's code is in it."""

    look = None

    day: date
    form: str = "json"

    def record(self, work: "Work", *, to_file: bool) -> None:
        services.proofs.record_written(work, self.day)


@proof_command.command("check")
@click.argument("file", metavar="FILE", type=GivenPath(allow_dash=True))
@click.option("--anchor", metavar="HEX", help="The anchor that you were given, to compare the file's with.")
@click.option("--first-day", type=DATE, metavar="DATE", help="The first day that you were given with the anchor.")
@click.option(
    "--against",
    type=GivenPath(allow_dash=True),
    multiple=True,
    metavar="LINE|FILE",
    help="The line of that night that was kept outside, or a file with it, such as a report: nobody was left out.",
)
def check_proof(file: Path, anchor: str | None, first_day: str | None, against: tuple[Path, ...]) -> None:
    """Check a proof. Needs no database and no key."""
    from testing_tracker.rules.drawing.proof import read_document

    proof = read_document(_document_in(file))
    if anchor is not None and anchor.strip().lower() != proof.anchor.hex():
        raise TestingTrackerError(f"The file's anchor is {proof.anchor.hex()}, not the one that you were given.")
    if first_day is not None and first_day != proof.first_day.isoformat():
        raise TestingTrackerError(f"The file's first day is {proof.first_day}, not the one that you were given.")
    kept = tuple(line for said in against for line in lines_given(said))
    objections = [*proof.objections(), *(proof.against(kept) if against else ())]
    if objections:
        more = f" ({len(objections) - 1} more do not hold)" if len(objections) > 1 else ""
        raise TestingTrackerError(f"{proof.day} does not hold: {objections[0]}{more}.")
    drawn = sum(decision.drawn for decision in proof.decisions)
    whose = _who_vouches_for_the_list(proof, kept)
    show(f"{proof.day} holds: {len(proof.decisions)} participants, {drawn} drawn. {whose}")
    if anchor is None or first_day is None:
        given = f"{proof.anchor.hex()}, from {proof.first_day} on"
        show(f"Compare its anchor and first day with those on the facility's reports: {given}")


def _who_vouches_for_the_list(proof: "Proof", kept: "Sequence[Witness]") -> str:
    """What is known of who has to be in the proof, beyond what the day's secret says of those who are."""
    if not proof.says_who_is_in_it:
        return "Whether somebody was left out cannot be seen: an earlier version of the program drew that day."
    if not kept:
        return "That nobody was left out, only that night's witness line shows (--against)."
    without = " and ".join(f"on {run}" for run in proof.without_line(kept))
    but = (
        f", but for the run {without}: no line given is of that, and who has to be in it, nobody says"
        if without
        else ""
    )
    return f"It is the list of the witness lines given{but}."


def _document_in(file: Path) -> object:
    from testing_tracker.rules.exchange.csv_cells import read_json
    from testing_tracker.store.given_files import MOST_OF_JSON, piped_content

    try:
        content = door().content(file, MOST_OF_JSON) if str(file) != "-" else piped_content(MOST_OF_JSON)
        return read_json(content.decode())
    except OSError as error:
        raise TestingTrackerError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise TestingTrackerError(f"{file} is not a JSON document: it is not text in UTF-8") from None
    except ValueError as error:
        raise TestingTrackerError(f"{file} is not a JSON document: {error}") from None


@click.group("key", cls=CommandGroup)
def key_command() -> None:
    """The key that the draws come from, kept in a file beside the database."""


@key_command.command("show")
@format_option
@pass_desk
def show_key(desk: Desk, form: str) -> None:
    """The anchors that draws are checked against, and from which day on. Never the key itself."""
    with desk.reading() as work:
        rows = [
            {"first_day": row.first_day, "anchor": row.anchor, "reason": row.reason, "recorded_by": row.recorded_by}
            for row in services.keys.chains(work.session, work.facility_id)
        ]
    columns = ["first_day", "anchor"] if form == "table" else ["first_day", "anchor", "reason", "recorded_by"]
    print_rows(desk, rows, columns, form, empty="")


@key_command.command("rotate")
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="Why a new key is begun; goes on record.")
@pass_desk
def rotate_key(desk: Desk, reason: str) -> None:
    """Begin a new key, when the present one is lost or others may have read it.

    It is for the first day that was not drawn yet. The earlier key stays in the file, so its days can still be checked.
    """
    with desk.writing() as work:
        rotated = services.keys.rotate(work, desk.location.key, reason)
        services.known_to_key.tell(work, desk.location.key)
    say(desk, f"A new key is in {desk.location.key.path}, for the draws from {rotated.first_day} on.")
    say(desk, f"Anchor, to check these draws against: {rotated.anchor}, from {rotated.first_day} on")
    if rotated.earlier_is_lost:
        warn(
            "the earlier key was not there, or damaged. The draws of its last day cannot be decided again; those "
            "before it can. `verify` says that it is lost until a manager acknowledges it: `testing-tracker key "
            "acknowledge --reason TEXT`."
        )


@key_command.command("acknowledge")
@click.option("--reason", type=REASON, required=True, metavar="TEXT", help="What happened; goes on record.")
@pass_desk
def acknowledge_loss(desk: Desk, reason: str) -> None:
    """Say that a key is lost, or that an earlier copy of the database was brought back: `verify` then goes on.

    It names for ever what was lost. Do it only where you know how that came about; somebody who wrote a new past leaves
    the same.
    """
    with desk.writing() as work:
        done = services.known_to_key.acknowledge(work, desk.location.key, reason)
    if work.failed_afterwards:
        raise TestingTrackerError("It is on record, and not in the key file, where it counts. Do it again.")
    for lost in done.lost:
        say(desk, f"Acknowledged: the key {lost.by[:8]} of the days from {lost.first_day} on is lost.")
    for missing in done.missing:
        say(desk, f"Acknowledged: a key of the days from {missing.first_day} on was begun, and is on record no more.")
    for gone in done.gone:
        there = f"The ledger goes up to page {done.up_to} now; what is not in it is lost."
        if done.is_restored:
            last = f", its last night was that of {done.last_night}" if done.last_night else ""
            there = f"The copy that was brought back went up to page {done.up_to}{last}; what came after it is lost."
        say(
            desk,
            f"Acknowledged: page {gone.page}, sealed in the night of {gone.day}, is not on record. {there}",
        )
