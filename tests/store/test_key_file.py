"""The key file where facilities share it: a key that was begun is in it, whoever else begins one."""

import multiprocessing

from testing_tracker.store.key_file import KeyFile

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
