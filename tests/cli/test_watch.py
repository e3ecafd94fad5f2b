"""`today --watch`: keys act on the line under the cursor, and the screen follows the records."""

import asyncio
import shlex
import threading
from contextlib import asynccontextmanager

import pytest
from conftest import Clinic, made_once
from textual.events import Key
from textual.widgets import OptionList, Static

from testing_tracker.cli.board.lines import BoardRow, BoardSection
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.idle import IdleClock
from testing_tracker.cli.watch import screen as watched
from testing_tracker.cli.watch import strokes
from testing_tracker.cli.watch.lines import options
from testing_tracker.cli.watch.records import Records
from testing_tracker.cli.watch.screen import DayScreen
from testing_tracker.errors import TestingTrackerError


@made_once
def staffed(clinic):
    """Five participants are due on Monday."""
    clinic.add("A17", "A18", "B04", "C21", "D-9")
    clinic("draw")


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch):
    monkeypatch.setattr(watched, "LOOK_EVERY", 60.0)
    monkeypatch.setattr(strokes, "ONE_KEY", 0.02)


class Nurse:
    """Somebody before the screen."""

    def __init__(self, screen: DayScreen, pilot) -> None:
        self.screen, self.pilot = screen, pilot

    async def press(self, *keys: str) -> str:
        """Press keys one after the other, each by itself; what is said then."""
        for key in keys:
            await self.pilot.press(key)
            await self.settled()
        return self.said

    async def scan(self, code: str) -> str:
        """All keys at once, and Enter, as a scanner types."""
        return await self.answer(code)

    async def answer(self, text: str) -> str:
        """Type into the question that is asked, faster than anybody can."""
        for char in text:
            self.screen.post_message(Key(char, char))
        self.screen.post_message(Key("enter", "\r"))
        await self.settled()
        return self.said

    async def settled(self) -> None:
        """Wait until nothing is under way any more."""
        for _ in range(2000):
            await self.pilot.pause()
            if self.is_at_rest:
                await self.pilot.pause()  # what came of it is shown
                if self.is_at_rest:
                    return
            await asyncio.sleep(0.005)
        raise AssertionError("the screen does not come to rest")

    @property
    def is_at_rest(self) -> bool:
        over = getattr(self.screen.screen, "_strokes", None)
        is_typed = self.screen.strokes.is_open or (over is not None and over.is_open)
        return self.screen.background.is_idle and not is_typed

    async def until(self, what) -> None:
        """Wait until something is so; the screen looks once in a while."""
        for _ in range(300):
            await self.pilot.pause(0.01)
            if what():
                return
        raise AssertionError(self.text)

    def part(self, name: str) -> str:
        return str(self.screen.query_one(f"#{name}", Static).render())

    @property
    def said(self) -> str:
        return " ".join(self.part("said").split())

    @property
    def asked(self) -> str:
        return " ".join(str(one.render()) for one in self.screen.screen.query(Static))

    @property
    def at(self) -> str:
        """Whose line the cursor is on."""
        row = self.screen.row
        return row.who if row else ""

    @property
    def text(self) -> str:
        listed = self.screen.screen_stack[0].query_one(OptionList)
        return "\n".join([self.part("title"), *(str(one.prompt) for one in listed.options), self.part("said")])


@asynccontextmanager
async def before_the_screen(clinic: Clinic, size=(80, 24)):
    records = Records(Desk(clinic.url, clinic.today))
    screen = DayScreen(records, records.read())
    async with screen.run_test(size=size) as pilot:
        nurse = Nurse(screen, pilot)
        await nurse.settled()
        yield nurse
    screen.background.stop()
    records.close()


def at_the_screen(clinic: Clinic, does, size=(80, 24)) -> None:
    """Let a nurse do something before the screen."""

    async def meanwhile() -> None:
        async with before_the_screen(clinic, size) as nurse:
            await does(nurse)

    asyncio.run(meanwhile())


def statuses(clinic) -> list[str]:
    return [clinic.status(code) for code in ("A17", "A18", "B04", "C21", "D-9")]


