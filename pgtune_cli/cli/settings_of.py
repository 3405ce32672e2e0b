"""The configuration of a command: file, profile, and notes to stderr."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pgtune_cli.cli.console import Notes

if TYPE_CHECKING:
    from pgtune_cli.settings import Settings


def configured(config: Path | None, profile: str | None, quiet: bool, verbose: int) -> tuple["Settings", Notes]:
    """Load pgtune.yaml and make the voice of the command."""
    from pgtune_cli.settings import load_settings

    return load_settings(config, profile, os.environ), Notes(-1 if quiet else verbose)
