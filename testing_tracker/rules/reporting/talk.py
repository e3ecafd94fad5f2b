"""Whom the team talks with: after a new positive, absences in a row, or a prescribed substance that was not found.

A response is to be therapeutic, meaningful and fast, and not confrontational (ASAM 2017, Pocket Guide p. 7; read). That
a missed test is discussed is ASAM's too (2017; its text was not read). How many absences, and how far back they are
looked for, is this program's own choice: no source with a number is known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from testing_tracker.rules.calendar import Week
from testing_tracker.rules.words import Status

ABSENCES_IN_A_ROW = 2
LOOKED_BACK = timedelta(weeks=12)  # before the week's Monday


class Why(StrEnum):
    """Why the team should talk with a participant."""

    POSITIVE = "new positive"
    ABSENT = "missed or refused"
    UNEXPECTED_NEGATIVE = "unexpected negative"


@dataclass(frozen=True)
class Talk:
    """Somebody to talk with: why, since which day of the week, and what there was."""

    participant: str
    why: Why
    due_on: date
    detail: str


def in_order(talk: Iterable[Talk]) -> list[Talk]:
    """The talk by code, and each one's positives first, by day."""
    order = list(Why)
    return sorted(talk, key=lambda one: (one.participant.casefold(), order.index(one.why), one.due_on, one.detail))


def for_positive(participant: str, due_on: date, confirmed: Sequence[str], presumptive: Sequence[str]) -> Talk:
    """The talk about a test that found what no prescription explains: what a laboratory has confirmed, and the rest."""
    parts = {"confirmed": confirmed, "presumptive": presumptive}
    detail = "; ".join(f"{', '.join(analytes)} ({word})" for word, analytes in parts.items() if analytes)
    return Talk(participant, Why.POSITIVE, due_on, detail)


def for_unexpected_negative(participant: str, due_on: date, absent: Sequence[str]) -> Talk:
    """The talk about a test that looked for prescribed substances and did not find them."""
    return Talk(participant, Why.UNEXPECTED_NEGATIVE, due_on, f"{', '.join(absent)} prescribed, not found")


def for_absences(participant: str, draws: Iterable[tuple[date, Status]], week: Week) -> list[Talk]:
    """The talk about two draws or more in a row missed or refused, the last in the week, whether they came since.

    `draws` are the participant's in the order of their days, from `LOOKED_BACK` before the week up to its Sunday.
    """
    return [
        Talk(participant, Why.ABSENT, run.last, f"{run.count} in a row{', then came' if run.ended else ''}")
        for run in absences_in_a_row(draws)
        if run.count >= ABSENCES_IN_A_ROW and run.last >= week.monday
    ]


@dataclass(frozen=True)
class Absences:
    """Draws in a row that were missed or refused: how many, the day of the last, and whether a specimen came since."""

    count: int
    last: date
    ended: bool


def absences_in_a_row(draws: Iterable[tuple[date, Status]]) -> list[Absences]:
    """The runs of draws that were missed or refused, oldest first, from draws in the order of their days.

    What is held against nobody neither ends a run nor counts in it.
    """
    runs: list[Absences] = []
    is_going_on = False
    for day, status in draws:
        if status in (Status.MISSED, Status.REFUSED):
            count = runs.pop().count if is_going_on else 0
            runs.append(Absences(count + 1, day, ended=False))
            is_going_on = True
        elif status is Status.COLLECTED and is_going_on:
            runs[-1] = replace(runs[-1], ended=True)
            is_going_on = False
    return runs
