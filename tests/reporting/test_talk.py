"""Who to talk with: two draws missed in a row, also when the participant came after them."""

from testing_tracker.rules.reporting.tally import Share


def test_who_missed_two_in_a_row_and_then_came_is_talked_with(clinic):
    clinic.add("A17", "B04", "C21", schedule="fixed-3")
    for day, a17, b04 in (("16", "missed", "collected"), ("18", "refused", "missed"), ("20", "collected", "missed")):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
        clinic(a17, "A17")
        clinic(b04, "B04")
        clinic("result", "C21", "negative")
    clinic.today = "2026-11-23"
    clinic("draw")
    talk = clinic.json("report", "weekly")["talk"]
    assert [(one["participant"], one["due_on"], one["detail"]) for one in talk] == [
        ("A17", "2026-11-18", "2 in a row, then came"),
        ("B04", "2026-11-20", "2 in a row"),
    ]


def test_a_change_in_points_is_rounded_half_up_from_whole_numbers():
    assert Share(1, 8).change_from(Share(0, 8)) == "+13 points"
    assert Share(0, 8).change_from(Share(1, 8)) == "-13 points"
    assert Share(29, 200).change_from(Share(0, 200)) == "+15 points", "14.5, and a float says 14"
    assert Share(1, 3).change_from(Share(2, 6)) == "no change"
