"""A participant asks by telephone or at the desk, is told what the day asks, and that is on record with its receipt."""

import re

import pytest
from checking_in import RULE, at, begun, cards_for
from conftest import Clinic, acting_as
from terminals import Terminal

COME = "Yes, please come in today, between 8 a.m. and 5 p.m."
STAY = "No, you do not need to come in today."
RECEIPT = re.compile(r"\d{4}-\d{4}$")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Clinic:
    clinic = Clinic(tmp_path_factory.mktemp("live") / "live.db", None)
    begun(clinic)
    return clinic


@pytest.fixture
def live(made, tmp_path) -> Clinic:
    return made.copy(tmp_path / "live.db")


def record(clinic, when, code, *more, **how):
    with at(when):
        return clinic("checkin", "record", code, *more, **how).strip()


def refused(clinic, when, *words):
    with at(when):
        return clinic.refused("checkin", "record", *words)


def on_record(clinic):
    return clinic.rows("SELECT channel, outcome, answer, timing FROM check_in ORDER BY id")


def test_who_is_drawn_is_told_to_come_and_when(live):
    said = record(live, "16 06:12", "A17", "--by", "phone")
    assert said.startswith(f"A17: {COME}    Receipt ")
    assert RECEIPT.search(said)
    assert on_record(live) == [("phone", "told", "come", "in time")]


def test_who_is_not_drawn_need_not_come_and_has_a_receipt_too(live):
    said = record(live, "16 06:12", "C21")
    assert said.startswith(f"C21: {STAY}    Receipt ")
    assert on_record(live) == [("staff", "told", "stay", "in time")]


def test_whoever_asks_twice_has_the_same_answer_and_receipt(live):
    first = record(live, "16 06:12", "A17")
    with at("16 07:00"):
        again = live.run("checkin", "record", "A17")
    assert again.stdout.strip() == first
    assert "A17 checked in at 06:12 already. This is the same answer." in again.stderr
    with at("16 08:00"):
        assert "A17 checked in at 06:12 already." in live.run("checkin", "record", "A17").stderr
    assert len(on_record(live)) == 3


def test_who_was_here_need_not_come_again(live):
    record(live, "16 06:12", "A17")
    with at("16 09:00"):
        live("result", "A17", "negative")
        said = live.run("checkin", "record", "A17")
    assert said.stdout.startswith("A17: You have been in today. You do not need to come again.")
    assert "This answer is new. It replaces the one of 06:12." in said.stderr


def test_an_answer_is_never_refused_for_being_late(live):
    with at("16 10:31"):
        said = live.run("checkin", "record", "A17")
    assert COME in said.stdout
    assert "A17 checked in late: check-in closed at 10:00." in said.stderr
    assert on_record(live) == [("staff", "told", "come", "late")]


def test_after_collection_nobody_is_told_and_that_they_were_here_is_on_record(live):
    said = record(live, "16 17:00", "A17")
    assert said.startswith("A17: Check-in is over for today. That you were here is on record.    Receipt ")
    assert on_record(live) == [("staff", "over", None, "over")]


def test_before_it_opens_only_who_asks_in_person(live):
    assert refused(live, "16 04:59", "A17") == ("Check-in opens at 05:00; --early if the participant asks in person.")
    assert COME in record(live, "16 04:59", "A17", "--early")
    assert on_record(live) == [("staff", "told", "come", "in time")]


def test_before_the_draws_are_made_nobody_is_told_and_it_is_a_try(live):
    """No answer is never "you need not come", and who asked in vain has not missed for it."""
    with at("17 06:00"):
        done = live.run("checkin", "record", "A17")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.strip() == (
        "Error: Today's draws have not been made yet; nobody can be told anything. `testing-tracker draw` makes them. "
        "That A17 asked is on record as a try."
    )
    assert on_record(live) == [("staff", "unknown", None, "in time")]


def test_who_was_enrolled_since_the_night_has_no_answer_before_the_next_run(live):
    with at("16 06:00"):
        live.add("N01")
        done = live.run("checkin", "record", "N01")
        assert done.exit_code == 1
        assert "N01 was enrolled after today's draws were made, and nothing is decided yet" in done.stderr
        live("draw")
    assert record(live, "16 06:30", "N01").startswith("N01: Yes, please come in today")


