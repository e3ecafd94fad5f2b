"""Who and when: `verify` names entries that are dated back without a word, accounts that had no role, and rows that say
another moment or account than their act; and whatever is honest holds."""

import gzip
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from json import dumps, loads
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import Clinic, acting_as, at_facility

from testing_tracker import chance
from testing_tracker.account import current_account
from testing_tracker.clock import Clock
from testing_tracker.rules.keeping.acts import TAKES_A_PERSON, Act
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.services.keeping.checking import entries
from testing_tracker.store.engine import make_engine, reading, writing
from testing_tracker.store.ledger import pages
from testing_tracker.store.tables import AuditEntry, Look, Result
from testing_tracker.store.work import Work

ME = current_account()
MORNING = datetime(2026, 11, 16, 17, tzinfo=UTC)  # nine o'clock at the clinic
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


RELEASED = sorted((Path(__file__).parents[1] / "store" / "released").glob("schema-*.db.gz"))


def released(file: Path, folder: Path) -> Clinic:
    """A database as an earlier version left it, whose key need not be there."""
    clinic = Clinic(folder / "clinic.db", "2026-11-24")
    clinic.database.write_bytes(gzip.decompress(file.read_bytes()))
    key = file.with_name(file.name.replace(".db.gz", ".db.key"))
    if key.exists():
        clinic.location.key.path.write_bytes(key.read_bytes())
        clinic.location.key.path.chmod(0o600)
    return clinic


class Live(Clinic):
    """A clinic that is no training database, whose clock says what the test says; `now` is in UTC."""

    now = MORNING

    def at(self, now: datetime) -> "Live":
        type(self).now = now
        return self


@pytest.fixture
def live(tmp_path, monkeypatch) -> Live:
    """Two participants are due."""
    monkeypatch.setattr(Clock, "now", lambda clock: Live.now)
    clinic = Live(tmp_path / "clinic.db", "").at(MORNING)
    clinic.today = ""
    clinic("init", "--timezone", "America/Los_Angeles")
    clinic.add("A17", "B04", "C21")
    clinic("draw")
    return clinic


def problems(clinic: Clinic) -> list[str]:
    done = clinic.run("verify", "--format", "json")
    return [one["what"] for one in loads(done.stdout)["problems"]]


@contextmanager
def at_work(clinic: Clinic):
    """A transaction of the program's, in which a test may write what the program would not."""
    engine = make_engine(clinic.location)
    with writing(engine, 1, lambda timezones: Clock(_zone(timezones)), SHIPPED) as work:
        yield work
    engine.dispose()


def _zone(timezones):
    from testing_tracker.rules.calendar import zone_of

    return zone_of(timezones)


def notes(clinic: Clinic) -> list[str]:
    engine = make_engine(clinic.location)
    with reading(engine, 1, lambda timezones: Clock(_zone(timezones)), SHIPPED) as work:
        found = entries.said_to_be_dated_back(work)
    engine.dispose()
    return found


def without_newer_tables(up_to: dict[str, int]) -> str:
    """How far a page reaches, as earlier versions said it."""
    return dumps({table: newest for table, newest in up_to.items() if table != "last_written"})


def entry(work: Work, at: datetime, account: str = "", act: Act = Act.RESULT_LOG, **more: object) -> None:
    """An entry as somebody writes it who knows the ledger, and not what the program says by itself."""
    work.session.add(AuditEntry(facility_id=1, at=at, account=account or work.account, act=act, **more))


