"""The checksum in a copy of a SQLite database, by which a byte that changed on its way is noticed.

It is in two fields of the file's header that SQLite leaves to the program (https://www.sqlite.org/fileformat2.html):
the application id has a CRC-32 of the whole file without the two, the user version the change counter at that time.
When SQLite has written to the file since, the counter is another one, and the checksum says nothing any more.
"""

from pathlib import Path
from zlib import crc32

_COUNTER, _USER_VERSION, _APPLICATION_ID = slice(24, 28), slice(60, 64), slice(68, 72)
_HEADER = 100
_AT_A_TIME = 1 << 20


def seal(copy: Path) -> None:
    """Put the checksum into a copy that nobody has open."""
    with open(copy, "r+b") as file:
        header = bytearray(file.read(_HEADER))
        header[_USER_VERSION] = header[_COUNTER]
        header[_APPLICATION_ID] = _checksum(copy)
        file.seek(0)
        file.write(header)


def is_broken(copy: Path) -> bool:
    """Whether a copy has a checksum that is not that of what is in it."""
    with open(copy, "rb") as file:
        header = file.read(_HEADER)
    if len(header) < _HEADER or header[_USER_VERSION] != header[_COUNTER]:
        return False
    return header[_APPLICATION_ID] != _checksum(copy)


def _checksum(copy: Path) -> bytes:
    with open(copy, "rb") as file:
        header = bytearray(file.read(_HEADER))
        header[_USER_VERSION] = header[_APPLICATION_ID] = bytes(4)
        checksum = crc32(header)
        while part := file.read(_AT_A_TIME):
            checksum = crc32(part, checksum)
    return checksum.to_bytes(4, "big")
