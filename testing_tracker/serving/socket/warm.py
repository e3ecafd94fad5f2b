"""What a server has ready before anybody asks: everything imported, mapped and compiled, so that a command has it."""

import gc
import os
import pkgutil
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory

import testing_tracker
from testing_tracker.store import engine
from testing_tracker.store.encryption.beginning import ENCRYPTION_VARIABLE

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
# A line of each kind that people give all day: what its first run compiles, the commands of a server have.
LIVED = (
    (_DAY, "init --training --timezone America/Los_Angeles"),
    (_DAY, "participant add A1 --schedule fixed-2 --level iop"),
    (_DAY, "participant add A2 --schedule fixed-2 --level iop"),
    (_DAY, "participant add A3 --schedule fixed-2 --level iop"),
    (_DAY, "participant add A4 --schedule fixed-2 --level iop"),
    (_DAY, "participant add A5 --schedule fixed-2 --level iop"),
    (_DAY, "participant add A6 --schedule random-2 --level outpatient"),
    (_DAY, "draw"),
    (_DAY, "result A1 negative"),
    (_DAY, "test A1 --reason x"),
    (_DAY, "result A1 positive --analyte cocaine --for-cause"),
    (_DAY, "A2 n"),
    (_DAY, "due"),
    (_DAY, "due --format json"),
    (_DAY, "today"),
    (_DAY, "collected A3"),
    (_DAY, "result A3 positive --analyte cocaine"),
    (_DAY, "missed A4"),
    (_DAY, "unable A5"),
    (_DAY, "refused A5"),
    (_DAY, "amend A2 positive --analyte fentanyl --reason x"),
    (_DAY, "participant list"),
    (_DAY, "participant show A1"),
    (_DAY, "recommendation list"),
    (_DAY, "report participant A1"),
    (_DAY, "report weekly --week this"),
    (_DAY, "audit list"),
    (_DAY, "status"),
    (_DAY, "verify"),
    (_DAY, "log"),
    (_NEXT_DAY, "draw"),
    (_NEXT_DAY, "excuse A4 --on yesterday --reason x"),
    (_NEXT_DAY, "test A6"),
    (_NEXT_DAY, "result A6 negative"),
    (_NEXT_DAY, "due"),
)


def warm(run: Callable[[Sequence[str]], object], *, is_encrypted: bool = False) -> None:
    """Load all that commands load, and have each kind of command run once on a database that is thrown away.

    `run` runs a command line in this process; the database is encrypted where the commands' own is. No connection stays
    open, and no thread is begun.
    """
    os.environ.update(dict.fromkeys(_NO_THREADS, "1"))
    load()
    engine.keep_compiled()
    ours = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("TESTING_TRACKER_")}
    try:
        with TemporaryDirectory() as folder, TemporaryDirectory() as elsewhere:
            if is_encrypted:
                os.environ[ENCRYPTION_VARIABLE] = f"file:{elsewhere}/key"
            _live(run, Path(folder) / "clinic.db", ("--encrypted",) if is_encrypted else ())
    finally:
        os.environ.pop(ENCRYPTION_VARIABLE, None)
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


def _live(run: Callable[[Sequence[str]], object], database: Path, at_init: Sequence[str]) -> None:
    for day, line in LIVED:
        words = [*line.split(), *(at_init if line.startswith("init") else ())]
        with redirect_stdout(_nowhere()), redirect_stderr(_nowhere()), suppress(SystemExit):
            run(["--database", str(database), "--today", day, *words])


def _nowhere() -> TextIOWrapper:
    """A stream for what nobody reads; some of what commands print goes around its text, as bytes."""
    return TextIOWrapper(BytesIO(), encoding="utf-8")
