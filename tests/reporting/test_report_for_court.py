"""`report weekly --for court`: plain words, confirmed and presumptive apart, and the least that a court has to know.

The week is 2026-W47, Monday 16 to Sunday 22 November; the page is made on Monday the 23rd.
"""

import json
import re
from pathlib import Path

import pytest
from conftest import Clinic, made_once
from pypdf import PdfReader
from sqlalchemy import event
from sqlalchemy.engine import Engine

from testing_tracker.reports.weekly.court_words import DISCLAIMER, GLOSSARY
from testing_tracker.rules.reporting.tally import COUNTS

pytestmark = pytest.mark.one_database(reason="words, of what other tests count")

FORMS = ("table", "json", "html", "pdf")
COURT = ("report", "weekly", "--for", "court")
DAYS = [f"2026-11-{day}" for day in range(16, 23)]
JARGON = (
    "positivity", "outstanding", "compliance", "coll", "miss", "exc", "neg", "pos", "inv", "iop", "php", "outpatient",
    "fixed-3", "schedule", "recommended", "pattern",
)  # fmt: skip


# What became of each one's Monday, Wednesday and Friday: the words of `result` or of an act, nothing for nothing.
BECAME: dict[str, tuple[tuple[str, ...], ...]] = {
    "D41": (("result", "D41", "n"), ("result", "D41", "n"), ("result", "D41", "n")),
    "D42": (("result", "D42", "coc"), ("result", "D42", "n"), ("excuse", "D42", "--reason", "a secret funeral")),
    "D43": (("result", "D43", "p:coc,fen"), ("result", "D43", "n"), ("result", "D43", "i")),
    "D44": (("result", "D44", "bup"), ("result", "D44", "n"), ("collected", "D44")),
    "D45": (("missed", "D45"), ("refused", "D45"), ("excuse", "D45", "--reason", "a secret funeral")),
}


@made_once
def week(clinic):
    """Five people's three tests each, with all that can become of one; Monday's night has closed the week."""
    clinic.add(*BECAME, schedule="fixed-3")
    clinic("prescription", "add", "D44", "bup")
    for day in DAYS:
        clinic.today = day
        clinic("draw")
        place = {"2026-11-16": 0, "2026-11-18": 1, "2026-11-20": 2}.get(day)
        for acts in BECAME.values():
            if place is not None:
                clinic(*acts[place])
    clinic.today = "2026-11-19"
    clinic("result", "D43", "p:coc", "--on", "2026-11-16", "--definitive", "--lab", "Northside", "--note", "secret")
    clinic.today = "2026-11-23"
    clinic("draw")


def told(clinic: Clinic, *more: str) -> dict[str, dict]:
    return {one["participant"]: one for one in clinic.json(*COURT, *more)["participants"]}


def flowing(text: str) -> str:
    return " ".join(text.split())


def test_each_participant_stands_in_plain_sentences(week: Clinic) -> None:
    text = flowing(week(*COURT))
    assert "D41: Came to 3 of 3 tests. 3 showed no use." in text
    assert (
        "D42: Came to 2 of 3 tests; 1 excused. 1 showed no use; 1 found something. Presumptive, not yet confirmed by a "
        "laboratory: cocaine in the test of 2026-11-16." in text
    )
    assert "D45: Came to 0 of 3 tests; 1 missed; 1 refused; 1 excused." in text


def test_confirmed_and_presumptive_stand_apart_also_of_one_specimen(week: Clinic) -> None:
    text = flowing(week(*COURT, "--participant", "D43"))
    assert (
        "Confirmed by a laboratory: cocaine in the test of 2026-11-16: confirmed by Northside, entered on 2026-11-19"
        in text
    )
    assert "Presumptive, not yet confirmed by a laboratory: fentanyl in the test of 2026-11-16." in text
    one = told(week)["D43"]
    assert one["confirmed"] == [
        {
            "test_of": "2026-11-16",
            "substance": "cocaine",
            "may_be_same_use_as": [],
            "lab": "Northside",
            "entered_on": "2026-11-19",
        }
    ]
    assert [found["substance"] for found in one["presumptive"]] == ["fentanyl"]
    assert (one["found_something"], one["showed_no_use"], one["invalid"]) == (1, 1, 1)


