"""`report outcomes`: whose weeks are reported, which draws count, and how it is printed and kept on record.

It is Monday, 2026-11-16; the last full week is W46, from the 9th to the 15th.
"""

import json
import os
import pty
import stat
import subprocess
import sys
from contextlib import contextmanager

import databases
import pytest
from conftest import made_once
from sqlalchemy import Engine, event

from testing_tracker.reports.outcomes import gather
from testing_tracker.reports.paper.words import NOTICE

COLUMNS = [
    "participant",
    "pattern",
    "weeks",
    "negative_weeks",
    "proportion_negative",
    "proportion_negative_provided",
    "proportion_negative_retained",
    "retention_weeks",
    "three_negatives",
    "three_positives",
    "relapse_ctn0094_week",
    "relapse_ctn0094",
    "relapse_lee2016_week",
    "relapse_lee2016",
    "dropout_week",
    "dropout",
]
W43, W44, W45, W46 = "2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09"  # Mondays
W47, W48, W49, W50 = "2026-11-16", "2026-11-23", "2026-11-30", "2026-12-07"
WEDNESDAY_W45, SUNDAY_W45 = "2026-11-04", "2026-11-08"
NEGATIVE, POSITIVE, INVALID = "collected,negative,", "collected,positive,cocaine", "collected,invalid,"
MISSED, REFUSED, EXCUSED, NOTHING_SAID = "missed,,", "refused,,", "excused,,", "due,,"


def record(clinic, *draws: tuple[str, str, str]) -> None:
    """Put past draws on record: participant, day, and what became of it."""
    lines = [f"{code},{day},{what}," for code, day, what in draws]
    clinic("history", "import", "-", input="participant,due_on,status,outcome,analytes,reason\n" + "\n".join(lines))


def patterns(clinic, *arguments: str) -> dict[str, str]:
    return {line["participant"]: line["pattern"] for line in clinic.json("report", "outcomes", *arguments)}


def exports(clinic) -> list[dict[str, object]]:
    return [json.loads(detail) for (detail,) in clinic.rows("SELECT detail FROM audit_entry WHERE act='report export'")]


@made_once
def a17(clinic):
    """One participant of a month: negative, mixed, not provided, excused."""
    clinic.add("A17", enrolled=W43)
    record(
        clinic,
        ("A17", W43, NEGATIVE),
        ("A17", W44, NEGATIVE),
        ("A17", "2026-10-29", POSITIVE),
        ("A17", W45, MISSED),
        ("A17", W46, EXCUSED),
    )


class TestTheForms:
    """The same figures in each form."""

    def test_json_is_a_list_with_an_object_a_participant(self, a17):
        (line,) = a17.json("report", "outcomes")
        assert list(line) == COLUMNS
        assert line == {
            "participant": "A17",
            "pattern": "-*o_",
            "weeks": 4,
            "negative_weeks": 1,
            "proportion_negative": 1.5 / 4,
            "proportion_negative_provided": 1.5 / 3,
            "proportion_negative_retained": 1.5 / 2,
            "retention_weeks": 2,
            "three_negatives": False,
            "three_positives": False,
            "relapse_ctn0094_week": 1,
            "relapse_ctn0094": False,
            "relapse_lee2016_week": 3,
            "relapse_lee2016": True,
            "dropout_week": 1,
            "dropout": False,
        }

    def test_csv_has_the_same_columns_and_figures(self, a17):
        a17.add("B04", enrolled=W46)
        done = a17.run("report", "outcomes", "--format", "csv")
        assert done.stderr == "TRAINING\n"
        assert done.stdout.splitlines() == [
            ",".join(COLUMNS),
            "A17,'-*o_,4,1,0.375,0.5,0.75,2,False,False,1,False,3,True,1,False",
            "B04,_,1,0,0.0,0.0,0.0,0,False,False,,,,,,",
        ]

    def test_lines_are_in_the_order_of_the_codes_whatever_their_case(self, clinic):
        clinic.add("c3", "B04", "a17", "A18", enrolled=W46)
        assert list(patterns(clinic)) == ["a17", "A18", "B04", "c3"]

    def test_nobody_in_treatment(self, clinic):
        assert clinic.json("report", "outcomes") == []
        assert clinic("report", "outcomes", "--format", "csv") == ",".join(COLUMNS) + "\n"
        text = clinic("report", "outcomes")
        assert "Nobody was in treatment in these days." in text
        assert text.endswith(NOTICE + "\n")

    def test_names_are_in_no_form(self, clinic):
        clinic.add("A17", enrolled=W46, name="Jane Doe")
        for form in ("table", "csv", "json"):
            assert "Jane" not in clinic("report", "outcomes", "--format", form)

    def test_more_participants_and_draws_take_no_more_questions(self, clinic, monkeypatch):
        asked = []

        def note(_connection, _cursor, statement, *_):
            asked.append(statement)

        def questions_for(*codes):
            clinic.add(*codes, enrolled=W45)
            record(clinic, *((code, day, NEGATIVE) for code in codes for day in (W45, W46)))
            asked.clear()
            assert set(patterns(clinic, "--schedule", "fixed-2", "--level", "iop").values()) == {"--"}
            return len(asked)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert questions_for("P1") == questions_for("P2", "P3", "P4", "P5", "P6", "P7")
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_a_facility_of_several_pages_has_every_line_once(self, clinic, monkeypatch, size):
        codes = [f"P{number}" for number in range(5)]
        clinic.add(*reversed(codes), enrolled=W45)
        record(clinic, *((code, W46, NEGATIVE) for code in codes[1:4]))
        monkeypatch.setattr(gather, "_PARTICIPANTS_AT_A_TIME", size)
        monkeypatch.setattr(gather, "_ROWS_AT_A_TIME", 1)
        assert list(patterns(clinic).items()) == [(code, "_-" if code in codes[1:4] else "__") for code in codes]


