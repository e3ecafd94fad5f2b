"""The page's file: filled with what is wanted and nothing else, for its owner alone, and what becomes of it."""

import json
import os
import shutil
import sqlite3
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web.front_door import ANSWERS, MONDAY, NO, SOURCE, YES, FrontDoor, filling, number_of, pin_of, said

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import DaysAnswer
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.web import seen
from testing_tracker.web.file import KEPT, Beat, PageFile, minute_of
from testing_tracker.web.filling import (
    CollectedTo,
    DayOfPage,
    DaysAnswerOf,
    Filling,
    HereReceipt,
    Holder,
    PageContents,
    PagePlace,
    from_json,
    to_json,
)
from testing_tracker.web.seen import MOST_VISITS, PageSeen, seen_in

AT = datetime(2026, 11, 16, 13, 0, 31, tzinfo=UTC)
INSTANTS = st.integers(1, 7_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
IDS = st.integers(1, 9)
PLACES = st.builds(PagePlace, IDS, *[TEXTS] * 6, st.booleans(), st.none() | TEXTS, st.none() | TEXTS)
DAYS = st.builds(DayOfPage, st.dates(), INSTANTS, INSTANTS, INSTANTS, st.none() | INSTANTS)
HOLDERS = st.builds(Holder, IDS, TEXTS, st.binary(max_size=4), st.binary(max_size=4), st.sampled_from(Language))
FILLINGS = st.builds(
    Filling,
    PLACES,
    st.lists(DAYS, max_size=3).map(tuple),
    st.lists(HOLDERS, max_size=3).map(tuple),
    st.lists(
        st.builds(
            DaysAnswerOf,
            *(st.dates(), IDS, st.sampled_from(DaysAnswer)),
            *[st.none() | INSTANTS] * 2,
            *[st.none() | TEXTS] * 2,
        ),
        max_size=3,
    ).map(tuple),
    st.lists(st.builds(HereReceipt, st.dates(), IDS, TEXTS, TEXTS, TEXTS), max_size=3).map(tuple),
)
CONTENTS = st.builds(
    PageContents, TEXTS, INSTANTS, st.lists(FILLINGS, max_size=2).map(tuple), st.lists(IDS, max_size=2).map(tuple)
)


class TestDocument:
    @given(CONTENTS)
    def test_it_says_what_it_was_made_of(self, contents):
        assert from_json(to_json(contents)) == contents
        assert "\n" not in to_json(contents)

    def test_half_of_it_is_refused_whole(self):
        whole = to_json(PageContents(SOURCE, AT, (filling(),)))
        for length in range(0, len(whole), 97):
            with pytest.raises(TestingTrackerError):
                from_json(whole[:length])

    @pytest.mark.parametrize("version", [2, 0, "1", None, 1.5])
    def test_so_is_another_version(self, version):
        document = json.loads(to_json(PageContents(SOURCE, AT))) | {"testing_tracker_page": version}
        with pytest.raises(TestingTrackerError, match="another version"):
            from_json(json.dumps(document))

    @given(st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, st.lists, max_leaves=5), st.data())
    def test_whatever_else_stands_in_it_is_refused_in_words(self, value, data):
        document = json.loads(to_json(PageContents(SOURCE, AT, (filling(),), (7,))))
        where = data.draw(st.sampled_from(["source", "at", "fillings", "kept"]))
        was = document[where]
        document[where] = value
        try:
            assert to_json(from_json(json.dumps(document)))
        except TestingTrackerError:
            assert value != was

    @pytest.mark.parametrize("text", ["", "[]", "{}", "null", "\0", "{" * 100_000, '{"a": 1}', b"\xff"])
    def test_what_is_none_is_refused(self, text):
        with pytest.raises(TestingTrackerError, match="Nothing was changed"):
            from_json(text)


