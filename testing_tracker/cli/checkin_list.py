"""`checkin list` and `checkin show`: who has checked in today, and what one participant has on record of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.checkin_words import HOW, receipt_shown
from testing_tracker.cli.desk.asking import confirmed
from testing_tracker.cli.desk.desk import Desk, pass_desk
from testing_tracker.cli.desk.exporting import Export, LookedAt, exported, people_in
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.output import format_option, print_rows, show
from testing_tracker.cli.desk.parameter_types import CODE, DAY_BEFORE
from testing_tracker.rules.check_in.answers import Timing
from testing_tracker.rules.check_in.notices import NoticeChannel

if TYPE_CHECKING:
    from testing_tracker.services.check_in.attempts import CheckInEntry
    from testing_tracker.services.check_in.day_list import CheckInLine

_COLUMNS = ["participant", "checked_in", "how", "answer", "receipt"]
_SHOWN = ["day", "at", "how", "outcome", "answer", "timing", "receipt", "note", "by"]
_DAYS_SHOWN = 28


@dataclass(frozen=True)
class _WithAddresses(Export):
    """A list with addresses, which is a look in whatever form."""

    @property
    def look(self) -> LookedAt:
        form = "" if self.form == "table" else f", {self.form}"
        of = f"{self.many or 0} participant{'' if self.many == 1 else 's'}"
        return LookedAt((), f"addresses, {of}{form}")


@click.command("list")
@click.option("--on", type=DAY_BEFORE, metavar="DATE", help="The day. Default: today.")
@click.option("--not-yet", is_flag=True, help="Only those who are to check in and have not been told.")
@click.option("--contacts", is_flag=True, help="Also where they can be reached; asks first, and goes on record.")
@click.option("--yes", is_flag=True, help="With --contacts: do not ask.")
@format_option
@pass_desk
def list_command(desk: Desk, on: str | None, not_yet: bool, contacts: bool, yes: bool, form: str) -> None:
    """Who has checked in today and got an answer, who tried, and who has not yet."""
    if yes and not contacts:
        raise click.UsageError("--yes goes with --contacts.")
    if contacts and not yes:
        confirmed("This shows addresses and telephone numbers, and goes on record as a look. Right?", abort=True)
    with desk.reading() as work:
        day = day_given(on, work.today)
        lines = services.day_list.listed(work, desk.location.key, day, not_yet=not_yet, contacts=contacts)
        zone = work.zone
    columns = [*_COLUMNS, *([str(channel) for channel in NoticeChannel] if contacts else [])]
    rows = [_document(line) if form == "json" else _row(line, zone) for line in lines]
    kind = _WithAddresses if contacts else Export
    empty = "Everybody who is to check in has been told." if not_yet else "Nobody is in the programme."
    with exported(desk, kind("check-ins", form, day, many=people_in(lines))):
        print_rows(desk, rows, columns, form, empty=empty)


def _row(line: "CheckInLine", zone: tzinfo) -> dict[str, object]:
    at = f"{line.at.astimezone(zone):%H:%M}" if line.at is not None else ""
    state = services.day_list.CheckInState
    said = {
        state.CHECKED_IN: at + (" late" if line.timing == Timing.LATE else ""),
        state.TOLD_OTHERWISE: f"{at}, before the test was ordered",
        state.TRIED: f"tried {at}",
    }
    times = f", {line.tries} ×" if line.tries > 1 else ""
    return {
        "participant": line.participant,
        "checked_in": said.get(line.state, str(line.state)),
        "how": f"{HOW[line.by]}{times}" if line.by is not None else None,
        "answer": line.answer,
        "receipt": _receipt(line.receipt, is_told=line.answer is not None),
        **{str(channel): address for channel, address in (line.contacts or {}).items()},
    }


def _receipt(receipt: str | None, *, is_told: bool) -> str | None:
    """A receipt as it is said; `-` where somebody was told and the machine has none."""
    return receipt_shown(receipt) or ("-" if is_told else None)


def _document(line: "CheckInLine") -> dict[str, object]:
    found = {
        "participant": line.participant,
        "day": line.day,
        "state": line.state,
        "checked_in": line.at if line.answer is not None else None,
        "tried": line.at if line.answer is None else None,
        "tries": line.tries,
        "by": line.by,
        "answer": line.answer,
        "timing": line.timing,
        "receipt": receipt_shown(line.receipt),
    }
    return found if line.contacts is None else {**found, "contacts": dict(line.contacts)}


@click.command("show")
@click.argument("code", type=CODE)
@click.option("--from", "first", type=DAY_BEFORE, metavar="DATE", help="From this day on. Default: 4 weeks ago.")
@click.option("--to", "last", type=DAY_BEFORE, metavar="DATE", help="Up to this day. Default: today.")
@format_option
@pass_desk
def show_command(desk: Desk, code: str, first: str | None, last: str | None, form: str) -> None:
    """Every attempt of a participant to learn whether to come, and what became of it."""
    with desk.reading() as work:
        to_day = day_given(last, work.today)
        from_day = day_given(first, work.today) if first else to_day - timedelta(days=_DAYS_SHOWN)
        found = services.attempts.check_ins_of_participant(work, desk.location.key, code, from_day, to_day)
        zone = work.zone
    rows = [_shown(entry, zone) if form == "table" else _whole(found.participant, entry) for entry in found.entries]
    of = f"{from_day} to {to_day}"
    export = Export("check-ins of a participant", form, of, participant_id=found.participant_id)
    columns = _table_columns(rows) if form == "table" else ["participant", *_SHOWN, "recorded_at"]
    with exported(desk, export):
        print_rows(desk, rows, columns, form, empty=f"{found.participant} has not tried to check in from {of}.")
        if form == "table" and not first:
            show(f"Since {from_day}; --from DATE goes further back.")


def _table_columns(rows: Sequence[dict[str, object]]) -> list[str]:
    """The columns, without the note where nobody made one."""
    return [column for column in _SHOWN if column != "note" or any(row["note"] for row in rows)]


def _shown(entry: "CheckInEntry", zone: tzinfo) -> dict[str, object]:
    return {
        "day": entry.day,
        "at": f"{entry.at.astimezone(zone):%H:%M}",
        "how": HOW[entry.by],
        "outcome": entry.outcome,
        "answer": entry.answer,
        "timing": entry.timing,
        "receipt": _receipt(entry.receipt, is_told=entry.answer is not None),
        "note": entry.note,
        "by": entry.recorded_by,
    }


def _whole(participant: str, entry: "CheckInEntry") -> dict[str, object]:
    return {
        "participant": participant,
        "day": entry.day,
        "at": entry.at,
        "how": entry.by,
        "outcome": entry.outcome,
        "answer": entry.answer,
        "timing": entry.timing,
        "receipt": receipt_shown(entry.receipt),
        "note": entry.note,
        "recorded_at": entry.recorded_at,
        "by": entry.recorded_by,
    }
