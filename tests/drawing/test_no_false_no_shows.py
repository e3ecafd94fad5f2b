"""A day whose draws are without any record is a question to the facility before it is a no-show of anybody."""

import json

import pytest
from conftest import acting_as, denied, made_once

CODES = ("A1", "A2", "A3", "A4", "A5", "A6")


@made_once
def monday(clinic):
    """Six people are due on Monday the 16th, all of one schedule that is tested every day."""
    clinic.add(*CODES, schedule="fixed-3")
    clinic("draw")


def night(clinic, day: str = "2026-11-17") -> str:
    clinic.today = day
    return clinic.run("draw").stderr


def statuses(clinic, on: str = "2026-11-16") -> list[str]:
    return [line["status"] for line in clinic.json("due", "--on", on)]


def test_a_day_of_which_nothing_is_known_is_a_question_and_nobody_a_no_show(monday):
    said = night(monday)
    assert "Was anything collected on Monday 2026-11-16? Nothing was on record for 6 of that day's 6 draws" in said
    assert "unrecorded, not missed" in said
    assert statuses(monday) == ["unrecorded"] * 6
    assert monday.rows("SELECT draws, untouched, held FROM closing WHERE day = '2026-11-16'") == [(6, 6, 1)]
    assert "All holds" in monday("verify")


def test_one_person_who_did_not_come_is_missed_as_always(monday):
    for code in CODES[1:]:
        monday("result", code, "negative")
    assert "Was anything collected" not in night(monday)
    assert statuses(monday) == ["missed", *["collected"] * 5]


def test_what_has_a_record_is_left_alone_and_the_rest_is_asked_about(monday):
    monday("result", "A1", "negative")
    monday("missed", "A2")
    night(monday)
    assert statuses(monday) == ["collected", "missed", *["unrecorded"] * 4]


def test_the_report_leads_with_the_question_until_somebody_answers(monday):
    night(monday)
    for day in ("2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"):
        night(monday, day)
    text = monday("report", "weekly")
    heading, rest = text.split("participants 6")
    assert "Was anything collected on Monday 2026-11-16?" in " ".join(heading.split())
    assert "missed 0" in rest
    report = monday.json("report", "weekly")
    (question, *_) = report["questions"]
    assert (question["from"], question["draws"], question["untouched"]) == ("2026-11-16", 6, 6)
    assert report["totals"]["missed"] == 0
    monday("missed", "--all", "--on", "2026-11-16", "--yes")
    assert all(question["from"] != "2026-11-16" for question in monday.json("report", "weekly")["questions"])
    assert statuses(monday) == ["missed"] * 6


def test_missed_for_all_asks_first_and_changes_nothing_without_a_yes(monday):
    night(monday)
    done = monday.run("missed", "--all", "--on", "2026-11-16", input="n\n")
    assert (done.exit_code, statuses(monday)) == (1, ["unrecorded"] * 6)
    assert "6 draws of 2026-11-16 without any record become missed. Right?" in done.stderr
    done = monday.run("missed", "--all", "--on", "2026-11-16", input="y\n")
    assert (done.exit_code, statuses(monday)) == (0, ["missed"] * 6)


def test_excuse_for_all_takes_the_day_out_of_the_count(monday):
    night(monday)
    said = monday("excuse", "--all", "--on", "2026-11-16", "--reason", "snow, nobody could come", "--yes")
    assert "6 draws of 2026-11-16: excused." in said
    assert statuses(monday) == ["excused"] * 6
    assert "All holds" in monday("verify")


def test_who_tried_and_could_not_is_not_among_all(monday):
    monday("unable", "A1")
    night(monday)
    monday("missed", "--all", "--on", "2026-11-16", "--yes")
    assert statuses(monday) == ["unrecorded", *["missed"] * 5]


def test_a_day_that_is_not_over_cannot_be_missed_by_all(monday):
    assert "2026-11-16 is not over" in monday.refused("missed", "--all", "--on", "today", "--yes")


def test_nothing_is_left_to_answer_the_second_time(monday):
    night(monday)
    monday("missed", "--all", "--on", "2026-11-16", "--yes")
    assert "No draw of 2026-11-16 waits for that" in monday.refused("missed", "--all", "--on", "2026-11-16", "--yes")


@pytest.mark.parametrize(
    "arguments",
    [("missed",), ("missed", "A1", "--all", "--on", "2026-11-16"), ("missed", "--all"), ("excuse", "--reason", "x")],
)
def test_all_goes_with_a_day_and_without_a_code(monday, arguments):
    assert monday.run(*arguments).exit_code == 2


def test_a_day_without_a_run_can_be_excused_for_all_and_never_missed(monday):
    """Nobody was told of its tests, so nobody missed them."""
    for code in CODES:
        monday("result", code, "negative")
    monday.today = "2026-11-19"  # no run on Tuesday and Wednesday
    monday("draw")
    assert statuses(monday, "2026-11-18") == ["unrecorded"] * 6
    assert "can be excused" in monday.refused("missed", "--all", "--on", "2026-11-18", "--yes")
    monday("excuse", "--all", "--on", "2026-11-18", "--reason", "the program did not run", "--yes")
    assert statuses(monday, "2026-11-18") == ["excused"] * 6


