"""Whether a command line is for a database's server, and at which socket: `--database unix:PATH`, or the variable.

It is told before the command line is read, because reading it would take longer than asking the server.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, whose import would be waited for
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNIX = "unix:"
_VARIABLE = "TESTING_TRACKER_DATABASE"
_OPTION = "--database"
_TAKES_A_VALUE = ("--database", "--facility", "--today", "--color")  # of the options in front of the command
_LOCAL_OPTIONS = ("--help", "-h", "--version")
_LOCAL_COMMANDS = ("completion", "manual", "demo")
_WORDS, _NUMBER = "COMP_WORDS", "COMP_CWORD"
# Bash takes a colon for a word of its own.
_AS_BASH_CUTS_IT = f"{UNIX[:-1]} : "


def socket_wanted(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """The path of the socket where the command is to be asked; None for a command that is done here."""
    completed = _words_to_complete(environment)
    words = arguments if completed is None else completed.split()[1:]
    given, command = _given(words)
    place = given or environment.get(_VARIABLE) or ""
    if not place.startswith(UNIX):
        return None
    if completed is None and (command in _LOCAL_COMMANDS or not _LOCAL_OPTIONS_IN.isdisjoint(arguments)):
        return None
    return place.removeprefix(UNIX)


_LOCAL_OPTIONS_IN = frozenset(_LOCAL_OPTIONS)


def _given(words: Sequence[str]) -> tuple[str | None, str | None]:
    """What `--database` says in front of the command, and the command."""
    given, at = None, 0
    while at < len(words):
        word = words[at]
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            return given, word
        if name in _TAKES_A_VALUE and not equals:
            at += 1
            value = words[at] if at < len(words) else ""
        if name == _OPTION:
            given = value
        at += 1
    return given, None


def _words_to_complete(environment: Mapping[str, str]) -> str | None:
    """The line that a shell wants to have completed, None where it wants nothing."""
    for name in environment:
        if name.startswith("_") and name.endswith("_COMPLETE"):
            return mended(environment.get(_WORDS, ""))
    return None


def is_completed(environment: Mapping[str, str]) -> bool:
    """Whether a shell wants a line completed: what is said then stands in the middle of what somebody types."""
    return _words_to_complete(environment) is not None


def mended(line: str) -> str:
    """The line with the sockets in it as they were typed."""
    return line.replace(_AS_BASH_CUTS_IT, UNIX)


def mended_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The line and the number of the word in it that a shell wants to have completed, as they were typed."""
    line, number = environment.get(_WORDS, ""), environment.get(_NUMBER, "")
    cut = line.count(_AS_BASH_CUTS_IT)
    if not cut or not number.isdigit():
        return {}
    return {_WORDS: mended(line), _NUMBER: str(int(number) - 2 * cut)}
