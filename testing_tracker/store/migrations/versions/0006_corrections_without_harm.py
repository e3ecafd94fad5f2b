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
    _know_cups()


def _know_cups() -> None:
    """Whose cup it is, how its label is compared, and which entries were slips that were undone at once."""
    for table in ("result", "recommendation"):
        op.add_column(table, sa.Column("undone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("specimen", sa.Column("label_key", TEXT, nullable=True))
    op.add_column("specimen", sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("specimen_label_key_index"), "specimen", ["label_key"], unique=False)
    op.add_column("confirmation", sa.Column("sent_on", sa.Date(), nullable=True))
    op.execute(
        "ALTER TABLE confirmation ADD COLUMN specimen_id INTEGER "
        "CONSTRAINT confirmation_specimen_id_refers REFERENCES specimen (id)"
    )
