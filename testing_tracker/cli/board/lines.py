"""The board in words: its counts, its sections with a line for each matter, and the command that is typed next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from testing_tracker.cli.checkin_words import TO_TELEPHONE, fault_in_words
from testing_tracker.rules.drawing.no_record import days_asked, question
from testing_tracker.rules.testing.board_line import Place
from testing_tracker.rules.words import Outcome

if TYPE_CHECKING:
    from testing_tracker.services.board import Board, BoardLine

_MOST_FOR_A_CLINICIAN = 5
ALARMS = ("positive", "overdue")  # what stands out by colour too, where there is any


@dataclass(frozen=True)
class BoardRow:
    """A matter on the board. `key` says which through all changes; `who` is a code, or empty.

    `commands` are those that may be typed next, each as the words behind the program's name. `line` is the draw.
    """

    key: str
    who: str
    when: str
    said: str
    commands: tuple[tuple[str, ...], ...] = ()
    line: "BoardLine | None" = None


@dataclass(frozen=True)
class BoardSection:
    """Rows of one kind, under a title in the plural; `more` is how many there are beside those shown."""

    name: str
    title: str
    rows: tuple[BoardRow, ...]
    more: int = 0

    @property
    def heading(self) -> str:
        """The title, with how many there are."""
        if self.name in ("by_itself", "checking_in"):
            return self.title
        return f"{self.title} ({len(self.rows) + self.more - bool(self.more)})"


def day_title(day: date) -> str:
    """A day with its weekday, such as Monday 2026-11-23."""
    return f"{day:%A} {day}"


def counts_in_words(board: "Board") -> str:
    """The counts of the day in a line, those first that ask for something; what is nothing is left out."""
    counts = board.counts
    if not counts.due:
        return "nobody is due" if board.is_drawn else "nobody knows yet who is due"
    parts = [f"{counts.due} due", f"{counts.open} open", f"{counts.came} came"]
    parts += [f"{number} {what}" for what in ("missed", "refused", "excused") if (number := getattr(counts, what))]
    tested = [f"{number} {what}" for what in Outcome if (number := getattr(counts, what))]
    return ", ".join(parts) + (f". Tests: {', '.join(tested)}" if tested else "")


def sections(board: "Board", zone: ZoneInfo) -> list[BoardSection]:
    """What is on the board, in the order in which somebody at a counter needs it; nothing for what is empty."""
    found = (
        _draws("open", "Open", board.at(Place.OPEN), board.day),
        BoardSection("checking_in", "Checking in", tuple(_checking_in(board, zone))),
        _draws("left_over", "Left over from earlier days", _oldest_first(board.at(Place.LEFT)), board.day),
        BoardSection("questions", "Questions", tuple(_questions(board))),
        _draws("came", "Came", _positives_first(board.at(Place.CAME)), board.day),
        _draws("absent", "Missed, refused, excused", board.at(Place.ABSENT), board.day),
        BoardSection("clinician", "For a clinician", tuple(_for_a_clinician(board))),
        BoardSection("overdue", "Laboratory results overdue", tuple(_overdue(board))),
        BoardSection("by_itself", "Ran by itself", tuple(_by_itself(board, zone))),
    )
    return [section for section in found if section.rows]


def shortened(found: Sequence[BoardSection]) -> list[BoardSection]:
    """The sections with no more than fits to be seen of what has a list of its own: the newest question, a few reviews.

    A row at the end says how many more there are, and which command has them all.
    """
    return [_short(section) for section in found]


def _short(section: BoardSection) -> BoardSection:
    rows = section.rows
    if section.name == "questions" and len(rows) > 1:
        return _with_more(section, rows[-1:], "status")
    if section.name == "clinician" and len(rows) > _MOST_FOR_A_CLINICIAN + 1:
        noun = "review" if rows[-1].key.startswith("review") else "recommendation"
        return _with_more(section, rows[:_MOST_FOR_A_CLINICIAN], noun, "list")
    return section


def _with_more(section: BoardSection, kept: tuple[BoardRow, ...], *listed: str) -> BoardSection:
    left = len(section.rows) - len(kept)
    return replace(
        section, rows=(*kept, BoardRow(f"more-{section.name}", "", "", f"{left} more", (listed,))), more=left
    )


def row_of(line: "BoardLine", day: date) -> BoardRow:
    """A draw's row. The day stands there where it is another one, and `for cause` where no schedule made it."""
    when = "" if line.due_on == day else str(line.due_on)
    said = f"for cause: {line.said}" if line.for_cause else line.said
    return BoardRow(f"draw-{line.draw_id}", line.participant, when, said, (line.next,) if line.next else (), line)


