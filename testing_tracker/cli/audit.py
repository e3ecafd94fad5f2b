"""`audit`: who did what, and who looked at whose record."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from shutil import copyfileobj
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.command_words import CommandGroup
from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.exporting import Export, exported
from testing_tracker.cli.desk.files import spooled
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import format_option, in_parts, mark_training, print_rows, show
from testing_tracker.cli.desk.parameter_types import CODE, DAY_BEFORE
from testing_tracker.cli.desk.shown import binary_output

if TYPE_CHECKING:
    from testing_tracker.services.keeping.audit import AuditLine, EntriesAsked
    from testing_tracker.store.work import Work

_COLUMNS = [
    "at", "account", "kind", "what", "said", "participant", "due_on", "recommendation", "reason", "detail",
]  # fmt: skip
_TABLE = ["at", "account", "participant", "what", "why"]  # for 80 columns
_MOST_IN_A_TABLE = 1_000


@click.group("audit", cls=CommandGroup)
def audit_command() -> None:
    """Who did what, and who looked at whose record."""


@audit_command.command("list")
@click.option("--participant", "code", type=CODE, metavar="CODE", help="Only what is about this participant.")
@click.option("--by", "account", metavar="ACCOUNT", help="Only what this account did.")
@click.option("--from", "first", type=DAY_BEFORE, metavar="DATE", help="From this day on. Default: since yesterday.")
@click.option("--to", "last", type=DAY_BEFORE, metavar="DATE", help="Up to this day. Default: today.")
@click.option("--acts", "only", flag_value="act", help="Only acts.")
@click.option("--looks", "only", flag_value="look", help="Only looks.")
@format_option
@pass_desk
def list_audit(
    desk: Desk, code: str | None, account: str | None, first: str | None, last: str | None, only: str | None, form: str
) -> None:
    """Acts and looks in one order, the newest last, by the facility's clock; of a participant since enrolment.

    Of a participant it has what is under earlier codes and joined records too, and that is a look itself. A table has
    the newest 1,000; csv and json have all.
    """
    with ExitStack() as stack:
        with desk.reading() as work:
            about, asked = _asked(work, code, account, (first, last), only)
            counted = _Counted(services.audit.listed(work, asked))
            if form == "table":
                newest = deque(counted, _MOST_IN_A_TABLE)
            else:  # all of it first: a reader that takes its time would keep everybody from writing
                file = stack.enter_context(spooled(in_parts(map(vars, counted), _COLUMNS, form)))
        of = f"{asked.first or 'the beginning'} to {asked.last or work.today}"
        with exported(desk, Export("audit", form, of, participant_id=about, many=len(counted.codes))):
            if form == "table":
                since = f" since {asked.first}; --from DATE goes further back" if asked.first else ""
                print_rows(desk, [_row(line) for line in newest], _TABLE, form, f"Nothing is on record{since}.")
            else:
                mark_training(desk)
                copyfileobj(file, binary_output())
                binary_output().flush()
    if form == "table" and counted.lines > _MOST_IN_A_TABLE:
        show(
            f"These are the newest {_MOST_IN_A_TABLE:,} of {counted.lines:,}. --from and --to pick days, and --format "
            "csv has all."
        )


class _Counted:
    """Lines, counted as they are taken, with the codes in them."""

    def __init__(self, lines: Iterable["AuditLine"]) -> None:
        self._of, self.lines = lines, 0
        self.codes: set[str] = set()

    def __iter__(self) -> Iterator["AuditLine"]:
        for line in self._of:
            self.lines += 1
            if line.participant is not None:
                self.codes.add(line.participant)
            yield line


def _asked(
    work: "Work", code: str | None, account: str | None, days: tuple[str | None, str | None], only: str | None
) -> tuple[int | None, "EntriesAsked"]:
    """Whom it is about, and what is asked for; the last day where nothing narrows it."""
    first, last = (day_given(day, work.today) if day else None for day in days)
    if first and last and first > last:
        raise click.BadParameter(f"{first} is after {last}, --to.", param_hint="'--from'")
    about, records = services.audit.records_behind(work, code) if code else (None, None)
    if first is None and last is None and code is None:
        first = work.today - timedelta(days=1)
    kind = services.audit.EntryKind(only) if only else None
    return about, services.audit.EntriesAsked(records, account, first, last, kind)


def _row(line: "AuditLine") -> dict[str, object]:
    of = [_draw_of(line.due_on), f"recommendation {line.recommendation}" if line.recommendation else ""]
    return {
        "at": f"{line.at:%Y-%m-%d %H:%M}",
        "account": line.account,
        "participant": line.participant,
        "what": ", ".join(filter(None, (line.said, *of))),
        "why": "; ".join(filter(None, (line.reason, line.detail))),
    }


def _draw_of(day: date | None) -> str:
    return f"draw of {day}" if day else ""
