"""The house: each layer uses those below it, rooms point one way, and a reader is not sent in circles."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import SAID_ON_A_SERVER_BY_OTHERS

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "testing_tracker"
LAYERS = ("rules", "store", "services", "reports", "serving", "cli")
# Within the services, from below: each line may use its own modules and those of the lines before it.
ROOMS = (
    ("schedules", "people.lookup", "people.staff"),
    ("deciding.case", "deciding.evidence", "deciding.positives", "deciding.reviews"),
    ("testing",),
    ("drawing", "people", "reporting", "deciding", "check_in"),
    ("keeping",),
    ("exchange", "demo", "board", "board_keys"),
)
DOORS = {"account", "chance", "errors"}  # one each to who acts, to randomness, and to a person's eyes
MOST_IN_A_FOLDER, SHORTEST_MODULE, LONGEST_FUNCTION = 20, 15, 50
DATABASE_LIBRARIES = {"sqlalchemy", "sqlmodel", "alembic", "psycopg"}


def modules() -> dict[str, ast.Module]:
    """Every module but the migrations, by its name below the package."""
    files = (file for file in PACKAGE.rglob("*.py") if "migrations" not in file.parts)
    return {
        ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            file.read_bytes()
        )
        for file in files
    }


MODULES = modules()


def used_by(tree: ast.AST) -> set[str]:
    """The modules of the package that are imported anywhere in a module, also for types alone."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("testing_tracker."):
            module = node.module.removeprefix("testing_tracker.")
            found |= {name if (name := f"{module}.{one.name}") in MODULES else module for one in node.names}
    return found


ARROWS = {module: used_by(tree) for module, tree in MODULES.items() if module != "services"}


def arrows():
    return ((module, used) for module, all_used in ARROWS.items() for used in all_used)


def layer_of(module: str) -> int:
    first = module.split(".")[0]
    return LAYERS.index(first) if first in LAYERS else -1


def room_of(service: str) -> int:
    """The line of ROOMS that a service stands in; a module by itself goes before its room."""
    lines = {name: number for number, line in enumerate(ROOMS) for name in line}
    return next(lines[name] for name in (service, service.split(".")[0]) if name in lines)


def test_a_layer_uses_those_below_it():
    layered = [(module, used) for module, used in arrows() if layer_of(module) >= 0]
    assert len(layered) > 500
    assert [arrow for arrow in layered if layer_of(arrow[1]) > layer_of(arrow[0])] == []


def test_rooms_of_services_point_one_way():
    inside = [
        (module.removeprefix("services."), used.removeprefix("services."))
        for module, used in arrows()
        if module.startswith("services.") and used.startswith("services.")
    ]
    assert [arrow for arrow in inside if room_of(arrow[1]) > room_of(arrow[0])] == []


def test_nobody_is_sent_in_a_circle():
    left = {module: set(used) for module, used in ARROWS.items()}
    while ends := [module for module, used in left.items() if not used & left.keys()]:
        for module in ends:
            del left[module]
    assert left == {}


@pytest.mark.parametrize("layer", ["rules", "cli"])
def test_rules_and_commands_load_no_database_library(layer):
    """A rule never; a command only within the function that needs it, because every nurse waits for an import."""
    for module, tree in MODULES.items():
        if module.split(".")[0] == layer:
            nodes = list(ast.walk(tree)) if layer == "rules" else tree.body
            loaded = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
            loaded |= {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
            assert not {str(name).split(".")[0] for name in loaded} & DATABASE_LIBRARIES, module


def test_no_folder_is_too_full_and_no_module_is_confetti():
    folders = defaultdict(list)
    for file in PACKAGE.rglob("*.py"):
        if file.name != "__init__.py" and "migrations" not in file.parts:
            folders[file.parent.relative_to(PACKAGE).as_posix()].append(file)
    full = {folder: len(files) for folder, files in folders.items() if len(files) > MOST_IN_A_FOLDER}
    assert full.keys() <= {"cli"}, full  # a command a file
    short = [file.stem for files in folders.values() for file in files if len(lines_of(file)) < SHORTEST_MODULE]
    assert set(short) <= DOORS


def lines_of(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def test_no_class_has_the_name_of_another():
    homes = defaultdict(list)
    for module, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(module)
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_nothing_is_hidden_in_a_session():
    """What a transaction knows stands in `Work`, where a reader and the types can see it."""
    hidden = [
        module
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "info" and ast.unparse(node.value).endswith("session")
    ]
    assert hidden == []


def test_a_docstring_begins_with_the_thing():
    """Not with what it is like, or where it comes from: a reader may come from anywhere."""
    begun = [
        f"{module}.{node.name}: {said}"
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and (said := ast.get_docstring(node))
        if re.match(r"(The same|What there was|As |Those |Like )", said)
    ]
    assert begun == []


def test_before_a_commit_the_same_is_checked_as_in_ci():
    hooks = re.findall(r"entry: \S+ -m (.*)", (PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    in_ci = re.search(
        r"^style_and_types\(\) \{\n(.*?)^\}", (PROJECT / ".ci" / "run").read_text(), re.DOTALL | re.MULTILINE
    )
    assert hooks == [line.strip() for line in in_ci[1].splitlines() if "echo" not in line]


def test_the_files_that_a_server_leaves_to_others_are_there():
    assert [file for file in SAID_ON_A_SERVER_BY_OTHERS if not (PROJECT / "tests" / file).is_file()] == []


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{module}.{node.name}": length
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (length := node.end_lineno - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_what_the_newcomers_way_names_is_there():
    text = (PROJECT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = [(file, name) for file, name in re.findall(r"`([a-z_/]+\.py)(?::\s+([a-zA-Z_]+))?`", text) if "/" in file]
    assert len(named) > 20
    for file, name in named:
        place = PROJECT / file if file.startswith("tests/") else PACKAGE / file
        assert place.is_file(), file
        defined = rf"^(?:def|class) {name}\b|^{name} = "
        assert not name or re.search(defined, place.read_text(encoding="utf-8"), re.MULTILINE), (file, name)
    kept_by = re.search(r"which test keeps it\n(.*?)\n## ", text, re.DOTALL)
    tests = re.findall(r"[a-z_]+/test_[a-z_]+\.py", kept_by[1])
    assert len(tests) > 8
    assert [test for test in tests if not (PROJECT / "tests" / test).is_file()] == []
