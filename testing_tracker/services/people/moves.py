"""Moves from one level of care to another, as they are said before they are made."""

from dataclasses import dataclass
from datetime import date

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import Level
from testing_tracker.services.people import participants
from testing_tracker.services.people.lookup import find_enrolled, first_day_of_change
from testing_tracker.services.people.participants import Transferred
from testing_tracker.store.queries import id_of, level_on, schedule_name_on
from testing_tracker.store.tables import Participant
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class LevelMove:
    """A participant's move from a level of care to another one, which may be the same; `today` is when it is said.

    `schedules` are the one that tests the participant from that day on, and the one that is to come after it, if any.
    """

    participant: str
    before: Level
    level: Level
    from_on: date
    today: date
    schedules: tuple[str, ...]

    @property
    def is_any(self) -> bool:
        """Whether the level becomes another one."""
        return self.level is not self.before

    @property
    def when(self) -> str:
        """From when on, for people: `today`, or the first day of an enrolment that is still to come."""
        return "today" if self.from_on == self.today else f"{self.from_on}, the first day of the enrolment"

    @property
    def schedule_stays(self) -> str:
        """That the level of care changes nothing of how somebody is tested: `the schedule stays random-2`."""
        return f"the schedule stays {', then '.join(self.schedules)}"

    def __str__(self) -> str:
        """`A17 moves from iop to php today; the schedule stays random-2`."""
        if not self.is_any:
            return f"{self.participant} stays in {self.level}; {self.schedule_stays}"
        when = "today" if self.from_on == self.today else f"on {self.when}"
        return f"{self.participant} moves from {self.before} to {self.level} {when}; {self.schedule_stays}"

    @property
    def done(self) -> str:
        """The move as it is told afterwards: `A17 is in php from today; the schedule stays random-2`."""
        where = f"is in {self.level} from {self.when}" if self.is_any else f"stays in {self.level}"
        return f"{self.participant} {where}; {self.schedule_stays}"


def level_of_change(work: Work, participant: Participant) -> Level:
    """The level of care that a change made now would change: today's, or an enrolment's that is still to come."""
    return level_on(work.session, id_of(participant), first_day_of_change(work, id_of(participant)))


def move_of(work: Work, participant: Participant, level: Level) -> LevelMove:
    """What moving a participant to a level of care would do now."""
    identity = id_of(participant)
    from_on = first_day_of_change(work, identity)
    schedules = (schedule_name_on(work.session, identity, day) for day in (from_on, date.max))
    return LevelMove(
        participant=participant.code,
        before=level_on(work.session, identity, from_on),
        level=level,
        from_on=from_on,
        today=work.today,
        schedules=tuple(dict.fromkeys(schedules)),
    )


def transfer_of(work: Work, code: str, level: Level) -> LevelMove:
    """What transferring the participant with a code would do. Raises TestingTrackerError where `transfer` does."""
    move = move_of(work, find_enrolled(work, code), level)
    if not move.is_any:
        raise TestingTrackerError(f"{move.participant} is in {level} already; there is nothing to do.")
    return move


def transfer(
    work: Work, code: str, level: Level, reason: str, as_said: LevelMove | None = None
) -> tuple[str, Transferred]:
    """Move the participant with a code to another level of care from today; returns the code on record too.

    Raises TestingTrackerError where that is the present level, and where it would do something else than was said
    before, if anything was.
    """
    participant = find_enrolled(work, code)
    move = move_of(work, participant, level)
    check_as_said(move, as_said, move)
    return participant.code, participants.transfer(work, participant, level, reason)


def check_as_said(now: object, said: object | None, move: object) -> None:
    """Raise TestingTrackerError where an act would do something else than was said before, if anything was."""
    if said is not None and now != said:
        raise TestingTrackerError(f"The record has changed since you were asked: now {move}. Nothing was done.")
