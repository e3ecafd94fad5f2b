"""Whoever looks on from outside learns nothing by a page's length, its headers or the work that it takes."""

import random
from dataclasses import replace

import pytest
from web.front_door import (
    NO,
    NOBODYS,
    YES,
    FrontDoor,
    filling,
    number_of,
    pin_of,
    verifier,
)

from testing_tracker.rules.check_in.answers import DaysAnswer
from testing_tracker.web.filling import PagePlace
from testing_tracker.web.hashing import Hashing

PUBLIC = {"Set-Cookie"}  # differs each time, at one length


class Work:
    """What was done: each hash, and each statement at the file, by what stands before its values."""

    def __init__(self, door: FrontDoor):
        self.done = []
        door.hashing = Hashing(self.hash)
        door.file.close()
        door.open()
        with door.file.reading() as database:
            database.set_trace_callback(self.statement)

    def hash(self, pin, salt, given):
        self.done.append(("hash", len(pin), len(salt), len(given)))
        return verifier(pin, salt) == given

    def statement(self, sql):
        words = sql.split(" VALUES ")[0].split(" WHERE ")[0]
        self.done.append(words)

    def of(self, act):
        self.done.clear()
        act()
        return list(self.done)


@pytest.fixture(params=["http", "https", "behind a proxy"])
def sent(request, tmp_path):
    """A page as it is reached in some way, and what posts to it so."""
    door = FrontDoor(tmp_path / "clinic.db.web", behind_proxy=request.param == "behind a proxy")
    door.fill()

    def post(number, pin, **more):
        if request.param == "behind a proxy":
            headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
            return door.post(number, pin, address="127.0.0.1", headers=headers, **more)
        return door.post(number, pin, https=request.param == "https", **more)

    yield door, post
    door.close()


def on_the_wire(page) -> list[tuple[str, int]]:
    return [(name, len(value)) for name, value in page.headers] + [("", len(page.data)), (page.status, 0)]


def test_yes_no_wrong_and_a_number_of_nobody_have_as_many_bytes(sent):
    _, post = sent
    pages = [
        post(number_of(YES), pin_of(YES)),
        post(number_of(NO), pin_of(NO)),
        post(number_of(YES), "100000"),
        post(NOBODYS, "100000"),
    ]
    assert len({tuple(on_the_wire(page)) for page in pages}) == 1
    headers = [{name: value for name, value in page.headers if name not in PUBLIC} for page in pages]
    assert all(one == headers[0] for one in headers)
    assert "Content-Encoding" not in headers[0]
    assert len({page.data for page in pages}) == 4


def test_so_do_200_people_of_any_answer_in_both_languages(sent):
    door, post = sent
    chance = random.Random(16)
    people = {holder: chance.choice((DaysAnswer.COME, DaysAnswer.STAY)) for holder in range(1, 201)}
    longest = PagePlace(
        *(1, "", "W" * 30, "+1 (800) 555-0100 ext. 12345", "America/Los_Angeles"),
        *("Hawaii-Aleutian daylight saving time", "hora de verano de Hawái-Aleutianas"),
    )
    door.fill(filling(people, place=longest))
    lengths = {
        tuple(on_the_wire(post(number_of(holder), pin_of(holder), path=path)))
        for holder in people
        for path in ("/", "/es")
    }
    assert len(lengths) == 1


def test_the_same_is_done_for_each_of_them(door):
    work = Work(door)
    door.check_in(YES)  # what is done once only
    done = [
        work.of(lambda: door.check_in(YES)),
        work.of(lambda: door.check_in(NO)),
        work.of(lambda: door.post(number_of(YES), "100000")),
        work.of(lambda: door.post(NOBODYS, "100000")),
    ]
    assert all(one == done[0] for one in done)
    assert sum(one[0] == "hash" for one in done[0]) == 1
    assert sum("INSERT INTO visit" in one for one in done[0]) == 1
    assert sum("FROM holder" in one for one in done[0]) == 1
    assert done[0][-1] == "COMMIT"


@pytest.mark.parametrize("state", ["no answers", "early", "over", "late", "again", "no such day"])
def test_whatever_the_day_is_at(door, state):
    if state == "no answers":
        door.fill(filling(with_answers=False))
    if state == "again":
        door.check_in(YES)
    door.at(
        {"early": "04:00", "over": "18:00", "late": "12:00"}.get(state, "05:12")
    ) if state != "no such day" else None
    work = Work(door)
    done = [
        work.of(lambda: door.check_in(YES)),
        work.of(lambda: door.post(number_of(YES), "100000")),
        work.of(lambda: door.post(NOBODYS, "100000")),
    ]
    assert all(one == done[0] for one in done)


def test_what_is_not_looked_at_is_the_same_for_somebody_and_nobody(door):
    work = Work(door)
    for pin in range(100_000, 100_031):
        door.post(number_of(NO), str(pin))
    door.check_in(YES)
    door.post(NOBODYS, "100000")
    assert work.of(lambda: door.check_in(YES)) == work.of(lambda: door.post(NOBODYS, "100000"))


def test_a_short_pin_is_the_same_for_somebody_and_nobody(door):
    work = Work(door)
    assert work.of(lambda: door.post(number_of(YES), "1")) == work.of(lambda: door.post(NOBODYS, "1"))


def test_a_lost_key_changes_no_length(door):
    before = on_the_wire(door.check_in(YES))
    given = filling()
    door.fill(replace(given, answers=tuple(replace(one, in_time=None, late=None) for one in given.answers)))
    assert on_the_wire(door.check_in(YES)) == before
