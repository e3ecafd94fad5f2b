"""Whatever is corrected in whatever order: no command fails inside, and `verify` is green every day."""

from datetime import date, timedelta
from random import Random

import pytest

FIRST = date(2026, 11, 16)
CODES = ["A17", "A71", "B04", "C21", "D33", "0017", "17"]
SCHEDULES = ["fixed-2", "fixed-3", "random-3"]


@pytest.mark.parametrize("seed", range(4))
def test_verify_is_green_after_any_corrections(clinic, seed):
    chance = Random(seed)
    for code in CODES[:4]:
        clinic.add(code, schedule=chance.choice(SCHEDULES))
    for number in range(9):
        today = FIRST + timedelta(days=number)
        clinic.today = today.isoformat()
        clinic("draw")
        for _ in range(7):
            act(clinic, chance, today)
        holds = clinic.run("verify")
        assert holds.exit_code == 0, (seed, clinic.today, holds.output)
    printed = clinic.run("report", "weekly", "--week", "2026-W47")
    assert printed.exit_code == 0, printed.output
    for code in CODES:
        assert clinic.run("report", "participant", code).exit_code in (0, 1)


def act(clinic, chance: Random, today: date) -> None:
    one, other = chance.sample(CODES, 2)
    day = str(today - timedelta(days=chance.randrange(5)))
    enrol = ("--schedule", chance.choice(SCHEDULES), "--level", chance.choice(["iop", "php"]))
    why = ("--reason", "a mistake")
    commands = [
        ("participant", "add", one, *enrol, *chance.choice([(), ("--readmit",), ("--enrolled", day)])),
        ("participant", "rename", one, other, *why),
        ("participant", "rename", one, f"{one}x{chance.randrange(9)}", *why),
        ("participant", "cancel", one, *why),
        ("participant", "join", one, other, *why, "--yes"),
        ("participant", "discharge", one, "--on", day, *why),
        ("participant", "leave", one, day, str(today), *why),
        ("participant", "transfer", one, "php", *why),
        ("participant", "set-schedule", one, chance.choice(SCHEDULES)),
        ("prescription", "add", one, "methadone"),
        ("test", one, "--on", day, *why),
        ("amend", one, "negative", "--on", day, *why),
        ("amend", one, "missed", "--on", day, *why),
        ("recommendation", "accept", str(chance.randrange(1, 5))),
        *[("result", one, "positive", "--analyte", "coc", "--on", day, "--collected-at", "23:30")] * 3,
        *[("result", one, "negative", "--on", day)] * 3,
        ("missed", one, "--on", day),
        ("collected", one, "--on", day),
    ]
    command = chance.choice(commands)
    done = clinic.run(*command)
    assert done.exit_code in (0, 1), (command, done.output)
    assert done.exception is None or isinstance(done.exception, SystemExit), (command, done.exception)
