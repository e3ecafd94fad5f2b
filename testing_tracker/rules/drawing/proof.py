"""What an outsider needs to check a finished day's draws, and the check, without database or key."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.day_list import DayList, decided_on
from testing_tracker.rules.drawing.day_secrets import SEED_BYTES, hashed, is_below, panel_drawn, ticket
from testing_tracker.rules.drawing.witness import Witness, witness_of
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
class ProvedRun:
    """A run of the day, on the participants with numbers from the first to the last, and the digest of its list.

    `facility` is its name when it ran. `page` is the ledger's page that the run ended with; a witness line is over
    that and the list. A run of an earlier version kept no digest.
    """

    facility: str
    first_participant: int
    last_participant: int
    list_digest: str | None
    page: int
    page_digest: str

    def digest_of(self, day: date, decisions: Iterable[ProvedDecision]) -> str:
        """The digest that the run's list has with these decisions."""
        listed = DayList(self.facility, day, self.first_participant, self.last_participant)
        listed.add(
            f"{one.participant}{decided_on(one.chance, one.panel, one.panels, drawn=one.drawn)}" for one in decisions
        )
        return listed.digest

    def __str__(self) -> str:
        return f"participants {self.first_participant} to {self.last_participant}"


@dataclass(frozen=True)
class Proof:
    """A day's draws: hashing `day_secret` so many times gives `anchor`; the decisions follow from it.

    How many times says which day it is, counted from the anchor's `first_day`. `runs` say who has to be in it, in the
    order of the participants' numbers; a proof of an earlier version has none.
    """

    facility: str
    day: date
    first_day: date
    anchor: bytes
    hashes: int
    day_secret: bytes
    decisions: tuple[ProvedDecision, ...]
    runs: tuple[ProvedRun, ...] = ()

    @property
    def says_who_is_in_it(self) -> bool:
        """Whether every run of it has the digest of its list."""
        return bool(self.runs) and all(run.list_digest is not None for run in self.runs)

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
        if self.runs:
            yield from self._wrong_lists()

    def _wrong_lists(self) -> Iterator[str]:
        """The lists that are not those that the runs kept: somebody was left out, added, or changed in it."""
        named, sealed = _shown(self.facility), _shown(self.runs[0].facility)
        if self.facility != self.runs[0].facility:
            yield f"the facility is called {named}, and in the night's list it is {sealed}"
        begins = [run.first_participant for run in self.runs]
        listed: list[list[ProvedDecision]] = [[] for _ in self.runs]
        for decision in self.decisions:
            at = bisect_right(begins, decision.participant) - 1
            if at >= 0 and decision.participant <= self.runs[at].last_participant:
                listed[at].append(decision)
            else:
                yield f"participant {decision.participant} is in the list of no run of that day"
        for run, decisions in zip(self.runs, listed, strict=True):
            if run.list_digest is not None and run.list_digest != run.digest_of(self.day, decisions):
                yield (
                    f"the list of {run} is not the one that the night kept: somebody was left out or added, or "
                    "something of it was changed"
                )

    def against(self, lines: Sequence[Witness]) -> Iterator[str]:
        """What does not agree with the lines that somebody kept of that day outside of the house."""
        of_day = [line for line in lines if line.day == self.day]
        if not of_day:
            yield "none of the lines given is of that day"
        elif not self.runs:
            yield "the file has no list's digest that a line could be compared with"
        by_page = {run.page: run for run in self.runs}
        for line in of_day if self.runs else ():
            run = by_page.get(line.page)
            if run is None:
                yield f"the line of page {line.page} is of a run that the file does not have"
            elif run.list_digest is None:
                yield f"the line of page {line.page} is over a list, and the file has no digest of it"
            elif witness_of(self.day, run.page, run.page_digest, run.list_digest) != line:
                yield f"the line of page {line.page} is of another list or other records than the file's {run}"

    def without_line(self, lines: Sequence[Witness]) -> list[ProvedRun]:
        """The runs of which none of the lines is."""
        pages = {line.page for line in lines if line.day == self.day}
        return [run for run in self.runs if run.page not in pages]


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
        **({"runs": [asdict(run) for run in proof.runs]} if proof.runs else {}),
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
            runs=_runs(document.get("runs", [])),
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


def _runs(items: Any) -> tuple[ProvedRun, ...]:  # noqa: ANN401
    runs = tuple(_run(item) for item in items)
    for before, after in pairwise(runs):
        if before.last_participant >= after.first_participant:
            raise ValueError("its runs are not one after the other, by the participants' numbers")
    if len({run.page for run in runs}) != len(runs):
        raise ValueError("two of its runs have the same page")
    return runs


def _run(item: Any) -> ProvedRun:  # noqa: ANN401
    list_digest = item["list_digest"]
    return ProvedRun(
        facility=str(item["facility"]),
        first_participant=_whole_number(item["first_participant"]),
        last_participant=_whole_number(item["last_participant"]),
        list_digest=None if list_digest is None else _bytes(list_digest).hex(),
        page=_whole_number(item["page"]),
        page_digest=_bytes(item["page_digest"]).hex(),
    )


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
