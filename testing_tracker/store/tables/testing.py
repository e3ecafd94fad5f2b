"""Specimens, and what their tests say."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, false, true
from sqlmodel import Field, SQLModel

from testing_tracker.rules.words import Method, Outcome, Validity
from testing_tracker.store.tables.constraints import of_facility, one_of, only_where, stamped, within_facility


class Result(SQLModel, table=True):
    """What a specimen's test said, or a correction of it.

    A draw has a line of results for each method; in a line the row that no other row `replaces` is the one that
    counts, and without an outcome it takes the earlier one back. A definitive result governs a presumptive one. The
    unique indexes let only one of two nurses at the same second be first. A row that is `undone` takes a slip back in
    the log session in which it was typed, and on its day: neither of the two is shown unless all is asked for.
    """

    __table_args__ = (
        of_facility("result"),
        within_facility("draw_id", "draw"),
        within_facility("replaces_id", "result"),
        within_facility("specimen_id", "specimen"),
        UniqueConstraint("replaces_id", "facility_id"),
        Index("result_first", "draw_id", "method", "facility_id", unique=True, **only_where("replaces_id IS NULL")),
        one_of("outcome", Outcome),
        one_of("method", Method),
    )

    id: int | None = Field(default=None, primary_key=True)
    draw_id: int = Field(index=True)
    outcome: str | None = None
    collected_at: datetime | None = None
    note: str | None = None
    replaces_id: int | None = None
    reason: str | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    method: str = Field(default=Method.PRESUMPTIVE, sa_column_kwargs={"server_default": str(Method.PRESUMPTIVE)})
    lab: str | None = None
    specimen_id: int | None = None
    undone: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    facility_id: int = stamped()


class Finding(SQLModel, table=True):
    """What a result says of one analyte: found, or not `found`: measured and below the cutoff, or only looked for.

    `amount` is a decimal number as it was reported, in `unit`; with a `comparator`, `<` or `>`, it is less or more than
    that. `cutoff` is the laboratory's own, with its unit, where it said one.
    """

    __table_args__ = (
        of_facility("finding"),
        within_facility("result_id", "result"),
        UniqueConstraint("result_id", "analyte", "facility_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    result_id: int
    analyte: str
    found: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    amount: str | None = None
    unit: str | None = None
    comparator: str | None = None
    cutoff: str | None = None
    facility_id: int = stamped()


class Reading(SQLModel, table=True):
    """A result read against the participant's prescriptions; the newest reading of a result counts.

    `expected` are the analytes found that prescriptions explain, `unexpected` the others, `absent` those prescribed
    that the test looked for and did not find; each `;`-separated. `reason` says why it was read again. A governing
    result is read together with what it did not look at; `outcome` is what the draw's results say together, where that
    is another one than the result's own.
    """

    __table_args__ = (
        of_facility("reading"),
        within_facility("result_id", "result"),
    )

    id: int | None = Field(default=None, primary_key=True)
    result_id: int = Field(index=True)
    expected: str = ""
    unexpected: str = ""
    absent: str = ""
    reason: str | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    outcome: str | None = None
    facility_id: int = stamped()


class Specimen(SQLModel, table=True):
    """What was collected for a draw, and what was measured on it, as decimal numbers in text; None is not measured.

    Temperature in degrees Celsius, creatinine in mg/dL. `validity` is the classification by the limits of `edition`,
    `because` the measurement that decided. A row that `replaces` another one corrects it; on another draw, it says that
    the cup is that one's. `withdrawn`: it is not this draw's cup, and nobody has said yet whose it is. `label_key` is
    the label as it is compared, None of rows that are older than that.
    """

    __table_args__ = (
        of_facility("specimen"),
        within_facility("draw_id", "draw"),
        within_facility("replaces_id", "specimen"),
        UniqueConstraint("replaces_id", "facility_id"),
        one_of("validity", Validity),
    )

    id: int | None = Field(default=None, primary_key=True)
    draw_id: int = Field(index=True)
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
    replaces_id: int | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    label_key: str | None = Field(default=None, index=True)
    withdrawn: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    facility_id: int = stamped()


class Handover(SQLModel, table=True):
    """A specimen that passed from one hand to the next."""

    __table_args__ = (
        of_facility("handover"),
        within_facility("specimen_id", "specimen"),
    )

    id: int | None = Field(default=None, primary_key=True)
    specimen_id: int = Field(index=True)
    from_whom: str
    to_whom: str
    at: datetime
    purpose: str | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()


class Confirmation(SQLModel, table=True):
    """A specimen sent for a definitive test, which is awaited by `due_on`; without that day it was called off.

    The newest row of a draw counts; a definitive result ends the wait. `sent_on` is the facility's day on which it was
    sent, where that is not the day of the row; `specimen_id` the cup with which the wait left a draw that was not its.
    """

    __table_args__ = (
        of_facility("confirmation"),
        within_facility("draw_id", "draw"),
        within_facility("specimen_id", "specimen"),
    )

    id: int | None = Field(default=None, primary_key=True)
    draw_id: int = Field(index=True)
    lab: str | None = None
    due_on: date | None = None
    reason: str | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    sent_on: date | None = None
    specimen_id: int | None = None
    facility_id: int = stamped()