class TestWhatComesBack:
    """Whoever has the page's machine can write it: what is in it has its order, or it is refused whole."""

    def document(self, numbers) -> str:
        told = PageSeen("ab" * 8, AT, after=2)
        row = [1, "2026-11-16", AT.timestamp(), "page", YES, "told", "come", "in time", "45865319"]
        return json.dumps(json.loads(seen.to_json(told)) | {"visits": [[number, *row] for number in numbers]})

    @pytest.mark.parametrize("numbers", [(), (3,), (3, 7), range(3, 3 + MOST_VISITS)])
    def test_visits_grow_from_the_one_that_was_asked_for(self, numbers):
        found = seen.from_json(self.document(numbers))
        assert [one.number for one in found.visits] == list(numbers)
        assert found.has_more == (len(numbers) == MOST_VISITS)

    @pytest.mark.parametrize("numbers", [(4, 3), (3, 3), (2, 3), (0,), (-1,), (2**53,), range(3, 4 + MOST_VISITS)])
    def test_others_are_refused_whole(self, numbers):
        with pytest.raises(TestingTrackerError, match="did not arrive whole"):
            seen.from_json(self.document(numbers))


class TestFilling:
    def test_what_is_not_wanted_any_more_is_gone(self, door):
        assert door.file.fill(PageContents(SOURCE, AT, (filling(),))) is False
        assert door.file.fill(PageContents(SOURCE, AT, (filling({NO: DaysAnswer.STAY}),))) is True
        counted = door.counted()
        assert (counted["holder"], counted["answer"], counted["here"], counted["day"]) == (1, 1, 8, 8)
        assert door.file.fill(PageContents(SOURCE, AT)) is True
        assert [door.counted()[table] for table in ("place", "holder", "answer", "here", "day")] == [0] * 5

    def test_it_is_told_when_it_was_read(self, door):
        door.file.fill(PageContents(SOURCE, AT, (filling(),)))
        assert door.file.filled_at == AT

    def test_a_facility_that_could_not_be_read_stays_as_it_is(self, door):
        oak = PagePlace(2, "oak", "Oak", "555-0200", "America/New_York")
        hh = replace(filling().place, path="hh")
        door.fill(filling(place=hh), filling({11: DaysAnswer.STAY}, place=oak))
        door.fill(filling({12: DaysAnswer.STAY}, place=oak), kept=(1,))
        assert "Yes, please" in said(door.check_in(YES, path="/hh"))
        assert "No, you do not" in said(door.check_in(12, path="/oak"))
        assert "do not go together" in said(door.check_in(11, path="/oak"))

    def test_numbers_that_change_hands_are_no_clash(self, door):
        given = filling()
        one, other, *rest = given.holders
        swapped = (replace(one, number=other.number), replace(other, number=one.number), *rest)
        door.fill(replace(given, holders=swapped))
        assert "Yes, please" in said(door.post(number_of(NO), pin_of(YES)))

    def test_another_database_is_refused_and_nothing_changes(self, door):
        with pytest.raises(TestingTrackerError, match="page of another database"):
            door.file.fill(PageContents("another", AT, ()))
        assert door.counted()["holder"] == len(ANSWERS)

    def test_what_clashes_is_refused_whole(self, door):
        given = filling()
        twice = (*given.holders, replace(given.holders[0], id=99))
        with pytest.raises(sqlite3.IntegrityError):
            door.fill(replace(given, holders=twice, answers=()))
        assert door.counted()["answer"] == len(ANSWERS)

    def test_a_new_pin_makes_the_earlier_one_worthless(self, door):
        given = filling()
        new = tuple(replace(one, verifier=b"x" * 32) if one.id == YES else one for one in given.holders)
        door.fill(replace(given, holders=new))
        assert "do not go together" in said(door.check_in(YES))

    def test_what_is_told_is_on_the_disk_before_and_what_is_taken_out_leaves_nothing_behind(self, door):
        with door.file.reading() as database:
            found = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "secure_delete")]
        assert found == [2, 1]

    def test_there_is_no_code_and_nothing_of_tomorrow_in_it(self, door):
        """`here` receipts, the same whether somebody is drawn or not, are all that reaches beyond the day."""
        with door.file.reading() as database:
            days = {row[0] for row in database.execute("SELECT day FROM answer")}
            columns = {row[1] for row in database.execute("PRAGMA table_info(holder)")}
        assert days == {f"{MONDAY}"}
        assert columns == {"facility", "id", "number", "salt", "verifier", "language"}


