"""Who is killed while a database, a facility or a key is made can begin again, and no key is lost by it.

A process that is killed leaves the disk as it is at that moment. Here a process of its own ends without any clearing
up before each of the acts by which the program changes the disk, one after the other.
"""

import multiprocessing
import os
import sys
from itertools import count
from pathlib import Path

import pytest
from conftest import MONDAY, Clinic, key_of

from testing_tracker import chance
from testing_tracker.store.whole_files import UNFINISHED

pytestmark = pytest.mark.sqlite_only(reason="about files")

_CHANGES = ("open", "os.mkdir", "os.link", "os.rename", "os.remove", "os.rmdir", "tempfile.mkdtemp")
KILLED = 9


def _die_at(step: int, url: str, arguments: list[str]) -> None:
    """Run a command and end the process without a trace before its so manieth change of the disk."""
    count = 0

    def watch(event: str, args: tuple) -> None:
        nonlocal count
        if event not in _CHANGES or (event == "open" and not _writes(args)):
            return
        count += 1
        if count > step:
            os._exit(KILLED)

    from click.testing import CliRunner

    from testing_tracker.cli import program

    sys.addaudithook(watch)
    done = CliRunner().invoke(program, ["--database", url, "--today", MONDAY, *arguments])
    os._exit(done.exit_code)


def _writes(args: tuple) -> bool:
    path, _, flags = args
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR)) and "/proc/" not in str(path)


def killed_at(step: int, clinic: Clinic, *arguments: str) -> bool:
    """Whether the process was killed; else it came to its end."""
    process = multiprocessing.get_context("fork").Process(target=_die_at, args=(step, clinic.url, list(arguments)))
    process.start()
    process.join()
    assert process.exitcode in (0, KILLED)
    return process.exitcode == KILLED


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_init_can_be_repeated_from_every_step(tmp_path):
    step, killed = 0, True
    while killed:
        clinic = Clinic(tmp_path / str(step) / "new.db", MONDAY)
        clinic.database.parent.mkdir()
        killed = killed_at(step, clinic, "init", "--training")
        is_made = clinic.database.exists()
        done = clinic.run("init", "--training")
        assert done.exit_code == (1 if is_made else 0), f"step {step}: {done.output}"
        clinic.add("A17")
        clinic("draw")
        assert "all hold" in clinic("check"), f"step {step}"
        assert left_in(clinic.database.parent) == {"new.db", "new.db.key"} or is_made
        step += 1
    assert step > 10
    assert not any(UNFINISHED in name for name in left_in(clinic.database.parent))
    assert "# The database of the last key" not in key_of(clinic.database).read_text()


def test_a_key_that_a_killed_init_left_is_kept(tmp_path):
    step = 0
    clinic = Clinic(tmp_path / "new.db", MONDAY)
    while not key_of(clinic.database).exists():
        assert killed_at(step, clinic, "init", "--training")
        step += 1
    assert not clinic.database.exists()
    left = {line for line in key_of(clinic.database).read_text().splitlines() if line[0] != "#"}
    clinic("init", "--training")
    assert left <= set(key_of(clinic.database).read_text().splitlines())


@pytest.mark.parametrize("words", ["facility add Ostkreuz --timezone Europe/Berlin", "key rotate --reason practice"])
def test_what_adds_a_key_can_be_repeated_from_every_step_and_loses_none(clinic, tmp_path, words, monkeypatch):
    seeds = count(100)
    monkeypatch.setattr(chance, "new_seed", lambda: bytes([next(seeds)]) * 32)
    before = set(key_of(clinic.database).read_text().splitlines())
    step, killed = 0, True
    while killed:
        folder = tmp_path / f"at-{step}"
        folder.mkdir()
        for file in (clinic.database, key_of(clinic.database)):
            (folder / file.name).write_bytes(file.read_bytes())
            (folder / file.name).chmod(0o600)
        again = Clinic(folder / clinic.database.name, MONDAY)
        killed = killed_at(step, again, *words.split())
        next(seeds)  # the one that died had it
        assert before <= set(key_of(again.database).read_text().splitlines())
        done = again.run(*words.split())
        assert done.exit_code == 0 or "already" in done.stderr, f"step {step}: {done.output}"
        several = ["--facility", "1"] if "facility" in words else []
        again(*several, "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
        again("draw")
        assert "holds" in again("verify"), f"step {step}"
        assert again.json(*several, "verify")["notes"] == [], f"step {step}: what a killed one left unsaid is said now"
        step += 1
    assert step > 5


def test_an_upgrade_can_be_repeated_from_every_step(tmp_path):
    import gzip

    released = Path(__file__).parents[1] / "store" / "released" / "schema-0001.db.gz"
    step, killed = 0, True
    while killed:
        old = Clinic(tmp_path / str(step) / "old.db", "2026-11-19")
        old.database.parent.mkdir()
        old.database.write_bytes(gzip.decompress(released.read_bytes()))
        old.database.chmod(0o600)
        killed = killed_at(step, old, "participant", "list")
        assert old.run("participant", "list").exit_code == 0, f"step {step}"
        assert left_in(old.database.parent) == {"old.db", "old.db.key", "old.db.schema-0001"}
        step += 7  # there are many, and most are SQLite's own


def test_a_copy_from_before_an_upgrade_is_never_written_over(tmp_path):
    import gzip

    released = Path(__file__).parents[1] / "store" / "released" / "schema-0003.db.gz"
    old = Clinic(tmp_path / "old.db", "2026-11-19")
    old.database.write_bytes(gzip.decompress(released.read_bytes()))
    (tmp_path / "precious").write_text("somebody's")
    old.database.with_name("old.db.schema-0003").symlink_to(tmp_path / "precious")
    old("participant", "list")
    assert (tmp_path / "precious").read_text() == "somebody's"
    assert left_in(tmp_path) >= {"old.db.schema-0003", "old.db.schema-0003.2"}
