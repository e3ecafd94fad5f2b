"""A facility's name and its timezone are corrected from now or a day on; what was is on record, and holds."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import Clinic
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.calendar import CorrectedZone, Timezones, instant, zone_of, zone_on

WHY = ("--reason", "it was wrong")
PACIFIC, EASTERN = ZoneInfo("America/Los_Angeles"), ZoneInfo("America/New_York")
ZONES = [
    "America/Los_Angeles",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Tokyo",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
]


# The name.


def test_the_new_name_is_in_reports_and_lists_and_the_old_one_finds_it(network):
    assert "Ostkreuz is called Westkreuz from now on." in network(
        "--facility", "Ostkreuz", "facility", "rename", "Westkreuz", *WHY
    )
    listed = network.json("facility", "list")
    assert [one["facility"] for one in listed] == ["My facility", "Westkreuz"]
    assert [one["earlier_names"] for one in listed] == [[], ["Ostkreuz"]]
    found = network.run("--facility", "ostkreuz", "report", "weekly")
    assert "Westkreuz" in found.stdout
    assert found.stderr.count("ostkreuz is called Westkreuz now.") == 1
    assert "is called" not in network.run("--facility", "Westkreuz", "due").stderr
    assert network.run("--facility", "Ostkreuz", "status").stderr.count("is called Westkreuz now") == 1
    assert "All holds" in network("--facility", "Ostkreuz", "verify")


def test_another_facility_may_take_the_old_name(network):
    network("--facility", "Ostkreuz", "facility", "rename", "Westkreuz", *WHY)
    network("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
    network("--facility", "Ostkreuz", "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
    assert network.json("--facility", "3", "participant", "list")[0]["participant"] == "A17"
    assert network.json("--facility", "Westkreuz", "participant", "list") == []


def test_a_name_that_two_had_finds_neither(network):
    network("--facility", "2", "facility", "rename", "Westkreuz", *WHY)
    network("--facility", "1", "facility", "rename", "Ostkreuz", *WHY)
    network("--facility", "1", "facility", "rename", "Nordkreuz", *WHY)
    assert "There is no facility 'Ostkreuz'" in network.refused("--facility", "Ostkreuz", "due")


def test_a_name_is_refused_where_it_is_taken_or_none(network):
    rename = ("--facility", "2", "facility", "rename")
    assert "already" in network.refused(*rename, "my FACILITY", *WHY)
    assert "already; there is nothing to do" in network.refused(*rename, "Ostkreuz", *WHY)
    assert "is not a facility's name" in network.refused(*rename, "=2+2", *WHY)
    network(*rename, "OSTKREUZ", *WHY)


def test_a_closed_weeks_report_is_no_new_edition_by_another_name(clinic):
    clinic.add("A17")
    clinic("draw")
    clinic("result", "A17", "negative")
    clinic.today = "2026-11-23"
    clinic("draw")
    before = clinic.json("report", "weekly", "--week", "2026-W47")
    clinic("facility", "rename", "Harbor House", *WHY)
    after = clinic.json("report", "weekly", "--week", "2026-W47")
    assert after["facility"] == "Harbor House (TRAINING)"
    assert (before["edition"], before["amended"]) == (after["edition"], after["amended"])
    assert clinic.rows("SELECT count(*) FROM report_edition") == [(1,)]
    assert "All holds" in clinic("verify")


def test_who_when_and_why_is_on_record_and_a_managers_to_do(clinic):
    clinic("facility", "rename", "Harbor House", *WHY)
    clinic("facility", "timezone", "America/New_York", *WHY)
    assert clinic.rows("SELECT name, earlier, reason FROM facility_name") == [
        ("Harbor House", "My facility", "it was wrong")
    ]
    assert clinic.rows("SELECT from_on, timezone, reason FROM facility_zone") == [
        ("2026-11-17", "America/New_York", "it was wrong")
    ]
    acts = [act for (act,) in clinic.rows("SELECT act FROM audit_entry ORDER BY id")]
    assert acts[-2:] == ["facility rename", "facility timezone"]
    for table in ("facility_name", "facility_zone"):
        with pytest.raises(Exception, match="append-only"):
            clinic.change(f"DELETE FROM {table}")


# The timezone.


@pytest.fixture
def at(tmp_path):
    """A live clinic in Los Angeles with A17, whose clock can be set: commands typed in `with at(…)` happen then."""
    live = Clinic(tmp_path / "live.db", None)

    def set_clock(moment: str, zone: ZoneInfo = PACIFIC):
        return freeze_time(datetime.fromisoformat(moment).replace(tzinfo=zone).astimezone(UTC))

    with set_clock("2026-11-15T16:00"):
        live("init", "--timezone", PACIFIC.key)
        live.add("A17", "B04", schedule="fixed-2")  # Monday and Thursday
    set_clock.clinic = live
    return set_clock


def test_a_decided_day_keeps_its_window_and_later_days_have_the_new_one(at):
    clinic = at.clinic
    with at("2026-11-16T00:05"):
        clinic("draw")
    with at("2026-11-16T17:30"):
        clinic("result", "A17", "negative", "--collected-at", "16:30")
        clinic("result", "B04", "negative", "--collected-at", "17:10")
        assert "From 2026-11-17 on" in clinic("facility", "timezone", EASTERN.key, *WHY)
    for day in (17, 18, 19):
        with at(f"2026-11-{day}T03:30", EASTERN):
            clinic("draw")
    with at("2026-11-19T19:00", EASTERN):  # 16:00 in Los Angeles, where it was not late
        clinic("result", "A17", "negative", "--collected-at", "16:30")
        clinic("result", "B04", "negative", "--collected-at", "17:10")
    late = clinic.rows("SELECT due_on, late FROM draw ORDER BY due_on, participant_id")
    assert late == [("2026-11-16", 0), ("2026-11-16", 1), ("2026-11-19", 0), ("2026-11-19", 1)]
    collected = [str(at)[:16] for (at,) in clinic.rows("SELECT collected_at FROM result ORDER BY id")]
    assert collected == ["2026-11-17 00:30", "2026-11-17 01:10", "2026-11-19 21:30", "2026-11-19 22:10"]
    with at("2026-11-23T04:00", EASTERN):
        clinic("draw")
        assert "All holds" in clinic("verify")
        text = " ".join(clinic("report", "weekly", "--week", "2026-W47").split())
        assert "(America/Los_Angeles, from 2026-11-17 on America/New_York time)" in text
        assert clinic.json("facility", "list")[0]["timezone"] == EASTERN.key
        printed = clinic("report", "weekly", "--week", "2026-W47")
        clinic("facility", "timezone", PACIFIC.key, *WHY)
    with at("2026-11-25T04:00"):
        assert clinic("report", "weekly", "--week", "2026-W47") == printed
        assert "All holds" in clinic("verify")


def today(clinic):
    return json.loads(clinic.run("status", "--format", "json").stdout)["today"]


def test_today_goes_on_by_the_old_clock_until_the_day_is_over(at):
    clinic = at.clinic
    with at("2026-11-16T12:00"):
        clinic("facility", "timezone", EASTERN.key, *WHY)
        assert clinic.json("facility", "list")[0]["timezone"] == PACIFIC.key
        assert clinic.json("facility", "list")[0]["timezone_changes"] == ["2026-11-17 America/New_York"]
    with at("2026-11-16T23:30"):  # it is the 17th in New York
        assert today(clinic) == "2026-11-16"
    with at("2026-11-17T00:01"):
        assert today(clinic) == "2026-11-17"
    with at("2026-11-17T21:30"):
        assert today(clinic) == "2026-11-18"


@pytest.mark.parametrize("moves_to", ["America/New_York", "Asia/Tokyo", "Pacific/Honolulu"])
def test_serve_goes_by_the_new_clock_without_a_restart_and_makes_each_night_once(at, moves_to):
    """One process's turns; `serve` reads the zone at each."""
    from functools import partial

    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.cli.desk.files import write_file
    from testing_tracker.rules.keeping.owed import Hours
    from testing_tracker.rules.serving.delivery_file import Deliveries
    from testing_tracker.serving import turn

    clinic = at.clinic
    desk = Desk(clinic.url, None)
    plan = turn.Plan(
        clinic.location,
        Hours(time(0, 5), time(6)),
        lambda _: Deliveries(),
        desk.clock,
        partial(write_file, desk.location),
    )
    with at("2026-11-15T17:00"):
        turn.do_what_is_owed(plan)
    with at("2026-11-16T12:00"):
        clinic("facility", "timezone", moves_to, "--from", "2026-11-18", *WHY)
    moment = datetime(2026, 11, 15, 18, tzinfo=PACIFIC).astimezone(UTC)
    while moment < datetime(2026, 11, 20, 12, tzinfo=PACIFIC):
        with freeze_time(moment):
            turn.do_what_is_owed(plan)
        moment += timedelta(minutes=60)
    desk.close()
    nights = clinic.rows("SELECT day, ran FROM night ORDER BY day")
    assert [day for day, _ in nights][:6] == [f"2026-11-{day}" for day in range(15, 21)]
    assert all(ran for _, ran in nights)
    made = clinic.rows("SELECT recorded_at FROM night WHERE day = '2026-11-19'")
    local = datetime.fromisoformat(f"{made[0][0]}").replace(tzinfo=UTC).astimezone(ZoneInfo(moves_to))
    assert (local.date(), local.hour) == (date(2026, 11, 19), 0 if local.minute else 1)
    with freeze_time(moment):
        assert "All holds" in clinic("verify")


