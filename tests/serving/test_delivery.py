"""The weekly report leaves by itself: over a real mail server with TLS, into a folder, and again until it arrived."""

import json
import stat
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from zoneinfo import ZoneInfo

import databases
import pytest
from conftest import Clinic
from freezegun import freeze_time
from post_office import DIRECTOR, DOCTOR, PASSWORD, SENDER, USER, PostOffice
from pypdf import PdfReader

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.files import deliveries_of, write_file
from testing_tracker.rules.calendar import Week
from testing_tracker.rules.words import Channel
from testing_tracker.services.reporting import outbox
from testing_tracker.serving.courier import Courier

# The server's library does not see that a connection has TLS from its start.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ZONE = ZoneInfo("America/Los_Angeles")
PASSPHRASE = "correct horse battery"
SECRETS = (SENDER, DOCTOR, DIRECTOR, PASSWORD, PASSPHRASE, "is nobody here", "KEEP-ME-OUT")
MONDAY_AT_SIX = datetime(2026, 11, 23, 6, 0, tzinfo=ZONE)
WEEK = "2026-W47"


def at(moment):
    """That moment, for the program; the mail server goes on in its own time."""
    return freeze_time(moment, real_asyncio=True)


@pytest.fixture(scope="module")
def made_live(tmp_path_factory):
    """A live facility with two people that opened in the week before the report's, and was drawn every night since."""
    made = Clinic(tmp_path_factory.mktemp("live") / "live.db", None)
    with at(datetime(2026, 11, 15, 12, 0, tzinfo=ZONE)):
        made("init", "--facility", "Härbor House", "--timezone", ZONE.key)
        made.add("KEEP-ME-OUT", "A2", schedule="fixed-2")
    for day in range(16, 24):
        with at(datetime(2026, 11, day, 0, 5, tzinfo=ZONE)):
            made("draw")
    return made.database


@pytest.fixture
def live(made_live, tmp_path):
    """A copy of it, on the Monday after that week."""
    databases.copy(made_live, tmp_path / "live.db")
    return Clinic(tmp_path / "live.db", None)


def configure(live, office=None, *, folder=None, passphrase=None, **mail_values):
    """Write the delivery file, with everything for this office and what else is given."""
    lines = []
    if folder is not None:
        lines += ["[folder]", f'path = "{folder}"']
    if office is not None:
        values = {
            "host": "localhost",
            "port": office.port,
            "tls": "starttls" if office.starttls else "tls",
            "ca_file": str(office.certificates / "ca.pem"),
            "user": USER,
            "password": PASSWORD,
            "from": SENDER,
            "to": [DOCTOR, DIRECTOR],
            **mail_values,
        }
        lines += ["[mail]", *(f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None)]
    if passphrase is not None:
        lines += ["[pdf]", f'passphrase = "{passphrase}"']
    file = live.location.delivery_of(1)
    file.write_text("\n".join(lines))
    file.chmod(0o600)
    return file


def delivery(live):
    """The one delivery that `status` shows."""
    done = live.run("status", "--format", "json")
    [found] = json.loads(done.stdout)["deliveries"]
    assert done.exit_code == (1 if found["state"] == "failed" else 0)
    return found


def nothing_is_told(live, *done):
    """No secret is in what was printed, nor in any row that a delivery leaves; codes and addresses neither."""
    printed = "".join(one.output for one in done) + live.run("status").output
    rows = live.rows("SELECT * FROM delivery") + live.rows("SELECT * FROM audit_entry WHERE act LIKE 'report%'")
    assert rows
    assert not [secret for secret in SECRETS if secret in printed or secret in str(rows)]


def test_the_report_is_mailed_to_everybody_over_tls(live, office):
    configure(live, office)
    with at(MONDAY_AT_SIX):
        done = live.run("serve", "--once")
        assert "report of 2026-W47 mailed: 2 participants" in done.stdout
        assert done.exit_code == 0
        assert delivery(live) == {
            "week": WEEK,
            "channel": "mail",
            "state": "delivered",
            "attempts": 1,
            "next_at": None,
            "delivered_at": "2026-11-23T14:00:00+00:00",
            "error": None,
        }
        live("serve", "--once")  # nothing twice
    assert office.logins == [True]
    [envelope] = office.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [DOCTOR, DIRECTOR])
    [message] = office.messages
    assert message["Subject"] == "Weekly report 2026-W47"
    assert message["Date"].datetime == MONDAY_AT_SIX
    body = message.get_body().get_content()
    assert "The weekly report of Härbor House, 2026-W47 (2026-11-16 to 2026-11-22), is attached." in body
    assert "42 CFR part 2 prohibits unauthorized use or disclosure of these records." in body
    assert "drug" not in str(message["Subject"]) + body
    [report] = message.iter_attachments()
    assert (report.get_filename(), report.get_content_type()) == ("report-2026-W47.pdf", "application/pdf")
    assert len(PdfReader(BytesIO(report.get_content())).pages) >= 1
    nothing_is_told(live, done)


