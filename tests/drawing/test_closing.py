"""What a draw that nobody touched becomes when its day is over: by the rule, and by the night."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from databases import nothing_stays
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from testing_tracker.rules.drawing.closing import Because, Untouched, end_of_day
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.services.drawing.closings import close_days
from testing_tracker.store.engine import open_engine
from testing_tracker.store.tables import AuditEntry, Draw

untouched = st.builds(Untouched, st.none() | st.sampled_from(Because), st.booleans(), st.booleans(), st.booleans())


def test_who_did_not_come_is_missed():
    assert end_of_day(Untouched()) == (Status.MISSED, Because.CLOSED_OUT)


def test_who_tried_and_could_not_is_not_missed():
    assert end_of_day(Untouched(unable=True)) == (Status.UNRECORDED, Because.UNABLE)


def test_of_a_draw_made_after_its_window_nobody_could_be_told():
    assert end_of_day(Untouched(made_too_late=True)) == (Status.UNRECORDED, Because.MADE_TOO_LATE)


def test_who_gave_a_specimen_that_does_not_count_was_there():
    assert end_of_day(Untouched(because=Because.RECOLLECT)) == (Status.COLLECTED, Because.NOT_RECOLLECTED)


def test_who_was_told_that_the_facility_is_closed_may_have_stayed_away():
    assert end_of_day(Untouched(because=Because.REOPENED)) == (Status.UNRECORDED, Because.CLOSED_FOR_A_WHILE)


def test_on_a_day_that_jumps_out_it_may_be_the_record_that_is_missing():
    assert end_of_day(Untouched(day_is_held=True)) == (Status.UNRECORDED, Because.HELD)


def test_a_draw_that_a_wrong_clock_had_closed_ends_like_any_other():
    assert end_of_day(Untouched(because=Because.CLOSED_BY_A_CLOCK)) == (Status.MISSED, Because.CLOSED_OUT)


@given(draw=untouched)
def test_nobody_is_missed_of_whom_anything_else_is_known(draw):
    status, _ = end_of_day(draw)
    nothing = draw.because not in (Because.RECOLLECT, Because.REOPENED) and draw == Untouched(because=draw.because)
    assert (status is Status.MISSED) is nothing


@given(draw=untouched)
def test_no_draw_is_due_any_more_and_nobody_has_refused(draw):
    status, _ = end_of_day(draw)
    assert status in (Status.MISSED, Status.UNRECORDED, Status.COLLECTED)


MONDAY = date(2026, 11, 16)
ZONE = ZoneInfo("America/Los_Angeles")
CODES = [f"A{number}" for number in range(1, 13)]
ASKS = """
title = "Three a week, and a missed test is looked at"
[draw]
kind = "fixed"
per_week = 3
days = ["mon", "wed", "fri"]
[collection]
window = "08:00-17:00"
[response]
missed = "review"
"""


@dataclass(frozen=True)
class Fact:
    """What is on record of a draw at the end of its day. `is_planned`: it says which schedule version made it."""

    because: Because | None
    unable: bool
    made_too_late: bool
    is_planned: bool
    status: Status


facts = st.builds(
    Fact,
    st.sampled_from((None, None, Because.RECOLLECT, Because.REOPENED, Because.CLOSED_BY_A_CLOCK)),
    *(st.sampled_from((False, False, True)) for _ in range(2)),
    st.booleans(),
    st.sampled_from((Status.DUE, Status.DUE, Status.COLLECTED)),
)


@pytest.fixture(scope="module")
def due(made_clinic, tmp_path_factory) -> Iterator[Engine]:
    """Twelve people who are due on a Monday, every other one by a schedule that asks for a review after a miss."""
    import databases
    from conftest import Clinic

    folder = tmp_path_factory.mktemp("due")
    databases.copy(made_clinic, folder / "copy.db")
    clinic = Clinic(folder / "copy.db", str(MONDAY))
    (folder / "asks.toml").write_text(ASKS)
    clinic("schedule", "load", str(folder / "asks.toml"))
    clinic.add(*CODES[::2], schedule="fixed-3")
    clinic.add(*CODES[1::2], schedule="asks")
    clinic("draw")
    engine = open_engine(clinic.location)
    yield engine
    engine.dispose()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(known=st.lists(facts, min_size=len(CODES), max_size=len(CODES)))
def test_the_night_closes_every_draw_as_the_rule_says(due, known):
    with nothing_stays(due, MONDAY + timedelta(days=1)) as work:
        session = work.session
        draws = session.exec(select(Draw).order_by(col(Draw.id))).all()
        for draw, fact in zip(draws, known, strict=True):
            write(draw, fact)
            session.add(draw)
        session.flush()
        missed, held = close_days(work, MONDAY)
        session.expire_all()
        for draw, fact in zip(draws, known, strict=True):
            if fact.status is Status.DUE:
                facts = Untouched(fact.because, fact.unable, fact.made_too_late, day_is_held=bool(held))
                assert (Status(draw.status), Because(draw.because or "")) == end_of_day(facts)
                assert last_act(session, draw) == (f"draw {draw.status}", draw.reason)
            else:
                assert (draw.status, draw.because) == (fact.status, None)
        assert missed == [draw.status for draw in draws].count(Status.MISSED)


def write(draw: Draw, fact: Fact) -> None:
    draw.status, draw.unable = fact.status, fact.unable and fact.status is Status.DUE
    draw.because = fact.because if fact.status is Status.DUE else None
    draw.outcome = Outcome.NEGATIVE if fact.status is Status.COLLECTED else None
    draw.recorded_at = datetime(2026, 11, 16, 17 if fact.made_too_late else 6, tzinfo=ZONE).astimezone(UTC)
    if not fact.is_planned:
        draw.schedule_version_id = None


def last_act(session: Session, draw: Draw) -> tuple[str, str | None]:
    about = (AuditEntry.draw_id == draw.id, col(AuditEntry.act).like("draw %"))
    entry = session.exec(select(AuditEntry).where(*about).order_by(col(AuditEntry.id).desc()).limit(1)).one()
    return entry.act, entry.reason
