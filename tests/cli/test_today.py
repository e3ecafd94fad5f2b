"""`today`: the board at a glance, for people, for a screen reader and for scripts."""

import re
import shlex
from contextlib import closing

import pytest
from click.testing import CliRunner
from conftest import at_facility, made_once

from testing_tracker.cli import program
from testing_tracker.cli.board.lines import BoardRow, BoardSection, sections, shortened
from testing_tracker.cli.board.text import board_lines
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.pasting import given_before


@made_once
def busy(clinic):
    """A Monday in the middle of the day: somebody in every state that the board knows."""
    clinic.add("A17", "B04", "C21", "D33", "E05", "F06", "G07", "H08", "I09", "J10")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    clinic("result", "B04", "negative")
    clinic("result", "C21", "invalid", "--note", "leaked")
    clinic("unable", "D33", "--reason", "[red]shy[/]")
    clinic("collected", "E05", "--specimen-id", "L-1")
    clinic("collected", "F06")
    clinic("confirmation", "send", "F06", "--lab", "[b]Quest[/]")
    clinic("missed", "G07")
    clinic("refused", "H08")
    clinic("excuse", "I09", "--reason", "funeral of [b]his mother[/]")
    clinic("test", "J10", "--reason", "smelled of alcohol")


@pytest.fixture
def typed(monkeypatch):
    """Types a command at a clinic that the environment names, as at a desk of one's own."""

    def type_it(clinic, *arguments: str) -> str:
        monkeypatch.setenv("TESTING_TRACKER_DATABASE", clinic.url)
        monkeypatch.setenv("TESTING_TRACKER_TODAY", clinic.today)
        done = CliRunner().invoke(program, list(arguments))
        assert done.exit_code == 0, done.output
        return done.stdout

    return type_it


def board(clinic):
    """What the board has, as `today` reads it."""
    from testing_tracker import services

    desk = Desk(clinic.url, clinic.today)
    with closing(desk), desk.reading() as work:
        found = services.board.read_board(work)
        return found, sections(found, work.zone)


