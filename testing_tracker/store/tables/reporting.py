"""What nights found when they closed a day, the reports as they were printed, their delivery, who may do what, and who
looked."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from testing_tracker.rules.words import Channel, Role
from testing_tracker.store.tables.constraints import of_facility, one_of, stamped, within_facility


class Closing(SQLModel, table=True):
    """What a nightly run found when it closed a day: of how many of the draws nothing was on record.

    `draws` are those that were to be given in the `days` that end with `day`, `untouched` those of them of which
    nobody had recorded anything; `usual_draws` and `usual_untouched` the same of the days before that it compared them
    with. `held`: far more were untouched than usual, so they became unrecorded and not missed. A day is closed again
    where the night that closed it was taken back.
    """

    __table_args__ = (of_facility("closing"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    day: date
    days: int
    draws: int
    untouched: int
    usual_draws: int
    usual_untouched: int
    held: bool
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()


class ReportEdition(SQLModel, table=True):
    """A week's report as it was first printed, or printed again after its records had changed.

    `digest` is over all that the report says of its week. `totals` and `standing` are JSON: the week's counts, and
    what was open when it was printed. `last_entry_id` is the newest audit entry that it knew.
    """

    __tablename__ = "report_edition"
    __table_args__ = (
        of_facility("report_edition"),
        UniqueConstraint("facility_id", "week", "digest"),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    week: str
    digest: str
    totals: str
    standing: str
    last_entry_id: int
    printed_at: datetime
    printed_by: str


class Delivery(SQLModel, table=True):
    """A week's report on its way to a folder or by mail, or a day's reminder that was told and may be mailed.

    `busy_until` is when an attempt that was begun, and whose end nobody has recorded, counts as failed; no other one
    begins before that, nor before `next_at`. `error` is what the last attempt failed with.
    """

    __table_args__ = (
        of_facility("delivery"),
        UniqueConstraint("facility_id", "week", "channel"),
        UniqueConstraint("facility_id", "day", "channel"),
        CheckConstraint("(week IS NULL) <> (day IS NULL)", name="is_of_a_week_or_a_day"),
        one_of("channel", Channel),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    week: str | None = None
    channel: str
    attempts: int = 0
    next_at: datetime
    busy_until: datetime | None = None
    delivered_at: datetime | None = None
    error: str | None = None
    day: date | None = None


class Staff(SQLModel, table=True):
    """What an account of the operating system may do at the facility, or from a row on not any more (`allowed`).

    Of an account and a role the newest row counts.
    """

    __table_args__ = (
        of_facility("staff"),
        one_of("role", Role),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    account: str
    role: str
    allowed: bool
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()


class Look(SQLModel, table=True):
    """Who looked at a participant's record, when, and by which command, such as `participant show`.

    `detail` says what of it was shown, where the command does not, and never a name. Without a participant it was a
    list of many.
    """

    __table_args__ = (
        within_facility("participant_id", "participant"),
        Index("look_in_order", "facility_id", "id"),
        Index("look_by_participant", "participant_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    participant_id: int | None = None
    command: str
    detail: str | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