def test_each_finding_has_the_laboratory_that_said_it(week: Clinic) -> None:
    week.today = "2026-11-24"
    week("result", "D43", "p:fen", "--on", "2026-11-16", "--definitive", "--lab", "Southern")
    found = told(week)["D43"]["confirmed"]
    assert [(one["substance"], one["lab"], one["entered_on"]) for one in found] == [
        ("cocaine", "Northside", "2026-11-19"),
        ("fentanyl", "Southern", "2026-11-24"),
    ]
    assert told(week)["D43"]["presumptive"] == []


def test_a_laboratory_that_finds_nothing_clears_the_cup(week: Clinic) -> None:
    week("result", "D42", "n", "--on", "2026-11-16", "--definitive", "--lab", "Northside")
    one = told(week)["D42"]
    assert (one["presumptive"], one["confirmed"], one["found_something"], one["showed_no_use"]) == ([], [], 0, 2)


def test_what_a_prescription_explains_is_no_use_and_is_not_named(week: Clinic) -> None:
    one = told(week)["D44"]
    assert (one["showed_no_use"], one["found_something"], one["presumptive"]) == (2, 0, [])
    assert "bup" not in week(*COURT)
    assert "Came to 3 of 3 tests. 2 showed no use; 1 not known yet (the result is awaited; nobody's fault)." in flowing(
        week(*COURT)
    )


def test_what_nobody_knows_is_said_as_not_known_and_nobodys_fault(clinic: Clinic) -> None:
    clinic.add("P41", schedule="fixed-3")
    clinic("draw")  # Monday; nothing is recorded of it
    text = flowing(clinic(*COURT, "--week", "this"))
    assert "P41: 1 test due; 1 not known yet (still awaited; nobody's fault)." in text
    assert "The week is not over; this is what is on record so far." in text
    assert "missed" not in text[text.index("P41:") : text.index("The program that")]


def test_a_day_held_back_begins_the_page_with_its_question(clinic: Clinic) -> None:
    codes = [f"H{number:02}" for number in range(12)]
    clinic.add(*codes, schedule="fixed-3")
    for day in ("2026-11-16", "2026-11-17"):
        clinic.today = day
        clinic("draw")
    text = flowing(clinic(*COURT, "--week", "this", "--participant", "H03"))
    assert (
        "On Monday 2026-11-16 far more tests than usual are without any record. The facility was asked whether its "
        "record is missing, and has not answered yet. Until it does, these tests are not known, and nobody's fault."
        in text
    )
    assert "H03: 1 test due; 1 not known (nothing was recorded; nobody's fault)." in text
    assert text.index("far more tests") < text.index("H03:")


def test_a_further_positive_that_may_be_the_same_use_says_so(week: Clinic) -> None:
    week("amend", "D41", "--on", "2026-11-16", "thc", "--reason", "cups swapped")
    week("amend", "D41", "--on", "2026-11-18", "thc", "--reason", "cups swapped")
    text = flowing(week(*COURT, "--participant", "D41"))
    assert "cannabinoids in the test of 2026-11-18; may be the same use as in the test of 2026-11-16." in text


