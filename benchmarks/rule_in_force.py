"""What a rule of checking in costs: `due`, `result`, the weekly report, and the night that closes a day of check-ins.

    python benchmarks/rule_in_force.py [PARTICIPANTS] [FOLDER]
    .ci/postgresql python benchmarks/rule_in_force.py

Each by 10,000 participants with a card, of whom nineteen of twenty check in on a day with a rule, against the same
without one. With the FOLDER of an earlier version's checkout, whose `.venv` runs it, also what no rule costs against
that version. Processor seconds of the whole process, the best of runs in turn. Targets: `due` and `result` take at most
1.05 of what they take without a rule, and of what they took before.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import HERE, SERVER, Database, Figure, database, new_database, print_table, run
from night import DAY_BEFORE, enrolment

RUNS = 9
NIGHTS = 4
DAY, DAY_AFTER, WEEK_LATER = "2026-11-25", "2026-11-26", "2026-11-30"
TARGET = 1.05
_SAID = "+00:00" if SERVER else ""


def main() -> None:
    count, *folder = sys.argv[1:] or ["10000"]
    print_table(figures(int(count), Path(folder[0]) if folder else None))


def figures(count: int = 10_000, earlier: Path | None = None) -> Iterator[Figure]:
    """Every command with a rule against without, and without against the version before where there is one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here = sys.executable
        ways = {"without": (here, _day_begun(folder, "without", here, count))}
        ways["with"] = (here, _day_begun(folder, "with", here, count, has_rule=True))
        if earlier is not None:
            python = str(earlier / ".venv" / "bin" / "python")
            ways["before"] = (python, _day_begun(folder, "before", python, count))
        for what, target in (("due", TARGET), ("result", TARGET), ("today", None)):
            yield from _compared(f"`{what}`", target, _in_turn(what, ways))
        yield from _compared(f"night after a day of {count:,}", None, _nights(folder, ways))
        yield from _compared("`report weekly`", None, _reports(ways))
        for _, made in ways.values():
            made.drop()


def _compared(what: str, target: float | None, best: dict[str, float]) -> Iterator[Figure]:
    yield Figure(f"{what}, with a rule against without", best["with"], best["without"], target)
    if "before" in best:
        yield Figure(f"{what}, without a rule against before", best["without"], best["before"], target)


_Ways = dict[str, tuple[str, Database]]


def _in_turn(what: str, ways: _Ways) -> dict[str, float]:
    """The best of runs in turn, which other work disturbs least."""
    best: dict[str, float] = {}
    for number in range(RUNS):
        for way, (python, made) in ways.items():
            words = ["result", f"P{_drawn(made)[number]}", "negative"] if what == "result" else [what]
            used = run([*_program(python), "--database", made.given, "--today", DAY, *words])
            best[way] = min(used.processor, best.get(way, used.processor))
    return best


def _nights(folder: Path, ways: _Ways) -> dict[str, float]:
    best: dict[str, float] = {}
    for _ in range(NIGHTS):
        for way, (python, made) in ways.items():
            copy = made.copy(folder, f"{way}_night")
            used = run([python, str(HERE / "night_run.py"), "program", copy.given, DAY_AFTER])
            best[way] = min(used.processor, best.get(way, used.processor))
            copy.drop()
    return best


def _reports(ways: _Ways) -> dict[str, float]:
    """The week's report once the nights have closed it."""
    best: dict[str, float] = {}
    for python, made in ways.values():
        for day in (DAY_AFTER, WEEK_LATER):
            run([python, str(HERE / "night_run.py"), "program", made.given, day])
    for _ in range(NIGHTS):
        for way, (python, made) in ways.items():
            given = ["--database", made.given, "--today", WEEK_LATER, "report", "weekly"]
            used = run([*_program(python), *given])
            best[way] = min(used.processor, best.get(way, used.processor))
    return best


def _program(python: str) -> list[str]:
    """The program of the version whose Python it is, wherever this is started."""
    return [str(Path(python).parent / "testing-tracker")]


def _drawn(made: Database) -> list[int]:
    """Some of who were drawn; any version can be asked for them in its file."""
    if made.name not in _known:
        said = run([sys.executable, "-c", _ASK, made.given, DAY]).said
        _known[made.name] = [int(one) for one in said.split()]
    return _known[made.name]


_known: dict[str, list[int]] = {}
_ASK = """
import sys
given, day = sys.argv[1:]
if given.startswith("postgresql"):
    import psycopg
    connection = psycopg.connect(given)
else:
    import sqlite3
    connection = sqlite3.connect(given)
for (number,) in connection.execute(f"SELECT participant_id FROM draw WHERE due_on = '{day}' ORDER BY id LIMIT 50"):
    print(number)
"""


def _day_begun(folder: Path, name: str, python: str, count: int, *, has_rule: bool = False) -> Database:
    """A clinic whose draws of the day are made; with a rule, everybody has a card and nearly all have checked in."""
    made = new_database(folder, name, DAY_BEFORE) if python == sys.executable else database(folder, name)
    if python != sys.executable:
        init = ["init", "--training", "--timezone", "UTC"]
        run([*_program(python), "--database", made.given, "--today", DAY_BEFORE, *init])
    _write(python, made, DAY_BEFORE, enrolment(count, "random-2"))
    if has_rule:
        _write(python, made, DAY_BEFORE, _rule_and_cards())
    run([python, str(HERE / "night_run.py"), "program", made.given, DAY])
    if has_rule:
        _write(python, made, DAY, [_check_ins()])
    made.settle()
    return made


def _write(python: str, made: Database, day: str, statements: list[str]) -> None:
    run([python, str(HERE / "night_run.py"), "enrol", made.given, day, *statements])


def _rule_and_cards() -> list[str]:
    recorded = f"'{DAY_BEFORE} 12:00:00.000000{_SAID}', 'bench'"
    return [
        "INSERT INTO check_in_rule (from_on, opens, closes, page, not_checked_in, recorded_at, recorded_by, "
        f"facility_id) VALUES ('{DAY}', '12:30:00.000000', '16:00:00.000000', true, 'missed', {recorded}, 1)",
        "INSERT INTO card (participant_id, number, salt, verifier, language, recorded_at, recorded_by, facility_id) "
        f"SELECT id, 1000000 + id, '{'cd' * 16}', '{'ab' * 32}', 'en', {recorded}, 1 FROM participant ORDER BY id",
    ]


def _check_ins() -> str:
    """One in twenty does not check in; who is drawn is told to come."""
    recorded = f"'{DAY} 13:00:00.000000{_SAID}', 'bench'"
    return (
        "INSERT INTO check_in (participant_id, day, at, channel, outcome, answer, timing, receipt, recorded_at, "
        f"recorded_by, facility_id) SELECT p.id, '{DAY}', '{DAY} 12:45:00.000000{_SAID}', 'page', 'told', "
        f"CASE WHEN EXISTS (SELECT 1 FROM draw d WHERE d.participant_id = p.id AND d.due_on = '{DAY}') "
        f"THEN 'come' ELSE 'stay' END, 'in time', '45865319', {recorded}, 1 FROM participant p WHERE p.id % 20 != 0 "
        "ORDER BY p.id"
    )


if __name__ == "__main__":
    main()
