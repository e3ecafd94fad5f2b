"""A laboratory's result governs what it looked at, and nothing else of what was said before."""

import pytest
from conftest import made_once

LAB = ("--definitive", "--lab", "North")
MONDAY = ("--on", "2026-11-16")


@made_once
def tested(clinic):
    """A17's cup of Monday is positive for cocaine and fentanyl, and both are sent to be confirmed."""
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "coc", "--analyte", "fentanyl")
    clinic("confirmation", "send", "A17", "--lab", "North")


@made_once
def due(clinic):
    clinic.add("A17")
    clinic("draw")


def recommendation(clinic, number: int = 0) -> dict:
    return clinic.json("recommendation", "list", "--all")[number]


def evidence(clinic) -> dict:
    return recommendation(clinic)["evidence"][0]


def awaited(clinic) -> list[tuple]:
    return [(line["participant"], line["analytes"]) for line in clinic.json("confirmation", "list")]


def reviews(clinic) -> list[str]:
    return [line["about"] for line in clinic.json("review", "list")]


def draw_of(clinic) -> dict:
    return clinic.json("participant", "show", "A17")["draws"][0]


def governing(clinic) -> dict:
    return next(result for result in draw_of(clinic)["results"] if result["counts"])


class TestWhatItLookedAt:
    def test_what_it_did_not_look_for_stays_presumptive_and_awaited(self, tested):
        printed = tested("result", "A17", "negative", "--looked-for", "fentanyl", *LAB)
        assert "says nothing of cocaine" in printed
        assert tested.status("A17") == "collected positive"
        assert recommendation(tested)["status"] == "open"
        assert (evidence(tested)["analytes"], evidence(tested)["presumptive"]) == (["cocaine"], ["cocaine"])
        assert recommendation(tested)["certainty"] == "presumptive"
        assert awaited(tested) == [("A17", ["cocaine"])]
        assert evidence(tested)["awaited_by"] == "2026-11-23"
        tested("verify")

    def test_its_silence_is_told_from_its_no(self, tested):
        tested("result", "A17", "negative", "--looked-for", "fentanyl", *LAB)
        assert (governing(tested)["analytes"], governing(tested)["not_found"]) == ([], ["fentanyl"])
        assert draw_of(tested)["presumptive"] == ["cocaine"]
        shown = tested("participant", "show", "A17")
        assert "no fentanyl" in shown
        assert "cocaine presumptive" in shown

    def test_one_is_confirmed_and_the_other_not_yet(self, tested):
        tested("result", "A17", "positive", "--analyte", "fentanyl", *LAB)
        assert evidence(tested)["analytes"] == ["cocaine", "fentanyl"]
        assert recommendation(tested)["certainty"] == "partly confirmed"
        assert awaited(tested) == [("A17", ["cocaine"])]
        assert "definitive; presumptive: cocaine" in tested("recommendation", "show", "1")
        tested.today = "2026-11-23"
        found = {line["analyte"]: line["confirmed"] for line in tested.json("report", "weekly")["analytes"]}
        assert found == {"cocaine": 0, "fentanyl": 1}
        (talk,) = tested.json("report", "weekly")["talk"]
        assert talk["detail"] == "fentanyl (confirmed); cocaine (presumptive)"
        tested("verify")

    def test_a_further_result_is_about_the_rest(self, tested):
        tested("result", "A17", "negative", "--looked-for", "fentanyl", *LAB)
        tested("result", "A17", "positive", "--analyte", "cocaine", *LAB)
        assert recommendation(tested)["certainty"] == "confirmed"
        assert awaited(tested) == []
        assert (governing(tested)["analytes"], governing(tested)["not_found"]) == (["cocaine"], ["fentanyl"])
        tested("verify")

    def test_a_further_negative_leaves_nothing(self, tested):
        tested("result", "A17", "negative", "--looked-for", "fentanyl", *LAB)
        assert "already has a result" in tested.refused("result", "A17", "negative", "--looked-for", "fentanyl", *LAB)
        tested("result", "A17", "negative", "--looked-for", "cocaine", *LAB)
        assert tested.status("A17") == "collected negative"
        assert recommendation(tested)["status"] == "withdrawn"
        assert awaited(tested) == []
        tested("verify")

    def test_a_plain_negative_is_about_all_that_the_cup_found(self, tested):
        tested("result", "A17", "negative", *LAB)
        assert tested.status("A17") == "collected negative"
        assert recommendation(tested)["status"] == "withdrawn"
        assert awaited(tested) == []
        tested("verify")

    def test_the_order_does_not_matter(self, due):
        due("result", "A17", "negative", "--looked-for", "fentanyl", *LAB)
        assert due.status("A17") == "collected negative"
        due("result", "A17", "positive", "--analyte", "coc", "--analyte", "fentanyl")
        assert due.status("A17") == "collected positive"
        assert evidence(due)["analytes"] == ["cocaine"]
        due("verify")

    def test_a_correction_of_the_cup_is_read_with_it(self, tested):
        tested("result", "A17", "negative", "--looked-for", "fentanyl", *LAB)
        tested("amend", "A17", "positive", "--analyte", "fentanyl", "--reason", "read the wrong line")
        assert tested.status("A17") == "collected negative"
        assert recommendation(tested)["status"] == "withdrawn"
        tested("verify")

    def test_a_laboratory_that_corrects_itself_still_looked_at_what_it_named(self, tested):
        tested("result", "A17", "positive", "--analyte", "coc", *LAB)
        tested("amend", "A17", "positive", "--analyte", "fentanyl", *LAB, "--reason", "another's vial")
        assert evidence(tested)["analytes"] == ["fentanyl"]
        assert governing(tested)["not_found"] == ["cocaine"]
        tested("verify")

    def test_a_plain_negative_that_is_corrected_was_about_all(self, tested):
        tested("result", "A17", "negative", *LAB)
        tested("amend", "A17", "positive", "--analyte", "coc", *LAB, "--reason", "another's vial")
        assert evidence(tested)["analytes"] == ["cocaine"]
        assert awaited(tested) == []
        tested("verify")

    def test_a_class_is_confirmed_by_its_member(self, due):
        due("result", "A17", "positive", "--analyte", "opiates")
        due("result", "A17", "positive", "--analyte", "morphine=350", "--cutoff", "morphine=50", *LAB)
        assert (evidence(due)["analytes"], recommendation(due)["certainty"]) == (["morphine"], "confirmed")
        due("verify")

    def test_in_a_file(self, tested, tmp_path):
        file = tmp_path / "lab.csv"
        file.write_text(
            "participant,due_on,outcome,analytes,method,lab,looked_for,cutoffs\n"
            "A17,2026-11-16,negative,,definitive,North,fentanyl,\n"
        )
        assert "1 imported" in tested("result", "import", str(file))
        assert evidence(tested)["analytes"] == ["cocaine"]
        assert "1 unchanged" in tested("result", "import", str(file))
        file.write_text(
            "participant,due_on,outcome,analytes,method,lab,looked_for,cutoffs\n"
            "A17,2026-11-16,positive,cocaine=60,definitive,North,,cocaine=50\n"
        )
        assert "1 imported" in tested("result", "import", str(file))
        assert governing(tested)["amounts"] == ["cocaine 60 ng/mL (cutoff 50 ng/mL)"]
        tested("verify")

    def test_the_history_has_what_they_say_together(self, tested):
        tested.add("B04", "C21")
        tested("draw")
        tested("result", "A17", "negative", "--looked-for", "fentanyl", *LAB)
        tested("result", "B04", "negative", "--looked-for", "fentanyl", *LAB)
        tested("result", "C21", "positive", "--analyte", "coc=900", "--analyte", "thc=1")
        assert tested("history", "export").splitlines()[1:] == [
            'A17,2026-11-16,collected,positive,cocaine,"[definitive ""North""]"',
            'B04,2026-11-16,collected,negative,,"[definitive ""North""]"',
            'C21,2026-11-16,collected,positive,cocaine,"[measured ""cannabinoids=1 ng/mL;cocaine=900 ng/mL""]"',
        ]

    def test_taken_back_nothing_is_left(self, tested):
        tested("result", "A17", "negative", "--looked-for", "fentanyl", *LAB)
        tested("amend", "A17", "due", "--reason", "it was C21's cup")
        assert tested.status("A17") == "due"
        assert recommendation(tested)["status"] == "withdrawn"
        tested("verify")


