"""What counts as work that is stuck: since when, whom it is about, and the command that gets it on.

How long is too long is this program's own choice, meant to be shorter than what harms somebody: a result that nobody
chases is a positive that nobody acts on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from shlex import quote

from testing_tracker.rules.drawing.no_record import Compared, days_asked, question
from testing_tracker.rules.keeping.owed import GO_ON, LONGEST_GAP, last_night_expected, overdue_since
from testing_tracker.rules.testing.which_draw import collecting_again, is_overdue
from testing_tracker.rules.words import DrawKind


class Matter(StrEnum):
    """What kind of thing is stuck."""

    NIGHT = "night"
    GAP = "gap"
    QUESTION = "question"
    KEY = "key"
    SERVER = "server"
    CLOCK = "clock"
    BACKUP = "backup"
    CHECK_IN = "check-in"
    RESULT = "result"
    CONFIRMATION = "confirmation"
    RECOLLECTION = "recollection"
    RECOMMENDATION = "recommendation"
    REVIEW = "review"
    ZONE = "zone"
    CALENDAR = "calendar"
    ENCRYPTION = "encryption"
    ALIVE = "alive"
    WITNESS = "witness"
    CHECK_IN_FILE = "check-in file"
    NOTICE = "notice"


@dataclass(frozen=True)
class Patience:
    """How long is too long: days that may pass, and the local time by which the night has to have run."""

    result_days: int = 2
    recommendation_days: int = 7
    review_days: int = 7
    backup_days: int = 7
    gap_days: int = 7
    alive_days: int = 2
    notice_days: int = 3
    opted_out_days: int = 7
    longest_gap: int = LONGEST_GAP
    night_by: time = time(6)
    clock_slack: timedelta = timedelta(minutes=5)  # two machines' clocks are never quite the same


@dataclass(frozen=True)
class Stuck:
    """Something that is stuck, or, where nothing `needs_doing`, only worth knowing. `since` is a local date."""

    matter: Matter
    what: str
    since: date
    participant: str | None
    do: str
    needs_doing: bool = True


def is_over(since: date, today: date, days: int) -> bool:
    """Whether more days than allowed have passed."""
    return (today - since).days > days


def night_overdue(last: date | None, opened_on: date, now: datetime, patience: Patience) -> Stuck | None:
    """The nightly draw did not run when it should have; `last` is the day of the last run, `now` is local."""
    expected = last_night_expected(patience.night_by, now)
    since = overdue_since(expected, last, opened_on)
    if since is None:
        return None
    days = (expected - since).days + 1
    what = "today's draws were not made" if since == now.date() else f"the nightly draw did not run; days: {days}"
    is_long = (now.date() - since).days > patience.longest_gap
    draw = f"check the machine's clock; then {GO_ON}" if is_long else "testing-tracker draw"
    do = f"{draw}; then see why it did not run: testing-tracker cron print"
    return Stuck(Matter.NIGHT, what, since, None, do)


def gap(day: date, unrecorded: int, today: date, patience: Patience) -> Stuck | None:
    """A recent night without a run; `unrecorded` of its fixed draws are still so."""
    if is_over(day, today, patience.gap_days):
        return None
    what = f"the nightly draw did not run; fixed draws of that day still unrecorded: {unrecorded}"
    return Stuck(Matter.GAP, what, day, None, f"testing-tracker due --on {day}; testing-tracker cron print")


def unanswered(compared: Compared) -> Stuck:
    """Nobody has said yet whether anything was collected on a day that a night has held back."""
    days = days_asked(compared.closed)
    do = f"testing-tracker missed --all {days}; or testing-tracker excuse --all {days} --reason TEXT"
    return Stuck(Matter.QUESTION, question(compared), compared.closed.first_day, None, do)


def key(problem: str | None, today: date) -> Stuck | None:
    """The key that today's draws come from is not in its place."""
    if problem is None:
        return None
    return Stuck(Matter.KEY, problem, today, None, "testing-tracker check")


