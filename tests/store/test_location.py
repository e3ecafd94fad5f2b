"""Where a database is, from what a person gave; and that a password in it is shown nowhere."""

import os

import pytest

from testing_tracker.account import current_account
from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.location import Location, ServerLocation, locate


@pytest.mark.parametrize("kind", ["postgresql", "postgresql+psycopg", "postgres"])
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("://host/clinic", "postgresql://host/clinic"),
        ("://me@host:5433/clinic", "postgresql://me@host:5433/clinic"),
        ("://me:hid%40den@host/clinic?sslmode=require", "postgresql://me@host/clinic"),
        ("://me:hidden@/clinic?host=/run/postgresql", "postgresql://me@/clinic?host=/run/postgresql"),
        ("://host/clinic?password=hidden", "postgresql://host/clinic"),
    ],
)
def test_a_database_on_a_server_is_shown_without_its_password(kind, given, shown):
    location = locate(kind + given)
    assert isinstance(location, ServerLocation)
    assert str(location) == shown
    assert "hid" not in repr(location)
    assert location.url == f"postgresql+psycopg{given}"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://host/clinic", "clinic"),
        ("postgresql:///?dbname=clinic", "clinic"),
        ("postgresql://host/harbor%20house", "harbor house"),
        ("postgresql://host/a%2Fb", "a-b"),
        ("postgresql://nurse@host", "nurse"),
        ("postgresql://host", current_account()),
    ],
)
def test_its_files_are_in_the_users_data_folder_by_its_name(url, name):
    folder = os.path.join(os.environ["XDG_DATA_HOME"], "testing-tracker")
    assert str(locate(url).key.path) == os.path.join(folder, f"{name}.key")
    assert str(locate(url).analytes) == os.path.join(folder, f"{name}.analytes.toml")


def test_or_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("TESTING_TRACKER_KEY_FILE", str(tmp_path / "a.key"))
    monkeypatch.setenv("TESTING_TRACKER_ANALYTES", str(tmp_path / "a.toml"))
    for given in ("postgresql://host/clinic", str(tmp_path / "clinic.db")):
        location = locate(given)
        assert (location.key.path, location.analytes) == (tmp_path / "a.key", tmp_path / "a.toml")


@pytest.mark.parametrize("variable", ["DATABASE", "KEY_FILE", "ANALYTES", "DELIVERY"])
def test_a_home_that_is_none_is_told(monkeypatch, variable):
    monkeypatch.setenv(f"TESTING_TRACKER_{variable}", "~no-such-person/clinic.db")
    with pytest.raises(TestingTrackerError, match=r"no-such-person.* cannot be found: there is no such home"):
        locate(None)


def test_a_path_and_a_sqlite_url_are_a_file(tmp_path):
    for given in (str(tmp_path / "clinic.db"), f"sqlite:///{tmp_path}/clinic.db"):
        assert locate(given) == Location(tmp_path / "clinic.db")


@pytest.mark.parametrize("url", ["postgresql://me:hidden@[::1/clinic", "postgresql://me:hidden@host:port/clinic"])
def test_a_url_that_cannot_be_read_is_refused(url):
    with pytest.raises(TestingTrackerError, match="cannot be read") as refused:
        locate(url)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hidden@host:5433/clinic?sslmode=require", "postgresql://me@host:5433/clinic?sslmode=require"),
        ("postgres:///clinic?password=hidden&host=%2Frun", "postgresql:///clinic?host=%2Frun"),
        ("postgresql://host/clinic?sslpassword=hidden", "postgresql://host/clinic"),
    ],
)
def test_a_servers_url_can_be_written_down_without_its_password(url, shown):
    assert locate(url).without_password == shown
