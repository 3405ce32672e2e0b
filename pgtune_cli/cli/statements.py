"""The statements of a target, merged: what `check` and `baseline` work on."""

from typing import TYPE_CHECKING

from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.source import CollectFlags, open_source

if TYPE_CHECKING:
    from pgtune_cli.collect.target import Target
    from pgtune_cli.model.statement import Statement
    from pgtune_cli.settings import Settings


async def read_statements(
    target: "Target", collect: CollectFlags, settings: "Settings", notes: Notes
) -> tuple["Statement", ...]:
    """Collect or load, then merge by fingerprint."""
    from pgtune_cli.sql.statements import statements

    async with open_source(target, collect, settings, notes) as source:
        return statements(source.snapshot)
