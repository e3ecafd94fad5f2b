"""Parameter types: the words that commands take, each with its completion. A bad one is wrong usage (status 2)."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from testing_tracker.cli.desk.command_words import as_called
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.csv_cells import is_id
from testing_tracker.rules.exchange.toml_file import FacilityFileError
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.rules.near_words import word_said
from testing_tracker.rules.said import DAY_WORDS, Looks, check_day_said, check_week_said, time_said, whole_date_said
from testing_tracker.rules.words import SPECIMENS, Level, Outcome

LONGEST_GAP_VARIABLE = "TESTING_TRACKER_LONGEST_GAP"
_Command = TypeVar("_Command", bound=Callable[..., object])
_T = TypeVar("_T")
_Complete = Callable[[click.Context], list[str]]
_LONGEST_WORD, LONGEST_TEXT = 200, 4_000  # characters; what a person types
_STANDS_FOR_WORDS = "TEXT"  # in a command that is printed to be pasted


def refuse_unreadable(text: str, what: str) -> None:
    """Raise UsageError for a text that nobody types and no database keeps: bytes that are no UTF-8, a NUL, a book."""
    if len(text) > LONGEST_TEXT:
        raise click.UsageError(f"{what} has {len(text):,} characters; the most are {LONGEST_TEXT:,}.")
    if "\0" in text:
        raise click.UsageError(f"{what} has a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise click.UsageError(f"{what} is not text in UTF-8. See how your terminal or script encodes it.") from None


class CheckedWord(click.ParamType[str]):
    """A word that has to pass a check, with completion from a list of those there are."""

    def __init__(
        self, name: str, check: Callable[[str], str], complete: _Complete | None = None, longest: int = _LONGEST_WORD
    ) -> None:
        self.name = name
        self._check = check
        self._complete = complete
        self._longest = longest

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if len(value) > self._longest:
            self.fail(f"that has {len(value):,} characters; the most are {self._longest:,}", param, ctx)
        try:
            return self._check(value)
        except FacilityFileError:
            raise  # the word may be good
        except (TestingTrackerError, ValueError) as error:
            self.fail(as_called(str(error)), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        words = self._complete(ctx) if self._complete else []
        return [CompletionItem(word) for word in words if word.casefold().startswith(incomplete.casefold())]


class SaidDay(str):
    """What was typed for a day, and where its command looks for it; `day_given` says which day that is."""

    __slots__ = ("looks",)
    looks: Looks


class DayWord(CheckedWord):
    """A day in any of the ways that people say one. Which it is depends on today, and on where the command looks."""

    def __init__(self, looks: Looks) -> None:
        super().__init__("date", _day, lambda _: list(DAY_WORDS))
        self.looks = looks

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> SaidDay:
        said = SaidDay(super().convert(value, param, ctx))
        said.looks = self.looks
        return said


class CaselessChoice(click.Choice[str]):
    """One of a few words, in either case; or its beginning, where no other begins so."""

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__(list(words), case_sensitive=False)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            word = word_said(value, self.choices)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if len(value) < len(word) and (ctx is None or not ctx.resilient_parsing):
            click.echo(f"Note: {in_one_line(value)!r} is {word}.", err=True)
        return word


def _day(value: str) -> str:
    check_day_said(value)
    return value


def _date(value: str) -> str:
    """A date as a calendar shows it: `today` would be what the machine's clock says."""
    return whole_date_said(value).isoformat()


def _week(value: str) -> str:
    check_week_said(value)
    return value


def _time_of_day(value: str) -> str:
    return f"{time_said(value):%H:%M}"


_Numbers = Callable[[click.Context], list[tuple[str, str]]]


