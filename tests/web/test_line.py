"""`/line`: what an exchange of the facility's own learns in one word, and with which receipt."""

import page_house
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_house import COMES, DONE, NOBODYS, PIN, RECEIPTS, STAYS, UNKNOWN, WRONG_PIN, at, number_of, place
from web.outside import ask, free_port, page_at_work, stopped
from werkzeug.test import Client

from testing_tracker.rules.check_in.answers import CheckedInBy, CheckInOutcome
from testing_tracker.web.line import ExchangeLine

pytestmark = pytest.mark.sqlite_only(reason="the page knows no database")

WORDS = {"come", "stay", "done", "wrong", "early", "over", "call"}


@pytest.fixture
def house(tmp_path):
    opened = page_house.opened(tmp_path)
    yield opened
    opened.close()


def asked(house, number: str, pin: str, path: str = "/line", **also: str) -> str:
    client = Client(ExchangeLine(house.file, house.visits, house.pulse))
    answer = client.post(path, data={"number": number, "pin": pin} | also)
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.text


@pytest.mark.parametrize(("holder", "word"), [(COMES, "come"), (STAYS, "stay"), (DONE, "done")])
def test_an_answer_and_its_receipt(house, holder, word):
    assert asked(house, number_of(holder), PIN) == f"{word}\n{RECEIPTS[holder]}\n"
    [visit] = house.visited()
    assert (visit.channel, visit.holder, visit.outcome) == (CheckedInBy.PHONE, holder, CheckInOutcome.TOLD)
    assert asked(house, number_of(holder), PIN) == f"{word}\n{RECEIPTS[holder]}\n"


@pytest.mark.parametrize(
    ("number", "pin"),
    [
        (number_of(COMES), WRONG_PIN),
        (NOBODYS, PIN),
        ("4820918", PIN),
        (number_of(COMES), "55301"),
        ("", ""),
        ("*#", "0"),
    ],
)
def test_what_is_wrong_is_wrong_however(house, number, pin):
    assert asked(house, number, pin) == "wrong\n"
    assert [one.outcome for one in house.visited()] == [CheckInOutcome.WRONG]


def test_before_and_after_the_day(house):
    house.moment = at(4, 59)
    assert asked(house, number_of(COMES), PIN) == "early\n"
    house.moment = at(17)
    assert asked(house, number_of(COMES), PIN) == "over\n30127767\n"


def test_where_there_is_no_answer_a_person_is_to_be_called(house, monkeypatch):
    assert asked(house, number_of(UNKNOWN), PIN) == "call\n30127743\n"
    monkeypatch.setattr(house.visits, "check_in", lambda asked: 1 / 0)
    assert asked(house, number_of(COMES), PIN) == "call\n"
    house.pulse.beat()
    assert [beat.failed for beat in house.file.beats_between(0, 10**9).values()] == [1]


def test_one_caller_who_tries_too_often_shuts_the_line_for_nobody_else(house):
    for _ in range(31):
        last = asked(house, NOBODYS, PIN, caller="+15550123")
    assert last == "call\n"
    assert asked(house, number_of(COMES), PIN, caller="+15550199").startswith("come\n")


def test_what_no_exchange_sends_gets_the_word_that_harms_nobody(house):
    client = Client(ExchangeLine(house.file, house.visits, house.pulse))
    form = {"number": number_of(COMES), "pin": PIN}
    for answer, status in (
        (client.get("/line"), 405),
        (client.post("/line", data=form, headers={"Origin": "https://evil.example"}), 403),
        (client.post("/line", data=form, headers={"Sec-Fetch-Site": "cross-site"}), 403),
        (client.post("/line", data={"number": "4" * 3_000}), 413),
        (client.post("/", data=form), 404),
        (client.post("/elsewhere/line", data=form), 404),
    ):
        assert (answer.status_code, answer.text) == (status, "call\n")
    assert house.visited() == []


def test_facilities_that_share_a_page_have_a_line_each(tmp_path):
    house = page_house.opened(tmp_path, place(path="hh"), place(facility=2, path="oak"))
    assert asked(house, number_of(STAYS), PIN, path="/oak/line").startswith("stay\n")
    assert [one.facility for one in house.visited()] == [2]
    house.close()


def test_the_page_and_the_line_of_one_process(tmp_path):
    """As an exchange asks: a form over this machine's own network; the page beside it knows no `/line`."""
    house = page_house.opened(tmp_path)
    file = house.file.path
    house.close()
    line = free_port()
    form = {"number": NOBODYS, "pin": PIN}
    with page_at_work(file, "--line", f"127.0.0.1:{line}") as (port, process):
        answered = ask(line, "POST", "/line", form=form)
        assert (answered.status, answered.text) == (200, "wrong\n")
        assert ask(port, "POST", "/line", form=form).status == 404
        assert ask(line, "GET", "/").text == "call\n"
        out, err = stopped(process)
    assert NOBODYS not in out + err
    assert process.returncode == 0


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["number", "pin", "caller", "x"]), st.text(max_size=60), max_size=4))
def test_whatever_is_sent_is_answered_with_one_of_the_words(tmp_path_factory, form):
    house = page_house.opened(tmp_path_factory.mktemp("line"))
    client = Client(ExchangeLine(house.file, house.visits, house.pulse))
    form = {name: value.encode(errors="replace").decode() for name, value in form.items()}
    assert client.post("/line", data=form).text.split("\n")[0] in WORDS
    house.close()
