"""`audit list`: acts and looks in one order, by whom and about whom, in words and by the facility's clock."""

import csv
import io
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from conftest import Clinic, at_facility, made_once
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.keeping.acts_said import SAID, act_said, detail_said

KEYS = ["at", "account", "kind", "what", "said", "participant", "due_on", "recommendation", "reason", "detail"]


@made_once
def kept(clinic):
    """On Monday A17 had a positive and somebody looked; on Wednesday B04 was excused."""
    clinic.add("A17", "B04")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    clinic("participant", "show", "A17")
    clinic.today = "2026-11-18"
    clinic("draw")
    clinic("test", "B04", "--reason", "asked to come")
    clinic("excuse", "B04", "--reason", "court date")


def told(clinic: Clinic, *more: str) -> list[dict]:
    return clinic.json("audit", "list", *more)


def whats(lines: Sequence[dict]) -> list[str]:
    return [line["what"] for line in lines]


def test_acts_and_looks_stand_in_one_order(kept):
    lines = told(kept, "--from", "2026-11-16")
    assert list(lines[0]) == KEYS
    found = [line["what"] for line in lines if line["what"] in ("result log", "participant show", "draw excused")]
    assert found == ["result log", "participant show", "draw excused"]
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert {line["kind"] for line in lines if line["what"] == "participant show"} == {"look"}


def test_it_is_of_the_last_day_where_nothing_narrows_it(kept):
    lines = told(kept)
    assert {line["at"][:10] for line in lines} == {"2026-11-18"}
    kept.today = "2026-11-25"
    assert "Nothing is on record since 2026-11-24; --from DATE goes further back." in " ".join(
        kept("audit", "list").split()
    )


def test_the_days_are_the_facilitys_and_both_are_included(kept):
    assert {line["at"][:10] for line in told(kept, "--from", "2026-11-16", "--to", "2026-11-16")} == {"2026-11-16"}
    assert {line["at"][:10] for line in told(kept, "--to", "2026-11-17")} <= {"2026-11-16"}
    zone = kept.rows("SELECT timezone FROM facility")[0][0]
    offset = datetime.fromisoformat(told(kept)[0]["at"]).utcoffset()
    assert zone == "America/Los_Angeles", "whose offset is told"
    assert offset == timedelta(hours=-8)


def test_it_is_of_one_account_or_of_one_kind(kept):
    since = ("--from", "2026-11-16")
    acts, looks = ([line["kind"] for line in told(kept, *since, f"--{kind}s")] for kind in ("act", "look"))
    assert ({*acts}, {*looks}) == ({"act"}, {"look"})
    me = told(kept)[0]["account"]
    assert {line["account"] for line in told(kept, *since, "--by", me)} == {me}
    assert len(told(kept, *since, "--by", me)) > len(acts) + len(looks)
    assert told(kept, *since, "--by", "nobody-here") == []


def test_a_participants_has_earlier_codes_and_joined_records(kept):
    kept("participant", "rename", "A17", "A71", "--reason", "typed wrong")
    kept("participant", "join", "B04", "A71", "--reason", "same person", "--yes")
    for code in ("A17", "a71", "B04"):
        found = whats(told(kept, "--participant", code))
        assert {"result log", "draw excused", "participant show", "participant rename", "participant join"} <= {*found}


def test_of_a_participant_it_is_a_look_itself_that_comes_behind_what_it_shows(kept):
    assert "audit list" not in whats(told(kept, "--participant", "A17"))
    assert [line["what"] for line in told(kept, "--participant", "A17") if line["kind"] == "look"] == [
        "participant show",
        "audit list",
    ]


def test_it_says_the_act_in_words_with_its_reason_and_details_and_no_name(kept):
    kept("participant", "rename", "A17", "--name", "Ada Example", "--reason", "known now")
    printed = " ".join(kept("audit", "list", "--from", "2026-11-16").split())
    assert "excused, draw of 2026-11-18 court date" in printed
    assert "result logged, draw of 2026-11-16" in printed
    assert "analytes cocaine" in printed
    assert "looked: participant show" in printed
    assert "Ada" not in printed
    assert "Ada" not in str(told(kept, "--from", "2026-11-16"))


