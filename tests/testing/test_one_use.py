"""What a clinician has looked at as an earlier use, when that use turns out to be another one, or none."""

import pytest

LAB = ("--definitive", "--lab", "North")


@pytest.fixture
def clinic_with(clinic):
    """A17 was positive on the Monday, and a clinician declined; a week later again."""
    clinic.add("A17")
    clinic("draw")

    def first(analyte: str, *more: str) -> None:
        clinic("result", "A17", "positive", "--analyte", analyte)
        for said in more:
            clinic("result", "A17", "positive", "--analyte", said, *LAB)
        clinic("recommendation", "decline", "1", "--reason", "known to us")

    clinic.first = first
    return clinic


def a_week_later(clinic, analyte: str) -> str:
    clinic.today = "2026-11-23"
    clinic("draw")
    return clinic("result", "A17", "positive", "--analyte", analyte)


def reviews(clinic, *options: str) -> list[tuple]:
    return [(line["about"], line["status"]) for line in clinic.json("review", "list", *options)]


def open_evidence(clinic) -> list[str]:
    lines = [line for line in clinic.json("recommendation", "list", "--all") if line["status"] == "open"]
    return [test["due_on"] for line in lines for test in line["evidence"]]


@pytest.mark.parametrize("confirmed", [(), ("diazepam",)])
def test_a_class_that_was_confirmed_as_its_member_is_possibly_the_same_use(clinic_with, confirmed):
    clinic_with.first("benzo", *confirmed)
    a_week_later(clinic_with, "benzo")
    assert open_evidence(clinic_with) == []
    assert reviews(clinic_with) == [("possibly the same use", "open")]
    clinic_with("verify")


def test_another_member_of_the_class_is_another_use(clinic_with):
    clinic_with.first("benzo", "diazepam")
    a_week_later(clinic_with, "alprazolam")
    assert open_evidence(clinic_with) == ["2026-11-23"]


def test_a_metabolite_is_the_use_of_its_parent(clinic_with):
    clinic_with.first("fentanyl")
    a_week_later(clinic_with, "norfentanyl")
    assert open_evidence(clinic_with) == []
    assert reviews(clinic_with) == [("possibly the same use", "open")]


@pytest.mark.parametrize("correction", [("negative",), ("positive", "--analyte", "cocaine")])
def test_somebody_is_asked_when_the_first_use_was_none(clinic_with, correction):
    clinic_with.first("thc")
    a_week_later(clinic_with, "thc")
    clinic_with("review", "done", "1", "--note", "same use")
    clinic_with("amend", "A17", *correction, "--on", "2026-11-16", "--reason", "read the wrong line")
    assert open_evidence(clinic_with) == ["2026-11-23"]
    clinic_with("verify")


def test_nobody_is_asked_again_about_what_stands(clinic_with):
    clinic_with.first("thc")
    a_week_later(clinic_with, "thc")
    clinic_with("review", "done", "1", "--note", "same use")
    first = ("positive", "--analyte", "thc", "--on", "2026-11-16")
    clinic_with("amend", "A17", *first, "--note", "a faint line", "--reason", "forgotten")
    assert open_evidence(clinic_with) == []
    assert reviews(clinic_with) == []
    clinic_with("verify")


def test_a_use_that_goes_back_to_another_test_is_asked_about_again(clinic_with):
    clinic_with.first("thc")
    clinic_with.today = "2026-11-18"
    clinic_with("draw")
    clinic_with("test", "A17", "--reason", "seen in town")
    clinic_with("result", "A17", "positive", "--analyte", "thc", "--analyte", "coc", "--for-cause")
    clinic_with("recommendation", "accept", "2", "--to", "iop")
    a_week_later(clinic_with, "thc")
    clinic_with("review", "done", "1", "--note", "same use")
    clinic_with("amend", "A17", "negative", "--on", "2026-11-16", "--reason", "read the wrong line")
    assert reviews(clinic_with) == [("possibly the same use", "open")]
    assert open_evidence(clinic_with) == []
    clinic_with("verify")
