"""All figures of speed in one table; `docs/speed.md` keeps the last ones.

    python benchmarks
    .ci/postgresql python benchmarks

Takes some ten minutes, most of them for a million participants and a million lines.
"""

import commands
import history
import log
import night
import participants
from measuring import print_table


def main() -> None:
    print_table(figure for part in (commands, log, night, participants, history) for figure in part.figures())


if __name__ == "__main__":
    main()
