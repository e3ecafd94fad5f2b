"""`notice`: what is on its way, one more for somebody now, and a try at an address of one's own."""

import json
from datetime import date

import pytest
from conftest import Clinic, acting_as
from reminded import KEEPS, PAGE, at, by_command, by_mail, checks_in, consented, opened, texts, turn, write

from testing_tracker.rules.check_in.answers import DaysAnswer
from testing_tracker.rules.words import Role

BOTH = "morning = 07:00:00\nreminder_minutes = 60\n"
ONE = "+15550101"
SENT = "HH: please check in today between 5 and 10 a.m. Questions: 555-0100. To end these, tell us."


@pytest.fixture
def live(tmp_path) -> Clinic:
    return opened(tmp_path / "live.db")


def test_a_list_says_how_far_each_is_and_claims_no_more(live):
    by_command(live, "grep -q 0102 && exit 1; exit 0", BOTH)
    consented(live, A17=ONE, B04="+15550102")
    with at(6):
        assert live("notice", "list") == "No reminder is on its way today.\n"
        assert live("notice", "list", "--failed") == "No reminder has failed.\n"
    with at(7):
        turn(live)
        said = live("notice", "list")
    assert "handed over" in said
    assert "delivered" not in said
    assert "B04" in said
    assert "ended with status 1" in said
    assert "555" not in said
    with at(8):
        [failed] = live.json("notice", "list", "--failed")
    assert (failed["participant"], failed["kind"], failed["channel"]) == ("B04", "morning", "text")


def test_one_more_is_sent_to_somebody_now_and_is_on_record(live):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, A17=ONE)
    with at(7):
        turn(live)
    with at(7, 30):
        assert live("notice", "send", "--to", "a17") == "A17: reminder by text handed over.\n"
    assert texts(kept) == [(ONE, SENT)] * 2
    [(detail,)] = live.rows("SELECT detail FROM audit_entry WHERE act = 'notice send'")
    assert json.loads(detail) == {"channels": ["text"], "kind": "morning"}
    with at(7, 31):
        turn(live)
    assert len(texts(kept)) == 2


def test_one_that_failed_is_sent_again_by_hand(live):
    by_command(live, "exit 1", BOTH)
    consented(live, A17=ONE)
    with at(7):
        turn(live)
        assert live.run("notice", "send", "--to", "A17").stderr.startswith("Error: A17 was not reminded by text: `/")
    kept = by_command(live, KEEPS, BOTH)
    with at(7, 1):
        live("notice", "send", "--to", "A17")
        assert live.json("notice", "list", "--failed") == []
    assert texts(kept) == [(ONE, SENT)]


@pytest.mark.parametrize(
    ("hour", "said"),
    [(3, "These are quiet hours, by the check-in file; nothing was sent."), (10, "Check-in closed at 10:00; no")],
)
def test_a_person_cannot_have_one_sent_in_quiet_hours_or_after_closing_either(live, hour, said):
    kept = by_command(live, KEEPS, f'{BOTH}quiet = ["21:00", "04:00"]\n')
    consented(live, A17=ONE)
    with at(hour):
        assert live.refused("notice", "send", "--to", "A17").startswith(said)
    assert texts(kept) == []


def test_who_has_checked_in_is_away_or_has_not_consented_is_sent_none(live):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, A17=ONE, C21="+15550103")
    with at(8):
        checks_in(live, "A17", DaysAnswer.STAY)
        assert live.refused("notice", "send", "--to", "A17") == "A17 has checked in today; nothing was sent."
        assert live.refused("notice", "send", "--to", "B04").startswith("B04 has no address here to be reminded at.")
        live("participant", "leave", "C21", "today", "+2", "--reason", "hospital")
        assert live.refused("notice", "send", "--to", "C21").startswith("C21 does not have to check in today")
    assert texts(kept) == []


@pytest.mark.parametrize("text", ["", PAGE, f"{PAGE}[notices]\n"])
def test_without_a_way_nothing_is_sent_and_where_to_write_it_is_said(live, text):
    if text:
        write(live, text)
    with at(8):
        for words in (("send", "--to", "A17"), ("test", "--text", ONE)):
            said = live.refused("notice", *words)
            assert said.startswith("Nothing says how reminders leave. Write [notices] into ")
            assert str(live.location.check_in_of(1)) in said


