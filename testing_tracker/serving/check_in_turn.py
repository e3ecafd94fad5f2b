"""What a turn does for the page on which participants check in: before the night what comes from it, after it what goes
there.

What comes from it goes on record before the night closes a day, so that nobody is held to have missed whom the page had
told, or had turned away. Nothing of it keeps anything else of the turn waiting.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from testing_tracker.clock import Clock, ClockOf
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.check_in_file import CheckInSettings
from testing_tracker.rules.check_in.faulty_minutes import minute_begins
from testing_tracker.services.check_in.page import filling, page_faults, page_visits, state_now, todays_receipts
from testing_tracker.services.check_in.page.filling import LedgerPage
from testing_tracker.services.check_in.page.page_faults import PageFault, PageMinutes
from testing_tracker.services.check_in.page.page_visits import CollectedVisits
from testing_tracker.services.check_in.rules_in_force import any_rule
from testing_tracker.services.keeping.doctor_check_in import PageWatched
from testing_tracker.serving import probing
from testing_tracker.serving.asking import NotReachedError
from testing_tracker.serving.courier import Transaction
from testing_tracker.serving.events import Event
from testing_tracker.serving.page_link import AnyLink, PageHere, PageOver, complaints_of_the_file
from testing_tracker.store import facilities
from testing_tracker.store.ledger.pages import last_page
from testing_tracker.store.location import AnyLocation
from testing_tracker.store.work import Work
from testing_tracker.web.file import PageFile, minute_of
from testing_tracker.web.filling import CollectedTo, PageContents, PageMark
from testing_tracker.web.seen import PageSeen, last_in

_TRIES = 3
_SHORTEST = timedelta(minutes=10)  # how far back the page's minutes are asked for at least
_LATELY = timedelta(hours=36)  # in which whoever has the page has looked a window through
CERTIFICATE, NOT_REACHED = "certificate ends", "not reached since"  # what is kept about the page for `doctor`


class Tell(Protocol):
    """Tells an event; see `events.tell`."""

    def __call__(self, event: Event, said: str, level: int = logging.INFO, **figures: object) -> None: ...


@dataclass(frozen=True)
class Remembered:
    """What a turn has read at a page of a facility's ledger, on a day: until there is another page it is so."""

    page: LedgerPage
    today: date
    windows: Mapping[date, CheckInWindow]
    has_page: bool


@dataclass
class _Known:
    """What one turn has learned of the page."""

    file: PageFile
    link: AnyLink
    seen: PageSeen
    mark: PageMark | None
    collected: int = 0


