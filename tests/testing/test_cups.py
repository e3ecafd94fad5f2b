"""A cup is on record before its result, and goes with its label, its hands and what is awaited to whose it is."""

import pytest
from conftest import made_once


@made_once
def drawn(clinic):
    """A17, B04 and C21 are due on Monday; a pretended day is at noon."""
    clinic.add("A17", "B04", "C21")
    clinic("draw")


def cups(clinic):
    """Label and participant of every cup as it was last said; `-` where it is nobody's."""
    rows = clinic.rows(
        "SELECT s.label, CASE WHEN s.withdrawn THEN '-' ELSE p.code END FROM specimen s "
        "JOIN draw d ON d.id = s.draw_id JOIN participant p ON p.id = d.participant_id "
        "WHERE NOT EXISTS (SELECT 1 FROM specimen later WHERE later.replaces_id = s.id) ORDER BY s.label"
    )
    return dict(rows)


def awaited(clinic):
    return [(line["participant"], line["lab"], line["sent_on"]) for line in clinic.json("confirmation", "list")]


def test_a_label_is_on_record_before_the_result_and_the_result_attaches_to_it(drawn):
    said = drawn("collected", "A17", "--specimen-id", "S-1", "--collected-at", "09:10", "--collector", "nurse 4")
    assert said == "TRAINING A17's draw of 2026-11-16: collected, S-1 (was due).\n"
    drawn("specimen", "handover", "S-1", "--to", "courier", "--at", "10:30")
    drawn("result", "A17", "negative", "--specimen-id", "s \u2013 1", "--creatinine", "80", "--lab", "North")
    record = drawn.json("specimen", "show", "S-1")
    assert (record["participant"], record["collector"], record["creatinine"]) == ("A17", "nurse 4", "80")
    assert [hand["whom"] for hand in record["hands"]] == ["nurse 4", "courier"]
    assert record["moves"] == []
    (result,) = drawn.json("participant", "show", "A17")["draws"][0]["results"]
    assert result["collected_at"].startswith("2026-11-16T17:10"), "when the cup was taken is when the result's was"
    assert "All holds" in drawn("verify")


def test_a_result_without_a_label_is_of_the_cup_that_is_awaited(drawn):
    drawn("collected", "A17", "--specimen-id", "S-1", "--specimen", "oral-fluid")
    drawn("result", "A17", "negative")
    assert drawn.json("specimen", "show", "S-1")["kind"] == "oral-fluid"
    assert drawn.rows("SELECT count(*) FROM specimen") == [(1,)]
    assert drawn.rows("SELECT specimen_id FROM result") == [(1,)]


def test_another_label_than_the_one_that_was_collected_is_refused(drawn):
    drawn("collected", "A17", "--specimen-id", "S-1")
    message = drawn.refused("result", "A17", "negative", "--specimen-id", "S-2")
    assert "on record as S-1, and this is S-2" in message
    assert "amend A17 collected --specimen-id S-2" in message
    said = drawn("amend", "A17", "collected", "--specimen-id", "S-2", "--reason", "misread")
    assert "corrected to collected" in said
    drawn("result", "A17", "negative", "--specimen-id", "S-2")
    assert cups(drawn) == {"S-2": "A17"}
    assert "All holds" in drawn("verify")


def test_a_label_that_another_cup_has_is_refused_however_it_is_written(drawn):
    drawn("collected", "A17", "--specimen-id", "S-1")
    for written in ("S-1", "s-1", " S\u20101", "S\u22121 "):
        assert "another specimen with the label" in drawn.refused("collected", "B04", "--specimen-id", written)
        assert "another specimen" in drawn.refused("result", "B04", "negative", "--specimen-id", written)
        assert drawn.json("specimen", "show", written)["participant"] == "A17"
    assert "is empty" in drawn.refused("collected", "B04", "--specimen-id", "\u200b ")


@pytest.mark.sqlite_only("the trigger's name")
def test_labels_of_rows_that_are_older_than_their_keys_are_compared_too(drawn):
    drawn("collected", "A17", "--specimen-id", "S-1")
    drawn.change("DROP TRIGGER specimen_refuses_update", "UPDATE specimen SET label_key = NULL")
    assert "another specimen" in drawn.refused("collected", "B04", "--specimen-id", "s\u20131")


def test_a_draw_that_is_collected_gets_its_cup_and_only_one(drawn):
    drawn("collected", "A17")
    drawn("collected", "A17", "--specimen-id", "S-1")
    assert "collected already" in drawn.refused("collected", "A17", "--specimen-id", "S-2")
    assert "in the future" in drawn.refused("collected", "B04", "--collected-at", "2026-11-17T09:00")
    refused = drawn.run("collected", "B04", "--specimen", "tears")
    assert refused.exit_code == 2
    assert "'tears' is not one of 'urine', 'oral-fluid'" in refused.stderr
    assert drawn.status("B04") == "due"