class TestWhatIsOnIt:
    """Counts first; then each line with what is typed next."""

    def test_counts_come_first_and_every_draw_is_in_one_of_them(self, busy):
        first = busy("today").splitlines()[:2]
        assert first[0] == "TRAINING"
        assert first[1].startswith("Monday 2026-11-16: 11 due, 6 open, 2 came, 1 missed, 1 refused, 1 excused.")
        counts = busy.json("today")["counts"]
        assert counts["due"] == sum(counts[one] for one in ("open", "came", "missed", "refused", "excused"))
        assert (counts["positive"], counts["negative"]) == (1, 1)

    def test_who_is_open_says_why(self, busy):
        said = {(one["participant"], one["kind"]): one["said"] for one in busy.json("today")["draws"]}
        assert said["C21", "fixed"] == "invalid; to be collected again"
        assert said["D33", "fixed"] == "tried and could not"
        assert said["E05", "fixed"] == "collected; result awaited"
        assert said["F06", "fixed"].startswith("collected; at the laboratory [b]Quest[/], awaited by 2026-11-23")
        assert said["J10", "for-cause"] == said["J10", "fixed"] == "nothing yet"

    def test_a_specimen_that_is_to_be_collected_again_says_so_until_it_is(self, busy):
        busy("test", "C21", "--recollect")
        one = next(one for one in busy.json("today")["draws"] if one["participant"] == "C21")
        assert (one["place"], one["said"]) == ("open", "to be collected again: the specimen was invalid")

    def test_every_next_command_works_as_it_stands(self, busy):
        """But for a result's letter, which the commands take as the log session does."""
        document = busy.json("today")
        typed = [one["next"] for one in document["draws"] if one["next"]]
        assert len(typed) == 7
        for command in typed:
            word, *rest = shlex.split(command)
            assert word == "testing-tracker"
            busy(*("negative" if one == "OUTCOME" else one for one in rest))
        again = busy.json("today")
        assert {one["place"] for one in again["draws"]} - {"left over"} <= {"open", "came", "absent"}
        assert [one["participant"] for one in again["draws"] if one["place"] == "open"] == ["C21"]

    def test_what_is_left_over_of_earlier_days_and_the_question_about_them(self, busy):
        busy.today = "2026-11-17"
        busy("draw")
        document = busy.json("today")
        left = {one["participant"]: one["said"] for one in document["draws"] if one["place"] == "left over"}
        assert left["E05"] == "collected; result awaited"
        assert left["D33"].startswith("tried and could not; unrecorded")
        assert "--on 2026-11-16" in next(one["next"] for one in document["draws"] if one["participant"] == "E05")

    def test_where_panels_rotate_it_says_what_to_look_for(self, clinic, tmp_path):
        file = tmp_path / "rotating.toml"
        file.write_text(
            'title = "Every day"\n[draw]\nkind = "random"\nper_week = 7\n'
            'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\n'
            '[collection]\npanels = [["cocaine", "alcohol"], ["cocaine", "fentanyl"]]\n[response]\n'
        )
        clinic("schedule", "load", str(file))
        clinic.add("A17", schedule="rotating")
        clinic("draw")
        assert "nothing yet; look for cocaine, " in clinic("today")
        clinic("result", "A17", "negative")
        assert "look for" not in clinic("today")

    def test_a_recommendation_that_was_put_off_is_away_until_that_day(self, busy):
        assert [one["id"] for one in busy.json("today")["recommendations"]] == [1]
        busy("recommendation", "defer", "1", "--until", "2026-11-17", "--reason", "in hospital")
        assert busy.json("today")["recommendations"] == []
        busy.today = "2026-11-17"
        assert [one["id"] for one in busy.json("today")["recommendations"]] == [1]

    def test_a_question_has_both_answers(self, clinic, typed):
        clinic.add("A17", "B04", "C21")
        clinic("draw")
        clinic.today = "2026-11-17"
        clinic("draw")
        printed = " ".join(typed(clinic, "today").split())
        assert "Was anything collected on Monday 2026-11-16?" in printed
        assert "testing-tracker missed --all --on 2026-11-16" in printed
        assert "testing-tracker excuse --all --on 2026-11-16 --reason TEXT" in printed

    def test_an_answer_that_is_pasted_as_it_is_printed_makes_no_reason_of_a_placeholder(self, clinic):
        clinic.add("A17", "B04", "C21")
        clinic("draw")
        clinic.today = "2026-11-17"
        clinic("draw")
        said = clinic.run("excuse", "--all", "--on", "2026-11-16", "--reason", "TEXT").output
        assert "TEXT stands for your own words" in said
        assert clinic.status("A17", "2026-11-16") == "unrecorded"

    def test_before_the_nights_run_it_does_not_say_that_nobody_is_due(self, clinic):
        clinic.add("A17")
        assert "nobody knows yet who is due" in clinic("today")

    def test_what_waits_for_a_clinician_and_what_is_overdue(self, busy, typed):
        assert "testing-tracker recommendation show 1" in typed(busy, "today")
        busy("confirmation", "send", "A17", "--lab", "Quest", "--by", "2026-11-16")
        busy.today = "2026-11-17"
        busy("draw")
        document = busy.json("today")
        assert [one["participant"] for one in document["overdue_confirmations"]] == ["A17"]
        assert "overdue" in busy("today")

    def test_draws_that_are_not_made_yet_are_the_first_thing_that_is_said(self, busy, typed):
        busy.today = "2026-11-17"
        lines = typed(busy, "today").splitlines()
        assert lines[2:4] == ["Its draws have not been made yet.", "    testing-tracker draw"]
        assert busy.json("today")["draws_made"] is False

    def test_an_earlier_day_is_shown_alone_and_a_day_to_come_is_refused(self, busy):
        busy.today = "2026-11-17"
        busy("draw")
        document = busy.json("today", "--on", "2026-11-16")
        assert document["day"] == "2026-11-16"
        assert document["recommendations"] == document["reviews"] == []
        assert "in the future" in busy.refused("today", "--on", "2026-11-18")

    def test_nobodys_words_are_on_it(self, busy):
        """Reasons may have names in them; the board has codes."""
        for form in ([], ["--plain"], ["--format", "json"], ["--format", "csv"]):
            printed = busy("today", *form)
            assert "mother" not in printed
            assert "shy" not in printed
            assert "alcohol" not in printed
            assert "Quest" in printed


