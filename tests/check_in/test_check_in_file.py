"""The check-in file: what it may say, and that whatever is wrong with it is said without a value of it."""

import string
from datetime import time
from pathlib import Path

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.check_in.check_in_file import (
    CheckInFileError,
    CheckInSettings,
    NoticeSettings,
    read_check_in_file,
    warning_of_sender,
)
from testing_tracker.rules.check_in.notices import NoticeChannel
from testing_tracker.rules.check_in.page_words import Language

FOLDER = Path("/srv/clinic")
PAGE = """
[page]
name = "HH"
phone = "555-0100"
zone = { en = "Pacific time", es = "hora del Pacífico" }
"""
WHOLE = f"""{PAGE}
path = "hh"
public_url = "https://checkin.example.org/"
over = "ssh -p 2222 window.example"
languages = ["en", "es"]

[notices]
morning = 07:00:00
reminder_minutes = 60
quiet = ["21:00", "06:30"]
from = "checkin@example.org"

[notices.text]
command = ["/usr/local/lib/testing-tracker/send-text", "--quietly"]
stop = "vendor"

[voice]
token_file = "voice-token"
"""


def read(text: str, secret: str = "abc123\n") -> CheckInSettings:
    return read_check_in_file(text, "clinic.db.checkin.toml", FOLDER, lambda _: secret)


def problems(text: str, secret: str = "abc123\n") -> list[str]:
    with pytest.raises(CheckInFileError) as refused:
        read(text, secret)
    return [one.removeprefix("clinic.db.checkin.toml: ") for one in refused.value.problems]


def test_a_whole_file_is_read():
    settings = read(WHOLE)
    page = settings.page
    assert (page.name, page.phone, page.path, page.public_url) == (
        "HH",
        "555-0100",
        "hh",
        "https://checkin.example.org",
    )
    assert page.zone == {Language.ENGLISH: "Pacific time", Language.SPANISH: "hora del Pacífico"}
    assert page.over == ("ssh", "-p", "2222", "window.example")
    assert settings.notices == NoticeSettings(
        morning=time(7),
        reminder_minutes=60,
        quiet=(time(21), time(6, 30)),
        sender="checkin@example.org",
        command=("/usr/local/lib/testing-tracker/send-text", "--quietly"),
        stops=True,
    )
    assert settings.voice.token == "abc123"
    assert "abc123" not in repr(settings)
    assert settings.warnings == []


def test_a_name_a_telephone_and_the_zone_are_enough():
    settings = read(PAGE)
    assert settings.page.languages == (Language.ENGLISH, Language.SPANISH)
    assert (settings.notices, settings.voice, settings.page.over) == (None, None, ())
    assert settings.channels(has_mail=True) == ()
    assert read(PAGE.replace("zone = {", 'languages = ["en"]\nzone = {')).page.languages == (Language.ENGLISH,)


@pytest.mark.parametrize(
    ("has_mail", "notices", "channels"),
    [
        (True, "[notices]", (NoticeChannel.MAIL,)),
        (False, "[notices]", ()),
        (False, '[notices.text]\ncommand = ["x"]', (NoticeChannel.TEXT,)),
        (True, '[notices.text]\ncommand = ["x"]', (NoticeChannel.MAIL, NoticeChannel.TEXT)),
    ],
)
def test_reminders_leave_by_the_delivery_files_mail_server_and_by_the_command(has_mail, notices, channels):
    assert read(f"{PAGE}{notices}").channels(has_mail=has_mail) == channels


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["page: missing; what participants see stands in [page]: name, phone and zone"]),
        ("page = 1", ["page: must be a table that begins with [page]"]),
        ("[page]", [f"page.{key}: missing; [page] needs it" for key in ("name", "phone", "zone")]),
        (f"{PAGE}[mail]", ["mail: unknown; a check-in file has [page], [notices], [voice]"]),
        (f"{PAGE}[voice]", ["voice.token_file: missing; [voice] needs it"]),
        (f"{PAGE}[notices]\ntext = 4", ["notices.text: must be a table that begins with [notices.text]"]),
        (f"{PAGE}[notices.text]", ["notices.text.command: missing; [notices.text] needs it"]),
        (
            f'{PAGE}[notices.text]\ncommand = ["x"]\nsecret = "open-sesame"',
            ["notices.text.secret: unknown; [notices.text] has command, stop"],
        ),
        (
            f'{PAGE}[notices]\nmorning = "06:00"\nquiet = ["21:00", "06:30"]',
            ["notices.morning: lies in the quiet hours, so nothing would leave; change one of them"],
        ),
        (f'{PAGE.replace("HH", "Casa José")}[notices.text]\ncommand = ["x"]', []),
        (
            f'{PAGE.replace("HH", "Clínica")}[notices.text]\ncommand = ["x"]',
            ["page.name: has a character that would make text messages too long; write it without accents"],
        ),
        (
            f'{PAGE}[voice]\ntoken_file = "t"',
            ["voice.token_file: comes with public_url in [page], which signatures are made over"],
        ),
        ("not toml at all", ["not a TOML file (at line 1, column 5)"]),
    ],
)
def test_what_is_wrong_is_said_by_its_key(text, said):
    if said:
        assert problems(text) == said
    else:
        read(text)


