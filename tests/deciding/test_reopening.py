"""A decision that was a mistake is taken back: the recommendation comes back, and what was decided is kept."""

import databases
import pytest
from conftest import Clinic, made_once
from recomputed import out_of_line

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.log_conversation import Conversation

REOPEN = ("recommendation", "reopen")
WHY = ("--reason", "meant B04")


@made_once
def positive(clinic):
    """A17 is in IOP, with a positive for cocaine on Monday."""
    clinic.add("A17", schedule="fixed-3")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")


def recommended(clinic):
    return [(one["id"], one["status"], one["to_level"]) for one in clinic.json("recommendation", "list", "--all")]


def level(clinic, code="A17"):
    return clinic.json("participant", "show", code)["level"]


def decisions(clinic, number="1"):
    found = clinic.json("recommendation", "show", number)["record"]["decisions"]
    return [(one["recommendation"], one["decision"], one["level"], one["reason"]) for one in found]


def another_positive(clinic, day, analyte="fentanyl"):
    clinic.today = day
    clinic("draw")
    return clinic("result", "A17", "positive", "--analyte", analyte)


@pytest.fixture(autouse=True)
def _everything_holds_afterwards(clinic):
    yield
    assert "All holds" in clinic("verify")
    assert out_of_line(clinic) == []


def test_an_acceptance_comes_back_and_takes_its_move_back_from_today(positive):
    positive("recommendation", "accept", "1", "--note", "agreed")
    assert level(positive) == "php"
    positive.today = "2026-11-17"
    told = positive(*REOPEN, "1", *WHY)
    assert told.splitlines() == [
        "TRAINING Recommendation 1 for A17 is reopened; it was accepted at php on 2026-11-16 by root.".replace(
            "root", positive.rows("SELECT account FROM audit_entry LIMIT 1")[0][0]
        ),
        "TRAINING A17 is in iop from today; the schedule stays fixed-3.",
        "TRAINING Recommendation 1 for A17, open: 1 positive test; review for more immersive care, iop to php. "
        "A clinician decides.",
    ]
    assert recommended(positive) == [(1, "open", "php")]
    levels = [(one["from_on"], one["what"]) for one in positive.json("participant", "show", "A17")["levels"]]
    assert levels == [("2026-11-16", "iop"), ("2026-11-16", "php"), ("2026-11-17", "iop")], "the past stays as it was"


def test_on_the_same_day_the_last_word_counts(positive):
    positive("recommendation", "accept", "1")
    positive(*REOPEN, "1", *WHY)
    assert level(positive) == "iop"
    positive("recommendation", "accept", "1")
    assert level(positive) == "php"
    assert "is in iop from today" in positive(*REOPEN, "1", *WHY)
    assert level(positive) == "iop"


def test_the_earlier_decision_is_kept_and_shown(positive):
    positive("recommendation", "accept", "1", "--to", "residential", "--note", "agreed")
    positive(*REOPEN, "1", *WHY)
    shown = positive.json("recommendation", "show", "1")
    assert [shown[key] for key in ("status", "decided_at", "decided_by", "decision_reason", "decided_level")] == [
        *("open", None, None, None, None)
    ]
    assert decisions(positive) == [(1, "reopened", None, "meant B04"), (1, "accepted", "residential", "agreed")]
    positive("recommendation", "accept", "1", "--note", "now rightly")
    assert decisions(positive)[0] == (1, "accepted", "php", "now rightly")
    assert decisions(positive)[-1] == (1, "accepted", "residential", "agreed"), "as it was said then"
    said = positive("recommendation", "show", "1")
    assert said.count("now rightly") == 1, "the decision that stands is no earlier one"
    assert "earlier   1 accepted at residential" in said
    assert "earlier   1 reopened" in said
    report = positive("report", "participant", "A17")
    assert "reopened" in report
    ((detail,),) = positive.rows("SELECT detail FROM audit_entry WHERE act = 'recommendation reopen'")
    assert '"decision_reason": "agreed"' in detail


