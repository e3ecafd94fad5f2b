"""What somebody is told who checks in by the page, and what is on record of it: every row of the design's table."""

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from web.front_door import (
    ANSWERS,
    DONE,
    MONDAY,
    NO,
    NOBODYS,
    YES,
    FrontDoor,
    filling,
    instant,
    number_of,
    pin_of,
    receipt_of,
    said,
)

from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.receipts import HERE, shown
from testing_tracker.web.filling import PagePlace


class TestTold:
    @pytest.mark.parametrize(
        ("holder", "sentence"),
        [
            (YES, "Yes, please come in today, between 8 a.m. and 5 p.m."),
            (NO, "No, you do not need to come in today."),
            (DONE, "You have been in today. You do not need to come again."),
        ],
    )
    def test_everybody_hears_their_answer_with_its_receipt(self, door, holder, sentence):
        page = door.check_in(holder)
        receipt = receipt_of(holder, ANSWERS[holder], Timing.IN_TIME)
        assert page.status_code == 200
        assert sentence in said(page)
        assert shown(receipt) in said(page)
        kept = door.last()
        assert (kept.holder, kept.outcome, kept.answer) == (holder, CheckInOutcome.TOLD, ANSWERS[holder])
        assert (kept.timing, kept.receipt, kept.channel) == (Timing.IN_TIME, receipt, CheckedInBy.PAGE)
        assert (kept.day, kept.at, kept.facility) == (MONDAY, door.now, 1)

    def test_in_spanish_at_es(self, door):
        page = door.check_in(YES, path="/es")
        assert "Sí, venga hoy, entre las 8 a. m. y las 5 p. m." in said(page)

    def test_who_is_late_is_told_all_the_same(self, door):
        page = door.at("10:00").check_in(NO)
        assert "No, you do not need to come in today." in said(page)
        assert "You checked in late today." in said(page)
        assert shown(receipt_of(NO, DaysAnswer.STAY, Timing.LATE)) in said(page)
        assert door.last().timing is Timing.LATE

    def test_who_comes_again_has_the_same_receipt_in_a_row_of_its_own(self, door):
        first = door.check_in(YES)
        page = door.at("07:30").check_in(YES)
        assert "You checked in at 5:12 a.m. This is the same answer." in said(page)
        receipt = shown(receipt_of(YES, DaysAnswer.COME, Timing.IN_TIME))
        assert receipt in said(first)
        assert receipt in said(page)
        assert len(door.all_visits()) == 2

    def test_an_answer_that_is_new_says_what_it_replaces(self, door):
        door.check_in(NO)
        door.fill(filling(ANSWERS | {NO: DaysAnswer.COME}))  # a test for cause was ordered
        page = door.at("09:00").check_in(NO)
        assert "Yes, please come in today" in said(page)
        assert "This answer is new. It replaces the one of 5:12 a.m." in said(page)
        again = door.at("09:30").check_in(NO)
        assert "You checked in at 9 a.m. This is the same answer." in said(again)

    def test_without_a_key_there_is_an_answer_and_no_receipt(self, door):
        from dataclasses import replace

        given = filling()
        door.fill(replace(given, answers=tuple(replace(one, in_time=None, late=None) for one in given.answers)))
        page = door.check_in(YES)
        assert "Yes, please come in today" in said(page)
        assert "receipt" not in said(page)
        assert door.last().receipt is None