class TestKeys:
    """Each is about the line under the cursor, and on record at once."""

    def test_a_row_of_cups(self, staffed):
        async def does(nurse):
            assert nurse.at == "A17"
            assert await nurse.press("n") == "A17's draw of 2026-11-16: negative logged."
            await nurse.press("down", "p")
            assert "A18, positive" in nurse.asked
            assert "A18's draw of 2026-11-16: positive for cocaine, fentanyl logged." in await nurse.answer(
                "coc=320, fen"
            )
            assert "Recommendation 1 for A18, open" in nurse.said
            await nurse.press("down", "e")
            assert await nurse.answer("court date") == "B04's draw of 2026-11-16: excused (was due)."
            assert "tried and could not provide" in await nurse.press("down", "u")
            await nurse.press("down", "c")
            assert await nurse.answer("S-104") == "D-9's draw of 2026-11-16: collected, S-104 (was due)."

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["collected negative", "collected positive", "excused", "due", "collected"]
        assert staffed.rows("SELECT amount FROM finding WHERE analyte = 'cocaine'") == [("320",)]
        assert staffed.rows("SELECT label FROM specimen") == [("S-104",)]
        assert staffed.rows("SELECT reason FROM draw WHERE status = 'excused'") == [("court date",)]

    def test_missed_and_refused_ask_first_and_any_other_key_is_no(self, staffed):
        async def does(nurse):
            await nurse.press("m")
            assert "A17: missed. Is that so?" in nurse.asked
            await nurse.press("n")
            assert staffed.status("A17") == "due"
            assert await nurse.press("m", "y") == "A17's draw of 2026-11-16: missed (was due)."
            assert await nurse.press("down", "r", "Y") == "A18's draw of 2026-11-16: refused (was due)."
            await nurse.press("down", "r", "escape")

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["missed", "refused", "due", "due", "due"]

    def test_what_is_asked_may_be_left_and_is_asked_again_where_it_is_not_understood(self, staffed):
        async def does(nurse):
            await nurse.press("p")
            await nurse.answer("cocain1")
            assert "cocaine" in nurse.asked
            await nurse.press("escape")
            await nurse.press("i")
            await nurse.answer("")
            assert "Say why" in nurse.asked
            await nurse.answer("cup [/] leaked")
            await nurse.press("down", "c")
            assert "A18's draw of 2026-11-16: collected (was due)." in await nurse.answer("")

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["collected invalid", "collected", "due", "due", "due"]
        assert staffed.rows("SELECT note FROM result") == [("cup [/] leaked",)]

    def test_undo_takes_back_what_this_screen_recorded_the_last_first(self, staffed):
        async def does(nurse):
            assert "nothing to take back" in await nurse.press("z")
            await nurse.press("n", "down", "u")
            assert "A18's draw of 2026-11-16: unable taken back; it is due again." in await nurse.press("z")
            assert "A17's draw of 2026-11-16: negative taken back; it is due again." in await nurse.press("z")
            assert "nothing to take back" in await nurse.press("z")

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["due"] * 5
        assert staffed.json("today")["counts"]["open"] == 5

    def test_capital_letters_are_the_same_keys_and_others_are_none(self, staffed):
        async def does(nurse):
            assert "is no key here" in await nurse.press("x")
            assert "negative logged" in await nurse.press("N")

        at_the_screen(staffed, does)

    def test_help_and_a_participants_record_are_shown_and_closed(self, staffed):
        staffed("prescription", "add", "A17", "buprenorphine")

        async def does(nurse):
            await nurse.press("p")
            assert "Prescribed: buprenorphine." in nurse.asked
            await nurse.press("escape", "down", "p")
            assert "Nothing prescribed." in nurse.asked
            await nurse.press("escape", "up", "question_mark")
            assert "negative" in nurse.asked
            await nurse.press("x", "enter")
            assert "A17: active, iop, schedule fixed-2" in nurse.asked
            assert "buprenorphine" in nurse.asked
            await nurse.press("enter")
            assert nurse.at == "A17"

        at_the_screen(staffed, does)

    def test_keys_may_come_faster_than_a_question_goes(self, staffed):
        async def does(nurse):
            await nurse.press("question_mark")
            await nurse.answer("qq")
            await nurse.press("p")
            for _ in range(3):
                await nurse.answer("coc")

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["collected positive", *["due"] * 4]

    def test_a_line_that_is_no_draw_takes_no_result(self, staffed):
        staffed("result", "A17", "positive", "--analyte", "cocaine")

        async def does(nurse):
            nurse.screen._go_to("recommendation-1")
            await nurse.settled()
            assert "testing-tracker recommendation show 1" in await nurse.press("n")

        at_the_screen(staffed, does)

    def test_quitting_tells_how_many_and_of_nobody(self, staffed):
        async def does(nurse):
            await nurse.press("n", "down", "n", "z")
            assert nurse.screen.tally == "Recorded on this screen: 2, 1 taken back."
            await nurse.pilot.press("q")

        at_the_screen(staffed, does)