def test_a_declined_one_comes_back_and_moves_nobody(positive):
    positive("recommendation", "decline", "1", "--reason", "talked it over")
    said = positive(*REOPEN, "1", *WHY)
    assert "it was declined on 2026-11-16" in said
    assert "A17 stays in iop." in said
    assert recommended(positive) == [(1, "open", "php")]


def test_who_was_transferred_since_stays_there(positive):
    positive("recommendation", "accept", "1")
    positive("participant", "transfer", "A17", "residential", "--reason", "crisis")
    said = positive(*REOPEN, "1", *WHY)
    assert "A17 stays in residential, because somebody has placed A17 anew since." in said
    assert level(positive) == "residential"
    (line,) = positive.json("recommendation", "list")
    assert line["from_level"] == "residential"


def test_who_came_back_to_the_level_by_another_hand_stays_there(positive):
    positive("recommendation", "accept", "1")
    positive("participant", "transfer", "A17", "iop", "--reason", "no bed")
    positive("participant", "transfer", "A17", "php", "--reason", "a bed")
    positive(*REOPEN, "1", *WHY)
    assert level(positive) == "php"


def test_of_who_was_discharged_no_level_changes(positive):
    positive("recommendation", "accept", "1")
    positive("participant", "discharge", "A17", "--reason", "moved away")
    assert "A17 was discharged since, so no level of care changes." in positive(*REOPEN, "1", *WHY)


def test_one_that_was_put_off_is_back_now(positive):
    positive("recommendation", "defer", "1", "--until", "2026-12-20", "--reason", "on holiday")
    assert "it was put off until 2026-12-20" in positive(*REOPEN, "1", *WHY)
    (line,) = positive.json("recommendation", "list")
    assert line["deferred_until"] is None
    positive("amend", "A17", "positive", "--analyte", "cocaine", "--analyte", "opiates", "--reason", "read again")
    (line,) = positive.json("recommendation", "list")
    assert line["deferred_until"] is None, "and stays so when it is weighed again"
    positive("recommendation", "defer", "1", "--until", "2026-12-24", "--reason", "after all")
    assert positive.json("recommendation", "list")[0]["deferred_until"] == "2026-12-24"


def test_a_deferral_from_before_the_decision_does_not_come_back_with_it(positive):
    positive("recommendation", "defer", "1", "--until", "2026-12-20", "--reason", "on holiday")
    positive("recommendation", "accept", "1")
    positive(*REOPEN, "1", *WHY)
    assert positive.json("recommendation", "list")[0]["deferred_until"] is None


def test_one_whose_ground_is_gone_is_withdrawn_at_once(positive):
    positive("recommendation", "accept", "1")
    positive("result", "A17", "negative", "--definitive", "--lab", "North")
    (review,) = positive.json("review", "list")
    assert review["about"] == "decision without its ground"
    said = positive(*REOPEN, "1", *WHY)
    assert "A17 is in iop from today" in said
    assert "Recommendation 1 is withdrawn at once: no positive test is left." in said
    assert recommended(positive)[0][:2] == (1, "withdrawn")
    assert positive.json("review", "list") == [], "nobody stands on a decision without its ground any more"
    assert "nobody decided that, so there is nothing to take back" in positive.refused(*REOPEN, "1", *WHY)


def test_one_that_loses_its_ground_after_a_second_decision_says_what_that_one_moved(positive):
    positive("recommendation", "accept", "1")
    positive(*REOPEN, "1", *WHY)
    positive("recommendation", "accept", "1", "--to", "iop")
    positive("amend", "A17", "negative", "--reason", "cups swapped")
    (review,) = positive.json("review", "list")
    assert review["detail"].startswith("A17 was not moved by recommendation 1")


def test_its_results_have_not_changed_since_a_decision_that_is_no_more(positive):
    positive("recommendation", "decline", "1", "--reason", "talked")
    positive("amend", "A17", "positive", "--analyte", "opiates", "--reason", "read again")
    assert positive.json("recommendation", "show", "1")["changed_since"]
    positive(*REOPEN, "1", *WHY)
    assert not positive.json("recommendation", "show", "1")["changed_since"]
    positive("recommendation", "decline", "1", "--reason", "talked again")
    assert not positive.json("recommendation", "show", "1")["changed_since"], "the newest decision counts"


