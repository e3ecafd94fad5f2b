"""The rule that matters: nobody is missed who could not be told, whatever happens in whatever order.

A draw is missed by the program only where its participant was told after it was on record, with two hours of collection
left or more, or where check-in could be reached all the time and they made no attempt. What happened is kept beside the
program here, and the rule is put in other words than the program's. What else is asked of each draw when a night closes
it keeps the property from holding because nothing is ever missed.

The histories that are written out walk by the same rules through each row of the rule and each of its guards, so that
none of them is left to chance.
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
from testing_tracker.rules.drawing.closing import Because
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
BY_CHECK_IN = (
    Because.ORDERED_AFTER_CHECK_IN,
    Because.CHECK_IN_AT_FAULT,
    Because.TRIED_TO_CHECK_IN,
    Because.CHECK_INS_HELD,
    Because.NOT_CHECKED_IN,
)
people, minutes = st.sampled_from(CODES), st.integers(0, 59)
lengths = st.sampled_from([1, 2, 4, 5, 5, 40])


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
        self.then = then
        self.one_person: set[str] = set()  # whose second record E09 is, once that is known
        self.open_when_joined: set[int] = set()  # the draws of E09 that were not closed yet by then
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
            due = select(Draw, Participant.code).where(Draw.participant_id == Participant.id)
            closing = work.session.exec(due.where(Draw.status == Status.DUE, col(Draw.due_on) < self.today)).all()
            services.nights.run_night(work, self.desk.location.key, longest_gap=10)
            work.session.flush()
            for draw, code in closing:
                work.session.refresh(draw)
                self._is_closed_for_a_reason_that_holds(draw, code)

    def _later(self, minutes: int) -> bool:
        """Some time passes, on the same day; whether check-in has opened."""
        at = max(self.now.astimezone(ZONE), datetime.combine(self.today, OPENS, ZONE)) + timedelta(minutes=minutes)
        if at.date() == self.today:
            self.now = at.astimezone(UTC)
        return self.now.astimezone(ZONE).time() >= OPENS

    @rule(hours=st.integers(1, 14))
    def time_passes(self, hours: int) -> None:
        self._later(hours * 60)

    def _the_others_check_in(self, but: set[str]) -> None:
        """As on nearly every day: else it is check-in that is asked about, and nobody is missed for it."""
        if self.now.astimezone(ZONE).time() >= CLOSES:
            return
        self._later(5)
        with self.desk.writing("draw") as work:
            answers = answers_on(work, self.today)
            for code in sorted(set(WITH_CARD) - but):
                whose = id_of(find_participant(work, code))
                if whose in answers:
                    said = str(answers[whose].answer)
                    work.write(self._visit(whose, "told", said, "in time"))
                    self.tried.setdefault((code, self.today), []).append((self.now, said))

    def _visit(self, whose: int, outcome: str, answer: str | None, timing: str | None) -> CheckIn:
        seen = {"participant_id": whose, "day": self.today, "at": self.now, "channel": CheckedInBy.PAGE}
        return CheckIn(**seen, outcome=outcome, answer=answer, timing=timing)

    @rule(
        code=people,
        outcome=st.sampled_from(["told", "nothing", "nothing", "for cause", *NOT_TOLD]),
        at=st.sampled_from([5, 9, 14, 15, 16, 17]),
        is_late=st.booleans(),
        outage=st.none() | lengths,
        afterwards=st.booleans(),
    )
    def a_day_goes_wrong(
        self, code: str, outcome: str, at: int, is_late: bool, outage: int | None, afterwards: bool
    ) -> None:
        """All but one check in and come; that one does so late, in vain or not at all, perhaps while nothing could be
        reached, and that may be known only when the night has closed the day."""
        self.the_night_comes(set(), 1, twice=False)
        self._the_others_check_in({code})
        self._later((at - 5) * 60)
        if outcome == "for cause":
            self.checks_in(code, 5, "told", is_late)
            self.is_ordered_a_test_for_cause(code, 10, has_come=True)
        elif outcome != "nothing":
            self.checks_in(code, 5, outcome, is_late)
        if outage is not None and not afterwards:
            self.an_outage_is_recorded(9 * 60 + 10, outage, 0, None)
        self.the_night_comes({code}, 1, twice=False)
        if outage is not None and afterwards:
            self.an_outage_is_recorded(9 * 60 + 10, outage, 1, None)

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
            row = self._visit(whose, outcome, said, timing if outcome in ("told", "unknown") else None)
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
        length=lengths,
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

    def turns_out_to_have_two_records(self, code: str) -> None:
        """E09 is somebody who has a card; that comes out after midnight, before the day that is over was closed."""
        self.now = moment(self.today + timedelta(days=1), "00:01")

        def act(work) -> None:
            joined = services.joining.join(work, "E09", code, "enrolled twice").record
            still_due = select(Draw.id).where(Draw.participant_id == joined.id, Draw.status == Status.DUE)
            self.open_when_joined = {number for number in work.session.exec(still_due) if number is not None}
            self.one_person = {code, "E09"}

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
                if self._ends_by_check_in(draw, code):
                    self._was_told_or_did_not_try(draw, code)

    def _is_expected(self, draw: Draw, code: str) -> bool:
        return code in WITH_CARD or draw.id in self.open_when_joined

    def _ends_by_check_in(self, draw: Draw, code: str) -> bool:
        """Also of whoever asked unasked, and was told otherwise, or nothing, or before it was ordered."""
        heard = self._tries(draw, code)
        return self._is_expected(draw, code) or any(said != "come" or at < draw.recorded_at for at, said in heard)

    def _tries(self, draw: Draw, code: str) -> list[tuple[datetime, str]]:
        codes = self.one_person if code in self.one_person else {code}
        return [one for each in codes for one in self.tried.get((each, draw.due_on), [])]

    def _knew_in_good_time(self, draw: Draw, code: str) -> bool:
        """Whether its participant was told to come, two hours before collection ended or more, and last."""
        ends = datetime.combine(draw.due_on, COLLECTION_ENDS, ZONE) - timedelta(hours=2)
        told = sorted(one for one in self._tries(draw, code) if one[1] in ("come", "stay", "done"))
        return any(said == "come" and draw.recorded_at <= at <= ends for at, said in told) and told[-1][1] == "come"

    def _is_at_fault(self, day: date) -> bool:
        faulty = {minute for on, one, two in self.outages.values() if on == day for minute in _each(one, two)}
        return len(faulty) >= 5 or sum(minute >= 10 * 60 - 30 for minute in faulty) >= 2

    def _is_closed_for_a_reason_that_holds(self, draw: Draw, code: str) -> None:
        """What is not missed because of check-in is so for a reason, which is there."""
        about = (code, draw, self._tries(draw, code), self.outages)
        because = Because(draw.because) if draw.because else None
        if not self._ends_by_check_in(draw, code) or self._knew_in_good_time(draw, code):
            assert because not in BY_CHECK_IN, about
            return
        assert because is not Because.CLOSED_OUT, about
        match because:
            case Because.ORDERED_AFTER_CHECK_IN:
                assert any(said in ("come", "stay", "done") for _, said in self._tries(draw, code)), about
            case Because.CHECK_IN_AT_FAULT:
                assert self._is_at_fault(draw.due_on), about
            case Because.TRIED_TO_CHECK_IN:
                assert self._tries(draw, code), about
            case Because.NOT_CHECKED_IN:
                assert draw.status == self.then, about

    def _was_told_or_did_not_try(self, draw: Draw, code: str) -> None:
        tries = self._tries(draw, code)
        if self._knew_in_good_time(draw, code):
            assert draw.because == Because.CLOSED_OUT, (code, draw, tries)
            return
        # Told late, by their own choice: that counts as if they had not been told. All else is an attempt.
        assert all(said == "come" and at >= draw.recorded_at for at, said in tries), (code, draw, tries)
        assert not self._is_at_fault(draw.due_on), (code, draw, self.outages)


def _each(first: time, last: time) -> range:
    return range(first.hour * 60 + first.minute, last.hour * 60 + last.minute)


def test_nobody_is_missed_who_could_not_be_told(made, tmp_path_factory):
    Days.made = made
    Days.folder = iter(lambda: tmp_path_factory.mktemp("days"), None)
    many = settings(
        max_examples=10_000 if is_thorough() else 8,
        stateful_step_count=60 if is_thorough() else 30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Days, settings=many)


Step = tuple[str, tuple[object, ...]]
AS_EVERY_DAY: Step = ("_the_others_check_in", ({"A17"},))
NIGHT: Step = ("the_night_comes", ({"A17"}, 1, False))
TRIED: Step = ("checks_in", ("A17", 5, "wrong", False))
TRIED_KNOWN_LATER: Step = ("checks_in", ("A17", 5, "wrong", True))
TOLD: Step = ("checks_in", ("A17", 5, "told", False))
TOLD_KNOWN_LATER: Step = ("checks_in", ("A17", 5, "told", True))
COMES_HERE: Step = ("what_is_late_comes_here", ())
COMES: Step = ("gives_a_specimen", ("A17", 5))
ORDERED_UNSAID: Step = ("is_ordered_a_test_for_cause", ("A17", 10, False))
FOR_CAUSE: Step = ("is_ordered_a_test_for_cause", ("A17", 10, True))
FOR_CAUSE_UNASKED: Step = ("is_ordered_a_test_for_cause", ("E09", 10, True))
AT_THREE: Step = ("time_passes", (10,))
AT_FOUR: Step = ("time_passes", (11,))


def outage(ago: int, of: int | None = None, length: int = 5, first: int = 430) -> Step:
    return ("an_outage_is_recorded", (first, length, ago, of))


# What A17's last draw of Monday is after such a day; each is one row of the rule, or one of its guards.
HISTORIES: dict[str, tuple[str, list[Step], tuple[str, str]]] = {
    "told": ("missed", [AS_EVERY_DAY, TOLD, NIGHT], ("missed", "closed out")),
    "told before it was ordered": (
        "missed",
        [AS_EVERY_DAY, FOR_CAUSE, NIGHT],
        ("unrecorded", "ordered after check-in"),
    ),
    "at fault": ("missed", [AS_EVERY_DAY, outage(0), NIGHT], ("unrecorded", "check-in at fault")),
    "at fault at the end": (
        *("missed", [AS_EVERY_DAY, outage(0, None, 2, 580), NIGHT]),
        ("unrecorded", "check-in at fault"),
    ),
    "not so much at fault": ("missed", [AS_EVERY_DAY, outage(0, None, 4), NIGHT], ("missed", "not checked in")),
    "tried": ("missed", [AS_EVERY_DAY, TRIED, NIGHT], ("unrecorded", "tried to check in")),
    "nobody checks in": ("missed", [NIGHT], ("unrecorded", "check-ins held back")),
    "nothing": ("missed", [AS_EVERY_DAY, NIGHT], ("missed", "not checked in")),
    "nothing, and a person decides": ("unrecorded", [AS_EVERY_DAY, NIGHT], ("unrecorded", "not checked in")),
    "told to come to an earlier test": (
        *("missed", [AS_EVERY_DAY, TOLD, COMES, ORDERED_UNSAID, NIGHT]),
        ("unrecorded", "ordered after check-in"),
    ),
    "told before it was ordered, known later": (
        *("missed", [AS_EVERY_DAY, COMES, TOLD_KNOWN_LATER, ORDERED_UNSAID, NIGHT, COMES_HERE]),
        ("unrecorded", "ordered after check-in"),
    ),
    "told a little too late": ("missed", [AS_EVERY_DAY, AT_THREE, TOLD, NIGHT], ("missed", "not checked in")),
    "told late": ("missed", [AS_EVERY_DAY, AT_FOUR, TOLD, NIGHT], ("missed", "not checked in")),
    "tried and told late": (
        *("missed", [AS_EVERY_DAY, TRIED, AT_FOUR, TOLD, NIGHT]),
        ("unrecorded", "tried to check in"),
    ),
    "told late while at fault": (
        *("missed", [AS_EVERY_DAY, outage(0), AT_FOUR, TOLD, NIGHT]),
        ("unrecorded", "check-in at fault"),
    ),
    "tried, known later": (
        *("missed", [AS_EVERY_DAY, TRIED_KNOWN_LATER, NIGHT, COMES_HERE]),
        ("unrecorded", "tried to check in"),
    ),
    "told, known later": (
        *("missed", [AS_EVERY_DAY, TOLD_KNOWN_LATER, NIGHT, COMES_HERE]),
        ("missed", "closed out"),
    ),
    "an outage known later": ("missed", [AS_EVERY_DAY, NIGHT, outage(1)], ("unrecorded", "check-in at fault")),
    "an outage taken back": (
        *("missed", [AS_EVERY_DAY, NIGHT, outage(1), ("an_outage_is_taken_back", (1,))]),
        ("missed", "not checked in"),
    ),
    "an outage that no night knew is taken back": (
        *("missed", [AS_EVERY_DAY, outage(0), NIGHT, ("an_outage_is_taken_back", (1,))]),
        ("unrecorded", "not checked in"),
    ),
    "an outage was on another day": (
        *("missed", [AS_EVERY_DAY, NIGHT, outage(0), outage(1, 1)]),
        ("unrecorded", "check-in at fault"),
    ),
    "an outage is put on another day": (
        *("missed", [AS_EVERY_DAY, NIGHT, outage(1), outage(0, 1)]),
        ("missed", "not checked in"),
    ),
    "no card": ("missed", [AS_EVERY_DAY, ("the_night_comes", ({"E09"}, 1, False))], ("missed", "closed out")),
    "no card, and told before it was ordered": (
        *("missed", [AS_EVERY_DAY, FOR_CAUSE_UNASKED, ("the_night_comes", ({"E09"}, 1, False))]),
        ("unrecorded", "ordered after check-in"),
    ),
    "two nights at once": (
        *("missed", [AS_EVERY_DAY, TRIED, ("the_night_comes", ({"A17"}, 3, True))]),
        ("unrecorded", "tried to check in"),
    ),
    "a second record": (
        "missed",
        [AS_EVERY_DAY, TRIED, ("turns_out_to_have_two_records", ("A17",)), ("the_night_comes", (set(CODES), 1, False))],
        ("unrecorded", "tried to check in"),
    ),
}
OF_E09 = ("no card", "no card, and told before it was ordered", "a second record")


@pytest.mark.parametrize("named", HISTORIES)
def test_each_row_of_the_rule_and_each_of_its_guards_is_walked_through(made, tmp_path_factory, named):
    then, steps, ends = HISTORIES[named]
    Days.made = made
    Days.folder = iter(lambda: tmp_path_factory.mktemp("days"), None)
    days = Days()
    days.begin(then=then)
    try:
        for name, said in steps:
            getattr(days, name)(*said)
            days.nobody_is_missed_who_could_not_be_told()
        with days.desk.reading("due") as work:
            whose = select(Participant.id).where(Participant.code == ("E09" if named in OF_E09 else "A17"))
            draws = select(Draw).where(col(Draw.participant_id).in_(whose), Draw.due_on == MONDAY)
            last = work.session.exec(draws.order_by(col(Draw.id).desc())).first()
            assert last is not None
            assert (last.status, last.because) == ends
    finally:
        days.teardown()
