"""A live clinic whose participants check in, and the hours of its days: for the tests of what a nurse does and sees."""

from contextlib import closing
from datetime import datetime
from zoneinfo import ZoneInfo

from conftest import Clinic
from freezegun import freeze_time

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk

ZONE = ZoneInfo("America/Los_Angeles")
RULE = ("checkin", "rule", "--opens", "05:00", "--closes", "10:00", "--page", "--not-checked-in", "missed")


def at(said: str):
    """Time stands still at an hour of November 2026, by the clinic's clock: `16 06:12`."""
    day, _, hour = said.partition(" ")
    return freeze_time(datetime.fromisoformat(f"2026-11-{int(day):02}T{hour}").replace(tzinfo=ZONE))


def cards_for(clinic: Clinic, *codes: str) -> dict[str, str]:
    """Give participants a card; their PINs."""
    with closing(Desk(clinic.url, clinic.today)) as desk, desk.writing("participant card") as work:
        return {code: services.cards.issue(work, code).pin for code in codes}


def begun(clinic: Clinic) -> None:
    """On Monday the 16th A17 and B04 are due; C21 comes another day. E09 is on leave, F02 has no card."""
    with at("14 12:00"):
        clinic("init", "--timezone", ZONE.key)
        clinic.add("A17", "B04", "E09", "F02")
        clinic.add("C21", schedule="random-2")
        cards_for(clinic, "A17", "B04", "C21", "E09")
        clinic(*RULE, "--from", "2026-11-16")
        clinic("participant", "leave", "E09", "2026-11-16", "2026-11-18", "--reason", "family")
    with at("16 00:10"):
        clinic("draw")
