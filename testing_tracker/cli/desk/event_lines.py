"""Prints `serve`'s events, a line each: what was done on standard output, complaints on standard error."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.output import TRAINING

LOG_FORMATS = ("text", "json")


@contextmanager
def event_lines(desk: Desk, form: str) -> Iterator[None]:
    """Print every event meanwhile, with the real time, also where a training database pretends another day."""
    from zoneinfo import ZoneInfo

    from testing_tracker.clock import Clock
    from testing_tracker.serving.events import FORMATTERS, LOGGER

    lines = _Lines()
    lines.setFormatter(FORMATTERS[form](Clock(ZoneInfo("UTC")).now, lambda: TRAINING if desk.training else ""))
    LOGGER.addHandler(lines)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    try:
        yield
    finally:
        LOGGER.removeHandler(lines)


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=record.levelno >= logging.WARNING)