def test_nobody_becomes_a_no_show_while_the_questions_wait(clinic):
    """Two people, weeks of which nothing at all is recorded: there are questions, and no missed test."""
    clinic.add("A1", schedule="fixed-3")
    clinic.add("B1", schedule="random-3")
    for day in [f"2026-11-{day}" for day in range(16, 31)] + [f"2026-12-{day:02}" for day in range(1, 12)]:
        clinic.today = day
        clinic("draw")
    missed = clinic.rows("SELECT due_on FROM draw WHERE status = 'missed'")
    assert len(missed) <= 1, missed  # the first of all, before there was anything to compare it with
    assert "All holds" in clinic("verify")


def test_others_can_write_while_somebody_thinks_about_the_answer(monday, monkeypatch):
    night(monday)

    def meanwhile(*arguments, **options):
        monday("participant", "add", "N1", "--schedule", "fixed-1", "--level", "iop")
        return True

    monkeypatch.setattr("click.confirm", meanwhile)
    monday("missed", "--all", "--on", "2026-11-16")
    assert statuses(monday) == ["missed"] * 6


def test_an_answer_to_another_number_of_draws_is_refused(monday, monkeypatch):
    night(monday)

    def meanwhile(*arguments, **options):
        monday("result", "A1", "negative", "--on", "2026-11-16")
        return True

    monkeypatch.setattr("click.confirm", meanwhile)
    done = monday.run("missed", "--all", "--on", "2026-11-16")
    assert "It is 5 draws of 2026-11-16 now, not 6" in done.stderr
    assert statuses(monday) == ["collected", *["unrecorded"] * 5]


def test_only_a_manager_answers_for_all_draws_of_a_day(monday):
    night(monday)
    monday("staff", "add", "nurse", "--role", "nurse")
    with acting_as("nurse"):
        said = denied(monday, "missed", "--all", "--on", "2026-11-16", "--yes")
        assert said.startswith("`testing-tracker missed --all` takes a manager, and nurse is a nurse here.")
        monday("missed", "A1", "--on", "2026-11-16")
    monday("missed", "--all", "--on", "2026-11-16", "--yes")
    assert statuses(monday) == ["missed"] * 6


def test_a_week_that_jumps_out_gives_back_what_its_nights_took_for_missed(clinic, tmp_path):
    """Six a day, of whom one is without a record each day after weeks in which all were there."""
    file = tmp_path / "daily.toml"
    file.write_text(
        'title = "Every day"\n[draw]\nkind = "random"\nper_week = 7\n'
        'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\n'
        '[collection]\npanel = ["cocaine"]\n[response]\nmissed = "positive"\n'
    )
    clinic("schedule", "load", str(file))
    clinic.add(*CODES, schedule="daily")
    days = [f"2026-11-{day}" for day in range(16, 31)] + [f"2026-12-{day:02}" for day in range(1, 10)]
    held = ""
    for number, day in enumerate(days):
        clinic.today = day
        held = clinic.run("draw").stderr
        if held:
            break
        for code in CODES if number < 14 else CODES[1:]:
            clinic("result", code, "negative")
    assert "Is everything recorded of" in held
    assert clinic.rows("SELECT count(*) FROM draw WHERE status = 'missed'") == [(0,)]
    assert clinic.rows("SELECT count(*) FROM draw WHERE status = 'unrecorded'")[0][0] >= 3
    assert [line["status"] for line in clinic.json("recommendation", "list")] in ([], ["withdrawn"])
    assert "All holds" in clinic("verify")


def test_serve_says_it_too(monday):
    monday.today = "2026-11-17"
    done = monday.run("serve", "--once")
    assert "Was anything collected on Monday 2026-11-16?" in done.stderr


def test_the_answer_is_on_record_with_who_gave_it(monday):
    night(monday)
    monday("staff", "add", "lee", "--role", "manager")
    with acting_as("lee"):
        monday("excuse", "--all", "--on", "2026-11-16", "--reason", "snow", "--yes")
    acts = monday.rows("SELECT act, account, reason, detail FROM audit_entry WHERE act = 'draw excused'")
    assert [(act, account, reason) for act, account, reason, _ in acts] == [("draw excused", "lee", "snow")] * 6
    assert json.loads(acts[0][3])["earlier"] == "unrecorded"


def test_in_a_clinic_of_two_a_day_without_any_record_is_a_question_too(clinic):
    """Nobody could tell two people who did not come from a record that is missing."""
    clinic.add("A1", "A2", schedule="fixed-3")
    clinic("draw")
    assert "Was anything collected on Monday 2026-11-16?" in night(clinic)
    assert statuses(clinic) == ["unrecorded"] * 2


def test_two_people_who_never_come_are_asked_about_until_that_is_known(clinic):
    """Somebody answers each morning; from what they say it is learned that this is how it is there."""
    clinic.add("A1", "A2", schedule="fixed-3")
    asked = []
    for day in range(16, 31):
        today = f"2026-11-{day}"
        if "Was anything collected" in night(clinic, today):
            asked.append(today)
            for earlier in clinic.rows("SELECT DISTINCT due_on FROM draw WHERE status = 'unrecorded'"):
                clinic("missed", "--all", "--on", earlier[0], "--yes")
    assert asked[0] == "2026-11-17"
    assert len(asked) < 6
    assert clinic.rows("SELECT status FROM draw WHERE due_on = '2026-11-27'") == [("missed",)] * 2
    assert "All holds" in clinic("verify")
