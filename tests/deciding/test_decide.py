"""`decide`: what waits for a clinician, one after the other; nothing is done before it was said and agreed to."""

import os
import signal

import pytest
from conftest import Clinic, made_once
from recomputed import out_of_line
from terminals import Terminal

from testing_tracker.cli.decide_conversation import Sitting
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.errors import TestingTrackerError

CODES = ("A17", "B04", "C21")
STRICT = "steps = 1\nmissed = 'review'\nreview_after_negative_weeks = 2\n"


@made_once
def six(clinic):
    """Three with a positive, one of whom was put off; a missed test to look at; D33 is ready for less."""
    file = clinic.database.with_name("ours.toml")
    file.write_text(f"{clinic('schedule', 'show', 'fixed-3').split('[response]')[0]}[response]\n{STRICT}")
    clinic("schedule", "load", str(file))
    clinic.add(*CODES, "E05", "F06", schedule="ours")
    clinic.add("D33", schedule="ours", level="php")
    for day in ("16", "18", "20", "23", "25", "27", "30"):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        for code in ("D33", *(() if day == "30" else (*CODES, "E05", "F06"))):
            clinic("result", code, "negative")
    for code in (*CODES, "F06"):
        clinic("result", code, "positive", "--analyte", "cocaine", "--note", f"{code} said nothing")
    clinic("missed", "E05", "--reason", "left the room")
    clinic("recommendation", "defer", "F06", "--until", "2026-12-07", "--reason", "court")


