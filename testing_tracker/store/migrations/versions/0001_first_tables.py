"""The first tables."""

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, only_where, refuse_changes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "schedule_version",
    "enrolment",
    "placement",
    "assignment",
    "leave",
    "result",
    "finding",
    "audit_entry",
)


def upgrade() -> None:
    _create_tables()
    refuse_changes(APPEND_ONLY)


def _create_tables() -> None:
    op.create_table(
        "facility",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("timezone", TEXT, nullable=False),
        sa.Column("training", sa.Boolean(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("facility_key")),
    )
    op.create_table(
        "night",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ran", sa.Boolean(), nullable=False),
        sa.Column("last_participant_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("night_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("night_key")),
        sa.UniqueConstraint("facility_id", "day", name=op.f("night_facility_id_day_unique")),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("code_key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("participant_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("participant_key")),
        sa.UniqueConstraint("facility_id", "code_key", name=op.f("participant_facility_id_code_key_unique")),
    )
    op.create_index("participant_in_order", "participant", ["facility_id", "id"], unique=False)
    op.create_table(
        "schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("schedule_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("schedule_key")),
        sa.UniqueConstraint("facility_id", "name", name=op.f("schedule_facility_id_name_unique")),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("assignment_participant_id_refers")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("assignment_schedule_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("assignment_key")),
    )
    op.create_index("assignment_in_order", "assignment", ["participant_id", "from_on", "id"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("enrolled", sa.Boolean(), nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("enrolment_participant_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("enrolment_key")),
    )
    op.create_index("enrolment_in_order", "enrolment", ["participant_id", "from_on", "id"], unique=False)
    op.create_table(
        "leave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("leave_participant_id_refers")),
        sa.ForeignKeyConstraint(["replaces_id"], ["leave.id"], name=op.f("leave_replaces_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("leave_key")),
        sa.UniqueConstraint("replaces_id", name=op.f("leave_replaces_id_unique")),
    )
    op.create_index("leave_in_order", "leave", ["participant_id", "from_on"], unique=False)
    op.create_table(
        "recommendation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("from_level", TEXT, nullable=False),
        sa.Column("to_level", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", TEXT, nullable=True),
        sa.Column("decision_reason", TEXT, nullable=True),
        sa.CheckConstraint(
            "from_level IN ('outpatient', 'iop', 'php', 'residential')",
            name=op.f("recommendation_from_level_is_known"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'accepted', 'declined', 'withdrawn')",
            name=op.f("recommendation_status_is_known"),
        ),
        sa.CheckConstraint(
            "to_level IN ('outpatient', 'iop', 'php', 'residential')",
            name=op.f("recommendation_to_level_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("recommendation_participant_id_refers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("recommendation_key")),
    )
    op.create_index(
        "recommendation_open",
        "recommendation",
        ["participant_id"],
        unique=True,
        **only_where("status = 'open'"),
    )
    op.create_index(op.f("recommendation_participant_id_index"), "recommendation", ["participant_id"], unique=False)
    op.create_table(
        "schedule_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("binds_from", sa.Date(), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("schedule_version_schedule_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("schedule_version_key")),
        sa.UniqueConstraint("schedule_id", "version", name=op.f("schedule_version_schedule_id_version_unique")),
    )
    op.create_table(
        "draw",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("schedule_version_id", sa.Integer(), nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("ordered_for", TEXT, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('fixed', 'random', 'for-cause', 'imported')", name=op.f("draw_kind_is_known")),
        sa.CheckConstraint(
            "status IN ('due', 'collected', 'missed', 'refused', 'excused', 'unrecorded', 'cancelled')",
            name=op.f("draw_status_is_known"),
        ),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("draw_participant_id_refers")),
        sa.ForeignKeyConstraint(
            ["schedule_version_id"], ["schedule_version.id"], name=op.f("draw_schedule_version_id_refers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("draw_key")),
    )
    op.create_index("draw_by_day", "draw", ["due_on"], unique=False)
    op.create_index(
        "draw_once_a_day", "draw", ["participant_id", "due_on", sa.text("(kind = 'for-cause')")], unique=True
    )
    op.create_table(
        "placement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("recommendation_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.CheckConstraint(
            "level IN ('outpatient', 'iop', 'php', 'residential')", name=op.f("placement_level_is_known")
        ),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("placement_participant_id_refers")),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name=op.f("placement_recommendation_id_refers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("placement_key")),
    )
    op.create_index("placement_in_order", "placement", ["participant_id", "from_on", "id"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("act", TEXT, nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("draw_id", sa.Integer(), nullable=True),
        sa.Column("recommendation_id", sa.Integer(), nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("detail", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("audit_entry_draw_id_refers")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("audit_entry_facility_id_refers")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("audit_entry_participant_id_refers")),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name=op.f("audit_entry_recommendation_id_refers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_entry_key")),
    )
    op.create_index(op.f("audit_entry_participant_id_index"), "audit_entry", ["participant_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recommendation_id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("evidence_draw_id_refers")),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name=op.f("evidence_recommendation_id_refers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("evidence_key")),
    )
    op.create_index(op.f("evidence_draw_id_index"), "evidence", ["draw_id"], unique=False)
    op.create_index(
        "evidence_standing",
        "evidence",
        ["recommendation_id", "draw_id"],
        unique=True,
        **only_where("withdrawn_at IS NULL"),
    )
    op.create_table(
        "result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("outcome", TEXT, nullable=True),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", TEXT, nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.CheckConstraint("outcome IN ('negative', 'positive', 'invalid')", name=op.f("result_outcome_is_known")),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("result_draw_id_refers")),
        sa.ForeignKeyConstraint(["replaces_id"], ["result.id"], name=op.f("result_replaces_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("result_key")),
        sa.UniqueConstraint("replaces_id", name=op.f("result_replaces_id_unique")),
    )
    op.create_index(op.f("result_draw_id_index"), "result", ["draw_id"], unique=False)
    op.create_index("result_first", "result", ["draw_id"], unique=True, **only_where("replaces_id IS NULL"))
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("analyte", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], name=op.f("finding_result_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("finding_key")),
        sa.UniqueConstraint("result_id", "analyte", name=op.f("finding_result_id_analyte_unique")),
    )
    #
