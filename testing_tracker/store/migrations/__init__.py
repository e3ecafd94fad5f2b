"""Brings a database's tables to what this program knows, by the migrations."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from testing_tracker.store.location import AnyLocation, ServerLocation


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run every migration up to a revision that the database has not had yet, in the caller's transaction."""
    command.upgrade(alembic_config(connection), revision)


def refuse_unless_empty(connection: Connection, location: AnyLocation) -> None:
    """Raise TestingTrackerError for a database on a server that is in use; a new file is empty."""
    if isinstance(location, ServerLocation):
        from testing_tracker.store.server import postgresql

        postgresql.refuse_unless_empty(connection, location)


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings: where the migrations are, and the connection they run on."""
    config = Config()
    folder = str(files(__package__).joinpath())
    config.set_main_option("script_location", folder.replace("%", "%%"))  # where its value would begin a placeholder
    config.attributes["connection"] = connection
    return config