def test_a_newer_open_one_goes_into_it(positive):
    positive("recommendation", "decline", "1", "--reason", "talked")
    another_positive(positive, "2026-11-20")
    assert recommended(positive) == [(2, "open", "php"), (1, "declined", "php")]
    said = positive(*REOPEN, "1", *WHY)
    assert "Recommendation 2 went into it with its tests." in said
    (line,) = positive.json("recommendation", "list")
    assert (line["id"], [test["due_on"] for test in line["evidence"]]) == (1, ["2026-11-16", "2026-11-20"])
    assert "recommendation 1 was reopened, where its tests are weighed" in positive("recommendation", "show", "2")


def test_a_same_use_that_was_asked_about_is_weighed_with_it_again(positive):
    positive("recommendation", "decline", "1", "--reason", "talked")
    another_positive(positive, "2026-11-18", "cocaine")
    assert [one["about"] for one in positive.json("review", "list")] == ["possibly the same use"]
    positive(*REOPEN, "1", *WHY)
    assert positive.json("review", "list") == []
    (line,) = positive.json("recommendation", "list")
    assert [test["due_on"] for test in line["evidence"]] == ["2026-11-16", "2026-11-18"]


def test_of_a_record_that_was_joined_it_comes_back_with_the_other(positive):
    positive("recommendation", "accept", "1")
    positive.add("B04", schedule="fixed-3")
    positive("participant", "join", "A17", "B04", "--reason", "one person", "--yes")
    said = positive(*REOPEN, "1", *WHY)
    assert "Recommendation 2 for B04, open: 1 positive test" in said
    assert "B04 stays in iop." in said, "a decision on the other record has moved that one"
    assert "joined into B04, where its tests are weighed" in positive("recommendation", "show", "1")
    assert level(positive, "B04") == "iop"


@pytest.mark.parametrize(("number", "said"), [("1", "is open already"), ("7", "There is no recommendation 7")])
def test_what_was_not_decided_cannot_be_taken_back(positive, number, said):
    assert said in positive.refused(*REOPEN, number, *WHY)


def test_it_takes_a_reason(positive):
    positive("recommendation", "accept", "1")
    assert positive.run(*REOPEN, "1").exit_code == 2
    assert positive.run(*REOPEN, "1", "--reason", " ").exit_code == 2


@pytest.mark.parametrize("is_decided", [False, True])
def test_a_slip_that_was_decided_on_stays_in_sight(clinic, is_decided):
    """Undone in its log session, it would be hidden; but somebody was moved on it, and back."""
    clinic.add("A17", schedule="fixed-3")
    clinic("draw")
    desk = Desk(clinic.url, clinic.today)
    session = Conversation(desk, None, lambda _line: None, asks=False)
    session.take("A17 coc")
    if is_decided:
        clinic("recommendation", "accept", "1")
        clinic(*REOPEN, "1", *WHY)
    session.take("u")
    desk.close()
    assert recommended(clinic)[0][:2] == (1, "withdrawn")
    shown = [one["id"] for one in clinic.json("report", "weekly", "--week", "2026-W47")["recommendations"]]
    assert shown == ([1] if is_decided else [])


def test_what_an_earlier_decision_moved_is_not_taken_back_twice(positive):
    positive("recommendation", "accept", "1")
    positive(*REOPEN, "1", *WHY)
    positive("recommendation", "decline", "1", "--reason", "talked")
    assert "A17 stays in iop." in positive(*REOPEN, "1", *WHY)


def test_the_weekly_report_has_it_among_the_open_ones_again(positive):
    positive("recommendation", "decline", "1", "--reason", "talked")
    positive.today = "2026-11-23"
    positive("draw")
    first = positive.json("report", "weekly", "--week", "2026-W47")
    assert [one["status"] for one in first["recommendations"]] == ["declined"]
    positive(*REOPEN, "1", *WHY)
    again = positive.json("report", "weekly", "--week", "2026-W47")
    assert again == first, "an edition says what waited when it was printed; a decision changes no test of its week"
    now = positive.json("report", "weekly", "--week", "2026-W48")
    assert [(one["id"], one["status"]) for one in now["recommendations"]] == [(1, "open")]


