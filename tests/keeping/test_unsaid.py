"""Somebody who knows how the program keeps what a row says does the same by hand, and writes the last page anew."""

import json
from hashlib import sha256

import pytest
from conftest import MONDAY, Clinic
from sqlmodel import Session
from test_rewriting import rewrite_newest
from test_verify import behind_its_back

from testing_tracker.store.engine import open_engine
from testing_tracker.store.ledger import pages as ledger

AS_SAID = "the recommendation 1 on record was written without an act that says so"


@pytest.fixture
def tested(clinic) -> Clinic:
    """A1 was positive on Monday, which raised a recommendation, and B1 negative; the night after has sealed that."""
    clinic.add("A1", "B1", schedule="fixed-2", name="Jane Example")
    clinic("draw")
    clinic("result", "A1", "positive", "--analyte", "coc")
    clinic("result", "B1", "negative")
    clinic("participant", "rename", "A1", "--name", "Jane Other", "--reason", "typed wrong")
    clinic.today = "2026-11-17"
    clinic("draw")
    clinic("participant", "leave", "B1", "2026-11-18", "2026-11-19", "--reason", "travel")
    assert "All holds" in clinic("verify")
    return clinic


def says(clinic: Clinic, table: str, row: int) -> dict[str, object]:
    """What was last written of a row."""
    query = f"SELECT says FROM last_written WHERE of_table = '{table}' AND row_id = {row} ORDER BY id DESC LIMIT 1"
    return json.loads(clinic.rows(query)[0][0])


def kept(table: str, row: int, word: dict[str, object] | None) -> str:
    """The statement that keeps a word of a row as the program does; None of one that is gone."""
    text = "NULL" if word is None else f"'{json.dumps(word, sort_keys=True, separators=(',', ':'))}'"
    return (
        "INSERT INTO last_written (id, facility_id, of_table, row_id, says) "
        f"SELECT max(id) + 1, 1, '{table}', {row}, {text} FROM last_written"
    )


def test_a_recommendation_that_is_declined_so(tested):
    word = says(tested, "recommendation", 1) | {"status": "declined", "decided_by": "lee"}
    change = "UPDATE recommendation SET status = 'declined', decided_by = 'lee' WHERE id = 1"
    rewrite_newest(tested, change, kept("recommendation", 1, word))
    found = tested.json_of_refused("verify")
    assert (tested.today, "A1", AS_SAID) in found
    assert (MONDAY, "A1", "recommendation 1 is not decided on as the audit table says") in found


def test_an_open_one_whose_words_are_changed_so(tested):
    """The acts of its status agree; that it asks for less is said by nobody."""
    word = says(tested, "recommendation", 1) | {"to_level": "iop", "reason": "nothing"}
    change = "UPDATE recommendation SET to_level = 'iop', reason = 'nothing' WHERE id = 1"
    rewrite_newest(tested, change, kept("recommendation", 1, word))
    assert tested.json_of_refused("verify") == [(tested.today, "A1", AS_SAID)]


def test_evidence_that_is_withdrawn_so(tested):
    withdrawn = "2026-11-17 20:00:00.000000"
    word = says(tested, "evidence", 1) | {"withdrawn_at": withdrawn}
    change = f"UPDATE evidence SET withdrawn_at = '{withdrawn}' WHERE id = 1"
    rewrite_newest(tested, change, kept("evidence", 1, word))
    said = "the evidence 1 on record was written without an act that says so"
    assert (tested.today, "A1", said) in tested.json_of_refused("verify")


def test_a_name_that_is_changed_so(tested):
    change = "UPDATE participant SET name = NULL, name_salt = NULL WHERE code = 'A1'"
    rewrite_newest(tested, change, kept("participant", 1, None))
    said = "the participant 1 on record was written without an act that says so"
    assert (tested.today, "A1", said) in tested.json_of_refused("verify")


