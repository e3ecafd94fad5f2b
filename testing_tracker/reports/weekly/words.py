"""Says the weekly report in words and figures, once for all the forms that people read.

The first page is a list of rates, counts, warnings and sections, which `_LISTS` has in their order; then the draws by
weekday and the trend. What is here is text; how it looks is up to the form.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from testing_tracker.reports.paper.words import (
    LETTERS,
    NOTICE,
    RATES_IN_WORDS,
    Section,
    anchors_in_words,
    moment,
    printed_in_words,
    sections_of,
)
from testing_tracker.reports.weekly.check_in import section_of
from testing_tracker.reports.weekly.gather import WeeklyReport
from testing_tracker.reports.weekly.open_matters import Recommended
from testing_tracker.reports.weekly.printing import Printed
from testing_tracker.reports.weekly.trend import STANDARD_DEVIATIONS, DayDrawn, Trend
from testing_tracker.rules.calendar import Week, weekday_name, zone_on
from testing_tracker.rules.deciding.escalation import DISCLAIMER
from testing_tracker.rules.drawing.no_record import question
from testing_tracker.rules.reporting.tally import (
    NOT_AVAILABLE,
    Share,
    Tally,
    compliance_of,
    positivity_of,
    to_a_tenth,
)

KEY = f"Pattern: a letter a week, oldest first; {LETTERS}"
_MOST_ACTS = 40


@dataclass(frozen=True)
class Rate:
    """A rate of the week with what it is a share of, beside last week's and what that of the weeks before was."""

    name: str
    rule: str
    this: Share
    last: Share
    earlier: str

    @property
    def before(self) -> tuple[str, str]:
        """What it was last week with the change since, and what it was in the weeks before."""
        change = self.this.change_from(self.last)
        return f"last week {self.last}{f' ({change} since)' if change else ''}", self.earlier


@dataclass(frozen=True)
class Page:
    """The report's first page. `leading` comes before anything else, because it may make the numbers wrong."""

    title: str
    period: str
    training: bool
    printed: str
    leading: list[str]
    participants: int
    rates: list[Rate]
    count_columns: tuple[str, ...]
    counts: list[tuple[str, ...]]
    notes: list[str]
    sections: list[Section]
    amendments: list[str]
    foot: list[str]


def page_of(printed: Printed) -> Page:
    """The first page in words."""
    report = printed.report
    return Page(
        title=f"{report.facility}: weekly compliance report, {report.week}",
        period=f"{_short(report.week.monday)} to {_short(report.week.sunday)} ({_clock(report)} time)",
        training=report.training,
        printed=printed_in_words(printed.imprint, report.zone),
        leading=list(_leading(printed)),
        participants=len(report.participants),
        rates=_rates(report),
        count_columns=("", "this week", "last week", f"{_weeks_before(report.trend)}, average"),
        counts=_counts(report),
        notes=list(_notes(report)),
        sections=sections_of(_LISTS, report),
        amendments=list(_amendments(printed)),
        foot=[NOTICE, *anchors_in_words(report.anchors), *_witness(report)],
    )


def _witness(report: WeeklyReport) -> Iterator[str]:
    """The week's last line; its page's digest goes over all pages before it, so it stands for those of all nights."""
    if report.witness:
        yield f"Witness: {report.witness[-1]}"


def _clock(report: WeeklyReport) -> str:
    """The timezone of the week, with the day from which on it was another one."""
    zones = {zone_on(report.zone, day).key: day for day in reversed(report.week.days)}
    (first, _), *changes = reversed(zones.items())
    return ", ".join([first, *(f"from {day} on {name}" for name, day in changes)])


def _short(day: date) -> str:
    return f"{weekday_name(day).title()} {day}"


def _leading(printed: Printed) -> Iterator[str]:
    report, amended = printed.report, printed.imprint.amended
    for compared in report.questions:
        yield f"{question(compared)} Until somebody has said so, these draws are unrecorded and held against nobody."
    if report.today <= report.week.sunday:
        yield "The week is not over; these are the numbers so far."
    elif not report.is_closed:
        yield "No nightly run has closed the week yet; these are the numbers so far."
    if amended is not None:
        yield f"Amended since first printed on {moment(amended.first_printed_at, report.zone)}: see Amendments."


def _weeks_before(trend: Trend) -> str:
    """How many weeks before there were; a new facility has few."""
    count = trend.count_before
    return f"{count or 'no'} week{'' if count == 1 else 's'} before"


def _rates(report: WeeklyReport) -> list[Rate]:
    return [_rate(report, name, rule, of) for name, rule, of in RATES_IN_WORDS]


