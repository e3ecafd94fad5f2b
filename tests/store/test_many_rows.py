"""Many rows at once are the rows that were given, whatever is in their text, on a file as on a server."""

from contextlib import closing

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.store.tables import Look

TEXTS = [
    *(
        "a",
        "",
        "NULL",
        "null",
        " a ",
        "a,b",
        "{a}",
        '"',
        '\\"',
        "\\",
        "\\\\",
        "a\nb",
        "a\tb",
        "%s",
        "'",
        "é",
        "\U0001f9ea",
        "$1",
    ),
    None,
]


def test_texts_come_back_as_they_were_written(clinic):
    desk = Desk(clinic.url, clinic.today)
    with closing(desk), desk.writing() as work:
        rows = [(f"{number}", text) for number, text in enumerate(TEXTS)]
        work.write_all(Look, ["command", "detail"], rows)
    found = clinic.rows("SELECT command, detail FROM look ORDER BY id")
    assert found == [(f"{number}", text) for number, text in enumerate(TEXTS)]
    clinic("verify")
