"""The manual page, as troff with the man macros: every command's help, from the texts that `--help` has.

It is plain ASCII, so that every `man` shows it, and the same whatever the terminal.
"""

import re
from collections.abc import Iterator, Mapping
from inspect import cleandoc

import click

from testing_tracker import __version__
from testing_tracker.cli.help.around import EXIT_STATUSES, FILES, TYPED, VARIABLES
from testing_tracker.cli.help.examples import examples_of
from testing_tracker.cli.help.page import LONG_NAME, as_pasted, kept_lines, words_of

_COLUMNS = 65  # of what stays in lines: 80, less what the page is set in by
_GLYPHS = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
_CODE = re.compile(r"`([^`]+)`")


def man_page(context: click.Context, groups: Mapping[str, list[str]]) -> str:
    """The page of the whole program. `context` is the program's own, `groups` its commands by title."""
    program = context.command
    assert isinstance(program, click.Group)
    head, *rest = _paragraphs(program.help)
    lines = [
        f'.TH TESTING\\-TRACKER 1 "" "{LONG_NAME.replace("-", chr(92) + "-")} {__version__}" "User Commands"',
        *(".nh", ".ad l"),  # no word is broken, what is copied least of all
        ".SH NAME",
        escaped(f"{LONG_NAME}, tt - {head[0].lower()}{head[1:].rstrip('.')}"),
        *(".SH SYNOPSIS", _usage(context), ".SH DESCRIPTION", *_text(rest), ".SH OPTIONS", *_options(context)),
    ]
    lines += _section("EXAMPLES", _examples(""))
    lines += [".SH COMMANDS"]
    for title, names in groups.items():
        lines.append(f".SS {escaped(title)}")
        lines += _each(program, names, context)
    lines += _section("WHAT IS TYPED", _terms(TYPED))
    lines += _section("EXIT STATUS", _terms(EXIT_STATUSES))
    lines += _section("ENVIRONMENT", _terms({name: " ".join(said) for name, said in VARIABLES.items()}))
    lines += _section("FILES", _terms(FILES))
    see = "`man -l -` shows what `testing-tracker manual` prints. The pages for nurses, clinicians, managers and "
    lines += _section("SEE ALSO", _text([f"{see}administrators are in the folder docs of the project."]))
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """A text as troff prints it letter by letter; what stands in backquotes is bold."""
    return _no_request(_bold(" ".join(text.split())))


def _bold(line: str) -> str:
    parts = _CODE.split(line)
    return "".join(f"\\fB{_plain(part)}\\fR" if number % 2 else _plain(part) for number, part in enumerate(parts))


def _plain(text: str) -> str:
    return "".join(_GLYPHS.get(sign, sign if sign.isascii() else f"\\[u{ord(sign):04X}]") for sign in text)


def _no_request(line: str) -> str:
    """A line that begins with a dot would be an order to troff."""
    return f"\\&{line}" if line.startswith((".", "\\(aq")) else line


def _each(group: click.Group, names: list[str], context: click.Context) -> Iterator[str]:
    for name in names:
        command = group.get_command(context, name)
        assert command is not None
        yield from _command(_called(command, name, context))


def _called(command: click.Command, name: str, parent: click.Context) -> click.Context:
    return command.context_class(command, info_name=name, parent=parent)


def _command(context: click.Context) -> Iterator[str]:
    """What the help of a command says, and after it that of its own commands."""
    command = context.command
    yield from (".PP", f"\\fB{_plain(words_of(context))}\\fR {_pieces(context)}".rstrip(), ".RS 4")
    yield from _text(_paragraphs(command.help))
    yield from _options(context)
    yield from _text(_paragraphs(command.epilog))
    yield from _examples(words_of(context))
    yield ".RE"
    if isinstance(command, click.Group):
        yield from _each(command, command.list_commands(context), context)
    if words_of(context) == "result":
        from testing_tracker.cli.desk.importing import result_import

        assert context.parent is not None
        yield from _command(_called(result_import, "result import", context.parent))


def _usage(context: click.Context) -> str:
    return f"\\fB{_plain(LONG_NAME)}\\fR {_pieces(context)}"


def _pieces(context: click.Context) -> str:
    return _plain(" ".join(context.command.collect_usage_pieces(context)))


def _paragraphs(text: str | None) -> list[str]:
    return [one for one in re.split(r"\n\s*\n", cleandoc(text or "").strip("\n")) if one]


def _text(paragraphs: list[str]) -> Iterator[str]:
    for one in paragraphs:
        yield ".PP"
        lines = one.strip("\n").splitlines()
        if lines[0].strip() != "\b":
            yield escaped(one)
            continue
        yield ".nf"
        yield from map(_no_request, _bold("\n".join(kept_lines(lines[1:], _COLUMNS))).splitlines())
        yield ".fi"


def _options(context: click.Context) -> Iterator[str]:
    options = [one for one in context.command.get_params(context) if isinstance(one, click.Option)]
    found = (option.get_help_record(context) for option in options)
    own = {term: said for term, said in filter(None, found) if context.parent is None or "--help" not in term}
    yield from _terms(own)


def _terms(said: Mapping[str, str]) -> Iterator[str]:
    for term, text in said.items():
        yield from (".TP", f"\\fB{_plain(term)}\\fR", escaped(text))


def _examples(words: str) -> Iterator[str]:
    examples = examples_of(words)
    if examples:
        yield from (".PP", "Examples:" if words else "To begin with:", ".PP", ".nf")
        yield from (f"    {_plain(line)}" for example in examples for line in as_pasted(example, _COLUMNS - 4))
        yield ".fi"


def _section(title: str, lines: Iterator[str]) -> list[str]:
    return [f".SH {title}", *lines]
