"""Says which check-ins on record cannot be: the receipt is not the key's, or the answer not what the draws said then.

The draws themselves are decided again by other checks; here their statuses of that instant come from the audit table.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from sqlalchemy import select as sa_select
from sqlmodel import col, select

from testing_tracker.rules.check_in.answer_history import DrawHistory, answers_between, answers_ever
from testing_tracker.rules.check_in.answers import CheckInOutcome, DaysAnswer, Timing
from testing_tracker.rules.check_in.receipts import HERE, Says, receipt, receipt_key
from testing_tracker.rules.keeping.acts import DATED_BACK_FROM
from testing_tracker.services.check_in.answer_histories import histories_on, was_brought_back
from testing_tracker.services.check_in.receipt_keys import keys_for
from testing_tracker.services.keeping.checking.replay import Verifying, days_among
from testing_tracker.services.keeping.checking.stumbling import Found, by_itself
from testing_tracker.store.queries import pool_stands
from testing_tracker.store.tables import AuditEntry, CheckIn, KeyChain, Participant, Pool, TakingBack
from testing_tracker.store.work import Work

_AFTER = timedelta(microseconds=1)
_ASKED = {DaysAnswer.COME: "to come in", DaysAnswer.STAY: "to stay", DaysAnswer.DONE: "that the specimen was given"}


@dataclass(frozen=True)
class _OnRecord:
    """A check-in as it stands there; `comes_from_page`: what was told is what the page had been given."""

    participant_id: int
    code: str
    at: datetime
    outcome: str
    answer: str | None
    timing: str | None
    receipt: str | None
    comes_from_page: bool
    recorded_at: datetime

    @property
    def says(self) -> Says | None:
        """What its receipt says; None where it can have none."""
        if self.timing is None or self.outcome not in _WITH_RECEIPT:
            return None
        return Says(DaysAnswer(str(self.answer)) if self.outcome == CheckInOutcome.TOLD else HERE, Timing(self.timing))


_WITH_RECEIPT = (CheckInOutcome.TOLD, CheckInOutcome.UNKNOWN, CheckInOutcome.OVER)


def wrongly_told(on: Verifying, after: int = 0) -> Iterator[Found]:
    """Check-ins, with ids above one, whose receipt no key at hand makes, or who were told what no draw of theirs said.

    Of a day whose key is not at hand, receipts are not checked; that is said once.
    """
    work = on.work
    those = (col(CheckIn.facility_id) == work.facility_id, col(CheckIn.id) > after)
    lost: set[date] = set()
    for day in sorted(days_among(work, sa_select(col(CheckIn.day)).where(*those))):
        rows = _of_day(work, day, after)
        seeds, is_whole = _seeds_for(on, day)
        receipts = _Receipts(on, day, seeds, is_whole=is_whole)
        yield from by_itself(work, f"the receipts of {day}", _wrong_receipts(work, day, rows, receipts), day)
        if not is_whole and any(row.receipt for row in rows):
            lost.add(day)
        yield from by_itself(work, f"what was told on {day}", _wrong_answers(work, day, rows), day)
    if lost:
        days = f"{min(lost)}" if len(lost) == 1 else f"{len(lost)} days from {min(lost)} to {max(lost)}"
        on.result.unchecked.append(f"A key of {days} is not at hand: the receipts of check-ins cannot all be checked.")


def _of_day(work: Work, day: date, after: int) -> list[_OnRecord]:
    asked = (
        sa_select(
            col(CheckIn.participant_id),
            col(Participant.code),
            col(CheckIn.at),
            col(CheckIn.outcome),
            col(CheckIn.answer),
            col(CheckIn.timing),
            col(CheckIn.receipt),
            col(CheckIn.visit).is_not(None),
            col(CheckIn.recorded_at),
        )
        .join(Participant, col(Participant.id) == CheckIn.participant_id)
        .where(col(CheckIn.facility_id) == work.facility_id, col(CheckIn.day) == day, col(CheckIn.id) > after)
        .order_by(col(CheckIn.id))
    )
    return [_OnRecord(*row) for row in work.session.connection().execute(asked)]


def _seeds_for(on: Verifying, day: date) -> tuple[list[bytes], bool]:
    """The seeds at hand that a day's receipts can have been made with, and whether these are all.

    Not only the day's own: a receipt is made ready some days before, and another key may have begun by then.
    """
    begun: Sequence[KeyChain] = [chain for chain in on.chains if chain.first_day <= day]
    seeds = [on.seeds[chain.id] for chain in begun if chain.id in on.seeds]
    return seeds, len(seeds) == len(begun)


class _Receipts:
    """What can be said of a day's receipts with the keys at hand; `is_whole`: these are all that there may be."""

    def __init__(self, on: Verifying, day: date, seeds: Collection[bytes], *, is_whole: bool) -> None:
        self._on, self._day, self._is_whole = on, day, is_whole
        self._keys = [receipt_key(seed, day) for seed in seeds]

    def are_wrong(self, participant_id: int, says: Says, given: str) -> bool:
        """Whether no key makes a receipt, as far as that can be told."""
        if any(receipt(key, participant_id, says) == given for key in self._keys):
            return False
        # Of records that were brought back from a copy the key file may know a key that they do not.
        return self._is_whole and not any(receipt(key, participant_id, says) == given for key in self._others)

    @cached_property
    def _others(self) -> list[bytes]:
        return list(keys_for(self._on.work, self._on.key_file, self._day))


