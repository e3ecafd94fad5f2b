"""What a specimen's validity does to a test's outcome. The two stay separate facts; this says which test counts.

A dilute positive stays positive; a dilute negative says too little and is collected again (49 CFR 40.155(a), (c); ASAM
2017, p. 15). A tampered specimen is for a clinician to look at, and a negative on it counts for nothing.
"""

from testing_tracker.rules.words import Outcome, Validity

_COUNTS = (Validity.ACCEPTABLE, Validity.NOT_TESTED)


def outcome_of(outcome: Outcome, validity: Validity) -> tuple[Outcome, str | None]:
    """The outcome that goes on record, and why where it is not the one that the test said."""
    if validity in _COUNTS or outcome is Outcome.INVALID:
        return outcome, None
    if outcome is Outcome.POSITIVE and validity is not Validity.INVALID:
        return outcome, None
    return Outcome.INVALID, f"the specimen is {validity}, so its {outcome} does not count and is recorded as invalid"
