"""A training facility with eight simulated weeks, made by the same acts that people do every day.

Everything that chance decides here comes from one seed, so the same day always shows the same facility. What the
simulated people do follows courses that a programme sees: most stay clean, some struggle, some relapse, some leave.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from random import Random

from testing_tracker.clock import Clock
from testing_tracker.rules.calendar import Week, instant_reached
from testing_tracker.rules.deciding.escalation import LADDER
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import DrawKind, Level, Outcome, Status
from testing_tracker.services.deciding import recommendations, reviews
from testing_tracker.services.drawing import nights
from testing_tracker.services.keeping import facilities
from testing_tracker.services.people import discharging, enrolling, leaves, lookup, participants
from testing_tracker.services.testing import attendance, draws, results
from testing_tracker.store.engine import make_engine, writing
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.location import Location
from testing_tracker.store.work import Work

FACILITY = "Riverbend Recovery"
WEEKS = 8
DAYS = 7 * WEEKS
SEED = 2026

NIGHT = time(0, 5)
MORNING = time(9)
ROUND = time(15)  # the clinicians' round
CLOSING = time(17, 30)

_FAILED_NIGHT = DAYS - 19  # a Wednesday of before, so that the last full week is one as most are
_COLLECTED, _UNABLE, _POSITIVE = 1, 3, 4  # of those who are due on the last Monday, by their place in the list
_ROUNDS = (1, 3)  # Tuesdays and Thursdays
_LAST_ROUND = DAYS - 6  # so that the newest recommendations are open at the end

_PLACES = {
    Level.OUTPATIENT: (14, ("fixed-1", "random-1", "random-2")),
    Level.IOP: (12, ("random-2", "fixed-2")),
    Level.PHP: (8, ("random-3", "fixed-3")),
    Level.RESIDENTIAL: (6, ("random-2", "fixed-2", "random-1")),
}
_SUBSTANCES = (
    ("cocaine",),
    ("cannabinoids",),
    ("alcohol",),
    ("fentanyl", "opiates"),
    ("amphetamine",),
    ("benzodiazepine",),
)
_DECLINED = (
    "counselling is intensified first",
    "a prescribed medicine explains the result",
    "the team looks at it again in a week",
)


@dataclass(frozen=True)
class _Phase:
    """From a week on: the chance that a specimen is positive, and that a draw is not given at all."""

    from_week: int
    positive: float
    absent: float


_STEADY, _STRUGGLING, _IMPROVING, _RELAPSE, _DROP_OUT = (
    (_Phase(0, 0.02, 0.03),),
    (_Phase(0, 0.30, 0.14),),
    (_Phase(0, 0.45, 0.12), _Phase(3, 0.12, 0.06), _Phase(5, 0.02, 0.03)),
    (_Phase(0, 0.02, 0.03), _Phase(4, 0.60, 0.20), _Phase(6, 0.15, 0.08)),
    (_Phase(0, 0.05, 0.06), _Phase(5, 0.10, 1.00)),
)
_COURSES = [_STEADY] * 22 + [_STRUGGLING] * 5 + [_IMPROVING] * 5 + [_RELAPSE] * 5 + [_DROP_OUT] * 3


@dataclass(frozen=True)
class _Person:
    """A simulated participant. `joins` is the number of the day on which the enrolment begins."""

    code: str
    level: Level
    schedule: str
    course: tuple[_Phase, ...]
    substances: tuple[str, ...]
    joins: int

    def phase(self, day_number: int) -> _Phase:
        return [phase for phase in self.course if phase.from_week <= day_number // 7][-1]


def build(location: Location, clock: Clock, after_day: Callable[[], object] = lambda: None, seed: int = SEED) -> date:
    """Make the database and live through the eight full weeks before the clock's current one.

    Returns the Monday after them, on which the first have come and the others are still awaited. Leaves nothing behind
    when it fails; raises TestingTrackerError where a file stands already. `after_day` is called after each day.
    """
    monday = Week.of(clock.today()).monday
    first_day = monday - timedelta(days=DAYS)
    eve = first_day - timedelta(days=1)
    key = sha256(f"{seed} draws".encode()).digest()
    facilities.make_database(location, FACILITY, clock.zone.key, eve, training=True, seed=key)
    try:
        with _at_work(location, clock) as base:
            simulation = _Simulation(base, location.key, first_day, seed)
            simulation.enrol(0, on_the_eve=True)
            for number in range(DAYS):
                simulation.live(number)
                after_day()
            simulation.night(DAYS)
            simulation.begin(DAYS)
    except BaseException:
        location.path.unlink(missing_ok=True)
        location.key.path.unlink(missing_ok=True)
        raise
    return monday


@contextmanager
def _at_work(location: Location, clock: Clock) -> Iterator[Work]:
    engine = make_engine(location)
    try:
        with writing(engine, None, lambda _: clock, SHIPPED) as work:
            yield work
    finally:
        engine.dispose()


class _Simulation:
    """Lives through the days. The draws come from the demo's key, what people do from a generator of its own."""

    def __init__(self, base: Work, key_file: KeyFile, first_day: date, seed: int) -> None:
        self.base = base
        self.key_file = key_file
        self.first_day = first_day
        self.chance = Random(f"{seed} people")
        self.people = {person.code: person for person in _people(self.chance)}
        self.events = self._events()
        self.in_doubt: list[tuple[str, date, bool]] = []  # positives that a laboratory is asked to confirm

    def day(self, number: int) -> date:
        return self.first_day + timedelta(days=number)

    def at(self, number: int, local: time) -> Work:
        """Somebody of the facility, at work at a moment of a simulated day."""
        day = self.day(number)
        now = datetime.combine(day, local, self.base.zone).astimezone(UTC)
        return replace(self.base, now=now, today=day)

    def live(self, number: int) -> None:
        """One day, from the nightly run to the evening."""
        if number != _FAILED_NIGHT:
            self.night(number)
        if number > 0:
            self.enrol(number)
        for event in self.events.get(number, ()):
            event(self.at(number, MORNING))
        self._confirm(self.at(number, MORNING))
        if number - 1 == _FAILED_NIGHT:
            self._record(number, self.day(number - 1), catching_up=True)
        if number % 7 in _ROUNDS and number <= _LAST_ROUND:
            self._decide_recommendations(self.at(number, ROUND))
            self._look_at_reviews(self.at(number, ROUND))
        self._record(number, self.day(number), catching_up=False)

    def night(self, number: int) -> None:
        nights.run_night(self.at(number, NIGHT), self.key_file)

    def begin(self, number: int) -> None:
        """The morning of a day: the first cups say something, one waits for its result, and one could not be given."""
        work = self.at(number, MORNING)
        lines = draws.due(work, work.today)
        for place, line in enumerate(lines[: len(lines) // 2 + 1]):
            found = draws.find_draw(work, line.participant, work.today, for_cause=None)
            if place == _COLLECTED:
                attendance.record_collected(work, found)
            elif place == _UNABLE:
                attendance.record_unable(work, found, None)
            elif place == _POSITIVE:
                results.log_result(work, found, results.NewResult(Outcome.POSITIVE, ("cocaine",)))
            else:
                results.log_result(work, found, results.NewResult(Outcome.NEGATIVE))

    def enrol(self, number: int, *, on_the_eve: bool = False) -> None:
        """Enrol those whose day it is."""
        work = self.at(number - 1, ROUND) if on_the_eve else self.at(number, MORNING)
        for person in self.people.values():
            if person.joins == number:
                new = enrolling.NewParticipant(person.code, person.level, person.schedule, self.day(number))
                enrolling.enrol(work, new)

    def _events(self) -> dict[int, list[Callable[[Work], object]]]:
        """What happens once, by day: leaves, a transfer, another schedule, a test for cause, a discharge."""
        steady = [person for person in self.people.values() if person.course is _STEADY and person.joins == 0]
        intensive = next(person for person in steady if person.level is Level.PHP)
        away, travelling, busy = [person for person in steady if person is not intensive][:3]
        suspected = next(person for person in self.people.values() if person.course is _STRUGGLING)
        gone = next(person for person in self.people.values() if person.course is _DROP_OUT)
        return {
            16: [lambda work: self._leave(work, away.code, 5, "family visit")],
            23: [lambda work: self._order(work, suspected.code)],
            28: [lambda work: self._step_down(work, intensive.code)],
            29: [lambda work: participants.set_schedule(work, busy.code, "fixed-2")],
            45: [lambda work: discharging.discharge(work, gone.code, "left the programme")],
            50: [lambda work: self._leave(work, travelling.code, 8, "funeral out of state")],
        }

    def _leave(self, work: Work, code: str, days: int, reason: str) -> None:
        last = work.today + timedelta(days=days - 1)
        leaves.add_leave(work, code, work.today, last, reason)

    def _order(self, work: Work, code: str) -> None:
        draws.order_test(work, code, "seemed intoxicated in group")

    def _step_down(self, work: Work, code: str) -> None:
        lower = LADDER[LADDER.index(self.people[code].level) - 1]
        participant = lookup.find_participant(work, code)
        participants.transfer(work, participant, lower, "four weeks of steady progress")

    def _record(self, number: int, day: date, *, catching_up: bool) -> None:
        """What the nurses write down of a day's draws. What they leave alone, the next night closes out."""
        work = self.at(number, MORNING if catching_up else CLOSING)
        for line in draws.due(work, day):
            is_open = line.status in (Status.DUE, Status.UNRECORDED)
            if not is_open or (catching_up and self.chance.random() < 0.5):
                continue
            for_cause = line.kind is DrawKind.FOR_CAUSE
            found = draws.find_draw(work, line.participant, day, for_cause=for_cause)
            person = self.people[line.participant]
            phase = person.phase(number)
            if self.chance.random() < phase.absent:
                self._record_absence(work, found)
            elif self._log(work, found, person, phase) and number > DAYS // 2 and not self.in_doubt:
                self.in_doubt.append((person.code, day, for_cause))

    def _record_absence(self, work: Work, found: draws.OpenDraw) -> None:
        kind = self.chance.random()
        if kind < 0.12:
            attendance.record_absence(work, found, Status.REFUSED, "would not give a specimen")
        elif kind < 0.27:
            attendance.record_absence(work, found, Status.EXCUSED, "doctor's appointment")
        elif kind < 0.95:
            attendance.record_absence(work, found, Status.MISSED, "did not come")

    def _log(self, work: Work, found: draws.OpenDraw, person: _Person, phase: _Phase) -> bool:
        """Log a specimen's result; returns whether it was positive."""
        outcome, analytes = Outcome.NEGATIVE, person.substances
        drawn = self.chance.random()
        if drawn < phase.positive:
            outcome = Outcome.POSITIVE
            if self.chance.random() < 0.15:
                analytes = (*analytes, *self.chance.choice(_SUBSTANCES))
        elif drawn > 0.98:
            outcome = Outcome.INVALID
        minutes = self.chance.randrange(8 * 60, 17 * 60)
        collected_at = instant_reached(found.draw.due_on, time(minutes // 60, minutes % 60), work.zone)
        found_analytes = tuple(dict.fromkeys(analytes)) if outcome is Outcome.POSITIVE else ()
        results.log_result(work, found, results.NewResult(outcome, found_analytes, collected_at))
        return outcome is Outcome.POSITIVE

    def _confirm(self, work: Work) -> None:
        """One positive of the day before turns out negative at the laboratory, and is corrected."""
        if not self.in_doubt or self.in_doubt[0][1] != work.today - timedelta(days=1):
            return
        code, day, for_cause = self.in_doubt[0]
        found = draws.find_draw(work, code, day, for_cause=for_cause)
        corrected = results.NewResult(Outcome.NEGATIVE)
        results.amend_result(work, found, corrected, "the laboratory's confirmation test is negative")

    def _decide_recommendations(self, work: Work) -> None:
        open_ones = recommendations.listed(work)
        for line in reversed(open_ones):  # oldest first
            if self.chance.random() > 0.8:
                continue
            if self.chance.random() < 0.35:
                recommendations.accept(work, line.id, "agreed in the team meeting")
            else:
                recommendations.decline(work, line.id, self.chance.choice(_DECLINED))

    def _look_at_reviews(self, work: Work) -> None:
        for line in reviews.listed(work):
            reviews.done(work, line.id, "talked about in the team meeting")


def _people(chance: Random) -> Iterator[_Person]:
    """Forty people: four of them come in the second and third week, the others are there from the start."""
    courses = list(_COURSES)
    chance.shuffle(courses)
    number = 0
    for level, (count, schedules) in _PLACES.items():
        for place in range(count):
            number += 1
            yield _Person(
                code=f"P{number:02}",
                level=level,
                schedule=schedules[place % len(schedules)],
                course=courses[number - 1],
                substances=chance.choice(_SUBSTANCES),
                joins=7 + number // 4 if number % 10 == 0 else 0,
            )
