"""A week's check-ins as the weekly report has them: gathered, as facts of its editions, in words, and as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import select

from testing_tracker.reports.paper.words import Section
from testing_tracker.rules.calendar import Week, weekday_name
from testing_tracker.rules.check_in.answers import Timing
from testing_tracker.rules.check_in.counted import (
    MISSED_IN_WORDS,
    UNRECORDED_IN_WORDS,
    CheckInCounts,
    MissedHow,
    checked_in_on,
)
from testing_tracker.rules.check_in.receipts import shown
from testing_tracker.rules.check_in.told import how_they_knew, stands_to
from testing_tracker.rules.check_in.told_to_specimen import ToldToSpecimen, duration_in_words
from testing_tracker.rules.reporting.tally import Share
from testing_tracker.services.check_in.reporting.asked import asked_days, days_asked
from testing_tracker.services.check_in.reporting.attempts_of_days import AttemptOnRecord, as_attempt, attempts_in
from testing_tracker.services.check_in.reporting.faulty_days import FaultyDay
from testing_tracker.services.check_in.reporting.reported import CheckInReported, reported
from testing_tracker.store.queries import records_of_all
from testing_tracker.store.tables import Draw, Participant
from testing_tracker.store.work import Work

NOT_ASKED = "not asked"
_BY_NUMBER = ("by_record", "missed_by_record")


@dataclass(frozen=True)
class CheckInWeek:
    """What check-in came to in the week, and by code how it went for everybody who was asked."""

    of: CheckInReported
    by_code: Mapping[str, CheckInCounts]

    def said_of(self, code: str) -> str:
        """The days with an answer of those asked, as `6/7`."""
        counts = self.by_code.get(code)
        return counts.checked_in.fraction if counts is not None else NOT_ASKED

    @property
    def days_at_fault(self) -> list[date]:
        """The days on which nobody who was not told is held to have missed, because check-in was not to be reached."""
        return [fault.day for fault in self.of.faults if fault.counts]

    def missed_of(self, number: int) -> dict[MissedHow, int]:
        """What a participant, by number, had been told of their missed tests."""
        found = self.of.missed_by_record.get(number, {})
        return {how: found.get(how, 0) for how in MissedHow}

    @property
    def facts(self) -> dict[str, object]:
        """All that the report says of it, for an edition's digest; by code, because numbers are not on the page."""
        shown = {name: value for name, value in asdict(self.of).items() if name not in _BY_NUMBER}
        return {**shown, "by_code": {code: asdict(counts) for code, counts in sorted(self.by_code.items())}}

    @property
    def totals(self) -> dict[str, int]:
        """The counts that an edition keeps, to say what changed since."""
        return named_counts(self.of.counts)


def named_counts(counts: CheckInCounts) -> dict[str, int]:
    """Counts by names that no count of tests has, for where they stand beside those."""
    return {
        "check_ins_asked": counts.expected,
        "checked_in_in_time": counts.in_time,
        "checked_in_late": counts.late,
        "tried_to_check_in": counts.tried,
        "not_checked_in": counts.not_checked_in,
    }


def check_in_week(work: Work, week: Week) -> CheckInWeek | None:
    """The week's check-ins, of the days that are over; None where nobody was asked to check in on any."""
    found = reported(work, week.days)
    if found is None:
        return None
    rows = work.session.exec(
        select(Participant.id, Participant.code).where(Participant.facility_id == work.facility_id)
    )
    codes = {number: code for number, code in rows if number in found.by_record}
    return CheckInWeek(found, {code: found.by_record[number] for number, code in codes.items() if number is not None})


def section_of(week: CheckInWeek | None, zone: ZoneInfo) -> Section:
    """The section of the report; nothing where no rule was in force."""
    rows: list[tuple[str, ...]] = [*_rows(week.of, zone)] if week is not None else []
    return Section("Check-in", ("", "in the week"), rows, note=_SINCE if rows else "")


_SINCE = "Counted: the days that are over, and on each whoever had a card by then and was not on leave."


