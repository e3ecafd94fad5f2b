"""What the database counts of a week's draws, and what the rates divide by.

Every draw that there can be is counted by the very columns that count a report, and compared with the rules.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select as sa_select
from sqlmodel import Session, SQLModel, col, create_engine

from testing_tracker.reports.weekly.participants import IS_A_DRAW, LETTERS, facts_of_a_week, tally_columns, tally_of
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.reporting.pattern import NOTHING_DUE, outcome_that_counts, week_letter
from testing_tracker.rules.reporting.tally import (
    Tally,
    compliance_of,
    positivity_missing_as_positive_of,
    positivity_of,
    total,
)
from testing_tracker.rules.words import Outcome, Status
from testing_tracker.store.dialects import number_of, week_number
from testing_tracker.store.tables import Draw

TODAY = date(2026, 11, 18)
OUTCOMES = [None, *Outcome]
Made = tuple[Status, Outcome | None, bool, date]


@pytest.fixture(scope="module")
def session():
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def counted(session: Session, *draws: Made) -> Tally:
    rows = [
        Draw(
            facility_id=1,
            participant_id=number,
            due_on=day,
            kind="fixed",
            status=status,
            outcome=outcome,
            expected=expected,
            recorded_at=datetime(2026, 11, 1, tzinfo=UTC),
        )
        for number, (status, outcome, expected, day) in enumerate(draws)
    ]
    session.add_all(rows)
    session.flush()
    row = session.connection().execute(sa_select(*tally_columns(TODAY)).where(IS_A_DRAW)).one()
    facts = session.connection().execute(sa_select(facts_of_a_week()).where(IS_A_DRAW)).scalar()
    session.rollback()
    given_to_rules = [
        (status, outcome_that_counts(outcome, expected=expected))
        for status, outcome, expected, _ in draws
        if status is not Status.CANCELLED
    ]
    assert (LETTERS[facts] if facts is not None else NOTHING_DUE) == week_letter(given_to_rules)
    return tally_of(tuple(row))


def given_draw(status: Status, outcome: Outcome | None = None, *, expected: bool = False, day: date = TODAY) -> Made:
    return status, outcome, expected and outcome is Outcome.POSITIVE, day


def test_nothing_due_has_no_rates() -> None:
    tally = Tally()
    assert tally.compliance_rate is None
    assert tally.positivity_rate is None
    assert tally.positivity_rate_missing_as_positive is None


@pytest.mark.parametrize("status", [Status.EXCUSED, Status.DUE, Status.UNRECORDED])
def test_what_is_held_against_nobody_leaves_the_rates_alone(session, status: Status) -> None:
    kept = given_draw(Status.COLLECTED, Outcome.NEGATIVE)
    assert counted(session, given_draw(status)).compliance_rate is None
    both = counted(session, kept, given_draw(status))
    assert (both.compliance_rate, both.positivity_rate_missing_as_positive) == (1, 0)


@pytest.mark.parametrize("status", [Status.MISSED, Status.REFUSED])
def test_what_was_not_provided_lowers_compliance_and_counts_as_positive_only_where_that_is_said(
    session, status
) -> None:
    tally = counted(session, given_draw(Status.COLLECTED, Outcome.NEGATIVE), given_draw(status))
    assert (tally.compliance_rate, tally.positivity_rate, tally.positivity_rate_missing_as_positive) == (0.5, 0, 0.5)


def test_an_invalid_result_is_collected_and_says_nothing_of_use(session) -> None:
    tally = counted(session, given_draw(Status.COLLECTED, Outcome.INVALID))
    assert (tally.compliance_rate, tally.positivity_rate) == (1, None)


def test_what_a_prescription_explains_counts_as_negative(session) -> None:
    tally = counted(session, given_draw(Status.COLLECTED, Outcome.POSITIVE, expected=True))
    assert (tally.negative, tally.positive, tally.expected) == (1, 0, 1)


def test_a_due_draw_of_a_day_that_is_over_is_unrecorded(session) -> None:
    yesterday = TODAY - timedelta(days=1)
    tally = counted(
        session, given_draw(Status.DUE, day=yesterday), given_draw(Status.DUE), given_draw(Status.UNRECORDED)
    )
    assert (tally.due, tally.outstanding, tally.unrecorded) == (3, 3, 2)


def test_a_cancelled_draw_is_no_draw(session) -> None:
    assert counted(session, given_draw(Status.CANCELLED)) == Tally()


draws = st.builds(
    given_draw,
    st.sampled_from(Status),
    st.sampled_from(OUTCOMES),
    expected=st.booleans(),
    day=st.sampled_from([TODAY, TODAY - timedelta(days=1)]),
)


@given(week=st.lists(draws, max_size=6))
def test_a_weeks_tally_is_the_sum_of_its_draws(session, week: list[Made]) -> None:
    assert counted(session, *week) == total(counted(session, draw) for draw in week)


def test_every_draw_that_there_can_be_is_in_one_place(session) -> None:
    for status, outcome, expected in product(Status, OUTCOMES, (False, True)):
        tally = counted(session, given_draw(status, outcome, expected=expected))
        places = tally.collected + tally.missed + tally.refused + tally.excused + tally.outstanding
        assert places == tally.due == (status is not Status.CANCELLED)
        assert tally.decided == tally.collected + tally.absent


@given(day=st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_the_database_numbers_weeks_as_the_calendar_does(session, day: date) -> None:
    draw = Draw(
        facility_id=1,
        participant_id=1,
        due_on=day,
        kind="fixed",
        status="due",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    session.add(draw)
    session.flush()
    assert session.connection().execute(sa_select(week_number(col(Draw.due_on)))).scalar() == number_of(Week.of(day))
    session.rollback()


def test_compliance_and_positivity_say_what_they_are_a_share_of() -> None:
    week = Tally(due=10, collected=6, missed=1, refused=1, excused=1, outstanding=1, negative=4, positive=1, invalid=1)
    assert str(compliance_of(week)) == "6/8 = 75 %", "excused and outstanding tests are held against nobody"
    assert str(positivity_of(week)) == "1/5 = 20 %", "an invalid result says nothing of use"
    assert str(positivity_missing_as_positive_of(week)) == "3/8 = 38 %", "37.5, rounded half up"
    assert str(compliance_of(Tally())) == "n/a"
