"""Hours and days are said as people say them, in both languages."""

import calendar
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.check_in.times_said import day_in_words, the_time, time_in_words
from testing_tracker.rules.said import time_said

EN, ES = Language.ENGLISH, Language.SPANISH


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("at", "english", "spanish"),
    [
        (time(5), "5 a.m.", "las 5 a. m."),
        (time(5, 12), "5:12 a.m.", "las 5:12 a. m."),
        (time(10), "10 a.m.", "las 10 a. m."),
        (time(12), "noon", "las 12 del mediodía"),
        (time(12, 1), "12:01 p.m.", "las 12:01 p. m."),
        (time(13), "1 p.m.", "la 1 p. m."),
        (time(13, 5), "1:05 p.m.", "la 1:05 p. m."),
        (time(1, 30), "1:30 a.m.", "la 1:30 a. m."),
        (time(17), "5 p.m.", "las 5 p. m."),
        (time(0), "midnight", "las 12 de la noche"),
        (time(0, 59), "12:59 a.m.", "las 12:59 a. m."),
        (time(23, 59, 59), "11:59 p.m.", "las 11:59 p. m."),
    ],
)
def test_times_of_day(at, english, spanish):
    assert plain(the_time(at, EN)) == plain(time_in_words(at, EN)) == english
    assert plain(the_time(at, ES)) == spanish
    assert plain(time_in_words(at, ES)) == spanish.removeprefix("las ").removeprefix("la ")


@given(st.times())
def test_what_is_said_is_the_time_to_the_minute(at):
    whole = time(at.hour, at.minute)
    for said in (plain(time_in_words(at, EN)), plain(time_in_words(at, ES)).replace(". m.", ".m.")):
        named = {"noon": "12 pm", "midnight": "12 am", "12 del mediodía": "12 pm", "12 de la noche": "12 am"}
        assert time_said(named.get(said, said)) == whole


@given(st.times(), st.sampled_from(Language))
def test_no_time_is_broken_over_lines(at, language):
    assert " " not in time_in_words(at, language)


def test_days():
    assert plain(day_in_words(date(2026, 11, 16), EN)) == "Monday, November 16"
    assert plain(day_in_words(date(2026, 11, 16), ES)) == "Lunes 16 de noviembre"
    assert plain(day_in_words(datetime(2027, 1, 2, 3, 4), ES)) == "Sábado 2 de enero"  # noqa: DTZ001


@given(st.dates())
def test_every_day_of_the_week_and_every_month_has_its_name(day):
    weekday, month = calendar.day_name[day.weekday()], calendar.month_name[day.month]
    assert plain(day_in_words(day, EN)) == f"{weekday}, {month} {day.day}"
    assert day_in_words(day, ES)[0].isupper()
