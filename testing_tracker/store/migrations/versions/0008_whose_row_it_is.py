"""Whose every row is, who may do what, and who looked."""

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, let_hold, refuse_changes

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _let_staff_have_more_roles()
    _create_looks()


def _let_staff_have_more_roles() -> None:
    known = ("nurse", "clinician", "manager")
    let_hold("staff", "role", known, (*known, "auditor", "nights"))


def _create_looks() -> None:
    op.create_table(
        "look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("command", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("look_facility_id_refers")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("look_participant_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("look_key")),
    )
    op.create_index("look_in_order", "look", ["facility_id", "id"], unique=False)
    op.create_index("look_by_participant", "look", ["participant_id", "id"], unique=False)
    refuse_changes(("look",))
