"""A rule says the same whatever was asked before: no module of `rules` keeps anything but a cache."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing_tracker import rules

FOLDER = Path(rules.__file__).parent
CHANGES = {"add", "append", "clear", "discard", "extend", "insert", "pop", "remove", "setdefault", "update"}


def changed_in(function: ast.AST) -> Iterator[str]:
    """The names of which a function changes what they stand for."""
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            yield from node.names
        is_written = isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)
        if is_written or (isinstance(node, ast.Attribute) and node.attr in CHANGES):
            of = node.value
            while isinstance(of, ast.Attribute | ast.Subscript):
                of = of.value
            if isinstance(of, ast.Name):
                yield of.id


@pytest.mark.parametrize("file", [file.relative_to(FOLDER).as_posix() for file in sorted(FOLDER.rglob("*.py"))])
def test_no_function_changes_what_its_module_holds(file):
    module = ast.parse((FOLDER / file).read_text(encoding="utf-8"))
    held = {
        name.id
        for statement in module.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for name in ast.walk(statement)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    assert not [name for function in functions for name in changed_in(function) if name in held]
