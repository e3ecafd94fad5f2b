"""How specimen labels are compared: as a person reads them, whatever a scanner or a spreadsheet made of them."""

import unicodedata

_MINUS_LIKE = (
    "\u2212\u02d7\u2043\u30fc\uff70\u00af\u203e"  # minus signs, bullets and long vowels that look like a hyphen
)


def label_key(label: str) -> str:
    """A label without case and blanks, with every dash that looks like a hyphen as a hyphen.

    A dash is not left out: 1-23 and 12-3 are two labels. What cannot be seen, such as a soft hyphen, is.
    """
    seen = []
    for character in unicodedata.normalize("NFKC", label):
        category = unicodedata.category(character)
        if category == "Pd" or character in _MINUS_LIKE:
            seen.append("-")
        elif not character.isspace() and category not in ("Cf", "Cc"):
            seen.append(character)
    return unicodedata.normalize("NFKC", "".join(seen).casefold())
