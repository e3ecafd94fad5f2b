"""What an outsider needs to check a finished day's draws, and the check, without database or key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.day_secrets import SEED_BYTES, hashed, is_below, panel_drawn, ticket
from testing_tracker.rules.exchange.csv_cells import read_chance, read_day

FORM = "testing-tracker proof 1"
_MOST, _MOST_SHOWN = 2**63 - 1, 80
MOST_HASHES = 1_000_000  # more than any chain has; a longer file only wastes an auditor's time


@dataclass(frozen=True)
class ProvedDecision:
    """On one participant, by the permanent number that is not the code; `chance` is exact.

    Of `panels` that rotate, `panel` is the one that chance chose for who was drawn, counted from 0.
    """

    participant: int
    chance: Fraction
    drawn: bool
    panel: int | None = None
    panels: int | None = None


@dataclass(frozen=True)
class Proof:
    """A day's draws: hashing `day_secret` so many times gives `anchor`; the decisions follow from it.

    How many times says which day it is, counted from the anchor's `first_day`.
    """

    facility: str
    day: date
    first_day: date
    anchor: bytes
    hashes: int
    day_secret: bytes
    decisions: tuple[ProvedDecision, ...]

    def objections(self) -> Iterator[str]:
        """Everything that does not hold, in the order of the file."""
        if self.hashes != (self.day - self.first_day).days + 1:
            yield f"{self.hashes} hashes are not those of this day of an anchor from {self.first_day} on"
        if hashed(self.day_secret, self.hashes) != self.anchor:
            yield f"the day's secret, hashed {self.hashes} times, is not the anchor"
        for decision in self.decisions:
            expected = is_below(ticket(self.day_secret, decision.participant), decision.chance)
            if expected is not decision.drawn:
                said, right = ("drawn", "is not") if decision.drawn else ("not drawn", "is")
                yield f"participant {decision.participant} {right} drawn by the day's secret, and the file says {said}"
            elif decision.drawn and decision.panels:
                panel = panel_drawn(self.day_secret, decision.participant, decision.panels)
                if panel != decision.panel:
                    yield f"participant {decision.participant} has panel {panel} by the day's secret, not the file's"


def as_document(proof: Proof) -> dict[str, object]:
    """The proof as its JSON document."""
    return {
        "form": FORM,
        "facility": proof.facility,
        "day": proof.day.isoformat(),
        "first_day": proof.first_day.isoformat(),
        "anchor": proof.anchor.hex(),
        "hashes": proof.hashes,
        "day_secret": proof.day_secret.hex(),
        "participants": [_item(decision) for decision in proof.decisions],
    }


def _item(decision: ProvedDecision) -> dict[str, object]:
    item: dict[str, object] = {
        "participant": decision.participant,
        "chance": str(decision.chance),
        "drawn": decision.drawn,
    }
    if decision.panels:
        item |= {"panel": decision.panel, "panels": decision.panels}
    return item


def read_document(document: Any) -> Proof:  # noqa: ANN401
    """The proof in a JSON document. Raises TestingTrackerError for one that is none."""
    try:
        if document["form"] != FORM:
            raise ValueError(f"its form is {_shown(document['form'])}, not {FORM!r}")
        proof = Proof(
            facility=str(document["facility"]),
            day=read_day(document["day"]),
            first_day=read_day(document["first_day"]),
            anchor=_bytes(document["anchor"]),
            hashes=_whole_number(document["hashes"]),
            day_secret=_bytes(document["day_secret"]),
            decisions=tuple(_decision(item) for item in document["participants"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise TestingTrackerError(f"This is not a proof of a day's draws: {said}.") from None
    numbers = [decision.participant for decision in proof.decisions]
    if len(set(numbers)) != len(numbers):
        raise TestingTrackerError("This is not a proof of a day's draws: a participant is in it twice.")
    if not 1 <= proof.hashes <= MOST_HASHES:
        raise TestingTrackerError(f"This is not a proof of a day's draws: {proof.hashes} hashes.")
    return proof


def _decision(item: Any) -> ProvedDecision:  # noqa: ANN401
    chance = read_chance(item["chance"])
    if not isinstance(item["drawn"], bool):
        raise ValueError(f"drawn is {_shown(item['drawn'])}, not true or false")
    panel, panels = (None if item.get(key) is None else _whole_number(item[key]) for key in ("panel", "panels"))
    return ProvedDecision(_whole_number(item["participant"]), chance, item["drawn"], panel, panels)


def _whole_number(value: Any) -> int:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MOST:
        raise ValueError(f"{_shown(value)} is not a whole number")
    return value


def _bytes(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != SEED_BYTES:
        raise ValueError(f"{_shown(text)} is not 32 bytes in hexadecimal")
    return value


def _shown(value: object) -> str:
    """A value as a message may quote it: whoever wrote the file may have made it as long as they like."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
