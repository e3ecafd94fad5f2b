"""The facility, its participants, and what applies to them from a day on."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from testing_tracker.rules.words import Ended, Level
from testing_tracker.store.tables.constraints import of_facility, one_of, stamped, within_facility


class Facility(SQLModel, table=True):
    """A clinic. `training` marks one that may pretend the date and whose output says so, as do all of a database.

    `turn` stays empty. Whoever is allowed to change it on a server may lock the row, and so takes a turn at writing.
    """

    __table_args__ = (Index("facility_by_name", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    timezone: str
    training: bool = False
    opened_on: date
    turn: int | None = None


class FacilityName(SQLModel, table=True):
    """The facility was given another name; the earlier one still finds it."""

    __tablename__ = "facility_name"
    __table_args__ = (of_facility("facility_name"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    name: str
    earlier: str
    reason: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()


class FacilityZone(SQLModel, table=True):
    """From a day on the facility goes by this timezone; before the first such day by the facility's own."""

    __tablename__ = "facility_zone"
    __table_args__ = (of_facility("facility_zone"),)

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    from_on: date
    timezone: str
    reason: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()


class Participant(SQLModel, table=True):
    """A person, by the facility's own code. `code_key` is the code without regard to case.

    Code and name are those that count now; what they were before is in `Renaming`. `name_salt` is what the name's
    digest is made with, and goes where the name goes.
    """

    __table_args__ = (of_facility("participant"), UniqueConstraint("facility_id", "code_key"))

    id: int | None = Field(default=None, primary_key=True)
    facility_id: int = Field(foreign_key="facility.id")
    code: str
    code_key: str
    name: str | None = None
    name_salt: str | None = None


class Renaming(SQLModel, table=True):
    """A participant's code or name that was corrected: what it was before, and what it is from then on.

    Where only the name changed, both codes are the same. The earlier code finds the participant for ever.
    `name_changed` says that the name is another one; `earlier_name` may be empty, and is shown only where names are
    asked for.
    """

    __table_args__ = (
        of_facility("renaming"),
        within_facility("participant_id", "participant"),
        Index("renaming_by_earlier_code", "earlier_key"),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(index=True)
    earlier_code: str
    earlier_key: str
    code: str
    code_key: str
    name_changed: bool
    earlier_name: str | None = None
    reason: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()
    earlier_salt: str | None = None


class Joining(SQLModel, table=True):
    """A record that turned out to be about the same person as another one, which goes on for both (`into_id`).

    The newest row of a participant counts.
    """

    __table_args__ = (
        of_facility("joining"),
        within_facility("participant_id", "participant"),
        within_facility("into_id", "participant"),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int = Field(index=True)
    into_id: int = Field(index=True)
    reason: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()


class Enrolment(SQLModel, table=True):
    """From a day on the participant is in the programme (`enrolled`), or not any more.

    `ended_as` says how an enrolment ended, where that was no discharge.
    """

    __table_args__ = (
        of_facility("enrolment"),
        within_facility("participant_id", "participant"),
        Index("enrolment_in_order", "participant_id", "from_on", "id"),
        one_of("ended_as", Ended),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    from_on: date
    enrolled: bool
    reason: str | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    ended_as: str | None = None
    facility_id: int = stamped()


class Placement(SQLModel, table=True):
    """From a day on the participant is in this level of care."""

    __table_args__ = (
        of_facility("placement"),
        within_facility("participant_id", "participant"),
        within_facility("recommendation_id", "recommendation"),
        Index("placement_in_order", "participant_id", "from_on", "id"),
        one_of("level", Level),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    from_on: date
    level: str
    reason: str | None = None
    recommendation_id: int | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()


class Assignment(SQLModel, table=True):
    """From a day on the participant is tested by this schedule."""

    __table_args__ = (
        of_facility("assignment"),
        within_facility("participant_id", "participant"),
        within_facility("schedule_id", "schedule"),
        Index("assignment_in_order", "participant_id", "from_on", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    from_on: date
    schedule_id: int
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()


class Leave(SQLModel, table=True):
    """Days, both included, on which the participant is away and not drawn.

    A row that `replaces` another one corrects it: the earlier row does not count any more. One whose `to_on` lies
    before its `from_on` takes the whole leave back.
    """

    __table_args__ = (
        of_facility("leave"),
        within_facility("participant_id", "participant"),
        within_facility("replaces_id", "leave"),
        UniqueConstraint("replaces_id", "facility_id"),
        Index("leave_in_order", "participant_id", "from_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    from_on: date
    to_on: date
    reason: str
    replaces_id: int | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()


class Prescription(SQLModel, table=True):
    """A medicine that a participant takes by prescription, from a day to a day, both included; no end is until now.

    A row that `replaces` another one corrects or ends it: the earlier row does not count any more.
    """

    __table_args__ = (
        of_facility("prescription"),
        within_facility("participant_id", "participant"),
        within_facility("replaces_id", "prescription"),
        UniqueConstraint("replaces_id", "facility_id"),
        Index("prescription_in_order", "participant_id", "from_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    analyte: str
    from_on: date
    to_on: date | None = None
    prescriber: str | None = None
    reason: str | None = None
    replaces_id: int | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()
