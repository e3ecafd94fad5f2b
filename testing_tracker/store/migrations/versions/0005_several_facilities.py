"""Several facilities in one database: each with its own chain of the ledger, found by an index."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = [
    "facility",
    "participant",
    "enrolment",
    "placement",
    "assignment",
    "leave",
    "prescription",
    "schedule",
    "schedule_version",
    "key_chain",
    "night",
    "pool",
    "draw",
    "result",
    "finding",
    "reading",
    "specimen",
    "handover",
    "confirmation",
    "recommendation",
    "evidence",
    "review",
    "audit_entry",
    "ledger_page",
    "closing",
    "report_edition",
    "delivery",
    "staff",
]


def upgrade() -> None:
    op.create_index("facility_by_name", "facility", ["name"], unique=True)
    op.create_index("ledger_page_in_order", "ledger_page", ["facility_id", "id"])
    op.create_index("audit_entry_in_order", "audit_entry", ["facility_id", "id"])
    if op.get_bind().dialect.name == "postgresql":
        _let_sequences_follow()


def _let_sequences_follow() -> None:
    """Earlier versions numbered the ledger's pages themselves, and set the sequences before each act."""
    for table in TABLES:
        newest = f"coalesce((SELECT max(id) FROM {table}), 0) + 1"  # noqa: S608  our own names
        op.execute(f"SELECT setval('{table}_id_seq', {newest}, false)")
