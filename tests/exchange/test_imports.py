"""Importing participants and results: every good line is taken, every bad one named, nothing twice."""

import stat
import subprocess
import sys

import pytest
from conftest import made_once

PARTICIPANTS = "participant,level,schedule,enrolled_on,name\n"
RESULTS = "participant,due_on,outcome,analytes,collected_at,note\n"


@pytest.fixture
def file(tmp_path):
    """Writes a CSV file and gives its path."""

    def write(text: str | bytes, name: str = "lines.csv") -> str:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write


@made_once
def due_today(clinic):
    """A17 and B3 have a draw today."""
    clinic.add("A17", "B3")
    clinic("draw")


def test_good_participants_are_enrolled_and_bad_lines_named(clinic, file):
    path = file(
        PARTICIPANTS
        + "A17,iop,fixed-2,2026-11-01,Ann Example\n"
        + "B3,IOP,random-2,2026-11-16,\n"
        + "Jane Doe,iop,fixed-2,2026-11-01,\n"
        + "C1,Jane Doe,fixed-2,2026-11-01,\n"
        + "C2,iop,Jane Doe,2026-11-01,\n"
        + "C3,iop,fixed-2,Jane Doe,\n"
        + "C4,iop,fixed-2\n"
        + ",iop,fixed-2,2026-11-01,\n"
    )
    done = clinic.run("participant", "import", path)
    assert done.exit_code == 1
    assert done.stdout == "TRAINING Participants: 2 imported, 0 unchanged, 6 refused.\n"
    assert [line.partition(":")[2].split(":")[0] for line in done.stderr.splitlines()] == list("456789")
    assert all(line.startswith(f"{path}:") for line in done.stderr.splitlines())
    assert "Jane" not in done.stderr
    assert f"{path}:5: level is none of outpatient, iop, php, residential" in done.stderr
    assert f"{path}:6: schedule is none of fixed-1" in done.stderr
    assert f"{path}:7: enrolled_on is not a date; write it like 2026-11-23" in done.stderr
    assert f"{path}:8: the line has 3 cells, the header has 5" in done.stderr
    assert f"{path}:9: participant is empty" in done.stderr
    assert [line["participant"] for line in clinic.json("participant", "list")] == ["A17", "B3"]


def test_participants_imported_twice_stay_as_they_are(clinic, file):
    path = file(PARTICIPANTS + "A17,iop,fixed-2,2026-11-01,\n")
    clinic("participant", "import", path)
    before = clinic.contents()
    assert clinic("participant", "import", path) == "TRAINING Participants: 0 imported, 1 unchanged, 0 refused.\n"
    assert clinic.contents() == before
    other = clinic.run("participant", "import", file(PARTICIPANTS + "a17,php,fixed-2,2026-11-01,\n"))
    assert other.exit_code == 1
    assert "A17 is on record already, with other details" in other.stderr
    assert clinic.contents() == before


def test_what_spreadsheets_do_to_a_file_is_understood(clinic, file):
    text = '\ufeffENROLLED_ON, Level ,schedule,Participant\r\n\r\n2026-11-01 , IOP, "fixed-2", A17 \r\n,,,\r\n'
    assert "1 imported, 0 unchanged, 0 refused" in clinic("participant", "import", file(text))
    assert clinic.rows("SELECT code, name FROM participant") == [("A17", None)]


def test_a_file_comes_on_standard_input_too(clinic):
    done = clinic.run("participant", "import", "-", input=PARTICIPANTS + "A17,iop,fixed-2,2026-11-01,\nB,iop,x,,\n")
    assert done.exit_code == 1
    assert done.stderr.startswith("-:3: schedule is none of")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "No line of the file names its columns participant,level,schedule,enrolled_on."),
        ("\n\n", "No line of the file names its columns"),
        ("A17,iop,fixed-2,2026-11-01\n", "No line of the file names its columns"),
        ("Jane Doe,John Roe\n", "No line of the file names its columns"),
        ("participant,level\n", "Line 1 names the columns participant, level; missing: schedule, enrolled_on."),
        (
            "participant,Level,Plan,enrolled_on\n",
            "missing: schedule. If one of them is schedule, say so: --map",
        ),
        ("participant|level\n", "No line of the file"),
        ("participant,level,schedule,enrolled_on,level\n", "Line 1 has two columns level"),
    ],
)
def test_a_file_with_another_header_is_refused_whole(clinic, file, text, said):
    message = clinic.refused("participant", "import", file(text))
    assert said in message
    assert "Jane" not in message


