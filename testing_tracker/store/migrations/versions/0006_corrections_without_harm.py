"""What a correction, a clock or a laboratory's word needs to be told apart, instead of being guessed."""

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, refuse_changes

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _nights_that_are_taken_back()


def _nights_that_are_taken_back() -> None:
    """A day whose night was taken back is closed and drawn again, so it may have more than one closing."""
    days, ids = ("first_day", "last_day", "closed_from"), ("last_pool_id", "last_closing_id", "last_draw_id")
    op.create_table(
        "taking_back",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        *(sa.Column(day, sa.Date(), nullable=False) for day in days),
        *(sa.Column(number, sa.Integer(), nullable=False) for number in ids),
        sa.Column("key_chain_id", sa.Integer(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("taking_back_facility_id_refers")),
        sa.ForeignKeyConstraint(["key_chain_id"], ["key_chain.id"], name=op.f("taking_back_key_chain_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("taking_back_key")),
    )
    op.create_table(
        "night_taken_back",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("taking_back_id", sa.Integer(), nullable=False),
        sa.Column("night_id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ran", sa.Boolean(), nullable=False),
        sa.Column("last_participant_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["taking_back_id"], ["taking_back.id"], name=op.f("night_taken_back_taking_back_id_refers")
        ),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("night_taken_back_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("night_taken_back_key")),
        sa.UniqueConstraint("night_id", name=op.f("night_taken_back_night_id_unique")),
    )
    op.execute(
        "ALTER TABLE draw ADD COLUMN taken_back_id INTEGER "
        "CONSTRAINT draw_taken_back_id_refers REFERENCES taking_back (id)"
    )
    with op.batch_alter_table("closing") as closing:  # in a file made anew, without its triggers
        closing.drop_constraint("closing_facility_id_day_days_unique", type_="unique")
    if op.get_bind().dialect.name == "sqlite":
        refuse_changes(("closing",))
    refuse_changes(("taking_back", "night_taken_back"))
