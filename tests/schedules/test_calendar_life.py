"""Whatever becomes of calendars, closed days and clocks, in whatever order: `verify` never raises a false alarm."""

from datetime import date, timedelta
from random import Random

import pytest
from conftest import MONDAY

from testing_tracker.rules import calendar

DAYS = 24
CALENDARS = ("US", "US-CA")
ZONES = ("America/Los_Angeles", "America/New_York", "Europe/Berlin", "Asia/Tokyo")
RANDOM = """
title = "Two a week"
[draw]
kind = "random"
per_week = 2
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
{bounds}
[closed]
holidays = "{calendar}"
days = [{days}]
[collection]
[response]
"""
FIXED = """
title = "Three a week"
[draw]
kind = "fixed"
per_week = 3
days = ["mon", "wed", "fri"]
[closed]
holidays = "{calendar}"
days = [{days}]
shift = "{shift}"
[collection]
[response]
"""
BOUNDS = "min_per_week = 1\nmax_per_week = 3\nmax_gap_days = {gap}"


class Life:
    """What happens on the days; much of it is refused, as it is to people."""

    def __init__(self, clinic, monkeypatch, seed):
        self.clinic, self.chance = clinic, Random(seed)
        self.holidays, self.version = {}, 60
        self.new_library()
        monkeypatch.setattr(calendar, "closed_days", lambda name, year: self.closed(name, year))
        monkeypatch.setattr(calendar, "library_version", lambda: f"0.{self.version}")
        self.load()
        for number, name in enumerate(("fixed", "random", "bounded") * 2):
            self.clinic.add(f"P{number}", schedule=name)

    def closed(self, name, year):
        return frozenset(day for day in self.holidays.get(name, ()) if day.year == year)

    def new_library(self):
        self.version += 1
        first = date.fromisoformat(MONDAY) - timedelta(days=7)
        self.holidays = {name: {first + timedelta(self.chance.randrange(50)) for _ in range(8)} for name in CALENDARS}

    def load(self):
        texts = {"fixed": FIXED, "random": RANDOM.replace("{bounds}", ""), "bounded": RANDOM}
        for name, text in texts.items():
            days = {self.day() for _ in range(self.chance.randrange(3))}
            file = self.clinic.database.with_name(f"{name}.toml")
            file.write_text(
                text.format(
                    calendar=self.chance.choice(CALENDARS),
                    days=", ".join(f'"{day}"' for day in sorted(days)),
                    shift=self.chance.choice(["next", "previous", "skip"]),
                    bounds=BOUNDS.format(gap=self.chance.randrange(5, 9)),
                )
            )
            self.clinic("schedule", "load", str(file))

    def day(self):
        return date.fromisoformat(self.clinic.today) + timedelta(days=self.chance.randrange(-1, 9))

    def type(self, *arguments):
        done = self.clinic.run(*arguments)
        assert done.exit_code in (0, 1), (arguments, done.output)
        assert done.exception is None or isinstance(done.exception, SystemExit), (arguments, done.exception)

    def act(self):
        what = self.chance.choice(["library", "load", "close", "close", "open", "zone", "name", "record", "record"])
        if what == "library":
            self.new_library()
        elif what == "load":
            self.load()
        elif what in ("close", "open"):
            day = self.day()
            last = day + timedelta(days=self.chance.randrange(3))
            self.type("facility", what, str(day), "--to", str(last), "--reason", f"storm {day}")
        elif what == "zone":
            self.type("facility", "timezone", self.chance.choice(ZONES), "--reason", "moved")
        elif what == "name":
            self.type("facility", "rename", f"House {'abcdefg'[self.chance.randrange(7)]}", "--reason", "sold")
        else:
            for line in self.clinic.json("due")[:3]:
                self.type("result", line["participant"], "negative", "--collected-at", "08:30")

    def live(self):
        for number in range(DAYS):
            self.clinic.today = str(date.fromisoformat(MONDAY) + timedelta(days=number))
            for _ in range(self.chance.randrange(3)):
                self.act()
            if self.chance.random() < 0.85:
                self.clinic("draw")
            for _ in range(self.chance.randrange(3)):
                self.act()
            if number % 3 == 0 or number == DAYS - 1:
                self.check()

    def check(self):
        done = self.clinic.run("verify")
        assert done.exit_code == 0, (self.clinic.today, done.output)
        assert "cannot be" not in done.output


@pytest.mark.parametrize("seed", [5, 11])
def test_verify_is_green_and_nobody_is_missed_on_a_closed_day(clinic, monkeypatch, seed):
    life = Life(clinic, monkeypatch, seed)
    life.live()
    for table in ("holiday_year", "closure", "facility_zone", "facility_name"):
        assert clinic.rows(f"SELECT count(*) FROM {table}") > [(0,)], table
    closed_but_drawn = (
        "SELECT d.due_on FROM draw d JOIN closure c ON d.due_on BETWEEN c.from_on AND c.to_on "
        "WHERE c.closed AND d.status = 'missed' AND NOT EXISTS "
        "(SELECT 1 FROM closure o WHERE NOT o.closed AND d.due_on BETWEEN o.from_on AND o.to_on)"
    )
    assert clinic.rows(closed_but_drawn) == []