def clock(newest_night: date | None, newest_entry: datetime | None, now: datetime, patience: Patience) -> Stuck | None:
    """Something on record is later than now: the machine's clock was put back, or was wrong before."""
    do = "put the machine's clock right before anything is recorded"
    if newest_night is not None and newest_night > now.date():
        what = f"draws of {newest_night} were made, and today is {now.date()}"
        back = "or, where it is right by now: testing-tracker draw --take-back --reason TEXT"
        return Stuck(Matter.CLOCK, what, now.date(), None, f"{do}; {back}")
    if newest_entry is not None and newest_entry > now + patience.clock_slack:
        local = newest_entry.astimezone(now.tzinfo)
        what = f"an entry of {local:%Y-%m-%d %H:%M} is on record, and it is {now:%Y-%m-%d %H:%M}"
        return Stuck(Matter.CLOCK, what, now.date(), None, do)
    return None


def alive(told_on: date | None, error: str | None, opened_on: date, today: date, patience: Patience) -> Stuck | None:
    """The dead man's switch was not told something when it last was to be, or was told nothing for days."""
    since = told_on or opened_on
    if error is not None:
        what = f"the dead man's switch was not told: {error}"
        return Stuck(Matter.ALIVE, what, since, None, "testing-tracker verify --recent")
    if not is_over(since, today, patience.alive_days):
        return None
    return Stuck(Matter.ALIVE, "the dead man's switch was told nothing", since, None, "testing-tracker cron print")


def backup(last: date | None, opened_on: date, today: date, patience: Patience) -> Stuck | None:
    """No backup was made for too long; `last` is the day of the last one."""
    since = last or opened_on
    if not is_over(since, today, patience.backup_days):
        return None
    what = "no backup was made since" if last else "no backup was ever made"
    return Stuck(Matter.BACKUP, what, since, None, f"testing-tracker backup backup-{today}.db")


def result(code: str, kind: DrawKind, due_on: date, today: date, patience: Patience) -> Stuck | None:
    """A specimen was collected, and its result did not come."""
    if not is_over(due_on, today, patience.result_days):
        return None
    do = f"testing-tracker result {code} OUTCOME --on {due_on}{_which(kind)}"
    return Stuck(Matter.RESULT, "collected, and no result since", due_on, code, do)


def confirmation(code: str, due_on: date, lab: str | None, expected_by: date, today: date) -> Stuck | None:
    """A definitive result was awaited by a day that is over."""
    if not is_overdue(expected_by, today):
        return None
    what = f"the definitive result of {due_on} is overdue" + (f" at {lab}" if lab else "")
    do = f"testing-tracker result {code} OUTCOME --definitive --on {due_on}{f' --lab {quote(lab)}' if lab else ''}"
    return Stuck(Matter.CONFIRMATION, what, expected_by, code, do)


def recollection(code: str, due_on: date, what: str, *, same_draw: bool) -> Stuck:
    """A specimen called for another one, and none was asked for since."""
    do = collecting_again(code, due_on, same_draw=same_draw)
    return Stuck(Matter.RECOLLECTION, what, due_on, code, do)


def recommendation(
    number: int, code: str, raised_on: date, deferred_until: date | None, today: date, patience: Patience
) -> Stuck | None:
    """A recommendation that nobody decided on. One that was put off to a later day waits rightly."""
    if deferred_until is not None and deferred_until > today:
        return None
    if not is_over(raised_on, today, patience.recommendation_days):
        return None
    do = f"testing-tracker recommendation show {number}"
    return Stuck(Matter.RECOMMENDATION, f"recommendation {number} is open", raised_on, code, do)


def review(number: int, code: str, about: str, raised_on: date, today: date, patience: Patience) -> Stuck | None:
    """A review that nobody did."""
    if not is_over(raised_on, today, patience.review_days):
        return None
    do = f"testing-tracker review done {number}"
    return Stuck(Matter.REVIEW, f"review {number} is open: {about}", raised_on, code, do)


