"""What a clinician is asked to look at beside the recommendations: reviews, each about a draw.

A review is open until somebody has looked, or until its ground is gone, such as a missed draw that was excused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.words import ReviewReason
from testing_tracker.store.queries import id_of, person_of
from testing_tracker.store.tables import Draw, Participant, Review
from testing_tracker.store.work import Work


class ReviewStatus(StrEnum):
    """Whether a review still asks for something. `withdrawn`: its ground was gone before anybody had looked."""

    OPEN = "open"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class ReviewLine:
    """A review as a clinician sees it; `age_days` counts from the facility's day on which it was asked for."""

    id: int
    participant: str
    about: ReviewReason
    due_on: date
    detail: str | None
    status: ReviewStatus
    raised_at: datetime
    age_days: int
    done_at: datetime | None
    done_by: str | None
    note: str | None

    @property
    def what(self) -> str:
        """What is to be looked at, for people."""
        return f"{self.about}: {self.detail}" if self.detail else str(self.about)

    @property
    def is_done(self) -> str:
        """That a clinician has looked, in a sentence."""
        return f"Review {self.id} for {self.participant} ({self.about}, {self.due_on}) is done."


def ask(work: Work, draw: Draw, about: ReviewReason, detail: str | None = None) -> None:
    """Ask a clinician to look at a draw; asked once for each draw and matter.

    One that was done stays done, unless it may be another earlier use than the one that was looked at: that is asked
    anew, and the audit table keeps who had looked. One that was withdrawn is asked again, and an open one keeps up with
    its detail.
    """
    review = _of(work.session, draw, about)
    if review is None:
        review = Review(
            participant_id=person_of(work.session, draw.participant_id),
            draw_id=id_of(draw),
            about=about,
            detail=detail,
            raised_at=work.now,
        )
    elif (state_of(review) is ReviewStatus.DONE and about is not ReviewReason.SAME_USE) or (
        state_of(review) is not ReviewStatus.WITHDRAWN and review.detail == detail
    ):
        return
    elif state_of(review) is not ReviewStatus.OPEN:
        review.raised_at, review.done_at, review.done_by, review.note = work.now, None, None, None
    review.detail = detail
    work.add(review)
    _on_record(work, Act.REVIEW_ASK, review)


def ask_again(work: Work, review: Review) -> None:
    """Open a review that was done: what was looked at is not what is to be looked at now."""
    review.raised_at, review.done_at, review.done_by, review.note = work.now, None, None, None
    work.add(review)
    _on_record(work, Act.REVIEW_ASK, review)


def withdraw(work: Work, draw: Draw, about: ReviewReason) -> None:
    """The ground of a review is gone: it asks for nothing any more, and stays on record as withdrawn."""
    review = _of(work.session, draw, about)
    if review is None or state_of(review) is not ReviewStatus.OPEN:
        return
    review.done_at = work.now
    work.add(review)
    _on_record(work, Act.REVIEW_WITHDRAW, review)


def done(work: Work, number: int, note: str | None) -> ReviewLine:
    """A clinician has looked. Raises TestingTrackerError for a review that is not open."""
    review, participant, due_on = _find(work, number)
    if state_of(review) is not ReviewStatus.OPEN:
        raise TestingTrackerError(f"Review {number} is {state_of(review)} already; nothing was changed.")
    review.done_at = work.now
    review.done_by = work.account
    review.note = note
    work.add(review)
    _on_record(work, Act.REVIEW_DONE, review, note)
    return _line(work, review, participant, due_on)


def all_done(work: Work, numbers: Sequence[int], note: str | None) -> list[ReviewLine]:
    """A clinician has looked at several; all or none. Raises TestingTrackerError for one that is not open."""
    return [done(work, number, note) for number in dict.fromkeys(numbers)]


def line_of(work: Work, number: int) -> ReviewLine:
    """The review with a number, whatever has become of it. Raises TestingTrackerError when there is none."""
    return _line(work, *_find(work, number))


def listed(work: Work, *, closed_too: bool = False, participant_id: int | None = None) -> list[ReviewLine]:
    """The facility's reviews, or one participant's, newest first: those that are open, or all that ever were."""
    query = (
        select(Review, col(Participant.code), col(Draw.due_on))
        .join(Participant, col(Participant.id) == Review.participant_id)
        .join(Draw, col(Draw.id) == Review.draw_id)
        .where(Participant.facility_id == work.facility_id)
        .order_by(col(Review.raised_at).desc(), col(Review.id).desc())
    )
    if not closed_too:
        query = query.where(col(Review.done_at).is_(None))
    if participant_id is not None:
        query = query.where(Review.participant_id == participant_id)
    return [_line(work, review, code, due_on) for review, code, due_on in work.session.exec(query)]


def state_of(review: Review) -> ReviewStatus:
    """What has become of a review: only a person's name makes one done."""
    if review.done_at is None:
        return ReviewStatus.OPEN
    return ReviewStatus.WITHDRAWN if review.done_by is None else ReviewStatus.DONE


def lost_ground_of(session: Session, draw: Draw) -> str | None:
    """Whom a decision has moved that has no ground in a draw any more, as long as nobody has looked at that."""
    review = _of(session, draw, ReviewReason.LOST_GROUND)
    return review.detail if review is not None and state_of(review) is ReviewStatus.OPEN else None


def _of(session: Session, draw: Draw, about: ReviewReason) -> Review | None:
    return session.exec(select(Review).where(Review.draw_id == draw.id, Review.about == about)).first()


def _find(work: Work, number: int) -> tuple[Review, str, date]:
    found = work.session.exec(
        select(Review, col(Participant.code), col(Draw.due_on))
        .join(Participant, col(Participant.id) == Review.participant_id)
        .join(Draw, col(Draw.id) == Review.draw_id)
        .where(Review.id == number, Participant.facility_id == work.facility_id)
    ).first()
    if found is None:
        raise TestingTrackerError(f"There is no review {number}. `testing-tracker review list --all` shows them all.")
    return found


def _line(work: Work, review: Review, code: str, due_on: date) -> ReviewLine:
    return ReviewLine(
        id=id_of(review),
        participant=code,
        about=ReviewReason(review.about),
        due_on=due_on,
        detail=f"{code} {review.detail}" if review.about == ReviewReason.LOST_GROUND else review.detail,
        status=state_of(review),
        raised_at=review.raised_at,
        age_days=(work.today - review.raised_at.astimezone(work.zone).date()).days,
        done_at=review.done_at,
        done_by=review.done_by,
        note=review.note,
    )


def _on_record(work: Work, act: Act, review: Review, reason: str | None = None) -> None:
    work.session.flush()
    work.on_record(
        act,
        participant_id=work.session.get_one(Draw, review.draw_id).participant_id,
        draw_id=review.draw_id,
        reason=reason,
        review=review.id,
        about=review.about,
    )
    work.session.flush()
