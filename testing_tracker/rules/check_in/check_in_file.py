"""Reads how participants check in and are reminded, from a facility's TOML file, and says all that is wrong with it.

What has consequences for people, as when they check in, is on record and not here; here is only how it is done. The
file may name secrets. No message ever repeats a value, only the key it stands at.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from testing_tracker.rules.check_in.gsm import outside_of_alphabet
from testing_tracker.rules.check_in.neutral import told_by, told_by_name_of_host
from testing_tracker.rules.check_in.notices import NoticeChannel
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.exchange.toml_file import (
    FacilityFileError,
    TomlFile,
    document_of,
    list_of,
    matching,
    one_of,
    some_of,
    whole_number,
)
from testing_tracker.rules.serving.delivery_file import ADDRESS, command_words

LONGEST_NAME, LONGEST_PHONE, LONGEST_ZONE = 30, 20, 40  # characters; the page's length and a text's 160 rest on them
LONGEST_REMINDER = 12 * 60  # minutes before the window closes
KEPT_PATHS = ("es", "alive", "style.css", "voice", "line")  # of the page itself

_SECTIONS = {
    "page": ("name", "phone", "zone", "path", "public_url", "over", "languages"),
    "notices": ("morning", "reminder_minutes", "quiet", "from", "text"),
    "voice": ("token_file",),
}
_NEEDED = {"page": ("name", "phone", "zone"), "notices": (), "voice": ("token_file",)}
_OF_TEXT = ("command", "stop")
_PHONE = re.compile(rf"(?=.*[0-9])[0-9+().\- \u00a0]{{3,{LONGEST_PHONE}}}")
_PATH = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?")
_PUBLIC = re.compile(
    r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[1-9][0-9]{0,4})?(?:/[A-Za-z0-9._~-]{1,60}){0,4}/?"
)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::00)?")
_WANTED_TIME = 'a time such as "07:00"'


class CheckInFileError(FacilityFileError):
    """The check-in file cannot be used; `problems` has a line for each reason."""


@dataclass(frozen=True)
class PageSettings:
    """What participants see of the facility, and how its page is reached.

    `zone` says the facility's zone in words, by language. `path` is the facility's word in addresses, where several
    share a page. `public_url` is the page as the outside sees it, without a slash at its end. `over` are the words of a
    command that runs the program on the page's own machine, none where it is this one.
    """

    name: str
    phone: str
    zone: Mapping[Language, str]
    path: str | None = None
    public_url: str | None = None
    over: tuple[str, ...] = ()
    languages: tuple[Language, ...] = (Language.ENGLISH, Language.SPANISH)


@dataclass(frozen=True)
class NoticeSettings:
    """When reminders leave, in the facility's local times, and how; None or nothing for what does not.

    `quiet` is from when to when nothing leaves, over midnight where it ends before it begins. `sender` stands in mails
    in place of the delivery file's. `command` are the words of the command that sends a text. `stops` says that the
    vendor ends texts by itself for who answers STOP.
    """

    morning: time | None = None
    reminder_minutes: int | None = None
    quiet: tuple[time, time] | None = None
    sender: str | None = None
    command: tuple[str, ...] = ()
    stops: bool = False

    def is_quiet(self, at: time) -> bool:
        """Whether nothing may leave at a local time."""
        if self.quiet is None:
            return False
        begins, ends = self.quiet
        return begins <= at < ends if begins <= ends else at >= begins or at < ends


@dataclass(frozen=True)
class VoiceSettings:
    """The secret that a telephony vendor signs its requests with."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class CheckInSettings:
    """All that a facility's check-in file says. Without `notices` nobody is reminded, without `voice` nobody calls in.

    `warnings` are about what can be used, and tells others more than it should.
    """

    page: PageSettings
    notices: NoticeSettings | None = None
    voice: VoiceSettings | None = None
    warnings: Sequence[str] = ()

    def channels(self, *, has_mail: bool) -> tuple[NoticeChannel, ...]:
        """The ways on which reminders leave. `has_mail`: the delivery file has a mail server."""
        if self.notices is None:
            return ()
        ways = {NoticeChannel.MAIL: has_mail, NoticeChannel.TEXT: bool(self.notices.command)}
        return tuple(channel for channel, is_there in ways.items() if is_there)


