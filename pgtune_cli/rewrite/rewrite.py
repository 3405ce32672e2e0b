"""All rewriters over all statements. Pagination by OFFSET is the first; each is proven, or says why it is not."""

import msgspec

from pgtune_cli.collect.connection import Connection
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.rewrite import Proof, Rewrite, RewriteStatement, RewriteStatus
from pgtune_cli.model.statement import Prepared, Statement, ValueSet
from pgtune_cli.rewrite.blocks import middle_page
from pgtune_cli.rewrite.keyset import Keyset, keyset, uses_offset
from pgtune_cli.rewrite.keyset_sql import pages
from pgtune_cli.rewrite.proof import adjacency
from pgtune_cli.rewrite.verify import same_columns
from pgtune_cli.sql.clauses import ClauseSpans, clauses
from pgtune_cli.sql.index_ddl import create_index_sql, index_name
from pgtune_cli.sql.search_path import search_path_of
from pgtune_cli.sql.shape import shape
from pgtune_cli.whatif.protocol import CostRequest, WhatIf

SHALLOW_BLOCKS = 32
"""blocks a call below which OFFSET costs nobody anything: the pages are shallow or the table is small"""


async def rewrite_statements(
    analysis: Analysis, *, whatif: WhatIf | None, connection: Connection | None, max_time_ms: float = 10_000
) -> tuple[Rewrite, ...]:
    """One Rewrite for every statement that uses OFFSET, refused ones included.

    `connection` runs the proof, for statements that were executed; without it the status is *conditions*.
    """
    found = []
    catalog = analysis.snapshot.catalog
    path = search_path_of(analysis.snapshot.server)
    for statement in analysis.statements:
        what = shape(statement.query, catalog, path)
        if what is None or not uses_offset(what):
            continue
        judged = keyset(what, catalog)
        if isinstance(judged, str):
            found.append(_refused(statement, judged))
            continue
        plans = analysis.plans.get(statement.fingerprint)
        found.append(await _rewrite(statement, judged, plans, whatif, connection, max_time_ms))
    return tuple(found)


async def _rewrite(
    statement: Statement,
    found: Keyset,
    plans: StatementPlans | None,
    whatif: WhatIf | None,
    connection: Connection | None,
    max_time_ms: float,
) -> Rewrite:
    spans = clauses(statement.query)
    if spans is None or spans.offset is None or spans.order_by is None or spans.from_ is None:
        return _refused(statement, "its text has a form that cannot be edited safely")
    blocks_a_call = (statement.shared_blks_hit + statement.shared_blks_read) / max(statement.calls, 1)
    if 0 < blocks_a_call < SHALLOW_BLOCKS:
        return _refused(statement, f"its pages are shallow: {blocks_a_call:.0f} blocks a call")
    prepared = plans.prepared if plans is not None else None
    offered = Rewrite(
        statement=statement.fingerprint,
        kind="keyset",
        before=statement.query,
        status=RewriteStatus.CONDITIONS,
        reason=plans.not_explained if plans is not None and prepared is None else None,
        statements=pages(statement.query, spans, found, prepared.parameter_types if prepared else ()),
        index_sql=_index_sql(found),
        conditions=_conditions(found),
        evidence={"channel": "pg_stat_statements", "blocks_per_call": round(blocks_a_call, 1)},
    )
    if prepared is None:
        return offered
    own_spans = clauses(prepared.sql)
    if own_spans is None or own_spans.offset is None or own_spans.from_ is None or own_spans.order_by is None:
        return offered
    own = pages(prepared.sql, own_spans, found, prepared.parameter_types)
    dearer = await _dearer(whatif, prepared, own[1], found)
    if dearer:
        return _refused(statement, dearer)
    if connection is None or connection.is_closed() or plans is None or not any(p.executed for p in plans.plans):
        reason = "not executed: " + ((plans.not_executed if plans else None) or "no server at hand")
        return msgspec.structs.replace(offered, reason=reason)
    return await _prove(offered, own, prepared, own_spans, found, connection, max_time_ms)


