"""The columns of each import: which are needed, which may be there, what they say, and an example of a file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from testing_tracker.rules.words import MEASURED


@dataclass(frozen=True)
class Columns:
    """What a file of an import may name above its lines.

    `words` says of each column what stands in it. A line has all columns of one of the `alternatives`, the first being
    the usual one. `days` and `times` hold dates and times, which people write in many ways.
    """

    words: Mapping[str, str]
    alternatives: tuple[tuple[str, ...], ...]
    days: tuple[str, ...]
    times: tuple[str, ...]
    example: str

    @property
    def needed(self) -> tuple[str, ...]:
        """The usual needed columns."""
        return self.alternatives[0]

    @cached_property
    def optional(self) -> tuple[str, ...]:
        """All others."""
        return tuple(name for name in self.words if name not in self.needed)

    def lacking(self, names: Iterable[str]) -> list[str]:
        """The needed columns that are not among some names; of the alternative of which the most are there."""
        there = set(names)
        if any(there.issuperset(one) for one in self.alternatives):
            return []
        nearest_one = max(self.alternatives, key=lambda one: len(there.intersection(one)))
        return [name for name in nearest_one if name not in there]

    def in_words(self) -> str:
        """The needed columns, with the other ways."""
        return ", or ".join(",".join(one) for one in self.alternatives)

    def near(self, name: str) -> list[str]:
        """The columns that a name may have been meant for."""
        from testing_tracker.rules.near_words import nearest  # most names are known

        return nearest("_".join(name.replace("-", " ").split()), self.words, 2)


PARTICIPANTS = Columns(
    words={
        "participant": "the code, never a name",
        "level": "outpatient, iop, php or residential",
        "schedule": "as `schedule list` has it",
        "enrolled_on": "the first day",
        "name": "kept only where you give one",
    },
    alternatives=(("participant", "level", "schedule", "enrolled_on"),),
    days=("enrolled_on",),
    times=(),
    example="participant,level,schedule,enrolled_on\nA17,iop,fixed-2,2026-11-16\nB04,IOP,random-2,2026-11-16\n",
)

RESULTS = Columns(
    words={
        "participant": "the code",
        "due_on": "the draw's day",
        "outcome": "negative, positive, invalid; n, p:coc,fen as in `log`",
        "analytes": "what was found: cocaine;thc, or cocaine=320;thc",
        "collected_at": "09:40, or with its day",
        "note": "any text",
        "kind": "scheduled or for-cause, for a day with both",
        "method": "presumptive (left out) or definitive",
        "lab": "the laboratory; a definitive result needs it",
        "looked_for": "analytes that were looked for",
        "cutoffs": "cocaine=150;thc=50",
        "specimen": "urine, oral-fluid, breath, blood, hair, sweat",
        "specimen_id": "the label; alone it finds its draw",
        "collector": "who collected it",
        "observed": "yes or no",
        "received_at": "as collected_at",
        **dict.fromkeys(MEASURED, "a measurement of the specimen"),
    },
    alternatives=(("participant", "due_on", "outcome"), ("specimen_id", "outcome")),
    days=("due_on",),
    times=("collected_at", "received_at"),
    example="participant,due_on,outcome,analytes\nA17,2026-11-16,positive,cocaine;thc\nB04,2026-11-16,negative,\n",
)

HISTORY = Columns(
    words={
        "participant": "the code of one who is enrolled",
        "due_on": "the day",
        "status": "due, collected, missed, refused or excused",
        "outcome": "negative, positive, invalid, or empty",
        "analytes": "what was found: cocaine;thc",
        "reason": "any text, or empty",
    },
    alternatives=(("participant", "due_on", "status", "outcome", "analytes", "reason"),),
    days=("due_on",),
    times=(),
    example=(
        "participant,due_on,status,outcome,analytes,reason\n"
        "A17,2026-11-02,collected,positive,cocaine;thc,\n"
        "A17,2026-11-09,excused,,,court date\n"
    ),
)
