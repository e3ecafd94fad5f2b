"""A page is there in the languages that its facility has it in, and in no other."""

from dataclasses import replace

import page_house
import pytest
from page_house import STAYS, number_of, place
from werkzeug.test import Client

from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.web.app import CheckInPage
from testing_tracker.web.filling import PageContents, from_json, to_json
from testing_tracker.web.visits import places_in

pytestmark = pytest.mark.sqlite_only(reason="the page knows no database")

EN, ES = Language


def asked(house, path: str):
    client = Client(CheckInPage(house.file, house.visits, house.pulse, house.now))
    return client.get(path), client.post(path, data={"number": number_of(STAYS), "pin": page_house.PIN})


@pytest.mark.parametrize("languages", [(EN, ES), (EN,), (ES,), (ES, EN)])
def test_what_a_facility_has_goes_to_the_page_and_to_another_machine(tmp_path, languages):
    given = place(languages=languages)
    contents = PageContents("clinic", page_house.at(5), (page_house.filling(given),))
    assert from_json(to_json(contents)) == replace(contents, at=contents.at)
    house = page_house.opened(tmp_path, given)
    with house.file.reading() as database:
        assert places_in(database) == [given]
    house.close()


def test_both_languages_have_an_address_each(tmp_path):
    house = page_house.opened(tmp_path)
    for path, title, answer in (("/", "Check in", "No, you do not"), ("/es", "Registrarse", "No, hoy no")):
        form, told = asked(house, path)
        assert f"<h1>{title}</h1>" in form.text
        assert answer in told.text
    house.close()


def test_a_page_without_spanish_has_none(tmp_path):
    house = page_house.opened(tmp_path, place(languages=(EN,)))
    form, told = asked(house, "/")
    assert "Español" not in form.text
    assert "No, you do not need to come in today." in told.text
    assert [one.status_code for one in asked(house, "/es")] == [404, 404]
    assert len(house.visited()) == 1
    house.close()


def test_a_page_in_spanish_alone_is_in_spanish_at_both_addresses(tmp_path):
    house = page_house.opened(tmp_path, place(languages=(ES,)))
    for path in ("/", "/es"):
        form, told = asked(house, path)
        assert "English" not in form.text
        assert "No, hoy no necesita venir." in told.text
    house.close()
