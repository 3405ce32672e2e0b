"""pgtune as a user runs it: a process of its own, without the caller's PG* environment."""

import os
import subprocess
import sys
from pathlib import Path


def pgtune(
    *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None, timeout: float = 200
) -> subprocess.CompletedProcess[str]:
    """Run it to its end; stdout and stderr as text."""
    own = ("PGTUNE_PG_BIN", "PGTUNE_CI")
    clean = {
        key: value
        for key, value in os.environ.items()
        if key in own or not key.startswith(("PG", "DATABASE_URL", "NO_COLOR", "FORCE_COLOR"))
    }
    return subprocess.run(
        [sys.executable, "-m", "pgtune_cli", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=clean | (env or {}),
        timeout=timeout,
        check=False,
    )
