"""What a correction, a clock or a laboratory's word needs to be told apart, instead of being guessed."""

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, refuse_changes, text_type

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _create_corrections_of_people()


def _create_corrections_of_people() -> None:
    """Codes and names typed wrong, two records of one person, and how an enrolment ended."""
    op.create_table(
        "renaming",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("earlier_code", "earlier_key", "code", "code_key")),
        sa.Column("name_changed", sa.Boolean(), nullable=False),
        sa.Column("earlier_name", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("renaming_participant_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("renaming_key")),
    )
    op.create_index("renaming_by_earlier_code", "renaming", ["earlier_key"])
    op.create_index(op.f("renaming_participant_id_index"), "renaming", ["participant_id"])
    op.create_table(
        "joining",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("joining_participant_id_refers")),
        sa.ForeignKeyConstraint(["into_id"], ["participant.id"], name=op.f("joining_into_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("joining_key")),
    )
    op.create_index(op.f("joining_participant_id_index"), "joining", ["participant_id"])
    op.create_index(op.f("joining_into_id_index"), "joining", ["into_id"])
    # Written out: that way a file's table need not be made anew, and keeps its triggers.
    op.execute(
        f"ALTER TABLE enrolment ADD COLUMN ended_as {text_type()} "
        "CONSTRAINT enrolment_ended_as_is_known CHECK (ended_as IN ('cancelled', 'joined'))"
    )
    refuse_changes(("renaming", "joining"))
