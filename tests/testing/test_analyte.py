"""`analyte`, and the facility's own file as commands meet it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

KAVA = '[kava]\ntitle = "Kava"\nalso = ["kav"]\n'


@pytest.fixture(autouse=True)
def _no_file_elsewhere(monkeypatch):
    monkeypatch.delenv("TESTING_TRACKER_ANALYTES", raising=False)


@pytest.fixture
def own(clinic) -> Path:
    """The facility's own file, beside the database."""
    file = clinic.location.analytes
    file.write_text(KAVA + 'cutoff.urine = { presumptive = "5", source = "our laboratory" }\n', encoding="utf-8")
    return file


def test_the_list_has_every_analyte_with_its_other_names(clinic):
    listed = {row["analyte"]: row for row in clinic.json("analyte", "list")}
    assert "bze" in listed["cocaine"]["also"]
    assert listed["cocaine"] == {**listed["cocaine"], "title": "Cocaine (benzoylecgonine)", "own": False}
    assert clinic("analyte", "list", "--format", "csv").startswith("analyte,title,also,own\n6-mam,")
    assert "benzoylecgonine" in clinic("analyte", "list")


def test_an_analyte_is_shown_by_any_name_with_the_sources(clinic):
    shown = clinic("analyte", "show", "BZE")
    assert shown.startswith("cocaine: Cocaine (benzoylecgonine)\nalso: coc, bze,")
    assert "150 ng/mL" in shown
    assert "HHS Authorized Testing Panels, 90 FR 4662" in shown
    document = clinic.json("analyte", "show", "codeine")
    facts = {(fact["fact"], fact["specimen"], fact["method"]): fact for fact in document["facts"]}
    assert facts["cutoff", "urine", "definitive"]["value"] == "2000 ng/mL"
    assert facts["cutoff", "urine", "definitive"]["verified"] == "primary"
    assert facts["window", "urine", None]["value"] == "2 to 5 days"
    assert facts["metabolites", None, None]["value"] == "morphine"
    assert facts["class tests", None, None]["value"] == "opiates"


def test_it_says_whose_prescription_explains_an_analyte_and_that_none_explains_heroin(clinic):
    assert "codeine, hydrocodone, hydromorphone, morphine" in clinic("analyte", "show", "opi")
    assert "No prescription explains it." in clinic("analyte", "show", "heroin")


def test_an_analyte_of_which_nothing_is_known_says_so(clinic):
    assert "No source gives a code, a cutoff or a window for it." in clinic("analyte", "show", "tramadol")


def test_an_analyte_that_is_none_is_wrong_usage(clinic):
    assert clinic.run("analyte", "show", "sugar").exit_code == 2


def test_a_good_file_is_good(clinic, own):
    assert clinic("analyte", "check", str(own)) == f"{own}: good\n"


def test_check_tells_every_problem_and_uses_nothing(clinic, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('[thc]\ntitle = "x"\n[limits.urine]\nsource = "us"\nph_low = "4"\n', encoding="utf-8")
    said = clinic.refused("analyte", "check", str(file))
    assert f"{file}: thc: is cannabinoids already; write [cannabinoids], or choose another name" in said
    assert f"{file}: limits.urine.ph_low: unknown; the limits are temperature_from" in said


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read: No such file"), (b"\xff\xfe", "not a text file in UTF-8")]
)
def test_check_of_what_is_no_text(clinic, tmp_path, content, said):
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    assert said in clinic.refused("analyte", "check", str(file))


# --- The facility's own analytes in its work


def test_a_result_names_an_analyte_that_the_facility_added(clinic, own):
    clinic.add("A17")
    clinic("draw")
    assert "positive for kava" in clinic("result", "A17", "positive", "--analyte", "KAV")
    assert "kava: Kava; the facility added it" in clinic("analyte", "show", "kava")


def test_a_schedules_panel_names_it(clinic, own, tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text(
        'title = "Ours"\n[draw]\nkind = "fixed"\nper_week = 1\ndays = ["mon"]\n[collection]\npanel = ["kav", "thc"]\n',
        encoding="utf-8",
    )
    clinic("schedule", "load", str(file))
    own.unlink()
    assert "'kav' is not an analyte" in clinic.refused("schedule", "check", str(file))


def test_the_file_may_lie_elsewhere(clinic, tmp_path, monkeypatch):
    file = tmp_path / "elsewhere.toml"
    file.write_text(KAVA, encoding="utf-8")
    monkeypatch.setenv("TESTING_TRACKER_ANALYTES", str(file))
    assert clinic.json("analyte", "show", "kav")["own"] is True


def test_a_file_elsewhere_that_is_not_there_is_told(clinic, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTING_TRACKER_ANALYTES", str(tmp_path / "none.toml"))
    said = clinic.refused("analyte", "show", "coc")
    assert said.endswith("is not there; put it there, or change TESTING_TRACKER_ANALYTES, which names it")


def test_another_clinic_does_not_know_it(clinic, own):
    clinic("analyte", "show", "kava")
    own.unlink()
    assert clinic.run("analyte", "show", "kava").exit_code == 2


def test_a_broken_file_stops_what_needs_an_analyte_and_nothing_else(clinic, own):
    clinic.add("A17")
    clinic("draw")
    own.write_text("[thc]\n", encoding="utf-8")
    said = clinic.refused("result", "A17", "positive", "--analyte", "coc")
    assert said.startswith(f"{own}: thc: is cannabinoids already")
    assert "A17" in clinic("due")


def test_completion_offers_the_facilitys_own(clinic, own):
    assert offered(clinic.url, "ka") == ["kava"]


def test_completion_offers_the_shipped_ones_beside_a_broken_file(clinic, own):
    own.write_text("[thc", encoding="utf-8")
    assert offered(clinic.url, "coca") == ["cocaine"]


def offered(database: Path, word: str) -> list[str]:
    typed = ["testing-tracker", "--database", str(database), "analyte", "show", word]
    program = "import sys; sys.argv[0] = 'testing-tracker'; from testing_tracker.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "_TESTING_TRACKER_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(typed),
            "COMP_CWORD": str(len(typed) - 1),
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]
