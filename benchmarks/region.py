"""What a region costs on one PostgreSQL server: many facilities that share a database.

    .ci/postgresql python benchmarks/region.py [FACILITIES [PARTICIPANTS]]

By default 1,000 facilities of 1,000 participants each. Enrols everybody, draws nights with one process and with two
that share the facilities between them, and times what a nurse and a manager of one facility wait for, beside the same
in a database that has this facility alone. Prints seconds, and what the tables take on disk.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from measuring import HERE, SERVER, Database, new_database

FACILITIES, PARTICIPANTS = 1_000, 1_000
BEFORE, MONDAY = date(2026, 11, 15), date(2026, 11, 16)
NIGHTS = 4
SCHEDULES = ("random-2", "fixed-2")
RUNS = 5


def main() -> None:
    if sys.argv[1:2] == ["nights"]:
        run_nights(*sys.argv[2:])
        return
    facilities = int(sys.argv[1]) if len(sys.argv) > 1 else FACILITIES
    participants = int(sys.argv[2]) if len(sys.argv) > 2 else PARTICIPANTS
    assert SERVER, "a region is on a server: .ci/postgresql python benchmarks/region.py"
    with tempfile.TemporaryDirectory() as folder:
        alone = new_database(Path(folder), "alone", str(BEFORE))
        fill(alone, 1, participants)
        region = new_database(Path(folder), "region", str(BEFORE))
        seconds = fill(region, facilities, participants)
        print(f"{facilities:,} facilities of {participants:,} participants, made and enrolled in {seconds:.0f} s\n")
        for line in (*nights(alone, region, facilities), *waits(alone, region), *sizes(region)):
            print(line, flush=True)
        region.drop()
        alone.drop()


def fill(made: Database, facilities: int, participants: int) -> float:
    """Make the facilities, and enrol everybody in acts of the program's own; returns the seconds."""
    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.services.keeping.facilities import add

    began = perf_counter()
    desk = Desk(made.given, str(BEFORE))
    assert desk.engine
    with desk.writing_all() as session:
        for number in range(2, facilities + 1):
            add(session, f"Facility {number}", desk.clock("UTC"), desk.location.key, desk.vocabulary)
    for number in range(1, facilities + 1):
        with desk.at(number).writing() as work:
            for statement in enrolments(number, participants):
                work.session.connection().exec_driver_sql(statement)
    desk.close()
    made.settle()
    return perf_counter() - began


def enrolments(facility: int, participants: int) -> Iterator[str]:
    """Statements that enrol a facility's participants, half on each schedule."""
    yield (
        "INSERT INTO participant (facility_id, code, code_key) "
        f"SELECT {facility}, 'P' || n, 'p' || n FROM generate_series(1, {participants}) n"
    )
    first, second = (
        f"(SELECT id FROM schedule WHERE facility_id = {facility} AND name = '{name}')" for name in SCHEDULES
    )
    values = {
        "enrolment": ("enrolled", "true"),
        "placement": ("level", "'iop'"),
        "assignment": ("schedule_id", f"CASE WHEN mod(id, 2) = 0 THEN {first} ELSE {second} END"),
    }
    for table, (column, value) in values.items():
        yield (
            f"INSERT INTO {table} (facility_id, participant_id, from_on, {column}, recorded_at, recorded_by) "
            f"SELECT facility_id, id, '{BEFORE}', {value}, '{BEFORE} 12:00Z', 'bench' FROM participant "
            f"WHERE facility_id = {facility} ORDER BY participant.id"
        )


def run_nights(given: str, day: str, first: str, last: str, step: str) -> None:
    """One process's share of a day's nights."""
    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.services.drawing.nights import run_night

    desk = Desk(given, day)
    assert desk.engine  # the one connection of the process
    for number in range(int(first), int(last) + 1, int(step)):
        with desk.at(number).writing() as work:
            run_night(work, desk.location.key)
    desk.close()


def nights(alone: Database, region: Database, facilities: int) -> Iterator[str]:
    """Four nights of every facility: by one process, and then by two at once, in turn."""
    took: dict[int, list[float]] = {1: [], 2: []}
    for number in range(NIGHTS):
        day = str(MONDAY + timedelta(days=number))
        alone.program(day, "draw")
        processes = number % 2 + 1
        began = perf_counter()
        shares = [
            subprocess.Popen(
                [sys.executable, __file__, "nights", region.given, day, str(one), str(facilities), str(processes)]
            )
            for one in range(1, processes + 1)
        ]
        assert all(share.wait() == 0 for share in shares)
        took[processes].append(perf_counter() - began)
        region.settle()  # as a server does by itself when so much has changed
    yield f"a night of all, one process    {median(took[1]):8.1f} s"
    yield f"a night of all, two processes  {median(took[2]):8.1f} s"


def waits(alone: Database, region: Database) -> Iterator[str]:
    """Whole commands for one facility in the middle, from their start."""
    day = str(MONDAY + timedelta(days=NIGHTS - 1))
    commands = {
        "due": ["due", "--format", "csv"],
        "result": ["result", "P{}", "negative", "--for-cause"],
        "report weekly": ["report", "weekly", "--week", "2026-W47", "--format", "csv"],
        "serve, a turn without anything to do": ["serve", "--once"],
        "report network": ["report", "network", "--week", "2026-W47"],
    }
    yield f"\n{'seconds for one facility':<40}{'alone':>8}{'in the region':>16}"
    for what, command in commands.items():
        of_all = what.startswith(("serve", "report network"))
        seconds = []
        for made, facility in ((alone, []), (region, [] if of_all else ["--facility", "2"])):
            times = []
            for number in range(1, (2 if of_all else RUNS) + 1):
                if what == "result":
                    made.program(day, *facility, "test", f"P{number}")
                words = [word.format(number) for word in command]
                times.append(made.program(day, *facility, *words).seconds)
            seconds.append(median(times))
        yield f"{what:<40}{seconds[0]:8.2f}{seconds[1]:16.2f}" + ("   (of all)" if of_all else "")


def sizes(region: Database) -> Iterator[str]:
    """What the region's tables take, with their indexes."""
    import psycopg

    query = (
        "SELECT relname, pg_total_relation_size(oid), reltuples::bigint FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC LIMIT 8"
    )
    yield "\nthe largest tables, with indexes"
    with psycopg.connect(region.given) as connection:
        for name, size, rows in connection.execute(query):
            yield f"{name:<24}{rows:>12,} rows{size / 1e6:>10,.0f} MB{size / max(rows, 1):>8,.0f} bytes a row"


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main()