def test_csv_and_json_say_the_same(kept):
    rows = list(csv.DictReader(io.StringIO(kept("audit", "list", "--from", "2026-11-16", "--acts", "--format", "csv"))))
    lines = told(kept, "--from", "2026-11-16", "--acts")[: len(rows)]
    assert list(rows[0]) == KEYS
    assert [{key: "" if value is None else str(value) for key, value in line.items()} for line in lines] == rows
    assert told(kept, "--by", "nobody-here") == []


def test_a_table_has_the_newest_and_says_how_to_see_all(kept, monkeypatch):
    from testing_tracker.cli import audit

    monkeypatch.setattr(audit, "_MOST_IN_A_TABLE", 2)
    total = len(told(kept, "--from", "2026-11-16"))
    printed = " ".join(kept("audit", "list", "--from", "2026-11-16").split())
    assert "enrolled" not in printed
    assert f"These are the newest 2 of {total + 2}." in printed  # the export is an act and a look


def test_days_the_wrong_way_round_are_refused(kept):
    done = kept.run("audit", "list", "--from", "2026-11-18", "--to", "2026-11-16")
    assert done.exit_code == 2
    assert "2026-11-18 is after 2026-11-16" in " ".join(done.stderr.split())
    assert "There is no participant Z9" in kept.run("audit", "list", "--participant", "Z9").stderr


def test_what_an_account_has_put_on_record_since(kept):
    desk = Desk(kept.url, kept.today)
    with desk.reading() as work:
        since = services.audit.acts_since(work, work.account, datetime(2026, 11, 18, 12, tzinfo=UTC))
        later = services.audit.acts_since(work, work.account, work.now + timedelta(seconds=1))
        other = services.audit.acts_since(work, "nobody-here", datetime(2026, 1, 1, tzinfo=UTC))
    desk.close()
    assert since[-1].said == "excused"
    assert {line.at.date().isoformat() for line in since} == {"2026-11-18"}
    assert (later, other) == ([], [])


def test_it_is_of_one_facility(network):
    at_facility(network, "1", "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
    at_facility(network, "2", "participant", "add", "B04", "--schedule", "fixed-2", "--level", "iop")
    for number, code, other in (("1", "A17", "B04"), ("2", "B04", "A17")):
        at_facility(network, number, "participant", "show", code)
        said = at_facility(network, number, "audit", "list", "--format", "csv")
        assert said.count(f",{code},") == 2
        assert other not in said
        desk = Desk(network.url, network.today, number)
        with desk.reading() as work:
            since = services.audit.acts_since(work, work.account, datetime(2026, 1, 1, tzinfo=UTC))
        desk.close()
        assert {line.participant for line in since} == {code, None}


def test_it_is_read_by_an_index_where_it_is_of_a_participant(kept):
    with closing(Desk(kept.url, kept.today)) as desk, desk.reading() as work:
        asked = services.audit.EntriesAsked(records=[1])
        for kind in services.audit.EntryKind:
            query = services.audit._of_kind(work, kind, asked)
            text = str(query.compile(work.session.get_bind(), compile_kwargs={"literal_binds": True}))
            if work.session.get_bind().dialect.name == "sqlite":
                plan = " ".join(
                    row[3] for row in work.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
                )
                assert "participant_id=" in plan.partition("JOIN")[0], plan


def test_every_act_has_its_words():
    assert set(SAID) == set(Act)
    assert len(set(SAID.values())) == len(SAID)
    assert act_said("of a later version") == "of a later version"


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        (None, ""),
        ('{"outcome": "positive", "analytes": ["cocaine", "opiates"]}', "outcome positive; analytes cocaine, opiates"),
        ('{"names": false, "to": "file", "of": "2026-W47"}', "to file; of 2026-W47"),
        ('{"late": true, "from_on": null}', "late"),
        ('{"kept": 0}', "kept 0"),
        ("not json", "not json"),
        ("[1, 2]", "1, 2"),
        ('{"a": {"b": 1}}', "a b 1"),
    ],
)
def test_details_are_said_in_words(detail, said):
    assert detail_said(detail) == said


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(detail=_PLAIN)
def test_whatever_an_entry_has_is_said(detail):
    import json

    assert isinstance(detail_said(json.dumps(detail)), str)
