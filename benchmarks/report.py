"""What the weekly report of a large facility costs, beside the bare SQL aggregation and csv writing of the same rows.

    python benchmarks/report.py [PARTICIPANTS]

Makes a database with a year of draws, two a week for each participant, in a temporary folder (about 4 GB for
100,000 participants, which is the default), and one with a tenth of them. Prints ratios of medians, measured in turn
within this one run, and the peak memory of the report. Target: csv at most 3, memory flat;
html of 200 participants under 2 s.
"""

import csv
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from multiprocessing import Process
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
        for number in (200, count // 10, count):
            clinic = Path(folder) / f"{number}.db"
            maker = Process(target=make, args=(clinic, number))  # its memory would count as that of what it starts
            maker.start()
            maker.join()
            if number == 200:
                pages(clinic)
            else:
                measure(clinic, number)


def pages(clinic: Path) -> None:
    """The html and the pdf of a clinic of 200, beyond what it takes to start a program that uses these libraries."""
    began = statistics.median(run([sys.executable, "-c", "import sqlmodel, click"])[0] for _ in range(RUNS))
    for form in ("html", "pdf"):
        command = [
            *start(clinic),
            "report",
            "weekly",
            "--format",
            form,
            "--output",
            str(clinic.with_suffix(f".{form}")),
        ]
        seconds = statistics.median(run(command)[0] for _ in range(RUNS)) - began
        print(f"{f'200 participants: {form}, after the start':<40}{seconds:8.2f} s", flush=True)


def measure(clinic: Path, count: int) -> None:
    output = clinic.with_name("report.csv")
    bare_times, times, peaks = [], [], []
    for _ in range(RUNS):
        bare_times.append(run([sys.executable, "-c", BARE, str(clinic), str(output)])[0])
        seconds, peak = run([*start(clinic), "report", "weekly", "--format", "csv", "--output", str(output)])
        times.append(seconds)
        peaks.append(peak)
    with output.open(newline="", encoding="utf-8") as file:
        assert sum(1 for _ in csv.reader(file)) == count + 1
    bare, report = statistics.median(bare_times), statistics.median(times)
    print(f"{f'{count:,} participants: bare SQL, csv':<40}{bare:8.2f} s")
    print(f"{'  report weekly --format csv':<40}{report:8.2f} s   ratio {report / bare:.2f}")
    print(f"{'  its peak memory':<40}{max(peaks):8.0f} MB", flush=True)


def make(clinic: Path, count: int) -> None:
    """A facility whose people are tested twice a week for a year; the last week's nights are the program's own."""
    program(clinic, FIRST - timedelta(days=1), "init", "--training", "--timezone", "UTC")
    with opened(clinic) as connection:
        enrol(connection, count)
        connection.executemany(INSERT_DRAW, draws(count))
        record_results(connection, first_draw=1)
        connection.executemany(
            "INSERT INTO night (facility_id, day, ran, last_participant_id, recorded_at, recorded_by) "
            "VALUES (1, ?, 1, ?, '2026-01-01 00:05:00.000000', 'bench')",
            ((str(FIRST + timedelta(days=n)), count) for n in range(7 * (WEEKS - 1))),
        )
    for number in range(8):
        program(clinic, MONDAY + timedelta(days=number), "draw")
        if number in (0, 3):
            with opened(clinic) as connection:
                take_specimens(connection)


def take_specimens(connection: sqlite3.Connection) -> None:
    """Most of the day's draws are given and negative; the others are left to the night."""
    (first,) = connection.execute("SELECT min(id) FROM draw WHERE status = 'due'").fetchone()
    connection.execute(
        "UPDATE draw SET status = 'collected', outcome = CASE WHEN id % 20 = 0 THEN 'positive' ELSE 'negative' END "
        "WHERE status = 'due' AND id % 25 <> 0"
    )
    record_results(connection, first_draw=first)


def record_results(connection: sqlite3.Connection, first_draw: int) -> None:
    """The results and the audit entries that the draws from an id on would have."""
    connection.execute(
        "INSERT INTO result (facility_id, draw_id, outcome, recorded_at, recorded_by) "
        "SELECT 1, id, outcome, recorded_at, 'bench' FROM draw WHERE outcome IS NOT NULL AND id >= ?",
        (first_draw,),
    )
    connection.execute(
        "INSERT INTO audit_entry (facility_id, at, account, act, participant_id, draw_id, reason, detail) "
        "SELECT 1, recorded_at, 'bench', CASE WHEN outcome IS NULL THEN 'draw ' || status ELSE 'result log' END, "
        "participant_id, id, reason, CASE WHEN outcome IS NOT NULL THEN "
        "json_object('analytes', json_array(), 'due_on', due_on, 'earlier', 'due', 'method', 'presumptive', "
        "'outcome', outcome) END FROM draw WHERE status <> 'due' AND id >= ?",
        (first_draw,),
    )


def enrol(connection: sqlite3.Connection, count: int) -> None:
    when = f"{FIRST} 00:00:00.000000"
    (schedule,) = connection.execute("SELECT id FROM schedule WHERE name = 'fixed-2'").fetchone()
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
            f"INSERT INTO {table} (facility_id, participant_id, from_on, {column}, recorded_at, recorded_by) "
            "VALUES (1, ?, ?, ?, ?, 'bench')",
            ((number, str(FIRST), value, when) for number in numbers),
        )


INSERT_DRAW = (
    "INSERT INTO draw "
    "(facility_id, id, participant_id, due_on, kind, status, schedule_version_id, reason, recorded_at, outcome) "
    "VALUES (1, ?, ?, ?, 'fixed', ?, (SELECT v.id FROM schedule_version v JOIN schedule s ON s.id = schedule_id "
    "WHERE s.name = 'fixed-2'), ?, ?, ?)"
)


def draws(count: int) -> Iterator[tuple[object, ...]]:
    """Mondays and Thursdays of all weeks but the last, a day after the other; most are negative."""
    chance = Random(1)
    outcomes = [("collected", None, "negative")] * 88 + [("collected", None, "positive")] * 5
    outcomes += [("missed", "nothing was recorded by the end of the day", None)] * 4
    outcomes += [("excused", "work", None)] * 2 + [("refused", None, None)]
    number = 0
    for week in range(WEEKS - 1):
        for weekday in (0, 3):
            day = str(FIRST + timedelta(days=7 * week + weekday))
            for participant in range(1, count + 1):
                number += 1
                status, reason, outcome = chance.choice(outcomes)
                yield number, participant, day, status, reason, f"{day} 09:00:00.000000", outcome


@contextmanager
def opened(clinic: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(clinic, isolation_level=None)
    for setting in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -1000000"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute("BEGIN")
    yield connection
    connection.execute("COMMIT")
    connection.close()


def program(clinic: Path, day: date, *arguments: str) -> None:
    subprocess.run([*start(clinic, day), *arguments], check=True, capture_output=True)


def start(database: Path, day: date = READ_ON) -> list[str]:
    return [sys.executable, "-m", "testing_tracker", "--database", str(database), "--today", str(day)]


def run(command: list[str]) -> tuple[float, float]:
    """How many seconds a command took, and its peak memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return time.perf_counter() - began, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
