"""The alphabet of text messages: with one character outside of it, a message holds 70 characters in place of 160.

It is the GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1). What its extension table adds takes two places each, so it
is left out here. Of Spanish it has neither á, í, ó nor ú.
"""

from collections.abc import Sequence

MOST_CHARACTERS = 160
_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


def outside_of_alphabet(text: str) -> Sequence[str]:
    """The characters that would make a text message shorter, each once."""
    return sorted(set(text) - _ALPHABET)