class TestHowItIsShown:
    """As wide as the terminal, as plain as a voice, and the same for scripts."""

    @pytest.mark.parametrize("width", range(40, 201, 8))
    def test_no_line_is_too_wide_and_no_word_is_broken(self, busy, width):
        shown = list(board_lines(*board(busy), width))
        assert max(map(len, shown)) <= width
        whole = set(re.findall(r"\S+", " ".join(board_lines(*board(busy), 500))))
        whole |= {"tt", "\\"}
        assert set(re.findall(r"\S+", " ".join(shown))) <= whole

    def test_a_command_that_goes_on_in_the_next_line_is_one_to_a_shell(self, busy):
        shown = "\n".join(board_lines(*board(busy), 40))
        joined = re.sub(r" \\\n +", " ", shown)
        assert "tt result F06 OUTCOME --definitive --lab '[b]Quest[/]'" in joined

    def test_many_who_say_the_same_stand_together_with_every_code(self, clinic):
        codes = [f"P{number:03}" for number in range(40)]
        lines = "participant,level,schedule,enrolled_on\n" + "".join(f"{one},iop,fixed-2,2026-11-16\n" for one in codes)
        clinic("participant", "import", "-", input=lines)
        clinic("draw")
        printed = clinic("today")
        assert "nothing yet (40):" in printed
        assert set(codes) <= set(printed.split())
        assert len(printed.splitlines()) < 20
        clinic.today = "2026-11-17"
        clinic("draw")
        printed = re.sub(r" \\\n +", " ", clinic("today"))
        assert "due --on 2026-11-16\n" in printed
        assert not set(codes) & set(printed.split()), "of a whole day that is left over, one command has them all"

    def test_who_came_and_said_the_same_stands_together_however_few_they_are(self, clinic):
        codes = ["A17", "B04", "C21", "D33"]
        clinic.add(*codes)
        clinic("draw")
        for code in codes:
            clinic("result", code, "negative")
        assert "negative (4):\n    A17 B04 C21 D33\n" in clinic("today")

    def test_what_has_a_list_of_its_own_is_shown_in_part_and_counted_whole(self):
        rows = tuple(BoardRow(f"review-{number}", "A17", "", f"review {number}") for number in range(9))
        questions = BoardSection("questions", "Questions", rows[:3])
        for_a_clinician = BoardSection("clinician", "For a clinician", rows)
        first, second = shortened([questions, for_a_clinician])
        assert [row.said for row in first.rows] == ["review 2", "2 more"]  # the newest question is the last
        assert first.rows[-1].commands == (("status",),)
        assert [row.said for row in second.rows][4:] == ["review 4", "4 more"]
        assert second.rows[-1].commands == (("review", "list"),)
        assert (first.heading, second.heading) == ("Questions (3)", "For a clinician (9)")
        assert shortened([BoardSection("open", "Open", rows)])[0].rows == rows

    def test_plain_is_a_fact_a_line_without_boxes_and_signs(self, busy, typed):
        lines = typed(busy, "today", "--plain").splitlines()
        assert lines[0] == "TRAINING"
        assert "Open: D33: tried and could not. Next: testing-tracker result D33 OUTCOME" in lines
        assert all(line == line.strip() and line for line in lines)
        assert not re.search(r"[^\x20-\x7e]", "".join(lines))

    def test_csv_has_a_row_for_each_line(self, busy):
        header, *rows = busy("today", "--format", "csv").splitlines()
        assert header == "section,participant,due_on,kind,status,outcome,analytes,said,next"
        assert len([row for row in rows if row.startswith(("open", "came", "absent"))]) == 11

    def test_what_leaves_as_a_file_goes_on_record_and_a_look_does_not(self, busy):
        exports = "SELECT count(*) FROM audit_entry WHERE act = 'report export'"
        before = busy.rows(exports)
        busy("today")
        assert busy.rows(exports) == before
        busy("today", "--format", "json")
        assert busy.rows(exports)[0][0] == before[0][0] + 1

    @pytest.mark.parametrize(
        "both", [["--watch", "--plain"], ["--plain", "--format", "json"], ["--watch", "--on", "yesterday"]]
    )
    def test_two_ways_at_once_are_wrong_usage(self, busy, both):
        assert busy.run("today", *both).exit_code == 2

    def test_to_stay_on_the_screen_it_needs_one(self, busy):
        said = busy.refused("today", "--watch")
        assert "terminal" in said
        assert "today --plain" in said


