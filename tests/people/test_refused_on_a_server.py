"""What the door asks a database, whoever is logged in there: an account that is not on the list, and one that is."""

from contextlib import contextmanager
from dataclasses import replace

import databases
import pytest

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.rules.words import Role
from testing_tracker.services import staff
from testing_tracker.services.people.staff import AccessDeniedError


@contextmanager
def at_work(clinic, account: str):
    """A transaction in which an account acts."""
    desk = Desk(clinic.url, clinic.today)
    with desk.writing() as work:
        yield replace(work, account=account)
    desk.close()


def test_who_is_not_on_the_list_is_refused_and_that_is_on_record_once_a_day(clinic):
    for _ in range(2):
        with at_work(clinic, "stranger") as work:
            with pytest.raises(AccessDeniedError, match="stranger is not on the list") as refused:
                staff.admit(work, "due")
            staff.record_denied(work, refused.value)
    found = clinic.rows("SELECT account, detail FROM audit_entry WHERE act = 'access denied'")
    assert found == [("stranger", '{"command": "due", "needed": ["auditor", "clinician", "manager", "nurse"]}')]
    assert "All holds" in clinic("verify")


def test_who_is_on_it_may_do_what_the_role_gives(clinic):
    databases.make_known(["pat"])
    clinic("staff", "add", "pat", "--role", "nurse")
    with at_work(clinic, "pat") as work:
        staff.admit(work, "result")
        with pytest.raises(AccessDeniedError, match="takes a clinician, and pat is a nurse here"):
            staff.admit(work, "decide")
        assert staff.roles_at(work).by_account["pat"] == {Role.NURSE}


def test_what_was_done_before_gives_roles(clinic):
    with at_work(clinic, "pat") as work:
        staff.record_denied(work, AccessDeniedError("", work.facility_id, "due"))
    (maker,) = {line["account"] for line in clinic.json("staff", "list")}
    with at_work(clinic, maker) as work:
        assert staff.carry_over(work) == {"pat": [Role.NURSE]}
        assert staff.carry_over(work) == {}
    assert [line["account"] for line in clinic.json("staff", "list")].count("pat") == 1
