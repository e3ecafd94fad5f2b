"""Runs commands as cron does."""

import subprocess


def run_by_cron(command: str) -> subprocess.CompletedProcess:
    """Run a command by sh, in the root folder, with next to nothing in the environment."""
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
