"""Notes, times of collection, who collected and whether that was observed stand where people read the result."""

import json
import re

import pytest
from conftest import made_once

SAID = (
    "--note", "cloudy, smelled of bleach", "--collected-at", "09:10", "--collector", "nurse 4", "--observed",
    "--specimen-id", "S-1", "--received-at", "09:40",
)  # fmt: skip
WORDS = "collected 2026-11-16 09:10 by nurse 4, observed, received 2026-11-16 09:40, specimen S-1"


@made_once
def drawn(clinic):
    """A17 and B04 are due on Monday; A17's cup was positive and much was said of it."""
    clinic.add("A17", "B04")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "coc", *SAID)


def flat(text: str) -> str:
    return " ".join(re.sub("</?span[^>]*>", "", text).replace("│", " ").split())


def test_with_the_result_in_the_participants_record(drawn):
    assert f"{WORDS}; note: cloudy, smelled of bleach" in flat(drawn("participant", "show", "A17"))
    (result,) = drawn.json("participant", "show", "A17")["draws"][0]["results"]
    assert (result["collected_at"], result["note"]) == ("2026-11-16T17:10:00+00:00", "cloudy, smelled of bleach")
    assert result["specimen"] == {
        "specimen_id": "S-1", "kind": "urine", "collector": "nurse 4", "observed": True, "temperature": None,
        "collected_at": "2026-11-16T17:10:00+00:00", "received_at": "2026-11-16T17:40:00+00:00",
        "validity": "not tested",
    }  # fmt: skip
    assert "collection" not in drawn("participant", "show", "B04"), "no column where nothing was said"


@pytest.mark.parametrize("form", ["table", "html"])
def test_with_the_result_in_the_participants_report(drawn, form):
    said = flat(drawn("report", "participant", "A17", "--format", form))
    assert f"{WORDS}; note: cloudy, smelled of bleach" in said


def test_in_the_forms_for_programs_too(drawn):
    first, line = drawn("report", "participant", "A17", "--format", "csv").splitlines()[-2:]
    assert first.endswith("reason,collected_at,collector,observed,specimen_id,note")
    assert line.endswith('2026-11-16T17:10:00+00:00,nurse 4,True,S-1,"cloudy, smelled of bleach"')
    (draw,) = json.loads(drawn("report", "participant", "A17", "--format", "json"))["draws"]
    assert draw["results"][0]["specimen"]["collector"] == "nurse 4"


def test_on_paper(drawn, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    drawn("report", "participant", "A17", "--format", "pdf", "--output", str(tmp_path / "report.pdf"))
    text = flat(" ".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "report.pdf").pages))
    assert "by nurse 4, observed" in text
    assert "note: cloudy" in text


def test_with_the_evidence_of_a_recommendation(drawn):
    assert f"{WORDS}; note: cloudy, smelled of bleach" in drawn("recommendation", "show", "1")
    (test,) = drawn.json("recommendation", "show", "1")["evidence"]
    assert (test["note"], test["collected_at"]) == ("cloudy, smelled of bleach", "2026-11-16T17:10:00+00:00")
    assert test["specimen"]["observed"] is True


def test_an_earlier_result_keeps_what_was_said_of_it(drawn):
    drawn("amend", "A17", "due", "--reason", "B04's cup")
    drawn("result", "B04", "positive", "--analyte", "coc", "--specimen-id", "S-1", "--collector", "nurse 5")
    (draw,) = drawn.json("participant", "show", "A17")["draws"]
    assert draw["results"][0]["specimen"]["collector"] == "nurse 4"
    assert "by nurse 4, observed" in flat(drawn("participant", "show", "A17"))


def test_a_cup_whose_result_is_to_come_is_shown_too(drawn):
    drawn("collected", "B04", "--specimen-id", "S-2", "--collected-at", "09:20", "--unobserved")
    words = "collected 2026-11-16 09:20, not observed, specimen S-2"
    assert words in flat(drawn("participant", "show", "B04"))
    assert words in flat(drawn("report", "participant", "B04"))
    (draw,) = drawn.json("participant", "show", "B04")["draws"]
    assert draw["specimen"]["specimen_id"] == "S-2"
    assert ",S-2," in drawn("report", "participant", "B04", "--format", "csv")
