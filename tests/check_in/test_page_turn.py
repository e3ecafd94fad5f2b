"""A turn of `serve` for the page: visits go on record once, before the night; and the page learns of today alone."""

import json

import pytest
from conftest import Clinic
from page_given import at, cards, its, page_of, rule, runs, settings, told, visit

from testing_tracker.rules.check_in.answers import CheckInOutcome, DaysAnswer
from testing_tracker.rules.check_in.receipts import is_whole


@pytest.fixture
def live(tmp_path) -> Clinic:
    """A clinic with three people, two of whom have cards, on the day before checking in begins."""
    live = Clinic(tmp_path / "clinic.db", None)
    with its(15, 12):
        live("init", "--facility", "Harbor House", "--timezone", "America/Los_Angeles")
        live.add("QUILL-7", "MARROW-9", "TAMSIN-4", name="Fenwick")
        rule(live)
        live.numbers = cards(live, "QUILL-7", "MARROW-9")
        settings(live)
    return live


def turn(live, *moment: int) -> list[dict]:
    """The events of a turn at an instant of November."""
    with its(*moment):
        done = live.run("serve", "--once", "--log-format", "json")
    assert done.exit_code in (0, 1), done.output
    return [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]


def in_file(live, query: str) -> list[tuple]:
    with page_of(live) as file, file.reading() as database:
        return database.execute(query).fetchall()


def test_the_page_is_given_numbers_and_todays_answers_and_nothing_else(live):
    turn(live, 16, 0, 5)
    assert in_file(live, "SELECT name, phone, zone, training FROM place") == [
        ("HH", "555-0100", "America/Los_Angeles", 0)
    ]
    assert [number for (number,) in in_file(live, "SELECT id FROM holder")] == sorted(live.numbers.values())
    answers = in_file(live, "SELECT day, answer, come_from, come_to, in_time, late FROM answer")
    assert [(day, answer) for day, answer, *_ in answers] == [("2026-11-16", "come")] * 2  # fixed-2 is on Mondays
    assert {(start, end) for _, _, start, end, *_ in answers} == {(at(16, 8).timestamp(), at(16, 17).timestamp())}
    assert all(is_whole(receipt) for _, _, _, _, *receipts in answers for receipt in receipts)
    days = in_file(live, "SELECT day, opens_at, closes_at, over_at, answers_at FROM day ORDER BY day")
    assert [day for day, *_ in days] == [f"2026-11-{number}" for number in range(16, 24)]
    assert days[0][1:] == tuple(at(16, *hour).timestamp() for hour in ((5,), (10,), (17,), (0, 5)))
    assert {row[-1] for row in days[1:]} == {None}
    assert len(in_file(live, "SELECT * FROM here")) == 2 * 8
    everything = live.location.page.read_bytes()
    for word in (b"QUILL-7", b"MARROW-9", b"TAMSIN-4", b"Fenwick", b"Harbor", b"cocaine"):
        assert word not in everything


def test_before_the_night_there_are_no_answers_and_receipts_all_the_same(live):
    turn(live, 15, 23, 59)
    assert in_file(live, "SELECT count(*) FROM answer") == [(0,)]
    assert in_file(live, "SELECT count(*) FROM day WHERE answers_at IS NOT NULL") == [(0,)]
    assert len(in_file(live, "SELECT * FROM here WHERE day = '2026-11-16'")) == 2


def test_what_somebody_did_at_the_page_is_on_record_once(live):
    turn(live, 16, 0, 5)
    quill = live.numbers["QUILL-7"]
    visit(live, at(16, 5, 11), quill, CheckInOutcome.WRONG)
    told(live, at(16, 5, 12), quill, DaysAnswer.COME)
    visit(live, at(16, 5, 13), None, CheckInOutcome.WRONG)
    for minute in (14, 15):
        turn(live, 16, 5, minute)
    assert live.rows("SELECT participant_id, outcome, answer, timing, channel FROM check_in ORDER BY id") == [
        (quill, "wrong", None, None, "page"),
        (quill, "told", "come", "in time", "page"),
    ]
    assert live.rows("SELECT day, tries FROM strangers_seen") == [("2026-11-16", 1)]
    acts = live.rows("SELECT detail FROM audit_entry WHERE act = 'check-ins collect'")
    assert len(acts) == 1
    assert json.loads(acts[0][0]).items() >= {"visits": 3, "told": 1, "strangers": 1}.items()
    live("verify")


def test_a_day_is_closed_by_what_the_page_knows_of_it(live):
    turn(live, 16, 0, 5)
    runs(live, at(16, 5), at(16, 10))
    told(live, at(16, 5, 12), live.numbers["QUILL-7"], DaysAnswer.COME)
    told_of = turn(live, 17, 0, 5)
    assert [one["event"] for one in told_of][:2] == ["check_in_closed", "night_made"]
    assert told_of[0].items() >= {"expected": 2, "in_time": 1, "late": 0, "tried": 0, "not_checked_in": 1}.items()
    assert live.rows("SELECT * FROM outage") == []
    assert turn(live, 17, 0, 6) == []
