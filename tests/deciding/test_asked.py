"""At a terminal it is said what will change before anybody is moved, and asked; a script is not asked."""

import pytest

MOVES = {
    (
        "recommendation",
        "accept",
        "A17",
    ): "Recommendation 1: A17 moves from iop to php today; the schedule stays fixed-3.",
    ("recommendation", "accept", "1", "--to", "iop"): "Recommendation 1: A17 stays in iop; the schedule stays fixed-3.",
    ("participant", "transfer", "A17", "residential", "--reason", "crisis"): (
        "A17 moves from iop to residential today; the schedule stays fixed-3."
    ),
}


@pytest.fixture
def positive(clinic):
    clinic.add("A17", schedule="fixed-3")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    return clinic


@pytest.fixture
def at_a_terminal(monkeypatch):
    """Somebody sits there, at one so wide that nothing is folded; `--yes` answers."""
    monkeypatch.setenv("COLUMNS", "200")
    for command in ("recommendation", "participant"):
        monkeypatch.setattr(f"testing_tracker.cli.{command}.is_asked", lambda *, yes: not yes)


@pytest.mark.parametrize(("typed", "said"), MOVES.items())
def test_a_move_is_said_and_asked_for(positive, at_a_terminal, typed, said):
    before = positive.contents()
    done = positive.run(*typed, input="n\n")
    assert f"TRAINING {said} Right? [y/N]" in done.stderr
    assert "Error: Nothing was done." in done.stderr
    assert done.exit_code == 1
    assert positive.contents() == before
    assert positive.run(*typed, input="").exit_code == 1, "no answer is no yes"
    assert positive.contents() == before
    assert positive.run(*typed, input="y\n").exit_code == 0
    assert positive.contents() != before


@pytest.mark.parametrize("typed", MOVES)
def test_yes_answers(positive, at_a_terminal, typed):
    done = positive.run(*typed, "--yes")
    assert done.exit_code == 0
    assert "Right?" not in done.output


@pytest.mark.parametrize("typed", MOVES)
def test_a_script_is_not_asked(positive, typed):
    done = positive.run(*typed)
    assert done.exit_code == 0
    assert "Right?" not in done.output


def test_reopening_says_what_comes_back(positive, at_a_terminal):
    positive("recommendation", "accept", "1", "--yes")
    done = positive.run("recommendation", "reopen", "A17", "--reason", "meant B04", input="n\n")
    assert "Recommendation 1 for A17, accepted at php on 2026-11-16" in done.stderr
    assert "comes back; A17 moves from php to iop today; the schedule stays fixed-3. Right?" in done.stderr
    assert positive.json("participant", "show", "A17")["level"] == "php"


@pytest.mark.parametrize(
    ("typed", "meanwhile"),
    [
        (("recommendation", "accept", "1"), ("participant", "transfer", "A17", "php", "--reason", "crisis", "--yes")),
        (("participant", "transfer", "A17", "php", "--reason", "x"), ("participant", "set-schedule", "A17", "fixed-1")),
    ],
)
def test_what_is_not_as_it_was_said_is_not_done(positive, at_a_terminal, monkeypatch, typed, meanwhile):
    """Somebody else is quicker than the answer."""

    def agreed(*_said, **_more) -> bool:
        positive(*meanwhile)
        return True

    monkeypatch.setattr("testing_tracker.cli.desk.asking.click.confirm", agreed)
    done = positive.run(*typed)
    assert "The record has changed since you were asked: now A17" in done.stderr
    assert done.exit_code == 1


def test_a_reopening_is_not_done_where_somebody_moves_the_participant_before_the_answer(
    positive, at_a_terminal, monkeypatch
):
    positive("recommendation", "accept", "1", "--yes")

    def agreed(*_said, **_more) -> bool:
        positive("participant", "transfer", "A17", "residential", "--reason", "crisis", "--yes")
        return True

    monkeypatch.setattr("testing_tracker.cli.desk.asking.click.confirm", agreed)
    said = positive.run("recommendation", "reopen", "1", "--reason", "meant B04").stderr
    assert "The record has changed since you were asked: now Recommendation 1 for A17" in said
    assert "A17 stays in residential" in said
    assert positive.json("recommendation", "list", "--all")[0]["status"] == "accepted"


def test_the_question_is_folded_between_words(positive, at_a_terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    asked = positive.run("recommendation", "accept", "1", input="n\n").stderr.splitlines()
    assert asked[:3] == [
        "TRAINING Recommendation 1: A17 moves",
        "  from iop to php today; the schedule",
        "  stays fixed-3. Right? [y/N]: n",
    ]


def test_before_an_enrolment_it_says_from_when(clinic, at_a_terminal):
    clinic.add("B04", enrolled="2026-11-20")
    said = clinic.run("participant", "transfer", "B04", "php", "--reason", "x", input="n\n").stderr
    assert "B04 moves from iop to php on 2026-11-20, the first day of the enrolment; the schedule stays fixed-2" in said


def test_a_schedule_that_is_to_come_is_named_too(positive, at_a_terminal):
    positive("participant", "set-schedule", "A17", "fixed-1")
    said = positive.run("recommendation", "accept", "1", input="n\n").stderr
    assert "the schedule stays fixed-3, then fixed-1" in said
