"""`verify` names a check-in whose receipt is not the key's, and one that was told what no draw said then."""

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import databases
import pytest
from checking_in import at, begun
from conftest import Clinic
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.rules.check_in.answer_history import (
    Turned,
    answer_at,
    answers_between,
    answers_ever,
    of_joined,
)
from testing_tracker.rules.check_in.answers import CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.receipts import Says, receipt, receipt_key
from testing_tracker.rules.words import Status
from testing_tracker.store.tables import CheckIn

SEED = bytes(range(32))
MONDAY = date(2026, 11, 16)
A17, B04, C21 = 1, 2, 5
COME, STAY, DONE = DaysAnswer


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Clinic:
    clinic = Clinic(tmp_path_factory.mktemp("live") / "live.db", None)
    begun(clinic)
    return clinic


@pytest.fixture
def another_key(monkeypatch):
    """The next key that is begun is another one."""
    monkeypatch.setattr("testing_tracker.chance.new_seed", lambda: bytes(range(32, 64)))


@pytest.fixture
def live(made, tmp_path) -> Clinic:
    return made.copy(tmp_path / "live.db")


def told(clinic, when, participant, answer, *, by="page", seen_at=None, receipt_says=None, day=MONDAY):
    """Put on record that somebody was told something at an hour, as it was collected then or later."""
    says = receipt_says or Says(answer, Timing.IN_TIME)
    number = receipt(receipt_key(SEED, day), participant, says)
    with at(when):
        moment = datetime.now(UTC)
    with at(seen_at or when), closing(Desk(clinic.url, None)) as desk, desk.writing("checkin record") as work:
        work.write(
            CheckIn(
                participant_id=participant,
                day=day,
                at=moment,
                channel=by,
                outcome=CheckInOutcome.TOLD,
                answer=answer,
                timing=Timing.IN_TIME,
                receipt=number,
                visit=f"file:{when}:{participant}" if by == "page" else None,
            )
        )


def found(clinic, *more, when="18 12:00"):
    """All that `verify` finds."""
    with at(when):
        said = json.loads(clinic.run("verify", *more, "--format", "json").stdout)
    return [f"{one['day']}, {one['participant']}: {one['what']}" for one in said["problems"]]


def holds(clinic):
    return found(clinic) == [] and found(clinic, "--recent") == []


def does(clinic, when, *words):
    with at(when):
        clinic(*words)


def test_who_was_told_rightly_is_not_named(live):
    told(live, "16 05:12", A17, COME)
    told(live, "16 05:12", C21, STAY)
    does(live, "16 06:00", "checkin", "record", "B04")
    assert holds(live)


def test_who_was_told_to_stay_on_a_day_on_which_they_were_drawn_is_named(live):
    told(live, "16 05:12", A17, STAY)
    said = "2026-11-16, A17: was told to stay at 05:12, and the draws did not say that then"
    assert any(said in line for line in found(live))
    assert any(said in line for line in found(live, "--recent"))


def test_who_was_told_to_come_and_was_not_drawn_is_named(live):
    told(live, "16 05:12", C21, COME, by="phone")
    assert any("C21: was told to come in at 05:12" in line for line in found(live))


def test_a_receipt_that_the_key_does_not_give_is_named(live):
    told(live, "16 05:12", A17, COME, receipt_says=Says(STAY, Timing.IN_TIME))
    said = "2026-11-16, A17: the receipt of the check-in at 05:12 is not the one that the key gives"
    assert any(said in line for line in found(live))


def test_a_try_has_no_answer(live):
    told(live, "16 05:12", A17, COME)
    databases.change(live.database, "UPDATE check_in SET outcome = 'wrong'", triggers=False)
    lines = " ".join(found(live))
    assert "is on record with an answer" in lines
    assert "is not the one that the key gives" in lines


def test_a_test_for_cause_changes_the_answer_from_when_it_was_ordered(live):
    told(live, "16 05:12", C21, STAY)
    does(live, "16 07:00", "test", "C21")
    does(live, "16 07:05", "checkin", "record", "C21")
    assert holds(live)
    told(live, "16 06:00", C21, COME, by="phone", seen_at="16 08:00")
    assert any("C21: was told to come in at 06:00" in line for line in found(live))


def test_the_page_says_what_it_was_given_last(live):
    """While nothing fills it, the page goes on with what it has; a test that was ordered since is not in it."""
    does(live, "16 07:00", "test", "C21")
    told(live, "16 07:30", C21, STAY, seen_at="16 09:00")
    assert holds(live)
    told(live, "16 07:30", C21, STAY, by="phone", seen_at="16 09:00")
    assert any("C21: was told to stay at 07:30" in line for line in found(live))


def test_what_was_given_excused_or_missed_meanwhile(live):
    does(live, "16 08:00", "result", "A17", "negative")
    does(live, "16 08:05", "checkin", "record", "A17")
    does(live, "16 08:06", "excuse", "B04", "--reason", "road closed")
    does(live, "16 08:07", "checkin", "record", "B04")
    does(live, "16 08:08", "checkin", "record", "B04", "--at", "07:00")
    answers = live.rows("SELECT participant_id, answer FROM check_in ORDER BY id")
    assert answers == [(A17, "done"), (B04, "stay"), (B04, "come")]
    assert holds(live)
    told(live, "16 08:10", B04, COME, by="phone")
    assert any("B04: was told to come in at 08:10" in line for line in found(live))


