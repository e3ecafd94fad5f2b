"""The audit table: who did what, when and why, written in the transaction of the act itself."""

import json

from sqlmodel import Session

from testing_tracker.acting import Acting
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.store.tables import AuditEntry


def record(
    session: Session,
    acting: Acting,
    act: Act,
    *,
    participant_id: int | None = None,
    draw_id: int | None = None,
    recommendation_id: int | None = None,
    reason: str | None = None,
    **detail: object,
) -> None:
    """Add an entry. `act` is a noun and a verb (`result log`); `detail` holds plain values, and never a name."""
    session.add(
        AuditEntry(
            facility_id=acting.facility_id,
            at=acting.now,
            account=acting.account,
            act=act,
            participant_id=participant_id,
            draw_id=draw_id,
            recommendation_id=recommendation_id,
            reason=reason,
            detail=as_json(detail),
        )
    )


def as_json(detail: dict[str, object]) -> str | None:
    """The details as an entry keeps them; dates and the like as their usual text."""
    return json.dumps(detail, default=str, sort_keys=True) if detail else None
