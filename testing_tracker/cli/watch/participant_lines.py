"""A participant's recent record in lines that fit on a narrow screen, codes only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testing_tracker.services.deciding.recent_record import LastDraw, RecentRecord


def participant_lines(code: str, record: "RecentRecord") -> list[str]:
    """The record of a participant; the first line says who it is about."""
    return list(_lines(code, record))


def _lines(code: str, record: "RecentRecord") -> Iterator[str]:
    yield f"{code}: {record.standing}, {record.level}, schedule {record.schedule}"
    yield f"weeks      {record.pattern}  (a letter a week, this week the last)"
    yield f"negatives  {record.negatives_in_a_row} in a row now, {record.most_negatives_in_a_row} at most"
    for medicine in record.prescriptions:
        until = f" to {medicine.to_on}" if medicine.to_on else ""
        yield f"takes      {medicine.analyte}, prescribed from {medicine.from_on}{until}"
    for review in record.reviews:
        yield f"review     {review.id}: {review.about}, {review.due_on}"
    for decision in record.decisions:
        at = f" at {decision.level}" if decision.level else ""
        yield f"decided    recommendation {decision.recommendation} {decision.decision}{at}"
    yield ""
    yield "Last draws, the newest first" if record.last_draws else "No draw yet"
    for draw in record.last_draws:
        yield f"{draw.due_on}  {_draw(draw)}"


def _draw(draw: "LastDraw") -> str:
    said = f"{draw.outcome}" if draw.outcome else f"{draw.status}"
    if draw.analytes:
        said += f" for {', '.join(draw.analytes)}"
    if draw.expected:
        said += f" (prescribed: {', '.join(draw.expected)})"
    how = f", {draw.method}" if draw.method and draw.outcome == "positive" else ""
    return f"{said}{how}, {draw.kind}"
