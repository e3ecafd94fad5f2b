"""A cup's result and a laboratory's: both are kept, and the definitive one governs."""

from conftest import made_once

LAB = ("--definitive", "--lab", "Northside")


@made_once
def tested(clinic):
    """A17's cup is positive for cocaine on Monday."""
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "coc")


def recommendation(clinic) -> dict:
    return clinic.json("recommendation", "list", "--all")[0]


def results(clinic) -> list[dict]:
    return clinic.json("participant", "show", "A17")["draws"][0]["results"]


def test_a_definitive_negative_withdraws_the_evidence_and_the_recommendation(tested):
    assert recommendation(tested)["status"] == "open"
    tested.today = "2026-11-18"
    printed = tested("result", "A17", "negative", "--on", "2026-11-16", *LAB)
    assert "withdrawn" in printed
    assert recommendation(tested)["status"] == "withdrawn"
    assert tested.status("A17", "2026-11-16") == "collected negative"


def test_both_results_are_kept(tested):
    tested("result", "A17", "negative", *LAB)
    assert tested.rows("SELECT outcome, method, lab FROM result ORDER BY id") == [
        ("positive", "presumptive", None),
        ("negative", "definitive", "Northside"),
    ]


def test_a_definitive_positive_confirms_it(tested):
    tested("result", "A17", "positive", "--analyte", "coc", *LAB)
    assert recommendation(tested)["status"] == "open"
    assert len(tested.json("recommendation", "list", "--all")) == 1


def test_a_definitive_result_without_a_cup_counts_as_well(clinic):
    clinic.add("A17")
    clinic("draw")
    assert "Recommendation 1" in clinic("result", "A17", "positive", "--analyte", "fentanyl", *LAB)


def test_a_definitive_result_needs_its_laboratory(tested):
    assert "add --lab" in tested.refused("result", "A17", "negative", "--definitive")


def test_a_second_definitive_result_is_refused(tested):
    tested("result", "A17", "negative", *LAB)
    assert "already has a result" in tested.refused("result", "A17", "positive", "--analyte", "coc", *LAB)


def test_a_definitive_result_is_corrected_by_itself(tested):
    tested("result", "A17", "negative", *LAB)
    tested("amend", "A17", "positive", "--analyte", "coc", *LAB, "--reason", "another's specimen")
    assert tested.status("A17") == "collected positive"
    assert recommendation(tested)["status"] == "open"


def test_a_correction_of_the_cup_changes_nothing_that_the_laboratory_said(tested):
    tested("result", "A17", "positive", "--analyte", "coc", *LAB)
    tested("amend", "A17", "negative", "--reason", "read the wrong line")
    assert tested.status("A17") == "collected positive"
    assert recommendation(tested)["status"] == "open"


def test_taking_back_takes_back_both(tested):
    tested("result", "A17", "positive", "--analyte", "coc", *LAB)
    tested("amend", "A17", "excused", "--reason", "it was B2's cup")
    assert tested.status("A17") == "excused"
    assert recommendation(tested)["status"] == "withdrawn"


def test_a_definitive_negative_after_the_decision_leaves_the_decision(tested):
    tested("recommendation", "accept", "1")
    printed = tested("result", "A17", "negative", *LAB)
    assert "decision stands" in printed
    assert recommendation(tested)["status"] == "accepted"


def test_the_week_counts_what_governs(tested):
    tested("result", "A17", "negative", *LAB)
    tested.today = "2026-11-23"
    totals = tested.json("report", "weekly")["totals"]
    assert (totals["negative"], totals["positive"]) == (1, 0)


