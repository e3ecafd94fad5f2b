"""What a clinician is asked, worked out anew from the whole record, beside what stands."""

from datetime import date, timedelta

from databases import clock_of
from sqlmodel import select

from testing_tracker.reports.period.gather import PeriodReport, gather
from testing_tracker.rules.check_in.answers import standing
from testing_tracker.rules.check_in.counted import CheckInCounts, MissedHow, checked_in_on, missed_how
from testing_tracker.rules.check_in.told import told_of_since
from testing_tracker.rules.deciding.recommending import wanted, weighed
from testing_tracker.rules.drawing.closing import Because
from testing_tracker.rules.reporting.confirming import Confirmed
from testing_tracker.rules.reporting.period import Period
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import DrawKind, Method, Outcome, ReviewReason, Status, TakenAs
from testing_tracker.services.check_in.attempts import as_attempts, rows_on
from testing_tracker.services.check_in.expected import expected_on
from testing_tracker.services.check_in.reporting.reported import reported
from testing_tracker.services.deciding.case import read_case
from testing_tracker.store.engine import open_engine, reading
from testing_tracker.store.queries import governs, in_force, level_on, person_of, records_of, schedule_name_on
from testing_tracker.store.tables import Confirmation, Draw, Enrolment, Participant, Result, Review

OF_THE_RULE = {
    ReviewReason.MISSED,
    ReviewReason.REFUSED,
    ReviewReason.UNABLE,
    ReviewReason.LOST_GROUND,
    ReviewReason.SAME_USE,
}


def out_of_line(clinic) -> list[str]:
    """Where what stands is not what the record asks for, participant by participant; empty as it should be."""
    engine = open_engine(clinic.location)
    try:
        with reading(engine, None, clock_of(date.fromisoformat(clinic.today)), SHIPPED) as work:
            people = work.session.exec(select(Participant.id, Participant.code)).all()
            return [
                f"{code}: {what}"
                for identity, code in people
                if person_of(work.session, identity) == identity
                for what in _differences(work, identity)
            ]
    finally:
        engine.dispose()


def _differences(work, participant_id):
    draws = work.session.exec(select(Draw).where(Draw.participant_id.in_(records_of(participant_id))).order_by(Draw.id))
    # What a past record tells raises nothing: it is known to those who treat the participant, until it is corrected.
    asked_about = set(work.session.exec(select(Review.draw_id).where(Review.about.in_(OF_THE_RULE))))
    of_ours = [draw for draw in draws if draw.kind != DrawKind.IMPORTED or draw.id in asked_about]
    read = read_case(work, participant_id, of_ours)
    asked = wanted(read.case)
    stands = {draw_id: TakenAs(line.taken_as) for draw_id, line in read.lines.items()}
    if stands != asked.evidence:
        yield f"evidence is {stands}, and {asked.evidence} is wanted"
    if (read.recommendation is not None) != bool(asked.evidence):
        yield f"the recommendation that is open is {read.recommendation}"
    elif read.recommendation is not None:
        said = weighed(read.case, stands)
        one = read.recommendation
        found = (one.from_level, one.to_level, one.reason, one.deferred_until)
        if found != (said.from_level, said.to_level, said.reason, said.deferred_until):
            yield f"the recommendation says {found}, and {said} is wanted"
    for which, review in read.reviews.items():
        if review.done_at is None and which[1] in OF_THE_RULE and review.detail != asked.reviews.get(which, ""):
            yield f"the open review of {which} says {review.detail}, and {asked.reviews.get(which)} is wanted"
    for which in asked.reviews:
        review = read.reviews.get(which)
        if review is None or (review.done_at is not None and review.done_by is None):
            yield f"a review of {which} is wanted: {asked.reviews[which]}"


def period_out_of_line(clinic, first: date) -> list[str]:
    """Where the report of a period is not what its draws and people say one by one; empty as it should be."""
    engine = open_engine(clinic.location)
    today = date.fromisoformat(clinic.today)
    try:
        with reading(engine, None, clock_of(today), SHIPPED) as work:
            report = gather(work, Period(first, today))
            return [
                f"{what}: {said} and not {found}" for what, said, found in _of_period(work, report) if said != found
            ]
    finally:
        engine.dispose()


