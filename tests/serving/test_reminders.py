"""Overdue confirmations are told once a day, and mailed to whoever wants that: counts only, until it arrived."""

import json
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import databases
import pytest
from conftest import Clinic
from freezegun import freeze_time
from post_office import DIRECTOR, DOCTOR, PASSWORD, SENDER, USER
from test_serve import serving, stop, wait_for

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.rules.serving.delivery_file import MailDelivery
from testing_tracker.services.reporting.outbox import Overdue
from testing_tracker.serving.courier import Reminder

# The server's library does not see that a connection has TLS from its start.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ZONE = ZoneInfo("America/Los_Angeles")
NIGHT = datetime(2026, 11, 25, 0, 5, tzinfo=ZONE)
OVERDUE = "SELECT detail FROM audit_entry WHERE act = 'confirmations remind' ORDER BY id"


def at(moment):
    return freeze_time(moment, real_asyncio=True)


@pytest.fixture
def live(tmp_path):
    """A live clinic on the Wednesday after: two confirmations should have come on Monday and on Tuesday."""
    live = Clinic(tmp_path / "live.db", None)
    with at(datetime(2026, 11, 15, 12, 0, tzinfo=ZONE)):
        live("init", "--facility", "Harbor House", "--timezone", ZONE.key)
        live.add("KEEP-OUT", "A2", "A3", schedule="fixed-2")
    with at(datetime(2026, 11, 16, 9, 0, tzinfo=ZONE)):
        live("draw")
        for code, by in (("KEEP-OUT", "2026-11-24"), ("A2", "2026-11-23"), ("A3", "2026-11-25")):
            live("result", code, "positive", "--analyte", "cocaine")
            live("confirmation", "send", code, "--by", by)
    with at(NIGHT):
        live("draw")
    return live


def way(one_office, **more) -> MailDelivery:
    return MailDelivery(
        host="localhost",
        port=one_office.port,
        starttls=True,
        sender=SENDER,
        to=(DOCTOR, DIRECTOR),
        forms=("pdf",),
        ca_file=one_office.certificates / "ca.pem",
        user=USER,
        password=PASSWORD,
        **{"reminders": True, **more},
    )


@contextmanager
def reminder(live, mail=None):
    """A facility's reminders, as a process of its own has them."""
    desk = Desk(live.url, live.today)
    try:
        yield Reminder(desk.reading, desk.writing, mail)
    finally:
        desk.engine.dispose()


def told(live) -> Overdue | None:
    with reminder(live) as one:
        return one.tell()


def test_what_is_overdue_is_told_once_a_day_with_a_count_and_since_when(live):
    with at(NIGHT):
        assert told(live) == Overdue(2, datetime(2026, 11, 23).date())  # noqa: DTZ001
        assert told(live) is None
    with at(NIGHT.replace(hour=23, minute=59)):
        assert told(live) is None
    with at(NIGHT + timedelta(days=1)):
        live("result", "A2", "negative", "--definitive", "--lab", "Acme", "--on", "2026-11-16")
        assert told(live) == Overdue(2, datetime(2026, 11, 24).date())  # noqa: DTZ001
    assert [json.loads(detail)["overdue"] for (detail,) in live.rows(OVERDUE)] == [2, 2]
    assert "KEEP-OUT" not in str(live.rows(OVERDUE))
    with at(NIGHT + timedelta(days=1)):
        assert "All holds" in live("verify")


def test_two_processes_tell_it_once(live):
    with at(NIGHT), reminder(live) as one, reminder(live) as other:
        assert one.tell() is not None
        assert other.tell() is None


def test_where_nothing_is_overdue_nothing_is_told_or_put_on_record(clinic):
    before = clinic.contents()
    assert told(clinic) is None
    assert clinic.contents() == before


def test_it_is_mailed_once_with_counts_only(live, one_office):
    with at(NIGHT), reminder(live, way(one_office)) as one, reminder(live, way(one_office)) as other:
        assert one.mail() is None  # not before it was told
        one.tell()
        attempt = one.mail()
        assert (attempt.overdue.count, attempt.error) == (2, None)
        assert other.mail() is None
        assert one.mail() is None
    [message] = one_office.messages
    assert message["Subject"] == "Reminder 2026-11-25"
    assert [envelope.rcpt_tos for envelope in one_office.envelopes] == [[DOCTOR, DIRECTOR]]
    body = message.get_body().get_content()
    assert "At Harbor House 2 confirmations are overdue; the longest awaited should have come by 2026-11-23." in body
    assert "`testing-tracker confirmation list --overdue`" in body
    assert not [code for code in ("KEEP-OUT", "A2", "A3") if code in body]


