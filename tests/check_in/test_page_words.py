"""What participants read and hear: the same in each language, and nothing that tells others what it is about."""

import re
from string import Formatter

import pytest

from testing_tracker.rules.check_in.card_words import OnCard
from testing_tracker.rules.check_in.neutral import told_by
from testing_tracker.rules.check_in.page_words import Language, Sentence, in_one_sentence

# Whoever reads over a participant's shoulder must not learn what they are asked for, or where they are treated.
FORBIDDEN = {
    Language.ENGLISH: (
        r"tests?|testing|tested|drugs?|samples?|urine|specimens?|screens?|screening|courts?|program(me)?s?|probation|"
        r"treatments?|recovery|counsel\w*|therap\w*|diagnos\w*|addict\w*|patients?|clinics?|sober\w*|links?|https?|drawn?"
    ),
    Language.SPANISH: (
        r"pruebas?|test|drogas?|muestras?|orina|tamiza\w*|tribunal\w*|cortes?|juez\w*|programas?|condicional|"
        r"tratamientos?|recuperaci\w*|consejer\w*|terap\w*|diagn\w*|adicci\w*|pacientes?|cl[ií]nicas?|sobri\w*|"
        r"enlaces?|https?|sorte\w*"
    ),
}
EVERY = [*Sentence, *OnCard]


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("sentence", EVERY)
def test_every_sentence_is_there_in_both_languages_with_the_same_to_fill_in(sentence):
    assert len(sentence.value) == len(Language)
    assert all(sentence.value)
    english, spanish = (sentence.in_language(language) for language in Language)
    assert placeholders(english) == placeholders(spanish)
    assert english.count("{}") == spanish.count("{}") == 0


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("sentence", EVERY)
def test_no_sentence_tells_what_it_is_about(sentence, language):
    said = sentence.in_language(language)
    for words in FORBIDDEN.values():  # also English in Spanish
        assert not re.search(rf"\b({words})\b", said, re.IGNORECASE), said
    assert told_by(said) == []


def test_the_forbidden_words_are_found():
    for language, said in (
        (Language.ENGLISH, "Your drug screen is today."),
        (Language.ENGLISH, "See this link."),
        (Language.SPANISH, "Venga a dar una muestra de orina."),
    ):
        assert re.search(rf"\b({FORBIDDEN[language]})\b", said, re.IGNORECASE)


@pytest.mark.parametrize("language", Language)
def test_the_answers_begin_with_different_words(language):
    answers = [one.in_language(language) for one in (Sentence.COME, Sentence.STAY, Sentence.DONE)]
    assert len({re.match(r"\w+", answer)[0] for answer in answers}) == 3
    assert Sentence.COME_TODAY.in_language(language).split()[0] == answers[0].split()[0]


def test_the_telephone_is_named_wherever_there_is_no_answer():
    for sentence in (Sentence.UNKNOWN, Sentence.BUSY, Sentence.FOOT, Sentence.CALL_PEOPLE):
        assert placeholders(sentence.in_language(Language.ENGLISH)) == ["phone"]


def test_what_is_wrong_is_said_first():
    for language in Language:
        first = Sentence.DID_NOT_WORK.in_language(language)
        assert Sentence.WRONG.in_language(language).startswith(f"{first}.")
        assert Sentence.DIGIT.in_language(language).startswith(f"{first}.")


def test_a_sentence_that_ends_with_a_time_has_one_full_stop():
    assert in_one_sentence("Until 10 a.m..") == "Until 10 a.m."
    assert in_one_sentence("Hasta las 10 a. m..") == "Hasta las 10 a. m."
    assert in_one_sentence("Until noon.") == "Until noon."


@pytest.mark.parametrize("sentence", EVERY)
def test_spanish_is_spelled_with_its_own_letters(sentence):
    """Whatever asks begins with its own mark, and nothing was left in the other language."""
    spanish = sentence.in_language(Language.SPANISH)
    assert spanish.count("?") == spanish.count("¿")
    assert not re.search(r"\b(the|you|check|call|please|today)\b", spanish, re.IGNORECASE)
