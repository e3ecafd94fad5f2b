"""`serve` that is told to stop in the middle of a night of many participants: all of it or nothing, within seconds."""

import signal
import time

import databases
import pytest
from conftest import MONDAY, Clinic
from test_serve import PATIENCE, nights, serving, stop

MANY = 1_000


@pytest.fixture(scope="module")
def made_crowded(made_clinic, tmp_path_factory):
    """Many participants who are all due on Mondays; made once."""
    folder = tmp_path_factory.mktemp("crowded")
    databases.copy(made_clinic, folder / "clinic.db")
    people = "".join(f"P{number:05},iop,fixed-2,2026-11-16\n" for number in range(MANY))
    (folder / "people.csv").write_text(f"participant,level,schedule,enrolled_on\n{people}")
    Clinic(folder / "clinic.db", MONDAY)("participant", "import", str(folder / "people.csv"))
    return folder / "clinic.db"


@pytest.fixture
def crowded(made_crowded, tmp_path):
    databases.copy(made_crowded, tmp_path / "clinic.db")
    return Clinic(tmp_path / "clinic.db", MONDAY)


def wait_until_it_writes(clinic):
    end = time.monotonic() + PATIENCE
    while not databases.is_written_to(clinic.database):
        assert time.monotonic() < end, "it was never seen writing"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_in_the_middle_of_the_night_the_transaction_is_finished(crowded, number):
    with serving(crowded) as process:
        wait_until_it_writes(crowded)
        printed, complained = stop(process, number)
    if complained:  # a slow machine: what had not finished in time was left undone
        assert nights(crowded) in ([], [(crowded.today, 1)])
        crowded("serve", "--once")
    else:
        assert f"made: {MANY} drawn" in printed
        assert printed.rstrip().endswith("stopped")
    assert nights(crowded) == [(crowded.today, 1)]
    assert crowded.rows("SELECT count(*), count(DISTINCT participant_id) FROM draw") == [(MANY, MANY)]
    assert "All holds" in crowded("verify")


def test_killed_in_the_middle_the_next_start_makes_the_night(crowded):
    with serving(crowded) as process:
        wait_until_it_writes(crowded)
        process.kill()
        process.communicate()
    databases.wait_until_left(crowded.database)
    assert nights(crowded) in ([], [(crowded.today, 1)])
    crowded("serve", "--once")
    assert nights(crowded) == [(crowded.today, 1)]
    assert crowded.rows("SELECT count(*), count(DISTINCT participant_id) FROM draw") == [(MANY, MANY)]
    assert "All holds" in crowded("verify")
