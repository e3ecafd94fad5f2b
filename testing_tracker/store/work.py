"""What a service needs to act: one transaction for one facility, with who acts in it and when.

It is what a command's desk opens, and the first argument of every service.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, SQLModel

from testing_tracker.account import current_account
from testing_tracker.clock import ClockOf
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import DATED_BACK_FROM, Act
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.watched import Begin, unwatched
from testing_tracker.store.facilities import begun as begun_for
from testing_tracker.store.ledger.pages import Pages
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import AuditEntry, Draw, Facility


@dataclass(frozen=True)
class Work:
    """`now` is in UTC; `today` is the facility's local date; `account` is the operating system's, or on a
    server the role that it let in.

    `zone` is the facility's for every day and instant, also where it was corrected from a day on. `is_pretended`: a
    training database pretends that it is that day, so `now` is its noon and means no hour. `pages` end the transaction,
    where it writes; `meant` says of codes that were given, and mean another one now, which. `vocabulary` is read when
    something first asks for an analyte. `begun` tells whoever watches of a step that takes long. `in_front` has the
    moment of the newest audit entry, and nothing before the first; all of the transaction share it.

    `once_committed` is done when all this is on record, for what is to be known elsewhere then; it may not use the
    session, nor rows of it. Where it fails that takes nothing back, and `failed_afterwards` says so, for whoever opened
    this to tell.
    """

    session: Session
    facility: Facility
    zone: ZoneInfo
    account: str
    now: datetime
    today: date
    vocabulary: Vocabulary
    is_pretended: bool = False
    pages: Pages | None = None
    meant: dict[str, str] = field(default_factory=dict)
    begun: Begin = unwatched
    in_front: list[datetime] = field(default_factory=list)
    once_committed: list[Callable[[], None]] = field(default_factory=list)
    failed_afterwards: list[str] = field(default_factory=list)

    @property
    def facility_id(self) -> int:
        """The facility's number."""
        return id_of(self.facility)

    def add(self, row: SQLModel) -> None:
        """Add a row, as this facility's, which it need not say."""
        if getattr(row, "facility_id", self) is None:
            row.facility_id = self.facility_id
        self.session.add(row)

    @property
    def is_on_server(self) -> bool:
        """Whether a server keeps the records, which knows by itself who acts."""
        return self.session.connection().dialect.name != "sqlite"

    def write(self, row: SQLModel) -> None:
        """Add a row, stamped with who records it and when where it has room for that; its number is known then."""
        if getattr(row, "recorded_at", self) is None:
            row.recorded_at = self.now
        if getattr(row, "recorded_by", self) is None:
            row.recorded_by = self.account
        self.add(row)
        self.session.flush()

    def numbers_for(self, table: type[SQLModel], many: int) -> Sequence[int]:
        """Numbers for so many new rows that are written with `write_all`."""
        from testing_tracker.store.dialects import free_ids  # few commands write many

        self.session.flush()
        return free_ids(self.session.connection(), table, many)

    def write_all(
        self, table: type[SQLModel], columns: Sequence[str], rows: Iterable[Sequence[object]], **same: object
    ) -> None:
        """Add many rows at once, stamped as `write` does; `same` are columns that have one value in all of them."""
        from testing_tracker.store.dialects import add_rows  # as above

        self.session.flush()
        stamps = {"recorded_at": self.now, "recorded_by": self.account, "facility_id": self.facility_id}
        stamped = {name: value for name, value in stamps.items() if name in table.model_fields and name not in columns}
        add_rows(self.session.connection(), table, columns, rows, **{**stamped, **same})

    def on_record(
        self,
        act: Act,
        *,
        draw: Draw | None = None,
        participant_id: int | None = None,
        draw_id: int | None = None,
        recommendation_id: int | None = None,
        reason: str | None = None,
        **detail: object,
    ) -> None:
        """Put an act on the audit table, in the transaction of the act itself.

        An act about a `draw` is about its participant too. `detail` holds plain values, and never a name. An entry
        that is dated before the one in front of it says so in its detail by itself.
        """
        if draw is not None:
            participant_id, draw_id = draw.participant_id, draw.id
        self.session.add(
            AuditEntry(
                facility_id=self.facility_id,
                at=self.now,
                account=self.account,
                act=act,
                participant_id=participant_id,
                draw_id=draw_id,
                recommendation_id=recommendation_id,
                reason=reason,
                detail=as_json({**detail, **self._dated_back()}),
            )
        )

    def on_record_of_each(self, act: Act, said: Iterable[tuple[int, dict[str, object]]]) -> None:
        """Put an act on the audit table for each of some participants, by id, with its details, as `on_record` does."""
        self.write_all(
            AuditEntry,
            ("participant_id", "detail"),
            [(participant_id, as_json({**detail, **self._dated_back()})) for participant_id, detail in said],
            at=self.now,
            account=self.account,
            act=str(act),
        )

    def last_page_written(self) -> tuple[int, str]:
        """The number and digest of this transaction's last page of the ledger; number 0 where it wrote none.

        Asked when all is committed, it is the page that ended the transaction.
        """
        assert self.pages is not None, "a transaction that writes has pages"
        return self.pages.last

    def do_what_is_left(self) -> None:
        """Do `once_committed`, each whatever became of the others."""
        for step in self.once_committed:
            try:
                step()
            except (TestingTrackerError, OSError, ValueError) as error:
                self.failed_afterwards.append(str(error))

    def _dated_back(self) -> dict[str, object]:
        """What an entry says where it is dated before the newest one that was there: that one's moment.

        So it is where a clock was put back, or was ahead on another machine.
        """
        if self.in_front and self.in_front[0] > self.now:
            return {DATED_BACK_FROM: self.in_front[0]}
        self.in_front[:] = [self.now]
        return {}

    def write_page(self) -> None:
        """Write the ledger's page of what was added so far; the end of the transaction writes that of the rest."""
        assert self.pages is not None, "a transaction that writes has pages"
        self.pages.write(self.facility_id, self.begun)


_ENCODER = json.JSONEncoder(default=str, sort_keys=True)


def as_json(detail: dict[str, object]) -> str | None:
    """The details as an entry keeps them; dates and the like as their usual text."""
    return _ENCODER.encode(detail) if detail else None


def work_in(
    session: Session, facility: Facility, clock_of: ClockOf, vocabulary: Vocabulary, pages: Pages | None = None
) -> Work:
    """Who acts, at work now in a transaction for a facility that is on record."""
    begun = begun_for(session, facility)
    clock = clock_of(begun.timezones)
    is_pretended = clock.pretended_day is not None
    now, today, account = clock.now(), clock.today(), acting_as(begun.role)
    in_front = [] if begun.newest_moment is None else [begun.newest_moment]
    return Work(session, facility, clock.zone, account, now, today, vocabulary, is_pretended, pages, in_front=in_front)


def acting_as(role: str | None) -> str:
    """Who acts: the role that the server let in, whoever this machine says it is; of a file the current account."""
    return current_account() if role is None else role