class TestFinding:
    """A code that is typed or scanned puts the cursor on its line, and records nothing."""

    @pytest.mark.parametrize("code", ["D-9", "d-9", "C21"])
    def test_a_scanner_needs_no_key_before_it(self, staffed, code):
        async def does(nurse):
            await nurse.scan(code)
            assert nurse.at == code.upper()

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["due"] * 5

    @pytest.mark.parametrize("code", ["N12", "P7", "M1", "Q5", "Z9", "e2"])
    def test_a_code_that_begins_with_a_key_is_not_that_key(self, staffed, code):
        staffed.add(code)
        staffed("draw")

        async def does(nurse):
            await nurse.scan(code)
            assert nurse.at == code

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["due"] * 5

    def test_a_code_that_is_scanned_into_a_yes_or_no_is_no(self, staffed):
        async def does(nurse):
            await nurse.press("m")
            await nurse.scan("y12")

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["due"] * 5

    def test_slash_takes_a_part_of_a_code_or_a_cups_label(self, staffed):
        staffed("collected", "C21", "--specimen-id", "L-4411")

        async def does(nurse):
            await nurse.press("slash")
            await nurse.answer("b0")
            assert nurse.at == "B04"
            await nurse.press("slash")
            assert "A1 can be A17, A18" in await nurse.answer("A1")
            await nurse.press("slash")
            assert "is the label of this line's cup" in await nurse.answer("L-4411")
            assert nurse.at == "C21"
            assert "nobody-7 is not on the board" in await nurse.scan("nobody-7")

        at_the_screen(staffed, does)


