"""`pgtune schema`: the JSON Schema of the files that pgtune writes and reads."""

from typing import Annotated

from pgtune_cli.cli.values import word

NAMES = ("report", "dry_run", "indexes", "check", "baseline", "diff", "snapshot", "explain", "config")


def schema(
    name: Annotated[str, word("schema", NAMES, f"One of {', '.join(NAMES)}.")] = "report",
) -> None:
    """Print a JSON Schema (draft 2020-12).

    Example:

      pgtune schema report > pgtune-report.schema.json
    """
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.report.schema import json_schema

    if name == "config":
        from pgtune_cli.settings import config_schema

        print_result(config_schema())
    else:
        print_result(json_schema(name))
