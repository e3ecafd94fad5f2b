"""The one door for what is printed: standard output and standard error, on which text of people becomes visible.

Whatever writes there while a command runs goes through it: the commands, click's own messages, prompts and logs. What
is not text for people (a file's bytes, the colours that this program itself puts on a terminal) asks for the stream
behind it.
"""

import codecs
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, TextIO, cast

from testing_tracker.rules.exchange.visible import visible

_NARROWEST = 20  # columns for a line's words
_KEPT = "\xa0"


class VisibleStream:
    """A text stream that shows what is written to it, instead of letting a terminal obey it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("text, not bytes")  # as a text stream does
        self.stream.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name == "buffer" and _is_ascii(self.stream):
            raise AttributeError(name)  # click would write to it by itself, because ASCII seems wrong to it
        return getattr(self.stream, name)


@contextmanager
def shown() -> Iterator[None]:
    """Meanwhile, text that is printed is shown and not obeyed."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_shown(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _shown(stream: TextIO) -> TextIO:
    return stream if stream is None or isinstance(stream, VisibleStream) else cast("TextIO", VisibleStream(stream))


def behind(stream: TextIO) -> TextIO:
    """The stream itself, for what this program puts on a terminal: colours, a progress bar, a prompt."""
    return stream.stream if isinstance(stream, VisibleStream) else stream


def folded_on(text: str, stream: TextIO, indent: str = "") -> list[str]:
    """A line as a terminal shows it: broken between words, and no code, label or day in itself. Elsewhere as it is."""
    if not stream.isatty():
        return [text]
    from shutil import get_terminal_size
    from textwrap import wrap

    width = max(get_terminal_size().columns - 1, _NARROWEST)
    return wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def folded(text: str, width: int, indent: int = 0) -> list[str]:
    """A text in lines, folded between words, and within one that is longer than a line; `kept` ones stay together."""
    import textwrap

    ahead = " " * min(indent, width // 3)
    return [
        line.replace(_KEPT, " ")
        for line in textwrap.wrap(text, width, subsequent_indent=ahead, break_on_hyphens=False) or [""]
    ]


def kept(text: str) -> str:
    """A text that is not folded between its words."""
    return text.replace(" ", _KEPT)


def print_text(text: str) -> None:
    """A document on standard output: in UTF-8 whatever the locale, and as it is, because it is a file's content."""
    print_bytes(text.encode("utf-8", "backslashreplace"))


def print_bytes(content: bytes) -> None:
    """The bytes of a file on standard output."""
    output = binary_output()
    output.write(content)
    output.flush()


def binary_output() -> IO[bytes]:
    """Standard output for bytes, after all text that was printed before."""
    stream = behind(sys.stdout)
    stream.flush()
    return cast("IO[bytes]", stream.buffer)


def _is_ascii(stream: TextIO) -> bool:
    try:
        return codecs.lookup(stream.encoding or "ascii").name == "ascii"
    except LookupError:
        return False
