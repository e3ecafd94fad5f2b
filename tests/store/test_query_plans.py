"""What is recorded of one participant reads nobody else's draws: it is as quick in a region as in a clinic."""

import databases
import pytest
from conftest import made_once
from sqlalchemy import event
from sqlalchemy.engine import Engine

pytestmark = pytest.mark.skipif(bool(databases.SERVER), reason="these are the plans of SQLite, which knows no figures")

OTHERS = "draw_by_day"  # the index by the day alone
ACTS = [
    ("result", "A17", "negative"),
    ("result", "A17", "positive", "--analyte", "cocaine"),
    ("missed", "A17"),
    ("refused", "A17"),
    ("excuse", "A17", "--reason", "court"),
    ("unable", "A17", "--reason", "tried for an hour"),
    ("collected", "A17"),
    ("participant", "show", "A17"),
    ("participant", "leave", "A17", "2026-11-16", "2026-11-20", "--reason", "travel"),
    ("participant", "transfer", "A17", "php", "--reason", "asked for it"),
    ("participant", "discharge", "A17", "--reason", "moved"),
]


@made_once
def due_today(clinic):
    """Two are due on Monday."""
    clinic.add("A17", "B04")
    clinic("draw")


@pytest.fixture
def plans(due_today):
    """Says how SQLite finds what each statement of a command asks for, by the statement."""
    found: dict[str, str] = {}

    def explain(connection, cursor, statement, parameters, _context, many) -> None:
        if statement.startswith("SELECT") and not many:
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            found[statement] = "; ".join(row[3] for row in rows)

    event.listen(Engine, "after_cursor_execute", explain)
    yield found
    event.remove(Engine, "after_cursor_execute", explain)


def read_everybody(plans: dict[str, str]) -> list[str]:
    return [f"{statement}: {plan}" for statement, plan in plans.items() if OTHERS in plan]


@pytest.mark.parametrize("act", ACTS, ids=" ".join)
def test_an_act_for_one_reads_no_draws_of_others(due_today, plans, act):
    due_today(*act)
    assert len(plans) > 3
    assert read_everybody(plans) == []


def test_a_line_of_a_file_reads_no_draws_of_others(due_today, plans):
    due_today("result", "import", "-", input="participant,due_on,outcome\nA17,2026-11-16,negative\n")
    assert len(plans) > 3
    assert read_everybody(plans) == []


def test_a_list_of_a_day_reads_that_day(due_today, plans):
    due_today("due")
    assert read_everybody(plans), "the index is there, and would have been seen"