class TestTheWeeks:
    """Which weeks a pattern has."""

    def test_they_run_from_the_week_of_the_enrolment_to_the_last_full_week(self, clinic):
        clinic.add("A17", enrolled=WEDNESDAY_W45)
        clinic.add("B04", enrolled="2026-11-15")
        assert patterns(clinic) == {"A17": "__", "B04": "_"}

    def test_who_was_enrolled_after_the_last_day_is_left_out(self, clinic):
        clinic.add("A17", enrolled=W45)
        clinic.add("B04", enrolled=W47)
        clinic.add("C21", enrolled="2026-12-01")
        assert patterns(clinic) == {"A17": "__"}
        assert patterns(clinic, "--to", "today") == {"A17": "___", "B04": "_"}
        assert patterns(clinic, "--to", SUNDAY_W45) == {"A17": "_"}
        assert patterns(clinic, "--to", "2026-11-01") == {}

    def test_they_run_from_the_week_of_from_where_that_is_later(self, a17):
        assert patterns(a17, "--from", "2020-01-01") == {"A17": "-*o_"}
        assert patterns(a17, "--from", W44) == {"A17": "*o_"}
        assert patterns(a17, "--from", "2026-11-15") == {"A17": "_"}

    def test_of_a_week_in_part_only_the_days_within_count(self, a17):
        assert patterns(a17, "--from", "2026-10-27", "--to", WEDNESDAY_W45) == {"A17": "+o"}
        assert patterns(a17, "--from", W44, "--to", "2026-10-28") == {"A17": "-"}
        assert patterns(a17, "--from", "2026-10-29", "--to", "2026-10-29") == {"A17": "+"}
        assert patterns(a17, "--from", "2026-10-30", "--to", "2026-10-31") == {"A17": "_"}

    def test_a_span_cut_at_a_sunday_gives_the_pattern_in_two_parts(self, a17):
        assert patterns(a17, "--to", "2026-11-01") == {"A17": "-*"}
        assert patterns(a17, "--from", W45) == {"A17": "o_"}

    def test_a_year_with_a_week_53(self, clinic):
        clinic.add("A17", enrolled="2020-12-21")
        record(clinic, ("A17", "2020-12-31", NEGATIVE), ("A17", "2021-01-03", POSITIVE), ("A17", "2021-01-04", MISSED))
        assert patterns(clinic, "--to", "2021-01-10") == {"A17": "_*o"}

    def test_to_goes_up_to_today(self, clinic):
        clinic.add("A17", enrolled=W46)
        clinic("draw")
        assert patterns(clinic, "--to", "today") == {"A17": "__"}, "today's draw is still open"
        clinic("result", "A17", "negative")
        assert patterns(clinic, "--to", "today") == {"A17": "_-"}
        assert patterns(clinic) == {"A17": "_"}


