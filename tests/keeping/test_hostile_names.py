"""A database, its copies and what is written beside it are where their names say, whatever is in the names."""

from pathlib import Path
from shutil import copy

import databases
import pytest
from conftest import MONDAY, Clinic, key_of

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.location import Location, ServerLocation, locate

NAMES = [
    "a b.db",
    "harbor%20house.db",
    "%ce%b1.db",
    "100%.db",
    "which?.db",
    "x?mode=memory&cache=shared",
    "a#b&c=d;e.db",
    "größe-日本.db",
    "line\nbreak.db",
    "-dash.db",
    ":memory:",
    "file:x.db",
    "file:x?mode=ro",
    'it\'s "quoted" $HOME `x` \\ {y}',
]


@pytest.mark.sqlite_only(reason="about files")
@pytest.mark.parametrize("name", NAMES)
def test_from_init_to_check(tmp_path, monkeypatch, name):
    folder = tmp_path / name.replace("\n", " ")  # so is the folder
    folder.mkdir()
    monkeypatch.chdir(folder)
    clinic = Clinic(Path(name), MONDAY)  # as it was typed, without a folder
    clinic("init", "--training")
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    assert sorted(path.name for path in folder.iterdir()) == sorted([name, f"{name}.key"])
    saved = folder / "saved" / f"{name} copy"
    saved.parent.mkdir()
    clinic("backup", str(saved))
    report = saved.with_name(f"{name}.json")
    clinic("report", "weekly", "--format", "json", f"--output={report}")
    assert {path.name for path in saved.parent.iterdir()} == {saved.name, report.name}
    assert is_ours(folder / name)
    assert is_ours(saved)
    new = Clinic(folder / "new" / name, MONDAY)
    new("restore", str(saved))
    copy(folder / f"{name}.key", key_of(new.database))
    for one in (clinic, new):
        assert "all hold" in one("check")
        assert one.status("A17") == "collected positive"
    assert {path.name for path in new.database.parent.iterdir()} == {name, f"{name}.key"}
    for ending in ("", ".key", "-journal", ".schema-0001"):
        written = ["schedule", "simulate", "fixed-2", "--format", "html", f"--output={name}{ending}", "--overwrite"]
        done = clinic.run(*written)
        assert (done.exit_code, "itself" in done.stderr) == (1, True), done.output


def is_ours(database: Path) -> bool:
    with databases.opened(database.absolute()) as connection:
        return connection.execute("SELECT code FROM participant").fetchall() == [("A17",)]


@pytest.mark.parametrize("name", [name for name in NAMES if "\n" not in name])
def test_a_path_is_a_path_and_a_url_a_url(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert locate(name) == Location(tmp_path / name)
    assert locate(f"./x://{name}") == Location(tmp_path / f"./x:/{name}")


def test_a_url_of_a_file_has_no_options():
    with pytest.raises(TestingTrackerError, match="Give the path of the file alone"):
        locate("sqlite:////tmp/clinic.db?mode=ro")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://host/harbor%20house", "harbor house"),
        ("postgresql://host/50%25%3F", "50%?"),
        ("postgresql://host/a%2520b", "a%20b"),
    ],
)
def test_a_servers_database_is_the_one_that_its_own_tools_would_take(url, name):
    from testing_tracker.store.server import postgresql

    pytest.importorskip("psycopg")
    location = locate(url)
    assert isinstance(location, ServerLocation)
    assert location.database == name
    assert postgresql.make_engine(location).url.database == name
