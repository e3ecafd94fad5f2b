"""Every example of a help page works as it is printed, in a clinic where somebody may need it."""

import re
import shlex
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result, _NamedTextIOWrapper
from conftest import made_once
from sqlalchemy import event
from sqlalchemy.pool import Pool

from testing_tracker import chance
from testing_tracker.account import current_account
from testing_tracker.cli import program
from testing_tracker.cli.help.examples import called, examples_of
from testing_tracker.store.location import locate
from testing_tracker.web import filling, seen

pytestmark = pytest.mark.sqlite_only(
    reason="what they say is the same; the clinic is a file beside those that they name"
)

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"
OURS = """title = "Before the weekend and after it"
[draw]
kind = "fixed"
per_week = 3
days = ["mon", "thu", "fri"]
[closed]
[collection]
specimen = "urine"
panel = ["cocaine", "opiates", "buprenorphine", "fentanyl"]
window = "08:00-17:00"
[response]
steps = 1
missed = "review"
"""
FILES = {
    "ours.toml": OURS.replace("Before", "Our own, before"),
    "results.csv": f"participant,due_on,outcome\nA17,{FRIDAY},negative\n",
    "people.csv": f"participant,level,schedule,enrolled_on\nC31,iop,random-2,{FRIDAY}\n",
    "clients.csv": f"Client ID,level,schedule,enrolled_on\nC31,iop,random-2,{FRIDAY}\n",
    "past.csv": "participant,due_on,status,outcome,analytes,reason\nB05,11/19/2026,collected,negative,,\n",
    "analytes.toml": "",
    "page.json": filling.to_json(filling.PageContents("a database", datetime(2026, 11, 20, tzinfo=UTC))),
    "visits.json": seen.to_json(seen.PageSeen("0123456789abcdef", datetime(2026, 11, 20, tzinfo=UTC))),
    "checkin.toml": """[page]
name = "HH"
phone = "555-0100"
zone = { en = "Pacific time", es = "hora del Pacífico" }
[notices.text]
command = ["true"]
""",
}
FOLDERS = ("reports", "units")
KEY_IS_LOST = "(the key file is lost, and another key begun)"
BEFORE = {  # what was typed already, where the example is what comes next
    "key acknowledge": [KEY_IS_LOST],
    "restore": ["backup thursday.backup"],
    "proof check": ["proof --day yesterday --output proof.json"],
    "doctor": ["test B07 --recollect", "result B07 n", "draw", "participant card --all --print cards.pdf --overwrite"],
    "web print": [
        "checkin rule --opens 05:00 --closes 10:00 --page --not-checked-in unrecorded --from tomorrow",
    ],
    "checkin verify": ["checkin record A17"],
    "participant card": ["participant card A18 --print first.pdf --overwrite"],
}
TYPED_IN = {"log": "A17 n\n", "log --on yesterday": "A17@yesterday n\n"}
TRIED_ELSEWHERE = {  # what takes long or needs a terminal, by what is typed there as it is here
    "decide": "tests/deciding/test_decide.py",
    "demo": "tests/cli/test_demo.py",
    "demo --keep demo.db": "tests/cli/test_demo.py",
    "notice send --to A17": "tests/check_in/test_notice_commands.py",  # never after check-in has closed
}
STAYS = {
    "serve --draw-at 00:05 --report-at 06:00": "--once",
    "web serve --behind-proxy": "--check",
}  # what lets it come to an end
LIVE = ("init", "demo")  # with the real day