def _rows(of: CheckInReported, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield "checked in", f"{checked_in_words(of.counts)}{_usual(of.usual.share_in_time)}"
    for fault in of.faults:
        yield "at fault", _fault(fault, zone)
    if of.told_to_specimen.n:
        yield "to specimen", to_specimen_words(of.told_to_specimen)
    for name, found, words in (
        ("missed", of.missed, MISSED_IN_WORDS),
        ("unrecorded", of.unrecorded, UNRECORDED_IN_WORDS),
    ):
        counts = [(count, words[what]) for what, count in found.items() if count]  # type: ignore[index]
        if counts:
            said = "; ".join(f"{text} {count}" for count, text in counts)
            yield name, f"{sum(count for count, _ in counts)}: {said}"


def checked_in_words(counts: CheckInCounts) -> str:
    """The counts of everybody's days; what is nothing is left out, but for what is in time."""
    share = counts.share_in_time
    if not counts.expected:
        return "nobody was asked"
    said = [f"{counts.in_time} of {counts.expected} ({share.percent}) in time"]
    others = ((counts.late, "late"), (counts.tried, "tried and could not"), (counts.not_checked_in, "did not"))
    return ", ".join([*said, *(f"{count} {what}" for count, what in others if count)])


def _usual(usual: Share) -> str:
    return f"; usual {usual.percent}" if usual.whole else ""


def _fault(fault: FaultyDay, zone: ZoneInfo) -> str:
    day = f"{weekday_name(fault.day).title()[:3]} {fault.day}"
    spans = " and ".join(f"{_clock(begins, zone)} to {_clock(ends, zone)}" for begins, ends in fault.spans)
    minutes = f"{fault.minutes} minute{'' if fault.minutes == 1 else 's'}"
    told = f"{fault.not_told or 'nobody'} not told that day"
    by_staff = f", {fault.told_by_staff} told by staff instead" if fault.told_by_staff else ""
    return f"{day} {spans} ({minutes}); {told}{by_staff}; {_missed_for(fault)}"


def _missed_for(fault: FaultyDay) -> str:
    """Whether anybody is held to have missed a test that day although nobody had told them."""
    if fault.missed:
        return f"{fault.missed} who {'was' if fault.missed == 1 else 'were'} not told missed a test"
    return "nobody missed for it" if fault.counts else "too short to count, and nobody who was not told missed a test"


def _clock(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M}"


def to_specimen_words(times: ToldToSpecimen) -> str:
    """How long it took from being told, of those whose time of collection is on record."""
    assert times.median_s is not None, "there are some"
    assert times.p95_s is not None, "there are some"
    half, most = duration_in_words(times.median_s), duration_in_words(times.p95_s)
    over = f"{times.over_8h or 'none'} took more than 8 hours"
    return f"from being told, of {times.n}: half within {half}, 95 % within {most}; {over}"


def as_documents(week: CheckInWeek | None) -> dict[str, object]:
    """The keys of the JSON form; none where no rule was in force."""
    if week is None:
        return {}
    of = week.of
    document = {
        **asdict(of.counts),
        "usual": of.usual.share_in_time.rate,
        "outages": [
            {
                "day": fault.day,
                "spans": [{"from": begins, "to": ends} for begins, ends in fault.spans],
                "minutes": fault.minutes,
                "counts": fault.counts,
                "not_told": fault.not_told,
                "told_by_staff": fault.told_by_staff,
                "missed": fault.missed,
            }
            for fault in of.faults
        ],
        "told_to_specimen": asdict(of.told_to_specimen),
        "unrecorded": dict(of.unrecorded),
    }
    return {"check_in": document, "missed": dict(of.missed)}


@dataclass(frozen=True)
class ToldInWeek:
    """A participant's check-ins of a week, by day: the attempts, and the days on which they were asked to."""

    zone: ZoneInfo
    asked: list[date]
    attempts: Mapping[date, list[AttemptOnRecord]]
    counts: CheckInCounts

    def of(self, draw: Draw) -> str:
        """What the participant had been told of a test, in words."""
        of_day = self.attempts.get(draw.due_on, [])
        stands = stands_to(draw, map(as_attempt, of_day), self.zone)
        if stands.attempt is None:
            return str(stands.standing) if draw.due_on in self.asked else "not asked to"
        row = next(one for one in of_day if as_attempt(one) == stands.attempt)
        late = f" {stands.attempt.timing}" if stands.attempt.timing not in (None, Timing.IN_TIME) else ""
        receipt = f", receipt {shown(row.receipt)}" if row.receipt else ""
        return f"{how_they_knew(draw, stands, self.zone)}{late} {_clock(row.at, self.zone)}{receipt}"


def told_in_week(work: Work, number: int, week: Week) -> ToldInWeek | None:
    """A participant's check-ins of a week; None where nobody was asked on any of its days that are over."""
    days = [day for day in week.days if day < work.today]
    asked_on = days_asked(work, days) if days else []
    if not asked_on:
        return None
    asked = [one.day for one in asked_days(work, asked_on, [number]).get(number, ())]
    attempts: dict[date, list[AttemptOnRecord]] = {}
    for one in attempts_in(work, week.monday, week.sunday, records_of_all(work.session, [number])):
        attempts.setdefault(one.day, []).append(one)
    counts = CheckInCounts()
    for day in asked:
        counts.count(checked_in_on(map(as_attempt, attempts.get(day, ()))))
    return ToldInWeek(work.zone, asked, attempts, counts)
