"""The rule that matters: nobody is missed who could not be told, whatever happens in whatever order.

A draw is missed by the program only where its participant was told after it was on record, with two hours of collection
left or more, or where check-in could be reached all the time and they made no attempt. What happened is kept beside the
program here, and the rule is put in other words than the program's.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from conftest import Clinic, is_thorough
from freezegun import freeze_time
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from mornings import MONDAY, ZONE, Mornings, moment
from sqlmodel import col, select

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.clock import Clock
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckedInBy
from testing_tracker.rules.words import Status
from testing_tracker.services.check_in.ending.later_known import bring_in_line
from testing_tracker.services.check_in.todays_answers import answers_on
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import CheckIn, Draw, Participant

DAILY = """
title = "Every day"
[draw]
kind = "random"
per_week = 7
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
[collection]
panel = ["cocaine"]
[response]
missed = "positive"
"""
WITH_CARD = ("A17", "B04", "C21", "D33")
CODES = (*WITH_CARD, "E09")  # who has none
OPENS, CLOSES, COLLECTION_ENDS = time(5), time(10), time(17)
NOT_TOLD = ("wrong", "blocked", "unknown")
people, minutes = st.sampled_from(CODES), st.integers(0, 59)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Clinic:
    """Five who are tested every day, four of them with a card, on the evening before the first day with a rule."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "daily.toml").write_text(DAILY)
    clinic = Clinic(folder / "live.db", None)
    with freeze_time(moment(MONDAY - timedelta(days=1))):
        clinic("init", "--timezone", ZONE.key)
        clinic("schedule", "load", str(folder / "daily.toml"))
        clinic.add(*CODES, schedule="daily")
    mornings = Mornings(clinic)
    mornings.cards(MONDAY - timedelta(days=1), *WITH_CARD)
    return clinic


