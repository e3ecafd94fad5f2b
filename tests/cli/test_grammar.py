"""One grammar for every command: days, times and words are read by one door each, and said back as understood."""

import click
import pytest
from conftest import MONDAY, made_once

from testing_tracker.cli import program
from testing_tracker.cli.desk import parameter_types as types
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.importing import result_import
from testing_tracker.rules.said import Looks

DAY_TYPES = (types.DAY, types.DAY_BEFORE, types.DAY_TO_COME)
USUAL = {
    types.CODE: "A17",
    types.CODE_DUE: "A17",
    types.NEW_CODE: "C3",
    types.OUTCOME: "negative",
    types.REASON: "for a reason",
    types.SCHEDULE: "fixed-2",
    types.ANALYTE: "cocaine",
    types.ID: "1",
    **dict.fromkeys(DAY_TYPES, MONDAY),
}
MORE = {("excuse",): ["--all", "--yes"], ("missed",): ["--all", "--yes"], ("test",): ["--reason", "hospital"]}
OTHER_END = {"from_day": ["--to", "yesterday"], "to_day": ["--from", "2026-11-10"]}


def every(command: click.Command, path: tuple[str, ...] = ()):
    """Every command and group there is, by the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from every(command.get_command(click.Context(command), name), (*path, name))


ALL = dict(every(program)) | {("result", "import"): result_import}
PARAMETERS = {(path, one.name): one for path, command in ALL.items() for one in command.params}
DAYS = [key for key, parameter in PARAMETERS.items() if parameter.type in DAY_TYPES]


@made_once
def staffed(clinic):
    """A17 is due on Monday, and had a test on Friday before; B2's positive raised a recommendation."""
    clinic("schedule", "list")
    clinic.add("A17", "B2", enrolled="2026-11-02")
    clinic("draw")
    clinic("result", "B2", "positive", "--analyte", "cocaine", "--specimen-id", "S-1")


class TestTheDoors:
    def test_every_day_is_read_by_one_door(self):
        for (path, name), parameter in PARAMETERS.items():
            if parameter.metavar in ("DATE", "FROM", "TO") or name in ("on", "day", "until", "from_on", "to_on"):
                assert parameter.type in (*DAY_TYPES, types.DATE), (*path, name)

    def test_every_time_is_read_by_one_door(self):
        for (path, name), parameter in PARAMETERS.items():
            if parameter.metavar == "TIME" or name.endswith("_at"):
                assert parameter.type in (types.TIME, types.INSTANT), (*path, name)

    def test_every_week_and_outcome_is_read_by_one_door(self):
        for (path, name), parameter in PARAMETERS.items():
            if name in ("week", "outcome"):
                assert parameter.type in (types.WEEK, types.OUTCOME), (*path, name)

    def test_every_choice_takes_either_case_and_a_beginning(self):
        for (path, name), parameter in PARAMETERS.items():
            assert not isinstance(parameter.type, click.Choice) or isinstance(parameter.type, types.CaselessChoice), (
                *path,
                name,
            )

    def test_every_group_names_the_near_commands(self):
        assert all(isinstance(one, CommandGroup) for one in ALL.values() if isinstance(one, click.Group))

    def test_the_day_that_a_machine_may_have_wrong_is_a_whole_date(self):
        assert PARAMETERS[("draw",), "catch_up_to"].type is types.DATE
        assert PARAMETERS[(), "today"].type is types.DATE


def words(path: tuple[str, ...], name: str, said: str) -> list[str]:
    """A command with all that it needs, and one of its parameters as it is said."""
    typed = [*path, *MORE.get(path, ()), *(OTHER_END.get(name, ()))]
    for parameter in ALL[path].params:
        if parameter.name == name:
            value = said
        elif parameter.required and not (path == ("test",) and parameter.name == "reason"):
            value = USUAL.get(parameter.type, _first_choice(parameter.type))
        else:
            continue
        typed += [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
    return typed


def _first_choice(kind: click.ParamType) -> str:
    return kind.choices[0] if isinstance(kind, click.Choice) else "a word"


@pytest.mark.parametrize(("path", "name"), DAYS, ids=lambda part: part if isinstance(part, str) else " ".join(part))
class TestEveryDay:
    def test_is_said_back_in_full(self, staffed, path, name):
        looks = PARAMETERS[path, name].type.looks
        said, day = ("fri", "2026-11-20") if looks is Looks.AHEAD else ("last fri", "2026-11-13")
        done = staffed.run(*words(path, name, said))
        assert f"TRAINING note: '{said}' is Fri {day}." in done.stderr.splitlines(), done.stderr

    def test_that_could_be_two_is_refused_with_both_and_nothing_is_changed(self, staffed, path, name):
        before = staffed.contents()
        done = staffed.run(*words(path, name, "12/11"))
        assert done.exit_code == 2
        said = "Error: '12/11' could be Thu 2026-11-12 or Fri 2026-12-11; write the date that is meant."
        assert said in done.stderr.splitlines()
        assert staffed.contents() == before

    def test_that_is_none_is_refused_with_what_can_be_typed(self, staffed, path, name):
        done = staffed.run(*words(path, name, "soon"))
        assert done.exit_code == 2
        assert "'soon' is not a date; write 2026-11-23, today, yesterday" in done.stderr
