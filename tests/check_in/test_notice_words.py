"""What reminders say: the same to all, in both languages, within one text message, and nothing of a test."""

from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.check_in.check_in_file import LONGEST_NAME, LONGEST_PHONE, NoticeSettings
from testing_tracker.rules.check_in.gsm import MOST_CHARACTERS, outside_of_alphabet
from testing_tracker.rules.check_in.in_force import NotCheckedIn, RuleInForce
from testing_tracker.rules.check_in.neutral import told_by
from testing_tracker.rules.check_in.notice_times import kinds_owed, may_leave, may_leave_until
from testing_tracker.rules.check_in.notice_words import SUBJECTS, TRAINING, Reminding
from testing_tracker.rules.check_in.notices import NoticeKind
from testing_tracker.rules.check_in.page_words import Language

ENGLISH, SPANISH = Language.ENGLISH, Language.SPANISH
HH = Reminding("HH", "555-0100", time(5), time(10))
EVERY = list(product(NoticeKind, Language))


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        (
            NoticeKind.MORNING,
            ENGLISH,
            "HH: please check in today between 5 and 10 a.m. Questions: 555-0100. Reply STOP to end.",
        ),
        (
            NoticeKind.MORNING,
            SPANISH,
            "HH: favor de registrarse hoy entre las 5 y las 10 a.m. Preguntas: 555-0100. Responda STOP para terminar.",
        ),
        (NoticeKind.REMINDER, ENGLISH, "HH: check-in closes today at 10 a.m. Questions: 555-0100. Reply STOP to end."),
        (
            NoticeKind.REMINDER,
            SPANISH,
            "HH: el registro de hoy cierra a las 10 a.m. Preguntas: 555-0100. Responda STOP para terminar.",
        ),
    ],
)
def test_a_text_says_when_and_whom_to_call(kind, language, said):
    assert HH.text(kind, language, stops=True) == said


@pytest.mark.parametrize(
    ("opens", "closes", "english", "spanish"),
    [
        (time(5, 30), time(13), "between 5:30 a.m. and 1 p.m.", "entre las 5:30 a.m. y la 1 p.m."),
        (time(1), time(2, 15), "between 1 and 2:15 a.m.", "entre la 1 y las 2:15 a.m."),
        (time(0), time(12), "between 12 a.m. and 12 p.m.", "entre las 12 a.m. y las 12 p.m."),
    ],
)
def test_times_are_said_as_people_say_them(opens, closes, english, spanish):
    said = Reminding("HH", "555-0100", opens, closes)
    assert f" {english} Questions" in said.text(NoticeKind.MORNING, ENGLISH, stops=False)
    assert f" {spanish} Preguntas" in said.text(NoticeKind.MORNING, SPANISH, stops=False)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("stops", [False, True])
@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_the_longest_is_one_text_in_its_alphabet(kind, language, stops, training):
    longest = Reminding("W" * LONGEST_NAME, "9" * LONGEST_PHONE, time(10, 30), time(12, 30), training=training)
    said = longest.text(kind, language, stops=stops)
    assert len(said) <= MOST_CHARACTERS
    assert outside_of_alphabet(said) == []
    assert "\n" not in said
    assert said.startswith(TRAINING) == training


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_nothing_is_said_of_a_test_in_any_of_them(kind, language):
    subject, body = HH.mail(kind, language)
    for said in (HH.text(kind, language, stops=True), HH.text(kind, language, stops=False), subject, body):
        assert told_by(said) == []
        assert "http" not in said
    assert subject == SUBJECTS[language]
    assert "STOP" not in body  # nobody reads what is answered to a mail


def test_where_nothing_reads_a_stop_it_is_not_promised():
    assert "STOP" not in HH.text(NoticeKind.MORNING, ENGLISH, stops=False)
    assert HH.text(NoticeKind.MORNING, ENGLISH, stops=False).endswith(" To end these, tell us.")
    assert HH.text(NoticeKind.MORNING, SPANISH, stops=False).endswith(" Para terminar, llame.")


ZONE = ZoneInfo("America/Los_Angeles")
RULE = RuleInForce(date(2026, 1, 1), time(5), time(10), page=True, not_checked_in=NotCheckedIn.MISSED)
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))


@st.composite
def settings_of_notices(draw) -> NoticeSettings:
    quiet = draw(st.none() | st.tuples(TIMES, TIMES).filter(lambda two: two[0] != two[1]))
    return NoticeSettings(draw(st.none() | TIMES), draw(st.none() | st.integers(1, 720)), quiet)


@examples(300)
@given(
    settings=settings_of_notices(),
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    at=TIMES,
    opens=TIMES,
    closes=TIMES,
)
def test_nothing_leaves_in_quiet_hours_or_after_closing_on_any_day_of_any_clinic(settings, day, at, opens, closes):
    rule = RuleInForce(day, *sorted((opens, closes)), page=True, not_checked_in=NotCheckedIn.MISSED)
    window = rule.window(day, rule.closes, ZONE)
    local_now = datetime.combine(day, at, ZONE)
    kinds = kinds_owed(settings, window, local_now)
    if kinds:
        assert local_now < window.closes
        assert not settings.is_quiet(at)
        assert may_leave(settings, window, local_now)
        until = may_leave_until(settings, window, local_now)
        assert local_now < until <= window.closes
        before = (until - timedelta(minutes=1)).astimezone(ZONE)
        assert before < local_now or not settings.is_quiet(before.time()) or before.utcoffset() != local_now.utcoffset()
    assert len(kinds) <= 1


def test_quiet_hours_go_over_midnight():
    settings = NoticeSettings(quiet=(time(21), time(6, 30)))
    quiet = [hour for hour in range(24) if settings.is_quiet(time(hour, 29))]
    assert quiet == [0, 1, 2, 3, 4, 5, 6, 21, 22, 23]
    assert not settings.is_quiet(time(6, 30))
    assert settings.is_quiet(time(21))
    assert not any(NoticeSettings().is_quiet(time(hour)) for hour in range(24))


def test_on_the_night_the_clock_is_put_forward_the_window_decides():
    day = date(2027, 3, 14)
    window = RuleInForce(day, time(2, 30), time(4), page=True, not_checked_in=NotCheckedIn.MISSED).window(
        day, time(4), ZONE
    )
    settings = NoticeSettings(reminder_minutes=60)
    assert kinds_owed(settings, window, datetime(2027, 3, 14, 1, 59, tzinfo=ZONE)) == ()
    assert kinds_owed(settings, window, datetime(2027, 3, 14, 3, 0, tzinfo=ZONE)) == (NoticeKind.REMINDER,)
    assert kinds_owed(settings, window, datetime(2027, 3, 14, 4, 0, tzinfo=ZONE)) == ()