def read_check_in_file(text: str, file: str, folder: Path, secret_in: Callable[[Path], str]) -> CheckInSettings:
    """What a file's text says; `file` is its name for messages, and paths in it start at `folder`.

    `secret_in` gives the text of a file that holds a secret, and raises ValueError saying what is wrong with it. Raises
    CheckInFileError with every problem: an unknown key, a wrong type, an impossible value.
    """
    reader = _Reader(document_of(text, file, CheckInFileError, quoted=False), folder, secret_in)
    settings = reader.settings(file)
    if reader.problems:
        raise CheckInFileError(file, reader.problems)
    return settings


class _Reader(TomlFile):
    """Takes values out of the document. A bad one becomes a problem, and a stand-in takes its place."""

    def __init__(self, document: Mapping[str, Any], folder: Path, secret_in: Callable[[Path], str]) -> None:
        super().__init__(document)
        self.folder = folder
        self.secret_in = secret_in

    def settings(self, file: str) -> CheckInSettings:
        self.refuse_unknown(_SECTIONS, f"a check-in file has {', '.join(f'[{name}]' for name in _SECTIONS)}", _NEEDED)
        if "page" not in self.document:
            self.problems.append("page: missing; what participants see stands in [page]: name, phone and zone")
        page = self._page()
        notices = self._notices() if "notices" in self.document else None
        if notices is not None and notices.command:
            if outside_of_alphabet(page.name):
                self.problems.append(
                    "page.name: has a character that would make text messages too long; write it without accents"
                )
            if outside_of_alphabet(page.phone):
                self.problems.append("page.phone: has a character that text messages lack; write it with plain blanks")
        voice = self._voice() if "voice" in self.document else None
        if voice is not None and page.public_url is None:
            self.problems.append("voice.token_file: comes with public_url in [page], which signatures are made over")
        return CheckInSettings(page, notices, voice, [f"{file}: {one}" for one in _warnings(page, notices)])

    def in_words(self, error: ValueError, wanted: str) -> str:
        """Never the error's own words: they may quote the value."""
        return f"must be {wanted}"

    def _page(self) -> PageSettings:
        spoken = self.value("page.languages", tuple(Language), _languages, 'a list of "en", "es" or both')
        every = ", ".join(f'{one} = "…"' for one in spoken)
        return PageSettings(
            name=self.value("page.name", "", _shown(LONGEST_NAME), f"a text of 1 to {LONGEST_NAME} characters"),
            phone=self.value("page.phone", "", matching(_PHONE), 'a telephone number such as "555-0100"'),
            zone=self.value("page.zone", {}, _zone(spoken), f"the zone in words in each language, {{ {every} }}"),
            path=self.value("page.path", None, _path, "a word of small letters, digits and hyphens"),
            public_url=self.value("page.public_url", None, _public, 'an address such as "https://checkin.example.org"'),
            over=self.value("page.over", (), _over, 'a command such as "ssh window.example", or a list of its words'),
            languages=spoken,
        )

    def _notices(self) -> NoticeSettings:
        text = self._text()
        minutes = whole_number(1, LONGEST_REMINDER)
        wanted = f"a whole number from 1 to {LONGEST_REMINDER}"
        settings = NoticeSettings(
            morning=self.value("notices.morning", None, _time, _WANTED_TIME),
            reminder_minutes=self.value("notices.reminder_minutes", None, minutes, wanted),
            quiet=self.value("notices.quiet", None, _quiet, 'two different times such as ["21:00", "06:30"]'),
            sender=self.value("notices.from", None, matching(ADDRESS), "one plain address in quotes"),
            command=text.value("text.command", (), _command, "a list of a command's words"),
            stops=text.value("text.stop", "", one_of(("vendor",)), '"vendor", or left out') == "vendor",
        )
        self.problems += [f"notices.{problem.replace('[text]', '[notices.text]')}" for problem in text.problems]
        if settings.morning is not None and settings.is_quiet(settings.morning):
            self.problems.append("notices.morning: lies in the quiet hours, so nothing would leave; change one of them")
        return settings

    def _text(self) -> TomlFile:
        """The section [notices.text], as a file of its own."""
        notices = self.section("notices")
        if not isinstance(notices.get("text", {}), dict):
            self.problems.append("notices.text: must be a table that begins with [notices.text]")
            return _Part({})
        text = _Part({"text": notices["text"]} if "text" in notices else {})
        text.refuse_unknown({"text": _OF_TEXT}, "", {"text": ("command",)})
        return text

    def _voice(self) -> VoiceSettings | None:
        path = self.value("voice.token_file", None, self._file, "the path of a file that holds the vendor's token")
        if path is None:
            return None
        try:
            token = self.secret_in(path).strip()
        except ValueError as error:
            self.problems.append(f"voice.token_file: {error}")
            return None
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            self.problems.append("voice.token_file: must hold the vendor's token, on one line")
            return None
        return VoiceSettings(token)

    def _file(self, value: Any) -> Path:  # noqa: ANN401  what a file holds may be anything, here and below
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise ValueError
        return self.folder / value


