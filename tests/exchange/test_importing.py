"""Imports of spreadsheets through the command line: what is told of a line, and what is not done in a dry run."""

import csv
import io
import re

import pytest
from click.testing import CliRunner
from conftest import made_once
from spreadsheets import ods, xlsx

from testing_tracker.cli import program
from testing_tracker.cli.desk.importing import columns_in_words
from testing_tracker.rules.exchange.columns import HISTORY, PARTICIPANTS, RESULTS
from testing_tracker.services.exchange.lost_zeros import number_key

IMPORTS = {"participant": PARTICIPANTS, "result": RESULTS, "history": HISTORY}
RESULT_HEADER = "participant,due_on,outcome,analytes,collected_at,specimen_id\n"


@made_once
def due_today(clinic):
    """Three have a draw today, and two of them codes that a spreadsheet takes for numbers."""
    clinic.add("A17", "B3", "003", enrolled="2026-11-15")
    clinic("draw")


@pytest.fixture
def file(tmp_path):
    """Writes a file and gives its path."""

    def write(content: str | bytes, name: str = "lines.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def take(clinic, text: str | bytes, *options: str, noun: str = "result"):
    """Import what comes on standard input: how many were imported, unchanged and refused, and what was said of them."""
    done = clinic.run(noun, "import", "-", *options, input=text)
    counted = re.findall(r"([0-9]+) (?:would be )?(?:imported|unchanged|refused)", done.stdout)
    assert done.exit_code == (1 if counted[2] != "0" else 0)
    return tuple(map(int, counted)), done.stderr


@pytest.mark.parametrize("noun", IMPORTS)
def test_the_example_of_each_help_can_be_imported(clinic, noun):
    columns = IMPORTS[noun]
    said = CliRunner().invoke(program, [noun, "import", "--help"]).output
    for line in columns.example.splitlines():
        assert line in said
    for name, words in columns.words.items():
        assert re.search(rf"^ *{name} +{re.escape(words)}$", said, re.MULTILINE)
    assert columns_in_words(columns).count("\b") == 3 if columns.optional else 2
    if noun != "participant":
        clinic.add("A17", "B04", enrolled="2026-11-01")
        clinic("draw")
    for counted in ((2, 0, 0), (0, 2, 0)):
        assert take(clinic, columns.example, noun=noun)[0] == counted


def test_a_line_is_refused_for_all_that_is_wrong_with_it(due_today):
    text = "outcome,due_on,participant,analytes,collected_at\npostive,2O26-11-16,Z9,cocain;x1,25:00\n"
    _, said = take(due_today, text)
    (line,) = said.splitlines()
    assert line.startswith("-:2: There is no participant Z9")
    for part in ("(C2: Z9)", "(B2: 2O26-11-16)", "(A2: postive; did you mean positive?)", "(D2", "(E2: 25:00)"):
        assert part in line


@pytest.mark.parametrize(
    ("noun", "line"),
    [
        ("participant", "Jane Doe,Jane,Jane,Jane"),
        ("result", "Jane,Jane,Jane,Jane,Jane,Jane"),
        ("history", "Jane,Jane,Jane,Jane,Jane,Jane"),
    ],
)
def test_every_cell_is_named_and_no_name_is_quoted(due_today, noun, line):
    columns = IMPORTS[noun]
    names = ["participant", "due_on", "outcome", "analytes", "method", "kind"] if noun == "result" else columns.needed
    _, said = take(due_today, f"{','.join(names)}\n{line}\n", noun=noun)
    assert "Jane" not in said
    for place in range(len(names) - (noun == "history")):
        assert f"({'ABCDEF'[place]}2)" in said, said


def test_codes_that_lost_their_zeros_are_put_back_where_one_fits(due_today):
    counted, said = take(due_today, RESULT_HEADER + "3,2026-11-16,n,,,\n")
    assert counted == (1, 0, 0)
    assert said == "-:2: note: participant 3 is read as 003, which a spreadsheet takes for that number.\n"
    assert due_today.status("003") == "collected negative"
    assert take(due_today, RESULT_HEADER + "3.0,2026-11-16,n,,,\n")[0] == (0, 1, 0)
    due_today.add("03", "1E5", enrolled="2026-11-15")
    counted, said = take(due_today, RESULT_HEADER + "3,2026-11-16,n,,,\n100000,2026-11-16,n,,,\n")
    assert counted == (0, 0, 2)
    assert "-:2: participant 3 is not on record, and could be 003 or 03; write it in full (A2: 3)" in said
    assert "participant 100000 is read as 1E5" in said
    _, said = take(due_today, xlsx([["participant", "due_on", "outcome"], [4, "2026-11-16", "n"]]))
    assert "There is no participant 4" in said


def test_a_participant_whose_code_lost_its_zeros_is_not_enrolled_again(clinic):
    header = "participant,level,schedule,enrolled_on\n"
    take(clinic, header + "003,iop,fixed-2,2026-11-01\n", noun="participant")
    assert take(clinic, header + "3,iop,fixed-2,2026-11-01\n", noun="participant")[0] == (0, 1, 0)
    assert take(clinic, header + "3,php,fixed-2,2026-11-01\n", noun="participant")[0] == (0, 0, 1)
    assert clinic.rows("SELECT code FROM participant") == [("003",)]


@pytest.mark.parametrize("noun", ["result", "history"])
def test_a_code_with_its_zeros_has_lost_none(clinic, noun):
    """No spreadsheet writes a number as 0017, so somebody typed it; 17 may be a code without its zeros."""
    clinic.add("17", "00018", enrolled="2026-11-15")
    clinic("draw")
    header, rest = {
        "result": (RESULT_HEADER, "2026-11-16,n,,,"),
        "history": ("participant,due_on,status,outcome,analytes,reason\n", "2026-11-15,missed,,,"),
    }[noun]
    counted, said = take(clinic, f"{header}0017,{rest}\n018,{rest}\n", noun=noun)
    assert counted == (0, 0, 2)
    assert all(f"no participant {code}" in said for code in ("0017", "018"))
    assert "is read as" not in said
    counted, said = take(clinic, f"{header}18,{rest}\n", noun=noun)
    assert counted == (1, 0, 0)
    assert "participant 18 is read as 00018" in said


def test_a_code_that_is_on_record_means_itself_and_a_note_says_what_else_it_could_be(due_today):
    due_today.add("3", enrolled="2026-11-15")
    counted, said = take(
        due_today, "participant,due_on,status,outcome,analytes,reason\n3,2026-11-15,missed,,,\n", noun="history"
    )
    assert counted == (1, 0, 0)
    assert "participant 3 is taken as it stands; 003 without its zeros would look the same" in said


@pytest.mark.parametrize(
    ("outcome", "analytes", "said"),
    [
        ("NEG", "", "negative"),
        ("n", "", "negative"),
        ("Positive", "coc", "positive cocaine"),
        ("p", "coc,fen", "positive cocaine fentanyl"),
        ("POS", "coc fen", "positive cocaine fentanyl"),
        ("p:coc,fen", "", "positive cocaine fentanyl"),
        ("p:coc", "fen; thc", "positive cannabinoids cocaine fentanyl"),
        ("p", "coc=320, fen=9", "positive cocaine fentanyl"),
        ("coc", "", "positive cocaine"),
        ("i", "", "invalid"),
        ("m", "", None),
        ("p coc=320", "", None),
        ("lab coc", "", None),
        ("#S-1 n", "", None),
        ("negative coc", "", None),
    ],
)
def test_the_words_of_cells_are_those_of_the_log_session(due_today, outcome, analytes, said):
    text = io.StringIO()
    csv.writer(text).writerows(
        [["participant", "due_on", "outcome", "analytes"], ["A17", "2026-11-16", outcome, analytes]]
    )
    counted, told = take(due_today, text.getvalue())
    if said is None:
        assert counted == (0, 0, 1)
        assert "outcome is none of negative, positive, invalid (C2" in told
        return
    assert counted == (1, 0, 0)
    (result,) = due_today.json("participant", "show", "A17")["draws"][0]["results"]
    assert " ".join([result["outcome"], *result["analytes"]]) == said


def test_words_of_a_past_record(due_today):
    header = "participant,due_on,status,outcome,analytes,reason\n"
    lines = 'A17,2026-11-15,C,"p:coc,fen",,\nB3,2026-11-15,collected,NEG,,\n003,2026-11-15,m,,,\n'
    assert take(due_today, header + lines, noun="history")[0] == (3, 0, 0)
    assert due_today.status("A17", "2026-11-15") == "collected positive"
    assert due_today.status("003", "2026-11-15") == "missed"


def test_a_row_goes_to_the_draw_of_its_label(due_today):
    due_today("collected", "A17", "--specimen-id", "S-1")
    due_today("collected", "B3", "--specimen-id", "S-2")
    counted, said = take(due_today, "specimen_id,outcome\ns-1,n\nS-3,n\n")
    assert counted == (1, 0, 1)
    assert "-:3: no cup with this label is on record, so it does not say whose it is; give participant" in said
    assert due_today.status("A17") == "collected negative"
    text = RESULT_HEADER + ",,n,,,S-2\n"
    assert take(due_today, text)[0] == (1, 0, 0)
    assert take(due_today, text)[0] == (0, 1, 0)
    assert take(due_today, RESULT_HEADER + "B3,,n,,,S-2\n")[0] == (0, 1, 0)
    for wrong in ("A17,2026-11-16", "A17,", ",2026-11-15", "B3,2026-11-15"):
        before = due_today.contents()
        counted, said = take(due_today, RESULT_HEADER + f"{wrong},n,,,S-2\n")
        assert counted == (0, 0, 1)
        assert "the cup with this label is on record for B3's draw of 2026-11-16, and the line says otherwise" in said
        assert due_today.contents() == before


def test_rows_of_one_label_are_refused_together(due_today):
    due_today("collected", "A17", "--specimen-id", "S-1")
    for first, second in (("A17,2026-11-16", ","), (",", "A17,2026-11-16"), (",", ",")):
        counted, said = take(due_today, RESULT_HEADER + f"{first},n,,,S-1\n{second},positive,cokane,,S-1\n")
        assert counted == (0, 0, 2)
        assert "line 3, of the same draw, is refused: mend it, and take both" in said


def test_a_label_that_is_not_on_record_yet_holds_its_rows_together_too(due_today):
    counted, said = take(due_today, RESULT_HEADER + "A17,2026-11-16,positive,coc,,S-9\n,,negative,,,s-9\n")
    assert counted == (0, 0, 2)
    assert "line 3, of the same draw, is refused" in said
    assert due_today.status("A17") == "due"


@pytest.mark.parametrize("noun", IMPORTS)
def test_a_dry_run_tells_all_and_writes_nothing(clinic, noun, tmp_path):
    columns = IMPORTS[noun]
    if noun != "participant":
        clinic.add("A17", "B04", enrolled="2026-11-01")
        clinic("draw")
    before = clinic.contents()
    rejects = tmp_path / "rejects.csv"
    broken = columns.example + ",".join("x" for _ in columns.example.splitlines()[0].split(",")) + "\n"
    dry = clinic.run(noun, "import", "-", "--dry-run", "--rejects", str(rejects), input=broken)
    assert clinic.contents() == before
    assert dry.exit_code == 1
    assert "2 would be imported, 0 unchanged, 1 refused." in dry.stdout
    assert dry.stdout.endswith("Nothing was written: this was a dry run.\n")
    assert rejects.read_text().splitlines()[1].startswith("x,x")
    if noun == "result":
        assert "Would be recommended for A17: 1 positive test" in dry.stdout
        assert "Recommendations that would be raised or added to: 1." in dry.stdout
    done = clinic.run(noun, "import", "-", input=broken)
    assert done.exit_code == 1
    assert done.stderr == dry.stderr
    assert "2 imported, 0 unchanged, 1 refused." in done.stdout
    assert "All holds" in clinic("verify")


def test_how_a_file_was_read_is_told(due_today):
    text = (
        "Results of November\nparticipant,due_on,outcome,Age,specimen_id\nA17,11/16/2026,n,44,S-1\nB3,46342,n,9,S-2\n"
    )
    counted, said = take(due_today, text)
    assert counted == (2, 0, 0)
    assert said.splitlines() == [
        "-:2: note: columns that are not known are left out: Age.",
        "-:2: note: the lines above this one, which names the columns, are left out.",
        "-:3: note: due_on is read month first, as 11/16/2026 shows.",
        "-:4: note: due_on 46342 is a spreadsheet's number for 2026-11-16.",
    ]


def test_complaints_of_results_come_in_the_order_of_the_lines(due_today):
    due_today("result", "A17", "negative")
    _, said = take(due_today, RESULT_HEADER + "A17,2026-11-16,p,coc,,\nB3,2026-11-16,x,,,\n003,2026-11-16,p,,,\n")
    assert [line.split(":")[1] for line in said.splitlines()] == ["2", "3", "4"]
    assert "already has a result" in said


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_code_that_was_corrected_since_is_said_to_be_another_now(due_today, options):
    due_today("participant", "rename", "A17", "C5", "--reason", "typed wrong")
    counted, said = take(due_today, RESULT_HEADER + "A17,2026-11-16,n,,,\n", *options)
    assert counted == (1, 0, 0)
    assert "A17 is C5 now." in said


def test_a_number_that_no_spreadsheet_keeps_whole_is_no_code_without_zeros():
    assert number_key("00123456789012345") == number_key("123456789012345")
    assert number_key("1234567890123456") is None


@pytest.mark.parametrize("write", [xlsx, ods])
def test_what_is_refused_of_a_spreadsheet_can_be_mended_and_imported(due_today, file, tmp_path, write):
    rows = [
        ["Results"],
        ["Client", "due_on", "outcome", "Age"],
        ["A17", "2026-11-16", "n", 3],
        ["B3", "11/16/2026", "=x", ""],
    ]
    rejects = tmp_path / "rejects.csv"
    path = file(write(rows), "given.csv")
    options = ["--map", "Client=participant", "--rejects", str(rejects)]
    done = due_today.run("result", "import", path, *options[:2], *options[2:])
    assert done.exit_code == 1
    assert f"{path}:4: outcome is " in done.stderr
    assert rejects.read_text().startswith("Client,due_on,outcome,Age\nB3,11/16/2026,")
    mended = rejects.read_text().splitlines()[0] + "\nB3,11/16/2026,n,\n"
    assert take(due_today, mended, *options[:2])[0] == (1, 0, 0)


def test_refused_lines_of_a_file_with_semicolons_keep_them_and_how_its_dates_were_read(due_today, tmp_path, file):
    path = file("participant;due_on;outcome;note\nA17;16/11/2026;n;\nB3;5/11/2026;n;=1+1\n".encode("utf-16"))
    rejects = tmp_path / "rejects.csv"
    done = due_today.run("result", "import", path, "--rejects", str(rejects))
    assert "1 imported, 0 unchanged, 1 refused" in done.stdout
    assert rejects.read_text() == "participant;due_on;outcome;note\nB3;5/11/2026;n;'=1+1\n"
    assert "import the refused lines with --dates dmy, as this file was read." in done.stderr
    assert "No draw was due for B3 on 2026-11-05" in done.stderr


def test_options_that_say_nothing_are_wrong_usage(clinic):
    for bad in ("x", "x=y", "=participant", "x" * 300, "a\0=participnt"):
        done = clinic.run("result", "import", "-", "--map", bad)
        assert done.exit_code == 2
        assert len(done.stderr) < 1_000


def test_the_shell_is_asked_for_names_of_files():
    for noun in IMPORTS:
        done = CliRunner().invoke(
            program,
            env={
                "_TESTING_TRACKER_COMPLETE": "bash_complete",
                "COMP_WORDS": f"testing-tracker {noun} import li",
                "COMP_CWORD": "3",
            },
            prog_name="testing-tracker",
        )
        assert done.output.splitlines() == ["file,li"]
