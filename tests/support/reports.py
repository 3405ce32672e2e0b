"""A report in this process, from a server or from a file, as the command would make it."""

import asyncio
import json
from pathlib import Path
from typing import Any

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.pipeline import analyze
from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, open_source, resolve
from pgtune_cli.cli.stored_plans import with_plans
from pgtune_cli.collect.snapshot_file import save
from pgtune_cli.report.render import render
from pgtune_cli.settings import Settings
from pgtune_cli.whatif.clone.schema_sql import schema_sql

QUIET = Notes(-1)


def report_of(target: str | Path, **options: Any) -> dict[str, Any]:
    """Of a DSN or a snapshot file, in its JSON form."""

    async def main() -> str:
        where = resolve(ConnectionFlags(target=str(target)), Settings(), QUIET)
        async with open_source(where, CollectFlags(), Settings(), QUIET) as source:
            return render(await analyze(source, AnalyzeOptions(**options), Settings(), QUIET), "json")

    found: dict[str, Any] = json.loads(asyncio.run(main()))
    return found


def take_snapshot(dsn: str, path: Path) -> Path:
    """Written as `pgtune snapshot` does."""

    async def main() -> None:
        where = resolve(ConnectionFlags(target=dsn), Settings(), QUIET)
        async with open_source(where, CollectFlags(), Settings(), QUIET) as source:
            snapshot = await with_plans(source, QUIET)
            save(snapshot, path, schema_sql(snapshot))

    asyncio.run(main())
    return path


def differences(one: Any, other: Any, place: str = "") -> dict[str, tuple[Any, Any]]:
    """Where two JSON documents differ: path -> both values; a list of another length is a value."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {p: v for key in one for p, v in differences(one[key], other[key], f"{place}.{key}").items()}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return {p: v for at, (left, right) in pairs for p, v in differences(left, right, f"{place}[{at}]").items()}
    return {} if one == other else {place: (one, other)}