@pytest.mark.parametrize("command", ["participant", "result", "history"])
def test_a_file_that_cannot_be_read_is_one_clear_line(clinic, file, tmp_path, command):
    assert "No such file" in clinic.refused(command, "import", str(tmp_path / "none.csv"))
    assert "Cannot read" in clinic.refused(command, "import", str(tmp_path))
    message = clinic.refused(command, "import", file("participant\nJos\u00e9".encode() + b"\nA\xff17\n"))
    assert ":3: the file is UTF-8 text, but this line is not" in message
    message = clinic.refused(command, "import", file(b"participant\nA\x8117\n"))
    assert ":2: the file is neither UTF-8 nor Windows-1252 text" in message
    assert "-:1: the file is not whole as UTF-16" in clinic.refused(command, "import", "-", input=b"\xff\xfe\x00")


def test_a_stray_quotation_mark_costs_its_own_line_only(clinic, file):
    path = file(
        PARTICIPANTS
        + 'A1,iop,fixed-2,2026-11-01,"Ann\n'
        + "A2,iop,fixed-2,2026-11-01,\n"
        + 'A3,iop,fixed-2,2026-11-01,"Ann" B\n'
        + 'A4,iop,"fixed-2,2026-11-01,\n'
        + "A5,iop,fixed-2,2026-11-01,\n"
    )
    done = clinic.run("participant", "import", path)
    assert "2 imported, 0 unchanged, 3 refused" in done.stdout
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == ["2", "4", "5"]
    assert "Ann" not in done.stderr
    assert clinic.rows("SELECT code FROM participant ORDER BY code") == [("A2",), ("A5",)]


def test_lines_keep_their_numbers_after_a_cell_of_several_lines(clinic, file):
    path = file(PARTICIPANTS + 'A1,iop,fixed-2,2026-11-01,"Ann\nExample"\nA2,iop,fixed-2,x,"Bea\nExample"\nA3,,,,\n')
    done = clinic.run("participant", "import", path)
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == ["4", "6"]


def test_rejects_can_be_mended_and_imported(clinic, file, tmp_path):
    rejects = tmp_path / "rejects.csv"
    path = file(PARTICIPANTS + 'A1,iop,fixed-2,2026-11-01,\nA2,iop,fixed-2,soon,"Bea\nExample"\nA3,iop,fixed-2')
    assert clinic.run("participant", "import", path, "--rejects", str(rejects)).exit_code == 1
    text = rejects.read_text()
    assert text == PARTICIPANTS + 'A2,iop,fixed-2,soon,"Bea\nExample"\nA3,iop,fixed-2\n'
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    rejects.write_text(text.replace("soon", "2026-11-02").replace("A3,iop,fixed-2", "A3,iop,fixed-2,2026-11-02,"))
    same = ("participant", "import", str(rejects), "--rejects", str(rejects))
    assert "names the very file" in clinic.refused(*same), "a laboratory's only copy is not to be cut down"
    again = tmp_path / "again.csv"
    assert "2 imported" in clinic("participant", "import", str(rejects), "--rejects", str(again))
    assert again.read_text() == PARTICIPANTS


def test_where_rejects_cannot_be_written_nothing_is_imported(clinic, file, tmp_path):
    path = file(PARTICIPANTS + "A1,iop,fixed-2,2026-11-01,\n")
    assert "Cannot write" in clinic.refused("participant", "import", path, "--rejects", str(tmp_path / "no" / "r"))


def test_results_are_logged_and_raise_their_recommendations(due_today, file):
    path = file(RESULTS + "a17,2026-11-16,positive,THC; coc,09:40,from the lab\nB3,2026-11-16,NEGATIVE,,,\n")
    assert due_today("result", "import", path).splitlines() == [
        "TRAINING Recommendation 1 for A17, open: 1 positive test; review for more immersive care, iop to php. "
        "A clinician decides.",
        "TRAINING Results: 2 imported, 0 unchanged, 0 refused. Recommendations raised or added to: 1.",
    ]
    assert due_today.status("A17") == "collected positive"
    assert due_today.rows("SELECT analyte FROM finding ORDER BY analyte") == [("cannabinoids",), ("cocaine",)]
    assert due_today.rows("SELECT note FROM result WHERE outcome = 'positive'") == [("from the lab",)]
    assert len(due_today.json("recommendation", "list", "--open")) == 1


