"""What can be said of a result and its specimen on the command line, for `result` and `amend` alike."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

from testing_tracker.cli.desk.given_days import instant_given
from testing_tracker.cli.desk.parameter_types import ANALYTE, INSTANT, SPECIMEN
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import MEASURED, SPECIMENS, Method, Outcome

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from testing_tracker.rules.testing.amounts import Amount
    from testing_tracker.rules.testing.log_line import Entry
    from testing_tracker.rules.testing.specimens import NewSpecimen
    from testing_tracker.services.testing.collecting import NewCup
    from testing_tracker.services.testing.results import NewResult
    from testing_tracker.store.work import Work

_Command = TypeVar("_Command", bound=Callable[..., object])

_OF_THE_SPECIMEN = ("specimen_kind", "label", "collector", "observed", "received_at", *MEASURED)


class _AnalyteWithAmount(click.ParamType[tuple[str, str | None]]):
    """`coc`, or `coc=320` with what was measured of it, `alcohol=40mg/dL` where it is not in ng/mL."""

    name = "name[=amount]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str | None]:  # noqa: ANN401
        if isinstance(value, tuple):
            return value
        name, _, amount = value.partition("=")
        return ANALYTE.convert(name, param, ctx), amount or None

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        return ANALYTE.shell_complete(ctx, param, incomplete)


_COLLECTED_AT = click.option(
    "--collected-at", type=INSTANT, metavar="TIME", help="Such as 09:40 or 9:40am, the facility's time."
)
_CUP = (
    click.option("--specimen-id", "label", metavar="ID", help="The specimen's label or barcode."),
    click.option(
        "--specimen",
        "specimen_kind",
        type=SPECIMEN,
        metavar="TYPE",
        help=f"Where it is not the schedule's: {', '.join(SPECIMENS)}.",
    ),
    click.option("--collector", metavar="WHO", help="Who collected it."),
    click.option("--observed/--unobserved", "observed", default=None, help="Whether the collection was observed."),
)
_TEMPERATURE = click.option(
    "--temperature", metavar="DEGREES", help="Of the specimen when it was given: 34.5 (Celsius), or 94F."
)
_CUP_OPTIONS = (*_CUP, _COLLECTED_AT, _TEMPERATURE)

_OPTIONS = (
    click.option(
        "--analyte",
        "analytes",
        type=_AnalyteWithAmount(),
        multiple=True,
        metavar="NAME[=AMOUNT]",
        help="What a positive found; with an amount (ng/mL) it is judged against the cutoff.",
    ),
    click.option(
        "--looked-for",
        "looked_for",
        type=ANALYTE,
        multiple=True,
        metavar="NAME",
        help="What the test looked for, found or not; a laboratory's result governs what it names.",
    ),
    click.option(
        "--cutoff",
        "cutoffs",
        type=_AnalyteWithAmount(),
        multiple=True,
        metavar="NAME=AMOUNT",
        help="The test's own cutoff (ng/mL), by which its amount is judged.",
    ),
    _COLLECTED_AT,
    click.option("--note", metavar="TEXT", help="Anything worth keeping with it."),
    click.option("--definitive", is_flag=True, help="A laboratory's GC-MS or LC-MS/MS result; it governs the cup's."),
    click.option("--lab", metavar="NAME", help="Which laboratory."),
    *_CUP,
    click.option("--received-at", type=INSTANT, metavar="TIME", help="When it arrived where it was tested."),
    _TEMPERATURE,
    click.option("--creatinine", metavar="MG/DL", help="In the urine, in mg/dL, such as 20."),
    click.option("--specific-gravity", metavar="NUMBER", help="Of the urine, such as 1.0030."),
    click.option("--ph", metavar="NUMBER", help="Of the urine, such as 6.5."),
    click.option("--oxidant", metavar="MCG/ML", help="Nitrite in the urine, in mcg/mL, such as 200."),
)


_OF_A_CUP = ("specimen_kind", "label", "collector", "observed", "collected_at", "temperature")


def said_of_a_cup(command: _Command) -> _Command:
    """The options that can be said of a cup whose result is to come, as keywords for `new_cup`."""
    for option in reversed(_CUP_OPTIONS):
        command = option(command)
    return command


def new_cup(work: "Work", day: date, said: dict[str, Any]) -> "NewCup | None":
    """What the options say of a cup whose result is to come; None where they say nothing.

    Raises TestingTrackerError for a time, a type or a number that is none, and for anything that only a result has.
    """
    only_a_result = [key for key, value in said.items() if key not in _OF_A_CUP and value not in (None, False, ())]
    if only_a_result:
        raise TestingTrackerError(
            "Of a cup whose result is to come, only --specimen-id, --specimen, --collector, --observed, --collected-at "
            "and --temperature can be said. The rest comes with its result."
        )
    if all(said[key] is None for key in _OF_A_CUP):
        return None
    from testing_tracker.rules.testing.specimens import NewSpecimen
    from testing_tracker.services.testing.collecting import NewCup

    specimen = _new_specimen(work, day, {**dict.fromkeys(_OF_THE_SPECIMEN), **said}) or NewSpecimen()
    return NewCup(specimen, instant_given(work, day, said["collected_at"]))


def said_of_a_result(command: _Command) -> _Command:
    """The options, which come to the command as keywords for `new_result`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def nothing_said(said: dict[str, Any]) -> bool:
    """Whether none of the options was given."""
    return not any(value is not None and value is not False and value != () for value in said.values())


