"""What a PostgreSQL server ends by itself is told in words, whichever of its settings ended it."""

import pytest

from testing_tracker.errors import TestingTrackerError
from testing_tracker.store.server import postgresql


@pytest.mark.parametrize("state", ["25P03", "25P04", "25001", "53400", "55006", "58030", "XX000", "57014", "08006"])
def test_it_is_said_in_words(state):
    class ComplaintError(Exception):
        sqlstate = state

    said = postgresql.explained(ComplaintError())
    assert isinstance(said, TestingTrackerError)
    assert str(said).endswith(("Nothing was changed.", "look before repeating it."))
