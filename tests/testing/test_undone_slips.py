"""A slip that was undone in its log session and on its day is kept, and in nobody's sight who does not ask for it."""

from conftest import made_once


@made_once
def drawn(clinic):
    """C08 and D33 are due on Monday."""
    clinic.add("C08", "D33")
    clinic("draw")


def results(clinic, *options):
    (draw,) = clinic.json("participant", "show", "C08", *options)["draws"]
    return [(result["outcome"], result["undone"]) for result in draw["results"]]


def test_an_undone_positive_is_in_no_report_and_no_list(drawn):
    drawn("log", input="C08 coc\nu\nC08 n\n")
    assert drawn.status("C08") == "collected negative"
    for command in (
        ("report", "weekly", "--week", "2026-W47"),
        ("report", "weekly", "--week", "2026-W47", "--format", "html"),
        ("report", "weekly", "--week", "2026-W47", "--explain", "C08"),
        ("report", "participant", "C08"),
        ("report", "participant", "C08", "--format", "html"),
        ("recommendation", "list"),
        ("recommendation", "list", "--format", "json"),
        ("review", "list", "--all"),
        ("participant", "show", "C08"),
    ):
        said = drawn(*command)
        assert "cocaine" not in said, command
        assert "withdrawn" not in said, command
        assert "undone" not in said.replace('"undone": false', ""), command
    assert drawn.json("report", "weekly", "--week", "2026-W47")["recommendations"] == []
    assert results(drawn) == [("negative", False)]
    assert drawn.json("participant", "show", "C08")["slips"] == []
    assert "All holds" in drawn("verify")


def test_it_is_kept_and_shown_to_who_asks(drawn):
    drawn("log", input="C08 coc\nu\nC08 n\n")
    assert results(drawn, "--all") == [("positive", True), (None, True), ("negative", False)]
    shown = drawn("participant", "show", "C08", "--all")
    assert "undone     2026-11-16  positive, taken back in its log session (2026-11-16 12:00 by " in shown
    assert "was positive" in shown
    (slip,) = drawn.json("participant", "show", "C08", "--all")["slips"]
    assert (slip["due_on"], slip["said"]) == ("2026-11-16", "positive")
    assert [line["status"] for line in drawn.json("recommendation", "list", "--all")] == ["withdrawn"]
    assert "withdrawn" in drawn("recommendation", "show", "1")
    acts = [act for (act,) in drawn.rows("SELECT act FROM audit_entry ORDER BY id")]
    assert acts.count("log undo") == 1
    assert acts.count("result log") == 2


def test_an_undone_absence_is_one_too(drawn):
    drawn("log", input="C08 m\nu\nC08 n\n")
    assert "missed" not in drawn("participant", "show", "C08")
    (slip,) = drawn.json("participant", "show", "C08", "--all")["slips"]
    assert slip["said"] == "missed"


def test_after_a_recollection_the_first_specimens_result_counts_again(drawn):
    drawn("result", "C08", "invalid", "--note", "leaked")
    drawn("test", "C08", "--recollect")
    drawn("log", input="C08 coc\nu\n")
    assert results(drawn) == [("invalid", False)]
    assert "cocaine" not in drawn("participant", "show", "C08")


def test_what_was_there_before_the_slip_stays_in_sight(drawn):
    drawn("result", "D33", "positive", "--analyte", "coc")
    drawn("test", "D33", "--reason", "odd")
    drawn("log", input="D33 cause opi\nu\n")
    (line,) = drawn.json("recommendation", "list", "--all")
    assert (line["status"], line["reason"][:15]) == ("open", "1 positive test")


def test_a_withdrawal_by_correction_stays_in_sight(drawn):
    drawn("result", "C08", "positive", "--analyte", "coc")
    drawn("amend", "C08", "negative", "--reason", "misread")
    assert [line["status"] for line in drawn.json("recommendation", "list", "--all")] == ["withdrawn"]
    assert results(drawn) == [("positive", False), ("negative", False)]


def test_an_undone_slip_is_no_amendment_of_a_printed_report(drawn):
    drawn("result", "C08", "negative")
    drawn("result", "D33", "negative")
    drawn.today = "2026-11-23"
    drawn("draw")
    drawn("report", "weekly")
    drawn("test", "C08", "--reason", "odd")
    drawn.today = "2026-11-24"
    drawn("draw")
    drawn("log", "--on", "2026-11-19", input="C08 coc\nu\nC08 n\n")
    amended = drawn.json("report", "weekly")["amended"]
    assert [(act["on"], act["what"]) for act in amended["acts"]] == [("2026-11-19", "result log: negative")]
    assert "All holds" in drawn("verify")


def test_a_slip_about_a_cup_that_was_collected_leaves_the_cup_where_it_was(drawn):
    drawn("collected", "C08", "--specimen-id", "S-1")
    drawn("log", input="C08 coc\nu\n")
    assert drawn.status("C08") == "collected"
    drawn("result", "C08", "negative")
    assert results(drawn) == [("negative", False)]
    assert drawn.json("specimen", "show", "S-1")["participant"] == "C08"
    assert drawn.rows("SELECT specimen_id FROM result ORDER BY id DESC LIMIT 1") == [(1,)]
    assert "All holds" in drawn("verify")
