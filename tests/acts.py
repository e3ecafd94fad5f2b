"""Every command as somebody may type it: a table of acts for the random walk, one line a command.

An act returns the words that are typed, or those with what standard input has. A command that changes a record belongs
into ACTS; one that changes none may be in NO_ACT instead, with the reason. `test_random_walk` holds both against the
program's own commands, so a new one cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from conftest import Clinic

Typed = Sequence[str] | tuple[Sequence[str], str]

SCHEDULES = ("fixed-2", "random-2", "fixed-3", "strict", "early", "rotating")
FILES = {
    "strict": """title = "Missed as positive, {days} days"
[draw]
kind = "fixed"
per_week = 3
days = ["mon", "wed", "fri"]
[closed]
[collection]
specimen = "urine"
panel = ["cocaine", "opiates", "buprenorphine", "cannabinoids"]
window = "08:00-17:00"
[response]
steps = 1
repeat_within_days = {days}
repeat_steps = 2
missed = "positive"
""",
    "early": """title = "Missed is reviewed; the window closes at {days} to eleven"
[draw]
kind = "random"
per_week = 3
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
min_per_week = 1
max_per_week = 5
max_gap_days = 5
[closed]
[collection]
specimen = "oral-fluid"
panel = ["cocaine", "opiates"]
window = "07:00-10:{days}"
[response]
steps = 1
missed = "review"
""",
    "rotating": """title = "Panels in turn, {days}"
[draw]
kind = "random"
per_week = 4
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
[closed]
[collection]
specimen = "urine"
panels = [["cocaine", "buprenorphine"], ["opiates", "fentanyl"]]
window = "08:00-23:00"
[response]
steps = 2
""",
}
ANALYTES = ("cocaine", "thc", "opiates", "bup", "fentanyl", "cocaine=20", "opiates=9000", "thc=3", "codeine=150")
LEVELS = ("outpatient", "iop", "php", "residential")
HISTORY = "participant,due_on,status,outcome,analytes,reason\n"


@dataclass
class Walk:
    """A clinic on some day at some hour, and the chance that says what is typed next."""

    clinic: Clinic
    chance: Random
    today: date
    hour: int = 12
    labels: list[str] = field(default_factory=list)
    made: int = 0
    ahead: timedelta = timedelta()  # how far the machine's clock is ahead when the next act is typed

    def one(self, *of: str) -> str:
        return self.chance.choice(of)

    def maybe(self, *words: str, share: float = 0.3) -> Sequence[str]:
        return words if self.chance.random() < share else ()

    def code(self) -> str:
        """Mostly somebody who is on record."""
        codes = [code for (code,) in self.clinic.rows("SELECT code FROM participant ORDER BY id")]
        return self.chance.choice(codes) if codes else "NOBODY"

    def day(self) -> str:
        return (self.today - timedelta(days=self.chance.choice((0, 0, 0, 0, 1, 1, 2, 3, 6)))).isoformat()

    def draw(self, *statuses: str) -> Sequence[str]:
        """The words for somebody's draw of the last days, of these statuses if there is one."""
        only = f"AND status IN ({', '.join(repr(one) for one in statuses)})" if statuses else ""
        since = (self.today - timedelta(days=self.chance.choice((0, 0, 0, 1, 4)))).isoformat()
        found = self.clinic.rows(
            "SELECT code, due_on, kind FROM draw JOIN participant ON participant.id = participant_id "
            f"WHERE due_on >= '{since}' {only} ORDER BY draw.id"
        )
        if not found:
            return (self.code(), "--on", self.day())
        code, due_on, kind = self.chance.choice(found)
        which = self.maybe("--for-cause" if kind == "for-cause" else "--scheduled", share=0.6)
        return (code, "--on", due_on, *which)

    def number(self, table: str) -> str:
        numbers = [number for (number,) in self.clinic.rows(f"SELECT id FROM {table} ORDER BY id")]
        return str(self.chance.choice(numbers[-4:])) if numbers else "1"

    def said(self, *, definitive: float = 0.3) -> Sequence[str]:
        """What may be said with a result."""
        label = f"S-{self.made}"
        self.made += 1
        words = [
            *self.maybe("--definitive", "--lab", "North", share=definitive),
            *self.maybe("--collected-at", f"{self.chance.randrange(6, 23):02}:{self.chance.choice((0, 30)):02}"),
            *self.maybe("--note", "seemed tired", share=0.2),
            *self.maybe("--creatinine", self.one("1", "12", "80"), "--specific-gravity", self.one("1.0005", "1.0150")),
            *self.maybe("--temperature", self.one("25", "34.5"), share=0.2),
            *self.maybe("--looked-for", self.one("cocaine", "opiates", "thc", "morphine"), share=0.2),
        ]
        if self.chance.random() < 0.3:
            words += ["--specimen-id", label]
            self.labels.append(label)
        return words

    def outcome(self) -> Sequence[str]:
        what = self.one("negative", "negative", "positive", "positive", "invalid")
        count = self.chance.choice((1, 1, 2))
        names = self.chance.sample(ANALYTES, count) if what == "positive" else []
        return (what, *(word for name in names for word in ("--analyte", name)))


