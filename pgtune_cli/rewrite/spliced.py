"""The rewriters that change a statement in one place, one a file."""

from pgtune_cli.model.rewrite import Rewrite
from pgtune_cli.model.statement import Statement
from pgtune_cli.rewrite.outcome import Context
from pgtune_cli.rewrite.source import Source


async def spliced_rewrites(_context: Context, _statement: Statement, _source: Source) -> list[Rewrite]:
    return []
