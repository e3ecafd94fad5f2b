"""When reminders to check in leave, and when what is owed is given up. Pure: instants are given."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from testing_tracker.rules.check_in.answers import CheckInWindow
from testing_tracker.rules.check_in.check_in_file import NoticeSettings
from testing_tracker.rules.check_in.notices import NoticeKind


class NoticeState(StrEnum):
    """How far a reminder is. `handed over` is all that is ever known: nobody says that it was read, or arrived."""

    WAITING = "waiting"
    HANDED_OVER = "handed over"
    FAILED = "failed"


def may_leave(settings: NoticeSettings, window: CheckInWindow | None, local_now: datetime) -> bool:
    """Whether anything may leave now: there is a window that has not closed, and it is not quiet."""
    return window is not None and local_now < window.closes and not settings.is_quiet(local_now.time())


def kinds_owed(settings: NoticeSettings, window: CheckInWindow | None, local_now: datetime) -> Sequence[NoticeKind]:
    """Which reminder is owed by now, none where nothing may leave; once the second one is, the first is too late."""
    if window is None or not may_leave(settings, window, local_now):
        return ()
    minutes = settings.reminder_minutes
    if minutes is not None and local_now >= window.closes - timedelta(minutes=minutes):
        return (NoticeKind.REMINDER,)
    if settings.morning is not None and local_now.time() >= settings.morning:
        return (NoticeKind.MORNING,)
    return ()


def may_leave_until(settings: NoticeSettings, window: CheckInWindow, local_now: datetime) -> datetime:
    """Until when what may leave now may leave: the window closes, or it becomes quiet."""
    if settings.quiet is None:
        return window.closes
    begins = settings.quiet[0]
    next_quiet = local_now.replace(hour=begins.hour, minute=begins.minute, second=0, microsecond=0)
    if next_quiet <= local_now:
        next_quiet += timedelta(days=1)
    return min(window.closes, next_quiet)
