"""What else than results a log session takes: labels, laboratories, other days, and who is left; line by line."""

import time

import pytest
from conftest import made_once
from test_log import at_terminal

from testing_tracker.cli.help.asked_for import OF_LOG
from testing_tracker.cli.log import _completed


@made_once
def row(clinic):
    """A17, B04, C08 and P1043 are due on Friday and Monday; Friday's nobody recorded."""
    clinic.today = "2026-11-20"
    clinic.add("A17", "B04", "C08", "P1043", schedule="fixed-3")
    clinic("draw")
    clinic.today = "2026-11-23"
    clinic("draw")


def labels(clinic, code):
    (specimen,) = clinic.rows(
        "SELECT label FROM specimen JOIN draw ON draw.id = draw_id JOIN participant ON participant.id = participant_id "
        f"WHERE code = '{code}' AND specimen.id NOT IN (SELECT replaces_id FROM specimen WHERE replaces_id IS NOT NULL)"
    ) or [(None,)]
    return specimen[0]


class TestKeys:
    """How many keys each act costs, Enter counted; a scanned code or label is one key, whatever its length."""

    @pytest.mark.parametrize(
        ("lines", "keys", "becomes"),
        [
            (("C08 n",), 6, "collected negative"),
            (("C08", "n"), 6, "collected negative"),
            (("C08 coc",), 8, "collected positive"),
            (("C08 coc=320",), 12, "collected positive"),
            (("C08 i leaked",), 13, "collected invalid"),
            (("C08 m",), 6, "missed"),
            (("C08 r",), 6, "refused"),
            (("C08 e court date",), 17, "excused"),
            (("C08 u",), 6, "due"),
            (("C08 c",), 6, "collected"),
            (("C08 lab n",), 10, "collected negative"),
            (("C08 #S-1 n",), 11, "collected negative"),
            (("C08@fri n",), 10, "due"),
        ],
    )
    def test_an_act_costs_no_more(self, row, lines, keys, becomes):
        assert sum(len(line) + 1 for line in lines) <= keys
        done = row.run("log", input="\n".join(["lab Northside", *lines]) + "\n")
        assert "Lines refused" not in done.stdout
        assert "Logged 1" in done.stdout
        assert row.status("C08") == becomes
        assert "All holds" in row("verify")


class TestLabels:
    """A cup's label by a second scan."""

    def test_a_second_scan_is_the_cups_label(self, row):
        row("log", input="C08\nS-10433\nn\nA17\n20001\nc\n")
        assert (labels(row, "C08"), row.status("C08")) == ("S-10433", "collected negative")
        assert (labels(row, "A17"), row.status("A17")) == ("20001", "collected")

    def test_another_draws_label_is_refused(self, row):
        row("collected", "A17", "--specimen-id", "S-10433")
        done = row.run("log", input="C08\nS-10433\nn\n")
        assert "There is another specimen with the label S-10433" in done.stderr
        assert row.status("C08") == "due"

    def test_another_label_than_the_one_on_record_is_refused(self, row):
        row("collected", "C08", "--specimen-id", "S-10433")
        assert "is on record as S-10433" in row.run("log", input="C08\nS-10500\nn\n").stderr
        assert row.status("C08") == "collected"

    @pytest.mark.parametrize("word", ["P1043", "P1034", "p01043"])
    def test_what_may_be_meant_for_a_code_is_refused_with_both(self, row, word):
        done = row.run("log", input=f"C08\n{word}\nn\n")
        assert f"{word} may be the label of C08's cup, or meant for the code P1043" in done.stderr
        assert row.rows("SELECT count(*) FROM result") == [(0,)]

    def test_a_code_behind_collected_is_refused_with_both(self, row):
        said = row.run("log", input="C08 c A17\n").stderr
        assert "A17 is a participant's code, and may be the cup's label. For the label type `c #A17`" in said
        row("log", input="C08 c #A17\n")
        assert labels(row, "C08") == "A17"

    @pytest.mark.parametrize("typed", ["cocian", "cocain1", "mdm4", "320", "coc320", "negatve", "3200"])
    def test_an_analyte_or_an_amount_typed_wrong_is_no_label(self, row, typed):
        assert row.run("log", input=f"C08\n{typed}\nn\n").exit_code == 1
        assert row.rows("SELECT count(*) FROM specimen") == [(0,)]

    @pytest.mark.parametrize("line", ["S-10433 n", "S-10433\nn", "#s-10433 n"])
    def test_a_label_on_record_says_whose_cup_it_is(self, row, line):
        row("collected", "C08", "--specimen-id", "S-10433")
        assert "C08's draw of 2026-11-23: negative logged" in row("log", input=f"{line}\n")

    def test_a_label_of_another_days_cup_says_the_day_in_full(self, row):
        row("collected", "C08", "--specimen-id", "S-10433", "--on", "2026-11-20")
        assert "Fri 2026-11-20: C08's draw of 2026-11-20: negative logged" in row("log", input="S-10433 n\n")
        assert row.status("C08") == "due"

    def test_a_label_that_is_the_end_of_a_code_too_is_refused_with_both(self, row):
        row("collected", "C08", "--specimen-id", "1043")
        desk = at_terminal(row)
        assert "1043 is the label of C08's cup, and can be the code P1043" in desk.type("1043 n")
        assert "C08's draw of 2026-11-23: negative logged" in desk.type("#1043 n")
        desk.type("q")

    def test_who_was_scanned_has_not_missed(self, row):
        assert "S-10433 was scanned for C08's cup" in row.run("log", input="C08\nS-10433\nm\n").stderr
        assert row.status("C08") == "due"


