"""Whether a database's file is sound: its pages, its references, and the tables and triggers that it ought to have."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from testing_tracker.store import sqlite_file
from testing_tracker.store.engine import SCHEMA_VERSION

_MOST_TOLD = 20
# A damaged header can also make a file look like one that has a log beside it, which then cannot be opened.
_OF_DAMAGE = (*sqlite_file.DAMAGED, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CANTOPEN)

# https://www.sqlite.org/fileformat2.html: byte 18 of the header, 1 for a journal and 2 for a write-ahead log.
_FORMAT_TO_WRITE, _END_OF_FORMAT = 18, 20
_KNOWN_FORMATS = (1, 2)

Shape = dict[tuple[str, str], str]

# The digest of the shape that all migrations make, and which tables refuse every change in it, so that it need not be
# made anew to be compared; tests/store/test_shape.py says what they are to be.
DIGEST_OF_HEAD = "add22157e4331727f1dd60d9bf5536dc8ef19f17c480fbdb815906bf8e174c63"
THAT_ONLY_GROW = (
    *("assignment", "audit_entry", "card", "check_in", "check_in_day", "check_in_rule", "closing", "closure"),
    *(
        "confirmation",
        "enrolment",
        "facility_name",
        "facility_zone",
        "finding",
        "handover",
        "holiday_year",
        "joining",
        "key_chain",
        "last_written",
        "leave",
    ),
    *("ledger_page", "look", "night_taken_back", "outage", "placement", "pool", "prescription", "reading", "renaming"),
    *("report_edition", "result", "schedule_version", "specimen", "staff", "strangers_seen", "taking_back"),
)
# What SQLite keeps for itself; whoever writes its table of tables by hand may call anything so.
_ITS_OWN = ("sqlite_sequence", "sqlite_stat1", "sqlite_stat4")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, to be read; only a commit that was cut off is taken back, without which nothing can be read."""
    with closing(sqlite_file.connect(path)) as connection:
        connection.text_factory = _text
        yield connection


def damage(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the pages and the rows in them, in SQLite's words, at most twenty; nothing when sound."""
    try:
        told = [*_broken_seals(connection)] or [
            str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_MOST_TOLD})")
        ]
    except sqlite_file.complaints() as error:
        if sqlite_file.code_of(error) not in _OF_DAMAGE:
            raise
        return [" ".join(str(error).split())]
    return [" ".join(line.split()) for line in told if line != "ok"] or _unknown_format(connection)


def _broken_seals(connection: sqlite3.Connection) -> list[str]:
    if not sqlite_file.is_encrypted(_file_of(connection)):
        return []
    from testing_tracker.store.encryption import encrypted_file

    return encrypted_file.pages_not_as_written(connection)[:_MOST_TOLD]


def _file_of(connection: sqlite3.Connection) -> Path:
    (_, _, name), *_ = connection.execute("PRAGMA database_list")
    return Path(name)


def _unknown_format(connection: sqlite3.Connection) -> list[str]:
    """SQLite reads a file whose header asks for a later way of writing, and refuses to write it as if it might not."""
    name = _file_of(connection)
    if sqlite_file.is_encrypted(name):
        return []  # the seal of its first page would be broken
    with open(name, "rb") as file:
        header = file.read(_END_OF_FORMAT)
    if not header or header[_FORMAT_TO_WRITE] in _KNOWN_FORMATS:  # an empty file is an empty database
        return []
    return [f"the header names the unknown file format {header[_FORMAT_TO_WRITE]}, so nothing can be written"]


def broken_references(connection: sqlite3.Connection) -> list[str]:
    """The rows that refer to one that is not there, by table and id."""
    try:
        rows = connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST_TOLD)
    except sqlite_file.complaints() as error:
        return [" ".join(str(error).split())]
    return [f"row {row} of {table} refers to a row of {parent} that is not there" for table, row, parent, _ in rows]


def rows(connection: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    """All that is in the file: its tables, indexes and triggers, and then the rows of each table."""
    whole = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    yield from whole
    for kind, name, _ in whole:
        if kind == "table":
            quoted = str(name).replace('"', '""')
            yield from connection.execute(f'SELECT * FROM "{quoted}" ORDER BY rowid')  # noqa: S608  of the schema


def revision_of(connection: sqlite3.Connection) -> str | None:
    """The schema's number; None for a database that is not this program's."""
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite_file.complaints() as error:
        if sqlite_file.code_of(error) != sqlite3.SQLITE_ERROR:
            raise
        return None  # there is no such table
    return str(row[0]) if row else None


def differences(connection: sqlite3.Connection, revision: str, *, to_the_letter: bool = False) -> list[str]:
    """In what the tables, indexes and triggers differ from those that the migrations up to a revision make.

    To the letter, a table's text counts too, with the checks in it; how it is quoted and broken into lines does not.
    """
    return compared(_shape(connection, to_the_letter), _shape_of_revision(revision, to_the_letter))


def differences_from_head(connection: sqlite3.Connection) -> list[str]:
    """What `differences` says of a database of this program's schema; where there is nothing to say, in no time."""
    there = _shape(connection)
    return [] if digest_of(there) == DIGEST_OF_HEAD else compared(there, shape_of_head())


def digest_of(shape: Shape) -> str:
    """The digest of a shape, as hex."""
    return sha256(repr(sorted(shape.items())).encode(errors="replace")).hexdigest()


def compared(there: Shape, meant: Shape) -> list[str]:
    """What is missing, was changed or was added, in words."""
    told = []
    for (kind, name), text in sorted(meant.items()):
        if (kind, name) not in there:
            told.append(f"the {kind} {name} is missing")
        elif there[kind, name] != text:
            told.append(f"the {kind} {name} was changed")
    return told + [f"the {kind} {name} was added" for kind, name in sorted(there.keys() - meant.keys())]


def _shape(connection: sqlite3.Connection, to_the_letter: bool = False) -> Shape:
    """Tables by their columns, whatever their text looks like; indexes and triggers by their text."""
    shape = {}
    columns: dict[str, list[object]] = {}
    for name, *column in connection.execute(_COLUMNS).fetchall():
        columns.setdefault(name, []).append(tuple(column))
    for kind, name, text in connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
        if (kind == "table" and name in _ITS_OWN) or (kind == "index" and text is None):
            continue
        if kind == "table":
            shape[kind, name] = repr(columns.get(name, []))
            if to_the_letter:
                shape[kind, name] += "".join(str(text).split()).replace('"', "")
        else:
            shape[kind, name] = " ".join(str(text).split())
    return shape


_COLUMNS = """
    SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master m, pragma_table_info(m.name) c
    WHERE m.type = 'table' ORDER BY m.name, c.cid
"""


def shape_of_head() -> Shape:
    """The shape that a file has when all migrations have made it."""
    return _shape_of_revision(SCHEMA_VERSION)


def _shape_of_revision(revision: str, to_the_letter: bool = False) -> Shape:
    from sqlmodel import create_engine

    from testing_tracker.store import migrations

    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        migrations.upgrade(connection, revision)
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        shape = _shape(raw, to_the_letter)
    engine.dispose()
    return shape


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
