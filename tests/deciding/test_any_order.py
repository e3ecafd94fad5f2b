"""The same facts, recorded in any order, leave the same recommendation, evidence and reviews."""

from pathlib import Path
from tempfile import TemporaryDirectory

import databases
import pytest
from acts import FILES
from conftest import MONDAY, Clinic
from hypothesis import given, settings
from hypothesis import strategies as st
from recomputed import out_of_line

LATER = "2026-11-27"
DAYS = ("2026-11-18", "2026-11-20", "2026-11-23", "2026-11-25")
RESULT = st.sampled_from(
    [("negative",), ("positive", "cocaine"), ("positive", "opiates"), ("positive", "cannabinoids")]
)


def _analytes(outcome, *analytes):
    return (outcome, *(word for analyte in analytes for word in ("--analyte", analyte)))


def _results(day: str):
    """Lines of facts about one draw; each line in its order, the lines in any."""

    def cup(said):
        return [("result", "A17", *_analytes(*said), "--on", day)]

    def corrected(said):
        first, second = said
        amended = ("amend", "A17", *_analytes(*second), "--on", day, "--reason", "misread")
        return [*cup(first), *([amended] if first != second else [])]

    def laboratory(said):
        return [("result", "A17", *_analytes(*said), "--definitive", "--lab", "North", "--on", day)]

    cups = RESULT.map(cup) | st.tuples(RESULT, RESULT).map(corrected)
    tested = st.tuples(cups, RESULT.map(laboratory)).map(list)
    absent = st.sampled_from(["missed", "refused"]).map(lambda act: [[(act, "A17", "--on", day)]])
    excused = st.just([[("refused", "A17", "--on", day), ("excuse", "A17", "--on", day, "--reason", "court")]])
    came = RESULT.map(
        lambda said: [
            [("missed", "A17", "--on", day), ("amend", "A17", *_analytes(*said), "--on", day, "--reason", "came late")]
        ]
    )
    return st.one_of(cups.map(lambda line: [line]), tested, absent, excused, came, st.just([]))


PRESCRIBED = st.sampled_from([[], [[("prescription", "add", "A17", "codeine", "--from", "2026-11-19", "--reread")]]])
PAST = "participant,due_on,status,outcome,analytes,reason\nA17,2026-11-15,collected,positive,{},\n"
HISTORY = st.sampled_from([[], [[("history", "cocaine")]], [[("history", "opiates")]]])
MOVED = st.sampled_from(["iop", "residential"]).map(
    lambda level: [[("participant", "transfer", "A17", level, "--reason", "asked for it")]]
)
FACTS = st.tuples(*map(_results, DAYS), PRESCRIBED, HISTORY, st.just([]) | MOVED).map(
    lambda parts: [line for part in parts for line in part]
)


@st.composite
def in_two_orders(draw):
    """The facts one after the other, and the same facts with their lines mixed."""
    lines = [line for line in draw(FACTS) if line]
    whose = draw(st.permutations([number for number, line in enumerate(lines) for _ in line]))
    rest = [list(line) for line in lines]
    return [fact for line in lines for fact in line], [rest[number].pop(0) for number in whose]


@pytest.fixture(scope="module")
def lived(made_clinic, tmp_path_factory):
    """A17's first test was positive and is decided on; of the days since there are draws of which nothing is known."""

    def made(decision: str) -> Path:
        database = tmp_path_factory.mktemp("lived") / "clinic.db"
        databases.copy(made_clinic, database)
        clinic = Clinic(database, MONDAY)
        file = database.with_name("strict.toml")
        file.write_text(FILES["strict"].format(days=30))
        clinic("schedule", "load", str(file))
        clinic.add("A17", schedule="strict", level="outpatient", enrolled="2026-11-15")
        clinic("draw")
        clinic("result", "A17", *_analytes("positive", "cocaine") if decision else ("negative",))
        if decision in ("accept", "decline"):
            clinic("recommendation", decision, "1", "--note" if decision == "accept" else "--reason", "talked")
        clinic.today = LATER
        clinic("draw")
        return database

    return {decision: made(decision) for decision in ("", "undecided", "accept", "decline")}


