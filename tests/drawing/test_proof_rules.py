"""A day's proof holds for what the day's secret decided, and for nothing else."""

import json
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.day_secrets import chain_of, drawn_among, panel_drawn
from testing_tracker.rules.drawing.proof import MOST_HASHES, Proof, ProvedDecision, as_document, read_document

FIRST_DAY = date(2026, 11, 16)
SEED = sha256(b"a seed").digest()
CHAIN = chain_of(SEED, FIRST_DAY, days=30)
CHANCES = [Fraction(0), Fraction(2, 7), Fraction(1, 3), Fraction(5, 8), Fraction(1)]


def proof_of(day: date, chances: dict[int, Fraction], panels: int | None = None) -> Proof:
    """The proof of what the day's secret decides on these participants."""
    secret = CHAIN.secret(SEED, day)
    decisions = []
    for number, chance in chances.items():
        drawn = number in drawn_among(secret, [number], chance)
        panel = panel_drawn(secret, number, panels) if panels and drawn else None
        decisions.append(ProvedDecision(number, chance, drawn, panel, panels if drawn else None))
    return Proof("Harbor House", day, FIRST_DAY, CHAIN.anchor, CHAIN.hashes(day), secret, tuple(decisions))


days = st.integers(0, 29).map(lambda number: FIRST_DAY + timedelta(days=number))
proofs = st.builds(
    proof_of,
    days,
    st.dictionaries(st.integers(1, 10**6), st.sampled_from(CHANCES), min_size=1, max_size=8),
    st.sampled_from([None, 2, 3]),
)
a_few = settings(max_examples=25)
WEDNESDAY = proof_of(date(2026, 11, 18), dict.fromkeys(range(1, 30), Fraction(2, 7)))


def objections(proof: Proof, **changes: object) -> list[str]:
    return list(replace(proof, **changes).objections())


class TestWhatHolds:
    @a_few
    @given(proofs)
    def test_what_the_secret_decided_holds(self, proof):
        assert objections(proof) == []

    @a_few
    @given(proofs)
    def test_a_proof_survives_its_document(self, proof):
        assert read_document(json.loads(json.dumps(as_document(proof)))) == proof

    def test_it_names_a_chance_exactly_and_a_participant_by_number(self):
        document = as_document(proof_of(FIRST_DAY, {7: Fraction(2, 7)}))
        (item,) = document["participants"]
        assert item == {"participant": 7, "chance": "2/7", "drawn": item["drawn"]}

    def test_panels_are_named_of_who_was_drawn_only(self):
        document = as_document(proof_of(FIRST_DAY, {7: Fraction(1), 8: Fraction(0)}, panels=3))
        drawn, not_drawn = document["participants"]
        assert drawn["panels"] == 3
        assert drawn["panel"] in range(3)
        assert not_drawn == {"participant": 8, "chance": "0", "drawn": False}


