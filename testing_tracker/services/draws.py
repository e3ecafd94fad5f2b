"""Draws: which ones are due on a day, which one a person means, and ordering one for cause."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import Select, bindparam
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker import services
from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.attendance import NOT_YET_DONE
from testing_tracker.rules.words import Kind, Outcome, Standing, Status
from testing_tracker.services.lookup import find_enrolled, find_participant, records_of_person
from testing_tracker.store import audit
from testing_tracker.store.queries import counts, draws_on, id_of, in_force, standing_on
from testing_tracker.store.tables import (
    Draw,
    Enrolment,
    Night,
    Participant,
    Result,
    Schedule,
    ScheduleVersion,
)


@dataclass(frozen=True)
class DueLine:
    """A draw of a day and what has become of it. `schedule` is None where none made the draw.

    `expected`: prescriptions explain all that was found. `panel` are the analytes to look for, where panels rotate.
    """

    participant: str
    due_on: date
    kind: Kind
    status: Status
    outcome: Outcome | None
    schedule: str | None
    reason: str | None
    expected: bool = False
    panel: list[str] | None = None


@dataclass(frozen=True)
class OpenDraw:
    """A draw that something is to be recorded for, with its result so far.

    `version` made the draw, where a schedule did. It is held here because a session forgets rows that nobody holds,
    and would ask for it again each time that something goes by the schedule.
    """

    participant: Participant
    draw: Draw
    result: Result | None
    version: ScheduleVersion | None = None

    @property
    def which(self) -> str:
        """The draw in a message's words."""
        cause = "for-cause " if self.draw.kind == Kind.FOR_CAUSE else ""
        return f"{self.participant.code}'s {cause}draw of {self.draw.due_on}"

    @property
    def outcome(self) -> Outcome | None:
        """What the result says; nothing yet where the specimen is to be collected again."""
        if self.result is None or self.result.outcome is None or self.draw.status == Status.DUE:
            return None
        return Outcome(self.result.outcome)

    @property
    def is_awaited(self) -> bool:
        """Whether the specimen is still to be given, or its result is still to come."""
        status = Status(self.draw.status)
        return status in NOT_YET_DONE or (status is Status.COLLECTED and self.outcome is None)


def due(session: Session, acting: Acting, day: date) -> list[DueLine]:
    """Who is to be tested on a day, by code."""
    rows = session.exec(
        select(Draw, Participant.code, Schedule.name)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .join(ScheduleVersion, col(ScheduleVersion.id) == Draw.schedule_version_id, isouter=True)
        .join(Schedule, col(Schedule.id) == ScheduleVersion.schedule_id, isouter=True)
        .where(Participant.facility_id == acting.facility_id, Draw.due_on == day)
        .order_by(Participant.code_key, col(Draw.id))
    )
    return [
        DueLine(
            participant=code,
            due_on=draw.due_on,
            kind=Kind(draw.kind),
            status=Status(draw.status),
            outcome=Outcome(draw.outcome) if draw.outcome else None,
            schedule=schedule,
            reason=draw.reason or draw.ordered_for,
            expected=draw.expected,
            panel=list(services.panels.test_of(session, draw).panel) if draw.panel is not None else None,
        )
        for draw, code, schedule in rows
    ]


def night_has_run(session: Session, acting: Acting, day: date) -> bool:
    """Whether the draws of a day were made."""
    return (
        session.exec(
            select(Night.id).where(Night.facility_id == acting.facility_id, Night.day == day, col(Night.ran))
        ).first()
        is not None
    )


def find_draw(session: Session, acting: Acting, code: str, day: date, *, for_cause: bool | None = None) -> OpenDraw:
    """The draw that a person means by a code and a day, to record something new for it.

    Where a scheduled draw and one for cause fall on one day, the one that is still awaited is meant, or else the one
    without result; `for_cause` says it otherwise. Raises TestingTrackerError when there is none, naming the nearest,
    or when it is not clear which.
    """
    found = _draws_meant(session, acting, code, day, for_cause)
    if len(found) > 1:
        found = [one for one in found if one.is_awaited] or found
    if len(found) > 1:
        found = [one for one in found if one.outcome is None] or found
    return _only(found)


def find_draw_to_correct(
    session: Session, acting: Acting, code: str, day: date, *, for_cause: bool | None = None
) -> OpenDraw:
    """The same for a correction. Of two draws it never guesses which is meant: either may have the wrong record."""
    return _only(_draws_meant(session, acting, code, day, for_cause))


