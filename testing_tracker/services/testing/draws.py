"""Draws: which ones are due on a day, which one a person means, and ordering one for cause."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Select, bindparam, func
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker import services
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.which_draw import of_the_kind, says, to_record_for
from testing_tracker.rules.words import DrawKind, Outcome, ParticipantStatus, Status
from testing_tracker.services.people.lookup import find_enrolled, find_participant, records_of_person
from testing_tracker.store.queries import draw_stands, draws_on, governs, id_of, in_force, oldest_of_few, standing_on
from testing_tracker.store.tables import (
    Draw,
    Enrolment,
    Facility,
    Night,
    Participant,
    Result,
    Schedule,
    ScheduleVersion,
)
from testing_tracker.store.work import Work

if TYPE_CHECKING:
    from testing_tracker.rules.schedules.schedule import TestingRule

MADE_BY_SCHEDULES = (DrawKind.FIXED, DrawKind.RANDOM)


@dataclass(frozen=True)
class DueLine:
    """A draw of a day and what has become of it. `schedule` is None where none made the draw.

    `expected`: prescriptions explain all that was found. `panel` are the analytes to look for, where panels rotate.
    """

    participant: str
    due_on: date
    kind: DrawKind
    status: Status
    outcome: Outcome | None
    schedule: str | None
    reason: str | None
    expected: bool = False
    panel: list[str] | None = None


@dataclass(frozen=True)
class OpenDraw:
    """A draw that something is to be recorded for, with its result so far.

    `version` is what the draw goes by, where it says so. It is held here because a session forgets rows that nobody
    holds, and would ask for it again each time that something goes by the schedule.
    """

    participant: Participant
    draw: Draw
    result: Result | None
    version: ScheduleVersion | None = None

    @property
    def which(self) -> str:
        """The draw in a message's words."""
        cause = "for-cause " if self.draw.kind == DrawKind.FOR_CAUSE else ""
        return f"{self.participant.code}'s {cause}draw of {self.draw.due_on}"

    @property
    def outcome(self) -> Outcome | None:
        """What the results say; nothing yet where the specimen is to be, or was, collected again."""
        if self.result is None or self.result.outcome is None:
            return None
        return says(Status(self.draw.status), self.draw.because, Outcome(self.draw.outcome or self.result.outcome))

    @property
    def has_earlier_specimen(self) -> bool:
        """Whether a specimen is on record that does not count, because another one is, or was, to be collected."""
        return self.result is not None and self.result.outcome is not None and self.outcome is None

    @property
    def kind(self) -> DrawKind:
        """Why the draw exists."""
        return DrawKind(self.draw.kind)

    @property
    def status(self) -> Status:
        """What has become of the draw."""
        return Status(self.draw.status)


def due(work: Work, day: date) -> list[DueLine]:
    """Who is to be tested on a day, by code."""
    rows = work.session.exec(
        select(Draw, Participant.code, Schedule.name)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .join(ScheduleVersion, col(ScheduleVersion.id) == Draw.schedule_version_id, isouter=True)
        .join(Schedule, col(Schedule.id) == ScheduleVersion.schedule_id, isouter=True)
        .where(Participant.facility_id == work.facility_id, Draw.due_on == day, draw_stands())
        .order_by(Participant.code_key, col(Draw.id))
    )
    return [
        DueLine(
            participant=code,
            due_on=draw.due_on,
            kind=DrawKind(draw.kind),
            status=Status(draw.status),
            outcome=Outcome(draw.outcome) if draw.outcome else None,
            schedule=schedule if draw.kind in MADE_BY_SCHEDULES else None,
            reason=draw.reason or draw.ordered_for,
            expected=draw.expected,
            panel=list(services.versions.test_of(work, draw).panel) if draw.panel is not None else None,
        )
        for draw, code, schedule in rows
    ]


def night_has_run(work: Work, day: date) -> bool:
    """Whether the draws of a day were made."""
    return (
        work.session.exec(
            select(Night.id).where(Night.facility_id == work.facility_id, Night.day == day, col(Night.ran))
        ).first()
        is not None
    )


def is_still_to_be_drawn(work: Work, day: date) -> bool:
    """Whether the next nightly run decides on a day, today or before: no run has come as far yet."""
    if day > work.today or day < work.session.get_one(Facility, work.facility_id).opened_on:
        return False
    reached = select(Night.id).where(Night.facility_id == work.facility_id, Night.day >= day)
    return work.session.exec(reached.limit(1)).first() is None


def last_run_before(work: Work, day: date) -> date | None:
    """The last day before one whose draws a run has made."""
    newest = select(func.max(Night.day)).where(Night.facility_id == work.facility_id, Night.day < day, col(Night.ran))
    return work.session.exec(newest).one()


def state_of_draw(draw: Draw) -> tuple[object, ...]:
    """What anything that is recorded for a draw rests on: it changes whenever the draw does."""
    return draw.status, draw.outcome, draw.unable, draw.because, draw.reason


def find_draw(work: Work, code: str, day: date, *, for_cause: bool | None = None) -> OpenDraw:
    """The draw that a person means by a code and a day, to record something new for it.

    Where a scheduled draw and one for cause fall on one day, the one that is still awaited is meant, or else the one
    without result; `for_cause` says it otherwise. Raises TestingTrackerError when there is none, naming the nearest,
    or when it is not clear which.
    """
    return _only(to_record_for(_draws_meant(work, code, day, for_cause)))


