"""What a server lets each of the staff do: tried as the roles that people log in as, never as the owner."""

import json
import re
from dataclasses import dataclass
from datetime import date

import databases
import pytest
from check_in.reminded import at, by_command, texts
from conftest import MONDAY, Clinic
from test_grants import granted

from testing_tracker import chance
from testing_tracker.rules.words import Role
from testing_tracker.store.engine import make_engine
from testing_tracker.store.server import grants

pytestmark = pytest.mark.postgresql_only


@dataclass
class AtServer(Clinic):
    """A clinic on a server of which somebody is at work, by the name that the server let in."""

    who: str = ""

    def __post_init__(self) -> None:
        """The database is the owner's to make."""

    @property
    def url(self) -> str:
        return databases.url_as(self.database, self.who)

    def as_(self, who: str) -> "AtServer":
        return AtServer(self.database, self.today, self.named(who))

    def named(self, who: str) -> str:
        """The name of a role that no other test has."""
        return f"{who.title()}-{databases.name_of(self.database)[-6:]}"  # which has to be quoted

    def sql(self, statement: str) -> list[tuple]:
        """Type SQL by hand, as this person."""
        import psycopg

        with psycopg.connect(self.url) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def denied(self, statement: str) -> str:
        """Type SQL that the server does not let this person run."""
        import psycopg

        with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
            self.sql(statement)
        return str(error.value)


PEOPLE = ("owner", *Role, "stranger")


@pytest.fixture
def owner(tmp_path, request):
    """Whoever made a database of their own, and may make roles; the clinic's people are known to the server."""
    clinic = AtServer(tmp_path / "roles.db", MONDAY)
    clinic.who = clinic.named("owner")
    may = getattr(request, "param", "CREATEROLE")
    with databases.roles_dropped_afterwards(clinic.database, [clinic.named(one) for one in PEOPLE]):
        databases.make_roles({clinic.named(one): may if one == "owner" else "" for one in PEOPLE})
        databases.make_for(clinic.database, clinic.who)
        clinic("init", "--training", "--timezone", "America/Los_Angeles")
        yield clinic


@pytest.fixture
def staff(owner):
    """The owner, who is a manager, and one account of each role."""
    listed = {line["account"] for line in owner.json("staff", "list")}
    if owner.who not in listed:
        owner("staff", "add", owner.who, "--role", "manager")
    for role in Role:
        owner("staff", "add", owner.named(role), "--role", role)
    return owner