def test_the_pdf_opens_with_the_passphrase_only(live, one_office, tmp_path):
    configure(live, one_office, folder=tmp_path, passphrase=PASSPHRASE)
    with at(MONDAY_AT_SIX):
        done = live.run("serve", "--once")
    assert done.exit_code == 0
    [message] = one_office.messages
    assert "opens with the passphrase" in message.get_body().get_content()
    [report] = message.iter_attachments()
    for pdf in (report.get_content(), (tmp_path / "report-2026-W47.pdf").read_bytes()):
        reader = PdfReader(BytesIO(pdf))
        assert reader.is_encrypted
        assert reader.decrypt("wrong horse battery") == 0
        assert reader.decrypt("") == 0
        assert reader.decrypt(PASSPHRASE) != 0
        assert len(reader.pages) >= 1
        assert b"AESV3" in pdf  # AES-256
    assert not list(tmp_path.glob("report-*.json"))
    nothing_is_told(live, done)


def test_every_form_may_be_mailed(live, one_office):
    configure(live, one_office, forms=["table", "csv", "json", "html", "pdf"])
    with at(MONDAY_AT_SIX):
        live("serve", "--once")
    parts = {part.get_filename(): part for part in one_office.messages[0].iter_attachments()}
    assert {name: part.get_content_type() for name, part in parts.items()} == {
        "report-2026-W47.txt": "text/plain",
        "report-2026-W47.csv": "text/csv",
        "report-2026-W47.json": "application/json",
        "report-2026-W47.html": "text/html",
        "report-2026-W47.pdf": "application/pdf",
    }
    assert "Härbor House" in parts["report-2026-W47.txt"].get_content()
    assert json.loads(parts["report-2026-W47.json"].get_content())["facility"] == "Härbor House"


WRONG = {
    "wrong password": ({"password": "KEEP-ME-OUT"}, "the mail server refused the user and password (535)"),
    "no login": ({"user": None, "password": None}, "the mail server refused the sender (530)"),
    "unknown authority": ({"ca_file": None}, "certificate is not from an authority that is trusted here"),
    "no such file": ({"ca_file": "/nowhere/ca.pem"}, "the file of mail.ca_file cannot be read"),
    "unknown name": ({"host": "mail.nowhere.invalid"}, "the mail server's name was not found"),
    "a name that cannot be": ({"host": "mail..invalid"}, "the mail server's name was not found"),
}


