"""Power cuts: a command that is killed at any moment and given again leaves what it leaves when nobody kills it.

On a server it is the program's machine that loses its power. The server takes back what was not committed, as soon as
it notices that nobody is there any more.
"""

import random
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import databases
import pytest
from conftest import is_thorough

PEOPLE = [f"P{number:02}" for number in range(8)]
CUPS = "".join(f"{code} {said}\n" for code, said in zip(PEOPLE, ["n", "coc", "i", "m"] * 2, strict=True))


@pytest.fixture
def staffed(clinic):
    """Eight participants who are due on Mondays and Thursdays."""
    clinic.add(*PEOPLE)
    return clinic


def copy_of(clinic, name: str):
    """The same clinic at another place."""
    other = replace(clinic, database=clinic.database.with_name(f"{name}.db"))
    databases.copy(clinic.database, other.database)
    other.database.with_name(f"{name}.db-journal").unlink(missing_ok=True)
    return other


def moments(forks, clinic, times: int, *arguments: str, typed: str = "") -> Iterator[float]:
    """Moments all over the command's run and a little after its end, in seconds; more of them where it commits.

    How long it takes is measured now and again, because other people use the machine too.
    """
    chance = random.Random(" ".join(arguments[:2]))
    for number in range(times):
        if number % 15 == 0:
            timed = [forks.run(copy_of(clinic, "timed"), *arguments, typed=typed).seconds for _ in range(3)]
        yield chance.uniform(0 if number % 2 else 0.6, 1.1) * statistics.median(timed)


def check_kills(forks, clinic, times: int, *arguments: str, typed: str = "", check=None) -> None:
    """Kill the command at so many moments, and give it again each time."""
    whole = copy_of(clinic, "whole")
    untouched = databases.meaning(whole.database)
    forks.run(whole, *arguments, typed=typed)
    meant = databases.meaning(whole.database)
    assert meant != untouched
    killed, found = 0, {"nothing": 0, "part": 0, "all": 0}
    times = times if is_thorough() else times // 2
    for moment in moments(forks, clinic, times, *arguments, typed=typed):
        again = copy_of(clinic, "again")
        ended = forks.run(again, *arguments, typed=typed, kill_after=moment)
        killed += ended.was_killed
        databases.wait_until_left(again.database)
        left = databases.meaning(again.database)  # as whoever opens it next finds it
        found["all" if left == meant else "nothing" if left == untouched else "part"] += 1
        if check is not None:
            check(ended, again)
        forks.run(again, *arguments, typed=typed)
        assert databases.meaning(again.database) == meant, f"killed after {moment} s"
    assert "all hold" in again("check")
    assert killed > times / 5, "the kills came too late to tell anything"
    assert found["nothing"] > 0
    print(arguments, f"{killed} of {times} killed; on record afterwards:", found)  # noqa: T201  shown with -s


def test_the_nightly_draw(staffed, forks):
    staffed("draw")
    staffed("result", "P01", "positive", "--analyte", "cocaine")
    staffed.today = "2026-11-19"  # closes Monday, finds two gaps, draws Thursday
    check_kills(forks, staffed, 60, "draw")


def test_an_import_of_participants(clinic, forks, tmp_path):
    file = tmp_path / "people.csv"
    lines = "".join(f"{code},iop,fixed-2,2026-11-16\n" for code in PEOPLE)
    file.write_text(f"participant,level,schedule,enrolled_on\n{lines}")
    check_kills(forks, clinic, 30, "participant", "import", str(file))


def test_an_import_of_results(staffed, forks, tmp_path):
    staffed("draw")
    file = tmp_path / "results.csv"
    lines = "".join(
        f"{code},2026-11-16,{said}\n" for code, said in zip(PEOPLE, ["negative,", "positive,cocaine"] * 4, strict=True)
    )
    file.write_text(f"participant,due_on,outcome,analytes\n{lines}")
    check_kills(forks, staffed, 40, "result", "import", str(file))


def test_a_log_session_keeps_every_line_that_it_confirmed(staffed, forks):
    staffed("draw")
    confirmed_in_all = 0

    def check(ended, clinic):
        nonlocal confirmed_in_all
        confirmed = re.findall(r"^TRAINING (\S+)'s draw of 2026-11-16: .*(?:logged|missed)", ended.out, re.MULTILINE)
        on_record = {
            code
            for (code,) in clinic.rows(
                "SELECT code FROM draw JOIN participant ON participant.id = participant_id WHERE status != 'due'"
            )
        }
        assert set(confirmed) <= on_record
        assert len(on_record) <= len(confirmed) + 1, "more than the line that it was at"
        confirmed_in_all += len(confirmed)

    check_kills(forks, staffed, 70, "log", typed=CUPS, check=check)
    assert confirmed_in_all > 70


@pytest.mark.sqlite_only(reason="a server takes back by itself what was cut off")
@pytest.mark.parametrize("command", [["due"], ["draw"], ["check"], ["status"], ["backup", "copy.db"]], ids=" ".join)
def test_whichever_command_comes_first_takes_back_what_was_cut_off_while_it_was_written(staffed, monkeypatch, command):
    """With its journal on the disk and some of its pages in the file, nothing can be read before."""
    monkeypatch.chdir(staffed.database.parent)
    staffed("draw")
    before = staffed.rows("SELECT * FROM draw")
    many = "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many LIMIT 999)"
    cut_off = f"""
import os, pathlib, signal
from testing_tracker.store import sqlite_file
connection = sqlite_file.connect(pathlib.Path({str(staffed.database)!r}))
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE draw SET due_on = '2026-11-17'")
connection.execute("CREATE TABLE torn AS {many} SELECT zeroblob(1000) FROM many")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", cut_off], check=False)
    assert databases.is_written_to(staffed.database)
    staffed(*command)
    assert not databases.is_written_to(staffed.database)
    assert staffed.rows("SELECT * FROM draw") == before
    assert "all hold" in staffed("check")