class TestWhatDoesNot:
    @a_few
    @given(proofs, st.data())
    def test_a_decision_that_was_turned_round(self, proof, data):
        at = data.draw(st.integers(0, len(proof.decisions) - 1))
        turned = list(proof.decisions)
        turned[at] = replace(turned[at], drawn=not turned[at].drawn)
        (said,) = objections(proof, decisions=tuple(turned))
        word = "is not drawn" if turned[at].drawn else "is drawn"
        assert said.startswith(f"participant {turned[at].participant} {word} by the day's secret, and the file says")

    @a_few
    @given(proofs, st.binary(min_size=32, max_size=32))
    def test_another_secret(self, proof, secret):
        """Nobody finds another secret that hashes to the anchor, so nobody can choose a nicer one."""
        assert "is not the anchor" in objections(proof, day_secret=secret)[0]

    @a_few
    @given(proofs, st.binary(min_size=32, max_size=32))
    def test_another_anchor(self, proof, anchor):
        assert objections(proof, anchor=anchor) == [f"the day's secret, hashed {proof.hashes} times, is not the anchor"]

    def test_the_secret_of_the_day_after_or_before(self):
        for day in (date(2026, 11, 17), date(2026, 11, 19)):
            other = CHAIN.secret(SEED, day)
            assert "hashed 3 times, is not the anchor" in objections(WEDNESDAY, day_secret=other)[0]

    def test_the_proof_of_one_day_given_out_for_another(self):
        """The secret hashes to the anchor as often as before; but so often is not how far the other day is."""
        (said,) = objections(WEDNESDAY, day=date(2026, 11, 19))
        assert said == "3 hashes are not those of this day of an anchor from 2026-11-16 on"
        (said,) = objections(WEDNESDAY, first_day=date(2026, 11, 15))
        assert said == "3 hashes are not those of this day of an anchor from 2026-11-15 on"

    def test_a_participant_under_another_number(self):
        """Decisions of 29 people moved on by one number: most of them are not what the secret decides."""
        moved = tuple(replace(one, participant=one.participant + 100) for one in WEDNESDAY.decisions)
        assert len(objections(WEDNESDAY, decisions=moved)) > 3

    def test_a_chance_that_was_made_larger_afterwards(self):
        certain = tuple(replace(one, chance=Fraction(1)) for one in WEDNESDAY.decisions)
        not_drawn = [one for one in WEDNESDAY.decisions if not one.drawn]
        assert len(not_drawn) > 10
        assert objections(WEDNESDAY, decisions=certain) == [
            f"participant {one.participant} is drawn by the day's secret, and the file says not drawn"
            for one in not_drawn
        ]

    @a_few
    @given(proofs)
    def test_a_panel_that_somebody_chose(self, proof):
        chosen = tuple(
            replace(one, panel=(one.panel + 1) % one.panels) if one.panels else one for one in proof.decisions
        )
        drawn = [one.participant for one in proof.decisions if one.panels]
        assert objections(proof, decisions=chosen) == [
            f"participant {number} has panel {panel_drawn(proof.day_secret, number, panels)} by the day's secret, "
            "not the file's"
            for number, panels in ((one.participant, one.panels) for one in proof.decisions if one.participant in drawn)
        ]


class TestReading:
    """What is no proof is refused in words; nothing that a file holds makes it anything else."""

    def refused(self, **changes: object) -> str:
        document = as_document(WEDNESDAY) | changes
        with pytest.raises(TestingTrackerError) as refusal:
            read_document(document)
        said = str(refusal.value)
        assert said.startswith("This is not a proof of a day's draws: ")
        assert len(said) < 300
        return said

    @pytest.mark.parametrize("key", as_document(WEDNESDAY))
    def test_every_part_is_needed(self, key):
        document = as_document(WEDNESDAY)
        del document[key]
        with pytest.raises(TestingTrackerError, match=f"draws: '{key}' is missing"):
            read_document(document)

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("form", "testing-tracker proof 2", "its form is 'testing-tracker proof 2'"),
            ("form", "x" * 1000, "its form is 'xxx"),
            ("day", "2026-02-30", "not a date"),
            ("first_day", "1600-01-01", "outside of the years"),
            ("anchor", "00", "'00' is not 32 bytes"),
            ("day_secret", "zz" * 32, "non-hexadecimal"),
            ("hashes", 0, "0 hashes"),
            ("hashes", MOST_HASHES + 1, "1000001 hashes"),
            ("hashes", True, "True is not a whole number"),
            ("hashes", "3", "'3' is not a whole number"),
            ("hashes", 2**63, "is not a whole number"),
            ("participants", None, "not iterable"),
        ],
    )
    def test_each_has_its_own_form(self, key, value, said):
        assert said in self.refused(**{key: value})

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"chance": "8/7"}, "a chance of more than 1"),
            ({"chance": "1/0"}, "a chance that is none"),
            ({"chance": 0.5}, "a chance that is none"),
            ({"drawn": 1}, "drawn is 1, not true or false"),
            ({"participant": 7.5}, "7.5 is not a whole number"),
            ({"panel": "a"}, "'a' is not a whole number"),
        ],
    )
    def test_and_so_has_each_decision(self, change, said):
        item = {"participant": 7, "chance": "2/7", "drawn": True} | change
        assert said in self.refused(participants=[item])

    def test_nobody_is_in_it_twice(self):
        item = {"participant": 7, "chance": "2/7", "drawn": True}
        assert "a participant is in it twice" in self.refused(participants=[item, item])

    @pytest.mark.parametrize("document", [None, True, 7, "{}", [], ["form"], {}, {"form": None}, {"form": []}])
    def test_any_document_is_refused_in_words(self, document):
        with pytest.raises(TestingTrackerError, match="This is not a proof"):
            read_document(document)
