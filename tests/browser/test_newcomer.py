"""Somebody who has the documentation alone comes to a participant who has checked in, on a telephone-sized browser.

What docs/checkin.md has them type is typed in a shell as it stands there, at whatever hour the test runs: the machine's
zone is one in which it is about noon. Only the port is another one, so that nothing else is in the way.
"""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from browser.test_check_in_page import check_in, opened, shows, started
from pypdf import PdfReader

pytestmark = pytest.mark.sqlite_only(reason="the page's clinic is a file")

PAGE = (Path(__file__).parents[2] / "docs" / "checkin.md").read_text("utf-8")
TRY_IT = PAGE.partition("## Try it in five minutes")[2].partition("\n## ")[0]


def zone_of_noon() -> str:
    """A zone in which it is between 11:30 and 12:30 now; its name has the sign the other way round."""
    west = round(datetime.now(UTC).hour + datetime.now(UTC).minute / 60) - 12
    return f"Etc/GMT{west:+d}" if -14 <= west <= 12 else "Etc/GMT+12"


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TESTING_TRACKER_")}
    program = Path(sys.executable).parent
    return kept | {"HOME": str(home), "TZ": zone_of_noon(), "PATH": f"{program}:{os.environ['PATH']}"}


@contextmanager
def page_served(home: Path, words: list[str]):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = {"TESTING_TRACKER_DATABASE": str(home / "training.db")}
    words = [*words, "--listen", f"127.0.0.1:{port}"]
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(words, cwd=home, env=environment(home) | database, stdout=nowhere, stderr=nowhere)
    try:
        for _ in range(300):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def test_from_the_documentation_to_a_participant_who_has_checked_in(tmp_path):
    (file,) = re.findall(r"<!-- file (\S+) -->\n\n```\w*\n(.*?)```", TRY_IT, re.DOTALL)
    (tmp_path / file[0]).write_text(file[1], encoding="utf-8")
    (block,) = re.findall(r"```sh\n(.*?)```", TRY_IT, re.DOTALL)
    install, *typed, serve = block.splitlines()
    assert "pip install '.[web]'" in install  # `.ci/run` installs it so
    done = subprocess.run(
        ["sh", "-ec", "\n".join(typed)],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    card = "".join(page.extract_text() for page in PdfReader(tmp_path / "card.pdf").pages)
    number, pin = re.search(r"\d{3}-\d{4}", card)[0], re.search(r"\b\d{3}\s\d{3}\b", card)[0]
    with page_served(tmp_path, serve.split()) as address:
        driver = started(scripts=False)
        try:
            opened(driver, address, width=360)
            check_in(driver, number, pin)
            assert shows(driver, "Your receipt:", "Keep this number")
        finally:
            driver.quit()
        fetched = subprocess.run(
            ["sh", "-ec", "testing-tracker web sync; testing-tracker checkin list"],
            cwd=tmp_path,
            env=environment(tmp_path) | {"TESTING_TRACKER_DATABASE": str(tmp_path / "training.db")},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert fetched.returncode == 0, fetched.stderr
    (line,) = [line for line in fetched.stdout.splitlines() if line.startswith("A17")]
    assert re.fullmatch(r"A17\s+1[12]:\d\d\s+page\s+(come|stay)\s+\d{4}-\d{4}", line.strip())
