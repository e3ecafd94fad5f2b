"""The key file where facilities share it: a key that was begun is in it, whoever else begins one.

What it knows of chains and pages is in it whole or not at all.
"""

import errno
import multiprocessing
import os
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.key_lines import (
    ChainLine,
    DroppedLine,
    GoneLine,
    KnownToKey,
    LostLine,
    SealedLine,
    as_text,
    is_line,
    read_lines,
)
from testing_tracker.store.key_file import HEADING, KeyFile

TIMES, WRITERS = 150, 4


def add_many(path, first: int, begin) -> None:
    begin.wait()
    for number in range(first, first + TIMES):
        KeyFile(path).add(number.to_bytes(32, "big"), number.to_bytes(32, "big"))


def test_several_at_once_lose_no_key(tmp_path):
    path = tmp_path / "shared.key"
    KeyFile(path).create(bytes(32), bytes(32))
    spawn = multiprocessing.get_context("spawn")
    begin = spawn.Barrier(WRITERS)
    firsts = [1 + TIMES * number for number in range(WRITERS)]
    processes = [spawn.Process(target=add_many, args=(path, first, begin)) for first in firsts]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * WRITERS
    kept = {line.split()[0] for line in path.read_text().splitlines() if line and line[0] != "#"}
    assert kept == {number.to_bytes(32, "big").hex() for number in range(TIMES * WRITERS + 1)}


def test_a_last_line_that_somebody_left_open_is_not_run_into(tmp_path):
    path = tmp_path / "edited.key"
    KeyFile(path).create(bytes(32), bytes(32))
    path.write_text(path.read_text().rstrip("\n"))
    KeyFile(path).add(bytes([1]) * 32, bytes([2]) * 32)
    assert f"{bytes(32).hex()} {bytes(32).hex()}" in path.read_text().splitlines()


def known_line(number: int) -> ChainLine:
    return ChainLine(bytes(32).hex(), number, date(2026, 11, 16), "-")


def sealed_line(page: int) -> SealedLine:
    return SealedLine(bytes(32).hex(), page, bytes(32).hex(), date(2026, 11, 16))


