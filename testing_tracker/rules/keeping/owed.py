"""When a night or a report is owed, and when so many nights are missing that a person has to say what day it is."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from testing_tracker.rules.calendar import Week

MONDAY = 0
LONGEST_WAIT = timedelta(minutes=60)


@dataclass(frozen=True)
class Hours:
    """When things are to be done, in the facility's local time. `report_on` is a weekday number, Monday 0."""

    draw_at: time
    report_at: time
    report_on: int = MONDAY


def draw_is_owed(hours: Hours, now: datetime, *, night_ran: bool) -> bool:
    """Whether today's draws are still to be made; `now` is local.

    Only the wall clock counts: where the clock jumps over the hour, the draws are owed as soon as it has jumped, and
    an hour that comes twice finds them made.
    """
    return not night_ran and now.time() >= hours.draw_at


def last_full_week(today: date) -> Week:
    """The last week that was over before a day."""
    return Week.of(today) + -1


def report_owed(hours: Hours, now: datetime, *, night_ran: bool, opened_on: date) -> Week | None:
    """The week whose report ought to exist by now, if any; `now` is local.

    It is the week before the current one. It waits for today's nightly run, which closes out the Sunday, and a
    facility that was not open yet in that week has no report of it.
    """
    last = last_full_week(now.date())
    is_time = (now.weekday(), now.time()) >= (hours.report_on, hours.report_at)
    return last if is_time and night_ran and opened_on <= last.sunday else None


def wait_after(attempts: int) -> timedelta:
    """How long a delivery waits after so many attempts that failed: 1, 2, 4 … minutes, at most an hour, for ever."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 6)), LONGEST_WAIT)


def last_night_expected(after: time, now: datetime) -> date:
    """The last day whose nightly run ought to have been made; `now` is local.

    Today's is expected from the time of day `after` on, and yesterday's until then, so that a night that is overdue
    stays so over midnight.
    """
    return now.date() if now.time() >= after else now.date() - timedelta(days=1)


def overdue_since(expected: date, last_run: date | None, opened_on: date) -> date | None:
    """The first day since the last nightly run that has none, where the run of an expected day was not made.

    The day on which a facility opened needs none.
    """
    last = opened_on if last_run is None else max(last_run, opened_on)
    return last + timedelta(days=1) if last < expected else None


def report_overdue(now: datetime, opened_on: date) -> Week | None:
    """The week whose report ought to have left by now, if any; `now` is local. It has all of Monday for it."""
    last = last_full_week(now.date())
    return last if now.weekday() != MONDAY and opened_on <= last.sunday else None


LONGEST_GAP = 14  # nights; chosen here: longer than a machine is left off by those who look at it every morning


@dataclass(frozen=True)
class Gap:
    """Nights without a run, from the first to the last, both included."""

    first: date
    last: date

    @property
    def nights(self) -> int:
        return (self.last - self.first).days + 1


def gap_between(since: date, today: date) -> Gap | None:
    """The nights between the last one on record and today's; None where there are none."""
    return Gap(since + timedelta(days=1), today - timedelta(days=1)) if (today - since).days > 1 else None


def nights_of(gap: Gap) -> str:
    """The nights of a gap, with how many they are."""
    if gap.nights == 1:
        return f"1 night without a run ({gap.first})"
    return f"{gap.nights} nights without a run ({gap.first} to {gap.last})"


GO_ON = "testing-tracker draw --catch-up-to DATE"


def waiting(gap: Gap) -> str:
    """What the next run waits for, and how to go on."""
    return (
        f"{nights_of(gap)} wait for somebody to say what day it is: check the machine's clock, then `{GO_ON}`, "
        "where DATE is the day that it is today"
    )


def refusal(gap: Gap, due: int, fixed: int) -> str:
    """What would be closed, of how many draws, and how to go on; `fixed` draws would be made up for the gap."""
    today = gap.last + timedelta(days=1)
    return (
        f"{nights_of(gap)} would be closed for good, because it is {today} by this machine's clock: {_draws(due)} "
        f"of before would become missed or unrecorded, about {_draws(fixed, 'fixed ')} of these days unrecorded, and "
        "no random draw of them could be made any more. Nothing was drawn. If the clock is wrong, put it right. If it "
        f"is right, `{GO_ON}` goes on, where DATE is the day that it is today."
    )


def _draws(count: int, kind: str = "") -> str:
    return f"{count} {kind}draw" if count == 1 else f"{count} {kind}draws"
