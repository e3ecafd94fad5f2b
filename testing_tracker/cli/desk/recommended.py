"""A recommendation in a line of what another command prints. Imports nothing, because every nurse waits for it."""


def in_a_line(number: int, participant: str, status: str, reason: str) -> str:
    """A recommendation that an act has raised or changed, in a line of what the act prints."""
    return f"Recommendation {number} for {participant}, {status}: {reason}. A clinician decides."


def lost_ground_in_a_line(participant: str, lost: str) -> str:
    """Whom a decision has moved that has lost its ground, in a line of what the act prints."""
    return f"{participant} {lost}. A clinician is asked to look: `testing-tracker review list`."
