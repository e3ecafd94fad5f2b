"""What the audit table says was done is one of a list of acts, and nothing says it in a string of its own."""

import ast
import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import testing_tracker
from testing_tracker.rules.keeping.acts import CHANGES_A_DRAW, CHANGES_WHAT_A_DRAW_SAYS, LEADS_TO, Act
from testing_tracker.rules.words import Status

PACKAGE = Path(testing_tracker.__file__).parent
SOURCES = {
    file.relative_to(PACKAGE).as_posix(): ast.parse(file.read_text())
    for file in PACKAGE.rglob("*.py")
    if "migrations" not in file.parts and file.name not in ("acts.py", "permitted.py")  # commands have the same words
}
RELEASED = sorted((Path(__file__).parents[1] / "store" / "released").glob("schema-*.db.gz"))
WRITES = {"on_record", "_end", "_on_record", "put_on_record", "_write", "confirm", "AuditEntry", "literal"}


def is_bare(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return isinstance(node.values[0], ast.Constant) and node.values[0].value == "draw "
    return isinstance(node, ast.Constant) and node.value in set(Act)


def test_no_act_is_said_in_a_string_of_its_own():
    found = [(file, node.lineno) for file, tree in SOURCES.items() for node in ast.walk(tree) if is_bare(node)]
    assert found == []


def acts_in(node: ast.AST) -> Iterator[Act]:
    """The acts that an argument or a value may be."""
    match node:
        case ast.Attribute(value=ast.Name(id="Act"), attr=name):
            yield Act[name]
        case ast.Constant(value=str(text)) if text in set(Act):
            yield Act(text)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="Act"))) | ast.JoinedStr():
            yield from map(Act.of_draw, Status)
        case ast.Call(func=ast.Name(id="str"), args=[one]):
            yield from acts_in(one)
        case ast.IfExp(body=one, orelse=other):
            yield from (*acts_in(one), *acts_in(other))


def written(tree: ast.AST) -> Iterator[Act]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in WRITES:
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Assign):  # of one or several names, to be written further on
            several = isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple)
            values = node.value.elts if several else [node.value]
        else:
            continue
        for value in values:
            yield from acts_in(value)


def test_every_act_is_written_by_something():
    assert {act for tree in SOURCES.values() for act in written(tree)} == set(Act)


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: file.name)
def test_every_act_that_an_earlier_version_wrote_is_known(file, tmp_path):
    (tmp_path / "old.db").write_bytes(gzip.decompress(file.read_bytes()))
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        acts = {act for (act,) in connection.execute("SELECT DISTINCT act FROM audit_entry")}
    assert acts
    assert acts <= set(Act)


def test_a_status_is_given_by_an_act_of_its_own():
    assert [LEADS_TO[Act.of_draw(status)] for status in Status] == list(Status)


def test_a_report_tells_of_all_that_may_change_what_a_draw_says():
    assert set(CHANGES_WHAT_A_DRAW_SAYS) | LEADS_TO.keys() < set(CHANGES_A_DRAW)