def test_a_day_that_the_move_cuts_short_is_held_against_nobody(at):
    """Monday begins in Tokyo at 17:00, when its window is over."""
    clinic = at.clinic
    with at("2026-11-15T17:00"):
        clinic("draw")
        clinic("facility", "timezone", "Asia/Tokyo", *WHY)
    with at("2026-11-16T17:10", ZoneInfo("Asia/Tokyo")):
        clinic("draw")
        assert clinic.rows("SELECT due_on, status FROM draw") == [("2026-11-16", "due")] * 2
    with at("2026-11-17T00:10", ZoneInfo("Asia/Tokyo")):
        clinic("draw")
    assert clinic.rows("SELECT due_on, status FROM draw") == [("2026-11-16", "unrecorded")] * 2
    with at("2026-11-17T00:20", ZoneInfo("Asia/Tokyo")):
        assert "All holds" in clinic("verify")


def test_a_day_that_was_begun_or_decided_is_refused(clinic):
    clinic("draw")
    timezone = ("facility", "timezone")
    assert "Give 2026-11-17 or a later day" in clinic.refused(*timezone, EASTERN.key, "--from", "today", *WHY)
    assert "Give 2026-11-17 or a later day" in clinic.refused(*timezone, EASTERN.key, "--from", "2026-11-02", *WHY)
    assert "There is no timezone 'Mars/Olympus'" in clinic.refused(*timezone, "Mars/Olympus", *WHY)
    assert "goes by America/Los_Angeles on 2026-11-17 already" in clinic.refused(*timezone, PACIFIC.key, *WHY)
    clinic(*timezone, EASTERN.key, "--from", "2026-12-01", *WHY)
    clinic(*timezone, "Pacific/Niue", "--from", "2026-12-02", *WHY)
    assert "more than a day away" in clinic.refused(*timezone, "Pacific/Kiritimati", "--from", "2026-12-03", *WHY)
    done = clinic.run(*timezone, "America/Denver", "--from", "2026-11-20", *WHY)
    assert "from 2026-12-01 on it goes by America/New_York, as was recorded before." in done.stderr
    clinic(*timezone, "America/Denver", "--from", "2026-12-01", *WHY)
    assert clinic.json("facility", "list")[0]["timezone_changes"] == [
        "2026-11-20 America/Denver",
        "2026-12-01 America/Denver",
        "2026-12-02 Pacific/Niue",
    ]