def test_without_a_rule_there_is_nothing_to_record(live):
    with at("15 06:00"):
        assert live.refused("checkin", "record", "A17") == (
            "Nobody has to check in on Sun 2026-11-15: no rule is in force. A manager sets one with "
            "`testing-tracker checkin rule`."
        )


def test_who_was_discharged_is_refused_and_who_has_no_card_is_told(live):
    with at("16 05:30"):
        live("participant", "discharge", "B04", "--reason", "completed")
    assert refused(live, "16 06:00", "B04").startswith("B04 was discharged.")
    assert COME in record(live, "16 06:00", "F02")
    assert "There is no participant X99" in refused(live, "16 06:00", "X99")


def test_who_is_on_leave_is_told_to_stay_with_a_note(live):
    with at("16 06:00"):
        said = live.run("checkin", "record", "E09")
    assert STAY in said.stdout
    assert "E09 is on leave on 2026-11-16, and nobody expects a check-in on leave." in said.stderr


class TestWithThePin:
    def test_the_caller_s_own_opens(self, live):
        with at("14 13:00"):
            pin = cards_for(live, "A17")["A17"]
        assert COME in record(live, "16 06:00", "A17", "--pin", input=f"{pin[:3]} {pin[3:]}\n")

    @pytest.mark.parametrize("said", ["000000", "12345", "five", "1" * 50])
    def test_a_wrong_one_tells_nothing_and_is_a_try(self, live, said):
        with at("16 06:00"):
            done = live.run("checkin", "record", "A17", "--pin", input=f"{said}\n")
        assert (done.exit_code, done.stdout) == (1, "")
        assert "That is not A17's PIN. Tell the caller nothing; ask once more, or ask them in person." in done.stderr
        assert "That A17 asked is on record as a try." in done.stderr
        assert "come in" not in done.stderr
        assert on_record(live) == [("staff", "wrong", None, None)]

    def test_without_a_card_it_is_refused(self, live):
        assert refused(live, "16 06:00", "F02", "--pin").startswith("F02 has no card, and so no PIN.")

    def test_nobody_is_asked_for_it_where_the_rest_is_refused(self, live):
        with at("16 04:00"):
            done = live.run("checkin", "record", "A17", "--pin", input="000000\n")
        assert "PIN" not in done.output
        assert on_record(live) == []


@pytest.mark.sqlite_only(reason="a program by itself at a terminal")
def test_a_pin_is_not_shown_as_it_is_typed(clinic):
    clinic("checkin", "rule", *RULE[2:], "--from", "2026-11-17")
    clinic.add("A17")
    cards_for(clinic, "A17")
    clinic.today = "2026-11-17"
    clinic("draw")
    terminal = Terminal(clinic, "checkin", "record", "A17", "--pin")
    assert "A17's PIN:" in terminal.said
    terminal.type("730415")
    status, said = terminal.ends_by_itself()
    assert status == 1
    assert "That A17 asked is on record as a try." in said
    assert "730415" not in said


