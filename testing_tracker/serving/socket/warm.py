"""What a server has ready before anybody asks: everything imported, mapped and compiled, so that a command has it."""

import gc
import os
import pkgutil
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import testing_tracker
from testing_tracker.store import engine

_NOT_LOADED = ("testing_tracker.__main__", "testing_tracker.store.migrations.")
# What commands import when they need it. A server does not, so that it and its commands are of one version each.
LIBRARIES = (
    "alembic.command",
    "alembic.config",
    "alembic.migration",
    "holidays",
    "jinja2",
    "numpy",
    "prompt_toolkit",
    "prompt_toolkit.completion",
    "prompt_toolkit.history",
    "prompt_toolkit.input.vt100",
    "prompt_toolkit.output.vt100",
    "prompt_toolkit.shortcuts",
    "pypdf",
    "rich.progress",
    "textual.app",
    "textual.drivers.linux_driver",
    "textual.widgets",
    "typst",
)
# numpy's library of linear algebra would begin threads, and a process with threads does not fork.
_NO_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_DAY, _NEXT_DAY = "2026-11-16", "2026-11-17"
_LIVED = (
    (_DAY, "init --training --timezone America/Los_Angeles"),
    (_DAY, "participant add A1 --schedule fixed-2 --level iop"),
    (_DAY, "participant add A2 --schedule random-2 --level outpatient"),
    (_DAY, "draw"),
    (_DAY, "test A1 --reason x"),
    (_DAY, "result A1 positive --analyte cocaine --amend"),
    (_DAY, "result A1 positive --analyte cocaine"),
    (_DAY, "due"),
    (_DAY, "due --format json"),
    (_DAY, "today"),
    (_DAY, "collected A2"),
    (_DAY, "missed A2"),
    (_DAY, "amend A1 --on today negative --reason x"),
    (_DAY, "participant list"),
    (_DAY, "participant show A1"),
    (_DAY, "recommendation list"),
    (_DAY, "report weekly --week this"),
    (_DAY, "status"),
    (_DAY, "verify"),
    (_DAY, "log"),
    (_NEXT_DAY, "draw"),
    (_NEXT_DAY, "due"),
)


def warm(run: Callable[[Sequence[str]], object]) -> None:
    """Load all that commands load, and have each kind of command run once on a database that is thrown away.

    `run` runs a command line in this process. No connection stays open, and no thread is begun.
    """
    os.environ.update(dict.fromkeys(_NO_THREADS, "1"))
    load()
    engine.keep_compiled()
    ours = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("TESTING_TRACKER_")}
    try:
        with TemporaryDirectory() as folder:
            _live(run, Path(folder) / "clinic.db")
    finally:
        os.environ.update(ours)
    gc.collect()
    gc.freeze()  # a search for garbage would have every command copy what it shares with the server


def load() -> None:
    """Import every module of the program, and the libraries that they import only when they need them."""
    for module in pkgutil.walk_packages(testing_tracker.__path__, "testing_tracker."):
        if not module.name.startswith(_NOT_LOADED):
            import_module(module.name)
    for name in LIBRARIES:
        with suppress(ImportError):
            import_module(name)


def _live(run: Callable[[Sequence[str]], object], database: Path) -> None:
    for day, line in _LIVED:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()), suppress(SystemExit):
            run(["--database", str(database), "--today", day, *line.split()])