def result(walk: Walk) -> Typed:
    code, *which = walk.draw("due", "collected", "unrecorded", "missed")
    return ("result", code, *walk.outcome(), *which, *walk.said())


def test(walk: Walk) -> Typed:
    """For cause, or once more for a cup of today that does not count, if there is one."""
    again = walk.clinic.rows(
        "SELECT code FROM draw JOIN participant ON participant.id = participant_id "
        f"WHERE due_on = '{walk.today}' AND outcome = 'invalid' AND status = 'collected' ORDER BY draw.id"
    )
    if again and walk.chance.random() < 0.7:
        return ("test", walk.chance.choice(again)[0], "--recollect")
    if walk.chance.random() < 0.2:
        return ("test", walk.code(), "--on", walk.day(), "--reason", "county hospital")
    return ("test", walk.code(), *walk.maybe("--recollect", share=0.1))


def result_import(walk: Walk) -> Typed:
    lines = "participant,due_on,outcome,analytes,method,lab,kind\n"
    for _ in range(walk.chance.randrange(1, 4)):
        code, _, day, *_ = walk.draw("due", "collected", "missed")
        analyte = walk.one("cocaine", "opiates;thc", "cocaine=20;opiates=9000")
        outcome = walk.one("negative,", f"positive,{analyte}", "invalid,")
        lines += f"{code},{day},{outcome},{walk.one('presumptive,', 'definitive,North')},{walk.one('', 'scheduled')}\n"
    return ("result", "import", "-"), lines


def amend(walk: Walk) -> Typed:
    code, *which = walk.draw("collected", "missed", "refused", "excused")
    back = (walk.one("due", "missed", "refused", "excused", "collected"),)
    what = back if walk.chance.random() < 0.4 else (*walk.outcome(), *walk.said())
    return ("amend", code, *what, *which, "--reason", "a mistake")


def absence(act: str) -> Callable[[Walk], Typed]:
    def typed(walk: Walk) -> Typed:
        reason: Sequence[str] = ("--reason", "court") if act == "excuse" else walk.maybe("--reason", "left")
        if act == "collected":
            return (act, *walk.draw("due"), *walk.maybe("--specimen-id", walk.one("S-1", "s 2", "S–3", "L-9")))
        if act in ("missed", "excuse") and walk.chance.random() < 0.3:
            since = (walk.today - timedelta(days=6)).isoformat()
            days = walk.one(f"--on {walk.day()}", f"--from {since} --to {walk.day()}").split()
            return (act, "--all", *days, "--yes", *reason)
        return (act, *walk.draw("due", "unrecorded", "missed"), *reason)

    return typed


def draw(walk: Walk) -> Typed:
    """Now and then by a clock that is ahead, which is then taken back."""
    later = walk.clinic.rows(f"SELECT 1 FROM night WHERE day > '{walk.today}'")
    if later:
        return ("draw", "--take-back", "--reason", "the clock was ahead", "--yes")
    walk.ahead = timedelta(days=walk.chance.choice((0,) * 12 + (1, 3)))
    return ("draw",)


def swap(walk: Walk) -> Typed:
    code, *which = walk.draw("collected")
    return ("swap", code, walk.code(), *which[:2], "--reason", "two cups mixed up")


def rename(walk: Walk) -> Typed:
    walk.made += 1
    what = walk.one(f"R{walk.made}", walk.code())
    return ("participant", "rename", walk.code(), what, "--reason", "typed wrong")


def discharge(walk: Walk) -> Typed:
    return ("participant", "discharge", walk.code(), "--reason", "moved", *walk.maybe("--on", walk.day()))


def closure(act: str) -> Callable[[Walk], Typed]:
    def typed(walk: Walk) -> Typed:
        day = (walk.today + timedelta(days=walk.chance.randrange(3))).isoformat()
        return ("facility", act, day, "--reason", "snow")

    return typed


def facility_timezone(walk: Walk) -> Typed:
    zone = walk.one("America/New_York", "Europe/Berlin", "Asia/Kathmandu")
    return ("facility", "timezone", zone, "--reason", "set up wrong")


