"""What a row that may change said when the program last wrote it, and what shows others that a night stays as it was.

What the rows of before say is kept when the database is brought up to date (`store/ledger/last_written.py`), as it is
then: what another hand had changed until that day stays unseen.
"""

import sqlalchemy as sa
from alembic import op

from testing_tracker import chance
from testing_tracker.store.migrations.wording import TEXT, let_hold, refuse_changes
from testing_tracker.store.server import row_security

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _create_last_written()
    op.add_column("pool", sa.Column("list_digest", TEXT, nullable=True))
    op.add_column("facility", sa.Column("turn", sa.Integer(), nullable=True))
    let_hold("delivery", "channel", ("folder", "mail"), ("folder", "mail", "witness"))
    _salt_names()


def _create_last_written() -> None:
    op.create_table(
        "last_written",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("facility_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("of_table", TEXT, nullable=False),
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("says", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("last_written_facility_id_refers")),
        sa.PrimaryKeyConstraint("id", name=op.f("last_written_key")),
    )
    op.create_index("last_written_of_facility", "last_written", ["facility_id", "id"], unique=True)
    op.create_index("last_written_of_row", "last_written", ["facility_id", "of_table", "row_id", "id"])
    refuse_changes(("last_written",))
    if op.get_bind().dialect.name == "postgresql":
        row_security.secure_also(op.get_bind(), ["last_written"])


def _salt_names() -> None:
    """Of each name that is there, so that its digest says nothing once both are gone."""
    for table, name, salt in (("participant", "name", "name_salt"), ("renaming", "earlier_name", "earlier_salt")):
        op.add_column(table, sa.Column(salt, TEXT, nullable=True))
        there = f"SELECT id FROM {table} WHERE {name} IS NOT NULL"  # noqa: S608  our own names
        numbers = op.get_bind().execute(sa.text(there)).scalars().all()
        if not numbers:
            continue
        if table == "renaming":
            _let_it_be_changed(table, is_allowed=True)
        put = sa.text(f"UPDATE {table} SET {salt} = :salt WHERE id = :id")  # noqa: S608  as above
        op.get_bind().execute(put, [{"id": number, "salt": chance.salt_of("")} for number in numbers])
        if table == "renaming":
            _let_it_be_changed(table, is_allowed=False)


def _let_it_be_changed(table: str, *, is_allowed: bool) -> None:
    """A table that only grows, while its rows get what is new in them."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} {'DISABLE' if is_allowed else 'ENABLE'} TRIGGER USER")
    elif is_allowed:
        for change in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_refuses_{change}")
    else:
        refuse_changes((table,))