class TestDatedBack:
    def test_a_clock_that_is_put_back_is_on_record_and_a_note(self, live):
        live("result", "A17", "negative")
        live.at(MORNING - 2 * HOUR)("result", "B04", "negative")
        ((detail,),) = live.rows("SELECT detail FROM audit_entry ORDER BY id DESC LIMIT 1")
        assert loads(detail)["dated_back_from"] == str(MORNING)
        live.at(MORNING - HOUR)("test", "A17", "--reason", "seemed ill")  # later than the one in front of it
        ((detail,),) = live.rows("SELECT detail FROM audit_entry ORDER BY id DESC LIMIT 1")
        assert "dated_back_from" not in (detail or "")
        assert problems(live) == []
        assert notes(live) == [
            "2026-11-16: 1 act is dated before the one in front of it, by up to 2:00:00: a clock was put back then, or "
            "had been ahead."
        ]
        assert "dated back from 2026-11-16" in live("audit", "list")

    def test_clocks_of_two_machines_that_differ_are_one_note(self, live):
        for number in range(6):
            now = MORNING + number * 10 * SECOND - (number % 2) * 12 * SECOND
            live.at(now)("staff", "add", f"nurse-{number}", "--role", "nurse")
        assert problems(live) == []
        assert notes(live) == [
            "3 acts are dated before the one in front of them, by up to 0:00:02: clocks of several machines differ, or "
            "one is set by the network's."
        ]

    def test_nights_of_a_clock_that_was_ahead_are_taken_back(self, live, monkeypatch):
        live.at(MORNING + 48 * HOUR)("draw")
        monkeypatch.setattr(chance, "new_seed", lambda: bytes(range(100, 132)))
        live.at(MORNING + HOUR)("draw", "--take-back", "--yes", "--reason", "the clock was ahead")
        assert problems(live) == []
        live("result", "A17", "positive", "--analyte", "cocaine")
        assert problems(live) == []

    def test_a_past_that_is_imported(self, live):
        live.add("D1", enrolled="2026-11-01")
        live.at(MORNING - HOUR)
        past = "participant,due_on,status,outcome,analytes,reason\nD1,2026-11-02,missed,,,\n"
        live("history", "import", "-", input=past)
        assert problems(live) == []
        assert len(notes(live)) == 1

    def test_many_at_once(self, live):
        live.at(MORNING - HOUR)
        live(
            "participant",
            "import",
            "-",
            input="participant,schedule,level,enrolled_on\nD1,fixed-2,iop,2026-11-16\nD2,fixed-2,iop,2026-11-16\n",
        )
        assert problems(live) == []
        assert len(notes(live)) == 1

    def test_a_training_database_may_pretend_any_day(self, clinic):
        clinic.add("A17")
        clinic.today = "2026-11-10"
        clinic.add("B04")
        clinic.today = "2026-11-17"
        clinic("draw")
        assert problems(clinic) == []
        assert notes(clinic) == []

    def test_one_facility_has_nothing_to_do_with_anothers_moments(self, live):
        live.at(MORNING + HOUR)("facility", "add", "Ostkreuz", "--timezone", "Europe/Berlin")
        at_facility(live.at(MORNING), "1", "result", "A17", "negative")
        assert "dated_back_from" not in str(live.rows("SELECT detail FROM audit_entry ORDER BY id DESC LIMIT 1"))

    @pytest.mark.parametrize("detail", [None, '{"outcome": "negative"}', '{"dated_back_from": "yes"}', "7"])
    def test_one_that_does_not_say_so_is_named(self, live, detail):
        with at_work(live) as work:
            entry(work, MORNING - HOUR, detail=detail)
        assert problems(live) == [
            "the act `result log` is on record as of 2026-11-16 08:00:00-08:00, behind one of 2026-11-16 09:00:00-08:00"
        ]

    def test_one_that_says_an_earlier_moment_is_named(self, live):
        with at_work(live) as work:
            entry(work, MORNING - 2 * HOUR, detail=f'{{"dated_back_from": "{MORNING - HOUR}"}}')
        assert len(problems(live)) == 1


