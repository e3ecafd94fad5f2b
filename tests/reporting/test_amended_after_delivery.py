"""A report that was delivered and then amended: `status` and the next report name it, and its readers get it anew."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import databases
import pytest
from conftest import Clinic
from freezegun import freeze_time
from post_office import DIRECTOR, DOCTOR, PASSWORD, SENDER, USER

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ZONE = ZoneInfo("America/Los_Angeles")
WEEK, NEXT = "2026-W47", "2026-W48"
SEND = "testing-tracker report weekly --week 2026-W47 --send"


def at(day: int, hour: int = 6, minute: int = 0):
    """That moment of November, for the program; the mail server goes on in its own time."""
    return freeze_time(datetime(2026, 11, day, hour, minute, tzinfo=ZONE), real_asyncio=True)


@pytest.fixture(scope="module")
def made_live(tmp_path_factory):
    """Two people, drawn for two weeks; the first week's report may leave on Monday the 23rd."""
    made = Clinic(tmp_path_factory.mktemp("amended") / "live.db", None)
    with at(15, 12):
        made("init", "--facility", "Harbor House", "--timezone", ZONE.key)
        made.add("A1", "A2", schedule="fixed-2")
    for day in range(16, 24):
        with at(day, 0, 5):
            made("draw")
        if day == 16:
            with at(day, 10):
                made("result", "A1", "negative")
                made("result", "A2", "negative")
    return made.database


@pytest.fixture
def live(made_live, tmp_path):
    databases.copy(made_live, tmp_path / "live.db")
    return Clinic(tmp_path / "live.db", None)


def configure(live, lines: list[str]) -> None:
    file = live.location.delivery_of(1)
    file.write_text("\n".join(lines))
    file.chmod(0o600)


def by_mail(office) -> list[str]:
    values = {"host": "localhost", "port": office.port, "tls": "starttls", "user": USER, "password": PASSWORD}
    values |= {"ca_file": str(office.certificates / "ca.pem"), "from": SENDER, "to": [DOCTOR, DIRECTOR]}
    return ["[mail]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]


def serve(live, day: int, hour: int = 6, minute: int = 0) -> str:
    with at(day, hour, minute):
        done = live.run("serve", "--once")
        assert done.exit_code == 0, done.output
    return done.stdout


def amend(live, day: int = 24) -> None:
    """The director is told on Tuesday that A1's test of the week before was positive."""
    with at(day, 9):
        live("amend", "A1", "positive", "--analyte", "cocaine", "--on", "2026-11-16", "--reason", "the wrong cup")


def nights(live, *days: int) -> None:
    for day in days:
        with at(day, 0, 5):
            live("draw")


def amended(live, day: int) -> list[tuple]:
    with at(day, 12):
        found = json.loads(live.run("status", "--format", "json").stdout)["amended"]
    return [(one["week"], one["channel"], one["delivered_at"][:10], one["do"]) for one in found]


def test_status_names_it_and_how_it_is_sent_again(live, one_office):
    configure(live, by_mail(one_office))
    serve(live, 23)
    assert amended(live, 23) == []
    amend(live)
    assert amended(live, 24) == [(WEEK, "mail", "2026-11-23", SEND)]
    with at(24, 12):
        said = " ".join(live.run("status").stdout.split())
    assert "report by mail 2026-W47 amended 2026-11-23 06:00" in said
    with at(24, 13):
        live("report", "weekly", "--week", WEEK, "--send")
    assert [message["Subject"] for message in one_office.messages] == [
        "Weekly report 2026-W47",
        "Weekly report 2026-W47, amended",
    ]
    assert amended(live, 25) == []


def test_its_new_edition_is_delivered_once_with_the_next_report(live, one_office):
    configure(live, by_mail(one_office))
    serve(live, 23)
    amend(live)
    assert "mailed" not in serve(live, 24, 10)  # results come for days; not each is a mail
    nights(live, *range(25, 31))
    said = serve(live, 30)
    assert f"report of {NEXT} mailed" in said
    assert f"report of {WEEK} mailed" in said
    assert [message["Subject"] for message in one_office.messages] == [
        "Weekly report 2026-W47",
        "Weekly report 2026-W48",
        "Weekly report 2026-W47, amended",
    ]
    first, _, second = (message["Message-ID"] for message in one_office.messages)
    assert first != second
    assert "says what was amended" in one_office.messages[2].get_body().get_content()
    assert "mailed" not in serve(live, 30, 7)
    assert len(one_office.messages) == 3
    assert amended(live, 30) == []
    with at(30, 8):
        assert "All holds" in live("verify")


def test_the_next_report_names_it(live, one_office):
    configure(live, by_mail(one_office))
    serve(live, 23)
    amend(live)
    nights(live, *range(25, 31))
    with at(30, 5):
        text = " ".join(live("report", "weekly").split())
        (found,) = live.json("report", "weekly")["amended_after_delivery"]
    assert "Reports amended after they were delivered: 1" in text
    assert "2026-W47" in text
    assert SEND in text
    assert (found["week"], found["channel"], found["delivered_at"][:10]) == (WEEK, "mail", "2026-11-23")


def test_what_leaves_the_report_as_it_was_is_not_delivered_again(live, one_office):
    configure(live, by_mail(one_office))
    serve(live, 23)
    amend(live)
    with at(24, 10):
        live("amend", "A1", "negative", "--on", "2026-11-16", "--reason", "no, it was right")
        live("recommendation", "list")
    nights(live, *range(25, 31))
    said = serve(live, 30)
    assert f"report of {WEEK} mailed" not in said
    assert len(one_office.messages) == 2
    assert amended(live, 30) == []


def test_a_new_edition_that_did_not_arrive_is_tried_again_and_is_another_message(live, one_office):
    configure(live, by_mail(one_office))
    serve(live, 23)
    amend(live)
    nights(live, *range(25, 31))
    one_office.close()
    with at(30):
        assert live.run("serve", "--once").exit_code == 1
    one_office.open()
    configure(live, by_mail(one_office))
    serve(live, 30, 8)
    subjects = [message["Subject"] for message in one_office.messages]
    assert sorted(subjects[1:]) == ["Weekly report 2026-W47, amended", "Weekly report 2026-W48"]
    assert len({message["Message-ID"] for message in one_office.messages}) == 3


def test_the_file_in_the_folder_is_written_anew(live, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    configure(live, ["[folder]", f'path = "{folder}"', 'forms = ["json"]'])
    serve(live, 23)
    file = folder / f"report-{WEEK}.json"
    assert json.loads(file.read_text())["totals"]["positive"] == 0
    amend(live)
    nights(live, *range(25, 31))
    serve(live, 30)
    found = json.loads(file.read_text())
    assert (found["totals"]["positive"], found["edition"]) == (1, 2)


def test_a_change_of_another_week_is_not_an_amendment_of_this_one(live, one_office):
    configure(live, by_mail(one_office))
    serve(live, 23)
    with at(23, 12):
        live("result", "A1", "negative")
    assert amended(live, 23) == []