class Screen:
    """A sitting without a terminal."""

    def __init__(self, clinic: Clinic, columns: int = 80, rows: int = 24) -> None:
        self.lines: list[str] = []
        self.desk = Desk(clinic.url, clinic.today)
        self.sitting = Sitting(self.desk, self.lines.append, lambda: (columns, rows))
        self.sitting.begin()

    def type(self, *lines: str) -> str:
        """Type lines; what is said to them."""
        self.lines.clear()
        for line in lines:
            self.sitting.take(line)
        return "\n".join(self.lines)

    def refused(self, line: str) -> str:
        with pytest.raises(TestingTrackerError) as refusal:
            self.sitting.take(line)
        return str(refusal.value)

    @property
    def said(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def screen(six):
    made = Screen(six)
    yield made
    made.desk.close()
    assert "All holds" in six("verify")
    assert out_of_line(six) == []


def state(clinic):
    return {one["participant"]: one["status"] for one in clinic.json("recommendation", "list", "--all") if one["id"]}


def level(clinic, code):
    return clinic.json("participant", "show", code)["level"]


class TestOneByOne:
    """The walk: recommendations, then reviews, then who may need less care."""

    def test_it_says_what_waits_and_shows_the_first(self, screen):
        assert screen.lines[:3] == [
            "TRAINING Waiting: 3 recommendations, 1 review, 1 participant ready for less; 1",
            "  put off. ? helps, q leaves.",
            "",
        ]
        assert "TRAINING 1 of 5  Recommendation 3 for C21: iop to php" in screen.lines
        assert screen.lines[-1] == "a accept  o other level  d decline  f defer  s skip  b back  q quit"
        assert screen.sitting.question == "TRAINING C21: "

    def test_an_acceptance_is_said_before_it_is_done(self, six, screen):
        before = six.contents()
        said = screen.type("a agreed with them")
        assert said == "TRAINING C21 moves from iop to php today; the schedule stays ours."
        assert screen.sitting.question == "TRAINING Right? (y/N): "
        assert six.contents() == before
        said = screen.type("y")
        assert said.startswith(
            "TRAINING Recommendation 3 accepted; C21 is in php from today; the schedule stays\n  ours."
        )
        assert "2 of 5  Recommendation 2 for B04" in said
        assert level(six, "C21") == "php"
        assert six.json("recommendation", "show", "3")["decision_reason"] == "agreed with them"

    @pytest.mark.parametrize("answer", ["", "n", "No", "b"])
    def test_without_a_yes_nothing_is_done(self, six, screen, answer):
        before = six.contents()
        assert screen.type("a", answer).endswith("TRAINING Nothing was done.")
        assert six.contents() == before
        assert screen.sitting.question == "TRAINING C21: "

    def test_yes_is_asked_for_and_nothing_else(self, screen):
        screen.type("a")
        assert screen.refused("php") == "Type `y` or `n`."
        assert "Recommendation 3 accepted" in screen.type("YES")

    @pytest.mark.parametrize("typed", [("to residential",), ("o", "Residential"), ("other level residential",)])
    def test_another_level(self, six, screen, typed):
        assert "C21 moves from iop to residential today" in screen.type(*typed)
        assert "accepted at residential instead of php" in screen.type("y").replace("\n  ", " ")
        assert level(six, "C21") == "residential"

    def test_declining_asks_for_a_reason(self, six, screen):
        screen.type("d")
        assert "It takes a few words" in screen.refused("")
        assert "C21 stays in iop" in screen.type("talked it over")
        assert "Recommendation 3 is declined" in screen.type("y")
        assert six.json("recommendation", "show", "3")["decision_reason"] == "talked it over"

    def test_deferring_asks_for_a_day_and_a_reason(self, six, screen):
        screen.type("f")
        assert "is not to come" in screen.refused("2026-11-30")
        assert "such as" in screen.sitting.question
        screen.type("+7", "family meeting")
        assert "put off until 2026-12-07" in screen.type("y")
        assert six.json("recommendation", "show", "3")["deferred_until"] == "2026-12-07"

    def test_all_of_it_in_one_line(self, six, screen):
        assert "put off until 2026-12-04" in screen.type("f fri family meeting")
        assert "declined" in screen.type("y", "decline talked it over", "y")
        assert six.rows("SELECT reason FROM audit_entry WHERE act LIKE 'recommendation de%' ORDER BY id DESC") == [
            *(("talked it over",), ("family meeting",), ("court",)),
        ]

    def test_back_from_any_question(self, six, screen):
        before = six.contents()
        for asked in (("o",), ("f",), ("f", "+7"), ("d",), ("a",)):
            screen.type(*asked)
            screen.type("b")
            assert screen.sitting.question == "TRAINING C21: "
        assert screen.refused("b") == "This is the first one; s skips it."
        assert six.contents() == before

    def test_back_to_what_was_decided_offers_to_reopen_it(self, six, screen):
        screen.type("a", "y")
        assert "r reopen  s skip  b back  q quit" in screen.type("b")
        assert "status    accepted at php" in screen.said
        said = screen.type("r meant B04").replace("\n  ", " ")
        assert "comes back; C21 moves from php to iop today" in said
        said = screen.type("y")
        assert "Recommendation 3 for C21 is reopened" in said.replace("\n  ", " ")
        assert "1 of 5  Recommendation 3 for C21: iop to php" in said, "and is decided on anew"
        assert (state(six)["C21"], level(six, "C21")) == ("open", "iop")
        assert "earlier   3 reopened" in said

    def test_skipping_to_the_reviews_and_who_is_ready_for_less(self, six, screen):
        said = screen.type("s", "s", "s")
        assert "4 of 5  Review 1 for E05: missed, 2026-11-30" in said
        assert "detail    left the room" in said
        assert said.endswith("x done  s skip  b back  q quit")
        assert "Review 1 for E05 is done, with `talked`." in screen.type("x", "talked")
        assert "is done." in screen.type("y")
        assert six.json("review", "list", "--all")[0]["note"] == "talked"
        assert "5 of 5  D33 may need less care" in screen.said
        assert "t transfer  o other level  s skip  b back  q quit" in screen.said
        assert "D33 moves from php to iop today; the schedule stays ours." in screen.type("t doing well")
        screen.type("y")
        assert level(six, "D33") == "iop"
        assert screen.sitting.closed
        assert screen.sitting.tally == "Done: reviewed 1, transferred 1. Still open: 3 recommendations; 1 put off."

    def test_a_review_may_be_done_without_a_note(self, six, screen):
        screen.type("s", "s", "s", "x")
        assert "without a note" in screen.type("")
        screen.type("y")
        assert six.json("review", "list") == []

    def test_who_is_ready_for_less_may_go_elsewhere(self, six, screen):
        screen.type("s", "s", "s", "s")
        screen.type("to outpatient")
        assert "D33 moves from php to outpatient" in screen.type("stays at home")
        screen.type("y")
        assert level(six, "D33") == "outpatient"

    def test_quitting_tells_how_many_are_still_open(self, screen):
        screen.type("a", "y", "d talked", "y", "q")
        assert screen.sitting.closed
        assert screen.sitting.tally == (
            "Done: accepted 1, declined 1. Still open: 1 recommendation, 1 review, 1 participant ready for less; 1 put "
            "off."
        )

    def test_an_answer_of_another_screen_is_refused(self, six, screen):
        before = six.contents()
        assert "none of the answers here: a accept, o other level" in screen.refused("x")
        assert "Type `to php` for the level" in screen.refused("a php")
        assert "no level of care" in screen.refused("to inpatient")
        screen.type("")
        assert six.contents() == before

    def test_help_changes_nothing(self, screen):
        assert "f +7 court date" in screen.type("?")
        assert screen.sitting.question == "TRAINING C21: "
        assert all(len(line) < 80 for line in screen.lines)


CHANGES = [
    (("recommendation", "decline", "3", "--reason", "talked"), "It was declined"),
    (("recommendation", "accept", "3"), "It was accepted at php"),
    (("recommendation", "defer", "3", "--until", "2026-12-01", "--reason", "x"), "put off until 2026-12-01"),
    (("amend", "C21", "negative", "--reason", "cups swapped"), "It was withdrawn"),
    (
        ("amend", "C21", "positive", "--analyte", "opiates", "--reason", "read again"),
        "It rests on this now: 2026-11-30 positive opiates",
    ),
    (("participant", "transfer", "C21", "php", "--reason", "crisis"), "It asks for php to residential now"),
    (("participant", "set-schedule", "C21", "fixed-1"), "C21's schedule is fixed-1 now; it was ours."),
    (
        (*("result", "C21", "positive", "--analyte", "cocaine"), "--definitive", "--lab", "North"),
        "It is confirmed now; it was presumptive.",
    ),
    (("prescription", "add", "C21", "methadone"), "C21's record has more than what was shown."),
]
WHEN = ("before the yes", "before it is said")


class TestAsShown:
    """What has changed between showing and deciding is not decided on: it is said, and shown anew."""

    @pytest.mark.parametrize(
        ("act", "told", "when"),
        [(*change, when) for number, change in enumerate(CHANGES) for when in WHEN[: 1 if number % 4 else 2]],
    )
    def test_a_change_is_said_and_shown(self, six, screen, act, told, when):
        if when == "before the yes":
            screen.type("a")
        six(*act)
        before = six.contents()
        said = screen.type("y" if when == "before the yes" else "a").replace("\n  ", " ")
        assert "This has changed since it was shown, so nothing was done." in said
        assert told in said
        assert "1 of 5  Recommendation 3 for C21" in said
        assert six.contents() == before

    def test_what_is_shown_anew_can_be_decided_on(self, six, screen):
        six("participant", "transfer", "C21", "php", "--reason", "crisis")
        screen.type("a")
        assert "C21 moves from php to residential today" in screen.type("a")
        screen.type("y")
        assert level(six, "C21") == "residential"

    def test_a_review_that_somebody_else_did(self, six, screen):
        screen.type("s", "s", "s", "x", "talked")
        six("review", "done", "1", "--note", "first")
        assert "It is done meanwhile" in screen.type("y").replace("\n  ", " ")
        assert six.json("review", "list", "--all")[0]["note"] == "first"

    def test_somebody_who_is_not_ready_for_less_any_more(self, six, screen):
        screen.type("s", "s", "s", "s")
        six("amend", "D33", "positive", "--analyte", "cocaine", "--reason", "misread")
        assert "Whether less care may do is not what it was." in screen.type("t doing well").replace("\n  ", " ")
        assert level(six, "D33") == "php"

    def test_of_somebody_discharged_it_says_what_to_do(self, six, screen):
        six("participant", "discharge", "C21", "--reason", "moved")
        screen.type("a")
        assert "C21 was discharged" in screen.refused("a")
        assert screen.sitting.question == "TRAINING C21: "


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (40, 24), (200, 50)])
def test_every_record_fits_its_screen(six, columns, rows):
    """With much on record, what is most important stays, and where the rest is."""
    for analyte in ("methadone", "codeine", "thc", "bup"):
        six("prescription", "add", "C21", analyte, "--prescriber", "Dr Lee of the clinic at the harbour")
    six("recommendation", "accept", "C21", "--note", "a long note " * 12)
    six("recommendation", "reopen", "C21", "--reason", "meant B04")
    screen = Screen(six, columns, rows)
    screen.type()
    shown = [screen.said, *(screen.type("s") for _ in range(4))]
    for one in shown[1:]:
        lines = one.split("\n")
        assert max(map(len, lines)) <= columns
        assert "" in lines
    if columns >= 80:
        assert all(len(one.split("\n")) <= rows - 3 for one in shown[1:])
    screen.desk.close()


