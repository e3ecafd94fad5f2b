"""`report weekly`, against numbers worked out by hand.

The clinic is in New York. The report is of 2026-W47, Monday 16 to Sunday 22 November; it is read on Monday the 23rd.
"""

import csv
import io
import json
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import databases
import pytest
from click.testing import CliRunner, Result
from databases import tables_of
from sqlmodel import Session, select

from testing_tracker.cli import program
from testing_tracker.clock import Clock
from testing_tracker.rules.deciding.escalation import DISCLAIMER
from testing_tracker.services.keeping.facilities import create_facility, grant_to_staff
from testing_tracker.store import tables
from testing_tracker.store.engine import make_engine, writing_all
from testing_tracker.store.location import Location, locate

NEW_YORK = ZoneInfo("America/New_York")
READ_ON = "2026-11-23"
EARLIER = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOBODY_ELSE = {"recorded_at": EARLIER, "recorded_by": "nurse"}

THREE_A_WEEK = """
title = "Monday, Wednesday and Friday"
[draw]
kind = "fixed"
per_week = 3
days = ["mon", "wed", "fri"]
[closed]
holidays = "US"
shift = "next"
"""


def november(day: int) -> date:
    return date(2026, 11, day)


def in_new_york(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


class Records:
    """Writes rows as the program's services would have left them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.facility = session.exec(select(tables.Facility)).one()

    def add(self, row):
        row.facility_id = self.facility.id
        self.session.add(row)
        self.session.flush()
        return row.id

    def enrol(self, code: str, level: str, schedule: str, from_on: date) -> int:
        kept = self.session.exec(select(tables.Schedule).where(tables.Schedule.name == schedule)).one()
        who = self.add(tables.Participant(facility_id=self.facility.id, code=code, code_key=code.casefold()))
        self.add(tables.Enrolment(participant_id=who, from_on=from_on, enrolled=True, **NOBODY_ELSE))
        self.add(tables.Placement(participant_id=who, from_on=from_on, level=level, **NOBODY_ELSE))
        self.add(tables.Assignment(participant_id=who, from_on=from_on, schedule_id=kept.id, **NOBODY_ELSE))
        return who

    def discharge(self, who: int, from_on: date) -> None:
        self.add(tables.Enrolment(participant_id=who, from_on=from_on, enrolled=False, **NOBODY_ELSE))

    def draw(self, who: int, day: int, status: str, outcome: str | None = None, *, kind: str = "fixed") -> int:
        draw = self.add(
            tables.Draw(
                participant_id=who,
                due_on=november(day),
                kind=kind,
                status=status,
                outcome=outcome,
                recorded_at=EARLIER,
            )
        )
        if outcome:
            self.add(tables.Result(draw_id=draw, outcome=outcome, **NOBODY_ELSE))
        if kind != "imported" and status not in ("due", "unrecorded"):
            self.entry(who, draw, "result log" if outcome else f"draw {status}", day, outcome)
        return draw

    def entry(self, who: int, draw: int, act: str, day: int, outcome: str | None) -> None:
        self.add(
            tables.AuditEntry(
                facility_id=self.facility.id,
                at=EARLIER,
                account="nurse",
                act=act,
                participant_id=who,
                draw_id=draw,
                detail=json.dumps({"due_on": str(november(day)), "outcome": outcome}),
            )
        )

    def correct(self, draw: int, outcome: str | None) -> None:
        earlier = self.session.exec(select(tables.Result.id).where(tables.Result.draw_id == draw)).one()
        self.add(tables.Result(draw_id=draw, outcome=outcome, replaces_id=earlier, reason="typo", **NOBODY_ELSE))
        self.session.get_one(tables.Draw, draw).outcome = outcome

    def found(self, draw: int, *analytes: str) -> None:
        result = self.session.exec(select(tables.Result.id).where(tables.Result.draw_id == draw)).one()
        for analyte in analytes:
            self.add(tables.Finding(result_id=result, analyte=analyte))

    def recommend(self, who: int, status: str, raised_at: datetime, decided_at: datetime | None = None) -> int:
        return self.add(
            tables.Recommendation(
                participant_id=who,
                from_level="iop",
                to_level="php",
                status=status,
                reason="1 positive test; review for more immersive care, iop to php",
                raised_at=raised_at,
                decided_at=decided_at,
            )
        )

    def night(self, day: int, *, ran: bool = True) -> None:
        self.add(
            tables.Night(facility_id=self.facility.id, day=november(day), ran=ran, last_participant_id=0, **NOBODY_ELSE)
        )


class Clinic:
    """A training database, and the command as a person calls it on a day."""

    def __init__(self, path: Path) -> None:
        databases.make_room(path)
        self.location = locate(databases.url_of(path))
        if isinstance(self.location, Location):
            self.location.path.touch(0o600)
        self.url = databases.url_of(path)
        self.engine = make_engine(self.location)
        with writing_all(self.engine, has_tables=False) as session:
            create_facility(session, "Riverside", Clock(NEW_YORK, november(1)), bytes(32), training=True)
            grant_to_staff(session)

    def report(self, *arguments: str, today: str = READ_ON) -> Result:
        command = ["--database", self.url, "--today", today, "report", "weekly", *arguments]
        return CliRunner().invoke(program, command, catch_exceptions=False)

    def json(self, *arguments: str, today: str = READ_ON):
        result = self.report("--format", "json", *arguments, today=today)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def table(self, *arguments: str, today: str = READ_ON) -> str:
        result = self.report(*arguments, today=today)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Clinic]:
    clinic = Clinic(tmp_path / "clinic.db")
    yield clinic
    clinic.engine.dispose()


@pytest.fixture
def clinic(empty: Clinic) -> Clinic:
    with tables_of(empty.engine) as session:
        _fill(Records(session))
    return empty


def _fill(records: Records) -> None:
    a17 = records.enrol("A17", "iop", "fixed-2", november(2))
    for day, status, outcome in (
        (2, "collected", "negative"),
        (5, "collected", "negative"),
        (9, "missed", None),
        (12, "refused", None),
        (19, "collected", "negative"),
    ):
        records.draw(a17, day, status, outcome)
    positive = records.draw(a17, 16, "collected", "positive")
    records.found(positive, "opiates", "cocaine")

    b02 = records.enrol("b02", "outpatient", "random-1", november(10))
    records.draw(b02, 12, "collected", "invalid", kind="random")
    records.draw(b02, 17, "missed", kind="random")
    records.draw(b02, 18, "excused", kind="random")
    taken_back = records.draw(b02, 20, "collected", "positive", kind="random")
    records.correct(taken_back, None)
    records.draw(b02, 21, "unrecorded", kind="random")
    records.draw(b02, 22, "cancelled", kind="random")

    c30 = records.enrol("C30", "php", "fixed-2", november(16))
    records.add(tables.Placement(participant_id=c30, from_on=november(23), level="residential", **NOBODY_ELSE))
    records.draw(c30, 16, "refused")
    corrected = records.draw(c30, 16, "collected", "positive", kind="for-cause")
    records.correct(corrected, "negative")
    records.draw(c30, 19, "due")

    d40 = records.enrol("D40", "iop", "fixed-1", november(2))
    records.draw(d40, 2, "collected", "positive")
    records.discharge(d40, november(9))

    e50 = records.enrol("E50", "residential", "fixed-1", november(16))
    records.discharge(e50, november(18))
    records.draw(e50, 19, "cancelled")

    records.enrol("F60", "iop", "fixed-1", november(23))

    for day in (16, 17, 19, 21, 22):
        records.night(day)
    records.night(18, ran=False)  # and the 20th has no row at all

    standing = records.recommend(a17, "open", in_new_york(16, 15))
    records.add(tables.Evidence(recommendation_id=standing, draw_id=positive, added_at=EARLIER))
    withdrawn = records.recommend(c30, "withdrawn", in_new_york(16, 16), in_new_york(17, 9))
    records.add(tables.Evidence(recommendation_id=withdrawn, draw_id=corrected, added_at=EARLIER, withdrawn_at=EARLIER))
    # In UTC this one was decided on the week's Monday, and the next one raised after its Sunday.
    records.recommend(b02, "accepted", in_new_york(12, 15), in_new_york(15, 23, 30))
    records.recommend(d40, "declined", in_new_york(22, 23, 30), in_new_york(23, 10))


def test_json_counts_the_last_full_week(clinic: Clinic) -> None:
    report = clinic.json()
    assert list(report) == [
        "facility",
        "week",
        "from",
        "to",
        "totals",
        "participants",
        "recommendations",
        "gaps",
        "unplaced",
        "closed",
        "questions",
        "talk",
        "analytes",
        "weekdays",
        "trend",
        "weeks_before",
        "leaves",
        "reviews",
        "confirmations_overdue",
        "recollections",
        "amended_after_delivery",
        "anchors",
        "as_of",
        "printed_at",
        "printed_by",
        "edition",
        "amended",
        "notice",
        "witness",
    ]
    assert report["facility"] == "Riverside (TRAINING)"
    assert (report["week"], report["from"], report["to"]) == ("2026-W47", "2026-11-16", "2026-11-22")
    assert report["totals"] == {
        "participants": 4,
        "due": 9,
        "collected": 4,
        "missed": 1,
        "refused": 1,
        "excused": 1,
        "outstanding": 2,
        "unrecorded": 2,
        "negative": 2,
        "positive": 1,
        "invalid": 0,
        "expected": 0,
        "late": 0,
        "compliance_rate": pytest.approx(4 / 6),
        "positivity_rate": pytest.approx(1 / 3),
        "positivity_rate_missing_as_positive": pytest.approx(3 / 6),
    }
    printed = datetime.fromisoformat(report["printed_at"])
    assert printed.astimezone(NEW_YORK).date() == november(23)


def test_json_has_a_line_a_participant_by_code(clinic: Clinic) -> None:
    lines = clinic.json()["participants"]
    assert [line["participant"] for line in lines] == ["A17", "b02", "C30", "E50"]
    a17, b02, c30, e50 = lines
    measures = a17.pop("measures")
    assert a17 == {
        "participant": "A17",
        "level": "iop",
        "schedule": "fixed-2",
        "due": 2,
        "collected": 2,
        "missed": 0,
        "refused": 0,
        "excused": 0,
        "outstanding": 0,
        "unrecorded": 0,
        "negative": 1,
        "positive": 1,
        "invalid": 0,
        "expected": 0,
        "late": 0,
        "compliance_rate": 1.0,
        "pattern": "-o*",
    }
    assert measures["weeks"] == 3
    assert measures["negative_weeks"] == 1
    assert measures["proportion_negative"] == pytest.approx(0.5)
    assert measures["proportion_negative_provided"] == pytest.approx(0.75)
    assert measures["retention_weeks"] == 3
    assert measures["dropout"] is None

    assert (b02["due"], b02["collected"], b02["missed"], b02["excused"]) == (4, 1, 1, 1)
    assert (b02["outstanding"], b02["unrecorded"]) == (1, 1)
    assert (b02["negative"], b02["positive"], b02["invalid"]) == (0, 0, 0), "its result was taken back"
    assert b02["compliance_rate"] == 0.5
    assert b02["pattern"] == "__"

    assert c30["level"] == "php", "the transfer came after the week"
    assert (c30["due"], c30["collected"], c30["refused"], c30["outstanding"], c30["unrecorded"]) == (3, 1, 1, 1, 1)
    assert (c30["negative"], c30["positive"]) == (1, 0), "the correction counts"
    assert (c30["compliance_rate"], c30["pattern"]) == (0.5, "-")

    assert (e50["due"], e50["compliance_rate"], e50["pattern"]) == (0, None, "_")


def test_json_has_the_weeks_recommendations_by_the_facilitys_clock(clinic: Clinic) -> None:
    found = clinic.json()["recommendations"]
    assert [(line["id"], line["participant"], line["status"]) for line in found] == [
        (1, "A17", "open"),
        (2, "C30", "withdrawn"),
        (4, "D40", "declined"),
    ]
    assert found[0] == {
        "id": 1,
        "participant": "A17",
        "from_level": "iop",
        "to_level": "php",
        "status": "open",
        "raised_at": "2026-11-16T20:00:00+00:00",
        "age_days": 7,
        "evidence": [
            {
                "due_on": "2026-11-16",
                "outcome": "positive",
                "analytes": ["cocaine", "opiates"],
                "status": "collected",
                "method": "presumptive",
                "same_use_as": [],
            }
        ],
        "reason": "1 positive test; review for more immersive care, iop to php",
        "certainty": "presumptive",
    }
    (evidence,) = found[1]["evidence"]
    assert (evidence["due_on"], evidence["outcome"], evidence["analytes"]) == ("2026-11-16", "negative", [])
    assert found[2]["evidence"] == []


def test_open_recommendation_shows_in_a_week_before_it_was_raised(clinic: Clinic) -> None:
    found = clinic.json("--week", "2026-W45")["recommendations"]
    assert [line["id"] for line in found] == [1]


def test_csv_has_the_same_numbers(clinic: Clinic) -> None:
    result = clinic.report("--format", "csv")
    assert result.exit_code == 0
    assert result.stderr == "TRAINING\n"
    header = result.stdout.splitlines()[0]
    assert header.startswith(
        "participant,level,schedule,due,collected,missed,refused,excused,outstanding,unrecorded,"
        "negative,positive,invalid,expected,late,compliance_rate,pattern,weeks,negative_weeks,proportion_negative,"
    )
    lines = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(line["participant"], line["due"], line["compliance_rate"], line["pattern"]) for line in lines] == [
        ("A17", "2", "1.0", "'-o*"),
        ("b02", "4", "0.5", "__"),
        ("C30", "3", "0.5", "'-"),
        ("E50", "0", "", "_"),
    ]
    assert (lines[0]["weeks"], lines[0]["proportion_negative"], lines[0]["dropout_week"]) == ("3", "0.5", "")


def test_table_is_for_a_clinical_team(clinic: Clinic) -> None:
    text = clinic.table()
    assert text.startswith("TRAINING\nRiverside: weekly compliance report, 2026-W47\n")
    assert "tests due 9: collected 4, missed 1, refused 1, excused 1, outstanding 2" in text
    assert "compliance 4/6 = 67 %" in text
    assert "positivity 1/3 = 33 %" in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "A17 iop fixed-2 2 2 0 0 0 0 1 1 0 100 % -o*" in lines
    assert "b02 outp random-1 4 1 1 0 1 1 0 0 0 50 % __" in lines
    assert "C30 php fixed-2 3 1 0 1 0 1 1 0 0 50 % -" in lines
    assert "E50 resid fixed-1 0 0 0 0 0 0 0 0 0 n/a _" in lines
    assert "Open recommendations: 1" in text
    assert "2026-11-16 positive: cocaine, opiates (presumptive)" in " ".join(text.split())
    assert DISCLAIMER in " ".join(text.split())
    flowing = " ".join(text.split())
    assert "Nothing was recorded for 2 of the outstanding tests although their day is over" in flowing
    assert (
        "The nightly draw did not run on 2026-11-18, 2026-11-20: their fixed draws are not counted as missed."
        in flowing
    )
    assert "Pattern: a letter a week, oldest first; + positive, - negative, * both" in flowing
    assert "The last 8 weeks are shown." in flowing
    assert "42 CFR part 2 prohibits unauthorized use or disclosure of these records." in text


def test_table_is_plain_and_fits_in_80_columns(clinic: Clinic) -> None:
    with tables_of(clinic.engine) as session:
        Records(session).enrol("a-code-as-long-as-a-code-can-be-", "residential", "random-2", november(2))
    text = clinic.table()
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 80
    table = text[text.index("participant level") :].splitlines()
    first = next(number for number, line in enumerate(table) if line.startswith("a-code"))
    assert "".join(line.split(" ")[0] for line in table[first:]).startswith("a-code-as-long-as-a-code-can-be-")


def test_gap_of_a_single_night(clinic: Clinic) -> None:
    assert clinic.json()["gaps"] == ["2026-11-18", "2026-11-20"]
    with tables_of(clinic.engine) as session:
        Records(session).night(20)
    assert "did not run on 2026-11-18: its fixed draws" in " ".join(clinic.table().split())


def test_a_gap_is_neither_before_the_facility_opened_nor_today(clinic: Clinic) -> None:
    assert clinic.json("--week", "2026-W44")["gaps"] == []
    assert clinic.json("--week", "2026-W48", today="2026-11-24")["gaps"] == ["2026-11-23"]
    with tables_of(clinic.engine) as session:
        Records(session).night(24, ran=False)
    assert clinic.json("--week", "2026-W48", today="2026-11-24")["gaps"] == ["2026-11-23", "2026-11-24"]


def test_week_without_a_gap_says_nothing_of_gaps(empty: Clinic) -> None:
    with tables_of(empty.engine) as session:
        for day in range(16, 23):
            Records(session).night(day)
    assert empty.json()["gaps"] == []
    assert "did not run" not in empty.table()


def test_week_in_which_everything_was_excused(empty: Clinic) -> None:
    with tables_of(empty.engine) as session:
        records = Records(session)
        for code in ("A17", "B18"):
            who = records.enrol(code, "iop", "fixed-2", november(16))
            records.draw(who, 16, "excused")
            records.draw(who, 19, "excused")
    report = empty.json()
    assert (report["totals"]["due"], report["totals"]["excused"]) == (4, 4)
    assert report["totals"]["compliance_rate"] is None
    assert report["totals"]["positivity_rate"] is None
    assert [line["pattern"] for line in report["participants"]] == ["_", "_"]
    assert "compliance n/a" in empty.table()
    assert "positivity n/a" in empty.table()


def test_empty_facility(empty: Clinic) -> None:
    report = empty.json()
    assert report["participants"] == []
    assert report["recommendations"] == []
    assert report["totals"]["participants"] == 0
    assert report["totals"]["compliance_rate"] is None
    assert len(empty.report("--format", "csv").stdout.splitlines()) == 1
    text = empty.table()
    assert "Nobody was enrolled and nothing was due in this week." in text
    assert "Open recommendations: none" in text


def test_running_week_counts_what_is_known_so_far(empty: Clinic) -> None:
    with tables_of(empty.engine) as session:
        records = Records(session)
        who = records.enrol("A17", "iop", "fixed-2", november(16))
        records.draw(who, 16, "due")
        records.draw(who, 18, "due")
    (line,) = empty.json("--week", "2026-W47", today="2026-11-18")["participants"]
    assert (line["due"], line["outstanding"], line["unrecorded"]) == (2, 2, 1), "today's is not over yet"
    assert line["compliance_rate"] is None
    assert "The week is not over" in empty.table("--week", "2026-W47", today="2026-11-18")


def test_pattern_begins_with_the_latest_enrolment_up_to_the_week(empty: Clinic) -> None:
    with tables_of(empty.engine) as session:
        records = Records(session)
        who = records.enrol("A17", "iop", "fixed-1", november(2))
        records.draw(who, 2, "collected", "positive")
        records.discharge(who, november(4))
        records.add(tables.Enrolment(participant_id=who, from_on=november(10), enrolled=True, **NOBODY_ELSE))
        records.draw(who, 17, "collected", "negative")
        records.discharge(who, november(20))
        records.add(tables.Enrolment(participant_id=who, from_on=november(24), enrolled=True, **NOBODY_ELSE))
    assert [line["pattern"] for line in empty.json()["participants"]] == ["_-"]
    assert [line["pattern"] for line in empty.json("--week", "2026-W45")["participants"]] == ["+"]
    assert empty.json("--week", "2026-W44")["participants"] == []


def test_past_record_of_somebody_enrolled_later(empty: Clinic) -> None:
    with tables_of(empty.engine) as session:
        records = Records(session)
        who = records.enrol("A17", "php", "fixed-1", november(23))
        records.draw(who, 17, "collected", "negative", kind="imported")
    (line,) = empty.json()["participants"]
    assert (line["level"], line["schedule"], line["collected"], line["pattern"]) == ("php", "fixed-1", 1, "-")


def test_enrolled_and_discharged_the_same_day_is_not_in_the_report(empty: Clinic) -> None:
    with tables_of(empty.engine) as session:
        records = Records(session)
        records.discharge(records.enrol("A17", "php", "fixed-1", november(17)), november(17))
    assert empty.json()["participants"] == []


def test_closed_days_without_an_open_day_left(empty: Clinic) -> None:
    days = " ".join(f"2026-11-{day}" for day in range(17, 23))
    with tables_of(empty.engine) as session:
        records = Records(session)
        records.add(
            tables.HolidayYear(
                facility_id=records.facility.id, calendar="US", year=2026, days=days, library="0.1", **NOBODY_ELSE
            )
        )
        for name in ("with-people", "without-people"):
            schedule = records.add(tables.Schedule(facility_id=records.facility.id, name=name))
            records.add(
                tables.ScheduleVersion(
                    schedule_id=schedule, version=1, binds_from=november(1), text=THREE_A_WEEK, **NOBODY_ELSE
                )
            )
        records.enrol("A17", "iop", "with-people", november(2))
        records.discharge(records.enrol("B18", "iop", "without-people", november(2)), november(9))
    assert empty.json()["unplaced"] == [
        {"schedule": "with-people", "closed_on": "2026-11-18"},
        {"schedule": "with-people", "closed_on": "2026-11-20"},
    ]
    assert "with-people has no open day left in the week for its draw of 2026-11-18" in " ".join(empty.table().split())


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_output_is_the_same_text_in_a_private_file(clinic: Clinic, tmp_path: Path, form: str) -> None:
    printed = clinic.report("--format", form).stdout
    folder = tmp_path / "reports"
    folder.mkdir()
    file = folder / f"week.{form}"
    file.write_text("an older and much longer report\n" * 1000, encoding="utf-8")
    file.chmod(0o644)
    result = clinic.report("--format", form, "--output", str(file), "--overwrite")
    assert result.exit_code == 0
    assert result.stdout.startswith("TRAINING Wrote the report of 2026-W47 to ")
    assert _without_moment(file.read_text(encoding="utf-8")) == _without_moment(printed)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == [file]


def _without_moment(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "rinted" not in line)


def test_output_that_fails_leaves_the_old_file_and_nothing_else(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    file = folder / "week.json"
    file.write_text("older", encoding="utf-8")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    result = clinic.report("--format", "json", "--output", str(file), "--overwrite")
    assert result.exit_code == 1
    assert result.stderr == f"Error: Cannot write {file}: No space left on device. The file is as it was. (TRAINING)\n"
    assert file.read_text(encoding="utf-8") == "older"
    assert list(folder.iterdir()) == [file]


def test_output_into_a_folder_that_is_not_there(clinic: Clinic, tmp_path: Path) -> None:
    result = clinic.report("--output", str(tmp_path / "nowhere" / "week.txt"))
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr
    assert not (tmp_path / "nowhere").exists()


def test_week_that_is_none_is_wrong_usage(empty: Clinic) -> None:
    assert empty.report("--week", "2026-47").exit_code == 2
    assert empty.report("--week", "2025-W53").exit_code == 2


def test_last_full_week_on_its_sunday_is_the_one_before(empty: Clinic) -> None:
    assert empty.json(today="2026-11-22")["week"] == "2026-W46"
    assert empty.json(today=str(date(2027, 1, 4)))["week"] == "2026-W53"
    assert empty.json(today=str(date(2027, 1, 4) - timedelta(days=1)))["week"] == "2026-W52"
