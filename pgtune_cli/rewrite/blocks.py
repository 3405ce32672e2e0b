"""The gain, measured: blocks that a page in the middle takes by OFFSET and by key. Only where the index exists."""

import json

from pgtune_cli.collect.connection import Connection, PostgresError, transaction
from pgtune_cli.model.rewrite import RewriteStatement
from pgtune_cli.model.statement import Prepared
from pgtune_cli.rewrite.keyset import Keyset
from pgtune_cli.rewrite.keyset_sql import key_sql, order_sql
from pgtune_cli.rewrite.parameters import renumber
from pgtune_cli.sql.clauses import ClauseSpans
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import TokenKind, tokens
from pgtune_cli.sql.quote import quote_literal


async def middle_page(
    connection: Connection,
    prepared: Prepared,
    spans: ClauseSpans,
    keyset: Keyset,
    next_page: RewriteStatement,
    rows: int,
    max_time_ms: float,
) -> tuple[int, int] | None:
    """(blocks by OFFSET, blocks by key) of the page after row rows/2; None when it could not be measured."""
    depth = rows // 2
    values = prepared.value_sets[0].values or () if prepared.value_sets else ()
    assert spans.offset_value is not None
    deep = apply_edits(prepared.sql, [Edit(*spans.offset_value, str(depth))])
    try:
        async with transaction(connection, {"statement_timeout": str(int(max_time_ms)), "lock_timeout": "100"}):
            before = await _blocks(connection, inline(*renumber(deep), values))
            cursor = await connection.fetchrow(_cursor_sql(prepared, spans, keyset, values, depth))
            if cursor is None:
                return None
            bound = [
                values[int(parameter.source.split()[0][1:]) - 1] if parameter.source.startswith("$") else None
                for parameter in next_page.parameters
            ]
            keys = iter(cursor)
            literals = [
                next(keys) if not parameter.source.startswith("$") else value
                for parameter, value in zip(next_page.parameters, bound, strict=True)
            ]
            numbers = tuple(range(1, len(literals) + 1))
            after = await _blocks(connection, inline(next_page.sql, numbers, tuple(literals)))
    except (PostgresError, IndexError):
        return None
    return before, after


def inline(sql: str, numbers: tuple[int, ...], values: tuple[str | None, ...]) -> str:
    """`sql` with `$n` replaced by the quoted literal of values[numbers[n-1]-1]."""
    return apply_edits(
        sql,
        [
            Edit(token.start, token.end, quote_literal(values[numbers[token.number - 1] - 1]))
            for token in tokens(sql)
            if token.kind is TokenKind.PARAMETER and token.number
        ],
    )


def _cursor_sql(
    prepared: Prepared, spans: ClauseSpans, keyset: Keyset, values: tuple[str | None, ...], depth: int
) -> str:
    assert spans.from_ is not None
    keys = ", ".join(f"{key_sql(keyset, key.column.name)}::text" for key in keyset.keys)
    where = f"\n{prepared.sql[slice(*spans.where)]}" if spans.where else ""
    sql, numbers = renumber(
        f"SELECT /* pgtune */ {keys} {prepared.sql[slice(*spans.from_)]}{where}\n"
        f"ORDER BY {order_sql(keyset)} OFFSET {max(depth - 1, 0)} LIMIT 1"
    )
    return inline(sql, numbers, values)


async def _blocks(connection: Connection, sql: str) -> int:
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}")
    plan = json.loads(text)[0]["Plan"]
    return int(plan.get("Shared Hit Blocks", 0)) + int(plan.get("Shared Read Blocks", 0))