def test_one_facilitys_clock_is_not_anothers(network):
    network("--facility", "Ostkreuz", "facility", "timezone", "Asia/Tokyo", *WHY)
    network.today = "2026-11-18"
    zones = [one["timezone"] for one in network.json("facility", "list")]
    assert zones == ["America/Los_Angeles", "Asia/Tokyo"]
    assert "All holds" in network("verify")


def test_copies_and_doctor_go_by_it_too(clinic, tmp_path, monkeypatch):
    clinic("facility", "timezone", EASTERN.key, *WHY)
    clinic.today = "2026-11-18"
    clinic("draw")
    said = clinic("backup", str(tmp_path / "copy.db"))
    assert "newest entry of 2026-11-18 12:00" in said
    told = json.loads(clinic.run("doctor", "--format", "json").stdout)
    zones = [line["what"] for line in told if line["matter"] == "zone"]
    assert not zones or "the facility's America/New_York" in zones[0]


# The rule.


@given(
    st.sampled_from(ZONES),
    st.lists(
        st.tuples(st.integers(1, 40), st.sampled_from(ZONES)), min_size=1, max_size=3, unique_by=lambda one: one[0]
    ),
)
def test_days_follow_on_one_another_whatever_zones_a_facility_goes_through(first, changes):
    """Hour by hour the date never goes back, and a day that begins does so in the zone in force on it."""
    begun = date(2026, 3, 1)
    named = tuple((begun + timedelta(days=after), name) for after, name in sorted(changes))
    zone = zone_of(Timezones(first, named))
    assert isinstance(zone, CorrectedZone)
    moment = datetime.combine(begun, time(12), UTC)
    seen = [moment.astimezone(zone).date()]
    for _ in range(45 * 24):
        moment += timedelta(hours=1)
        local = moment.astimezone(zone)
        assert local.astimezone(UTC) == moment
        assert local.date() >= seen[-1]
        if local.date() != seen[-1]:
            seen.append(local.date())
    for day in seen:
        assert zone_on(zone, day).key == ([first] + [name for from_on, name in named if from_on <= day])[-1]
        assert instant(day, time(12), zone) == datetime.combine(day, time(12), zone_on(zone, day)).astimezone(UTC)
