"""Numbers that a test reports: units convert without loss, and the cutoff decides where there is no doubt."""

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing import amounts as rules
from testing_tracker.rules.testing.amounts import Amount, amounts_by_analyte, read_amount
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import Method, Outcome

judge = partial(rules.judge, SHIPPED)
CUP, LABORATORY = Method.PRESUMPTIVE, Method.DEFINITIVE
BY_MASS = ["ng/mL", "ug/L", "mcg/L", "µg/L", "μg/L", "pg/mL", "ug/mL", "mcg/mL", "µg/mL"]  # micro and mu, both
BY_VOLUME = ["mg/dL", "g/dL"]

numbers = st.decimals(0, 1_000_000, allow_nan=False, allow_infinity=False, places=4).map(abs)
comparators = st.sampled_from(["", "<", ">"])
amounts = st.builds(Amount, numbers, st.sampled_from(BY_MASS), comparators)


def judged(text: str, *, cutoff: str | None = None, analyte: str = "cocaine", method: Method = CUP):
    """What a positive on this analyte alone is judged to be."""
    cutoffs = {analyte: read_amount(cutoff)} if cutoff is not None else None
    return judge(Outcome.POSITIVE, [analyte], {analyte: read_amount(text)}, "urine", method, cutoffs)


def is_found(text: str, **more) -> bool:
    """Whether a positive stands; the other way to say so is that nothing reaches its cutoff."""
    try:
        return judged(text, **more).analytes == (more.get("analyte", "cocaine"),)
    except TestingTrackerError as error:
        if "Nothing reaches its cutoff" not in str(error):
            raise
        return False


class TestReading:
    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("320", Amount(Decimal(320), "ng/mL")),
            ("320.50", Amount(Decimal("320.50"), "ng/mL")),
            (" 40 mg/dL ", Amount(Decimal(40), "mg/dL")),
            ("40mg/dL", Amount(Decimal(40), "mg/dL")),
            ("<50", Amount(Decimal(50), "ng/mL", "<")),
            ("> 1000 ug/L", Amount(Decimal(1000), "ug/L", ">")),
            ("0", Amount(Decimal(0), "ng/mL")),
        ],
    )
    def test_what_laboratories_write(self, text, amount):
        assert read_amount(text) == amount

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "high",
            "-5",
            "1e6",
            "nan",
            "Infinity",
            "1,000",
            ".5",
            "5.",
            "9" * 19,
            "<=50",
            "<<5",
            "50 ng",
            "50 ng/mL/h",
            "5 5",
        ],
    )
    def test_what_is_no_amount_is_refused_with_what_would_be(self, text):
        with pytest.raises(TestingTrackerError, match="is not an amount; write 320"):
            read_amount(text)

    @given(amounts)
    def test_what_is_shown_is_read_back_as_the_same(self, amount):
        assert read_amount(str(amount)) == amount

    def test_a_number_keeps_the_digits_that_were_written(self):
        assert str(read_amount("0.10 ng/mL")) == "0.10 ng/mL"


class TestUnits:
    @pytest.mark.parametrize(
        ("text", "unit", "number"),
        [
            ("320 ng/mL", "ug/L", "320"),
            ("1 ug/mL", "ng/mL", "1000"),
            ("1500 pg/mL", "ng/mL", "1.5"),
            ("0.08 g/dL", "mg/dL", "80"),
            ("80 mg/dL", "g/dL", "0.08"),
            ("5 NG/ML", "ng/ml", "5"),
        ],
    )
    def test_how_many_of_one_are_how_many_of_another(self, text, unit, number):
        assert read_amount(text).number_in(unit) == Decimal(number)

    @given(numbers, st.sampled_from([BY_MASS, BY_VOLUME]), st.data())
    def test_there_and_back_is_the_same_number(self, number, family, data):
        unit, other = data.draw(st.sampled_from(family)), data.draw(st.sampled_from(family))
        there = Amount(number, unit).number_in(other)
        assert there is not None
        assert Amount(there, other).number_in(unit) == number

    @given(numbers, numbers, st.data())
    def test_a_larger_amount_is_larger_in_every_unit(self, number, more, data):
        unit, other = data.draw(st.sampled_from(BY_MASS)), data.draw(st.sampled_from(BY_MASS))
        assert (Amount(number, unit).number_in(other) < Amount(more, unit).number_in(other)) is (number < more)

    @given(numbers, st.sampled_from(BY_MASS), st.sampled_from(BY_VOLUME))
    def test_what_measures_something_else_is_not_converted(self, number, mass, volume):
        assert Amount(number, mass).number_in(volume) is None
        assert Amount(number, volume).number_in(mass) is None

    def test_a_unit_that_nobody_knows_is_itself_and_nothing_else(self):
        assert Amount(Decimal(5), "mmol/L").number_in("MMOL/L") == 5
        assert Amount(Decimal(5), "mmol/L").number_in("ng/mL") is None


