"""What a correction, a clock or a laboratory's word needs to be told apart, instead of being guessed."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, refuse_changes

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _create_closed_days()
    _create_facility_histories()
    _tell_findings_apart()


def _create_closed_days() -> None:
    """Which days were closed when a day was decided: what the library said, and what the facility itself said."""
    op.create_table(
        "holiday_year",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("calendar", TEXT, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("days", TEXT, nullable=False),
        sa.Column("library", TEXT, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("holiday_year_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("holiday_year_key")),
    )
    op.create_table(
        "closure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("decided_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("closure_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("closure_key")),
    )
    refuse_changes(("holiday_year", "closure"))
    op.add_column("pool", sa.Column("last_holiday_year_id", sa.Integer(), nullable=True))
    op.add_column("pool", sa.Column("last_closure_id", sa.Integer(), nullable=True))


def _create_facility_histories() -> None:
    """What a facility is called, and by which clock it goes, from when on, who said so and why."""
    name, earlier = sa.Column("name", TEXT, nullable=False), sa.Column("earlier", TEXT, nullable=False)
    from_on, timezone = sa.Column("from_on", sa.Date(), nullable=False), sa.Column("timezone", TEXT, nullable=False)
    histories: dict[str, tuple[sa.Column[Any], ...]] = {
        "facility_name": (name, earlier),
        "facility_zone": (from_on, timezone),
    }
    for table, columns in histories.items():
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("facility_id", sa.Integer(), nullable=False),
            *columns,
            sa.Column("reason", TEXT, nullable=False),
            sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("recorded_by", TEXT, nullable=False),
            sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f(f"{table}_facility_id_refers")),
            sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_key")),
        )
    refuse_changes(("facility_name", "facility_zone"))


def _tell_findings_apart() -> None:
    """A laboratory's own cutoff, and what the results of a draw say together."""
    op.add_column("finding", sa.Column("comparator", TEXT, nullable=True))
    op.add_column("finding", sa.Column("cutoff", TEXT, nullable=True))
    op.add_column("reading", sa.Column("outcome", TEXT, nullable=True))
