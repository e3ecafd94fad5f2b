"""The page's unit and cron's line for it: an account of its own, and nothing of the records in sight."""

import shutil
import subprocess

import pytest
from conftest import Clinic
from page_given import its, rule, settings

pytestmark = pytest.mark.sqlite_only(reason="the lines are for a file and its folder")
UNIT = "testing-tracker-web.service"


@pytest.fixture
def live(tmp_path) -> Clinic:
    (tmp_path / "live").mkdir()
    live = Clinic(tmp_path / "live" / "clinic.db", None)
    with its(15, 12):
        live("init", "--timezone", "America/Los_Angeles")
        live.add("A17")
        rule(live)
        settings(live)
    return live


def test_cron_fills_the_page_each_minute_where_there_is_one(live, clinic):
    (line,) = [line for line in live("cron", "print").splitlines() if line.startswith("* * * * *")]
    assert line.endswith(" web sync >/dev/null")
    assert "web sync" not in clinic("cron", "print")
    assert UNIT not in clinic("systemd", "print")


@pytest.fixture
def unit(live, tmp_path) -> str:
    """The unit as it is written."""
    (tmp_path / "units").mkdir()
    live("systemd", "print", "--into", str(tmp_path / "units"))
    return (tmp_path / "units" / UNIT).read_text()


def test_it_runs_in_an_account_of_its_own_that_sees_neither_records_nor_key(live, unit):
    lines = unit.splitlines()
    for wanted in (
        "User=testing-tracker-web",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        "MemoryMax=256M",
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
        "SystemCallFilter=@system-service",
        "CapabilityBoundingSet=",
        "ReadWritePaths=/var/lib/testing-tracker-web",
    ):
        assert wanted in lines
    (hidden,) = [line for line in lines if line.startswith("InaccessiblePaths=")]
    secrets = [live.location.delivery_of(1), live.location.check_in_of(1)]
    for file in (live.database, live.location.key.path, *secrets):
        assert f"-{file}" in hidden
    (command,) = [line for line in lines if line.startswith("ExecStart=")]
    assert "--database" not in command
    assert command.endswith(
        "web serve --listen 127.0.0.1:8200 --behind-proxy --file /var/lib/testing-tracker-web/clinic.db.web"
    )


def test_what_fills_it_is_told_where_it_is(live, tmp_path, unit):
    serve = (tmp_path / "units" / "testing-tracker-serve.service").read_text()
    assert "Environment=TESTING_TRACKER_WEB=/var/lib/testing-tracker-web/clinic.db.web" in serve
    assert "-/var/lib/testing-tracker-web" in serve


def test_a_page_on_another_machine_has_no_unit_here(live):
    settings(live, 'over = "ssh window.example"\n')
    assert UNIT not in live("systemd", "print")
    assert "web sync" in live("cron", "print")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_it(tmp_path, unit):
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "units" / UNIT)], capture_output=True, text=True
    )
    complaints = [line for line in done.stderr.splitlines() if UNIT in line]
    assert complaints == [], done.stderr
