"""The readers of values in files that people edit: each takes what fits, and nothing that merely looks like it."""

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.exchange import toml_file
from testing_tracker.rules.exchange.toml_file import TomlFile
from testing_tracker.rules.words import SPECIMENS, Method

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
READERS = {
    "flag": toml_file.flag,
    "day": toml_file.day,
    "whole number": toml_file.whole_number(1, 7),
    "matching": toml_file.matching(re.compile("[a-z]+")),
    "one of": toml_file.one_of(Method),
    "some of": toml_file.some_of(SPECIMENS),
    "list": toml_file.list_of,
}


@pytest.mark.parametrize(
    ("reader", "value", "read"),
    [
        ("flag", True, True),
        ("day", "2026-12-24", date(2026, 12, 24)),
        ("day", date(2026, 12, 24), date(2026, 12, 24)),
        ("whole number", 7, 7),
        ("matching", "abc", "abc"),
        ("one of", "definitive", Method.DEFINITIVE),
        ("some of", ["hair", "urine"], ("hair", "urine")),
        ("list", [], []),
    ],
)
def test_a_reader_takes_what_fits(reader, value, read):
    found = READERS[reader](value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("flag", 1),
        ("flag", "true"),
        ("day", "12-24"),
        ("day", "20261224"),
        ("day", "2026-02-30"),
        ("day", datetime(2026, 12, 24)),  # noqa: DTZ001  a TOML file may hold one
        ("whole number", True),
        ("whole number", 8),
        ("whole number", 1.0),
        ("matching", "abc\n"),
        ("one of", "DEFINITIVE"),
        ("one of", ["definitive"]),
        ("some of", []),
        ("some of", "urine"),
        ("some of", ["urine", "urine"]),
        ("some of", ["urine", ["hair"]]),
        ("list", {"a": 1}),
    ],
)
def test_a_reader_refuses_what_does_not_fit(reader, value):
    with pytest.raises(ValueError):  # noqa: PT011  what was wanted is said by who asks
        READERS[reader](value)


@given(st.sampled_from(sorted(READERS)), VALUES)
def test_any_value_is_read_or_refused(reader, value):
    file = TomlFile({"section": {"key": value}})
    missing = object()
    found = file.value("section.key", missing, READERS[reader], "right")
    assert (found is missing) == bool(file.problems)
    assert all(problem.startswith("section.key: ") for problem in file.problems)


def test_all_that_a_file_cannot_have_is_told_in_its_order():
    file = TomlFile({"title": "x", "mail": {"hots": 1, "to": []}, "fax": {}, "folder": 3})
    sections = {"title": (), "mail": ("host", "to"), "folder": ("path",)}
    file.refuse_unknown(sections, "a file has [mail], [folder]", {"mail": ("host",)})
    assert file.problems == [
        "mail.hots: unknown; [mail] has host, to",
        "mail.host: missing; [mail] needs it",
        "fax: unknown; a file has [mail], [folder]",
        "folder: must be a table that begins with [folder]",
    ]
