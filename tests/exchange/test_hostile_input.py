"""Whatever is given, in whatever place: a clear answer and nothing that looks like a broken program."""

from collections import Counter
from itertools import count

import click
import pytest
from click.testing import CliRunner
from conftest import MONDAY, is_thorough

from testing_tracker import chance
from testing_tracker.cli import program
from testing_tracker.cli.desk import parameter_types

TEXTS = ("a\0b", "A\udcff", "x" * 1_000_000, "x" * 3_999, "", " ", "\x1b]52;c;eA==\x07", "\u202eevil")
NUMBERS_AND_DAYS = (
    "99999999999999999999",
    "²",
    "0001-01-01",
    "9999-12-31",
    "1900-01-01",
    "2199-12-31",
    "9999-W52",
    "NaN",
    "inf",
    "1e999999",
    "-1",
    "0001-01-01T00:00+14:00",
    "9999-12-31T23:59-14:00",
    "٣",
    "9" * 3_999,
    "9" * 500 + "F",
    "9" * 500 + "/" + "9" * 500,
)
THIRDS = 3
HOSTILE = (*TEXTS, *NUMBERS_AND_DAYS)
TYPED = {
    parameter_types.DAY: "2026-11-16",
    parameter_types.DAY_BEFORE: "2026-11-16",
    parameter_types.DAY_TO_COME: "2026-11-16",
    parameter_types.OUTCOME: "negative",
    parameter_types.REASON: "for a reason",
    parameter_types.WEEK: "2026-W46",
    parameter_types.TIME: "09:00",
    parameter_types.INSTANT: "09:00",
    parameter_types.CODE: "A17",
    parameter_types.NOTICE_ADDRESS: "+15550123",
    parameter_types.CODE_DUE: "A17",
    parameter_types.ANALYTE: "cocaine",
    parameter_types.SCHEDULE: "fixed-2",
    parameter_types.FACILITY: "1",
    parameter_types.ID: "1",
    parameter_types.REVIEW: "1",
    parameter_types.RECOMMENDATION: "1",
    parameter_types.DECIDED_RECOMMENDATION: "1",
}
SLOW = {
    ("demo",): ["--keep", ""],
    ("serve",): ["--once"],
    ("web", "serve"): ["--check"],
}  # what else is given, so that it comes to an end


def commands(command: click.Command, path: tuple[str, ...] = ()):
    """Every command there is, by the words that call it."""
    context = click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))
    else:
        yield path, command


ALL = dict(commands(program)) | {
    ("result", "import"): __import__("testing_tracker.cli.desk.importing", fromlist=["x"]).result_import
}


def usual(parameter: click.Parameter) -> list[str]:
    """A value that a person might give."""
    if isinstance(parameter.type, click.Choice):
        value = str(parameter.type.choices[0])
    else:
        value = TYPED.get(parameter.type, "1" if isinstance(parameter.type, click.types.IntParamType) else "some.file")
    return [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]


def kind_of(parameter: click.Parameter) -> str:
    """What reads a parameter: the same for every command."""
    return f"{type(parameter.type).__name__} {parameter.type.name}"


def turns() -> dict[tuple[tuple[str, ...], str], int]:
    """How many parameters of its kind come before each parameter of each command."""
    seen: Counter[str] = Counter()
    found = {}
    for path, command in ALL.items():
        for parameter in command.params:
            found[path, parameter.name] = seen[kind_of(parameter)]
            seen[kind_of(parameter)] += 1
    return found


TURNS = turns()
HOW_MANY = Counter(kind_of(parameter) for command in ALL.values() for parameter in command.params)


def hostile_to(path: tuple[str, ...], parameter: click.Parameter) -> tuple[str, ...]:
    """What a parameter is tried with: every text, and in turn a third of the numbers and days.

    A kind has one reader, whatever the command, but for mere text. For a night all are tried everywhere.
    """
    if is_thorough() or parameter.type.name == "text" or HOW_MANY[kind_of(parameter)] < THIRDS:
        return HOSTILE
    return (*TEXTS, *NUMBERS_AND_DAYS[TURNS[path, parameter.name] % THIRDS :: THIRDS])


