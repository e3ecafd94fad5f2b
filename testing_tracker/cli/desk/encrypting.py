"""Encrypting a database's file: where its key is kept, by an option, and what a person is told of it once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from testing_tracker.cli.desk.desk import Desk, say, warn
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from testing_tracker.store.encryption.key_place import KeyPlace


def encryption_key_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that says where the encryption key is kept."""
    return click.option(
        "--encryption-key",
        metavar="PLACE",
        help="Where its key is kept: file:PATH, credential:NAME or keyring:NAME. Default: what "
        "TESTING_TRACKER_ENCRYPTION_KEY says.",
    )(command)


def place_to_encrypt_with(given: str | None, option: str, *, is_meant: bool) -> "KeyPlace | None":
    """Where the key is kept of what is to be encrypted, None where nothing is. Raises TestingTrackerError."""
    from testing_tracker.store.encryption import encrypted_file, key_place

    if not is_meant:
        if given is not None:
            raise click.UsageError(f"--encryption-key goes with {option}.")
        return None
    encrypted_file.library()  # before anything is asked or made
    place = key_place.place_said(given) if given is not None else key_place.usual_place()
    if place is None:
        raise TestingTrackerError(
            f"Where is the encryption key to be kept? Say it with --encryption-key, or in {key_place.VARIABLE}: "
            f"{key_place.WAYS}. Nothing was changed."
        )
    return place


def say_of_encryption(desk: Desk, place: "KeyPlace") -> None:
    """Say once where the key is, how it is found later, and how to keep a copy; the key itself is not shown."""
    from testing_tracker.store.encryption import key_place
    from testing_tracker.store.location import Location

    say(desk, f"It is encrypted. The encryption key is {place}; who has lost that has lost every record.")
    say(desk, f"{place.how_to_copy()}.")
    if isinstance(desk.location, Location) and place.is_on_disk_of(desk.location.path):
        warn("the encryption key is on the same disk as the database: who takes the disk has both. Put it on a stick.")
    if key_place.usual_place() != place:
        warn(f"the commands to come find the key by {key_place.VARIABLE}={place}; set it where they run.")
