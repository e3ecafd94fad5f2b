"""Disks that are full, cannot be written to, or have spoiled the file."""

import json
import os
import random
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import replace

import databases
import pytest
from conftest import is_thorough, key_of

pytestmark = pytest.mark.sqlite_only(reason="a server's disk is the server's")

PEOPLE = [f"P{number:02}" for number in range(8)]


@pytest.fixture
def staffed(clinic, tmp_path):
    """Eight participants are due on Monday, and there are files to import."""
    clinic.add(*PEOPLE)
    clinic("draw")
    return clinic


def is_sound(clinic) -> bool:
    with databases.opened(clinic.database) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


class Disk:
    """A small disk of the clinic's own where the tester may mount one, else a limit on the size of every file."""

    def __init__(self, place) -> None:
        self.place = place
        place.mkdir()
        self.is_mounted = self._mount("-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs")

    def _mount(self, *arguments: str) -> bool:
        if os.geteuid() != 0 or shutil.which("mount") is None:
            return False
        return subprocess.run(["mount", *arguments, str(self.place)], capture_output=True, check=False).returncode == 0

    def unmount(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.place)], check=True)

    def move_in(self, clinic):
        """The clinic's files on this disk."""
        moved = replace(clinic, database=self.place / "clinic.db")
        shutil.copy(clinic.database, moved.database)
        shutil.copy(key_of(clinic.database), key_of(moved.database))
        return moved

    @contextmanager
    def full(self, clinic):
        """Nothing more can be written; what a run has to be given for that."""
        if not self.is_mounted:
            yield {"most_bytes_in_a_file": 4096}
            return
        filler = self.place / "filler"
        with open(filler, "wb", buffering=0) as file:
            for size in (65536, 4096):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass
        yield {}
        filler.unlink()

    @contextmanager
    def read_only(self, clinic):
        """Nothing can be written, whoever tries."""
        if self.is_mounted:
            assert self._mount("-o", "remount,ro")
        else:
            clinic.database.chmod(0o400)
            self.place.chmod(0o500)
        yield
        if self.is_mounted:
            assert self._mount("-o", "remount,rw")
        else:
            self.place.chmod(0o700)
            clinic.database.chmod(0o600)


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path / "disk")
    yield disk
    disk.unmount()


@pytest.fixture
def files(tmp_path) -> dict[str, str]:
    """Files to import."""
    people = tmp_path / "people.csv"
    people.write_text(
        "participant,level,schedule,enrolled_on\n" + "".join(f"N{n},iop,fixed-2,2026-11-16\n" for n in range(40))
    )
    results = tmp_path / "results.csv"
    results.write_text("participant,due_on,outcome\n" + "".join(f"{code},2026-11-16,negative\n" for code in PEOPLE))
    return {"people": str(people), "results": str(results)}


WRITING = {
    "draw": ("2026-11-19", ["draw"]),
    "result": ("2026-11-16", ["result", "P01", "positive", "--analyte", "cocaine"]),
    "import of participants": ("2026-11-16", ["participant", "import", "people"]),
    "import of results": ("2026-11-16", ["result", "import", "results"]),
}


@pytest.fixture(params=WRITING)
def command(request, files) -> tuple[str, list[str]]:
    """A command that writes, and its day."""
    day, words = WRITING[request.param]
    return day, [files.get(word, word) for word in words]


def one_line(ended) -> str:
    """What a run that was refused said: nothing was printed, and one line says why."""
    assert (ended.status, ended.out) == (1, ""), ended
    assert ended.err.startswith("Error: ")
    assert ended.err.count("\n") == 1
    return ended.err


class TestFullDisk:
    """Nothing is half done, and it works again when there is room."""

    def test_a_command_changes_nothing_and_works_again(self, staffed, disk, forks, command):
        clinic = disk.move_in(staffed)
        clinic.today, words = command
        before = clinic.contents()
        with disk.full(clinic) as how:
            said = one_line(forks.run(clinic, *words, **how))
        assert "disk" in said
        assert "Nothing was changed" in said
        assert clinic.contents() == before
        assert is_sound(clinic)
        assert forks.run(clinic, *words).status == 0
        assert clinic.contents() != before
        assert "all hold" in clinic("check")

    def test_a_log_session_says_of_every_cup_whether_it_is_on_record(self, staffed, disk, forks):
        clinic = disk.move_in(staffed)
        cups = "".join(f"{code} n\n" for code in PEOPLE)
        with disk.full(clinic) as how:
            ended = forks.run(clinic, "log", typed=cups, **how)
        assert ended.status == 1
        refused = [line for line in ended.err.splitlines() if "disk" in line]
        assert len(refused) == len(ended.err.splitlines()) == len(PEOPLE)
        assert "Logged 0" in ended.out
        assert all(clinic.status(code) == "due" for code in PEOPLE)
        assert forks.run(clinic, "log", typed=cups).status == 0
        assert all(clinic.status(code) == "collected negative" for code in PEOPLE)

    def test_a_backup_is_whole_or_not_there(self, staffed, disk, forks):
        there = disk.place / "backup.db"
        with disk.full(staffed) as how:
            assert "disk" in one_line(forks.run(staffed, "backup", str(there), **how))
        assert list(disk.place.iterdir()) == []
        assert forks.run(staffed, "backup", str(there)).status == 0
        assert is_sound(replace(staffed, database=there))

    def test_a_restore_leaves_nothing_behind(self, staffed, disk, forks, tmp_path):
        staffed("backup", str(tmp_path / "backup.db"))
        new = replace(staffed, database=disk.place / "new.db")
        with disk.full(staffed) as how:
            assert "disk" in one_line(forks.run(new, "restore", str(tmp_path / "backup.db"), **how))
        assert list(disk.place.iterdir()) == []
        assert forks.run(new, "restore", str(tmp_path / "backup.db")).status == 0

    def test_what_is_only_read_is_still_told(self, staffed, disk, forks):
        clinic = disk.move_in(staffed)
        with disk.full(clinic) as how:
            ended = forks.run(clinic, "due", **how)
        assert (ended.status, ended.err, ended.out.count("fixed-2")) == (0, "", 8)


