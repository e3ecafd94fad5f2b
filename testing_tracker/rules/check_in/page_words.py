"""Every sentence of the check-in page and of the telephone, by language, as data."""

from enum import StrEnum


class Language(StrEnum):
    """What a participant is spoken to in."""

    ENGLISH = "en"
    SPANISH = "es"
