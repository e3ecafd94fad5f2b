"""What it would take and give to keep the largest tables in a partition for each facility, or for some: a trial.

    .ci/postgresql python benchmarks/partitions.py [FACILITIES [PARTICIPANTS [DRAWS]]]

By default 12 facilities of 100 participants with 50 past draws each. Copies the database, makes `draw`, `result` and
`audit_entry` of the copies anew, by list and by hash of `facility_id`, and times nights and reports of all three. No
such database is shipped: the program does not make one, and `check` would call it changed.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from itertools import chain
from pathlib import Path
from statistics import median
from time import perf_counter

import psycopg
import region
from measuring import HERE, SERVER, Database, new_database
from psycopg import sql

FACILITIES, PARTICIPANTS, DRAWS = 12, 100, 50
TABLES = ("draw", "result", "audit_entry")
HASHED = 4
NIGHTS, RUNS = 2, 3


def main() -> None:
    facilities, participants, draws = (
        int(given) for given in (*sys.argv[1:], *map(str, (FACILITIES, PARTICIPANTS, DRAWS)[len(sys.argv) - 1 :]))
    )
    assert SERVER, "partitions are a server's: .ci/postgresql python benchmarks/partitions.py"
    with tempfile.TemporaryDirectory() as folder:
        plain = new_database(Path(folder), "plain", str(region.BEFORE))
        region.fill(plain, facilities, participants)
        with psycopg.connect(plain.given) as connection:
            for statement in past(draws):
                connection.execute(statement)
        plain.settle()
        made = {"one table": plain}
        for way, number in (("list", facilities), ("hash", HASHED)):
            copy = plain.copy(Path(folder), way)
            began = perf_counter()
            with psycopg.connect(copy.given) as connection:
                for table in TABLES:
                    partition(connection, table, way, number)
            copy.settle()
            made[f"{number} by {way}"] = copy
            print(f"made anew by {way}, {number} partitions: {perf_counter() - began:.1f} s")
        print(f"\n{facilities} facilities of {participants} participants with {draws} past draws each\n")
        print(f"{'':<44}" + "".join(f"{name:>14}" for name in made))
        for what, seconds in chain(nights(made, facilities), waits(made), sizes(made)):
            print(f"{what:<44}" + "".join(f"{one:14.2f}" for one in seconds), flush=True)
        for copy in made.values():
            copy.drop()


def past(draws: int) -> Iterator[str]:
    """Statements that give everybody past draws with a result and an audit entry each."""
    columns = "facility_id, participant_id, due_on, kind, status, outcome, recorded_at"
    yield (
        f"INSERT INTO draw ({columns}) SELECT facility_id, p.id, date '{region.BEFORE}' - 1 - n, 'imported', "
        f"'collected', 'negative', now() FROM participant p, generate_series(1, {draws}) n"
    )
    yield (
        "INSERT INTO result (facility_id, draw_id, outcome, recorded_at, recorded_by) "
        "SELECT facility_id, id, outcome, now(), 'bench' FROM draw"
    )
    yield (
        "INSERT INTO audit_entry (facility_id, at, account, act, participant_id, draw_id) "
        "SELECT facility_id, now(), 'bench', 'history import', participant_id, id FROM draw"
    )


def partition(connection: psycopg.Connection, table: str, way: str, number: int) -> None:
    """Make a table anew in partitions: its rows, constraints, references both ways, indexes and triggers.

    The key becomes (id, facility_id), because what is unique of a partitioned table has the facility in it; the other
    way round, every look-up by a number would read a whole index.
    """
    incoming = _rows(connection, _INCOMING, table)
    own = _rows(connection, _OWN, table)
    indexes = [text for (text,) in _rows(connection, _INDEXES, table)]
    triggers = [text for (text,) in _rows(connection, _TRIGGERS, table)]
    for other, name, _ in incoming:
        connection.execute(f"ALTER TABLE {other} DROP CONSTRAINT IF EXISTS {name}")
    connection.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    connection.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY NONE")
    like = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS"
    connection.execute(f"CREATE TABLE {table} (LIKE {table}_before {like}) PARTITION BY {way} (facility_id)")
    for one in range(number):
        values = f"IN ({one + 1})" if way == "list" else f"WITH (MODULUS {number}, REMAINDER {one})"
        connection.execute(f"CREATE TABLE {table}_{one} PARTITION OF {table} FOR VALUES {values}")
    connection.execute(f"INSERT INTO {table} SELECT * FROM {table}_before ORDER BY facility_id, id")
    connection.execute(f"DROP TABLE {table}_before CASCADE")
    connection.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY {table}.id")
    connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (id, facility_id)")
    for text in indexes:
        connection.execute(text)
    for name, kind, text in own:
        if kind == "u" or kind == "f":
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}")
    for text in triggers:
        connection.execute(text)
    for other, name, text in incoming:
        if other != table:
            connection.execute(f"ALTER TABLE {other} ADD CONSTRAINT {name} {text}")


def _rows(connection: psycopg.Connection, query: str, table: str) -> list[tuple]:
    return connection.execute(sql.SQL(query), {"table": table}).fetchall()


_INCOMING = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE confrelid = %(table)s::regclass AND contype = 'f' AND conparentid = 0"
)
_OWN = (
    "SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE conrelid = %(table)s::regclass AND contype IN ('u', 'f') AND conparentid = 0"
)
_INDEXES = (
    "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %(table)s::regclass AND NOT indisprimary "
    "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'u')"
)
_TRIGGERS = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal"


def nights(made: dict[str, Database], facilities: int) -> Iterator[tuple[str, list[float]]]:
    """Nights of all facilities in one process, in turn."""
    took: dict[str, list[float]] = {name: [] for name in made}
    for number in range(NIGHTS):
        day = str(region.MONDAY + timedelta(days=number))
        for name, database in made.items():
            began = perf_counter()
            with redirect_stdout(None), redirect_stderr(None):  # it says TRAINING
                region.run_nights(database.given, day, "1", str(facilities), "1")
            took[name].append(perf_counter() - began)
            database.settle()
    yield "a night of all, seconds", [median(seconds) for seconds in took.values()]


def waits(made: dict[str, Database]) -> Iterator[tuple[str, list[float]]]:
    """Whole commands, with the program's start."""
    day = str(region.MONDAY + timedelta(days=NIGHTS - 1))
    commands = {
        "due of one": ["--facility", "2", "due", "--format", "csv"],
        "participant show": ["--facility", "2", "participant", "show", "P7"],
        "report weekly of one": ["--facility", "2", "report", "weekly", "--week", "2026-W47", "--format", "csv"],
        "report participant of one": ["--facility", "2", "report", "participant", "P7", "--format", "json"],
        "report network": ["report", "network", "--week", "2026-W47"],
    }
    for what, command in commands.items():
        took: dict[str, list[float]] = {name: [] for name in made}
        for _ in range(RUNS):
            for name, database in made.items():
                took[name].append(database.program(day, *command).seconds)
        yield f"{what}, seconds", [median(seconds) for seconds in took.values()]


def sizes(made: dict[str, Database]) -> Iterator[tuple[str, list[float]]]:
    """What the three tables take with their indexes."""
    query = (
        "SELECT sum(pg_total_relation_size(oid)) / 1e6 FROM pg_class WHERE relkind = 'r' "
        "AND relname ~ '^(draw|result|audit_entry)(_[0-9]+)?$'"
    )
    found = []
    for database in made.values():
        with psycopg.connect(database.given) as connection:
            found.append(float(connection.execute(query).fetchone()[0]))
    yield "the three tables, MB", found


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main()