class TestTheLetters:
    """What a week's draws come to."""

    @pytest.mark.parametrize(
        ("letter", "draws"),
        [
            pytest.param("-", [NEGATIVE, MISSED], id="negative and missed"),
            pytest.param("+", [POSITIVE, INVALID], id="positive and invalid"),
            pytest.param("*", [POSITIVE, NEGATIVE], id="positive and negative"),
            pytest.param("o", [MISSED], id="missed"),
            pytest.param("o", [REFUSED, EXCUSED], id="refused and excused"),
            pytest.param("_", [], id="nothing drawn"),
            pytest.param("_", [EXCUSED, EXCUSED], id="excused only"),
            pytest.param("_", [NOTHING_SAID], id="unrecorded"),
            pytest.param("_", [INVALID], id="invalid only"),
            pytest.param("_", [INVALID, MISSED], id="invalid and missed"),
            pytest.param("_", ["collected,,"], id="result not in yet"),
        ],
    )
    def test_a_week(self, clinic, letter, draws):
        clinic.add("A17", enrolled=W46)
        record(clinic, *(("A17", f"2026-11-{day:02}", what) for day, what in enumerate(draws, start=9)))
        assert patterns(clinic) == {"A17": letter}

    def test_what_a_prescription_explains_is_negative(self, clinic):
        clinic.add("A17")
        clinic("prescription", "add", "A17", "buprenorphine")
        clinic("test", "A17", "--reason", "start")
        clinic("result", "A17", "positive", "--analyte", "buprenorphine")
        assert patterns(clinic, "--to", "today") == {"A17": "-"}

    def test_a_correction_counts(self, clinic):
        clinic.add("A17")
        clinic("draw")
        clinic("result", "A17", "positive", "--analyte", "cocaine")
        clinic("amend", "A17", "negative", "--reason", "cups swapped")
        assert patterns(clinic, "--to", "today") == {"A17": "-"}


