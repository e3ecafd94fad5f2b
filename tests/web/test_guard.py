"""Who guesses is stopped, from one place and from 10,000; and nobody is locked out by somebody else's guesses."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web.front_door import ANSWERS, MONDAY, NO, NOBODYS, YES, FrontDoor, filling, number_of, pin_of, said, verifier

from testing_tracker.rules.check_in.answers import CheckInOutcome, DaysAnswer
from testing_tracker.rules.check_in.cards import MOST_WRONG
from testing_tracker.web import guard
from testing_tracker.web.hashing import Hashing, TooMuchAskedError

ANSWER, CANNOT = "Yes, please come in today", "We cannot take this now."


class Counted:
    """The hash, and how often it was made."""

    def __init__(self):
        self.made = 0
        self.right = []

    def __call__(self, pin, salt, given):
        self.made += 1
        return verifier(pin, salt) == given


@pytest.fixture
def counted(door):
    """The page with the hashes counted."""
    made = Counted()
    door.hashing = Hashing(made)
    door.file.close()
    door.open()
    return made


def guarded(door) -> list[int]:
    """The holders whose number is looked at from nowhere but their own telephone."""
    secret, nowhere = door.file.secret, "192.0.2.9"
    with door.file.reading() as database:
        every = {
            holder: guard.trying(secret, MONDAY, nowhere, guard.number_in(1, number_of(holder)), holder, None)
            for holder in ANSWERS
        }
        return [one for one, who in every.items() if guard.tried(database, who, door.now).may_not(who) == "number"]


def guesses(number: int):
    """So many PINs, none of them anybody's here."""
    return (f"{pin:06d}" for pin in range(100_000, 100_000 + number))


def places(number: int):
    """So many addresses, each in a street of its own."""
    return (f"10.{one >> 8}.{one & 255}.{one % 250}" for one in range(number))


class TestFromOnePlace:
    def test_30_wrong_ones_an_hour_are_looked_at_and_no_more(self, door, counted):
        pages = [door.post(number_of(YES), pin) for pin in guesses(100)]
        assert counted.made == MOST_WRONG
        assert [page.status_code for page in pages].count(429) == 70
        assert CANNOT in said(pages[-1])

    def test_it_makes_no_difference_which_numbers_they_are(self, door, counted):
        for holder, pin in zip(range(1, 101), guesses(100), strict=True):
            door.post(number_of(holder), pin)
        assert counted.made == MOST_WRONG

    def test_nor_whether_the_address_is_another_of_the_same_street(self, door, counted):
        """Each with another number, which no other guard stops."""
        for host, pin in zip(range(100), guesses(100), strict=True):
            door.post(number_of(100 + host), pin, address=f"203.0.113.{host}")
        assert counted.made == MOST_WRONG
        for host, pin in zip(range(100), guesses(100), strict=True):
            door.post(number_of(200 + host), pin, address=f"2001:db8:0:7::{host:x}")
        assert counted.made == MOST_WRONG + 30
        for host, pin in zip(range(100), guesses(100), strict=True):
            door.post(number_of(300 + host), pin, address=f"::ffff:203.0.113.{host}")  # as a listener for both says it
        assert counted.made == MOST_WRONG + 30

    def test_what_can_be_no_number_counts_too(self, door, counted):
        pages = [door.post("4820918", "000000") for _ in range(40)]
        assert [page.status_code for page in pages].count(429) == 10
        blocked = [one for one in door.all_visits() if one.outcome is CheckInOutcome.BLOCKED]
        assert len(blocked) == 1  # a flood does not fill the disk
        assert door.post(number_of(YES), "100000").status_code == 429
        assert counted.made == 0

    def test_in_the_next_hour_it_may_be_tried_again(self, door):
        for pin in guesses(31):
            door.post(number_of(NO), pin)
        assert door.check_in(YES).status_code == 429
        assert ANSWER in said(door.at("06:00").check_in(YES))

    def test_where_more_are_right_than_wrong_nobody_is_shut_out(self, tmp_path):
        """A mobile carrier's address is many people's."""
        door = FrontDoor(tmp_path / "carrier.web")
        people = dict.fromkeys(range(1, 101), DaysAnswer.STAY)
        door.fill(filling(people))
        for holder in people:
            assert door.check_in(holder).status_code == 200
            if holder % 2:
                assert door.post(number_of(holder), "100000").status_code == 200
        assert ANSWER not in said(door.check_in(1))
        assert door.check_in(1).status_code == 200
        door.close()

    def test_one_card_shown_again_and_again_does_not_buy_more_guesses(self, door, counted):
        for holder, pin in enumerate(guesses(100), start=100):  # with another number each, which its own guard misses
            door.check_in(YES)
            door.post(number_of(holder), pin)
        wrong = [one for one in door.all_visits() if one.outcome is CheckInOutcome.WRONG]
        assert len(wrong) == MOST_WRONG

    def test_somebodys_tries_that_were_not_looked_at_are_on_record_once_a_minute(self, door):
        for pin in guesses(31):
            door.post(number_of(NO), pin)
        for _ in range(50):
            door.check_in(YES)
        door.now += timedelta(seconds=90)
        door.check_in(YES)
        mine = [one.outcome for one in door.all_visits() if one.holder == YES]
        assert mine == [CheckInOutcome.BLOCKED] * 2


