"""The browser that the pages are tried in, as it is started.

A test that needs it is skipped where it is not installed, and fails in CI.
"""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",  # as on a phone
)


def needed(*programs: str) -> str:
    """A program that the tests need, by any of its names."""
    found = next(filter(None, map(shutil.which, programs)), None)
    if found is None:
        missing = f"needs {programs[0]}: install the package of that name"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return found
