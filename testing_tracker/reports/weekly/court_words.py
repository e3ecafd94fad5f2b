"""Says the weekly report to a court in plain words, once for all its forms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from testing_tracker.reports.paper.words import NOTICE, moment, printed_in_words
from testing_tracker.reports.weekly.court import FoundInATest, ToldOfOne, ToldToCourt
from testing_tracker.reports.weekly.gather import WeeklyReport
from testing_tracker.reports.weekly.printing import Printed
from testing_tracker.rules.calendar import day_in_words
from testing_tracker.rules.check_in.counted import MissedHow
from testing_tracker.rules.drawing.no_record import Asks

CONFIRMED, PRESUMPTIVE = "confirmed by a laboratory", "presumptive, not yet confirmed by a laboratory"
COLUMNS = ("participant", "tests of the week", CONFIRMED, PRESUMPTIVE)
NOTHING = "none"
NOBODY = "Nobody was enrolled and no test was due in this week."
DISCLAIMER = (
    "The program that made this page recommends nothing to a court, and nothing here is a decision. It says what was "
    "on record when it was made. An entry may have been missed, or be wrong: a test that was given can stand here as "
    "missed. Before anything is held against a person, ask the facility and that person, and have a laboratory confirm "
    "what is presumptive."
)
GLOSSARY_TITLE = "What the words mean"
GLOSSARY = (
    ("presumptive", "A first test, such as a cup, found it. Such a test can be wrong: it is no proof until confirmed."),
    ("confirmed", "A laboratory tested the specimen by a method that tells substances apart, and found it."),
    (
        "showed no use",
        "Found nothing, or only what a prescription explains; that is not counted as use, nor shown here.",
    ),
    ("missed", "A test was due, and nothing on record says that it was given."),
    ("refused", "The person was asked for a specimen, and it is on record that none was given."),
    ("excused", "The facility let the person off this test. It is held against nobody."),
    ("not known", "Unrecorded, or still awaited: nobody can say what came of it. That is nobody's fault."),
    ("invalid", "The specimen could not be judged, for example because it was dilute. It shows neither use nor none."),
    (
        "may be the same use",
        "A substance can be found for days or weeks; this may come from what an earlier test found.",
    ),
)


_CHECKED_IN = (
    "check in",
    "Ask the facility, on every day, by a page, by telephone or at its desk, whether to come for a test that day.",
)
_MISSED = {
    MissedHow.TOLD: "told to come",
    MissedHow.TOLD_BEFORE: "told otherwise that day, before it was ordered",
    MissedHow.TRIED: "tried to check in and could not",
    MissedHow.NOT_CHECKED_IN: "did not check in, so was not told",
    MissedHow.NO_CHECK_IN_ASKED: "not asked to check in",
}


_ASKED = {
    Asks.RECORD: (
        "far more tests than usual are without any record. The facility was asked whether its record is missing"
    ),
    Asks.CHECK_INS: (
        "far fewer people than usual checked in, and tests of who was not told are without any record. The facility "
        "was asked whether check-in worked"
    ),
    Asks.NOT_CHECKED_IN: (
        "tests of people who had not checked in are without any record. The facility was asked whether they were missed"
    ),
    Asks.TRIED: (
        "tests of people who tried to check in and could not are without any record. The facility was asked why"
    ),
}


@dataclass(frozen=True)
class Row:
    """What a court is told of a participant: how the tests went, what is confirmed, what is presumptive."""

    participant: str
    tests: str
    confirmed: list[str]
    presumptive: list[str]


@dataclass(frozen=True)
class CourtPage:
    """The page but for its rows. `leading` comes before anything else, because it may make what is said wrong."""

    title: str
    period: str
    training: bool
    leading: list[str]
    about: str
    notes: list[str]
    foot: list[str]
    glossary: tuple[tuple[str, str], ...] = GLOSSARY


def page_of(printed: Printed, told: ToldToCourt) -> CourtPage:
    """The page in words."""
    report = printed.report
    count = len(told.people)
    imprint = printed_in_words(printed.imprint, report.zone)
    return CourtPage(
        title=f"{report.facility}: report to a court, {report.week}",
        period=f"{day_in_words(report.week.monday)} to {day_in_words(report.week.sunday)}, {imprint}",
        training=report.training,
        leading=list(_leading(printed)),
        about=f"What is on record of {count} participant{'' if count == 1 else 's'}, by code and without names.",
        notes=list(_notes(report)),
        glossary=GLOSSARY if report.check_in is None else (*GLOSSARY, _CHECKED_IN),
        foot=[f"{imprint[0].upper()}{imprint[1:]}. Digest of what this page says: {told.digest}", NOTICE],
    )


def _leading(printed: Printed) -> Iterator[str]:
    report, amended = printed.report, printed.imprint.amended
    for compared in report.questions:
        first, last = compared.closed.first_day, compared.closed.day
        days = f"On {day_in_words(last)}" if first == last else f"From {day_in_words(first)} to {day_in_words(last)}"
        for one in (compared, *compared.also):
            yield (
                f"{days} {_ASKED[one.about]}, and has not answered yet. Until it does, these tests are not known, and "
                "nobody's fault."
            )
    if report.today <= report.week.sunday:
        yield "The week is not over; this is what is on record so far."
    elif not report.is_closed:
        yield "The record of the week is not closed yet; this is what is in it so far."
    if amended is not None:
        yield (
            "The facility's records of this week have changed since a report of it was first printed, on "
            f"{moment(amended.first_printed_at, report.zone)}. This page says what they say now, and takes the place "
            "of earlier ones."
        )


def _notes(report: WeeklyReport) -> Iterator[str]:
    if report.gaps:
        yield (
            f"The facility's nightly run did not take place on {_days(report.gaps)}: nobody is said to have missed "
            "a test then."
        )
    if report.closed:
        yield (
            f"The facility was closed on {_days([one.day for one in report.closed])}: tests of that day that nobody "
            "gave are excused, or were never asked for."
        )
    if report.check_in is not None and report.check_in.days_at_fault:
        yield (
            f"On {_days(report.check_in.days_at_fault)} check-in was not to be reached for a while: nobody who was not "
            "told of a test that day is said to have missed it, unless the facility decided so."
        )


def _days(days: Sequence[date]) -> str:
    return _listed([day_in_words(day) for day in days])


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def rows_of(told: ToldToCourt) -> Iterator[Row]:
    """A row a participant, by code."""
    for one in told.people:
        yield Row(one.participant, _tests(one), list(_findings(one.confirmed)), list(_findings(one.presumptive)))


def _tests(one: ToldOfOne) -> str:
    if not one.tally.due:
        return "No test was due."
    results = "; ".join(_results(one))
    return f"{'; '.join(_attended(one))}.{f' {results}.' if results else ''}"


def _attended(one: ToldOfOne) -> Iterator[str]:
    """What became of the tests that were due; the numbers add up to them."""
    tally = one.tally
    tests = f"{tally.due} {'test' if tally.due == 1 else 'tests'}"
    yield f"Came to {tally.collected} of {tests}" if tally.collected or tally.absent else f"{tests} due"
    for count, what in (
        (tally.missed, f"missed{_how_missed(one)}"),
        (tally.refused, "refused"),
        (tally.excused, "excused"),
        (tally.unrecorded, "not known (nothing was recorded; nobody's fault)"),
        (one.still_to_come, "not known yet (still awaited; nobody's fault)"),
    ):
        if count:
            yield f"{count} {what}"


def _how_missed(one: ToldOfOne) -> str:
    """What was told of the missed tests, where people were asked to check in at all."""
    said = [(count, _MISSED[how]) for how, count in (one.missed or {}).items() if count]
    if len(said) == 1:
        return f" ({said[0][1]})"
    return f" ({', '.join(f'{count} {what}' for count, what in said)})" if said else ""


def _results(one: ToldOfOne) -> Iterator[str]:
    """What the tests that were given said; the numbers add up to them."""
    tally = one.tally
    for count, what in (
        (tally.negative, "showed no use"),
        (tally.positive, "found something"),
        (tally.invalid, "invalid"),
        (one.without_result, "not known yet (the result is awaited; nobody's fault)"),
    ):
        if count:
            yield f"{count} {what}"


def _findings(found: Sequence[FoundInATest]) -> Iterator[str]:
    for _, of_a_test in groupby(found, key=lambda one: (one.test_id, one.lab, one.entered_on)):
        several = list(of_a_test)
        one = several[0]
        names = _listed([each.substance or "a substance that is not named" for each in several])
        proof = f": confirmed by {one.lab or 'a laboratory'}, entered on {one.entered_on}" if one.confirmed else ""
        earlier = _listed([str(day) for day in one.may_go_back_to])
        same = f"; may be the same use as in the test of {earlier}" if earlier else ""
        yield f"{names} in the test of {one.test_of}{proof}{same}"
