"""Who may do what: every command with the roles of which one is needed, and what a list of the staff means.

The division is this program's own. A nurse records what happened, a clinician decides what follows, a manager answers
for how the facility does it, an auditor reads, and the nights need no person. Roles add up: who has two may do what
either may.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.near_words import in_words
from testing_tracker.rules.words import LINE, Role

_NURSE, _CLINICIAN, _MANAGER = frozenset({Role.NURSE}), frozenset({Role.CLINICIAN}), frozenset({Role.MANAGER})
_AUDITOR, _NIGHTS = frozenset({Role.AUDITOR}), frozenset({Role.NIGHTS})
_CARE = _NURSE | _CLINICIAN
_PEOPLE = _CARE | _MANAGER | _AUDITOR
_REPORTS = _CLINICIAN | _MANAGER | _AUDITOR
_ALL = _PEOPLE | _NIGHTS

PERMITTED: Mapping[str, frozenset[Role]] = {
    # a nurse's day
    "today": _PEOPLE,
    "due": _PEOPLE,
    "log": _NURSE,
    LINE: _NURSE,
    "result": _NURSE,
    "result import": _NURSE,
    "amend": _NURSE | _MANAGER,
    "collected": _NURSE,
    "missed": _NURSE | _MANAGER,
    "refused": _NURSE,
    "unable": _NURSE,
    "excuse": _NURSE | _MANAGER,
    "test": _CARE,
    "swap": _NURSE | _MANAGER,
    "specimen show": _PEOPLE,
    "specimen handover": _NURSE,
    "confirmation send": _CARE,
    "confirmation list": _PEOPLE,
    "confirmation cancel": _CARE,
    # check_in
    "checkin rule": _MANAGER,
    "checkin record": _CARE,
    "checkin list": _PEOPLE,
    "checkin show": _PEOPLE,
    "checkin verify": _PEOPLE,
    "checkin outage": _NURSE | _MANAGER,
    "participant card": _NURSE | _MANAGER,
    "participant contact": _NURSE | _MANAGER,
    "notice list": _PEOPLE,
    "notice send": _NURSE | _MANAGER,
    "notice test": _MANAGER,
    "web sync": _MANAGER | _NIGHTS,
    "web print": _MANAGER | _NIGHTS,
    "web collect": _MANAGER | _NIGHTS,
    # people
    "participant add": _NURSE | _MANAGER,
    "participant import": _NURSE | _MANAGER,
    "participant list": _PEOPLE,
    "participant show": _PEOPLE,
    "participant transfer": _CLINICIAN,
    "participant set-schedule": _CLINICIAN,
    "participant leave": _CARE,
    "participant return": _CARE,
    "participant discharge": _CLINICIAN | _MANAGER,
    "participant cancel": _MANAGER,
    "participant rename": _MANAGER,
    "participant join": _MANAGER,
    "prescription add": _CLINICIAN,
    "prescription list": _PEOPLE,
    "prescription end": _CLINICIAN,
    "prescription reread": _CLINICIAN,
    "staff add": _MANAGER,
    "staff list": _ALL,
    "staff remove": _MANAGER,
    # deciding
    "decide": _CLINICIAN,
    "recommendation list": _PEOPLE,
    "recommendation show": _PEOPLE,
    "recommendation accept": _CLINICIAN,
    "recommendation decline": _CLINICIAN,
    "recommendation defer": _CLINICIAN,
    "recommendation reopen": _CLINICIAN,
    "review list": _PEOPLE,
    "review done": _CLINICIAN,
    # reports
    "report weekly": _REPORTS | _NIGHTS,
    "report period": _REPORTS,
    "report participant": _REPORTS,
    "report outcomes": _REPORTS,
    "report network": _REPORTS,
    "history export": _MANAGER | _AUDITOR,
    "history import": _MANAGER,
    # schedules
    "schedule list": _PEOPLE,
    "schedule show": _PEOPLE,
    "schedule simulate": _PEOPLE,
    "schedule load": _MANAGER,
    "schedule take-back": _MANAGER,
    # trust
    "verify": _REPORTS | _NIGHTS,
    "proof": _MANAGER | _AUDITOR,
    "witness": _REPORTS | _NIGHTS,
    "key show": _MANAGER | _AUDITOR,
    "key acknowledge": _MANAGER,
    "key rotate": _MANAGER,
    "check": _ALL,
    "audit list": _MANAGER | _AUDITOR,
    # running it
    "facility add": _MANAGER,
    "facility list": _ALL,
    "facility close": _MANAGER,
    "facility open": _MANAGER,
    "facility rename": _MANAGER,
    "facility timezone": _MANAGER,
    "draw": _NURSE | _MANAGER | _NIGHTS,
    "serve": _MANAGER | _NIGHTS,
    "status": _ALL,
    "doctor": _ALL,
    "backup": _MANAGER | _NIGHTS,
}
"""By the words of a command, the roles of which one is needed to begin it."""

OF_ANOTHER = "amend what another account recorded, or an earlier day"
NAMES = "--names"
ADDRESSES = "checkin list --contacts"
ALL_DRAWS = {"missed": "missed --all", "excused": "excuse --all"}
TAKE_BACK_NIGHTS = "draw --take-back"
COPY_KEY = "backup --key"
DESPITE = {"draw": "draw --despite", "backup": "backup --despite"}

BESIDES: Mapping[str, frozenset[Role]] = {
    OF_ANOTHER: _MANAGER,
    NAMES: _MANAGER,
    ADDRESSES: _CARE | _MANAGER,  # who telephones those who are not told
    **dict.fromkeys(ALL_DRAWS.values(), _MANAGER),
    TAKE_BACK_NIGHTS: _MANAGER,
    COPY_KEY: _MANAGER,
    **dict.fromkeys(DESPITE.values(), _MANAGER),
}
"""What a command may do beyond its beginning, with the roles of which one is needed for that."""

WHOEVER_OWNS_THE_FILE = frozenset({"init", "migrate", "restore", "cron print", "systemd print"})
"""Commands about the file and the machine: whoever may write there may do them, and no list can say otherwise."""

THE_OWNERS_ON_A_SERVER = frozenset({"facility add"})
"""Commands that take a manager who owns the tables besides, where a server keeps them: nobody else makes a facility."""

WITHOUT_RECORDS = frozenset(
    {
        *("analyte check", "analyte list", "analyte show", "completion", "demo", "manual", "proof check"),
        *("schedule check", "web serve", "web load", "web visits"),
    }
)
"""Commands that read nobody's records."""

