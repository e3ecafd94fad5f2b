"""Says the report of a period in words and figures, once for all the forms that people read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from testing_tracker.reports.paper.words import NOTICE, RATES_IN_WORDS, Section, printed_in_words, sections_of
from testing_tracker.reports.period import check_in
from testing_tracker.reports.period.gather import Part, PeriodReport
from testing_tracker.rules.calendar import weekday_name, zone_on
from testing_tracker.rules.drawing.no_record import question
from testing_tracker.rules.reporting.confirming import Confirmed
from testing_tracker.rules.reporting.period import Period
from testing_tracker.rules.reporting.tally import NOT_AVAILABLE, Share, compliance_of, positivity_of
from testing_tracker.rules.reporting.waiting import Spread
from testing_tracker.rules.said import MONTHS
from testing_tracker.rules.words import Method

FEW_COLUMNS = 5  # a table of so many has room beside another one on paper
COLUMNS_OF_A_PHONE = 3  # of 320 pixels
_MOST_DAYS = 10
_MOST_QUESTIONS = 3
_BY_WHOM = {Method.PRESUMPTIVE: "cups", Method.DEFINITIVE: "laboratories"}
_BECAME = {
    Confirmed.CONFIRMED: "confirmed by a laboratory",
    Confirmed.PARTLY: "confirmed in part",
    Confirmed.NOT: "not confirmed",
    Confirmed.INCONCLUSIVE: "the laboratory could not tell",
    Confirmed.AWAITED: "still awaited",
    Confirmed.NEVER_SENT: "never sent",
    Confirmed.EXPLAINED: "never sent, prescriptions explain it",
}


@dataclass(frozen=True)
class PeriodRate:
    """A rate of the period with what it is a share of."""

    name: str
    rule: str
    share: Share

    @property
    def fraction(self) -> str:
        return self.share.fraction if self.share.whole else ""


@dataclass(frozen=True)
class PeriodPage:
    """The report in words. `leading` comes before anything else, because it may make the numbers wrong."""

    title: str
    period: str
    training: bool
    printed: str
    leading: list[str]
    rates: list[PeriodRate]
    notes: list[str]
    sections: list[Section]
    foot: list[str]

    @property
    def blocks(self) -> list[list[Section]]:
        """The sections as they stand under each other; those of few columns that follow on one another, together."""
        together = groupby(self.sections, key=lambda section: len(section.columns) <= FEW_COLUMNS)
        return [block for few, run in together for block in ([list(run)] if few else [[one] for one in run])]


def page_of(report: PeriodReport) -> PeriodPage:
    """The whole report in words. Every column of its sections but the first has numbers."""
    printed = printed_in_words(report.imprint, report.zone)
    days, zone = report.period, zone_on(report.zone, report.counted.last).key
    return PeriodPage(
        title=f"{report.facility}: report of {_called(days)}",
        period=f"{_day(days.first)} to {_day(days.last)} ({zone} time)",
        training=report.training,
        printed=printed[0].upper() + printed[1:],
        leading=list(_leading(report)),
        rates=[PeriodRate(name, rule, of(report.whole.tally)) for name, rule, of in RATES_IN_WORDS],
        notes=list(_notes(report)),
        sections=sections_of(_LISTS, report),
        foot=[NOTICE],
    )


def _called(period: Period) -> str:
    """A month by its name; other days as they are."""
    if str(period) == f"{period.first:%Y-%m}":
        return f"{MONTHS[period.first.month - 1].title()} {period.first.year}"
    return str(period)


def _day(day: date) -> str:
    return f"{weekday_name(day).title()} {day}"


def _leading(report: PeriodReport) -> Iterator[str]:
    asked = [question(compared) for compared in report.questions]
    for one in asked[:_MOST_QUESTIONS]:
        yield f"{one} Until somebody has said so, these draws are unrecorded and held against nobody."
    if len(asked) > _MOST_QUESTIONS:
        more = len(asked) - _MOST_QUESTIONS
        yield f"And {more} more such question{'s' if more > 1 else ''}; `testing-tracker status` asks them all."
    if not report.is_over:
        yield f"The last day is not over; these are the numbers so far, of {report.counted.last} and before."


def _notes(report: PeriodReport) -> Iterator[str]:
    """What makes the numbers other than they look, and only then; and that a small one may tell who it is."""
    if report.opened_on > report.period.first:
        yield f"The facility's records begin on {report.opened_on}."
    if report.gaps:
        shown = ", ".join(str(day) for day in report.gaps[:_MOST_DAYS])
        more = f" and {len(report.gaps) - _MOST_DAYS} more" if len(report.gaps) > _MOST_DAYS else ""
        yield (
            f"Days without a nightly draw: {len(report.gaps)} of {len(report.counted.days)} ({shown}{more}). Their "
            "fixed draws are not counted as missed."
        )
    if report.whole.tally.unrecorded:
        yield (
            f"Of {report.whole.tally.unrecorded} tests nothing was recorded although their day is over; they are held "
            "against nobody."
        )
    if report.found.imported:
        yield (
            f"{report.found.imported} tests came from a past record, which does not say when a result came or what was "
            "sent: they are counted, and in no time and no confirmation."
        )
    yield "Nobody is named here, but a count of 1 may be enough for somebody who knows the clinic to tell who it was."


def _census(report: PeriodReport) -> Section:
    return Section(
        "Participants in the programme",
        ("", "beginning", "enrolled", "in", "out", "discharged", "end", "on leave"),
        [(name, *_moved(part, whole=part is report.whole)) for name, part in _all_and(report, report.levels)],
        note=(
            "Beginning: at the end of the day before. In, out: from and to another level of care. End: at the end of "
            "the last day; on leave are those of them who were away then."
        ),
        always=True,
    )


def _schedules_census(report: PeriodReport) -> Section:
    return Section(
        "Participants by schedule",
        ("", "beginning", "enrolled", "in", "out", "discharged", "end", "on leave"),
        [(name, *_moved(part)) for name, part in report.schedules.items()],
    )


def _moved(part: Part, *, whole: bool = False) -> Iterator[str]:
    moved = part.movements
    between = ("–", "–") if whole else (str(moved.moved_in), str(moved.moved_out))
    yield from (str(moved.beginning), str(moved.enrolled), *between)
    yield from (str(moved.discharged), str(moved.end), str(moved.on_leave_at_end))


def _transfers(report: PeriodReport) -> Section:
    moves = sorted(report.transfers.items(), key=lambda move: (-move[1], move[0]))
    return Section(
        f"From one level of care to another: {sum(report.transfers.values()) or 'nobody'}",
        ("", "moves"),
        [(f"{before} to {after}", str(count)) for (before, after), count in moves],
        always=True,
    )


def _all_and(report: PeriodReport, parts: Mapping[str, Part]) -> Iterator[tuple[str, Part]]:
    yield "all", report.whole
    yield from parts.items()


_TESTS = ("", "partic.", "due", "coll.", "missed", "ref.", "exc.", "open", "unrec.", "compl.")
_RESULTS = ("", "negative", "prescribed", "positive", "invalid", "awaited", "positivity")


def _tests(report: PeriodReport) -> Section:
    return Section(
        "Tests by level of care",
        _TESTS,
        [_due(name, part) for name, part in _all_and(report, report.levels)],
        note=(
            "Each test counts where the participant was on its day. Partic.: in the programme there on a day of these, "
            "or tested there. Open: nothing recorded; unrec.: those of them whose day is over."
        ),
        always=True,
    )


def _schedule_tests(report: PeriodReport) -> Section:
    return Section("Tests by schedule", _TESTS, [_due(name, part) for name, part in report.schedules.items()])


def _due(name: str, part: Part) -> tuple[str, ...]:
    tally = part.tally
    counts = (tally.due, tally.collected, tally.missed, tally.refused, tally.excused)
    nothing = (tally.outstanding, tally.unrecorded)
    return (name, str(part.participants), *map(str, (*counts, *nothing)), compliance_of(tally).percent)


def _results(report: PeriodReport) -> Section:
    return Section(
        "Results by level of care",
        _RESULTS,
        [_said(name, part) for name, part in _all_and(report, report.levels)],
        note="Prescribed: those of the negative ones that found only what is prescribed. Awaited: no result yet.",
        always=True,
    )


def _schedule_results(report: PeriodReport) -> Section:
    return Section("Results by schedule", _RESULTS, [_said(name, part) for name, part in report.schedules.items()])


def _said(name: str, part: Part) -> tuple[str, ...]:
    tally = part.tally
    counts = (tally.negative, tally.expected, tally.positive, tally.invalid, tally.awaited)
    return (name, *map(str, counts), positivity_of(tally).percent)


_TIMES = ("", "number", "median", "9 of 10", "longest")


def _times(report: PeriodReport) -> Section:
    rows = []
    for method, times in report.found.times.items():
        rows.append((f"{_BY_WHOM[method]}, days", *_spread(times.in_days)))
        if times.in_hours.count:
            rows.append((f"{_BY_WHOM[method]}, hours", *_spread(times.in_hours)))
    return Section(
        "Time from test to result",
        _TIMES,
        rows,
        note=(
            "From the day of collection, or the day on which the test was due, to the day on which its result was "
            "recorded first; in hours where the time of collection is on record. 9 of 10: at most so long for them."
        ),
        always=True,
    )


def _waited(report: PeriodReport) -> Section:
    found = report.decisions
    return Section(
        f"From recommendation to decision: {found.raised or 'none'} raised",
        _TIMES,
        [
            ("decided, days", *_spread(found.to_decision)),
            ("open, days so far", *_spread(found.open_for)),
        ],
        note=(
            f"Decided: accepted or declined. Of those raised, {found.accepted} accepted, {found.declined} declined, "
            f"{found.withdrawn} withdrawn, {found.open} open. Open: all that wait now and were raised by the last day, "
            "before the first too."
        ),
        always=True,
    )


def _spread(found: Spread) -> tuple[str, ...]:
    return (str(found.count), *map(_number, (found.median, found.ninetieth, found.longest)))


def _number(value: float | None) -> str:
    return NOT_AVAILABLE if value is None else f"{value:.1f}".removesuffix(".0")


def _confirmed(report: PeriodReport) -> Section:
    found = report.found.positives
    total = sum(found.values())
    return Section(
        f"Presumptive positives: {total or 'none'}",
        ("", "tests", "of all"),
        [(_BECAME[became], str(count), Share(count, total).percent) for became, count in found.items() if total],
        note="What a cup found, and what a laboratory said of it; only its word makes it certain." if total else "",
        always=True,
    )


def _check_ins(report: PeriodReport) -> Section:
    return check_in.counted(report.check_in)


def _told_to_come(report: PeriodReport) -> Section:
    return check_in.told_to_come(report.check_in)


def _missed(report: PeriodReport) -> Section:
    return check_in.missed(report.check_in)


def _not_held_against(report: PeriodReport) -> Section:
    return check_in.not_held_against(report.check_in)


_LISTS = (  # as they are read
    _census,
    _tests,
    _results,
    _transfers,
    _confirmed,
    _times,
    _waited,
    _check_ins,
    _missed,
    _told_to_come,
    _not_held_against,
    _schedules_census,
    _schedule_tests,
    _schedule_results,
)
