"""A laboratory's file: unchanged is what is on record whole, the rows of one specimen are one result, and the rest is
refused by name."""

import pytest
from conftest import examples, made_once
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

HEADER = [
    "participant", "due_on", "outcome", "analytes", "collected_at", "note", "method", "lab", "specimen", "specimen_id",
    "collector", "observed", "received_at", "creatinine", "ph",
]  # fmt: skip


@made_once
def drawn(clinic):
    """The participants of the examples, and the draw of Monday made."""
    clinic.add("A17", "B04", "C21", "D33", "E55", enrolled="2026-11-15")
    clinic("draw")


def text(*rows: dict) -> str:
    """Rows as a file; each is of A17's draw of Monday unless it says otherwise."""
    lines = [{"participant": "A17", "due_on": "2026-11-16", **row} for row in rows]
    columns = [column for column in HEADER if any(column in line for line in lines)]
    return "".join(
        f"{','.join(cells)}\n" for cells in [columns, *([one.get(name, "") for name in columns] for one in lines)]
    )


def take(clinic, *rows: dict):
    """Import rows: how many were imported, unchanged and refused, and what was said of them."""
    done = clinic.run("result", "import", "-", input=text(*rows))
    counted = [int(word) for word in done.stdout.splitlines()[-1].replace(",", "").split() if word.isdigit()]
    return tuple(counted[:3]), done.stderr


FIRST = {"outcome": "positive", "analytes": "cocaine=3200"}
WHOLE = {
    **FIRST, "collected_at": "09:10", "note": "from the portal", "lab": "North", "specimen": "urine",
    "specimen_id": "S-1", "collector": "nurse 4", "observed": "yes", "received_at": "09:40", "creatinine": "80",
    "ph": "6.5",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"analytes": "fentanyl=9"}, "analytes"),
        ({"analytes": "cocaine=3200;fentanyl=9"}, "analytes"),
        ({"analytes": "cocaine=320"}, "analytes"),
        ({"outcome": "negative", "analytes": ""}, "outcome, analytes"),
        ({"outcome": "invalid", "analytes": ""}, "outcome, analytes"),
        ({"collected_at": "09:11"}, "collected_at"),
        ({"note": "another"}, "note"),
        ({"lab": "South"}, "lab"),
        ({"specimen": "oral-fluid"}, "specimen"),
        ({"specimen_id": "S-2"}, "specimen_id"),
        ({"collector": "nurse 5"}, "collector"),
        ({"observed": "no"}, "observed"),
        ({"received_at": "09:41"}, "received_at"),
        ({"creatinine": "81"}, "creatinine"),
        ({"ph": "7"}, "ph"),
    ],
)
def test_whatever_differs_is_refused_by_name(drawn, changed, column):
    assert take(drawn, WHOLE)[0] == (1, 0, 0)
    before = drawn.contents()
    counted, said = take(drawn, {**WHOLE, **changed})
    assert counted == (0, 0, 1)
    assert f"what differs: {column}. If the line is right, correct it with `testing-tracker amend`" in said
    assert "-:2: A17's draw of 2026-11-16 already has a result (positive)" in said
    assert drawn.contents() == before


@pytest.mark.parametrize("left_out", [(), *((column,) for column in WHOLE if column not in FIRST), tuple(WHOLE)[2:]])
def test_all_that_a_line_says_is_on_record_and_what_it_leaves_out_is_not_compared(drawn, left_out):
    take(drawn, WHOLE)
    before = drawn.contents()
    assert take(drawn, {column: cell for column, cell in WHOLE.items() if column not in left_out})[0] == (0, 1, 0)
    same = {**WHOLE, "specimen_id": "s\u20131", "creatinine": "80.0", "ph": "6.50", "analytes": "coc=3200ng/ml"}
    assert take(drawn, same)[0] == (0, 1, 0), "the same in other writing"
    assert drawn.contents() == before


@pytest.mark.parametrize("column", [column for column in WHOLE if column not in FIRST])
def test_what_the_record_does_not_say_is_no_repetition(drawn, column):
    drawn("result", "A17", "positive", "--analyte", "coc=3200")
    counted, said = take(drawn, {**FIRST, column: WHOLE[column]})
    if column == "specimen":
        assert counted == (0, 1, 0), "urine is what the schedule asks for"
    else:
        assert (counted, f"what differs: {column}." in said) == ((0, 0, 1), True)


def test_a_definitive_result_is_no_repetition_of_the_cups(drawn):
    take(drawn, FIRST)
    assert take(drawn, {**FIRST, "method": "definitive", "lab": "North"})[0] == (1, 0, 0)
    assert take(drawn, {**FIRST, "method": "definitive", "lab": "North"}, FIRST)[0] == (0, 2, 0)


