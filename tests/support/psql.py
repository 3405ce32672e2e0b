"""psql as a user runs a script: it stops at the first error."""

import subprocess
from pathlib import Path

from support.servers import DEFAULT_MAJOR, binaries_of


def psql(dsn: str, file: Path) -> subprocess.CompletedProcess[str]:
    program = binaries_of(DEFAULT_MAJOR).bin_dir / "psql"
    return subprocess.run(
        [str(program), dsn, "-X", "-v", "ON_ERROR_STOP=1", "-f", str(file)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
