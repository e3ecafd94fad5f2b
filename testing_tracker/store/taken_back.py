"""What still stands of nights and of what they left, where others were taken back because a clock had been ahead."""

from sqlalchemy import ColumnElement, exists
from sqlmodel import col

from testing_tracker.store.tables import Closing, Draw, Pool, TakingBack


def pool_stands() -> ColumnElement[bool]:
    """The condition that a pool's night was not taken back."""
    return ~exists().where(
        col(TakingBack.facility_id) == Pool.facility_id,
        col(TakingBack.first_day) <= Pool.day,
        col(TakingBack.last_pool_id) >= Pool.id,
    )


def closing_stands() -> ColumnElement[bool]:
    """The condition that the night that closed a day was not taken back."""
    return ~exists().where(
        col(TakingBack.facility_id) == Closing.facility_id,
        col(TakingBack.closed_from) <= Closing.day,
        col(TakingBack.last_closing_id) >= Closing.id,
    )


def draw_stands() -> ColumnElement[bool]:
    """The condition that a draw is not merely the remains of one that a night that was taken back had made."""
    return col(Draw.taken_back_id).is_(None)
