"""Finds the recommendation that is meant: by its number, or by the participant's code where it can be only one."""

from collections.abc import Sequence

from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.csv_cells import is_id
from testing_tracker.rules.words import RecommendationStatus
from testing_tracker.services.deciding.case import DECIDED
from testing_tracker.services.people.lookup import find_participant, participant_with_code
from testing_tracker.store.queries import id_of, records_of
from testing_tracker.store.tables import Participant, Recommendation
from testing_tracker.store.work import Work

NUMBER_FOR_CERTAIN = "no:"  # before a number; no code has a colon


def number_meant(work: Work, said: str, *, decided: bool = False) -> int:
    """The number of the recommendation that is meant: the participant's open one, or with `decided` the decided one.

    One that was put off is open, and with `decided` it goes before those decided on. `no:12` is a number and nothing
    else. Raises TestingTrackerError where nothing is meant, and where it could be two, with both.
    """
    if said.casefold().startswith(NUMBER_FOR_CERTAIN):
        return int(said[len(NUMBER_FOR_CERTAIN) :])
    has_number = is_id(said) and _is_on_record(work, int(said))
    participant = participant_with_code(work, said)
    if participant is None:
        if is_id(said):
            return int(said)  # what nothing has is refused where it is looked for
        find_participant(work, said)
    assert participant is not None, "it was refused else"
    found = _of(work, participant, decided=decided)
    if has_number and all(one == int(said) for one in found):
        work.meant.pop(said, None)
        return int(said)
    if has_number:
        raise TestingTrackerError(
            f"{said} is the number of a recommendation, and the code of a participant whose recommendation is "
            f"{' or '.join(map(str, found))}. Say `{NUMBER_FOR_CERTAIN}{said}` for the first, "
            f"`{NUMBER_FOR_CERTAIN}{found[0]}` for the second."
        )
    return _only(work, participant, found, decided=decided)


def _is_on_record(work: Work, number: int) -> bool:
    ours = (Recommendation.id == number, Participant.facility_id == work.facility_id)
    join = select(Recommendation.id).join(Participant, col(Participant.id) == Recommendation.participant_id)
    return work.session.exec(join.where(*ours)).first() is not None


def _of(work: Work, participant: Participant, *, decided: bool) -> list[int]:
    """The participant's recommendations that may be meant, newest first."""
    rows = _all_of(work, participant)
    waiting = [one for one in rows if one.status == RecommendationStatus.OPEN]
    if not decided:
        return [id_of(one) for one in waiting]
    put_off = [id_of(one) for one in waiting if one.deferred_until is not None]
    return put_off or [id_of(one) for one in rows if one.status in DECIDED]


def _all_of(work: Work, participant: Participant) -> Sequence[Recommendation]:
    of_person = col(Recommendation.participant_id).in_(records_of(id_of(participant)))
    return work.session.exec(select(Recommendation).where(of_person).order_by(col(Recommendation.id).desc())).all()


def _only(work: Work, participant: Participant, found: list[int], *, decided: bool) -> int:
    """The one that was found. Raises TestingTrackerError naming what there is, where it is not one."""
    if len(found) == 1:
        return found[0]
    code, what = participant.code, "recommendation that was decided on" if decided else "open recommendation"
    if found:
        numbers = " and ".join(map(str, found))
        raise TestingTrackerError(f"{code} has more than one {what}: {numbers}. Give the number.")
    others = [f"{one.id} ({one.status})" for one in _all_of(work, participant) if not one.undone]
    more = f" There is number {', '.join(others)}." if others else ""
    raise TestingTrackerError(f"{code} has no {what}.{more}")
