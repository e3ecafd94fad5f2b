"""Reports that can be trusted: closings of days, printed editions, deliveries, and the staff."""

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, refuse_changes

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = ("closing", "report_edition", "staff")


def upgrade() -> None:
    _create_closings()
    _create_reports()
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.CheckConstraint("role IN ('nurse', 'clinician', 'manager')", name=op.f("staff_role_is_known")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("staff_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_key")),
    )
    refuse_changes(APPEND_ONLY)


def _create_closings() -> None:
    counts = ("days", "draws", "untouched", "usual_draws", "usual_untouched")
    op.create_table(
        "closing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(count, sa.Integer(), nullable=False) for count in counts),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("closing_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("closing_key")),
        sa.UniqueConstraint("facility_id", "day", "days", name=op.f("closing_facility_id_day_days_unique")),
    )


def _create_reports() -> None:
    op.create_table(
        "report_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        *(sa.Column(text, TEXT, nullable=False) for text in ("week", "digest", "totals", "standing")),
        sa.Column("last_entry_id", sa.Integer(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("printed_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("report_edition_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("report_edition_key")),
        sa.UniqueConstraint(
            "facility_id", "week", "digest", name=op.f("report_edition_facility_id_week_digest_unique")
        ),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("week", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.CheckConstraint("channel IN ('folder', 'mail')", name=op.f("delivery_channel_is_known")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("delivery_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_key")),
        sa.UniqueConstraint("facility_id", "week", "channel", name=op.f("delivery_facility_id_week_channel_unique")),
    )
