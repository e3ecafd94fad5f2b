"""Follows a facility's records: whether anything was added, for the price of one indexed statement."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text

from testing_tracker.store.engine import complaints_explained

if TYPE_CHECKING:
    from types import TracebackType

_NEWEST = text("SELECT max(id) FROM ledger_page WHERE facility_id = :facility_id")


class Follower:
    """A connection of its own, on which nothing is open between two looks. Every act ends with a page of the ledger, so
    the newest page's number tells whether there was one."""

    def __init__(self, engine: Engine, facility_id: int) -> None:
        self._engine, self._facility = engine, facility_id
        self._connection: Connection | None = None

    def __enter__(self) -> "Follower":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    def newest_page(self) -> int:
        """The number of the facility's newest page, 0 for none. Raises TestingTrackerError where it cannot be read;
        the next look tries a new connection."""
        try:
            with complaints_explained():
                if self._connection is None:
                    self._connection = self._connect()
                return self._connection.execute(_NEWEST, {"facility_id": self._facility}).scalar_one() or 0
        except BaseException:
            self.close()
            raise
        finally:
            if self._connection is not None:
                self._connection.rollback()  # on a server nothing is begun, and in a file only reading was

    def _connect(self) -> Connection:
        if self._engine.dialect.name == "sqlite":
            return self._engine.connect()
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