NIGHTS_NEED = frozenset({"draw", "serve", "backup", "check", "verify", "status", "doctor", "report weekly"})
"""What runs by itself: for whoever has the nights or is a manager, and for anybody where no account has the nights,
because a night that is refused harms everybody."""

_WHO = {
    Role.NURSE: "a nurse",
    Role.CLINICIAN: "a clinician",
    Role.MANAGER: "a manager",
    Role.AUDITOR: "an auditor",
    Role.NIGHTS: "the account of the nights",
}
_LEAST_FIRST = (Role.AUDITOR, Role.NIGHTS, Role.NURSE, Role.CLINICIAN, Role.MANAGER)  # who reads changes nothing
_SAID = {
    LINE: "A line of `log`",
    OF_ANOTHER: "To amend what another account recorded, or what was recorded on an earlier day,",
}


def roles_for(what: str) -> frozenset[Role]:
    """The roles of which one is needed for a command, or for what it may do besides; a manager for any other."""
    return PERMITTED.get(what) or BESIDES.get(what) or _MANAGER


def as_people_say(roles: Iterable[Role], join: Callable[[Iterable[str]], str] = in_words) -> str:
    """Roles in words, in their order: those of which one is needed, or by another `join` those that somebody has."""
    having = frozenset(roles)
    return join(words for role, words in _WHO.items() if role in having)


