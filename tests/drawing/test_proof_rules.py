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
from testing_tracker.rules.drawing.proof import (
    MOST_HASHES,
    Proof,
    ProvedDecision,
    ProvedRun,
    as_document,
    read_document,
)
from testing_tracker.rules.drawing.witness import Witness, read_witnesses, witness_of
from testing_tracker.rules.exchange.csv_cells import read_chance, read_json

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


def run_of(proof: Proof, first: int, last: int, page: int) -> ProvedRun:
    """A run of the day as a night keeps it."""
    run = ProvedRun(proof.facility, first, last, None, page, sha256(b"%d" % page).hexdigest())
    listed = [one for one in proof.decisions if first <= one.participant <= last]
    return replace(run, list_digest=run.digest_of(proof.day, listed))


def sealed(proof: Proof) -> Proof:
    """The proof as this version writes it: a first run on those up to number 1000, and one on the newcomers."""
    ordered = replace(proof, decisions=tuple(sorted(proof.decisions, key=lambda one: one.participant)))
    return replace(ordered, runs=(run_of(ordered, 1, 1000, 812), run_of(ordered, 1001, 10**6, 815)))


def lines_of(proof: Proof) -> list[Witness]:
    return [witness_of(proof.day, run.page, run.page_digest, str(run.list_digest)) for run in proof.runs]


def resealed(proof: Proof) -> Proof:
    """What a forger makes of it, who knows how the digests are computed."""
    runs = tuple(
        replace(
            run,
            list_digest=run.digest_of(
                proof.day,
                [one for one in proof.decisions if run.first_participant <= one.participant <= run.last_participant],
            ),
        )
        for run in proof.runs
    )
    return replace(proof, runs=runs)


FULL = sealed(WEDNESDAY)
ADDED = ProvedDecision(999, Fraction(0), drawn=False)
FORGED = {
    "one left out": lambda proof: replace(proof, decisions=proof.decisions[1:]),
    "all left out": lambda proof: replace(proof, decisions=()),
    "999 added": lambda proof: replace(proof, decisions=(*proof.decisions, ADDED)),
    "a chance that draws the same": lambda proof: replace(
        proof,
        decisions=(
            replace(proof.decisions[0], chance=proof.decisions[0].chance + Fraction(1, 10**9)),
            *proof.decisions[1:],
        ),
    ),
    "another facility": lambda proof: replace(
        proof, facility="Hill House", runs=tuple(replace(run, facility="Hill House") for run in proof.runs)
    ),
}


class TestWhoIsInIt:
    @pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
    def test_a_list_that_was_changed_is_named(self, forge):
        assert objections(FULL) == []
        said = objections(forge(FULL))
        assert any("the list of participants 1 to 1000 is not the one that the night kept" in one for one in said)

    @pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
    def test_and_one_whose_digest_was_computed_anew_by_the_line(self, forge):
        forged = resealed(forge(FULL))
        assert objections(forged) == []
        assert list(FULL.against(lines_of(FULL))) == []
        assert "the line of page 812 is of another list or other records than the file's participants 1 to 1000" in (
            forged.against(lines_of(FULL))
        )

    def test_a_facility_that_is_called_otherwise_than_in_its_list(self):
        (said,) = objections(FULL, facility="Hill House")
        assert said == "the facility is called 'Hill House', and in the night's list it is 'Harbor House'"

    def test_somebody_who_is_in_no_list(self):
        beyond = replace(ADDED, participant=10**6 + 1)
        (said,) = objections(FULL, decisions=(*FULL.decisions, beyond))
        assert said == "participant 1000001 is in the list of no run of that day"

    def test_a_proof_without_its_runs_cannot_be_compared(self):
        bare = replace(FULL, runs=())
        assert not bare.says_who_is_in_it
        assert list(bare.against(lines_of(FULL))) == [
            "the file has no list's digest that a line could be compared with"
        ]

    def test_nor_one_with_a_run_taken_out_of_it(self):
        without = replace(FULL, runs=FULL.runs[:1])
        assert list(without.against(lines_of(FULL))) == ["the line of page 815 is of a run that the file does not have"]

    def test_nor_one_without_a_lists_digest(self):
        without = replace(FULL, runs=(replace(FULL.runs[0], list_digest=None), FULL.runs[1]))
        (said,) = without.against(lines_of(FULL))
        assert said == "the line of page 812 is over a list, and the file has no digest of it"

    def test_a_line_of_another_day_says_nothing_of_this_one(self):
        lines = [replace(line, day=FIRST_DAY) for line in lines_of(FULL)]
        assert list(FULL.against(lines)) == ["none of the lines given is of that day"]

    def test_a_run_without_a_line_is_known(self):
        assert FULL.without_line(lines_of(FULL)[:1]) == [FULL.runs[1]]
        assert list(FULL.against(lines_of(FULL)[:1])) == []

    @a_few
    @given(proofs, st.data())
    def test_any_byte_of_the_list_that_is_changed_is_named(self, proof, data):
        """Or else the file says the same in other bytes, or nothing that could be read."""
        whole = sealed(proof)
        lines = lines_of(whole)
        text = json.dumps(as_document(whole))
        begin = text.index('"participants": ')
        at = data.draw(st.integers(begin, len(text) - 1))
        changed = text[:at] + data.draw(st.characters(codec="ascii")) + text[at + 1 :]
        try:
            read = read_document(read_json(changed))
        except (TestingTrackerError, ValueError):
            return
        assert read == whole or [*read.objections(), *read.against(lines)] or read.without_line(lines)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"first_participant": "1"}, "'1' is not a whole number"),
            ({"list_digest": "00"}, "'00' is not 32 bytes"),
            ({"page_digest": None}, "must be str, not None"),
            ({"page": True}, "True is not a whole number"),
            ({"last_participant": 1001}, "not one after the other"),
            ({"page": 815}, "two of its runs have the same page"),
        ],
    )
    def test_each_part_of_a_run_has_its_own_form(self, change, said):
        document = as_document(FULL)
        document["runs"][0] |= change
        with pytest.raises(TestingTrackerError, match=said):
            read_document(document)

    def test_a_run_survives_its_document(self):
        assert read_document(json.loads(json.dumps(as_document(FULL)))) == FULL