def test_a_draw_that_was_cancelled_by_discharge_asks_for_nothing(live):
    told(live, "16 05:12", A17, COME)
    does(live, "16 09:00", "participant", "discharge", "A17", "--reason", "moved away")
    told(live, "16 10:00", A17, STAY, by="phone")
    assert holds(live)


def test_records_that_are_joined_ask_together_from_then_on(live):
    does(live, "16 05:30", "checkin", "record", "C21")
    does(live, "16 06:00", "test", "B04")
    does(live, "16 07:00", "participant", "join", "C21", "B04", "--reason", "enrolled twice", "--yes")
    does(live, "16 07:10", "checkin", "record", "C21")
    does(live, "16 08:00", "result", "A17", "negative")
    does(live, "16 08:10", "participant", "join", "A17", "B04", "--reason", "enrolled thrice", "--yes")
    does(live, "16 08:20", "checkin", "record", "B04")
    assert live.rows("SELECT participant_id, answer FROM check_in ORDER BY id") == [
        (C21, "stay"),
        (B04, "come"),
        (B04, "come"),
    ]
    assert holds(live)


def test_a_collected_specimen_of_a_joined_record_is_the_person_s(live):
    does(live, "16 08:00", "result", "A17", "negative")
    does(live, "16 08:10", "participant", "join", "A17", "C21", "--reason", "enrolled twice", "--yes")
    does(live, "16 08:20", "checkin", "record", "C21")
    assert live.rows("SELECT answer FROM check_in") == [("done",)]
    assert holds(live)


@pytest.mark.usefixtures("another_key")
def test_a_day_whose_night_was_taken_back_is_gone_through_twice(live):
    """A clock was ahead: what was told then was right then, and other draws are made when the day comes."""
    with at("19 00:10"):
        live("draw")
        live.add("N01")
        live("draw")
    for code in ("A17", "N01"):
        does(live, "19 06:00", "checkin", "record", code)
    does(live, "17 09:00", "draw", "--take-back", "--reason", "the clock was ahead", "--yes")
    does(live, "19 00:10", "draw", "--catch-up-to", "2026-11-19")
    for code in ("A17", "B04", "C21", "N01"):
        does(live, "19 06:05", "checkin", "record", code)
    assert found(live, when="20 12:00") == []


def test_a_clock_that_was_put_back_says_little_of_the_hours(live):
    does(live, "16 08:00", "test", "C21")
    does(live, "16 07:30", "checkin", "record", "C21")
    assert live.rows("SELECT answer FROM check_in") == [("come",)]
    assert holds(live)


@pytest.mark.usefixtures("another_key")
def test_after_the_key_was_replaced_what_was_told_before_holds(live):
    told(live, "16 05:12", A17, COME)
    does(live, "16 12:00", "key", "rotate", "--reason", "seen by somebody")
    does(live, "17 00:10", "draw")
    does(live, "17 06:00", "checkin", "record", "A17")
    assert holds(live)


def test_without_the_key_receipts_are_not_checked_and_that_is_said(live):
    told(live, "16 05:12", A17, COME, receipt_says=Says(STAY, Timing.IN_TIME))
    told(live, "16 05:12", B04, STAY)
    live.location.key.path.unlink()
    with at("18 12:00"):
        said = json.loads(live.run("verify", "--format", "json").stdout)
    assert "A key of 2026-11-16 is not at hand: the receipts of check-ins cannot all be checked." in said["unchecked"]
    assert [one["participant"] for one in said["problems"] if "told" in one["what"]] == ["B04"]
    assert not any("key gives" in one["what"] for one in said["problems"])


NOON = datetime(2026, 11, 16, 20, tzinfo=UTC)
moments = st.integers(0, 8).map(lambda hours: NOON + timedelta(hours=hours))
histories = st.lists(st.builds(Turned, moments, st.sampled_from(Status)), max_size=4)


@given(st.lists(histories, max_size=3), moments)
def test_what_was_said_at_an_instant_is_among_what_may_have_been_said(draws, moment):
    in_order = [sorted(history, key=lambda turned: turned.at) for history in draws]
    assert answer_at(in_order, moment) in answers_between(in_order, moment, moment)


@given(st.lists(histories, max_size=3), moments, moments)
def test_a_longer_span_has_no_fewer_answers(draws, one, other):
    first, last = min(one, other), max(one, other)
    assert answers_between(draws, first, first) <= answers_between(draws, first, last) <= answers_ever(draws)


@given(histories, moments, moments)
def test_a_joined_record_s_draw_is_not_there_before_and_says_the_same_afterwards(history, joined_at, moment):
    in_order = sorted(history, key=lambda turned: turned.at)
    there = of_joined(in_order, joined_at)
    assert answer_at([there], moment) is (answer_at([in_order], moment) if moment >= joined_at else STAY)
