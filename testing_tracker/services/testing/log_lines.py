"""A line of the log session: the draw that it is about, what it put on record, and what the draw was before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session

from testing_tracker.rules.testing.log_line import Entry, Tried
from testing_tracker.rules.words import DrawKind, Method, Outcome, Status
from testing_tracker.services.testing import cups
from testing_tracker.services.testing.draws import OpenDraw
from testing_tracker.services.testing.results import Logged
from testing_tracker.services.testing.settling import RaisedRecommendation
from testing_tracker.store.queries import id_of, newest, standing_result
from testing_tracker.store.tables import Confirmation, Result
from testing_tracker.store.work import Work

WHY_UNDONE = "undone in the log session"


@dataclass(frozen=True)
class Opened:
    """A draw that a line is to be recorded for, as it was when it was shown. `which` names it in a message's words.

    `prescribed` is for showing it: there is nothing in it where a line was recorded at once.
    """

    code: str
    due_on: date
    kind: DrawKind
    status: Status
    prescribed: tuple[str, ...]
    which: str

    @property
    def for_cause(self) -> bool:
        return self.kind is DrawKind.FOR_CAUSE


@dataclass(frozen=True)
class DrawAsItWas:
    """What a line may change of a draw; the rest by the ids of the rows that said it.

    `results` are the standing ones with an outcome by method: where a line was taken back, the row that counts again,
    not its copy. `cup` and `sent`, the newest cup and what was sent of it, are looked up for lines that may change them
    only.
    """

    status: Status
    outcome: str | None
    reason: str | None
    unable: bool
    results: Mapping[Method, int] = field(default_factory=dict)
    cup: int | None = None
    sent: int | None = None


@dataclass(frozen=True)
class EntryOnRecord:
    """A line on record, and how to take it back: what the draw was before, and what it was when the line was recorded.

    `recorded` is what went on record. `logged` says what followed from a result, and `raised` which recommendation
    it changed; the rows in them are for the same transaction only. `told` is what a person should know of the cup.
    """

    opened: Opened
    recorded: Outcome | Status | Tried
    raised: RaisedRecommendation | None
    logged: Logged | None
    was: DrawAsItWas
    became: DrawAsItWas
    said: Entry
    told: Sequence[str] = ()

    @property
    def before(self) -> Status:
        """The draw's status before the line."""
        return self.was.status


def as_it_is(work: Work, found: OpenDraw, said: Entry, logged: Logged | None = None) -> DrawAsItWas:
    """What the draw says now; of what a line with `said` cannot change nothing is asked."""
    draw, session = found.draw, work.session
    by_method = {}
    if found.result is not None:
        standing = {method: _said_at_first(session, standing_result(session, id_of(draw), method)) for method in Method}
        by_method = {
            method: id_of(row) for method, row in standing.items() if row is not None and row.outcome is not None
        }
    elif logged is not None and logged.result_id is not None:
        by_method = {method_of(said): logged.result_id}
    own_cups = cups.cups_of(session, draw) if said.label is not None else []
    sent = newest(session, Confirmation, Confirmation.draw_id == draw.id) if said.label or said.by_lab else None
    return DrawAsItWas(
        status=Status(draw.status),
        outcome=draw.outcome,
        reason=draw.reason,
        unable=draw.unable,
        results=by_method,
        cup=own_cups[-1].id if own_cups else None,
        sent=sent.id if sent is not None else None,
    )


def _said_at_first(session: Session, row: Result | None) -> Result | None:
    """The row that a standing one is, or says again since a line was taken back; None where no word is left."""
    if row is None or row.reason != WHY_UNDONE:
        return row
    slip = _said_at_first(session, session.get(Result, row.replaces_id))
    if slip is None or slip.replaces_id is None:
        return None
    return _said_at_first(session, session.get(Result, slip.replaces_id))


def method_of(said: Entry) -> Method:
    """Whose word a result is: a laboratory's or the cup's."""
    return Method.DEFINITIVE if said.by_lab else Method.PRESUMPTIVE