class TestWhatItDidNotLookAt:
    """One answer does not undo what it did not look at."""

    def test_not_enough_to_test_says_nothing_of_what_the_cup_found(self, tested):
        tested("result", "A17", "invalid", "--note", "quantity not sufficient", *LAB)
        assert tested.status("A17") == "collected positive"
        assert recommendation(tested)["status"] == "open"
        assert recommendation(tested)["certainty"] == "presumptive"
        assert awaited(tested) == [], "nothing will come"
        assert "no invalid specimen" in tested.refused("test", "A17", "--recollect")
        tested("confirmation", "send", "A17", "--lab", "South")
        assert awaited(tested) == [("A17", ["cocaine", "fentanyl"])]
        assert recommendation(tested)["awaited_by"] == "2026-11-23"
        tested("verify")

    def test_nor_of_a_negative(self, due):
        due("result", "A17", "negative")
        due("result", "A17", "invalid", *LAB)
        assert due.status("A17") == "collected negative"
        due("verify")

    def test_after_one_that_was_invalid_another_one_counts(self, tested):
        tested("result", "A17", "invalid", *LAB)
        tested("result", "A17", "positive", "--analyte", "coc", "--analyte", "fentanyl", *LAB)
        assert recommendation(tested)["certainty"] == "confirmed"
        tested("verify")

    def test_an_unexpected_negative_of_what_the_laboratory_was_not_asked(self, due):
        due("schedule", "show", "fixed-2")
        due("prescription", "add", "A17", "morphine", "--from", "2026-11-01")
        due("result", "A17", "positive", "--analyte", "coc")
        assert reviews(due) == ["unexpected negative"]
        due("result", "A17", "positive", "--analyte", "coc", *LAB)
        assert reviews(due) == ["unexpected negative"]
        due("verify")

    def test_a_late_specimen_stays_late(self, due):
        due.today = "2026-11-17"
        due("result", "A17", "positive", "--analyte", "coc", *MONDAY, "--collected-at", "2026-11-16T19:40")
        assert draw_of(due)["late"]
        due("result", "A17", "positive", "--analyte", "coc", *MONDAY, *LAB)
        assert draw_of(due)["late"]
        due("verify")

    def test_a_late_specimen_is_late_in_any_order(self, due):
        due.today = "2026-11-17"
        due("result", "A17", "positive", "--analyte", "coc", *MONDAY, *LAB)
        due("result", "A17", "positive", "--analyte", "coc", *MONDAY, "--collected-at", "2026-11-16T19:40")
        assert draw_of(due)["late"]
        due("verify")

    def test_a_substituted_specimen_is_still_to_be_looked_at(self, due):
        measured = ("--creatinine", "1", "--specific-gravity", "1.0005", "--specimen-id", "X1")
        due("result", "A17", "negative", *measured)
        assert reviews(due) == ["tampered specimen"]
        done = due.run("result", "A17", "negative", *LAB)
        assert "the specimen is substituted" in done.stderr
        assert (due.status("A17"), reviews(due)) == ("collected invalid", ["tampered specimen"])
        due("verify")

    def test_a_substituted_positive_that_is_not_confirmed_is_still_to_be_looked_at(self, due):
        due("result", "A17", "positive", "--analyte", "coc", "--creatinine", "1", "--specific-gravity", "1.0005")
        due("result", "A17", "negative", *LAB)
        assert (due.status("A17"), reviews(due)) == ("collected negative", ["tampered specimen"])
        due("verify")

    def test_a_correction_keeps_what_was_measured_and_who_collected_it(self, due):
        due(
            "result", "A17", "negative", "--specimen-id", "X1", "--collector", "Ruth", "--creatinine", "80", "--ph", "7"
        )
        due("amend", "A17", "negative", "--temperature", "35", "--reason", "forgotten")
        specimen = due.json("specimen", "show", "X1")
        assert (specimen["collector"], specimen["creatinine"], specimen["temperature"]) == ("Ruth", "80", "35")
        due("amend", "A17", "positive", "--analyte", "coc", "--reason", "read the wrong line")
        assert due.rows("SELECT specimen_id IS NULL FROM result ORDER BY id DESC LIMIT 1") == [(0,)]
        due("verify")

    def test_a_second_specimen_has_nothing_of_the_first(self, due):
        due("result", "A17", "invalid", "--specimen-id", "X1", "--note", "leaked")
        due("test", "A17", "--recollect")
        due("result", "A17", "invalid")
        assert due.rows("SELECT note, specimen_id FROM result ORDER BY id DESC LIMIT 1") == [(None, None)]


