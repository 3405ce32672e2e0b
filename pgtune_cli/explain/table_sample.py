"""A bounded sample of a table, read on the server: how often values occur, and which occur together.

As ANALYZE reads: some pages, some rows of each. Within the gates of execution: read-only, a few thousand pages at most,
planned before it is read and dropped above a ceiling of cost, two seconds, no tables with row security, no code but
PostgreSQL's own. The values stay in memory.
"""

from collections.abc import Sequence

import msgspec

from pgtune_cli.collect.connection import MARK, Connection
from pgtune_cli.explain.gated_read import gated_read
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.sample_rows import pages_of, plain_type, readable
from pgtune_cli.model.catalog import Catalog, Relation
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.quote import qualified, quote_identifier

PAGES = 2000
ROWS = 30_000
"""as many as ANALYZE looks at by default"""
MOST_COST = 100_000.0
SETTINGS = {"statement_timeout": "2s", "enable_seqscan": "off"}


class TableSample(msgspec.Struct, frozen=True, kw_only=True):
    """Combinations of values, as text in the order asked for, each with how many rows of the sample have it."""

    rows: int
    table_rows: float
    combinations: tuple[tuple[tuple[str | None, ...], int], ...]


async def sample_table(
    connection: Connection, catalog: Catalog, relation: Relation, keys: Sequence[str], expressions: Sequence[str],
    options: ExplainOptions,
) -> TableSample | str:  # fmt: skip
    """Or why there is none."""
    reason = _refused(catalog, relation, keys, expressions)
    if reason is not None:
        return reason
    sql = sample_sql(relation, catalog, keys, expressions)
    found = await gated_read(
        connection, sql, lambda: connection.fetch(sql), options, settings=SETTINGS,
        ceiling=("a sample of it", MOST_COST),
    )  # fmt: skip
    if isinstance(found, str):
        return found
    combinations = tuple((tuple(row.values())[:-1], int(row["rows"])) for row in found)
    rows = sum(count for _, count in combinations)
    if rows == 0:
        return "the pages that were read had no rows"
    return TableSample(rows=rows, table_rows=max(_table_rows(relation, catalog), rows), combinations=combinations)


def sample_sql(relation: Relation, catalog: Catalog, keys: Sequence[str], expressions: Sequence[str]) -> str:
    """Pages by TABLESAMPLE, and of each page every n-th row, so that more pages are seen."""
    pages = pages_of(relation, catalog)
    percent = 100.0 if pages <= PAGES else 100.0 * PAGES / pages
    rows = _table_rows(relation, catalog) * percent / 100
    every = max(1, round(rows / ROWS))
    thin = f" WHERE (ctid::text::point)[1]::int4 % {every} = 0" if every > 1 else ""
    texts = [f"({text})::text" for text in [*map(quote_identifier, keys), *expressions]]
    listed = ", ".join(f"{text} AS k{place}" for place, text in enumerate(texts))
    names = ", ".join(f"k{place}" for place in range(len(texts)))
    return (
        f"SELECT {MARK} {names}, count(*)::int8 AS rows FROM (SELECT {listed} FROM {qualified(relation.relation_name)}"
        f" TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (42){thin}) AS s GROUP BY {names} ORDER BY {names}"
        f" LIMIT {2 * ROWS}"
    )


def _refused(catalog: Catalog, relation: Relation, keys: Sequence[str], expressions: Sequence[str]) -> str | None:
    if not readable(relation):
        return "it has row security, or is no table"
    for key in keys:
        column = relation.column(key)
        if column is None or not plain_type(column.type, catalog):
            return f"the type of {key} has code of its own"
    if not all(map(_builtin, expressions)):
        return "the expression calls code that may not be PostgreSQL's own"
    return None


def _builtin(expression: str) -> bool:
    """Bare names are looked up in pg_catalog alone: a qualified one would leave it."""
    try:
        found = tokens(expression)
    except TruncatedText:
        return False
    return not any(token.text in (".", ";") or token.word == "operator" for token in found)


def _table_rows(relation: Relation, catalog: Catalog) -> float:
    """Of a partitioned table those of its partitions."""
    parts = [one for one in catalog.relations if one.partition_of == relation.relation_name]
    return sum(_table_rows(one, catalog) for one in parts) if parts else relation.reltuples or 0.0
