"""`web sync`, `print`, `load`, `visits` and `collect`: what goes to the check-in page's file and comes from it."""

import shlex
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, going_on, pass_desk, say
from testing_tracker.cli.desk.files import GivenPath, check_in_settings_of, deliveries_of, in_full
from testing_tracker.cli.desk.opening import door, here_only
from testing_tracker.cli.desk.parameter_types import CheckedWord, WholeNumber
from testing_tracker.cli.desk.shown import print_text
from testing_tracker.errors import TestingTrackerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testing_tracker.cli.desk.desk import AtFacility
    from testing_tracker.rules.check_in.check_in_file import CheckInSettings
    from testing_tracker.services.check_in.page.filling import PageGiven
    from testing_tracker.services.check_in.page.page_visits import CollectedVisits
    from testing_tracker.store.work import Work
    from testing_tracker.web.file import PageFile
    from testing_tracker.web.filling import PageContents
    from testing_tracker.web.seen import PageSeen

_MOST = 64_000_000  # bytes of a document; of 10,000 participants it has 10
_MOST_HOURS = 24 * 16  # as far back as is looked: two weeks and today, one of which may have 25 hours


def _command_words(text: str) -> str:
    if not shlex.split(text):
        raise ValueError("a command is needed, such as 'ssh window.example'")
    return text


COMMAND = CheckedWord("command", _command_words)
_file_option = click.option(
    "--file",
    "given",
    type=GivenPath(),
    metavar="FILE",
    help="The page's own file. Default: beside the database, with .web behind its name.",
)


@click.command("sync")
@click.option("--over", type=COMMAND, metavar="COMMAND", help="A command to the page's machine, such as 'ssh HOST'.")
@pass_desk
def sync_command(desk: Desk, over: str | None) -> None:
    """Put on record what came by the page, and give the page what it is to know today; for cron, each minute.

    `serve` does it by itself. Where several facilities share the database, it is for all of them unless one is named.
    """
    here_only("web sync")
    from testing_tracker.cli.serve import event_lines

    each = desk.each_facility()
    failed: list[str] = []
    lines: list[str] = []
    with event_lines(desk, "text"):
        for at in each:
            with going_on(each, at, failed):
                lines.append(f"{at.mark}{_synced(at, tuple(shlex.split(over or '')))}")
    for line in lines:
        say(desk, line)
    if failed:
        raise TestingTrackerError(" ".join(failed))


def _synced(at: "AtFacility", over: tuple[str, ...]) -> str:
    """Do for a facility what a turn does; what to say of it. Raises TestingTrackerError where something failed."""
    import logging

    from testing_tracker.serving import events
    from testing_tracker.serving.check_in_turn import CheckInTurn
    from testing_tracker.serving.events import Event

    desk = at.desk
    wrong: list[str] = []
    settings = cache(partial(check_in_settings_of, desk.location, at.number))

    def tell(event: Event, said: str, level: int = logging.INFO, **figures: object) -> None:
        if event is Event.WEB_FAILED:
            wrong.append(str(figures["error"]))
        else:
            events.tell(event, f"{at.mark}{said}", level=level, facility=at.number, **figures)

    with closing(
        CheckInTurn(
            reading=desk.reading,
            writing=desk.writing,
            location=desk.location,
            settings=settings,
            tell=tell,
            clock_of=desk.clock,
            over=over,
        )
    ) as turn:
        if not (turn.before_night() and turn.after_night()):
            raise TestingTrackerError(f"{wrong[0]}." if wrong else "The check-in page was not filled.")
        _remind(at, settings())
        return (
            f"{_collected(turn.collected)}. {'The page is filled.' if turn.is_filled else 'There is no page to fill.'}"
        )


def _remind(at: "AtFacility", settings: "CheckInSettings | None") -> None:
    """Hand over the reminders to check in that are owed, and tell how many left and what kept others."""
    from testing_tracker.serving.noticing import Noticing

    desk, ways = at.desk, deliveries_of(at.desk.location, at.number)
    mail = ways.mail if ways is not None else None
    Noticing(desk.reading, desk.writing, settings, mail, at.number, at.mark).send_what_is_owed()


@click.command("print")
@pass_desk
def print_command(desk: Desk) -> None:
    """Print what the page is to know today, for `web load` on the page's machine. It has today's answers in it."""
    here_only("web print")
    from testing_tracker.web.filling import to_json

    print_text(f"{to_json(_contents(desk))}\n")


def _contents(desk: Desk) -> "PageContents":
    from testing_tracker.web.filling import CollectedTo, PageContents

    each, source = desk.each_facility(), ""
    given: list[PageGiven] = []
    collected: list[CollectedTo] = []
    for at in each:
        with at.desk.writing() as work:
            services.todays_receipts.make_ready(work, desk.location.key)
        with at.desk.reading() as work:
            source = source or services.filling.source_of(work)
            for file_of_page in services.page_visits.files_collected(work):
                last = services.page_visits.collected_to(work, file_of_page)
                collected.append(CollectedTo(at.number, last, file_of_page))
            if services.filling.has_page(work):
                file = desk.location.check_in_of(at.number)
                settings = services.filling.settings_or_refusal(
                    check_in_settings_of(desk.location, at.number), str(file)
                )
                given.append(services.filling.what_the_page_is_given(work, settings, desk.location.key, None))
    if not given:
        raise TestingTrackerError("Nobody checks in by a page: `testing-tracker checkin rule --page` has them do so.")
    now = desk.clock("UTC").now()
    fillings, marks = tuple(one.filling for one in given), tuple(one.mark for one in given)
    return PageContents(source, now, fillings, marks=marks, collected=tuple(collected))


