"""Reminders to check in: the same words for everybody, at the same times, and evidence of nothing."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """A morning's reminder to everybody, and one before the window closes to whoever has not checked in."""

    MORNING = "morning"
    REMINDER = "reminder"


class NoticeChannel(StrEnum):
    """The ways on which a reminder leaves."""

    MAIL = "mail"
    TEXT = "text"
