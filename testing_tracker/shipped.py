"""The schedule files that come with the program."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def shipped_schedules() -> dict[str, str]:
    """The text of each shipped schedule by its file name.

    A wheel carries the folder inside the package; a checkout and an editable install have it beside the package.
    """
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in sorted(_folder().iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def _folder() -> Traversable:
    package = files("testing_tracker")
    inside = package.joinpath("schedules")
    return inside if inside.is_dir() else package.joinpath("..", "schedules")