class TestTheEndOfTreatment:
    """Weeks after a discharge are not weeks of treatment. It is read a month on; the last full week is W50."""

    @pytest.fixture
    def later(self, clinic):
        """A17 is enrolled in W47 and has a negative test in it."""
        clinic.add("A17")
        record(clinic, ("A17", W47, NEGATIVE))
        return clinic

    @staticmethod
    def on(clinic, day: str, *command: str) -> None:
        clinic.today = day
        clinic(*command)
        clinic.today = "2026-12-14"

    def discharge(self, clinic, day: str) -> None:
        self.on(clinic, day, "participant", "discharge", "A17", "--reason", "moved")

    def readmit(self, clinic, day: str, first: str | None = None) -> None:
        options = ["--schedule", "fixed-1", "--level", "php", "--readmit", "--enrolled", first or day]
        self.on(clinic, day, "participant", "add", "A17", *options)

    def test_the_pattern_ends_with_the_week_of_the_last_enrolled_day(self, later):
        self.discharge(later, "2026-12-01")
        assert patterns(later) == {"A17": "-__"}
        assert patterns(later, "--to", W48) == {"A17": "-_"}

    def test_a_discharge_on_a_monday_leaves_that_week_out(self, later):
        self.discharge(later, W49)
        assert patterns(later) == {"A17": "-_"}

    def test_a_test_given_after_the_last_enrolled_day_still_counts(self, later):
        self.discharge(later, W49)
        record(later, ("A17", W49, POSITIVE))
        assert patterns(later) == {"A17": "-_+"}
        assert patterns(later, "--from", W49) == {"A17": "+"}
        assert patterns(later, "--to", "2026-11-29") == {"A17": "-_"}

    def test_a_draw_that_the_discharge_cancelled_does_not(self, later):
        self.on(later, W49, "test", "A17", "--reason", "seemed high")
        assert patterns(later, "--to", W49) == {"A17": "-__"}
        self.discharge(later, W49)
        assert patterns(later) == {"A17": "-_"}

    def test_who_was_discharged_before_the_span_is_left_out(self, later):
        self.discharge(later, "2026-11-25")
        assert patterns(later, "--from", "2026-11-24") == {"A17": "_"}
        assert patterns(later, "--from", "2026-11-25") == {}, "the last enrolled day is the 24th"

    def test_what_was_before_a_readmission_does_not_count(self, later):
        self.discharge(later, W48)
        self.readmit(later, "2026-12-03")
        record(later, ("A17", "2026-12-08", MISSED))
        assert patterns(later) == {"A17": "_o"}
        assert patterns(later, "--from", W47) == {"A17": "_o"}
        assert patterns(later, "--to", "2026-12-02") == {"A17": "-"}, "it was not yet"

    def test_a_readmission_called_off_before_its_first_day_is_none(self, later):
        self.discharge(later, W48)
        self.readmit(later, W49, first=W50)
        self.discharge(later, "2026-12-01")
        assert patterns(later) == {"A17": "-"}

    def test_who_never_came_is_left_out(self, clinic):
        clinic.add("A17", enrolled=W49)
        self.discharge(clinic, W48)
        assert patterns(clinic) == {}

    def test_who_was_discharged_on_the_first_day_is_reported_if_tested(self, later):
        self.discharge(later, W47)
        assert patterns(later) == {"A17": "-"}
        later.add("B04", enrolled=W47)
        self.on(later, W47, "participant", "discharge", "B04", "--reason", "wrong clinic")
        assert patterns(later) == {"A17": "-"}

    def test_a_readmission_of_no_day_and_no_test_leaves_the_enrolment_before(self, later):
        self.discharge(later, W48)
        self.readmit(later, W49)
        self.discharge(later, W49)
        assert patterns(later) == {"A17": "-"}
        record(later, ("A17", W49, POSITIVE))
        assert patterns(later) == {"A17": "+"}

    def test_schedule_and_level_are_those_at_the_end_of_the_span(self, later):
        later.add("B04", enrolled=W47)
        self.discharge(later, "2026-11-25")
        self.readmit(later, W49)  # fixed-1, php
        self.on(later, "2026-12-10", "participant", "set-schedule", "B04", "random-1")
        self.on(later, "2026-12-11", "participant", "transfer", "B04", "residential", "--reason", "asked for")

        assert list(patterns(later, "--schedule", "fixed-2")) == []
        assert list(patterns(later, "--schedule", "fixed-1")) == ["A17"]
        assert list(patterns(later, "--schedule", "random-1")) == ["B04"]
        assert list(patterns(later, "--level", "php")) == ["A17"]
        assert list(patterns(later, "--level", "residential")) == ["B04"]
        assert list(patterns(later, "--level", "residential", "--schedule", "fixed-1")) == []

        assert list(patterns(later, "--schedule", "fixed-2", "--to", "2026-11-29")) == ["A17", "B04"]
        assert list(patterns(later, "--level", "iop", "--to", "2026-11-29")) == ["A17", "B04"]

        self.discharge(later, "2026-12-12")
        assert list(patterns(later, "--level", "php", "--schedule", "fixed-1", "--to", "today")) == ["A17"]


class TestRefusals:
    """What cannot be reported is said in one line."""

    def test_an_unknown_schedule_is_told_those_there_are(self, a17):
        said = a17.refused("report", "outcomes", "--schedule", "fixed-9")
        assert said.startswith("There is no schedule 'fixed-9'. The schedules are fixed-1, fixed-2, ")

    def test_a_last_day_in_the_future(self, a17):
        said = a17.refused("report", "outcomes", "--to", "2026-11-17", "--format", "csv")
        assert said == "2026-11-17 is in the future; give today, 2026-11-16, or an earlier day."

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--from", W46, "--to", W45], "Invalid value for '--from': 2026-11-09 is after 2026-11-02, --to."),
            (["--from", W47], "'--from': 2026-11-16 is after 2026-11-15, the Sunday of the last full week"),
            (["--from", "soon"], "'soon' is not a date"),
            (["--level", "hospital"], "'hospital' is not one of 'outpatient', 'iop', 'php', 'residential'"),
            (["--format", "pdf"], "'pdf' is not one of"),
        ],
    )
    def test_wrong_usage(self, a17, arguments, said):
        before = a17.contents()
        done = a17.run("report", "outcomes", *arguments)
        assert done.exit_code == 2
        assert said in done.stderr
        assert done.stdout == ""
        assert a17.contents() == before


