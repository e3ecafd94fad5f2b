"""What the key file learns of a facility's chains and of its ledger, and where the records contradict it.

It learns when all is on record, never before: what is rolled back leaves nothing there that would be missed later. Who
can write to the database cannot change what it knows, which is why a manager's word about a lost key or a copy that was
brought back goes there too, and not only on the audit table.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.key_lines import (
    NOTHING_BEFORE,
    ChainLine,
    DroppedLine,
    GoneLine,
    KnownToKey,
    Line,
    LostLine,
    SealedLine,
)
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.services.drawing import keys
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.ledger import pages as ledger
from testing_tracker.store.queries import newest
from testing_tracker.store.tables import AuditEntry, KeyChain, Pool
from testing_tracker.store.work import Work

AcknowledgedLine = LostLine | GoneLine | DroppedLine


def as_lines(rows: Sequence[KeyChain]) -> list[ChainLine]:
    """The chains of a facility, oldest first, as the key file is to know them."""
    anchors = [NOTHING_BEFORE, *(row.anchor for row in rows)]
    return [ChainLine(row.anchor, number, row.first_day, anchors[number - 1]) for number, row in enumerate(rows, 1)]


@dataclass
class Contradictions:
    """Where the records and the key file do not agree.

    `lost` chains have no seed in the file, and `unwritten` ones have one, and no line yet; `elsewhere` are those that
    stand otherwise on record than the file knows; `missing` ones it knows, and the records do not. `gone` are pages
    that were sealed and are not there. `wrong` are lines of the file, as they stand there. What of these a manager has
    acknowledged is in `acknowledged` alone.
    """

    lost: list[ChainLine] = field(default_factory=list)
    unwritten: list[ChainLine] = field(default_factory=list)
    elsewhere: list[tuple[ChainLine, ChainLine | LostLine | DroppedLine]] = field(default_factory=list)
    missing: list[ChainLine | LostLine] = field(default_factory=list)
    gone: list[SealedLine] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    acknowledged: list[AcknowledgedLine] = field(default_factory=list)


def compared(work: Work, known: KnownToKey, rows: Sequence[KeyChain], held: Collection[str]) -> Contradictions:
    """The records against what the key file knows; `held` are the anchors of the chains whose seed is there.

    That the newest chain's is not is left out: without it nothing can be drawn, which is said elsewhere.
    """
    found = Contradictions()
    on_record = as_lines(rows)
    for line in on_record:
        _compare_chain(found, line, known, held, is_newest=line is on_record[-1])
    ours = {line.by for line in on_record}
    linked = _linked(ours, known)
    for anchor in sorted(linked - ours):
        there = known.chains()[anchor]
        if isinstance(there, DroppedLine):
            found.acknowledged.append(there)
        else:
            found.missing.append(there)
    gone = {(line.page, line.digest): line for line in known.lines if isinstance(line, GoneLine) and line.by in linked}
    found.acknowledged += gone.values()
    sealed = [line for line in known.lines if isinstance(line, SealedLine) and line.by in linked]
    found.gone = [line for line in sealed if (line.page, line.digest) not in gone and not _is_on_record(work, line)]
    others = {line.by for line in (*known.lines, *known.unsigned)} - linked
    elsewhere = others | (ours - set(held))  # a line whose seed is lost or damaged says nothing
    found.wrong = [text for text in known.wrong if (*text.split(" "), "")[1] not in elsewhere]
    return found


def _compare_chain(
    found: Contradictions, line: ChainLine, known: KnownToKey, held: Collection[str], *, is_newest: bool
) -> None:
    there = known.chains().get(line.by)
    if there is not None and _place_of(there) != _place_of(line):
        found.elsewhere.append((line, there))
    elif line.by in held:
        if there is None:
            found.unwritten.append(line)
    elif isinstance(there, LostLine):
        found.acknowledged.append(there)
    elif not is_newest:
        found.lost.append(line)


def _place_of(line: ChainLine | LostLine | DroppedLine) -> tuple[int, date, str]:
    return line.number, line.first_day, line.before


def _linked(ours: set[str], known: KnownToKey) -> set[str]:
    """The chains of one facility: those on record, and those that the file knows before or after one of them."""
    before = {anchor: line.before for anchor, line in known.chains().items()}
    linked = set(ours)
    while more := {
        anchor
        for anchor, earlier in before.items()
        if anchor not in linked and (earlier in linked or any(before.get(one) == anchor for one in linked))
    }:
        linked |= more
    return linked


def _is_on_record(work: Work, sealed: SealedLine) -> bool:
    return ledger.digest_of_page(work.session, sealed.page) == sealed.digest


def seeds_held(key_file: KeyFile, rows: Sequence[KeyChain]) -> set[str]:
    """The anchors of the chains whose seed is in the file, undamaged."""
    return {row.anchor for row in rows if key_file.holds(keys.values_of(row))}


def tell(work: Work, key_file: KeyFile, sealing: str | None = None) -> None:
    """Have the key file learn, when all this is on record, which chains there are.

    With the anchor of the chain that is `sealing` also the page that the transaction ends with, in place of the last
    one, if that is still there. What cannot be written is told, and undoes nothing.
    """
    try:
        rows = keys.chains(work.session, work.facility_id)
        found = compared(work, key_file.known(), rows, seeds_held(key_file, rows))
    except (TestingTrackerError, ValueError, TypeError) as error:
        work.failed_afterwards.append(f"What was done now is not written into the key file. {error}")
        return
    step = partial(_tell, work, key_file, found, sealing)
    earlier = [one for one in work.once_committed if isinstance(one, partial) and one.func is _tell]
    for one in earlier:  # of a longer transaction the last word is enough
        work.once_committed.remove(one)
    work.once_committed.append(step)


def _tell(work: Work, key_file: KeyFile, found: Contradictions, sealing: str | None) -> None:
    if found.wrong or found.elsewhere or found.missing or found.gone:
        raise TestingTrackerError(
            f"What the key file {key_file.path} knows and what is on record are not the same, so it was left as it is; "
            "`testing-tracker verify` says what is wrong."
        )
    page, digest = work.last_page_written()

    def more(known: KnownToKey) -> Iterator[Line]:
        yield from (line for line in found.unwritten if line.by not in known.chains())
        if sealing is not None and page:
            earlier = [line.page for line in known.lines if isinstance(line, SealedLine) and line.by == sealing]
            if page > max(earlier, default=0):
                yield SealedLine(sealing, page, digest, work.today)

    key_file.learn(lambda known: list(more(known)))


def tell_of_first(key_file: KeyFile, anchor: str, first_day: date) -> None:
    """Have the key file learn of a facility's first chain; where that fails, the first night tells."""
    line = ChainLine(anchor, 1, first_day, NOTHING_BEFORE)
    with suppress(TestingTrackerError):
        key_file.learn(lambda known: [] if anchor in known.chains() else [line])


