"""Several facilities in one database: what belongs to one is nobody else's."""

import csv
import json
from dataclasses import replace
from io import StringIO

import databases
import pytest
from conftest import MONDAY, Clinic, key_of
from conftest import at_facility as at
from freezegun import freeze_time


def enrol(network: Clinic, facility: str, *codes: str, schedule: str = "fixed-2") -> None:
    for code in codes:
        at(network, facility, "participant", "add", code, "--schedule", schedule, "--level", "iop")


def anchor_of(network: Clinic) -> str:
    return network.json("--facility", "1", "key", "show")[0]["anchor"]


class TestChoosing:
    def test_the_only_facility_need_not_be_named(self, clinic):
        clinic.add("A17")
        assert clinic.status("A17", MONDAY) == "none"

    def test_where_there_are_several_a_command_asks_which(self, network):
        said = network.refused("due")
        assert "several facilities: My facility, Ostkreuz" in said
        assert "--facility NAME" in said
        assert "TESTING_TRACKER_FACILITY" in said

    @pytest.mark.parametrize("named", ["Ostkreuz", "ostkreuz", "2"])
    def test_by_name_in_any_case_or_by_number(self, network, named):
        enrol(network, named, "A17")
        assert "A17" in at(network, "2", "participant", "list")

    def test_by_the_environment(self, network, monkeypatch):
        monkeypatch.setenv("TESTING_TRACKER_FACILITY", "Ostkreuz")
        network.add("A17")
        assert [row["participant"] for row in network.json("participant", "list")] == ["A17"]

    def test_one_that_is_not_there(self, network):
        said = network.refused("--facility", "Westkreuz", "due")
        assert said.startswith("There is no facility 'Westkreuz' in this database. It has My facility, Ostkreuz.")
        assert "TESTING_TRACKER_FACILITY" in said

    def test_a_wrong_name_is_told_also_where_there_is_only_one(self, clinic):
        assert "There is no facility 'Ostkreuz'" in clinic.refused("--facility", "Ostkreuz", "due")

    @pytest.mark.parametrize("name", ["Ostkreuz", "OSTKREUZ"])
    def test_no_two_have_the_same_name(self, network, name):
        assert "already" in network.refused("facility", "add", name)

    @pytest.mark.parametrize("name", ["  ", "", "2", "a\nb", "=cmd()", "\x1b[31mred"])
    def test_a_name_is_a_line_of_text_that_is_no_number(self, clinic, tmp_path, name):
        """A number is taken for a facility's number, and a formula for one by a spreadsheet."""
        assert "is not a facility's name" in clinic.refused("facility", "add", name)
        other = replace(clinic, database=tmp_path / "other.db")
        assert "is not a facility's name" in other.run("init", "--training", "--facility", name).stderr or name == ""

    def test_a_name_is_the_same_however_it_was_composed(self, clinic):
        clinic("facility", "add", "Cafe\u0301 Nord ")
        assert "already" in clinic.refused("facility", "add", "Caf\u00e9 Nord")

    def test_before_init_it_is_the_new_facilitys_name(self, clinic, tmp_path, monkeypatch):
        other = replace(clinic, database=tmp_path / "other.db")
        monkeypatch.setenv("TESTING_TRACKER_FACILITY", "Harbor House")
        other("init", "--training")
        assert other.json("facility", "list")[0]["facility"] == "Harbor House"


