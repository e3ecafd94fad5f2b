"""The list of the staff, the one door that holds commands against it, and that a refusal is on record."""

from datetime import UTC, datetime, time, timedelta
from json import loads

import pytest
from conftest import acting_as, at_facility, denied, key_of, made_once

from testing_tracker import services
from testing_tracker.account import current_account
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.watch.records import Records
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.testing.log_line import read_said
from testing_tracker.services.people.staff import AccessDeniedError

pytestmark = pytest.mark.sqlite_only(reason="on a server the account is the one that logged in, which no test pretends")

ME = current_account()
ACCESS = "SELECT account, detail FROM audit_entry WHERE act = 'access denied' ORDER BY id"


@made_once
def named(clinic):
    """Two participants are due, and pat the nurse, kim the clinician, ada the auditor and cron are on the list."""
    clinic.add("A17", "B04", "C21")
    clinic("draw")
    for account, role in (("pat", "nurse"), ("kim", "clinician"), ("ada", "auditor"), ("cron", "nights")):
        clinic("staff", "add", account, "--role", role)


def refusals(clinic) -> list[tuple[str, str]]:
    return [(account, loads(detail)["command"]) for account, detail in clinic.rows(ACCESS)]


class TestTheList:
    def test_who_makes_a_database_is_its_manager_and_has_its_nights(self, clinic):
        assert [(line["account"], line["role"]) for line in clinic.json("staff", "list")] == [
            (ME, "manager"),
            (ME, "nights"),
        ]
        acts = clinic.rows("SELECT account, detail FROM audit_entry WHERE act = 'staff add' ORDER BY id")
        assert [(account, loads(detail)["role"]) for account, detail in acts] == [(ME, "manager"), (ME, "nights")]
        assert f"{ME} is the only one on the list, and may do everything; others are refused." in clinic(
            "staff", "list"
        )
        assert "All holds" in clinic("verify")

    def test_roles_are_listed_given_and_taken(self, clinic):
        clinic("staff", "add", "pat", "--role", "nurse")
        assert "Each may do what the roles give" in clinic("staff", "list")
        assert "already" in clinic.refused("staff", "add", "pat", "--role", "nurse")
        clinic("staff", "remove", "pat", "--role", "nurse")
        assert "has not the role nurse" in clinic.refused("staff", "remove", "pat", "--role", "nurse")
        assert "only one on the list" in clinic("staff", "list")

    def test_the_last_manager_stays(self, clinic):
        assert "only manager" in clinic.refused("staff", "remove", ME, "--role", "manager")
        clinic("staff", "add", "lee", "--role", "manager")
        clinic("staff", "remove", ME, "--role", "manager")
        with acting_as("lee"):
            assert "only manager" in clinic.refused("staff", "remove", "lee", "--role", "manager")

    def test_where_nobody_has_the_nights_any_more_it_is_told_who_runs_them(self, clinic):
        clinic("staff", "add", "cron", "--role", "nights")
        assert clinic.run("staff", "remove", ME, "--role", "nights").stderr == ""
        with acting_as("other"):
            denied(clinic, "draw")
        assert (
            "every account may run the nightly draw" in clinic.run("staff", "remove", "cron", "--role", "nights").stderr
        )
        with acting_as("other"):
            clinic("draw")

    @pytest.mark.parametrize("account", ["maria ", "maria typo", "", "uid x", "uid 12 34"])
    def test_an_account_is_one_word(self, clinic, account):
        assert "without spaces" in clinic.refused("staff", "add", account, "--role", "nurse")

    def test_an_account_without_a_name_can_be_on_it(self, clinic):
        clinic("staff", "add", "uid 1234", "--role", "auditor")
        with acting_as("uid 1234"):
            clinic("due")

    def test_the_first_one_is_told_what_it_may_do_no_more_and_how_to_get_it(self, clinic):
        told = " ".join(clinic.run("staff", "add", "pat", "--role", "nurse").stderr.split())
        assert f"{ME} is not the only one on the list any more, and may not do what a nurse does (log, result," in told
        assert f"`testing-tracker staff add {ME} --role nurse` gives it back" in told
        assert "what a clinician does" in told
        assert "any more" not in clinic.run("staff", "add", "kim", "--role", "clinician").stderr
        clinic.add("A17")
        denied(clinic, "test", "A17")
        clinic("staff", "add", ME, "--role", "nurse")
        clinic("test", "A17")

    def test_a_role_more_for_the_only_one_takes_nothing(self, clinic):
        assert clinic.run("staff", "add", ME, "--role", "nurse").stderr == ""