class TestALaboratory:
    """A fax of definitive results."""

    def test_it_is_said_once_and_goes_the_way_of_the_command(self, row, tmp_path):
        row("result", "C08", "positive", "--analyte", "coc")
        row("result", "A17", "positive", "--analyte", "thc")
        other = row.copy(tmp_path / "other.db")
        row("log", input="lab Northside Labs\nC08 lab coc=320\nA17 lab n\n")
        of = ("--definitive", "--lab", "Northside Labs")
        other("result", "C08", "positive", "--analyte", "coc=320", *of)
        other("result", "A17", "negative", *of)
        assert row.contents() == other.contents()

    def test_it_is_asked_for_and_remembered(self, row):
        desk = at_terminal(row)
        assert "C08, which laboratory:" in desk.type("C08 lab n")
        assert "says something of a result" in desk.type("n")
        assert "definitive result of Northside, negative logged" in desk.type("Northside")
        assert "code (lab Northside):" in desk.said
        assert "definitive result of Northside" in desk.type("A17 lab coc")
        assert "Among those logged: a laboratory's 2." in " ".join(desk.type("q").split())

    def test_a_draw_with_its_cups_result_opens_for_the_laboratory(self, row):
        row("result", "C08", "positive", "--analyte", "coc")
        assert "definitive result of North, negative logged" in row("log", input="lab North\nC08 lab\nn\n")

    @pytest.mark.parametrize("line", ["lab n", "lab coc", "lab C08 n", "lab", "lab #S-1", "lab coc=320", "lab q"])
    def test_a_line_that_lacks_its_code_names_no_laboratory(self, row, line):
        assert row.run("log", input=f"{line}\nC08 lab n\n").stdout.startswith("TRAINING Logged 0")

    def test_a_name_in_the_line_of_a_result_is_refused(self, row):
        assert "stands on a line of its own" in row.run("log", input="C08 lab Northside n\n").stderr


class TestAnotherDay:
    """`@` and a day behind the code."""

    @pytest.mark.parametrize("said", ["@fri", "@2026-11-20", "@-3", "@last fri", "@11/20", "@Nov-20"])
    def test_it_is_said_back_in_full(self, row, said):
        assert "Fri 2026-11-20: C08's draw of 2026-11-20: negative logged" in row("log", input=f"C08{said} n\n")
        assert row.status("C08", "2026-11-20") == "collected negative"
        assert row.status("C08") == "due"

    def test_an_open_draw_shows_its_day(self, row):
        desk = at_terminal(row)
        assert "C08's draw of 2026-11-20 (Fri 2026-11-20)" in desk.type("8@fri")
        assert "C08 of Fri 2026-11-20 (n," in desk.said
        assert "C08's draw of 2026-11-20: negative logged" in desk.type("n")
        desk.type("q")

    @pytest.mark.parametrize(
        ("said", "hint"),
        [
            ("@tomorrow", "is in the future"),
            ("@soon", "is not a date"),
            ("@mon", "could be today"),
            ("@", "not a date"),
        ],
    )
    def test_what_is_no_day_of_before_is_refused(self, row, said, hint):
        assert hint in row.run("log", input=f"C08{said} n\n").stderr
        assert row.rows("SELECT count(*) FROM result") == [(0,)]