class TestOnNobodyElse:
    """What is scanned, typed or pressed at the wrong moment lands on no other participant and no other day."""

    @pytest.mark.parametrize("key", ["c", "i", "e"])
    def test_the_next_code_that_is_scanned_into_a_question_is_no_label_and_no_reason(self, staffed, key):
        async def does(nurse):
            await nurse.press(key)
            assert "B04 is a participant's code, so nothing was recorded for A17" in await nurse.answer("B04")

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["due"] * 5

    def test_a_label_is_a_reason_for_nothing(self, staffed):
        async def does(nurse):
            await nurse.press("e")
            await nurse.answer("S-10433")
            assert "Say why" in nurse.asked
            await nurse.press("escape", "c")
            await nurse.answer("coc")
            assert "does not look like a cup's label" in nurse.asked
            await nurse.press("escape", "c")
            assert "collected, B04 " in await nurse.answer("#B04")

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["collected", *["due"] * 4]

    def test_a_part_of_a_code_is_not_guessed_because_the_other_is_not_on_the_board(self, staffed):
        staffed("participant", "add", "17", "--level", "iop", "--schedule", "random-1")
        staffed("participant", "add", "C17", "--level", "iop", "--schedule", "random-1")

        async def does(nurse):
            await nurse.press("down")
            assert "17 has no draw on the board" in await nurse.scan("17")
            assert "C1 can be" not in await nurse.scan("C1")
            assert nurse.said == "C17 has no draw on the board."
            assert nurse.at == "A18"

        at_the_screen(staffed, does)

    def test_a_label_that_can_be_a_part_of_a_code_is_refused_with_both(self, staffed):
        staffed("collected", "B04", "--specimen-id", "C2")

        async def does(nurse):
            assert "C2 is a cup's label, and can be the code C21" in await nurse.scan("C2")
            assert nurse.at == "A17"
            await nurse.scan("#C2")
            assert nurse.at == "B04"

        at_the_screen(staffed, does)

    def test_todays_draw_is_found_before_one_that_is_left_over_and_an_earlier_day_is_asked_about(self, staffed):
        staffed.today = "2026-11-19"
        staffed("draw")
        staffed("result", "A17", "negative")

        async def does(nurse):
            assert await nurse.scan("A17") == "A17; 1 other draw of A17 on the board too"
            assert "already has a result" in await nurse.press("n")
            nurse.screen._go_to(f"draw-{staffed.rows('SELECT min(id) FROM draw')[0][0]}")
            await nurse.press("n")
            assert "A17, the draw of 2026-11-16: negative. Is that so?" in nurse.asked
            await nurse.press("x", "p")
            assert "A17, the draw of 2026-11-16, positive" in nurse.asked
            await nurse.press("escape", "u")
            assert "A17, the draw of 2026-11-16: unable. Is that so?" in nurse.asked
            await nurse.press("n", "n")
            assert await nurse.press("y") == "A17's draw of 2026-11-16: negative logged (was unrecorded)."

        at_the_screen(staffed, does)

    def test_a_specimen_at_the_laboratory_is_asked_about(self, staffed):
        staffed("collected", "A17")
        staffed("confirmation", "send", "A17", "--lab", "Quest")

        async def does(nurse):
            await nurse.scan("A17")
            await nurse.press("n")
            assert "negative said by the cup, before the laboratory's word" in nurse.asked
            await nurse.press("escape", "p")
            assert "what was found by the cup?" in nurse.asked

        at_the_screen(staffed, does)
        assert staffed.status("A17") == "collected"

    @pytest.mark.parametrize("opened", ["question_mark", "enter"])
    @pytest.mark.parametrize("end", ["enter", "tab"])
    def test_what_is_scanned_into_help_or_a_record_is_the_next_code_and_no_key(self, staffed, opened, end):
        staffed.add("Xn")
        staffed("draw")

        async def does(nurse):
            await nurse.press(opened)
            for char in "xn":
                nurse.screen.post_message(Key(char, char))
            nurse.screen.post_message(Key(end, None))
            await nurse.settled()
            assert nurse.at == "Xn"

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["due"] * 5

    @pytest.mark.parametrize("key", ["", "slash", "c"])
    def test_a_scanner_that_ends_its_lines_twice_opens_no_record(self, staffed, key):
        async def does(nurse):
            await nurse.press(*filter(None, [key]))
            await nurse.scan("S-10433" if key == "c" else "B04")
            await nurse.press("enter")
            assert len(nurse.screen.screen_stack) == 1
            assert nurse.at == ("A17" if key == "c" else "B04")

        at_the_screen(staffed, does)

    def test_a_code_typed_by_hand_says_what_its_first_letter_has_recorded(self, staffed):
        async def does(nurse):
            said = await nurse.press("n", "3")
            assert "A17's draw of 2026-11-16: negative logged." in said
            assert "`/` comes before one that is typed, and `z` takes back what was recorded" in said
            assert "takes back" not in await nurse.press("down", "x")

        at_the_screen(staffed, does)

    def test_an_entry_that_could_not_be_taken_back_now_is_the_last_one_still(self, staffed, monkeypatch):
        async def does(nurse):
            await nurse.press("n", "down", "n")
            with monkeypatch.context() as busy:
                busy.setattr("testing_tracker.services.testing.log_undo.undo", _in_use)
                assert "in use" in await nurse.press("z")
            assert "A18's draw of 2026-11-16: negative taken back" in await nurse.press("z")

        at_the_screen(staffed, does)
        assert statuses(staffed)[:2] == ["collected negative", "due"]

    def test_what_is_taken_back_is_the_last_one_also_where_that_is_still_being_recorded(self, staffed):
        async def does(nurse):
            await nurse.press("n", "down")
            go_on, record = threading.Event(), nurse.screen.records.record
            nurse.screen.records.record = lambda *given: go_on.wait(20) and record(*given)
            nurse.screen.press("n", nurse.screen.row)
            nurse.screen.press("z", None)
            go_on.set()
            await nurse.settled()
            assert "A18's draw of 2026-11-16: negative taken back" in nurse.said

        at_the_screen(staffed, does)
        assert statuses(staffed)[:2] == ["collected negative", "due"]


