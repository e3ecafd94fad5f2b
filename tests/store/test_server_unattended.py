"""`cron print` and `systemd print` for a database on a server: the same lines, and no password in any of them."""

import re

import pytest
from by_cron import run_by_cron
from conftest import Clinic, key_of

pytestmark = pytest.mark.postgresql_only


@pytest.fixture
def live(tmp_path, monkeypatch):
    """A live clinic; its files are in the user's data folder."""
    (tmp_path / "the clinic's data").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "the clinic's data"))
    clinic = Clinic(tmp_path / "clinic.db", None)
    clinic("init", "--timezone", "America/Los_Angeles")
    clinic.add("A17")
    return clinic


def test_every_line_of_cron_runs(live):
    lines = live("cron", "print").splitlines()
    before = next(line for line in lines if "Once before" in line).partition(": ")[2]
    found = [re.fullmatch(r"\d+ \d+ \* \* \S+ (.*)", line) for line in lines if line and line[0] not in "#C"]
    draw, report, backup, recent, whole, check, doctor = (re.sub(r"\\%", "%", line[1]) for line in found)
    for command in (before, draw, report, backup, backup, recent, whole, check, doctor):
        done = run_by_cron(command)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), command
    assert live.rows("SELECT count(*) FROM night") == [(1,)]
    assert live.rows("SELECT count(*) FROM audit_entry WHERE act = 'backup make'") == [(2,)]
    (file,) = live.location.beside("-backups").iterdir()
    assert re.fullmatch(r"testing-tracker-[1-7]\.dump", file.name)
    key_of(live.database).unlink()
    assert run_by_cron(doctor).returncode == 1


@pytest.mark.parametrize("words", [("cron", "print"), ("systemd", "print")])
def test_the_password_is_in_none_of_them_and_where_it_belongs_is_said(live, words, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "hidden")
    monkeypatch.setenv("PGPASSFILE", "/elsewhere/pgpass")
    url = live.url.replace("postgres@", "postgres:hidden@") + "&sslmode=disable&password=hidden"
    printed = live("--database", url, *words)
    assert "hidden" not in printed
    assert "belongs in ~/.pgpass" in printed
    assert "PGPASSFILE=/elsewhere/pgpass" in printed
    assert "sslmode=disable" in printed


def test_the_services_wait_for_the_network_and_write_to_their_own_folders_only(live):
    printed = live("systemd", "print")
    services = [unit for unit in printed.split("# /etc/systemd/system/") if "[Service]" in unit]
    assert len(services) == 8
    for service in services:
        assert "After=network-online.target postgresql.service" in service.splitlines()
        (writes,) = re.findall(r"^ReadWritePaths=(.*)$", service, re.MULTILINE)
        assert writes.count("-reports") == writes.count("-backups") == 1
        assert len(re.findall(r'"-', writes)) == 2
        assert writes.startswith(f'"{key_of(live.database).parent}" ')  # a night writes into the key file
