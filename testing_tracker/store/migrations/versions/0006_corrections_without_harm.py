"""What a correction, a clock or a laboratory's word needs to be told apart, instead of being guessed."""

from testing_tracker.store.migrations.wording import let_hold

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _let_a_review_be_about_a_lost_ground()


def _let_a_review_be_about_a_lost_ground() -> None:
    known = (
        "missed",
        "refused",
        "unable to provide",
        "tampered specimen",
        "unexpected negative",
        "possibly the same use",
    )
    let_hold("review", "about", known, (*known, "decision without its ground"))