@click.command("load")
@click.argument("document", type=GivenPath(allow_dash=True), default="-", metavar="[FILE]")
@_file_option
@pass_desk
def load_command(desk: Desk, document: Path, given: Path | None) -> None:
    """Have the page know what `web print` printed, and nothing else. It needs no database."""
    here_only("web load")
    from testing_tracker.serving.page_link import complaints_of_the_file
    from testing_tracker.web.filling import from_json

    now = desk.clock("UTC").now()
    contents = from_json(_content(document))
    with _opened(desk, given) as file, complaints_of_the_file():
        file.fill(contents, now)
    facilities = len({*contents.kept, *(one.place.facility for one in contents.fillings)})
    holders = sum(len(one.holders) for one in contents.fillings)
    new = f"{holders:,} holder{'' if holders == 1 else 's'}" if contents.fillings else "nothing new"
    say(desk, f"The page is filled: {'1 facility' if facilities == 1 else f'{facilities} facilities'}, {new}.")


@click.command("visits")
@click.option(
    "--after", type=WholeNumber(min=0, max=2**53), default=0, show_default=True, metavar="N", help="The last collected."
)
@click.option(
    "--hours",
    type=WholeNumber(min=1, max=_MOST_HOURS),
    default=72,
    show_default=True,
    help="How far back it is said when the page ran.",
)
@_file_option
@pass_desk
def visits_command(desk: Desk, after: int, hours: int, given: Path | None) -> None:
    """Print who visited the page after the visit N, at most 1,000, for `web collect`. It needs no database."""
    here_only("web visits")
    from zoneinfo import ZoneInfo

    from testing_tracker.clock import Clock
    from testing_tracker.serving.page_link import PageHere
    from testing_tracker.web.seen import to_json

    with _opened(desk, given) as file:
        told = PageHere(file, Clock(ZoneInfo("UTC")).now).seen(after, timedelta(hours=hours))
    print_text(f"{to_json(told)}\n")


@click.command("collect")
@click.argument("document", type=GivenPath(allow_dash=True), default="-", metavar="[FILE]")
@pass_desk
def collect_command(desk: Desk, document: Path) -> None:
    """Put on record what `web visits` printed, each visit once. It says from where on to ask for more."""
    here_only("web collect")
    from testing_tracker.web.seen import from_json, last_in

    seen, each = from_json(_content(document)), desk.each_facility()
    _refuse_what_is_not_next(each, seen)
    found = services.page_visits.CollectedVisits()
    for at in each:
        with at.desk.writing() as work:
            found += services.page_visits.collect(work, seen.file, seen.visits)
            if services.filling.has_page(work):
                _put_faults_on_record(work, seen, at.number, seen.now - desk.clock("UTC").now())
    last = last_in(seen)
    say(desk, f"{_collected(found)}. The next ones: testing-tracker web visits --after {last}")


def _put_faults_on_record(work: "Work", seen: "PageSeen", number: int, apart: timedelta) -> None:
    """Put on record when the page could not be reached, and which windows were looked through to their end.

    It is known up to when the document was printed, which may have been a while ago: that the page's clock is behind
    does not show.
    """
    from testing_tracker.web.seen import last_in

    now, apart = min(work.now, seen.now), max(apart, timedelta(0))
    since = {day: at for (facility, day), at in seen.answers_since.items() if facility == number}
    known = services.page_faults.PageMinutes(seen.beats, seen.visited, {}, since, apart)
    for day, window in services.page_faults.windows_to_look_at(work).items():
        faulty = services.page_faults.faulty_minutes(day, window, known, now)
        services.page_faults.put_on_record(work, window, faulty)
        if services.page_faults.is_over(window, now) and not seen.has_more:
            services.page_visits.say_looked_through(work, seen.file, day, last_in(seen))


def _refuse_what_is_not_next(each: "list[AtFacility]", seen: "PageSeen") -> None:
    """Raise TestingTrackerError for the visits of another database's page; and where some would be left out for good,
    because later ones are on record."""
    last = 0
    for at in each:
        with at.desk.reading() as work:
            services.filling.refuse_page_of_another(services.filling.source_of(work), seen.source)
            last = max(last, services.page_visits.collected_to(work, seen.file))
    if seen.after > last:
        raise TestingTrackerError(
            f"These are the visits after {seen.after}, and the last on record is {last}: those between would be lost. "
            f"Nothing was changed; ask for `testing-tracker web visits --after {last}`."
        )


def _collected(done: "CollectedVisits") -> str:
    if not done:
        return "Nobody new has visited the page"
    strangers = f", {done.strangers} with numbers of nobody" if done.strangers else ""
    return f"{done.visits:,} visit{'' if done.visits == 1 else 's'} put on record: {done.told:,} told{strangers}"


@contextmanager
def _opened(desk: Desk, given: Path | None) -> "Iterator[PageFile]":
    """The page's file on this machine, which is made if there is none."""
    from testing_tracker.serving.page_link import complaints_of_the_file
    from testing_tracker.web.file import PageFile

    path = in_full(given) if given is not None else desk.location.page
    with complaints_of_the_file():
        if given is None:  # of a folder that was typed wrong nobody learns where it is made
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = PageFile(path)
    with closing(file):
        yield file


def _content(document: Path) -> bytes:
    from testing_tracker.store.given_files import piped_content

    try:
        return door().content(document, _MOST) if str(document) != "-" else piped_content(_MOST)
    except OSError as error:
        raise TestingTrackerError(f"{document} cannot be read: {error.strerror}.") from None
