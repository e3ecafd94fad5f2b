"""What the test of a draw looks for and when its specimen can be given: the schedule version's word, for one draw."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from testing_tracker.rules.analytes import shown_by
from testing_tracker.rules.schedule import Schedule as Rule
from testing_tracker.services import schedules
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
    """The rule of the schedule version that made a draw.

    One that no schedule made, such as a test for cause, goes by the participant's schedule on its day.
    """
    if draw.schedule_version_id is not None:
        return schedules.rule_of(session.get_one(ScheduleVersion, draw.schedule_version_id).text)
    assignment = in_force(session, Assignment, draw.participant_id, draw.due_on)
    assert assignment is not None, "who has a draw was enrolled by then"
    _, rule = schedules.rule_on(session, assignment.schedule_id, draw.due_on)
    return rule


def test_of(session: Session, draw: Draw) -> Test:
    """What is collected for a draw and looked for in it; of rotating panels the one that was drawn."""
    collection = rule_of_draw(session, draw).collection
    panels = collection.panels
    panel = panels[draw.panel % len(panels)] if panels and draw.panel is not None else collection.panel
    return Test(collection.specimen, panel)