@pytest.fixture
def unlisted(clinic):
    """A database of before, on whose list nobody is."""
    clinic.change("DROP TRIGGER staff_refuses_delete", "DELETE FROM staff")
    return clinic


class TestAnEmptyList:
    def test_everybody_may_do_everything(self, unlisted):
        with acting_as("pat"):
            unlisted.add("A17")
            unlisted("draw", "--despite", "the list is gone")
        assert "Nobody is on the list, so everybody may do everything." in unlisted("staff", "list")

    def test_the_first_one_on_it_is_whoever_begins_it_as_a_manager(self, unlisted):
        with acting_as("lee"):
            assert "the first one is you, lee" in unlisted.refused("staff", "add", "leee", "--role", "manager")
            assert "the first one is you, lee" in unlisted.refused("staff", "add", "lee", "--role", "nurse")
            unlisted("staff", "add", "lee", "--role", "manager")

    def test_who_is_kept_out_by_that_is_told(self, unlisted):
        with acting_as("pat"):
            unlisted.add("A17")
        with acting_as("lee"):
            told = " ".join(unlisted.run("staff", "add", "lee", "--role", "manager").stderr.split())
        assert "kept out from now on, with acts on record and no role:" in told
        assert "pat" in told
        with acting_as("pat"):
            assert "pat is not on the list" in denied(unlisted, "due")


class TestTheDoor:
    def test_while_one_account_is_on_the_list_another_one_is_refused(self, clinic):
        with acting_as("pat"):
            said = denied(clinic, "due")
        assert said == (
            f"pat is not on the list of those who use these records. Ask {ME}, by `testing-tracker staff add pat "
            "--role nurse` or another role."
        )

    def test_who_has_another_role_is_told_which_one_it_takes(self, named):
        with acting_as("pat"):
            said = denied(named, "review", "done", "1")
        assert said == (
            f"`testing-tracker review done` takes a clinician, and pat is a nurse here. Ask {ME}, by `testing-tracker "
            "staff add pat --role clinician`."
        )

    def test_a_line_of_log_in_place_of_a_command_has_the_same_door(self, named):
        with acting_as("ada"):
            denied(named, "A17", "n")
        with acting_as("pat"):
            named("A17", "n")
        assert refusals(named) == [("ada", "line")]

    def test_who_may_read_is_told_of_whom_a_code_is_and_a_slip_in_a_command_is_not_on_record(self, named):
        with acting_as("kim"):
            assert "participant show A17" in named.run("A17").stderr
        with acting_as("cron"):
            assert "There is no command 'staus'" in named.run("staus").stderr
        assert refusals(named) == []

    def test_the_board_without_a_command_too(self, named):
        with acting_as("cron"):
            denied(named)
        assert refusals(named) == [("cron", "today")]

    def test_who_reads_the_board_records_nothing_by_its_keys(self, named):
        with acting_as("ada"):
            desk = Desk(named.url, named.today)
            records = Records(desk)
            line = records.read().board.lines[0]
            with pytest.raises(AccessDeniedError, match="takes a nurse"):
                records.record(line, read_said(desk.vocabulary, "n"))
            records.close()
        assert refusals(named) == [("ada", "log")]

    def test_an_auditor_exports_what_it_reads(self, named):
        with acting_as("ada"):
            named.json("due")
        assert named.rows("SELECT account FROM audit_entry WHERE act = 'report export'") == [("ada",)]

    def test_a_role_that_is_taken_while_somebody_logs_is_gone_with_the_next_line(self, named):
        with acting_as("pat"):
            done = named.run("log", input="A17 n\n")
            assert done.exit_code == 0
        named("staff", "remove", "pat", "--role", "nurse")
        with acting_as("pat"):
            denied(named, "log", input="B04 n\n")


class TestARefusalOnRecord:
    def test_it_says_who_and_what_and_what_that_takes(self, named):
        with acting_as("ada"):
            denied(named, "result", "A17", "n")
        ((account, detail),) = named.rows(ACCESS)
        assert (account, loads(detail)) == ("ada", {"command": "result", "needed": ["nurse"]})
        assert "All holds" in named("verify")

    def test_of_each_command_once_a_day(self, named):
        with acting_as("ada"):
            for code in ("A17", "B04"):
                denied(named, "result", code, "n")
            denied(named, "missed", "A17")
            named.today = "2026-11-17"
            denied(named, "result", "A17", "n")
        with acting_as("cron"):
            denied(named, "result", "A17", "n")
        assert refusals(named) == [("ada", "result"), ("ada", "missed"), ("ada", "result"), ("cron", "result")]

    def test_where_nothing_can_be_written_it_is_refused_all_the_same(self, named, monkeypatch):
        def refuse(*arguments):
            raise TestingTrackerError("The database is read-only.")

        monkeypatch.setattr("testing_tracker.store.engine.writing", refuse)
        with acting_as("cron"):
            assert "takes a nurse" in named.refused("due")
        assert refusals(named) == []


