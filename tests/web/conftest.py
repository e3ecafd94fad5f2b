"""A check-in page with people who have cards."""

import pytest
from web.front_door import FrontDoor


@pytest.fixture
def door(tmp_path):
    """The page of a facility on a Monday at 5:12, when it is open and answers are known."""
    made = FrontDoor(tmp_path / "clinic.db.web")
    made.fill()
    yield made
    made.close()
