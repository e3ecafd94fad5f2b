"""One grammar for every command: days, times and words are read by one door each, and said back as understood."""

import click
import pytest
from conftest import MONDAY, made_once

from testing_tracker.cli import program
from testing_tracker.cli.desk import parameter_types as types
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.importing import result_import
from testing_tracker.rules.said import Looks

pytestmark = pytest.mark.one_database(reason="how words are read, before a database is asked")
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
    types.RECOMMENDATION: "1",
    **dict.fromkeys(DAY_TYPES, MONDAY),
}
MORE = {
    ("checkin", "record"): ["--at", "06:40"],
    ("checkin", "outage"): ["--from", "07:10", "--to", "07:31"],
    ("checkin", "rule"): ["--opens", "5am", "--closes", "10am", "--page", "--not-checked-in", "missed"],
    ("participant", "contact"): ["--text", "+15550123"],
    ("excuse",): ["--all", "--yes"],
    ("missed",): ["--all", "--yes"],
    ("test",): ["--reason", "hospital"],
}
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
    """A17 is due on Monday; B2's positive raised a recommendation."""
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

    @pytest.mark.parametrize("said", ["yesterday", "last sun", "11/15"])
    def test_and_no_word_for_it_is_taken(self, staffed, said):
        done = staffed.run("draw", "--catch-up-to", said)
        assert done.exit_code == 2
        assert f"'{said}' is not a date with its year; write 2026-11-23" in done.stderr


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


class TestOthersThatAreSaid:
    @pytest.mark.parametrize("said", ["9:05am", "905", "0905", "9:05 AM"])
    def test_a_time_is_read_as_people_say_it_and_said_back(self, staffed, said):
        done = staffed.run("result", "A17", "n", "--collected-at", said)
        assert f"TRAINING note: '{said}' is 09:05 on Mon 2026-11-16." in done.stderr.splitlines()
        assert staffed.rows("SELECT collected_at FROM result WHERE collected_at IS NOT NULL") == [
            ("2026-11-16 17:05:00.000000",)
        ]

    def test_a_time_of_a_whole_form_needs_no_saying_back(self, staffed):
        assert "09:05" not in staffed.run("result", "A17", "n", "--collected-at", "09:05").stderr

    @pytest.mark.parametrize(
        "arguments",
        [("collected", "A17", "--collected-at"), ("specimen", "handover", "S-1", "--to", "courier", "--at")],
    )
    def test_an_hour_that_could_be_two_is_refused_with_both(self, staffed, arguments):
        assert "'9' could be 9am or 9pm; write 9am, 9pm or 9:00." in staffed.refused(*arguments, "9")
        assert "'9am' is 09:00 on Mon 2026-11-16." in staffed.run(*arguments, "9am").stderr

    @pytest.mark.parametrize("arguments", [("status", "--overdue-after"), ("serve", "--once", "--draw-at")])
    def test_the_hours_of_the_service_too(self, staffed, arguments):
        assert "could be 6am or 6pm" in staffed.run(*arguments, "6").stderr
        assert staffed.run(*arguments, "6:00AM").exit_code in (0, 1)

    @pytest.mark.parametrize(
        ("said", "week"),
        [("last", "2026-W46"), ("this", "2026-W47"), ("46", "2026-W46"), ("w47", "2026-W47"), ("2026-w46", "2026-W46")],
    )
    @pytest.mark.parametrize("report", ["weekly", "network"])
    def test_a_week_is_read_and_said_back(self, staffed, report, said, week):
        done = staffed.run("report", report, "--week", said, "--format", "JSON")
        assert f'"week": "{week}"' in done.stdout
        assert f"TRAINING note: '{said}' is {week}, from Mon " in done.stderr

    def test_a_week_that_could_be_of_two_years_is_refused_with_both(self, staffed):
        done = staffed.run("report", "weekly", "--week", "48")
        assert done.exit_code == 2
        assert "'48' could be 2025-W48 or 2026-W48; write the one that is meant." in done.stderr

    @pytest.mark.parametrize(("said", "note"), [("IOP", ""), ("Iop", ""), ("i", "Note: 'i' is iop.\n")])
    def test_a_level_is_read_in_either_case_and_from_its_beginning(self, staffed, said, note):
        done = staffed.run("participant", "add", "C3", "--schedule", "fixed-2", "--level", said)
        assert "C3 enrolled on 2026-11-16: iop, schedule fixed-2." in done.stdout
        assert done.stderr == note

    def test_so_are_types_of_specimens_and_what_could_be_two_is_refused(self, staffed):
        assert "negative logged" in staffed("result", "A17", "n", "--specimen", "URINE")
        assert (
            "'b' could be breath or blood; write more of it"
            in staffed.run("collected", "A17", "--specimen", "b").stderr
        )

    def test_days_are_counted_from_today_as_arguments_too(self, staffed):
        said = staffed("participant", "leave", "A17", "-2", "+3", "--reason", "hospital")
        assert "A17 is on leave from 2026-11-14 to 2026-11-19." in said
        assert "Closed: 2026-11-17, 2026-11-18." in staffed("facility", "close", "+1", "--to", "+2", "--reason", "snow")

    @pytest.mark.parametrize(
        ("said", "answer"),
        [
            ("x", "'x' is not one of 'outpatient', 'iop', 'php', 'residential'"),
            ("residental", "did you mean residential?"),
            ("", "is not one of"),
        ],
    )
    def test_another_level_is_refused_with_those_there_are(self, staffed, said, answer):
        done = staffed.run("participant", "transfer", "A17", said, "--reason", "why")
        assert done.exit_code == 2
        assert answer in done.stderr

    def test_a_beginning_of_two_words_is_refused_with_both(self):
        with pytest.raises(click.BadParameter, match="'c' could be code or csv; write more of it"):
            types.CaselessChoice(["code", "worst", "csv"]).convert("c", None, None)


