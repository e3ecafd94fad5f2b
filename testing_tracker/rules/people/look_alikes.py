"""Which participants' codes a person may take for one another."""

import re

# By their look, so the case counts: a capital I, a small l and a 1 are alike, a capital L and a small i are not.
_ALIKE = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1"})
_BETWEEN = re.compile(r"[._-]+")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def look_of(code: str) -> str:
    """What a hurried reader sees of a code: two codes with the same look are look-alikes.

    Dashes, dots and underscores, zeros before a number, and letters that look like digits make no difference, so
    `0017` and `17`, `A-17` and `A17`, `O10` and `010` are alike. Chosen by this program; it comes from no source.
    """
    return _LEADING_ZEROS.sub("", _BETWEEN.sub("", code.translate(_ALIKE))).casefold()
