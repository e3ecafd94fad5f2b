"""The quick question before a report is printed lets nothing through that the whole check would name."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from databases import nothing_stays
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.keeping.checking.audit_trail import wrong_outcomes, wrong_statuses
from testing_tracker.services.keeping.checking.before_printing import check_draws
from testing_tracker.store.engine import open_engine, reading
from testing_tracker.store.tables import Draw

WEDNESDAY = date(2026, 11, 18)
ACTING = Acting(1, ZoneInfo("America/Los_Angeles"), "tester", datetime(2026, 11, 18, 20, tzinfo=UTC), WEDNESDAY)


@pytest.fixture
def lived_in(clinic) -> Iterator[Engine]:
    """A Monday of which most of what a result can say was said, and the Tuesday's night."""
    clinic.add("A1", "A2", "A3", "A4", "A5", "A6", "A7", schedule="fixed-3")
    clinic("prescription", "add", "A2", "buprenorphine")
    clinic("draw")
    clinic("result", "A1", "negative")
    clinic("result", "A2", "positive", "--analyte", "buprenorphine")
    clinic("result", "A3", "positive", "--analyte", "cocaine", "--analyte", "fentanyl")
    lab = ("--definitive", "--lab", "Northside")
    clinic("result", "A3", "negative", "--looked-for", "cocaine", *lab)
    clinic("result", "A4", "invalid", "--collected-at", "08:30")
    clinic("test", "A4", "--recollect")
    clinic("unable", "A5")
    clinic("result", "A6", "negative", "--collected-at", "09:00")
    clinic("test", "A1", "--reason", "seemed unwell")
    clinic.today = "2026-11-17"
    clinic("result", "A6", "positive", "--analyte", "cocaine", "--on", "2026-11-16", *lab)
    clinic("draw")
    engine = open_engine(clinic.location)
    yield engine
    engine.dispose()


def is_named(session: Session) -> bool:
    return bool([*wrong_statuses(session, ACTING), *wrong_outcomes(session, ACTING)])


def is_printed(session: Session) -> bool:
    try:
        check_draws(session, ACTING, Week.of(WEDNESDAY))
    except TestingTrackerError:
        return False
    return True


CHANGES = [
    *(("status", status) for status in Status),
    *(("outcome", outcome) for outcome in (None, *Outcome)),
    *((column, value) for column in ("expected", "late") for value in (True, False)),
]


def test_whatever_a_draw_is_made_to_say(lived_in):
    with reading(lived_in) as session:
        assert not is_named(session)
        assert is_printed(session)
        numbers = session.exec(select(Draw.id).order_by(col(Draw.id))).all()
    assert len(numbers) == 8
    for number in numbers:
        for column, value in CHANGES:
            with nothing_stays(lived_in) as session:
                draw = session.get_one(Draw, number)
                is_other = getattr(draw, column) != value
                setattr(draw, column, value)
                session.flush()
                assert is_named(session) is is_other, (number, column, value)
                assert is_printed(session) is not is_other, (number, column, value)