def test_one_row_a_drug_is_one_result(drawn):
    rows = [
        {"outcome": "positive", "analytes": "cocaine=3200", "specimen_id": "S-1", "lab": "North"},
        {"outcome": "negative", "analytes": "cannabinoids=5", "specimen_id": "s-1", "creatinine": "80"},
        {"outcome": "negative", "note": "opiates none detected"},
        {"outcome": "positive", "analytes": "fentanyl=9", "specimen_id": "S-1"},
    ]
    counted, said = take(drawn, *rows)
    assert (counted, said) == ((4, 0, 0), "")
    (result,) = drawn.json("participant", "show", "A17")["draws"][0]["results"]
    assert (result["outcome"], result["analytes"]) == ("positive", ["cocaine", "fentanyl"])
    assert result["amounts"] == ["cannabinoids 5 ng/mL", "cocaine 3200 ng/mL", "fentanyl 9 ng/mL"]
    assert drawn.json("specimen", "show", "S-1")["creatinine"] == "80"
    assert len(drawn.json("recommendation", "list")) == 1
    before = drawn.contents()
    assert take(drawn, *reversed(rows))[0] == (0, 4, 0)
    assert drawn.contents() == before
    counted, said = take(drawn, *rows[:2])
    assert counted == (0, 0, 2), "a file that has dropped fentanyl says something else"
    assert said.count("what differs: analytes") == 2


def test_the_same_row_twice_in_a_file_is_taken_once(drawn):
    assert take(drawn, FIRST, FIRST)[0] == (1, 1, 0)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{**FIRST, "creatinine": "80"}, {"outcome": "negative", "creatinine": "81"}], "differ: creatinine"),
        ([FIRST, {"outcome": "positive", "analytes": "cocaine=20000"}], "differ: analytes"),
        ([{**FIRST, "lab": "North"}, {"outcome": "negative", "lab": "South"}], "differ: lab"),
        (
            [{**FIRST, "collected_at": "09:10"}, {"outcome": "negative", "collected_at": "09:20"}],
            "differ: collected_at",
        ),
        ([FIRST, {"outcome": "invalid"}], "invalid and another outcome"),
        ([FIRST, {"outcome": "negative", "analytes": "fentanyl=9000"}], "no analytes"),
        ([FIRST, {"outcome": "positive", "analytes": "cannabinoids=1"}], "below"),
        (
            [{**FIRST, "specimen_id": "S-1"}, {"outcome": "negative", "specimen_id": "S-2"}],
            "two specimens of this draw",
        ),
        ([FIRST, {"outcome": "positive", "analytes": "cokane"}], "is refused: mend it, and take both"),
    ],
)
def test_rows_of_one_specimen_that_contradict_each_other_are_all_refused(drawn, rows, said):
    for order in (rows, rows[::-1]):
        before = drawn.contents()
        counted, told = take(drawn, *order, {"participant": "B04", "outcome": "negative"})
        assert counted in ((1, 0, 2), (0, 1, 2)), "B04's is a good line"
        if said != "below":
            assert said in told
        if counted[0] == 0:
            assert drawn.contents() == before
        assert drawn.status("A17") == "due"


def test_a_line_without_a_label_beside_two_specimens_is_not_guessed(drawn):
    rows = [{**FIRST, "specimen_id": "S-1"}, {"outcome": "negative", "specimen_id": "S-2"}, {"outcome": "negative"}]
    counted, said = take(drawn, *rows)
    assert counted == (0, 0, 3)
    assert "does not say which" in said


def test_the_first_cup_and_the_one_collected_again_may_stand_in_one_file(drawn):
    first, second = {"outcome": "invalid", "specimen_id": "S-1"}, {"outcome": "negative", "specimen_id": "S-2"}
    take(drawn, first)
    drawn("test", "A17", "--recollect")
    assert take(drawn, {**first, "creatinine": "80"})[0] == (0, 0, 1), "it is the first cup's, not the second one's"
    for order in ([first, second], [second, first]):
        counted, _ = take(drawn, *order)
        assert sum(counted[:2]) == 2
    assert drawn.status("A17") == "collected negative"
    assert "All holds" in drawn("verify")


def test_a_result_of_a_cup_with_another_label_than_the_one_collected_is_refused(drawn):
    drawn("collected", "A17", "--specimen-id", "S-1")
    counted, said = take(drawn, {"outcome": "negative", "specimen_id": "S-2"})
    assert counted == (0, 0, 1)
    assert "on record as S-1" in said
    assert take(drawn, {"outcome": "negative", "specimen_id": " s-1"})[0] == (1, 0, 0)


def test_a_line_is_taken_where_nothing_is_on_record_now(drawn):
    drawn("result", "A17", "negative")
    drawn("amend", "A17", "due", "--reason", "C21's cup")
    counted, said = take(drawn, {"outcome": "negative"})
    assert counted == (1, 0, 0)
    assert "-:2: note: A17's draw of 2026-11-16: the same result was taken back before" in said
    assert drawn.status("A17") == "collected negative"
    assert take(drawn, {"outcome": "negative"}) == ((0, 1, 0), "")
    drawn.today = "2026-11-17"
    drawn("draw")
    assert drawn.status("A17", "yesterday") == "collected negative"
    assert "All holds" in drawn("verify")