def test_nobody_gets_one_who_did_not_ask_for_it(live, one_office):
    with at(NIGHT), reminder(live, way(one_office, reminders=False)) as one, reminder(live) as other:
        one.tell()
        assert one.mail() is None
        assert other.mail() is None
    assert one_office.envelopes == []


def test_one_that_failed_is_tried_again_until_it_arrives(live, one_office):
    one_office.close()
    with at(NIGHT) as clock, reminder(live, way(one_office)) as one:
        one.tell()
        failed = one.mail()
        assert "connection refused" in failed.error
        assert failed.next_at == NIGHT + timedelta(minutes=1)
        clock.tick(59)
        assert one.mail() is None
        clock.tick(1)
        assert one.mail().next_at == NIGHT + timedelta(minutes=3)
        one_office.open()
        clock.tick(timedelta(minutes=2))
        assert one.mail().error is None
        clock.tick(timedelta(hours=2))
        assert one.mail() is None
    assert len(one_office.messages) == 1
    acts = [act for (act,) in live.rows("SELECT act FROM audit_entry WHERE act LIKE 'reminder%' ORDER BY id")]
    assert acts == ["reminder begin", "reminder mail failed"] * 2 + ["reminder begin", "reminder mail"]


def test_one_that_was_cut_off_is_sent_again_five_minutes_later(live, one_office):
    from testing_tracker.services.reporting import outbox

    with at(NIGHT) as clock, reminder(live, way(one_office)) as one:
        one.tell()
        with one.writing() as work:
            assert outbox.claim_reminder(work)[1].attempt == 1
        assert one.mail() is None
        clock.tick(timedelta(minutes=5))
        assert one.mail().error is None
    assert len(one_office.messages) == 1


def test_yesterdays_is_not_sent_any_more(live, one_office):
    one_office.close()
    with at(NIGHT) as clock, reminder(live, way(one_office)) as one:
        one.tell()
        one.mail()
        one_office.open()
        clock.move_to(NIGHT + timedelta(days=1, minutes=-5))
        assert one.mail() is None  # today's was not told yet
        one.tell()
        assert one.mail().error is None
    assert [message["Subject"] for message in one_office.messages] == ["Reminder 2026-11-26"]


def test_how_far_an_earlier_versions_reminders_were_is_carried_over(live, one_office):
    """They were told and mailed by the audit table alone, whose entries have stayed the same."""
    from testing_tracker.services.reporting import outbox

    migration = import_module("testing_tracker.store.migrations.versions.0007_states_as_columns")
    one_office.close()
    with at(NIGHT) as clock, reminder(live, way(one_office)) as one:
        for failed, end in ((0, None), (1, None), (3, "cut off"), (2, "mailed"), (0, "mailed"), (0, "cut off")):
            one.tell()
            for _ in range(failed):
                assert one.mail().error is not None
                clock.tick(timedelta(minutes=5))
            if end == "mailed":
                one_office.open()
                assert one.mail().error is None
                one_office.close()
            elif end == "cut off":
                with one.writing() as work:
                    assert outbox.claim_reminder(work)
            clock.tick(timedelta(days=1))
        state = "SELECT day, channel, attempts, next_at, busy_until, delivered_at, error FROM delivery ORDER BY day"
        before = live.rows(state)
        databases.change(live.database, "DELETE FROM delivery")
        with one.writing() as work:
            migration.carry_over_reminders(work.session.connection())
    assert len(before) == 6
    assert live.rows(state) == before


def test_two_serves_at_once_tell_it_once_and_a_restart_does_not_tell_it_again(clinic):
    clinic.add("KEEP-OUT")
    clinic("draw")
    clinic("result", "KEEP-OUT", "positive", "--analyte", "cocaine")
    clinic("confirmation", "send", "KEEP-OUT", "--by", "2026-11-17")
    clinic.today = "2026-11-18"
    with serving(clinic) as one, serving(clinic) as other:
        wait_for(lambda: clinic.rows(OVERDUE))
        time.sleep(0.5)
        printed = [stop(one)[0], stop(other)[0]]
    assert sum(text.count("1 confirmation is overdue") for text in printed) == 1
    assert clinic("serve", "--once") == ""
    assert len(clinic.rows(OVERDUE)) == 1
    assert "KEEP-OUT" not in "".join(printed)