def test_the_same_use_is_seen_across_all_records_of_a_person(clinic: Clinic) -> None:
    """As the recommendation sees it: under another code, and under none but that of the record that goes on."""
    clinic.add("J51", schedule="fixed-3")
    clinic("draw")
    clinic("result", "J51", "thc")
    clinic.today = "2026-11-17"
    clinic("draw")
    clinic("participant", "discharge", "J51", "--reason", "moved")
    clinic.today = "2026-11-18"
    clinic.add("J52", schedule="fixed-3")
    clinic("participant", "join", "J51", "J52", "--reason", "the same person", "--yes")
    clinic("draw")
    clinic("result", "J52", "thc")
    found = told(clinic, "--week", "this", "--participant", "J52")["J52"]["presumptive"]
    assert [(one["test_of"], one["may_be_same_use_as"]) for one in found] == [("2026-11-18", ["2026-11-16"])]


def test_an_amended_week_says_so_and_tells_nothing_of_others(week: Clinic) -> None:
    week(*COURT)
    week("amend", "D41", "--on", "2026-11-16", "coc", "--reason", "cups swapped")
    text = flowing(week(*COURT, "--participant", "D45"))
    assert "records of this week have changed since a report of it was first printed, on 2026-11-23 12:00." in text
    assert "edition 2" in text
    assert "D41" not in text
    assert "swapped" not in text


def shown(week: Clinic, tmp_path, form: str, *more: str) -> str:
    tmp_path.mkdir(exist_ok=True)
    output = tmp_path / f"court.{form}"
    week(*COURT, "--format", form, "--output", str(output), *more)
    return paper(output, form)