def _rate(report: WeeklyReport, name: str, rule: str, share_of: Callable[[Tally], Share]) -> Rate:
    trend = report.trend
    earlier = _earlier(trend, share_of(trend.before_together))
    return Rate(name, rule, share_of(report.total), share_of(trend.last), earlier)


def _earlier(trend: Trend, together: Share) -> str:
    """A rate of the weeks before, of all their tests; its numbers are averages a week, to stand beside a week's."""
    weeks = f"{'the ' if trend.count_before else ''}{_weeks_before(trend)}"
    if not together.whole:
        return f"{weeks} {NOT_AVAILABLE}" if trend.count_before else weeks
    part, whole = (to_a_tenth(trend.a_week_before(count)) for count in (together.part, together.whole))
    return f"{weeks} {part}/{whole} a week = {together.percent}"


def _counts(report: WeeklyReport) -> list[tuple[str, ...]]:
    trend = report.trend
    tallies = (report.total, trend.last, trend.before_together)
    names = {
        "due": "tests due",
        "collected": "collected",
        "late": "  of them after the window",
        "missed": "missed",
        "refused": "refused",
        "excused": "excused",
        "outstanding": "outstanding",
        "unrecorded": "  of them unrecorded",
        "negative": "negative",
        "expected": "  of them only what is prescribed",
        "positive": "positive",
        "invalid": "invalid",
    }
    rows: list[tuple[str, ...]] = []
    for count, name in names.items():
        this, last, before = (getattr(tally, count) for tally in tallies)
        if not name.startswith(" ") or this or last or before:
            average = to_a_tenth(trend.a_week_before(before)) if trend.count_before else ""
            rows.append((name, str(this), str(last), average))
    return rows


def _notes(report: WeeklyReport) -> Iterator[str]:
    """What makes the numbers other than they look, and only then."""
    if report.total.unrecorded:
        yield (
            f"Nothing was recorded for {report.total.unrecorded} of the outstanding tests although their day is over; "
            "they are held against nobody."
        )
    if report.gaps:
        whose = "its" if len(report.gaps) == 1 else "their"
        yield (
            f"The nightly draw did not run on {', '.join(str(day) for day in report.gaps)}: "
            f"{whose} fixed draws are not counted as missed."
        )
    for closed in report.closed:
        yield (
            f"The facility was closed on {_short(closed.day)} ({closed.reason}): the day's draws that nobody gave are "
            "excused, or were not made."
        )
    for unplaced in report.unplaced:
        yield (
            f"{unplaced.schedule} has no open day left in the week for its draw of {unplaced.closed_on}, "
            "a closed day: nobody was drawn for it."
        )


def _waiting(report: WeeklyReport) -> Section:
    waiting = [found for found in report.standing.recommendations if found.is_open]
    return Section(
        f"Open recommendations: {len(waiting) or 'none'}",
        ("no.", "participant", "open for", "recommended", "evidence"),
        [_recommendation(found, f"{found.age_days} d") for found in waiting],
        note=f"{_as_of(report)} {DISCLAIMER}" if waiting else "",
        always=True,
    )


def _others(report: WeeklyReport) -> Section:
    found = report.standing.recommendations
    others = [one for one in found if not one.is_open]
    return Section(
        f"Others raised or decided in the week: {len(others)}",
        ("no.", "participant", "status", "recommended", "evidence"),
        [_recommendation(one, one.status) for one in others],
        note=DISCLAIMER if len(others) == len(found) else "",
    )


def _recommendation(found: Recommended, second: str) -> tuple[str, ...]:
    tests = "; ".join(
        f"{test.due_on} {test.said}{': ' + ', '.join(test.analytes) if test.analytes else ''}"
        for test in found.evidence
    )
    certainty = f" ({found.certainty})" if found.certainty else ""
    return (str(found.id), found.participant, second, found.reason, f"{tests}{certainty}")


def _talk(report: WeeklyReport) -> Section:
    talk = report.findings.talk
    return Section(
        f"To talk with: {len({one.participant for one in talk}) or 'nobody'}",
        ("participant", "day", "why"),
        [(one.participant, str(one.due_on), f"{one.why}: {one.detail}") for one in talk],
        always=True,
    )


def _check_in(report: WeeklyReport) -> Section:
    return section_of(report.check_in, report.zone)


def _overdue(report: WeeklyReport) -> Section:
    overdue = report.standing.overdue
    return Section(
        f"Definitive results overdue: {len(overdue)}",
        ("participant", "test of", "laboratory", "awaited by"),
        [(one.participant, str(one.due_on), one.lab or "", str(one.expected_by)) for one in overdue],
        note=_as_of(report),
    )