class TestWithoutACommand:
    """The program alone shows the board; where there is none, what to do first."""

    def test_it_is_the_board(self, busy):
        assert busy() == busy("today")

    def test_without_a_database_it_is_the_help_and_what_to_do_first(self, tmp_path):
        done = CliRunner().invoke(program, ["--database", f"{tmp_path}/none.db"])
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("Usage: ")
        assert "testing-tracker init" in done.stderr.splitlines()[-1]

    def test_help_stays_help(self, busy):
        assert busy("-h").startswith("Usage: ")

    def test_commands_to_paste_have_what_was_given_before(self, busy):
        assert f"testing-tracker --database {shlex.quote(busy.url)} --today 2026-11-16 result D33 OUTCOME" in busy(
            "today", "--plain"
        )


class TestWhatStandsInFrontOfACommandToPaste:
    """The options of the command that prints it, and no secret."""

    @pytest.mark.parametrize("elsewhere", [False, True])
    def test_no_password(self, elsewhere):
        url = "postgresql://nurse:secret@db.example/clinic"
        with program.make_context("tt", ["--database", url, "today"]):
            given = given_before(Desk(url, None), elsewhere=elsewhere)
        assert given == ["--database", "postgresql://nurse@db.example/clinic"]

    def test_a_file_as_it_was_given_and_from_elsewhere_whole(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        with program.make_context("tt", ["--database", "clinic.db", "today"]):
            desk = Desk("clinic.db", None)
            assert given_before(desk) == ["--database", "clinic.db"]
            assert given_before(desk, elsewhere=True) == ["--database", str(tmp_path / "clinic.db")]

    def test_what_the_environment_says_only_where_it_is_pasted_elsewhere(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TESTING_TRACKER_DATABASE", "clinic.db")
        with program.make_context("tt", ["today"]):
            desk = Desk("clinic.db", None)
            assert given_before(desk) == []
            assert given_before(desk, elsewhere=True) == ["--database", str(tmp_path / "clinic.db")]


class TestSeveralFacilities:
    """Each one's counts, and how to see one of them."""

    def test_counts_of_each_and_the_command_for_one(self, network):
        at_facility(network, "2", "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
        network("draw")
        printed = network("today")
        assert all(line.startswith("TRAINING ") for line in printed.splitlines() if "2026-11-16:" in line)
        assert "Ostkreuz: Monday 2026-11-16: 1 due, 1 open, 0 came." in printed
        given = f"--database {shlex.quote(network.url)} --today {network.today}"
        assert f"testing-tracker {given} --facility Ostkreuz today" in " ".join(printed.split())
        assert "A17" not in printed
        one = at_facility(network, "Ostkreuz", "today")
        assert one.splitlines()[0] == "TRAINING Ostkreuz"
        assert "A17" in one

    def test_a_document_for_each(self, network):
        network("draw")
        found = network.json("today")
        assert [one["facility"] for one in found] == [network.rows("SELECT name FROM facility")[0][0], "Ostkreuz"]

    def test_to_stay_it_needs_one_named(self, network):
        assert network.run("today", "--watch").exit_code == 1


def test_the_board_asks_few_questions(busy):
    """However many are due: one for all draws, not one for each."""
    from sqlalchemy import event

    from testing_tracker import services

    desk = Desk(busy.url, busy.today)
    asked: list[str] = []
    event.listen(desk.engine, "before_cursor_execute", lambda _c, _u, text, *_more: asked.append(text))
    with closing(desk), desk.reading() as work:
        services.board.read_board(work)
    assert len(asked) <= 40
