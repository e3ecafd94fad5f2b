"""The editions of a week's report: what was printed first, what changed since; and that something left the program."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.keeping.acts import CHANGES_A_DRAW, CHANGES_WHO_TAKES_PART, Act
from testing_tracker.rules.people.permitted import NAMES
from testing_tracker.services.check_in.whether import any_rule
from testing_tracker.services.people import staff
from testing_tracker.services.testing.earlier import without_slips
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import AuditEntry, Draw, Enrolment, Participant, ReportEdition
from testing_tracker.store.work import Work


@dataclass(frozen=True)
class LaterAct:
    """What somebody did to the records of a week after its report had been printed; `at` is in UTC."""

    at: datetime
    account: str
    participant: str
    on: date
    what: str
    reason: str | None


@dataclass(frozen=True)
class Amendment:
    """What is different from the first edition: counts by name, as they were and as they are, and the acts since."""

    first_printed_at: datetime
    counts: list[tuple[str, int, int]]
    acts: list[LaterAct]


@dataclass(frozen=True)
class Imprint:
    """When and by whom an edition was first printed; `number` counts the week's editions, None for one not kept."""

    printed_at: datetime
    printed_by: str
    number: int | None = None
    amended: Amendment | None = None


@dataclass(frozen=True)
class EditionOnRecord:
    """An edition on record, with what was standing when it was printed, as JSON."""

    imprint: Imprint
    standing: str


def keep(
    work: Work, week: Week, *, digest: str, totals: dict[str, int], standing: str, last_entry_id: int
) -> EditionOnRecord:
    """The edition with this digest: the one on record, or a new one printed now."""
    editions = list(
        work.session.exec(
            select(ReportEdition)
            .where(ReportEdition.facility_id == work.facility_id, ReportEdition.week == str(week))
            .order_by(col(ReportEdition.id))
        )
    )
    found = next((number for number, edition in enumerate(editions) if edition.digest == digest), None)
    if found is None:
        edition = ReportEdition(
            facility_id=work.facility_id,
            week=str(week),
            digest=digest,
            totals=json.dumps(totals),
            standing=standing,
            last_entry_id=last_entry_id,
            printed_at=work.now,
            printed_by=work.account,
        )
        work.add(edition)
        work.on_record(Act.REPORT_PRINT, week=week, edition=len(editions) + 1)
        work.session.flush()
        found = len(editions)
        editions.append(edition)
    edition = editions[found]
    amended = _amendment(work, week, editions[0], edition) if found else None
    return EditionOnRecord(Imprint(edition.printed_at, edition.printed_by, found + 1, amended), edition.standing)


def _amendment(work: Work, week: Week, first: ReportEdition, this: ReportEdition) -> Amendment:
    before, after = json.loads(first.totals), json.loads(this.totals)
    counts = [(name, before.get(name, 0), now) for name, now in after.items() if before.get(name, 0) != now]
    acts = [
        *_acts_on_draws(work, week, first, this),
        *_acts_on_enrolments(work, week, first, this),
        *_corrected_codes(work, week, first, this),
        *_imports(work, week, first, this),
        *_check_ins(work, week, first, this),
    ]
    return Amendment(
        first.printed_at, counts, sorted(acts, key=lambda act: (act.at, act.participant, act.on, act.what))
    )


def _known_between(first: ReportEdition, this: ReportEdition) -> ColumnElement[bool]:
    """The condition that an audit entry is in what an edition knew, and not in what the first one knew."""
    return (col(AuditEntry.id) > first.last_entry_id) & (col(AuditEntry.id) <= this.last_entry_id)


def _acts_on_participants(
    work: Work, first: ReportEdition, this: ReportEdition, *which: ColumnElement[bool] | bool
) -> Iterable[tuple[AuditEntry, str]]:
    """The acts since the first edition on the facility's participants, each with the code as it is now."""
    return work.session.exec(
        select(AuditEntry, col(Participant.code))
        .join(Participant, col(Participant.id) == AuditEntry.participant_id)
        .where(Participant.facility_id == work.facility_id, _known_between(first, this), *which)
    )


