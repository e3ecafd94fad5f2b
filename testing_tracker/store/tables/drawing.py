"""Schedules, the key, the nightly runs, and the draws they make."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.words import DrawKind, Outcome, Status
from testing_tracker.store.tables.constraints import of_facility, one_of, stamped, within_facility


class Schedule(SQLModel, table=True):
    """A schedule's name, kept for ever."""

    __table_args__ = (
        of_facility("schedule"),
        UniqueConstraint("facility_id", "name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    name: str


class ScheduleVersion(SQLModel, table=True):
    """The text of a schedule's file as it binds from a day on, until a later version does.

    `chances` is the table of chances of a random schedule with bounds, as JSON; None where one chance holds always.
    """

    __tablename__ = "schedule_version"
    __table_args__ = (
        of_facility("schedule_version"),
        within_facility("schedule_id", "schedule"),
        UniqueConstraint("schedule_id", "version", "facility_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    schedule_id: int
    version: int
    binds_from: date
    text: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    chances: str | None = None
    facility_id: int = stamped()


class KeyChain(SQLModel, table=True):
    """The key that the draws come from, from a day on until a later one begins: what everybody may know of it.

    `anchor` is in hexadecimal; the seed that leads to it is in the key file, never here.
    """

    __tablename__ = "key_chain"
    __table_args__ = (of_facility("key_chain"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    anchor: str
    first_day: date
    days: int
    reason: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()


class Night(SQLModel, table=True):
    """One day's nightly run. `ran` is false for a gap: a night of which a later run found that there was none.

    `last_participant_id` is the newest participant that the run decided on; a further run on the same day decides
    only on those who came after, so nobody's day is decided twice.
    """

    __table_args__ = (
        of_facility("night"),
        UniqueConstraint("facility_id", "day"),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    day: date
    ran: bool
    last_participant_id: int
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()


class Pool(SQLModel, table=True):
    """On whom a run decided for a day, and what it knew: with the key, enough to decide all of it again.

    The participants are those with ids from the first to the last; known were the rows of the histories up to the ids
    here, and the draws up to `last_draw_id`; None for a history that a run of an earlier version kept nothing of. `ran`
    is false for a gap, whose fixed draws are unrecorded. `revealed` is the secret of the last day before that a run
    drew, in hexadecimal, shown because that day is over; `seal` is made with the key over the ledger as far as
    `last_page_id`. `list_digest` is over whom the run decided on, with which chance, and who was drawn; None of pools
    that are older than that.
    """

    __table_args__ = (
        of_facility("pool"),
        within_facility("key_chain_id", "key_chain"),
        Index("pool_by_day", "facility_id", "day"),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    day: date
    ran: bool
    key_chain_id: int
    first_participant_id: int
    last_participant_id: int
    last_enrolment_id: int
    last_assignment_id: int
    last_leave_id: int
    last_version_id: int
    last_draw_id: int
    drawn: int
    revealed: str | None = None
    last_page_id: int
    seal: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    last_holiday_year_id: int | None = None
    last_closure_id: int | None = None
    list_digest: str | None = None


class HolidayYear(SQLModel, table=True):
    """The public holidays of a calendar's year, as the nights go by them from this row on until a later one.

    `days` are ISO dates with a blank between; `library` is the version of the holidays library that said so. Of days
    that were decided already a later row keeps what the earlier one said.
    """

    __tablename__ = "holiday_year"
    __table_args__ = (of_facility("holiday_year"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    calendar: str
    year: int
    days: str
    library: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()


class Closure(SQLModel, table=True):
    """Days, both included, on which the facility itself is closed, or open again after all.

    For a day the last row counts that it lies in. `decided_to` is the last day whose draws were made when it was
    recorded: what those days did cannot be changed any more.
    """

    __table_args__ = (of_facility("closure"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    from_on: date
    to_on: date
    closed: bool
    reason: str
    decided_to: date | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()


class TakingBack(SQLModel, table=True):
    """Nights that were made while the clock was ahead, and were taken back: as if they had never run.

    They are those from `first_day` to `last_day`, and the pools of these days with ids up to `last_pool_id`; what they
    found when they closed the days from `closed_from` on are the closings up to `last_closing_id`. Of these days' draws
    those up to `last_draw_id` were made by them. The chain of `key_chain_id` began with it, because the draws of these
    days had been seen.
    """

    __tablename__ = "taking_back"
    __table_args__ = (
        of_facility("taking_back"),
        within_facility("key_chain_id", "key_chain"),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    first_day: date
    last_day: date
    closed_from: date
    last_pool_id: int
    last_closing_id: int
    last_draw_id: int
    key_chain_id: int
    reason: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()


class NightTakenBack(SQLModel, table=True):
    """A night that was taken back, as it stood among the nights, under its number there."""

    __tablename__ = "night_taken_back"
    __table_args__ = (
        of_facility("night_taken_back"),
        within_facility("taking_back_id", "taking_back"),
        UniqueConstraint("night_id", "facility_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    taking_back_id: int
    night_id: int
    facility_id: int = Field(foreign_key="facility.id")
    day: date
    ran: bool
    last_participant_id: int
    made_at: datetime
    made_by: str


class Draw(SQLModel, table=True):
    """A test that a participant is to give on a day, and what has become of it.

    At most one a day that a schedule or a past record made, and one for cause beside it. `schedule_version_id` is
    what the draw goes by: the version that made it, or that bound the participant when another draw was put on record;
    None for those of earlier versions of the program. `reason` is why the status is what it is, in words, and `because`
    what the program itself goes by of that; `ordered_for` why a test for cause was ordered. `outcome` is the governing
    result's, and `expected` whether prescriptions explain all that it found; both follow from the results and their
    readings. `unable`: the participant tried and could not. `late`: given after the collection window had closed.
    `panel` is the number, from 0, of the panel drawn, where a schedule rotates them. `taken_back_id` is there while the
    night that made the draw is taken back and no later one has made it again.
    """

    __table_args__ = (
        of_facility("draw"),
        within_facility("participant_id", "participant"),
        within_facility("schedule_version_id", "schedule_version"),
        within_facility("taken_back_id", "taking_back"),
        Index(
            "draw_once_a_day",
            "participant_id",
            "due_on",
            text(f"(kind = '{DrawKind.FOR_CAUSE}')"),
            "facility_id",
            unique=True,
        ),
        Index("draw_by_day", "due_on", "facility_id"),
        one_of("kind", DrawKind),
        one_of("status", Status),
        one_of("outcome", Outcome),
        one_of("because", Because),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    due_on: date
    kind: str
    status: str
    schedule_version_id: int | None = None
    reason: str | None = None
    ordered_for: str | None = None
    recorded_at: datetime = stamped()
    outcome: str | None = None
    expected: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    unable: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    late: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    panel: int | None = None
    taken_back_id: int | None = None
    because: str | None = None
    facility_id: int = stamped()
