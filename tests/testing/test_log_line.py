"""What a nurse types is read as it is meant, or not at all."""

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing import log_line
from testing_tracker.rules.testing.amounts import Amount
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.testing.log_line import (
    Entry,
    Key,
    Tried,
    cleaned,
    codes_meant,
    key_of,
    looks_like_a_label,
    split_code,
    split_which,
)
from testing_tracker.rules.words import Outcome, Status

read_said = partial(log_line.read_said, SHIPPED)
is_part_of_a_result = partial(log_line.is_part_of_a_result, SHIPPED)
LINES = st.text(max_size=40)
CODES = st.text("abnAB17-._", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("n", Entry(Outcome.NEGATIVE)),
        ("NEG", Entry(Outcome.NEGATIVE)),
        ("coc", Entry(Outcome.POSITIVE, ("cocaine",))),
        ("coc opi", Entry(Outcome.POSITIVE, ("cocaine", "opiates"))),
        ("coc,opi", Entry(Outcome.POSITIVE, ("cocaine", "opiates"))),
        ("THC, thc ; coc", Entry(Outcome.POSITIVE, ("cannabinoids", "cocaine"))),
        ("cocaine metabolite opi", Entry(Outcome.POSITIVE, ("cocaine", "opiates"))),
        ("p coc", Entry(Outcome.POSITIVE, ("cocaine",))),
        ("i cup leaked, no lid", Entry(Outcome.INVALID, because="cup leaked, no lid")),
        ("i", Entry(Outcome.INVALID)),
        ("m", Entry(Status.MISSED)),
        ("r left the room", Entry(Status.REFUSED, because="left the room")),
        ("e court date", Entry(Status.EXCUSED, because="court date")),
        ("EXCUSED", Entry(Status.EXCUSED)),
        ("u", Entry(Tried.UNABLE)),
        ("unable could not after 2 h", Entry(Tried.UNABLE, because="could not after 2 h")),
        ("c", Entry(Status.COLLECTED)),
        ("c S-104", Entry(Status.COLLECTED, label="S-104")),
        ("c #coc", Entry(Status.COLLECTED, label="coc")),
        ("#S-104 n", Entry(Outcome.NEGATIVE, label="S-104")),
        ("#S-104 c", Entry(Status.COLLECTED, label="S-104")),
        ("coc=320", Entry(Outcome.POSITIVE, ("cocaine",), amounts={"cocaine": Amount(Decimal(320))})),
        ("coc=320, fen", Entry(Outcome.POSITIVE, ("cocaine", "fentanyl"), amounts={"cocaine": Amount(Decimal(320))})),
        (
            "p alcohol=40 mg/dL",
            Entry(Outcome.POSITIVE, ("alcohol",), amounts={"alcohol": Amount(Decimal(40), "mg/dL")}),
        ),
        ("p:coc,opi", Entry(Outcome.POSITIVE, ("cocaine", "opiates"))),
        ("I:leaked", Entry(Outcome.INVALID, because="leaked")),
        ("lab n", Entry(Outcome.NEGATIVE, by_lab=True)),
        ("LAB #S-104 coc", Entry(Outcome.POSITIVE, ("cocaine",), label="S-104", by_lab=True)),
    ],
)
def test_a_result_is_read_as_it_is_typed(typed, said):
    assert read_said(typed) == said


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("n coc", "stands alone"),
        ("coc n", "does not stand beside analytes"),
        ("cocain", "did you mean cocaine"),
        ("coc xyz", "'xyz' is not an analyte"),
        ("p", "What was found"),
        ("positive", "What was found"),
        (",", "What was found"),
        ("coc50", "coc=50"),
        ("coc 300", "coc=300"),
        ("lab Northside n", "'Northside' is not an analyte"),
        ("coc=", "write coc=320 in one word"),
        ("=320", "write coc=320 in one word"),
        ("coc=lots", "'lots' is not an amount"),
        ("coc=320 benzoylecgonine=90", "has two amounts"),
        ("c coc", "does not look like a cup's label"),
        ("c S-104 n", "alone, one word"),
        ("#S-104 c S-105", "these are two"),
        ("#S-104 m", "gave no cup"),
        ("# n", "right behind"),
        ("lab m", "A laboratory does not say"),
        ("lab", "What does the laboratory say"),
    ],
)
def test_what_is_no_result_is_refused_with_its_remedy(typed, hint):
    with pytest.raises(TestingTrackerError, match=hint):
        read_said(typed)


