"""Results as a clinic has them: methods, amounts, readings, prescriptions, specimens, confirmations and reviews."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, only_where, refuse_changes, text_type

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("reading", "prescription", "specimen", "handover", "confirmation")
OUTCOMES = "('negative', 'positive', 'invalid')"


def upgrade() -> None:
    _create_tables()
    _add_columns()
    op.drop_index("result_first", "result")
    op.create_index("result_first", "result", ["draw_id", "method"], unique=True, **only_where("replaces_id IS NULL"))
    op.execute(
        "UPDATE draw SET outcome = (SELECT r.outcome FROM result r WHERE r.draw_id = draw.id "
        "AND NOT EXISTS (SELECT 1 FROM result later WHERE later.replaces_id = r.id))"
    )
    refuse_changes(APPEND_ONLY)


def _add_columns() -> None:
    checked = {
        "draw": f"outcome {text_type()} CONSTRAINT draw_outcome_is_known CHECK (outcome IN {OUTCOMES})",
        "result": (
            f"method {text_type()} NOT NULL DEFAULT 'presumptive' "
            "CONSTRAINT result_method_is_known CHECK (method IN ('presumptive', 'definitive'))"
        ),
    }
    for table, column in checked.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.add_column("draw", sa.Column("expected", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("draw", sa.Column("unable", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("draw", sa.Column("late", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("draw", sa.Column("panel", sa.Integer(), nullable=True))
    op.add_column("result", sa.Column("lab", TEXT, nullable=True))
    op.execute(
        "ALTER TABLE result ADD COLUMN specimen_id INTEGER "
        "CONSTRAINT result_specimen_id_refers REFERENCES specimen (id)"
    )
    op.add_column("finding", sa.Column("found", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("finding", sa.Column("amount", TEXT, nullable=True))
    op.add_column("finding", sa.Column("unit", TEXT, nullable=True))
    op.add_column("recommendation", sa.Column("deferred_until", sa.Date(), nullable=True))


def _when_and_who() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
    )


def _create_tables() -> None:
    op.create_table(
        "reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("expected", TEXT, nullable=False),
        sa.Column("unexpected", TEXT, nullable=False),
        sa.Column("absent", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        *_when_and_who(),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], name=op.f("reading_result_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("reading_key")),
    )
    op.create_index(op.f("reading_result_id_index"), "reading", ["result_id"], unique=False)
    op.create_table(
        "prescription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("analyte", TEXT, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("prescriber", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        *_when_and_who(),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("prescription_participant_id_refers")
        ),
        sa.ForeignKeyConstraint(["replaces_id"], ["prescription.id"], name=op.f("prescription_replaces_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("prescription_key")),
        sa.UniqueConstraint("replaces_id", name=op.f("prescription_replaces_id_unique")),
    )
    op.create_index("prescription_in_order", "prescription", ["participant_id", "from_on"], unique=False)
    _create_specimens()
    op.create_table(
        "confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("lab", TEXT, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        *_when_and_who(),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("confirmation_draw_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("confirmation_key")),
    )
    op.create_index(op.f("confirmation_draw_id_index"), "confirmation", ["draw_id"], unique=False)
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("about", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", TEXT, nullable=True),
        sa.Column("note", TEXT, nullable=True),
        sa.CheckConstraint(
            "about IN ('missed', 'refused', 'unable to provide', 'tampered specimen', 'unexpected negative', "
            "'possibly the same use')",
            name=op.f("review_about_is_known"),
        ),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("review_participant_id_refers")),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("review_draw_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("review_key")),
        sa.UniqueConstraint("draw_id", "about", name=op.f("review_draw_id_about_unique")),
    )
    op.create_index(op.f("review_participant_id_index"), "review", ["participant_id"], unique=False)


def _create_specimens() -> None:
    measured = ("temperature", "creatinine", "specific_gravity", "ph", "oxidant")
    op.create_table(
        "specimen",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("label", TEXT, nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("collector", TEXT, nullable=True),
        sa.Column("observed", sa.Boolean(), nullable=True),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(measurement, TEXT, nullable=True) for measurement in measured),
        sa.Column("validity", TEXT, nullable=False),
        sa.Column("because", TEXT, nullable=True),
        sa.Column("edition", TEXT, nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        *_when_and_who(),
        sa.CheckConstraint(
            "validity IN ('acceptable', 'dilute', 'substituted', 'adulterated', 'invalid', 'not tested')",
            name=op.f("specimen_validity_is_known"),
        ),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("specimen_draw_id_refers")),
        sa.ForeignKeyConstraint(["replaces_id"], ["specimen.id"], name=op.f("specimen_replaces_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("specimen_key")),
        sa.UniqueConstraint("replaces_id", name=op.f("specimen_replaces_id_unique")),
    )
    op.create_index(op.f("specimen_draw_id_index"), "specimen", ["draw_id"], unique=False)
    op.create_index(op.f("specimen_label_index"), "specimen", ["label"], unique=False)
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("specimen_id", sa.Integer(), nullable=False),
        sa.Column("from_whom", TEXT, nullable=False),
        sa.Column("to_whom", TEXT, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", TEXT, nullable=True),
        *_when_and_who(),
        sa.ForeignKeyConstraint(["specimen_id"], ["specimen.id"], name=op.f("handover_specimen_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("handover_key")),
    )
    op.create_index(op.f("handover_specimen_id_index"), "handover", ["specimen_id"], unique=False)
