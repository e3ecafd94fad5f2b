"""Every list, record and report at terminals of four widths: nothing is broken inside a word, a code or a date."""

import re
import shlex

import click
import databases
import pytest
from conftest import MONDAY, Clinic
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.account import current_account
from testing_tracker.cli import program
from testing_tracker.cli.desk import terminal
from testing_tracker.rules.reporting.layout import Column, cells, folded, laid_out

pytestmark = pytest.mark.one_database(reason="how what is printed is laid out, which no database has to do with")

RED = "\x1b[31m\x1b[1mpositive\x1b[0m"
WIDTHS = (40, 60, 80, 120)
LONG_CODE = "NORTH-HARBOUR-2026-OUTPATIENT-07"  # as long as a code may be
REASON = (
    "The participant telephoned at half past seven, spoke of a fever, and a doctor's note followed by fax that day; "
    "seen and confirmed by the physician on duty, who asks to be called before anything is decided about the matter"
)
PANEL = ("cocaine", "fentanyl", "opiates", "buprenorphine", "methamphetamine", "cannabinoids", "benzodiazepines")
FOUND = tuple(part for name in PANEL for part in ("--analyte", name))
RULE = ("checkin", "rule", "--opens", "05:00", "--closes", "10:00", "--no-page", "--not-checked-in", "unrecorded")
ARGUMENTS = {  # of every command that lists or reports
    ("analyte", "list"): [()],
    ("analyte", "show"): [("cocaine",), ("buprenorphine",)],
    ("audit", "list"): [(), ("--participant", LONG_CODE)],
    ("check",): [()],
    ("checkin", "list"): [(), ("--not-yet",)],
    ("checkin", "outage"): [()],
    ("checkin", "rule"): [()],
    ("checkin", "show"): [(LONG_CODE,)],
    ("confirmation", "list"): [()],
    ("doctor",): [()],
    ("due",): [(), ("--on", MONDAY)],
    ("facility", "list"): [()],
    ("key", "show"): [()],
    ("notice", "list"): [(), ("--failed",)],
    ("participant", "list"): [(), ("--names",)],
    ("participant", "show"): [(LONG_CODE,), ("A17",)],
    ("prescription", "list"): [(LONG_CODE,)],
    ("recommendation", "list"): [(), ("--all",)],
    ("recommendation", "show"): [("1",)],
    ("report", "network"): [()],
    ("report", "outcomes"): [
        (),
        ("--from", "2026-11-17", "--to", "2026-11-23"),
        ("--from", "2026-11-16", "--to", "2026-11-20"),
        ("--from", "2026-01-05", "--to", "2026-01-11"),
    ],
    ("report", "period"): [("--from", "2026-11-16", "--to", "2026-11-23")],
    ("report", "participant"): [(LONG_CODE,), ("A17",)],
    ("report", "weekly"): [
        (),
        ("--explain", LONG_CODE),
        ("--for", "court"),
        ("--week", "2026-W20"),
        ("--week", "2026-W20", "--for", "court"),
    ],
    ("review", "list"): [(), ("--all",)],
    ("schedule", "list"): [()],
    ("schedule", "show"): [],  # a file, as it was loaded
    ("schedule", "simulate"): [("random-2", "fixed-2"), ("fixed-3", "--analyte", "cocaine")],
    ("specimen", "show"): [("LABEL-2026-000001",)],
    ("staff", "list"): [()],
    ("status",): [()],
    ("today",): [()],
    ("verify",): [()],
    ("witness",): [()],
}


