"""How SQLite keeps a file while a server has it: with a write-ahead log, so that who reads keeps nobody from writing.

With a journal a report that reads for three seconds has a result wait for three seconds; with the log for none. Every
commit is copied into the file at once where nobody reads an earlier state (`wal_autocheckpoint` in `engine`), so a copy
of the file alone is whole when no report is being made.
"""

from contextlib import suppress

from sqlalchemy.exc import OperationalError

from testing_tracker.store.engine import make_engine
from testing_tracker.store.location import AnyLocation, Location


def begin(location: AnyLocation) -> None:
    """Have the file kept with a log from now on; left as it is where somebody is at it for too long."""
    _switch(location, "WAL")


def end(location: AnyLocation) -> None:
    """Have the file kept with a journal again, so that it stands alone; left as it is where somebody is at it."""
    _switch(location, "DELETE")


def _switch(location: AnyLocation, mode: str) -> None:
    if not isinstance(location, Location):
        return
    engine = make_engine(location)
    try:
        with suppress(OperationalError), engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 1000")
            connection.exec_driver_sql(f"PRAGMA journal_mode = {mode}")
    finally:
        engine.dispose()
