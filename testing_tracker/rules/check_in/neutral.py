"""Words that nothing a participant is shown or sent may have: each tells others what the place is or why they come."""

import re
import unicodedata
from collections.abc import Sequence

NEVER_SAID = (
    *("test", "drug", "sample", "specimen", "urine", "screen", "court", "probation", "parole", "judge"),
    *("program", "treatment", "recovery", "rehab", "sober", "addiction", "substance", "alcohol", "opioid", "methadone"),
    *("counselor", "counsellor", "diagnosis", "patient", "detox"),
    *("prueba", "droga", "muestra", "orina", "corte", "juzgado", "programa", "tratamiento", "recuperacion", "adiccion"),
    *("alcohol", "sustancia", "consejero", "diagnostico", "paciente"),
)
"""How such words begin, in English and Spanish, without accents."""


def told_by(text: str) -> Sequence[str]:
    """Which of these words a text has that a person reads, each once: a word of it begins so."""
    words = re.findall(r"[a-z]+", _plain(text))
    return [never for never in dict.fromkeys(NEVER_SAID) if any(word.startswith(never) for word in words)]


def told_by_name_of_host(text: str) -> Sequence[str]:
    """Which of these words a host's name or an address has; they stand there without blanks, as in `drugcheck`."""
    plain = _plain(text)
    return [never for never in dict.fromkeys(NEVER_SAID) if never in plain]


def _plain(text: str) -> str:
    """In small letters, without accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