def test_whoever_the_server_let_in_is_who_acted(staff, monkeypatch):
    monkeypatch.setattr("testing_tracker.account.os.getuid", lambda: 4242)
    nurse = staff.as_("nurse")
    nurse("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
    last = "SELECT account FROM audit_entry ORDER BY id DESC LIMIT 1"
    assert nurse.sql(last) == [(nurse.who,)]
    assert nurse.sql("SELECT recorded_by FROM enrolment") == [(nurse.who,)]
    assert staff.sql("SELECT account FROM audit_entry ORDER BY id LIMIT 1") == [(staff.who,)]  # who made it


class TestADaysWork:
    def test_of_each(self, staff, tmp_path, monkeypatch):
        monkeypatch.setattr(chance, "new_seed", lambda: bytes(range(100, 132)))
        nurse, clinician, manager = staff.as_("nurse"), staff.as_("clinician"), staff.as_("manager")
        auditor, nights = staff.as_("auditor"), staff.as_("nights")
        nurse("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
        nurse("participant", "add", "B04", "--schedule", "fixed-2", "--level", "iop")
        nights("draw")
        nurse("result", "A17", "positive", "--analyte", "coc")
        nurse("test", "A17", "--reason", "seemed ill")
        nurse("log", input="B04 pos coc\nundo\nB04 pos coc\n")
        nurse("participant", "leave", "B04", "2026-11-27", "2026-11-28", "--reason", "travel")
        clinician("prescription", "add", "B04", "methadone")
        clinician("recommendation", "accept", "1", "--note", "agreed")
        clinician("participant", "transfer", "B04", "php", "--reason", "asked for")
        manager("amend", "A17", "negative", "--scheduled", "--reason", "cups swapped")
        manager("participant", "rename", "B04", "B05", "--reason", "typed wrong")
        manager("key", "rotate", "--reason", "somebody left")
        manager("facility", "close", "2026-11-26", "--reason", "snow")
        for one in (nurse, clinician, manager, auditor, nights):
            one.today = "2026-11-17"
        nights("draw")
        nurse("draw")
        for one in (clinician, auditor, manager, nights):
            one("report", "weekly")
            one("status")
            assert "All holds" in one("verify")
        assert "all hold" in auditor("check")
        assert "readable by you alone" in manager("backup", str(tmp_path / "copy"))

    def test_nights_of_a_clock_that_was_ahead(self, staff, monkeypatch):
        """A manager takes them back, who need not own the tables, and the nights make their draws again."""
        nurse, manager, nights = staff.as_("nurse"), staff.as_("manager"), staff.as_("nights")
        for code in ("A17", "B04", "C21"):
            nurse("participant", "add", code, "--schedule", "random-3", "--level", "iop")
        nights("draw")
        for ahead in ("2026-11-19", "2026-11-20"):  # and a gap
            nights.today = ahead
            nights("draw")
        monkeypatch.setattr(chance, "new_seed", lambda: bytes(range(100, 132)))
        manager("draw", "--take-back", "--yes", "--reason", "the clock was ahead")
        for day in ("2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"):
            nights.today = day
            nights("draw")
        assert "All holds" in nights("verify")

    def test_of_a_manager_who_is_alone_on_the_list(self, staff):
        """Who is alone there may do everything, so managers are granted what clinicians are."""
        manager = staff.as_("manager")
        for line in manager.json("staff", "list"):
            if line["account"] != manager.who:
                manager("staff", "remove", line["account"], "--role", line["role"])
        assert "may do everything" in manager("staff", "list")
        manager("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
        manager("draw")
        manager("result", "A17", "positive", "--analyte", "coc")
        manager("recommendation", "accept", "1", "--yes")
        manager("prescription", "add", "A17", "methadone")
        assert "All holds" in manager("verify")

    def test_of_who_is_reminded(self, staff, tmp_path):
        """The nights send, and forget who wants no more; a clinician who discharges somebody forgets them too."""
        staff.today = None
        nurse, clinician, nights = staff.as_("nurse"), staff.as_("clinician"), staff.as_("nights")
        script = 'line=$(cat); echo "$line" >>"$kept"; case $line in *0102*) exit 69 ;; esac'
        kept = by_command(staff, script, "morning = 07:00:00\n")
        window = ("--opens", "05:00", "--closes", "10:00", "--no-page", "--not-checked-in", "unrecorded")
        with at(9, day=date(2026, 11, 16)):
            staff.as_("manager")("checkin", "rule", *window, "--from", "2026-11-17")
            for number, code in enumerate(("A17", "B04")):
                nurse("participant", "add", code, "--schedule", "random-2", "--level", "iop")
                nurse("participant", "card", code, "--print", str(tmp_path / f"{code}.pdf"))
                nurse("participant", "contact", code, "--text", f"+1555010{number + 1}", "--consent-on", "today")
        with at(7):
            nights.run("serve", "--once")
            assert len(texts(kept)) == 2
            nurse("notice", "send", "--to", "A17")
            clinician("participant", "discharge", "A17", "--reason", "completed")
            assert "All holds" in nights("verify")
        assert staff.sql("SELECT count(*) FROM contact") == [(0,)]

    def test_a_review_that_is_asked_for_again(self, staff):
        nurse, clinician = staff.as_("nurse"), staff.as_("clinician")
        nurse("participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop")
        nurse("draw")
        odd, usual = ("--creatinine", "1", "--specific-gravity", "1.0005"), ("--creatinine", "80")
        nurse("result", "A17", "negative", "--specimen-id", "S1", *odd)
        assert len(clinician.json("review", "list")) == 1
        nurse("amend", "A17", "negative", "--specimen-id", "S1", *usual, "--reason", "read wrong")
        assert clinician.json("review", "list") == []
        manager = staff.as_("manager")
        manager.today = "2026-11-17"
        manager("amend", "A17", "negative", "--on", MONDAY, "--specimen-id", "S1", *odd, "--reason", "it was right")
        assert len(clinician.json("review", "list")) == 1
        clinician("review", "done", "1", "--note", "spoke with them")
        assert "All holds" in clinician("verify")

    def test_a_record_that_is_joined_takes_its_open_review_with_it(self, staff):
        nurse, manager = staff.as_("nurse"), staff.as_("manager")
        for code in ("A17", "A71"):
            nurse("participant", "add", code, "--schedule", "fixed-2", "--level", "iop")
        nurse("draw")
        odd = ("--creatinine", "1", "--specific-gravity", "1.0005")
        nurse("result", "A17", "negative", "--specimen-id", "S1", *odd)
        manager("participant", "join", "A17", "A71", "--reason", "the same person", "--yes")
        assert [line["participant"] for line in manager.json("review", "list")] == ["A71"]
        assert "All holds" in manager("verify")

    @pytest.mark.parametrize(
        ("who", "statement"),
        [
            ("nurse", "DELETE FROM result"),
            ("nurse", "UPDATE result SET outcome = 'negative'"),
            ("nurse", "INSERT INTO staff SELECT * FROM staff"),
            ("nurse", "UPDATE recommendation SET accepted_level = 'iop'"),
            ("nurse", "INSERT INTO schedule SELECT * FROM schedule"),
            ("clinician", "UPDATE draw SET unable = true"),
            ("clinician", "UPDATE recommendation SET undone = true"),
            ("nurse", "DELETE FROM draw"),
            ("nights", "DELETE FROM night"),
            ("clinician", "INSERT INTO result SELECT * FROM result WHERE false; UPDATE participant SET name = 'x'"),
            ("manager", "UPDATE audit_entry SET account = 'somebody'"),
            ("manager", "UPDATE draw SET due_on = now()"),
            ("manager", "DELETE FROM participant"),
            ("manager", "TRUNCATE draw"),
            ("manager", "ALTER TABLE result DISABLE TRIGGER ALL"),
            ("manager", "DROP TABLE result"),
            ("manager", "CREATE TABLE notes (text text)"),
            ("manager", "UPDATE alembic_version SET version_num = '9999'"),
            ("auditor", "UPDATE draw SET status = 'due'"),
            ("auditor", "INSERT INTO draw SELECT * FROM draw"),
            ("nights", "INSERT INTO result SELECT * FROM result"),
            ("nights", "UPDATE participant SET name = 'x'"),
            ("stranger", "SELECT * FROM facility"),
            ("stranger", "SELECT let_staff_work()"),
            ("nurse", "SELECT let_staff_work()"),
        ],
    )
    def test_and_no_more(self, staff, who, statement):
        assert re.search("permission denied|must be owner", staff.as_(who).denied(statement))


class TestTheStaffsList:
    """Who is on it may work, and from the moment on that somebody is not, not any more."""

    def test_who_is_taken_from_it_is_shut_out(self, staff):
        nurse = staff.as_("nurse")
        nurse("due")
        staff("staff", "remove", nurse.who, "--role", "nurse")
        assert "permission denied" in nurse.denied("SELECT * FROM draw")
        staff("staff", "add", nurse.who, "--role", "nurse")
        nurse("due")

    def test_a_manager_who_owns_nothing_gives_and_takes_too(self, staff):
        manager, stranger = staff.as_("manager"), staff.as_("stranger")
        manager("staff", "add", stranger.who, "--role", "auditor")
        stranger("due")
        manager("staff", "remove", stranger.who, "--role", "auditor")
        assert "permission denied" in stranger.denied("SELECT * FROM draw")

    def test_a_manager_does_not_take_the_own_last_role(self, staff):
        manager = staff.as_("manager")
        assert "Ask another manager to take it" in manager.refused("staff", "remove", manager.who, "--role", "manager")

    def test_whom_the_server_does_not_know_is_refused(self, staff):
        said = staff.refused("staff", "add", "nobody-such", "--role", "nurse")
        assert "The server lets nobody in as 'nobody-such'" in said

    def test_who_is_of_two_facilities_goes_on_at_the_other_one(self, staff):
        nurse = staff.as_("nurse")
        staff("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
        staff("--facility", "2", "staff", "add", nurse.who, "--role", "nurse")
        staff("--facility", "1", "staff", "remove", nurse.who, "--role", "nurse")
        nurse("--facility", "2", "due")
        staff("--facility", "2", "staff", "remove", nurse.who, "--role", "nurse")
        assert "permission denied" in nurse.denied("SELECT * FROM draw")

    def test_where_nobody_has_the_nights_everybody_may_run_them(self, staff):
        staff("staff", "remove", staff.named("nights"), "--role", "nights")
        having = [line["account"] for line in staff.json("staff", "list") if line["role"] == "nights"]
        for account in having:
            staff("staff", "remove", account, "--role", "nights")
        staff.as_("auditor").sql("UPDATE night SET last_participant_id = 0 WHERE false")
        staff("staff", "add", staff.named("nights"), "--role", "nights")
        staff.as_("auditor").denied("UPDATE night SET last_participant_id = 0 WHERE false")

    def test_whom_it_never_had_is_left_alone(self, staff):
        """An administrator may have made somebody a member by hand."""
        stranger = staff.as_("stranger")
        staff.sql(f'GRANT "{databases.name_of(staff.database)}_auditor" TO "{stranger.who}"')
        staff("staff", "remove", staff.named("nurse"), "--role", "nurse")
        stranger.sql("SELECT * FROM draw")


class TestAnOwnerWhoMayMakeNoRoles:
    @pytest.fixture(autouse=True)
    def _may_not(self, owner):
        """See `owner`."""

    pytestmark = pytest.mark.parametrize("owner", ["NOCREATEROLE"], indirect=True)

    def test_is_told_what_the_administrator_has_to_run(self, owner):
        done = owner.run("staff", "add", owner.named("nurse"), "--role", "nurse")
        assert done.exit_code == 0
        statements = re.findall(r'CREATE ROLE "?[^;"]+"? ADMIN "[^;"]+"', done.stderr)
        group = f"{databases.name_of(owner.database)}_nurse"
        assert any(group in one for one in statements), done.stderr
        assert "testing-tracker migrate" in done.stderr

    def test_and_after_that_it_is_as_for_others(self, owner):
        told = owner.run("migrate").stderr
        for statement in re.findall(r"CREATE ROLE [^;]+", told):
            databases.administer(statement)
        assert "administrator" not in owner.run("migrate").stderr
        owner("staff", "add", owner.named("nurse"), "--role", "nurse")
        owner.as_("nurse")("due")


def test_somebody_of_a_groups_name_is_not_made_one(tmp_path):
    clinic = AtServer(tmp_path / "roles.db", MONDAY)
    clinic.who = clinic.named("owner")
    group = f"{databases.name_of(clinic.database)}_nurse"
    with databases.roles_dropped_afterwards(clinic.database, [clinic.who]):
        databases.make_roles({clinic.who: "CREATEROLE", group: ""})
        databases.make_for(clinic.database, clinic.who)
        assert f"Somebody logs in to the server as '{group}'" in clinic.refused("init", "--training")
        assert clinic.contents() == []


def test_the_groups_of_a_database_with_a_long_name_are_its_own(clinic):
    """A name that the server would cut off would be another database's too."""
    long = [f"{databases.name_of(clinic.database)}{'x' * 40}{number}" for number in (1, 2)]
    engine = make_engine(clinic.location)
    with engine.connect() as connection:
        asked = grants.GROUP.format("'clinician'").replace("current_database()", "{}")
        names = {
            connection.exec_driver_sql(f"SELECT {asked.replace('{}', quoted)}").scalar_one()
            for quoted in (f"'{name}'" for name in long)
        }
    engine.dispose()
    assert len(names) == 2
    assert all(len(name) <= 63 and name.endswith("_clinician") for name in names)


class TestTheMatrix:
    """See test_grants, which holds the page against it."""

    def test_the_server_has_what_the_code_says(self, staff):
        database = databases.name_of(staff.database)
        groups = [f"{database}_{role}" for role in Role]
        found = set(staff.sql(_CATALOGUE.format(groups)))
        assert found == {(f"{database}_{role}", *what) for role, *what in granted()}

    def test_and_beside_it_nobody_has_anything(self, staff):
        """But the owner: no privilege for all, no other role's, on tables, sequences and functions."""
        allowed = {staff.who, *(f"{databases.name_of(staff.database)}_{role}" for role in Role)}
        assert {grantee for (grantee,) in staff.sql(_GRANTEES)} <= allowed


class TestCheck:
    """`check` holds the server's catalogue against the matrix and the list, whoever asks."""

    def grants(self, clinic) -> tuple[str, str]:
        done = clinic.run("check", "--format", "json")
        ((state, detail),) = [
            (one["state"], one["detail"]) for one in json.loads(done.stdout) if one["what"] == "grants"
        ]
        assert done.exit_code == (state == "wrong"), done.output
        return state, detail

    def test_all_is_as_it_is_meant(self, staff):
        for who in ("owner", "auditor"):
            assert self.grants(staff.as_(who)) == ("ok", "each may do what the list of the staff says")

    @pytest.mark.parametrize(
        ("statement", "told"),
        [
            (
                "GRANT DELETE ON result TO {nurse}",
                "DELETE on result to {nurse} is granted, which the matrix does not have",
            ),
            ("GRANT UPDATE (note) ON result TO {nurse}", "UPDATE on result.note to {nurse} is granted, which"),
            ("REVOKE INSERT ON look FROM {auditor}", "INSERT on look to {auditor} is not granted"),
            ("REVOKE UPDATE (because) ON draw FROM {nights}", "UPDATE on draw.because to {nights} is not granted"),
            ("GRANT SELECT ON participant TO PUBLIC", "SELECT on participant to everybody is granted, which"),
            ("GRANT EXECUTE ON FUNCTION let_staff_work() TO PUBLIC", "EXECUTE on let_staff_work to everybody is"),
            (
                'GRANT {manager} TO "{stranger}"',
                "{stranger} is a member of {manager} and is not on the list as manager",
            ),
            ('GRANT {manager} TO "{a nurse}"', "{a nurse} is a member of {manager} and is not on the list as manager"),
            ('REVOKE {nurse} FROM "{a nurse}"', "{a nurse} is on the list as nurse and is no member of {nurse}"),
            ("ALTER ROLE {nurse} RENAME TO {nurse}_2", "the group {nurse} is missing"),
        ],
    )
    def test_what_is_otherwise_is_named(self, staff, statement, told):
        database = databases.name_of(staff.database)
        names = {role: f"{database}_{role}" for role in Role}
        names |= {"stranger": staff.named("stranger"), "a nurse": staff.named("nurse")}
        staff.change(re.sub(r"{([\w ]+)}", lambda found: names[found[1]], statement))
        state, detail = self.grants(staff)
        assert state == "wrong"
        assert re.sub(r"{([\w ]+)}", lambda found: names[found[1]], told) in detail

    def test_the_owner_brings_it_in_line(self, staff):
        nurse = f"{databases.name_of(staff.database)}_nurse"
        staff.change(f"GRANT DELETE ON result TO {nurse}", f"REVOKE INSERT ON draw FROM {nurse}")
        staff.change("GRANT CREATE ON SCHEMA public TO PUBLIC")
        staff("migrate")
        assert self.grants(staff)[0] == "ok"

    def test_what_somebody_granted_by_hand_is_a_note(self, staff):
        staff.change(f'GRANT SELECT ON draw TO "{staff.named("stranger")}"')
        assert self.grants(staff) == ("note", f"{staff.named('stranger')} was granted something by hand")
        staff.change("GRANT CREATE ON SCHEMA public TO PUBLIC")
        assert "REVOKE CREATE ON SCHEMA public FROM PUBLIC" in self.grants(staff)[1]


_CATALOGUE = """
    WITH given AS (
        SELECT relname, NULL AS column, (aclexplode(relacl)).* FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT relname, attname, (aclexplode(attacl)).* FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
    )
    SELECT rolname, relname, privilege_type, given.column FROM given JOIN pg_roles ON pg_roles.oid = grantee
    WHERE rolname = ANY (ARRAY{})
"""
_GRANTEES = """
    WITH given AS (
        SELECT (aclexplode(relacl)).grantee FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT (aclexplode(attacl)).grantee FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT (aclexplode(coalesce(proacl, acldefault('f', proowner)))).grantee FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prosecdef
        AND proname NOT IN ('facilities_of_session', 'sees_every_facility')
    )
    SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END FROM given
"""