def log(walk: Walk) -> Typed:
    lines = [walk.one("lab Northside", "lab County Lab", "who", "")]
    for _ in range(walk.chance.randrange(1, 6)):
        code = walk.draw("due", "collected")[0]
        label = walk.one(*walk.labels, f"L-{walk.made}00{walk.today.day}")
        cup = walk.one("n", "coc", "opi thc", "i leaked", "m", "r left", "coc bup", "coc=320", "thc=3 opi")
        said = walk.one(
            cup, cup, "e court", "unable", "u after 2 h", "c", f"c {label}", f"#{label} {cup}", f"lab {cup}"
        )
        of = walk.one(code, f"{code} scheduled", f"{code} cause", f"{code}@yesterday", label)
        lines += [walk.one(f"{of} {said}", f"{code} {said}", f"{code}\n{said}", f"{code}\n{label}\n{cup}")]
        lines += walk.maybe("u", share=0.4)
    return ("log", *walk.maybe("--on", walk.day())), "\n".join(lines) + "\n"


def enrol(walk: Walk) -> Typed:
    where = ("--schedule", walk.one(*SCHEDULES), "--level", walk.one(*LEVELS))
    since = walk.maybe("--enrolled", (walk.today + timedelta(days=walk.chance.randrange(-5, 4))).isoformat())
    if walk.chance.random() < 0.5:
        return ("participant", "add", walk.code(), *where, "--readmit", *since)
    walk.made += 1
    return ("participant", "add", f"P{walk.made}", *where, *since)


def participant_import(walk: Walk) -> Typed:
    walk.made += 1
    line = f"Q{walk.made},{walk.one(*LEVELS)},{walk.one(*SCHEDULES)},{walk.day()}\n"
    return ("participant", "import", "-"), "participant,level,schedule,enrolled_on\n" + line


def leave(walk: Walk) -> Typed:
    first = walk.today + timedelta(days=walk.chance.randrange(-3, 3))
    last = first + timedelta(days=walk.chance.randrange(5))
    return ("participant", "leave", walk.code(), str(first), str(last), "--reason", "travel")


def history_import(walk: Walk) -> Typed:
    lines = ""
    for _ in range(walk.chance.randrange(1, 4)):
        what = walk.one(
            "missed,,,",
            "collected,negative,,",
            "collected,positive,cocaine,",
            'collected,positive,buprenorphine,"[expected ""buprenorphine""]"',
            'collected,positive,opiates,"[definitive ""South""]"',
            'missed,,,"[earlier ""invalid""] left"',
            "due,,,",
            "excused,,,[for-cause] ill",
        )
        lines += f"{walk.code()},{walk.day()},{what}\n"
    return ("history", "import", "-"), HISTORY + lines


def schedule_load(walk: Walk) -> Typed:
    name = walk.one(*FILES)
    file = walk.clinic.database.with_name(f"{name}.toml")
    file.write_text(FILES[name].format(days=walk.chance.randrange(10, 40)))
    return ("schedule", "load", str(file))


def handover(walk: Walk) -> Typed:
    return ("specimen", "handover", walk.one(*walk.labels or ["none"]), "--to", walk.one("courier", "North"))


def defer(walk: Walk) -> Typed:
    until = (walk.today + timedelta(days=walk.chance.randrange(1, 6))).isoformat()
    return ("recommendation", "defer", walk.number("recommendation"), "--until", until, "--reason", "talk first")


def reread(walk: Walk) -> Sequence[str]:
    return (walk.one("--reread", "--no-reread"),)


def medicine(walk: Walk) -> str:
    return walk.one("bup", "codeine", "fentanyl")


def checkin_rule(walk: Walk) -> Sequence[str]:
    opens, closes = walk.one(("05:00", "09:30"), ("06:00", "10:00"), ("00:30", "02:30"))
    rule = ("--opens", opens, "--closes", closes, walk.one("--page", "--no-page"))
    then = ("--not-checked-in", walk.one("missed", "unrecorded"))
    more = walk.one((*rule, *then), (*rule, *then), ("--end",))
    return ("checkin", "rule", *more, "--from", str(walk.today + timedelta(days=walk.one(0, 1, 3))))


def checkin_record(walk: Walk) -> Sequence[str]:
    """At the desk before anything is open too, so that more than the seldom hours of a window are walked through."""
    then = (f"{walk.chance.randrange(4, 12):02}:30", *walk.maybe("--on", "yesterday", share=0.3))
    more = walk.one((), (), ("--at", *then))
    return ("checkin", "record", walk.code(), "--by", walk.one("phone", "desk"), "--early", *more)