@pytest.mark.sqlite_only(reason="on a server the account is the one that logged in, which no test pretends")
class TestWhoHadNoRole:
    def test_strangers_are_refused_which_is_on_record(self, live):
        with acting_as("mallory"):
            live.run("result", "A17", "negative")
        assert live.rows("SELECT act FROM audit_entry WHERE account = 'mallory'") == [("access denied",)]
        assert problems(live) == []

    def test_nights_without_anybody_who_has_them(self, live):
        live("staff", "remove", ME, "--role", "nights")
        with acting_as("cron"):
            live.at(MORNING + 24 * HOUR)("draw")
            live("report", "weekly")
        assert problems(live) == []
        live("staff", "add", "pat", "--role", "nights")  # what cron has begun goes on
        with at_work(live) as work:
            entry(work, live.now, "cron", Act.REPORT_DELIVER)
        assert problems(live) == []

    def test_where_the_list_binds_nobody(self, live):
        live.change("DROP TRIGGER staff_refuses_delete", "DELETE FROM staff")  # a list as an earlier version left it
        with acting_as("anybody"):
            live("result", "A17", "negative")
        assert not any("anybody" in one for one in problems(live) if "list" in one)

    def test_what_somebody_did_before_the_role_was_taken(self, live):
        live("staff", "add", "pat", "--role", "nurse")
        with acting_as("pat"):
            live("result", "A17", "negative")
            live("participant", "show", "A17")
        live("staff", "remove", "pat", "--role", "nurse")
        assert problems(live) == []

    def test_who_gives_up_the_own_role(self, live):
        live("staff", "add", "pat", "--role", "manager")
        live("staff", "remove", ME, "--role", "nights")
        live("staff", "remove", ME, "--role", "manager")
        with acting_as("pat"):
            assert problems(live) == []

    def test_whoever_owns_the_file(self, live, tmp_path):
        live("backup", str(tmp_path / "copy"))
        live("backup", "--key", str(tmp_path / "key"))
        again = Live(tmp_path / "again.db", "")
        again.today = ""
        again.location.key.path.write_bytes((tmp_path / "key").read_bytes())
        again.location.key.path.chmod(0o600)
        with acting_as("root-of-another-machine"):
            again("restore", str(tmp_path / "copy"))
        assert problems(again) == []

    @pytest.mark.parametrize("file", RELEASED, ids=lambda file: file.name)
    def test_whoever_brings_a_database_up_to_date(self, file, tmp_path):
        """With all that earlier versions wrote, who had a role then or not."""
        clinic = released(file, tmp_path)
        with acting_as("an administrator"):
            clinic("due")
        assert problems(clinic) == []

    @pytest.mark.parametrize("act", [Act.RESULT_LOG, Act.RECOMMENDATION_DECLINE, Act.NIGHT_RUN])
    def test_who_never_had_one_is_named(self, live, act):
        with at_work(live) as work:
            entry(work, live.now, "mallory", act)
            entry(work, live.now, "mallory", act)
        assert problems(live) == [f"mallory is on record with the act `{act}` 2 times, and had no role then"]

    def test_who_was_given_one_only_later_is_named(self, live):
        with at_work(live) as work:
            entry(work, live.now, "pat", Act.RESULT_LOG)
        live("staff", "add", "pat", "--role", "nurse")
        with acting_as("pat"):
            live("result", "A17", "negative")
        assert problems(live) == ["pat is on record with the act `result log`, and had no role then"]

    def test_who_has_none_any_more_is_named(self, live):
        live("staff", "add", "pat", "--role", "nurse")
        live("staff", "remove", "pat", "--role", "nurse")
        with at_work(live) as work:
            entry(work, live.now, "pat", Act.RESULT_AMEND)
            entry(work, live.now, "pat", Act.REPORT_DELIVER)  # what `serve` has begun
        assert problems(live) == ["pat is on record with the act `result amend`, and had no role then"]

    def test_a_page_that_knows_the_tables_of_an_earlier_version_alone_hides_nobody(self, live):
        """Somebody writes the acts of mallory into a page that ends as if the newer tables were not there."""
        with pytest.MonkeyPatch.context() as forged, at_work(live) as work:
            entry(work, live.now, "mallory", Act.RESULT_LOG)
            forged.setattr(pages, "json", SimpleNamespace(dumps=without_newer_tables, loads=loads))
            work.write_page()
        assert problems(live) == [
            "a page of the ledger written then was removed or changed behind the program's back",
            "mallory is on record with the act `result log`, and had no role then",
        ]

    def test_whose_look_it_was_too(self, live):
        with at_work(live) as work:
            work.session.add(
                Look(facility_id=1, command="participant show", recorded_at=live.now, recorded_by="mallory")
            )
        live("staff", "add", "pat", "--role", "nurse")
        with acting_as("pat"):
            live("participant", "show", "A17")
        assert problems(live) == ["mallory is on record as having looked by `participant show` without a role"]

    def test_each_act_is_a_persons_or_may_be_the_nights(self):
        """A new one stands here too. Those below are a night's, `serve`'s or a backup's, or follow from another act."""
        assert {str(act) for act in Act} - TAKES_A_PERSON == {
            *("access denied", "night run", "night add newcomers", "night gap", "key create"),
            *("check-ins collect", "outage find", "contact stop"),  # who answers STOP has ended it with the vendor
            *(f"draw {status}" for status in ("due", "collected", "missed", "excused", "cancelled", "unrecorded")),
            *("result read again", "recommendation raise", "recommendation add evidence"),
            *("recommendation weigh again", "recommendation withdraw evidence", "recommendation withdraw"),
            *("review ask", "review withdraw", "report print", "report export", "report deliver"),
            *("report deliver failed", "report unchanged", "confirmations remind", "reminder begin", "reminder mail"),
            *("reminder mail failed", "facility create", "backup make", "backup restore", "schema upgrade"),
            *("witness deliver", "witness deliver failed"),
        }


class TestStampedOtherwise:
    def test_what_the_program_does_agrees(self, live):
        live("result", "A17", "positive", "--analyte", "cocaine")
        live.at(MORNING + HOUR)("amend", "A17", "negative", "--reason", "cups swapped")
        assert problems(live) == []

    @pytest.mark.parametrize("stamp", [{"recorded_by": "pat"}, {"recorded_at": MORNING + HOUR}])
    def test_a_row_of_another_account_or_moment_is_named(self, live, stamp):
        live("staff", "add", "pat", "--role", "nurse")
        live.at(MORNING + 2 * HOUR)
        with at_work(live) as work:
            stamps = {"recorded_at": live.now, "recorded_by": work.account} | stamp
            work.session.add(Result(facility_id=1, draw_id=1, note="x", replaces_id=1, **stamps))
            entry(work, live.now)
        assert any("and no act of its transaction says so" in one for one in problems(live))
