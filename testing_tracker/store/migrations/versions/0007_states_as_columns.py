"""What a row is, in a column of its own, where it was read from a sentence that is meant for people."""

import json
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from testing_tracker.store.migrations.wording import TEXT, text_type

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each step is a function of its own, so that a reader finds the table that it is about."""
    _say_of_draws_why_they_are_what_they_are()
    _put_reminders_in_the_outbox()
    _as_what_a_draw_is_evidence()
    _the_level_that_was_accepted()


# As the versions before this one have written them, each with what stands before a person's own words, if they follow.
_SENTENCES = (
    ("closed out", "nothing was recorded by the end of the day", None),
    ("held back", "nothing was recorded, of far more draws than usual; was anything collected?", None),
    ("made too late", "the draw was made after the day's collection window had closed", None),
    ("unable to provide", "the participant tried and could not provide a specimen", ": "),
    ("to be recollected", "to be collected again", None),
    ("second specimen given", "a second specimen was collected; its result is to come", None),
    ("not recollected", "a specimen that does not count was given, and no second one", "; "),
    ("not recollected", "a specimen was given for which another one was to be collected, and no second one", "; "),
    ("result to come", "put on record after its day; its result is to come", None),
    ("facility closed", "the facility was closed", ": "),
    ("facility reopened", "the facility is open again", None),
    ("facility closed for a while", "the facility was closed for a part of the day", None),
    ("closed by a clock", "a clock that was ahead had closed it", None),
)


def _say_of_draws_why_they_are_what_they_are() -> None:
    words = ", ".join(f"'{because}'" for because in dict.fromkeys(because for because, _, _ in _SENTENCES))
    op.execute(
        f"ALTER TABLE draw ADD COLUMN because {text_type()} "
        f"CONSTRAINT draw_because_is_known CHECK (because IN ({words}))"
    )
    for because, said, between in _SENTENCES:
        beginning = f"{said}{between or ''}"
        is_it = "reason = :said" if between is None else "(reason = :said OR substr(reason, 1, :length) = :beginning)"
        fill = sa.text(f"UPDATE draw SET because = :because WHERE {is_it}")  # noqa: S608  our own words
        values = {"because": because, "said": said, "length": len(beginning), "beginning": beginning}
        op.get_bind().execute(fill, {name: value for name, value in values.items() if f":{name}" in fill.text})


def _put_reminders_in_the_outbox() -> None:
    """A day's reminder stands beside the weeks' reports; until now its attempts were read back from the audit table."""
    if op.get_bind().dialect.name == "sqlite":
        _make_the_outbox_anew()
    else:
        op.alter_column("delivery", "week", existing_type=TEXT, nullable=True)
        op.add_column("delivery", sa.Column("day", sa.Date(), nullable=True))
        op.create_unique_constraint(op.f(_A_DAY_ONCE), "delivery", ["facility_id", "day", "channel"])
        op.create_check_constraint(op.f(_WEEK_OR_DAY), "delivery", "(week IS NULL) <> (day IS NULL)")
    carry_over_reminders(op.get_bind())


_A_DAY_ONCE, _WEEK_OR_DAY = "delivery_facility_id_day_channel_unique", "delivery_is_of_a_week_or_a_day"


def _make_the_outbox_anew() -> None:
    """SQLite alters no constraint. What alembic would write is in another order in each process, and a table that is
    not to the letter as it ought to be is one that somebody has changed."""
    op.create_table(
        "delivery_anew",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("week", TEXT, nullable=True),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_key")),
        sa.CheckConstraint("channel IN ('folder', 'mail')", name=op.f("delivery_channel_is_known")),
        sa.CheckConstraint("(week IS NULL) <> (day IS NULL)", name=op.f(_WEEK_OR_DAY)),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("delivery_facility_id_refers")),
        sa.UniqueConstraint("facility_id", "week", "channel", name=op.f("delivery_facility_id_week_channel_unique")),
        sa.UniqueConstraint("facility_id", "day", "channel", name=op.f(_A_DAY_ONCE)),
    )
    op.execute("INSERT INTO delivery_anew SELECT *, NULL FROM delivery")
    op.drop_table("delivery")
    op.rename_table("delivery_anew", "delivery")


def carry_over_reminders(connection: sa.Connection) -> None:
    """How far every reminder was when an earlier version left, so that nobody is reminded twice."""
    instant = sa.DateTime(timezone=True)
    entry = sa.table("audit_entry", *map(sa.column, ("id", "facility_id", "act", "detail")), sa.column("at", instant))
    acts = ("confirmations remind", "reminder begin", "reminder mail", "reminder mail failed")
    entries = connection.execute(sa.select(entry).where(entry.c.act.in_(acts)).order_by(entry.c.id)).all()
    reminders: dict[tuple[int, str], dict[str, Any]] = {}
    for one in entries:
        detail = json.loads(one.detail)
        reminder = reminders.setdefault((one.facility_id, detail["day"]), {**_NEW, "next_at": one.at})
        reminder.update(_after(reminder, one.act, one.at, detail.get("error")))
    texts, instants = ("channel", "error"), ("next_at", "busy_until", "delivered_at")
    delivery = sa.table(
        "delivery",
        *map(sa.column, ("facility_id", "attempts", *texts)),
        *(sa.column(name, instant) for name in instants),
        sa.column("day", sa.Date()),
    )
    for (facility, day), reminder in reminders.items():
        values = {"facility_id": facility, "day": date.fromisoformat(day), "channel": "mail", **reminder}
        connection.execute(delivery.insert().values(values))


_NEW = {"attempts": 0, "busy_until": None, "delivered_at": None, "error": None}


def _after(reminder: dict[str, Any], act: str, at: datetime, error: str | None) -> dict[str, Any]:
    """What an entry changed of a day's reminder, by the rules of the versions that wrote it."""
    if act == "reminder begin":
        return {"attempts": reminder["attempts"] + 1, "busy_until": at + timedelta(minutes=5)}
    if act == "reminder mail":
        return {"busy_until": None, "delivered_at": at, "error": None}
    if act == "reminder mail failed" and reminder["delivered_at"] is None:
        wait = min(timedelta(minutes=2 ** min(reminder["attempts"] - 1, 6)), timedelta(hours=1))
        return {"busy_until": None, "error": error, "next_at": at + wait}
    return {}


