"""The quick question before a report is printed lets nothing through that the whole check would name."""

from collections.abc import Iterator
from datetime import date

import pytest
from databases import clock_of, nothing_stays
from sqlalchemy import Engine
from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.keeping.checking.audit_trail import wrong_outcomes, wrong_statuses
from testing_tracker.services.keeping.checking.before_printing import check_draws
from testing_tracker.store.engine import open_engine, reading
from testing_tracker.store.tables import Draw
from testing_tracker.store.work import Work

WEDNESDAY = date(2026, 11, 18)


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


def is_named(work: Work) -> bool:
    return bool([*wrong_statuses(work), *wrong_outcomes(work)])


def is_printed(work: Work) -> bool:
    try:
        check_draws(work, Week.of(WEDNESDAY))
    except TestingTrackerError:
        return False
    return True


CHANGES = [
    *(("status", status) for status in Status),
    *(("outcome", outcome) for outcome in (None, *Outcome)),
    *((column, value) for column in ("expected", "late") for value in (True, False)),
]


def test_whatever_a_draw_is_made_to_say(lived_in):
    with reading(lived_in, None, clock_of(WEDNESDAY), SHIPPED) as work:
        assert not is_named(work)
        assert is_printed(work)
        numbers = work.session.exec(select(Draw.id).order_by(col(Draw.id))).all()
    assert len(numbers) == 8
    for number in numbers:
        for column, value in CHANGES:
            with nothing_stays(lived_in, WEDNESDAY) as work:
                draw = work.session.get_one(Draw, number)
                is_other = getattr(draw, column) != value
                setattr(draw, column, value)
                work.session.flush()
                assert is_named(work) is is_other, (number, column, value)
                assert is_printed(work) is not is_other, (number, column, value)