class TestAfterwards:
    def test_today_with_what_the_draws_said_then(self, live):
        with at("16 09:00"):
            live("test", "C21", "--reason", "seemed intoxicated")
        said = record(live, "16 09:30", "C21", "--at", "06:40", "--note", "told by telephone, power cut here")
        assert STAY in said
        assert live.rows("SELECT at, note FROM check_in") == [
            ("2026-11-16 14:40:00.000000", "told by telephone, power cut here")
        ]
        with at("16 09:31"):
            assert live.json("due")[-2]["told"] == "before the test was ordered"

    def test_yesterday_changes_no_status(self, live):
        with at("17 00:10"):
            live("draw")
            earlier = live.status("A17", "yesterday")
        with at("17 09:00"):
            done = live.run("checkin", "record", "A17", "--at", "06:40", "--on", "yesterday")
            assert done.exit_code == 0
            assert "Yes, please come in today." in done.stdout
            assert f"A17's draw of 2026-11-16 is {earlier} by now, and this changes nothing of that." in done.stderr
            assert "`testing-tracker excuse A17 --on 2026-11-16 --reason TEXT`" in done.stderr
            assert live.status("A17", "yesterday") == earlier

    def test_no_other_day_no_time_to_come_and_none_before_the_draws(self, live):
        assert "is neither" in refused(live, "18 09:00", "A17", "--at", "06:40", "--on", "2026-11-16")
        assert "The time of check-in is in the future" in refused(live, "16 09:00", "A17", "--at", "09:30")
        assert "Check-in opens at 05:00" in refused(live, "16 09:00", "A17", "--at", "04:30")
        with at("16 09:00"):
            live.add("N01")
            live("draw")
            assert "that day's draws had not been made" in live.refused("checkin", "record", "N01", "--at", "06:00")

    @pytest.mark.sqlite_only(reason="a server's backup is restored into another database")
    def test_what_was_said_before_the_disk_was_lost(self, live, tmp_path):
        """The copy is of the evening before: the night is made again, and what was written on paper is entered."""
        with at("18 20:00"):
            live("draw", "--catch-up-to", "2026-11-18")
            live("backup", str(tmp_path / "copy.db"))
        with at("19 00:10"):
            live("draw")
        with at("19 06:12"):
            before = [live("checkin", "record", code) for code in ("B04", "C21")]
        for name in ("", "-wal", "-shm"):
            live.database.with_name(f"live.db{name}").unlink(missing_ok=True)
        with at("19 09:00"):
            live("restore", str(tmp_path / "copy.db"))
            assert "that day's draws had not been made" in live.refused("checkin", "record", "B04", "--at", "06:12")
        with at("19 09:02"):
            live.add("N01")
            live("draw")
            assert [live("checkin", "record", code, "--at", "06:12") for code in ("B04", "C21")] == before
            assert "that day's draws had not been made" in live.refused("checkin", "record", "N01", "--at", "06:12")
            assert [one["told"] for one in live.json("due") if one["participant"] == "B04"] == ["yes"]
            live("key", "acknowledge", "--reason", "the disk was lost")
            live("verify")

    def test_on_and_pin_are_for_their_own_cases(self, live):
        with at("16 09:00"):
            assert live.run("checkin", "record", "A17", "--on", "yesterday").exit_code == 2
            assert live.run("checkin", "record", "A17", "--pin", "--at", "06:00").exit_code == 2


def test_it_is_an_act_with_its_entry(live):
    with at("15 12:00"):
        live("staff", "add", "nurse1", "--role", "nurse")
    with acting_as("nurse1"):
        record(live, "16 06:12", "A17", "--note", "called")
    ((account, reason, detail),) = live.rows(
        "SELECT account, reason, detail FROM audit_entry WHERE act = 'check-in record'"
    )
    assert (account, reason) == ("nurse1", "called")
    assert '"answer": "come"' in detail
    assert not re.search(r"\d{8}", detail), "the receipt is the participant's"


def test_where_the_key_is_not_the_receipt_follows(live):
    """A nurse's machine may have no key: the answer does not wait for the receipt."""
    live.location.key.path.rename(live.location.key.path.with_suffix(".away"))
    with at("16 06:12"):
        done = live.run("checkin", "record", "A17")
        assert done.stdout.strip() == f"A17: {COME}    Receipt -"
        assert "the receipt follows within a minute" in done.stderr
        assert live.json("checkin", "list")[0]["receipt"] is None
    live.location.key.path.with_suffix(".away").rename(live.location.key.path)
    with at("16 06:13"):
        assert RECEIPT.search(live.json("checkin", "list")[0]["receipt"])


def test_who_is_spoken_to_in_spanish_is_told_in_spanish_too(live):
    live.change("INSERT INTO card (participant_id, number, salt, verifier, language, recorded_at, recorded_by, "
                "facility_id) SELECT participant_id, number, salt, verifier, 'es', recorded_at, recorded_by, "
                "facility_id FROM card WHERE participant_id = 1")  # fmt: skip
    assert "In Spanish: Sí, venga hoy, entre las 8" in record(live, "16 06:12", "A17")


def test_a_training_database_has_no_hours(clinic):
    """Whoever practises on a day that is pretended can record what was said in its morning."""
    clinic.add("A17")
    clinic(*RULE, "--from", "2026-11-17")
    clinic.today = "2026-11-17"
    clinic("draw")
    assert "TRAINING A17: No, you do not need" in clinic("checkin", "record", "A17", "--at", "06:00")
    assert "All holds" in clinic("verify")
