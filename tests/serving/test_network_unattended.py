"""What runs unattended where several facilities share a database."""

import json
import re

from conftest import MONDAY, Clinic, key_of
from conftest import at_facility as at


class TestBackups:
    def test_a_backup_is_of_all_facilities_and_on_record_in_each(self, network, tmp_path):
        at(network, "Ostkreuz", "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
        copy = tmp_path / "copy"
        assert "My facility and 1 more facility," in network("backup", str(copy))
        network("backup", "--key", str(tmp_path / "key"))
        acts = "SELECT facility_id, act FROM audit_entry WHERE act IN ('backup make', 'key copy') ORDER BY id"
        assert network.rows(acts) == [(1, "backup make"), (2, "backup make"), (1, "key copy"), (2, "key copy")]
        again = Clinic(tmp_path / "again.db", MONDAY)
        again("restore", str(copy))
        key_of(again.database).write_bytes((tmp_path / "key").read_bytes())
        key_of(again.database).chmod(0o600)
        (person,) = json.loads(at(again, "2", "participant", "list", "--format", "json"))
        assert person["participant"] == "A17"
        assert "records of Ostkreuz" in again("check")


class TestLines:
    """Where the facilities' midnights differ, the program is asked every ten minutes what is owed by now."""

    def test_cron_asks_every_ten_minutes_and_names_no_zone_of_its_own(self, network):
        lines = [line for line in network("cron", "print").splitlines() if line[0] in "0123456789*"]
        hours = [re.match(r"\S+ \S+ \S+ \S+ \S+", line)[0] for line in lines]
        looks = ["0 4 * * 1-6", "0 4 * * 0", "0 5 * * *", "30 7 * * *"]
        assert hours == ["*/10 * * * *", "30 1 * * *", *looks]
        assert "serve --once --reports" in lines[0]
        assert "--facility" not in "".join(lines)

    def test_systemd_too(self, network):
        printed = network("systemd", "print")
        assert "OnCalendar=*-*-* *:0/10:00 " in printed
        assert "testing-tracker-report" not in printed
        assert "testing-tracker-serve.service" in printed

    def test_one_that_is_named_has_its_own_lines(self, network):
        printed = network("--facility", "Ostkreuz", "cron", "print")
        assert "CRON_TZ=Europe/Berlin" in printed
        commands = [line for line in printed.splitlines() if line[0].isdigit()]
        assert [("TESTING_TRACKER_FACILITY=2 " in line) for line in commands] == [True] * 7

    def test_where_all_have_the_same_zone_the_lines_are_the_usual_ones(self, clinic):
        clinic("facility", "add", "Eastside", "--timezone", "America/Los_Angeles")
        lines = [line for line in clinic("cron", "print").splitlines() if line[0].isdigit()]
        assert len(lines) == 7

    def test_a_facilitys_own_folder_for_reports_may_be_written_to(self, network, tmp_path):
        (tmp_path / "berlin").mkdir()
        file = network.location.delivery_of(2)
        file.write_text(f'[folder]\npath = "{tmp_path / "berlin"}"\nforms = ["csv"]')
        file.chmod(0o600)
        printed = network("systemd", "print")
        assert printed.count(f"-{tmp_path / 'berlin'}") == 7
        assert "--reports" not in printed
