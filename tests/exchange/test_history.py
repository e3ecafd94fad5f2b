"""A past record goes in and comes out again without loss."""

import csv
import io
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import databases
import pytest
from conftest import examples, made_once
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.exchange.columns import HISTORY
from testing_tracker.rules.exchange.given_sheet import HowToRead, open_sheet
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import Level
from testing_tracker.services.exchange import history
from testing_tracker.services.people import enrolling
from testing_tracker.services.people.enrolling import NewParticipant
from testing_tracker.store import engine
from testing_tracker.store.engine import make_engine, writing
from testing_tracker.store.location import locate
from testing_tracker.store.tables import Draw, Finding, Result

HEADER = "participant,due_on,status,outcome,analytes,reason\n"
TODAY = date(2026, 11, 16)
CODES = ("A17", "b-3", "C.9")


@made_once
def people(clinic):
    """Three participants, enrolled since October."""
    clinic.add(*CODES, enrolled="2026-10-01")


@pytest.fixture
def take(people, tmp_path):
    """Imports the text under the header; the exit status, what was said, and what was complained of."""

    def run(text: str, *options: str):
        path = tmp_path / "past.csv"
        path.write_bytes((HEADER + text).encode())
        done = people.run("history", "import", str(path), *options)
        complaints = [line.removeprefix(f"{path}:") for line in done.stderr.splitlines()]
        return done.exit_code, done.stdout, complaints

    return run


def test_a_past_record_is_taken_and_raises_nothing(people, take):
    code, said, complaints = take(
        "A17,2026-10-05,collected,positive,THC;coc,\n"
        "a17,2026-10-06,collected,negative,,\n"
        "A17,2026-10-07,collected,invalid,,\n"
        "A17,2026-10-08,collected,,,\n"
        "A17,2026-10-09,missed,,,overslept\n"
        "A17,2026-10-10,REFUSED,,,\n"
        'A17,2026-10-11,excused,,,"in hospital, ""A"" ward"\n'
        "A17,2026-10-12,due,,,\n"
        "A17,2026-11-16,due,,,\n"
    )
    assert (code, complaints) == (0, [])
    assert said == "TRAINING History: 9 imported, 0 unchanged, 0 refused. A past record raises no recommendations.\n"
    assert people.json("recommendation", "list") == []
    assert people.rows("SELECT DISTINCT kind FROM draw") == [("imported",)]
    assert {line["schedule"] for line in people.json("due")} == {None}, "no schedule made them"
    assert people.rows("SELECT due_on, status FROM draw WHERE status IN ('due', 'unrecorded')") == [
        ("2026-10-12", "unrecorded"),
        ("2026-11-16", "due"),
    ]
    assert people.rows("SELECT act, detail FROM audit_entry WHERE act LIKE 'history%'") == [
        ("history import", '{"refused": 0, "taken": 9, "unchanged": 0}')
    ]
    assert people("history", "export") == (
        HEADER + "A17,2026-10-05,collected,positive,cannabinoids;cocaine,\n"
        "A17,2026-10-06,collected,negative,,\n"
        "A17,2026-10-07,collected,invalid,,\n"
        "A17,2026-10-08,collected,,,\n"
        "A17,2026-10-09,missed,,,overslept\n"
        "A17,2026-10-10,refused,,,\n"
        'A17,2026-10-11,excused,,,"in hospital, ""A"" ward"\n'
        "A17,2026-10-12,due,,,\n"
        "A17,2026-11-16,due,,,\n"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A17,,missed,,,", "due_on is empty"),
        ("A17,Jane,missed,,,", "due_on is not a date; write it like 2026-11-23"),
        ("A17,2026-02-30,missed,,,", "due_on is not a date; write it like 2026-11-23"),
        ("A17,2026-11-17,due,,,", "2026-11-17 is in the future; today is 2026-11-16"),
        ("a17,2026-09-30,missed,,,", "2026-09-30 is before a17 was enrolled, on 2026-10-01"),
        ("Z9,2026-10-05,missed,,,", "there is no participant Z9; import participants first"),
        ("A17,2026-10-05,,,,", "status is empty; write one of due, collected, missed, refused, excused"),
        ("A17,2026-10-05,unrecorded,,,", "status is none of due, collected, missed, refused, excused"),
        ("A17,2026-10-05,collected,Jane,,", "outcome is none of negative, positive, invalid"),
        (
            "A17,2026-10-05,collected,positive,Jane,",
            "analytes names one that is not known; `testing-tracker analyte list` has them all",
        ),
        ("A17,2026-10-05,missed,negative,,", "only a collected test has an outcome, and the status is missed"),
        ("A17,2026-10-05,collected,positive,,", "a positive needs at least one analyte"),
        ("A17,2026-10-05,collected,invalid,thc,", "only a positive has analytes, and the outcome is invalid"),
        ("A17,2026-10-05,collected,,thc,", "only a positive has analytes, and the outcome is empty"),
        ("A17,2026-10-05,missed,,", "the line has 5 cells, the header has 6"),
        ("Jane Doe,2026-10-05,missed,,,", "That is not a participant code."),
        ("A17,2026-10-05,missed,,,[cancelled]", "a [cancelled] draw has the status excused"),
        ('A17,2026-10-05,missed,,,"[text ""\\q""]"', "is not a JSON string"),
        ('A17,2026-10-05,missed,,,"[text ""\\ud800""]"', "is not a JSON string"),
    ],
)
def test_a_bad_line_is_named_and_the_good_one_beside_it_taken(take, line, said):
    code, out, complaints = take(f"{line}\nA17,2026-10-20,missed,,,\n")
    assert code == 1
    assert "1 imported, 0 unchanged, 1 refused" in out
    assert len(complaints) == 1
    assert complaints[0].startswith("2: ")
    assert said in complaints[0]
    assert "Jane" not in complaints[0]