class _Part(TomlFile):
    """A section within a section, whose values are not quoted either."""

    def in_words(self, error: ValueError, wanted: str) -> str:
        return f"must be {wanted}"


def _warnings(page: PageSettings, notices: NoticeSettings | None) -> list[str]:
    host = urlsplit(page.public_url).netloc if page.public_url else ""
    places = {
        "page.name": told_by(page.name),
        "page.public_url": told_by_name_of_host(host),
        "page.path": told_by_name_of_host(page.path or ""),
        "notices.from": told_by_name_of_host((notices.sender if notices is not None else None) or ""),
    }
    return [
        f"{place}: has {' and '.join(map(repr, words))}, which tells others what the place is; better a neutral one"
        for place, words in places.items()
        if words
    ]


def warning_of_sender(settings: CheckInSettings, sender: str | None) -> str | None:
    """What the delivery file's sender tells others, where reminders come from it; None for nothing."""
    words = told_by_name_of_host(sender or "")
    if not words or settings.notices is None or settings.notices.sender is not None:
        return None
    told = " and ".join(map(repr, words))
    return f"mail.from of the delivery file has {told}; reminders had better come from another: `from` in [notices]"


def _shown(most: int) -> Callable[[Any], str]:
    """A reader of texts that are shown, on one line."""

    def read(value: Any) -> str:  # noqa: ANN401
        if not isinstance(value, str) or not value.strip() or len(value) > most or not value.isprintable():
            raise ValueError
        return value.strip()

    return read


def _languages(value: Any) -> tuple[Language, ...]:  # noqa: ANN401
    return tuple(map(Language, some_of(Language)(value)))


def _zone(languages: Sequence[Language]) -> Callable[[Any], Mapping[Language, str]]:
    shown = _shown(LONGEST_ZONE)

    def read(value: Any) -> Mapping[Language, str]:  # noqa: ANN401
        if not isinstance(value, dict) or not set(languages) <= value.keys() <= set(Language):
            raise ValueError
        return {Language(language): shown(words) for language, words in value.items()}

    return read


def _path(value: Any) -> str:  # noqa: ANN401
    path = matching(_PATH)(value)
    if path in KEPT_PATHS:
        raise ValueError
    return path


def _public(value: Any) -> str:  # noqa: ANN401
    url = matching(_PUBLIC)(value)
    urlsplit(url).port  # noqa: B018  raises ValueError for a port that there is not
    return url.rstrip("/")


def _over(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    return _command(shlex.split(value) if isinstance(value, str) else value)


def _command(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    return command_words(list_of(value))


def _time(value: Any) -> time:  # noqa: ANN401
    if isinstance(value, time) and not (value.second or value.microsecond or value.tzinfo):
        return value
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError
    return time(int(found[1]), int(found[2]))


def _quiet(value: Any) -> tuple[time, time]:  # noqa: ANN401
    begins, ends = map(_time, list_of(value))
    if begins == ends:
        raise ValueError
    return begins, ends