@pytest.mark.parametrize(("values", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_the_file_is_a_failed_attempt_in_words(live, office, values, told):
    configure(live, office, **values)
    with at(MONDAY_AT_SIX):
        done = live.run("serve", "--once")
        assert done.exit_code == 1
        assert "report of 2026-W47 not mailed" in done.stderr
        assert told in done.stderr
        assert "Trying again at 14:01 UTC." in done.stderr
        found = delivery(live)
        assert (found["state"], found["attempts"]) == ("failed", 1)
        assert told in found["error"]
        assert f"The report of 2026-W47 is not delivered (mail): {found['error']}" in live.run("status").stderr
    assert office.envelopes == []
    nothing_is_told(live, done)


def answering(code):
    return lambda office: setattr(office, "answer", f"{code} no, <{DOCTOR}> would not like it")


WRONG_OFFICES = {
    "down": (PostOffice.close, "no connection with the mail server (connection refused)"),
    "one recipient refused": (
        lambda office: office.refused.add(DIRECTOR),
        "the mail server refused 1 of 2 recipients (550); nobody got it",
    ),
    "message refused": (answering(552), "the mail server refused the message (552)"),
    "busy": (answering(451), "the mail server refused the message (451)"),
}


@pytest.mark.parametrize(("spoil", "told"), WRONG_OFFICES.values(), ids=WRONG_OFFICES)
def test_what_is_wrong_with_the_server_is_retried_until_it_is_mended(live, office, spoil, told):
    configure(live, office)
    spoil(office)
    with at(MONDAY_AT_SIX) as clock:
        done = [live.run("serve", "--once")]
        assert told in done[0].stderr
        assert delivery(live)["next_at"] == "2026-11-23T14:01:00+00:00"
        clock.tick(59)
        assert live.run("serve", "--once").output == ""  # not before its time
        clock.tick(1)
        done.append(live.run("serve", "--once"))
        assert told in done[1].stderr
        assert (delivery(live)["attempts"], delivery(live)["next_at"]) == (2, "2026-11-23T14:03:00+00:00")
        office.refused.clear()
        office.answer = "250 taken"
        office.close()
        office.open()
        clock.tick(timedelta(minutes=2))
        done.append(live.run("serve", "--once"))
        assert done[-1].exit_code == 0
        assert delivery(live)["state"] == "delivered"
        assert delivery(live)["error"] is None
    assert [envelope.rcpt_tos for envelope in office.envelopes] == [[DOCTOR, DIRECTOR]]
    nothing_is_told(live, *done)
    acts = live.rows("SELECT act, detail FROM audit_entry WHERE act LIKE 'report deliver%' ORDER BY id")
    assert [act for act, _ in acts] == ["report deliver failed"] * 2 + ["report deliver"]
    assert {(json.loads(detail)["week"], json.loads(detail)["channel"]) for _, detail in acts} == {(WEEK, "mail")}


def test_a_report_that_failed_all_week_arrives_beside_the_next_one(live, one_office):
    configure(live, one_office)
    one_office.close()
    with at(MONDAY_AT_SIX) as clock:
        for _ in range(10):
            live.run("serve", "--once")
            clock.tick(timedelta(minutes=61))
        assert delivery(live)["attempts"] == 10
        clock.move_to(MONDAY_AT_SIX + timedelta(days=7))
        one_office.open()
        assert live.run("serve", "--once").exit_code == 0
    assert [message["Subject"] for message in one_office.messages] == [
        "Weekly report 2026-W47",
        "Weekly report 2026-W48",
    ]


def test_an_attempt_that_was_cut_off_is_visible_and_made_again_five_minutes_later(live, one_office):
    configure(live, one_office)
    with at(MONDAY_AT_SIX) as clock:
        desk = Desk(live.url, None)
        with desk.writing() as work:
            assert outbox.claim_report(work, Week.parse(WEEK), Channel.MAIL)
        desk.engine.dispose()
        assert delivery(live)["state"] == "under way"
        assert live.run("serve", "--once").output == ""
        assert "another attempt is under way" in live.run("report", "weekly", "--send").stderr
        clock.tick(timedelta(minutes=5))
        assert delivery(live)["error"] == "the attempt did not come to an end"
        live("serve", "--once")
        assert delivery(live)["attempts"] == 2
    assert len(one_office.envelopes) == 1


def test_an_attempt_that_ends_after_its_time_does_not_disturb_the_next_one(live):
    with at(MONDAY_AT_SIX) as clock:
        desk = Desk(live.url, None)

        def claim():
            with desk.writing() as work:
                return outbox.claim_report(work, Week.parse(WEEK), Channel.MAIL)

        def finish(taken, error):
            with desk.writing() as work:
                outbox.finish(work, taken, error)

        slow = claim()
        clock.tick(timedelta(minutes=6))
        quick = claim()
        finish(slow, "the mail server did not answer in time")
        assert claim() is None  # the second one is under way
        finish(quick, None)
        finish(slow, "the mail server did not answer in time")
        desk.engine.dispose()
        assert delivery(live)["state"] == "delivered"


def test_by_hand_it_is_sent_now_and_again(live, one_office, tmp_path):
    configure(live, one_office, folder=tmp_path)
    with at(MONDAY_AT_SIX) as clock:
        told = live("report", "weekly", "--send", "--week", WEEK)
        assert told.splitlines() == [
            "The report of 2026-W47 was written to the folder.",
            "The report of 2026-W47 was mailed.",
        ]
        assert live("serve", "--once") == ""  # it has left already
        clock.tick(60)
        live("report", "weekly", "--send")
    assert len(one_office.envelopes) == 2
    assert len({message["Message-ID"] for message in one_office.messages}) == 2
    assert sorted(path.name for path in tmp_path.glob("report-*")) == ["report-2026-W47.json", "report-2026-W47.pdf"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("report-*")} == {0o600}


def test_by_hand_a_failure_is_told_and_left_to_serve(live, one_office, tmp_path):
    configure(live, one_office, folder=tmp_path)
    with at(MONDAY_AT_SIX) as clock:
        live("report", "weekly", "--send")
        one_office.close()
        clock.tick(60)
        done = live.run("report", "weekly", "--send")
        assert done.exit_code == 1
        assert "written to the folder" in done.stdout
        assert done.stderr.strip() == (
            "Error: The report of 2026-W47 was not delivered by mail: no connection with the mail server "
            "(connection refused); `serve` tries again from 06:02 on."
        )
        one_office.open()
        clock.tick(60)
        assert "mailed" in live("serve", "--once")
    assert len(one_office.envelopes) == 2


def test_a_retry_is_the_same_message_to_whoever_got_it_already(live, one_office):
    configure(live, one_office)
    one_office.answer = "451 later"
    with at(MONDAY_AT_SIX) as clock:
        live.run("serve", "--once")
        one_office.answer = "250 taken"
        clock.tick(60)
        live("serve", "--once")
    first, second = one_office.offered
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@clinic.example>")


@pytest.mark.parametrize(
    ("week", "told"),
    [
        ("2026-W48", "2026-W48 is not over"),
        ("2026-W45", "There is no report of 2026-W45: the facility opened on 2026-11-15"),
    ],
)
def test_a_week_without_final_report_is_not_sent(live, one_office, week, told):
    configure(live, one_office)
    with at(MONDAY_AT_SIX):
        assert told in live.refused("report", "weekly", "--send", "--week", week)


def test_a_week_is_not_sent_before_the_night_has_closed_it(live, one_office):
    configure(live, one_office)
    with at(MONDAY_AT_SIX + timedelta(days=7)):
        assert "not closed yet; `testing-tracker draw`" in live.refused("report", "weekly", "--send")
        live("draw")
        live("report", "weekly", "--send")


def test_without_a_file_nothing_is_sent(live):
    with at(MONDAY_AT_SIX):
        told = live.refused("report", "weekly", "--send")
        assert str(live.location.delivery_of(1)) in told
        assert "[folder]" in told
        assert live.run("serve", "--once").output == ""
        assert live.rows("SELECT count(*) FROM delivery") == [(0,)]


@pytest.mark.parametrize("option", [("--format", "json"), ("--output", "report.json")])
def test_what_is_sent_is_not_said_on_the_command_line(live, one_office, option):
    configure(live, one_office)
    assert live.run("report", "weekly", "--send", *option).exit_code == 2


def test_a_file_that_others_can_read_is_refused(live, one_office):
    file = configure(live, one_office)
    file.chmod(0o640)
    with at(MONDAY_AT_SIX + timedelta(days=1)):
        for command in (("report", "weekly", "--send"), ("serve", "--once"), ("status",)):
            done = live.run(*command)
            assert done.exit_code == 1
            assert "is open to others (mode 640)" in done.stderr
        assert live.rows("SELECT count(*) FROM night WHERE day = '2026-11-24'") == [(1,)]  # it kept no draw


def test_the_file_may_be_elsewhere(live, one_office, monkeypatch, tmp_path):
    file = configure(live, one_office).rename(tmp_path / "elsewhere.toml")
    monkeypatch.setenv("TESTING_TRACKER_DELIVERY", str(file))
    with at(MONDAY_AT_SIX):
        assert "mailed" in live("serve", "--once")
        file.unlink()
        assert "is not there; put it there, or change TESTING_TRACKER_DELIVERY" in live.run("status").stderr


def test_a_folder_that_is_not_there_fails_like_a_mail_server_that_is_not(live, tmp_path):
    folder = tmp_path / "share"
    configure(live, folder=folder)
    with at(MONDAY_AT_SIX) as clock:
        assert (
            f"not written: Cannot write {folder}/report-2026-W47.pdf: No such file"
            in live.run("serve", "--once").stderr
        )
        assert delivery(live)["state"] == "failed"
        folder.mkdir()
        clock.tick(60)
        assert "written: 2 participants" in live("serve", "--once")
        for file in folder.iterdir():
            file.unlink()  # somebody has taken them away
        assert live("serve", "--once") == ""
    assert list(folder.iterdir()) == []


def test_taking_mail_out_of_the_file_gives_up_what_is_open(live, one_office, tmp_path):
    configure(live, one_office)
    one_office.close()
    with at(MONDAY_AT_SIX):
        live.run("serve", "--once")
        file = configure(live, folder=tmp_path)
        live("serve", "--once")
        states = {one["channel"]: one["state"] for one in live.json("status")["deliveries"]}
        assert states == {"folder": "delivered", "mail": "given up"}
        file.unlink()  # by mistake, perhaps
        assert live.run("status").exit_code == 1


@pytest.mark.parametrize("beside_reports", [False, True])
def test_two_at_once_send_once(live, one_office, tmp_path, beside_reports):
    """Both have looked at what is owed before either begins."""
    configure(live, one_office)
    with at(MONDAY_AT_SIX):
        desks = [Desk(live.url, None) for _ in range(2)]
        ways = deliveries_of(desks[0].location, 1)
        if beside_reports:  # a folder that lacks its files is no reason to mail anything again
            ways = ways.to_reports_folder(tmp_path)
        couriers = [Courier(desk.reading, desk.writing, partial(write_file, desk.location), ways, 1) for desk in desks]
        owed = [courier.owed(Week.parse(WEEK)) for courier in couriers]
        assert owed[0] == owed[1]
        assert (Week.parse(WEEK), Channel.MAIL) in owed[0]
        attempts = [courier.deliver(Week.parse(WEEK), Channel.MAIL) for courier in couriers]
        for desk in desks:
            desk.engine.dispose()
    assert attempts[0].error is None
    assert attempts[1] is None
    assert len(one_office.envelopes) == 1
