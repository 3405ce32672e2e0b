"""The adjacency proof: walk the original order once, and check that each row comes after its predecessor.

If no row breaks it, and the comparison is a b-tree order (transitive), then "after the cursor" is exactly the rest of
the list for every cursor: every page of every size equals the OFFSET page of the tie-broken statement.
"""

import json

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError, transaction
from pgtune_cli.explain.session import watch_client
from pgtune_cli.model.rewrite import Proof
from pgtune_cli.model.statement import Prepared
from pgtune_cli.rewrite.keyset import Keyset
from pgtune_cli.rewrite.keyset_sql import comparison, key_sql, order_sql
from pgtune_cli.rewrite.parameters import renumber
from pgtune_cli.sql.clauses import ClauseSpans
from pgtune_cli.sql.quote import quote_literal

MAX_ROWS = 2_000_000
"""rows that a proof may sort on somebody's server, by the planner's estimate"""


class Unproven(msgspec.Struct, frozen=True):
    reason: str


def adjacency_sql(prepared: Prepared, spans: ClauseSpans, keyset: Keyset) -> tuple[str, tuple[int, ...]]:
    """The proof as one query over the statement's own FROM and WHERE, and the old numbers of its parameters."""
    assert spans.from_ is not None
    source = prepared.sql[slice(*spans.from_)]
    if spans.where is not None:
        source += f"\n{prepared.sql[slice(*spans.where)]}"
    names = [key_sql(keyset, key.column.name) for key in keyset.keys]
    here = ", ".join(f"{name} AS k{position}" for position, name in enumerate(names))
    before = ", ".join(f"lag({name}) OVER w AS p{position}" for position, name in enumerate(names))
    after = comparison(keyset, [f"k{i}" for i in range(len(names))], [f"p{i}" for i in range(len(names))])
    sql = (
        f"SELECT /* pgtune */ count(*) AS n, count(*) FILTER (WHERE place > 1 AND ({after}) IS NOT TRUE) AS bad\n"
        f"FROM (SELECT {here}, {before}, row_number() OVER w AS place\n{source}\n"
        f"WINDOW w AS (ORDER BY {order_sql(keyset)})) AS walk"
    )
    return renumber(sql)


async def adjacency(
    connection: Connection, prepared: Prepared, spans: ClauseSpans, keyset: Keyset, max_time_ms: float
) -> Proof | Unproven:
    """Run the proof in one read-only transaction, with the values of record; bounded by rows and by time."""
    sql, numbers = adjacency_sql(prepared, spans, keyset)
    values = prepared.value_sets[0].values if prepared.value_sets else ()
    arguments = ", ".join(quote_literal((values or ())[number - 1]) for number in numbers)
    execute = f"EXECUTE /* pgtune */ pgtune_proof{f'({arguments})' if arguments else ''}"
    types = ", ".join(prepared.parameter_types[number - 1] for number in numbers)
    settings = {
        "statement_timeout": str(int(max_time_ms)),
        "lock_timeout": "100",
        "plan_cache_mode": "force_custom_plan",
    }
    try:
        async with transaction(connection, settings):
            await watch_client(connection)
            await connection.execute(f"PREPARE /* pgtune */ pgtune_proof{f' ({types})' if types else ''} AS {sql}")
            try:
                # a savepoint, so that the statement can still be deallocated after a failure
                async with connection.transaction():
                    rows = await _estimated_rows(connection, execute)
                    row = await connection.fetchrow(execute) if rows <= MAX_ROWS else None
            finally:
                if not connection.is_closed():
                    await connection.execute("DEALLOCATE pgtune_proof")
    except PostgresError as exc:
        # the message may quote a value of a row: its class says enough
        return Unproven(f"the proof did not finish: {type(exc).__name__} ({exc.sqlstate})")
    if row is None:
        return Unproven(f"about {rows:,.0f} rows are too many to walk (at most {MAX_ROWS:,})")
    return Proof(method="adjacency", rows=row["n"], mismatches=row["bad"])


async def _estimated_rows(connection: Connection, execute: str) -> float:
    plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {execute}"))[0]["Plan"]
    most, waiting = 0.0, [plan]
    while waiting:
        node = waiting.pop()
        most = max(most, float(node["Plan Rows"]))
        waiting.extend(node.get("Plans", ()))
    return most
