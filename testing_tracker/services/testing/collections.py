"""What was said of a collection beside the test: when, by whom, whether observed; and times that were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import instant, instant_reached
from testing_tracker.rules.exchange.csv_cells import read_day
from testing_tracker.rules.said import time_said
from testing_tracker.store.queries import governs, id_of
from testing_tracker.store.tables import Draw, Result, Specimen
from testing_tracker.store.work import Work


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
    rows = session.exec(select(Result).join(Draw, col(Draw.id) == Result.draw_id).where(which, governs()))
    return {
        row.draw_id: Collection(row.collected_at, row.note, cups.get(row.specimen_id) if row.specimen_id else None)
        for row in rows
        if row.outcome is not None
    }


def collection_in_words(collected_at: datetime | None, note: str | None, cup: Cup | None, zone: tzinfo) -> str:
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


CLOCKS_DIFFER = timedelta(minutes=5)  # two clocks on two walls are never quite the same


def check_has_happened(work: Work, moment: datetime, what: str) -> None:
    """Raise TestingTrackerError for a time later than now; `what` names it, such as `time of collection`.

    A pretended day of a training database has no hour, so there all of that day may have been.
    """
    if work.is_pretended:
        if moment >= instant_reached(work.today + timedelta(days=1), time(), work.zone):
            raise TestingTrackerError(f"The {what} is in the future; today is {work.today}.")
    elif moment > work.now + CLOCKS_DIFFER:
        raise TestingTrackerError(
            f"The {what} is in the future; it is {work.now.astimezone(work.zone):%H:%M on %Y-%m-%d} now. Check the "
            "time that was given, and the machine's clock."
        )


def check_collected_at(work: Work, due_on: date, moment: datetime | None) -> None:
    """Raise TestingTrackerError for a time of collection later than now, or before the day of its draw."""
    if moment is None:
        return
    check_has_happened(work, moment, "time of collection")
    if moment.astimezone(work.zone).date() < due_on:
        raise TestingTrackerError(f"The time of collection is before the draw's day, {due_on}.")


def collected_instant(work: Work, day: date, text: str, what: str = "time of collection") -> datetime:
    """The instant of a collection: a time of the draw's day, such as 9:05 or 9:05am, or an ISO instant; else local.

    Raises TestingTrackerError for anything else, for a time that the clock skipped that day, and for one that is still
    to come; `what` names the time in that refusal.
    """
    try:
        moment = datetime.fromisoformat(text) if "-" in text else _at(day, text)
        read_day(moment.date().isoformat())
        moment = instant(moment.date(), moment.time(), work.zone) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        hint = str(error) if "clock" in str(error) else "write 09:40, or 2026-11-23T09:40"
        if "could be" in str(error):
            raise TestingTrackerError(f"{error}.") from None
        raise TestingTrackerError(f"{text!r} is not a {what}; {hint}.") from None
    check_has_happened(work, moment, what)
    return moment


def _at(day: date, text: str) -> datetime:
    """A time of a day; with a zone or seconds only as ISO 8601 has them."""
    try:
        return datetime.combine(day, time_said(text))
    except ValueError as error:
        if "could be" in str(error):
            raise
        return datetime.fromisoformat(f"{day}T{text}")