def what_is_gone(work: Work, key_file: KeyFile, page: int) -> str | None:
    """What the key has sealed or begun that is not in a copy up to a page, in words; None where that cannot be told."""
    try:
        rows = keys.chains(work.session, work.facility_id)
        found = compared(work, key_file.known(), rows, seeds_held(key_file, rows))
    except (TestingTrackerError, ValueError, TypeError):
        return None
    if not (found.gone or found.missing):
        return None
    last = max(found.gone, key=lambda line: line.day, default=None)
    sealed = f"has sealed page {last.page} in the night of {last.day}" if last else "has begun another chain since"
    return (
        f"The key {sealed}, and this copy goes up to page {page}: what was recorded after that is lost. `verify` says "
        "so until a manager acknowledges it with `testing-tracker key acknowledge --reason TEXT`."
    )


@dataclass(frozen=True)
class Acknowledged:
    """What a manager has acknowledged: keys that are lost or no more on record, and pages that are not there any more.

    `up_to` is the last page of the copy that was brought back, and `last_night` the last day that was drawn in it.
    Where no `restore` is on record it is the ledger's last page, and nobody knows from where on it is another one.
    """

    lost: list[ChainLine]
    missing: list[ChainLine | LostLine]
    gone: list[SealedLine]
    up_to: int
    last_night: date | None
    is_restored: bool


def acknowledge(work: Work, key_file: KeyFile, reason: str) -> Acknowledged:
    """Acknowledge that keys are lost, or that an earlier copy was brought back: on record, and in the key file.

    Raises TestingTrackerError where there is nothing of that, where a line of the key file is wrong, and where the
    newest key is not there.
    """
    rows = keys.chains(work.session, work.facility_id)
    newest_chain = rows[-1]
    key_file.seed_of(keys.values_of(newest_chain))
    found = compared(work, key_file.known(), rows, seeds_held(key_file, rows))
    if found.wrong:
        raise TestingTrackerError(f"{wrong_line(found.wrong[0])}. Nothing was changed.")
    if not (found.lost or found.missing or found.gone):
        raise TestingTrackerError(
            "There is nothing to acknowledge: no key is lost, and no page that the key sealed is missing. Nothing was "
            "changed."
        )
    copied = _page_brought_back(work)
    up_to = copied or ledger.last_page(work.session, work.facility_id)[0]
    nights = select(col(Pool.day)).where(Pool.facility_id == work.facility_id, Pool.last_page_id <= up_to)
    last_night = work.session.exec(nights.order_by(col(Pool.day).desc()).limit(1)).first()
    done = Acknowledged(found.lost, found.missing, found.gone, up_to, last_night, copied is not None)
    work.on_record(
        Act.KEY_ACKNOWLEDGE,
        reason=reason,
        lost=[line.by for line in done.lost],
        missing=[_anchor_of(line) for line in done.missing],
        pages=[line.page for line in done.gone],
    )
    work.session.flush()
    work.once_committed.append(partial(_keep, work, key_file, done, newest_chain.anchor, found.unwritten))
    return done