class TestNotTold:
    def test_before_it_opens_nothing_is_said_but_that_somebody_was_there_is_on_record(self, door):
        page = door.at("04:59:59").check_in(YES)
        assert "Check-in opens at 5 a.m. today. Please come back then." in said(page)
        assert "come in today" not in said(page)
        assert (door.last().outcome, door.last().timing, door.last().receipt) == (CheckInOutcome.EARLY, None, None)

    def test_when_collection_has_ended_the_receipt_says_that_somebody_was_here(self, door):
        page = door.at("17:00").check_in(YES)
        assert "Check-in is over for today." in said(page)
        assert shown(receipt_of(YES, HERE, Timing.OVER)) in said(page)
        assert (door.last().outcome, door.last().timing) == (CheckInOutcome.OVER, Timing.OVER)

    def test_no_answer_is_never_an_answer(self, door):
        door.fill(filling(with_answers=False))  # the night has not run
        page = door.check_in(NO)
        assert "We cannot tell you today's answer here. Please call 555-0100 now." in said(page)
        assert "That you were here is on record." in said(page)
        assert shown(receipt_of(NO, HERE, Timing.IN_TIME)) in said(page)
        assert (door.last().outcome, door.last().answer) == (CheckInOutcome.UNKNOWN, None)

    def test_nor_is_one_of_yesterday(self, door):
        page = door.at("05:12", date(2026, 11, 17)).check_in(NO)
        assert "Please call 555-0100 now." in said(page)
        assert shown(receipt_of(NO, HERE, Timing.IN_TIME, date(2026, 11, 17))) in said(page)

    def test_nor_what_was_filled_in_more_than_a_week_ago(self, door):
        page = door.at("05:12", date(2026, 11, 30)).check_in(NO)
        assert "Please call 555-0100 now." in said(page)
        assert "receipt:" not in said(page)
        assert door.last().outcome is CheckInOutcome.UNKNOWN

    def test_who_is_new_has_no_answer_before_one_is_filled_in(self, door):
        from dataclasses import replace

        given = filling(ANSWERS | {4: DaysAnswer.STAY})
        door.fill(replace(given, answers=tuple(one for one in given.answers if one.holder != 4)))
        assert "Please call 555-0100 now." in said(door.check_in(4))

    def test_a_page_that_nothing_was_ever_filled_into_says_to_call(self, tmp_path):
        door = FrontDoor(tmp_path / "new.web")
        assert door.get().status_code == 200
        page = door.check_in(YES)
        assert "Please call the telephone number on your card now." in said(page)
        assert "on record" not in said(page)
        assert door.all_visits() == []
        door.close()

    def test_a_wrong_pin_is_the_persons_try(self, door):
        page = door.post(number_of(YES), "000001")
        assert "That did not work. The check-in number and the PIN do not go together." in said(page)
        assert f'value="{number_of(YES)}"' in page.text  # the PIN is asked for again
        assert "000001" not in page.text
        assert (door.last().holder, door.last().outcome) == (YES, CheckInOutcome.WRONG)

    def test_a_number_of_nobody_is_nobodys_try_and_reads_the_same(self, door):
        page = door.post(NOBODYS, "000001")
        other = door.post(number_of(YES), "000001")
        assert page.text.replace(NOBODYS, "") == other.text.replace(number_of(YES), "")
        assert door.all_visits()[0].holder is None

    def test_an_ended_card_is_a_number_of_nobody(self, door):
        door.fill(filling({NO: DaysAnswer.STAY}))
        assert "do not go together" in said(door.check_in(YES))
        assert door.last().holder is None