class TestWhoIsLeft:
    """The codes that are still awaited."""

    def test_an_empty_line_and_who_tell_it(self, row):
        row("collected", "B04")
        desk = at_terminal(row)
        desk.type("C08 n")
        left = "Still awaited: A17, P1043. Collected, result to come: B04."
        time.sleep(0.3)  # or the line end would be a scanner's
        assert left in desk.type("")
        assert left in desk.type("who")
        assert left in desk.type("quit")

    def test_the_line_end_that_a_scanner_adds_tells_nothing(self, row):
        desk = at_terminal(row)
        assert "Still awaited" not in desk.type("C08\r\n")
        assert "Still awaited" not in desk.type("n\r\n")
        desk.type("q")

    def test_leaving_names_some_and_counts_the_rest(self, row):
        row.add(*(f"N{number}" for number in range(30)), schedule="fixed-3")
        row("draw")
        said = row("log", input="C08 n\n")
        assert "Still awaited: A17, B04, N0, N1," in said
        assert " and 13 more." in said

    def test_when_nobody_is(self, row):
        assert "Nobody is awaited any more." in row("log", input="A17 n\nB04 m\nC08 r\nP1043 e flood\n")

    def test_the_tally_counts_what_gave_no_result_behind_the_rest(self, row):
        said = row("log", input="A17 e flood\nB04 u\nC08 c\nP1043 n\n")
        assert "Logged 4: negative 1, positive 0, invalid 0, missed 0, refused 0. Undone: 0. Rec" in said
        assert "Among those logged: excused 1, unable 1, collected 1." in said


def test_u_alone_at_an_open_draw_is_refused_with_both(row):
    desk = at_terminal(row)
    desk.type("C08 n")
    desk.type("A17")
    said = " ".join(desk.type("u").split())
    assert "`unable` if A17 tried and could not, or `undo` to leave A17" in said
    assert "tried and could not provide; the draw is due" in desk.type("unable")
    assert "unable taken back; it is due again" in desk.type("u")
    assert "negative taken back" in desk.type("undo")
    desk.type("q")


def test_an_excused_draw_asks_why(row):
    desk = at_terminal(row)
    assert "A17, why excused:" in desk.type("A17 e")
    assert "excused (was due)" in desk.type("court date")
    desk.type("q")
    assert row.rows("SELECT reason FROM draw WHERE status = 'excused'") == [("court date",)]
    assert "Say why it is excused: `C08 e court date`" in row.run("log", input="C08 e\n").stderr


def test_a_narrow_terminal_breaks_no_code(row):
    codes = [f"P-10{number:02}" for number in range(30)]
    row.add(*codes, schedule="fixed-3")
    row("draw")
    desk = at_terminal(row, columns=40)
    left = desk.type("who")
    helped = desk.type("?")
    desk.type("q")
    assert all(code in left for code in codes)
    assert all(word in helped for word in ("coc=320", "`A17 coc opi`", "`A17@yesterday n`", "Northside"))
    assert max(len(line.strip()) for line in f"{left}{helped}".splitlines()) <= 40


def test_the_help_fits_a_terminal_and_names_every_word():
    assert max(map(len, OF_LOG)) <= 79
    said = " ".join(OF_LOG)
    assert all(
        word in said for word in ("coc=320", "unable", "who", "lab ", "#S-104", "@yesterday", " e WHY", " c coll")
    )


@pytest.mark.parametrize(
    ("before", "codes", "found"),
    [("wh", ["A17"], ["who"]), ("a1", ["A17"], ["A17"]), ("A17 una", [], ["unable"]), ("exc", None, ["excused"])],
)
def test_words_of_the_session_are_completed(before, codes, found):
    assert list(_completed((), before, codes)[1]) == found