def _draws_meant(session: Session, acting: Acting, code: str, day: date, for_cause: bool | None) -> list[OpenDraw]:
    said = {"facility_id": acting.facility_id, "code_key": code.casefold(), "day": day}
    rows = session.execute(_draws_of_a_day(), said).all()
    if any(_is_alive(row[1]) for row in rows):
        participant = rows[0][0]
    else:  # the code may have been corrected, or joined into another one
        participant = find_participant(session, acting, code)
        records = records_of_person(session, participant)
        others = [session.execute(_draws_of_a_day(), {**said, "code_key": one.code_key}).all() for one in records]
        having = [other for other in [rows, *others] if any(row[1] is not None for row in other)]
        rows = next((other for other in having if any(_is_alive(row[1]) for row in other)), having[0] if having else [])
    if day > acting.today:
        raise TestingTrackerError(f"{day} is in the future; today is {acting.today}.")
    found = [OpenDraw(*row) for row in rows if row[1] is not None]
    if for_cause is not None:
        found = [one for one in found if (one.draw.kind == Kind.FOR_CAUSE) is for_cause]
    if not found:
        raise TestingTrackerError(_no_draw(session, acting, participant, day, for_cause))
    return found


def _is_alive(draw: Draw | None) -> bool:
    return draw is not None and draw.status != Status.CANCELLED


@cache  # asked for each cup of a log session, and takes longer to put together than to run
def _draws_of_a_day() -> Select[Participant, Draw, Result, ScheduleVersion]:
    """The participant with a code, and a row for each draw of a day, oldest first, with the result that counts."""
    return (
        sa_select(Participant, Draw, Result, ScheduleVersion)
        .join(Draw, (col(Draw.participant_id) == Participant.id) & (Draw.due_on == bindparam("day")), isouter=True)
        .join(Result, (col(Result.draw_id) == Draw.id) & counts(), isouter=True)
        .join(ScheduleVersion, col(ScheduleVersion.id) == Draw.schedule_version_id, isouter=True)
        .where(
            col(Participant.facility_id) == bindparam("facility_id"),
            col(Participant.code_key) == bindparam("code_key"),
        )
        .order_by(col(Draw.id))
    )


def _only(found: list[OpenDraw]) -> OpenDraw:
    if len(found) > 1:
        raise TestingTrackerError(
            f"{found[0].participant.code} has two draws on {found[0].draw.due_on}, a scheduled one and one for cause. "
            "Add --scheduled or --for-cause to say which."
        )
    return found[0]


_WHICH = {None: "No draw", False: "No scheduled draw", True: "No draw for cause"}


def _no_draw(session: Session, acting: Acting, participant: Participant, day: date, for_cause: bool | None) -> str:
    last = session.exec(
        select(Draw)
        .where(Draw.participant_id == participant.id, Draw.due_on <= acting.today, Draw.due_on != day)
        .order_by(col(Draw.due_on).desc())
        .limit(1)
    ).first()
    said = f"{_WHICH[for_cause]} was due for {participant.code} on {day}"
    if day == acting.today and not night_has_run(session, acting, day):
        said += "; today's draws have not been made yet, `testing-tracker draw` makes them"
    if last is None:
        said += "."
    else:
        said += f"; the last one was on {last.due_on} ({last.status})."
    return f"{said} Give --on, or order one with `testing-tracker test {participant.code}`."


def window_closes(session: Session, acting: Acting, draw: Draw) -> datetime:
    """The instant from which nobody can give a draw's specimen any more."""
    from testing_tracker.rules.calendar import instant  # the call list has no need of it

    return instant(draw.due_on, services.panels.rule_of_draw(session, draw).collection.closes, acting.zone)


def order_test(session: Session, acting: Acting, code: str, reason: str | None) -> Draw:
    """Order a test for cause today, outside the schedule; one a day. It may stand beside a scheduled draw."""
    participant = find_enrolled(session, acting, code)
    identity = id_of(participant)
    if in_force(session, Enrolment, identity, acting.today) is None:
        raise TestingTrackerError(f"{participant.code}'s enrolment has not begun yet.")
    if standing_on(session, identity, acting.today) is Standing.ON_LEAVE:
        raise TestingTrackerError(
            f"{participant.code} is on leave today. If the participant is back, say so first with "
            f"`testing-tracker participant return {participant.code}`."
        )
    for draw in draws_on(session, identity, acting.today):
        if draw.kind == Kind.FOR_CAUSE:
            raise TestingTrackerError(
                f"A test for cause was ordered for {participant.code} today already ({draw.status})."
            )
    draw = Draw(
        participant_id=identity,
        due_on=acting.today,
        kind=Kind.FOR_CAUSE,
        status=Status.DUE,
        ordered_for=reason,
        recorded_at=acting.now,
    )
    session.add(draw)
    session.flush()
    audit.record(session, acting, "draw order", participant_id=identity, draw_id=draw.id, reason=reason)
    session.flush()
    return draw
