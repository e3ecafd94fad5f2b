"""The facility's schedules and their versions, and what a draw's test looks for by its version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePath

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import WEEKDAYS
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.codes import check_schedule_name
from testing_tracker.rules.schedules.changes import what_changed
from testing_tracker.rules.schedules.schedule import TestingRule
from testing_tracker.rules.schedules.schedule_file import read_stored, read_with_table
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.words import DrawKind
from testing_tracker.store.queries import id_of, in_force, in_force_id, version_on
from testing_tracker.store.tables import Assignment, Draw, Enrolment, Night, Participant, Schedule, ScheduleVersion
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class Loaded:
    """What loading a file did: the version, and whether it is new or the one that was there already.

    `changes` is what a further version says otherwise than the one that binds until then, in words, and None where its
    text is the same; `participants` are the codes of those whom it tests from its day on.
    """

    name: str
    version: int
    binds_from: date
    changed: bool
    changes: Sequence[str] | None = None
    participants: Sequence[str] = ()


def load_schedule(work: Work, file: str, text: str) -> Loaded:
    """Keep a schedule file under its name. A changed one becomes a new version that binds from the next day.

    Raises ScheduleFileError for a file that cannot be used.
    """
    name = check_schedule_name(PurePath(file).name.removesuffix(".toml"))
    _, table = read_with_table(work.vocabulary, text, file)
    chances = table.to_json() if table else None
    schedule = work.session.exec(
        select(Schedule).where(Schedule.facility_id == work.facility_id, Schedule.name == name)
    ).first()
    if schedule is None:
        schedule = Schedule(facility_id=work.facility_id, name=name)
        work.write(schedule)
        return _add_version(work, schedule, 1, work.today, text, chances)
    latest = versions_of(work.session, schedule)[-1]
    if latest.text == text:
        return Loaded(name, latest.version, latest.binds_from, changed=False)
    return _add_version(work, schedule, latest.version + 1, _tomorrow(work), text, chances)


def take_back(work: Work, name: str, reason: str) -> Loaded:
    """Let the version that binds today go on binding, in place of a pending one; that one stays on record.

    What is on record is only added to, so this is a further version with today's text, from the pending one's day on.
    Raises TestingTrackerError where none is pending.
    """
    schedule = find_schedule(work, name)
    binding = version_on(work.session, id_of(schedule), work.today)
    coming = _pending(work, schedule, binding)
    if coming is None:
        raise TestingTrackerError(f"No version of {name} is pending; `testing-tracker schedule show {name}` shows it.")
    number = coming.version + 1
    return _add_version(work, schedule, number, coming.binds_from, binding.text, binding.chances, reason)


def _pending(work: Work, schedule: Schedule, binding: ScheduleVersion) -> "PendingVersion | None":
    """The version that is to bind from a day to come, where its text is not the one that binds today; None for none."""
    latest = versions_of(work.session, schedule)[-1]
    changes = _changes(work, binding, latest)
    if latest.binds_from <= work.today or changes is None:
        return None
    return PendingVersion(latest.version, latest.binds_from, changes)


def _changes(work: Work, before: ScheduleVersion, after: ScheduleVersion) -> list[str] | None:
    """What a version says otherwise than another one; None for the same text."""
    return what_changed(rule_of(work, before.text), rule_of(work, after.text)) if before.text != after.text else None


def _tomorrow(work: Work) -> date:
    return work.today + timedelta(days=1)


def _add_version(
    work: Work,
    schedule: Schedule,
    version: int,
    binds_from: date,
    text: str,
    chances: str | None,
    taken_back_because: str | None = None,
) -> Loaded:
    identity = id_of(schedule)
    before = version_on(work.session, identity, work.today) if version > 1 else None
    new = ScheduleVersion(schedule_id=identity, version=version, binds_from=binds_from, text=text, chances=chances)
    work.write(new)
    act = Act.SCHEDULE_LOAD if taken_back_because is None else Act.SCHEDULE_TAKE_BACK
    work.on_record(act, reason=taken_back_because, schedule=schedule.name, version=version, binds_from=binds_from)
    work.session.flush()
    if before is None:
        return Loaded(schedule.name, version, binds_from, changed=True)
    changes, tested = _changes(work, before, new), tested_by(work, identity, binds_from)
    return Loaded(schedule.name, version, binds_from, changed=True, changes=changes, participants=tested)


def tested_by(work: Work, schedule_id: int, day: date) -> list[str]:
    """The codes of the participants whom a schedule tests on a day, as far as is known today."""
    assignment = in_force_id(Assignment, col(Participant.id), day)
    enrolment = in_force_id(Enrolment, col(Participant.id), day)
    return list(
        work.session.exec(
            select(Participant.code)
            .join(Assignment, col(Assignment.id) == assignment)
            .join(Enrolment, col(Enrolment.id) == enrolment)
            .where(
                Participant.facility_id == work.facility_id,
                Assignment.schedule_id == schedule_id,
                col(Enrolment.enrolled),
            )
            .order_by(col(Participant.code_key))
        )
    )


def decided_to(work: Work) -> date | None:
    """The last day whose draws were made, or that was found to be without a run; None before the first night."""
    return work.session.exec(select(func.max(Night.day)).where(Night.facility_id == work.facility_id)).one()


def all_schedules(work: Work) -> list[Schedule]:
    """The facility's schedules by name."""
    return list(
        work.session.exec(select(Schedule).where(Schedule.facility_id == work.facility_id).order_by(col(Schedule.name)))
    )


