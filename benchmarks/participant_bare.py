"""Reads participants with `csv` and writes their rows bare: `executemany` in a file, COPY on a server."""

import csv
import json
import sys
from itertools import islice

from history_bare import AT_A_TIME, in_file, on_server

RECORDED = ("2026-11-25 12:00:00.000000", "bench")
STAMPED = ("recorded_at", "recorded_by")


def main() -> None:
    given, file = sys.argv[1:]
    connection, add = on_server(given) if given.startswith("postgresql") else in_file(given)
    cursor = connection.cursor()
    cursor.execute("SELECT name, id FROM schedule")
    schedules = dict(cursor.fetchall())
    number = 0
    with open(file, newline="", encoding="utf-8") as lines:
        reader = csv.reader(lines)
        next(reader)
        while part := list(islice(reader, AT_A_TIME)):
            participants, enrolments, placements, assignments, entries = [], [], [], [], []
            for code, level, schedule, day in part:
                number += 1
                participants.append((number, 1, code, code.casefold()))
                enrolments.append((number, day, True, *RECORDED))
                placements.append((number, day, level, *RECORDED))
                assignments.append((number, day, schedules[schedule], *RECORDED))
                said = json.dumps({"enrolled_on": day, "level": level, "schedule": schedule})
                entries.append((1, *RECORDED, "participant add", number, said))
            add(cursor, "participant", ("id", "facility_id", "code", "code_key"), participants)
            add(cursor, "enrolment", ("participant_id", "from_on", "enrolled", *STAMPED), enrolments)
            add(cursor, "placement", ("participant_id", "from_on", "level", *STAMPED), placements)
            add(cursor, "assignment", ("participant_id", "from_on", "schedule_id", *STAMPED), assignments)
            add(cursor, "audit_entry", ("facility_id", "at", "account", "act", "participant_id", "detail"), entries)
    connection.commit()


if __name__ == "__main__":
    main()
