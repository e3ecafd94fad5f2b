"""Says on record that check-in was open while the day's draws had not been made, so that nobody could be told anything.

Of a page its own minutes say so; where participants check in by telephone alone, only the night itself can.
"""

from testing_tracker.rules.check_in.in_force import FoundBy
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.services.check_in.rules_in_force import rule_on, window_on
from testing_tracker.services.check_in.whether import any_rule
from testing_tracker.store.tables import Outage
from testing_tracker.store.work import Work

DRAWN_LATE = "the day's draws had not been made"


def say_drawn_late(work: Work) -> None:
    """Put on record for how long today's check-in had been open when the night made today's draws; nothing for none.

    On a training database that pretends a day it is noon whenever somebody practises, and that says nothing.
    """
    if work.is_pretended or not any_rule(work):
        return
    rule, window = rule_on(work, work.today), window_on(work, work.today)
    if rule is None or window is None or rule.page or work.now <= window.opens:
        return
    until = min(work.now, window.closes)
    row = Outage(from_at=window.opens, to_at=until, found_by=FoundBy.NIGHT, reason=DRAWN_LATE)
    row.facility_id = work.facility_id
    work.write(row)
    work.on_record(Act.OUTAGE_FIND, reason=DRAWN_LATE, from_at=window.opens, to_at=until)
