"""A specimen that was taken and is at the laboratory: collected, without an outcome yet."""

from conftest import made_once


@made_once
def due_today(clinic):
    clinic.add("A17", "B3")
    clinic("draw")


def test_a_specimen_at_the_laboratory_is_not_closed_out_as_missed(due_today):
    assert due_today("collected", "a17") == "TRAINING A17's draw of 2026-11-16: collected (was due).\n"
    assert due_today.status("A17") == "collected"
    assert "collected" in due_today("due")
    due_today.today = "2026-11-17"
    assert "1 of the days before closed as missed" in due_today("draw")
    assert due_today.status("A17", "yesterday") == "collected"
    due_today("result", "A17", "positive", "--analyte", "coc", "--on", "yesterday", "--collected-at", "09:40")
    assert due_today.status("A17", "yesterday") == "collected positive"
    assert len(due_today.json("recommendation", "list", "--open")) == 1


def test_it_is_on_the_record_and_on_the_audit_record(due_today):
    due_today("collected", "A17")
    (draw,) = due_today.json("participant", "show", "A17")["draws"]
    assert (draw["status"], draw["results"]) == ("collected", [])
    assert due_today.rows("SELECT act, detail FROM audit_entry WHERE act LIKE 'draw c%' ORDER BY id DESC LIMIT 1") == [
        ("draw collected", '{"due_on": "2026-11-16", "earlier": "due"}')
    ]


def test_it_counts_as_collected_and_says_nothing_about_the_outcome(due_today):
    due_today("collected", "A17")
    report = due_today.json("report", "weekly", "--week", "2026-W47")
    line = report["participants"][0]
    assert (line["due"], line["collected"], line["outstanding"]) == (1, 1, 0)
    assert (line["negative"], line["positive"], line["invalid"]) == (0, 0, 0)
    assert (line["compliance_rate"], line["pattern"]) == (1.0, "_")


def test_it_may_be_said_late_and_also_of_a_draw_closed_out_as_missed(due_today):
    due_today("result", "B3", "negative")  # somebody was there to record something
    due_today.today = "2026-11-17"
    due_today("draw")
    assert "(was missed)" in due_today("collected", "A17", "--on", "yesterday")
    assert due_today.status("A17", "yesterday") == "collected"


def test_it_is_said_once_and_contradicted_by_a_correction_only(due_today):
    due_today("collected", "A17")
    assert "recorded as collected already" in due_today.refused("collected", "A17")
    assert "amend" in due_today.refused("missed", "A17")
    assert "has no result to correct" in due_today.refused("amend", "A17", "negative", "--reason", "x")
    due_today("amend", "A17", "due", "--reason", "it was B3's cup")
    assert due_today.status("A17") == "due"
    due_today("result", "B3", "negative")
    assert "already has a result (negative)" in due_today.refused("collected", "B3")
    due_today("amend", "B3", "refused", "--reason", "wrong button")
    assert "amend" in due_today.refused("collected", "B3")


def test_collected_again_after_a_result_was_taken_back_it_waits_for_a_new_one(due_today):
    due_today("result", "A17", "positive", "--analyte", "coc")
    due_today("amend", "A17", "due", "--reason", "it was B3's cup")
    due_today("collected", "A17")
    row = next(line for line in due_today("participant", "show", "A17").splitlines() if "fixed " in line)
    assert "taken back" not in row
    assert "was positive" in due_today("participant", "show", "A17")
    due_today("result", "A17", "negative")
    assert due_today.status("A17") == "collected negative"


def test_results_of_a_file_find_it(due_today, tmp_path):
    due_today("collected", "A17")
    path = tmp_path / "results.csv"
    path.write_text("participant,due_on,outcome\nA17,2026-11-16,negative\n")
    assert "1 imported" in due_today("result", "import", str(path))
    assert due_today.status("A17") == "collected negative"
