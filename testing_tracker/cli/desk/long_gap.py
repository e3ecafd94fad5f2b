"""The setting that `draw`, `serve`, `status` and `doctor` share: how many nights may be without a run."""

from collections.abc import Callable
from typing import TypeVar

import click

from testing_tracker.rules.keeping.long_gap import LONGEST_GAP

VARIABLE = "TESTING_TRACKER_LONGEST_GAP"
_Command = TypeVar("_Command", bound=Callable[..., object])


def longest_gap_option(command: _Command) -> _Command:
    """`--longest-gap`, which the environment can say once for all."""
    return click.option(
        "--longest-gap",
        type=click.IntRange(min=0),
        default=LONGEST_GAP,
        show_default=True,
        envvar=VARIABLE,
        metavar="NIGHTS",
        help="More nights than this without a run wait for `draw --catch-up-to`.",
    )(command)