def commands(command: click.Command = program, words: tuple[str, ...] = ()) -> list[str]:
    """The words of every command, groups too."""
    found = [" ".join(words)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found += commands(command.get_command(context, name), (*words, name))
    return found


ALL = [*commands(), "result import"]


def printed(words: str, columns: int) -> list[str]:
    """The examples as the help prints them: each line with those that it goes on with."""
    done = CliRunner().invoke(program, [*words.split(), "--help"], terminal_width=columns)
    assert done.exit_code == 0, done.output
    _, _, examples = done.output.partition("\nExamples:\n")
    return [line.strip() for line in re.sub(r" \\\n +", " ", examples.split("\n\n")[0]).splitlines()]


@made_once
def busy(clinic):
    """A Friday: participants of A codes are due, those of B codes gave a cup on Thursday, much waits."""
    on_a_friday(clinic, current_account())


def on_a_friday(clinic, me: str) -> None:
    """What `busy` has a clinic live through, by the account that made it."""
    folder = clinic.database.parent
    (folder / "long-weekend.toml").write_text(OURS)
    for clinic.today in (TUESDAY, WEDNESDAY):
        clinic("draw")
    clinic("schedule", "load", f"{folder}/long-weekend.toml")
    clinic("facility", "close", "2026-11-27", "--reason", "the day after Thanksgiving")
    for account, role in (("jdoe", "nurse"), (me, "nurse"), (me, "clinician")):
        clinic("staff", "add", account, "--role", role)
    due, given = ("A17", "A18", "A20"), ("B04", "B05", "B06", "B07")
    clinic.today = THURSDAY
    clinic.add(*due, *given, schedule="long-weekend")
    clinic("draw")
    clinic("prescription", "add", "B04", "buprenorphine", "--no-reread")
    clinic("result", "B04", "positive", "--analyte", "cocaine", "--specimen-id", "S-101")
    clinic("result", "B05", "negative", "--specimen-id", "S-102")
    clinic("confirmation", "send", "B05")
    clinic("result", "B06", "positive", "--analyte", "fentanyl")
    clinic("recommendation", "decline", "B06", "--reason", "meant for another one")
    for code in ("A18", "A20", "B07"):
        clinic("result", code, "negative")
    clinic("participant", "leave", "A20", FRIDAY, "2026-11-24", "--reason", "travel")
    rule = ("checkin", "rule", "--opens", "05:00", "--closes", "10:00", "--no-page", "--not-checked-in", "unrecorded")
    clinic(*rule, "--from", FRIDAY)
    clinic.today = FRIDAY
    clinic("draw")
    clinic("result", "B07", "invalid")
    (folder / "long-weekend.toml").write_text(OURS.replace("steps = 1", "steps = 2"))
    clinic("schedule", "load", f"{folder}/long-weekend.toml")
    clinic.add("A19")


@pytest.fixture
def at_work(busy, tmp_path, monkeypatch, machine_zone):
    """Somebody in a folder with the files that the examples name, with that clinic in the environment."""
    monkeypatch.chdir(folder_for_examples(tmp_path / "here"))
    machine_zone("America/Los_Angeles")
    monkeypatch.setenv("TESTING_TRACKER_TODAY", busy.today)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TESTING_TRACKER_CHECKIN", "checkin.toml")
    return busy


def folder_for_examples(folder: Path) -> Path:
    """A folder with the files that the examples name."""
    for name in (".", *FOLDERS):
        (folder / name).mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content)
    (folder / "checkin.toml").chmod(0o600)
    return folder


@pytest.fixture
def printed_while_held(monkeypatch):
    """What is printed while the database is held: who reads it slowly, or not at all, would keep others waiting."""
    held, found = set(), []

    def take(_connection: object, record: object, *_: object) -> None:
        held.add(record)

    def let_go(_connection: object, record: object) -> None:
        held.discard(record)

    def write(stream: TextIOWrapper, text: str) -> int:
        if held and text.strip():
            found.append(text)
        return TextIOWrapper.write(stream, text)

    monkeypatch.setattr(_NamedTextIOWrapper, "write", write, raising=False)
    event.listen(Pool, "checkout", take)
    event.listen(Pool, "checkin", let_go)
    yield found
    event.remove(Pool, "checkout", take)
    event.remove(Pool, "checkin", let_go)


@pytest.mark.parametrize("words", ALL)
def test_each_works_as_it_is_printed(words, at_work, tmp_path, monkeypatch, printed_while_held):
    examples = printed(words, 80)
    assert examples, f"`{words}` has no example in cli/help/examples.py"
    for number, example in enumerate(examples):
        monkeypatch.setenv("TESTING_TRACKER_DATABASE", str(at_work.copy(tmp_path / f"copy-{number}.db").database))
        for command in BEFORE.get(words, ()):
            typed(command)
        name, _, rest = example.partition(" ")
        assert name == "tt"
        if rest in TRIED_ELSEWHERE:
            continue
        with pytest.MonkeyPatch.context() as patch:
            if any(word in shlex.split(rest) for word in LIVE):
                patch.delenv("TESTING_TRACKER_TODAY")
            done = typed(rest)
        assert done.exit_code == 0, f"{example}\n{done.output}"
        assert printed_while_held == [], example


def typed(line: str) -> Result:
    if line == KEY_IS_LOST:
        locate(None).key.path.unlink()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chance, "new_seed", lambda: bytes(range(64, 96)))
            return typed("key rotate --reason lost")
    words = shlex.split(f"{line} {STAYS.get(line, '')}")
    return CliRunner().invoke(program, words, input=TYPED_IN.get(line), prog_name="tt")


def test_every_example_is_of_a_command():
    assert sorted(called()) == sorted(ALL)


@pytest.mark.parametrize("words", ALL)
def test_a_narrow_page_has_the_same(words):
    assert printed(words, 38) == printed(words, 80) == list(examples_of(words))
