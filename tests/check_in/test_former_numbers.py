"""Whoever has only an earlier card in hand, and tries it, has tried: they are told nothing, and have not missed."""

from datetime import date, time

import pytest
from conftest import Clinic
from mornings import MONDAY, Mornings
from page_given import runs, settings
from web.front_door import FrontDoor, instant

from testing_tracker.rules.check_in.answers import CheckInOutcome
from testing_tracker.rules.check_in.pin_hash import fits
from testing_tracker.services.check_in import cards
from testing_tracker.web.hashing import Hashing

SUNDAY, TUESDAY = date(2026, 11, 15), date(2026, 11, 17)
OTHERS = ("B04", "C21", "D33", "E09", "F10")
WRONG = CheckInOutcome.WRONG


class Desk(Mornings):
    """Six with a card each on Monday morning; the page, and who types what there."""

    def __init__(self, clinic: Clinic) -> None:
        super().__init__(clinic)
        self.type(SUNDAY, "12:00", "init", "--timezone", "America/Los_Angeles")
        for code in ("A17", *OTHERS):
            self.type(SUNDAY, "12:00", "participant", "add", code, "--schedule", "fixed-2", "--level", "iop")
        self.rule(SUNDAY, page=True)
        settings(clinic)
        self.held = {code: self.gives(code, SUNDAY, "12:00") for code in ("A17", *OTHERS)}
        self.turn(MONDAY, "00:05")
        runs(clinic, instant(MONDAY, time(5)), instant(MONDAY, time(10)))

    def gives(self, code: str, day: date, at: str, *, new_number: bool = False) -> tuple[str, str]:
        """A card, as it is on the paper."""
        with self.writing(day, at) as work:
            made = cards.made(cards.to_make(work, code, new_number=new_number))
            cards.put_on_record(work, [made], "somebody tries it" if new_number else None)
        return made.card.number, made.pin

    def turn(self, day: date, at: str) -> None:
        self.typed(day, at, "serve", "--once")

    def types(self, code: str, at: str) -> None:
        """They type what they have in hand."""
        door = FrontDoor(self.clinic.location.page, instant(MONDAY, time.fromisoformat(at)))
        try:
            door.file.close()
            door.hashing = Hashing(fits)
            door.open()
            door.post(*self.held[code])
        finally:
            door.close()

    def tried(self) -> list[tuple[str, str]]:
        return self.clinic.rows(
            "SELECT code, outcome FROM check_in JOIN participant ON participant.id = participant_id "
            "ORDER BY check_in.id"
        )

    def night(self, *come: str) -> None:
        for code in come:
            self.types(code, "09:00")
            self.type(MONDAY, "11:00", "result", code, "negative")
        self.turn(TUESDAY, "00:05")


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(Clinic(tmp_path / "live.db", None))


def test_who_types_the_number_that_they_had_has_tried(desk):
    desk.gives("A17", MONDAY, "06:00", new_number=True)
    desk.turn(MONDAY, "06:01")
    desk.types("A17", "07:44")
    desk.night(*OTHERS)
    assert ("A17", WRONG) in desk.tried()
    assert desk.draw_of("A17", MONDAY)[:2] == ("unrecorded", "tried to check in")
    assert "All holds" in desk.type(TUESDAY, "09:00", "verify")


def test_once_they_have_used_the_other_number_the_earlier_one_is_nobodys(desk):
    earlier = desk.held["A17"]
    desk.held["A17"] = desk.gives("A17", MONDAY, "06:00", new_number=True)
    desk.turn(MONDAY, "06:01")
    desk.types("A17", "06:30")
    desk.turn(MONDAY, "06:31")
    desk.type(MONDAY, "06:40", "participant", "card", "B04", "--language", "es")
    desk.turn(MONDAY, "06:41")
    desk.held["A17"] = earlier
    desk.types("A17", "07:44")
    desk.turn(MONDAY, "07:45")
    assert desk.tried() == [("A17", CheckInOutcome.TOLD)]
    assert desk.clinic.rows("SELECT tries FROM strangers_seen") == [(1,)]


def test_so_has_who_has_the_card_of_a_record_that_was_joined_into_theirs(desk):
    desk.type(MONDAY, "04:00", "participant", "join", "B04", "A17", "--reason", "enrolled twice", "--yes")
    desk.turn(MONDAY, "04:01")
    desk.types("B04", "07:44")
    desk.night(*OTHERS[1:])
    assert ("A17", WRONG) in desk.tried()
    assert desk.draw_of("A17", MONDAY)[:2] == ("unrecorded", "tried to check in")


def test_so_has_who_came_back_and_has_the_card_that_ended_when_they_left(desk):
    desk.type(MONDAY, "04:00", "participant", "card", "A17", "--end", "--reason", "lost")
    desk.turn(MONDAY, "04:01")
    desk.types("A17", "07:44")
    desk.night(*OTHERS)
    assert ("A17", WRONG) in desk.tried()
    assert desk.draw_of("A17", MONDAY)[:2] == ("unrecorded", "tried to check in")


def test_nobodys_is_a_number_of_an_enrolment_that_was_a_mistake(desk):
    """The code is somebody else's since."""
    desk.type(MONDAY, "04:00", "participant", "cancel", "A17", "--reason", "a typing error")
    desk.type(MONDAY, "04:00", "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
    desk.turn(MONDAY, "04:01")
    desk.types("A17", "07:44")
    desk.turn(MONDAY, "07:45")
    assert desk.tried() == []
