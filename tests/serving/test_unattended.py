"""`cron print` and `systemd print`: lines that run, in the facility's timezone, without any secret."""

import configparser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import databases
import pytest
from by_cron import run_by_cron
from conftest import Clinic, key_of

from testing_tracker.serving.units import Unattended, cron_lines, systemd_units

pytestmark = pytest.mark.sqlite_only(reason="the lines are for a file and its backups")


@pytest.fixture
def live(tmp_path):
    """A live clinic, in a folder whose name a shell would stumble over."""
    folder = tmp_path / "the clinic's 100% $HOME"
    folder.mkdir()
    clinic = Clinic(folder / "clinic.db", None)
    clinic("init", "--timezone", "America/Los_Angeles")
    clinic.add("A17")
    return clinic


def commands(clinic) -> list[str]:
    """The command part of every line of the crontab, as cron hands it to the shell."""
    lines = clinic("cron", "print").splitlines()
    found = [re.fullmatch(r"\d+ \d+ \* \* (?:[*01]|1-6) (.*)", line) for line in lines if line and line[0] not in "#C"]
    return [re.sub(r"\\%", "%", line[1]) for line in found]


class TestCron:
    """The lines of a crontab."""

    def test_every_line_runs(self, live):
        before = live("cron", "print").splitlines()[1].removeprefix("# Once before: ")
        assert run_by_cron(before).returncode == 0
        draw, report, backup, new, everything, check, doctor = commands(live)
        for command in (draw, report, backup, new, everything, check):
            done = run_by_cron(command)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), command
        assert live.rows("SELECT count(*) FROM night") == [(1,)]
        assert len(live.rows("SELECT * FROM audit_entry WHERE act = 'backup make'")) == 1
        (file,) = (live.database.parent / "backups").iterdir()
        assert re.fullmatch(r"testing-tracker-[1-7]\.db", file.name)
        assert run_by_cron(backup).returncode == 0  # the next week's
        done = run_by_cron(doctor)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        for command, does in ((new, "verify --recent"), (everything, "verify"), (check, "check --recent --quiet")):
            assert f" {does}" in command.removesuffix(" >/dev/null")
        databases.change(live.database, "UPDATE enrolment SET reason = 'x'", triggers=False)
        for command in (new, everything):
            done = run_by_cron(command)
            assert (done.returncode, done.stdout) == (1, "")
            assert "the enrolment on record was changed" in done.stderr
        done = run_by_cron(check)
        assert (done.returncode, "the enrolment on record was changed" in done.stdout) == (1, True)
        key_of(live.database).unlink()
        done = run_by_cron(doctor)
        assert (done.returncode, "is missing" in done.stdout) == (1, True)

    def test_the_hours_are_the_facilitys(self, live, machine_zone):
        machine_zone("America/Los_Angeles")
        lines = live("cron", "print").splitlines()
        assert "CRON_TZ=America/Los_Angeles" in lines
        assert not any("*/10" in line for line in lines)
        hours = [line.split(" /")[0].split(" '")[0] for line in lines if line[0].isdigit()]
        assert hours == [
            *("5 0 * * *", "0 6 * * 1", "30 1 * * *"),
            *("0 4 * * 1-6", "0 4 * * 0", "0 5 * * *", "30 7 * * *"),
        ]

    def test_where_cron_goes_by_another_clock_there_is_a_line_that_does_not(self, live, machine_zone):
        machine_zone("Europe/Berlin")
        (line,) = [line for line in live("cron", "print").splitlines() if "*/10" in line]
        assert "serve --once --reports" in line

    def test_a_key_elsewhere_is_named_and_its_content_is_not(self, live, monkeypatch, tmp_path):
        elsewhere = tmp_path / "own key"
        key_of(live.database).rename(elsewhere)
        monkeypatch.setenv("TESTING_TRACKER_KEY_FILE", str(elsewhere))
        printed = live("cron", "print") + live("systemd", "print")
        assert not any(word in printed for word in elsewhere.read_text().split()[-2:])
        done = run_by_cron(commands(live)[0])
        assert (done.returncode, done.stderr) == (0, "")


