"""Where somebody is reminded: only by their consent of a day, until it ends, and then nothing keeps the address."""

import re
from datetime import date

import pytest
from conftest import Clinic, acting_as
from reminded import KEEPS, at, by_command, by_mail, consented, opened

BOTH = "morning = 07:00:00\nreminder_minutes = 60\n"
ONE = "+15550123"
ANNA = "anna@example.org"


@pytest.fixture
def live(tmp_path) -> Clinic:
    live = opened(tmp_path / "live.db")
    by_command(live, KEEPS, BOTH)
    return live


def anywhere(live: Clinic, *addresses: str) -> list[str]:
    """The rows in which an address still is."""
    return [row for row in live.contents() if any(address in row for address in addresses)]


def test_a_consent_and_an_address_are_kept_and_told_without_it(live):
    with at(9):
        said = live("participant", "contact", "a17", "--text", "+1 (555) 0123", "--consent-on", "2026-11-02")
        assert said == "A17 is reminded by text from now on, by the consent of 2026-11-02.\n"
        assert live("participant", "contact", "A17") == "A17: text, by the consent of 2026-11-02\n"
        assert live("participant", "contact", "A17", "--address") == (
            f"A17: text to {ONE}, by the consent of 2026-11-02\n"
        )
        assert live("participant", "contact", "B04") == "B04 is reminded nowhere, and never was.\n"
        assert "All holds" in live("verify")
    assert len(anywhere(live, ONE)) == 1
    assert live.rows("SELECT address FROM contact") == [(ONE,)]


def test_who_looks_is_on_record(live):
    consented(live, A17=ONE)
    with at(9):
        live("participant", "contact", "A17")
        live("participant", "contact", "A17", "--address")
    assert live.rows("SELECT command, detail FROM look ORDER BY id") == [
        ("participant contact", None),
        ("participant contact", "address"),
    ]


def test_a_new_address_takes_the_place_of_the_earlier_one(live):
    consented(live, A17=ONE)
    consented(live, A17="+15550199")
    assert live.rows("SELECT address FROM contact") == [("+15550199",)]
    assert anywhere(live, ONE) == []
    with at(9):
        assert "All holds" in live("verify")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--text", ONE], "Only with the participant's written consent of a day: give --consent-on DATE."),
        (["--text", ONE, "--consent-on", "2026-11-18"], "2026-11-18 is to come. Only with the participant's written"),
        (
            ["--text", "555-0123", "--consent-on", "today"],
            "That is no telephone number for texts. Give the whole number",
        ),
        (["--text", "+0155501234", "--consent-on", "today"], "That is no telephone number for texts."),
        (["--text", f"+{'1' * 16}", "--consent-on", "today"], "That is no telephone number for texts."),
        (["--text", f"{ONE}; rm -rf /", "--consent-on", "today"], "That is no telephone number for texts."),
        (["--mail", "Anna <anna@example.org>", "--consent-on", "today"], "That is no address for mail."),
        (["--mail", ANNA, "--consent-on", "today"], "Nothing is sent by mail here: [notices] in the check-in file and"),
        (["--stop", "text"], "A17 is not reminded by text; there is nothing to end."),
        (["--forget"], "A17 is reminded nowhere; there is nothing to forget."),
    ],
)
def test_what_is_refused_changes_nothing_and_repeats_no_address(live, words, said):
    with at(9):
        refusal = live.refused("participant", "contact", "A17", *words)
    assert refusal.startswith(said)
    assert "555" not in refusal.replace("+15550123, 8 to 15", "")
    assert "Anna" not in refusal


def test_two_things_at_a_time_are_wrong_usage(live):
    with at(9):
        assert live.run("participant", "contact", "A17", "--forget", "--address").exit_code == 2
        assert live.run("participant", "contact", "A17", "--consent-on", "today").exit_code == 2


def test_a_facility_without_a_file_reminds_nobody(live):
    live.location.check_in_of(1).unlink()
    with at(9):
        words = ("participant", "contact", "A17", "--text", ONE, "--consent-on", "today")
        assert live.refused(*words).startswith("Nothing is sent by text here: [notices.text] in the check-in file says")


def test_a_consent_taken_back_ends_it_and_the_address_is_gone(live, one_office):
    by_mail(live, one_office, BOTH)
    consented(live, A17=ANNA)
    with at(6):
        live("participant", "contact", "A17", "--stop", "mail")
        assert live("participant", "contact", "A17") == "A17: mail, ended on 2026-11-17\n"
        assert "All holds" in live("verify")
    assert anywhere(live, ANNA) == []


@pytest.mark.parametrize(
    "words",
    [
        ("participant", "discharge", "A17", "--reason", "completed"),
        ("participant", "discharge", "A17", "--on", "2026-11-16", "--reason", "completed"),
        ("participant", "join", "A17", "B04", "--reason", "enrolled twice", "--yes"),
        ("participant", "contact", "A17", "--forget"),
    ],
)
def test_who_leaves_is_reminded_no_more_and_every_address_of_theirs_is_forgotten(live, words):
    consented(live, A17=ONE, B04="+15550199")
    with at(9):
        live(*words)
        assert "All holds" in live("verify")
    assert anywhere(live, ONE) == []
    assert live.rows("SELECT address FROM contact") == [("+15550199",)]
    [(act,)] = live.rows("SELECT act FROM audit_entry WHERE act LIKE 'contact %' AND act <> 'contact set'")
    assert act == "contact forget"


@pytest.mark.sqlite_only(reason="a server tidies its own pages, by its vacuum")
def test_a_forgotten_address_is_not_left_in_the_files_pages(live):
    consented(live, A17=ONE, B04="+15550199")
    beside = list(live.database.parent.glob(f"{live.database.name}*"))
    assert any(ONE.encode() in file.read_bytes() for file in beside)
    consented(live, B04="+15550177")
    with at(9):
        live("participant", "contact", "A17", "--forget")
    for file in live.database.parent.glob(f"{live.database.name}*"):
        assert not re.search(rb"\+1555(0123|0199)", file.read_bytes()), file


def test_an_enrolment_that_was_a_mistake_is_cancelled_with_its_address(live):
    with at(9, day=date(2026, 11, 16)):
        live.add("D33", schedule="random-2")
    consented(live, D33=ONE)
    with at(9):
        live("participant", "cancel", "D33", "--reason", "another facility's")
        assert "All holds" in live("verify")
    assert anywhere(live, ONE) == []


def test_who_is_not_in_the_programme_is_not_reminded(live):
    with at(9):
        live("participant", "discharge", "A17", "--reason", "completed")
        assert "was discharged" in live.refused(
            *("participant", "contact", "A17", "--text", ONE, "--consent-on", "today")
        )


def test_an_address_that_another_hand_changed_is_found(live):
    consented(live, A17=ONE)
    live.change("UPDATE contact SET address = '+15559999'")
    with at(9):
        told = live.run("verify")
    assert told.exit_code == 1
    assert "contact" in told.output
    assert "+1555" not in told.output


def test_consent_is_recorded_by_a_nurse_and_not_by_an_auditor(live):
    with at(9):
        live("staff", "add", "auditor", "--role", "auditor")
        live("staff", "add", "nurse", "--role", "nurse")
        with acting_as("auditor"):
            words = ("participant", "contact", "A17", "--text", ONE, "--consent-on", "today")
            done = live.run(*words)
            assert done.exit_code == 1
            assert ONE not in done.output
        with acting_as("nurse"):
            live(*words)