def _in_use(*_given):
    raise TestingTrackerError("The database is in use.")


class TestFollowing:
    """What others record is there at the next look; the cursor stays with its participant."""

    @pytest.fixture(autouse=True)
    def _looks_often(self, monkeypatch):
        monkeypatch.setattr(watched, "LOOK_EVERY", 0.05)

    def test_anothers_entry_appears_and_the_cursor_stays(self, staffed):
        async def does(nurse):
            await nurse.scan("B04")
            await asyncio.to_thread(staffed, "result", "A17", "negative")
            await nurse.until(lambda: "4 open, 1 came" in nurse.part("title"))
            assert nurse.at == "B04"

        at_the_screen(staffed, does)

    def test_the_line_under_the_cursor_stays_in_its_place_until_the_cursor_leaves_it(self, staffed):
        async def does(nurse):
            await nurse.scan("B04")
            await asyncio.to_thread(staffed, "result", "B04", "negative")
            await nurse.until(lambda: "B04: negative now" in nurse.said)
            assert nurse.at == "B04"
            listed = nurse.text.split("Came")[0]
            assert listed.index("A18") < listed.index("B04  negative") < listed.index("C21")
            await nurse.press("down")
            assert nurse.at == "C21"
            assert "B04" not in nurse.text.split("Came")[0]

        at_the_screen(staffed, does)

    def test_an_act_is_about_the_line_that_was_seen(self, staffed):
        """Between the look and the key somebody else was faster: nothing is recorded, and it is said what changed."""

        async def does(nurse):
            row = nurse.screen.row
            nurse.screen.records.read_if_changed = lambda: None  # no look comes between
            await asyncio.to_thread(staffed, "collected", "A17", "--specimen-id", "L-1")
            nurse.screen.press("n", row)
            await nurse.settled()
            assert "is not any more what it was on the screen: it is collected now" in nurse.said

        at_the_screen(staffed, does)
        assert statuses(staffed)[0] == "collected"

    def test_what_the_other_nurse_recorded_does_not_hide_that_a_key_was_refused(self, staffed):
        async def does(nurse):
            row, look = nurse.screen.row, nurse.screen.records.read_if_changed
            nurse.screen.records.read_if_changed = lambda: None
            await asyncio.to_thread(staffed, "result", "A17", "positive", "--analyte", "cocaine")
            nurse.screen.press("n", row)
            await nurse.until(lambda: "Nothing was recorded" in nurse.said)
            nurse.screen.records.read_if_changed = look
            await nurse.until(lambda: "somebody else recorded that" in nurse.said)
            assert "Nothing was recorded" in nurse.said

        at_the_screen(staffed, does)

    def test_a_key_that_bounces_records_one_cup(self, staffed):
        async def does(nurse):
            await nurse.press("n")
            assert "already has a result" in await nurse.press("n")

        at_the_screen(staffed, does)
        assert statuses(staffed) == ["collected negative", *["due"] * 4]

    def test_at_midnight_it_is_another_board(self, staffed):
        async def does(nurse):
            nurse.screen.records._desk.pretended_day = "2026-11-17"
            await nurse.until(lambda: "Tuesday 2026-11-17: nobody knows yet who is due" in nurse.part("title"))
            assert "have not been made yet" in nurse.part("trouble")

        at_the_screen(staffed, does)

    def test_a_look_is_one_small_question_and_the_board_is_read_when_something_changed(self, staffed):
        from sqlalchemy import event

        records = Records(Desk(staffed.url, staffed.today))
        records.read()
        asked: list[str] = []
        event.listen(records._desk.engine, "before_cursor_execute", lambda _c, _u, text, *_more: asked.append(text))
        assert [records.read_if_changed() for _ in range(3)] == [None] * 3
        assert asked == ["SELECT max(id) FROM ledger_page WHERE facility_id = " + asked[0].split("= ")[1]] * 3
        staffed("result", "A17", "negative")
        assert records.read_if_changed() is not None
        assert records.read_if_changed() is None
        records.close()

    @pytest.mark.sqlite_only(reason="a file that is put in the database's place")
    def test_a_database_that_was_replaced_is_said_and_shown_and_nothing_goes_into_the_old_one(self, staffed, tmp_path):
        other = staffed.copy(tmp_path / "other.db")
        staffed("result", "A17", "negative")

        async def does(nurse):
            await nurse.press("n")
            other.database.replace(staffed.database)
            await nurse.until(lambda: "was replaced" in nurse.said and "5 open" in nurse.part("title"))
            assert "nothing to take back" in await nurse.press("z")
            staffed.database.rename(tmp_path / "away.db")
            await nurse.until(lambda: "There is no database" in nurse.part("trouble"))
            assert "Error:" in await nurse.press("n")

        at_the_screen(staffed, does)

    @pytest.mark.sqlite_only(reason="damages the file")
    def test_a_database_that_is_damaged_is_said_and_the_screen_stays(self, staffed):
        async def does(nurse):
            with staffed.database.open("r+b") as file:
                file.write(b"\x00" * 4096)
            assert "Error: " in await nurse.press("n")
            assert nurse.screen.failed is None

        at_the_screen(staffed, does)


