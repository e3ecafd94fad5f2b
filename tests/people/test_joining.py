"""Two records of one person: one goes on for both, and nothing of either is lost."""

from conftest import made_once

TWICE = ("--reason", "enrolled twice", "--yes")


@made_once
def twice(clinic):
    """A17 and B04 are one person, enrolled twice; A17 was positive for cocaine on Monday. It is Tuesday."""
    clinic.add("A17", "B04", "C21", schedule="fixed-3")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    clinic("result", "B04", "negative")
    clinic("result", "C21", "negative")
    clinic.today = "2026-11-17"
    clinic("draw")


def join(clinic, code: str = "A17", into: str = "B04") -> str:
    return clinic("participant", "join", code, into, *TWICE)


def test_the_joined_record_is_drawn_no_more_and_its_code_finds_the_other(twice):
    assert "A17 is joined into B04; its record is kept there." in join(twice)
    assert [line["participant"] for line in twice.json("participant", "list")] == ["B04", "C21"]
    everybody = {line["participant"]: line["status"] for line in twice.json("participant", "list", "--all")}
    assert everybody == {"A17": "joined", "B04": "active", "C21": "active"}
    twice.today = "2026-11-18"
    twice("draw")
    assert [line["participant"] for line in twice.json("due")] == ["B04", "C21"]
    done = twice.run("result", "A17", "negative")
    assert done.exit_code == 0, done.output
    assert "A17 was joined into B04." in done.stderr
    assert twice.status("B04") == "collected negative"
    assert "All holds" in twice("verify")


def test_both_histories_are_seen_at_the_remaining_one(twice):
    number = twice.json("participant", "show", "A17")["number"]
    join(twice)
    record = twice.json("participant", "show", "A17")
    assert record["participant"] == "B04"
    (joined,) = record["joined"]
    assert (joined["participant"], joined["number"], joined["reason"]) == ("A17", number, "enrolled twice")
    assert [row["what"] for row in joined["enrolments"]] == ["enrolled", "joined"]
    draws = [(draw["due_on"], draw["recorded_under"], draw["outcome"]) for draw in record["draws"]]
    assert draws == [("2026-11-16", "A17", "positive"), ("2026-11-16", None, "negative")]
    printed = twice("participant", "show", "B04")
    assert f"joined     A17, number {number}, on 2026-11-17: enrolled twice" in printed
    assert "recorded under A17" in printed
    report = twice("report", "participant", "B04", "--format", "html")
    for said in ("cocaine", "recorded under A17", f"A17, number {number}, joined into this record"):
        assert said in report


def test_what_was_open_of_it_is_weighed_at_the_remaining_one(twice):
    said = join(twice)
    assert "B04" in said
    (raised,) = twice.json("recommendation", "list", "--open")
    assert (raised["participant"], [test["due_on"] for test in raised["evidence"]]) == ("B04", ["2026-11-16"])
    everything = {line["participant"]: line["status"] for line in twice.json("recommendation", "list", "--all")}
    assert everything == {"B04": "open", "A17": "withdrawn"}
    shown = twice.json("recommendation", "show", str(raised["id"]))["record"]
    assert [draw["outcome"] for draw in shown["last_draws"]] == ["negative", "positive"]
    twice("amend", "A17", "negative", "--on", "2026-11-16", "--reason", "cups swapped")
    assert twice.json("recommendation", "list", "--open") == []
    assert "All holds" in twice("verify")


def test_a_positive_of_the_other_one_is_possibly_the_same_use(twice):
    join(twice)
    twice.today = "2026-11-18"
    twice("draw")
    twice("result", "B04", "positive", "--analyte", "cocaine")
    (raised,) = twice.json("recommendation", "list", "--open")
    assert [test["same_use_as"] for test in raised["evidence"]] == [[], ["2026-11-16"]]
    assert raised["to_level"] == "php"


def test_a_use_that_was_decided_on_at_the_joined_one_raises_nothing_new(twice):
    twice("recommendation", "accept", "1")
    join(twice)
    twice.today = "2026-11-18"
    twice("draw")
    twice("result", "B04", "positive", "--analyte", "cocaine")
    assert twice.json("recommendation", "list", "--open") == []
    (review,) = twice.json("review", "list")
    assert (review["participant"], review["about"]) == ("B04", "possibly the same use")


def test_both_have_an_open_one_and_one_is_left(twice):
    twice.today = "2026-11-18"
    twice("draw")
    twice("result", "B04", "positive", "--analyte", "fentanyl")
    join(twice)
    (raised,) = twice.json("recommendation", "list", "--open")
    assert raised["participant"] == "B04"
    assert sorted(test["due_on"] for test in raised["evidence"]) == ["2026-11-16", "2026-11-18"]
    assert "All holds" in twice("verify")


