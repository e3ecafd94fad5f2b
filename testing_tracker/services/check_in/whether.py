"""Whether a facility ever had a rule of checking in: what every command asks first, at next to no cost.

Most facilities never have one, and no command of theirs waits for anything of checking in to be loaded.
"""

from sqlalchemy import column, select, table

from testing_tracker.store.work import Work

# Not the declared table: where the answer is no, none of those of checking in need be declared.
_RULE = table("check_in_rule", column("id"), column("facility_id"))


def any_rule(work: Work) -> bool:
    """Whether the facility ever had a rule of checking in. One look-up in a table that is empty without."""
    first = select(_RULE.c.id).where(_RULE.c.facility_id == work.facility_id).limit(1)
    return work.session.connection().execute(first).first() is not None
