"""What the tests of the reports need on record of checking in, written as the program writes it."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
from databases import clock_of
from sqlmodel import select

from testing_tracker.clock import Clock
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.store.engine import open_engine, writing
from testing_tracker.store.tables import Card, CheckIn, CheckInDay, CheckInRule, Outage, Participant

VERIFIER, SALT = "ab" * 32, "cd" * 16


@contextmanager
def clock_at(local: str):
    """A training database's pretended days are at this time of day in the block, and not at noon."""

    def now(clock: Clock) -> datetime:
        return datetime.combine(clock.pretended_day, time.fromisoformat(local), clock.zone).astimezone(UTC)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Clock, "now", now)
        yield


class CheckedIn:
    """What is put on record of checking in at a clinic, on the day that it is there."""

    def __init__(self, clinic) -> None:
        self._clinic = clinic

    @contextmanager
    def _work(self):
        engine = open_engine(self._clinic.location)
        try:
            with writing(engine, None, clock_of(date.fromisoformat(self._clinic.today)), SHIPPED) as work:
                yield work
        finally:
            engine.dispose()

    def rule(self, from_on: str, opens: str | None = "05:00", closes: str | None = "10:00") -> None:
        """A rule from a day on; without times, none any more."""
        begins, ends = (time.fromisoformat(one) if one else None for one in (opens, closes))
        with self._work() as work:
            work.write(
                CheckInRule(
                    from_on=date.fromisoformat(from_on),
                    opens=begins,
                    closes=ends,
                    page=True,
                    not_checked_in="missed",
                    facility_id=work.facility_id,
                )
            )

    def card(self, *codes: str, ended: bool = False) -> None:
        """A card for each, made now, or ended."""
        with self._work() as work:
            for code in codes:
                number = _number(work, code)
                work.write(
                    Card(
                        participant_id=number,
                        number=f"48{number:05}",
                        salt=None if ended else SALT,
                        verifier=None if ended else VERIFIER,
                        language="en",
                    )
                )

    def __call__(
        self,
        code: str,
        at: str,
        outcome: str = "told",
        *,
        answer: str | None = "stay",
        timing: str | None = "in time",
        by: str = "page",
        receipt: str | None = "45865319",
    ) -> None:
        """An attempt at a local moment such as `2026-11-17 05:12`."""
        is_told = outcome == "told"
        with self._work() as work:
            row = CheckIn(
                participant_id=_number(work, code),
                day=date.fromisoformat(at[:10]),
                at=_instant(work, at),
                channel=by,
                outcome=outcome,
                answer=answer if is_told else None,
                timing=timing if is_told else None,
                receipt=receipt if is_told else None,
            )
            work.write(row)
            said = {"check_in": row.id, "day": row.day, "channel": by, "outcome": outcome}
            work.on_record(Act.CHECK_IN_RECORD, participant_id=row.participant_id, **said)

    def outage(self, from_at: str, to_at: str, reason: str = "power cut") -> None:
        """A span in which check-in could not be reached."""
        with self._work() as work:
            begins, ends = _instant(work, from_at), _instant(work, to_at)
            row = Outage(from_at=begins, to_at=ends, found_by="staff", reason=reason, facility_id=work.facility_id)
            work.write(row)
            work.on_record(Act.OUTAGE_RECORD, reason=reason, outage=row.id, from_at=begins, to_at=ends)

    def day(
        self, day: str, expected: int, in_time: int, *, held: bool = False, usual: tuple[int, int] = (0, 0)
    ) -> None:
        """What a night counted of a day when it closed it."""
        with self._work() as work:
            work.write(
                CheckInDay(
                    day=date.fromisoformat(day),
                    days=1,
                    expected=expected,
                    in_time=in_time,
                    late=0,
                    tried=0,
                    not_checked_in=expected - in_time,
                    usual_expected=usual[0],
                    usual_not_checked_in=usual[1],
                    held=held,
                    faulty_minutes=0,
                    strangers=0,
                    facility_id=work.facility_id,
                )
            )


def _number(work, code: str) -> int:
    return work.session.exec(select(Participant.id).where(Participant.code == code)).one()


def _instant(work, at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=work.zone).astimezone(UTC)


def days(first: str, last: str) -> list[str]:
    """The days from one to another."""
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    return [str(begins + timedelta(days=number)) for number in range((ends - begins).days + 1)]
