"""The tables of the page's file, and what is filled into them as their rows. Instants are seconds since 1970."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from testing_tracker.web.filling import Filling, PageContents, PagePlace

TABLES = (
    "CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS place (facility INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, name TEXT NOT NULL, "
    "phone TEXT NOT NULL, zone TEXT NOT NULL, zone_en TEXT NOT NULL, zone_es TEXT NOT NULL, "
    "training INTEGER NOT NULL, public_url TEXT, voice_token TEXT, languages TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS day (facility INTEGER NOT NULL, day TEXT NOT NULL, opens_at REAL NOT NULL, "
    "closes_at REAL NOT NULL, over_at REAL NOT NULL, answers_at REAL, PRIMARY KEY (facility, day)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS holder (facility INTEGER NOT NULL, id INTEGER PRIMARY KEY, number TEXT NOT NULL, "
    "salt BLOB NOT NULL, verifier BLOB NOT NULL, language TEXT NOT NULL, UNIQUE (facility, number))",
    "CREATE TABLE IF NOT EXISTS former_number (facility INTEGER NOT NULL, number TEXT NOT NULL, "
    "holder INTEGER NOT NULL, PRIMARY KEY (facility, number)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS answer (facility INTEGER NOT NULL, day TEXT NOT NULL, holder INTEGER NOT NULL, "
    "answer TEXT NOT NULL, come_from REAL, come_to REAL, in_time TEXT, late TEXT, "
    "PRIMARY KEY (holder, day)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS here (facility INTEGER NOT NULL, day TEXT NOT NULL, holder INTEGER NOT NULL, "
    "in_time TEXT NOT NULL, late TEXT NOT NULL, over TEXT NOT NULL, PRIMARY KEY (holder, day)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS visit (id INTEGER PRIMARY KEY AUTOINCREMENT, facility INTEGER NOT NULL, "
    "day TEXT NOT NULL, at REAL NOT NULL, channel TEXT NOT NULL, holder INTEGER, outcome TEXT NOT NULL, "
    "answer TEXT, timing TEXT, receipt TEXT)",
    "CREATE INDEX IF NOT EXISTS visit_holder_day ON visit (holder, day)",
    "CREATE INDEX IF NOT EXISTS visit_at ON visit (at)",
    "CREATE TABLE IF NOT EXISTS tries (who BLOB NOT NULL, hour INTEGER NOT NULL, wrong INTEGER NOT NULL, "
    "told INTEGER NOT NULL, PRIMARY KEY (who, hour)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS tries_hour ON tries (hour)",
    "CREATE TABLE IF NOT EXISTS beat (minute INTEGER PRIMARY KEY, served INTEGER NOT NULL, busy INTEGER NOT NULL, "
    "failed INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS probe (minute INTEGER PRIMARY KEY, reached INTEGER NOT NULL)",
)
"""`tries` are kept by hashes of numbers and places that only this file can make, and for two days."""

Rows = set[tuple[object, ...]]


def rows_of(contents: PageContents, since: Mapping[tuple[int, str], datetime]) -> Iterator[tuple[str, Rows]]:
    """What each table is to hold, the facility first.

    `since` is when the file has had a day's answers, by facility and day: whoever fills it again with that day's
    answers need not know.
    """
    every = [(filling.place.facility, filling) for filling in contents.fillings]
    yield "place", {_of_place(one.place) for _, one in every}
    yield "day", {row for facility, one in every for row in _days(facility, one, since)}
    yield (
        "holder",
        {
            (facility, holder.id, holder.number, holder.salt, holder.verifier, str(holder.language))
            for facility, one in every
            for holder in one.holders
        },
    )
    yield (
        "former_number",
        {(facility, former.number, former.holder) for facility, one in every for former in one.former_numbers},
    )
    yield (
        "answer",
        {
            (
                *(facility, f"{given.day}", given.holder, str(given.answer), _at(given.come_from), _at(given.come_to)),
                *(given.in_time, given.late),
            )
            for facility, one in every
            for given in one.answers
        },
    )
    yield (
        "here",
        {
            (facility, f"{here.day}", here.holder, here.in_time, here.late, here.over)
            for facility, one in every
            for here in one.here or ()
        },
    )


def _of_place(place: PagePlace) -> tuple[object, ...]:
    return (
        *(place.facility, place.path, place.name, place.phone, place.zone, place.zone_en, place.zone_es),
        *(int(place.training), place.public_url, place.voice_token, " ".join(place.languages)),
    )


def _days(facility: int, one: Filling, since: Mapping[tuple[int, str], datetime]) -> Iterator[tuple[object, ...]]:
    for day in one.days:
        answers_at = day.answers_at and min(day.answers_at, since.get((facility, f"{day.day}"), day.answers_at))
        yield facility, f"{day.day}", _at(day.opens_at), _at(day.closes_at), _at(day.over_at), _at(answers_at)


def _at(instant: datetime | None) -> float | None:
    return None if instant is None else instant.timestamp()
