"""A clinic whose participants check in by a page, and visits there as the page's process would write them."""

from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import databases
from conftest import Clinic
from freezegun import freeze_time
from sqlmodel import select

from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.store.engine import make_engine, reading, writing
from testing_tracker.store.tables import Card, CheckInRule, Participant
from testing_tracker.web.file import Beat, PageFile, minute_of

ZONE = ZoneInfo("America/Los_Angeles")
SETTINGS = """
[page]
name = "HH"
phone = "555-0100"
zone = { en = "Pacific time", es = "hora del Pacífico" }
"""


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """An instant of November 2026 by the clinic's clock, in UTC."""
    return datetime(2026, 11, day, hour, minute, second, tzinfo=ZONE).astimezone(UTC)


def its(day: int, hour: int = 0, minute: int = 0):
    """It is that instant meanwhile."""
    return freeze_time(at(day, hour, minute), real_asyncio=True)


@contextmanager
def work_at(clinic: Clinic, *, to_write: bool = False, facility: int | None = None):
    """A transaction at the clinic, by the clock of the moment."""
    day = date.fromisoformat(clinic.today) if clinic.today else None
    engine = make_engine(clinic.location)
    begin = writing if to_write else reading
    try:
        with begin(engine, facility, databases.clock_of(day), SHIPPED) as work:
            yield work
    finally:
        engine.dispose()


def rule(clinic, opens="05:00", closes="10:00", *, page=True, from_on=date(2026, 11, 16), facility=None) -> None:
    """From a day on everybody checks in between two times."""
    with work_at(clinic, to_write=True, facility=facility) as work:
        row = CheckInRule(
            from_on=from_on,
            opens=time.fromisoformat(opens),
            closes=time.fromisoformat(closes),
            page=page,
            not_checked_in="missed",
            facility_id=work.facility_id,
        )
        work.write(row)
        work.on_record(Act.CHECK_IN_RULE, from_on=from_on)


def cards(clinic, *codes: str, facility=None) -> dict[str, int]:
    """Cards for participants, by whose codes their permanent numbers are."""
    found = {}
    with work_at(clinic, to_write=True, facility=facility) as work:
        people = select(Participant).where(Participant.facility_id == work.facility_id)
        for person in work.session.exec(people).all():
            if person.code in codes:
                found[person.code] = person.id
                number = f"{4820910 + person.id:07d}"
                card = Card(participant_id=person.id, number=number, salt="aa" * 16, verifier="bb" * 32, language="en")
                work.write(card)
                work.on_record(Act.CARD_ISSUE, participant_id=person.id, number=number)
    return found


def settings(clinic, more: str = "", facility: int = 1) -> None:
    """The clinic's check-in file."""
    file = clinic.location.check_in_of(facility)
    file.touch(0o600)
    file.write_text(SETTINGS + more)


@contextmanager
def page_of(clinic):
    """The page's file, as its process has it."""
    with closing(PageFile(clinic.location.page)) as file:
        yield file


def visit(
    clinic,
    when: datetime,
    holder: int | None,
    outcome: CheckInOutcome = CheckInOutcome.TOLD,
    answer: DaysAnswer | None = None,
    timing: Timing | None = None,
    receipt: str | None = None,
    facility: int = 1,
) -> None:
    """Somebody visits the page at an instant."""
    row = (
        *(facility, f"{when.astimezone(ZONE).date()}", when.timestamp(), str(CheckedInBy.PAGE), holder, str(outcome)),
        *(answer and str(answer), timing and str(timing), receipt),
    )
    with page_of(clinic) as file, file.writing() as database:
        query = "INSERT INTO visit (facility, day, at, channel, holder, outcome, answer, timing, receipt) VALUES "
        database.execute(f"{query} (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def told(clinic, when: datetime, holder: int, answer: DaysAnswer = DaysAnswer.STAY, facility: int = 1) -> None:
    """Somebody checks in by the page, in time."""
    visit(clinic, when, holder, CheckInOutcome.TOLD, answer, Timing.IN_TIME, facility=facility)


def runs(clinic, first: datetime, last: datetime, beat: Beat | None = None) -> None:
    """The page's process runs from an instant to before another one."""
    with page_of(clinic) as file:
        for minute in range(minute_of(first), minute_of(last)):
            file.beat(minute, beat or Beat(served=1))
