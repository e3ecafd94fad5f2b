"""Whatever people do at a clinic, in whatever order: `verify` never raises a false alarm."""

from datetime import date, timedelta
from random import Random

import pytest
from conftest import MONDAY, Clinic, key_of

from testing_tracker import chance

DAYS = 21
SCHEDULES = ("fixed-2", "random-2", "random-3")
BOUNDED = """
title = "Two a week within bounds"
[draw]
kind = "random"
per_week = 2
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
min_per_week = 1
max_per_week = 4
max_gap_days = {gap}
[collection]
[response]
"""


class Life:
    """What happens on the days; much of it is refused, as it is to people."""

    def __init__(self, clinic: Clinic, seed: int) -> None:
        self.clinic = clinic
        self.chance = Random(seed)
        self.codes: list[str] = []
        self.said = ""

    def live(self, number: int) -> None:
        today = date.fromisoformat(MONDAY) + timedelta(days=number)
        self.clinic.today = today.isoformat()
        acts = [self.enrol, self.record, self.record, self.correct, self.go_and_come, self.change, self.manage]
        before, after = self.chance.sample(acts, 1), self.chance.sample(acts, 4)
        for act in before:
            act(today)
        if self.chance.random() < 0.85:
            self.type("draw")
            for act in after:
                act(today)
            if self.chance.random() < 0.5:
                self.type("draw")
        if number % 4 and number < DAYS - 1:
            return
        done = self.clinic.run("verify")
        assert done.exit_code == 0, (today, done.output)
        self.said += done.output

    def type(self, *arguments: str, input: str | None = None) -> None:
        done = self.clinic.run(*arguments, input=input)
        assert done.exit_code in (0, 1), (arguments, done.output)
        assert done.exception is None or isinstance(done.exception, SystemExit), (arguments, done.exception)

    def somebody(self) -> str:
        return self.chance.choice(self.codes or ["NOBODY"])

    def enrol(self, today: date) -> None:
        again = self.chance.random() < 0.3
        code = self.somebody() if again else f"P{len(self.codes)}"
        schedule = self.chance.choice([*SCHEDULES, "bounded"])
        self.type(
            *("participant", "add", code, "--schedule", schedule, "--level", "iop"), *(("--readmit",) if again else ())
        )
        self.codes = sorted({*self.codes, code})

    def record(self, today: date) -> None:
        day = (today - timedelta(days=self.chance.randrange(3))).isoformat()
        for line in self.clinic.json("due", "--on", day):
            act = self.chance.choice(["negative", "negative", "positive", "missed", "excuse", "collected", "nothing"])
            if act in ("negative", "positive"):
                analyte = ("--analyte", "coc") if act == "positive" else ()
                self.type("result", line["participant"], act, *analyte, "--on", day)
            elif act != "nothing":
                reason = ("--reason", "court") if act == "excuse" else ()
                self.type(act, line["participant"], "--on", day, *reason)

    def correct(self, today: date) -> None:
        said = self.chance.choice(["negative", "missed", "due"])
        day = (today - timedelta(days=self.chance.randrange(4))).isoformat()
        for line in self.clinic.json("due", "--on", day)[:2]:
            self.type("amend", line["participant"], said, "--on", day, "--reason", "a mistake")

    def go_and_come(self, today: date) -> None:
        first = today + timedelta(days=self.chance.randrange(-2, 3))
        last = first + timedelta(days=self.chance.randrange(6))
        self.type("participant", "leave", self.somebody(), str(first), str(last), "--reason", "travel")
        self.type("participant", "return", self.somebody())

    def change(self, today: date) -> None:
        what = self.chance.choice(["set-schedule", "transfer", "discharge", "test", "recommendation"])
        if what == "set-schedule":
            self.type("participant", what, self.somebody(), self.chance.choice([*SCHEDULES, "bounded"]))
        elif what == "transfer":
            self.type("participant", what, self.somebody(), "php", "--reason", "worse")
        elif what == "discharge":
            self.type("participant", what, self.somebody(), "--reason", "moved")
        elif what == "test":
            self.type("test", self.somebody(), "--reason", "seemed ill")
        else:
            for line in self.clinic.json("recommendation", "list", "--open"):
                self.type("recommendation", "accept", str(line["id"]), "--note", "agreed")

    def manage(self, today: date) -> None:
        what = self.chance.choice(["rotate", "lose", "schedule", "history", "proof"])
        if what in ("rotate", "lose"):
            if what == "lose":
                key_of(self.clinic.database).unlink()
            self.type("key", "rotate", "--reason", what)
            if what == "lose":
                self.type("key", "acknowledge", "--reason", what)
        elif what == "schedule":
            file = self.clinic.database.with_name("bounded.toml")
            file.write_text(BOUNDED.format(gap=self.chance.randrange(5, 8)))
            self.type("schedule", "load", str(file))
        elif what == "history":
            line = f"{self.somebody()},{today},missed,,,\n"
            self.type("history", "import", "-", input=f"participant,due_on,status,outcome,analytes,reason\n{line}")
        else:
            self.type("proof", "--day", "yesterday")


@pytest.mark.parametrize("seed", [3])
def test_verify_never_raises_a_false_alarm(clinic, monkeypatch, seed):
    seeds = Random(seed)
    monkeypatch.setattr(chance, "new_seed", lambda: seeds.randbytes(32))
    file = clinic.database.with_name("bounded.toml")
    file.write_text(BOUNDED.format(gap=5))
    clinic("schedule", "load", str(file))
    life = Life(clinic, seed)
    for number in range(DAYS):
        life.live(number)
    assert len(life.codes) > 4
    assert "cannot be decided again" in life.said
    for table in ("draw", "result", "leave", "key_chain"):
        assert clinic.rows(f"SELECT count(*) FROM {table}") > [(2,)], table
    assert clinic.rows("SELECT count(*) FROM pool WHERE NOT ran") > [(0,)]