def zone(machine: str, facility: str, *, same: bool, today: date) -> Stuck | None:
    """The machine's clock shows another time than the facility's walls; the program goes by the facility's."""
    if same:
        return None
    what = f"this machine's timezone is {machine}, the facility's {facility}; only cron's lines go by the machine's"
    return Stuck(Matter.ZONE, what, today, None, "testing-tracker cron print", needs_doing=False)


def calendar(change: str, today: date) -> Stuck:
    """A calendar has changed its word about a day to come."""
    return Stuck(Matter.CALENDAR, change, today, None, "testing-tracker schedule list", needs_doing=False)


def server_lost(socket: str, path: str, since: date) -> Stuck:
    """The server at a socket has ended, and nobody told it to: people's commands are refused."""
    what = f"no server listens at {socket}, and nobody stopped it: commands given there are refused"
    return Stuck(Matter.SERVER, what, since, None, f"testing-tracker serve --socket {quote(path)}")


def encryption_key_beside(place: str, today: date) -> Stuck:
    """The database is encrypted, and its key is on the disk that it is on."""
    what = f"the database is encrypted, and its key {place} is on the same disk: who takes that has both"
    return Stuck(Matter.ENCRYPTION, what, today, None, "testing-tracker check", needs_doing=False)


def not_encrypted(variable: str, today: date) -> Stuck:
    """The database is plain, where a key for an encrypted one is named."""
    what = f"the database is not encrypted, and {variable} says where a key is: it may be another file"
    return Stuck(Matter.ENCRYPTION, what, today, None, "testing-tracker check", needs_doing=True)


def open_way(said: str, today: date) -> Stuck:
    """What goes to the server and back can be read, and changed, by whoever is between."""
    what = f"the connection to the server goes {said}: whoever is between can read and change it"
    return Stuck(Matter.ENCRYPTION, what, today, None, "testing-tracker check", needs_doing=True)


def witness(lines: int, since: date, error: str) -> Stuck:
    """Lines of the nights that were to be kept outside by now are in the house alone."""
    many = "1 witness line is" if lines == 1 else f"{lines} witness lines are"
    return Stuck(Matter.WITNESS, f"{many} not kept outside: {error}", since, None, "testing-tracker draw")


def check_in_file(said: str, today: date, *, is_usable: bool) -> Stuck:
    """What is wrong with the facility's check-in file, or, where it `is_usable`, what it tells others."""
    what = said if is_usable else f"the check-in file cannot be used: {said}"
    return Stuck(Matter.CHECK_IN_FILE, what, today, None, "testing-tracker status", needs_doing=not is_usable)


def notices_failing(code: str, channel: str, failed_on: Sequence[date], error: str, patience: Patience) -> Stuck | None:
    """Reminders have failed on each of the last days on which there were any; `failed_on`, newest first."""
    if len(failed_on) < patience.notice_days:
        return None
    what = f"reminders by {channel} have failed on {len(failed_on)} days: {error}"
    return Stuck(Matter.NOTICE, what, failed_on[-1], code, "testing-tracker notice list --failed")


def opted_out(code: str, channel: str, ended_on: date, today: date, patience: Patience) -> Stuck | None:
    """Somebody has ended their reminders with the vendor, who takes no more for them; it ends no duty."""
    if is_over(ended_on, today, patience.opted_out_days):
        return None
    what = f"reminders by {channel} were ended with the vendor; ask how else, and say that checking in goes on"
    return Stuck(Matter.NOTICE, what, ended_on, code, f"testing-tracker participant contact {code}", needs_doing=False)


def in_order(found: Sequence[Stuck | None]) -> list[Stuck]:
    """What was found: what needs doing first, what keeps the program from working before people, the oldest first."""
    order = list(Matter)
    there = [one for one in found if one is not None]
    return sorted(
        there, key=lambda one: (not one.needs_doing, order.index(one.matter), one.since, one.participant or "")
    )


def _which(kind: DrawKind) -> str:
    return " --for-cause" if kind is DrawKind.FOR_CAUSE else ""