@dataclass
class CheckInTurn:
    """A turn's step at one facility. `settings` reads its check-in file, `tell` what was done or could not be.

    `over` is a command to the page's machine in place of the file's. `fails_once_an_hour`: what fails at each turn is
    told once an hour; `remembered` is what the turns before have read. Afterwards it says what was `collected`, and
    whether the page `is_filled`.
    """

    reading: Transaction
    writing: Transaction
    location: AnyLocation
    settings: Callable[[], CheckInSettings | None]
    tell: Tell
    clock_of: ClockOf
    over: Sequence[str] = ()
    is_to_be_told: Callable[[], bool] = lambda: True
    remembered: dict[int, Remembered] = field(default_factory=dict)
    collected: CollectedVisits = field(default_factory=CollectedVisits)
    is_filled: bool = False
    _files: list[PageFile] = field(default_factory=list)
    _known: _Known | None = None
    _has_failed: bool = False
    _number: int = 0
    _source: str = ""
    _windows: Mapping[date, CheckInWindow] = field(default_factory=dict)
    _clock: Clock | None = None

    def before_night(self) -> bool:
        """Put on record what came by the page, and when it could not be reached; whether that went well."""
        return self._by_itself(self._take)

    def after_night(self) -> bool:
        """Give the page what it is to know now, and look at it from outside; whether that went well."""
        return self._by_itself(self._give) and not self._has_failed

    def close(self) -> None:
        """Let go of the page's file."""
        while self._files:
            self._files.pop().close()

    def _by_itself(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except TestingTrackerError as error:
            self._fail(str(error))
        except Exception as error:  # whatever it is, the night is made and the reports leave
            self._fail(f"something went wrong with the check-in page ({type(error).__name__})")
        else:
            return True
        return False

    def _fail(self, why: str) -> None:
        self._has_failed = True
        if self.is_to_be_told():
            said = why.removesuffix(".")
            self.tell(Event.WEB_FAILED, f"check-in page: {said}. Trying again at each turn.", logging.ERROR, error=said)

    @property
    def _now(self) -> datetime:
        assert self._clock is not None, "the records were read"
        return self._clock.now()

    # Before the night

    def _take(self) -> None:
        with self.reading() as work:
            if not any_rule(work):
                return
            every, has_page = self._remembered_or_read(work)
            self._windows = {day: window for day, window in every.items() if window.opens <= work.now}
            self._number, self._source = work.facility_id, filling.source_of(work)
            if not (self._windows or has_page or self._had_page()):
                return
            self._clock = self.clock_of(facilities.timezones_of(work.session, work.facility))
            file, link = self._opened()
            after = page_visits.collected_to(work, link.last_file) if link.last_file else 0
            opens = (window.opens for window in self._windows.values())
            is_elsewhere = self._is_elsewhere(work, file, link)
            back = max((work.now - one for one in opens), default=timedelta(0)) + _SHORTEST
        self._known = self._collect(file, link, self._asked(link, after, back))
        if not is_elsewhere:
            self._look(self._known)

    def _had_page(self) -> bool:
        """Whether the facility was on the page when it was filled last, so that somebody may have come since.

        One that never was, or is not any more, is not asked about: the others' visitors are many.
        """
        if not self.location.page.exists():
            return False
        with complaints_of_the_file(), closing(PageFile(self.location.page)) as file:
            return file.about(self._on_page) is not None

    @property
    def _on_page(self) -> str:
        return f"on the page {self._number}"

    @staticmethod
    def _is_elsewhere(work: Work, file: PageFile, link: AnyLink) -> bool:
        """Whether another host has the page: another file was read lately, and none has run on this one since.

        Then that host says when it could be reached. Where none does, the night says that nobody knows.
        """
        if isinstance(link, PageOver):
            return False
        with complaints_of_the_file():
            ran_last = file.ran_last
        back = _LATELY if ran_last is None else min(_LATELY, work.now - minute_begins(ran_last + 1))
        return back > _SHORTEST and bool(page_visits.files_collected(work, back) - {file.identity})

    def _remembered_or_read(self, work: Work) -> tuple[Mapping[date, CheckInWindow], bool]:
        """The windows that are not closed, and whether there is a page; remembered, if nothing was done since."""
        page = last_page(work.session, work.facility_id)
        known = self.remembered.get(work.facility_id)
        if known is None or (known.page, known.today) != (page, work.today):
            known = Remembered(page, work.today, page_faults.windows_not_closed(work), filling.has_page(work))
            self.remembered[work.facility_id] = known
        return known.windows, known.has_page

    def _opened(self) -> tuple[PageFile, AnyLink]:
        with complaints_of_the_file():
            file = PageFile(self.location.page)
            self._files.append(file)
            settings = None if self.over else self.settings()
            over = self.over or (settings.page.over if settings is not None else ())
            return file, PageOver(over, file, lambda: self._now) if over else PageHere(file, lambda: self._now)

    def _asked(self, link: AnyLink, after: int, back: timedelta) -> PageSeen:
        """What the page tells of what is not on record; again where its file is another one than last time."""
        for _ in range(_TRIES):
            file = link.last_file
            seen = self._seen(link, after, back)
            if seen.file == file:
                return seen
            with self.reading() as work:
                after = page_visits.collected_to(work, seen.file)
        raise TestingTrackerError("the page's file is another one each time that it is asked for")

    def _seen(self, link: AnyLink, after: int, back: timedelta) -> PageSeen:
        seen = link.seen(after, back)
        filling.refuse_page_of_another(self._source, seen.source)
        return seen

    def _collect(self, file: PageFile, link: AnyLink, first: PageSeen) -> _Known:
        """Put the visits on record that are not, at most a document's in one transaction."""
        seen, mark = first, first.marks.get(self._number)
        while True:
            if any(visit.facility == self._number for visit in seen.visits):
                with self.writing() as work:
                    before = last_page(work.session, work.facility_id)
                    done = page_visits.collect(work, seen.file, seen.visits)
                mark = _moved_on(mark, work, before) if done else mark
                self.collected += done
            if not seen.has_more:
                break
            seen = self._seen(link, seen.visits[-1].number, _SHORTEST)
        return _Known(file, link, first, mark, last_in(seen))

    def _look(self, known: _Known) -> None:
        """Put on record when the page could not be reached, and that a window was looked through to its end."""
        now, windows = self._now, self._windows
        minutes = minutes_known(self._number, known.seen, known.file, known.link.clocks_apart(known.seen))
        faulty = {day: page_faults.faulty_minutes(day, window, minutes, now) for day, window in windows.items()}
        over = [day for day, window in windows.items() if page_faults.is_over(window, now)]
        if over or (any(faulty.values()) and self._are_owed(faulty)):
            with self.writing() as work:
                before = last_page(work.session, work.facility_id)
                for day, window in windows.items():
                    page_faults.put_on_record(work, window, faulty[day])
                for day in over:
                    page_visits.say_looked_through(work, known.seen.file, day, known.collected)
            known.mark = _moved_on(known.mark, work, before)
        for day in windows:
            if day not in over:
                self._tell_how_it_stands(known.file, day, page_faults.fault_that_lasts(faulty[day], now))
        if self.collected:
            self._tell_guarded(known.file)
        for day in over:
            self._tell_closed(known.file, day)

    def _are_owed(self, faulty: Mapping[date, Mapping[int, str]]) -> bool:
        with self.reading() as work:
            return any(page_faults.are_owed(work, window, faulty[day]) for day, window in self._windows.items())

    def _tell_how_it_stands(self, file: PageFile, day: date, fault: PageFault | None) -> None:
        """Tell once that a day's check-in is open, is at fault, or is well again."""
        window, key, told = self._windows[day], f"opened {self._number}", f"at fault {self._number}"
        if window.opens <= self._now < window.closes and file.about(key) != f"{day}":
            self.tell(Event.CHECK_IN_OPENED, f"check-in of {day} is open", day=day, closes_at=window.closes)
            file.note(key, f"{day}")
        since = file.about(told)
        if fault is not None and since is None:
            said = f"check-in cannot be reached since {fault.from_at:%H:%M} UTC: {fault.reason}"
            self.tell(Event.CHECK_IN_FAULT, said, logging.ERROR, since=fault.from_at, reason=fault.reason)
            file.note(told, fault.from_at.isoformat())
        elif fault is None and since is not None:
            said = f"check-in is well again; it could not be reached since {datetime.fromisoformat(since):%H:%M} UTC"
            self.tell(Event.CHECK_IN_WELL_AGAIN, said, since=datetime.fromisoformat(since))
            file.note(told, None)

    def _tell_closed(self, file: PageFile, day: date) -> None:
        file.note(f"at fault {self._number}", None)
        with self.reading() as work:
            counts = state_now.counts_on(work, day)
        said = (
            f"check-in of {day} is closed: {counts.in_time} of {counts.expected} in time, {counts.late} late, "
            f"{counts.tried} tried and could not, {counts.not_checked_in} did not"
        )
        figures = {name: getattr(counts, name) for name in ("expected", "in_time", "late", "tried", "not_checked_in")}
        self.tell(Event.CHECK_IN_CLOSED, said, day=day, **figures)

    def _tell_guarded(self, file: PageFile) -> None:
        """Tell each time that there are more than were told today."""
        with self.reading() as work:
            today = work.today
            count = len(page_visits.guarded_numbers(work))
        key, before = f"guarded {self._number}", file.about(f"guarded {self._number}") or ""
        if count > int(before.removeprefix(f"{today} ") if before.startswith(f"{today} ") else 0):
            many = "1 number is" if count == 1 else f"{count} numbers are"
            said = f"{many} guarded, because somebody tries PINs; `testing-tracker doctor` says whose"
            self.tell(Event.NUMBER_GUARDED, said, logging.WARNING, day=today, numbers=count)
            file.note(key, f"{today} {count}")

    # After the night

    def _give(self) -> None:
        with self.reading() as work:
            if not any_rule(work):
                return
            has_page, settings = filling.has_page(work), self.settings()
            mark = None if settings is None else filling.mark_of(work, settings, self.location.key)
            is_new = mark is None or self._known is None or self._known.mark != mark
            owed = is_new and todays_receipts.are_owed(work, self.location.key)
        if owed:
            with self.writing() as work:
                todays_receipts.make_ready(work, self.location.key)
        if self._known is None:
            return
        self._fill(self._known, settings, None if is_new else mark, has_page=has_page)
        if has_page and settings is not None and settings.page.public_url is not None:
            self._probe(self._known.file, settings.page.public_url)

    def _fill(self, known: _Known, settings: CheckInSettings | None, same: PageMark | None, *, has_page: bool) -> None:
        """Have the page say what is so now; where all is the `same` nothing is read or sent but that."""
        others = tuple(sorted(set(known.seen.marks) - {self._number}))
        collected = (CollectedTo(self._number, known.collected, known.seen.file),)
        contents = PageContents(self._source, self._now, kept=others, collected=collected)
        if not has_page:
            if self._number in known.seen.marks:
                known.link.fill(contents)
        elif same is not None:
            known.link.fill(replace(contents, kept=(*others, self._number), marks=(same,)))
        else:
            file = str(self.location.check_in_of(self._number))
            settings = filling.settings_or_refusal(settings, file)
            with self.reading() as work:
                given = filling.what_the_page_is_given(work, settings, self.location.key, known.mark)
            known.link.fill(replace(contents, fillings=(given.filling,), marks=(given.mark,)))
        self.is_filled = has_page
        if (known.file.about(self._on_page) is not None) != has_page:
            known.file.note(self._on_page, "yes" if has_page else None)

    def _probe(self, file: PageFile, public_url: str) -> None:
        """Look at the page from outside; that it is not there is no failure of the turn's, but of the page's."""
        why, ends = None, None
        try:
            ends = probing.look_at(public_url)
        except NotReachedError as error:
            why = str(error)
        now = self._now
        with complaints_of_the_file():
            file.note_probe(minute_of(now), reached=why is None)
            since, _, _ = (file.about(NOT_REACHED) or "").partition(" ")
            said = None if why is None else f"{since or now.isoformat()} {why}"
            if said != file.about(NOT_REACHED):
                file.note(NOT_REACHED, said)
            if ends is not None and ends.isoformat() != file.about(CERTIFICATE):
                file.note(CERTIFICATE, ends.isoformat())


def _moved_on(mark: PageMark | None, work: Work, before: LedgerPage) -> PageMark | None:
    """What the page is made from, after acts that change nothing of it."""
    return None if mark is None else filling.with_newer_page(mark, before, work.last_page_written()) or mark


def minutes_known(facility: int, seen: PageSeen, probes: PageFile, apart: timedelta = timedelta(0)) -> PageMinutes:
    """The page's minutes as the rules ask for them; looks from outside are in the file on this machine."""
    first, last = min(seen.beats, default=0), minute_of(seen.now) + 1
    since = {day: at for (number, day), at in seen.answers_since.items() if number == facility}
    with complaints_of_the_file():
        return PageMinutes(seen.beats, seen.visited, probes.probes_between(first, last), since, apart)


def page_minutes_here(location: AnyLocation, facility: int, now: datetime) -> PageMinutes | None:
    """The page's minutes of the last day, where it ran here then and this account may open its file; None elsewhere."""
    if not location.page.exists():
        return None
    try:
        with complaints_of_the_file(), closing(PageFile(location.page)) as file:
            if file.about("far file") is not None:
                return None
            seen = PageHere(file, lambda: now).seen(None, timedelta(days=1))
            return minutes_known(facility, seen, file) if seen.beats else None
    except TestingTrackerError:
        return None


def page_watched(location: AnyLocation, settings: CheckInSettings) -> PageWatched:
    """How the last look at the page from outside went, as far as this machine and account know."""
    url = settings.page.public_url
    if url is None or not location.page.exists():
        return PageWatched(url)
    try:
        with complaints_of_the_file(), closing(PageFile(location.page)) as file:
            since, _, why = (file.about(NOT_REACHED) or "").partition(" ")
            ends = file.about(CERTIFICATE)
    except TestingTrackerError:
        return PageWatched(url)
    return PageWatched(
        url,
        datetime.fromisoformat(since) if since else None,
        why or None,
        datetime.fromisoformat(ends) if ends else None,
    )