def test_what_comes_after_an_import_has_numbers_of_its_own(people, take):
    take("A17,2026-10-05,collected,positive,thc,\nA17,2026-10-06,collected,negative,,\n")
    people("test", "A17", "--reason", "drowsy")
    people("result", "A17", "negative")
    days = people.rows("SELECT due_on FROM draw ORDER BY id")
    assert days == [("2026-10-05",), ("2026-10-06",), ("2026-11-16",)]
    assert people.rows("SELECT outcome FROM result ORDER BY id") == [("positive",), ("negative",), ("negative",)]
    assert "hold" in people("verify")


def test_a_line_that_is_on_record_is_unchanged_and_another_one_refused(people, take):
    _, said, complaints = take(
        "A17,2026-10-05,missed,,,\nA17,2026-10-05,missed,,,\nA17,2026-10-05,collected,positive,thc,\n"
    )
    assert "1 imported, 1 unchanged, 1 refused" in said
    assert complaints == [
        "4: A17 has another record of 2026-10-05 (missed), from before or from an earlier line; if that one is wrong, "
        "correct it with `testing-tracker amend`"
    ]
    before = people("history", "export")
    _, said, complaints = take("A17,2026-10-05,MISSED,,,\nA17,2026-10-05,missed,,,overslept\n")
    assert "0 imported, 1 unchanged, 1 refused" in said
    assert people("history", "export") == before


def test_complaints_come_in_the_order_of_the_lines(take):
    _, _, complaints = take("A17,,missed,,,\nA17\nZ9,2026-10-05,missed,,,\nA17\n")
    assert [complaint.split(":")[0] for complaint in complaints] == ["2", "3", "4", "5"]


def test_draws_for_cause_and_cancelled_ones_come_back_as_they_were(people, tmp_path):
    people("draw")
    people("test", "A17", "--reason", 'said "I used", ran off')
    people("test", "b-3")
    people("result", "A17", "negative", "--for-cause")
    people("participant", "discharge", "b-3", "--reason", "moved")
    exported = people("history", "export")
    assert '"[for-cause ""said \\""I used\\"", ran off""]"' in exported
    assert "excused,,,[for-cause] [cancelled] discharged: moved" in exported
    path = tmp_path / "past.csv"
    path.write_text(exported)
    assert "0 imported, 5 unchanged, 0 refused" in people("history", "import", str(path))


def test_only_the_result_that_counts_is_exported(people):
    people("draw")
    people("result", "A17", "positive", "--analyte", "thc")
    people("amend", "A17", "negative", "--reason", "the lab called")
    people("result", "b-3", "positive", "--analyte", "thc")
    people("amend", "b-3", "missed", "--reason", "somebody else's specimen")
    assert people("history", "export").splitlines()[1:] == [
        "A17,2026-11-16,collected,negative,,",
        "b-3,2026-11-16,missed,,,somebody else's specimen",
        "C.9,2026-11-16,due,,,",
    ]


def test_an_export_goes_into_a_file_of_its_owner(people, take, tmp_path):
    take("A17,2026-10-05,missed,,,\n")
    target = tmp_path / "export.csv"
    assert people("history", "export", "--output", str(target)) == f"TRAINING Wrote 1 lines to {target}.\n"
    assert target.read_text() == HEADER + "A17,2026-10-05,missed,,,\n"
    assert target.stat().st_mode & 0o777 == 0o600
    assert "Cannot write" in people.refused("history", "export", "--output", str(tmp_path / "none" / "x.csv"))


def test_an_export_that_nobody_reads_on_keeps_nobody_from_writing(people, take, monkeypatch):
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(40)]
    take("".join(f"{code},{day},missed,,,{'overslept ' * 100}\n" for day in days for code in CODES))
    monkeypatch.setattr(engine, "SECONDS_TO_WAIT_FOR_ANOTHER_WRITER", 0.2)
    command = [sys.executable, "-m", "testing_tracker", "--database", people.url, "history", "export"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as export:
        first = export.stdout.read(1)  # the rest is more than a pipe holds
        people("test", "A17")
        text = (first + export.stdout.read()).decode()
    assert text.count("\n") == 1 + len(days) * len(CODES)


def test_a_header_without_all_columns_is_refused(people, tmp_path):
    path = tmp_path / "past.csv"
    path.write_text("participant,due_on,status\n")
    assert "missing: outcome, analytes, reason" in people.refused("history", "import", str(path))


def test_more_lines_than_are_held_at_once(people, take, monkeypatch):
    monkeypatch.setattr(history, "AT_A_TIME", 7)
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(20)]
    text = "".join(f"{code},{day},collected,positive,thc;coc,\n" for day in days for code in CODES)
    assert "60 imported, 60 unchanged, 0 refused" in take(text + text)[1]
    assert people("history", "export").count("cannabinoids;cocaine") == 60


