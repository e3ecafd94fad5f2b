"""What a correction, a clock or a laboratory's word needs to be told apart, instead of being guessed."""

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _tell_findings_apart()


def _tell_findings_apart() -> None:
    """A laboratory's own cutoff, and what the results of a draw say together."""
    op.add_column("finding", sa.Column("comparator", TEXT, nullable=True))
    op.add_column("finding", sa.Column("cutoff", TEXT, nullable=True))
    op.add_column("reading", sa.Column("outcome", TEXT, nullable=True))
