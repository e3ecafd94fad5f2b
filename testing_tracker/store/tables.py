"""The tables.

Levels of care, schedules, enrolments, leaves and results are histories: a change or a correction is a new row, and
triggers in the database refuse to alter an old one. `due_on` and `from_on` are the facility's local dates; `…_at` are
instants, aware and in UTC.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from testing_tracker.rules.words import Decision, Kind, Level, Outcome, Status

# A later migration can only alter a constraint that has a name.
SQLModel.metadata.naming_convention = {
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "uq": "%(table_name)s_%(column_0_N_name)s_unique",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_N_name)s_refers",
    "pk": "%(table_name)s_key",
}

OPEN_ONLY = text(f"status = '{Decision.OPEN}'")


def _one_of(column: str, words: type[Kind | Level | Outcome | Status | Decision]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")


class Facility(SQLModel, table=True):
    """A clinic. `training` marks one that may pretend the date and whose output says so."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    timezone: str
    training: bool = False
    opened_on: date


class Schedule(SQLModel, table=True):
    """A schedule's name, kept for ever."""

    __table_args__ = (UniqueConstraint("facility_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    name: str


class ScheduleVersion(SQLModel, table=True):
    """The text of a schedule's file as it binds from a day on, until a later version does.

    `chances` is the table of chances of a random schedule with bounds, as JSON; None where one chance holds always.
    """

    __tablename__ = "schedule_version"
    __table_args__ = (UniqueConstraint("schedule_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    schedule_id: int = Field(foreign_key="schedule.id")
    version: int
    binds_from: date
    text: str
    recorded_at: datetime
    recorded_by: str
    chances: str | None = None


class Participant(SQLModel, table=True):
    """A person, by the facility's own code. `code_key` is the code without regard to case."""

    __table_args__ = (
        UniqueConstraint("facility_id", "code_key"),
        Index("participant_in_order", "facility_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    code: str
    code_key: str
    name: str | None = None


class Enrolment(SQLModel, table=True):
    """From a day on the participant is in the programme (`enrolled`), or not any more."""

    __table_args__ = (Index("enrolment_in_order", "participant_id", "from_on", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    from_on: date
    enrolled: bool
    reason: str | None = None
    recorded_at: datetime
    recorded_by: str


class Placement(SQLModel, table=True):
    """From a day on the participant is in this level of care."""

    __table_args__ = (
        Index("placement_in_order", "participant_id", "from_on", "id"),
        _one_of("level", Level),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    from_on: date
    level: str
    reason: str | None = None
    recommendation_id: int | None = Field(default=None, foreign_key="recommendation.id")
    recorded_at: datetime
    recorded_by: str


class Assignment(SQLModel, table=True):
    """From a day on the participant is tested by this schedule."""

    __table_args__ = (Index("assignment_in_order", "participant_id", "from_on", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    from_on: date
    schedule_id: int = Field(foreign_key="schedule.id")
    recorded_at: datetime
    recorded_by: str


class Leave(SQLModel, table=True):
    """Days, both included, on which the participant is away and not drawn.

    A row that `replaces` another one corrects it: the earlier row does not count any more. One whose `to_on` lies
    before its `from_on` takes the whole leave back.
    """

    __table_args__ = (Index("leave_in_order", "participant_id", "from_on"),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    from_on: date
    to_on: date
    reason: str
    replaces_id: int | None = Field(default=None, foreign_key="leave.id", unique=True)
    recorded_at: datetime
    recorded_by: str


class Night(SQLModel, table=True):
    """One day's nightly run. `ran` is false for a gap: a night of which a later run found that there was none.

    `last_participant_id` is the newest participant that the run decided on; a further run on the same day decides
    only on those who came after, so nobody's day is decided twice.
    """

    __table_args__ = (UniqueConstraint("facility_id", "day"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    day: date
    ran: bool
    last_participant_id: int
    recorded_at: datetime
    recorded_by: str


class KeyChain(SQLModel, table=True):
    """The key that the draws come from, from a day on until a later one begins: what everybody may know of it.

    `anchor` is in hexadecimal; the seed that leads to it is in the key file, never here.
    """

    __tablename__ = "key_chain"

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    anchor: str
    first_day: date
    days: int
    reason: str
    recorded_at: datetime
    recorded_by: str


class Pool(SQLModel, table=True):
    """On whom a run decided for a day, and what it knew: with the key, enough to decide all of it again.

    The participants are those with ids from the first to the last; known were the rows of the histories up to the ids
    here, and the draws up to `last_draw_id`. `ran` is false for a gap, whose fixed draws are unrecorded. `revealed` is
    the secret of the day before, in hexadecimal, shown because that day is over; `seal` is made with the key over the
    ledger as far as `last_page_id`.
    """

    __table_args__ = (Index("pool_by_day", "facility_id", "day"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    day: date
    ran: bool
    key_chain_id: int = Field(foreign_key="key_chain.id")
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
    recorded_at: datetime
    recorded_by: str


class LedgerPage(SQLModel, table=True):
    """What one transaction added to the tables that only grow, as marks that show any later change.

    `up_to` is JSON: the newest id of each table at its end. `marks` has the first eight bytes of each new row's
    SHA-256, in the order of tables and ids; `digest` goes over the page before and all these rows.
    """

    __tablename__ = "ledger_page"

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    up_to: str
    marks: bytes
    digest: str


class Draw(SQLModel, table=True):
    """A test that a participant is to give on a day, and what has become of it.

    At most one a day that a schedule or a past record made, and one for cause beside it. `reason` is why the status
    is what it is; `ordered_for` why a test for cause was ordered.
    """

    __table_args__ = (
        Index("draw_once_a_day", "participant_id", "due_on", text(f"(kind = '{Kind.FOR_CAUSE}')"), unique=True),
        Index("draw_by_day", "due_on"),
        _one_of("kind", Kind),
        _one_of("status", Status),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    due_on: date
    kind: str
    status: str
    schedule_version_id: int | None = Field(default=None, foreign_key="schedule_version.id")
    reason: str | None = None
    ordered_for: str | None = None
    recorded_at: datetime


class Result(SQLModel, table=True):
    """What a specimen's test said, or a correction of it.

    The row that no other row `replaces` is the one that counts; without an outcome it takes the earlier one back.
    The two unique columns let only one of two nurses at the same second be first.
    """

    __table_args__ = (
        Index("result_first", "draw_id", unique=True, sqlite_where=text("replaces_id IS NULL")),
        _one_of("outcome", Outcome),
    )

    id: int | None = Field(default=None, primary_key=True)
    draw_id: int = Field(foreign_key="draw.id", index=True)
    outcome: str | None = None
    collected_at: datetime | None = None
    note: str | None = None
    replaces_id: int | None = Field(default=None, foreign_key="result.id", unique=True)
    reason: str | None = None
    recorded_at: datetime
    recorded_by: str


class Finding(SQLModel, table=True):
    """An analyte that a positive result found."""

    __table_args__ = (UniqueConstraint("result_id", "analyte"),)

    id: int | None = Field(default=None, primary_key=True)
    result_id: int = Field(foreign_key="result.id")
    analyte: str


class Recommendation(SQLModel, table=True):
    """An escalation recommendation to a clinician. A participant has at most one open."""

    __table_args__ = (
        Index("recommendation_open", "participant_id", unique=True, sqlite_where=OPEN_ONLY),
        _one_of("from_level", Level),
        _one_of("to_level", Level),
        _one_of("status", Decision),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    from_level: str
    to_level: str
    status: str
    reason: str
    raised_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    decision_reason: str | None = None


class Evidence(SQLModel, table=True):
    """A draw whose positive result a recommendation rests on, until it is withdrawn."""

    __table_args__ = (
        Index(
            "evidence_standing",
            "recommendation_id",
            "draw_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    recommendation_id: int = Field(foreign_key="recommendation.id")
    draw_id: int = Field(foreign_key="draw.id", index=True)
    added_at: datetime
    withdrawn_at: datetime | None = None


class AuditEntry(SQLModel, table=True):
    """Who did what, when and why. Rows are only ever added."""

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    at: datetime
    account: str
    act: str
    participant_id: int | None = Field(default=None, foreign_key="participant.id", index=True)
    draw_id: int | None = Field(default=None, foreign_key="draw.id", index=True)
    recommendation_id: int | None = Field(default=None, foreign_key="recommendation.id")
    reason: str | None = None
    detail: str | None = None