class TestItsOwnCutoff:
    def test_it_governs_its_own_number(self, due):
        printed = due.run("result", "A17", "positive", "--analyte", "morphine=350", "--cutoff", "morphine=50", *LAB)
        assert printed.exit_code == 0, printed.output
        assert "by 4000 ng/mL it would be not found" in printed.stderr
        assert due.status("A17") == "collected positive"
        assert "morphine 350 ng/mL (cutoff 50 ng/mL)" in due("participant", "show", "A17")
        assert due.rows("SELECT amount, unit, cutoff FROM finding") == [("350", "ng/mL", "50 ng/mL")]
        due("verify")

    def test_a_number_below_it_is_none(self, due):
        due("result", "A17", "negative", "--analyte", "coc=120", "--cutoff", "coc=150", *LAB)
        assert due.status("A17") == "collected negative"

    @pytest.mark.parametrize("amount", ["1200pg/mL", "1.2ug/L", "1.2", ">1000pg/mL", "0.0012ug/mL"])
    def test_picograms_are_read(self, due, amount):
        due("result", "A17", "positive", "--analyte", f"fentanyl={amount}", *LAB)
        assert due.status("A17") == "collected positive"

    def test_less_than_is_none(self, due):
        due("result", "A17", "negative", "--analyte", "coc=<50", *LAB)
        assert governing(due)["amounts"] == ["cocaine <50 ng/mL"]
        assert "cannot be told" in due.refused(
            "amend", "A17", "negative", "--analyte", "coc=<500", *LAB, "--reason", "x"
        )

    def test_what_the_result_does_not_name_has_no_cutoff(self, due):
        assert "does not name it" in due.refused("result", "A17", "negative", "--cutoff", "coc=150", *LAB)
        assert "has no amount" in due.refused("result", "A17", "positive", "--analyte", "coc", "--cutoff", "coc", *LAB)