class TestOutcomes:
    @pytest.mark.parametrize(
        ("said", "answer"),
        [
            ("n", "negative logged"),
            ("NEG", "negative logged"),
            ("Negative", "negative logged"),
            ("coc", "positive for cocaine logged"),
            ("coc fen", "positive for cocaine, fentanyl logged"),
            ("p:coc,fen", "positive for cocaine, fentanyl logged"),
            ("P coc", "positive for cocaine logged"),
            ("pos --analyte coc", "positive for cocaine logged"),
            ("p: --analyte coc", "positive for cocaine logged"),
            ("coc --analyte fen", "positive for cocaine, fentanyl logged"),
            ("coc --analyte cocaine", "positive for cocaine logged"),
            ("coc=320", "positive for cocaine logged"),
            ("i leaked", "invalid logged"),
            ("m", "missed (was due)"),
            ("R left the room", "refused (was due)"),
            ("e court date", "excused (was due)"),
            ("u", "tried and could not provide"),
            ("c", "collected (was due)"),
            ("c S-104", "collected, S-104 (was due)"),
            ("#S-104 n", "negative logged"),
            ("lab coc --lab North", "definitive result, positive for cocaine logged"),
        ],
    )
    def test_result_understands_what_the_log_session_does(self, staffed, said, answer):
        assert answer in staffed("result", "A17", *said.split())

    def test_what_stands_behind_the_outcome_is_kept(self, staffed):
        staffed("result", "A17", "i", "it", "leaked")
        assert ("it leaked",) in staffed.rows("SELECT note FROM result")

    @pytest.mark.parametrize(
        ("said", "answer"),
        [
            ("n coc", "`n` is negative and stands alone"),
            ("m coc", "missed and 'coc' say two things"),
            ("coc n", "`n` does not stand beside analytes"),
            ("cocain", "'cocain' is not an analyte; did you mean cocaine"),
            ("negativ", "Did you mean negative?"),
            ("coc=320 --analyte coc=40", "cocaine has two amounts"),
            ("i leaked --note warm", "--note says something else than OUTCOME"),
            ("#S-1 n --specimen-id S-2", "--specimen-id says something else than OUTCOME"),
            ("m --analyte coc", "A draw that is missed has no analyte"),
            ("c --analyte coc", "Of a cup whose result is to come"),
            ("e", "Say why the draw does not count"),
            ("lab coc", "add --lab NAME"),
            ("p", "add --analyte NAME"),
            ("coc=20", "Nothing reaches its cutoff"),
            ("B2 n", "'B2' is not an analyte"),
        ],
    )
    def test_what_says_two_things_is_refused_and_nothing_is_changed(self, staffed, said, answer):
        before = staffed.contents()
        done = staffed.run("result", "A17", *said.split())
        assert done.exit_code in (1, 2)
        assert answer in done.stderr
        assert "`?`" not in done.stderr, "that is a key of the log session"
        assert staffed.contents() == before

    @pytest.mark.parametrize(
        ("said", "answer"),
        [
            ("N", "corrected to negative"),
            ("fen", "corrected to positive for fentanyl"),
            ("p:fen,coc", "corrected to positive for cocaine, fentanyl"),
            ("i leaked", "corrected to invalid"),
            ("DUE", "corrected to due"),
            ("m", "corrected to missed"),
            ("e", "corrected to excused"),
            ("collected", "corrected to collected"),
        ],
    )
    def test_amend_understands_the_same(self, staffed, said, answer):
        assert answer in staffed("amend", "B2", *said.split(), "--reason", "typed wrong")

    @pytest.mark.parametrize(
        ("said", "answer"),
        [("m overslept", "--reason says why"), ("u", "Amend it to due"), ("m --note x", "has no analyte")],
    )
    def test_and_refuses_what_an_amendment_cannot_be(self, staffed, said, answer):
        before = staffed.contents()
        assert answer in staffed.run("amend", "B2", *said.split(), "--reason", "typed wrong").stderr
        assert staffed.contents() == before


class TestCodes:
    def test_the_same_letters_and_number_come_first_and_are_not_taken(self, staffed):
        staffed.add("P03", "P13", "P30", "P33")
        before = staffed.contents()
        for said in (("participant", "show", "p3"), ("missed", "p3"), ("report", "participant", "p3")):
            assert "There is no participant p3. Did you mean P03, P13 or P30?" in staffed.refused(*said)
        assert staffed.contents() == before

    def test_where_none_is_near_the_list_is(self, staffed):
        assert "`testing-tracker participant list` shows them all." in staffed.refused("participant", "show", "zebra")


class TestWhatCouldBeAnotherParticipants:
    def test_a_label_behind_c_is_no_participants_code(self, staffed):
        staffed.add("P104")
        said = staffed.refused("result", "A17", "c", "p104")
        assert "p104 is a participant's code" in said
        assert "`testing-tracker collected A17 --specimen-id p104`" in said
        assert staffed.status("A17") == "due"

    def test_a_word_of_the_log_session_is_not_advised_to_a_command(self, staffed):
        said = staffed.run("result", "A17", "lab", "Quest", "n").output
        assert "The laboratory's name stands behind --lab." in said
        assert "a line of its own" not in said
        assert "`?`" not in staffed.run("result", "A17", "cocc").output
        assert "--specimen-id b2 says so" in staffed.run("result", "A17", "c", "b2").output