class TestWhatACommandMayDoBesides:
    def test_names_are_a_managers(self, named):
        for command in (("participant", "list"), ("participant", "show", "A17"), ("report", "participant", "A17")):
            named(*command, "--names")
            with acting_as("kim"):
                named(*command)
                assert "takes a manager" in denied(named, *command, "--names")
        with acting_as("kim"):
            assert "takes a manager" in denied(named, "report", "weekly", "--week", "this", "--names")

    def test_the_keys_copy_too(self, named, tmp_path):
        with acting_as("cron"):
            named("backup", str(tmp_path / "copy.db"))
            denied(named, "backup", "--key", str(tmp_path / "copy.key"))
        assert not (tmp_path / "copy.key").exists()
        named("backup", "--key", str(tmp_path / "copy.key"))
        assert (tmp_path / "copy.key").read_bytes() == key_of(named.database).read_bytes()


WHY = ("--reason", "read the wrong line")


class TestCorrections:
    """An own entry of today is a nurse's to correct; another's, and of an earlier day, a manager's."""

    def test_an_own_result_of_today(self, named):
        with acting_as("pat"):
            named("result", "A17", "n")
            named("amend", "A17", "positive", "--analyte", "cocaine", *WHY)
            named("amend", "A17", "due", *WHY)
            named("refused", "A17")
            named("amend", "A17", "missed", *WHY)

    def test_anothers(self, named):
        with acting_as("pat"):
            named("result", "A17", "n")
        named("staff", "add", "lou", "--role", "nurse")
        with acting_as("lou"):
            for outcome in ("invalid", "due", "missed"):
                said = denied(named, "amend", "A17", outcome, *WHY)
            assert said.startswith(
                "To amend what another account recorded, or what was recorded on an earlier day, takes a manager, and "
                "lou is a nurse here."
            )
        named("amend", "A17", "invalid", *WHY)
        assert named.status("A17") == "collected invalid"
        with acting_as("pat"):  # what a manager corrected is the manager's
            denied(named, "amend", "A17", "negative", *WHY)

    def test_an_own_one_of_yesterday(self, named):
        with acting_as("pat"):
            named("result", "A17", "n")
            named.today = "2026-11-17"
            denied(named, "amend", "A17", "invalid", "--on", "yesterday", *WHY)

    def test_today_is_the_facilitys(self, named):
        """An evening in California is the next day in UTC."""
        desk = Desk(named.url, named.today)
        with acting_as("pat"), desk.reading("amend") as work:
            midnight = datetime.combine(work.today, time(), work.zone).astimezone(UTC)
            last_minute = midnight + timedelta(hours=23, minutes=59)
            services.staff.admit_correction(work, [("pat", midnight), ("pat", last_minute)])
            for other_day in (midnight - timedelta(minutes=1), midnight + timedelta(days=1)):
                with pytest.raises(AccessDeniedError):
                    services.staff.admit_correction(work, [("pat", other_day)])
        desk.close()

    def test_a_cup_that_another_one_collected(self, named):
        """The result is pat's to correct, whoever took the cup, and whatever kim did with another one since."""
        named("staff", "add", "lou", "--role", "nurse")
        with acting_as("lou"):
            named("collected", "A17")
        with acting_as("pat"):
            named("result", "A17", "n")
            named("result", "B04", "positive", "--analyte", "cocaine")
        with acting_as("kim"):
            named("confirmation", "send", "B04", "--lab", "North")
        with acting_as("pat"):
            named("amend", "A17", "invalid", *WHY)
            named("amend", "B04", "due", *WHY)

    def test_what_the_night_made_of_a_draw(self, named):
        with acting_as("pat"):
            named("result", "B04", "n")
            named("result", "C21", "n")
        named.today = "2026-11-17"
        with acting_as("cron"):
            named("draw")
        assert named.status("A17", "yesterday") == "missed"
        with acting_as("pat"):
            denied(named, "amend", "A17", "excused", "--on", "yesterday", *WHY)
            named("result", "A17", "n", "--on", "yesterday")  # that the specimen came after all is no correction

    def test_each_method_has_its_own_word(self, named):
        """A laboratory's result that pat entered is pat's, the cup that lou read is not."""
        named("staff", "add", "lou", "--role", "nurse")
        with acting_as("lou"):
            named("result", "A17", "positive", "--analyte", "cocaine")
        with acting_as("pat"):
            named("result", "A17", "negative", "--definitive", "--lab", "North")
            denied(named, "amend", "A17", "negative", *WHY)
            denied(named, "amend", "A17", "due", *WHY)
            named("amend", "A17", "positive", "--analyte", "cocaine", "--definitive", "--lab", "North", *WHY)

    def test_a_swap(self, named):
        named("staff", "add", "lou", "--role", "nurse")
        with acting_as("pat"):
            named("result", "A17", "n")
            named("swap", "A17", "C21", *WHY)  # where nobody has recorded anything for the other
        with acting_as("lou"):
            named("result", "B04", "n")
            denied(named, "swap", "B04", "C21", *WHY)
        named("swap", "B04", "C21", *WHY)

    def test_an_own_line_is_taken_back_in_its_session(self, named):
        with acting_as("pat"):
            named("log", input="A17 n\nu\n")
        assert named.status("A17") == "due"


