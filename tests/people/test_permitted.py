"""Who may do what: the table, and what a list of the staff means, without a database."""

import re
from pathlib import Path

import pytest
from cli.test_examples import ALL as WORDS
from cli.test_examples import program
from hypothesis import given
from hypothesis import strategies as st

import testing_tracker
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.people.permitted import (
    ADDRESSES,
    BESIDES,
    NAMES,
    NIGHTS_NEED,
    OF_ANOTHER,
    PERMITTED,
    WHOEVER_OWNS_THE_FILE,
    WITHOUT_RECORDS,
    StaffRoles,
    roles_for,
    roles_for_acts,
    roles_of,
)
from testing_tracker.rules.words import LINE, Role

PACKAGE = Path(testing_tracker.__file__).parent
ACCOUNTS = ("lee", "pat", "kim", "cron")
EVERYTHING = (*PERMITTED, *BESIDES)
ROWS = st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(list(Role)), st.booleans()), max_size=20)


def staff(**roles: str) -> StaffRoles:
    """Accounts with their roles, such as lee="manager nights"."""
    return StaffRoles({account: frozenset(map(Role, words.split())) for account, words in roles.items()})


def is_group(words: str) -> bool:
    found = program
    for word in words.split():
        found = getattr(found, "commands", {}).get(word) or found.get_command(None, word)
    return getattr(found, "list_commands", None) is not None and not found.invoke_without_command


def test_every_command_is_in_the_table_or_is_nobodys_to_permit():
    commands = {words for words in WORDS if words == "result import" or (words and not is_group(words))}
    assert commands | {LINE} == PERMITTED.keys() | WHOEVER_OWNS_THE_FILE | WITHOUT_RECORDS
    assert len(PERMITTED) + len(WHOEVER_OWNS_THE_FILE) + len(WITHOUT_RECORDS) == len(commands) + 1


def test_what_a_command_does_besides_is_no_more_permitted_than_the_command():
    begun = {"missed --all": "missed", "excuse --all": "excuse", "draw --take-back": "draw", "backup --key": "backup"}
    begun |= {"draw --despite": "draw", "backup --despite": "backup", ADDRESSES: "checkin list"}
    assert begun.keys() | {OF_ANOTHER, NAMES} == BESIDES.keys()
    for what, command in begun.items():
        assert roles_for(what) < roles_for(command)


def test_who_records_does_not_decide_and_who_reads_does_neither():
    only = {role: {what for what in EVERYTHING if roles_for(what) == {role}} for role in Role}
    assert {"log", "result", "collected"} <= only[Role.NURSE]
    assert {"decide", "recommendation accept", "review done", "participant transfer"} <= only[Role.CLINICIAN]
    assert {"staff add", "key rotate", "schedule load", NAMES, OF_ANOTHER} <= only[Role.MANAGER]
    assert only[Role.AUDITOR] == only[Role.NIGHTS] == set()  # each reads or runs what others may too
    for role in Role:
        assert {"staff list", "status"} <= {what for what in PERMITTED if role in roles_for(what)}


WRITES_NO_FACT = {
    *("today", "due", "participant list", "participant show", "prescription list", "specimen show"),
    *("confirmation list", "recommendation list", "recommendation show", "review list"),
    *("report weekly", "report period", "report participant", "report outcomes", "report network"),
    *("schedule list", "schedule show", "schedule simulate", "history export", "facility list", "staff list"),
    *("checkin list", "checkin show", "checkin verify", "notice list"),
    *("verify", "witness", "proof", "key show", "audit list", "check", "status", "doctor"),
}


def test_an_auditor_writes_no_fact():
    assert {what for what in EVERYTHING if Role.AUDITOR in roles_for(what)} == WRITES_NO_FACT


def test_an_empty_list_binds_nobody():
    assert all(staff().may("lee", what) for what in EVERYTHING)


def test_a_list_of_before_without_a_manager_binds_nobody():
    """Nobody could let in those whom it would keep out."""
    assert all(staff(pat="nurse").may("lee", what) for what in EVERYTHING)


def test_the_only_one_on_the_list_may_do_everything_and_others_are_kept_out():
    alone = staff(lee="manager nights")
    assert all(alone.may("lee", what) for what in EVERYTHING)
    assert not any(alone.may("pat", what) for what in EVERYTHING)


def test_from_the_second_account_on_each_has_what_the_roles_give():
    two = staff(lee="manager nights", pat="nurse")
    assert (two.may("lee", "result"), two.may("lee", "staff add"), two.may("lee", NAMES)) == (False, True, True)
    assert (two.may("pat", "result"), two.may("pat", "staff add"), two.may("pat", "decide")) == (True, False, False)
    assert staff(lee="manager", pat="nurse clinician").may("pat", "decide")


@pytest.mark.parametrize("what", sorted(NIGHTS_NEED))
def test_a_night_is_not_refused(what):
    """By whoever has the nights or is a manager; where nobody has them, by anybody, on the list or not."""
    named = staff(lee="manager", cron="nights", pat="nurse")
    assert named.may("cron", what)
    assert named.may("lee", what)
    assert staff(lee="manager", pat="nurse").may("somebody", what)
    assert not named.may("somebody", what)


@given(ROWS)
def test_of_an_account_and_a_role_the_last_row_counts(rows):
    standing = {(account, role): allowed for account, role, allowed in rows}
    found = roles_of(rows)
    assert {(account, role) for account, roles in found.by_account.items() for role in roles} == {
        one for one, allowed in standing.items() if allowed
    }


def test_a_word_that_is_no_role_gives_nothing():
    assert roles_of([("pat", "director", True), ("lee", "manager", True)]) == staff(lee="manager")