IMPORTED = (
    "INSERT INTO audit_entry (facility_id, at, account, act) "
    "VALUES (1, '2026-11-17 20:00:00.000000', 'root', 'history import')"
)
TO_DRAW_1 = {"facility_id": 1, "participant_id": 1, "draw_id": 1}


@pytest.mark.parametrize(
    ("table", "word", "others"),
    [
        ("facility", {"name": "Hillside"}, []),
        ("facility", {"name": "Hillside"}, [IMPORTED]),
        ("facility", None, []),
        ("renaming", {"earlier_name": "nobody"}, []),
        ("renaming", {"earlier_name": "nobody"}, [IMPORTED]),
        ("renaming", None, []),
        ("recommendation", None, [IMPORTED]),
        ("evidence", None, [IMPORTED]),
        ("review", TO_DRAW_1 | {"about": "validity"}, []),
        ("review", None, [IMPORTED]),
        ("draw", {"facility_id": 1, "status": "excused"}, []),
        ("draw", None, [IMPORTED]),
        ("delivery", None, []),
        ("delivery", None, [IMPORTED]),
    ],
)
def test_a_word_of_any_table_without_an_act_that_is_about_its_row(tested, table, word, others):
    """A past record that was imported says something of everybody's draws, and nothing of names or what is gone."""
    rewrite_newest(tested, *others, kept(table, 1, word))
    said = f"the {table} 1 on record was written without an act that says so"
    assert said in [what for _, _, what in tested.json_of_refused("verify")]


def test_the_word_without_the_page_is_the_ledgers_to_name(tested):
    word = says(tested, "recommendation", 1) | {"to_level": "iop"}

    behind_its_back(tested, "UPDATE recommendation SET to_level = 'iop' WHERE id = 1", kept("recommendation", 1, word))
    found = tested.json_of_refused("verify")
    assert [what for _, _, what in found] == ["the last written on record was added behind the program's back"]


def test_a_delivery_that_is_said_to_have_arrived_so(tested):
    """Its words are kept as the program keeps them; that it arrived is an act, and there is none."""
    at = "2026-11-17 20:00:00.000000"
    word = {"facility_id": 1, "week": "2026-W46", "channel": "mail", "attempts": 1, "next_at": at, "delivered_at": at}
    add = (
        "INSERT INTO delivery (id, facility_id, week, channel, attempts, next_at, delivered_at) "
        f"VALUES (1, 1, '2026-W46', 'mail', 1, '{at}', '{at}')"
    )
    rewrite_newest(tested, add, kept("delivery", 1, word))
    said = "the delivery 1 on record was written without an act that says so"
    assert tested.json_of_refused("verify") == [(tested.today, "", said)]


def test_a_page_before_it_that_says_to_have_reached_no_act_makes_the_others_none_of_its_own(tested):
    """Which acts stand beside a row say the pages: behind such a one it would be all that there ever were."""
    word = says(tested, "recommendation", 1) | {"to_level": "iop"}
    engine = open_engine(tested.location)
    with Session(engine) as session:
        connection = session.connection()
        pages, before = ledger.Pages(session), ledger._last_page(connection, 1)
        number, up_to = ledger._next_id(connection, before), json.dumps(before.up_to | {"audit_entry": 0})
        digest = sha256(f"{before.digest}{number} 1 {up_to}".encode()).hexdigest()
        page = {"id": number, "facility_id": 1, "up_to": up_to, "marks": b"", "digest": digest}
        connection.execute(ledger._ADD_PAGE, page)
        connection.exec_driver_sql("UPDATE recommendation SET to_level = 'iop' WHERE id = 1")
        connection.exec_driver_sql(kept("recommendation", 1, word))
        pages.write(1)
        session.commit()
    engine.dispose()
    assert [what for _, _, what in tested.json_of_refused("verify")] == [
        "a page of the ledger written then was removed or changed behind the program's back"
    ]
