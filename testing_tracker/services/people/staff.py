"""Who may do what at the facility, by the operating system's account.

Until a manager is on record everybody who can write to the database may do everything: a clinic of two needs no roles.
From then on what `require` guards is theirs. This is an order among colleagues, not a lock: who can write to the
database's file can write around the program, and `verify` shows it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import Role
from testing_tracker.store.tables import Staff
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class StaffLine:
    """An account that has a role, who gave it and when (UTC)."""

    account: str
    role: Role
    recorded_at: datetime
    recorded_by: str


def listed(work: Work) -> list[StaffLine]:
    """The staff: who has which role, by account."""
    newest: dict[tuple[str, str], Staff] = {}
    rows = work.session.exec(select(Staff).where(Staff.facility_id == work.facility_id).order_by(col(Staff.id)))
    for row in rows:
        newest[row.account, row.role] = row
    standing = [row for _, row in sorted(newest.items()) if row.allowed]
    return [StaffLine(row.account, Role(row.role), row.recorded_at, row.recorded_by) for row in standing]


def require(work: Work, role: Role, what: str) -> None:
    """Raise TestingTrackerError unless the account acting has a role; where nobody has it, everybody may."""
    having = [line.account for line in listed(work) if line.role is role]
    if having and work.account not in having:
        raise TestingTrackerError(
            f"Only a {role} may {what}, and the account {work.account} is none. Ask one of: {', '.join(having)}."
        )


def give(work: Work, account: str, role: Role) -> None:
    """Give an account a role; a manager's to do, where there is one. Raises TestingTrackerError if it has it."""
    require(work, Role.MANAGER, "give roles")
    if account.split() != [account]:
        raise TestingTrackerError("An account is a name without spaces, as the operating system knows it.")
    managers = any(line.role is Role.MANAGER for line in listed(work))
    if role is Role.MANAGER and not managers and account != work.account:
        raise TestingTrackerError(
            "From the first manager on others may not do everything any more, so the first one is you, "
            f"{work.account}. Add yourself, and then others."
        )
    if _has(work, account, role):
        raise TestingTrackerError(f"{account} is a {role} already; there is nothing to do.")
    _write(work, account, role, allowed=True)


def take(work: Work, account: str, role: Role) -> None:
    """Take a role from an account. Raises TestingTrackerError if it has not got it, and for the last manager.

    The last one stays because without any everybody might do everything again.
    """
    require(work, Role.MANAGER, "take roles")
    if not _has(work, account, role):
        raise TestingTrackerError(f"{account} is no {role}. `testing-tracker staff list` shows who is.")
    if role is Role.MANAGER and sum(line.role is role for line in listed(work)) == 1:
        raise TestingTrackerError(
            f"{account} is the only manager, and without one everybody may do everything. Add another one first."
        )
    _write(work, account, role, allowed=False)


def _has(work: Work, account: str, role: Role) -> bool:
    return any(line.account == account and line.role is role for line in listed(work))


def _write(work: Work, account: str, role: Role, *, allowed: bool) -> None:
    work.write(Staff(facility_id=work.facility_id, account=account, role=role, allowed=allowed))
    work.on_record(Act.STAFF_ADD if allowed else Act.STAFF_REMOVE, account=account, role=role)
    work.session.flush()
