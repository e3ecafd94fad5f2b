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


def folded(text: str, width: int, indent: int = 0) -> list[str]:
    """A text in lines, folded between words; `kept` ones stay together."""
    from testing_tracker.rules.reporting import layout

    return [line.replace(_KEPT, " ") for line in layout.folded(text, width, indent)]


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
