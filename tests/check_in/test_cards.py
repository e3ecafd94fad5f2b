"""Everybody gets a number for life and a PIN that is shown once; neither is anybody else's, and the PIN is nowhere."""

import json
import re
from contextlib import closing
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from conftest import at_facility
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from terminals import Terminal

from testing_tracker import chance, services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.cards import digits_in, new_number, new_pin, number_shown, pin_shown
from testing_tracker.rules.check_in.pin_hash import fits, verifier_of
from testing_tracker.rules.check_in.receipts import is_whole

TUESDAY = "2026-11-17"
SETTINGS = """
[page]
name = "HH"
phone = "555-0100"
zone = { en = "Pacific time", es = "hora del Pacífico" }
path = "hh"
public_url = "https://checkin.example.org"
"""
RULE = ("checkin", "rule", "--opens", "05:00", "--closes", "10:00", "--page", "--not-checked-in", "missed")
BETWEEN = (  # on a card, in a text that was set, and unseen in what is pasted from an address book
    *("", " ", "-", ".", "(", ")", "\t", "\u00a0", "\u202f", "\u3000", "\u2010", "\u2011", "\u2013", "\u2212"),
    *("\u200b", "\u200e", "\u200f", "\u202a", "\u202c", "\u2066", "\u2069", "\ufeff"),
)
WHAT_IT_IS_ABOUT = r"\b(tests?|testing|drugs?|sample|urine|screen|court|program\w*|treatment|recovery|clinic|patient)\b"


@pytest.fixture
def at_work(clinic):
    """The clinic's records, as a service sees them."""

    def act(asked, facility=None):
        with (
            closing(Desk(clinic.url, clinic.today, facility)) as desk,
            desk.writing("participant card") as work,
        ):
            return asked(work)

    return act


@pytest.fixture
def give(at_work):
    """Gives somebody a card, or another PIN; what is on it."""
    return lambda code, **more: at_work(lambda work: services.cards.issue(work, code, **more))


def say_where(clinic) -> None:
    file = clinic.location.check_in_of(1)
    file.write_text(SETTINGS, encoding="utf-8")
    file.chmod(0o600)