def _acts_on_draws(work: Work, week: Week, first: ReportEdition, this: ReportEdition) -> list[LaterAct]:
    rows = work.session.exec(
        select(AuditEntry, col(Participant.code), col(Draw.due_on))
        .join(Draw, col(Draw.id) == AuditEntry.draw_id)
        .join(Participant, col(Participant.id) == Draw.participant_id)
        .where(
            Participant.facility_id == work.facility_id,
            _known_between(first, this),
            col(AuditEntry.act).in_(CHANGES_A_DRAW),
            Draw.due_on <= week.sunday,
        )
    )
    found = {id_of(entry): (entry, code, due_on) for entry, code, due_on in rows}
    shown = [found[id_of(entry)] for entry in without_slips([entry for entry, _, _ in found.values()], work.zone)]
    return [
        LaterAct(entry.at, entry.account, code, due_on, _said(entry), entry.reason) for entry, code, due_on in shown
    ]


def _imports(work: Work, week: Week, first: ReportEdition, this: ReportEdition) -> list[LaterAct]:
    """Past records that were read in since; which draws they are, the participants' records say."""
    ours = (AuditEntry.facility_id == work.facility_id, _known_between(first, this))
    rows = work.session.exec(select(AuditEntry).where(*ours, AuditEntry.act == Act.HISTORY_IMPORT))
    return [LaterAct(entry.at, entry.account, "past records", week.sunday, _lines_taken(entry), None) for entry in rows]


def _check_ins(work: Work, week: Week, first: ReportEdition, this: ReportEdition) -> list[LaterAct]:
    """What came on record of the week's checking in afterwards."""
    if not any_rule(work):
        return []
    from testing_tracker.services.reporting.check_ins_since import later_check_ins

    found = later_check_ins(work, week, _known_between(first, this))
    return [LaterAct(one.at, one.account, one.participant, one.on, one.what, one.reason) for one in found]


def _lines_taken(entry: AuditEntry) -> str:
    return f"{entry.act}: {json.loads(entry.detail or '{}').get('taken', 0)} lines taken"


def _said(entry: AuditEntry) -> str:
    detail = json.loads(entry.detail) if entry.detail else {}
    return f"{entry.act}: {detail['outcome']}" if detail.get("outcome") else entry.act


def _acts_on_enrolments(work: Work, week: Week, first: ReportEdition, this: ReportEdition) -> list[LaterAct]:
    """What was said afterwards of who took part on days up to the week's end; all else binds from a later day on."""
    rows = _acts_on_participants(work, first, this, col(AuditEntry.act).in_(tuple(CHANGES_WHO_TAKES_PART)))
    acts = []
    for entry, code in rows:
        said = json.loads(entry.detail or "{}").get(CHANGES_WHO_TAKES_PART[entry.act])
        if said is not None and date.fromisoformat(said) <= week.sunday:  # one that says no day binds from its own
            acts.append(LaterAct(entry.at, entry.account, code, date.fromisoformat(said), entry.act, entry.reason))
    return acts


def _corrected_codes(work: Work, week: Week, first: ReportEdition, this: ReportEdition) -> list[LaterAct]:
    """Codes that were corrected afterwards, of those who were enrolled by the week's end: the page names them anew."""
    by_then = select(Enrolment.participant_id).where(col(Enrolment.enrolled), Enrolment.from_on <= week.sunday)
    were_there = col(AuditEntry.participant_id).in_(by_then)
    rows = _acts_on_participants(work, first, this, AuditEntry.act == Act.PARTICIPANT_RENAME, were_there)
    acts = []
    for entry, code in rows:
        said = json.loads(entry.detail or "{}")
        if "now" in said:
            what = f"{entry.act}: {said['earlier']} is {said['now']} now"
            day = entry.at.astimezone(work.zone).date()
            acts.append(LaterAct(entry.at, entry.account, code, day, what, entry.reason))
    return acts


def record_export(
    work: Work,
    report: str,
    form: str,
    *,
    to_file: bool,
    of: str,
    names: bool = False,
    participant_id: int | None = None,
    **more: Any,  # noqa: ANN401  as the entry has it
) -> None:
    """An export: which report, in which form, `of` which weeks or days, with names or not, and whether into a file.

    `more` is what is said of this report only, such as whom it is for.
    """
    to = "file" if to_file else "standard output"
    work.on_record(
        Act.REPORT_EXPORT, participant_id=participant_id, report=report, form=form, to=to, of=of, names=names, **more
    )
    work.session.flush()


def names_shown(work: Work) -> dict[str, str | None]:
    """The participants' names by code. Showing names is an act on the audit record."""
    staff.admit(work, NAMES)
    work.on_record(Act.NAMES_SHOW)
    work.session.flush()
    query = select(Participant.code, Participant.name).where(Participant.facility_id == work.facility_id)
    return dict(work.session.exec(query).all())