class TestWithOneNumber:
    def test_10_000_places_have_30_guesses_a_day_between_them(self, door, counted):
        for address, pin in zip(places(10_000), guesses(10_000), strict=True):
            door.post(number_of(YES), pin, address=address)
        assert counted.made == MOST_WRONG
        assert guarded(door) == [YES]

    def test_and_all_at_once_they_have_no_more(self, door, counted):
        with ThreadPoolExecutor(50) as pool:
            tries = zip(places(300), guesses(300), strict=True)
            list(pool.map(lambda one: door.post(number_of(YES), one[1], address=one[0]), tries))
        wrong = [one for one in door.all_visits() if one.outcome is CheckInOutcome.WRONG]
        assert len(wrong) == MOST_WRONG
        assert counted.made < MOST_WRONG + 50  # those that were under way

    def test_a_right_one_behind_them_says_nothing(self, door, counted):
        for address, pin in zip(places(30), guesses(30), strict=True):
            door.post(number_of(YES), pin, address=address)
        page = door.check_in(YES, address="192.0.2.1")
        assert CANNOT in said(page)
        assert (door.last().holder, door.last().outcome) == (YES, CheckInOutcome.BLOCKED)
        assert counted.made == 30

    def test_a_number_of_nobody_is_guarded_alike(self, door, counted):
        for address, pin in zip(places(40), guesses(40), strict=True):
            page = door.post(NOBODYS, pin, address=address)
        assert counted.made == MOST_WRONG
        assert (page.status_code, CANNOT in said(page)) == (200, True)
        assert guarded(door) == []

    def test_a_telephone_that_has_checked_in_before_is_not_locked_out(self, door):
        cookie = cookie_of(door.check_in(YES, https=True))
        for address, pin in zip(places(50), guesses(50), strict=True):
            door.post(number_of(YES), pin, address=address)
        headers = {"Cookie": cookie}
        assert ANSWER in said(door.check_in(YES, https=True, headers=headers, address="192.0.2.1"))
        assert CANNOT in said(door.check_in(YES, https=True, address="192.0.2.1"))

    def test_a_stolen_cookie_has_30_guesses_a_day_too(self, door, counted):
        cookie = cookie_of(door.check_in(YES, https=True))
        for address, pin in zip(places(200), guesses(200), strict=True):
            door.post(number_of(YES), pin, address=address, headers={"Cookie": cookie})
        assert counted.made == 1 + MOST_WRONG

    def test_a_cookie_of_somebody_else_or_made_up_opens_nothing(self, door):
        theirs = cookie_of(door.check_in(NO, https=True))
        for address, pin in zip(places(30), guesses(30), strict=True):
            door.post(number_of(YES), pin, address=address)
        for cookie in (
            theirs,
            "__Host-device=" + "0" * 16 + "." + "0" * 32,
            cookie_of(door.post(NOBODYS, "100000", https=True)),
        ):
            assert CANNOT in said(door.check_in(YES, address="192.0.2.1", headers={"Cookie": cookie}))

    @pytest.mark.parametrize("given", ["x", "a" * 500, "0" * 16 + ":" + "0" * 32, "0" * 16 + "." + "0" * 33])
    def test_a_cookie_that_is_none_of_ours_is_not_sent_back(self, door, given):
        ours = cookie_of(door.post(NOBODYS, "100000", https=True))
        back = cookie_of(door.post(NOBODYS, "100000", https=True, headers={"Cookie": f"__Host-device={given}"}))
        assert len(back) == len(ours)
        assert back != f"__Host-device={given}"

    def test_a_day_later_it_may_be_tried_again(self, door):
        for address, pin in zip(places(30), guesses(30), strict=True):
            door.post(number_of(YES), pin, address=address)
        assert CANNOT in said(door.check_in(YES, address="192.0.2.1"))
        door.now += timedelta(hours=24)
        assert CANNOT not in said(door.check_in(YES, address="192.0.2.1"))
        assert guarded(door) == []

    def test_a_short_pin_is_no_guess(self, door):
        for address in places(60):
            door.post(number_of(YES), "5530", address=address)
        assert ANSWER in said(door.check_in(YES))


