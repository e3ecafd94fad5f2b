"""Finds the codes of a facility that a new one may be taken for."""

from collections import defaultdict

from sqlmodel import Session, col, select

from testing_tracker.acting import Acting
from testing_tracker.rules.people.look_alikes import look_of
from testing_tracker.store.tables import Participant, Renaming


class LookAlikes:
    """The codes of a facility by their look, those that were corrected since among them.

    Read once and then kept up, so that an import of many need not read all codes for each.
    """

    def __init__(self, session: Session, acting: Acting) -> None:
        self._by_look: dict[str, list[str]] = defaultdict(list)
        ours = Participant.facility_id == acting.facility_id
        for code in session.exec(select(Participant.code).where(ours).order_by(col(Participant.id))):
            self.add(code)
        earlier = select(Renaming.earlier_code).join(Participant, col(Participant.id) == Renaming.participant_id)
        for code in session.exec(earlier.where(ours).order_by(col(Renaming.id))):
            self.add(code)

    def add(self, code: str) -> None:
        """A code that is in use from now on."""
        alike = self._by_look[look_of(code)]
        if code.casefold() not in (other.casefold() for other in alike):
            alike.append(code)

    def of(self, code: str) -> list[str]:
        """The other codes that look like this one."""
        return [other for other in self._by_look.get(look_of(code), ()) if other.casefold() != code.casefold()]


def looks_like(code: str, other: str) -> str:
    """The note about two codes that look alike, in words."""
    return f"{code} looks like {other}, which is on record too; take care that nobody's cup is logged for the other"
