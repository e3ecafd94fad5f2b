"""What a row is, in a column of its own, where it was read from a sentence that is meant for people."""

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import text_type

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _say_of_draws_why_they_are_what_they_are()


# As the versions before this one have written them, each with what stands before a person's own words, if they follow.
_SENTENCES = (
    ("closed out", "nothing was recorded by the end of the day", None),
    ("held back", "nothing was recorded, of far more draws than usual; was anything collected?", None),
    ("made too late", "the draw was made after the day's collection window had closed", None),
    ("unable to provide", "the participant tried and could not provide a specimen", ": "),
    ("to be recollected", "to be collected again", None),
    ("second specimen given", "a second specimen was collected; its result is to come", None),
    ("not recollected", "a specimen that does not count was given, and no second one", "; "),
    ("not recollected", "a specimen was given for which another one was to be collected, and no second one", "; "),
    ("result to come", "put on record after its day; its result is to come", None),
    ("facility closed", "the facility was closed", ": "),
    ("facility reopened", "the facility is open again", None),
    ("facility closed for a while", "the facility was closed for a part of the day", None),
    ("closed by a clock", "a clock that was ahead had closed it", None),
)


def _say_of_draws_why_they_are_what_they_are() -> None:
    words = ", ".join(f"'{because}'" for because in dict.fromkeys(because for because, _, _ in _SENTENCES))
    op.execute(
        f"ALTER TABLE draw ADD COLUMN because {text_type()} "
        f"CONSTRAINT draw_because_is_known CHECK (because IN ({words}))"
    )
    for because, said, between in _SENTENCES:
        beginning = f"{said}{between or ''}"
        is_it = "reason = :said" if between is None else "(reason = :said OR substr(reason, 1, :length) = :beginning)"
        fill = sa.text(f"UPDATE draw SET because = :because WHERE {is_it}")  # noqa: S608  our own words
        values = {"because": because, "said": said, "length": len(beginning), "beginning": beginning}
        op.get_bind().execute(fill, {name: value for name, value in values.items() if f":{name}" in fill.text})