def _of_period(work, report: PeriodReport):
    days = report.counted
    draws = work.session.exec(
        select(Draw).where(Draw.due_on >= days.first, Draw.due_on <= days.last, Draw.status != Status.CANCELLED)
    ).all()
    where = [
        (
            level_on(work.session, one.participant_id, one.due_on),
            schedule_name_on(work.session, one.participant_id, one.due_on),
        )
        for one in draws
    ]
    yield "due", report.whole.tally.due, len(draws)
    for level, part in report.levels.items():
        yield f"due in {level}", part.tally.due, sum(one == level for one, _ in where)
    for schedule, part in report.schedules.items():
        yield f"due on {schedule}", part.tally.due, sum(one == schedule for _, one in where)
    for day, said in ((days.first - timedelta(days=1), "beginning"), (days.last, "end")):
        there = {
            person_of(work.session, one)
            for one in work.session.exec(select(Participant.id))
            if (row := in_force(work.session, Enrolment, one, day)) is not None and row.enrolled
        }
        yield said, getattr(report.whole.movements, said), len(there)
    results = work.session.exec(select(Result).where(governs(), Result.draw_id.in_([one.id for one in draws]))).all()
    cups = [one.draw_id for one in results if one.outcome == Outcome.POSITIVE and one.method == Method.PRESUMPTIVE]
    collected = {one.id for one in draws if one.status == Status.COLLECTED and one.kind != DrawKind.IMPORTED}
    second_to_come = {one.id for one in draws if one.because == Because.SECOND_GIVEN}
    rows = work.session.exec(select(Confirmation).order_by(Confirmation.id))  # the newest is last
    awaited = {one.draw_id: one.due_on is not None for one in rows}
    alone = [one for one in collected.intersection(cups) - second_to_come if not awaited.get(one)]
    never_sent = sum(report.found.positives[one] for one in (Confirmed.NEVER_SENT, Confirmed.EXPLAINED))
    yield "cups that were never sent", never_sent, len(alone)


def check_ins_out_of_line(clinic, first: date) -> list[str]:
    """Where what a period's report counts of checking in is not what its days say one by one; empty as it should be."""
    engine = open_engine(clinic.location)
    today = date.fromisoformat(clinic.today)
    try:
        with reading(engine, None, clock_of(today), SHIPPED) as work:
            days = [first + timedelta(days=number) for number in range((today - first).days)]
            found = reported(work, days) if days else None
            said = found.counts if found is not None else CheckInCounts()
            counts = _counted_day_by_day(work, days)
            different = [f"check-ins: {said} and not {counts}"] if said != counts else []
            missed = _missed_day_by_day(work, days)
            if found is not None and found.missed != missed:
                different.append(f"missed: {found.missed} and not {missed}")
            return different
    finally:
        engine.dispose()


def _counted_day_by_day(work, days) -> CheckInCounts:
    counts = CheckInCounts()
    for day in days:
        attempts = rows_on(work, day)
        for number in expected_on(work, day):
            counts.count(checked_in_on(as_attempts(attempts.get(person_of(work.session, number), ()))))
    return counts


def _missed_day_by_day(work, days) -> dict[MissedHow, int]:
    found = dict.fromkeys(MissedHow, 0)
    for day in days:
        attempts, expected = rows_on(work, day), expected_on(work, day)
        for draw in work.session.exec(select(Draw).where(Draw.due_on == day, Draw.status == Status.MISSED)):
            tried = as_attempts(attempts.get(person_of(work.session, draw.participant_id), ()))
            because = Because(draw.because) if draw.because else None
            is_asked = draw.participant_id in expected
            since = told_of_since(draw.kind, draw.due_on, draw.recorded_at, work.zone)
            found[missed_how(standing(tried, since, is_open=True), because, is_asked=is_asked)] += 1
    return found
