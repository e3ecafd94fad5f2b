"""A help page: folded between words at any width, with the command's examples at its end.

Every command waits for this module, so it loads nothing: the examples are read when a page is asked for.
"""

import re
import shutil
from collections.abc import Iterable
from textwrap import fill

import click

LONG_NAME, SHORT_NAME = "testing-tracker", "tt"  # the program's
_NARROW = 60  # columns; in less, a term stands above what is said of it
_LEAST = 30  # columns of a page
_LONGEST_TERM = 30  # characters beside which there is room for what is said of it
_MARGIN = 2  # columns at the right, as click has it
_BY_ITSELF = "\b"  # on a paragraph's first line: its lines stay lines


class HelpPage(click.HelpFormatter):
    """A page in so many columns. No word, code, date or name of an option is broken to fit."""

    called: str | None = None  # the name by which the program was called

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        start = f"{'Usage: ' if prefix is None else prefix}{prog} "
        beside = self.width >= len(start) + 20
        self.write(folded(f"{start}{args}", self.width, rest=" " * (len(start) if beside else 4)) + "\n")

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        paragraphs = re.split(r"\n\s*\n", named(text, self.called))
        self.write("\n\n".join(_paragraph(one, self.width, indent) for one in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _LONGEST_TERM, col_spacing: int = 2) -> None:
        """Terms and what is said of each, in two columns where there is room for them."""
        rows = list(rows)
        indent, narrow = " " * self.current_indent, self.width < _NARROW
        column = max((len(term) for term, _ in rows if len(term) <= col_max), default=0) + col_spacing
        for term, text in rows:
            said = named(text, self.called)
            if narrow:
                self.write(folded(term.rstrip(), self.width, indent, f"{indent}  ") + "\n")
                self.write(folded(said, self.width, f"{indent}    ", f"{indent}    ") + "\n")
                continue
            rest = " " * (self.current_indent + column)
            lines = folded(said, self.width, rest, rest)
            if len(term) > col_max:
                self.write(f"{indent}{term}\n{lines}\n")
            else:
                self.write(f"{indent}{term:<{column}}{lines.lstrip()}".rstrip() + "\n")

    def write_examples(self, examples: Iterable[str]) -> None:
        """Commands as they can be pasted: one that is too long goes on behind a backslash."""
        self.write_heading("Examples")
        for example in examples:
            self.write("".join(f"  {line}\n" for line in as_pasted(example, self.width - 2)))


class HelpContext(click.Context):
    """What a command is called in; its help is a `HelpPage`, as wide as the terminal, and ends with its examples."""

    formatter_class = HelpPage

    def make_formatter(self) -> click.HelpFormatter:
        most = self.max_content_width or 80
        width = self.terminal_width or max(min(shutil.get_terminal_size().columns, most) - _MARGIN, _LEAST)
        page = HelpPage(width=width)
        page.called = self.find_root().info_name
        return page

    def get_help(self) -> str:
        from testing_tracker.cli.help.examples import examples_of

        page = self.make_formatter()
        assert isinstance(page, HelpPage)
        examples = examples_of(words_of(self))
        if examples:
            page.write_examples(examples)
        return "\n\n".join(filter(None, (super().get_help(), page.getvalue().rstrip("\n"))))


class WithExamples(click.Command):
    """A command that the program's list does not have, such as `result import`."""

    context_class = HelpContext


def words_of(context: click.Context) -> str:
    """The words that call a command, without the program's name: `participant add`."""
    words = []
    while context.parent is not None:
        words.append(context.info_name or "")
        context = context.parent
    return " ".join(reversed(words))


def named(text: str, called: str | None) -> str:
    """A text whose commands are to be typed, with the name by which the program was called."""
    return text.replace(f"`{LONG_NAME} ", f"`{SHORT_NAME} ") if called == SHORT_NAME else text


def folded(text: str, width: int, first: str = "", rest: str = "") -> str:
    """The text in lines of at most `width` characters, each word whole."""
    return fill(
        " ".join(text.split()),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_pasted(example: str, width: int) -> list[str]:
    """A command in lines that a shell takes as one: what goes on has a backslash at its end."""
    lines = [""]
    for word in _words(example, width - 6):
        if lines[-1] and len(lines[-1]) + len(word) + 3 > width:  # with a blank before, and the backslash
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += f"{' ' if lines[-1] else ''}{word}"
    return lines


def kept_lines(lines: list[str], width: int, indent: str = "") -> list[str]:
    """Lines that stay lines where they have room; else a sentence is folded, and columns stand below one another."""
    if all(len(indent) + len(line) <= width for line in lines):
        return [f"{indent}{line}".rstrip() for line in lines]
    sentences: list[str] = []
    for line in lines:
        goes_on = sentences and not line.startswith(" ") and not sentences[-1].endswith((".", ":"))
        if goes_on and not sentences[-1].startswith(" "):
            sentences[-1] += f" {line}"
        else:
            sentences.append(line)
    return [part for line in sentences for part in _beside_to_below(line, width, indent).splitlines()]


def _beside_to_below(line: str, width: int, indent: str) -> str:
    own = indent + line[: len(line) - len(line.lstrip())]
    explained = re.fullmatch(r"(\S+) {2,}(.+)", line.strip())
    if "," in line and ", " not in line:  # of a csv file, which is to be copied as it stands
        return f"{indent}{line}"
    if explained:
        return f"{own}{explained[1]}\n" + folded(explained[2], width, f"{own}    ", f"{own}    ")
    return "\n".join(folded(part, width, own, f"{own}  ") for part in re.split(r" {3,}", line.strip()))


def _paragraph(text: str, width: int, indent: str) -> str:
    lines = text.strip("\n").splitlines()
    if lines and lines[0].strip() == _BY_ITSELF:
        return "\n".join(kept_lines(lines[1:], width, indent))
    return folded(text, width, indent, indent)


def _words(example: str, most: int) -> list[str]:
    """What of a command stays on a line: a word, what stands in quotes, an option and its value where there is room."""
    words: list[str] = []
    for word in re.findall(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""", example):
        option = words and words[-1].startswith("--") and " " not in words[-1]
        if option and not word.startswith("-") and len(f"{words[-1]} {word}") <= most:
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words
