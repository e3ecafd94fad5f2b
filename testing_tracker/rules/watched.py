"""What is told to whoever watches something that takes long: a command with a bar on a terminal, or nobody."""

from collections.abc import Callable

# Called with each part that is done.
Advance = Callable[[int], None]
# Told of a step, in the words that a person reads while it lasts, and of how many parts it has. The step that was begun
# last is the one that is shown.
Begin = Callable[[str, int], Advance]


def nobody(_part: int) -> None:
    """Nobody watches what is done."""


def unwatched(_doing: str, _total: int) -> Advance:
    """Nobody watches the steps."""
    return nobody