class Days(RuleBasedStateMachine):
    """Some days at a clinic; `tried` and `outages` are what happened, `by_hand` the draws that a person spoke of."""

    made: Clinic  # set by the test
    folder: Iterator[object]

    @initialize(then=st.sampled_from(["missed", "unrecorded"]))
    def begin(self, then: str) -> None:
        clinic = self.made.copy(next(self.folder) / "live.db")
        Mornings(clinic).rule(MONDAY - timedelta(days=1), then=then)
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(Clock, "now", lambda _: self.now)
        self.desk = Desk(clinic.url, None)
        self.now = moment(MONDAY, "00:05")
        self.tried: dict[tuple[str, date], list[tuple[datetime, str]]] = {}
        self.underway: list[tuple[str, date, CheckIn]] = []
        self.outages: dict[int, tuple[date, time, time]] = {}
        self.on_leave: set[tuple[str, date]] = set()
        self._draw()

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            with self.desk.reading("verify") as work:
                problems = services.checks.verify(work, self.desk.location.key).problems
            self.desk.close()
            self.patch.undo()
            assert problems == []

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    def _draw(self) -> None:
        with self.desk.writing("draw") as work:
            services.nights.run_night(work, self.desk.location.key, longest_gap=10)

    def _later(self, minutes: int) -> bool:
        """Some time passes, on the same day; whether check-in has opened."""
        at = max(self.now.astimezone(ZONE), datetime.combine(self.today, OPENS, ZONE)) + timedelta(minutes=minutes)
        if at.date() == self.today:
            self.now = at.astimezone(UTC)
        return self.now.astimezone(ZONE).time() >= OPENS

    @rule(hours=st.integers(1, 14))
    def time_passes(self, hours: int) -> None:
        self._later(hours * 60)

    @rule(code=people, after=minutes, outcome=st.sampled_from(["told", "told", *NOT_TOLD]), is_late=st.booleans())
    def checks_in(self, code: str, after: int, outcome: str, is_late: bool) -> None:
        """The page tells the day's answer, or cannot; what it did may come here after the night only."""
        if not self._later(after):
            return
        local = self.now.astimezone(ZONE).time()
        with self.desk.writing("draw") as work:
            whose = id_of(find_participant(work, code))
            answer = answers_on(work, self.today, [whose]).get(whose)
            if outcome == "told" and (answer is None or local >= COLLECTION_ENDS):
                outcome = "over" if local >= COLLECTION_ENDS else "unknown"
            said = str(answer.answer) if outcome == "told" and answer is not None else None
            timing = "in time" if local < CLOSES else "late" if local < COLLECTION_ENDS else "over"
            row = CheckIn(
                participant_id=whose,
                day=self.today,
                at=self.now,
                channel=CheckedInBy.PAGE,
                outcome=outcome,
                answer=said,
                timing=timing if outcome in ("told", "unknown") else None,
            )
            if is_late:
                self.underway.append((code, self.today, row))
                return
            work.write(row)
        self.tried.setdefault((code, self.today), []).append((self.now, said or outcome))

    @rule()
    def what_is_late_comes_here(self) -> None:
        with self.desk.writing("draw") as work:
            for code, day, row in self.underway:
                self.tried.setdefault((code, day), []).append((row.at, row.answer or row.outcome))
                work.write(row)
            bring_in_line(work, {day for _, day, _ in self.underway})
        self.underway.clear()

    @rule(code=people, after=minutes, has_come=st.booleans())
    def is_ordered_a_test_for_cause(self, code: str, after: int, has_come: bool) -> None:
        if has_come:  # and was told that this was all
            self._collect(code)
            self.checks_in(code, 1, "told", is_late=False)
        self._later(after)
        self._act(lambda work: services.draws.order_test(work, code, "seemed intoxicated"))

    @rule(code=people, after=minutes)
    def gives_a_specimen(self, code: str, after: int) -> None:
        self._later(after)
        self._collect(code)

    def _collect(self, code: str) -> None:
        self._act(
            lambda work: services.attendance.record_collected(work, services.draws.find_draw(work, code, self.today))
        )

    @rule(code=people, status=st.sampled_from([Status.EXCUSED, Status.REFUSED]), ago=st.integers(0, 1))
    def somebody_says_why_not(self, code: str, status: Status, ago: int) -> None:
        day = self.today - timedelta(days=ago)
        self._act(
            lambda work: services.attendance.record_absence(
                work, services.draws.find_draw(work, code, day), status, "for a reason"
            )
        )

    @rule(
        first=st.integers(5 * 60, 10 * 60 - 1),
        length=st.sampled_from([1, 2, 4, 5, 5, 40]),
        ago=st.integers(0, 2),
        of=st.none() | st.integers(1, 4),
    )
    def an_outage_is_recorded(self, first: int, length: int, ago: int, of: int | None) -> None:
        self._later(6 * 60)  # what is still to come is refused
        day = self.today - timedelta(days=ago)
        begins = datetime.combine(day, time(first // 60, first % 60), ZONE)
        ends = begins + timedelta(minutes=length)
        self._act(lambda work: self._keep_outage(work, begins, ends, of))

    def _keep_outage(self, work, begins: datetime, ends: datetime, of: int | None) -> None:
        done = services.outage_acts.record(work, begins.astimezone(UTC), ends.astimezone(UTC), "no power", of)
        self.outages.pop(of, None)
        self.outages[done.number] = (begins.date(), begins.time(), min(ends.time(), CLOSES))

    @rule(number=st.integers(1, 4))
    def an_outage_is_taken_back(self, number: int) -> None:
        def act(work) -> None:
            services.outage_acts.take_back(work, number, "there was none")
            self.outages.pop(number, None)

        self._act(act)

    @rule(status=st.sampled_from([Status.MISSED, Status.EXCUSED]), ago=st.integers(1, 3))
    def a_question_is_answered(self, status: Status, ago: int) -> None:
        day = self.today - timedelta(days=ago)

        def act(work) -> None:
            count = len(services.attendance.draws_without_record(work, day, day, status))
            services.attendance.record_all(work, day, day, status, "as the manager says", expected=count)

        self._act(act)

    @rule(stay_away=st.sets(people, max_size=2), days=st.sampled_from([1, 1, 1, 1, 2, 3]), twice=st.booleans())
    def the_night_comes(self, stay_away: set[str], days: int, twice: bool) -> None:
        """Most have come by then, as nearly always: else it is the record, or check-in, that is asked about.

        Now and then some nights are slept over; and two machines may make the same one.
        """
        for code in sorted(set(CODES) - stay_away):
            self._collect(code)
        self.now = moment(self.today + timedelta(days=days), "00:05")
        for _ in range(1 + twice):
            self._draw()

    def _act(self, act) -> None:
        """Something that a person does, and that may be refused."""
        try:
            with self.desk.writing("draw") as work:
                act(work)
        except TestingTrackerError:
            pass

    @invariant()
    def nobody_is_missed_who_could_not_be_told(self) -> None:
        if not hasattr(self, "desk"):
            return
        with self.desk.reading("due") as work:
            missed = work.session.exec(
                select(Draw, Participant.code)
                .where(Draw.participant_id == Participant.id, Draw.status == Status.MISSED)
                .where(col(Draw.because).is_not(None))  # what a person says has no such word
            ).all()
            for draw, code in missed:
                if code in WITH_CARD:
                    self._was_told_or_did_not_try(draw, code)

    def _was_told_or_did_not_try(self, draw: Draw, code: str) -> None:
        ends = datetime.combine(draw.due_on, COLLECTION_ENDS, ZONE) - timedelta(hours=2)
        tries = self.tried.get((code, draw.due_on), [])
        knew = [at for at, said in tries if said == "come" and at >= draw.recorded_at]
        if any(at <= ends for at in knew):
            return
        assert all(said == "come" and at in knew for at, said in tries), (code, draw, tries)
        faulty = {minute for day, one, two in self.outages.values() if day == draw.due_on for minute in _each(one, two)}
        assert len(faulty) < 5, (code, draw, self.outages)
        assert sum(minute >= 10 * 60 - 30 for minute in faulty) < 2, (code, draw, self.outages)


def _each(first: time, last: time) -> range:
    return range(first.hour * 60 + first.minute, last.hour * 60 + last.minute)


def test_nobody_is_missed_who_could_not_be_told(made, tmp_path_factory):
    Days.made = made
    Days.folder = iter(lambda: tmp_path_factory.mktemp("days"), None)
    many = settings(
        max_examples=10_000 if is_thorough() else 15,
        stateful_step_count=60 if is_thorough() else 30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Days, settings=many)
