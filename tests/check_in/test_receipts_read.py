"""A receipt that somebody shows or says over a telephone: whose it is, what it says, and whether that is on record."""

from datetime import date

import databases
import pytest
from checking_in import at, begun
from conftest import Clinic

from testing_tracker.rules.check_in.answers import DaysAnswer, Timing
from testing_tracker.rules.check_in.receipts import HERE, Says, everything_said, receipt, receipt_key, shown

SEED = bytes(range(32))
MONDAY = date(2026, 11, 16)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Clinic:
    """A17 was told to come and C21 to stay on Monday the 16th."""
    clinic = Clinic(tmp_path_factory.mktemp("live") / "live.db", None)
    begun(clinic)
    with at("16 05:12"):
        clinic("checkin", "record", "A17", "--by", "phone")
        clinic("checkin", "record", "C21")
    return clinic


@pytest.fixture
def another_key(monkeypatch):
    """The next key that is begun is another one."""
    monkeypatch.setattr("testing_tracker.chance.new_seed", lambda: bytes(range(32, 64)))


@pytest.fixture
def live(made, tmp_path) -> Clinic:
    return made.copy(tmp_path / "live.db")


def receipt_of(clinic, code, on="2026-11-16"):
    with at("20 12:00"):
        return next(
            line["receipt"] for line in clinic.json("checkin", "list", "--on", on) if line["participant"] == code
        )


def made_of(participant, said, timing=Timing.IN_TIME, day=MONDAY, seed=SEED):
    return shown(receipt(receipt_key(seed, day), participant, Says(said, timing)))


def asked(clinic, *words, when="20 12:00"):
    with at(when):
        return clinic.run("checkin", "verify", *words)


def refused(clinic, *words, when="20 12:00"):
    done = asked(clinic, *words, when=when)
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr.strip()


def test_it_says_what_was_told_and_when(live):
    given = receipt_of(live, "A17")
    done = asked(live, "A17", given, "--on", "2026-11-16")
    assert done.stdout.strip() == "A17, Mon 2026-11-16: told to come in, in time. On record: 05:12 by telephone."
    assert "On record: 05:12" in asked(live, "a17", given.replace("-", ""), "--on", "2026-11-16").stdout
    done = asked(live, "C21", receipt_of(live, "C21"), "--on", "2026-11-16")
    assert "C21, Mon 2026-11-16: told that there is no need to come in, in time." in done.stdout


def test_a_typing_error_is_one(live):
    given = receipt_of(live, "A17")
    wrong = given[:-1] + str((int(given[-1]) + 1) % 10)
    assert refused(live, "A17", wrong) == f"Error: {wrong} cannot be a receipt: one digit is wrong."
    for text in ("123", "abc", "1" * 60, "4586-531x"):
        assert "cannot be a receipt: one has 8 digits" in refused(live, "A17", text)


def test_of_another_day_or_person_it_says_no_more_than_that(live):
    """It is no oracle: the same words for another's, for another day's, and for one that somebody has made up."""
    given = receipt_of(live, "A17")
    assert (
        refused(live, "C21", given, "--on", "2026-11-16") == "Error: This is not a receipt of C21's of Mon 2026-11-16."
    )
    assert (
        refused(live, "A17", given, "--on", "2026-11-17") == "Error: This is not a receipt of A17's of Tue 2026-11-17."
    )
    made_up = made_of(1, DaysAnswer.COME, seed=bytes(32))
    assert refused(live, "A17", made_up, "--on", "2026-11-16") == (
        "Error: This is not a receipt of A17's of Mon 2026-11-16."
    )
    assert "is in the future" in refused(live, "A17", given, "--on", "2026-11-23")


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (Says(DaysAnswer.COME, Timing.LATE), "told to come in, late"),
        (Says(DaysAnswer.DONE, Timing.IN_TIME), "told that the day's specimen was given, in time"),
        (Says(HERE, Timing.OVER), "was here and could not be told, after collection had ended"),
    ],
)
def test_one_that_is_genuine_without_its_check_in_shows_that_a_record_is_missing(live, says, words):
    given = made_of(1, says.said, says.timing)
    assert refused(live, "A17", given, "--on", "2026-11-16") == (
        f"Error: A17, Mon 2026-11-16: the receipt says {words}, and no such check-in is on record. A record is missing."
    )


def test_every_receipt_of_a_day_is_known_again_from_the_key(live):
    for says in everything_said():
        said = asked(live, "B04", made_of(2, says.said, says.timing), "--on", "2026-11-16").stderr
        assert "A record is missing." in said, says


def test_of_today_the_page_may_still_have_it(live):
    given = made_of(2, DaysAnswer.COME)
    assert "comes here within minutes; if it does not, a record is missing" in refused(
        live, "B04", given, when="16 06:00"
    )


def test_a_row_that_was_deleted_is_missed_by_its_receipt(live):
    given = receipt_of(live, "A17")
    databases.change(live.database, "DELETE FROM check_in WHERE participant_id = 1", triggers=False)
    assert "no such check-in is on record. A record is missing." in refused(live, "A17", given, "--on", "2026-11-16")
    with at("20 12:00"):
        assert live.run("verify").exit_code == 1