class TestHowItLooks:
    """At every width, with whatever people have written."""

    @pytest.mark.parametrize("width", [40, 80, 120, 200])
    def test_no_line_is_cut(self, staffed, width):
        staffed("collected", "B04")
        staffed("confirmation", "send", "B04", "--lab", "[red]A Laboratory with a Long Name[/] \x1b[31m of Quest")

        async def does(nurse):
            assert "[red]A Laboratory" in " ".join(nurse.text.split())
            assert "\x1b" not in nurse.text
            lines = [line for line in nurse.text.splitlines() if not line.startswith(("TRAINING", "Monday"))]
            assert max(map(len, lines)) <= width - 2

        at_the_screen(staffed, does, (width, 24))

    def test_it_is_drawn_anew_as_wide_as_the_window_becomes(self, staffed):
        async def does(nurse):
            await nurse.scan("C21")
            await nurse.pilot.resize_terminal(40, 12)
            await nurse.settled()
            assert nurse.at == "C21"
            await nurse.pilot.resize_terminal(100, 30)
            await nurse.settled()
            assert nurse.at == "C21"

        at_the_screen(staffed, does)

    def test_nobody_due_is_a_board_too(self, clinic):
        clinic("draw")

        async def does(nurse):
            assert "nobody is due" in nurse.part("title")
            assert "no draw" in await nurse.press("n") or "not a draw" in nurse.said

        at_the_screen(clinic, does)


def test_a_command_below_a_row_is_typed_with_what_was_given_before():
    row = BoardRow("more", "", "", "9 more", (("result", "A17", "OUTCOME", "--lab", "Quest North"),))
    given = ["--database", "/srv/clinic.db"]
    shown = [str(one.prompt) for one in options([BoardSection("questions", "Questions", (row,))], 40, given)]
    assert max(len(line) for line in shown[1].splitlines()) <= 40
    pasted = shown[1].replace(" \\\n", " ").splitlines()[1]
    assert shlex.split(pasted)[1:] == [*given, *row.commands[0]]


class TestNobodyIsThere:
    """The clock of what is left alone: whatever a person or a scanner does begins it anew."""

    @pytest.mark.parametrize("over", [(), ("p",), ("question_mark",)], ids=["board", "question", "help"])
    def test_a_key_counts_whatever_stands_over_the_board(self, staffed, monkeypatch, over):
        async def look() -> None:
            async with before_the_screen(staffed) as nurse:
                await nurse.press("down", *over)
                touched: list[object] = []
                monkeypatch.setattr(nurse.screen.idle, "touch", lambda: touched.append(1))
                await nurse.press("down")
                assert touched
                touched.clear()
                nurse.screen.look()
                await nurse.settled()
                assert not touched, "what the records do is nobody's touch"

        asyncio.run(look())

    def test_it_leaves_also_a_question_and_records_nothing(self, staffed):
        async def look() -> None:
            async with before_the_screen(staffed) as nurse:
                await nurse.press("p", "c")
                nurse.screen.idle = IdleClock(1)
                nurse.screen.idle._touched_at -= 61
                nurse.screen.look()
                await nurse.pilot.pause()
                assert not nurse.screen.is_running or nurse.screen._exit

        asyncio.run(look())
        assert staffed.rows("SELECT count(*) FROM result") == [(0,)]
