"""What is put before a clinician, and the record of who did what."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from testing_tracker.rules.words import Level, RecommendationStatus, ReviewReason, TakenAs
from testing_tracker.store.tables.constraints import of_facility, one_of, only_where, stamped, within_facility


class Recommendation(SQLModel, table=True):
    """An escalation recommendation to a clinician. A participant has at most one open.

    One `deferred_until` a day stays open and comes back to the top of the worklist on that day. One that is `undone`
    was raised by a slip and withdrawn with it, in one log session of one day. `accepted_level` is the level of care
    that a clinician accepted, which may be another one than was recommended; empty for decisions from before it was
    recorded.
    """

    __table_args__ = (
        of_facility("recommendation"),
        within_facility("participant_id", "participant"),
        Index(
            "recommendation_open",
            "participant_id",
            "facility_id",
            unique=True,
            **only_where(f"status = '{RecommendationStatus.OPEN}'"),
        ),
        one_of("from_level", Level),
        one_of("to_level", Level),
        one_of("status", RecommendationStatus),
        one_of("accepted_level", Level),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(index=True)
    from_level: str
    to_level: str
    status: str
    reason: str
    raised_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    decision_reason: str | None = None
    deferred_until: date | None = None
    undone: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    accepted_level: str | None = None
    facility_id: int = stamped()


class Evidence(SQLModel, table=True):
    """A draw that a recommendation rests on, until it is withdrawn, and as what: positive, missed or refused."""

    __table_args__ = (
        of_facility("evidence"),
        within_facility("recommendation_id", "recommendation"),
        within_facility("draw_id", "draw"),
        Index(
            "evidence_standing",
            "recommendation_id",
            "draw_id",
            "facility_id",
            unique=True,
            **only_where("withdrawn_at IS NULL"),
        ),
        one_of("taken_as", TakenAs),
    )

    id: int | None = Field(default=None, primary_key=True)
    recommendation_id: int
    draw_id: int = Field(index=True)
    added_at: datetime
    withdrawn_at: datetime | None = None
    taken_as: str = Field(default=TakenAs.POSITIVE, sa_column_kwargs={"server_default": TakenAs.POSITIVE.value})
    facility_id: int = stamped()


class Review(SQLModel, table=True):
    """Something that a clinician is asked to look at, and is not a recommendation. Open until somebody has."""

    __table_args__ = (
        of_facility("review"),
        within_facility("participant_id", "participant"),
        within_facility("draw_id", "draw"),
        UniqueConstraint("draw_id", "about", "facility_id"),
        one_of("about", ReviewReason),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(index=True)
    draw_id: int
    about: str
    detail: str | None = None
    raised_at: datetime
    done_at: datetime | None = None
    done_by: str | None = None
    note: str | None = None
    facility_id: int = stamped()


class AuditEntry(SQLModel, table=True):
    """Who did what, when and why. Rows are only ever added."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        within_facility("participant_id", "participant"),
        within_facility("draw_id", "draw"),
        within_facility("recommendation_id", "recommendation"),
        Index("audit_entry_in_order", "facility_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    at: datetime
    account: str
    act: str
    participant_id: int | None = Field(default=None, index=True)
    draw_id: int | None = Field(default=None, index=True)
    recommendation_id: int | None = None
    reason: str | None = None
    detail: str | None = None


class LastWritten(SQLModel, table=True):
    """What a row that may change says since the program last wrote it (`store/ledger/last_written.py`). Rows are only
    ever added, and of a row of a table the newest counts.

    `says` is JSON: the cells that are not empty, by column. None: there is nothing of the row to keep any more.
    """

    __tablename__ = "last_written"
    __table_args__ = (
        of_facility("last_written"),
        Index("last_written_of_row", "facility_id", "of_table", "row_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    of_table: str
    row_id: int
    says: str | None = None


class LedgerPage(SQLModel, table=True):
    """What one transaction added for a facility to the tables that only grow, as marks that show any later change.

    `up_to` is JSON: the newest id of each table at its end. `marks` has the first eight bytes of each new row's
    SHA-256, in the order of tables and ids; `digest` goes over the page before and all these rows.
    """

    __tablename__ = "ledger_page"
    __table_args__ = (Index("ledger_page_in_order", "facility_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    up_to: str
    marks: bytes
    digest: str
