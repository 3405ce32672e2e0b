"""`pgtune init`: a commented pgtune.yaml."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("pgtune.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented pgtune.yaml with every setting at its default.

    Examples:

      pgtune init

      pgtune init ci/pgtune.yaml --force
    """
    from pgtune_cli.cli.console import Notes
    from pgtune_cli.cli.write import write_file
    from pgtune_cli.errors import UsageError
    from pgtune_cli.settings import example

    if path.exists() and not force:
        raise UsageError(f"{path} is there already", "--force replaces it")
    if not path.parent.is_dir():
        raise UsageError(f"no folder {path.parent} for {path.name}", "make it first")
    write_file(path, example())
    Notes().note(f"wrote {path}")
