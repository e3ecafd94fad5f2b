"""The key that the draws come from: its chains, the secret of a day, and beginning a new one."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from testing_tracker import chance
from testing_tracker.acting import Acting
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.day_secrets import Chain, chain_of
from testing_tracker.services.draws import night_has_run
from testing_tracker.store import audit
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.tables import KeyChain


@dataclass(frozen=True)
class Rotated:
    """A new chain, and whether the key before it is lost, so that its last days cannot be decided again."""

    anchor: str
    first_day: date
    earlier_is_lost: bool


def start_chain(session: Session, acting: Acting, first_day: date, seed: bytes, reason: str) -> KeyChain:
    """Record the chain that a seed makes from a day on; the seed itself goes into the key file."""
    chain = chain_of(seed, first_day)
    row = KeyChain(
        facility_id=acting.facility_id,
        anchor=chain.anchor.hex(),
        first_day=first_day,
        days=chain.days,
        reason=reason,
        recorded_at=acting.now,
        recorded_by=acting.account,
    )
    session.add(row)
    audit.record(session, acting, "key create", reason=reason, anchor=row.anchor, first_day=first_day, days=row.days)
    session.flush()
    return row


def rotate(session: Session, acting: Acting, key_file: KeyFile, reason: str) -> Rotated:
    """Begin a new chain with a new seed, from the first day that was not drawn yet. The earlier key is kept."""
    earlier = chain_on(session, acting.facility_id, acting.today)
    is_lost = not key_file.holds(values_of(earlier))
    is_drawn = night_has_run(session, acting, acting.today)
    first_day = acting.today + timedelta(days=1) if is_drawn else acting.today
    seed = chance.new_seed()
    row = start_chain(session, acting, first_day, seed, reason)
    key_file.add(bytes.fromhex(row.anchor), seed)
    return Rotated(row.anchor, first_day, is_lost)


def chains(session: Session, facility_id: int) -> list[KeyChain]:
    """The facility's chains, oldest first."""
    return list(session.exec(select(KeyChain).where(KeyChain.facility_id == facility_id).order_by(col(KeyChain.id))))


def chain_on(session: Session, facility_id: int, day: date) -> KeyChain:
    """The chain that a day's secret comes from; before the first chain began, the first.

    Of two that begin on one day, the one that was recorded last.
    """
    every = chains(session, facility_id)
    return next((row for row in reversed(every) if row.first_day <= day), every[0])


def values_of(row: KeyChain) -> Chain:
    """A chain on record as the arithmetic needs it."""
    return Chain(bytes.fromhex(row.anchor), row.first_day, row.days)


@dataclass(frozen=True)
class OpenedKey:
    """A chain on record together with its seed from the key file."""

    row: KeyChain
    seed: bytes

    def secret(self, day: date) -> bytes:
        """The secret of a day. Raises TestingTrackerError for a day that the chain is not for."""
        try:
            return values_of(self.row).secret(self.seed, day)
        except ValueError as error:
            raise TestingTrackerError(
                f"The key has no secret for {day}: {error}. Check the machine's clock; if the date is right, begin a "
                "new key with `testing-tracker key rotate --reason TEXT`."
            ) from None


def open_key(session: Session, facility_id: int, key_file: KeyFile, day: date) -> OpenedKey:
    """The key that a day's draws come from. Raises TestingTrackerError when it is missing or another one."""
    row = chain_on(session, facility_id, day)
    return OpenedKey(row, key_file.seed_of(values_of(row)))


def anchors_between(session: Session, facility_id: int, first: date, last: date) -> list[str]:
    """The anchors that the draws of these days are checked against, oldest first."""
    every = chains(session, facility_id)
    ends = [later.first_day for later in every[1:]] + [date.max]
    found = [
        row.anchor
        for row, end in zip(every, ends, strict=True)
        if row.first_day < end and row.first_day <= last and end > first
    ]
    return found or [every[0].anchor]
