"""A clinic's morning by the page, with both sides as they are: cards, the night, the page, the record, and no leak."""

import re
import sqlite3
from datetime import UTC, datetime

import pytest
from check_in.page_given import its, rule, settings, work_at
from conftest import Clinic
from web.front_door import said
from werkzeug.test import Client

from testing_tracker import services
from testing_tracker.rules.check_in.answers import CheckInOutcome
from testing_tracker.rules.check_in.cards import number_shown, pin_shown
from testing_tracker.web.app import CheckInPage
from testing_tracker.web.file import PageFile
from testing_tracker.web.hashing import Hashing
from testing_tracker.web.pulse import Pulse
from testing_tracker.web.visits import Visits

pytestmark = pytest.mark.sqlite_only(reason="the records are held by a transaction of another process's")

CODES = ("QUILL-7", "MARROW-9")
# What a message may not say: whoever reads over somebody's shoulder learns nothing of a treatment.
FORBIDDEN = re.compile(
    r"\b(tests?|drugs?|samples?|urine|screen|court|program\w*|treatment|recovery|specimen|cocaine|opiates?|iop|random)\b"
)


class Morning:
    """The page of a clinic, and the cards of its people."""

    def __init__(self, clinic: Clinic):
        self.clinic, self.lines = clinic, []
        self.file = PageFile(clinic.location.page)
        now = lambda: datetime.now(UTC)  # noqa: E731
        self.hashing = Hashing()
        self.pulse = Pulse(self.file, now, lambda beat, kinds: self.lines.append(f"{beat} {kinds}"))
        page = CheckInPage(self.file, Visits(self.file, self.hashing, now), self.pulse, now)
        self.client = Client(page, use_cookies=False)
        self.pages = []

    def check_in(self, code: str, path: str = "/"):
        number, pin = self.clinic.cards[code]
        page = self.client.post(path, data={"number": number, "pin": pin})
        self.pages.append(page)
        return page

    def close(self):
        self.hashing.close()
        self.file.close()


def give(clinic: Clinic, code: str) -> None:
    """Give somebody a card, or another PIN; what is on it."""
    with work_at(clinic, to_write=True) as work:
        made = services.cards.issue(work, code)
    clinic.cards[code] = (number_shown(made.card.number), pin_shown(made.pin))


@pytest.fixture
def morning(tmp_path):
    """Two people with cards, who check in by a page from today on; the night has run and filled the page."""
    clinic = Clinic(tmp_path / "clinic.db", None)
    clinic.cards = {}
    with its(15, 12):
        clinic("init", "--facility", "Harbor House", "--timezone", "America/Los_Angeles")
        clinic.add(*CODES, "TAMSIN-4", name="Fenwick")
        rule(clinic)
        settings(clinic)
        for code in CODES:
            give(clinic, code)
    with its(16, 0, 6):
        clinic("serve", "--once")
    made = Morning(clinic)
    yield made
    made.close()


def test_who_checks_in_learns_what_the_night_drew_and_the_receipt_holds(morning):
    with its(16, 5, 12):
        page = morning.check_in("QUILL-7")
        assert "Yes, please come in today, between 8 a.m. and 5 p.m." in said(page)
    receipt = re.search(r"\d{4}-\d{4}", said(page))[0]
    with its(16, 5, 13):
        morning.clinic("web", "sync")
        assert morning.clinic.rows("SELECT outcome, answer, timing FROM check_in") == [("told", "come", "in time")]
        checked = morning.clinic("checkin", "verify", "QUILL-7", receipt, "--on", "2026-11-16")
        assert "told to come in, in time" in checked
        assert morning.clinic.run("checkin", "verify", "MARROW-9", receipt, "--on", "2026-11-16").exit_code == 1
        assert "All holds" in morning.clinic("verify")


def test_a_new_pin_counts_from_the_next_minute_and_the_earlier_one_no_more(morning):
    earlier = morning.clinic.cards["QUILL-7"]
    with its(16, 6, 0):
        give(morning.clinic, "QUILL-7")
        assert morning.clinic.cards["QUILL-7"][0] == earlier[0]
        morning.clinic("web", "sync")
        assert "Yes, please come in today" in said(morning.check_in("QUILL-7"))
        morning.clinic.cards["QUILL-7"] = earlier
        assert "That did not work." in said(morning.check_in("QUILL-7"))


def test_nothing_of_anybody_is_in_the_pages_files_pages_or_lines(morning):
    for moment in ((16, 4, 0), (16, 5, 12), (16, 10, 30), (16, 17, 30)):
        with its(*moment):
            for code in CODES:
                for path in ("/", "/es"):
                    assert morning.check_in(code, path).status_code == 200
            morning.pulse.beat()
            morning.clinic("web", "sync")
    folder = morning.clinic.location.page.parent
    kept = b"".join(file.read_bytes() for file in folder.glob("clinic.db.web*"))
    shown = "".join(page.text + str(page.headers) for page in morning.pages)
    everything = kept.decode("latin-1") + shown + "".join(morning.lines)
    for word in (*CODES, "TAMSIN-4", "Fenwick", "Harbor"):
        assert word not in everything
    read = " ".join(said(page) for page in morning.pages).casefold()
    assert FORBIDDEN.findall(read) == []
    for _, pin in morning.clinic.cards.values():
        assert pin.replace(" ", "") not in everything


def test_while_the_records_are_held_or_gone_people_check_in_all_the_same(morning):
    """A migration, a restore or a long report: whoever checks in notices nothing of it."""
    other = sqlite3.connect(morning.clinic.database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with its(16, 5, 12):
        assert "Yes, please come in today" in said(morning.check_in("QUILL-7"))
    other.execute("ROLLBACK")
    other.close()
    away = morning.clinic.database.rename(morning.clinic.database.with_name("away"))
    with its(16, 5, 13):
        assert "Yes, please come in today" in said(morning.check_in("MARROW-9"))
    away.rename(morning.clinic.database)
    with its(16, 5, 14):
        morning.clinic("web", "sync")
    assert [row[0] for row in morning.clinic.rows("SELECT outcome FROM check_in")] == [CheckInOutcome.TOLD] * 2
