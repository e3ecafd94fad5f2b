"""What counts as stuck of checking in: who cannot, who does not, and a page that nobody reaches or may not for long."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from testing_tracker.rules.keeping.stuck import Matter, Stuck

SILENT_DAYS = 3  # of not checking in, in a row, after which somebody asks; as ShadowTrack does
CERTIFICATE_DAYS = 14
MOST_NAMED = 5  # whose missing cards are a line each; more are one line


def without_card(codes: Sequence[str], today: date) -> Iterator[Stuck]:
    """Who is to check in and has no card, by code."""
    if len(codes) > MOST_NAMED:
        what = f"{len(codes)} participants have no card, and cannot check in"
        yield Stuck(Matter.CHECK_IN, what, today, None, "testing-tracker participant card --all --print cards.pdf")
        return
    for code in codes:
        do = f"testing-tracker participant card {code}"
        yield Stuck(Matter.CHECK_IN, "no card, so no check-in", today, code, do)


def silent(code: str, since: date) -> Stuck:
    """Somebody who has not checked in for days on which that was asked, and could be done."""
    what = f"has not checked in for {SILENT_DAYS} days in a row"
    return Stuck(Matter.CHECK_IN, what, since, code, f"testing-tracker checkin show {code}")


def guarded(code: str, today: date) -> Stuck:
    """A number that somebody tries PINs for."""
    do = f"testing-tracker participant card {code} --new-number --reason TEXT"
    return Stuck(Matter.CHECK_IN, "somebody tries PINs with the number", today, code, do)


def not_reached(since: date, why: str) -> Stuck:
    """The page does not answer from outside."""
    what = f"the check-in page is not reached from outside: {why}"
    return Stuck(Matter.CHECK_IN, what, since, None, "testing-tracker status")


def certificate(ends: datetime, now: datetime, today: date) -> Stuck | None:
    """The page's certificate ends within days, and no telephone opens the page after that."""
    if ends > now + timedelta(days=CERTIFICATE_DAYS):
        return None
    has = "has ended" if ends <= now else "ends"
    what = f"the certificate of the check-in page {has} on {ends:%Y-%m-%d}: renew it where the proxy gets it from"
    return Stuck(Matter.CHECK_IN, what, today, None, "testing-tracker web sync")


def unwatched(today: date) -> Stuck:
    """Nobody looks at the page from outside."""
    what = "nobody looks at the check-in page from outside: [page] of the check-in file has no public_url"
    do = 'write the page\'s address there: public_url = "https://…"'
    return Stuck(Matter.CHECK_IN, what, today, None, do, needs_doing=False)


def page_clock(before: datetime, after: datetime, on: date) -> Stuck:
    """The page's clock was put back between two visits."""
    what = f"the page's clock went back from {before:%Y-%m-%d %H:%M} to {after:%Y-%m-%d %H:%M} between two visits"
    do = "put the clock of the page's machine right, and keep it so"
    return Stuck(Matter.CLOCK, what, on, None, do)