def left(database: Path, facts) -> dict:
    """What a clinician is shown after these facts."""
    with TemporaryDirectory() as folder, databases.dropped_afterwards():
        copy = Path(folder, "clinic.db")
        databases.copy(database, copy)
        clinic = Clinic(copy, LATER)
        for act, *words in facts:
            if act == "history":
                clinic("history", "import", "-", input=PAST.format(*words))
            else:
                clinic(act, *words)
        assert "All holds" in clinic("verify")
        assert out_of_line(clinic) == []
        keys = ("from_level", "to_level", "reason", "deferred_until")
        return {
            "recommended": [
                [*(one[key] for key in keys), sorted(str(line) for line in _said(one["evidence"]))]
                for one in clinic.json("recommendation", "list", "--open")
            ],
            "reviews": sorted(
                (one["about"], one["due_on"], one["detail"] or "") for one in clinic.json("review", "list")
            ),
            "draws": clinic.rows("SELECT due_on, status, outcome, expected, late FROM draw ORDER BY due_on"),
        }


def _said(evidence):
    return [[line[key] for key in ("due_on", "outcome", "analytes")] for line in evidence]


@settings(max_examples=10)
@given(orders=in_two_orders(), decision=st.sampled_from(["", "accept", "decline"]))
def test_the_same_facts_in_any_order_leave_the_same(lived, orders, decision):
    first, second = orders
    assert left(lived[decision], first) == left(lived[decision], second)


ELSEWHERE = st.just([]) | st.just([[("participant", "transfer", "A17", "residential", "--reason", "asked for it")]])
BEFORE = st.tuples(*map(_results, DAYS), PRESCRIBED, HISTORY, ELSEWHERE).map(
    lambda parts: [line for part in parts for line in part if line]
)


@settings(max_examples=5)
@given(lines=BEFORE, place=st.integers(0, 20), decision=st.sampled_from(["accept", "decline"]))
def test_a_decision_that_is_taken_back_leaves_what_was_left_without_it(lived, lines, place, decision):
    """Whenever it is taken back: before, between or after what else comes to be known."""
    facts = [fact for line in lines for fact in line]
    reopened = ("recommendation", "reopen", "1", "--reason", "a mistake")
    assert left(lived[decision], [*facts[:place], reopened, *facts[place:]]) == left(lived["undecided"], facts)


def test_a_same_use_joins_a_refused_test_whichever_was_first(lived):
    use = ("result", "A17", *_analytes("positive", "cocaine"), "--on", DAYS[0])
    refused = ("refused", "A17", "--on", DAYS[1])
    one, other = left(lived["decline"], [use, refused]), left(lived["decline"], [refused, use])
    assert one == other
    assert one["reviews"] == []
    assert len(one["recommended"][0][-1]) == 2


def test_what_was_looked_at_as_the_same_use_stays_so_when_a_laboratory_confirms_it(lived):
    """What a clinician has said goes before: whether a laboratory was quicker than another test changes nothing."""
    use = ("result", "A17", *_analytes("positive", "cocaine"), "--on", DAYS[0])
    looked_at = ("review", "done", "1")
    another = ("result", "A17", *_analytes("positive", "opiates"), "--on", DAYS[2])
    confirmed = (*use, "--definitive", "--lab", "North")
    one = left(lived["decline"], [use, looked_at, confirmed, another])
    assert one == left(lived["decline"], [use, looked_at, another, confirmed])
    assert len(one["recommended"][0][-1]) == 1


def test_a_past_record_tells_of_a_use_before_or_after_the_test_that_showed_it_again(lived):
    """A recommendation stays put off when what came to it may be a use that the past record knows."""
    first = ("result", "A17", *_analytes("positive", "cocaine"), "--on", DAYS[0])
    put_off = ("recommendation", "defer", "1", "--until", "2026-12-24", "--reason", "talk first")
    again = ("result", "A17", *_analytes("positive", "cannabinoids"), "--on", DAYS[2])
    history = ("history", "cannabinoids")
    one = left(lived[""], [first, put_off, history, again])
    assert one == left(lived[""], [first, put_off, again, history])
    assert one["recommended"][0][3] == "2026-12-24"
