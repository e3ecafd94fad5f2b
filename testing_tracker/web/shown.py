"""What became of an attempt, as a page shows it: every instant by the facility's clock."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.web.filling import PagePlace
from testing_tracker.web.pages import PageKind, PageShown
from testing_tracker.web.visits import Came, DaysShown

_UTC = ZoneInfo("UTC")


def page_at(
    kind: PageKind, language: Language, at: datetime, place: PagePlace | None, days: DaysShown | None = None
) -> PageShown:
    """A page with what each says of where it is and when it is open."""
    zone = ZoneInfo(place.zone) if place else _UTC
    today = days.today if days else None
    return PageShown(
        kind,
        language,
        at.astimezone(zone),
        place,
        path=f"/{place.path}" if place and place.path else "",
        opens_at=_in(today.opens_at if today else None, zone),
        closes_at=_in(today.closes_at if today else None, zone),
        over_at=_in(today.over_at if today else None, zone),
        opens_next=_in(days.opens_next if days else None, zone),
    )


def page_of(came: Came, language: Language, place: PagePlace, number: str = "") -> PageShown:
    """The page of an attempt; `number` is as it was typed."""
    zone, given = ZoneInfo(place.zone), came.given
    return replace(
        page_at(came.kind, language, came.at, place, came.days),
        timing=came.timing,
        come_from=_in(given.come_from if given else None, zone),
        come_to=_in(given.come_to if given else None, zone),
        receipt=came.receipt,
        same_since=_in(came.same_since, zone),
        replaces=_in(came.replaces, zone),
        number=number,
    )


def _in(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if instant is None else instant.astimezone(zone)