class TestWithoutANumber:
    def test_enumerating_finds_nobody(self, door, counted):
        """Each number looks the same, somebody's or nobody's, from the first try to the last."""
        theirs, nobodys = [], []
        for address, pin in zip(places(40), guesses(40), strict=True):
            theirs.append(door.post(number_of(YES), pin, address=address))
            nobodys.append(door.post(NOBODYS, pin, address=address))
        for one, other in zip(theirs, nobodys, strict=True):
            assert one.status == other.status
            assert one.headers == other.headers
            assert one.text.replace(number_of(YES), "") == other.text.replace(NOBODYS, "")


def test_more_than_40_waiting_is_too_much_and_on_record(door):
    from threading import Event

    go, begun = Event(), Event()

    def slow(pin, salt, given):
        begun.set()
        go.wait(10)
        return verifier(pin, salt) == given

    door.hashing = Hashing(slow)
    door.file.close()
    door.open()
    people = dict.fromkeys(range(1, 101), DaysAnswer.STAY)
    door.fill(filling(people))
    with ThreadPoolExecutor(60) as pool:
        running = [pool.submit(door.check_in, holder, address=f"10.0.{holder}.1") for holder in range(1, 51)]
        begun.wait(10)
        while sum(one.done() for one in running) < 8:
            pass
        go.set()
        pages = [one.result() for one in running]
    assert sorted(page.status_code for page in pages) == [200] * 42 + [503] * 8
    blocked = [one for one in door.all_visits() if one.outcome is CheckInOutcome.BLOCKED]
    assert len(blocked) == 8
    assert None not in {one.holder for one in blocked}
    door.pulse.beat()
    (beat,) = door.file.beats_between(0, 1 << 40).values()
    assert (beat.served, beat.busy, beat.failed) == (50, 8, 0)


def test_a_second_thread_hashes_only_while_many_wait():
    """One is enough for twenty a second, and half the memory; both are for the morning on which all come at once."""
    from threading import Event, current_thread

    go, names = Event(), []

    def slow(*_):
        names.append(current_thread().name)
        return go.wait(10)

    hashing = Hashing(slow)
    with ThreadPoolExecutor(42) as pool:
        for asked in (10, 42):
            running = [pool.submit(hashing.fits, "", b"", b"") for _ in range(asked)]
            while hashing._asked < asked:
                pass
            if asked == 42:
                with pytest.raises(TooMuchAskedError):
                    hashing.fits("", b"", b"")
            go.set()
            assert all(one.result() for one in running)
            go.clear()
            assert len(set(names)) == (1 if asked == 10 else 2)
    assert hashing._asked == hashing._at_first == 0
    hashing.close()


class TestWhatIsKept:
    def test_no_address_and_no_number_and_for_two_days(self, door):
        door.post(number_of(YES), "100000", address="203.0.113.7")
        door.post(NOBODYS, "100000", address="203.0.113.7")
        with door.file.reading() as database:
            rows = database.execute("SELECT who, wrong FROM tries").fetchall()
        assert sorted(wrong for _, wrong in rows) == [1, 1, 2, 2]  # two numbers, a place, no telephone
        door.file.close()
        kept = b"".join(file.read_bytes() for file in door.path.parent.iterdir())
        assert b"203.0.113" not in kept
        assert NOBODYS.encode() not in kept
        door.open()
        door.now += timedelta(hours=50)
        door.pulse.beat()
        assert door.counted()["tries"] == 0

    def test_another_file_makes_other_hashes(self, door, tmp_path):
        other = FrontDoor(tmp_path / "other.web")
        made = [
            guard.trying(one.file.secret, door.now.date(), "203.0.113.7", "1|4820917", 1, None) for one in (door, other)
        ]
        assert not set(made[0].every[:2]) & set(made[1].every[:2])
        other.close()

    @given(st.ip_addresses())
    def test_any_address_is_a_streets(self, address):
        one = guard._neighbourhood(str(address))
        assert guard._neighbourhood(one.partition("/")[0]) == one

    @given(st.text(max_size=60))
    def test_what_is_no_address_is_a_place_too(self, text):
        assert guard.trying(b"", MONDAY, text, "", None, text).source


def cookie_of(page) -> str:
    return page.headers["Set-Cookie"].partition(";")[0]


def test_the_cookie_is_for_https_alone_and_no_script_reads_it(door):
    assert "Set-Cookie" not in door.check_in(YES).headers
    words = door.check_in(YES, https=True).headers["Set-Cookie"].split("; ")
    assert set(words[1:]) == {"Max-Age=7776000", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"}


def test_somebodys_own_telephone_stays_theirs_whoever_tries_on_it(door):
    mine = cookie_of(door.check_in(YES, https=True))
    assert cookie_of(door.post(number_of(YES), pin_of(NO), https=True, headers={"Cookie": mine})) == mine
    assert cookie_of(door.check_in(YES, https=True, headers={"Cookie": mine})) == mine
    assert cookie_of(door.check_in(NO, https=True, headers={"Cookie": mine})) != mine
