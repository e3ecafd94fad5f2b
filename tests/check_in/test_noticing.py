"""Reminders leave to everybody alike: never in quiet hours, never after closing, and never twice at a time."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time as clock
from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import Clinic
from reminded import (
    KEEPS,
    PEOPLE,
    TODAY,
    at,
    by_command,
    by_mail,
    checks_in,
    consented,
    noticing,
    opened,
    states,
    texts,
    turn,
    working,
)

from testing_tracker.rules.check_in.answers import DaysAnswer
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.serving import noticing as module

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

BOTH = "morning = 07:00:00\nreminder_minutes = 60\n"
ONE, TWO, THREE = "+15550101", "+15550102", "+15550103"
EVERYBODY = {"A17": ONE, "B04": TWO, "C21": THREE}
MORNING = {
    Language.ENGLISH: "HH: please check in today between 5 and 10 a.m. Questions: 555-0100. To end these, tell us.",
    Language.SPANISH: (
        "HH: favor de registrarse hoy entre las 5 y las 10 a.m. Preguntas: 555-0100. Para terminar, llame."
    ),
}


@pytest.fixture
def live(tmp_path) -> Clinic:
    return opened(tmp_path / "live.db")


def test_a_mornings_reminder_says_the_same_to_everybody_in_their_language(live):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, **EVERYBODY)
    with at(6, 59):
        turn(live)
    assert texts(kept) == []
    with at(7):
        assert turn(live)
        assert turn(live)
    assert sorted(texts(kept)) == [(EVERYBODY[code], MORNING[language]) for code, language in PEOPLE.items()]
    with at(7, 1):
        assert set(states(live).values()) == {"handed over"}


def test_serve_and_cron_send_what_is_owed_as_a_step_of_theirs(live):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, A17=ONE)
    with at(7):
        done = live.run("serve", "--once")
        assert "1 reminder to check in handed over (morning)" in done.stdout
        assert len(texts(kept)) == 1
    with at(9, 5):
        done = live.run("web", "sync")
        assert "1 reminder to check in handed over (reminder)" in done.output
        assert len(texts(kept)) == 2
        live.run("serve", "--once")
        assert len(texts(kept)) == 2


def test_who_has_checked_in_gets_no_reminder_whatever_the_answer_was(live):
    kept = by_command(live, KEEPS, "reminder_minutes = 60\n")
    consented(live, **EVERYBODY)
    with at(8):
        checks_in(live, "A17", DaysAnswer.COME)
        checks_in(live, "B04", DaysAnswer.STAY)
    with at(8, 59):
        turn(live)
        assert texts(kept) == []
    with at(9):
        turn(live)
    assert texts(kept) == [(THREE, "HH: check-in closes today at 10 a.m. Questions: 555-0100. To end these, tell us.")]


def test_who_checks_in_while_it_waits_gets_none_any_more(live):
    kept = by_command(live, "exit 75", "reminder_minutes = 60\n")
    consented(live, **EVERYBODY)
    with at(9):
        turn(live)
        checks_in(live, "A17", DaysAnswer.STAY)
    by_command(live, KEEPS, "reminder_minutes = 60\n")
    with at(9, 2):
        turn(live)
    assert sorted(to for to, _ in texts(kept)) == [TWO, THREE]


def test_nobody_is_reminded_who_need_not_check_in(live):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, **EVERYBODY)
    with at(6):
        live("participant", "leave", "A17", "today", "+2", "--reason", "hospital")
    with at(7):
        turn(live)
    assert sorted(to for to, _ in texts(kept)) == [TWO, THREE]


@pytest.mark.parametrize("hour", [10, 11, 23])
def test_nothing_leaves_once_the_window_has_closed(live, hour):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, **EVERYBODY)
    with at(hour):
        turn(live)
    assert texts(kept) == []
    with at(hour):
        assert live.json("notice", "list") == []


def test_nothing_leaves_in_quiet_hours_and_what_is_owed_leaves_after_them(live):
    kept = by_command(live, KEEPS, 'reminder_minutes = 290\nquiet = ["21:00", "06:30"]\n')
    consented(live, **EVERYBODY)
    for hour, minute in ((5, 30), (6, 29)):
        with at(hour, minute):
            turn(live)
        assert texts(kept) == []
    with at(6, 30):
        turn(live)
    assert len(texts(kept)) == len(EVERYBODY)


def test_what_waits_when_the_window_closes_has_failed_and_one_of_yesterday_is_not_sent(live):
    kept = by_command(live, "exit 75", BOTH)
    consented(live, A17=ONE)
    with at(9, 59, 30):
        assert not turn(live)
        assert states(live) == {("A17", "reminder"): "waiting"}
    by_command(live, KEEPS, BOTH)
    with at(10, 1):
        turn(live)
        assert states(live) == {("A17", "reminder"): "failed"}
    with at(3, day=TODAY + timedelta(days=1)):
        turn(live)
    assert texts(kept) == []


def test_a_morning_that_never_began_is_removed_the_day_after(live):
    by_command(live, KEEPS, BOTH)
    consented(live, A17=ONE)
    with at(7), working(live) as work:
        from testing_tracker.store.tables import Notice

        work.write(Notice(participant_id=1, day=work.today, kind="morning", channel="text", next_at=work.now))
    with at(4, day=TODAY + timedelta(days=1)):
        turn(live)
    assert live.rows("SELECT count(*) FROM notice") == [(0,)]


def test_once_the_second_reminder_is_owed_the_first_is_too_late(live):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, **EVERYBODY)
    with at(9, 5):
        turn(live)
    assert len(texts(kept)) == len(EVERYBODY)
    assert not any("between" in said or "entre" in said for _, said in texts(kept))


def test_it_is_tried_again_after_1_2_and_4_minutes(live):
    kept = by_command(live, 'echo x >>"$kept"; exit 75', "morning = 07:00:00\n")
    consented(live, A17=ONE)
    tried = []
    for minute in range(16):
        with at(7, minute):
            turn(live)
        tried.append(len(kept.read_text().split()))
    assert [minute for minute, now in enumerate(tried) if not minute or now > tried[minute - 1]] == [0, 1, 3, 7, 15]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("exit 1", "ended with status 1"),
        ("exit 127", "ended with status 127"),
        ("kill -9 $$", "was ended by signal 9"),
        ("sleep 60", "did not end within 1 seconds"),
    ],
)
def test_any_other_end_is_a_failure_for_that_day(live, script, error, kept_events):
    by_command(live, script, "morning = 07:00:00\n")
    consented(live, A17=ONE)
    with at(7, goes_on=True):
        assert not turn(live, seconds=1)
        [line] = live.json("notice", "list", "--failed")
        assert (line["state"], line["participant"]) == ("failed", "A17")
        assert error in line["error"]
    with at(8):
        assert turn(live, seconds=1)
    told = str(kept_events.complaints)
    assert error in told
    assert "A17" not in told
    assert ONE not in told


def test_a_command_that_cannot_be_run_is_said(live):
    by_command(live, KEEPS, "morning = 07:00:00\n")
    live.database.with_name("send-text").unlink()
    consented(live, A17=ONE)
    with at(7):
        turn(live)
        assert "cannot be run: No such file" in live.json("notice", "list")[0]["error"]


def test_what_a_command_prints_is_kept_nowhere_however_much_it_is(live):
    kept = by_command(live, f"{KEEPS}; head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2", BOTH)
    consented(live, A17=ONE)
    with at(7):
        assert turn(live)
    assert len(texts(kept)) == 1


def test_it_is_given_one_line_of_json_on_its_input_and_nothing_among_its_words(live):
    kept = by_command(live, 'echo "$#:$(cat | wc -l)" >>"$kept"; env | grep -c TESTING_TRACKER >>"$kept"', BOTH)
    consented(live, A17=ONE)
    with at(7):
        turn(live)
    assert kept.read_text().split() == ["0:1", "0"]


def test_who_has_ended_them_with_the_vendor_is_reminded_no_more(live):
    kept = by_command(live, 'echo x >>"$kept"; exit 69', BOTH, 'stop = "vendor"\n')
    consented(live, A17=ONE)
    with at(7):
        assert turn(live), "what they want is no failure of the turn's"
    with at(9):
        turn(live)
    assert kept.read_text().split() == ["x"]
    assert live.rows("SELECT count(*) FROM contact") == [(0,)]
    with at(9):
        assert live("participant", "contact", "A17") == "A17: text, ended on 2026-11-17\n"
        assert "All holds" in live("verify")
        [told] = [one for one in json.loads(live.run("doctor", "--format", "json").stdout) if one["matter"] == "notice"]
        assert (told["participant"], told["since"], told["needs_doing"]) == ("A17", "2026-11-17", False)
        assert "were ended with the vendor" in told["what"]
    with at(7, day=TODAY + timedelta(days=1)):
        turn(live)
    assert kept.read_text().split() == ["x"]


def test_a_new_number_stays_where_it_is_the_earlier_one_that_was_ended_with_the_vendor(live):
    """It was recorded, with consent, while the text to the earlier one was on its way."""
    by_command(live, "exit 69", BOTH, 'stop = "vendor"\n')
    consented(live, A17=ONE)
    with at(7), noticing(live) as one:
        with one.writing() as work:
            said = module.notices.reminding(work, one.settings)
            taken = module.notices.claim_owed(work, one.settings.notices, one.ways, 8)
            now = work.now
        consented(live, A17=TWO)
        [ended] = one.hand_over(said, taken, now)
        assert ended.opted_out
    assert live.rows("SELECT address FROM contact") == [(TWO,)]
    with at(9):
        assert live("participant", "contact", "A17") == "A17: text, by the consent of 2026-11-16\n"


def test_where_the_vendor_ends_them_the_text_says_how(live):
    kept = by_command(live, KEEPS, BOTH, 'stop = "vendor"\n')
    consented(live, A17=ONE, B04=TWO)
    with at(7):
        turn(live)
    said = dict(texts(kept))
    assert said[ONE].endswith(" Reply STOP to end.")
    assert said[TWO].endswith(" Responda STOP para terminar.")


def test_a_mail_goes_to_one_alone_and_says_no_more(live, office):
    by_mail(live, office, BOTH)
    consented(live, A17="anna@example.org", B04="ben@example.org")
    with at(7):
        assert turn(live)
    assert sorted(envelope.rcpt_tos for envelope in office.envelopes) == [["anna@example.org"], ["ben@example.org"]]
    said = {
        message["To"]: (message["Subject"], message.get_content().replace("\r\n", "\n")) for message in office.messages
    }
    assert said["anna@example.org"] == (
        "Please check in today",
        "HH: please check in today between 5 and 10 a.m. Questions: 555-0100.\n\nTo end these messages, tell us.\n",
    )
    assert said["ben@example.org"][0] == "Favor de registrarse hoy"
    every = b"".join(envelope.original_content for envelope in office.envelopes)
    assert b"A17" not in every
    assert b"Harbor" not in every
    assert {message["Auto-Submitted"] for message in office.messages} == {"auto-generated"}


def test_mails_have_a_sender_of_their_own_where_the_file_names_one(live, one_office):
    by_mail(live, one_office, f'{BOTH}from = "checkin@hh.example"\n')
    consented(live, A17="anna@example.org")
    with at(7):
        turn(live)
    assert one_office.messages[0]["From"] == "checkin@hh.example"
    assert one_office.envelopes[0].mail_from == "checkin@hh.example"


def test_a_mail_server_that_wants_no_more_of_it_is_asked_once_and_one_that_is_busy_again(live, one_office):
    by_mail(live, one_office, BOTH)
    consented(live, A17="anna@example.org", B04="ben@example.org")
    one_office.refused = {"anna@example.org"}
    with at(7):
        assert not turn(live)
        assert states(live) == {("A17", "morning"): "failed", ("B04", "morning"): "handed over"}
        [failed] = live.json("notice", "list", "--failed")
    assert failed["error"] == "the mail server refused 1 of 1 recipients (550); nobody got it"
    one_office.refused, one_office.answer = set(), "451 later"
    with at(9):
        assert not turn(live)
        assert set(states(live).items()) > {(("A17", "reminder"), "waiting"), (("B04", "reminder"), "waiting")}
    one_office.answer = "250 taken"
    with at(9, 2):
        assert turn(live)
        assert set(states(live).items()) > {(("A17", "reminder"), "handed over"), (("B04", "reminder"), "handed over")}


def test_two_hosts_at_once_send_one(live):
    kept = by_command(live, f"{KEEPS}; sleep 0.3", BOTH)
    consented(live, **EVERYBODY)
    with at(7), noticing(live) as one, noticing(live) as other:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(2) as hosts:
            assert all(host.result() for host in [hosts.submit(each.send_what_is_owed) for each in (one, other)])
    assert sorted(to for to, _ in texts(kept)) == sorted(EVERYBODY.values())


def test_what_a_killed_process_was_at_is_not_tried_before_its_claim_has_run_out(live):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, A17=ONE)
    with at(7), noticing(live) as one, noticing(live) as other:
        with one.writing() as work:  # it ends here, after the command and before the end is on record
            [taken] = module.notices.claim_owed(work, one.settings.notices, one.ways, 8)
        assert taken.address == ONE
        assert ONE not in repr(taken)
        assert other.send_what_is_owed()
    assert texts(kept) == []
    with at(7, 4, 59):
        turn(live)
    assert texts(kept) == []
    with at(7, 5):
        turn(live)
    assert [to for to, _ in texts(kept)] == [ONE]


def test_what_was_forgotten_while_it_left_is_not_said_of_whoever_has_its_number_since(live):
    by_command(live, KEEPS, BOTH)
    consented(live, A17=ONE)
    with at(7), noticing(live) as one, noticing(live) as other:
        with one.writing() as work:
            [mine] = module.notices.claim_owed(work, one.settings.notices, one.ways, 8)
        live("participant", "contact", "A17", "--stop", "text")
        live("participant", "contact", "B04", "--text", "+15550124", "--consent-on", "2026-11-16")
        with other.writing() as work:
            [theirs] = module.notices.claim_owed(work, other.settings.notices, other.ways, 8)
        assert theirs.participant_id != mine.participant_id
        with one.writing() as work:
            module.notices.finish(work, [module.HandedOver(mine)])
        with other.writing() as work:
            module.notices.finish(work, [module.HandedOver(theirs, "it did not go")])
        assert states(live) == {("B04", "morning"): "failed"}


def test_what_could_not_begin_in_time_waits_and_is_no_attempt(live):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, A17=ONE)
    with at(9, 59, 59), noticing(live) as one:
        with one.writing() as work:
            said = module.notices.reminding(work, one.settings)
            taken = module.notices.claim_owed(work, one.settings.notices, one.ways, 8)
            late = work.now + timedelta(seconds=2)
        [ended] = one.hand_over(said, taken, late)
        assert ended.not_begun
    assert texts(kept) == []
    assert live.rows("SELECT attempts, busy_until, error FROM notice") == [(0, None, None)]


def test_the_order_is_shuffled_by_chance(live, monkeypatch):
    by_command(live, KEEPS, BOTH)
    consented(live, **EVERYBODY)
    from testing_tracker import chance

    monkeypatch.setattr(chance, "below", lambda limit: limit - 1)
    with at(7), noticing(live) as one, one.writing() as work:
        taken = module.notices.claim_owed(work, one.settings.notices, one.ways, 8)
    assert [one.address for one in taken] == [THREE, TWO, ONE]


def test_a_turn_takes_no_longer_than_it_may_and_the_next_one_goes_on(live, monkeypatch):
    kept = by_command(live, KEEPS, BOTH)
    consented(live, **EVERYBODY)
    monkeypatch.setattr(module, "TAKEN_TOGETHER", 1)
    seconds = itertools.count(0, 5)
    with at(7):
        turn(live, stopwatch=lambda: next(seconds))
        assert len(texts(kept)) == 1
        turn(live)
        assert len(texts(kept)) == len(EVERYBODY)


def test_where_none_of_some_was_taken_a_turn_tries_no_others(live, monkeypatch):
    """A mail server that is away keeps nothing else of the turn waiting, however many are to be reminded."""
    kept = by_command(live, 'echo x >>"$kept"; exit 75', BOTH)
    consented(live, **EVERYBODY)
    monkeypatch.setattr(module, "TAKEN_TOGETHER", 1)
    with at(7):
        assert not turn(live)
        assert kept.read_text().split() == ["x"]
        assert not turn(live)
    assert kept.read_text().split() == ["x", "x"]


def test_on_a_day_that_is_only_pretended_nothing_leaves(tmp_path):
    training = opened(tmp_path / "training.db", is_training=True)
    kept = by_command(training, KEEPS, BOTH)
    consented(training, A17=ONE)
    training.today = "2026-11-17"
    turn(training)
    assert texts(kept) == []
    training.today = None
    with at(7):
        turn(training)
    assert [said for _, said in texts(kept)] == [
        "TRAINING HH: please check in today between 5 and 10 a.m. Questions: 555-0100."
    ]


def test_a_clinic_without_a_rule_or_without_a_file_sends_nothing(tmp_path):
    clinic = Clinic(tmp_path / "other.db", None)
    with at(12, day=date(2026, 11, 15)):
        clinic("init", "--facility", "Other", "--timezone", "America/Los_Angeles")
    with at(7):
        assert turn(clinic)
        by_command(clinic, KEEPS, BOTH)
        before = clinic.contents()
        assert turn(clinic)
        assert clinic.contents() == before


def test_nothing_of_it_is_in_the_acts_the_logs_or_the_errors(live, kept_events):
    by_command(live, "exit 3", BOTH)
    consented(live, A17=ONE)
    with at(7):
        turn(live)
        assert "1 reminder to check in not handed over" in str(kept_events.complaints)
        assert ONE not in str(live.rows("SELECT * FROM audit_entry"))
        assert ONE not in str(live.rows("SELECT says FROM last_written"))
        assert ONE not in str(live.rows("SELECT * FROM notice"))
        assert ONE not in str(kept_events.complaints + kept_events.told)
        assert ONE not in live("notice", "list")
        assert ONE not in live("audit", "list", "--participant", "A17")


@pytest.mark.sqlite_only(reason="a process of its own, killed; what it left is in the queue, whatever keeps that")
def test_a_serve_that_is_killed_while_it_sends_sends_none_twice(live, tmp_path):
    kept = by_command(live, f"{KEEPS}; sleep 30", BOTH)
    consented(live, A17=ONE)
    script = tmp_path / "turn.py"
    script.write_text(
        f"import sys; sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parent.parent)]!r}\n"
        "from pathlib import Path\nfrom conftest import Clinic\nfrom reminded import at, turn\n"
        f"with at(7): turn(Clinic(Path({str(live.database)!r}), None))\n"
    )
    process = subprocess.Popen([sys.executable, str(script)], start_new_session=True)
    end = clock.monotonic() + 30
    while not kept.exists() or not kept.read_text():
        assert clock.monotonic() < end
        clock.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    by_command(live, KEEPS, BOTH)
    for minute in (0, 1, 4):
        with at(7, minute):
            turn(live)
    assert len(texts(kept)) == 1
    [(busy,)] = live.rows("SELECT busy_until IS NOT NULL FROM notice")
    assert busy
    assert json.loads(kept.read_text())["to"] == ONE


def test_a_file_that_cannot_be_used_keeps_nothing_else_of_a_turn_from_being_done(live):
    by_command(live, KEEPS, BOTH)
    consented(live, A17=ONE)
    live.location.check_in_of(1).write_text("[page]\nname = 5\n")
    with at(7):
        done = live.run("serve", "--once")
    assert "page.name: must be a text" in done.output
    assert live.rows("SELECT count(*) FROM night WHERE day = '2026-11-17'") == [(1,)]
    assert live.rows("SELECT count(*) FROM notice") == [(0,)]