@pytest.fixture(scope="module")
def lived_in(made_clinic, tmp_path_factory):
    """A clinic of two weeks, with codes, reasons and findings as long as they come."""
    folder = tmp_path_factory.mktemp("lists")
    databases.copy(made_clinic, folder / "clinic.db")
    clinic = Clinic(folder / "clinic.db", MONDAY)
    codes = (LONG_CODE, "A17", "B04", "C21", "WARD-3-BED-12")
    clinic.add(*codes[:3], schedule="fixed-3", name="Maximiliane von Hohenstein-Waldenburg")
    clinic.add(*codes[3:], schedule="random-2", level="outpatient")
    for account, role in (("nurse.of.the.early.shift", "nurse"), (current_account(), "nurse")):
        clinic("staff", "add", account, "--role", role)
    clinic("staff", "add", current_account(), "--role", "clinician")
    doctor = ("--prescriber", "Dr. Sarah Whitfield-Montgomery")
    clinic("prescription", "add", LONG_CODE, "methadone", *doctor, "--no-reread")
    cup = ("--specimen-id", "LABEL-2026-000001", "--collector", "nurse.of.the.early.shift", "--note", REASON)
    for day in (16, 17, 18, 19, 20, 21, 22, 23):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        for line in clinic.json("due"):
            if line["status"] != "due":
                continue
            if line["participant"] == LONG_CODE:
                clinic("result", LONG_CODE, "positive", *FOUND, *(cup if day == 16 else ()))
            elif line["participant"] == "A17" and day < 20:
                clinic("excuse", "A17", "--reason", REASON)
            elif line["participant"] == "B04":
                clinic("result", "B04", "negative")
        if day == 16:
            clinic("confirmation", "send", LONG_CODE, "--lab", "Pacific Northwest Reference Laboratories")
            clinic("specimen", "handover", "LABEL-2026-000001", "--to", "courier of the laboratory", "--for", REASON)
        if day == 18:
            clinic("amend", "B04", "positive", "--analyte", "cocaine", "--reason", REASON)
            clinic("participant", "leave", "C21", "2026-11-25", "2026-11-27", "--reason", REASON)
        if day == 19:
            clinic(*RULE, "--from", "2026-11-20")
        if day == 22:
            clinic("checkin", "record", LONG_CODE, "--note", REASON)
            clinic("test", "B04")
        if day == 23:
            clinic("checkin", "record", "A17", "--by", "phone")
            clinic("test", "C21")
        if day == 20:
            clinic("recommendation", "defer", "1", "--until", "2026-11-30", "--reason", REASON)
    clinic("participant", "transfer", "A17", "php", "--reason", REASON)
    clinic("checkin", "rule", "--end", "--from", "+14")
    clinic("report", "weekly")
    return clinic