def _page_brought_back(work: Work) -> int | None:
    """The last page of the copy that was brought back since the last time that something was acknowledged, if any."""
    acts = (col(AuditEntry.act).in_((Act.BACKUP_RESTORE, Act.KEY_ACKNOWLEDGE)),)
    last = newest(work.session, AuditEntry, AuditEntry.facility_id == work.facility_id, *acts)
    if last is None or last.act != Act.BACKUP_RESTORE:
        return None
    try:
        return int(json.loads(last.detail or "{}").get("page") or 0) or None
    except (ValueError, TypeError, AttributeError):  # what somebody has garbled says nothing
        return None


def _keep(work: Work, key_file: KeyFile, done: Acknowledged, by: str, unwritten: Sequence[ChainLine]) -> None:
    page, digest = work.last_page_written()
    lines: list[Line] = [*unwritten, SealedLine(by, page, digest, work.today)]
    lines += [LostLine(by, line.by, line.number, line.first_day, line.before) for line in done.lost]
    lines += [DroppedLine(by, _anchor_of(line), line.number, line.first_day, line.before) for line in done.missing]
    lines += [GoneLine(by, line.page, line.digest, line.day, done.up_to) for line in done.gone]
    key_file.learn(lambda known: [line for line in lines if line not in known.lines])


def _anchor_of(line: ChainLine | LostLine | DroppedLine) -> str:
    return line.by if isinstance(line, ChainLine) else line.anchor


_ACKNOWLEDGE = "if that is so and known, a manager says so with `testing-tracker key acknowledge --reason TEXT`"
_OR_ANEW = f"an earlier copy was brought back, or the past was written anew; {_ACKNOWLEDGE}"


def problems(work: Work, found: Contradictions) -> Iterator[tuple[date, str]]:
    """The contradictions in words, each with the day that it is about."""
    for lost in found.lost:
        said = f"the key {lost.by[:8]} of the days from {lost.first_day} on is not in the key file"
        yield lost.first_day, f"{said}: it was lost, or the past was written anew with another one; {_ACKNOWLEDGE}"
    for line, known in found.elsewhere:
        yield (
            line.first_day,
            f"the key {line.by[:8]} is on record as number {line.number}, from {line.first_day} on, and the key file "
            f"knows it as number {known.number}, from {known.first_day} on"
            f"{', after another one' if line.before != known.before else ''}",
        )
    for there in found.missing:
        said = f"the key {_anchor_of(there)[:8]} of the days from {there.first_day} on was begun"
        yield there.first_day, f"{said}, and is on record no more: {_OR_ANEW}"
    for sealed in found.gone:
        yield sealed.day, f"page {sealed.page} of the ledger is not the one that the key sealed that night: {_OR_ANEW}"
    for text in found.wrong:
        yield work.today, wrong_line(text)


def wrong_line(text: str) -> str:
    """What is said of a line of the key file that is not as it was written."""
    return (
        f"a line of the key file ({text.split(' ')[0]} …) is not as this program wrote it; bring the file back from "
        "your copy"
    )


def notes(work: Work, found: Contradictions) -> Iterator[str]:
    """What was acknowledged, in words, and what the file is still to learn."""
    acts = work.session.exec(
        select(AuditEntry)
        .where(AuditEntry.facility_id == work.facility_id, AuditEntry.act == Act.KEY_ACKNOWLEDGE)
        .order_by(col(AuditEntry.id))
    ).all()
    for line in found.acknowledged:
        if isinstance(line, GoneLine):
            what, mark = f"Page {line.page}, which the key sealed on {line.day}, is not on record", f"page {line.page}"
            named = f"{what}: a copy with pages up to {line.up_to} at most was brought back"
        else:
            what, mark = "lost" if isinstance(line, LostLine) else "on record no more", line.anchor
            named = f"The key {line.anchor[:8]} of the days from {line.first_day} on is {what}"
        act = next((one for one in acts if mark in _marks_of(one)), None)
        said = "as was acknowledged" if act is None else f"acknowledged by {act.account}: {act.reason}"
        yield f"{named}, {said}"
    if found.unwritten:
        yield "The key file does not know yet in which order its keys were begun; the next night writes that down."


def _marks_of(act: AuditEntry) -> set[str]:
    """The anchors and the pages that an act has acknowledged."""
    try:
        detail = json.loads(act.detail or "{}")
        return {*detail["lost"], *detail["missing"], *(f"page {page}" for page in detail["pages"])}
    except (ValueError, TypeError, KeyError):
        return set()
