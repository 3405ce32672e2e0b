"""The rewriters that change a statement in one place, one a file: offered where cheaper, proven where executed."""

from collections.abc import Callable, Iterator

import msgspec

from pgtune_cli.model.rewrite import Rewrite, RewriteParameter, RewriteStatement, RewriteStatus
from pgtune_cli.model.statement import Prepared, Statement
from pgtune_cli.rewrite import (
    column_cast,
    correlated_aggregate,
    count_exists,
    date_range,
    distinct_exists,
    in_list,
    inline_cte,
    not_in,
    or_union,
    single_rows,
    star_columns,
    union_all,
)
from pgtune_cli.rewrite.costs import planned_costs
from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.multiset import multiset
from pgtune_cli.rewrite.outcome import Context, refused
from pgtune_cli.rewrite.parameters import renumber
from pgtune_cli.rewrite.proposal import Found, Proposal
from pgtune_cli.rewrite.session import Unproven, snapshot
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.shape import shape

Rewriter = Callable[[Source], Iterator[Found]]
REWRITERS: dict[str, Rewriter] = {
    not_in.KIND: not_in.not_in,
    or_union.KIND: or_union.or_union,
    date_range.KIND: date_range.date_range,
    count_exists.KIND: count_exists.count_exists,
    distinct_exists.KIND: distinct_exists.distinct_exists,
    union_all.KIND: union_all.union_all,
    in_list.KIND: in_list.in_list,
    single_rows.KIND: single_rows.single_rows,
    correlated_aggregate.KIND: correlated_aggregate.correlated_aggregate,
    column_cast.KIND: column_cast.column_cast,
    inline_cte.KIND: inline_cte.inline_cte,
    star_columns.KIND: star_columns.star_columns,
}
MANY_CALLS = 1000
"""calls from which single rows are worth one statement"""


async def spliced_rewrites(context: Context, statement: Statement, source: Source) -> list[Rewrite]:
    """One Rewrite for every place that a rewriter knows, refused ones included."""
    prepared = context.prepared(statement)
    own = Source(prepared.sql, context.shape(prepared.sql), source.catalog, source.volatility) if prepared else None
    found = []
    for kind, rewriter in REWRITERS.items():
        if kind == single_rows.KIND and not _one_row_a_call(statement):
            continue
        run = list(rewriter(own)) if own is not None else []
        for at, shown in enumerate(rewriter(source)):
            if isinstance(shown, Refusal):
                found.append(refused(statement, kind, shown))
                continue
            offered = _offered(context, statement, kind, source, shown)
            executable = run[at] if at < len(run) else None
            if prepared is not None and own is not None and isinstance(executable, Proposal):
                offered = await _checked(context, statement, prepared, own, executable, offered)
            found.append(offered)
    return found


def _one_row_a_call(statement: Statement) -> bool:
    return statement.calls >= MANY_CALLS and statement.rows <= 2 * statement.calls


def _offered(context: Context, statement: Statement, kind: str, source: Source, proposal: Proposal) -> Rewrite:
    plans = context.analysis.plans.get(statement.fingerprint)
    possible, channel = proposal.possible, context.channel(statement)
    if possible is not None and _shown_by_samples(context, statement, kind):
        possible = None
    sql, numbers = renumber(proposal.applied(source.text))
    types = plans.prepared.parameter_types if plans is not None and plans.prepared is not None else ()
    return Rewrite(
        statement=statement.fingerprint,
        kind=kind,
        before=statement.query,
        status=RewriteStatus.CONDITIONS,
        reason=possible or (plans.not_explained if plans is not None and plans.prepared is None else None),
        possible=possible is not None or kind == single_rows.KIND,
        statements=(RewriteStatement(role="rewrite", sql=sql, parameters=_parameters(proposal, numbers, types)),),
        conditions=proposal.conditions,
        evidence={"channel": channel, **(_calls(context, statement) if kind == single_rows.KIND else {})},
    )


def _calls(context: Context, statement: Statement) -> dict[str, object]:
    """Calls, and the statements that return about as many rows: this one may be called for each of them."""
    around = [
        one.fingerprint for one in context.analysis.statements
        if one is not statement and one.calls * 2 < statement.calls and 0.5 < one.rows / statement.calls < 2
    ]  # fmt: skip
    return {"calls": statement.calls, "perhaps_for_each_row_of": around[:5]}


def _shown_by_samples(context: Context, statement: Statement, kind: str) -> bool:
    """Texts with their constants were seen, and the rewriter is sure of every one."""
    found = []
    for text in statement.samples:
        what = shape(text, context.analysis.snapshot.catalog, context.search_path)
        if what is None:
            return False
        found += list(REWRITERS[kind](Source(text, what, context.analysis.snapshot.catalog)))
    return bool(found) and all(isinstance(one, Proposal) and one.possible is None for one in found)


def _parameters(proposal: Proposal, numbers: tuple[int, ...], types: tuple[str, ...]) -> tuple[RewriteParameter, ...]:
    added = {number: (type_, source) for number, type_, source in proposal.added}
    found = []
    for position, number in enumerate(numbers, 1):
        type_ = types[number - 1] if number <= len(types) else "unknown"
        told = added.get(number, (type_, f"${number} of the original"))
        found.append(RewriteParameter(position, *told))
    return tuple(found)


async def _checked(
    context: Context, statement: Statement, prepared: Prepared, own: Source, proposal: Proposal, offered: Rewrite
) -> Rewrite:
    """Cheaper for the planner, the same columns, the same rows, no more blocks; else refused with what was seen."""
    text = proposal.applied(own.text)
    replace = msgspec.structs.replace
    if proposal.parameters:
        planned = await planned_costs(context, prepared, own.text, text, equal_is_fine=not proposal.cheaper)
        if isinstance(planned, str):
            return refused(statement, offered.kind, ("no_cheaper", planned))
        if planned[0] is not None:
            offered = replace(offered, cost_before=planned[0], cost_after=planned[1], cost_engine=context.engine)
    connection = context.connection
    plans = context.analysis.plans.get(statement.fingerprint)
    executed = plans is not None and any(plan.executed for plan in plans.plans)
    if proposal.values or offered.possible or not proposal.parameters:
        return replace(offered, reason=offered.reason or "not proven on rows: what it is called with decides")
    if connection is None or connection.is_closed() or not executed:
        why = (plans.not_executed if plans is not None else None) or "no server at hand"
        return replace(offered, reason=f"not executed: {why}")
    try:
        async with snapshot(
            connection, context.options.max_time_ms, context.code, trust_functions=context.options.trust_functions
        ) as session:
            proof = await multiset(session, prepared, text)
            if isinstance(proof, str):
                return refused(statement, offered.kind, ("other_columns", proof))
            found, blocks = proof
    except Unproven as exc:
        return replace(offered, reason=f"not proven: {exc}")
    if found.mismatches:
        reason = f"the rows differ for {found.mismatches} of {found.samples} sets of values"
        return replace(refused(statement, offered.kind, ("disproven", reason)), proof=found)
    before, after = blocks
    if before is not None and after is not None and after > before:
        reason = f"the rows are the same, but it reads {after} blocks instead of {before}"
        no_gain = refused(statement, offered.kind, ("no_fewer_blocks", reason))
        return replace(no_gain, proof=found, blocks_before=before, blocks_after=after)
    return replace(offered, status=RewriteStatus.PROVEN, proof=found, blocks_before=before, blocks_after=after)
