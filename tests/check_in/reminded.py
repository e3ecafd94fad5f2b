"""A live clinic whose participants check in from 5 to 10, and are reminded by mail or by a command of its own."""

import json
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from conftest import Clinic
from freezegun import freeze_time
from post_office import PASSWORD, SENDER, USER

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.files import check_in_settings_of, deliveries_of
from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.in_force import NotCheckedIn
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.services.check_in import cards
from testing_tracker.services.people import lookup
from testing_tracker.serving.noticing import Noticing
from testing_tracker.store.tables import CheckIn, CheckInRule

ZONE = ZoneInfo("America/Los_Angeles")
TODAY = date(2026, 11, 17)
PAGE = '[page]\nname = "HH"\nphone = "555-0100"\nzone = { en = "Pacific time", es = "hora del Pacífico" }\n'
PEOPLE = {"A17": Language.ENGLISH, "B04": Language.SPANISH, "C21": Language.ENGLISH}


def at(hour: int, minute: int = 0, second: int = 0, day: date = TODAY, *, goes_on: bool = False):
    """The clinic's own time, which stands still where it does not go on from there."""
    return freeze_time(datetime.combine(day, time(hour, minute, second), ZONE), real_asyncio=True, tick=goes_on)


def opened(database: Path, *, is_training: bool = False) -> Clinic:
    """Three participants with cards since the day before; the first one is due today, whom nothing tells apart."""
    live = Clinic(database, None)
    with at(12, day=date(2026, 11, 15)):
        live("init", "--facility", "Harbor House", "--timezone", ZONE.key, *(["--training"] if is_training else []))
    with at(9, day=date(2026, 11, 16)):
        for code in PEOPLE:
            live.add(code, schedule="random-2")
        with working(live) as work:
            rule = {"opens": time(5), "closes": time(10), "not_checked_in": NotCheckedIn.MISSED}
            work.write(CheckInRule(from_on=TODAY, page=True, **rule))
            for code, language in PEOPLE.items():
                cards.issue(work, code, language=language)
    return live


@contextmanager
def working(live: Clinic):
    """A transaction, as a command has one."""
    desk = Desk(live.url, live.today)
    try:
        with desk.writing() as work:
            yield work
    finally:
        desk.engine.dispose()


def checks_in(live: Clinic, code: str, answer: DaysAnswer) -> None:
    """A participant is told today's answer now."""
    with working(live) as work:
        told = {"answer": answer, "timing": Timing.IN_TIME, "outcome": CheckInOutcome.TOLD, "channel": CheckedInBy.PAGE}
        participant = lookup.find_participant(work, code)
        work.write(CheckIn(participant_id=participant.id, day=work.today, at=work.now, **told))


def by_command(live: Clinic, script: str, notices: str = "", text: str = "") -> Path:
    """Have texts leave by a command of a shell's words; the file that it may keep what it is given in."""
    kept, command = live.database.with_name("texts"), live.database.with_name("send-text")
    command.write_text(f"#!/bin/sh\nkept='{kept}'\n{script}\n")
    command.chmod(0o700)
    write(live, f'{PAGE}[notices]\n{notices}[notices.text]\ncommand = ["{command}"]\n{text}')
    return kept


def by_mail(live: Clinic, office, notices: str = "") -> None:
    """Have mails leave by a mail server."""
    live.location.delivery_of(1).write_text(
        f'[mail]\nhost = "localhost"\nport = {office.port}\ntls = "{"starttls" if office.starttls else "tls"}"\n'
        f'ca_file = "{office.certificates / "ca.pem"}"\nuser = "{USER}"\npassword = "{PASSWORD}"\n'
        f'from = "{SENDER}"\nto = ["doctor@clinic.example"]\n'
    )
    live.location.delivery_of(1).chmod(0o600)
    write(live, f"{PAGE}[notices]\n{notices}")


def write(live: Clinic, text: str) -> None:
    file = live.location.check_in_of(1)
    file.write_text(text)
    file.chmod(0o600)


KEEPS = 'cat >>"$kept"'


def texts(kept: Path) -> list[tuple[str, str]]:
    """What the command was given, in its order."""
    lines = kept.read_text().splitlines() if kept.exists() else []
    return [(one["to"], one["text"]) for one in map(json.loads, lines)]


@contextmanager
def noticing(live: Clinic, **more):
    """A facility's reminders, as a process of its own has them."""
    desk = Desk(live.url, live.today)
    ways = deliveries_of(live.location, 1)
    mail = ways.mail if ways is not None else None
    try:
        yield Noticing(desk.reading, desk.writing, check_in_settings_of(live.location, 1), mail, 1, **more)
    finally:
        desk.engine.dispose()


def turn(live: Clinic, **more) -> bool:
    """A turn of whoever sends what is owed."""
    with noticing(live, **more) as one:
        return one.send_what_is_owed()


def consented(live: Clinic, **numbers: str) -> None:
    """Participants have consented, the evening before, to be reminded at these."""
    with at(18, day=date(2026, 11, 16)):
        for code, address in numbers.items():
            way = "--mail" if "@" in address else "--text"
            live("participant", "contact", code, way, address, "--consent-on", "2026-11-16")


def states(live: Clinic) -> dict[tuple[str, str], str]:
    """How far today's reminders are, by participant and kind."""
    return {(one["participant"], one["kind"]): one["state"] for one in live.json("notice", "list")}