def test_nothing_waits(clinic):
    clinic.add("A17")
    screen = Screen(clinic)
    assert screen.said == "TRAINING Waiting: nothing."
    assert screen.sitting.closed
    screen.desk.close()


def test_at_no_terminal_it_names_what_a_script_uses(six):
    said = six.refused("decide")
    assert "recommendation list" in said
    assert "recommendation accept" in said


@pytest.mark.one_database(reason="what is typed; the sittings without a terminal ask the same")
class TestAtATerminal:
    """What a clinician types, and sees."""

    def test_decisions_with_mistakes_and_ctrl_d(self, six):
        terminal = Terminal(six, "decide")
        assert "1 of 5" in terminal.said
        assert "none of the answers here" in terminal.type("z")
        assert "C21 moves from iop to php today" in terminal.type("a")
        assert "2 of 5" in terminal.type("y")
        terminal.type("d")
        assert "Done: accepted 1. Still open: 2 recommendations" in terminal.type("", end="\x04")
        assert terminal.leaves_with() == 0
        assert state(six) == {"A17": "open", "B04": "open", "C21": "accepted", "F06": "open"}

    def test_nothing_is_broken_inside_a_word_at_40_columns(self, six):
        terminal = Terminal(six, "decide", columns=40)
        for typed in ("?", "acept", "f", "court"):
            terminal.type(typed)
        lines = [line for line in terminal.said.replace("\r", "\n").split("\n") if line]
        drawn_again = "b back:"  # a question, by moves of the cursor that are left out here
        assert [line for line in lines if len(line) > 40 and drawn_again not in line] == []
        assert "a accept  o other level  d decline" in lines
        assert "That is none of the answers here: a" in lines
        terminal.type("", end="\x04")
        terminal.leaves_with()

    @pytest.mark.parametrize("way_out", ["Ctrl-C", "hang-up"])
    def test_leaving_at_the_question_leaves_nothing_half_done(self, six, way_out):
        terminal = Terminal(six, "decide")
        terminal.type("a")
        before = six.contents()
        if way_out == "Ctrl-C":
            assert "Done: nothing" in terminal.type("", end="\x03")
        else:
            os.kill(terminal.pid, signal.SIGHUP)
        terminal.leaves_with()
        assert six.contents() == before

    def test_a_transfer_asks_there(self, six):
        words = ("participant", "transfer", "A17", "php", "--reason", "crisis")
        terminal = Terminal(six, *words)
        said = "A17 moves from iop to php today; the schedule stays ours. Right? [y/N]:"
        assert said in " ".join(terminal.said.split())
        assert "Nothing was done." in terminal.type("n")
        assert terminal.leaves_with() == 1
        assert level(six, "A17") == "iop"
        terminal = Terminal(six, *words)
        terminal.type("y")
        assert terminal.leaves_with() == 0
        assert level(six, "A17") == "php"
