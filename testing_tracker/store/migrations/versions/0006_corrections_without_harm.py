"""What a correction, a clock or a laboratory's word needs to be told apart, instead of being guessed."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
