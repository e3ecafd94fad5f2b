"""What each role of the staff may do with the tables of a server: the matrix, and the page that has it for people."""

import re
from pathlib import Path

from sqlmodel import SQLModel

from testing_tracker.rules.words import Role
from testing_tracker.store.server import grants
from testing_tracker.store.tables import check_in  # noqa: F401  declares the tables, the last ones too

PAGE = (Path(__file__).parents[2] / "docs" / "postgresql.md").read_text(encoding="utf-8")


def granted() -> set[tuple]:
    """Every privilege of the matrix: role, table or sequence, privilege, column."""
    lines = {(role, table, "SELECT", None) for role in Role for table in ["alembic_version", *SQLModel.metadata.tables]}
    for table, roles in grants.ADD.items():
        lines |= {(role, table, "INSERT", None) for role in roles}
        lines |= {(role, f"{table}_id_seq", "USAGE", None) for role in roles}
    sequences = [f"{table}_id_seq" for table in SQLModel.metadata.tables]
    lines |= {(role, sequence, "SELECT", None) for role in grants.COPY for sequence in sequences}
    for table, columns in grants.CHANGE.items():
        lines |= {(role, table, "UPDATE", column) for column, roles in columns.items() for role in roles}
    for table, roles in grants.REMOVE.items():
        lines |= {(role, table, "DELETE", None) for role in roles}
    return lines


def test_the_page_says_what_the_code_grants():
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", PAGE, re.MULTILINE)
    said = {line for row in rows for line in _said_by(*row)}
    assert said == {line for line in granted() if line[2] not in ("SELECT", "USAGE")}


def _said_by(names: str, adds: str, changes: str, removes: str) -> set[tuple]:
    found = set()
    for table in re.findall(r"\w+", names):
        found |= {(role, table, "INSERT", None) for role in _roles_in(adds)}
        found |= {(role, table, "DELETE", None) for role in _roles_in(removes)}
        for who, columns in re.findall(r"(?:^|; )([^:;]+): ([^;]+)", changes.strip()):
            for column in re.findall(r"`(\w+)`", columns):
                found |= {(role, table, "UPDATE", column) for role in _roles_in(who)}
    return found


def _roles_in(cell: str) -> set[Role]:
    return set(Role) if cell.strip() == "all" else {Role(word) for word in re.findall(r"\w+", cell)}


def test_everything_in_it_is_there():
    """Of a table or column that got another name nobody would be granted anything."""
    columns = {table.name: set(table.columns.keys()) for table in SQLModel.metadata.tables.values()}
    assert {*grants.ADD, *grants.REMOVE} <= set(columns)
    assert all(set(changed) <= columns[table] for table, changed in grants.CHANGE.items())
    assert set(columns) - set(grants.ADD) == {"facility"}  # which only `init` and `facility add` make