def find_schedule(work: Work, name: str) -> Schedule:
    """The schedule of this name. Raises TestingTrackerError naming those there are."""
    schedules = all_schedules(work)
    for schedule in schedules:
        if schedule.name == name:
            return schedule
    names = ", ".join(schedule.name for schedule in schedules)
    raise TestingTrackerError(f"There is no schedule {name!r}. The schedules are {names}.")


def versions_of(session: Session, schedule: Schedule) -> list[ScheduleVersion]:
    """A schedule's versions, oldest first."""
    return list(
        session.exec(
            select(ScheduleVersion)
            .where(ScheduleVersion.schedule_id == schedule.id)
            .order_by(col(ScheduleVersion.version))
        )
    )


def rule_on(work: Work, schedule_id: int, day: date) -> tuple[int, TestingRule]:
    """The version of a schedule that binds on a day, by id, and the rule it holds."""
    version = version_on(work.session, schedule_id, day)
    return id_of(version), rule_of(work, version.text)


def rule_of(work: Work, text: str) -> TestingRule:
    """The rule in a stored version's text, which was checked when it was loaded."""
    return read_stored(work.vocabulary, text)


def rule_of_version(work: Work, version_id: int) -> TestingRule:
    """The rule that a schedule's version holds, by the version's id."""
    return rule_of(work, work.session.get_one(ScheduleVersion, version_id).text)


@dataclass(frozen=True)
class PendingVersion:
    """A schedule's version that is to bind from a day to come, and what it says otherwise than today's, in words."""

    version: int
    binds_from: date
    changes: list[str]


@dataclass(frozen=True)
class ScheduleLine:
    """A schedule in the version that binds today; `participants` counts those who are tested by it.

    `closed_days` are the facility's own, as the file has them, beside the public `holidays` of a calendar.
    """

    schedule: str
    version: int
    binds_from: date
    kind: DrawKind
    per_week: float
    days: list[str]
    participants: int
    title: str
    holidays: str | None
    closed_days: list[date]
    pending: PendingVersion | None


