"""All rewriters over all statements: each offer is proven or says why it is not, each refusal has its reason."""

import msgspec

from pgtune_cli.collect.connection import LOST, Connection, PostgresError
from pgtune_cli.explain.code_catalog import CodeCatalog, read_code
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.rewrite import Rewrite
from pgtune_cli.model.statement import Statement
from pgtune_cli.rewrite.keyset_offer import keyset_rewrites
from pgtune_cli.rewrite.options import RewriteOptions
from pgtune_cli.rewrite.outcome import Context, Unreadable, gain
from pgtune_cli.rewrite.source import Source
from pgtune_cli.rewrite.spliced import spliced_rewrites
from pgtune_cli.sql.lex import TruncatedText
from pgtune_cli.sql.search_path import search_path_of
from pgtune_cli.sql.shape import shape
from pgtune_cli.sql.volatility import Volatility
from pgtune_cli.whatif.protocol import WhatIf

__all__ = ["RewriteOptions", "rewrite_statements"]


async def rewrite_statements(
    analysis: Analysis,
    *,
    whatif: WhatIf | None,
    connection: Connection | None,
    describe: Connection | None = None,
    options: RewriteOptions | None = None,
) -> tuple[Rewrite, ...]:
    """What could be written otherwise, refused ones included; those first that read most for each row they return.

    `connection` runs the proofs, for statements that were executed; `describe` only prepares texts. Without them the
    status is *conditions*. A connection that breaks ends nothing: the rest is judged without it.
    """
    snapshot = analysis.snapshot
    context = Context(
        analysis=analysis,
        search_path=search_path_of(snapshot.server),
        whatif=whatif,
        connection=connection,
        describe=describe or connection,
        options=options or RewriteOptions(),
        code=await _code(analysis, connection) if connection is not None else None,
    )
    volatility = Volatility(snapshot.catalog)
    found: list[Rewrite] = []
    for statement in analysis.statements:
        what = shape(statement.query, snapshot.catalog, context.search_path)
        if what is None:
            continue
        found += await _of_statement(context, statement, Source(statement.query, what, snapshot.catalog, volatility))
    return tuple(sorted(found, key=lambda one: gain(one, analysis.statements)))


async def _code(analysis: Analysis, connection: Connection) -> CodeCatalog | None:
    """None where nothing was executed, or it cannot be read."""
    plans = analysis.plans
    executed = [
        one.query for one in analysis.statements
        if one.fingerprint in plans and any(plan.executed for plan in plans[one.fingerprint].plans)
    ]  # fmt: skip
    if not executed or connection.is_closed():
        return None
    try:
        return await read_code(connection, executed)
    except (PostgresError, *LOST):
        return None


async def _of_statement(context: Context, statement: Statement, source: Source) -> list[Rewrite]:
    try:
        return [
            *await keyset_rewrites(context, statement, source),
            *await spliced_rewrites(context, statement, source),
        ]
    except LOST:
        without = msgspec.structs.replace(context, connection=None, describe=None, whatif=None)
        return await _of_statement(without, statement, source)
    except (Unreadable, TruncatedText):  # of a file, that anyone may have written: a parameter's type, a value
        return []