class TestDays:
    def test_between_two_days_it_is_early(self, door):
        assert "Check-in is over for today." in said(door.at("23:59:59").check_in(YES))
        door.at("00:00:01", date(2026, 11, 17))
        assert "Check-in opens at 5 a.m. today." in said(door.check_in(YES))
        assert [one.day for one in door.all_visits()] == [MONDAY, date(2026, 11, 17)]

    def test_a_window_that_is_open_past_midnight_is_of_the_day_on_which_it_opened(self, door):
        tuesday = date(2026, 11, 17)
        given = filling()
        until_one = replace(given.days[0], over_at=instant(tuesday, time(1)))
        door.fill(replace(given, days=(until_one, *given.days[1:])))
        assert "Yes, please come in" in said(door.at("00:59", tuesday).check_in(YES))
        assert "Check-in opens at 5 a.m. today." in said(door.at("01:00", tuesday).check_in(YES))
        assert [one.day for one in door.all_visits()] == [MONDAY, tuesday]

    def test_on_the_night_the_clock_is_put_forward_a_time_that_is_skipped_is_the_first_after_it(self, tmp_path):
        day = date(2026, 3, 8)
        assert instant(day, time(2, 30)) == instant(day, time(3))  # one place decides that
        door = FrontDoor(tmp_path / "spring.web", now=instant(day, time(5)))
        door.fill(filling(day=day))
        assert "Yes, please come in" in said(door.check_in(YES))
        door.now = instant(day, time(4, 59))
        assert "opens at 5 a.m." in said(door.check_in(YES))
        door.close()

    def test_on_the_night_it_is_put_back_the_window_is_where_its_instants_are(self, tmp_path):
        day = date(2026, 11, 1)
        door = FrontDoor(tmp_path / "autumn.web", now=instant(day, time(9, 59)))
        door.fill(filling(day=day))
        assert door.check_in(YES).status_code == 200
        assert (door.last().day, door.last().timing) == (day, Timing.IN_TIME)
        door.now = instant(day, time(10))
        door.check_in(YES)
        assert door.last().timing is Timing.LATE
        door.close()

    def test_a_clock_that_jumps_back_leaves_ids_that_grow(self, door):
        door.at("06:00").check_in(YES)
        page = door.at("05:30").check_in(YES)
        assert "Yes, please come in" in said(page)
        assert [one.number for one in door.all_visits()] == [1, 2]
        assert door.all_visits()[0].at > door.all_visits()[1].at

    def test_a_rule_that_begins_later_says_when(self, door):
        from dataclasses import replace

        given = filling()
        door.fill(replace(given, days=given.days[3:]))
        page = door.check_in(YES)
        assert "Check-in is not open now." in said(page)
        assert door.last().outcome is CheckInOutcome.EARLY


class TestPlaces:
    @pytest.fixture
    def two(self, door):
        """Two facilities on one page, with people of the same numbers and other days."""
        here = PagePlace(1, "hh", "HH", "555-0100", "America/Los_Angeles", "Pacific time", "hora del Pacífico")
        there = PagePlace(2, "oak", "Oak", "555-0200", "America/New_York")
        of_oak = filling({11: DaysAnswer.STAY}, place=there)
        door.fill(filling(place=here), of_oak)
        return door

    def test_each_has_its_path_in_both_languages(self, two):
        for path, phone in (("/hh", "555-0100"), ("/hh/es", "555-0100"), ("/oak", "555-0200"), ("/oak/es", "555-0200")):
            page = two.get(path)
            assert page.status_code == 200
            assert phone in said(page)
            assert f'action="{path}"' in page.text
        assert two.get("/").status_code == 404

    def test_a_number_of_another_facility_is_one_of_nobody(self, two):
        assert "do not go together" in said(two.check_in(YES, path="/oak"))
        assert (two.last().holder, two.last().facility) == (None, 2)
        assert "Yes, please come in" in said(two.check_in(YES, path="/hh"))

    def test_the_same_number_at_two_facilities_is_two_peoples(self, two):
        from dataclasses import replace

        oak = PagePlace(2, "oak", "Oak", "555-0200", "America/Los_Angeles")
        theirs = filling({11: DaysAnswer.STAY}, place=oak)
        theirs = replace(theirs, holders=(replace(theirs.holders[0], number=number_of(YES)),))
        two.fill(filling(place=PagePlace(1, "hh", "HH", "555-0100", ZoneInfo("America/Los_Angeles").key)), theirs)
        assert "Yes, please come in" in said(two.check_in(YES, path="/hh"))
        assert "do not go together" in said(two.check_in(YES, path="/oak"))
        assert "No, you do not need" in said(two.post(number_of(YES), pin_of(11), path="/oak"))

    def test_one_alone_is_at_the_root_too(self, door):
        door.fill(filling(place=PagePlace(1, "hh", "HH", "555-0100", "America/Los_Angeles")))
        assert door.get("/").status_code == door.get("/hh").status_code == 200
        assert "Yes, please" in said(door.check_in(YES))

    def test_a_training_page_says_so(self, door):
        door.fill(filling(place=PagePlace(1, "", "HH", "555-0100", "America/Los_Angeles", training=True)))
        assert "Training: nothing here counts." in said(door.get())
