"""Records a draw that gave no specimen, or one whose result is to come, and says what follows; whatever was typed."""

from typing import Any

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, say, warn
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import changed_line, lost_ground_line
from testing_tracker.cli.desk.result_options import new_cup
from testing_tracker.rules.words import Status


def record_absence(
    desk: Desk, code: str, on: str | None, for_cause: bool | None, status: Status, reason: str | None
) -> None:
    """Record that a draw was missed, refused or is excused, and say what follows."""
    with desk.writing() as work:
        day = day_given(on, work.today)
        found = services.draws.find_draw(work, code, day, for_cause=for_cause)
        earlier = found.draw.status
        changed = services.attendance.record_absence(work, found, status, reason)
        which, now = found.which, found.draw.status
        if now != status:
            now += f", because {found.draw.reason}"
        lines = [f"{which}: {now} (was {earlier}).", *changed_line(found.participant.code, changed)]
        lost = services.reviews.lost_ground_of(work.session, found.draw)
        if lost is not None:
            lines.append(lost_ground_line(found.participant.code, lost))
    for line in lines:
        say(desk, line)


def record_unable(desk: Desk, code: str, on: str | None, for_cause: bool | None, reason: str | None) -> None:
    """Record that somebody tried and could not, and say it."""
    with desk.writing() as work:
        found = services.draws.find_draw(work, code, day_given(on, work.today), for_cause=for_cause)
        services.attendance.record_unable(work, found, reason)
        which, status = found.which, found.draw.status
    say(desk, f"{which}: tried and could not provide; the draw is {status}.")


def record_collected(desk: Desk, code: str, on: str | None, for_cause: bool | None, said: dict[str, Any]) -> None:
    """Record a cup whose result is to come, with what is said of it, and say it."""
    told: list[str] = []
    with desk.writing() as work:
        day = day_given(on, work.today)
        found = services.draws.find_draw(work, code, day, for_cause=for_cause)
        earlier, cup = found.draw.status, new_cup(work, day, said)
        if cup is None:
            services.attendance.record_collected(work, found)
        else:
            told = services.collecting.record(work, found, cup)
        label = f", {cup.specimen.label}" if cup is not None and cup.specimen.label else ""
        which = found.which
    say(desk, f"{which}: collected{label} (was {earlier}).")
    for one in told:
        warn(f"{one}.")