def paper(output: Path, form: str) -> str:
    """What stands in a file, in one line."""
    if form == "pdf":
        return flowing(" ".join(page.extract_text() for page in PdfReader(output).pages)).replace("ﬁ", "fi")
    return flowing(output.read_text(encoding="utf-8"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same_in_words_that_need_no_trade(week: Clinic, tmp_path, form: str) -> None:
    text = shown(week, tmp_path, form)
    for code in BECAME:
        assert code in text
    assert "Northside" in text
    plain = text.replace("&#39;", "'")
    for word, meaning in GLOSSARY:
        assert word in plain
        assert meaning in plain or form == "pdf"
    assert DISCLAIMER in plain or form == "pdf"
    assert "recommends nothing to a court" in plain
    assert "42 CFR part 2 prohibits unauthorized use or disclosure of these records." in plain
    assert "2026-11-23" in plain
    assert week.json(*COURT)["digest"] in plain.replace(" ", "")
    if form in ("table", "pdf"):
        words = set(re.findall(r"[a-z0-9-]+", plain.lower()))
        assert words.isdisjoint(JARGON)


@pytest.mark.parametrize("form", FORMS)
def test_it_has_neither_reasons_nor_notes_nor_prescriptions_nor_names(week: Clinic, tmp_path, form: str) -> None:
    text = shown(week, tmp_path, form)
    for hidden in ("secret", "buprenorphine", "opioid", "anchor", "level", "nurse"):
        assert hidden not in text.replace("scope", "")


@pytest.mark.parametrize("form", FORMS)
def test_a_court_gets_its_own_people_only(week: Clinic, tmp_path, form: str) -> None:
    text = shown(week, tmp_path, form, "--participant", "d42", "--participant", "d45")
    assert "D42" in text
    assert "D45" in text
    for other in ("D41", "D43", "D44", "Northside", "fentanyl"):
        assert other not in text
    if form != "json":
        assert "2 participants" in text


@pytest.mark.parametrize("form", FORMS)
def test_printed_again_it_is_the_same_to_the_byte(week: Clinic, tmp_path, form: str, monkeypatch) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    week(*COURT, "--format", form, "--output", str(first))
    week.today = "2026-11-24"
    week("draw")
    week("staff", "add", "somebody-else", "--role", "clinician")
    monkeypatch.setattr("testing_tracker.store.work.current_account", lambda: "somebody-else")
    week(*COURT, "--week", "2026-W47", "--format", form, "--output", str(again))
    assert first.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_training_and_a_live_ones_never(week: Clinic, tmp_path, form: str) -> None:
    assert "TRAINING" in shown(week, tmp_path, form)
    live = Clinic(tmp_path / "live.db", None)
    live("init", "--timezone", "America/Los_Angeles")
    live.add("D42")
    assert "TRAINING" not in shown(live, tmp_path / "live", form, "--week", "this")
    if form in ("json", "html"):
        assert week.run(*COURT, "--format", form, "--participant", "D42").stderr == "TRAINING\n"


@pytest.mark.parametrize("form", FORMS)
def test_each_facility_tells_a_court_of_its_own_people(week: Clinic, tmp_path, form: str) -> None:
    week("facility", "add", "Hillside", "--timezone", "America/New_York")
    hillside = ("--facility", "2")
    for code in ("D42", "Z01"):
        week(*hillside, "participant", "add", code, "--schedule", "fixed-3", "--level", "iop")
    output = tmp_path / "hillside"
    week(*hillside, *COURT, "--week", "this", "--format", form, "--output", str(output))
    text = paper(output, form)
    for told_of in ("Hillside", "D42", "Z01"):
        assert told_of in text
    for other in ("D41", "D43", "cocaine", "Northside"):
        assert other not in text
    refused = week.refused(*hillside, *COURT, "--week", "2026-W48", "--participant", "D43", "--format", form)
    assert "There is no participant D43" in refused
    (entry,) = week.rows("SELECT facility_id FROM audit_entry WHERE act = 'report export'")
    assert entry == (2,)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("change", ["status = 'missed', outcome = NULL", "outcome = 'positive'", "expected = true"])
def test_a_record_that_does_not_hold_keeps_the_page_from_a_court(
    week: Clinic, tmp_path, form: str, change: str
) -> None:
    """Also a page on somebody else, and nothing is left of it, neither a file nor an export on record."""
    assert week.change(f"UPDATE draw SET {change} WHERE due_on = '2026-11-18' AND participant_id = 1") == 1
    output = tmp_path / "page"
    for to in ((), ("--output", str(output))):
        refused = week.refused(*COURT, "--participant", "D42", "--format", form, *to)
        assert "The report of 2026-W47 is not printed, because a record does not hold: 2026-11-18, D41: " in refused
    assert not output.exists()


def test_a_draw_that_no_run_made_keeps_the_page_from_a_court(week: Clinic) -> None:
    week.change(
        "INSERT INTO draw (facility_id, participant_id, due_on, kind, status, recorded_at) "
        "VALUES (1, 1, '2026-11-17', 'random', 'unrecorded', '2026-11-17 08:00:00.000000')"
    )
    assert "2026-11-17: the day's runs made 0 draws, and 1 are on record" in week.refused(*COURT)


def test_the_digest_tells_pages_apart_that_say_something_else(week: Clinic) -> None:
    everybody, one = week.json(*COURT)["digest"], week.json(*COURT, "--participant", "D42")["digest"]
    lab = ("--definitive", "--lab", "Other", "--reason", "another laboratory")
    week("amend", "D43", "--on", "2026-11-16", "p:coc", *lab)
    assert [found["lab"] for found in told(week)["D43"]["confirmed"]] == ["Other"]
    assert len({everybody, one, week.json(*COURT)["digest"]}) == 3
    assert week.json(*COURT, "--participant", "D42")["digest"] == one


def test_the_counts_of_a_line_add_up(week: Clinic) -> None:
    for one in told(week).values():
        became = ("collected", "missed", "refused", "excused", "unrecorded", "still_awaited")
        assert sum(one[name] for name in became) == one["due"] == 3
        said = ("showed_no_use", "found_something", "invalid", "without_result")
        assert sum(one[name] for name in said) == one["collected"]
    team = {one["participant"]: one for one in week.json("report", "weekly")["participants"]}
    for code, one in told(week).items():
        assert {name: one[name] for name in COUNTS if name in one} == {
            name: team[code][name] for name in COUNTS if name in one
        }


def test_the_text_fits_in_80_columns(week: Clinic) -> None:
    week.add("W" * 32, schedule="fixed-3")
    assert max(map(len, week(*COURT, "--week", "this").splitlines())) <= 80


def exports(clinic: Clinic) -> list[tuple[dict, int | None]]:
    rows = clinic.rows("SELECT detail, participant_id FROM audit_entry WHERE act = 'report export' ORDER BY id")
    return [(one, about) for detail, about in rows if (one := json.loads(detail))["report"] == "weekly"]


def test_whom_it_was_for_and_about_is_on_record(week: Clinic, tmp_path) -> None:
    week(*COURT)  # a look at the screen
    assert exports(week) == []
    week("report", "weekly", "--format", "json")
    week(*COURT, "--format", "html", "--participant", "D43")
    week(*COURT, "--participant", "D42", "--participant", "D45", "--output", str(tmp_path / "two.txt"))
    week(*COURT, "--format", "json")
    found = [(one["for"], one["form"], one.get("participants"), about) for one, about in exports(week)]
    assert found == [
        ("team", "json", None, None),
        ("court", "html", [3], 3),
        ("court", "table", [2, 5], None),
        ("court", "json", None, None),
    ]
    assert "All holds" in week("verify")


def usage(week: Clinic, *more: str) -> str:
    done = week.run("report", "weekly", *more)
    assert done.exit_code == 2
    assert done.stdout == ""
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("option", [("--names",), ("--sort", "worst"), ("--explain", "D42")])
def test_a_court_gets_no_names_and_no_order_by_how_bad_it_was(week: Clinic, option: tuple[str, ...]) -> None:
    said = usage(week, "--for", "court", *option)
    assert said == f"Error: --for court takes no {option[0]}; a court gets the least, by code."


def test_what_makes_no_sense_is_refused_in_a_line(week: Clinic, tmp_path) -> None:
    assert "A csv has no room for what the words mean" in usage(week, "--for", "court", "--format", "csv")
    assert "--participant goes with --for court only" in usage(week, "--participant", "D42")
    assert "--send takes no --for" in usage(week, "--send", "--for", "court")
    assert "Not in the report of 2026-W46: D42." in week.refused(*COURT, "--week", "2026-W46", "--participant", "D42")
    assert "D42 is a participant" in week.refused(
        *COURT, "--participant", "D42", "--output", str(tmp_path / "d42-week.txt")
    )
    assert week.refused(*COURT, "--participant", "NOBODY")


def test_everybody_on_it_is_remarked_on(week: Clinic) -> None:
    assert "--participant CODE picks those whom this court may know of" in week.run(*COURT).stderr
    assert week.run(*COURT, "--participant", "D42").stderr == ""


def test_a_week_without_anybody_says_so(clinic: Clinic) -> None:
    assert "Nobody was enrolled and no test was due in this week." in clinic(*COURT)


def test_it_asks_the_database_as_often_for_many_confirmed_as_for_few(week: Clinic) -> None:
    def statements() -> int:
        asked: list[str] = []

        def listen(_connection, _cursor, statement, *_more) -> None:
            asked.append(statement)

        event.listen(Engine, "before_cursor_execute", listen)
        try:
            week(*COURT)
        finally:
            event.remove(Engine, "before_cursor_execute", listen)
        return len(asked)

    def confirm(code: str, found: str) -> None:
        week("result", code, found, "--on", "2026-11-16", "--definitive", "--lab", "Southern")

    week(*COURT)
    week("amend", "D41", "--on", "2026-11-16", "coc", "--reason", "cups swapped")  # what follows only adds to it
    week(*COURT)
    few = statements()
    for code, found in (("D42", "coc"), ("D43", "fen"), ("D41", "coc,thc")):
        confirm(code, found)
    week(*COURT)
    assert sum(len(one["confirmed"]) for one in told(week).values()) == 5
    assert statements() == few
