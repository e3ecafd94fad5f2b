"""What the weekly report of a large facility costs, beside the bare SQL aggregation and csv writing of the same rows.

    python benchmarks/report.py [PARTICIPANTS]

Makes a database with a year of draws, two a week for each participant, in a temporary folder (about 1 GB for 30,000
participants; 100,000 by default). Prints ratios of medians, measured in turn within this one run, and the peak memory
of the report. Target: csv at most 3, memory flat.
"""

import csv
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

RUNS = 3
WEEKS = 52
MONDAY = date(2026, 11, 16)  # of the reported week
FIRST = MONDAY - timedelta(weeks=WEEKS - 1)
READ_ON = MONDAY + timedelta(days=7)

BARE = f"""
import csv, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
cells = connection.execute('''
    SELECT participant_id, week,
           CASE WHEN positive AND negative THEN '*' WHEN positive THEN '+' WHEN negative THEN '-'
                WHEN absent AND NOT collected THEN 'o' ELSE '_' END,
           due, collected, missed, refused, excused, negative, positive, invalid
    FROM (SELECT participant_id, CAST((julianday(due_on) - julianday('{FIRST}')) / 7 AS INTEGER) AS week,
                 count(*) AS due, sum(status = 'collected') AS collected, sum(status = 'missed') AS missed,
                 sum(status = 'refused') AS refused, sum(status = 'excused') AS excused,
                 sum(status IN ('missed', 'refused')) AS absent,
                 sum(outcome IS 'negative') AS negative, sum(outcome IS 'positive') AS positive,
                 sum(outcome IS 'invalid') AS invalid
          FROM draw WHERE status <> 'cancelled' AND due_on <= '{MONDAY + timedelta(days=6)}' GROUP BY 1, 2)
    ORDER BY 1, 2''')
codes = dict(connection.execute("SELECT id, code FROM participant"))
with open(sys.argv[2], "w", newline="") as file:
    writer = csv.writer(file)
    who, pattern, row = None, [], ()
    for number, week, letter, *counts in cells:
        if number != who and who is not None:
            writer.writerow([codes[who], *row, "".join(pattern)])
            pattern = []
        who = number
        pattern.append(letter)
        row = counts
    writer.writerow([codes[who], *row, "".join(pattern)])
"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        clinic = Path(folder) / "clinic.db"
        make(clinic, count)
        measure(clinic, count)


def measure(clinic: Path, count: int) -> None:
    output = clinic.with_name("report.csv")
    bare_times, times = [], []
    for _ in range(RUNS):
        bare_times.append(timed([sys.executable, "-c", BARE, str(clinic), str(output)]))
        times.append(timed([*start(clinic), "report", "weekly", "--format", "csv", "--output", str(output)]))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    with output.open(newline="", encoding="utf-8") as file:
        assert sum(1 for _ in csv.reader(file)) == count + 1
    bare = statistics.median(bare_times)
    print(f"{'bare SQL and csv':<34}{bare:8.1f} s")
    print(
        f"{f'report of {count:,}, csv':<34}{statistics.median(times):8.1f} s   "
        f"ratio {statistics.median(times) / bare:.2f}"
    )
    print(f"{'peak memory':<34}{peak:8.0f} MB")


def make(clinic: Path, count: int) -> None:
    """A facility whose people are tested twice a week for a year, as its nights and nurses would have left it."""
    subprocess.run(
        [*start(clinic, FIRST - timedelta(days=1)), "init", "--training", "--timezone", "UTC"],
        check=True,
        capture_output=True,
    )
    connection = sqlite3.connect(clinic, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    (schedule,) = connection.execute("SELECT id FROM schedule WHERE name = 'fixed-2'").fetchone()
    (version,) = connection.execute("SELECT id FROM schedule_version WHERE schedule_id = ?", (schedule,)).fetchone()
    when = f"{FIRST} 00:00:00.000000"
    numbers = range(1, count + 1)
    connection.executemany(
        "INSERT INTO participant (id, facility_id, code, code_key) VALUES (?, 1, ?, ?)",
        ((number, f"P{number}", f"p{number}") for number in numbers),
    )
    for table, column, value in (
        ("enrolment", "enrolled", 1),
        ("placement", "level", "iop"),
        ("assignment", "schedule_id", schedule),
    ):
        connection.executemany(
            f"INSERT INTO {table} (participant_id, from_on, {column}, recorded_at, recorded_by) "
            "VALUES (?, ?, ?, ?, 'bench')",
            ((number, str(FIRST), value, when) for number in numbers),
        )
    connection.executemany(
        "INSERT INTO draw "
        "(id, participant_id, due_on, kind, status, schedule_version_id, reason, recorded_at, outcome) "
        f"VALUES (?, ?, ?, 'fixed', ?, {version}, ?, ?, ?)",
        draws(count),
    )
    connection.execute(
        "INSERT INTO result (draw_id, outcome, recorded_at, recorded_by) "
        "SELECT id, outcome, recorded_at, 'bench' FROM draw WHERE outcome IS NOT NULL"
    )
    connection.execute(
        "INSERT INTO audit_entry (facility_id, at, account, act, participant_id, draw_id, reason, detail) "
        "SELECT 1, recorded_at, 'bench', CASE WHEN outcome IS NULL THEN 'draw ' || status ELSE 'result log' END, "
        "participant_id, id, reason, CASE WHEN outcome IS NOT NULL THEN "
        "json_object('analytes', json_array(), 'due_on', due_on, 'earlier', 'due', 'method', 'presumptive', "
        "'outcome', outcome) END FROM draw"
    )
    connection.executemany(
        "INSERT INTO night (facility_id, day, ran, last_participant_id, recorded_at, recorded_by) "
        "VALUES (1, ?, 1, ?, ?, 'bench')",
        ((str(FIRST + timedelta(days=n)), count, when) for n in range(7 * WEEKS + 1)),
    )
    connection.execute("COMMIT")
    connection.close()


def draws(count: int) -> Iterator[tuple[object, ...]]:
    """Mondays and Thursdays, a day after the other; most are negative."""
    chance = Random(1)
    outcomes = [("collected", None, "negative")] * 88 + [("collected", None, "positive")] * 5
    outcomes += [("missed", "nothing was recorded by the end of the day", None)] * 4
    outcomes += [("excused", "work", None)] * 2 + [("refused", None, None)]
    number = 0
    for week in range(WEEKS):
        for weekday in (0, 3):
            day = str(FIRST + timedelta(days=7 * week + weekday))
            for participant in range(1, count + 1):
                number += 1
                status, reason, outcome = chance.choice(outcomes)
                yield number, participant, day, status, reason, f"{day} 09:00:00.000000", outcome


def start(database: Path, day: date = READ_ON) -> list[str]:
    return [sys.executable, "-m", "testing_tracker", "--database", str(database), "--today", str(day)]


def timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