def outage(walk: Walk) -> Sequence[str]:
    """Mostly about a time when check-in was open; also one that is taken back, and the list."""
    if walk.chance.random() < 0.3:
        number = walk.number("outage")
        return walk.one(("checkin", "outage"), ("checkin", "outage", "--take-back", number, "--reason", "it was none"))
    day, hour = walk.day(), walk.chance.choice((5, 6, 8, 9))
    span = ("--from", f"{day} {hour:02}:10", "--to", f"{day} {hour:02}:{walk.chance.choice((12, 31, 55))}")
    more = walk.maybe("--corrects", walk.number("outage"), share=0.3)
    return ("checkin", "outage", *span, "--reason", "no power", *more)


def card(walk: Walk) -> Sequence[str]:
    """On paper, because nobody is at a terminal."""
    paper = ("--print", str(walk.clinic.database.with_name("card.pdf")), "--overwrite")
    again = (walk.one("--new-pin", "--new-number"), "--reason", "forgotten")
    how = walk.one(paper, paper, (*again, *paper), ("--end", "--reason", "called by telephone"), ("--language", "es"))
    return ("participant", "card", *walk.one((walk.code(), *how), (walk.code(), *how), ("--all", *paper)))


CHECK_IN_FILE = """[page]
name = "HH"
phone = "555-0100"
zone = { en = "Pacific time", es = "hora del Pacífico" }
[notices.text]
command = ["true"]
"""


def contact(walk: Walk) -> Sequence[str]:
    """Where somebody is reminded, which their facility's file has to know how to do."""
    file = walk.clinic.location.check_in_of(1)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CHECK_IN_FILE)
    file.chmod(0o600)
    number = f"+1555{walk.chance.randrange(10_000):04}"
    given = ("--text", number, "--consent-on", walk.day())
    return ("participant", "contact", walk.code(), *walk.one(given, given, ("--stop", "text"), ("--forget",), ()))


ACTS: dict[str, Callable[[Walk], Typed]] = {
    "amend": amend,
    "collected": absence("collected"),
    "checkin record": checkin_record,
    "checkin outage": outage,
    "checkin rule": checkin_rule,
    "confirmation cancel": lambda walk: ("confirmation", "cancel", *walk.draw("collected"), "--reason", "too late"),
    "confirmation send": lambda walk: ("confirmation", "send", *walk.draw("collected"), *walk.maybe("--lab", "North")),
    "draw": draw,
    "excuse": absence("excuse"),
    "facility close": closure("close"),
    "facility open": closure("open"),
    "facility rename": lambda walk: (
        *("facility", "rename", walk.one("Harbor House", "Lake House"), "--reason", "typed wrong"),
    ),
    "facility timezone": facility_timezone,
    "history import": history_import,
    "key rotate": lambda walk: ("key", "rotate", "--reason", "seen by others"),
    "log": log,
    "missed": absence("missed"),
    "participant add": enrol,
    "participant cancel": lambda walk: ("participant", "cancel", walk.code(), "--reason", "never came"),
    "participant card": card,
    "participant contact": contact,
    "participant discharge": discharge,
    "participant import": participant_import,
    "participant join": lambda walk: (
        *("participant", "join", walk.code(), walk.code(), "--reason", "one person", "--yes"),
    ),
    "participant leave": leave,
    "participant rename": rename,
    "participant return": lambda walk: ("participant", "return", walk.code()),
    "participant set-schedule": lambda walk: ("participant", "set-schedule", walk.code(), walk.one(*SCHEDULES)),
    "participant transfer": lambda walk: (
        *("participant", "transfer", walk.code(), walk.one(*LEVELS), "--reason", "doing otherwise"),
    ),
    "prescription add": lambda walk: (
        *("prescription", "add", walk.code(), medicine(walk), "--from", walk.day(), *reread(walk)),
    ),
    "prescription end": lambda walk: (
        *("prescription", "end", walk.code(), medicine(walk), "--on", walk.day(), "--reason", "tapered", *reread(walk)),
    ),
    "prescription reread": lambda walk: ("prescription", "reread", walk.code()),
    "recommendation accept": lambda walk: (
        *("recommendation", "accept", walk.number("recommendation"), "--note", "agreed"),
        *walk.maybe("--to", walk.one(*LEVELS)),
    ),
    "recommendation decline": lambda walk: (
        *("recommendation", "decline", walk.number("recommendation"), "--reason", "a slip"),
    ),
    "recommendation defer": defer,
    "recommendation reopen": lambda walk: (
        *("recommendation", "reopen", walk.one(walk.number("recommendation"), walk.code()), "--reason", "a mistake"),
    ),
    "refused": absence("refused"),
    "result": result,
    "result import": result_import,
    "review done": lambda walk: ("review", "done", walk.number("review")),
    "schedule load": schedule_load,
    "schedule take-back": lambda walk: ("schedule", "take-back", walk.one(*SCHEDULES), "--reason", "not agreed"),
    "specimen handover": handover,
    "swap": swap,
    "test": test,
    "unable": absence("unable"),
    # What changes no draw, and is typed all the same because it reads all of them.
    "confirmation list": lambda walk: ("confirmation", "list"),
    "doctor": lambda walk: ("doctor",),
    "due": lambda walk: ("due", "--on", walk.day()),
    "checkin list": lambda walk: ("checkin", "list", "--on", walk.day(), *walk.maybe("--contacts", "--yes")),
    "checkin show": lambda walk: ("checkin", "show", walk.code()),
    "checkin verify": lambda walk: ("checkin", "verify", walk.code(), "4586-5319", "--on", walk.day()),
    "history export": lambda walk: ("history", "export"),
    "notice list": lambda walk: ("notice", "list", *walk.maybe("--failed")),
    "participant list": lambda walk: ("participant", "list"),
    "participant show": lambda walk: ("participant", "show", walk.code()),
    "prescription list": lambda walk: ("prescription", "list", walk.code(), "--all"),
    "proof": lambda walk: ("proof", "--day", walk.day()),
    "recommendation list": lambda walk: ("recommendation", "list"),
    "recommendation show": lambda walk: ("recommendation", "show", walk.number("recommendation")),
    "report outcomes": lambda walk: ("report", "outcomes", "--from", walk.day(), "--to", str(walk.today)),
    "audit list": lambda walk: ("audit", "list", *walk.maybe("--participant", walk.code(), share=0.5)),
    "report participant": lambda walk: ("report", "participant", walk.code()),
    "review list": lambda walk: ("review", "list", "--all"),
    "specimen show": lambda walk: ("specimen", "show", walk.one(*walk.labels or ["none"])),
    "today": lambda walk: ("today", "--on", walk.day()),
}
READS = (
    "audit list",
    "checkin list",
    "checkin show",
    "checkin verify",
    "confirmation list",
    "doctor",
    "due",
    "history export",
    "notice list",
    "participant list",
    "participant show",
    "prescription list",
    "proof",
    "recommendation list",
    "recommendation show",
    "report outcomes",
    "report participant",
    "review list",
    "specimen show",
    "today",
)
OFTEN = {"result": 14, "amend": 8, "test": 10, "collected": 16, "log": 4, "missed": 3, "participant set-schedule": 4}
SELDOM = {"facility timezone": 0.5, "facility close": 1, "participant join": 0.7, "participant cancel": 0.7}