def learn_many(path, first: int, begin) -> None:
    begin.wait()
    for number in range(first, first + TIMES // 3):
        KeyFile(path).learn(lambda known, number=number: [known_line(number), sealed_line(number)])
        KeyFile(path).add(number.to_bytes(32, "big"), number.to_bytes(32, "big"))


def test_several_that_learn_at_once_lose_no_line_and_no_key(tmp_path):
    path = tmp_path / "shared.key"
    KeyFile(path).create(bytes(32), bytes(32))
    spawn = multiprocessing.get_context("spawn")
    begin = spawn.Barrier(2)
    processes = [spawn.Process(target=learn_many, args=(path, first, begin)) for first in (1, 1 + TIMES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    known = KeyFile(path).known()
    assert {line.number for line in known.lines if isinstance(line, ChainLine)} == {
        *range(1, 1 + TIMES // 3),
        *range(1 + TIMES, 1 + TIMES + TIMES // 3),
    }
    assert sum(isinstance(line, SealedLine) for line in known.lines) == 1
    assert known.wrong == ()
    assert len(KeyFile(path)._read()) == 1 + 2 * (TIMES // 3)


def test_what_is_learnt_stands_before_the_seeds_and_a_newer_page_replaces_the_last(tmp_path):
    path = tmp_path / "clinic.key"
    KeyFile(path).create(bytes(32), bytes(32))
    before = path.read_text()
    KeyFile(path).learn(lambda known: [known_line(1), sealed_line(7)])
    KeyFile(path).learn(lambda known: [sealed_line(9)])
    assert KeyFile(path).known().lines == (known_line(1), sealed_line(9))
    assert path.read_text().startswith(HEADING)
    assert path.read_text().endswith(before.removeprefix(HEADING))
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_to_learn_writes_nothing(tmp_path):
    path = tmp_path / "clinic.key"
    KeyFile(path).create(bytes(32), bytes(32))
    before = path.stat()
    KeyFile(path).learn(lambda known: [])
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("act", ["replace", "fsync", "open", "chmod"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_what_cannot_be_written_is_said_and_leaves_the_file_as_it_was(tmp_path, monkeypatch, act, error):
    path = tmp_path / "clinic.key"
    KeyFile(path).create(bytes(32), bytes(32))
    before = path.read_bytes()
    real = getattr(os, act)

    def fails(*arguments, **options):
        if act == "open" and not arguments[1] & (os.O_WRONLY | os.O_RDWR):
            return real(*arguments, **options)
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, act, fails)
    with pytest.raises(TestingTrackerError, match="Cannot write the key file"):
        KeyFile(path).learn(lambda known: [known_line(1), sealed_line(7)])
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["clinic.key"]


def test_a_folder_of_somebody_elses_has_lines_added_at_the_end_of_which_the_last_counts(tmp_path, monkeypatch):
    path = tmp_path / "clinic.key"
    KeyFile(path).create(bytes(32), bytes(32))

    def refused(*arguments):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(KeyFile, "_rewrite", refused)
    for page in (7, 9):
        KeyFile(path).learn(lambda known, page=page: [*([] if known.lines else [known_line(1)]), sealed_line(page)])
    assert KeyFile(path).known().lines == (known_line(1), sealed_line(9))
    assert len(path.read_text().splitlines()) == len(HEADING.splitlines()) + 4
    monkeypatch.undo()
    KeyFile(path).learn(lambda known: [sealed_line(11)])
    assert KeyFile(path).known().lines == (known_line(1), sealed_line(11))
    assert len(path.read_text().splitlines()) == len(HEADING.splitlines()) + 3


def test_what_is_learnt_through_a_link_stands_in_the_file_that_it_leads_to(tmp_path):
    kept, link = tmp_path / "kept" / "clinic.key", tmp_path / "clinic.key"
    KeyFile(kept).create(bytes(32), bytes(32))
    link.symlink_to(kept)
    KeyFile(link).learn(lambda known: [known_line(1)])
    KeyFile(link).add(bytes([1]) * 32, bytes([2]) * 32)
    assert link.is_symlink()
    assert KeyFile(kept).known().lines == (known_line(1),)
    assert len(KeyFile(kept)._read()) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root writes others' files")
def test_the_file_stays_its_owners_whoever_makes_the_night(tmp_path):
    path = tmp_path / "clinic.key"
    KeyFile(path).create(bytes(32), bytes(32))
    os.chown(path, 4242, 4343)
    path.chmod(0o400)
    KeyFile(path).learn(lambda known: [known_line(1)])
    about = path.stat()
    assert (about.st_uid, about.st_gid, about.st_mode & 0o777) == (4242, 4343, 0o400)
    assert KeyFile(path).known().lines == (known_line(1),)


@pytest.fixture
def only_added_to(tmp_path, monkeypatch) -> KeyFile:
    """A key file with a page in a folder of somebody else's, so that lines are added at its end."""
    key_file = KeyFile(tmp_path / "clinic.key")
    key_file.create(bytes(32), bytes(32))

    def refused(*arguments):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(KeyFile, "_rewrite", refused)
    key_file.learn(lambda known: [known_line(1), sealed_line(7)])
    return key_file


def test_a_line_that_the_disk_takes_in_part_only_is_taken_away_again(only_added_to):
    resource = pytest.importorskip("resource")
    before, limits = only_added_to.path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(TestingTrackerError, match=r"Cannot write the key file .* No space left"):
            only_added_to.learn(lambda known: [sealed_line(9)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert only_added_to.path.read_bytes() == before


def test_lines_are_not_added_until_no_key_can_be_read_any_more(only_added_to, monkeypatch):
    before = only_added_to.path.read_bytes()
    monkeypatch.setattr("testing_tracker.store.key_file.MOST_OF_A_KEY", 2 * len(before) + 1)
    with pytest.raises(TestingTrackerError, match="Cannot write the key file"):
        only_added_to.learn(lambda known: [sealed_line(9)])
    assert only_added_to.path.read_bytes() == before
    only_added_to.add(bytes([1]) * 32, bytes([2]) * 32)
    assert len(only_added_to._read()) == 2


@given(data=st.data(), seed=st.binary(min_size=32, max_size=32))
def test_every_line_is_read_as_it_was_written_and_no_other_is(data, seed):
    anchors = st.binary(min_size=32, max_size=32).map(bytes.hex)
    numbers, days = st.integers(1, 10**9), st.dates()
    made = {
        ChainLine: st.builds(ChainLine, anchors, numbers, days, anchors | st.just("-")),
        SealedLine: st.builds(SealedLine, anchors, numbers, anchors, days),
        LostLine: st.builds(LostLine, anchors, anchors, numbers, days, anchors | st.just("-")),
        GoneLine: st.builds(GoneLine, anchors, numbers, anchors, days, numbers),
        DroppedLine: st.builds(DroppedLine, anchors, anchors, numbers, days, anchors | st.just("-")),
    }
    line = data.draw(st.one_of(*made.values()))
    seeds = {bytes.fromhex(line.by): seed}
    text = as_text(line, seed)
    assert is_line(text)
    assert read_lines(text, seeds) == KnownToKey(lines=(line,))
    assert read_lines(text, {}) == KnownToKey(unsigned=(line,))
    where = data.draw(st.integers(text.index(" ") + 1, len(text) - 1))
    other = data.draw(st.sampled_from("0123456789abcdef -x").filter(lambda letter: letter != text[where]))
    spoilt = f"{text[:where]}{other}{text[where + 1 :]}"
    assert read_lines(spoilt, seeds).lines == ()
    assert read_lines(as_text(line, bytes(reversed(seed)) + b"x"), seeds).lines == ()


@pytest.mark.parametrize("text", ["chain", "sealed x", "chain " + "00" * 32 + " 1 soon - " + "00" * 32, "gone  "])
def test_a_line_that_says_nothing_is_wrong_and_costs_no_seed(tmp_path, text):
    path = tmp_path / "clinic.key"
    KeyFile(path).create(bytes(32), bytes(32))
    path.write_text(f"{path.read_text()}{text}\n")
    assert KeyFile(path).known().wrong == (text,)
    assert KeyFile(path)._read() == {bytes(32): bytes(32)}