class TestBesides:
    def test_visits_come_once_in_their_order(self, door):
        for holder in (YES, NO, YES):
            door.check_in(holder)
        first = door.file.visits_after(0, 2)
        assert [one.holder for one in first] == [YES, NO]
        assert [one.holder for one in door.file.visits_after(first[-1].number, 2)] == [YES]
        assert door.file.visits_after(3, 2) == []

    def test_beats_add_up_and_a_probe_that_reached_it_counts(self, door):
        minute = minute_of(door.now)
        door.file.beat(minute, Beat(3, 1, 0))
        door.file.beat(minute, Beat(2, 0, 1))
        assert door.file.beats_between(minute - 1, minute) == {minute: Beat(5, 1, 1)}
        for reached in (False, True, False):
            door.file.note_probe(minute, reached=reached)
        door.file.note_probe(minute + 1, reached=False)
        assert door.file.probes_between(minute, minute + 1) == {minute: True, minute + 1: False}
        door.check_in(YES)
        assert door.file.minutes_with_visits(minute - 5, minute + 5) == {minute}

    def test_what_was_collected_is_forgotten_after_90_days_and_nothing_else(self, door):
        for _ in range(3):
            door.check_in(YES)
        door.file.beat(minute_of(door.now), Beat())
        door.file.fill(PageContents(SOURCE, AT, (filling(),), collected=(CollectedTo(1, 2, door.file.identity),)))
        door.file.tidy(door.now + KEPT - timedelta(minutes=1))
        assert len(door.all_visits()) == 3
        door.file.tidy(door.now + KEPT + timedelta(minutes=1))
        assert [one.number for one in door.all_visits()] == [3]
        assert door.counted()["beat"] == 0
        door.check_in(YES)
        assert door.last().number == 4  # a number is never given again

    def test_nor_what_another_facility_has_not_collected_though_this_one_went_past_it(self, door):
        oak = PagePlace(2, "oak", "Oak", "555-0200", "America/New_York")
        hh = replace(filling().place, path="hh")
        door.fill(filling(place=hh), filling({12: DaysAnswer.STAY}, place=oak))
        for holder, path in ((YES, "/hh"), (12, "/oak"), (12, "/oak"), (YES, "/hh")):
            door.check_in(holder, path=path)
        long_after, mine = door.now + KEPT + timedelta(minutes=1), door.file.identity
        door.file.fill(PageContents(SOURCE, AT, kept=(1, 2), collected=(CollectedTo(1, 4, "ab" * 8),)))
        door.file.tidy(long_after)
        assert len(door.all_visits()) == 4  # these were another file's
        door.file.fill(PageContents(SOURCE, AT, kept=(1, 2), collected=(CollectedTo(1, 4, mine),)))
        door.file.tidy(long_after)
        assert [one.number for one in door.all_visits()] == [2, 3]
        door.file.fill(PageContents(SOURCE, AT, kept=(1,), collected=(CollectedTo(2, 2, mine),)))  # it has no page now
        door.file.tidy(long_after)
        assert [one.number for one in door.all_visits()] == [3]

    def test_a_page_forgets_them_by_itself_also_once_nobody_fills_it_any_more(self, door):
        door.check_in(YES)
        door.pulse.beat()
        door.file.note_probe(minute_of(door.now), reached=True)
        door.file.fill(PageContents(SOURCE, AT, collected=(CollectedTo(1, 1, door.file.identity),)))  # no page any more
        door.now += KEPT + timedelta(minutes=1)
        door.pulse.beat()
        door.file.note_probe(minute_of(door.now), reached=True)
        assert door.all_visits() == []
        assert list(door.file.beats_between(0, 1 << 40)) == [minute_of(door.now)]
        assert list(door.file.probes_between(0, 1 << 40)) == [minute_of(door.now)]

    def test_a_page_that_failed_says_of_what_kind_once_a_minute(self, door):
        door.pulse.count(failed="OperationalError")
        door.pulse.count(failed="OperationalError")
        door.pulse.count(busy=True)
        assert door.minutes == []
        door.now += timedelta(minutes=1)
        door.pulse.beat()
        assert door.minutes == [(Beat(3, 1, 2), ["OperationalError"])]
        door.now += timedelta(minutes=1)
        door.pulse.beat()
        assert len(door.minutes) == 1  # nothing was done, and nothing is told
        assert len(door.file.beats_between(0, 1 << 40)) == 3

    def test_what_cannot_be_written_waits_for_an_hour_and_is_counted_once(self, door, tmp_path):
        os.rename(door.path, tmp_path / "away")
        for _ in range(90):
            door.pulse.count(busy=True)
            with pytest.raises(FileNotFoundError):
                door.pulse.beat()
            door.now += timedelta(minutes=1)
        os.rename(tmp_path / "away", door.path)
        door.pulse.beat()
        beats = door.file.beats_between(0, 1 << 40)
        now = minute_of(door.now)
        assert beats == {now: Beat()} | {now - ago: Beat(1, 1, 0) for ago in range(1, 60)}