def given(command: click.Command, target: click.Parameter, value: str) -> list[str]:
    """A command's words with what it needs, and one parameter of it as hostile as can be."""
    parts: list[str] = []
    behind: list[str] = []
    for parameter in command.params:
        if parameter is target:
            found = [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
        elif parameter.required:
            found = usual(parameter)
        else:
            continue
        if isinstance(parameter, click.Argument):
            behind += found
        else:
            parts += found
    return [*parts, *(["--"] if behind else []), *behind]


def answer(clinic, *arguments: str, start: tuple[str, ...] | None = None) -> str:
    """What a command said to it; it has to have said it as a program that is well."""
    start = ("--database", clinic.url, "--today", MONDAY) if start is None else start
    done = CliRunner().invoke(program, [*start, *arguments], input="n\n" * 5)
    shown = [part[:60] for part in arguments]
    assert done.exception is None or isinstance(done.exception, SystemExit | OSError), (shown, done.exception)
    assert done.exit_code in (0, 1, 2), (shown, done.output)
    assert "Something went wrong inside" not in done.output
    assert "Traceback" not in done.output
    assert len(done.stderr) < 20_000, shown
    return done.output


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_no_parameter_takes_the_program_apart(staffed, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    command = ALL[path]
    seeds = count(100)  # no key is begun twice
    monkeypatch.setattr(chance, "new_seed", lambda: bytes([next(seeds)]) * 32)
    if path == ("schedule", "simulate"):  # what is simulated before is another test's
        monkeypatch.setattr("testing_tracker.cli.simulate.LONGEST_WINDOW", 2, raising=False)
    for target in command.params:
        if getattr(target, "is_flag", False) or not target.expose_value:
            continue
        for value in hostile_to(path, target):
            more = SLOW.get(path, [])
            if path == ("demo",) and value not in ("x" * 1_000_000, "a\0b", "A\udcff"):
                continue  # it would make its eight weeks each time
            answer(staffed, *path, *(more if path != ("demo",) else []), *given(command, target, value))
    assert "All holds" in staffed("verify")


@pytest.mark.parametrize("option", ["--database", "--facility", "--today"])
@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_nor_does_what_stands_before_the_command(staffed, tmp_path, monkeypatch, option, value):
    monkeypatch.chdir(tmp_path)
    start = ["--database", staffed.url, "--today", MONDAY]
    if option in start:
        start[start.index(option) + 1] = value
    else:
        start += [option, value]
    answer(staffed, "due", start=tuple(start))
    answer(staffed, "participant", "list", start=tuple(start))


@pytest.mark.parametrize("name", ["DATABASE", "FACILITY", "TODAY", "KEY_FILE", "ANALYTES", "DELIVERY", "LOG_FORMAT"])
def test_nor_does_the_environment(staffed, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    start = ("--database", staffed.url) if name != "DATABASE" else ()
    for value in HOSTILE:
        if "\0" in value:
            continue  # no environment holds one
        monkeypatch.setenv(f"TESTING_TRACKER_{name}", value)
        for command in (("due",), ("draw",), ("status",), ("analyte", "list"), ("serve", "--once")):
            answer(staffed, *command, start=start)


@pytest.mark.parametrize("zone", ["Bad/Zone", "../../etc/passwd", "²", "x" * 3_000, "/dev/null", ":", "EST5EDT,M3"])
def test_nor_does_a_bad_timezone_of_the_machine(staffed, tmp_path, machine_zone, zone):
    import tzlocal

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        patch.setattr(tzlocal.unix, "_cache_tz", None)
        patch.setattr(tzlocal.unix, "_cache_tz_name", None)
        answer(staffed, "doctor")
        answer(staffed, "cron", "print")
        answer(staffed, "init", start=("--database", str(tmp_path / "another.db")))


def test_a_number_that_nothing_has_is_one_clear_line(staffed):
    done = staffed.run("review", "done", "99999999999999999999")
    assert done.exit_code == 2
    assert "that is not the number of something on record" in done.stderr
    assert staffed.run("review", "done", "999999999999999999").exit_code == 1
    for command in ("show", "accept", "reopen --reason slip"):
        for number in ("99999999999999999999", "999999999999999999", "no:999999999999999999"):
            staffed.refused("recommendation", *command.split(), number)


def test_the_time_is_within_what_the_records_can_reckon_with(staffed):
    done = CliRunner().invoke(program, ["--database", staffed.url, "--today", "9999-12-31", "due"])
    assert done.exit_code == 2
    assert "a day outside of the years 1900 to 2199" in done.stderr
