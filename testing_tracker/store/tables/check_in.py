"""Checking in: the rule, the cards, who checked in, and what goes out to remind of it.

What a participant was told is on record for good. Today's answers, notices and addresses go away again.
"""

from datetime import date, datetime, time

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.in_force import FoundBy, NotCheckedIn
from testing_tracker.rules.check_in.notices import NoticeChannel, NoticeKind
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.store.tables.constraints import number_widely, of_facility, one_of, stamped, within_facility


class CheckInRule(SQLModel, table=True):
    """From a day on: when participants check in (facility's local times), and what it means if they do not.

    The newest row of those that begin on or before a day counts. `opens` and `closes` are None where nobody has to
    check in any more. `page`: they can by a page, whose faults count then; else by telephone and at the desk only.
    """

    __tablename__ = "check_in_rule"
    __table_args__ = (of_facility("check_in_rule"), one_of("not_checked_in", NotCheckedIn))

    id: int | None = Field(default=None, primary_key=True)
    from_on: date
    opens: time | None = None
    closes: time | None = None
    page: bool = False
    not_checked_in: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = Field(default=None, nullable=False, foreign_key="facility.id")


class Card(SQLModel, table=True):
    """A participant's check-in number and what their PIN is checked against (Argon2id, in hexadecimal).

    Of a participant the newest row counts; one without a verifier ends the card. A number is never given to anybody
    else. `language` is what they are spoken to in.
    """

    __table_args__ = (
        of_facility("card"),
        within_facility("participant_id", "participant"),
        Index("card_in_order", "participant_id", "id"),
        Index("card_by_number", "facility_id", "number"),
        one_of("language", Language),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    number: str
    salt: str | None = None
    verifier: str | None = None
    language: str
    reason: str | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()


class CheckIn(SQLModel, table=True):
    """A participant's attempt to learn a day's answer, at an instant (UTC), and what became of it.

    `answer` and `timing` are there where somebody was told; `timing` also where the page had no answer. `visit` is the
    page's file and the number there, so that what is collected twice is on record once. `recorded_at` is when it came
    here.
    """

    __tablename__ = "check_in"
    __table_args__ = (
        of_facility("check_in"),
        within_facility("participant_id", "participant"),
        UniqueConstraint("visit", "facility_id"),
        Index("check_in_in_order", "participant_id", "day", "id"),
        Index("check_in_by_day", "facility_id", "day"),
        one_of("channel", CheckedInBy),
        one_of("outcome", CheckInOutcome),
        one_of("answer", DaysAnswer),
        one_of("timing", Timing),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    day: date
    at: datetime
    channel: str
    outcome: str
    answer: str | None = None
    timing: str | None = None
    receipt: str | None = None
    visit: str | None = None
    note: str | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()


class CheckInDay(SQLModel, table=True):
    """What check-in came to when a night closed a day, or several together; as `Closing` is for draws.

    Of those `expected`: in time, late, tried without being told, or none of it. `held` says that far fewer than usual
    checked in, so that nobody is missed for it unless a person says so. `faulty_minutes` of the window the page was not
    to be reached; `strangers` is how often numbers of nobody were tried.
    """

    __tablename__ = "check_in_day"
    __table_args__ = (of_facility("check_in_day"), Index("check_in_day_in_order", "facility_id", "day", "id"))

    id: int | None = Field(default=None, primary_key=True)
    day: date
    days: int
    expected: int
    in_time: int
    late: int
    tried: int
    not_checked_in: int
    usual_expected: int
    usual_not_checked_in: int
    held: bool
    faulty_minutes: int
    strangers: int
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = Field(default=None, nullable=False, foreign_key="facility.id")


class Outage(SQLModel, table=True):
    """A span (UTC) in which check-in could not be reached, found by the program or said by staff.

    A row that `replaces` another one corrects it; one that ends before it begins takes it back.
    """

    __table_args__ = (
        of_facility("outage"),
        within_facility("replaces_id", "outage"),
        UniqueConstraint("replaces_id", "facility_id"),
        Index("outage_in_order", "facility_id", "from_at"),
        one_of("found_by", FoundBy),
    )

    id: int | None = Field(default=None, primary_key=True)
    from_at: datetime
    to_at: datetime
    found_by: str
    reason: str
    replaces_id: int | None = None
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = Field(default=None, nullable=False, foreign_key="facility.id")


class StrangersSeen(SQLModel, table=True):
    """How often numbers of nobody were tried on a day, as they were collected; a day's rows add up.

    `up_to` is the page's file and the last visit that was collected from it by then, of whomever it was.
    """

    __tablename__ = "strangers_seen"
    __table_args__ = (
        of_facility("strangers_seen"),
        UniqueConstraint("up_to", "day", "facility_id"),
        Index("strangers_seen_by_day", "facility_id", "day"),
    )

    id: int | None = Field(default=None, primary_key=True)
    day: date
    tries: int
    up_to: str
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = Field(default=None, nullable=False, foreign_key="facility.id")


class TodaysReceipt(SQLModel, table=True):
    """The receipts of a participant's day, ready made by whoever has the key, for a machine that has not.

    They are taken away when the day is over, and say nothing of draws: there is one for each answer.
    """

    __tablename__ = "todays_receipt"
    __table_args__ = (
        of_facility("todays_receipt"),
        within_facility("participant_id", "participant"),
        UniqueConstraint("participant_id", "day", "facility_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    day: date
    receipts: str
    facility_id: int = stamped()


class Contact(SQLModel, table=True):
    """Where a participant wants to be reminded, by their written consent of a day; one address a channel.

    `address_salt` is what the address's digest is made with, and goes where the address goes.
    """

    __table_args__ = (
        of_facility("contact"),
        within_facility("participant_id", "participant"),
        UniqueConstraint("participant_id", "channel", "facility_id"),
        one_of("channel", NoticeChannel),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    channel: str
    address: str
    address_salt: str
    consent_on: date
    recorded_at: datetime = stamped()
    recorded_by: str = stamped()
    facility_id: int = stamped()


class Notice(SQLModel, table=True):
    """A reminder to check in that is to leave, or left, on a day; it says the same to everybody, and proves nothing.

    A queue as `Delivery` is: `busy_until` while somebody hands it over, `next_at` when to try again.
    """

    __table_args__ = (
        of_facility("notice"),
        within_facility("participant_id", "participant"),
        UniqueConstraint("participant_id", "day", "kind", "channel", "facility_id"),
        Index("notice_by_day", "facility_id", "day"),
        one_of("kind", NoticeKind),
        one_of("channel", NoticeChannel),
    )

    id: int | None = Field(default=None, primary_key=True)
    participant_id: int
    day: date
    kind: str
    channel: str
    attempts: int = 0
    next_at: datetime | None = None
    busy_until: datetime | None = None
    handed_over_at: datetime | None = None
    error: str | None = None
    facility_id: int = stamped()


number_widely()
