"""The field's words, written the same way in tables, functions, commands and JSON."""

from enum import StrEnum

SPECIMENS = ("urine", "oral-fluid", "breath", "blood", "hair", "sweat")  # the kinds of them
USUAL_UNIT = "ng/mL"  # of an amount that is given without one
MEASURED = ("temperature", "creatinine", "specific_gravity", "ph", "oxidant")  # what is measured of one


class Level(StrEnum):
    """Levels of care, from the least to the most immersive (ASAM 1, 2.1, 2.5 and 3.x)."""

    OUTPATIENT = "outpatient"
    IOP = "iop"
    PHP = "php"
    RESIDENTIAL = "residential"


class DrawKind(StrEnum):
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


class TakenAs(StrEnum):
    """What a draw is evidence of: a positive test, or a missed or refused one where the schedule asks for that."""

    POSITIVE = "positive"
    MISSED = "missed"
    REFUSED = "refused"


class Method(StrEnum):
    """How a specimen was tested: by a cut-off on the spot (cup, immunoassay), or by a laboratory that tells substances
    apart (GC-MS, LC-MS/MS), whose word governs."""

    PRESUMPTIVE = "presumptive"
    DEFINITIVE = "definitive"


class Validity(StrEnum):
    """What the measurements on a specimen itself say of it; what was not measured says nothing."""

    ACCEPTABLE = "acceptable"
    DILUTE = "dilute"
    SUBSTITUTED = "substituted"
    ADULTERATED = "adulterated"
    INVALID = "invalid"
    NOT_TESTED = "not tested"


class ReviewReason(StrEnum):
    """What a clinician is asked to look at, without it being a recommendation."""

    MISSED = "missed"
    REFUSED = "refused"
    UNABLE = "unable to provide"
    TAMPERED = "tampered specimen"
    UNEXPECTED_NEGATIVE = "unexpected negative"
    SAME_USE = "possibly the same use"
    LOST_GROUND = "decision without its ground"


class ParticipantStatus(StrEnum):
    """Whether a participant takes part on a day."""

    ACTIVE = "active"
    ON_LEAVE = "on-leave"
    DISCHARGED = "discharged"


class Ended(StrEnum):
    """How an enrolment ended, where that was no discharge: it was a mistake, or another record goes on for it."""

    CANCELLED = "cancelled"
    JOINED = "joined"


class RecommendationStatus(StrEnum):
    """The states of an escalation recommendation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Channel(StrEnum):
    """The ways on which a report leaves by itself, and the one of a night's witness line."""

    FOLDER = "folder"
    MAIL = "mail"
    WITNESS = "witness"


class Role(StrEnum):
    """What a member of the staff is at the facility; `rules/people/permitted.py` says what each may do.

    An `auditor` reads and verifies, and does nothing else; `nights` is the account that runs the nights.
    """

    NURSE = "nurse"
    CLINICIAN = "clinician"
    MANAGER = "manager"
    AUDITOR = "auditor"
    NIGHTS = "nights"


LINE, FIRST = "line", "today"
"""What a command is called where none is typed: a line of `log` such as `A17 n`, and what is shown without one."""