class TestAmountsOfOneAnalyte:
    def test_two_names_with_two_amounts_are_refused(self, due, tmp_path):
        two = ("--analyte", "benzoylecgonine=900", "--analyte", "cocaine=200")
        assert "cocaine has two amounts, 900 ng/mL and 200 ng/mL" in due.refused("result", "A17", "positive", *two)
        file = tmp_path / "lab.csv"
        file.write_text(
            "participant,due_on,outcome,analytes\nA17,2026-11-16,positive,benzoylecgonine=900;cocaine=200\n"
        )
        done = due.run("result", "import", str(file))
        assert done.exit_code == 1
        assert "cocaine has two amounts" in done.stderr
        cutoffs = ("--cutoff", "bze=1", "--cutoff", "coc=2")
        assert "two amounts" in due.refused("result", "A17", "positive", "--analyte", "coc", *cutoffs)

    def test_the_same_amount_twice_is_one(self, due):
        due("result", "A17", "positive", "--analyte", "bze=900", "--analyte", "cocaine=900")
        assert due.rows("SELECT analyte, amount FROM finding") == [("cocaine", "900")]

    def test_a_metabolite_has_its_own(self, due):
        due("result", "A17", "positive", "--analyte", "norfentanyl=12", "--analyte", "fentanyl=0.5", *LAB)
        rows = due.rows("SELECT analyte, found, amount FROM finding ORDER BY analyte")
        assert rows == [("fentanyl", 0, "0.5"), ("norfentanyl", 1, "12")]

    @pytest.mark.parametrize("name", ["etg", "coc", "tramadol"])
    def test_nothing_is_never_found(self, due, name):
        assert "not positive" in due.refused("result", "A17", "positive", "--analyte", f"{name}=0")
        due("result", "A17", "negative", "--analyte", f"{name}=0.0")
        assert due.status("A17") == "collected negative"


@pytest.mark.parametrize("lab", [("--lab", "North"), LAB])
def test_the_method_is_told_with_the_laboratory(due, lab):
    due("result", "A17", "positive", "--analyte", "coc", *lab)
    method = "definitive, North" if "--definitive" in lab else "presumptive, North"
    other = "presumptive, North" if "--definitive" in lab else "definitive, North"
    for shown in (due("participant", "show", "A17"), due("report", "participant", "A17")):
        assert method in shown
        assert other not in shown


def test_a_prescription_of_the_parent_explains_the_metabolite(due):
    due("prescription", "add", "A17", "suboxone", "--from", "2026-11-01")
    said = ("--analyte", "norbuprenorphine", "--analyte", "buprenorphine", "--analyte", "naloxone")
    assert "Expected" in due("result", "A17", "positive", *said, *LAB)
    assert due.json("recommendation", "list", "--all") == []


def test_a_panel_that_names_the_parent_is_not_surprised(due):
    done = due.run("result", "A17", "positive", "--analyte", "norfentanyl", *LAB)
    assert "not in the panel" not in done.stderr
