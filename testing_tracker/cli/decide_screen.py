"""What `decide` shows of one thing that waits: one screen, most important first; and what has changed of it since."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from testing_tracker import services
from testing_tracker.cli.desk.recommended import (
    CERTAINTY,
    awaited_in_words,
    decided_in_words,
    earlier_decisions,
    evidence_in_words,
    how_found,
    local_time,
    step,
)
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.rules.words import RecommendationStatus

if TYPE_CHECKING:
    from testing_tracker.services.deciding.one_by_one import Seen
    from testing_tracker.services.deciding.recent_record import LastDraw
    from testing_tracker.services.deciding.recommendation_lines import RecommendationLine
    from testing_tracker.services.deciding.recommendations import ShownRecommendation

_LABEL = 12  # columns before what a line says
_FIRST = 3  # of earlier decisions and of draws are as important as what they are beside


@dataclass(frozen=True)
class _Line:
    """A line of a screen. The higher its rank, the sooner it is left out where there is no room."""

    rank: int
    text: str


def screen(seen: "Seen", place: str, zone: tzinfo, width: int, height: int) -> list[str]:
    """What is shown of one thing that waits, in lines of this width and no more of them than this, if that is enough
    for what has to be known. `place` is such as `2 of 6`."""
    lines = [_Line(0, f"{place}  {title(seen)}"), *_about(seen, zone), *_record(seen)]
    return _fitted(lines, seen, width, height)


def title(seen: "Seen") -> str:
    """Which thing that waits this is."""
    one = seen.waiting
    if seen.recommendation is not None:
        return f"Recommendation {one.number} for {one.participant}: {step(seen.recommendation.line)}"
    if seen.review is not None:
        return f"Review {one.number} for {one.participant}: {seen.review.about}, {seen.review.due_on}"
    return f"{one.participant} may need less care"


def _about(seen: "Seen", zone: tzinfo) -> Iterator[_Line]:
    if seen.recommendation is not None:
        yield from _of_recommendation(seen.recommendation, zone)
    elif seen.review is not None:
        if seen.review.detail:
            yield _Line(0, _said("detail", seen.review.detail))
        yield _Line(3, _said("asked", f"{local_time(seen.review.raised_at, zone)}, {_ago(seen.review.age_days)}"))
        if not seen.is_open:
            yield _Line(0, _said("status", str(seen.review.status)))
    elif seen.step_down is not None:
        yield _Line(0, _said("because", seen.step_down.reason))
    else:
        yield _Line(0, _said("status", "not ready for review of a lower level any more"))
    record = seen.record
    yield _Line(0, f"{seen.waiting.participant} so far: {record.standing}, {record.level}, schedule {record.schedule}")
    if seen.recommendation is not None:
        for number, decision in enumerate(earlier_decisions(seen.recommendation.line, record.decisions)):
            yield _Line(2 if number < _FIRST else 4, _said("earlier", decided_in_words(decision, zone)))


def _of_recommendation(shown: "ShownRecommendation", zone: tzinfo) -> Iterator[_Line]:
    line = shown.line
    yield _Line(0, _said("because", line.reason))
    if line.certainty:
        yield _Line(0, _said("certainty", CERTAINTY.get(line.certainty, line.certainty)))
    for test, collection in zip(line.evidence, shown.collections, strict=True):
        more = ", ".join(filter(None, (how_found(test), awaited_in_words(test))))
        yield _Line(1, _said("evidence", evidence_in_words(test) + (f"  [{more}]" if more else "")))
        told = services.collections.collection_in_words(
            collection.collected_at, collection.note, collection.specimen, zone
        )
        if told:
            yield _Line(3, _said("", told))
    if line.deferred_until is not None:
        yield _Line(0, _said("put off", f"until {line.deferred_until}"))
    if line.status is not RecommendationStatus.OPEN:
        yield _Line(0, _said("status", _decided(line, zone)))
    yield _Line(5, _said("raised", f"{local_time(line.raised_at, zone)}, {_ago(line.age_days)}"))


def _record(seen: "Seen") -> Iterator[_Line]:
    record = seen.record
    yield _Line(2, _said("pattern", f"{record.pattern}  (a letter a week, this week the last)"))
    most = record.most_negatives_in_a_row
    yield _Line(3, _said("negatives", f"{record.negatives_in_a_row} in a row now, {most} at most"))
    for medicine in record.prescriptions:
        until = f" to {medicine.to_on}" if medicine.to_on else ""
        by = f", by {medicine.prescriber}" if medicine.prescriber else ""
        yield _Line(1, _said("takes", f"{medicine.analyte}, prescribed from {medicine.from_on}{until}{by}"))
    if not record.prescriptions:
        yield _Line(3, _said("takes", "nothing by prescription that is on record"))
    for review in record.reviews:
        if seen.review is not None and review.id == seen.review.id:
            continue
        yield _Line(3, _said("review", f"{review.id}  {review.due_on}  {review.what}"))
    for number, draw in enumerate(record.last_draws):
        yield _Line(2 if number < _FIRST else 4, _said("draws" if number == 0 else "", _draw_in_words(draw)))


def _draw_in_words(draw: "LastDraw") -> str:
    found = f" {' '.join(draw.analytes)}" if draw.analytes else ""
    expected = f" (prescribed: {' '.join(draw.expected)})" if draw.expected else ""
    said = draw.outcome or draw.status
    more = ", ".join(str(one) for one in (draw.kind, draw.method) if one is not None)
    return f"{draw.due_on}  {said}{found}{expected}  [{more}]"


def _said(label: str, text: str) -> str:
    return f"  {label:<{_LABEL - 2}}{text}"


def _ago(days: int) -> str:
    return "today" if days == 0 else "1 day ago" if days == 1 else f"{days} days ago"


def _decided(line: "RecommendationLine", zone: tzinfo) -> str:
    at = f" at {line.decided_level}" if line.decided_level else ""
    when = f" {local_time(line.decided_at, zone)} by {line.decided_by}" if line.decided_at else ""
    return f"{line.status}{at}{when}: {line.decision_reason or 'no note'}"


def _fitted(lines: Sequence[_Line], seen: "Seen", width: int, height: int) -> list[str]:
    """The lines, folded between words; where they are too many, those of the highest rank go, the last ones first."""
    parts = [(line.rank, folded(in_one_line(line.text), width)) for line in lines]
    order = sorted(range(len(parts)), key=lambda number: (parts[number][0], number), reverse=True)
    left_out: set[int] = set()
    needed = sum(len(part) for _, part in parts)
    for number in order:
        if needed + bool(left_out) <= height or parts[number][0] == 0:
            break
        left_out.add(number)
        needed -= len(parts[number][1])
    shown = [row for number, (_, part) in enumerate(parts) if number not in left_out for row in part]
    return [*shown, *folded(_where_the_rest_is(len(left_out), seen), width)] if left_out else shown


def folded(text: str, width: int, label: int = _LABEL) -> list[str]:
    """A text in lines, folded between words, and within one that is longer than a line; indented by its label."""
    indent = " " * min(label, width // 3)
    wrapped = textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True)
    return wrapped or [""]


def _where_the_rest_is(count: int, seen: "Seen") -> str:
    one = seen.waiting
    is_recommended = seen.recommendation is not None
    command = f"recommendation show {one.number}" if is_recommended else f"participant show {one.participant}"
    return f"  {count} {'line' if count == 1 else 'lines'} more: `testing-tracker {command}`"


def what_changed(before: "Seen", now: "Seen", zone: tzinfo) -> list[str]:
    """What is on record now of one thing that waits and was not when it was shown, in sentences."""
    told: list[str] = []
    if before.recommendation is not None and now.recommendation is not None:
        told += _changed_recommendation(before.recommendation.line, now.recommendation.line, zone)
    if before.review is not None and now.review is not None and before.review.status is not now.review.status:
        told.append(f"It is {now.review.status} meanwhile{f', by {now.review.done_by}' if now.review.done_by else ''}.")
    if before.step_down != now.step_down:
        told.append("Whether less care may do is not what it was.")
    for what in ("level", "schedule", "standing"):
        earlier, present = getattr(before.record, what), getattr(now.record, what)
        if earlier != present:
            told.append(f"{now.waiting.participant}'s {what} is {present} now; it was {earlier}.")
    return told or [f"{now.waiting.participant}'s record has more than what was shown."]


def _changed_recommendation(before: "RecommendationLine", now: "RecommendationLine", zone: tzinfo) -> Iterator[str]:
    if now.status is not before.status:
        yield f"It was {_decided(now, zone)}."
    if now.deferred_until != before.deferred_until:
        until = f"put off until {now.deferred_until}" if now.deferred_until else "not put off any more"
        yield f"It is {until}."
    if (now.from_level, now.to_level) != (before.from_level, before.to_level):
        yield f"It asks for {step(now)} now, not for {step(before)}."
    earlier, present = ([evidence_in_words(test) for test in line.evidence] for line in (before, now))
    for test in earlier:
        if test not in present:
            yield f"It does not rest on this any more: {test}."
    for test in present:
        if test not in earlier:
            yield f"It rests on this now: {test}."
    if now.certainty != before.certainty:
        yield f"It is {now.certainty} now; it was {before.certainty}."
