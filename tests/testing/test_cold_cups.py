"""A cup that is too cold or too warm is said to be so, collected again under observation, and not forgotten."""

import pytest
from conftest import made_once

COLD = ("--temperature", "25")


@made_once
def drawn(clinic):
    """A17 and B04 are due on Monday; a pretended day is at noon."""
    clinic.add("A17", "B04")
    clinic("draw")


def stuck(clinic):
    done = clinic.run("doctor", "--format", "json")
    import json

    return [(line["participant"], line["do"]) for line in json.loads(done.stdout) if line["matter"] == "recollection"]


def test_an_invalid_one_out_of_range_names_the_command_once(drawn):
    said = drawn.run("result", "A17", "invalid", "--note", "cold", "--temperature", "25")
    assert said.exit_code == 0
    assert (said.stdout + said.stderr).count("--recollect") == 1


@pytest.mark.parametrize(("temperature", "said"), [("25", "25"), ("31.9", "31.9"), ("38.1", "38.1"), ("89F", "31.67")])
def test_what_the_limits_say_is_said(drawn, temperature, said):
    done = drawn.run("result", "A17", "negative", "--temperature", temperature)
    assert done.exit_code == 0
    assert f"the specimen was {said} C, outside 32 to 38 C: collect another one now, observed" in done.stderr
    assert "`testing-tracker test A17 --recollect`" in done.stderr
    assert drawn.status("A17") == "collected negative", "what it says stays on record"


@pytest.mark.parametrize("temperature", ["32", "38", "90F"])
def test_nothing_is_said_of_one_in_range(drawn, temperature):
    assert "another" not in drawn.run("result", "A17", "negative", "--temperature", temperature).stderr
    assert stuck(drawn) == []


def test_it_can_be_collected_again_and_the_second_one_counts(drawn):
    drawn("result", "A17", "negative", *COLD)
    assert stuck(drawn) == [("A17", drawn.as_pasted("testing-tracker test A17 --recollect"))]
    assert "A17: a specimen of 25 C, out of range, was not collected again" in drawn.run("due").stderr
    report = drawn("report", "weekly", "--week", "2026-W47")
    assert "To be collected again: 1" in report
    assert drawn.json("report", "weekly", "--week", "2026-W47")["recollections"] == [
        {
            "participant": "A17",
            "due_on": "2026-11-16",
            "why": "a specimen of 25 C, out of range, was not collected again, observed",
            "same_draw": True,
        }
    ]
    assert "due again, because its specimen was out of range" in drawn("test", "A17", "--recollect")
    assert drawn.status("A17") == "due"
    assert "All holds" in drawn("verify")
    drawn("result", "A17", "positive", "--analyte", "coc", "--temperature", "35", "--observed")
    assert drawn.status("A17") == "collected positive"
    assert stuck(drawn) == []
    assert "To be collected again" not in drawn("report", "weekly", "--week", "2026-W47")
    assert "All holds" in drawn("verify")


def test_without_a_second_one_the_first_ones_negative_stands_and_it_is_still_listed(drawn):
    drawn("result", "A17", "negative", *COLD)
    drawn("test", "A17", "--recollect")
    drawn("result", "B04", "negative")
    drawn.today = "2026-11-17"
    drawn("draw")
    assert drawn.status("A17", "yesterday") == "collected negative"
    assert stuck(drawn) == [("A17", drawn.as_pasted("testing-tracker test A17 --reason 'specimen of 2026-11-16'"))]
    assert "All holds" in drawn("verify")


def test_a_positive_is_not_collected_again_in_its_place(drawn):
    done = drawn.run("result", "A17", "positive", "--analyte", "coc", *COLD)
    assert "`testing-tracker test A17 --reason 'out of range'`" in done.stderr
    assert "no invalid specimen" in drawn.refused("test", "A17", "--recollect")
    drawn("test", "A17", "--reason", "out of range")
    drawn("result", "A17", "negative", "--for-cause", "--observed")
    assert stuck(drawn) == []
    assert len(drawn.json("recommendation", "list", "--open")) == 1


def test_a_cold_cup_whose_result_is_to_come_is_said_and_listed_too(drawn):
    done = drawn.run("collected", "A17", "--specimen-id", "S-1", *COLD)
    assert "the specimen was 25 C" in done.stderr
    assert stuck(drawn) == [("A17", drawn.as_pasted("testing-tracker test A17 --reason 'specimen of 2026-11-16'"))]


def test_a_mistyped_temperature_is_corrected(drawn):
    drawn("result", "A17", "negative", *COLD)
    drawn("amend", "A17", "negative", "--temperature", "35", "--reason", "misread")
    assert stuck(drawn) == []


def test_a_file_says_it_too(drawn):
    done = drawn.run(
        "result", "import", "-", input="participant,due_on,outcome,temperature\nA17,2026-11-16,negative,25\n"
    )
    assert "note: A17's draw of 2026-11-16: the specimen was 25 C" in done.stderr
