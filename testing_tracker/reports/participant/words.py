"""Says a participant's report in words and figures, once for all the forms that people read."""

from collections.abc import Iterator
from operator import itemgetter

from testing_tracker.reports.paper.words import (
    NOTICE,
    Section,
    WeekCell,
    anchors_in_words,
    cells_of,
    moment,
    printed_in_words,
    sections_of,
)
from testing_tracker.reports.participant.check_ins import section_of
from testing_tracker.reports.participant.gather import ParticipantReport
from testing_tracker.rules.reporting.pattern import MIXED, NOT_PROVIDED, SIGNS, DayMark
from testing_tracker.rules.reporting.tally import NOT_AVAILABLE
from testing_tracker.services.people.roster import DrawEntry, JoinedHistory, Record, ResultEntry
from testing_tracker.services.testing.collections import collection_in_words

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CALENDAR_TITLE = "Calendar of draws and results"
PATTERN_TITLE = "Use pattern, a cell a week since the enrolment"
_DAY_LOOKS = {
    DayMark.POSITIVE: "positive",
    DayMark.MIXED: "mixed",
    DayMark.NEGATIVE: "negative",
    DayMark.ABSENT: "absent",
}


def title_of(report: ParticipantReport) -> str:
    return f"{report.facility}: {report.participant}"


def status_of(report: ParticipantReport) -> str:
    """Where the participant stands now, in a line."""
    line = report.record.line
    named = f" ({line.name})" if line.name else ""
    return (
        f"{line.participant}{named}: {line.status}, {line.level}, schedule {line.schedule}, enrolled {line.enrolled_on}"
    )


def printed_of(report: ParticipantReport) -> str:
    return printed_in_words(report.imprint, report.zone)


def foot_of(report: ParticipantReport) -> list[str]:
    return [NOTICE, *anchors_in_words(report.anchors)]


def key_of_calendar(report: ParticipantReport) -> str:
    """What the signs on the calendar mean, of those that are on it."""
    there = {mark for week in report.calendar for mark in week.days if mark is not None}
    return ", ".join(f"{SIGNS[mark]} {mark}" for mark in DayMark if mark in there)


def calendar_cells(report: ParticipantReport) -> list[tuple[str, list[WeekCell | None]]]:
    """Each week with its seven days."""
    return [
        (
            str(row.week),
            [
                WeekCell(SIGNS[mark], _DAY_LOOKS.get(mark, ""), str(day), str(mark)) if mark is not None else None
                for day, mark in zip(row.week.days, row.days, strict=True)
            ],
        )
        for row in report.calendar
    ]


def pattern_cells(report: ParticipantReport) -> list[WeekCell]:
    """Every week of the pattern."""
    return cells_of(report.pattern, report.until)


def lists_of(report: ParticipantReport) -> list[Section]:
    """The lists of the report, in the order in which they are read."""
    return sections_of((_measures, _prescriptions, _decisions, _reviews, _histories, _draws, _check_ins), report)


def _prescriptions(report: ParticipantReport) -> Section:
    return Section(
        "Prescriptions",
        ("from", "to", "state", "what"),
        [
            (
                str(one.from_on),
                str(one.to_on or ""),
                str(one.status),
                "; ".join(filter(None, (one.analyte, one.prescriber, one.reason))),
            )
            for one in report.record.prescriptions
        ],
    )


def _decisions(report: ParticipantReport) -> Section:
    decisions = report.recent.decisions
    return Section(
        f"Decisions on recommendations: {len(decisions) or 'none'}",
        ("no.", "when", "decision", "by", "reason"),
        [
            (
                str(one.recommendation),
                moment(one.at, report.zone),
                f"{one.decision}{f' ({one.level})' if one.level else ''}",
                one.by,
                one.reason or "",
            )
            for one in decisions
        ],
        always=True,
    )


def _reviews(report: ParticipantReport) -> Section:
    reviews = report.recent.reviews
    return Section(
        f"For a clinician to look at: {len(reviews)}",
        ("no.", "open for", "day", "what"),
        [(str(one.id), f"{one.age_days} d", str(one.due_on), one.what) for one in reviews],
    )


def _draws(report: ParticipantReport) -> Section:
    draws = report.record.draws
    return Section(
        f"Draws: {len(draws) or 'none'}",
        ("day", "kind", "status", "result", "reason"),
        [row for draw in draws for row in _draw_rows(draw, report)],
        always=True,
    )


def _check_ins(report: ParticipantReport) -> Section:
    return section_of(report.check_ins, report.zone)


def _measures(report: ParticipantReport) -> Section:
    return Section("Measures", ("measure", "value", "what it is"), list(_measured(report)))


