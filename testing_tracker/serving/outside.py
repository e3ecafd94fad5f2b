"""Hands the nights' witness lines to where they are kept: a file in a folder, or a command such as ssh.

A night never waits for it and never fails by it: it is done once the night is on record, and again where it failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.witness import Witness
from testing_tracker.rules.serving.delivery_file import WitnessDelivery
from testing_tracker.services.reporting import lines_out
from testing_tracker.serving.commands import run
from testing_tracker.serving.courier import Attempt, Transaction
from testing_tracker.store.kept_lines import append_once

SECONDS_FOR_A_COMMAND = 30


@dataclass(frozen=True)
class LinesAttempt(Attempt):
    """How an attempt to hand lines over ended."""

    lines: Sequence[Witness]


@dataclass(frozen=True)
class Outside:
    """A facility's way to where its lines are kept. `seconds` is how long a command may take."""

    reading: Transaction
    writing: Transaction
    way: WitnessDelivery | None
    facility: int
    seconds: float = SECONDS_FOR_A_COMMAND

    def hand_over(self, *, again: bool = False) -> LinesAttempt | None:
        """Hand over the lines that have not left; None where none is owed, or another process is at it.

        `again` also before its time. Never raises for what keeps them: that is the attempt's `error`, and on record.
        """
        if self.way is None:
            return None
        with self.reading() as work:
            if not (lines_out.not_left(work) if again else lines_out.is_owed(work)):
                return None
        with self.writing() as work:
            taken = lines_out.claim(work, again=again)
        if taken is None:
            return None
        lines, claim = taken
        error = self._handed_over(lines, self.way)
        with self.writing() as work:
            next_at: datetime | None = lines_out.finish(work, claim, lines, error)
        return LinesAttempt(error, next_at, lines)

    def _handed_over(self, lines: Sequence[Witness], way: WitnessDelivery) -> str | None:
        """What kept the lines from being handed over; None for nothing."""
        if way.folder is None:
            return run(way.command, "".join(f"{line}\n" for line in lines), self.seconds)
        # Facilities may share a folder, so all but the first have their number in the name.
        whose = "" if self.facility == 1 else f"-facility-{self.facility}"
        file = way.folder / f"witness{whose}.txt"
        try:
            append_once(file, [str(line) for line in lines])
            if way.timestamp is not None and way.timestamp_ca is not None:
                from testing_tracker.serving.timestamps import stamp  # few have them, and it loads much

                # One is enough for all: a page's digest goes over every page before it.
                append_once(file, [str(stamp(lines[-1], way.timestamp, way.timestamp_ca, self.seconds))])
        except OSError as error:
            return f"{file}: {error.strerror or 'it cannot be written to'}"
        except TestingTrackerError as error:
            return str(error)
        except Exception as error:  # or else it would keep the reports that are delivered after it from leaving too
            return f"something went wrong inside the program ({type(error).__name__})"
        return None