class TestTheCutoff:
    """In urine a cup finds cocaine from 150 ng/mL on and a laboratory from 100 (HHS panels)."""

    @pytest.mark.parametrize(("text", "found"), [("149.9", False), ("150", True), ("150.0", True), ("151", True)])
    def test_from_the_cutoff_on_it_is_found(self, text, found):
        assert is_found(text) is found

    def test_each_method_has_its_own(self):
        assert not is_found("120", method=CUP)
        assert is_found("120", method=LABORATORY)

    def test_nought_is_never_found(self):
        assert not is_found("0")
        assert not is_found("0", cutoff="0")

    @pytest.mark.parametrize(("text", "found"), [("0.149 ug/mL", False), ("0.15 ug/mL", True), ("150000 pg/mL", True)])
    def test_another_unit_changes_nothing(self, text, found):
        assert is_found(text) is found

    @pytest.mark.parametrize(("text", "found"), [("<150", False), ("<50", False), (">150", True), (">1000", True)])
    def test_less_or_more_than_a_number_where_that_leaves_no_doubt(self, text, found):
        assert is_found(text) is found

    @pytest.mark.parametrize("text", ["<151", "<1000", ">149", ">0"])
    def test_less_or_more_than_a_number_where_it_could_be_either_is_refused(self, text):
        with pytest.raises(TestingTrackerError, match=r"cannot be told\. Give the number, or the cutoff"):
            judged(text)

    def test_more_than_nought_is_not_nought(self):
        assert judged(">0", analyte="kratom").analytes == ("kratom",)
        assert is_found(">0", cutoff="0")

    @given(amounts, amounts)
    def test_no_amount_within_what_was_said_would_be_judged_otherwise(self, amount, cutoff):
        """`<50` stands for every number below 50: whatever it was, the answer is the same."""
        said = {"cocaine": cutoff}
        try:
            found = bool(judge(Outcome.POSITIVE, ["cocaine"], {"cocaine": amount}, "urine", CUP, said).analytes)
        except TestingTrackerError as error:
            if "cannot be told" in str(error):
                return
            found = False
        ours, limit = amount.number_in("ng/mL"), cutoff.number_in("ng/mL")
        tiny = Decimal("0.00000001")
        possible = {"": [ours], "<": [Decimal(0), ours - tiny], ">": [ours + tiny, ours * 1000 + 1]}[amount.comparator]
        assert all((number > 0 and number >= limit) is found for number in possible if number >= 0)

    def test_where_no_cutoff_is_known_it_is_found_with_a_warning(self):
        result = judged("5", analyte="kratom")
        assert result.analytes == ("kratom",)
        assert result.warnings == ("no presumptive cutoff is known for kratom in urine, so 5 ng/mL counts as found",)

    def test_and_less_than_a_number_is_not(self):
        result = judge(Outcome.NEGATIVE, ["kratom"], {"kratom": read_amount("<5")}, "urine", CUP)
        assert result.analytes == ()
        assert "so <5 ng/mL counts as not found" in result.warnings[0]

    def test_a_number_in_a_unit_of_something_else_is_refused(self):
        with pytest.raises(TestingTrackerError, match=r"is in ng/mL, and the amount is in mg/dL\. Give it in ng/mL"):
            judged("40 mg/dL")