def test_prescriptions_of_both_count_for_both(twice):
    twice("prescription", "add", "A17", "buprenorphine")
    twice.today = "2026-11-18"
    twice("draw")
    twice("result", "B04", "positive", "--analyte", "buprenorphine")
    assert {line["participant"] for line in twice.json("recommendation", "list", "--open")} == {"A17", "B04"}
    join(twice)
    (raised,) = twice.json("recommendation", "list", "--open")
    assert [test["due_on"] for test in raised["evidence"]] == ["2026-11-16"], "what is prescribed is expected"
    assert [line["analyte"] for line in twice.json("prescription", "list")] == ["buprenorphine"]
    assert twice.json("prescription", "list", "A17")[0]["participant"] == "B04"
    twice("prescription", "end", "B04", "buprenorphine", "--on", "today", "--reason", "tapered")
    assert "All holds" in twice("verify")


def test_a_laboratorys_word_on_a_cup_of_before_finds_its_draw(twice):
    join(twice)
    line = "A17,2026-11-16,negative,,definitive,North\n"
    header = "participant,due_on,outcome,analytes,method,lab\n"
    twice("result", "import", "-", input=header + line)
    assert twice.json("recommendation", "list", "--open") == []
    record = twice.json("participant", "show", "B04")
    assert {(one["recorded_under"], one["outcome"]) for one in record["draws"]} == {
        ("A17", "negative"),
        (None, "negative"),
    }
    assert "All holds" in twice("verify")


def test_todays_draw_of_the_joined_one_is_cancelled_and_a_cup_with_its_code_is_the_others(twice):
    twice.today = "2026-11-18"
    twice("draw")
    assert "A17's draw of 2026-11-18 is cancelled." in join(twice)
    twice("result", "A17", "negative")
    assert (twice.status("A17"), twice.status("B04")) == ("cancelled", "collected negative")
    assert "All holds" in twice("verify")


def test_log_takes_the_joined_code_too(twice):
    twice.today = "2026-11-18"
    twice("draw")
    join(twice)
    twice("log", input="A17 n\n")
    assert (twice.status("A17"), twice.status("B04")) == ("cancelled", "collected negative")


def test_a_report_of_a_closed_week_is_the_same_after_it(twice):
    twice.today = "2026-11-23"
    twice("draw")
    first = twice("report", "weekly", "--week", "2026-W47")
    join(twice)
    assert twice("report", "weekly", "--week", "2026-W47") == first
    assert "A17 in 2026-W47: due" in twice("report", "weekly", "--week", "2026-W47", "--explain", "A17")


def test_a_third_record_is_joined_into_the_one_that_goes_on(twice):
    join(twice)
    join(twice, "B04", "C21")
    assert [one["participant"] for one in twice.json("participant", "show", "A17")["joined"]] == ["A17", "B04"]
    (raised,) = twice.json("recommendation", "list", "--open")
    assert raised["participant"] == "C21"
    assert "All holds" in twice("verify")


def test_what_is_refused(twice):
    assert "nothing to join" in twice.refused("participant", "join", "A17", "a17", *TWICE)
    twice("participant", "discharge", "B04", "--reason", "moved away")
    message = twice.refused("participant", "join", "A17", "B04", *TWICE)
    assert "Join the other way round (`testing-tracker participant join B04 A17`)" in message
    join(twice, "B04", "A17")
    assert "nothing to join" in twice.refused("participant", "join", "B04", "A17", *TWICE)
    twice.add("X1")
    twice("participant", "cancel", "X1", "--reason", "a mistake")
    assert "cancelled as a mistake" in twice.refused("participant", "join", "X1", "A17", *TWICE)


def test_it_asks_because_it_cannot_be_taken_back(twice):
    done = twice.run("participant", "join", "A17", "B04", "--reason", "enrolled twice", input="n\n")
    assert done.exit_code == 1
    assert len(twice.json("participant", "list")) == 3


def test_a_joined_code_is_given_to_nobody_else(twice):
    join(twice)
    enrol = ("--schedule", "fixed-2", "--level", "iop")
    assert "There is a participant B04 already" in twice.refused("participant", "add", "A17", *enrol)
    assert "A17" in twice.refused("participant", "rename", "C21", "A17", "--reason", "x")
    lines = "participant,level,schedule,enrolled_on\nA17,iop,fixed-3,2026-11-16\n"
    assert "0 imported, 1 unchanged" in twice("participant", "import", "-", input=lines)


def test_the_nights_run_on_with_bounds_and_the_proofs_hold(twice, tmp_path):
    before = twice("proof", "--day", "2026-11-16")
    join(twice)
    for day in (18, 19, 20, 21, 22, 23):
        twice.today = f"2026-11-{day}"
        twice("draw")
    assert twice("proof", "--day", "2026-11-16") == before
    assert "All holds" in twice("verify")
