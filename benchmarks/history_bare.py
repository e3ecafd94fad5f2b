"""Reads a past record with `csv` and writes its rows bare: `executemany` in a file, COPY on a server."""

import csv
import sys
from itertools import islice
from typing import Any

RECORDED = "2026-11-25 12:00:00.000000"
DRAW = ("facility_id", "id", "participant_id", "due_on", "kind", "status", "reason", "outcome", "recorded_at")
RESULT = ("facility_id", "id", "draw_id", "outcome", "method", "recorded_at", "recorded_by")
FINDING = ("facility_id", "result_id", "analyte")
AT_A_TIME = 10_000


def main() -> None:
    given, file = sys.argv[1:]
    connection, add = on_server(given) if given.startswith("postgresql") else in_file(given)
    cursor = connection.cursor()
    cursor.execute("SELECT code, id FROM participant")
    ids = dict(cursor.fetchall())
    draw_id = result_id = 0
    with open(file, newline="", encoding="utf-8") as lines:
        reader = csv.reader(lines)
        next(reader)
        while part := list(islice(reader, AT_A_TIME)):
            draws, results, findings = [], [], []
            for participant, due_on, status, outcome, analytes, reason in part:
                draw_id += 1
                draws.append(
                    (
                        1,
                        draw_id,
                        ids[participant],
                        due_on,
                        "imported",
                        status,
                        reason or None,
                        outcome or None,
                        RECORDED,
                    )
                )
                if outcome:
                    result_id += 1
                    results.append((1, result_id, draw_id, outcome, "presumptive", RECORDED, "bench"))
                    findings += [(1, result_id, analyte) for analyte in analytes.split(";") if analyte]
            add(cursor, "draw", DRAW, draws)
            add(cursor, "result", RESULT, results)
            add(cursor, "finding", FINDING, findings)
    connection.commit()


def in_file(given: str) -> Any:  # noqa: ANN401
    import sqlite3

    connection = sqlite3.connect(given)
    connection.execute("PRAGMA foreign_keys = ON")

    def add(cursor: Any, table: str, columns: tuple[str, ...], rows: list[Any]) -> None:  # noqa: ANN401
        marks = ", ".join("?" * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    return connection, add


def on_server(given: str) -> Any:  # noqa: ANN401
    import psycopg

    def add(cursor: Any, table: str, columns: tuple[str, ...], rows: list[Any]) -> None:  # noqa: ANN401
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    return psycopg.connect(given), add


if __name__ == "__main__":
    main()
