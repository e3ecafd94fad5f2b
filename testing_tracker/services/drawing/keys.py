"""The key that the draws come from: its chains, the secret of a day, and beginning a new one."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from testing_tracker import chance
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.day_secrets import DAYS_IN_A_CHAIN, SEED_BYTES, Chain, chain_of, hashed
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.services.testing.draws import night_has_run
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.tables import Facility, KeyChain, Pool
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class Rotated:
    """A new chain, and whether the key before it is lost, so that its last days cannot be decided again."""

    anchor: str
    first_day: date
    earlier_is_lost: bool


def start_chain(work: Work, first_day: date, seed: bytes, reason: str) -> KeyChain:
    """Record the chain that a seed makes from a day on; the seed itself goes into the key file."""
    chain = chain_of(seed, first_day)
    row = KeyChain(
        facility_id=work.facility_id, anchor=chain.anchor.hex(), first_day=first_day, days=chain.days, reason=reason
    )
    work.write(row)
    work.on_record(Act.KEY_CREATE, reason=reason, anchor=row.anchor, first_day=first_day, days=row.days)
    work.session.flush()
    return row


def rotate(work: Work, key_file: KeyFile, reason: str) -> Rotated:
    """Begin a new chain with a new seed, from the first day that was not drawn yet. The earlier key is kept."""
    earlier = chain_on(work.session, work.facility_id, work.today)
    is_lost = not key_file.holds(values_of(earlier))
    is_drawn = night_has_run(work, work.today)
    first_day = work.today + timedelta(days=1) if is_drawn else work.today
    seed = chance.new_seed()
    row = start_chain(work, first_day, seed, reason)
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
    """A chain on record as the arithmetic needs it.

    Raises TestingTrackerError for one that this program has not begun, which may be one that would be hashed for ever.
    """
    anchor = bytes.fromhex(row.anchor)
    if len(anchor) != SEED_BYTES or not 1 <= row.days <= DAYS_IN_A_CHAIN:
        raise TestingTrackerError(f"The key on record from {row.first_day} on is not one that this program has begun.")
    return Chain(anchor, row.first_day, row.days)


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


def begin_on_any_day(work: Work, key_file: KeyFile) -> None:
    """Let a training database practise days from before it was made: a chain begins on the day that is pretended.

    The earlier key is not touched; of a live database no day before its first is ever drawn.
    """
    every = chains(work.session, work.facility_id)
    is_training = work.session.get_one(Facility, work.facility_id).training
    if is_training and work.is_pretended and work.today < min(row.first_day for row in every):
        seed = chance.new_seed()
        row = start_chain(work, work.today, seed, "practice of days before the first")
        key_file.add(bytes.fromhex(row.anchor), seed)


def open_key(session: Session, facility_id: int, key_file: KeyFile, day: date) -> OpenedKey:
    """The key that a day's draws come from. Raises TestingTrackerError when it is missing or another one."""
    row = chain_on(session, facility_id, day)
    return OpenedKey(row, key_file.seed_of(values_of(row)))


def problem_with(session: Session, facility_id: int, key_file: KeyFile, day: date) -> str | None:
    """What is wrong with the key that a day's draws come from; None when it is in its place."""
    try:
        open_key(session, facility_id, key_file, day)
    except TestingTrackerError as error:
        return str(error)
    except (ValueError, TypeError) as error:
        return f"A key on record cannot be read ({type(error).__name__}); `testing-tracker verify` says which"
    return None


def replaced_from(session: Session, facility_id: int, key_file: KeyFile, day: date) -> date | None:
    """The first day of the key that replaced a day's lost one; None when that is there, or has no successor."""
    row = chain_on(session, facility_id, day)
    newest = chains(session, facility_id)[-1]
    return newest.first_day if newest.id != row.id and not key_file.holds(values_of(row)) else None


def last_shown(session: Session, row: KeyChain) -> tuple[date, bytes] | None:
    """The latest day of a chain whose secret a night has shown, and that secret: what is known without the key.

    Raises TestingTrackerError when it does not lead to the anchor.
    """
    newest = session.exec(
        select(Pool)
        .where(Pool.key_chain_id == row.id, col(Pool.revealed).is_not(None))
        .order_by(col(Pool.day).desc(), col(Pool.id).desc())
        .limit(1)
    ).first()
    if newest is None or newest.revealed is None:
        return None
    secret = bytes.fromhex(newest.revealed)
    day = values_of(row).day_of(secret)
    if day is None:
        raise TestingTrackerError(
            f"The secret that the run of {newest.day} has shown does not lead to the anchor {row.anchor}."
        )
    return day, secret


def secret_of(session: Session, row: KeyChain, key_file: KeyFile, day: date) -> bytes:
    """The secret of a day that is over: from the key, or where that is lost from what a later night has shown."""
    chain = values_of(row)
    shown = None if key_file.holds(chain) else last_shown(session, row)
    if shown is not None and day <= shown[0]:
        return hashed(shown[1], (shown[0] - day).days)
    return chain.secret(key_file.seed_of(chain), day)


@dataclass(frozen=True)
class Anchor:
    """What draws are checked against, from its first day on; a superseded one's key was replaced before it drew."""

    first_day: date
    anchor: str
    superseded: bool


def anchors_between(session: Session, facility_id: int, first: date, last: date) -> list[Anchor]:
    """The anchors that were begun for the draws of these days, oldest first."""
    every = chains(session, facility_id)
    found = []
    for number, row in enumerate(every):
        end = min((later.first_day for later in every[number + 1 :]), default=date.max)
        superseded = end <= row.first_day
        if row.first_day <= last and (first <= row.first_day if superseded else first < end):
            found.append(Anchor(row.first_day, row.anchor, superseded))
    return found or [Anchor(every[0].first_day, every[0].anchor, superseded=False)]


@dataclass(frozen=True)
class Begun:
    """A key that was begun: its anchor, for which days, by whom, when (UTC) and why."""

    anchor: str
    first_day: date
    recorded_at: datetime
    recorded_by: str
    reason: str


def begun_by(row: KeyChain) -> Begun:
    """What a chain on record says of its beginning."""
    return Begun(row.anchor, row.first_day, row.recorded_at, row.recorded_by, row.reason)