def said_together(entry: "Entry", said: dict[str, Any]) -> dict[str, Any]:
    """The options with what stood in the outcome: analytes, amounts, a reason, a label, that a laboratory says it.

    Raises UsageError where the two say something else of the same.
    """
    for key, option, word in (("note", "--note", entry.because), ("label", "--specimen-id", entry.label)):
        if word is not None and said[key] not in (None, word):
            raise click.UsageError(f"{option} says something else than OUTCOME; say it once.")
    found = ((name, str(entry.amounts[name]) if name in entry.amounts else None) for name in entry.analytes)
    more = {"note": entry.because or said["note"], "label": entry.label or said["label"]}
    return {**said, **more, "analytes": (*found, *said["analytes"]), "definitive": said["definitive"] or entry.by_lab}


def new_result(work: "Work", day: date, outcome: str, said: dict[str, Any]) -> "NewResult":
    """What the options say. Raises TestingTrackerError for a time or a number that is none."""
    from testing_tracker.services.testing.results import NewResult

    if said["definitive"] and not said["lab"]:
        raise TestingTrackerError("A definitive result needs the laboratory that it comes from; add --lab NAME.")
    missing = next((name for name, cutoff in said["cutoffs"] if not cutoff), None)
    if missing is not None:
        raise TestingTrackerError(f"The cutoff of {missing} has no amount; write --cutoff {missing}=50.")
    return NewResult(
        outcome=Outcome(outcome),
        analytes=tuple(name for name, _ in said["analytes"]),
        collected_at=instant_given(work, day, said["collected_at"]),
        note=said["note"],
        amounts=_amounts(said["analytes"]),
        method=Method.DEFINITIVE if said["definitive"] else Method.PRESUMPTIVE,
        lab=said["lab"],
        specimen=_new_specimen(work, day, said),
        looked_for=tuple(dict.fromkeys(said["looked_for"])),
        cutoffs=_amounts(said["cutoffs"]),
    )


def _amounts(said: tuple[tuple[str, str | None], ...]) -> "dict[str, Amount]":
    from testing_tracker.rules.testing.amounts import amounts_by_analyte, read_amount

    return amounts_by_analyte((name, read_amount(amount)) for name, amount in said if amount)


def _new_specimen(work: "Work", day: date, said: dict[str, Any]) -> "NewSpecimen | None":
    if all(said[key] is None for key in _OF_THE_SPECIMEN):
        return None
    from testing_tracker.rules.testing.specimens import Measurements, NewSpecimen, parse_measurement

    measured = {key: parse_measurement(key, said[key]) for key in MEASURED if said[key] is not None}
    return NewSpecimen(
        kind=said["specimen_kind"],
        label=said["label"],
        collector=said["collector"],
        observed=said["observed"],
        received_at=instant_given(work, day, said["received_at"], "time of receipt"),
        measurements=Measurements(**measured),
    )
