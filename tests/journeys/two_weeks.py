"""Two weeks at the clinic of forty, day by day: what goes wrong on each, and what the screens say then."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from journeys.forty import CODES, DAYS, FIRST, LAST, Forty, day_of
from web.front_door import FrontDoor

MON, TUE, WED, THU, FRI, SAT, SUN = (day_of(number) for number in range(16, 23))
MON2, TUE2, WED2, THU2, FRI2, SAT2, SUN2 = (day_of(number) for number in range(23, 30))
TURNS = ("00:05", "05:03", "07:33", "10:03", "11:03", "16:03", "23:03")
Plan = dict[str, list[tuple[str, str]]]


@dataclass
class Seen:
    """What the screens said in the middle of a day, and what the book said then."""

    due: list[dict]
    board: dict
    status: dict
    doctor: list[dict]
    counts: dict[str, int]
    told: dict[tuple[str, bool], str]
    open: set[tuple[str, bool]]


class TwoWeeks:
    """The fortnight, day by day. A day's plan says who asks when and how, where that is not at their usual time."""

    def __init__(self, forty: Forty) -> None:
        self.forty, self.book = forty, forty.book
        self.stays_away: set[str] = set()
        self.steps: list[tuple[str, int, Callable[[], object]]] = []
        self.quiet = CODES[-2]  # does not check in from Monday to Wednesday of the second week
        self.seen: dict[date, Seen] = {}

    def live(self) -> None:
        self.forty.begin()
        self.forty.at(SUN - timedelta(days=7), "23:03").turn()
        self.forty.door = FrontDoor(self.forty.clinic.location.page)
        for number in range(DAYS):
            self.one_day(FIRST + timedelta(days=number))
        self.forty.at(day_of(30), "00:05").turn()

    def one_day(self, day: date) -> None:
        self.steps, self.stays_away = [], set()
        turns = [time for time in TURNS if day != THU or time >= "10:30" or time == "23:03"]
        for time in turns:
            self.then(time, self.forty.turn)
        if turns[0] == "00:05":
            self.then("00:06", lambda: self.forty.night(day))
            self.go_on(day, until="00:06")
        self.then("11:04", lambda: self.look(day))
        special = getattr(self, f"_{day:%a_%d}".lower(), lambda: {})
        self.usual_day(day, special())
        self.go_on(day)

    def look(self, day: date) -> None:
        """What the screens say at four minutes past eleven, when all of the page is on record, beside the book."""
        typed, book, now = self.forty.clinic.json, self.book, self.forty.time
        tests = {
            (code, cause): (book.told(code, day, test, now), test)
            for of, cause in ((book.tests, False), (book.for_cause, True))
            for (code, on), test in of.items()
            if on == day
        }
        self.seen[day] = Seen(
            due=typed("due"),
            board=typed("today"),
            status=typed("status"),
            doctor=json.loads(self.forty.clinic.run("doctor", "--format", "json").stdout),
            counts=book.counts([day]),
            told={key: word for key, (word, _) in tests.items()},
            open={key for key, (_, test) in tests.items() if test.given is None},
        )

    def then(self, time: str, act: Callable[[], object]) -> None:
        self.steps.append((time, len(self.steps), act))

    def go_on(self, day: date, until: str = "24:00") -> None:
        """What is planned happens in the order of the hours; what is planned meanwhile too."""
        while due := sorted(one for one in self.steps if one[0] <= until):
            self.steps.remove(due[0])
            self.forty.at(day, due[0][0])
            due[0][2]()

    def usual_day(self, day: date, plan: Plan) -> None:
        """Everybody checks in by the page at some time, three by telephone; who is told to come gives a specimen."""
        for number, code in enumerate(CODES):
            minutes = (number * 37 + day.day * 53) % 270 + 5
            usual = f"{5 + minutes // 60:02}:{minutes % 60:02}"
            by_phone = (number + day.day) % 13 == 0
            if (
                day < self.book.left.get(code, date.max)
                and (code, day) not in self.book.away
                and code in self.forty.pins
            ):
                for time, how in plan.get(code, [(usual, "phone" if by_phone else "page")]):
                    self.then(time, self.asks(code, how))
        self.then("15:30", lambda: self.who_was_told_comes(day))

    def asks(self, code: str, how: str) -> Callable[[], object]:
        forty = self.forty
        if how == "page":
            return lambda: forty.visits(code)
        if how == "phone":
            return lambda: forty.telephones(code)
        return lambda: forty.visits(code, pin="000000" if how == "wrong" else None, expects=how)

    def who_was_told_comes(self, day: date) -> None:
        told = [
            code
            for code in CODES
            if code not in self.stays_away
            and self.book.answer(code, day) == "come"
            and any(one.became == "come" for one in self.book.asked.get((code, day), []))
        ]
        self.forty.come_in(told)

    def drawn(self, day: date, but: Iterable[str] = ()) -> list[str]:
        return [code for code in CODES if (code, day) in self.book.tests and code not in but]

    def undrawn(self, day: date, but: Iterable[str] = ()) -> list[str]:
        return [code for code in CODES if (code, day) not in self.book.tests and code not in but]

    # The days

    def _mon_16(self) -> Plan:
        """One is late, one does not check in, one is told and does not come; three give their specimen early."""
        late, silent, told, first, second, third = self.drawn(MON)[:6]
        also_late, also_silent = self.undrawn(MON, [LAST])[:2]
        self.stays_away = {told}
        self.then("08:21", self.forty.turn)
        for time, code in (("08:20", first), ("12:10", second), ("15:10", third)):
            self.then(time, lambda code=code: self.forty.comes_in(code))
        return {
            late: [("10:40", "page")],
            also_late: [("16:20", "page")],
            silent: [],
            also_silent: [],
            first: [("05:10", "page"), ("09:30", "page")],
            second: [("05:30", "phone")],
            third: [("07:05", "page")],
        }

    def _tue_17(self) -> Plan:
        """The page is away from 07:10 to 07:31. Some telephone, some come back, and some have put it off too long."""
        self.forty.page_away[TUE] = "07:10", "07:31"
        self.book.at_fault[TUE] = "07:10 to 07:31"
        (lost, called, back), (also_lost, also_called) = self.drawn(TUE)[:3], self.undrawn(TUE, [LAST])[:2]
        everybody = {code: [("06:30", "page")] for code in CODES if code != LAST}
        return everybody | {
            lost: [],
            also_lost: [],
            called: [("07:20", "phone")],
            also_called: [("07:21", "phone")],
            back: [("07:45", "page")],
        }

    def _wed_18(self) -> Plan:
        """The last one gets a card when the window is open. Three tests are ordered after the check-in."""
        told, untold, absent = self.undrawn(WED, [LAST])[:3]
        self.for_cause = told, untold, absent
        self.stays_away = {untold, absent}
        self.then("07:00", self._a_late_card)
        for code in self.for_cause:
            self.then("11:00", lambda code=code: self.forty.is_tested_for_cause(code))
        self.then("11:20", lambda: self.forty.telephones(told))
        self.then("11:25", lambda: self.forty.telephones(absent))
        return {untold: [("06:05", "page")], told: [("06:06", "page")], absent: [("06:07", "page")]}

    def _a_late_card(self) -> None:
        self.forty.print_cards(LAST)
        self.book.card_from[LAST] = THU

    def _thu_19(self) -> Plan:
        """`serve` is away from midnight until half past ten: the page knows no answer, and says so."""
        self.book.at_fault[THU] = "05:00 to 10:00"
        self.then("10:30", self.forty.turn)
        self.then("10:30", lambda: self.forty.night(THU))
        self.then("10:31", self._who_comes_back)
        plan: Plan = {code: [("06:00", "unknown")] for code in CODES}
        return plan | {code: [] for code in CODES[::10]}

    def _who_comes_back(self) -> None:
        """Every second one asks again, and is told late; of those who are told to come one does not."""
        drawn = self.drawn(THU)
        self.stays_away = {drawn[0]}
        back = [*drawn[:3], *self.undrawn(THU)[::2]]
        for code in back:
            self.then("11:30", self.asks(code, "page"))

    def _fri_20(self) -> Plan:
        """Somebody tries a number until it is guarded; two have forgotten their PIN, and one of them calls."""
        tried, forgot, also_forgot, without, silent = self.drawn(FRI)[:5]
        self.tried, self.forgot = tried, forgot
        self.stays_away = {forgot}
        self.then("05:01", lambda: self._somebody_tries(tried))
        self.then("12:30", lambda: self.forty.comes_in(without))
        self.then("12:00", lambda: self.forty.print_cards(*self._anew(tried, "--new-number")))
        return {
            tried: [("06:00", "blocked"), ("06:02", "blocked")],
            forgot: [("07:44", "wrong"), ("07:45", "wrong")],
            also_forgot: [("08:00", "wrong"), ("08:10", "phone")],
            without: [],
            silent: [],
        }

    def _somebody_tries(self, code: str) -> None:
        """From thirty places, and with a PIN that is wrong; the person's record has each try."""
        for number in range(30):
            self.forty.door.post(self.forty.numbers[code], f"{number:06}", address=f"203.0.{number}.9")
            self.forty._keep(code, "page", "wrong", "")

    @staticmethod
    def _anew(code: str, what: str) -> tuple[str, ...]:
        return code, what, "--reason", "somebody tries it" if what == "--new-number" else "forgot it"

    def _sat_21(self) -> Plan:
        """Who forgot the PIN gets another one; somebody's leave is written down for four days."""
        self.then("09:00", lambda: self.forty.print_cards(*self._anew(self.forgot, "--new-pin")))
        self.then("09:01", self.forty.turn)
        self.then("13:00", self._leave)
        return {self.forgot: [("08:30", "wrong"), ("09:30", "page")]}

    def _leave(self) -> None:
        self.on_leave = next(code for code in CODES if code not in (self.tried, self.forgot))
        self.forty.type("participant", "leave", self.on_leave, str(SUN), str(WED2), "--reason", "family")
        self.book.away |= {(self.on_leave, SUN + timedelta(days=number)) for number in range(4)}

    def _sun_22(self) -> Plan:
        """One comes too early and not again; in the night a copy is made."""
        early = self.drawn(SUN)[0]
        self.then("23:10", lambda: self.forty.type("backup", str(self.forty.folder / "copy.db")))
        return {early: [("04:50", "early")]}

    def _mon_23(self) -> Plan:
        """At ten past eight the disk is lost, and the database comes back from yesterday's copy."""
        silent, told = self.drawn(MON2)[:2]
        called = self.undrawn(MON2, [self.on_leave])[0]
        self.told_before_restore, self.called_before_restore = told, called
        self.stays_away = {told}
        self.then("08:10", self._restore)
        self.then("08:12", self.forty.turn)
        self.then("08:40", lambda: self.forty.telephones(called))
        everybody: Plan = {code: [(f"0{5 + number % 5}:{number:02}", "page")] for number, code in enumerate(CODES)}
        return everybody | {silent: [], told: [("06:10", "page")], called: [("06:40", "phone")], self.quiet: []}

    def _restore(self) -> None:
        clinic = self.forty.clinic
        for ending in ("", "-wal", "-shm", "-journal"):
            clinic.database.with_name(f"{clinic.database.name}{ending}").unlink(missing_ok=True)
        self.forty.type("restore", str(self.forty.folder / "copy.db"))
        ((lost, _),) = self.receipts_of(self.called_before_restore, MON2)
        said = self.forty.clinic.run("checkin", "verify", self.called_before_restore, lost).stderr
        assert "no such check-in is on record" in said
        self.forty.type("key", "acknowledge", "--reason", "the disk was lost; yesterday's copy is back")

    def receipts_of(self, code: str, day: date) -> set[tuple[str, str]]:
        """The receipts that somebody was given on a day, each with what it says."""
        says = {
            "come": "told to come in",
            "stay": "told that there is no need to come in",
            "done": "told that the day's specimen was given",
        }
        return {
            (one.receipt, f"{says.get(one.became, 'was here and could not be told')}, {one.timing}")
            for one in self.book.asked.get((code, day), [])
            if one.receipt is not None
        }

    def _tue_24(self) -> Plan:
        """One is discharged at noon, having checked in."""
        leaves = self.leaver = self.drawn(TUE2, [self.on_leave, self.tried, self.quiet])[0]
        self.stays_away = {leaves}
        self.then("12:00", self._discharge)
        return {leaves: [("06:00", "page")], self.quiet: []}

    def _discharge(self) -> None:
        self.forty.type("participant", "discharge", self.leaver, "--reason", "completed the programme")
        self.book.left[self.leaver] = TUE2
        self.book.tests[self.leaver, TUE2].gone = "cancelled"

    def _wed_25(self) -> Plan:
        """The telephone exchange fails for three minutes, too few to count."""
        silent, came = self.drawn(WED2, [self.on_leave])[:2]
        self.then("09:00", lambda: self.outage("06:00", "06:03", "the exchange"))
        return {silent: [], came: [("16:10", "page")], self.quiet: []}

    def outage(self, begins: str, ends: str, reason: str, day: str = "") -> None:
        times = (f"{day} {time}".strip() for time in (begins, ends))
        begins, ends = times
        self.forty.type("checkin", "outage", "--from", begins, "--to", ends, "--reason", reason)

    def _thu_26(self) -> Plan:
        """Somebody does not check in; two days later it is found that there was no power then."""
        self.missed_first = next(code for code in self.drawn(THU2) if code != self.leaver)
        return {self.missed_first: []}

    def _fri_27(self) -> Plan:
        """The page goes away in the last minutes."""
        self.forty.page_away[FRI2] = "09:40", "09:43"
        self.book.at_fault[FRI2] = "09:40 to 09:43"
        lost = next(code for code in self.drawn(FRI2) if code != self.leaver)
        return {lost: []}

    def _sat_28(self) -> Plan:
        self.then("12:00", self._no_power_on_thursday)
        return {}

    def _no_power_on_thursday(self) -> None:
        assert self.status(self.missed_first, THU2) == ("missed", "not checked in")
        self.outage("05:30", "06:10", "no power", str(THU2))
        self.book.at_fault[THU2] = "05:30 to 06:10"

    def status(self, code: str, day: date) -> tuple[str, str | None]:
        ((status, because),) = self.forty.clinic.rows(
            f"SELECT status, because FROM draw d JOIN participant p ON p.id = participant_id "
            f"WHERE code = '{code}' AND due_on = '{day}' AND kind <> 'for-cause'"
        )
        return status, because


def every_day() -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(DAYS)]