def test_a_try_says_the_words_and_is_on_record_without_the_address(live):
    kept = by_command(live, KEEPS, BOTH)
    with at(12):  # whenever somebody sets it up
        assert live("notice", "test", "--text", ONE) == f"Handed over by text, {len(SENT)} characters: {SENT}\n"
        live("notice", "test", "--text", ONE, "--language", "es")
    assert texts(kept)[0] == (ONE, SENT)
    assert texts(kept)[1][1].startswith("HH: favor de registrarse hoy")
    assert ONE not in str(live.rows("SELECT * FROM audit_entry"))
    assert live.rows("SELECT count(*) FROM audit_entry WHERE act = 'notice send'") == [(2,)]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_try_by_mail(live, one_office):
    by_mail(live, one_office, BOTH)
    with at(12):
        said = live("notice", "test", "--mail", "me@clinic.example")
    assert "Handed over by mail" in said
    assert one_office.envelopes[0].rcpt_tos == ["me@clinic.example"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 75", "ended with status 75, which means: try again."),
        ("exit 69", "ended with status 69, which means: the recipient wants no more of them."),
        ("exit 2", "ended with status 2."),
    ],
)
def test_a_try_that_fails_says_how_it_ended(live, script, said):
    by_command(live, script, BOTH)
    with at(12):
        done = live.run("notice", "test", "--text", ONE)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.strip().endswith(said)
    assert ONE not in done.stderr


def test_a_try_without_an_address_is_wrong_usage_and_one_by_a_way_that_is_not_there_is_refused(live):
    by_command(live, KEEPS, BOTH)
    with at(12):
        assert live.run("notice", "test").exit_code == 2
        assert live.refused("notice", "test", "--mail", "me@clinic.example").startswith("Nothing is sent by mail here")
        assert live.refused("notice", "test", "--text", "12").startswith("That is no telephone number")


def test_doctor_and_status_say_what_is_wrong_with_the_file_and_quote_nothing(live):
    write(live, '[page]\nname = "open-sesame-seven and thirty-one more"\nphone = "555-0100"\nzone = "x"\n')
    with at(12):
        for words in (("doctor",), ("status",)):
            said = live.run(*words, "--format", "json").stdout
            assert "the check-in file cannot be used" in said
            assert "page.name: must be a text of 1 to 30 characters" in said
            assert "open-sesame" not in said
    live.location.check_in_of(1).chmod(0o644)
    with at(12):
        assert "is open to others (mode 644)" in live.run("doctor", "--format", "json").output


def test_doctor_warns_of_what_tells_others_and_asks_nobody_to_do_anything(live):
    write(live, PAGE.replace("HH", "Harbor Recovery"))
    with at(12):
        [told] = [one for one in json.loads(live.run("doctor", "--format", "json").output) if "file" in one["matter"]]
    assert (told["needs_doing"], "has 'recovery'" in told["what"]) == (False, True)


def test_doctor_names_whose_reminders_have_failed_for_three_days(live):
    by_command(live, "exit 1", BOTH)
    consented(live, A17=ONE)

    def told() -> list[dict]:
        return [one for one in json.loads(live.run("doctor", "--format", "json").output) if one["matter"] == "notice"]

    for number in (17, 18, 19):
        with at(7, day=date(2026, 11, number)):
            assert told() == []
            turn(live)
    with at(7, day=date(2026, 11, 19)):
        [one] = told()
    assert (one["participant"], one["since"], one["needs_doing"]) == ("A17", "2026-11-17", True)
    assert "ended with status 1" in one["what"]
    by_command(live, KEEPS, BOTH)
    with at(9, day=date(2026, 11, 19)):
        turn(live)
        assert told() == []


@pytest.mark.sqlite_only(reason="on a server the account is the one that logged in, which no test pretends")
def test_a_reminder_is_asked_for_by_who_records_and_tried_by_who_answers_for_it(live):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, A17=ONE)
    with at(8):
        for role in Role:
            live("staff", "add", role, "--role", role)
        may = {"notice list": set(Role) - {Role.NIGHTS}, "notice send": {Role.NURSE, Role.MANAGER}}
        may["notice test"] = {Role.MANAGER}
        words = {"notice list": (), "notice send": ("--to", "A17"), "notice test": ("--text", ONE)}
        for command, roles in may.items():
            for role in Role:
                with acting_as(role):
                    done = live.run(*command.split(), *words[command])
                assert (done.exit_code == 0) == (role in roles), (command, role, done.output)
    assert len(texts(kept)) == 3