def _as_what_a_draw_is_evidence() -> None:
    """Positive, missed or refused: in the details of the act that took the draw, and positive where they say nothing.

    A draw that was taken out and in again has as many acts as rows, so the newest row goes with the newest act.
    """
    op.execute(
        f"ALTER TABLE evidence ADD COLUMN taken_as {text_type()} DEFAULT 'positive' NOT NULL "
        "CONSTRAINT evidence_taken_as_is_known CHECK (taken_as IN ('positive', 'missed', 'refused'))"
    )
    acts = _said(("recommendation raise", "recommendation add evidence"), "taken_as")
    rows = sa.text("SELECT recommendation_id, draw_id, id FROM evidence ORDER BY id DESC")
    for recommendation, draw, number in op.get_bind().execute(rows).all():
        said = acts.get((recommendation, draw))
        if said and (taken_as := said.pop()) is not None:
            change = sa.text("UPDATE evidence SET taken_as = :taken_as WHERE id = :number")
            op.get_bind().execute(change, {"taken_as": taken_as, "number": number})


def _the_level_that_was_accepted() -> None:
    op.execute(
        f"ALTER TABLE recommendation ADD COLUMN accepted_level {text_type()} "
        "CONSTRAINT recommendation_accepted_level_is_known "
        "CHECK (accepted_level IN ('outpatient', 'iop', 'php', 'residential'))"
    )
    change = sa.text("UPDATE recommendation SET accepted_level = :level WHERE id = :number")
    for (number, _), said in _said(("recommendation accept",), "accepted_level").items():
        op.get_bind().execute(change, {"level": said[-1], "number": number})


def _said(acts: Iterable[str], name: str) -> dict[tuple[int, int | None], list[str | None]]:
    """What the details of these acts have under a name, by recommendation and draw, in the order of the acts."""
    entries = sa.text(
        "SELECT recommendation_id, draw_id, detail FROM audit_entry WHERE act IN :acts ORDER BY id"
    ).bindparams(sa.bindparam("acts", list(acts), expanding=True))
    found: dict[tuple[int, int | None], list[str | None]] = {}
    for recommendation, draw, detail in op.get_bind().execute(entries).all():
        said = re.search(f'"{name}": "([^"]*)"', detail or "")
        found.setdefault((recommendation, draw), []).append(said.group(1) if said else None)
    return found