def find_draw_to_correct(work: Work, code: str, day: date, *, for_cause: bool | None = None) -> OpenDraw:
    """The draw to correct. Of two it never guesses which is meant: either may have the wrong record."""
    return _only(_draws_meant(work, code, day, for_cause))


def _draws_meant(work: Work, code: str, day: date, for_cause: bool | None) -> list[OpenDraw]:
    said = {"facility_id": work.facility_id, "code_key": code.casefold(), "day": day}
    rows = work.session.execute(_draws_of_a_day(), said).all()
    if any(_is_alive(row[1]) for row in rows):
        participant = rows[0][0]
    else:  # the code may have been corrected, or joined into another one
        participant = find_participant(work, code)
        records = records_of_person(work.session, participant)
        others = [work.session.execute(_draws_of_a_day(), {**said, "code_key": one.code_key}).all() for one in records]
        having = [other for other in [rows, *others] if any(row[1] is not None for row in other)]
        rows = next((other for other in having if any(_is_alive(row[1]) for row in other)), having[0] if having else [])
    if day > work.today:
        raise TestingTrackerError(f"{day} is in the future; today is {work.today}.")
    found = of_the_kind([OpenDraw(*row) for row in rows if row[1] is not None], for_cause)
    if not found:
        raise TestingTrackerError(_no_draw(work, participant, day, for_cause))
    return found


def _is_alive(draw: Draw | None) -> bool:
    return draw is not None and draw.status != Status.CANCELLED


@cache  # asked for each cup of a log session, and takes longer to put together than to run
def _draws_of_a_day() -> Select[Participant, Draw, Result, ScheduleVersion]:
    """The participant with a code, and a row for each draw of a day, oldest first, with the result that counts."""
    return (
        sa_select(Participant, Draw, Result, ScheduleVersion)
        .join(
            Draw,
            (col(Draw.participant_id) == Participant.id) & (Draw.due_on == bindparam("day")) & draw_stands(),
            isouter=True,
        )
        .join(Result, (col(Result.draw_id) == Draw.id) & governs(), isouter=True)
        .join(ScheduleVersion, col(ScheduleVersion.id) == Draw.schedule_version_id, isouter=True)
        .where(
            col(Participant.facility_id) == bindparam("facility_id"), col(Participant.code_key) == bindparam("code_key")
        )
        .order_by(oldest_of_few())
    )


def _only(found: list[OpenDraw]) -> OpenDraw:
    if len(found) > 1:
        raise TestingTrackerError(
            f"{found[0].participant.code} has two draws on {found[0].draw.due_on}, a scheduled one and one for cause. "
            "Add --scheduled or --for-cause to say which."
        )
    return found[0]


_WHICH = {None: "No draw", False: "No scheduled draw", True: "No draw for cause"}


def _no_draw(work: Work, participant: Participant, day: date, for_cause: bool | None) -> str:
    if not for_cause and is_still_to_be_drawn(work, day):
        which = "Today's draws are" if day == work.today else f"The draws of {day} are"
        return (
            f"{which} not made yet, so nothing can be recorded for {participant.code}'s. Run `testing-tracker draw`, "
            "and record it then."
        )
    last = work.session.exec(
        select(Draw)
        .where(Draw.participant_id == participant.id, Draw.due_on <= work.today, Draw.due_on != day)
        .order_by(col(Draw.due_on).desc())
        .limit(1)
    ).first()
    said = f"{_WHICH[for_cause]} was due for {participant.code} on {day}"
    if last is None:
        said += "."
    else:
        said += f"; the last one was on {last.due_on} ({last.status})."
    return f"{said} Give --on, or order one with `testing-tracker test {participant.code}`."


def window_closes(work: Work, draw: Draw, rule: "TestingRule | None" = None) -> datetime:
    """The instant from which nobody can give a draw's specimen any more; by the draw's own rule unless one is given."""
    from testing_tracker.rules.calendar import instant_reached  # the call list has no need of it

    binding = rule or services.versions.rule_of_draw(work, draw)
    return instant_reached(draw.due_on, binding.collection.closes, work.zone)


def order_test(work: Work, code: str, reason: str | None) -> Draw:
    """Order a test for cause today, outside the schedule; one a day. It may stand beside a scheduled draw."""
    participant = find_enrolled(work, code)
    identity = id_of(participant)
    if in_force(work.session, Enrolment, identity, work.today) is None:
        raise TestingTrackerError(f"{participant.code}'s enrolment has not begun yet.")
    if standing_on(work.session, identity, work.today) is ParticipantStatus.ON_LEAVE:
        raise TestingTrackerError(
            f"{participant.code} is on leave today. If the participant is back, say so first with "
            f"`testing-tracker participant return {participant.code}`."
        )
    for draw in draws_on(work.session, identity, work.today):
        if draw.kind == DrawKind.FOR_CAUSE:
            raise TestingTrackerError(
                f"A test for cause was ordered for {participant.code} today already ({draw.status})."
            )
    draw = Draw(
        participant_id=identity,
        due_on=work.today,
        kind=DrawKind.FOR_CAUSE,
        status=Status.DUE,
        schedule_version_id=services.versions.binding_on(work, identity, work.today),
        ordered_for=reason,
    )
    work.write(draw)
    work.on_record(Act.DRAW_ORDER, draw=draw, reason=reason)
    work.session.flush()
    return draw