def _measured(report: ParticipantReport) -> Iterator[tuple[str, str, str]]:
    measures, weeks = report.measures, report.measures.weeks
    negative = measures.negative_weeks + 0.5 * report.pattern.count(MIXED)
    provided = weeks - report.pattern.count(NOT_PROVIDED)
    retained = report.pattern[: measures.retention_weeks]
    negative_retained = retained.count("-") + 0.5 * retained.count(MIXED)
    recent = report.recent
    yield "negative tests in a row", str(recent.negatives_in_a_row), "now; a missed or refused test ends it"
    yield "most negative tests in a row", str(recent.most_negatives_in_a_row), "ever"
    yield "negative weeks", f"{measures.negative_weeks} of {weeks}", "weeks since the enrolment that are over"
    yield (
        "proportion negative",
        _share(negative, weeks, measures.proportion_negative),
        "missing as positive; a mixed week counts half (Fiellin et al. 2006)",
    )
    yield (
        "  of those provided",
        _share(negative, provided, measures.proportion_negative_provided),
        "without weeks in which nothing was given (Fudala et al. 2003)",
    )
    yield (
        "  while retained",
        _share(negative_retained, len(retained), measures.proportion_negative_retained),
        "up to the last week with a specimen (Mattick et al. 2003)",
    )
    yield "retention", f"{measures.retention_weeks} weeks", "the last week with a specimen"
    yield "three negative weeks in a row", _yes(measures.three_negatives), "Kosten et al. 1993"
    yield "three positive weeks in a row", _yes(measures.three_positives), "missing as positive; Krupitsky et al. 2004"
    yield (
        "relapse, CTN-0094",
        _event(measures.relapse_ctn0094, measures.relapse_ctn0094_week),
        "four positive or missing weeks of four",
    )
    yield (
        "relapse, Lee 2016",
        _event(measures.relapse_lee2016, measures.relapse_lee2016_week),
        "two positive or missing weeks of four",
    )
    yield "dropout", _event(measures.dropout, measures.dropout_week), "four weeks of four with nothing given"


def _share(part: float, whole: int, value: float | None) -> str:
    return f"{part:g}/{whole} = {value:.2f}" if whole and value is not None else NOT_AVAILABLE


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _event(happened: bool | None, week: int | None) -> str:
    if happened is None:
        return NOT_AVAILABLE
    return f"yes, by week {week}" if happened else f"no, up to week {week}"


def _histories(report: ParticipantReport) -> Section:
    record = report.record
    rows = [
        *_history(record, ""),
        *(
            (
                str(one.until.astimezone(report.zone).date()),
                f"{one.what} corrected, was {one.code}",
                one.recorded_by,
                one.reason,
            )
            for one in record.earlier_names
        ),
        *(row for joined in record.joined for row in _joined(joined, report)),
    ]
    columns = ("from", "what", "by", "reason")
    return Section("Enrolment, level of care, schedule, leave", columns, sorted(rows, key=itemgetter(0)), always=True)


def _joined(joined: JoinedHistory, report: ParticipantReport) -> Iterator[tuple[str, ...]]:
    one = joined.record
    day = str(one.joined_at.astimezone(report.zone).date())
    yield day, f"{one.participant}, number {one.number}, joined into this record", one.recorded_by, one.reason
    yield from _history(joined, f"under {one.participant}: ")


def _history(of: Record | JoinedHistory, before: str) -> Iterator[tuple[str, ...]]:
    """The changes of a record, each with `before` in front of what it says."""
    for what, changes in (("", of.enrolments), ("level of care ", of.levels), ("schedule ", of.schedules)):
        for change in changes:
            yield str(change.from_on), f"{before}{what}{change.what}", change.recorded_by, change.reason or ""
    for leave in of.leaves:
        yield str(leave.from_on), f"{before}on leave to {leave.to_on}", "", leave.reason


def _draw_rows(draw: DrawEntry, report: ParticipantReport) -> Iterator[tuple[str, ...]]:
    """A line a draw, and one for each result that does not govern, so that a correction shows what it corrected."""
    governing = next((entry for entry in draw.results if entry.counts and draw.outcome is not None), None)
    result = ""
    if governing is not None:
        left = [f"{name} (presumptive)" for name in draw.presumptive]
        found = ", ".join([*governing.analytes, *governing.amounts, *left])
        marks = [_method(governing), *(["expected"] if draw.expected else []), *(["late"] if draw.late else [])]
        result = f"{draw.outcome}{f': {found}' if found else ''} ({', '.join(marks)})"
    reason = (governing.reason if governing else None) or draw.reason or ""
    if draw.recorded_under is not None:
        reason = "; ".join(filter(None, (f"recorded under {draw.recorded_under}", reason)))
    yield (str(draw.due_on), str(draw.kind), str(draw.status), result, reason)
    said = collection_in_words(
        governing.collected_at if governing else None,
        governing.note if governing else None,
        governing.specimen if governing else draw.specimen,
        report.zone,
    )
    if said:
        yield ("", "", "", said, "")
    for entry in draw.results:
        if entry is not governing and entry.outcome is not None:
            word = "beside it" if entry.stands and governing is not None else "was"
            found = f": {', '.join(entry.analytes)}" if entry.analytes else ""
            when = moment(entry.recorded_at, report.zone)
            yield ("", "", "", f"{word} {entry.outcome}{found} ({_method(entry)})", f"{when} by {entry.recorded_by}")
            said = collection_in_words(entry.collected_at, entry.note, entry.specimen, report.zone)
            if said:
                yield ("", "", "", said, "")


def _method(entry: ResultEntry) -> str:
    return f"{entry.method}, {entry.lab}" if entry.lab else str(entry.method)