def overview(work: Work) -> list[ScheduleLine]:
    """The facility's schedules by name."""
    assigned = work.session.connection().execute(
        sa_select(col(Assignment.schedule_id), func.count())
        .join(Enrolment, col(Enrolment.id) == in_force_id(Enrolment, Assignment.participant_id, work.today))
        .where(
            col(Assignment.id) == in_force_id(Assignment, Assignment.participant_id, work.today),
            col(Enrolment.enrolled),
        )
        .group_by(col(Assignment.schedule_id))
    )
    tested: dict[int, int] = {row[0]: row[1] for row in assigned}
    lines = []
    for schedule in all_schedules(work):
        version = version_on(work.session, id_of(schedule), work.today)
        rule = rule_of(work, version.text)
        lines.append(
            ScheduleLine(
                schedule=schedule.name,
                version=version.version,
                binds_from=version.binds_from,
                kind=rule.draw.kind,
                per_week=float(rule.draw.per_week),
                days=[WEEKDAYS[number] for number in rule.draw.days],
                participants=tested.get(id_of(schedule), 0),
                title=rule.title,
                holidays=rule.closed.holidays,
                closed_days=list(rule.closed.days),
                pending=_pending(work, schedule, version),
            )
        )
    return lines


def find_version(work: Work, name: str, number: int | None) -> ScheduleVersion:
    """A version of a schedule, the latest by default. Raises TestingTrackerError naming what there is."""
    versions = versions_of(work.session, find_schedule(work, name))
    for version in versions:
        if version.version == (number or versions[-1].version):
            return version
    raise TestingTrackerError(f"{name} has no version {number}; its versions are 1 to {versions[-1].version}.")


@dataclass(frozen=True)
class WhatIsTested:
    """The specimen that is asked for, and the analytes that are looked for in it, by the vocabulary's names."""

    vocabulary: Vocabulary
    specimen: str
    panel: tuple[str, ...]

    def outside(self, analytes: Sequence[str]) -> list[str]:
        """A warning for each analyte that the panel does not look for, neither itself nor as its class."""
        if not self.panel:
            return []
        return [
            f"{analyte} is not in the panel of this test ({', '.join(self.panel)})"
            for analyte in analytes
            if not self.vocabulary.shown_by([analyte]) & set(self.panel)
        ]


def rule_of_draw(work: Work, draw: Draw) -> TestingRule:
    """The rule of the schedule version that made a draw, or that bound it when it was put on record.

    Earlier versions of the program did not write that down for tests for cause and past records: those go by what was
    on record of the participant's schedule then.
    """
    if draw.schedule_version_id is not None:
        return rule_of_version(work, draw.schedule_version_id)
    known = col(Assignment.recorded_at) <= draw.recorded_at
    assignment = in_force(work.session, Assignment, draw.participant_id, draw.due_on, known) or in_force(
        work.session, Assignment, draw.participant_id, draw.due_on
    )
    assert assignment is not None, "who has a draw was enrolled by then"
    _, rule = rule_on(work, assignment.schedule_id, draw.due_on)
    return rule


def binding_on(work: Work, participant_id: int, day: date) -> int:
    """The schedule version, by id, that binds a participant's draw of a day that no schedule makes."""
    assignment = in_force(work.session, Assignment, participant_id, day)
    assert assignment is not None, "who has a draw was enrolled by then"
    return rule_on(work, assignment.schedule_id, day)[0]


def may_have_bound(work: Work, draw: Draw) -> list[TestingRule]:
    """Every rule that a draw may have been judged by: one, but for those of which it was not written down."""
    if draw.schedule_version_id is not None:
        return [rule_of_draw(work, draw)]
    assigned = work.session.exec(
        select(col(Assignment.schedule_id))
        .where(Assignment.participant_id == draw.participant_id, Assignment.from_on <= draw.due_on)
        .distinct()
    )
    return [rule_of_draw(work, draw), *(rule_on(work, one, draw.due_on)[1] for one in assigned)]


def test_of(work: Work, draw: Draw) -> WhatIsTested:
    """What is collected for a draw and looked for in it; of rotating panels the one that was drawn."""
    collection = rule_of_draw(work, draw).collection
    panels = collection.panels
    panel = panels[draw.panel % len(panels)] if panels and draw.panel is not None else collection.panel
    return WhatIsTested(work.vocabulary, collection.specimen, panel)
