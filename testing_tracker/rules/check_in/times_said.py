"""Days and times of day as people say them in each language: `5 a.m.`, `a las 5 a. m.`, `Monday, November 16`.

What belongs together is not broken over lines: the blanks within a time are no-break spaces.
"""

from datetime import date, datetime, time

from testing_tracker.rules.check_in.page_words import Language

_BLANK = "\u00a0"
_DAYS = {
    Language.ENGLISH: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    Language.SPANISH: ("Lunes", "Martes", "Miércoles", "Jueves", "Viernes", "Sábado", "Domingo"),
}
_MONTHS = {
    Language.ENGLISH: (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    Language.SPANISH: (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
}
_HALVES = {Language.ENGLISH: ("a.m.", "p.m."), Language.SPANISH: (f"a.{_BLANK}m.", f"p.{_BLANK}m.")}
# "12 p.m." is read both ways, so these have a word of their own.
_TWELVES = {
    Language.ENGLISH: {time(0): "midnight", time(12): "noon"},
    Language.SPANISH: {time(0): f"12{_BLANK}de{_BLANK}la{_BLANK}noche", time(12): f"12{_BLANK}del mediodía"},
}


def time_in_words(moment: time | datetime, language: Language) -> str:
    """A time of day to the minute: `5 a.m.`, `5:12 a.m.`, `noon`; `5 a. m.`, `12 del mediodía`."""
    at = time(moment.hour, moment.minute)
    if at in _TWELVES[language]:
        return _TWELVES[language][at]
    return f"{on_the_dial(at)}{_BLANK}{_HALVES[language][at.hour // 12]}"


def on_the_dial(moment: time | datetime) -> str:
    """A time of day without which half of the day it is in: `5`, `5:30`."""
    return f"{moment.hour % 12 or 12}" + (f":{moment.minute:02}" if moment.minute else "")


def article(moment: time | datetime) -> str:
    """The article of a time of day in Spanish."""
    return "la" if moment.hour % 12 == 1 else "las"


def the_time(moment: time | datetime, language: Language) -> str:
    """A time of day with its article, where the language has one: `las 5 a. m.`, `la 1 p. m.`."""
    said = time_in_words(moment, language)
    if language is Language.ENGLISH:
        return said
    return f"{article(moment)} {said}"


def day_in_words(day: date, language: Language) -> str:
    """A day that begins a sentence: `Monday, November 16`; `Lunes 16 de noviembre`."""
    weekday, month = _DAYS[language][day.weekday()], _MONTHS[language][day.month - 1]
    if language is Language.ENGLISH:
        return f"{weekday}, {month}{_BLANK}{day.day}"
    return f"{weekday} {day.day}{_BLANK}de{_BLANK}{month}"