@pytest.mark.parametrize(
    ("key", "values"),
    {
        "name": ["''", '"  "', f'"{"x" * 31}"', '"a\\nb"', "4", "true"],
        "phone": ['""', '"call us"', "5550100", f'"{"1" * 21}"', '"--"', '"555-0100; rm"'],
        "zone": [
            '"Pacific time"',
            '{ en = "Pacific time" }',
            '{ en = "a", es = "b", fr = "c" }',
            '{ en = 1, es = "b" }',
        ],
        "path": ['"/hh"', '"es"', '"alive"', '"Ünder"', '""', '"a b"', '"../x"', '"voice"'],
        "public_url": [
            *('"http://checkin.example.org"', '"checkin.example.org"', '"https://"', '"https://u:secret@x.example"'),
            *('"https://x.example?q=1"', '"https://x.example:99999"', '"ftp://x.example"', '"https://x.example/a b"'),
        ],
        "over": ['""', '"ssh \'window"', "[]", "[1]", '["a\\u0000b"]', "4"],
        "languages": ["[]", '["en", "en"]', '["fr"]', '"en"'],
    }.items(),
)
def test_an_impossible_value_of_the_page_is_refused_and_not_repeated(key, values):
    for value in values:
        others = {"name": '"HH"', "phone": '"555-0100"', "zone": '{ en = "a", es = "b" }'} | {key: value}
        text = "[page]\n" + "\n".join(f"{name} = {said}" for name, said in others.items())
        told = problems(text)
        assert len(told) == 1
        assert told[0].startswith((f"page.{key}: ", "not a TOML file")), value
        assert "secret" not in str(told)
        assert "rm" not in str(told)


@pytest.mark.parametrize(
    ("key", "values"),
    {
        "morning": ['"7"', '"07:00:30"', "07:00:30", '"24:00"', "7", "2026-11-16T07:00:00"],
        "reminder_minutes": ["0", "-1", '"60"', "721", "60.0", "true"],
        "quiet": ['["21:00"]', '["21:00", "21:00"]', '"21:00"', '["a", "b"]', '["21:00", "22:00", "23:00"]'],
        "from": ['"Anna <anna@example.org>"', '"anna"', '""', "4"],
    }.items(),
)
def test_an_impossible_value_of_the_reminders_is_refused_and_not_repeated(key, values):
    for value in values:
        told = problems(f"{PAGE}[notices]\n{key} = {value}")
        assert [one.split(":")[0] for one in told] == [f"notices.{key}"], value
        assert "anna" not in str(told).casefold()


@pytest.mark.parametrize("secret", ["", "\n", "two words\n", "ä\n", "a\nb\n"])
def test_a_token_that_is_none_is_not_repeated(secret):
    text = WHOLE
    [told] = problems(text, secret)
    assert told == "voice.token_file: must hold the vendor's token, on one line"


def test_a_token_file_that_cannot_be_read_is_said_in_its_words():
    def gone(path: Path) -> str:
        assert path == FOLDER / "voice-token"
        raise ValueError(f"{path} is not there")

    with pytest.raises(CheckInFileError, match=r"voice.token_file: /srv/clinic/voice-token is not there"):
        read_check_in_file(WHOLE, "f", FOLDER, gone)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (('"HH"', '"Harbor Recovery"'), "page.name: has 'recovery'"),
        (('"HH"', '"Casa de Tratamiento"'), "page.name: has 'tratamiento'"),
        (("checkin.example.org/", "drugcheck.example.org/"), "page.public_url: has 'drug'"),
        (("checkin@example.org", "testing@example.org"), "notices.from: has 'test'"),
        (('path = "hh"', 'path = "court"'), "page.path: has 'court'"),
    ],
)
def test_what_tells_others_what_the_place_is_is_warned_of_and_taken(change, place):
    [warning] = read(WHOLE.replace(*change)).warnings
    assert warning.startswith(f"clinic.db.checkin.toml: {place}, which tells others what the place is")


def test_names_that_only_sound_alike_are_not_warned_of():
    assert read(PAGE.replace("HH", "Contessa House")).warnings == []


def test_the_delivery_files_sender_is_warned_of_where_reminders_come_from_it():
    with_notices = read(f"{PAGE}[notices]\n")
    assert "has 'drug'" in warning_of_sender(with_notices, "drug-reports@clinic.example")
    assert warning_of_sender(with_notices, "office@clinic.example") is None
    assert warning_of_sender(read(PAGE), "drug-reports@clinic.example") is None
    assert warning_of_sender(read(WHOLE), "drug-reports@clinic.example") is None


KEYS = st.sampled_from(["name", "phone", "zone", "over", "morning", "quiet", "command", "token_file", "text", "x"])
VALUES = st.recursive(
    st.booleans() | st.integers(-5, 2000) | st.text(string.printable, max_size=12) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@examples(200)
@given(
    sections=st.dictionaries(
        st.sampled_from(["page", "notices", "notices.text", "voice"]), st.dictionaries(KEYS, VALUES, max_size=4)
    )
)
def test_whatever_a_file_holds_it_is_read_or_refused_by_its_keys(sections):
    lines = []
    for name, content in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml(value)}" for key, value in content.items()]
    try:
        read("\n".join(lines))
    except CheckInFileError as refused:
        assert refused.problems  # noqa: PT017


def _toml(value) -> str:
    import json

    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value) if not isinstance(value, float) else repr(value)