async def _prove(
    offered: Rewrite,
    own: tuple[RewriteStatement, ...],
    prepared: Prepared,
    spans: ClauseSpans,
    found: Keyset,
    connection: Connection,
    max_time_ms: float,
) -> Rewrite:
    differs = await same_columns(connection, prepared.sql, own)
    if differs:
        return msgspec.structs.replace(offered, status=RewriteStatus.REFUSED, reason=differs, statements=())
    proof = await adjacency(connection, prepared, spans, found, max_time_ms)
    if not isinstance(proof, Proof):
        return msgspec.structs.replace(offered, reason=proof.reason)
    if proof.mismatches:
        return msgspec.structs.replace(
            offered,
            status=RewriteStatus.REFUSED,
            reason=f"the proof found {proof.mismatches} rows out of order",
            proof=proof,
            statements=(),
        )
    measured = None
    if found.served and proof.rows:
        measured = await middle_page(connection, prepared, spans, found, own[1], proof.rows, max_time_ms)
        if measured is not None and measured[1] >= measured[0]:
            return _refused_proven(offered, proof, measured)
    before, after = measured or (None, None)
    return msgspec.structs.replace(
        offered, status=RewriteStatus.PROVEN, proof=proof, blocks_before=before, blocks_after=after
    )


def _refused(statement: Statement, reason: str) -> Rewrite:
    return Rewrite(
        statement=statement.fingerprint,
        kind="keyset",
        before=statement.query,
        status=RewriteStatus.REFUSED,
        reason=reason,
    )


def _refused_proven(offered: Rewrite, proof: Proof, measured: tuple[int, int]) -> Rewrite:
    return msgspec.structs.replace(
        offered,
        status=RewriteStatus.REFUSED,
        reason=f"the rows are the same, but a page in the middle reads {measured[1]} blocks instead of {measured[0]}",
        proof=proof,
        statements=(),
        blocks_before=measured[0],
        blocks_after=measured[1],
    )


def _index_sql(found: Keyset) -> str | None:
    if found.served:
        return None
    return create_index_sql(found.candidate, index_name(found.candidate, set()))


def _conditions(found: Keyset) -> tuple[str, ...]:
    conditions = ["pages are asked for one after the other: there is no jump to page n"]
    if found.appended:
        conditions.append(
            f"ORDER BY gets {', '.join(found.appended)} appended: without it, which of several equal rows comes first "
            "is left to chance, also in the original"
        )
    missing = [key.column.name for key in found.keys if key.column.name not in found.selected]
    if missing:
        conditions.append(f"the application also needs {', '.join(missing)} of the last row: select it as well")
    return tuple(conditions)


async def _dearer(whatif: WhatIf | None, prepared: Prepared, next_page: RewriteStatement, found: Keyset) -> str | None:
    """Why the what-if planner finds the key form no better; None when it does, or cannot say."""
    if whatif is None:
        return None
    indexes = frozenset() if found.served else frozenset({found.candidate})
    if indexes and any(isinstance(size, str) for size in (await whatif.create(indexes)).values()):
        return None
    generic = ValueSet(name="generic", origin="generic")
    rewritten = Prepared(
        fingerprint=prepared.fingerprint,
        sql=next_page.sql,
        parameter_types=tuple(parameter.type for parameter in next_page.parameters),
        value_sets=(generic,),
    )
    before, after = await whatif.costs(
        [
            CostRequest(prepared=prepared, values=generic),
            CostRequest(prepared=rewritten, values=generic, indexes=indexes),
        ]
    )
    if isinstance(before, str) or isinstance(after, str) or after.total_cost < before.total_cost:
        return None
    return f"the planner finds it no cheaper: {before.total_cost:,.0f} against {after.total_cost:,.0f}"
