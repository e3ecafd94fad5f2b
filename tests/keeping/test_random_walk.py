"""After whatever people type, in whatever order and wherever: `verify` is green and the report is printed."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import click
import databases
import pytest
from acts import ACTS, FILES, NO_ACT, READS, Walk, weight
from conftest import Clinic, is_thorough
from recomputed import check_ins_out_of_line, out_of_line, period_out_of_line
from sqlalchemy import Engine, event

from testing_tracker import chance
from testing_tracker.cli import program
from testing_tracker.clock import Clock
from testing_tracker.store.server import grants

ACTS_A_DAY = 27
DAYS = 5
# Days around a change of the clock, but for the first; a window, a late specimen and a night go by the clinic's.
WHERE = {
    "America/Los_Angeles": date(2026, 3, 3),
    "Europe/Berlin": date(2026, 3, 24),
    "Pacific/Auckland": date(2026, 9, 22),
    "Asia/Kathmandu": date(2026, 12, 28),
}


def commands(command: click.Command = program, name: str = "") -> Iterator[str]:
    """Every command of the program that does something."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        if command.invoke_without_command:
            yield name
        for part in command.list_commands(context):
            found = command.get_command(context, part)
            assert found is not None
            yield from commands(found, f"{name} {part}".strip())
    else:
        yield name


def test_every_command_is_an_act_or_is_known_to_be_none():
    assert {*commands(), "result import"} - {""} == {*ACTS, *NO_ACT}  # without a command it is `today`
    assert not ACTS.keys() & NO_ACT.keys()
    assert set(READS) < ACTS.keys()


class Steps:
    """A walk with what was typed, so that one that fails can be gone again."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.typed: list[str] = []
        self.done: dict[str, int] = {}

    def act(self, name: str) -> None:
        typed = ACTS[name](self.walk)
        words, given = (typed, None) if isinstance(typed[0], str) else typed
        self.type(*words, given=given)

    def type(self, *words: str, given: str | None = None, refusable: bool = True) -> None:
        walk = self.walk
        walk.clinic.today = (walk.today + walk.ahead).isoformat()
        walk.ahead = timedelta()
        done = walk.clinic.run(*words, input=given)
        said = f"{walk.today} {walk.hour:02}h {' '.join(words)}{f' < {given!r}' if given else ''} -> {done.exit_code}"
        self.typed.append(said)
        story = "\n".join([*self.typed[-400:], done.output])
        assert done.exit_code in ((0, 1) if refusable else (0,)), story
        assert done.exception is None or isinstance(done.exception, SystemExit), story
        assert "Something went wrong" not in done.output, story
        self.done[words[0]] = self.done.get(words[0], 0) + (done.exit_code == 0)

    def look(self) -> None:
        """What has to hold whatever was typed before."""
        week = self.walk.today.isocalendar()
        self.type("verify", refusable=False)
        assert out_of_line(self.walk.clinic) == [], "\n".join(self.typed[-400:])
        self.type("report", "weekly", "--week", f"{week.year}-W{week.week:02}", refusable=False)


def live(steps: Steps, days: int) -> None:
    walk = steps.walk
    began = walk.today
    names = sorted(ACTS)
    weights = [weight(name) for name in names]
    for _ in range(days):
        drawn_at = walk.chance.choice((0, 0, 0, 5, None))
        for number in range(ACTS_A_DAY):
            walk.hour = 7 + number * 15 // ACTS_A_DAY
            if number == drawn_at:
                steps.act("draw")
            steps.act(*walk.chance.choices(names, weights))
            if number % 9 == 8:
                steps.look()
        walk.today += timedelta(days=walk.chance.choice((1, 1, 1, 1, 1, 2, 4)))
    steps.look()
    assert period_out_of_line(walk.clinic, began) == [], "\n".join(steps.typed[-400:])
    assert check_ins_out_of_line(walk.clinic, began) == [], "\n".join(steps.typed[-400:])


@pytest.fixture
def written() -> Iterator[set[tuple[str, str, str]]]:
    """What was added, changed and removed by the program: the word, the table, and the column where one was changed."""
    found: set[tuple[str, str, str]] = set()

    def listen(_connection, _cursor, statement: str, *_more) -> None:
        begins = re.match(r"(INSERT INTO|UPDATE|DELETE FROM) (\w+)(?: SET (.*?) WHERE)?", statement, re.DOTALL)
        if begins is not None:
            columns = re.findall(r"(\w+) ?=", begins[3] or "") or [""]
            found.update((begins[1], begins[2], column) for column in columns)

    event.listen(Engine, "before_cursor_execute", listen)
    yield found
    event.remove(Engine, "before_cursor_execute", listen)


@pytest.fixture
def steps(tmp_path, monkeypatch):
    """Starts a walk somewhere, with some people enrolled."""

    def start(seed: int, zone: str) -> Steps:
        seeds = Random(seed)
        monkeypatch.setattr(chance, "new_seed", lambda: seeds.randbytes(32))
        first = WHERE[zone]
        clinic = Clinic(tmp_path / "clinic.db", first.isoformat())
        walk = Walk(clinic, Random(seed), first)

        def now(clock: Clock) -> datetime:
            assert clock.pretended_day is not None
            return datetime.combine(clock.pretended_day, time(walk.hour), clock.zone).astimezone(UTC)

        monkeypatch.setattr(Clock, "now", now)
        clinic("init", "--training", "--timezone", zone)
        for name, text in FILES.items():
            file = clinic.database.with_name(f"{name}.toml")
            file.write_text(text.format(days=30))
            clinic("schedule", "load", str(file))
        found = Steps(walk)
        for code, schedule in (("A17", "fixed-3"), ("B04", "strict"), ("C21", "early"), ("D33", "rotating")):
            clinic.add(code, schedule=schedule)
        return found

    return start


SEEDS = list(zip((46, 46, 46, 46), WHERE, strict=True))


@pytest.mark.parametrize(("seed", "zone"), SEEDS[: 1 if databases.SERVER else None if is_thorough() else 2])
def test_whatever_is_typed_verify_is_green_and_the_report_is_printed(steps, written, seed, zone):
    """A few walks of many; more are gone by giving other seeds. Whatever was written somebody may write at a server."""
    walked = steps(seed, zone)
    written.clear()  # what makes a facility is the owner's
    live(walked, DAYS)
    for act in ("result", "amend", "test", "collected", "prescription", "history"):
        assert walked.done.get(act), f"{act} never worked; the walk does not try what it is for"
    granted = {("INSERT INTO", table, "") for table in grants.ADD} | {("DELETE FROM", one, "") for one in grants.REMOVE}
    granted |= {("UPDATE", table, column) for table, columns in grants.CHANGE.items() for column in columns}
    assert ("UPDATE", "draw", "status") in written
    assert written - granted == set()