@pytest.mark.usefixtures("another_key")
def test_after_the_key_was_replaced_earlier_receipts_hold(live):
    given = receipt_of(live, "A17")
    with at("16 12:00"):
        live("key", "rotate", "--reason", "seen by somebody")
    assert "On record: 05:12" in asked(live, "A17", given, "--on", "2026-11-16").stdout


@pytest.mark.usefixtures("another_key")
def test_a_restored_copy_of_yesterday_knows_the_receipt_that_it_lost(live, tmp_path):
    """The database is back as it was in the night, the key file is today's: the participant keeps the proof."""
    with at("17 00:10"):
        live("draw")
        earlier = live.copy(tmp_path / "copy.db")
        live("key", "rotate", "--reason", "seen by somebody")
    with at("18 00:10"):
        live("draw", "--catch-up-to", "2026-11-18")
    with at("18 06:00"):
        given = live("checkin", "record", "C21").split()[-1]
    assert given == made_of(5, DaysAnswer.STAY, day=date(2026, 11, 18), seed=bytes(range(32, 64)))
    earlier_key = earlier.location.key.path
    earlier_key.write_bytes(live.location.key.path.read_bytes())
    earlier_key.chmod(0o600)
    assert "A record is missing." in refused(earlier, "C21", given, "--on", "2026-11-18")
    assert "On record: 05:12" in asked(earlier, "A17", receipt_of(live, "A17"), "--on", "2026-11-16").stdout


class TestWithoutTheKey:
    @pytest.fixture
    def keyless(self, live):
        live.location.key.path.unlink()
        return live

    def ready(self, clinic, day):
        every = " ".join(receipt(receipt_key(SEED, date.fromisoformat(day)), 1, says) for says in everything_said())
        clinic.change(
            f"INSERT INTO todays_receipt (participant_id, day, receipts, facility_id) VALUES (1, '{day}', '{every}', 1)"
        )

    def test_today_s_can_be_read_where_they_were_made_ready(self, keyless):
        self.ready(keyless, "2026-11-16")
        done = asked(keyless, "A17", made_of(1, DaysAnswer.COME), when="16 06:00")
        assert "told to come in, in time. On record: 05:12" in done.stdout
        assert "This is not a receipt" in refused(keyless, "A17", made_of(2, DaysAnswer.COME), when="16 06:00")

    def test_the_nurse_has_the_receipt_then(self, keyless):
        self.ready(keyless, "2026-11-16")
        with at("16 06:00"):
            assert keyless("checkin", "record", "A17").split()[-1] == made_of(1, DaysAnswer.COME)

    def test_of_another_day_nobody_can_tell(self, keyless):
        given = made_of(1, DaysAnswer.COME)
        assert "key" in refused(keyless, "A17", given, "--on", "2026-11-16")
        assert "This is not a receipt" not in refused(keyless, "A17", given, "--on", "2026-11-16")


def test_a_joined_record_s_receipts_are_the_person_s(live):
    given = receipt_of(live, "C21")
    with at("17 12:00"):
        live("participant", "join", "C21", "A17", "--reason", "enrolled twice", "--yes")
    for code in ("A17", "C21"):
        assert (
            "A17, Mon 2026-11-16: told that there is no need" in asked(live, code, given, "--on", "2026-11-16").stdout
        )


def test_it_is_on_record_who_looked(live):
    asked(live, "A17", receipt_of(live, "A17"), "--on", "2026-11-16")
    refused(live, "A17", made_of(2, DaysAnswer.COME), "--on", "2026-11-16")
    assert (
        live.rows("SELECT command, participant_id, detail FROM look WHERE command = 'checkin verify'")
        == [("checkin verify", 1, "a receipt of 2026-11-16")] * 2
    )


class TestShow:
    def test_every_attempt_with_its_receipt(self, live):
        with at("16 10:31"):
            live("checkin", "record", "A17", "--note", "asked again")
        with at("20 12:00"):
            found = live.json("checkin", "show", "A17")
            shown_there = live("checkin", "show", "A17")
        assert [(one["day"], one["how"], one["answer"], one["timing"], one["note"]) for one in found] == [
            ("2026-11-16", "phone", "come", "in time", None),
            ("2026-11-16", "staff", "come", "late", "asked again"),
        ]
        assert receipt_of(live, "A17") == found[0]["receipt"]
        assert "Since 2026-10-23; --from DATE goes further back." in shown_there

    def test_of_some_days(self, live):
        with at("20 12:00"):
            assert live.json("checkin", "show", "A17", "--from", "2026-11-17") == []
            assert len(live.json("checkin", "show", "A17", "--to", "2026-11-16")) == 1
            assert "is before" in live.refused("checkin", "show", "A17", "--from", "2026-11-18", "--to", "2026-11-16")

    def test_it_is_a_look(self, live):
        with at("20 12:00"):
            live("checkin", "show", "A17")
        assert live.rows("SELECT participant_id FROM look WHERE command = 'checkin show'") == [(1,)]
