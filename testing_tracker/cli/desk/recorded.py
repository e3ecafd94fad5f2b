"""What was put on record for a draw and what follows, in words: by a command, the log session or the board."""

from typing import TYPE_CHECKING

from testing_tracker.cli.desk.output import changed_line, decided_lines, lost_ground_line, recommendation_line
from testing_tracker.rules.testing.log_line import Tried
from testing_tracker.rules.words import Status

if TYPE_CHECKING:
    from testing_tracker.services.testing.log_lines import EntryOnRecord
    from testing_tracker.services.testing.log_undo import Undone
    from testing_tracker.services.testing.results import Logged
    from testing_tracker.services.testing.settling import RaisedRecommendation


def found_in_words(logged: "Logged") -> str:
    """The outcome that went on record, with what was found."""
    return f"{logged.outcome} for {', '.join(logged.analytes)}" if logged.analytes else str(logged.outcome)


def told(which: str, done: str, logged: "Logged") -> list[str]:
    """What a nurse has to see: what was done, and what follows from it."""
    was = f" (was {logged.earlier_status})" if logged.earlier_status not in (Status.DUE, Status.COLLECTED) else ""
    lines = [f"{which}: {done}{was}."]
    if logged.governing is not None:
        one = logged.governing
        found = f" for {', '.join(one.analytes)}" if one.analytes else ""
        lab = f", {one.lab}" if one.lab else ""
        lines.append(f"The {one.method} result ({one.outcome}{found}{lab}) governs the draw and still stands.")
    lines += _interpretation_in_words(logged)
    if logged.settled.presumptive:
        left = ", ".join(logged.settled.presumptive)
        lines.append(f"The definitive result says nothing of {left}: found by the cup, presumptive, to be confirmed.")
    if logged.collect_again is not None:
        lines.append(f"It says nothing of use. To collect another specimen: `{logged.collect_again}`.")
    if logged.draw.late:
        lines.append("It was given after the collection window had closed: counted as collected, and marked late.")
    lines += changed_line(logged.participant.code, logged.recommendation)
    lines += decided_lines(logged.decided, "what this corrects")
    if logged.settled.lost is not None:
        lines.append(lost_ground_line(logged.participant.code, logged.settled.lost))
    return lines


def _interpretation_in_words(logged: "Logged") -> list[str]:
    """How the result reads against the prescriptions, where there is something to say."""
    read = logged.settled.read
    if logged.outcome is None:
        return []
    lines = []
    if logged.settled.is_expected:
        lines.append(f"Expected: a prescription explains {', '.join(read.expected)}. Nothing is raised.")
    elif read.expected:
        explained, rest = ", ".join(read.expected), ", ".join(read.unexpected)
        lines.append(f"A prescription explains {explained}, not {rest}.")
    if read.absent:
        absent = ", ".join(read.absent)
        lines.append(f"Unexpected negative: {absent} is prescribed and was not found. It is on the clinician's list.")
    return lines


def said_of_entry(entry: "EntryOnRecord") -> list[str]:
    """What was done, and what follows. In the transaction of the entry: its rows are read."""
    opened, logged, said = entry.opened, entry.logged, entry.said
    if entry.recorded is Tried.UNABLE:
        return [f"{opened.which}: tried and could not provide; the draw is {entry.became.status}."]
    label = f", {said.label}" if said.label else ""
    if logged is None:
        done = f"{opened.which}: {entry.recorded}{label} (was {entry.before})."
        return [done, *_recommended(entry.raised), *(f"Note: {one}." for one in entry.told)]
    found = f"{found_in_words(logged)} logged{label}"
    return [
        *told(opened.which, f"definitive result of {said.lab}, {found}" if said.by_lab else found, logged),
        *(f"Note: {one}." for one in logged.warnings),
    ]


def said_of_undone(entry: "EntryOnRecord", undone: "Undone") -> list[str]:
    """What the draw is now that an entry was taken back, and what follows."""
    now = f"{undone.status}, because {undone.because}" if undone.because else f"{undone.status} again"
    return [
        f"{entry.opened.which}: {entry.recorded} taken back; it is {now}.",
        *_recommended(undone.raised),
        *decided_lines(undone.decided, "what this takes back"),
        *([lost_ground_line(entry.opened.code, undone.lost)] if undone.lost is not None else []),
    ]


def _recommended(raised: "RaisedRecommendation | None") -> list[str]:
    return [recommendation_line(raised.number, raised.participant, raised.status, raised.reason)] if raised else []