class TestWhoMayOpenIt:
    def test_its_owner_alone(self, door):
        door.check_in(YES)
        files = list(door.path.parent.iterdir())
        assert {file.name for file in files} == {"clinic.db.web", "clinic.db.web-wal", "clinic.db.web-shm"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    def test_and_the_group_of_a_folder_that_is_shared(self, tmp_path):
        folder = tmp_path / "shared"
        folder.mkdir()
        os.chown(folder, -1, 4711 if os.geteuid() == 0 else os.getegid())
        folder.chmod(0o2770)
        door = FrontDoor(folder / "page.web")
        door.fill()
        for file in folder.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o660
            assert file.stat().st_gid == folder.stat().st_gid
        door.close()

    @pytest.mark.parametrize("mode", [0o604, 0o602, 0o666, 0o661])
    def test_one_that_others_can_open_is_refused_with_what_to_do(self, door, mode):
        door.close()
        door.path.chmod(mode)
        with pytest.raises(TestingTrackerError, match=rf"chmod o= {door.path}"):
            PageFile(door.path)
        door.path.chmod(0o660)
        PageFile(door.path).close()

    def test_what_is_no_page_is_refused_and_stays(self, tmp_path):
        (tmp_path / "text").write_text("a letter")
        with sqlite3.connect(tmp_path / "clinic.db") as database:
            database.execute("CREATE TABLE participant (id)")
        database.close()
        (tmp_path / "folder").mkdir()
        for name in ("text", "clinic.db", "folder"):
            if name != "folder":
                (tmp_path / name).chmod(0o600)
            before = (tmp_path / name).read_bytes() if name != "folder" else b""
            with pytest.raises(TestingTrackerError):
                PageFile(tmp_path / name)
            assert name == "folder" or (tmp_path / name).read_bytes() == before

    def test_so_is_one_of_a_newer_version(self, door):
        with door.file.writing() as database:
            database.execute("UPDATE about SET value = '2' WHERE key = 'schema'")
        with pytest.raises(TestingTrackerError, match="newer version"):
            PageFile(door.path)


class TestFaults:
    def test_a_full_disk_says_to_call_and_claims_nothing(self, door):
        door.check_in(YES)
        with door.file.reading() as database:
            pages = database.execute("PRAGMA page_count").fetchone()[0]
            database.execute(f"PRAGMA max_page_count = {pages}")
        responses = [door.check_in(YES) for _ in range(400)]
        page = responses[-1]
        assert page.status_code == 500
        assert "Please call 555-0100" in said(page)
        assert "on record" not in said(page)
        assert len(page.data) == len(responses[0].data)
        told = [one for one in responses if one.status_code == 200]
        assert len(door.all_visits()) == 1 + len(told)  # nobody was told what is not on record
        with door.file.reading() as database:
            database.execute("PRAGMA max_page_count = 1000000")
        assert "Yes, please" in said(door.check_in(YES))
        door.pulse.beat()
        (beat,) = door.file.beats_between(0, 1 << 40).values()
        assert beat.failed == 400 - len(told)

    def test_a_file_that_is_gone_says_to_call_until_it_is_there_again(self, door, tmp_path):
        door.check_in(YES)
        shutil.copy(door.path, tmp_path / "kept")
        with door.file.reading() as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(door.path, tmp_path / "kept")
        for file in door.path.parent.glob("clinic.db.web*"):
            file.unlink()
        page = door.check_in(YES)
        assert (page.status_code, "on record" in said(page)) == (500, False)
        assert "Please call 555-0100" in said(page)  # as it was known before
        assert not door.path.exists()
        assert door.get("/alive").status_code == 500
        os.replace(tmp_path / "kept", door.path)
        assert "Yes, please" in said(door.check_in(YES))
        assert len(door.all_visits()) == 2

    def test_a_file_that_is_replaced_is_the_one_that_counts(self, door, tmp_path):
        other = FrontDoor(tmp_path / "other.web")
        other.fill(filling({YES: DaysAnswer.STAY}))
        other.close()
        assert "Yes, please" in said(door.check_in(YES))
        os.replace(tmp_path / "other.web", door.path)
        assert "No, you do not" in said(door.check_in(YES))

    def test_so_is_one_that_comes_with_a_journal_of_its_own(self, door, tmp_path):
        other = FrontDoor(tmp_path / "other.web")
        other.fill(filling({YES: DaysAnswer.STAY}))
        for ending in ("", "-wal"):
            shutil.copy(f"{other.path}{ending}", tmp_path / f"copy{ending}")
        other.close()
        assert "Yes, please" in said(door.check_in(YES))
        for ending in ("-wal", ""):
            os.replace(tmp_path / f"copy{ending}", f"{door.path}{ending}")
        assert "No, you do not" in said(door.check_in(YES))

    def test_somebody_who_holds_the_file_makes_nobody_wait_for_long(self, door, monkeypatch):
        monkeypatch.setattr("testing_tracker.web.file.SQLITE_SECONDS", 0.1)
        door.file.close()
        door.open()
        other = sqlite3.connect(door.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        page = door.check_in(YES)
        assert (page.status_code, "on record" in said(page)) == (500, False)
        other.execute("ROLLBACK")
        other.close()
        assert "Yes, please" in said(door.check_in(YES))

    def test_a_page_that_cannot_be_made_is_still_words(self, door, monkeypatch):
        monkeypatch.setattr("testing_tracker.web.app.render", lambda page: 1 / 0)
        page = door.check_in(YES)
        assert page.status_code == 500
        assert "Please call the telephone number on your card now." in page.text
        assert "ZeroDivision" not in page.text

    def test_filling_while_people_check_in_makes_nobody_wait_for_ever(self, door):
        from concurrent.futures import ThreadPoolExecutor

        other = PageFile(door.path)
        people = dict.fromkeys(range(1, 400), DaysAnswer.STAY)
        with ThreadPoolExecutor(8) as pool:
            pages = [pool.submit(door.check_in, YES) for _ in range(100)]
            for _ in range(5):
                other.fill(PageContents(SOURCE, AT, (filling(people),)))
                other.fill(PageContents(SOURCE, AT, (filling(),)))
            assert {page.result().status_code for page in pages} == {200}
        other.close()


def test_an_older_copy_of_the_file_is_refused_or_its_next_visits_would_be_taken_for_earlier_ones(door):
    """Whoever brings back an older copy is told to begin a new one; what was collected stays as it is."""
    door.check_in(YES)
    assert [visit.number for visit in seen_in(door.file, 0, door.now, timedelta(days=1)).visits] == [1]
    assert seen_in(door.file, 1, door.now, timedelta(days=1)).visits == ()
    with pytest.raises(TestingTrackerError, match="older copy of itself"):
        seen_in(door.file, 2, door.now, timedelta(days=1))
    assert seen_in(door.file, None, door.now, timedelta(days=1)).visits == ()
