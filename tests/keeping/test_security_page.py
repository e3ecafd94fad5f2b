"""The threat model, and the page of what holds, name a test for all that they say, and each of these tests is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs"
PAGE, DRAWS = ((DOCS / name).read_text("utf-8") for name in ("security.md", "draws.md"))
NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")
MOST_LINES = 160


def rows(heading: str, page: str = PAGE) -> list[list[str]]:
    """The cells of the table below a heading, without the line that names them."""
    below = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED.findall(PAGE + DRAWS))))
def test_every_test_that_it_names_is_there(file, name):
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    found = {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)}
    assert name in found if name else any(one.startswith(("test_", "Test")) for one in found)


@pytest.mark.parametrize(
    "heading",
    [
        "People at work",
        "Things that get away",
        "Who pretends to be something else",
        "Whoever comes to the check-in page",
        "Whoever changes records behind the program",
    ],
)
def test_every_line_of_what_is_kept_has_its_test(heading):
    found = rows(heading)
    assert len(found) >= 5
    for cells in found:
        assert NAMED.search(cells[-1]), cells


def test_every_line_of_what_holds_has_its_test():
    found = rows("What holds, and the test that shows it", DRAWS)
    assert len(found) >= 10
    for cells in found:
        assert NAMED.search(cells[-1]), cells


def test_every_item_of_the_law_is_answered():
    items = [cells[0].partition(" ")[0] for cells in rows("45 CFR 164.312, the technical safeguards")]
    implementation = ["(i)", "(ii)", "(iii)", "(iv)"]
    access = [f"(a)(2){one}" for one in implementation]
    assert items == ["(a)(1)", *access, "(b)", "(c)(1)", "(c)(2)", "(d)", "(e)(1)", "(e)(2)(i)", "(e)(2)(ii)"]
    assert "Nothing here is legal advice" in PAGE


def test_it_is_one_page():
    assert len(PAGE.splitlines()) <= MOST_LINES