def read_unit(text: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",), strict=True)
    unit.optionxform = str
    unit.read_string(text)
    return unit


@pytest.fixture
def units(live) -> dict[str, configparser.ConfigParser]:
    """Every unit that is printed, by its file's name."""
    parts = re.split(r"^# /etc/systemd/system/(\S+)\n", live("systemd", "print"), flags=re.MULTILINE)
    return {name: read_unit(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def words_of(line: str) -> list[str]:
    """What systemd makes of a command line: quotes as a shell's, a doubled percent or dollar sign is one."""
    return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line)]


class TestDelivery:
    """A delivery file says where the reports go, and holds what nobody may read."""

    @pytest.fixture
    def delivering(self, live, tmp_path):
        (tmp_path / "out").mkdir()
        file = live.database.with_name("clinic.db.delivery.toml")
        file.touch(0o600)
        file.write_text(
            f'[folder]\npath = "{tmp_path / "out"}"\n[mail]\nhost = "mail.clinic.example"\ntls = "tls"\n'
            'from = "a@clinic.example"\nto = ["b@clinic.example"]\nuser = "tracker"\npassword = "hush-hush"\n'
        )
        return live

    def test_it_is_not_overruled_and_what_did_not_arrive_is_tried_every_hour(self, delivering, tmp_path):
        lines = delivering("cron", "print").splitlines()
        (report,) = [line for line in lines if "serve --once" in line and line[0] != "#"]
        assert report.startswith("0 * * * * ")
        assert "--reports" not in report
        units = delivering("systemd", "print")
        assert "OnCalendar=*-*-* *:00:00 America/Los_Angeles" in units
        assert f"-{tmp_path}/out" in units
        assert "hush" not in units + "".join(lines)

    def test_a_file_that_has_a_dead_mans_switch_alone_delivers_nothing(self, live):
        file = live.database.with_name("clinic.db.delivery.toml")
        file.touch(0o600)
        file.write_text('[alive]\nurl = "https://hc-ping.com/5f3c"\n')
        assert "serve --once --reports" in live("cron", "print")
        assert "5f3c" not in live("cron", "print") + live("systemd", "print")

    def test_the_folder_that_witness_lines_are_kept_in_may_be_written_to(self, live, tmp_path):
        file = live.database.with_name("clinic.db.delivery.toml")
        file.touch(0o600)
        file.write_text(f'[witness]\nto = "{tmp_path / "kept"}"\n')
        units = live("systemd", "print")
        assert f"-{tmp_path}/kept" in units
        assert f"{tmp_path}/kept" in live("cron", "print").split("mkdir -p", 1)[1].splitlines()[0]
        assert "serve --once --reports" in live("cron", "print")

    def test_unless_a_folder_is_given(self, delivering, tmp_path):
        assert "--reports /elsewhere" in delivering("cron", "print", "--reports", "/elsewhere")


class TestSystemd:
    """Services and timers."""

    def test_every_timer_has_its_service_and_catches_up_in_the_facilitys_zone(self, units):
        timers = {name.removesuffix(".timer"): unit["Timer"] for name, unit in units.items() if name.endswith("timer")}
        assert {f"{name}.service" for name in timers} <= set(units)
        hours = {name.removeprefix("testing-tracker-"): timer["OnCalendar"] for name, timer in timers.items()}
        assert hours == {
            "draw": "*-*-* 00:05:00 America/Los_Angeles",
            "report": "Mon *-*-* 06:00:00 America/Los_Angeles",
            "backup": "*-*-* 01:30:00 America/Los_Angeles",
            "verify-recent": "Mon..Sat *-*-* 04:00:00 America/Los_Angeles",
            "verify": "Sun *-*-* 04:00:00 America/Los_Angeles",
            "check": "*-*-* 05:00:00 America/Los_Angeles",
            "doctor": "*-*-* 07:30:00 America/Los_Angeles",
        }
        assert all(timer["Persistent"] == "true" for timer in timers.values())
        page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
        (enabled,) = re.findall(r"enable --now testing-tracker-\{(.*)\}\.timer", page)
        assert set(enabled.split(",")) == set(hours)

    def test_every_service_may_write_to_its_own_folders_only(self, units, live):
        services = [unit["Service"] for name, unit in units.items() if name.endswith("service")]
        assert len(services) == 8
        for service in services:
            assert (service["UMask"], service["NoNewPrivileges"], service["ProtectSystem"]) == ("0077", "yes", "strict")
            folder = str(live.database.parent)
            assert words_of(service["ReadWritePaths"]) == [folder, f"-{folder}/reports", f"-{folder}/backups"]

    def test_the_services_run(self, units, live):
        for folder in ("reports", "backups"):
            (live.database.parent / folder).mkdir()
        for name in ("draw", "report", "backup", "verify-recent", "verify", "check", "doctor"):
            command = words_of(units[f"testing-tracker-{name}.service"]["Service"]["ExecStart"])
            assert Path(command[0]).is_absolute()
            done = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=False, timeout=60)
            assert (done.returncode, done.stderr) == (0, ""), command
        assert len(list((live.database.parent / "backups").iterdir())) == 1

    def test_one_that_stays_is_for_serve(self, units):
        service = units["testing-tracker-serve.service"]
        assert " serve " in service["Service"]["ExecStart"]
        assert service["Install"]["WantedBy"] == "multi-user.target"

    def test_they_are_written_into_a_folder(self, live, tmp_path):
        assert "There is no folder" in live.refused("systemd", "print", "--into", str(tmp_path / "none"))
        folder = tmp_path / "units"
        folder.mkdir()
        live("systemd", "print", "--into", str(folder))
        assert len(list(folder.iterdir())) == 15
        assert read_unit((folder / "testing-tracker-draw.timer").read_text()).has_section("Timer")


def test_what_is_for_a_training_database_says_so(clinic):
    assert clinic("cron", "print").startswith("# TRAINING\n")
    assert clinic("systemd", "print").startswith("# TRAINING\n")


def test_a_path_with_a_line_break_is_refused(tmp_path):
    from testing_tracker.errors import TestingTrackerError

    with pytest.raises(TestingTrackerError, match="line break"):
        Unattended(("/x",), "/a\nb.db", (), "UTC", None, "nurse", (tmp_path,), (tmp_path,), tmp_path)


def test_an_account_without_a_name_is_named_by_its_number(tmp_path):
    plan = Unattended((sys.executable,), "/c.db", (), "UTC", None, "uid 1002", (tmp_path,), (tmp_path,), tmp_path)
    assert "User=1002\n" in systemd_units(plan)["testing-tracker-draw.service"]
    assert list(cron_lines(plan))
