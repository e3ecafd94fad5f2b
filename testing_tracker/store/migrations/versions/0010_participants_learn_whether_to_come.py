"""Checking in: the rule, cards, who checked in, when it could not be reached, and reminders of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, let_hold_where_it_is, refuse_changes
from testing_tracker.store.server import row_security

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_STAMPS = (("recorded_at", _INSTANT, False), ("recorded_by", TEXT, False))
_PARTICIPANT = ("participant_id", "participant")
_ONLY_GROW = ("check_in_rule", "card", "check_in", "check_in_day", "outage", "strangers_seen")
_GO_AWAY = ("todays_receipt", "contact", "notice")

_Column = tuple[str, sa.types.TypeEngine[Any], bool]  # its name, its type, and whether it may be empty


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _create_the_rule()
    _create_cards()
    _create_check_ins()
    _create_what_days_came_to()
    _create_what_goes_away_again()
    refuse_changes(_ONLY_GROW)
    if op.get_bind().dialect.name == "postgresql":
        row_security.secure_also(op.get_bind(), [*_ONLY_GROW, *_GO_AWAY])
    let_hold_where_it_is("draw", "because", _BECAUSE, (*_BECAUSE, *_BECAUSE_OF_CHECK_IN))


_BECAUSE = (
    *("closed out", "held back", "made too late", "unable to provide", "to be recollected", "second specimen given"),
    *("not recollected", "result to come", "facility closed", "facility reopened", "facility closed for a while"),
    "closed by a clock",
)
_BECAUSE_OF_CHECK_IN = (
    *("ordered after check-in", "check-in at fault", "tried to check in", "check-ins held back"),
    "not checked in",
)


def _create_the_rule() -> None:
    _create(
        "check_in_rule",
        (
            ("from_on", sa.Date(), False),
            ("opens", sa.Time(), True),
            ("closes", sa.Time(), True),
            ("page", sa.Boolean(), False),
            ("not_checked_in", TEXT, False),
            *_STAMPS,
        ),
        words={"not_checked_in": ("missed", "unrecorded")},
    )


def _create_cards() -> None:
    _create(
        "card",
        (
            ("participant_id", _NUMBER, False),
            ("number", TEXT, False),
            ("salt", TEXT, True),
            ("verifier", TEXT, True),
            ("language", TEXT, False),
            ("reason", TEXT, True),
            *_STAMPS,
        ),
        refers=_PARTICIPANT,
        words={"language": ("en", "es")},
    )
    op.create_index("card_in_order", "card", ["participant_id", "id"])
    op.create_index("card_by_number", "card", ["facility_id", "number"])


def _create_check_ins() -> None:
    _create(
        "check_in",
        (
            ("participant_id", _NUMBER, False),
            ("day", sa.Date(), False),
            ("at", _INSTANT, False),
            ("channel", TEXT, False),
            ("outcome", TEXT, False),
            ("answer", TEXT, True),
            ("timing", TEXT, True),
            ("receipt", TEXT, True),
            ("visit", TEXT, True),
            ("note", TEXT, True),
            *_STAMPS,
        ),
        refers=_PARTICIPANT,
        words={
            "channel": ("page", "phone", "staff"),
            "outcome": ("told", "wrong", "blocked", "unknown", "early", "over"),
            "answer": ("come", "stay", "done"),
            "timing": ("in time", "late", "over"),
        },
        unique=("visit",),
    )
    op.create_index("check_in_in_order", "check_in", ["participant_id", "day", "id"])
    op.create_index("check_in_by_day", "check_in", ["facility_id", "day"])


def _create_what_days_came_to() -> None:
    whole = ("days", "expected", "in_time", "late", "tried", "not_checked_in", "usual_expected", "usual_not_checked_in")
    _create(
        "check_in_day",
        (
            ("day", sa.Date(), False),
            *((name, sa.Integer(), False) for name in whole),
            ("held", sa.Boolean(), False),
            *((name, sa.Integer(), False) for name in ("faulty_minutes", "strangers")),
            *_STAMPS,
        ),
    )
    op.create_index("check_in_day_in_order", "check_in_day", ["facility_id", "day", "id"])
    _create(
        "outage",
        (
            ("from_at", _INSTANT, False),
            ("to_at", _INSTANT, False),
            ("found_by", TEXT, False),
            ("reason", TEXT, False),
            ("replaces_id", _NUMBER, True),
            *_STAMPS,
        ),
        refers=("replaces_id", "outage"),
        words={"found_by": ("program", "night", "staff")},
        unique=("replaces_id",),
    )
    op.create_index("outage_in_order", "outage", ["facility_id", "from_at"])
    _create(
        "strangers_seen",
        (("day", sa.Date(), False), ("tries", sa.Integer(), False), ("up_to", TEXT, False), *_STAMPS),
        unique=("up_to", "day"),
    )
    op.create_index("strangers_seen_by_day", "strangers_seen", ["facility_id", "day"])


def _create_what_goes_away_again() -> None:
    _create(
        "todays_receipt",
        (("participant_id", _NUMBER, False), ("day", sa.Date(), False), ("receipts", TEXT, False)),
        refers=_PARTICIPANT,
        unique=("participant_id", "day"),
    )
    _create(
        "contact",
        (
            ("participant_id", _NUMBER, False),
            ("channel", TEXT, False),
            ("address", TEXT, False),
            ("address_salt", TEXT, False),
            ("consent_on", sa.Date(), False),
            *_STAMPS,
        ),
        refers=_PARTICIPANT,
        words={"channel": ("mail", "text")},
        unique=("participant_id", "channel"),
    )
    _create(
        "notice",
        (
            ("participant_id", _NUMBER, False),
            ("day", sa.Date(), False),
            ("kind", TEXT, False),
            ("channel", TEXT, False),
            ("attempts", sa.Integer(), False),
            ("next_at", _INSTANT, True),
            ("busy_until", _INSTANT, True),
            ("handed_over_at", _INSTANT, True),
            ("error", TEXT, True),
        ),
        refers=_PARTICIPANT,
        words={"kind": ("morning", "reminder"), "channel": ("mail", "text")},
        unique=("participant_id", "day", "kind", "channel"),
    )
    op.create_index("notice_by_day", "notice", ["facility_id", "day"])


def _create(
    table: str,
    columns: Sequence[_Column],
    *,
    refers: tuple[str, str] | None = None,
    words: Mapping[str, Sequence[str]] | None = None,
    unique: Sequence[str] = (),
) -> None:
    """A table that a facility owns: it refers to a row of the same facility where it `refers`, columns hold some
    `words` only, and what is `unique` is so within the facility."""
    is_file = op.get_bind().dialect.name == "sqlite"
    constraints: list[sa.Constraint] = [sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_key"))]
    if refers is None or refers[1] == table:
        constraints.append(
            sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f(f"{table}_facility_id_refers"))
        )
    if refers is not None and (refers[1] != table or is_file):
        constraints.append(_reference(table, *refers))
    for column, known in (words or {}).items():
        listed = ", ".join(f"'{word}'" for word in known)
        constraints.append(sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"{table}_{column}_is_known")))
    if unique:
        named = op.f(f"{table}_{'_'.join((*unique, 'facility_id'))}_unique")
        constraints.append(sa.UniqueConstraint(*unique, "facility_id", name=named))
    every: list[_Column] = [("id", _NUMBER, False), *columns, ("facility_id", _NUMBER, False)]
    op.create_table(table, *(sa.Column(name, kind, nullable=empty) for name, kind, empty in every), *constraints)
    op.create_index(f"{table}_of_facility", table, ["facility_id", "id"], unique=True)
    if refers is not None and refers[1] == table and not is_file:  # a server wants the index that it goes by first
        name = str(_reference(table, *refers).name)
        op.create_foreign_key(name, table, table, ["facility_id", refers[0]], ["facility_id", "id"])


def _reference(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["facility_id", column],
        [f"{parent}.facility_id", f"{parent}.id"],
        name=op.f(f"{table}_facility_id_{column}_refers"),
    )