@pytest.mark.parametrize("text", ["S-10433", "10433", "A1234567", "#S-1", "#coc"])
def test_a_long_number_is_a_label_that_was_scanned(text):
    assert looks_like_a_label(SHIPPED, text)


@pytest.mark.parametrize(
    "text", ["320", "coc320", "coc=320", "mdm4", "6-mam", "6-mma", "cocain1", "neg123", "n", "C08", "S-10433 n", "#a b"]
)
def test_what_may_be_an_analyte_or_an_amount_is_no_label(text):
    assert not looks_like_a_label(SHIPPED, text)


@given(st.sampled_from(SHIPPED.names), st.integers(0, 30), st.sampled_from("0123456789abcdefgh"))
def test_an_analyte_with_one_letter_wrong_is_no_label(name, place, typed):
    place %= len(name)
    assert not looks_like_a_label(SHIPPED, name[:place] + typed + name[place + 1 :])
    assert not looks_like_a_label(SHIPPED, name[:place] + typed + name[place:])


@pytest.mark.parametrize("raw", ["A17\r\n", "A17\r", "\x02A17\x03\r\n", "\tA17 ", "A17\x00"])
def test_what_a_scanner_adds_is_left_out(raw):
    assert cleaned(raw) == "A17"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("?", Key.HELP),
        ("u", Key.UNDO),
        ("U", Key.UNDO),
        ("q", Key.QUIT),
        ("s", Key.SKIP),
        ("Quit", Key.QUIT),
        ("who", Key.WHO),
        ("help", Key.HELP),
    ],
)
def test_a_key_stands_alone(typed, key):
    assert key_of(typed) is key
    assert key_of(f"{typed} n") is None


@pytest.mark.parametrize(
    ("typed", "parts"),
    [("A17 coc opi", ("A17", "coc opi")), ("A17, coc,opi", ("A17", "coc,opi")), ("A17", ("A17", "")), (",", ("", ""))],
)
def test_the_first_word_is_the_code(typed, parts):
    assert split_code(typed) == parts


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("cause n", (True, "n")),
        ("for cause n", (True, "n")),
        ("For-Cause", (True, "")),
        ("scheduled coc", (False, "coc")),
        ("n", (None, "n")),
        ("i for causes unknown", (None, "i for causes unknown")),
    ],
)
def test_a_line_may_say_which_of_two_draws(typed, parts):
    assert split_which(typed) == parts


def test_a_beginning_or_an_end_of_a_code_is_enough():
    codes = ["A17", "A18", "B17", "N23", "n4"]
    assert codes_meant("a18", codes) == ["A18"]
    assert codes_meant("18", codes) == ["A18"]
    assert codes_meant("17", codes) == ["A17", "B17"]
    assert codes_meant("A1", codes) == ["A17", "A18"]
    assert codes_meant("x", codes) == []


def test_a_letter_alone_is_no_abbreviation():
    assert codes_meant("n", ["N23"]) == [], "it was meant for the result"
    assert codes_meant("n", ["N", "N23"]) == ["N"]
    assert codes_meant("3", ["N23"]) == ["N23"]


def test_words_of_a_result_are_known():
    assert all(is_part_of_a_result(word) for word in ("n", "M", "coc", "pos", "6-MAM"))
    assert not any(is_part_of_a_result(word) for word in ("A17", "s", "?"))


@given(LINES)
def test_whatever_is_typed_is_read_or_refused(line):
    text = cleaned(line)
    assert cleaned(text) == text
    key_of(text)
    split_which(text)
    first, rest = split_code(text)
    assert " " not in first
    try:
        said = read_said(rest or first)
    except TestingTrackerError:
        return
    assert bool(said.analytes) == (said.what is Outcome.POSITIVE)
    assert set(said.amounts) <= set(said.analytes)


NAMES = st.lists(st.sampled_from(SHIPPED.names), min_size=1, max_size=5, unique=True)


@given(NAMES, st.sampled_from([" ", ",", ", "]))
def test_analytes_by_their_own_names_are_found_again_in_order(names, between):
    assert read_said(between.join(names)) == Entry(Outcome.POSITIVE, tuple(names))


@given(CODES, st.lists(CODES, max_size=6))
def test_the_whole_code_always_means_itself_alone(code, others):
    codes = list({one.casefold(): one for one in [*others, code]}.values())
    assert [one.casefold() for one in codes_meant(code, codes)] == [code.casefold()]