@given(ROWS, st.sampled_from(ACCOUNTS), st.sampled_from(list(Role)), st.sampled_from(EVERYTHING))
def test_a_further_role_takes_nothing_away(rows, account, role, what):
    """Of who is bound by what the roles give."""
    before = roles_of(rows)
    after = roles_of([*rows, (account, role, True)])
    if before.may(account, what) and not before.may_do_everything(account):
        assert after.may(account, what)


@given(ROWS, st.sampled_from(ACCOUNTS), st.sampled_from(EVERYTHING))
def test_a_refusal_says_who_what_and_whom_to_ask(rows, account, what):
    roles = roles_of(rows)
    if roles.may(account, what):
        return
    said = roles.refusal(account, what)
    assert account in said
    managers = roles.having(Role.MANAGER)
    assert account in managers or all(manager in said for manager in managers)
    assert ("Ask" in said) is (account not in managers)
    given_role = Role(said.split("--role ")[1].split("`")[0])
    after = roles_of([*rows, (account, given_role, True)])
    assert after.may(account, what)


@pytest.mark.parametrize(
    ("what", "role"),
    [
        ("backup", "nights"),
        ("serve", "nights"),
        ("audit list", "auditor"),
        ("report period", "auditor"),
        ("amend", "nurse"),
        ("participant discharge", "clinician"),
        ("staff add", "manager"),
        (NAMES, "manager"),
    ],
)
def test_a_refusal_suggests_the_role_that_gives_least(what, role):
    given_nothing = staff(lee="manager", cron="nights", pat="")
    assert given_nothing.refusal("pat", what).endswith(f"`testing-tracker staff add pat --role {role}`.")


@pytest.mark.parametrize("what", EVERYTHING)
def test_nobody_is_to_be_made_a_manager_for_what_another_role_gives(what):
    said = staff(lee="manager", cron="nights", pat="").refusal("pat", what)
    assert ("--role manager" in said) is (roles_for(what) == {Role.MANAGER})


def test_an_account_without_a_name_is_pasted_whole():
    said = staff(lee="manager", pat="nurse").refusal("uid 1234", "result")
    assert said == (
        "uid 1234 is not on the list of those who use these records. Ask lee, by `testing-tracker staff add 'uid 1234' "
        "--role nurse` or another role."
    )


@pytest.mark.parametrize(
    ("what", "role"),
    [
        ("due", "nurse"),
        ("status", "nurse"),
        ("result", "nurse"),
        ("decide", "clinician"),
        ("draw", "nights"),
        ("web sync", "nights"),
        ("audit list", "auditor"),
        ("staff add", "manager"),
    ],
)
def test_who_is_new_is_to_be_given_a_role_that_has_the_command(what, role):
    said = staff(lee="manager", cron="nights").refusal("pat", what)
    assert said.endswith(f"`testing-tracker staff add pat --role {role}` or another role.")


def test_what_the_first_one_may_do_no_more_is_what_a_nurse_and_a_clinician_do():
    lost = staff(lee="manager nights", pat="nurse").no_more("lee")
    assert lost.keys() == {Role.NURSE, Role.CLINICIAN}
    assert lost[Role.NURSE][:3] == ["log", "result", "result import"]
    assert "decide" in lost[Role.CLINICIAN]


def test_roles_by_what_was_done_before():
    def roles(*acts: str, has_none: bool = True) -> list[str]:
        return list(roles_for_acts(acts, has_none=has_none))

    assert roles(Act.RESULT_LOG) == ["nurse"]
    assert roles(Act.NIGHT_RUN, Act.DRAW_MISSED, Act.RECOMMENDATION_RAISE, Act.REPORT_DELIVER) == ["nights"]
    assert roles(Act.RESULT_LOG, Act.REVIEW_DONE, Act.NIGHT_RUN) == ["nurse", "clinician", "nights"]
    assert roles(Act.REPORT_PRINT) == ["nurse"]
    assert roles(Act.REPORT_PRINT, has_none=False) == []
    assert roles() == []


PAGE = (Path(__file__).parents[2] / "docs" / "roles.md").read_text("utf-8")


def rows_of_the_page() -> dict[str, set[Role]]:
    """Each command in a table of docs/roles.md, with the roles whose column says yes."""
    found: dict[str, set[Role]] = {}
    for row in re.findall(r"^\| (.*`.*) \|$", PAGE, re.MULTILINE):
        said, *cells = (cell.strip() for cell in row.split("|"))
        assert set(cells) <= {"yes", ""}, row
        for what in re.findall(r"`([^`]+)`", said):
            if what in EVERYTHING and not (what in found and what == "swap"):
                assert what not in found, what
                found[what] = {role for role, cell in zip(Role, cells, strict=True) if cell}
    return found


def test_the_page_says_what_the_table_does():
    assert rows_of_the_page() == {what: set(roles_for(what)) for what in EVERYTHING}


def test_the_page_names_what_no_list_says_and_what_a_night_needs():
    assert [what for what in WHOEVER_OWNS_THE_FILE | WITHOUT_RECORDS if f"`{what}`" not in PAGE] == []
    needed = PAGE.partition("What runs by itself (")[2].partition(")")[0]
    assert set(re.findall("`([^`]+)`", needed.replace("\n", " "))) == NIGHTS_NEED


def test_what_cron_and_systemd_start_is_what_the_nights_need():
    text = (PACKAGE / "serving" / "units.py").read_text("utf-8")
    started = set(re.findall(r'command, "([a-z]+)"', text))
    assert {"draw", "serve", "backup", "doctor"} <= started <= NIGHTS_NEED
