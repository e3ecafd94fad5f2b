"""Which text the bytes of a spreadsheet's file are: UTF-8, UTF-16 or Windows-1252, as programs save them."""

import codecs
from dataclasses import dataclass

OF_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how a file of Microsoft's older kind begins
_LOOKED_AT = 4_000  # bytes that show where the zeros of UTF-16 stand
_ZEROS = 0.3  # of one half of the bytes: Latin letters, digits and commas have a zero beside them


@dataclass(frozen=True)
class Decoded:
    """A file's text, and what a person should be told of how it was read: the line, and a note."""

    text: str
    note: tuple[int, str] | None = None


class UndecodedError(ValueError):
    """Bytes that are no such text. `line` is where the first of them stand."""

    def __init__(self, line: int, said: str) -> None:
        self.line = line
        super().__init__(said)


def is_workbook(content: bytes) -> bool:
    """Whether bytes are a spreadsheet's file and no text, whatever the file is called."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", OF_OFFICE))


def decoded(content: bytes) -> Decoded:
    """The text. Raises UndecodedError, which quotes nothing, for what is none or is in two encodings at once.

    What is not UTF-8 is Windows-1252, which almost any bytes can be; so a note says that it was taken.
    """
    encoding = _utf_16(content)
    if encoding is not None:
        return Decoded(_strict(content, encoding, "the file is not whole as UTF-16 text").removeprefix("\ufeff"))
    try:
        return Decoded(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    if content.startswith(codecs.BOM_UTF8) or _has_letters_of_utf_8(content):
        raise UndecodedError(
            line, "the file is UTF-8 text, but this line is not. Mend the line, or save the file as CSV UTF-8 again"
        )
    said = "the file is neither UTF-8 nor Windows-1252 text. Save it as CSV UTF-8 and try again"
    text = _strict(content, "cp1252", said)
    return Decoded(text, (line, "the file is not UTF-8, so it is read as Windows-1252; look at letters with accents"))


def _utf_16(content: bytes) -> str | None:
    """By its mark, or by where the zero bytes stand."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    shown = content[:_LOOKED_AT]
    first, second = shown[::2].count(0), shown[1::2].count(0)
    least = max(1, int(len(shown) / 2 * _ZEROS))
    if second >= least and first * 10 < second:
        return "utf-16-le"
    return "utf-16-be" if first >= least and second * 10 < first else None


def _has_letters_of_utf_8(content: bytes) -> bool:
    """Whether some bytes are a letter of UTF-8 beyond ASCII: then the file is UTF-8, with something broken in it."""
    return not content.decode("utf-8", "ignore").isascii()


def _strict(content: bytes, encoding: str, said: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UndecodedError(content.count(b"\n", 0, error.start) + 1, said) from None