class TestTheTestsOwnCutoff:
    def test_it_governs(self):
        assert is_found("60", cutoff="50")
        assert not is_found("200", cutoff="300")

    @pytest.mark.parametrize(
        ("text", "cutoff", "word", "other"),
        [("120", "100", "found", "not found"), ("200", "300", "not found", "found")],
    )
    def test_and_it_is_said_where_the_usual_one_would_say_otherwise(self, text, cutoff, word, other):
        amounts = {"cocaine": read_amount(text)}
        outcome = Outcome.POSITIVE if word == "found" else Outcome.NEGATIVE
        result = judge(outcome, ["cocaine"], amounts, "urine", CUP, {"cocaine": read_amount(cutoff)})
        assert f"counts as {word} by the cutoff of {cutoff} ng/mL" in result.warnings[0]
        assert result.warnings[0].endswith(f"by 150 ng/mL it would be {other}")

    def test_nothing_is_said_where_both_agree(self):
        assert judged("500", cutoff="100").warnings == ()

    def test_nor_where_nobody_knows_what_the_usual_one_would_say(self):
        """Less than 200 is below the test's 300; whether it is below the usual 150, nobody knows."""
        less = {"cocaine": read_amount("<200")}
        result = judge(Outcome.NEGATIVE, ["cocaine"], less, "urine", CUP, {"cocaine": read_amount("300")})
        assert (result.analytes, result.warnings) == ((), ())

    def test_it_is_for_its_own_analyte_only(self):
        amounts = {"cocaine": read_amount("120"), "fentanyl": read_amount("120")}
        result = judge(Outcome.POSITIVE, ["cocaine", "fentanyl"], amounts, "urine", CUP, {"fentanyl": read_amount("1")})
        assert result.analytes == ("fentanyl",)

    def test_in_a_unit_of_something_else_it_is_refused(self):
        with pytest.raises(TestingTrackerError, match="The cutoff that was given for cocaine is in mg/dL"):
            judged("120", cutoff="100 mg/dL")


class TestAWholeResult:
    def test_what_has_no_amount_is_found_as_the_test_says(self):
        assert judge(Outcome.POSITIVE, ["cocaine"], {}, "urine", CUP).analytes == ("cocaine",)

    def test_of_several_those_below_their_cutoff_are_left_out_and_named(self):
        amounts = {"cocaine": read_amount("10")}
        result = judge(Outcome.POSITIVE, ["cocaine", "fentanyl", "cocaine"], amounts, "urine", CUP)
        assert result.analytes == ("fentanyl",)
        assert len(result.warnings) == 1
        assert "cocaine 10 ng/mL is below the cutoff of 150 ng/mL" in result.warnings[0]

    def test_a_positive_of_which_nothing_reaches_its_cutoff_is_none(self):
        with pytest.raises(
            TestingTrackerError, match=r"Nothing reaches its cutoff \(cocaine 10 ng/mL\), so the result is"
        ):
            judged("10")

    def test_a_positive_names_something(self):
        with pytest.raises(TestingTrackerError, match="A positive needs at least one analyte"):
            judge(Outcome.POSITIVE, [], {}, "urine", CUP)

    @pytest.mark.parametrize("outcome", [Outcome.NEGATIVE, Outcome.INVALID])
    def test_what_is_no_positive_found_nothing(self, outcome):
        assert judge(outcome, ["cocaine"], {"cocaine": read_amount("10")}, "urine", CUP).analytes == ()
        with pytest.raises(TestingTrackerError, match=f"A {outcome} result has no analytes; leave them out"):
            judge(outcome, ["cocaine"], {}, "urine", CUP)
        with pytest.raises(TestingTrackerError, match="of one with an amount give the cutoff of the test"):
            judge(outcome, ["cocaine"], {"cocaine": read_amount("500")}, "urine", CUP)

    def test_one_analyte_has_one_amount(self):
        said = [("cocaine", read_amount("900")), ("fentanyl", read_amount("2")), ("cocaine", read_amount("900"))]
        assert amounts_by_analyte(said) == {"cocaine": read_amount("900"), "fentanyl": read_amount("2")}
        with pytest.raises(TestingTrackerError, match="cocaine has two amounts, 900 ng/mL and 20 ng/mL"):
            amounts_by_analyte([*said, ("cocaine", read_amount("20"))])
