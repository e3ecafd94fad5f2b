"""The field's words, written the same way in tables, functions, commands and JSON."""

from enum import StrEnum


class Level(StrEnum):
    """Levels of care, from the least to the most immersive (ASAM 1, 2.1, 2.5 and 3.x)."""

    OUTPATIENT = "outpatient"
    IOP = "iop"
    PHP = "php"
    RESIDENTIAL = "residential"


class Kind(StrEnum):
    """Why a draw exists. `imported` ones come from a past record that does not say how they were drawn."""

    FIXED = "fixed"
    RANDOM = "random"
    FOR_CAUSE = "for-cause"
    IMPORTED = "imported"


class Status(StrEnum):
    """What has become of a draw.

    `unrecorded`: the day is over and nothing was recorded, for a reason that may be the facility's; not held against
    the participant. `cancelled`: the draw does not exist any more, because the participant was discharged.
    """

    DUE = "due"
    COLLECTED = "collected"
    MISSED = "missed"
    REFUSED = "refused"
    EXCUSED = "excused"
    UNRECORDED = "unrecorded"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What the test of a collected specimen said."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    INVALID = "invalid"


class Standing(StrEnum):
    """Whether a participant takes part on a day."""

    ACTIVE = "active"
    ON_LEAVE = "on-leave"
    DISCHARGED = "discharged"


class Decision(StrEnum):
    """The states of an escalation recommendation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