def _wrong_receipts(work: Work, day: date, rows: Sequence[_OnRecord], receipts: _Receipts) -> Iterator[Found]:
    for row in rows:
        says = row.says
        if row.receipt is not None and (says is None or receipts.are_wrong(row.participant_id, says, row.receipt)):
            when = _local(work, row.at)
            yield day, row.code, f"the receipt of the check-in at {when} is not the one that the key gives"


def _wrong_answers(work: Work, day: date, rows: Sequence[_OnRecord]) -> Iterator[Found]:
    then = _DayThen(work, day)
    for row in rows:
        if row.outcome != CheckInOutcome.TOLD:
            if row.answer is not None:
                yield day, row.code, f"the try to check in at {_local(work, row.at)} is on record with an answer"
            continue
        answer = DaysAnswer(str(row.answer))
        if answer not in then.answers(row):
            yield (
                day,
                row.code,
                f"was told {_ASKED[answer]} at {_local(work, row.at)}, and the draws did not say that then",
            )


def _local(work: Work, moment: datetime) -> str:
    return f"{moment.astimezone(work.zone):%H:%M}"


class _DayThen:
    """What the draws of a day said at its instants; read when it is first asked."""

    def __init__(self, work: Work, day: date) -> None:
        self._work, self._day = work, day

    def answers(self, row: _OnRecord) -> set[DaysAnswer]:
        """All that may have been told rightly. What a page says is what it was last given, since the night.

        Of a night that was made again, because the records were brought back from a copy, that is what the first said.
        """
        histories = self._histories.get(row.participant_id, ())
        first, last = row.at, row.at
        since = self._decided(row.participant_id)
        if row.comes_from_page:
            first, last = (since + _AFTER, row.recorded_at) if since else (row.at, row.recorded_at)
        elif since is not None and since > row.at and was_brought_back(self._work, row.at, since):
            first = last = since + _AFTER
        found = answers_between(histories, first, last) if first <= last else answers_ever(histories)
        if row.answer not in found and self._is_in_doubt:
            return answers_ever(histories)
        return found

    @cached_property
    def _histories(self) -> Mapping[int, list[DrawHistory]]:
        return histories_on(self._work, self._day)

    def _decided(self, participant_id: int) -> datetime | None:
        """When a night decided on a participant; those that stand."""
        return next((at for first, last, at in self._pools if first <= participant_id <= last), None)

    @cached_property
    def _pools(self) -> list[tuple[int, int, datetime]]:
        asked = select(Pool.first_participant_id, Pool.last_participant_id, Pool.recorded_at).where(
            Pool.facility_id == self._work.facility_id, Pool.day == self._day, col(Pool.ran), pool_stands()
        )
        return list(self._work.session.exec(asked.order_by(col(Pool.id))).all())

    @cached_property
    def _is_in_doubt(self) -> bool:
        """Whether the hours of this day say little: a day gone through twice, a clock put back, days pretended."""
        work, day = self._work, self._day
        if work.facility.training:
            return True
        taken_back = select(TakingBack.id).where(
            TakingBack.facility_id == work.facility_id, TakingBack.first_day <= day, TakingBack.last_day >= day
        )
        noon = datetime.combine(day, time(12), UTC)
        put_back = select(AuditEntry.id).where(
            AuditEntry.facility_id == work.facility_id,
            col(AuditEntry.at).between(noon - timedelta(days=2), noon + timedelta(days=2)),
            col(AuditEntry.detail).contains(DATED_BACK_FROM),
        )
        return any(work.session.exec(asked.limit(1)).first() is not None for asked in (taken_back, put_back))
