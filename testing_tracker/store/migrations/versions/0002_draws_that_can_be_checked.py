"""Draws that can be checked: the key chain, the pools, the ledger, and a schedule version's table of chances."""

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, refuse_changes

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("key_chain", "pool", "ledger_page")


def upgrade() -> None:
    op.add_column("schedule_version", sa.Column("chances", TEXT, nullable=True))
    op.create_index(op.f("audit_entry_draw_id_index"), "audit_entry", ["draw_id"], unique=False)
    _create_tables()
    refuse_changes(APPEND_ONLY)


def _create_tables() -> None:
    op.create_table(
        "key_chain",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("anchor", TEXT, nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("key_chain_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("key_chain_key")),
    )
    op.create_table(
        "ledger_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("up_to", TEXT, nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("ledger_page_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("ledger_page_key")),
    )
    known = ("enrolment", "assignment", "leave", "version", "draw")
    op.create_table(
        "pool",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ran", sa.Boolean(), nullable=False),
        sa.Column("key_chain_id", sa.Integer(), nullable=False),
        sa.Column("first_participant_id", sa.Integer(), nullable=False),
        sa.Column("last_participant_id", sa.Integer(), nullable=False),
        *(sa.Column(f"last_{table}_id", sa.Integer(), nullable=False) for table in known),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("revealed", TEXT, nullable=True),
        sa.Column("last_page_id", sa.Integer(), nullable=False),
        sa.Column("seal", TEXT, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("pool_facility_id_refers")),
        sa.ForeignKeyConstraint(["key_chain_id"], ["key_chain.id"], name=op.f("pool_key_chain_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pool_key")),
    )
    op.create_index("pool_by_day", "pool", ["facility_id", "day"], unique=False)
