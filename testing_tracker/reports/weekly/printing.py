"""A printed weekly report, ready to be written out: by whom and when, in which order, and whether it was amended."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from testing_tracker.reports.weekly import open_matters
from testing_tracker.reports.weekly.gather import WeeklyReport
from testing_tracker.reports.weekly.participants import ParticipantWeek
from testing_tracker.rules.drawing.no_record import Asks, Compared
from testing_tracker.services.reporting import editions
from testing_tracker.services.reporting.editions import Imprint
from testing_tracker.store.work import Work

BY_CODE, WORST_FIRST = "code", "worst"
_FACTS = (
    "first_name",
    "trend",
    "weekdays",
    "findings",
    "leaves",
    "gaps",
    "unplaced",
    "questions",
    "anchors",
)


@dataclass(frozen=True)
class Printed:
    """A report with its imprint. `names` has the participants' names by code, where they were asked for.

    `sort` is the order of the lines: by code, or worst first, which is by counts and never by rates, because a week
    has too few tests for those.
    """

    report: WeeklyReport
    imprint: Imprint
    names: Mapping[str, str | None] | None = None
    sort: str = BY_CODE

    @property
    def lines(self) -> Iterable[ParticipantWeek]:
        """The participants' lines in the order asked for."""
        if self.sort == BY_CODE:
            return self.report.participants
        return sorted(self.report.participants, key=_how_bad)

    def name_of(self, code: str) -> str | None:
        """A participant's name, where names were asked for and there is one."""
        return self.names.get(code) if self.names is not None else None


def _how_bad(line: ParticipantWeek) -> tuple[int, ...]:
    """Most positive tests first, then most that were not given; equals stay by code."""
    return (-line.tally.positive, -line.tally.absent, -line.tally.invalid)


def imprint(work: Work, report: WeeklyReport) -> Printed:
    """The report as it is to be written out, in a writing transaction.

    A week that is not closed yet has no edition: it says what is so far. What was standing is said as of the first
    printing, so that the same report is the same to the byte.
    """
    if not report.is_closed:
        return Printed(report, Imprint(work.now, work.account))
    kept = editions.keep(
        work,
        report.week,
        digest=digest_of(report),
        totals={
            "participants": len(report.participants),
            **asdict(report.total),
            **(report.check_in.totals if report.check_in is not None else {}),
        },
        standing=open_matters.as_json(report.standing),
        last_entry_id=report.last_entry_id,
    )
    return Printed(replace(report, standing=open_matters.from_json(kept.standing)), kept.imprint)


def digest_of(report: WeeklyReport) -> str:
    """A digest of all that a report says of its week, in hexadecimal."""
    digest = sha256()
    for fact in _FACTS:
        digest.update(_as_bytes(_plain(getattr(report, fact))))
    for compared in report.questions:
        if asks := _asks_of_check_in(compared):
            digest.update(_as_bytes(asks))
    if report.closed:  # most weeks have none, and their digests are older than this fact
        digest.update(_as_bytes(_plain(report.closed)))
    if report.check_in is not None:  # nor did any have a rule of checking in
        digest.update(_as_bytes(report.check_in.facts))
    for line in report.participants:
        digest.update(_as_bytes(asdict(line)))
    return digest.hexdigest()


def _asks_of_check_in(compared: Compared) -> dict[str, object]:
    """What a question asks of check-in, which those of earlier versions did not; nothing where it does not either."""
    if compared.about is Asks.RECORD and not compared.also:
        return {}
    return asdict(compared)


def _plain(fact: Any) -> Any:  # noqa: ANN401
    if isinstance(fact, list):
        return [_plain(one) for one in fact]
    if isinstance(fact, Compared):  # as it was before anything was asked of check-in
        return {"closed": asdict(fact.closed), "usual": asdict(fact.usual)}
    return asdict(fact) if hasattr(fact, "__dataclass_fields__") else fact


def _as_bytes(fact: object) -> bytes:
    return json.dumps(fact, default=str, sort_keys=True).encode()
