"""The tables.

Levels of care, schedules, enrolments, leaves and results are histories: a change or a correction is a new row, and
triggers in the database refuse to alter an old one. `due_on` and `from_on` are the facility's local dates; `…_at` are
instants, aware and in UTC.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from testing_tracker.rules.words import About, Decision, Kind, Level, Method, Outcome, Status, Validity

# A later migration can only alter a constraint that has a name.
SQLModel.metadata.naming_convention = {
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "uq": "%(table_name)s_%(column_0_N_name)s_unique",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_N_name)s_refers",
    "pk": "%(table_name)s_key",
}

OPEN_ONLY = text(f"status = '{Decision.OPEN}'")


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
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
    is what it is; `ordered_for` why a test for cause was ordered. `outcome` is the governing result's, and `expected`
    whether prescriptions explain all that it found; both follow from the results and their readings. `unable`: the
    participant tried and could not. `late`: given after the collection window had closed. `panel` is the number, from
    0, of the panel drawn, where a schedule rotates them.
    """

    __table_args__ = (
        Index("draw_once_a_day", "participant_id", "due_on", text(f"(kind = '{Kind.FOR_CAUSE}')"), unique=True),
        Index("draw_by_day", "due_on"),
        _one_of("kind", Kind),
        _one_of("status", Status),
        _one_of("outcome", Outcome),
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
    outcome: str | None = None
    expected: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
    unable: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
    late: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
    panel: int | None = None


class Result(SQLModel, table=True):
    """What a specimen's test said, or a correction of it.

    A draw has a line of results for each method; in a line the row that no other row `replaces` is the one that
    counts, and without an outcome it takes the earlier one back. A definitive result governs a presumptive one. The
    unique indexes let only one of two nurses at the same second be first.
    """

    __table_args__ = (
        Index("result_first", "draw_id", "method", unique=True, sqlite_where=text("replaces_id IS NULL")),
        _one_of("outcome", Outcome),
        _one_of("method", Method),
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
    method: str = Field(default=Method.PRESUMPTIVE, sa_column_kwargs={"server_default": str(Method.PRESUMPTIVE)})
    lab: str | None = None
    specimen_id: int | None = Field(default=None, foreign_key="specimen.id")


class Finding(SQLModel, table=True):
    """What a result says of one analyte: found, or measured and not `found` because it is below the cutoff.

    `amount` is a decimal number as it was reported, in `unit`.
    """

    __table_args__ = (UniqueConstraint("result_id", "analyte"),)

    id: int | None = Field(default=None, primary_key=True)
    result_id: int = Field(foreign_key="result.id")
    analyte: str
    found: bool = Field(default=True, sa_column_kwargs={"server_default": text("1")})
    amount: str | None = None
    unit: str | None = None


class Reading(SQLModel, table=True):
    """A result read against the participant's prescriptions; the newest reading of a result counts.

    `expected` are the analytes found that prescriptions explain, `unexpected` the others, `absent` those prescribed
    that the test looked for and did not find; each `;`-separated. `reason` says why it was read again.
    """

    id: int | None = Field(default=None, primary_key=True)
    result_id: int = Field(foreign_key="result.id", index=True)
    expected: str = ""
    unexpected: str = ""
    absent: str = ""
    reason: str | None = None
    recorded_at: datetime
    recorded_by: str


class Prescription(SQLModel, table=True):
    """A medicine that a participant takes by prescription, from a day to a day, both included; no end is until now.

    A row that `replaces` another one corrects or ends it: the earlier row does not count any more.
    """

    __table_args__ = (Index("prescription_in_order", "participant_id", "from_on"),)

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id")
    analyte: str
    from_on: date
    to_on: date | None = None
    prescriber: str | None = None
    reason: str | None = None
    replaces_id: int | None = Field(default=None, foreign_key="prescription.id", unique=True)
    recorded_at: datetime
    recorded_by: str


class Specimen(SQLModel, table=True):
    """What was collected for a draw, and what was measured on it, as decimal numbers in text; None is not measured.

    Temperature in degrees Celsius, creatinine in mg/dL. `validity` is the classification by the limits of `edition`,
    `because` the measurement that decided. A row that `replaces` another one corrects it.
    """

    __table_args__ = (_one_of("validity", Validity),)

    id: int | None = Field(default=None, primary_key=True)
    draw_id: int = Field(foreign_key="draw.id", index=True)
    label: str | None = Field(default=None, index=True)
    kind: str
    collector: str | None = None
    observed: bool | None = None
    collected_at: datetime | None = None
    received_at: datetime | None = None
    temperature: str | None = None
    creatinine: str | None = None
    specific_gravity: str | None = None
    ph: str | None = None
    oxidant: str | None = None
    validity: str
    because: str | None = None
    edition: str | None = None
    replaces_id: int | None = Field(default=None, foreign_key="specimen.id", unique=True)
    recorded_at: datetime
    recorded_by: str


class Handover(SQLModel, table=True):
    """A specimen that passed from one hand to the next."""

    id: int | None = Field(default=None, primary_key=True)
    specimen_id: int = Field(foreign_key="specimen.id", index=True)
    from_whom: str
    to_whom: str
    at: datetime
    purpose: str | None = None
    recorded_at: datetime
    recorded_by: str


class Confirmation(SQLModel, table=True):
    """A specimen sent for a definitive test, which is awaited by `due_on`; without that day it was called off.

    The newest row of a draw counts; a definitive result ends the wait.
    """

    id: int | None = Field(default=None, primary_key=True)
    draw_id: int = Field(foreign_key="draw.id", index=True)
    lab: str | None = None
    due_on: date | None = None
    reason: str | None = None
    recorded_at: datetime
    recorded_by: str


class Review(SQLModel, table=True):
    """Something that a clinician is asked to look at, and is not a recommendation. Open until somebody has."""

    __table_args__ = (
        UniqueConstraint("draw_id", "about"),
        _one_of("about", About),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(foreign_key="participant.id", index=True)
    draw_id: int = Field(foreign_key="draw.id")
    about: str
    detail: str | None = None
    raised_at: datetime
    done_at: datetime | None = None
    done_by: str | None = None
    note: str | None = None


class Recommendation(SQLModel, table=True):
    """An escalation recommendation to a clinician. A participant has at most one open.

    One `deferred_until` a day stays open and comes back to the top of the worklist on that day.
    """

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
    deferred_until: date | None = None


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