BLANKS = ["", " ", " blank ", "two\nlines", "\r", "a\r\nb", "\n", "\x00", "é\u2028ü", "\ufeff"]
SIGNS = ["a,b", 'say "no"', "=1+1", "-", "[", "\\", '\\"']
MARKS = ["[cancelled]", "[cancelled] x", "[for-cause]", '[for-cause "x"] y', '[text "x"]', '[text "']
ODD = st.sampled_from(BLANKS + SIGNS + MARKS)
# A server cannot keep NUL.
TEXT = (st.none() | ODD | st.text(max_size=12)).filter(lambda text: not (databases.SERVER and text and "\0" in text))
ANALYTES = st.sets(st.sampled_from(["cocaine", "6-mam", "cannabinoids", "alcohol"]), min_size=1)


@st.composite
def pasts(draw):
    """A draw as this program may have on record, and the outcomes that its results had, one after another."""
    day = TODAY - timedelta(days=draw(st.integers(0, 6)))
    kind = draw(st.sampled_from(["fixed", "random", "for-cause", "imported"]))
    status = draw(st.sampled_from(["due", "collected", "missed", "refused", "excused", "unrecorded", "cancelled"]))
    outcomes = []
    if status == "collected":
        outcomes = draw(st.lists(st.sampled_from(["negative", "positive", "invalid"]), max_size=3))
    elif status != "due":
        outcomes = draw(st.sampled_from([[], ["positive", None]]))
    return {
        "participant": draw(st.sampled_from(CODES)),
        "due_on": day,
        "kind": kind,
        "status": status,
        "reason": draw(TEXT),
        "ordered_for": draw(TEXT) if kind == "for-cause" else None,
        "results": [(outcome, sorted(draw(ANALYTES)) if outcome == "positive" else []) for outcome in outcomes],
    }


@pytest.fixture(scope="module")
def three_people(made_clinic, tmp_path_factory) -> Path:
    """A database with the three participants, for each example to copy."""
    database = tmp_path_factory.mktemp("three") / "clinic.db"
    databases.copy(made_clinic, database)
    with at_work(database) as work:
        for code in CODES:
            enrolling.enrol(work, NewParticipant(code, Level.IOP, "fixed-2", date(2026, 10, 1)))
    return database


@contextmanager
def at_work(database: Path):
    opened = make_engine(locate(databases.url_of(database)))
    try:
        with writing(opened, None, databases.clock_of(TODAY), SHIPPED) as work:
            yield work
    finally:
        opened.dispose()


def put_on_record(work, records) -> None:
    ids = {code: number for number, code in enumerate(CODES, start=1)}
    for record in records:
        own = {key: record[key] for key in ("due_on", "kind", "status", "reason", "ordered_for")}
        row = Draw(participant_id=ids[record["participant"]], recorded_at=work.now, **own)
        work.add(row)
        work.session.flush()
        earlier = None
        for outcome, analytes in record["results"]:
            result = Result(
                draw_id=row.id, outcome=outcome, replaces_id=earlier, recorded_at=work.now, recorded_by="tester"
            )
            work.add(result)
            work.session.flush()
            earlier = result.id
            for analyte in analytes:
                work.add(Finding(result_id=result.id, analyte=analyte))
        work.session.flush()


def exported(work) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([history.COLUMNS, *history.export_history(work)])
    return text.getvalue()


def sheet_in(text: str):
    """A past record's text as the service takes it."""
    return open_sheet(text.encode(), "past.csv", HISTORY, HowToRead())


@examples(10 if databases.SERVER else 40)  # each copies two databases
@given(st.lists(pasts(), max_size=12, unique_by=lambda r: (r["participant"], r["due_on"], r["kind"] == "for-cause")))
def test_export_then_import_loses_nothing(three_people, records):
    with TemporaryDirectory() as folder, databases.dropped_afterwards():
        here, there = Path(folder, "here.db"), Path(folder, "there.db")
        databases.copy(three_people, here)
        databases.copy(three_people, there)
        with at_work(here) as work:
            put_on_record(work, records)
            text = exported(work)
        with at_work(there) as work:
            first = history.import_history(work, sheet_in(text))
            assert (first.taken, first.unchanged, first.refused) == (len(records), 0, [])
            assert exported(work) == text
            again = history.import_history(work, sheet_in(text))
            assert (again.taken, again.unchanged, again.refused) == (0, len(records), [])
            assert exported(work) == text
