"""Corrects a participant's code or name that was typed wrong. What it was before stays on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.log_line import check_new_code
from testing_tracker.services.people.lookup import LookAlikes, find_participant, record_with_code
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Participant, Renaming
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class Renamed:
    """What a correction did: the code before and now, whether the name is another one, and codes like the new one."""

    earlier_code: str
    code: str
    name_changed: bool
    look_alikes: Sequence[str]


@dataclass(frozen=True)
class EarlierName:
    """A code or a name as it was until a correction, whose reason it has; `what` says which of them was corrected.

    `name` is None unless it was asked for.
    """

    what: str
    code: str
    until: datetime
    reason: str
    recorded_by: str
    name: str | None = None


def rename(work: Work, code: str, new_code: str | None, new_name: str | None, reason: str) -> Renamed:
    """Give a participant another code, another name, or both; an empty name takes the name away.

    The earlier code finds the participant for ever, so nobody else can have it. Raises TestingTrackerError for a code
    that is somebody else's or was, and where there is nothing to correct.
    """
    participant = find_participant(work, code)
    earlier_code = participant.code
    code_now = earlier_code if new_code is None else check_new_code(work.vocabulary, new_code)
    name_now = participant.name if new_name is None else new_name.strip() or None
    if (code_now, name_now) == (earlier_code, participant.name):
        raise TestingTrackerError(f"{earlier_code} has that code and that name already; there is nothing to correct.")
    _check_free(work, participant, code_now)
    alike = LookAlikes(work).of(code_now) if code_now.casefold() != participant.code_key else []
    name_changed = _write(work, participant, code_now, name_now, reason)
    said: dict[str, Any] = {"earlier": earlier_code, "now": code_now} if code_now != earlier_code else {}
    if name_changed:
        said["name"] = "changed"
    work.on_record(Act.PARTICIPANT_RENAME, participant_id=participant.id, reason=reason, **said)
    work.session.flush()
    return Renamed(earlier_code, code_now, name_changed, [other for other in alike if other != earlier_code])


def change_name(work: Work, participant: Participant, name: str | None, reason: str) -> None:
    """Keep a name that came with another act, such as a readmission; nothing where it is the same."""
    if name != participant.name:
        _write(work, participant, participant.code, name, reason)


def _check_free(work: Work, participant: Participant, code: str) -> None:
    holder = record_with_code(work, code)
    if holder is None or holder.id == participant.id:
        return
    if holder.code_key == code.casefold():
        raise TestingTrackerError(
            f"There is a participant {holder.code} already. Codes are given once; if both are the same person, use "
            f"`testing-tracker participant join {participant.code} {holder.code}`."
        )
    raise TestingTrackerError(f"{code} was {holder.code}'s code and finds {holder.code} still. Give another code.")


def _write(work: Work, participant: Participant, code: str, name: str | None, reason: str) -> bool:
    """Write what is now and keep what was before; returns whether the name is another one."""
    name_changed = name != participant.name
    work.write(
        Renaming(
            participant_id=id_of(participant),
            earlier_code=participant.code,
            earlier_key=participant.code_key,
            code=code,
            code_key=code.casefold(),
            name_changed=name_changed,
            earlier_name=participant.name if name_changed else None,
            earlier_salt=participant.name_salt if name_changed else None,
            reason=reason,
        )
    )
    participant.code, participant.code_key, participant.name = code, code.casefold(), name
    if name_changed:
        participant.name_salt = chance.salt_of(name)
    work.write(participant)
    return name_changed


def earlier_names(session: Session, participant_id: int, *, names: bool) -> list[EarlierName]:
    """What a participant's code was before each correction, oldest first; with `names` the names too."""
    rows = session.exec(select(Renaming).where(Renaming.participant_id == participant_id).order_by(col(Renaming.id)))
    return [
        EarlierName(
            what=" and ".join(["code"] * (row.code != row.earlier_code) + ["name"] * row.name_changed),
            code=row.earlier_code,
            until=row.recorded_at,
            reason=row.reason,
            recorded_by=row.recorded_by,
            name=row.earlier_name if names else None,
        )
        for row in rows
    ]
