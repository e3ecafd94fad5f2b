"""Says which rows that may change were changed, added or removed by anything but this program."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import text

from testing_tracker.services.keeping.checking.stumbling import Found
from testing_tracker.store.ledger.last_written import Otherwise, rows_otherwise
from testing_tracker.store.work import Work

_OF_PARTICIPANT = "SELECT code FROM participant p WHERE p.id = {}"
_CODES = {
    table: text(_OF_PARTICIPANT.format(f"(SELECT participant_id FROM {table} WHERE id = :id)"))  # noqa: S608  our own names
    for table in ("recommendation", "review", "renaming", "draw")
} | {
    "participant": text(_OF_PARTICIPANT.format(":id")),
    "evidence": text(
        _OF_PARTICIPANT.format(
            "(SELECT participant_id FROM recommendation r JOIN evidence e ON r.id = e.recommendation_id "
            "WHERE e.id = :id)"
        )
    ),
}
# What a row said and says is repeated of these alone: their words are the field's, and no sentence of anybody's.
_SHOWN = ("status", "from_level", "to_level", "accepted_level", "taken_as", "about", "channel", "outcome", "attempts")


def rows_not_as_written(work: Work) -> Iterator[Found]:
    """Rows that are not as the program last wrote them, as found today: when that was done nobody can know."""
    for found in rows_otherwise(work.session, work.facility_id):
        yield work.today, code_of(work, found.table, found.id), _what(found)


def code_of(work: Work, table: str, number: int) -> str:
    """The code of the participant whom a row is about; nothing of a row that is about none, or is not there."""
    query = _CODES.get(table)
    return str((query is not None and work.session.connection().execute(query, {"id": number}).scalar()) or "")


def _what(found: Otherwise) -> str:
    row = f"the {found.table} {found.id} on record"
    if found.was is None:
        return f"{row} was {_ADDED.get(found.table, 'added')} behind the program's back"
    if found.now is None:
        return f"{row} was {_REMOVED.get(found.table, 'removed')} behind the program's back"
    changed = ", ".join(_change(name, found.was, found.now) for name in found.columns)
    return f"{row} is not as the program last wrote it: {changed}"


# Of a participant only a name is kept, and of a correction the name that was there before.
_ADDED = dict.fromkeys(("participant", "renaming"), "given a name")
_REMOVED = dict.fromkeys(("participant", "renaming"), "robbed of its name")


def _change(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if name not in _SHOWN:
        return f"its {name.replace('_', ' ')}"
    return f"its {name.replace('_', ' ')} is {now.get(name, 'empty')}, and was {was.get(name, 'empty')}"