def weight(act: str) -> float:
    """How often an act is typed beside the others."""
    return 0.3 if act in READS else OFTEN.get(act, SELDOM.get(act, 2))


_MACHINE = "about files and the machine, not about records"
_READS = "reads what does not change"
NO_ACT = {
    "analyte check": _READS,
    "analyte list": _READS,
    "analyte show": _READS,
    "backup": _MACHINE,
    "check": _MACHINE,
    "completion": _MACHINE,
    "cron print": _MACHINE,
    "decide": "at a terminal, does what `recommendation accept`, `review done` and the others do",
    "demo": "makes a database of its own",
    "facility add": "another facility, whose records are its own",
    "facility list": _READS,
    "init": "makes the database",
    "key acknowledge": "of a key that is lost, which nobody loses here",
    "key show": _READS,
    "manual": _MACHINE,
    "migrate": _MACHINE,
    "notice send": "leaves the house, and nothing on record but that it was asked for",
    "notice test": "leaves the house, and nothing on record but that it was asked for",
    "proof check": "reads a file, without the database",
    "report network": _READS,
    "report period": _READS,
    "report weekly": "typed after every few acts",
    "restore": _MACHINE,
    "schedule check": _READS,
    "schedule list": _READS,
    "schedule show": _READS,
    "schedule simulate": _READS,
    "web serve": "opens no database",
    "web load": "opens no database",
    "web visits": "opens no database",
    "web print": _READS,
    "web sync": "what `serve` does for the page, which has a clock that nobody can pretend",
    "web collect": "takes what the page's file has, which has a clock that nobody can pretend",
    "serve": "does what `draw` and `report weekly` do",
    "staff add": "who may do what, not what is recorded",
    "staff list": _READS,
    "staff remove": "who may do what, not what is recorded",
    "status": _MACHINE,
    "systemd print": _MACHINE,
    "verify": "typed after every few acts",
    "witness": _READS,
}
