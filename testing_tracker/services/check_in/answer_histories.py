"""What became of a day's draws, in order, from the audit table: by which what somebody was told then can be judged."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.check_in.answer_history import DrawHistory, Turned, of_joined
from testing_tracker.rules.keeping.acts import LEADS_TO, Act
from testing_tracker.rules.words import DrawKind, Status
from testing_tracker.store.queries import pool_stands, records_of_all
from testing_tracker.store.tables import AuditEntry, Draw, Joining, Pool
from testing_tracker.store.work import Work


def histories_on(work: Work, day: date, participants: Collection[int] | None = None) -> dict[int, list[DrawHistory]]:
    """What became of the draws of a day, by the record that they are of and by those that it was joined into.

    Of some participants by id, with the records joined into theirs, or of all. Draws of a night that was taken back are
    among them.
    """
    draws = _draws(work, day, participants)
    turned = _turned(work, draws)
    joined = _joined(work)
    found: defaultdict[int, list[DrawHistory]] = defaultdict(list)
    for number, participant_id, recorded_at, kind, status in draws:
        # Of a past record nobody knows what it was at first; it came when its day was over.
        begins_as = Status(status) if kind == DrawKind.IMPORTED else Status.DUE
        history = [Turned(recorded_at, begins_as), *turned.get(number, ())]
        found[participant_id].append(history)
        for into, joined_at in joined.get(participant_id, ()):
            found[into].append(of_joined(history, joined_at))
    return dict(found)


def decided_at(work: Work, day: date, participant_id: int) -> datetime | None:
    """When a run decided whether a participant is drawn on a day, as it stands now; None where none did yet."""
    asked = select(Pool.recorded_at).where(
        Pool.facility_id == work.facility_id,
        Pool.day == day,
        col(Pool.ran),
        pool_stands(),
        col(Pool.first_participant_id) <= participant_id,
        col(Pool.last_participant_id) >= participant_id,
    )
    return work.session.exec(asked.order_by(col(Pool.id)).limit(1)).first()


def was_brought_back(work: Work, first: datetime, last: datetime) -> bool:
    """Whether the records were brought back from a copy between two instants.

    A night that was made again then is younger than what people were told by the first one, which is the same: the key
    decides it.
    """
    asked = select(AuditEntry.id).where(
        AuditEntry.facility_id == work.facility_id,
        AuditEntry.act == Act.BACKUP_RESTORE,
        col(AuditEntry.at).between(first, last),
    )
    return work.session.exec(asked.limit(1)).first() is not None


def _draws(work: Work, day: date, participants: Collection[int] | None) -> list[tuple[int, int, datetime, str, str]]:
    asked = (
        sa_select(col(Draw.id), col(Draw.participant_id), col(Draw.recorded_at), col(Draw.kind), col(Draw.status))
        .where(col(Draw.facility_id) == work.facility_id, col(Draw.due_on) == day)
        .order_by(col(Draw.id))
    )
    if participants is not None:
        asked = asked.where(col(Draw.participant_id).in_(records_of_all(work.session, participants)))
    return [tuple(row) for row in work.session.connection().execute(asked)]  # type: ignore[misc]


def _turned(work: Work, draws: Collection[tuple[int, int, datetime, str, str]]) -> dict[int, list[Turned]]:
    """What each act has made of each of these draws, in the order of the audit table."""
    numbers = sorted(draw[0] for draw in draws)
    found: defaultdict[int, list[Turned]] = defaultdict(list)
    for start in range(0, len(numbers), _AT_A_TIME):
        asked = (
            sa_select(col(AuditEntry.draw_id), col(AuditEntry.at), col(AuditEntry.act))
            .where(
                col(AuditEntry.facility_id) == work.facility_id,
                col(AuditEntry.draw_id).in_(numbers[start : start + _AT_A_TIME]),
                col(AuditEntry.act).in_(tuple(LEADS_TO)),
            )
            .order_by(col(AuditEntry.id))
        )
        for draw_id, at, act in work.session.connection().execute(asked):
            found[int(draw_id or 0)].append(Turned(at, LEADS_TO[act]))
    return found


_AT_A_TIME = 500


def _joined(work: Work) -> dict[int, list[tuple[int, datetime]]]:
    """The records that each record was joined into, and when."""
    asked = select(Joining.participant_id, Joining.into_id, Joining.recorded_at).where(
        Joining.facility_id == work.facility_id
    )
    found: defaultdict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for record, into, at in work.session.exec(asked):
        found[record].append((into, at))
    return found