def printed(path: Path) -> list[str]:
    """What stands on each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(path.read_bytes())).pages]


def pins_of(pages: list[str]) -> list[str]:
    return [found for page in pages for found in re.findall(r"\b\d{3}[ \u00a0]\d{3}\b", page)]


def cards(clinic) -> list[tuple]:
    return clinic.rows("SELECT participant_id, number, verifier IS NOT NULL, language, reason FROM card ORDER BY id")


class TestNumbersAndPins:
    @given(st.integers().map(Random))
    def test_a_number_has_seven_digits_and_says_whether_one_is_wrong(self, random):
        number = new_number((), random.randrange)
        assert re.fullmatch("[1-9][0-9]{6}", number)
        assert is_whole(number)
        assert len(set(number[:6])) > 1

    @given(st.integers().map(Random), st.integers(0, 8))
    def test_nobody_gets_a_number_that_somebody_has_or_had(self, random, left):
        """A world of ten numbers, of which so many are taken."""
        every = [new_number((), lambda _, one=one: 10_000 + one) for one in range(10)]
        taken = set(random.sample(every, left))
        assert new_number(taken, lambda _: 10_000 + random.randrange(10)) not in taken

    def test_where_all_are_taken_that_is_said(self):
        only = new_number((), lambda _: 12_345)
        with pytest.raises(ValueError, match="nearly all"):
            new_number({only}, lambda _: 12_345)

    @given(st.integers().map(Random))
    def test_a_pin_has_six_digits_and_is_not_what_is_tried_first(self, random):
        pin = new_pin(random.randrange)
        assert re.fullmatch("[0-9]{6}", pin)
        assert pin not in {str(one) * 6 for one in range(10)}
        assert pin not in "0123456789876543210"

    def test_pins_that_are_tried_first_are_thrown_away(self):
        drawn = iter([0, 111_111, 123_456, 987_654, 456_789, 553_018])
        assert new_pin(lambda _: next(drawn)) == "553018"
        assert new_pin(lambda _: 42) == "000042"

    @given(st.text("0123456789", min_size=1, max_size=12), st.data())
    def test_digits_count_however_they_are_typed(self, digits, data):
        """Full-width, Arabic, Persian, Devanagari and Bengali digits; with what stands between them on a card."""
        typed = "".join(
            data.draw(st.sampled_from(BETWEEN)) + chr(ord(data.draw(st.sampled_from("0０٠۰०০"))) + int(digit))
            for digit in digits
        )
        assert digits_in(typed) == digits

    @given(st.text(max_size=60))
    def test_whatever_is_typed_is_digits_or_nothing(self, typed):
        found = digits_in(typed)
        assert found is None or (re.fullmatch("[0-9]*", found) is not None and len(found) <= 40)

    @pytest.mark.parametrize("typed", ["482091a", "48209\x001", "½", "²", "四八二", "😀", "482,0917", "1" * 41, "+1"])
    def test_what_is_no_digit_makes_it_nothing(self, typed):
        assert digits_in(typed) is None

    def test_they_are_shown_in_parts(self):
        assert (number_shown("4820917"), pin_shown("553018")) == ("482-0917", "553 018")
        assert digits_in("482-0917") == "4820917"

    def test_a_verifier_is_of_one_pin_and_one_salt(self):
        verifier = verifier_of("553018", b"s" * 16)
        assert fits("553018", b"s" * 16, verifier)
        assert not fits("553019", b"s" * 16, verifier)
        assert not fits("553018", b"t" * 16, verifier)


class TestMaking:
    def test_at_a_terminal_the_pin_is_shown_once(self, clinic):
        clinic.add("A17")
        said = Terminal(clinic, "participant", "card", "A17").said
        number, pin = re.search(
            r"A17: number (\d{3}-\d{4}), PIN (\d{3} \d{3})\. The PIN is shown this once\.", said
        ).groups()
        ((_, kept, stands, language, reason),) = cards(clinic)
        assert (kept, stands, language, reason) == (number.replace("-", ""), 1, "en", None)
        ((salt, verifier),) = clinic.rows("SELECT salt, verifier FROM card")
        assert fits(pin.replace(" ", ""), bytes.fromhex(salt), bytes.fromhex(verifier))
        assert clinic("verify").startswith("TRAINING All holds")

    def test_into_a_pipe_it_is_not_and_none_is_made(self, clinic):
        clinic.add("A17")
        assert "nobody looks at this output" in clinic.refused("participant", "card", "A17")
        assert clinic.run("participant", "card", "A17", "--print", "-").exit_code == 2

    def test_who_has_a_card_keeps_it(self, clinic, give):
        clinic.add("A17")
        number = number_shown(give("A17").card.number)
        assert clinic.refused("participant", "card", "A17") == (
            f"A17 has a card, number {number}. Its PIN was shown once and is kept nowhere; `testing-tracker "
            "participant card A17 --new-pin --reason TEXT` makes another one."
        )

    def test_a_new_pin_makes_the_earlier_one_worthless(self, clinic, give, tmp_path):
        clinic.add("A17")
        first = give("A17")
        said = clinic(
            *("participant", "card", "A17", "--new-pin", "--reason", "forgotten", "--print", str(tmp_path / "a.pdf"))
        )
        assert "The earlier PIN is worthless now. A page knows within a minute." in said
        ((salt, verifier),) = clinic.rows("SELECT salt, verifier FROM card WHERE id = (SELECT max(id) FROM card)")
        assert not fits(first.pin, bytes.fromhex(salt), bytes.fromhex(verifier))
        (pin,) = pins_of(printed(tmp_path / "a.pdf"))
        assert fits(digits_in(pin), bytes.fromhex(salt), bytes.fromhex(verifier))
        assert [row[1] for row in cards(clinic)] == [first.card.number] * 2
        assert cards(clinic)[-1][-1] == "forgotten"

    def test_a_new_number_is_nobodys(self, clinic, give, tmp_path):
        clinic.add("A17", "B04")
        first, other = give("A17"), give("B04")
        paper = str(tmp_path / "a.pdf")
        clinic("participant", "card", "A17", "--new-number", "--reason", "somebody tries it", "--print", paper)
        assert cards(clinic)[-1][1] not in {first.card.number, other.card.number}

    def test_a_pin_is_in_no_record_and_no_words(self, clinic, give):
        clinic.add("A17")
        made = give("A17")
        everything = "\n".join([*clinic.contents(), clinic("audit", "list"), clinic("participant", "show", "A17")])
        assert not re.search(rf"\b{made.pin}\b|{pin_shown(made.pin)}", everything)
        assert made.pin not in repr(made)
        assert made.pin not in json.dumps(clinic.json("participant", "show", "A17"))

    def test_the_number_is_in_the_record_for_who_forgot_it(self, clinic, give):
        clinic.add("A17")
        assert "check-in" not in clinic("participant", "show", "A17")
        number = give("A17").card.number
        assert f"  check-in   number {number_shown(number)}, in English, card of 2026-11-16" in clinic(
            "participant", "show", "A17"
        )
        card = clinic.json("participant", "show", "A17")["card"]
        assert (card["number"], card["language"], card["ended"]) == (number, "en", False)

    def test_who_is_not_enrolled_gets_none(self, clinic, tmp_path):
        clinic.add("A17")
        clinic("participant", "discharge", "A17", "--reason", "moved")
        paper = tmp_path / "card.pdf"
        assert "A17 was discharged" in clinic.refused("participant", "card", "A17", "--print", str(paper))
        assert "There is no participant Z99" in clinic.refused("participant", "card", "Z99", "--print", str(paper))
        assert not paper.exists()

    def test_who_begins_tomorrow_gets_one_today(self, clinic, give):
        clinic.add("A17", enrolled=TUESDAY)
        assert give("A17").card.participant == "A17"

    @pytest.mark.parametrize(
        "given",
        [
            (),
            ("A17", "--all"),
            ("--all",),
            ("--all", "--print", "x.pdf", "--new-pin", "--reason", "lost"),
            ("A17", "--new-pin"),
            ("A17", "--reason", "lost"),
            ("A17", "--end"),
            ("A17", "--end", "--language", "es", "--reason", "lost"),
            ("A17", "--end", "--new-pin", "--reason", "lost"),
        ],
    )
    def test_what_does_not_go_together_is_wrong_usage(self, clinic, given, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        clinic.add("A17")
        before = clinic.contents()
        assert clinic.run("participant", "card", *given).exit_code == 2
        assert clinic.contents() == before
        assert not Path("x.pdf").exists()

    def test_a_new_pin_is_for_who_has_a_card(self, clinic, tmp_path):
        clinic.add("A17")
        paper = str(tmp_path / "card.pdf")
        said = clinic.refused("participant", "card", "A17", "--new-pin", "--reason", "lost", "--print", paper)
        assert said == "A17 has no card yet. `testing-tracker participant card A17` makes one."

    def test_two_who_make_cards_at_once_do_not_make_one_participants_twice(self, clinic, at_work):
        """What was read may be old when it is put on record; then nothing is."""
        clinic.add("A17", "B04")
        wanted = at_work(services.cards.without_card)
        at_work(lambda work: services.cards.issue(work, "B04"))
        late = [services.cards.made(one) for one in wanted]
        before = clinic.contents()
        with pytest.raises(TestingTrackerError, match="meanwhile"):
            at_work(lambda work: services.cards.put_on_record(work, late))
        assert clinic.contents() == before

    def test_numbers_are_a_facilitys_own(self, network, monkeypatch):
        """Another facility may have the same number: its page has another address."""
        at_facility(network, "Ostkreuz", *("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop"))
        at_facility(network, "1", *("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop"))
        monkeypatch.setattr(chance, "below", lambda limit: 12_345 % limit)
        monkeypatch.setattr("testing_tracker.services.check_in.cards.new_pin", lambda _: "553018")
        for facility in ("1", "Ostkreuz"):
            with (
                closing(Desk(network.url, network.today, facility)) as desk,
                desk.writing("participant card") as work,
            ):
                services.cards.issue(work, "A17")
        assert len({row[1] for row in cards(network)}) == 1


class TestEnding:
    def test_a_card_is_ended_on_record_and_the_number_stays_theirs(self, clinic, give, tmp_path):
        clinic.add("A17")
        number = give("A17").card.number
        said = clinic("participant", "card", "A17", "--end", "--reason", "cannot use it")
        assert f"A17's card is ended. The number {number_shown(number)} is given to nobody else." in said
        assert "check-in card ended" in clinic("audit", "list")
        assert "card ended 2026-11-16: cannot use it" in clinic("participant", "show", "A17")
        assert clinic.refused("participant", "card", "A17", "--end", "--reason", "again").startswith("A17 has no card.")
        clinic("participant", "card", "A17", "--print", str(tmp_path / "again.pdf"))
        assert [row[1:3] for row in cards(clinic)] == [(number, 1), (number, 0), (number, 1)]

    def test_a_discharge_ends_it_and_a_readmission_says_so(self, clinic, give, tmp_path):
        clinic.add("A17")
        number = give("A17").card.number
        assert "A17's card to check in is ended." in clinic("participant", "discharge", "A17", "--reason", "moved")
        assert cards(clinic)[-1][1:] == (number, 0, "en", "discharged: moved")
        assert "check-in card ended" in clinic("audit", "list", "--participant", "A17")
        clinic.today = TUESDAY
        back = clinic.run("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop", "--readmit")
        assert "A17 has no card to check in with: `testing-tracker participant card A17`." in back.stderr
        assert cards(clinic)[-1][2] == 0
        clinic("participant", "card", "A17", "--print", str(tmp_path / "again.pdf"))
        assert cards(clinic)[-1][1:3] == (number, 1)
        assert clinic("verify").startswith("TRAINING All holds")

    def test_an_enrolment_by_mistake_ends_it_and_the_number_is_not_the_next_ones(self, clinic, give):
        """The code may be another person's then, and the card may be in somebody's pocket."""
        clinic.add("A17")
        number = give("A17").card.number
        said = clinic("participant", "cancel", "A17", "--reason", "wrong facility")
        assert "A17's card to check in is ended." in said
        clinic.today = TUESDAY
        clinic.add("A17")
        assert give("A17").card.number != number

    def test_who_checked_in_was_here_and_is_not_cancelled(self, clinic, give, at_work):
        from testing_tracker.store.tables import CheckIn

        clinic.add("A17")
        give("A17")

        def check_in(work, outcome):
            whose = services.lookup.find_participant(work, "A17").id
            work.write(CheckIn(participant_id=whose, day=work.today, at=work.now, channel="page", outcome=outcome))

        at_work(lambda work: check_in(work, "wrong"))
        at_work(lambda work: check_in(work, "told"))
        assert "somebody checked in" in clinic.refused("participant", "cancel", "A17", "--reason", "wrong facility")

    def test_a_record_that_is_joined_into_another_has_none(self, clinic, give):
        clinic.add("A17", "B04", "C21", "D33")
        give("A17"), give("C21"), give("D33")
        said = clinic("participant", "join", "A17", "B04", "--reason", "same person", "--yes")
        assert "A17's card to check in is ended; `testing-tracker participant card B04` makes B04's." in said
        said = clinic("participant", "join", "C21", "D33", "--reason", "same person", "--yes")
        assert "C21's card to check in is ended; D33's counts" in said
        with closing(Desk(clinic.url, clinic.today)) as desk, desk.reading("participant show") as work:
            assert [card.participant_id for card in services.cards.standing_cards(work).values()] == [4]

    def test_without_a_card_nothing_is_said_of_one(self, clinic):
        clinic.add("A17")
        assert "card" not in clinic("participant", "discharge", "A17", "--reason", "moved")


class TestPaper:
    @pytest.fixture
    def told(self, clinic):
        say_where(clinic)
        clinic(*RULE, "--from", "2026-12-01")
        return clinic

    def test_a_page_has_the_card_in_both_languages_and_the_pin_on_a_slip(self, told, tmp_path):
        told("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop", "--name", "Ada Example")
        said = told.run("participant", "card", "A17", "--print", str(tmp_path / "card.pdf"))
        ((_, number, *_),) = cards(told)
        assert f"A17: number {number_shown(number)}. The PIN is on the slip in" in said.stdout
        (page,) = printed(tmp_path / "card.pdf")
        flat = " ".join(page.replace("\u00a0", " ").replace("\u2011", "-").split())
        for text in (
            *("Check in every day", "Also on Sundays and holidays.", "Between 5 a.m. and 10 a.m., Pacific time."),
            *("Regístrese todos los días", "También los domingos y días festivos.", "Entre las 5 a. m. y las 10 a. m."),
            *("From Tuesday, December 1 on.", "A partir del martes 1 de diciembre.", "checkin.example.org/hh"),
            *("checkin.example.org/hh/es", "555-0100", "HH", "Your PIN", "Su PIN", "TRAINING"),
        ):
            assert text in flat, text
        assert flat.count(number_shown(number)) == 2
        assert len(pins_of([page])) == 1
        assert flat.count("A17") == 1
        assert "Ada" not in flat
        assert not re.search(WHAT_IT_IS_ABOUT, flat.replace("TRAINING", ""), re.IGNORECASE)
        assert (tmp_path / "card.pdf").stat().st_mode & 0o777 == 0o600
        assert PdfReader(tmp_path / "card.pdf").trailer["/Root"]["/MarkInfo"]["/Marked"]

    def test_the_pin_is_on_paper_alone(self, told, tmp_path):
        told.add("A17")
        done = told.run("participant", "card", "A17", "--print", str(tmp_path / "card.pdf"))
        (pin,) = pins_of(printed(tmp_path / "card.pdf"))
        everything = "\n".join([done.output, *told.contents()])
        assert digits_in(pin) not in re.findall(r"(?<![0-9.])[0-9]{6}(?![0-9])", everything)
        assert pin.replace("\u00a0", " ") not in everything

    def test_a_spanish_speakers_card_begins_in_spanish(self, told, tmp_path):
        told.add("A17")
        told("participant", "card", "A17", "--language", "es", "--print", str(tmp_path / "card.pdf"))
        (page,) = printed(tmp_path / "card.pdf")
        assert page.index("Regístrese") < page.index("Check in every day")
        assert cards(told)[-1][3] == "es"

    def test_a_card_is_printed_again_without_a_pin(self, told, give, tmp_path):
        told.add("A17")
        made = give("A17")
        said = told("participant", "card", "A17", "--print", str(tmp_path / "card.pdf"))
        assert "without the PIN, which is kept nowhere" in said
        (page,) = printed(tmp_path / "card.pdf")
        assert number_shown(made.card.number) in page
        assert pins_of([page]) == []
        assert "Your PIN" not in page
        assert len(cards(told)) == 1

    def test_a_language_is_typed_as_on_the_page(self, told, tmp_path):
        assert "--language [en|es]" in told("participant", "card", "--help")
        told.add("A17")
        paper = ("--print", str(tmp_path / "card.pdf"))
        assert told.run("participant", "card", "A17", "--language", "fr", *paper).exit_code == 2

    def test_another_language_leaves_number_and_pin(self, told, give):
        told.add("A17")
        made = give("A17")
        told("participant", "card", "A17", "--language", "es")
        ((salt, verifier),) = told.rows("SELECT salt, verifier FROM card WHERE language = 'es'")
        assert fits(made.pin, bytes.fromhex(salt), bytes.fromhex(verifier))
        assert "in that language already" in told.refused("participant", "card", "A17", "--language", "es")

    def test_without_a_file_that_says_where_the_lines_are_left_out_and_that_is_said(self, clinic, tmp_path):
        clinic.add("A17")
        done = clinic.run("participant", "card", "A17", "--print", str(tmp_path / "card.pdf"))
        assert "checkin.toml, so the card has no name, telephone or address" in done.stderr
        assert "the card has no hours" in done.stderr
        (page,) = printed(tmp_path / "card.pdf")
        assert not re.search(r"On the web|By telephone|Between|\{|None", page)
        assert "Cannot check in? Tell us at once." in page

    def test_a_file_that_cannot_be_used_stops_it(self, told, tmp_path):
        told.add("A17")
        told.location.check_in_of(1).write_text("[page]\nname = 3\n")
        assert "page.name" in told.refused("participant", "card", "A17", "--print", str(tmp_path / "card.pdf"))
        assert not (tmp_path / "card.pdf").exists()

    def test_everybody_without_one_gets_a_page(self, told, give, tmp_path):
        told.add("A17", "B04", "C21", "D33", "E09")
        give("B04")
        give("C21")
        told("participant", "card", "C21", "--end", "--reason", "is called by the nurse")
        told("participant", "discharge", "D33", "--reason", "moved")
        said = told("participant", "card", "--all", "--print", str(tmp_path / "cards.pdf"))
        assert "Wrote 2 cards to" in said
        pages = printed(tmp_path / "cards.pdf")
        assert [re.search(r"this is (\w+)'s", page)[1] for page in pages] == ["A17", "E09"]
        assert len(set(pins_of(pages))) == 2
        again = told.run("participant", "card", "--all", "--print", str(tmp_path / "more.pdf"))
        assert "No card was made." in again.stdout
        assert not (tmp_path / "more.pdf").exists()

    def test_who_came_back_is_among_them(self, told, give, tmp_path):
        told.add("A17")
        number = give("A17").card.number
        told("participant", "discharge", "A17", "--reason", "moved")
        told.today = TUESDAY
        told("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop", "--readmit")
        told("participant", "card", "--all", "--print", str(tmp_path / "cards.pdf"))
        assert cards(told)[-1][1:3] == (number, 1)

    def test_no_file_no_card(self, told, tmp_path):
        told.add("A17")
        (tmp_path / "there.pdf").write_text("a letter")
        assert "--overwrite" in told.refused("participant", "card", "A17", "--print", str(tmp_path / "there.pdf"))
        missing = tmp_path / "nowhere" / "card.pdf"
        assert "Cannot write" in told.refused("participant", "card", "A17", "--print", str(missing))
        key = str(told.location.key.path)
        assert "itself" in told.refused("participant", "card", "A17", "--print", key, "--overwrite")

    @pytest.mark.sqlite_only(reason="a file that cannot be written stands for any failure of the transaction")
    def test_no_card_no_file(self, told, tmp_path, monkeypatch):
        """Where it cannot be put on record, nobody is handed a PIN that does not work."""
        told.add("A17")

        def fail(*_arguments):
            raise TestingTrackerError("The disk is full.")

        monkeypatch.setattr("testing_tracker.services.check_in.cards.put_on_record", fail)
        told.refused("participant", "card", "A17", "--print", str(tmp_path / "card.pdf"))
        assert list(tmp_path.glob("*.pdf*")) == []