class TestTheTable:
    """The form for people."""

    def test_it_says_what_it_is_and_explains_its_columns(self, a17):
        text = a17("report", "outcomes")
        lines = text.splitlines()
        assert lines[0] == "TRAINING"
        assert lines[1].endswith("outcomes from each enrolment to Sun 2026-11-15")
        assert "participants 1" in lines
        assert "A17 4 1 38 % 50 % 75 % 2 no no no w3 no -*o_" in [" ".join(line.split()) for line in lines]
        flowing = " ".join(text.split())
        for name in ("wks", "neg", "all, prov, retn", "last", "3neg, 3pos", "ctn94, lee16", "drop", "w3", "Pattern"):
            assert f"{name}: " in flowing or f"which is {name}" in flowing
        assert lines[-1] == NOTICE

    def test_it_says_for_whom_and_which_weeks_are_not_whole(self, a17):
        text = a17("report", "outcomes", "--from", "2026-10-20", "--to", "2026-11-10", "--level", "iop")
        assert "outcomes from Tue 2026-10-20 to Tue 2026-11-10\n" in text
        assert "participants 1 (level iop at the end)\n" in text
        assert "The first week is counted in part only.\n" in text
        assert "The last week is counted in part only.\n" in text
        running = a17("report", "outcomes", "--from", W43, "--to", "today", "--schedule", "fixed-2")
        assert "participants 1 (schedule fixed-2 at the end)\n" in running
        assert "The last week is not over; these are the numbers so far.\n" in running
        assert "in part" not in running
        assert "in part" not in a17("report", "outcomes")

    def test_short_patterns_say_what_cannot_be_known(self, clinic):
        clinic.add("A17", enrolled=W46)
        assert "A17 1 0 0 % 0 % 0 % 0 no no n/a n/a n/a _" in " ".join(clinic("report", "outcomes").split())

    def test_on_a_pipe_it_fits_in_80_columns(self, clinic):
        code = "a-code-as-long-as-a-code-can-be-"
        clinic.add(code, "B04", enrolled="2020-01-01")
        record(clinic, ("B04", "2026-11-14", POSITIVE))
        text = clinic("report", "outcomes")
        assert max(len(line) for line in text.splitlines()) == 80
        assert "Pattern: the last 8 weeks" in " ".join(text.split())
        lines = text.splitlines()
        first = next(number for number, line in enumerate(lines) if line.startswith("a-code"))
        assert "".join(line.split()[0] for line in lines[first:] if line)[: len(code)] == code
        (shown,) = (line for line in lines if line.startswith("B04"))
        assert shown.endswith(" _______+")

    @pytest.mark.parametrize(
        ("columns", "shown"),
        [
            (60, "A17 wks 6, neg 2, all 42 %, prov 50 %, retn 50 %, last 5, 3neg no, 3pos no, ctn94 no, lee16 w3,"),
            (80, "A17 6 2 42 % 50 % 50 % 5 no no no w3 no -_*+-o"),
            (200, "A17 6 2 2.5/6 = 42 % 2.5/5 = 50 % 2.5/5 = 50 % 5 no no no w3 no -_*+-o"),
        ],
    )
    def test_a_wider_terminal_shows_numerators_and_denominators(self, clinic, columns, shown):
        clinic.add("A17", enrolled="2026-10-05")
        record(
            clinic,
            ("A17", "2026-10-05", NEGATIVE),
            ("A17", W43, NEGATIVE),
            ("A17", "2026-10-20", POSITIVE),
            ("A17", W44, POSITIVE),
            ("A17", W45, NEGATIVE),
            ("A17", W46, MISSED),
        )
        assert shown in " ".join(on_a_terminal(clinic, columns).split())

    def test_a_wider_terminal_shows_more_of_the_pattern(self, clinic):
        clinic.add("A17", enrolled="2026-05-04")  # 28 weeks
        record(clinic, ("A17", "2026-05-04", POSITIVE))
        shown = {columns: on_a_terminal(clinic, columns) for columns in (90, 100, 116, 120, 200)}
        letters = {columns: text.count("_") for columns, text in shown.items()}
        assert letters == {90: 19, 100: 28, 116: 9, 120: 13, 200: 28}
        assert all(max(map(len, text.splitlines())) <= columns for columns, text in shown.items())


