"""Schedules are files with versions."""

import sys
import zipfile
from pathlib import Path

import pytest

SHIPPED = ["fixed-1", "fixed-2", "fixed-3", "random-1", "random-2", "random-3"]


def test_the_shipped_schedules_are_loaded(clinic):
    clinic.add("A17", schedule="random-2")
    lines = clinic.json("schedule", "list")
    assert [line["schedule"] for line in lines] == SHIPPED
    assert [line["participants"] for line in lines] == [0, 0, 0, 0, 1, 0]
    assert [line["per_week"] for line in lines] == [1, 2, 3, 1, 2, 3]


def test_what_is_shown_can_be_loaded_again(clinic, tmp_path):
    file = tmp_path / "fixed-2.toml"
    file.write_text(clinic("schedule", "show", "fixed-2"))
    assert clinic("schedule", "check", str(file)) == f"{file}: good\n"
    assert "version 2 loaded" in clinic("schedule", "load", str(file)), "it has a comment more"
    assert "loaded already" in clinic("schedule", "load", str(file))


def test_every_problem_of_every_file_is_named(clinic, tmp_path):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(clinic("schedule", "show", "fixed-1"))
    bad.write_text('title = "x"\nspeed = 1\n[draw]\nkind = "fixed"\nper_week = 4\ndays = ["mon"]\n')
    done = clinic.run("schedule", "check", str(good), str(bad))
    assert done.exit_code == 1
    assert "good.toml: good" in done.stdout
    assert "bad.toml: speed: unknown" in done.stderr
    assert "bad.toml: draw.per_week: must be 1, 2 or 3" in done.stderr
    assert "bad.toml: speed" in clinic.refused("schedule", "load", str(good), str(bad))


@pytest.mark.parametrize("name", ["missing.toml", "folder"])
def test_an_unreadable_file_is_one_clear_line(clinic, tmp_path, name):
    (tmp_path / "folder").mkdir()
    assert "cannot be read" in clinic.refused("schedule", "load", str(tmp_path / name))


def test_earlier_versions_stay(clinic, tmp_path):
    file = tmp_path / "fixed-1.toml"
    file.write_text(clinic("schedule", "show", "fixed-1").replace('"wed"', '"fri"'))
    clinic("schedule", "load", str(file))
    assert '"fri"' in clinic("schedule", "show", "fixed-1")
    assert '"wed"' in clinic("schedule", "show", "fixed-1", "--version", "1")
    assert "has no version 3" in clinic.refused("schedule", "show", "fixed-1", "--version", "3")


def test_a_wheel_carries_the_same_schedules(tmp_path):
    """Built for real, because where the files lie differs between a wheel and a checkout."""
    import subprocess

    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(root)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in SHIPPED:
            carried = archive.read(f"testing_tracker/schedules/{name}.toml")
            assert carried == (root / "schedules" / f"{name}.toml").read_bytes()
        assert "testing_tracker/rules/testing/analytes.toml" in archive.namelist()
        assert "testing_tracker/store/migrations/versions/0001_first_tables.py" in archive.namelist()
        for name in ("page.html.j2", "style.css"):
            assert f"testing_tracker/web/templates/{name}" in archive.namelist()