class TestChances:
    @pytest.mark.parametrize(
        "text", ["1e999999999", "1e-999999999", "1/10**400", "1/1e9", "1/1" + "0" * 400, "9" * 10**6]
    )
    def test_what_would_take_for_ever_is_refused_before_it_is_computed(self, text):
        with pytest.raises(ValueError, match="a chance that is none"):
            read_chance(text)

    def test_a_denominator_has_64_bits_at_the_most(self):
        assert read_chance(f"1/{2**64 - 1}") == Fraction(1, 2**64 - 1)
        with pytest.raises(ValueError, match="of more than 64 bits"):
            read_chance(f"1/{2**64 + 1}")
        with pytest.raises(ValueError, match="of more than 64 bits"):
            read_chance(f"1/{10**300}")

    @given(st.floats(0, 1))
    def test_a_chance_within_guard_rails_is_a_float_as_it_is(self, chance):
        """So its denominator is a power of two, which may be a large one where the chance is small."""
        assert read_chance(str(Fraction(chance))) == Fraction(chance)


witnesses = st.builds(
    witness_of,
    st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    st.integers(0, 10**18 - 1),
    st.text(max_size=3),
    st.text(max_size=3),
)


class TestLines:
    LINE = witness_of(date(2026, 11, 16), 812, "aa", "bb")

    @given(st.lists(witnesses, max_size=4))
    def test_lines_are_read_back(self, lines):
        text = "".join(f"{line}\n" for line in lines)
        assert read_witnesses(text).lines == tuple(sorted(set(lines)))

    @pytest.mark.parametrize(
        "around",
        ["> {}", 'they are "{}",', "<td>{}</td>", "TRAINING Witness: {}.", "\ufeff{}", "{0}\r\n{0}"],
    )
    def test_they_are_found_in_any_text(self, around):
        assert read_witnesses(around.format(self.LINE)).lines == (self.LINE,)

    @pytest.mark.parametrize("broken_by", ["=\n", "=\r\n", "\n", "\r\n> ", " \n>> "])
    @pytest.mark.parametrize("at", [19, 20, 50, 83])
    def test_and_where_a_mail_has_broken_them(self, broken_by, at):
        text = str(self.LINE)
        assert read_witnesses(text[:at] + broken_by + text[at:]).lines == (self.LINE,)

    def test_what_only_begins_like_one_is_named(self):
        cut = str(self.LINE)[:-1]
        given = read_witnesses(f"{cut}\n{self.LINE}\n2026-13-01 page 9 {self.LINE.digest}\n2026-11-20 page 7 is full")
        assert given.lines == (self.LINE,)
        assert given.unread == ("2026-11-16 page 812", "2026-13-01 page 9", "2026-11-20 page 7")

    @given(st.text())
    def test_any_text_is_read(self, text):
        read_witnesses(text)

    @given(witnesses, witnesses)
    def test_it_says_the_day_the_page_and_what_both_digests_say(self, one, other):
        assert (one.digest == other.digest) == (one == other)
