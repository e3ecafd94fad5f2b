"""Says which rows outside the ledger name another facility than that of the participant whom they are about.

Of a draw that a run made nothing else says it. The others are missing among those that the program last wrote; this
says where they are.
"""

from collections.abc import Iterator

from sqlmodel import col, select

from testing_tracker.services.keeping.checking.stumbling import Found
from testing_tracker.store.tables import Draw, Evidence, Participant, Recommendation, Review
from testing_tracker.store.work import Work


def rows_that_say_another_facility(work: Work) -> Iterator[Found]:
    """Draws, recommendations, their evidence, and reviews of this facility's participants; a row in the ledger that
    says another facility is missing there."""
    for table in (Draw, Recommendation, Review):
        query = select(table.id, Participant.code).join(Participant, col(Participant.id) == table.participant_id)
        other = Participant.facility_id == work.facility_id, table.facility_id != work.facility_id
        for number, code in work.session.exec(query.where(*other).order_by(col(table.id))):
            yield work.today, code, f"{table.__name__.lower()} {number} is on record as another facility's"
    query = (
        select(Evidence.id, Participant.code)
        .join(Recommendation, col(Recommendation.id) == Evidence.recommendation_id)
        .join(Participant, col(Participant.id) == Recommendation.participant_id)
        .where(Participant.facility_id == work.facility_id, Evidence.facility_id != work.facility_id)
    )
    for number, code in work.session.exec(query.order_by(col(Evidence.id))):
        yield work.today, code, f"evidence {number} is on record as another facility's"
