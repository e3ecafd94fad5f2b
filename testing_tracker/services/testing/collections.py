"""What was said of a collection beside what the test said: when, by whom, observed or not, and the note."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from testing_tracker.store.queries import counts, id_of
from testing_tracker.store.tables import Draw, Result, Specimen


@dataclass(frozen=True)
class Cup:
    """A specimen as people know it: `specimen_id` is its label. Instants are in UTC."""

    specimen_id: str | None
    kind: str
    collector: str | None
    observed: bool | None
    collected_at: datetime | None
    received_at: datetime | None
    temperature: str | None
    validity: str


@dataclass(frozen=True)
class Collection:
    """When a specimen was taken (UTC), what was noted with its result, and the cup where anything is known of it."""

    collected_at: datetime | None
    note: str | None
    specimen: Cup | None


NOTHING_SAID = Collection(None, None, None)


def cups_by_row(session: Session, which: ColumnElement[bool]) -> Mapping[int, Cup]:
    """The cups of some draws, by the id of any of their rows, each as it was last corrected while it was the draw's."""
    rows = session.exec(select(Specimen).join(Draw, col(Draw.id) == Specimen.draw_id).where(which)).all()
    later = {row.replaces_id: row for row in rows if row.replaces_id is not None and not row.withdrawn}
    return {id_of(row): _cup(_newest(row, later)) for row in rows}


def _newest(row: Specimen, later: Mapping[int, Specimen]) -> Specimen:
    while (after := later.get(id_of(row))) is not None and after.draw_id == row.draw_id:
        row = after
    return row


def _cup(row: Specimen) -> Cup:
    return Cup(
        specimen_id=row.label,
        kind=row.kind,
        collector=row.collector,
        observed=row.observed,
        collected_at=row.collected_at,
        received_at=row.received_at,
        temperature=row.temperature,
        validity=row.validity,
    )


def collections_of(session: Session, which: ColumnElement[bool]) -> dict[int, Collection]:
    """What was said of the collections that the governing results of some draws rest on, by draw."""
    cups = cups_by_row(session, which)
    rows = session.exec(select(Result).join(Draw, col(Draw.id) == Result.draw_id).where(which, counts()))
    return {
        row.draw_id: Collection(row.collected_at, row.note, cups.get(row.specimen_id) if row.specimen_id else None)
        for row in rows
        if row.outcome is not None
    }


def in_words(collected_at: datetime | None, note: str | None, cup: Cup | None, zone: tzinfo) -> str:
    """All that was said, in a line in the facility's time; nothing where nothing was."""
    at = collected_at or (cup.collected_at if cup is not None else None)
    collected = [f"{at.astimezone(zone):%Y-%m-%d %H:%M}"] if at is not None else []
    said = []
    if cup is not None:
        collected += [f"by {cup.collector}"] if cup.collector else []
        said += ["observed" if cup.observed else "not observed"] if cup.observed is not None else []
        said += [f"received {cup.received_at.astimezone(zone):%Y-%m-%d %H:%M}"] if cup.received_at is not None else []
        said += [f"specimen {cup.specimen_id}"] if cup.specimen_id else []
        said += [f"{cup.temperature} C"] if cup.temperature is not None else []
    first = [f"collected {' '.join(collected)}"] if collected else []
    words = ", ".join([*first, *said])
    return "; ".join([*([words] if words else []), *([f"note: {note}"] if note else [])])