def test_a_cup_that_was_another_persons_goes_with_all_that_is_its(drawn):
    drawn("result", "A17", "positive", "--analyte", "coc", "--specimen-id", "S-1", "--collector", "nurse 4")
    drawn("specimen", "handover", "S-1", "--to", "courier")
    drawn("confirmation", "send", "A17", "--lab", "North")
    drawn.today = "2026-11-17"
    drawn("draw")
    done = drawn.run("amend", "A17", "due", "--on", "yesterday", "--reason", "C21's cup")
    assert "cup S-1 is nobody's now" in done.stderr
    assert "from North that was awaited by 2026-11-23 goes with the cup" in done.stderr
    assert awaited(drawn) == []
    assert cups(drawn) == {"S-1": "-"}
    assert "nobody's now" in drawn("specimen", "show", "S-1")
    assert drawn.json("recommendation", "list", "--open") == []
    drawn("result", "C21", "positive", "--analyte", "coc", "--specimen-id", "s-1", "--on", "yesterday")
    record = drawn.json("specimen", "show", "S-1")
    assert (record["participant"], record["collector"]) == ("C21", "nurse 4")
    assert [hand["whom"] for hand in record["hands"]] == ["nurse 4", "courier"]
    assert [(move["participant"], move["withdrawn"]) for move in record["moves"]] == [
        ("A17", False), ("A17", True), ("C21", False),
    ]  # fmt: skip
    assert "taken back from     A17's draw of 2026-11-16" in drawn("specimen", "show", "S-1")
    assert awaited(drawn) == [("C21", "North", "2026-11-16")], "it was sent on Monday"
    assert "All holds" in drawn("verify")


def test_what_is_awaited_of_a_cup_without_a_label_is_called_off(drawn):
    drawn("result", "A17", "positive", "--analyte", "coc")
    drawn("confirmation", "send", "A17", "--lab", "North")
    done = drawn.run("amend", "A17", "refused", "--reason", "C21's cup")
    assert "from North that was awaited by 2026-11-23 is called off; send it for whose cup it was" in done.stderr
    assert awaited(drawn) == []


def test_a_cup_that_comes_back_to_where_it_was(drawn):
    drawn("result", "A17", "negative", "--specimen-id", "S-1")
    drawn("amend", "A17", "due", "--reason", "C21's cup")
    drawn("result", "A17", "negative", "--specimen-id", "S-1")
    assert cups(drawn) == {"S-1": "A17"}
    drawn("amend", "A17", "due", "--reason", "C21's cup after all")
    drawn("result", "A17", "negative")
    assert cups(drawn) == {"S-1": "-"}, "A17's own cup has no label"
    assert "All holds" in drawn("verify")


def test_a_result_can_go_back_to_collected_with_its_result_to_come(drawn):
    drawn("result", "A17", "positive", "--analyte", "coc", "--specimen-id", "S-1")
    said = drawn("amend", "A17", "collected", "--reason", "wrong line of the laboratory's sheet")
    assert "corrected to collected; the earlier entry is kept" in said
    assert "withdrawn" in said
    assert drawn.status("A17") == "collected"
    assert cups(drawn) == {"S-1": "A17"}
    assert "nothing to correct" in drawn.refused("amend", "A17", "collected", "--reason", "again")
    drawn.today = "2026-11-17"
    drawn("draw")
    assert drawn.status("A17", "yesterday") == "collected"
    drawn("result", "A17", "negative", "--on", "yesterday", "--specimen-id", "S-1")
    assert drawn.status("A17", "yesterday") == "collected negative"
    assert "All holds" in drawn("verify")


def test_a_missed_draw_whose_cup_is_found_can_be_said_to_be_collected(drawn):
    drawn("missed", "A17")
    drawn("amend", "A17", "collected", "--specimen-id", "S-9", "--reason", "it stood in the refrigerator")
    assert drawn.status("A17") == "collected"
    assert cups(drawn) == {"S-9": "A17"}
    assert "only --specimen-id" in drawn.refused(
        "amend", "A17", "collected", "--specimen-id", "S-9", "--ph", "6", "--reason", "x"
    )
    assert "All holds" in drawn("verify")


def test_a_correction_of_what_was_measured_keeps_the_label_and_the_hands(drawn):
    drawn("result", "A17", "negative", "--specimen-id", "S-1", "--creatinine", "1", "--collector", "nurse 4")
    drawn("specimen", "handover", "S-1", "--to", "courier")
    drawn("amend", "A17", "negative", "--creatinine", "100", "--reason", "misread")
    record = drawn.json("specimen", "show", "S-1")
    assert (record["creatinine"], [hand["whom"] for hand in record["hands"]]) == ("100", ["nurse 4", "courier"])
    assert "All holds" in drawn("verify")
