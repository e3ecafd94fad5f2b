"""Text of people reaches eyes, never the terminal's obedience; and every file a spreadsheet opens computes nothing."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import databases
import pytest
from conftest import MONDAY, Clinic
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.exchange.csv_cells import is_formula, protected, unprotected
from testing_tracker.rules.exchange.visible import escaped_in_json, in_one_line, visible

pytestmark = pytest.mark.one_database(reason="text is made harmless on its way out")

EVIL = "\x1b]52;c;ZXZpbA==\x07 \x9b31m \u202eevitagen \u200b \ufeff \x7f \r"
FORGED = f"{EVIL}\nError: forged\n"
RAW = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")

LISTS = (
    ("participant", "list"),
    ("participant", "show", "A17"),
    ("recommendation", "list"),
    ("recommendation", "show", "1"),
    ("review", "list", "--all"),
    ("due", "--on", MONDAY),
    ("specimen", "show", "LABEL"),
    ("confirmation", "list"),
    ("prescription", "list", "A17"),
    ("schedule", "list"),
    ("staff", "list"),
    ("facility", "list"),
    ("report", "participant", "A17"),
    ("report", "participant", "A17", "--names"),
    ("report", "weekly"),
    ("report", "weekly", "--names"),
    ("report", "outcomes"),
    ("report", "network"),
    ("doctor",),
    ("status",),
)
ONLY_TEXT = (("schedule", "show", "evil"), ("log",), ("report", "weekly", "--explain", "A17"))


@pytest.fixture(scope="module")
def made_evil(made_clinic, tmp_path_factory):
    """A clinic in which every text that people can write is hostile; each test works on a copy."""
    tmp_path = tmp_path_factory.mktemp("evil")
    databases.copy(made_clinic, tmp_path / "evil.db")
    clinic = Clinic(tmp_path / "evil.db", MONDAY)
    rule = clinic("schedule", "show", "fixed-2")
    title = json.dumps(f"Evil {EVIL}")
    file = tmp_path / "evil.toml"
    file.write_text(re.sub(r"^title = .*$", lambda _: f"title = {title}", rule, flags=re.M))
    clinic("schedule", "load", str(file))
    clinic.today = "2026-11-17"
    clinic.add("A17", schedule="evil", name=FORGED)
    clinic.add("B04", schedule="evil")
    clinic.today = "2026-11-19"
    clinic("draw")
    measured = ("--specimen-id", "LABEL", "--collector", FORGED)
    clinic("result", "A17", "positive", "--analyte", "cocaine", "--note", FORGED, *measured)
    clinic("confirmation", "send", "A17", "--lab", FORGED)
    clinic("specimen", "handover", "LABEL", "--to", FORGED)
    clinic("prescription", "add", "A17", "buprenorphine", "--from", "2026-11-19", "--prescriber", FORGED, "--no-reread")
    clinic("recommendation", "defer", "1", "--until", "2026-11-20", "--reason", FORGED)
    clinic("recommendation", "accept", "1", "--note", FORGED)
    clinic("amend", "A17", "negative", "--reason", FORGED)
    clinic("test", "B04", "--reason", FORGED)
    clinic("excuse", "B04", "--scheduled", "--reason", FORGED)
    clinic("unable", "B04", "--for-cause", "--reason", FORGED)
    clinic("participant", "transfer", "A17", "residential", "--reason", FORGED)
    clinic("participant", "leave", "A17", "2026-11-25", "2026-11-26", "--reason", FORGED)
    for day in range(20, 25):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    clinic("report", "weekly")
    clinic("amend", "A17", "positive", "--analyte", "thc", "--on", "2026-11-19", "--reason", FORGED)
    return clinic


@pytest.fixture
def evil(made_evil, tmp_path):
    return made_evil.copy(tmp_path / "evil.db")


def is_computed(cell: str) -> bool:
    """Whether a spreadsheet would compute a cell: an apostrophe in front makes it a text."""
    return is_formula(cell) and not cell.startswith("'")


def is_clean(printed: str) -> None:
    found = RAW.search(printed)
    assert found is None, repr(printed[max(found.start() - 60, 0) : found.end() + 20])
    assert not re.search(r"^Error: forged", printed, re.M)


@pytest.mark.parametrize("command", [*LISTS, *ONLY_TEXT], ids=" ".join)
def test_no_command_prints_it_raw(evil, command):
    done = evil.run(*command, input="")
    assert done.exit_code in (0, 1), done.output
    assert done.stdout
    is_clean(done.stdout)
    is_clean(done.stderr)


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_json_says_the_same_and_has_none_of_it_raw(evil, command):
    printed = evil.run(*command, "--format", "json").stdout
    assert RAW.search(printed) is None
    assert json.loads(printed) is not None


def test_json_loses_nothing(evil):
    (name,) = [one["name"] for one in evil.json("participant", "list", "--names") if one["participant"] == "A17"]
    assert name == FORGED.strip() or name == FORGED


def test_what_is_done_is_said_clean(evil):
    """Acts repeat texts, and so do refusals, prompts and wrong usage."""
    for arguments in (
        ("recommendation", "show", FORGED),
        ("nonsense" + EVIL,),
        ("due", f"--nonsense{EVIL}"),
        ("due", "--on", EVIL),
        ("specimen", "show", FORGED),
        ("analyte", "show", EVIL),
        ("schedule", "show", FORGED),
        ("schedule", "check", f"no{EVIL}.toml"),
        ("result", "import", f"no{FORGED}.csv"),
        ("--facility", FORGED, "due"),
    ):
        done = evil.run(*arguments)
        assert done.exit_code in (1, 2)
        is_clean(done.output)


def test_the_conversation_of_log_is_clean(evil):
    done = evil.run("log", input=f"A17 i {EVIL}\n{EVIL}\nB04 cause i {FORGED}\n")
    is_clean(done.stdout + done.stderr)


def test_the_page_has_marks_too(evil):
    for page in (
        evil("report", "weekly", "--names", "--format", "html"),
        evil("report", "participant", "A17", "--names", "--format", "html"),
    ):
        assert not re.search(r"[\x1b\x07\x7f-\x9f\u202e\u200b]", page)


@pytest.mark.parametrize("command", [one for one in LISTS if one[0] not in ("specimen",)], ids=" ".join)
def test_no_csv_has_a_cell_that_is_computed(evil, command):
    evil.today = "2026-11-24"
    evil("participant", "set-schedule", "B04", "random-2")
    evil("participant", "add", "--schedule", "fixed-2", "--level", "iop", "--name", "=HYPERLINK(1)", "--", "-X2")
    evil("amend", "A17", "negative", "--on", "2026-11-19", "--reason", "=1+1")
    for row in csv.reader(io.StringIO(evil.run(*command, "--format", "csv").stdout)):
        assert not [cell for cell in row if is_computed(cell)]


def test_patterns_are_no_formulas_and_numbers_stay_numbers(staffed):
    staffed.today = "2026-11-23"
    staffed("draw")
    for command in (("report", "weekly"), ("report", "outcomes")):
        rows = list(csv.DictReader(io.StringIO(staffed(*command, "--format", "csv"))))
        assert {row["participant"]: row["pattern"] for row in rows}["A17"] in ("'+", "'+_")
        assert all(row["weeks"].isdigit() for row in rows)


def test_a_history_with_formulas_goes_round_and_loses_nothing(clinic, tmp_path):
    clinic.add("A17", "A-17", enrolled="2026-11-01")
    clinic("participant", "add", "--schedule", "fixed-2", "--level", "iop", "--enrolled", "2026-11-01", "--", "-A17")
    reasons = ["=1+1", "'=1+1", ' "=1', "-2", "+1 555", "@home", "\t=x", "[text]", "'quoted'", "plain"]
    lines = io.StringIO()
    csv.writer(lines).writerows(
        [
            ("participant", "due_on", "status", "outcome", "analytes", "reason"),
            *(("'-A17", f"2026-11-{day:02}", "excused", "", "", reason) for day, reason in enumerate(reasons, start=2)),
        ]
    )
    first = tmp_path / "first.csv"
    first.write_text(lines.getvalue())
    clinic("history", "import", str(first))
    exported = clinic("history", "export")
    assert not [cell for row in csv.reader(io.StringIO(exported)) for cell in row if is_computed(cell)]
    second = tmp_path / "second.csv"
    second.write_text(exported)
    assert "0 imported, 10 unchanged, 0 refused" in clinic("history", "import", str(second))
    kept = [reason for (reason,) in clinic.rows("SELECT reason FROM draw ORDER BY due_on")]
    assert kept[0] == "=1+1"
    assert kept[3:6] == ["-2", "+1 555", "@home"]


def test_rejects_compute_nothing_and_are_imported_once_they_are_mended(clinic, tmp_path):
    clinic.add("A17")
    clinic("draw")
    file, rejects = tmp_path / "results.csv", tmp_path / "rejects.csv"
    file.write_text('participant,due_on,outcome,note\nA17,2026-11-17,negative,"=HYPERLINK(""x"")"\n')
    assert clinic.run("result", "import", str(file), "--rejects", str(rejects)).exit_code == 1
    rows = list(csv.reader(io.StringIO(rejects.read_text())))
    assert rows[1][3] == '\'=HYPERLINK("x")'
    rejects.write_text(rejects.read_text().replace("2026-11-17", MONDAY))
    clinic("result", "import", str(rejects))
    assert clinic.rows("SELECT note FROM result") == [('=HYPERLINK("x")',)]


EACH_AND_A_NUL = """
import sys
from testing_tracker.__main__ import main
start, *commands = [part.split() for part in sys.argv[1:]]
for command in commands:
    sys.argv = ["testing-tracker", *start, *command]
    try:
        main()
    except SystemExit as left:
        assert not left.code, command
    sys.stdout.buffer.write(bytes(1))
    sys.stdout.flush()
