"""The commands that are for the account which owns the database's files, and not for a server's socket."""

from testing_tracker.errors import TestingTrackerError

# What makes, moves or runs the database itself, or takes the key away: the account that owns the files does it.
OF_THE_OWNER = ("init", "restore", "migrate", "serve", "cron", "systemd", "demo")
_OF_THE_OWNER_WITH = {"backup": "--key"}


def refuse_of_the_owner(command: str | None, words: list[str]) -> None:
    """Raise TestingTrackerError, at a server's socket, for a command that only the files' owner gives."""
    from testing_tracker.store.location import is_served

    if not is_served():
        return
    option = _OF_THE_OWNER_WITH.get(command or "")
    if command in OF_THE_OWNER or (option is not None and option in words):
        named = f"{command} {option}" if option else command
        raise TestingTrackerError(
            f"`testing-tracker {named}` is not for a server's socket. Give it on the machine where the database is, as "
            "the account that owns it, with the database's own --database."
        )
