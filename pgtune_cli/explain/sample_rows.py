"""Rows that occur, for parameters whose columns belong together: a few pages of a table, read on the server.

Only where statements may be executed too; planning alone takes its values from the statistics. Never more than a few
pages: TABLESAMPLE of a fixed share, joined rows through an index or not at all, half a second at most. Tables with row
security, foreign tables and columns of types with code of the database's own are left out.
"""

from collections.abc import Mapping, Sequence

import msgspec

from pgtune_cli.collect.connection import LOST, MARK, Connection, PostgresError, transaction
from pgtune_cli.explain.column_source import ColumnSource
from pgtune_cli.explain.parameter_value import ParameterValues, Row
from pgtune_cli.explain.session import LEXICAL
from pgtune_cli.explain.type_values import DEFAULTS, KIND_OF, base_name, element_type, resolved, user_type
from pgtune_cli.model.catalog import Catalog, Relation, RelationKind, RelationName
from pgtune_cli.sql.quote import qualified, quote_identifier, quote_literal
from pgtune_cli.sql.shape_types import ColumnRef, PredicateKind, Shape

PAGES = 16
ROWS = 200
LIMITS = {**LEXICAL, "statement_timeout": "500ms", "lock_timeout": "100ms", "enable_seqscan": "off"}
KINDS = (RelationKind.TABLE, RelationKind.PARTITIONED, RelationKind.MATERIALIZED_VIEW)


class _Table(msgspec.Struct, frozen=True):
    """One table of the statement, and the column of it that each column of the statement is."""

    alias: str
    relation: Relation
    columns: dict[ColumnRef, str]


class _Link(msgspec.Struct, frozen=True):
    """A row of the first table leads to those of another, by an index."""

    table: _Table
    of_first: str
    of_other: str


async def sample_rows(
    connection: Connection, found: Shape | None, values: ParameterValues, source: ColumnSource
) -> dict[str, Row]:
    """By set name, the row that its values come from; empty where the statistics do, and where none can be read."""
    tables = _tables(values, source)
    if not tables:
        return {}
    first, links = max(
        ((table, _links(found, table, tables, source.catalog)) for table in tables),
        key=lambda way: (_columns(*way), len(way[0].columns)),
    )
    if _columns(first, links) == 1 and values.known(next(iter(first.columns))):
        return {}
    try:
        async with transaction(connection, LIMITS, isolation="read_committed"):
            rows = await _sampled(connection, first, [link.of_first for link in links], source.catalog)
            if not rows:
                return {}
            return {
                name: await _joined(connection, first, links, row)
                for name, row in _chosen(rows, first, values, source).items()
            }
    except (PostgresError, *LOST):
        return {}  # no right to read it, a lock, too slow, a broken connection: the statistics remain


def _tables(values: ParameterValues, source: ColumnSource) -> list[_Table]:
    tables: dict[tuple[str, RelationName], _Table] = {}
    for use in values.compared:
        if use.column is None:
            continue
        below = source.below_views(use.column)
        relation = source.catalog.relation(below.relation)
        if relation is None or not readable(relation) or not plain_type(source.type(below), source.catalog):
            continue
        key = (use.column.alias, below.relation)
        tables.setdefault(key, _Table(use.column.alias, relation, {})).columns[use.column] = below.column
    return list(tables.values())


def readable(relation: Relation) -> bool:
    """A table whose rows every policy lets through."""
    return relation.kind in KINDS and not relation.row_security


def plain_type(name: str, catalog: Catalog) -> bool:
    """Its text form is made by PostgreSQL's own code."""
    name = resolved(name, catalog)
    name = element_type(name) or name
    found = user_type(name, catalog)
    if found is not None:
        return found.kind == "e"
    return base_name(name) in KIND_OF or base_name(name) in DEFAULTS


def _columns(first: _Table, links: Sequence[_Link]) -> int:
    return len(first.columns) + sum(len(link.table.columns) for link in links)


