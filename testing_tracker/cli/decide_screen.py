"""What `decide` shows of one thing that waits: one screen, most important first; and what has changed of it since."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from testing_tracker.cli.desk.recommended import (
    LABEL,
    Labelled,
    ago,
    became_in_words,
    decided_in_words,
    earlier_decisions,
    evidence_in_words,
    facts_of,
    facts_of_record,
    local_time,
    step,
)
from testing_tracker.cli.desk.shown import folded
from testing_tracker.rules.exchange.visible import in_one_line

if TYPE_CHECKING:
    from testing_tracker.services.deciding.one_by_one import Seen
    from testing_tracker.services.deciding.recent_record import LastDraw
    from testing_tracker.services.deciding.recommendation_lines import RecommendationLine

_FIRST = 3  # of earlier decisions and of draws are as important as what they are beside


def screen(seen: "Seen", place: str, zone: tzinfo, width: int, height: int) -> list[str]:
    """What is shown of one thing that waits, in lines of this width and no more of them than this, if that is enough
    for what has to be known. `place` is such as `2 of 6`."""
    lines = [Labelled(0, None, f"{place}  {title(seen)}"), *_about(seen, zone), *_record(seen)]
    return _fitted(lines, seen, width, height)


def title(seen: "Seen") -> str:
    """Which thing that waits this is."""
    one = seen.waiting
    if seen.recommendation is not None:
        return f"Recommendation {one.number} for {one.participant}: {step(seen.recommendation.line)}"
    if seen.review is not None:
        return f"Review {one.number} for {one.participant}: {seen.review.about}, {seen.review.due_on}"
    return f"{one.participant} may need less care"


def _about(seen: "Seen", zone: tzinfo) -> Iterator[Labelled]:
    if seen.recommendation is not None:
        yield from facts_of(seen.recommendation.line, seen.recommendation.collections, zone)
    elif seen.review is not None:
        if seen.review.detail:
            yield Labelled(0, "detail", seen.review.detail)
        yield Labelled(3, "asked", f"{local_time(seen.review.raised_at, zone)}, {ago(seen.review.age_days)}")
        if not seen.is_open:
            yield Labelled(0, "status", str(seen.review.status))
    elif seen.step_down is not None:
        yield Labelled(0, "because", seen.step_down.reason)
    else:
        yield Labelled(0, "status", "not ready for review of a lower level any more")
    record = seen.record
    yield Labelled(
        0, None, f"{seen.waiting.participant} so far: {record.standing}, {record.level}, schedule {record.schedule}"
    )
    if seen.recommendation is not None:
        for number, decision in enumerate(earlier_decisions(seen.recommendation.line, record.decisions)):
            yield Labelled(2 if number < _FIRST else 4, "earlier", decided_in_words(decision, zone))


def _record(seen: "Seen") -> Iterator[Labelled]:
    yield from facts_of_record(seen.record, seen.review.id if seen.review is not None else None)
    for number, draw in enumerate(seen.record.last_draws):
        yield Labelled(2 if number < _FIRST else 4, "draws" if number == 0 else "", _draw_in_words(draw))


def _draw_in_words(draw: "LastDraw") -> str:
    found = f" {' '.join(draw.analytes)}" if draw.analytes else ""
    expected = f" (prescribed: {' '.join(draw.expected)})" if draw.expected else ""
    said = draw.outcome or draw.status
    more = ", ".join(str(one) for one in (draw.kind, draw.method) if one is not None)
    return f"{draw.due_on}  {said}{found}{expected}  [{more}]"


def _fitted(lines: Sequence[Labelled], seen: "Seen", width: int, height: int) -> list[str]:
    """The lines, folded between words; where they are too many, those of the highest rank go, the last ones first."""
    parts = [(line.rank, folded(in_one_line(str(line)), width, LABEL)) for line in lines]
    order = sorted(range(len(parts)), key=lambda number: (parts[number][0], number), reverse=True)
    left_out: set[int] = set()
    needed = sum(len(part) for _, part in parts)
    for number in order:
        if needed + bool(left_out) <= height or parts[number][0] == 0:
            break
        left_out.add(number)
        needed -= len(parts[number][1])
    shown = [row for number, (_, part) in enumerate(parts) if number not in left_out for row in part]
    return [*shown, *folded(_where_the_rest_is(len(left_out), seen), width, LABEL)] if left_out else shown


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
        yield f"It was {became_in_words(now, zone)}."
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