class TestEachItsOwn:
    def test_participants_with_the_same_code(self, network):
        enrol(network, "1", "A17")
        enrol(network, "2", "A17", "B1", schedule="random-3")
        assert [row["schedule"] for row in network.json("--facility", "1", "participant", "list")] == ["fixed-2"]
        assert [row["schedule"] for row in network.json("--facility", "2", "participant", "list")] == ["random-3"] * 2
        assert "no participant B1" in network.refused("--facility", "1", "participant", "show", "B1")

    def test_schedules(self, network, tmp_path):
        shipped = at(network, "2", "schedule", "show", "fixed-2")
        (tmp_path / "fixed-2.toml").write_text(shipped.removeprefix("TRAINING\n").replace('title = "', 'title = "Our '))
        at(network, "2", "schedule", "load", str(tmp_path / "fixed-2.toml"))
        assert "Our " in at(network, "2", "schedule", "show", "fixed-2")
        assert "Our " not in at(network, "1", "schedule", "show", "fixed-2")

    def test_the_key_and_its_anchor(self, network):
        keys = {network.json("--facility", number, "key", "show")[0]["anchor"] for number in "12"}
        lines = [line.split() for line in key_of(network.database).read_text().splitlines() if line and line[0] != "#"]
        assert {line[0] for line in lines if line[0] != "chain"} == keys
        assert {line[1] for line in lines if line[0] == "chain"} == keys
        assert len(keys) == 2

    def test_staff(self, network):
        at(network, "2", "staff", "add", "nurse4", "--role", "nurse")
        listed = network.json("--facility", "1", "staff", "list")
        assert [line["role"] for line in listed] == ["manager", "nights"]  # of who made it

    def test_recommendations_and_the_report(self, network):
        enrol(network, "1", "A17")
        enrol(network, "2", "B1")
        for facility in "12":
            at(network, facility, "draw")
        at(network, "2", "result", "B1", "positive", "--analyte", "coc")
        assert network.json("--facility", "1", "recommendation", "list") == []
        (line,) = network.json("--facility", "2", "recommendation", "list")
        assert line["participant"] == "B1"
        assert "is no recommendation" in network.refused("--facility", "1", "recommendation", "accept", str(line["id"]))
        network.today = "2026-11-24"
        first, second = (network.json("--facility", facility, "report", "weekly") for facility in "12")
        assert (first["facility"], second["facility"]) == ("My facility (TRAINING)", "Ostkreuz (TRAINING)")
        assert (first["totals"]["positive"], second["totals"]["positive"]) == (0, 1)
        assert [line["participant"] for line in second["participants"]] == ["B1"]

    def test_a_facility_whose_name_is_a_number_is_not_taken_for_another(self, network):
        """Such a name is refused now; the program itself goes by numbers, which are never names."""
        databases.change(network.database, "UPDATE facility SET name = '1' WHERE id = 2", triggers=False)
        network("--facility", "My facility", "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
        network("draw")
        assert [line["last_run_on"] for line in network.json("facility", "list")] == [MONDAY, MONDAY]
        assert network.json("--facility", "My facility", "due") != []

    def test_a_specimen_is_found_by_its_own_facility_only(self, network):
        enrol(network, "1", "A17")
        at(network, "1", "draw")
        at(network, "1", "result", "A17", "negative", "--specimen-id", "L77", "--creatinine", "80")
        assert "A17" in at(network, "1", "specimen", "show", "1")
        for label in ("1", "L77"):
            assert "There is no specimen" in network.refused("--facility", "2", "specimen", "show", label)
            assert "There is no specimen" in network.refused(
                "--facility", "2", "specimen", "handover", label, "--to", "courier"
            )

    def test_what_is_said_names_the_facility(self, network):
        """The same code may be in both."""
        enrol(network, "2", "A17")
        assert "Ostkreuz: " in at(network, "2", "draw")
        assert "TRAINING Ostkreuz: A17" in at(network, "2", "result", "A17", "negative")

    def test_the_night(self, network):
        enrol(network, "1", "A17")
        enrol(network, "2", "B1")
        at(network, "2", "draw")
        assert network.json("--facility", "1", "due") == []
        assert [line["participant"] for line in network.json("--facility", "2", "due")] == ["B1"]
        network.today = "2026-11-18"
        assert "did not run" in network.run("--facility", "2", "draw").stderr
        assert "1 drawn" not in at(network, "1", "draw")


class TestTheRecords:
    @pytest.fixture
    def lived_in(self, network) -> Clinic:
        """Both facilities by turns, on three days."""
        for day in ("2026-11-16", "2026-11-17", "2026-11-18"):
            network.today = day
            for facility in "12":
                enrol(network, facility, f"A{day[-1]}", f"B{day[-1]}", schedule="random-3")
                at(network, facility, "draw")
                enrol(network, facility, f"N{day[-1]}")
                at(network, facility, "draw")
            for facility in "21":
                for line in network.json("--facility", facility, "due"):
                    at(network, facility, "result", line["participant"], "negative")
        return network

    def test_each_facilitys_records_hold(self, lived_in):
        for facility in "12":
            assert "All holds: 3 days" in at(lived_in, facility, "verify")

    @pytest.mark.parametrize("statement", [
        "DELETE FROM draw WHERE id = (SELECT max(d.id) FROM draw d JOIN participant p ON p.id = d.participant_id "
        "WHERE d.facility_id = 2 AND d.status = 'due')",
        "UPDATE result SET note = 'x' WHERE draw_id = (SELECT max(d.id) FROM draw d JOIN participant p "
        "ON p.id = d.participant_id WHERE p.facility_id = 2 AND d.status = 'collected')",
        "UPDATE audit_entry SET account = 'x' WHERE id = (SELECT max(id) FROM audit_entry WHERE facility_id = 2)",
        "DELETE FROM ledger_page WHERE id = (SELECT max(id) FROM ledger_page WHERE facility_id = 2)",
        "UPDATE participant SET facility_id = 1, code = 'Z', code_key = 'z' WHERE id = "
        "(SELECT max(id) FROM participant WHERE facility_id = 2)",
    ])  # fmt: skip
    def test_what_is_changed_in_one_is_found_there(self, lived_in, statement):
        enrol(lived_in, "2", "C9")
        at(lived_in, "2", "draw")
        at(lived_in, "2", "test", "C9")
        assert databases.change(lived_in.database, statement, triggers=False) == 1
        assert lived_in.run("--facility", "2", "verify").exit_code == 1
        if "participant SET facility_id" not in statement:
            assert "All holds" in at(lived_in, "1", "verify")

    def test_a_row_added_before_a_facilitys_next_act_is_not_taken_for_its_own(self, lived_in):
        databases.change(
            lived_in.database,
            "INSERT INTO leave (facility_id, participant_id, from_on, to_on, reason, recorded_at, recorded_by) "
            "VALUES (1, 1, '2026-11-16', '2026-11-18', 'x', '2026-11-16 20:00:00.000000', 'root')",
            triggers=False,
        )
        at(lived_in, "1", "test", "B6")
        done = lived_in.run("--facility", "1", "verify", "--format", "csv")
        assert "the leave on record was changed or added behind" in done.stdout

    def test_a_proof_names_its_own_facility_and_participants(self, lived_in):
        lived_in.today = "2026-11-19"
        at(lived_in, "2", "draw")
        proof = json.loads(at(lived_in, "2", "proof", "--day", "2026-11-18"))
        assert proof["facility"].startswith("Ostkreuz")


class TestTheList:
    def test_it_says_how_each_stands(self, network):
        enrol(network, "2", "A17")
        at(network, "2", "draw")
        assert network.json("facility", "list") == [
            {
                "number": 1,
                "facility": "My facility",
                "timezone": "America/Los_Angeles",
                "opened_on": MONDAY,
                "participants": 0,
                "last_run_on": None,
                "earlier_names": [],
                "timezone_changes": [],
            },
            {
                "number": 2,
                "facility": "Ostkreuz",
                "timezone": "Europe/Berlin",
                "opened_on": MONDAY,
                "participants": 1,
                "last_run_on": MONDAY,
                "earlier_names": [],
                "timezone_changes": [],
            },
        ]
        assert "Ostkreuz" in network("facility", "list")


class TestByThemselves:
    """What cron runs is for all facilities at once."""

    @pytest.fixture
    def two(self, network) -> Clinic:
        enrol(network, "1", "A17")
        enrol(network, "2", "B1", "B2")
        return network

    def test_draw_runs_the_night_of_each(self, two):
        printed = [line for line in two("draw").splitlines() if "Witness: " not in line]
        assert printed == [
            "TRAINING My facility: 2026-11-16: 1 drawn today; 0 of the days before closed as missed.",
            "TRAINING Ostkreuz: 2026-11-16: 2 drawn today; 0 of the days before closed as missed.",
        ]
        assert "already" in two("draw")

    def test_one_that_cannot_be_drawn_keeps_none_of_the_others(self, two):
        two.today = "2026-11-17"
        at(two, "1", "draw")
        two.today = MONDAY
        done = two.run("draw")
        assert done.exit_code == 1
        assert "My facility: Draws were made for 2026-11-17 already" in done.stderr
        assert "Ostkreuz: 2026-11-16: 2 drawn" in done.stdout

    def test_a_facility_that_is_named_is_drawn_alone(self, two):
        assert at(two, "Ostkreuz", "draw").startswith("TRAINING Ostkreuz: 2026-11-16: 2 drawn today")
        assert two.json("--facility", "1", "due") == []

    def test_status_is_of_all_and_fails_when_one_is_overdue(self, two):
        two("draw")
        two.today = "2026-11-17"
        at(two, "2", "draw")
        done = two.run("status", "--format", "json")
        assert done.exit_code == 1
        assert "My facility: " in done.stderr
        states = json.loads(done.stdout)
        assert [(state["facility"], state["overdue"]) for state in states] == [
            ("My facility", True),
            ("Ostkreuz", False),
        ]
        two("draw")
        assert "Ostkreuz" in two("status")

    def test_a_key_that_is_lost_for_one_keeps_none_of_the_others_from_being_checked(self, two, tmp_path):
        two("draw")
        databases.change(two.database, "DELETE FROM draw WHERE id = 3", triggers=False)
        key = key_of(two.database)
        key.write_text("\n".join(line for line in key.read_text().splitlines() if not line.startswith(anchor_of(two))))
        said = two.refused("verify")
        assert said.startswith("Ostkreuz: 2026-11-16, B2: was drawn")
        listed = [tuple(one.values()) for one in csv.DictReader(StringIO(two.run("verify", "--format", "csv").stdout))]
        assert [(facility, what.split(": ")[0]) for facility, _, _, what in listed if "The key in" in what] == [
            ("My facility", f"the key {anchor_of(two)[:8]} of the days from 2026-11-16 on is not at hand")
        ]
        done = two.run("backup", "--key", str(tmp_path / "copy.key"))
        assert (done.exit_code, "My facility: The key in" in done.stderr) == (0, True)
        assert (tmp_path / "copy.key").read_text() == key.read_text()

    def test_doctor_and_verify_are_of_all(self, two):
        two("draw")
        assert [line.partition(": ")[0] for line in two("verify").splitlines()] == [
            "TRAINING My facility",
            "TRAINING Ostkreuz",
        ]
        at(two, "2", "result", "B1", "invalid")
        lines = json.loads(two.run("doctor", "--format", "json").stdout)
        (line,) = [line for line in lines if line["participant"] == "B1"]
        assert line["facility"] == "Ostkreuz"
        assert " --facility 2 " in line["do"]
        databases.change(two.database, "DELETE FROM draw WHERE id = 3", triggers=False)
        assert two.refused("verify").startswith("Ostkreuz: 2026-11-16, B2: was drawn, and there is no draw on record")
        (document,) = [one for one in json.loads(two.run("verify", "--format", "json").stdout) if one["problems"]]
        assert document["facility"] == "Ostkreuz"

    def test_serve_draws_each_at_its_own_hour(self, clinic, tmp_path):
        """At half past midnight in Berlin it is still the afternoon before in Los Angeles."""
        live = replace(clinic, database=tmp_path / "live.db", today=None)
        with freeze_time("2026-11-15 12:00"):
            live("init", "--timezone", "America/Los_Angeles")
            live("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
            live("serve", "--once")
        with freeze_time("2026-11-15 23:30"):
            printed = live("serve", "--once")
        assert "facility 2: draws of 2026-11-16 made" in printed
        assert "facility 1" not in printed
        with freeze_time("2026-11-16 08:10"):
            assert "facility 1: draws of 2026-11-16 made" in live("serve", "--once")

    def test_serve_writes_each_facilitys_report_into_its_own_file(self, two, tmp_path):
        two("draw")
        two.today = "2026-11-23"
        two("serve", "--once", "--reports", str(tmp_path))
        reports = {file.name: file.read_text() for file in tmp_path.glob("report-*.txt")}
        assert sorted(reports) == ["report-2026-W47-facility-2.txt", "report-2026-W47.txt"]
        assert "Ostkreuz" in reports["report-2026-W47-facility-2.txt"]
        assert "B1" not in reports["report-2026-W47.txt"]

    def test_serve_tells_what_fails_at_one_and_goes_on(self, two):
        two.today = "2026-11-17"
        at(two, "1", "draw")
        two.today = MONDAY
        done = two.run("serve", "--once")
        assert done.exit_code == 1
        assert "facility 1: Draws were made for 2026-11-17 already" in done.stderr
        assert "facility 2: draws of 2026-11-16 made: 2 drawn" in done.stdout

    def test_each_facility_has_its_own_delivery_file(self, two, tmp_path):
        two("draw")
        two.today = "2026-11-23"
        file = two.location.delivery_of(2)
        assert file.name.endswith(".delivery.facility-2.toml")
        (tmp_path / "berlin").mkdir()
        file.write_text(f'[folder]\npath = "{tmp_path / "berlin"}"\nforms = ["csv"]\n')
        file.chmod(0o600)
        two("serve", "--once")
        assert [path.name for path in (tmp_path / "berlin").iterdir()] == ["report-2026-W47-facility-2.csv"]

    def test_a_file_that_the_environment_names_is_the_first_facilitys_alone(self, two, tmp_path, monkeypatch):
        two("draw")
        two.today = "2026-11-23"
        file = tmp_path / "ways.toml"
        file.touch(0o600)
        file.write_text('[folder]\npath = "."\nforms = ["csv"]\n')
        monkeypatch.setenv("TESTING_TRACKER_DELIVERY", str(file))
        two("serve", "--once")
        assert [path.name for path in tmp_path.glob("report-*")] == ["report-2026-W47.csv"]

    def test_a_backup_waits_for_no_other_facilitys_act_to_go_on_record(self, two, tmp_path, monkeypatch):
        """Nor does anybody wait behind it: each facility's entry is an act of its own."""
        from testing_tracker.store import engine

        def refuse(*_, **__):
            raise AssertionError("a backup is nothing for all facilities at once")

        monkeypatch.setattr(engine, "writing_all", refuse)
        two("backup", str(tmp_path / "copy"))
        entries = two.rows("SELECT facility_id FROM audit_entry WHERE act = 'backup make' ORDER BY id")
        assert entries == [(1,), (2,)]


class TestTheNetworksWeek:
    @pytest.fixture
    def a_week(self, network) -> Clinic:
        enrol(network, "1", "A17")
        enrol(network, "2", "B1", "B2")
        for day in range(16, 24):
            network.today = f"2026-11-{day}"
            if day != 20:
                network("draw")
            for facility, codes in (("1", ["A17"]), ("2", ["B1"])):
                for line in network.json("--facility", facility, "due"):
                    if line["participant"] in codes:
                        outcome = ["negative"] if day > 16 else ["positive", "--analyte", "coc"]
                        at(network, facility, "result", line["participant"], *outcome)
        return network

    def test_a_facility_has_the_numbers_of_its_own_report(self, a_week):
        report = a_week.json("report", "network")
        assert (report["week"], report["from"], report["to"]) == ("2026-W47", "2026-11-16", "2026-11-22")
        for line in report["facilities"]:
            own = a_week.json("--facility", str(line["number"]), "report", "weekly")
            assert {name: line[name] for name in own["totals"] if name != "participants"} == {
                name: count for name, count in own["totals"].items() if name != "participants"
            }
            assert line["gaps"] == own["gaps"] == ["2026-11-20"]
            assert line["open_recommendations"] == 1

    def test_the_totals_are_the_facilities_together(self, a_week):
        report = a_week.json("report", "network")
        for name in ("tested", "due", "collected", "missed", "positive"):
            assert report["totals"][name] == sum(line[name] for line in report["facilities"])
        assert report["totals"]["tested"] == 3
        assert report["totals"]["compliance_rate"] == report["totals"]["collected"] / (
            report["totals"]["due"] - report["totals"]["excused"] - report["totals"]["outstanding"]
        )

    def test_people_read_a_line_a_facility_with_what_each_rate_is_of(self, a_week):
        told = a_week("report", "network")
        (berlin,) = [line for line in told.splitlines() if line.startswith("Ostkreuz")]
        assert "2/4 50%" in berlin
        assert "open 1, gaps 1" in berlin
        assert "A17" not in told
        csv = a_week("report", "network", "--format", "csv")
        assert csv.startswith("facility,tested,due,collected,missed,refused,excused,outstanding,")
        assert all(len(line) <= 80 for line in told.splitlines())

    def test_the_default_week_is_over_for_everybody(self, clinic, tmp_path):
        """On Monday morning in Berlin it is still Sunday in Los Angeles."""
        live = replace(clinic, database=tmp_path / "live.db", today=None)
        with freeze_time("2026-11-15 12:00"):
            live("init", "--timezone", "America/Los_Angeles")
            live("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
        with freeze_time("2026-11-23 06:00"):
            assert live.json("report", "network")["week"] == "2026-W46"
        with freeze_time("2026-11-23 09:00"):
            assert live.json("report", "network")["week"] == "2026-W47"

    def test_draws_that_are_gone_make_a_facility_say_nothing_else(self, a_week):
        gone = "SELECT max(d.id) FROM draw d JOIN participant p ON p.id = d.participant_id WHERE d.facility_id = 2 AND "
        gone += "due_on = '2026-11-19'"
        for statement in (f"DELETE FROM audit_entry WHERE draw_id = ({gone})", f"DELETE FROM draw WHERE id = ({gone})"):
            assert databases.change(a_week.database, statement, triggers=False) == 1
        assert [line["problem"] for line in a_week.json("report", "network")["facilities"]] == [False, True]

    def test_of_a_facility_whose_records_do_not_hold_nothing_else_is_said(self, a_week):
        changed = "UPDATE draw SET status = 'collected' WHERE status = 'missed'"
        assert databases.change(a_week.database, changed, triggers=False) > 0
        done = a_week.run("report", "network", "--format", "json")
        first, second = json.loads(done.stdout)["facilities"]
        assert (first["problem"], second["problem"]) == (False, True)
        assert second["due"] is second["compliance_rate"] is second["tested"] is None
        assert "Ostkreuz: its records do not hold" in done.stderr
        assert "records do not hold" in a_week("report", "network")