def _draws(name: str, title: str, lines: "Sequence[BoardLine]", day: date) -> BoardSection:
    return BoardSection(name, title, tuple(row_of(line, day) for line in lines))


def _oldest_first(lines: "Sequence[BoardLine]") -> "list[BoardLine]":
    return sorted(lines, key=lambda line: line.due_on)


def _positives_first(lines: "Sequence[BoardLine]") -> "list[BoardLine]":
    order = (Outcome.POSITIVE, Outcome.INVALID, Outcome.NEGATIVE)
    return sorted(lines, key=lambda line: order.index(line.outcome) if line.outcome else len(order))


def _questions(board: "Board") -> Iterator[BoardRow]:
    for asked in board.questions:
        which = tuple(days_asked(asked.closed).split())
        answers = ("missed", "--all", *which), ("excuse", "--all", *which, "--reason", "TEXT")
        yield BoardRow(f"question-{asked.closed.first_day}-{asked.closed.day}", "", "", question(asked), answers)


def _checking_in(board: "Board", zone: ZoneInfo) -> Iterator[BoardRow]:
    so_far = board.check_ins
    if so_far is None:
        return
    opens, closes = (f"{moment.astimezone(zone):%H:%M}" for moment in (so_far.opens, so_far.closes))
    said = f"{so_far.checked_in} of {so_far.expected} have checked in"
    if board.now < so_far.opens:
        said = f"opens at {opens}" if not so_far.checked_in else f"{said}; opens at {opens}"
    elif board.now < so_far.closes:
        said += f"; open until {closes}"
    elif board.now < so_far.over:
        said += f"; closed at {closes}, late until {so_far.over.astimezone(zone):%H:%M}"
    yield BoardRow("check-ins", "", "", said, (("checkin", "list", *_on_day(board)),))
    if so_far.fault is not None:
        yield BoardRow("check-in-fault", "", "", fault_in_words(so_far.fault, zone), (TO_TELEPHONE,))


def _on_day(board: "Board") -> tuple[str, ...]:
    """What a command takes for the board's day; nothing for today's."""
    return () if board.by_itself is not None else ("--on", str(board.day))


def _for_a_clinician(board: "Board") -> Iterator[BoardRow]:
    for one in board.recommendations:
        same = one.from_level == one.to_level
        step = "clinical review" if same else f"{one.from_level} to {one.to_level}"
        show = ("recommendation", "show", str(one.id))
        yield BoardRow(f"recommendation-{one.id}", one.participant, "", f"recommendation {one.id}: {step}", (show,))
    for review in board.reviews:
        said = f"review {review.id}: {review.about}, {review.due_on}"
        done = ("review", "done", str(review.id))
        yield BoardRow(f"review-{review.id}", review.participant, "", said, (done,))


def _overdue(board: "Board") -> Iterator[BoardRow]:
    for number, one in enumerate(board.overdue):
        lab = f" {one.lab}" if one.lab else ""
        said = f"at the laboratory{lab}, awaited by {one.expected_by}, overdue"
        listed = ("confirmation", "list", "--overdue")
        yield BoardRow(f"overdue-{one.participant}-{number}", one.participant, str(one.due_on), said, (listed,))


def _by_itself(board: "Board", zone: ZoneInfo) -> Iterator[BoardRow]:
    ran = board.by_itself
    if ran is None:
        return
    for number, problem in enumerate(ran.problems):
        yield BoardRow(f"problem-{number}", "", "", f"{problem[0].upper()}{problem[1:]}", (("status",),))
    night = "no nightly run yet"
    if ran.night is not None and ran.night_at is not None:
        made = "" if ran.drawn is None else f": {ran.drawn} drawn, {ran.missed} of the days before missed"
        night = f"draws of {ran.night} made {_local(ran.night_at, zone)}{made}"
    yield BoardRow("night", "", "", night, (("draw",),) if not board.is_drawn else ())
    if ran.report is not None and ran.report_at is not None:
        yield BoardRow("report", "", "", f"report of {ran.report} delivered {_local(ran.report_at, zone)}")
    made_at = "no backup yet" if ran.backup_at is None else f"backup made {_local(ran.backup_at, zone)}"
    yield BoardRow("backup", "", "", made_at, (("backup", f"backup-{board.day}.db"),) if ran.backup_at is None else ())


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
