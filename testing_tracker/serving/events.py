"""What `serve` tells of its work: an event a line, by Python's logging, for people or as JSON for machines.

No event holds a participant's code or a name. A facility is its number.
"""

import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum

LOGGER = logging.getLogger("testing_tracker.serving.serve")


class Event(StrEnum):
    """What can happen. The words stay the same, because machines look for them."""

    STARTED = "started"
    NIGHT_MADE = "night_made"
    NIGHT_GAP = "night_gap"
    NIGHT_HELD = "night_held"
    NIGHT_REFUSED = "night_refused"
    RECORDS_HOLD = "records_hold"
    ALIVE_NOT_TOLD = "alive_not_told"
    NIGHT_LEFT_UNDONE = "night_left_undone"
    RECORDS_DO_NOT_HOLD = "records_do_not_hold"
    CONFIRMATIONS_OVERDUE = "confirmations_overdue"
    REMINDER_MAILED = "reminder_mailed"
    REMINDER_FAILED = "reminder_failed"
    WITNESS_DELIVERED = "witness_delivered"
    WITNESS_FAILED = "witness_failed"
    REPORT_DELIVERED = "report_delivered"
    DELIVERY_FAILED = "delivery_failed"
    NOTICES_SENT = "notices_sent"
    NOTICE_FAILED = "notice_failed"
    WEB_FAILED = "web_failed"
    CHECK_IN_OPENED = "check_in_opened"
    CHECK_IN_FAULT = "check_in_fault"
    CHECK_IN_WELL_AGAIN = "check_in_well_again"
    CHECK_IN_CLOSED = "check_in_closed"
    NUMBER_GUARDED = "number_guarded"
    DATABASE_UPGRADED = "database_upgraded"
    TURN_FAILED = "turn_failed"
    LISTENING = "listening"
    RENEWED = "renewed"
    STOPPED = "stopped"
    PAGE_CHECKED = "page_checked"
    PAGE_STARTED = "page_started"
    PAGE_MINUTE = "page_minute"


def tell(event: Event, said: str, *, level: int = logging.INFO, facility: int | None = None, **figures: object) -> None:
    """Tell an event: what is `said` is for people, the plain values are for machines. Warnings are complaints."""
    LOGGER.log(level, "%s", said, extra={"event": event, "facility": facility, "figures": figures})


class _AtATime(logging.Formatter):
    """`now` tells the time of a line, `mark` what stands before it: something for a training database."""

    def __init__(self, now: Callable[[], datetime], mark: Callable[[], str]) -> None:
        super().__init__()
        self.now = now
        self.mark = mark


class ForPeople(_AtATime):
    """The time and what is said, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        words = (f"{self.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", self.mark(), record.getMessage())
        return " ".join(word for word in words if word)


class AsJson(_AtATime):
    """An object on one line: `at`, `level`, `event`, `facility` where it is about one, and the event's own values."""

    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, object] = {
            "at": self.now().astimezone(UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", None),
        }
        facility = getattr(record, "facility", None)
        if facility is not None:
            document["facility"] = facility
        if self.mark():
            document["training"] = True
        return json.dumps(document | getattr(record, "figures", {}), default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


FORMATTERS: dict[str, type[_AtATime]] = {"text": ForPeople, "json": AsJson}
