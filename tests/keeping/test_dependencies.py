"""What the project needs: every package is in the lock file, at a version that the declared bounds allow."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[2]
DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED = [
    Requirement(line)
    for group in (
        DECLARED["project"]["dependencies"],
        *DECLARED["project"]["optional-dependencies"].values(),
        DECLARED["dependency-groups"]["dev"],
    )
    for line in group
]


def locked() -> dict[str, set[str]]:
    """The versions of each package; some have one for each of several Pythons."""
    lines = (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    versions: dict[str, set[str]] = {}
    for line in lines:
        if not line.startswith("#"):
            name, version = re.match(r"([a-z0-9-]+)==(\S+)", line).groups()
            versions.setdefault(name, set()).add(version)
    return versions


@pytest.mark.parametrize("needed", NEEDED, ids=str)
def test_the_lock_file_has_a_version_within_the_bounds(needed):
    versions = locked()[needed.name]
    assert all(needed.specifier.contains(version) for version in versions), versions


@pytest.mark.parametrize("needed", NEEDED, ids=str)
def test_every_package_has_a_lower_bound(needed):
    """Without one, `.ci/run` could not try the oldest versions."""
    assert any(bound.operator in (">=", "==", "~=") for bound in needed.specifier)


@pytest.mark.parametrize("command", ["CONTRIBUTING.md", ".ci/run"])
def test_the_tests_are_run_with_the_versions_of_the_lock_file(command):
    assert "--group dev --constraint requirements.lock" in (PROJECT / command).read_text(encoding="utf-8")
