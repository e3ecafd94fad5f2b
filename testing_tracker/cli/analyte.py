"""`analyte`: what tests can look for, what is known of it and from where, and the facility's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.files import GivenPath
from testing_tracker.cli.desk.output import Row, format_option, print_json, print_rows, show
from testing_tracker.cli.desk.parameter_types import ANALYTE
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.rules.testing.analyte_table import Analyte, Window
    from testing_tracker.rules.testing.analytes import Vocabulary

_COLUMNS = ["analyte", "title", "also", "own"]
_FACTS = ["fact", "specimen", "method", "value", "source", "edition", "verified"]
_URINE = "urine"


@click.group("analyte", cls=CommandGroup)
def analyte_command() -> None:
    """What tests can look for, by the names that people use."""


@analyte_command.command("list")
@format_option
@pass_desk
def list_analytes(desk: Desk, form: str) -> None:
    """Every analyte with its other names; `own` are the facility's."""
    analytes = [desk.vocabulary.described(name) for name in desk.vocabulary.names]
    rows = [_row(analyte) for analyte in analytes]
    if form == "table":
        said = [
            {**_row(analyte), "also": ", ".join(analyte.also), "own": "own" if analyte.is_own else None}
            for analyte in analytes
        ]
        columns = _COLUMNS if any(row["own"] for row in rows) else _COLUMNS[:-1]
        print_rows(desk, said, columns, form, empty="")
    else:
        print_rows(desk, rows, _COLUMNS, form, empty="")


@analyte_command.command("show")
@click.argument("name", type=ANALYTE)
@format_option
@pass_desk
def show_analyte(desk: Desk, name: str, form: str) -> None:
    """Codes, cutoffs, windows of detection, and what a prescription explains; each with its source."""
    analyte = desk.vocabulary.described(name)
    facts = list(_facts(desk.vocabulary, analyte))
    if form == "json":
        print_json(desk, {**_row(analyte), "prescribed": analyte.can_be_prescribed, "facts": facts})
        return
    if form == "table":
        show(f"{name}: {analyte.title}{'; the facility added it' if analyte.is_own else ''}")
        if analyte.also:
            show(f"also: {', '.join(analyte.also)}")
        if not analyte.can_be_prescribed:
            show("No prescription explains it.")
    columns = _FACTS[:-1] if form == "table" else _FACTS  # the source says in words where it was not verified
    print_rows(desk, facts, columns, form, empty="No source gives a code, a cutoff or a window for it.")


@analyte_command.command("check")
@click.argument("file", metavar="FILE", type=GivenPath())
def check_analytes(file: Path) -> None:
    """Say what is wrong with a facility's own file, without using it."""
    from testing_tracker.cli.desk.opening import door
    from testing_tracker.rules.testing.analytes import problems_of
    from testing_tracker.store.given_files import read_facility_file

    problems = problems_of(read_facility_file(file, door().content))
    if problems:
        raise TestingTrackerError("\n       ".join(problems))
    show(f"{file}: good")


def _row(analyte: "Analyte") -> Row:
    return {"analyte": analyte.name, "title": analyte.title, "also": list(analyte.also), "own": analyte.is_own}


def _facts(vocabulary: "Vocabulary", analyte: "Analyte") -> Iterator[Row]:
    """What is known of an analyte, a row for each fact with its source."""
    for (specimen, method), cutoff in analyte.cutoffs.items():
        yield _fact("cutoff", f"{cutoff.amount} {cutoff.unit}", cutoff, specimen, method)
    for specimen, window in analyte.windows.items():
        yield _fact("window", _days(window), window, specimen)
    for of_method, code in analyte.loinc.items():
        yield _fact("loinc", code.code, code, _URINE, of_method)
    explains = analyte.explains
    for fact, others in (("metabolites", explains.metabolites), ("class tests", explains.class_tests)):
        if others:
            yield _fact(fact, ", ".join(others), explains)
    others = vocabulary.explained_in_prescriptions(analyte.name)
    if others:
        yield _fact("explained by prescriptions of", ", ".join(others), None)


def _fact(fact: str, value: str, said: object, specimen: str | None = None, method: str | None = None) -> Row:
    source = {key: getattr(said, key, None) for key in ("source", "edition", "verified")}
    return {"fact": fact, "specimen": specimen, "method": method, "value": value, **source}


def _days(window: "Window") -> str:
    low, high = window.low_days, window.high_days
    return f"{low:g} to {high:g} days" if low is not None else f"up to {high:g} days"