class TestAmounts:
    """An amount is judged against the cutoff of the specimen and the method."""

    def test_at_the_cutoff_it_counts(self, clinic):
        clinic.add("A17")
        clinic("draw")
        clinic("result", "A17", "positive", "--analyte", "coc=150")
        assert clinic.status("A17") == "collected positive"

    def test_below_the_cutoff_nothing_is_positive(self, clinic):
        clinic.add("A17")
        clinic("draw")
        assert "log it as negative" in clinic.refused("result", "A17", "positive", "--analyte", "coc=149.9")
        clinic("result", "A17", "negative", "--analyte", "coc=149.9")
        assert clinic.status("A17") == "collected negative"
        assert clinic.rows("SELECT analyte, found, amount, unit FROM finding") == [("cocaine", 0, "149.9", "ng/mL")]

    def test_the_laboratorys_cutoff_is_another_one(self, clinic):
        clinic.add("A17")
        clinic("draw")
        clinic("result", "A17", "positive", "--analyte", "coc=120", *LAB)
        assert clinic.status("A17") == "collected positive"

    def test_one_below_and_one_above(self, clinic):
        clinic.add("A17")
        clinic("draw")
        clinic("result", "A17", "positive", "--analyte", "coc=10", "--analyte", "fentanyl")
        assert recommendation(clinic)["evidence"][0]["analytes"] == ["fentanyl"]

    def test_an_amount_that_would_be_positive_is_no_negative(self, clinic):
        clinic.add("A17")
        clinic("draw")
        assert "log a positive" in clinic.refused("result", "A17", "negative", "--analyte", "coc=500")

    def test_what_is_no_amount(self, clinic):
        clinic.add("A17")
        clinic("draw")
        assert "is not an amount" in clinic.refused("result", "A17", "positive", "--analyte", "coc=much")

    def test_another_unit_is_not_guessed(self, clinic):
        clinic.add("A17")
        clinic("draw")
        assert "is in ng/mL" in clinic.refused("result", "A17", "positive", "--analyte", "coc=1mg/L")


class TestConfirmations:
    """A specimen sent to the laboratory is awaited until a day."""

    def test_it_is_awaited_until_its_result_comes(self, tested):
        tested("confirmation", "send", "A17", "--lab", "Northside", "--by", "2026-11-20")
        (line,) = tested.json("confirmation", "list")
        assert (line["participant"], line["expected_by"], line["is_overdue"]) == ("A17", "2026-11-20", False)
        tested("result", "A17", "negative", *LAB)
        assert tested.json("confirmation", "list") == []

    def test_overdue_ones_are_listed(self, tested):
        tested("confirmation", "send", "A17", "--by", "2026-11-20")
        tested.today = "2026-11-20"
        assert tested.json("confirmation", "list", "--overdue") == []
        tested.today = "2026-11-21"
        assert [line["participant"] for line in tested.json("confirmation", "list", "--overdue")] == ["A17"]

    def test_calling_it_off(self, tested):
        tested("confirmation", "send", "A17")
        tested("confirmation", "cancel", "A17", "--reason", "the laboratory lost it")
        assert tested.json("confirmation", "list") == []
        assert "nothing to call off" in tested.refused("confirmation", "cancel", "A17", "--reason", "again")
        tested("confirmation", "send", "A17")

    def test_what_cannot_be_sent(self, tested):
        tested.add("B2")
        tested("draw")
        assert "no specimen to send" in tested.refused("confirmation", "send", "B2")
        tested("confirmation", "send", "A17")
        assert "was sent already" in tested.refused("confirmation", "send", "A17")
        assert "is over" in tested.refused("confirmation", "send", "A17", "--by", "2026-11-15")

    def test_nothing_is_awaited_of_an_answered_one(self, tested):
        tested("result", "A17", "negative", *LAB)
        assert "definitive result already" in tested.refused("confirmation", "send", "A17")


def test_the_record_shows_both_and_which_one_governs(tested):
    tested("result", "A17", "negative", *LAB)
    tested("amend", "A17", "positive", "--analyte", "fentanyl", "--reason", "read the wrong line")
    draw = tested.json("participant", "show", "A17")["draws"][0]
    assert (draw["outcome"], draw["expected"]) == ("negative", False)
    governing = [result for result in draw["results"] if result["counts"]]
    assert [(result["method"], result["lab"]) for result in governing] == [("definitive", "Northside")]
    rows = [line.split() for line in tested("participant", "show", "A17").splitlines()[-3:]]
    assert rows[0][3:6] == ["negative", "definitive,", "Northside"]
    assert rows[1][:4] == ["beside", "it", "positive", "fentanyl"]
    assert rows[2][:4] == ["earlier", "was", "positive", "cocaine"]