@dataclass(frozen=True)
class StaffRoles:
    """Which accounts have which roles at a facility; an account without any is not in it."""

    by_account: Mapping[str, frozenset[Role]]

    def having(self, role: Role) -> list[str]:
        """The accounts that have a role."""
        return sorted(account for account, roles in self.by_account.items() if role in roles)

    def may_do_everything(self, account: str) -> bool:
        """Whether the list binds an account to nothing: nobody else is on it, or nobody who may name others.

        Without a manager it is empty, or was begun by a version of the program in which only a manager made it bind.
        """
        return not self.having(Role.MANAGER) or set(self.by_account) == {account}

    def may(self, account: str, what: str) -> bool:
        """Whether an account may do what `PERMITTED` or `BESIDES` has."""
        if self.may_do_everything(account) or what in WHOEVER_OWNS_THE_FILE | WITHOUT_RECORDS:
            return True
        if what in NIGHTS_NEED and (self._has(account, _MANAGER | _NIGHTS) or not self.having(Role.NIGHTS)):
            return True
        return self._has(account, roles_for(what))

    def _has(self, account: str, one_of: frozenset[Role]) -> bool:
        return bool(self.by_account.get(account, frozenset()) & one_of)

    def refusal(self, account: str, what: str) -> str:
        """Why an account may not do something, in a line: who it is, what that takes, and whom to ask.

        Of the roles that it takes it names the one that gives least besides; to who is new and may be shown what all
        are, a nurse's, because most are.
        """
        managers = self.having(Role.MANAGER)
        ask = "You may give it yourself" if account in managers else f"Ask {in_words(managers)}"
        has, needed = self.by_account.get(account), roles_for(what)
        least = next(role for role in _LEAST_FIRST if role in needed)
        if has is None:
            add = add_words(account, Role.NURSE if needed >= _NURSE | _AUDITOR else least)
            return f"{account} is not on the list of those who use these records. {ask}, by `{add}` or another role."
        wanted = _SAID.get(what, f"`testing-tracker {what}`")
        is_now = as_people_say(has, " and ".join)
        takes = as_people_say(needed)
        return f"{wanted} takes {takes}, and {account} is {is_now} here. {ask}, by `{add_words(account, least)}`."

    @property
    def meaning(self) -> str:
        """What the list means now, in a sentence."""
        if not self.by_account:
            return "Nobody is on the list, so everybody may do everything."
        if not self.having(Role.MANAGER):
            return "No manager is on the list, so everybody may do everything."
        if len(self.by_account) == 1:
            (only,) = self.by_account
            return f"{only} is the only one on the list, and may do everything; others are refused."
        return "Each may do what the roles give, and roles add up; who is not on the list is refused."

    def no_more(self, account: str) -> dict[Role, list[str]]:
        """By each role that an account lacks, the commands that only this or another one that it lacks gives."""
        lacked = [what for what, roles in PERMITTED.items() if not self._has(account, roles) and what != LINE]
        lacked.sort(key=lambda what: len(PERMITTED[what]))  # what is most that role's own comes first
        found = {role: [what for what in lacked if role in PERMITTED[what]] for role in Role}
        return {role: commands for role, commands in found.items() if commands}


def add_words(account: str, role: Role) -> str:
    """The command that gives an account a role."""
    from shlex import quote  # every command waits for this module, and few say this

    return f"testing-tracker staff add {quote(account)} --role {role}"


def roles_of(rows: Iterable[tuple[str, str, bool]]) -> StaffRoles:
    """The list from its rows, oldest first: of an account and a role the last one says whether it is allowed.

    A word that is no role, as somebody may write into the table by hand, gives nothing.
    """
    standing = {(account, role): allowed for account, role, allowed in rows}
    found: dict[str, frozenset[Role]] = {}
    for (account, role), allowed in standing.items():
        if allowed and role in _WHO:
            found[account] = found.get(account, frozenset()) | {Role(role)}
    return StaffRoles(found)


_A_NURSES = frozenset(
    {
        Act.PARTICIPANT_ADD,
        Act.DRAW_ORDER,
        Act.DRAW_RECORD,
        Act.DRAW_TRIED,
        Act.DRAW_REFUSED,
        Act.RESULT_LOG,
        Act.RESULT_AMEND,
        Act.LOG_UNDO,
        Act.SPECIMEN_HAND_OVER,
        Act.CONFIRMATION_SEND,
    }
)
_A_CLINICIANS = frozenset(
    {
        Act.PARTICIPANT_TRANSFER,
        Act.PARTICIPANT_SET_SCHEDULE,
        Act.PRESCRIPTION_ADD,
        Act.PRESCRIPTION_END,
        Act.RECOMMENDATION_ACCEPT,
        Act.RECOMMENDATION_DECLINE,
        Act.RECOMMENDATION_DEFER,
        Act.RECOMMENDATION_REOPEN,
        Act.REVIEW_DONE,
    }
)


def roles_for_acts(acts: Collection[str], *, has_none: bool) -> list[Role]:
    """The roles that an account needs to go on with what it did while no list bound it.

    Who has acts on record and no role is a nurse at least, or has the nights where it ran one.
    """
    done = frozenset(acts)
    found = {Role.NURSE: _A_NURSES, Role.CLINICIAN: _A_CLINICIANS, Role.NIGHTS: {Act.NIGHT_RUN}}
    roles = [role for role, their_own in found.items() if done & their_own]
    return roles or ([Role.NURSE] if done and has_none else [])