def _offered(found: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    """Numbers that a shell offers, each with what it is of."""
    return [CompletionItem(number, help=what) for number, what in found if number.startswith(incomplete)]


class Number(click.ParamType[int]):
    """The number of something on record. A bad one is wrong usage; one that nothing has, the service refuses."""

    name = "number"

    def __init__(self, complete: _Numbers | None = None) -> None:
        self._complete = complete

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _offered(self._complete(ctx), incomplete) if self._complete else []

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not isinstance(value, str) or not is_id(value):
            self.fail("that is not the number of something on record; write it in digits, such as 12", param, ctx)
        return int(value)


class NumberOrCode(click.ParamType[str]):
    """A recommendation's number, or the code of the participant whose it is. Which is meant, the service finds out."""

    name = "number or code"

    def __init__(self, complete: _Numbers) -> None:
        self._complete = complete

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        number = value[len("no:") :] if value.casefold().startswith("no:") else value
        if is_id(number):
            return value
        try:
            return _code(value)
        except TestingTrackerError:
            self.fail(
                "that is neither the number of a recommendation, such as 12, nor a participant's code", param, ctx
            )

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = self._complete(ctx)
        codes = dict.fromkeys(what.partition(":")[0] for _, what in found)
        return _offered(found, incomplete) + [
            CompletionItem(code) for code in codes if code.casefold().startswith(incomplete.casefold())
        ]


def _code(value: str) -> str:
    from testing_tracker.rules.people.codes import check_code

    return check_code(value)


def _analyte(value: str) -> str:
    from testing_tracker.cli.desk.desk import Desk

    desk = click.get_current_context().find_object(Desk)
    assert desk is not None, "a command is given at a desk"
    return desk.vocabulary.named(value)


def _analytes(ctx: click.Context) -> list[str]:
    from testing_tracker.cli.desk.desk import Desk
    from testing_tracker.rules.testing.analytes import SHIPPED

    desk = Desk(_given(ctx, "database"), None)  # no command has sat down at one: a key was pressed
    try:
        return list(desk.vocabulary.names)
    except FacilityFileError:
        return list(SHIPPED.names)


def _outcomes(ctx: click.Context) -> list[str]:
    return [*Outcome, *_analytes(ctx)]


def _listing(
    which: Callable[[Any], Callable[[str | None, str | None], list[_T]]],
) -> Callable[[click.Context], list[_T]]:
    """What a list of `store.listing` has for the database and the facility that were given before the command."""

    def listed(ctx: click.Context) -> list[_T]:
        from testing_tracker.store import listing

        return which(listing)(_given(ctx, "database"), _given(ctx, "facility"))

    return listed


def _given(ctx: click.Context, option: str) -> str | None:
    """What was given before the command, on the line or in the environment."""
    given = ctx.find_root().params.get(option)
    return given if isinstance(given, str) else None


def _as_is(value: str) -> str:
    return value


def _said(value: str) -> str:
    if not value.strip():
        raise ValueError("say something that others will understand later")
    if value.strip() == _STANDS_FOR_WORDS:
        raise ValueError(f"{_STANDS_FOR_WORDS} stands for your own words; say why in a few")
    return value.strip()


DAY = DayWord(Looks.EITHER)
DAY_BEFORE = DayWord(Looks.BACK)
DAY_TO_COME = DayWord(Looks.AHEAD)
DATE = CheckedWord("date", _date)
REASON = CheckedWord("text", _said, longest=LONGEST_TEXT)
WEEK = CheckedWord("week", _week)
TIME = CheckedWord("time", _time_of_day)
NOTICE_ADDRESS = CheckedWord("address", _as_is)  # `contacts.address_of` reads it, and repeats none in a complaint
INSTANT = CheckedWord("time", _as_is)  # of a day that the command knows; `instant_given` reads it


class WholeNumber(click.IntRange):
    """A whole number in a range that is said in words: `0 or more`, `1 to 366`."""

    def _describe_range(self) -> str:
        return f"{self.min} or more" if self.max is None else f"{self.min} to {self.max}"


CODE = CheckedWord("code", _code, _listing(lambda listing: listing.participant_codes))
NEW_CODE = CheckedWord("code", _code)
CODE_DUE = CheckedWord("code", _code, _listing(lambda listing: listing.codes_to_log))
ANALYTE = CheckedWord("analyte", _analyte, _analytes)
SCHEDULE = CheckedWord("schedule", _as_is, _listing(lambda listing: listing.schedule_names))
FACILITY = CheckedWord("facility", _as_is, _listing(lambda listing: listing.facility_names))
ID = Number()
REVIEW = Number(_listing(lambda listing: listing.open_reviews))
RECOMMENDATION = NumberOrCode(_listing(lambda listing: listing.open_recommendations))
DECIDED_RECOMMENDATION = NumberOrCode(_listing(lambda listing: listing.recommendations_to_reopen))
LEVEL = CaselessChoice(Level)
SPECIMEN = CaselessChoice(SPECIMENS)
OUTCOME = CheckedWord("outcome", _as_is, _outcomes)


def longest_gap_option(command: _Command) -> _Command:
    """`--longest-gap`, which the environment can say once for all."""
    from testing_tracker.rules.keeping.owed import LONGEST_GAP

    return click.option(
        "--longest-gap",
        type=WholeNumber(min=0),
        default=LONGEST_GAP,
        show_default=True,
        envvar=LONGEST_GAP_VARIABLE,
        metavar="NIGHTS",
        help="More nights than this without a run wait for `draw --catch-up-to`.",
    )(command)