@pytest.fixture
def houses(network):
    """Two facilities; pat is a nurse of the first one, lee a manager of the second, and cron has the nights of both."""
    at_facility(network, "1", "staff", "add", "pat", "--role", "nurse")
    at_facility(network, "2", "staff", "add", "lee", "--role", "manager")
    for number in ("1", "2"):
        at_facility(network, number, "staff", "add", "cron", "--role", "nights")
    return network


class TestSeveralFacilities:
    def test_each_has_its_own_list(self, houses):
        with acting_as("pat"):
            at_facility(houses, "1", "due")
            assert "pat is not on the list" in denied(houses, "--facility", "2", "due")
        with acting_as("lee"):
            assert "lee is not on the list" in denied(houses, "--facility", "1", "due")
        assert [row[0] for row in houses.rows("SELECT facility_id FROM audit_entry WHERE act = 'access denied'")] == [
            2,
            1,
        ]

    def test_a_refusal_is_on_record_at_each_that_refused(self, houses):
        for number in ("1", "2", "1", "2"):
            with acting_as("somebody"):
                denied(houses, "--facility", number, "due")
        assert houses.rows("SELECT facility_id FROM audit_entry WHERE act = 'access denied' ORDER BY id") == [
            (1,),
            (2,),
        ]

    def test_what_is_for_all_shows_those_that_one_belongs_to(self, houses):
        with acting_as("lee"):
            done = houses.run("facility", "list", "--format", "json")
            assert [line["facility"] for line in loads(done.stdout)] == ["Ostkreuz"]
            assert "1 facility is left out, whose list does not have you for this." in done.stderr
            assert "My facility" not in houses("verify")
        assert len(houses.json("facility", "list")) == 2
        with acting_as("somebody"):
            denied(houses, "facility", "list")
            denied(houses, "status")

    def test_the_networks_figures_are_for_who_may_see_all_of_them(self, houses):
        houses("report", "network")
        with acting_as("lee"):
            denied(houses, "report", "network")

    def test_a_copy_of_all_takes_a_place_on_all_lists(self, houses, tmp_path):
        with acting_as("lee"):
            denied(houses, "--facility", "2", "backup", str(tmp_path / "copy.db"))
        with acting_as("cron"):
            houses("backup", str(tmp_path / "copy.db"))

    def test_a_new_one_has_who_adds_it_as_manager_and_the_nights_of_the_others(self, houses):
        with acting_as("lee"):
            houses("facility", "add", "Third", "--timezone", "Europe/Berlin")
            found = {(line["account"], line["role"]) for line in houses.json("--facility", "3", "staff", "list")}
        assert found == {("lee", "manager"), ("lee", "nights"), ("cron", "nights"), (ME, "nights")}
        with acting_as("pat"):
            denied(houses, "facility", "add", "Fourth")
        with acting_as("cron"):
            assert houses("draw").count("drawn today") == 3
        houses("facility", "add", "Fourth", "--timezone", "Europe/Berlin")
        given = houses.rows("SELECT account, role FROM staff WHERE facility_id = 4 ORDER BY account, role")
        assert given == sorted({*given})  # who adds it and has the nights of others has them here once

    def test_a_turn_serves_those_whose_nights_one_has(self, houses, tmp_path):
        at_facility(houses, "2", "staff", "remove", "cron", "--role", "nights")
        with acting_as("cron"):
            done = houses.run("serve", "--once", "--draw-at", "00:05", "--reports", str(tmp_path))
        assert done.exit_code == 0, done.output
        assert houses.rows("SELECT DISTINCT facility_id FROM night") == [(1,)]
        with acting_as("pat"):
            denied(houses, "serve", "--once")