def on_a_terminal(clinic, columns: int) -> str:
    """What the table says on a terminal of that many columns."""
    pid, end = pty.fork()
    if pid == 0:
        os.environ |= {"TERM": "xterm", "COLUMNS": str(columns)}
        start = [sys.executable, "-m", "testing_tracker", "--database", clinic.url, "--today", clinic.today]
        os.execv(sys.executable, [*start, "report", "outcomes"])
    said = b""
    while True:
        try:
            part = os.read(end, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(end)
    return said.decode()


class TestExports:
    """What goes out for other programs or into a file is on record; what a person reads on the screen is not."""

    def test_a_table_on_the_screen_is_none(self, a17):
        before = a17.contents()
        a17("report", "outcomes")
        a17("report", "outcomes", "--output", "-")
        assert a17.contents() == before

    @pytest.mark.parametrize("form", ["csv", "json"])
    @pytest.mark.parametrize("more", [[], ["--output", "-"]])
    def test_csv_and_json_are(self, a17, form, more):
        a17("report", "outcomes", "--format", form, "--from", W44, *more)
        assert exports(a17) == [
            {
                "report": "outcomes",
                "form": form,
                "of": f"{W44} to 2026-11-15",
                "names": False,
                "to": "standard output",
            }
        ]
        assert "All holds" in a17("verify")

    @pytest.mark.parametrize("form", ["table", "csv", "json"])
    def test_a_file_is_and_only_its_owner_may_read_it(self, a17, tmp_path, form):
        there = tmp_path / "outcomes"
        said = a17("report", "outcomes", "--format", form, "--output", str(there))
        assert said == f"TRAINING Wrote the outcomes of 1 participants to {there}.\n"
        assert stat.S_IMODE(there.stat().st_mode) == 0o600
        assert there.read_text() == a17("report", "outcomes", "--format", form)
        assert exports(a17)[0] == {
            "report": "outcomes",
            "form": form,
            "of": "enrolment to 2026-11-15",
            "names": False,
            "to": "file",
        }

    def test_a_file_that_cannot_be_is_refused_and_none_is_on_record(self, a17, tmp_path):
        said = a17.refused("report", "outcomes", "--output", str(tmp_path / "nowhere" / "outcomes.txt"))
        assert said.startswith("Cannot write ")
        assert exports(a17) == []

    def test_a_file_is_whole_or_as_it_was(self, a17, tmp_path, monkeypatch):
        from testing_tracker.reports.outcomes import text as outcomes_text

        there = tmp_path / "outcomes.csv"
        there.write_text("the earlier one")

        def fail(pattern: str):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(outcomes_text, "measure", fail)
        done = a17.run("report", "outcomes", "--format", "csv", "--output", str(there), "--overwrite")
        assert (done.exit_code, done.stdout) == (1, "")
        assert "No space left on device. The file is as it was." in done.stderr
        assert there.read_text() == "the earlier one"
        assert [path.name for path in tmp_path.glob("*outcomes*")] == ["outcomes.csv"]
        assert exports(a17) == [], "what was not made is not on record as made"

    def test_a_table_is_read_while_somebody_else_is_writing(self, a17):
        with databases.held(a17.database):
            assert "A17" in a17("report", "outcomes")

    def test_nobody_is_kept_from_writing_while_it_gathers(self, a17, monkeypatch):
        """A large facility's report takes long, and a nurse must not wait for it."""
        a17.add("B04", "C21", enrolled=W46)
        written = []

        @contextmanager
        def others_write(_doing, _total):
            def advance(part):
                a17.change("UPDATE participant SET name = 'changed'")
                written.append(part)

            yield advance

        monkeypatch.setattr(gather, "_PARTICIPANTS_AT_A_TIME", 2)
        monkeypatch.setattr("testing_tracker.cli.report_outcomes.progress", others_write)
        assert patterns(a17) == {"A17": "-*o_", "B04": "_", "C21": "_"}
        assert written == [2, 1]
        assert len(exports(a17)) == 1


def test_help_loads_nothing_heavy():
    code = (
        "import sys, testing_tracker.cli.report;sys.exit(bool({'sqlmodel', 'sqlalchemy', 'rich'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
