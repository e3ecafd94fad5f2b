"""Whose every row is, who may do what, and who looked.

In a file every table is made anew: SQLite gives an old table neither a column that must be filled nor another
reference, and only so a file refuses what a server refuses. On a server the tables are altered where they are.
"""

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations import ownership
from testing_tracker.store.migrations.ownership import Owned
from testing_tracker.store.migrations.wording import TEXT, let_hold, only_where, refuse_changes
from testing_tracker.store.server import row_security

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _let_staff_have_more_roles()
    _create_looks()
    ownership.say_whose_rows_are(_OWNED)
    _let_nothing_be_unique_beyond_a_facility()
    if op.get_bind().dialect.name == "postgresql":
        row_security.secure(op.get_bind(), [one.table for one in _OWNED])


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


# Each table before those that refer to it. Where a row did not say whose it is, it is that of the row that the first
# reference names.
_PARTICIPANT, _DRAW = ("participant_id", "participant"), ("draw_id", "draw")
_OWNED = (
    Owned("participant", says_so=True, unique=("facility_id", "code_key")),
    Owned("schedule", says_so=True, unique=("facility_id", "name")),
    Owned("schedule_version", (("schedule_id", "schedule"),), unique=("schedule_id", "version")),
    Owned("key_chain", says_so=True),
    Owned("taking_back", (("key_chain_id", "key_chain"),), says_so=True),
    Owned("draw", (_PARTICIPANT, ("schedule_version_id", "schedule_version"), ("taken_back_id", "taking_back"))),
    Owned("recommendation", (_PARTICIPANT,)),
    Owned("specimen", (_DRAW, ("replaces_id", "specimen")), unique=("replaces_id",)),
    Owned("result", (_DRAW, ("replaces_id", "result"), ("specimen_id", "specimen")), unique=("replaces_id",)),
    Owned("leave", (_PARTICIPANT, ("replaces_id", "leave")), unique=("replaces_id",)),
    Owned("prescription", (_PARTICIPANT, ("replaces_id", "prescription")), unique=("replaces_id",)),
    Owned("renaming", (_PARTICIPANT,)),
    Owned("joining", (_PARTICIPANT, ("into_id", "participant"))),
    Owned("enrolment", (_PARTICIPANT,)),
    Owned("placement", (_PARTICIPANT, ("recommendation_id", "recommendation"))),
    Owned("assignment", (_PARTICIPANT, ("schedule_id", "schedule"))),
    Owned("finding", (("result_id", "result"),), unique=("result_id", "analyte")),
    Owned("reading", (("result_id", "result"),)),
    Owned("handover", (("specimen_id", "specimen"),)),
    Owned("confirmation", (_DRAW, ("specimen_id", "specimen"))),
    Owned("evidence", (("recommendation_id", "recommendation"), _DRAW)),
    Owned("review", (_PARTICIPANT, _DRAW), unique=("draw_id", "about")),
    Owned("night", says_so=True, unique=("facility_id", "day")),
    Owned("pool", (("key_chain_id", "key_chain"),), says_so=True),
    Owned("night_taken_back", (("taking_back_id", "taking_back"),), says_so=True, unique=("night_id",)),
    Owned("audit_entry", (_PARTICIPANT, _DRAW, ("recommendation_id", "recommendation")), says_so=True, index=False),
    Owned("look", (_PARTICIPANT,), says_so=True, index=False),
    *(Owned(table, says_so=True) for table in ("closing", "staff", "holiday_year", "closure", "facility_name")),
    Owned("facility_zone", says_so=True),
    Owned("report_edition", says_so=True, unique=("facility_id", "week", "digest")),
    Owned("delivery", says_so=True),
    Owned("ledger_page", says_so=True, index=False),
)


def _let_nothing_be_unique_beyond_a_facility() -> None:
    """A refusal because something is there already would tell of another facility's rows."""
    op.drop_index("participant_in_order", "participant")
    op.drop_index("facility_by_name", "facility")
    op.create_index("facility_by_name", "facility", ["name"])
    for_cause = sa.text("(kind = 'for-cause')")
    anew: dict[tuple[str, str], tuple[list[str | sa.TextClause], str | None]] = {
        ("draw_by_day", "draw"): (["due_on", "facility_id"], None),
        ("draw_once_a_day", "draw"): (["participant_id", "due_on", for_cause, "facility_id"], ""),
        ("recommendation_open", "recommendation"): (["participant_id", "facility_id"], "status = 'open'"),
        ("evidence_standing", "evidence"): (["recommendation_id", "draw_id", "facility_id"], "withdrawn_at IS NULL"),
        ("result_first", "result"): (["draw_id", "method", "facility_id"], "replaces_id IS NULL"),
    }
    for (index, table), (columns, condition) in anew.items():
        op.drop_index(index, table)
        some = only_where(condition) if condition else {}
        op.create_index(index, table, columns, unique=condition is not None, **some)
