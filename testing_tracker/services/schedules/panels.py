"""What the test of a draw looks for and when its specimen can be given: the schedule version's word, for one draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from testing_tracker.rules.schedules.schedule import Schedule as Rule
from testing_tracker.rules.testing.analytes import shown_by
from testing_tracker.services.schedules import versions
from testing_tracker.store.queries import in_force
from testing_tracker.store.tables import Assignment, Draw, ScheduleVersion


@dataclass(frozen=True)
class Test:
    """The specimen that is asked for, and the analytes that are looked for in it."""

    specimen: str
    panel: tuple[str, ...]

    def outside(self, analytes: Sequence[str]) -> list[str]:
        """A warning for each analyte that the panel does not look for, neither itself nor as its class."""
        if not self.panel:
            return []
        return [
            f"{analyte} is not in the panel of this test ({', '.join(self.panel)})"
            for analyte in analytes
            if not shown_by([analyte]) & set(self.panel)
        ]


def rule_of_draw(session: Session, draw: Draw) -> Rule:
    """The rule of the schedule version that made a draw, or that bound it when it was put on record.

    Earlier versions of the program did not write that down for tests for cause and past records: those go by what was
    on record of the participant's schedule then.
    """
    if draw.schedule_version_id is not None:
        return versions.rule_of(session.get_one(ScheduleVersion, draw.schedule_version_id).text)
    known = col(Assignment.recorded_at) <= draw.recorded_at
    assignment = in_force(session, Assignment, draw.participant_id, draw.due_on, known) or in_force(
        session, Assignment, draw.participant_id, draw.due_on
    )
    assert assignment is not None, "who has a draw was enrolled by then"
    _, rule = versions.rule_on(session, assignment.schedule_id, draw.due_on)
    return rule


def binding_on(session: Session, participant_id: int, day: date) -> int:
    """The schedule version, by id, that binds a participant's draw of a day that no schedule makes."""
    assignment = in_force(session, Assignment, participant_id, day)
    assert assignment is not None, "who has a draw was enrolled by then"
    return versions.rule_on(session, assignment.schedule_id, day)[0]


def may_have_bound(session: Session, draw: Draw) -> list[Rule]:
    """Every rule that a draw may have been judged by: one, but for those of which it was not written down."""
    if draw.schedule_version_id is not None:
        return [rule_of_draw(session, draw)]
    assigned = session.exec(
        select(col(Assignment.schedule_id))
        .where(Assignment.participant_id == draw.participant_id, Assignment.from_on <= draw.due_on)
        .distinct()
    )
    return [rule_of_draw(session, draw), *(versions.rule_on(session, one, draw.due_on)[1] for one in assigned)]


def test_of(session: Session, draw: Draw) -> Test:
    """What is collected for a draw and looked for in it; of rotating panels the one that was drawn."""
    collection = rule_of_draw(session, draw).collection
    panels = collection.panels
    panel = panels[draw.panel % len(panels)] if panels and draw.panel is not None else collection.panel
    return Test(collection.specimen, panel)