class TestReadOnly:
    """A disk that was mounted to be read only, or an account that may not write."""

    def test_a_command_is_refused_in_a_line_and_works_again(self, staffed, disk, forks, command):
        clinic = disk.move_in(staffed)
        clinic.today, words = command
        before = clinic.contents()
        with disk.read_only(clinic):
            assert "The database is read-only." in one_line(forks.run(clinic, *words))
        assert clinic.contents() == before
        assert forks.run(clinic, *words).status == 0

    def test_it_can_be_read_checked_and_copied(self, staffed, disk, forks, tmp_path):
        clinic = disk.move_in(staffed)
        with disk.read_only(clinic):
            assert forks.run(clinic, "due").out.count("fixed-2") == 8
            assert "all hold" in forks.run(clinic, "check").out
            saved = forks.run(clinic, "backup", str(tmp_path / "saved.db"))
            assert (saved.status, "could not be put on record" in saved.err) == (0, True)
        assert replace(clinic, database=tmp_path / "saved.db").contents() == clinic.contents()


def spoiled(content: bytes, chance: random.Random, free: list[int]) -> tuple[str, bytes]:
    """The file as a bad disk, a broken copy or a virus leaves it, and what was done to it."""
    spoilt = bytearray(content)
    page = 4096
    kind = chance.choice(["cut", "header", "page", "page", "bytes", "bytes", "free", "zeros"])
    if kind == "cut":
        return kind, content[: chance.randrange(len(content))]
    if kind == "zeros":
        start = chance.randrange(len(content) // page) * page
        spoilt[start : start + page] = bytes(page)
        return kind, bytes(spoilt)
    if kind == "header":
        where, count = range(100), chance.randint(1, 4)
    elif kind == "page":
        number = chance.randrange(len(content) // page)
        where, count = range(number * page, (number + 1) * page), chance.choice([1, 8, 64])
    elif kind == "free":
        number = chance.choice(free)
        where, count = range((number - 1) * page, number * page), 64
    else:
        where, count = range(100, len(content)), chance.choice([1, 3, 20, 100])
    for _ in range(count):
        spoilt[chance.choice(where)] ^= 1 << chance.randrange(8)
    return f"{kind} {count}", bytes(spoilt)


@pytest.fixture(scope="module")
def well_used(made_clinic, tmp_path_factory):
    """A clinic with a week behind it, and free pages in its file."""
    from conftest import Clinic

    clinic = Clinic(tmp_path_factory.mktemp("well used") / "clinic.db", "2026-11-16")
    shutil.copy(made_clinic, clinic.database)
    shutil.copy(key_of(made_clinic), key_of(clinic.database))
    clinic.add(*PEOPLE)
    for day, outcomes in (("16", "n coc i n m n n n"), ("17", ""), ("19", "n opi n n n r n n")):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        clinic.run(
            "log", input="".join(f"{code} {said}\n" for code, said in zip(PEOPLE, outcomes.split(), strict=False))
        )
    with databases.opened(clinic.database) as connection:
        connection.execute("CREATE TABLE gone (text)")
        connection.execute("INSERT INTO gone VALUES (?)", ["x" * 60_000])
        connection.execute("DROP TABLE gone")
        connection.commit()
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        assert connection.execute("PRAGMA freelist_count").fetchone()[0] > 5
    clinic.free_pages = list(range(pages - 14, pages + 1))
    return clinic


def copy_with(clinic, database, content: bytes):
    """The clinic at another place, with this in its database's file."""
    copy = replace(clinic, database=database)
    database.write_bytes(content)
    database.chmod(0o600)
    shutil.copy(key_of(clinic.database), key_of(database))
    return copy


@pytest.mark.parametrize("seed", range(40 if is_thorough() else 16))
def test_a_spoiled_file_is_named_as_damaged_or_does_no_harm(well_used, forks, tmp_path, seed):
    """`check` is the judge: where it finds nothing wrong, every command says what it said before."""
    what, content = spoiled(well_used.database.read_bytes(), random.Random(seed), well_used.free_pages)
    clinic = copy_with(well_used, tmp_path / "clinic.db", content)
    examined = forks.run(clinic, "check", "--format", "json")
    ended = [forks.run(clinic, "due")]
    assert clinic.database.read_bytes() == content, what
    on_record = (["history", "export"], ["report", "weekly", "--week", "2026-W47", "--format", "csv"])
    for number, command in enumerate(on_record):
        ended.append(forks.run(copy_with(well_used, tmp_path / f"exported-{number}.db", content), *command))
    for one in (*ended, examined):
        assert one.status in (0, 1), (what, one)
        if one.status == 1:
            lines = [line for line in one.err.splitlines() if line not in ("", "TRAINING")]
            assert len(lines) == 1, (what, one)
            assert lines[0].startswith("Error: "), (what, one)
            assert "went wrong inside the program" not in lines[0], (what, one)
    if examined.status == 0:
        meant = [forks.run(well_used, "due")]
        for number, command in enumerate(on_record):
            whole = copy_with(well_used, tmp_path / f"whole-{number}.db", well_used.database.read_bytes())
            meant.append(forks.run(whole, *command))
        assert [one.out for one in ended] == [one.out for one in meant], what
    elif examined.out:
        assert any(line["state"] == "wrong" for line in json.loads(examined.out))
