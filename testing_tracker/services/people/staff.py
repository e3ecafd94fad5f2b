"""Who may do what at the facility, by account: the list of the staff, and the one door that holds a command against it.

Until somebody is on the list everybody who reaches the database may do everything, as a clinic of two likes it. What
roles give stands in `rules/people/permitted.py`. Where people can write to the database's file this is an order among
colleagues and no lock: who can do that can write around the program, and `verify` shows it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from json import loads

from sqlalchemy import bindparam
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import instant_reached
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.permitted import OF_ANOTHER, StaffRoles, roles_for, roles_for_acts, roles_of
from testing_tracker.rules.words import Role
from testing_tracker.store.tables import AuditEntry, Staff
from testing_tracker.store.work import Work

_AT_THE_UPGRADE = "so that nobody is kept out by the upgrade"
_NEWEST = 2000  # acts: a clinic's of a day, or of a few
_AN_ACCOUNT = re.compile(r"\S+|uid \d+")  # an account without a name is told by its number
# Every transaction asks for these, and they take long to put together.
_ROWS = (
    sa_select(col(Staff.account), col(Staff.role), col(Staff.allowed))
    .where(col(Staff.facility_id) == bindparam("facility_id"))
    .order_by(col(Staff.id))
)


class AccessDeniedError(TestingTrackerError):
    """An account may not do what it began. `what` is the command, or what it may do besides."""

    def __init__(self, message: str, facility_id: int, what: str) -> None:
        super().__init__(message)
        self.facility_id = facility_id
        self.what = what


@dataclass(frozen=True)
class StaffLine:
    """An account that has a role, who gave it and when (UTC)."""

    account: str
    role: Role
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class NowOnTheList:
    """What changed for others when an account was given a role.

    `first` was the only one on the list until now, and may not begin the commands of `no_more` any longer, by the role
    that gives each. `unnamed` are accounts with acts on record that are kept out from now on. `left_to_grant` are the
    statements that the administrator of a server has to run for it.
    """

    first: str | None = None
    no_more: dict[Role, list[str]] = field(default_factory=dict)
    unnamed: list[str] = field(default_factory=list)
    left_to_grant: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class NowOffTheList:
    """What there is to know when a role was taken: whether somebody has it still, and `left_to_grant` as above."""

    is_had: bool
    left_to_grant: list[str] = field(default_factory=list)


def listed(work: Work) -> list[StaffLine]:
    """The staff: who has which role, by account."""
    newest: dict[tuple[str, str], Staff] = {}
    rows = work.session.exec(select(Staff).where(Staff.facility_id == work.facility_id).order_by(col(Staff.id)))
    for row in rows:
        newest[row.account, row.role] = row
    standing = [row for _, row in sorted(newest.items()) if row.allowed]
    return [StaffLine(row.account, Role(row.role), row.recorded_at, row.recorded_by) for row in standing]


def roles_at(work: Work) -> StaffRoles:
    """Who has which role at the facility; one small statement."""
    rows = work.session.connection().execute(_ROWS, {"facility_id": work.facility_id})
    return roles_of((row.account, row.role, row.allowed) for row in rows)


def admit(work: Work, what: str) -> None:
    """Raise AccessDeniedError unless the account acting may begin a command, or do what a command may do besides."""
    roles = roles_at(work)
    if not roles.may(work.account, what):
        raise AccessDeniedError(roles.refusal(work.account, what), work.facility_id, what)


def admitted(each: Iterable[Work], what: str) -> tuple[list[Work], list[AccessDeniedError]]:
    """Of the facilities of a database those at which an account may do something, and why not at the others.

    Raises AccessDeniedError where it may at none.
    """
    found: list[Work] = []
    denied: list[AccessDeniedError] = []
    for work in each:
        try:
            admit(work, what)
        except AccessDeniedError as error:
            denied.append(error)
        else:
            found.append(work)
    if not found:
        raise denied[0]
    return found, denied


def admit_correction(work: Work, entries: Iterable[tuple[str, datetime]]) -> None:
    """Raise AccessDeniedError unless the account acting may correct these entries, by who recorded each and when (UTC).

    Those of its own that it made today are anybody's to correct who may `amend`; others' and earlier ones are not.
    """
    if any(by != work.account or at.astimezone(work.zone).date() != work.today for by, at in entries):
        admit(work, OF_ANOTHER)


def record_denied(work: Work, denied: AccessDeniedError) -> None:
    """Put on record that the account acting was refused: of each command once a day, so that it is no flood.

    Whether it is on record is looked for in the newest acts only, because others wait to write meanwhile.
    """
    since = instant_reached(work.today, time(), work.zone).astimezone(UTC)
    newest = (
        select(AuditEntry.act, AuditEntry.account, AuditEntry.at, AuditEntry.detail)
        .where(col(AuditEntry.facility_id) == work.facility_id)
        .order_by(col(AuditEntry.id).desc())
        .limit(_NEWEST)
        .subquery()
        .c
    )
    of_today = (newest.act == Act.ACCESS_DENIED, newest.account == work.account, newest.at >= since)
    known = work.session.connection().execute(sa_select(newest.detail).where(*of_today)).scalars()
    if denied.what not in {loads(detail)["command"] for detail in known}:
        work.on_record(Act.ACCESS_DENIED, command=denied.what, needed=sorted(roles_for(denied.what)))


def who_runs_nights(session: Session) -> set[str]:
    """The accounts that have the nights of any facility of the database."""
    rows = session.exec(select(Staff).where(Staff.role == Role.NIGHTS).order_by(col(Staff.id)))
    newest = {(row.facility_id, row.account): row.allowed for row in rows}
    return {account for (_, account), allowed in newest.items() if allowed}


def open_list(work: Work, nights: Iterable[str] = ()) -> None:
    """Begin a new facility's list: who makes it is its manager and has its nights, as those have that run the others'.

    Somebody has to be able to name others, and a night that is refused harms everybody.
    """
    for role in (Role.MANAGER, Role.NIGHTS):
        _write(work, work.account, role, allowed=True)
    for account in sorted(nights):
        if account != work.account:
            _write(work, account, Role.NIGHTS, allowed=True)


def give(work: Work, account: str, role: Role) -> NowOnTheList:
    """Give an account a role; returns what that changes for others.

    Raises TestingTrackerError if it has it, for what is no account, and for a first one that is not the manager acting;
    on a server, which then lets the account work, also for one that the server does not know.
    """
    if not _AN_ACCOUNT.fullmatch(account):
        raise TestingTrackerError("An account is a name without spaces, as the operating system knows it.")
    before = roles_at(work)
    if not before.having(Role.MANAGER) and (role is not Role.MANAGER or account != work.account):
        raise TestingTrackerError(
            "From the first manager on others may not do everything any more, so the first one is you, "
            f"{work.account}. Add yourself as manager, and then others."
        )
    if role in before.by_account.get(account, ()):
        raise TestingTrackerError(f"{account} has the role {role} already; there is nothing to do.")
    if work.is_on_server:
        from testing_tracker.store.server import grants  # nobody else needs it

        grants.refuse_stranger(work.session.connection(), account)
    left = _write(work, account, role, allowed=True)
    return replace(_changed(work, before, roles_at(work)), left_to_grant=left)


def _changed(work: Work, before: StaffRoles, now: StaffRoles) -> NowOnTheList:
    """What a new name on the list changes for others."""
    if not before.having(Role.MANAGER):
        acted = work.session.exec(
            select(AuditEntry.account).where(AuditEntry.facility_id == work.facility_id).distinct()
        )
        return NowOnTheList(unnamed=sorted(set(acted) - now.by_account.keys()))
    first = next(iter(before.by_account))
    if now.may_do_everything(first) or not before.may_do_everything(first):
        return NowOnTheList()
    return NowOnTheList(first, now.no_more(first))


def take(work: Work, account: str, role: Role) -> NowOffTheList:
    """Take a role from an account.

    Raises TestingTrackerError if it has not got it, and for the last manager, because without any everybody might do
    everything again.
    """
    roles = roles_at(work)
    if role not in roles.by_account.get(account, ()):
        raise TestingTrackerError(
            f"{account} has not the role {role}. `testing-tracker staff list` shows who has which."
        )
    if role is Role.MANAGER and len(roles.having(role)) == 1:
        raise TestingTrackerError(
            f"{account} is the only manager, and without one everybody may do everything. Add another one first."
        )
    if work.is_on_server and account == work.account and roles.by_account[account] == {role}:
        raise TestingTrackerError(
            "It is your only role, and without one the server lets you record nothing, not even this. Ask another "
            "manager to take it."
        )
    left = _write(work, account, role, allowed=False)
    return NowOffTheList(bool(roles_at(work).having(role)), left)


def carry_over(work: Work) -> dict[str, list[Role]]:
    """Give roles by what accounts have done, where a list bound nobody until now; returns who got which.

    An upgrade does so once: from then on the list binds all, and nobody is to stand before a locked door the next
    morning. Where no manager is on it, it binds nobody and stays as it is. What was taken from an account stays taken.
    """
    having = roles_at(work)
    if not having.having(Role.MANAGER):
        return {}
    known = set(work.session.exec(select(Staff.account, Staff.role).where(Staff.facility_id == work.facility_id)))
    acts: dict[str, set[str]] = defaultdict(set)
    of_each = select(AuditEntry.account, AuditEntry.act).where(AuditEntry.facility_id == work.facility_id).distinct()
    for account, act in work.session.exec(of_each):
        acts[account].add(act)
    taken = {account for account, _ in known} - having.by_account.keys()
    given: dict[str, list[Role]] = {}
    for account in sorted(acts.keys() - taken):
        wanted = roles_for_acts(acts[account], has_none=account not in having.by_account)
        given[account] = [role for role in wanted if (account, role) not in known]
        for role in given[account]:
            _write(work, account, role, allowed=True, reason=_AT_THE_UPGRADE)
    return {account: roles for account, roles in given.items() if roles}


def _write(work: Work, account: str, role: Role, *, allowed: bool, reason: str | None = None) -> list[str]:
    work.write(Staff(facility_id=work.facility_id, account=account, role=role, allowed=allowed))
    work.on_record(Act.STAFF_ADD if allowed else Act.STAFF_REMOVE, reason=reason, account=account, role=role)
    work.session.flush()
    if not work.is_on_server:
        return []
    from testing_tracker.store.server import grants  # as above

    return grants.follow_staff(work.session.connection())