def _links(found: Shape | None, first: _Table, tables: Sequence[_Table], catalog: Catalog) -> list[_Link]:
    others = [_link(found, first, other, catalog) for other in tables if other is not first]
    return [link for link in others if link is not None]


def _link(found: Shape | None, first: _Table, other: _Table, catalog: Catalog) -> _Link | None:
    pairs = [pair for block in found.blocks for pair in block.joins] if found is not None else []
    for pair in pairs:
        for one, two in ((pair.left, pair.right), (pair.right, pair.left)):
            here = (one.alias, one.relation) == (first.alias, first.relation.relation_name)
            there = (two.alias, two.relation) == (other.alias, other.relation.relation_name)
            if here and there and _indexed(other.relation.relation_name, two.column, catalog):
                return _Link(other, one.column, two.column)
    return None


def _indexed(name: RelationName, column: str, catalog: Catalog) -> bool:
    return any(
        index.valid and index.method == "btree" and index.predicate is None and index.keys[0].column == column
        for index in catalog.indexes_of(name)
    )


async def _sampled(
    connection: Connection, table: _Table, keys: Sequence[str], catalog: Catalog
) -> list[dict[str, str | None]]:
    """Rows of a few pages, without NULLs in what is compared."""
    relation = table.relation
    pages = pages_of(relation, catalog)
    percent = 100.0 if pages <= PAGES else 100.0 * PAGES / pages
    names = list(dict.fromkeys([*table.columns.values(), *keys]))
    known = " AND ".join(f"{quote_identifier(name)} IS NOT NULL" for name in dict.fromkeys(table.columns.values()))
    sql = (
        f"SELECT {MARK} {_as_texts(names)} FROM {qualified(relation.relation_name)}"
        f" TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (42) WHERE {known} LIMIT {ROWS}"
    )
    return [dict(zip(names, row.values(), strict=True)) for row in await connection.fetch(sql)]


def pages_of(relation: Relation, catalog: Catalog) -> int:
    """Blocks, of all its partitions."""
    if relation.kind is RelationKind.PARTITIONED:
        return sum(pages_of(one, catalog) for one in catalog.relations if one.partition_of == relation.relation_name)
    return relation.pages if relation.pages is not None else relation.relpages


def _as_texts(names: Sequence[str]) -> str:
    return ", ".join(f"{quote_identifier(name)}::pg_catalog.text" for name in names)


def _chosen(
    rows: list[dict[str, str | None]], table: _Table, values: ParameterValues, source: ColumnSource
) -> dict[str, dict[str, str | None]]:
    """One drawn from the middle; the most and the least frequent by what is compared by equality."""
    compared = {
        use.column: table.columns[use.column]
        for use in values.compared
        if use.column in table.columns and use.kind in (PredicateKind.EQ, PredicateKind.IN)
    }
    frequencies = {name: dict(source.values(column).common) for column, name in compared.items() if column is not None}

    def frequency(row: Mapping[str, str | None]) -> float:
        product = 1.0
        for name, known in frequencies.items():
            product *= known.get(row[name] or "", 1e-6)
        return product

    middle = rows[len(rows) // 2]
    if not compared:
        return {"typical": middle, "common": middle, "rare": middle}
    return {"typical": middle, "common": max(rows, key=frequency), "rare": min(rows, key=frequency)}


async def _joined(connection: Connection, first: _Table, links: Sequence[_Link], row: Mapping[str, str | None]) -> Row:
    """The row, and one row of each table that it leads to."""
    found = {column: value for column, name in first.columns.items() if (value := row[name]) is not None}
    for link in links:
        key = row[link.of_first]
        names = list(dict.fromkeys(link.table.columns.values()))
        sql = (
            f"SELECT {MARK} {_as_texts(names)} FROM {qualified(link.table.relation.relation_name)}"
            f" WHERE {quote_identifier(link.of_other)} = {quote_literal(key)} LIMIT 1"
        )
        for other in await connection.fetch(sql) if key is not None else []:
            texts = dict(zip(names, other.values(), strict=True))
            found |= {column: texts[name] for column, name in link.table.columns.items() if texts[name] is not None}
    return found