@pytest.mark.parametrize(
    ("last", "changed"),
    [
        (("accept", "1"), "status = 'declined'"),
        (("accept", "1"), "status = 'open', decided_at = NULL, decided_by = NULL"),
        (("accept", "1"), "decided_by = 'somebody'"),
        (("accept", "1"), "decided_at = '2026-11-20 12:00:00.000000'"),
        (("decline", "1", *WHY), "decision_reason = 'another'"),
        (("reopen", "1", *WHY), "status = 'accepted'"),
        (("reopen", "1", *WHY), "decided_by = 'somebody'"),
        (("defer", "1", "--until", "+9", *WHY), "status = 'declined'"),
    ],
)
def test_a_decision_that_was_changed_by_hand_is_named(positive, tmp_path, last, changed):
    if last[0] == "reopen":
        positive("recommendation", "accept", "1")
    positive("recommendation", *last)
    copy = tmp_path / "copy.db"
    databases.copy(positive.database, copy)
    elsewhere = Clinic(copy, positive.today)
    assert databases.change(copy, f"UPDATE recommendation SET {changed} WHERE id = 1", triggers=False) == 1
    done = elsewhere.run("verify")
    assert done.exit_code == 1
    assert "A17: recommendation 1 is not decided on as the audit table says" in done.output


class TestByCode:
    """`accept P03` where one is open."""

    def test_the_open_one_is_meant(self, positive):
        assert positive.json("recommendation", "show", "a17")["id"] == 1
        assert "Recommendation 1 for A17 is put off" in positive(
            "recommendation", "defer", "A17", "--until", "2026-11-30", "--reason", "court"
        )
        assert "reopened" in positive(*REOPEN, "A17", *WHY)
        assert "Recommendation 1 for A17 declined" in positive("recommendation", "decline", "a17", "--reason", "talked")
        assert "Recommendation 1 for A17 is reopened" in positive(*REOPEN, "A17", *WHY)
        assert "Recommendation 1 accepted" in positive("recommendation", "accept", "A17")

    def test_none_is_open(self, positive):
        positive.add("B04")
        positive("recommendation", "accept", "1")
        said = positive.refused("recommendation", "accept", "A17")
        assert said == "A17 has no open recommendation. There is number 1 (accepted)."
        assert positive.refused("recommendation", "accept", "B04") == "B04 has no open recommendation."
        assert "Did you mean A17?" in positive.refused("recommendation", "accept", "A177")

    def test_several_were_decided_on(self, positive):
        positive("recommendation", "decline", "1", "--reason", "talked")
        another_positive(positive, "2026-11-20")
        positive("recommendation", "decline", "A17", "--reason", "talked")
        assert "has more than one recommendation that was decided on: 2 and 1" in positive.refused(*REOPEN, "A17", *WHY)

    def test_digits_that_are_a_number_and_a_code(self, clinic):
        clinic.add("2", "1", schedule="fixed-3")
        clinic("draw")
        clinic("result", "2", "positive", "--analyte", "cocaine")
        assert clinic.json("recommendation", "show", "no:1")["participant"] == "2"
        assert clinic.json("recommendation", "show", "1")["participant"] == "2", "participant 1 has none"
        assert clinic.json("recommendation", "show", "2")["id"] == 1, "there is no number 2"
        clinic("result", "1", "positive", "--analyte", "cocaine")
        said = clinic.refused("recommendation", "accept", "1")
        assert said.startswith("1 is the number of a recommendation, and the code of a participant whose")
        assert "Say `no:1` for the first, `no:2` for the second." in said
        assert "Recommendation 2 accepted; 1 is in php" in clinic("recommendation", "accept", "no:2")

    @pytest.mark.parametrize("said", ["no:x", "no:", "-", "A 17"])
    def test_what_can_be_neither(self, positive, said):
        done = positive.run("recommendation", "accept", "--", said)
        assert done.exit_code == 2 or "There is no participant" in done.stderr