def test_it_is_taken_also_after_the_night_has_closed_the_draw(drawn):
    drawn("result", "A17", "negative")
    drawn("amend", "A17", "due", "--reason", "C21's cup")
    for code in ("B04", "C21", "D33", "E55"):
        drawn("result", code, "negative")
    drawn.today = "2026-11-17"
    drawn("draw")
    assert drawn.status("A17", "yesterday") == "missed"
    counted, said = take(drawn, {"outcome": "negative"})
    assert (counted, "was taken back before" in said) == ((1, 0, 0), True)
    assert drawn.status("A17", "yesterday") == "collected negative"


def test_what_a_person_has_said_to_be_missed_is_not_undone_by_the_file_that_brought_it(drawn):
    take(drawn, {"outcome": "negative"})
    drawn("amend", "A17", "missed", "--reason", "C21's cup; A17 was not here")
    assert take(drawn, {"outcome": "negative"}) == ((0, 1, 0), "")
    assert drawn.status("A17") == "missed"
    drawn("amend", "A17", "excused", "--reason", "court")
    assert "recorded as excused" in take(drawn, {"outcome": "negative"})[1]


def test_a_line_that_was_corrected_since_changes_nothing(drawn):
    take(drawn, FIRST)
    drawn("amend", "A17", "negative", "--reason", "misread")
    assert take(drawn, FIRST)[0] == (0, 1, 0)
    assert drawn.status("A17") == "collected negative"


def test_a_measurement_that_makes_an_outcome_unusable_is_told_and_taken_once(drawn):
    line = {"outcome": "negative", "creatinine": "1", "ph": "6"}
    counted, said = take(drawn, line)
    assert counted == (1, 0, 0)
    assert "note: A17's draw of 2026-11-16: the specimen is invalid" in said
    assert take(drawn, line) == ((0, 1, 0), "")
    assert take(drawn, {**line, "creatinine": "2"})[0] == (0, 0, 1)


def test_of_two_draws_of_a_day_each_has_its_rows(drawn):
    drawn("test", "A17", "--reason", "odd")
    header = "participant,due_on,kind,outcome,analytes\n"
    rows = [
        "A17,2026-11-16,scheduled,positive,cocaine",
        "A17,2026-11-16,for-cause,negative,",
        "A17,2026-11-16,x,negative,",
    ]
    done = drawn.run("result", "import", "-", input=header + "\n".join(rows) + "\n")
    assert "2 imported, 0 unchanged, 1 refused" in done.stdout
    done = drawn.run("result", "import", "-", input=header + "\n".join(rows[::-1]) + "\n")
    assert "0 imported, 2 unchanged, 1 refused" in done.stdout


_CELLS = {
    "participant": st.sampled_from(["A17", "a17", "B04"]),
    "outcome": st.sampled_from(["positive", "negative", "invalid"]),
    "analytes": st.sampled_from(["", "cocaine", "coc=3200", "fentanyl=9", "thc=5", "cocaine;fentanyl=9"]),
    "collected_at": st.sampled_from(["", "09:10", "09:20"]),
    "note": st.sampled_from(["", "x", "y"]),
    "method": st.sampled_from(["", "presumptive", "definitive"]),
    "lab": st.sampled_from(["", "North"]),
    "specimen_id": st.sampled_from(["", "S-1", "s\u20131", "S-2"]),
    "creatinine": st.sampled_from(["", "1", "80"]),
}


@examples(10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_file_in_any_order_imported_twice_is_as_once(drawn, tmp_path, data):
    cells = st.fixed_dictionaries(_CELLS)
    rows = data.draw(st.lists(cells, min_size=1, max_size=4))
    other = data.draw(st.permutations(rows))
    first, second = (drawn.copy(tmp_path / f"{data.draw(st.uuids())}.db") for _ in range(2))
    counted, _ = take(first, *rows)
    record = _record(first)
    again, _ = take(first, *other)
    assert again == (0, counted[0] + counted[1], counted[2])
    assert _record(first) == record
    assert take(second, *other)[0] == counted
    assert _record(second) == record, "the order of the rows says nothing"


def _record(clinic) -> list:
    draws = [draw for code in ("A17", "B04") for draw in clinic.json("participant", "show", code)["draws"]]
    cups = clinic.rows("SELECT draw_id, label_key, creatinine, validity FROM specimen ORDER BY 1, 2, 3, id")
    return [cups, [(draw["status"], sorted(_said(result) for result in draw["results"])) for draw in draws]]


def _said(result: dict) -> tuple:
    return tuple(
        str(result[key]) for key in ("outcome", "method", "analytes", "amounts", "collected_at", "note", "lab")
    )
