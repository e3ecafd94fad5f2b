"""`serve` as a process that delivers: into a folder, by mail, once for two of them, and stopping when asked."""

import json
import time

from conftest import made_once
from post_office import PASSWORD, SENDER, USER
from test_serve import NEXT_MONDAY, STOPPED_IN_A_TURN, serving, stop, wait_for


@made_once
def monday(clinic):
    """A training clinic whose first week is over, and whose last night is still to be made."""
    clinic.add("A1", "A2", "A3")
    clinic("draw")
    for code in ("A1", "A2", "A3"):
        clinic("result", code, "negative")
    clinic.today = NEXT_MONDAY


def configure(clinic, text):
    file = clinic.location.delivery_of(1)
    file.write_text(text)
    file.chmod(0o600)


def by_mail(clinic, one_office):
    values = {"host": "localhost", "port": one_office.port, "tls": "starttls", "user": USER, "password": PASSWORD}
    values |= {"ca_file": str(one_office.certificates / "ca.pem"), "from": SENDER, "to": ["doctor@clinic.example"]}
    configure(clinic, "\n".join(["[mail]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]))


def delivered(clinic):
    return clinic.rows("SELECT week, channel, attempts FROM delivery WHERE delivered_at IS NOT NULL")


def test_it_writes_the_report_into_the_folder(monday, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    configure(monday, f'[folder]\npath = "{folder}"\nforms = ["pdf", "json", "csv"]')
    with serving(monday) as process:
        assert "the weekly report at 06:00 on Mondays" in process.first_line
        wait_for(lambda: delivered(monday))
        printed, complained = stop(process)
    assert "TRAINING report of 2026-W47 written: 3 participants" in printed
    (gap,) = complained.splitlines()
    assert "the nightly draw did not run on the 6 days from 2026-11-17 to 2026-11-22" in gap
    assert "A1" not in printed
    assert delivered(monday) == [("2026-W47", "folder", 1)]
    names = {f"report-2026-W47.{ending}" for ending in ("pdf", "json", "csv")}
    assert {path.name for path in folder.iterdir()} == names  # and no part of one
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert (folder / "report-2026-W47.pdf").read_bytes().startswith(b"%PDF")
    assert json.loads((folder / "report-2026-W47.json").read_text())["week"] == "2026-W47"


def test_two_of_them_mail_it_once(monday, one_office):
    by_mail(monday, one_office)
    one_office.seconds = 1
    with serving(monday) as one, serving(monday) as other:
        wait_for(lambda: delivered(monday))
        printed = [stop(one)[0], stop(other)[0]]
    assert delivered(monday) == [("2026-W47", "mail", 1)]
    assert [message["Subject"] for message in one_office.messages] == ["TRAINING Weekly report 2026-W47"]
    assert sum("report of 2026-W47 mailed" in text for text in printed) == 1


def test_a_mail_server_that_does_not_answer_does_not_keep_it_from_stopping(monday, one_office):
    by_mail(monday, one_office)
    one_office.seconds = 60
    with serving(monday) as process:
        wait_for(lambda: one_office.offered)
        printed, complained = stop(process)
    assert "draws of 2026-11-23 made" in printed
    assert complained.rstrip().endswith(STOPPED_IN_A_TURN)
    assert delivered(monday) == []
    assert monday.rows("SELECT attempts, busy_until IS NULL, error FROM delivery") == [(1, 0, None)]
    assert monday.json("status")["deliveries"][0]["state"] == "under way"


def test_a_file_that_cannot_be_used_keeps_no_draw_from_being_made(monday):
    configure(monday, "[mail]\nhots = 1")
    with serving(monday) as process:
        wait_for(lambda: monday.rows("SELECT 1 FROM night WHERE day = '2026-11-23'"))
        time.sleep(0.5)
        printed, complained = stop(process)
    assert "draws of 2026-11-23 made" in printed
    assert "mail.hots: unknown" in complained
    assert "Trying again in a minute" in complained


def test_a_report_is_mailed_beside_the_folder_that_serve_was_given(monday, one_office, tmp_path):
    by_mail(monday, one_office)
    folder = tmp_path / "reports"
    folder.mkdir()
    printed = monday("serve", "--once", "--reports", str(folder))
    assert "report of 2026-W47 written" in printed
    assert "report of 2026-W47 mailed" in printed
    assert {path.name for path in folder.iterdir()} == {"report-2026-W47.txt", "report-2026-W47.json"}
    assert delivered(monday) == [("2026-W47", "folder", 1), ("2026-W47", "mail", 1)]
