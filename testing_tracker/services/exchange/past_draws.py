"""What the draws of a past record go by: the schedules and prescriptions that are on record when it is imported."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date

from sqlmodel import col, select

from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.drawing.closing import because_in
from testing_tracker.rules.exchange.past import Past
from testing_tracker.rules.schedules.schedule import TestingRule
from testing_tracker.rules.testing.interpretation import Interpretation, interpret
from testing_tracker.rules.testing.settling import ResultAsRead, WhatItSays, what_a_draw_says
from testing_tracker.rules.words import Method, Outcome
from testing_tracker.services.schedules import versions as schedules
from testing_tracker.services.testing.prescriptions import active_on, standing
from testing_tracker.store.tables import Assignment, Prescription, Schedule, ScheduleVersion
from testing_tracker.store.work import Work


class PastDraws:
    """Reads past draws by what is on record; each schedule and each participant's prescriptions are asked for once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._versions = _versions(work)
        self._assigned: dict[int, list[tuple[date, int]]] = {}
        self._prescribed: dict[int, list[Prescription]] = {}

    def learn(self, people: Iterable[int]) -> None:
        """Read which schedules some participants were assigned to."""
        new = set(people) - self._assigned.keys()
        self._assigned |= {number: [] for number in new}
        rows = self._work.session.exec(
            select(Assignment)
            .where(col(Assignment.participant_id).in_(new))
            .order_by(col(Assignment.from_on), col(Assignment.id))
        )
        for row in rows:
            self._assigned[row.participant_id].append((row.from_on, row.schedule_id))

    def version_of(self, participant_id: int, day: date) -> ScheduleVersion:
        """The schedule version that binds a participant on a day."""
        assigned = self._assigned[participant_id]
        place = bisect_right(assigned, day, key=lambda row: row[0])
        _, schedule_id = assigned[max(place, 1) - 1]
        versions = self._versions[schedule_id]
        return [version for version in versions if version.binds_from <= day or version.version == 1][-1]

    def read(self, participant_id: int, day: date, past: Past, version: ScheduleVersion) -> Interpretation:
        """How a past result reads: as its marks say, or else against what is prescribed for its day."""
        if past.outcome not in (Outcome.POSITIVE, Outcome.NEGATIVE):
            return Interpretation()
        if past.expected or past.absent:
            return Interpretation(past.expected, tuple(sorted(set(past.analytes) - set(past.expected))), past.absent)
        if participant_id not in self._prescribed:
            self._prescribed[participant_id] = standing(self._work.session, participant_id)
        prescribed = [row.analyte for row in active_on(self._prescribed[participant_id], day)]
        if not prescribed:
            return Interpretation()
        measured = tuple(name for name, _ in past.measured)
        looked_for = measured if past.lab is not None else self._rule(version).collection.panel
        return interpret(self._work.vocabulary, past.analytes, looked_for, prescribed)

    def says(self, day: date, past: Past, read: Interpretation, version: ScheduleVersion) -> WhatItSays:
        """What a past draw says by its line; late only as far as that says when the specimen was given."""
        outcome, is_explained = past.outcome or past.earlier, read.is_explained
        result = ResultAsRead(method_of(past), outcome, is_explained=is_explained, collected_at=past.collected_at)
        closes = None
        if past.collected_at is not None:
            closes = instant_reached(day, self._rule(version).collection.closes, self._work.zone)
        return what_a_draw_says(past.status, because_in(past.reason), [result], closes)

    def _rule(self, version: ScheduleVersion) -> TestingRule:
        return schedules.rule_of(self._work, version.text)


def method_of(past: Past) -> Method:
    """How a past specimen was tested."""
    return Method.PRESUMPTIVE if past.lab is None else Method.DEFINITIVE


def _versions(work: Work) -> dict[int, list[ScheduleVersion]]:
    found: dict[int, list[ScheduleVersion]] = {}
    rows = work.session.exec(
        select(ScheduleVersion)
        .join(Schedule, col(Schedule.id) == ScheduleVersion.schedule_id)
        .where(Schedule.facility_id == work.facility_id)
        .order_by(col(ScheduleVersion.version))
    )
    for version in rows:
        found.setdefault(version.schedule_id, []).append(version)
    return found