def test_results_imported_twice_change_nothing(due_today, file):
    path = file(RESULTS + "A17,2026-11-16,positive,thc,09:40,\nB3,2026-11-16,negative,,,\n")
    due_today("result", "import", path)
    before = due_today.contents()
    assert due_today("result", "import", path) == "TRAINING Results: 0 imported, 2 unchanged, 0 refused.\n"
    assert due_today.contents() == before


def test_a_result_that_differs_from_the_record_is_refused(due_today, file):
    due_today("result", "A17", "negative")
    before = due_today.contents()
    done = due_today.run("result", "import", file(RESULTS + "A17,2026-11-16,positive,thc,,\n"))
    assert done.exit_code == 1
    assert "already has a result (negative)" in done.stderr
    assert "amend" in done.stderr
    assert due_today.contents() == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Z9,2026-11-16,negative,,,", "There is no participant Z9."),
        ("Jane Doe,2026-11-16,negative,,,", "That is not a participant code."),
        ("A17,2026-11-15,negative,,,", "No draw was due for A17 on 2026-11-15"),
        ("A17,2026-11-17,negative,,,", "2026-11-17 is in the future"),
        ("A17,,negative,,,", "due_on is empty"),
        ("A17,2026-11-16,Jane,,,", "outcome is none of negative, positive, invalid"),
        ("A17,2026-11-16,positive,,,", "a positive needs at least one analyte"),
        ("A17,2026-11-16,negative,thc,,", "only a positive has analytes, and the outcome is negative"),
        (
            "A17,2026-11-16,positive,Jane,,",
            "analytes names one that is not known; `testing-tracker analyte list` has them all",
        ),
        ("A17,2026-11-16,positive,thc;Jane,,", "number 2 of the analytes is one that is not known"),
        ("A17,2026-11-16,negative,,Jane,", "collected_at is not a time; write 09:40"),
        ("A17,2026-11-16,negative,,25:00,", "'25:00' is not a time of collection"),
        ("A17,2026-11-16,negative,,2026-11-15T09:00,", "before the draw's day"),
    ],
)
def test_a_bad_result_is_named_and_the_good_one_beside_it_taken(due_today, file, line, said):
    path = file(f"{RESULTS}{line}\nB3,2026-11-16,negative,,,\n")
    done = due_today.run("result", "import", path)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"{path}:2: ")
    assert said in done.stderr
    assert "Jane" not in done.stderr
    assert "1 imported, 0 unchanged, 1 refused" in done.stdout
    assert due_today.status("B3") == "collected negative"


def test_the_commands_load_nothing_heavy():
    code = (
        "import sys, testing_tracker.cli.desk.importing, testing_tracker.cli.history;"
        "sys.exit(bool({'sqlmodel', 'sqlalchemy', 'rich'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_long_import_shows_its_progress_on_a_terminal(due_today, file, monkeypatch):
    from testing_tracker.cli.desk import output

    drawn = []
    monkeypatch.setattr(output, "SECONDS_WITHOUT_PROGRESS", 0.0)
    monkeypatch.setattr(output, "_is_watched", lambda: True)
    monkeypatch.setattr("rich.progress.Progress.update", lambda self, task, **given: drawn.append(given))
    due_today("result", "import", file(RESULTS + "A17,2026-11-16,negative,,,\n"))
    read = len(RESULTS) + len("A17,2026-11-16,negative,,,\n")
    steps = [(step["description"], step["completed"], step["total"]) for step in drawn]
    assert steps[:3] == [("Importing", len(RESULTS), read), ("Importing", read, read), ("Logging", 1, 1)]
    # A result and what was done are two rows of the ledger.
    assert steps[3:] == [("Writing the ledger", 1, 2), ("Writing the ledger", 2, 2)]


def test_a_short_import_draws_no_bar(due_today, file, monkeypatch):
    from testing_tracker.cli.desk import output

    monkeypatch.setattr(output, "_is_watched", lambda: True)
    done = due_today.run("result", "import", file(RESULTS + "A17,2026-11-16,negative,,,\n"))
    assert done.stderr == ""
