"""What checkable draws cost: deciding a night against a bare loop of `hmac.digest`, and verifying a year against
drawing it.

    python benchmarks/draws.py

Prints ratios of medians, measured in turn within this one run. Targets: deciding for 1,000,000 participants at most
1.5, verifying a year of 1,000 participants under 10.
"""

import hmac
import statistics
import tempfile
import time
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from testing_tracker.clock import Clock, ClockOf
from testing_tracker.rules.drawing.day_secrets import drawn_among
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import Level
from testing_tracker.services.drawing import nights
from testing_tracker.services.keeping import facilities
from testing_tracker.services.keeping.checking import checks
from testing_tracker.services.people import enrolling
from testing_tracker.services.schedules import versions
from testing_tracker.store.engine import open_engine, reading, writing
from testing_tracker.store.location import Location

RUNS = 5
PARTICIPANTS = 1_000_000
FIRST = date(2026, 1, 1)
DAYS = 365
PEOPLE = 1_000
BOUNDED = """
title = "Two a week within bounds"
[draw]
kind = "random"
per_week = 2
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
min_per_week = 1
max_per_week = 4
max_gap_days = 7
"""


def main() -> None:
    decide()
    for schedule in ("random-2", "bounded"):
        with tempfile.TemporaryDirectory() as folder:
            year(Path(folder), schedule)


def decide() -> None:
    """A night's decisions for as many participants as a region has."""
    everybody = range(1, PARTICIPANTS + 1)
    secret = bytes(range(32))
    bare, ours = [], []
    for _ in range(RUNS):
        began = time.perf_counter()
        for number in everybody:
            hmac.digest(secret, b"%d" % number, "sha256")
        bare.append(time.perf_counter() - began)
        began = time.perf_counter()
        drawn_among(secret, everybody, Fraction(2, 7))
        ours.append(time.perf_counter() - began)
    ratio = statistics.median(ours) / statistics.median(bare)
    print(f"{f'decide {PARTICIPANTS:,}':<34}{statistics.median(ours):8.2f} s    ratio {ratio:.2f} to bare hmac.digest")


def year(folder: Path, schedule: str) -> None:
    """Draw a year of nights, a transaction each, then verify it."""
    location = Location(folder / "clinic.db")
    facilities.make_database(location, "Benchmark", "UTC", FIRST, training=True)
    engine = open_engine(location)
    with writing(engine, None, clock_on(FIRST), SHIPPED) as work:
        versions.load_schedule(work, "bounded.toml", BOUNDED)
        for number in range(PEOPLE):
            enrolling.enrol(work, enrolling.NewParticipant(f"P{number}", Level.IOP, schedule, FIRST))
    began = time.perf_counter()
    for number in range(DAYS):
        with writing(engine, None, clock_on(FIRST + timedelta(days=number)), SHIPPED) as work:
            nights.run_night(work, location.key)
    drawing = time.perf_counter() - began
    began = time.perf_counter()
    with reading(engine, None, clock_on(FIRST + timedelta(days=DAYS)), SHIPPED) as work:
        result = checks.verify(work, location.key)
    verifying = time.perf_counter() - began
    assert not result.problems
    assert result.decisions == DAYS * PEOPLE
    what = f"verify a year of {PEOPLE:,}, {schedule}"
    print(f"{what:<34}{verifying:8.2f} s    ratio {verifying / drawing:.2f} to drawing it")
    engine.dispose()


def clock_on(day: date) -> ClockOf:
    return lambda _: Clock(ZoneInfo("UTC"), day)


if __name__ == "__main__":
    main()