"""


@pytest.mark.parametrize("locale", ["ascii", "cp1252", "utf-8"])
def test_documents_are_utf_8_whatever_the_locale_and_tables_come_out(clinic, locale):
    clinic.add("A17", name="Šárka 李")
    clinic("draw")
    environment = os.environ | {"PYTHONIOENCODING": locale, "LC_ALL": "C"}
    weekly = "report weekly --week 2026-W47 --names"
    documents = [f"{weekly} --format html", f"{weekly} --format json", f"{weekly} --format csv"]
    others = ["participant list --format json", weekly, "participant list", "schedule list"]
    start = f"--database {clinic.url} --today {MONDAY}"
    done = subprocess.run(  # one process, because a locale is a process's own
        [sys.executable, "-c", EACH_AND_A_NUL, start, *documents, *others],
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    html, of_json, of_csv, people, report, table, schedules, nothing = done.stdout.split(b"\0")
    assert ["Šárka 李" in document.decode() for document in (html, of_json, of_csv)] == [True] * 3
    assert json.loads(people.decode())
    assert b"A17" in report
    assert b"A17" in table
    assert schedules.decode(locale)
    assert nothing == b""


@given(st.text() | st.text(alphabet="'\"=+-@ \t1a", max_size=6))
def test_a_cell_comes_back_as_it_was_and_is_not_computed(text):
    written = str(protected(text))
    assert not is_computed(written)
    if written != text or not text.startswith("'"):
        assert unprotected(written) == text


@given(st.text())
def test_nothing_that_is_obeyed_is_left(text):
    assert RAW.search(visible(text).replace("\t", "")) is None
    assert "\n" not in in_one_line(text)
    assert json.loads(escaped_in_json(json.dumps(text, ensure_ascii=False))) == text


def test_scripts_that_need_joiners_stay_readable():
    assert visible("می\u200cخواهم שָׁלוֹם 李 Šárka 👩\u200d⚕️") == "می\u200cخواهم שָׁלוֹם 李 Šárka 👩\u200d⚕️"
