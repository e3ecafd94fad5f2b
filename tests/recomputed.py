"""What a clinician is asked, worked out anew from the whole record, beside what stands."""

from datetime import date

from databases import clock_of
from sqlmodel import select

from testing_tracker.rules.deciding.recommending import wanted, weighed
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import DrawKind, ReviewReason, TakenAs
from testing_tracker.services.deciding.case import read_case
from testing_tracker.store.engine import open_engine, reading
from testing_tracker.store.queries import person_of, records_of
from testing_tracker.store.tables import Draw, Participant, Review

OF_THE_RULE = {
    ReviewReason.MISSED,
    ReviewReason.REFUSED,
    ReviewReason.UNABLE,
    ReviewReason.LOST_GROUND,
    ReviewReason.SAME_USE,
}


def out_of_line(clinic) -> list[str]:
    """Where what stands is not what the record asks for, participant by participant; empty as it should be."""
    engine = open_engine(clinic.location)
    try:
        with reading(engine, None, clock_of(date.fromisoformat(clinic.today)), SHIPPED) as work:
            people = work.session.exec(select(Participant.id, Participant.code)).all()
            return [
                f"{code}: {what}"
                for identity, code in people
                if person_of(work.session, identity) == identity
                for what in _differences(work, identity)
            ]
    finally:
        engine.dispose()


def _differences(work, participant_id):
    draws = work.session.exec(select(Draw).where(Draw.participant_id.in_(records_of(participant_id))).order_by(Draw.id))
    # What a past record tells raises nothing: it is known to those who treat the participant, until it is corrected.
    asked_about = set(work.session.exec(select(Review.draw_id).where(Review.about.in_(OF_THE_RULE))))
    of_ours = [draw for draw in draws if draw.kind != DrawKind.IMPORTED or draw.id in asked_about]
    read = read_case(work, participant_id, of_ours)
    asked = wanted(read.case)
    stands = {draw_id: TakenAs(line.taken_as) for draw_id, line in read.lines.items()}
    if stands != asked.evidence:
        yield f"evidence is {stands}, and {asked.evidence} is wanted"
    if (read.recommendation is not None) != bool(asked.evidence):
        yield f"the recommendation that is open is {read.recommendation}"
    elif read.recommendation is not None:
        said = weighed(read.case, stands)
        one = read.recommendation
        found = (one.from_level, one.to_level, one.reason, one.deferred_until)
        if found != (said.from_level, said.to_level, said.reason, said.deferred_until):
            yield f"the recommendation says {found}, and {said} is wanted"
    for which, review in read.reviews.items():
        if review.done_at is None and which[1] in OF_THE_RULE and review.detail != asked.reviews.get(which, ""):
            yield f"the open review of {which} says {review.detail}, and {asked.reviews.get(which)} is wanted"
    for which in asked.reviews:
        review = read.reviews.get(which)
        if review is None or (review.done_at is not None and review.done_by is None):
            yield f"a review of {which} is wanted: {asked.reviews[which]}"
