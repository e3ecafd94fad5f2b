"""What a correction, a clock or a laboratory's word needs to be told apart, instead of being guessed."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, let_hold, refuse_changes, text_type

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _create_closed_days()
    _create_facility_histories()
    _tell_findings_apart()
    _nights_that_are_taken_back()
    _create_corrections_of_people()
    _know_cups()
    _let_a_review_be_about_a_lost_ground()


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


def _let_a_review_be_about_a_lost_ground() -> None:
    known = (
        "missed",
        "refused",
        "unable to provide",
        "tampered specimen",
        "unexpected negative",
        "possibly the same use",
    )
    let_hold("review", "about", known, (*known, "decision without its ground"))