def listing(command: click.Command, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every command that has a table for people."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        found = ((name, command.get_command(context, name)) for name in command.list_commands(context))
        return {one for name, sub in found if sub is not None for one in listing(sub, (*path, name))}
    return {path} if any(parameter.name == "form" for parameter in command.params) else set()


def test_every_command_that_lists_or_reports_is_walked_through():
    assert set(ARGUMENTS) == listing(program)


@pytest.fixture
def at_terminal(monkeypatch):
    """Has what is printed go to a terminal of so many columns."""

    def make(columns: int) -> None:
        monkeypatch.setattr(terminal, "is_terminal", lambda _: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)

    return make


@pytest.fixture(scope="module")
def in_a_pipe(lived_in):
    """What each command prints where nobody looks, as wide as it is."""
    return {words: lived_in.run(*words).output for words in typed()}


def typed() -> list[tuple[str, ...]]:
    return [(*command, *more) for command, several in ARGUMENTS.items() for more in several]


def said(printed: str) -> set[str]:
    """The words, codes, dates and numbers of what was printed; without the columns' titles, some of which are empty."""
    lines = printed.splitlines()
    titles = {number for number, line in enumerate(lines[:-1]) if re.fullmatch("[─-]+", lines[number + 1])}
    left = "\n".join(line for number, line in enumerate(lines) if number not in titles)
    return {word.strip(",.") for word in re.findall(r"[^\s;]+", left) if re.search(r"\w", word)}


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_terminal_and_no_word_is_broken_or_lost(lived_in, in_a_pipe, at_terminal, width):
    at_terminal(width)
    for words in typed():
        printed = lived_in.run("--color", "never", *words).output
        for line in printed.splitlines():
            is_a_word = " " not in line.strip().removesuffix(" \\")  # such as an anchor
            assert cells(line) <= width or is_a_word, (words, line)
        wanted = said(in_a_pipe[words]) - {"testing-tracker"}  # on a narrow board the program has its short name
        if words == ("report", "weekly") or words[:2] == ("report", "outcomes"):
            wanted = {word for word in wanted if not word.isdecimal() and word != "outp"}
        assert wanted <= said(printed), words


def test_in_a_pipe_a_row_is_a_line_however_long_it_is(lived_in):
    printed = lived_in("due", "--on", MONDAY)
    assert re.search(r"^A17 +2026-11-16 +fixed +excused +fixed-3$", printed, re.MULTILINE)
    assert re.search(f"excused +{REASON}$", lived_in("participant", "show", "A17"), re.MULTILINE)


def test_what_must_not_be_overlooked_is_coloured_at_a_terminal_and_nowhere_else(lived_in, at_terminal, monkeypatch):
    due = ("due", "--on", MONDAY)
    assert "\x1b" not in lived_in(*due)
    assert RED in lived_in("--color", "always", *due)
    at_terminal(80)
    assert RED in lived_in(*due)
    assert RED in lived_in("report", "participant", LONG_CODE)
    assert "missing as positive" in lived_in("report", "participant", LONG_CODE)
    assert "\x1b" not in lived_in("--color", "never", *due)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in lived_in(*due)
    assert RED in lived_in("--color", "always", *due)


def test_red_is_what_stands_and_nothing_explains():
    said = "was positive; positive, expected; missing as positive; 3 positive tests; positive cocaine"
    assert terminal._coloured(said) == said.replace("positive cocaine", f"{RED} cocaine")


def test_a_sentence_is_folded_at_a_terminal_only(lived_in, at_terminal):
    refusal = lived_in.run("result", "NOBODY", "negative").stderr
    assert len(refusal.splitlines()) == 1
    at_terminal(40)
    folded_one = lived_in.run("result", "NOBODY", "negative").stderr
    assert len(folded_one.splitlines()) > 1
    assert folded_one.split() == refusal.split()


class TestTheLayout:
    """Any texts, at any width."""

    TEXTS = st.lists(st.text("ab;-`é日本。 ", max_size=60), min_size=2, max_size=2)

    @given(rows=st.lists(TEXTS, min_size=1, max_size=4), width=st.integers(20, 90))
    def test_no_word_is_broken_and_no_line_too_wide(self, rows, width):
        columns = [
            Column(title, texts) for title, texts in zip(("participant", "why"), zip(*rows, strict=True), strict=True)
        ]
        lines = laid_out(columns, width)
        parts = [part for row in rows for text in row for part in re.findall("[ab;é-]+", text.replace(";", " "))]
        printed = "\n".join(lines)
        assert all(part in printed for part in parts)
        assert all(cells(line) <= width or " " not in line.strip() for line in lines)

    @given(text=st.text("ab;-é日本。 ", max_size=200), width=st.integers(20, 90))
    def test_a_folded_text_says_the_same(self, text, width):
        assert "".join("".join(folded(text, width, 2)).split()) == "".join(text.split())

    def test_letters_that_fill_two_columns_are_counted_so_and_may_be_in_two_lines(self):
        assert cells("日本") == 4
        assert cells("é") == cells("e\u0301") == 1
        assert folded("検査結果は陰性でした。", 12) == ["検査結果は陰", "性でした。"]

    def test_a_command_that_is_folded_is_one_to_a_shell(self):
        command = "`testing-tracker missed --all --from 2026-11-16 --to 2026-11-22`"
        lines = folded(f"To answer: {command} says so.", 40, 2)
        assert max(map(len, lines)) <= 40
        assert command in re.sub(r" \\\n +", " ", "\n".join(lines))
        assert folded(f"To answer, later on: {command}.", 70, 2)[1] == f"  {command}."

    @given(
        words=st.lists(st.text("ab;-é日 '\"`", min_size=1, max_size=12), min_size=1, max_size=8),
        width=st.integers(20, 60),
    )
    def test_a_command_with_anything_in_quotes_is_the_same_to_a_shell(self, words, width):
        lines = folded(shlex.join(["testing-tracker", "result", *words]), width, 2, typed=True)
        pasted = "\n".join(lines).replace(" \\\n", " ")
        assert shlex.split(pasted) == ["testing-tracker", "result", *words]

    def test_a_command_in_a_sentence_keeps_what_is_in_quotes_together(self):
        command = "`testing-tracker result A17 OUTCOME --definitive --lab 'Quest North Laboratory'`"
        lines = folded(f"What it said: {command} logs it.", 40, 2)
        assert max(map(len, lines)) <= 40
        assert command in re.sub(r" \\\n +", " ", "\n".join(lines))
        assert any("'Quest North Laboratory'" in line for line in lines)