def _recollections(report: WeeklyReport) -> Section:
    recollections = report.standing.recollections
    return Section(
        f"To be collected again: {len(recollections)}",
        ("participant", "test of", "why"),
        [(one.participant, str(one.due_on), one.why) for one in recollections],
        note=_as_of(report),
    )


def _reviews(report: WeeklyReport) -> Section:
    reviews = report.standing.reviews
    return Section(
        f"For a clinician to look at: {len(reviews)}",
        ("no.", "participant", "open for", "day", "what"),
        [(str(one.id), one.participant, f"{one.age_days} d", str(one.due_on), one.what) for one in reviews],
        note=_as_of(report),
    )


def _amended(report: WeeklyReport) -> Section:
    amended = report.standing.amended
    return Section(
        f"Reports amended after they were delivered: {len(amended)}",
        ("report of", "delivered on", "by", "send it again with"),
        [(one.week, moment(one.delivered_at, report.zone), one.channel, one.do) for one in amended],
        note=_as_of(report),
    )


def _leaves(report: WeeklyReport) -> Section:
    return Section(
        f"On leave in the week: {len(report.leaves)}",
        ("participant", "from", "to", "reason"),
        [(one.participant, str(one.from_on), str(one.to_on), one.reason) for one in report.leaves],
    )


def _as_of(report: WeeklyReport) -> str:
    return f"As of {moment(report.standing.as_of, report.zone)}."


_LISTS = (  # as they are read
    _waiting,
    _others,
    _talk,
    _check_in,
    _overdue,
    _recollections,
    _reviews,
    _amended,
    _leaves,
)


def _amendments(printed: Printed) -> Iterator[str]:
    amended = printed.imprint.amended
    if amended is None:
        return
    zone = printed.report.zone
    for name, before, now in amended.counts:
        yield f"{name.replace('_', ' ')}: {before} when first printed, {now} now"
    for act in amended.acts[:_MOST_ACTS]:
        why = f" ({act.reason})" if act.reason else ""
        yield f"{moment(act.at, zone)} by {act.account}: {act.participant}, {act.on}, {act.what}{why}"
    if len(amended.acts) > _MOST_ACTS:
        yield f"and {len(amended.acts) - _MOST_ACTS} more; `participant show CODE` has each participant's record"
    if not amended.counts and not amended.acts:
        yield "a record from before the week, or of who takes part, says something else now"


@dataclass(frozen=True)
class WeekdayRow:
    """A day's draws beside those expected, in figures; `remark` where chance alone hardly explains the number."""

    day: date
    name: str
    observed: str
    expected: str
    usual: str
    remark: str


WEEKDAYS_NOTE = (
    "Expected: the sum of the chances that those who could be drawn had. Usual: within two standard deviations of it, "
    "where 19 of 20 days lie."
)


def weekday_rows(report: WeeklyReport) -> list[WeekdayRow]:
    """The draws that schedules made, by day."""
    return [_weekday(day, report) for day in report.weekdays]


def _weekday(drawn: DayDrawn, report: WeeklyReport) -> WeekdayRow:
    expected = usual = ""
    if drawn.expected is not None and drawn.spread is not None:
        low = max(0.0, drawn.expected - STANDARD_DEVIATIONS * drawn.spread)
        expected = f"{drawn.expected:.1f}"
        high = drawn.expected + STANDARD_DEVIATIONS * drawn.spread
        usual = f"{low:.0f}–{high:.0f}" if drawn.spread else f"{drawn.expected:.0f}"
    remark = "no run" if drawn.day in report.gaps else "" if drawn.is_usual is not False else "unusual"
    name = weekday_name(drawn.day).title()
    return WeekdayRow(drawn.day, name, str(drawn.observed), expected or NOT_AVAILABLE, usual, remark)


def trend_title(trend: Trend) -> str:
    """Of the rates by week: how many weeks there are beside the report's."""
    count = trend.count_before
    return f"Compliance and positivity, the week{f' and the {count} before' if count else ''}"


def trend_rows(report: WeeklyReport) -> list[tuple[Week, Share, Share]]:
    """Compliance and positivity, a week each, oldest first."""
    return [(one.week, compliance_of(one.tally), positivity_of(one.tally)) for one in report.trend.weeks]


ANALYTES_TITLE = "Results by analyte"
WEEKDAYS_TITLE = "Draws by weekday, observed and expected"
