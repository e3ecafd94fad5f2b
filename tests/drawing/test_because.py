"""Why a draw is what it is: the program goes by a word of its own, and the sentence is for people."""

from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.drawing.closing import WORDINGS, Because, because_in, sentence

RELEASED = import_module("testing_tracker.store.migrations.versions.0007_states_as_columns")._SENTENCES
WITH_MORE = (Because.UNABLE, Because.WAS_CLOSED, Because.NOT_RECOLLECTED)


@pytest.mark.parametrize("because", Because)
def test_a_sentence_says_why(because):
    assert because_in(sentence(because)) is because


@pytest.mark.parametrize("because", WITH_MORE)
@given(more=st.text(min_size=1))
def test_also_with_what_a_person_said_besides(because, more):
    assert sentence(because, more).endswith(more)
    assert because_in(sentence(because, more)) is because


@pytest.mark.parametrize("words", [None, "", "snow", "moved away", "to be collected again, she says"])
def test_a_persons_own_words_are_no_cause_of_the_programs(words):
    assert because_in(words) is None


@pytest.mark.parametrize(("because", "said", "between"), RELEASED)
def test_every_wording_that_was_ever_released_is_known(because, said, between):
    """Whoever improves a sentence puts the new one behind the old one: yesterday's audit entries have the old one."""
    assert because_in(said) is Because(because)
    assert between is None or because_in(f"{said}{between}a burst pipe") is Because(because)


def test_no_two_causes_share_a_wording():
    wordings = [wording for some in WORDINGS.values() for wording in some]
    assert len(wordings) == len(set(wordings))


@pytest.fixture
def monday(clinic):
    """Eight people are due on a Monday on which most of what a night asks about has happened."""
    clinic.add("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", schedule="fixed-3")
    clinic("draw")
    clinic("result", "A1", "invalid")
    clinic("test", "A1", "--recollect")
    clinic("result", "A2", "invalid")
    clinic("test", "A2", "--recollect")
    clinic("collected", "A2")
    clinic("unable", "A3", "--reason", "two hours")
    return clinic


def on_tuesday(clinic) -> None:
    clinic("facility", "close", "2026-11-16", "--reason", "a burst pipe")
    clinic("facility", "open", "2026-11-16", "--reason", "mended")
    clinic.today = "2026-11-17"
    clinic("draw")


def what_became(clinic) -> list[tuple]:
    return clinic.rows("SELECT due_on, participant_id, status, outcome, because, unable FROM draw ORDER BY id")


def otherwise(monkeypatch) -> None:
    for because, said in WORDINGS.items():
        monkeypatch.setitem(WORDINGS, because, (*said, f"{because.name.lower()}, as it is put from today on"))


def go_on(clinic, monkeypatch, *, changes: int) -> list[tuple]:
    """Live on from Monday to a Friday's night, and change every sentence after some of the steps."""

    def asked_and_answered() -> None:
        clinic.today = "2026-11-19"
        clinic("test", "A5", "--on", "2026-11-17", "--reason", "at a hospital")
        clinic.run("draw")
        clinic("missed", "--all", "--on", "2026-11-18", "--yes")

    def missed_after_all() -> None:
        clinic("result", "A2", "negative", "--on", "2026-11-16")
        clinic("excuse", "A4", "--on", "2026-11-16", "--reason", "nobody was told")
        clinic.today = "2026-11-20"
        clinic.run("draw")

    def night_after_night() -> None:
        clinic.today = "2026-11-18"
        clinic("draw")

    steps = [lambda: on_tuesday(clinic), night_after_night, asked_and_answered, missed_after_all]
    for number, step in enumerate(steps):
        if number == changes:
            otherwise(monkeypatch)
        step()
    assert "All holds" in clinic("verify")
    return [what_became(clinic), clinic.json("recommendation", "list"), clinic.run("doctor").exit_code]


def test_who_improves_every_sentence_changes_no_draw(monday, tmp_path, monkeypatch):
    others = [monday.copy(tmp_path / f"{number}.db") for number in range(4)]
    as_it_is = go_on(monday, monkeypatch, changes=4)
    became = {because for _, _, _, _, because, _ in as_it_is[0]}
    assert {"not recollected", "unable to provide", "facility closed for a while"} <= became
    for changes, clinic in enumerate(others):
        with monkeypatch.context() as until_then:
            assert go_on(clinic, until_then, changes=changes) == as_it_is


def test_a_cause_that_was_changed_behind_the_programs_back_is_found(monday):
    on_tuesday(monday)
    monday.change("UPDATE draw SET because = NULL WHERE because = 'not recollected'")
    assert "A1: the draw is on record as collected, and the audit table does not lead to that" in monday.refused(
        "verify"
    )
