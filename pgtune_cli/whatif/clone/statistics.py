"""The source's statistics into the clone: pg_restore_relation_stats and pg_restore_attribute_stats, many rows a call.

They run as the tables' owner, never as the superuser: reading a value back may run a domain's CHECK.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.model.catalog import Catalog, RelationKind, RelationName
from pgtune_cli.model.extended import ExpressionStatistics
from pgtune_cli.model.snapshot import ColumnStatistics, Skipped
from pgtune_cli.whatif.reason import reason_of

BATCH = 500

RELATIONS = """
SELECT pg_restore_relation_stats('schemaname', schema, 'relname', name, 'relpages', pages, 'reltuples', tuples,
                                 'relallvisible', visible)
FROM unnest($1::text[], $2::text[], $3::int[], $4::real[], $5::int[]) AS r(schema, name, pages, tuples, visible)
WHERE to_regclass(format('%I.%I', schema, name)) IS NOT NULL"""

ARRAYS = {
    "null_frac": "real",
    "avg_width": "integer",
    "n_distinct": "real",
    "most_common_vals": "text",
    "most_common_freqs": "real[]",
    "histogram_bounds": "text",
    "correlation": "real",
    "most_common_elems": "text",
    "most_common_elem_freqs": "real[]",
    "elem_count_histogram": "real[]",
    "range_length_histogram": "text",
    "range_empty_frac": "real",
    "range_bounds_histogram": "text",
}
"""the arguments of pg_restore_attribute_stats, and their types"""
VALUES = tuple(name for name, kind in ARRAYS.items() if kind.endswith("[]") or kind == "text")

_PAIRS = ", ".join(f"'{name}', s.{name}::{kind}" for name, kind in ARRAYS.items())
_PLACES = ", ".join(f"${number + 5}::text[]" for number in range(len(ARRAYS)))
COLUMNS = f"""
SELECT number, pg_restore_attribute_stats('schemaname', schema, 'relname', name, 'attname', attribute,
                                          'inherited', inherited, {_PAIRS}) AS taken
FROM unnest($1::text[], $2::text[], $3::text[], $4::bool[], {_PLACES})
  WITH ORDINALITY AS s(schema, name, attribute, inherited, {", ".join(ARRAYS)}, number)"""

EXPRESSION_COLUMNS = """
SELECT n.nspname AS schema, c.relname AS name, a.attname AS attribute
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
WHERE i.indexprs IS NOT NULL AND i.indkey[a.attnum - 1] = 0 AND a.attnum <= i.indnkeyatts
ORDER BY c.oid, a.attnum"""


async def restore_relations(connection: Connection, catalog: Catalog) -> list[Skipped]:
    """relpages, reltuples and relallvisible of tables and indexes."""
    rows = [
        (relation.schema, relation.name, relation.relpages, _tuples(relation.reltuples), relation.relallvisible)
        for relation in catalog.relations
        if relation.kind is not RelationKind.VIEW
    ]
    rows += [(index.schema, index.name, index.relpages, _tuples(index.reltuples), 0) for index in catalog.indexes]
    lost: list[Skipped] = []
    for start in range(0, len(rows), BATCH):
        lost += await _restore_relations(connection, rows[start : start + BATCH])
    return lost


async def _restore_relations(connection: Connection, rows: list[tuple[str, str, int, float, int]]) -> list[Skipped]:
    """By halves until the one that is refused is found."""
    try:
        await connection.fetch(RELATIONS, *(list(column) for column in zip(*rows, strict=True)))
    except PostgresError as error:
        if len(rows) == 1:
            return [Skipped(f"size of {rows[0][0]}.{rows[0][1]}", reason_of(error))]
        half = len(rows) // 2
        return await _restore_relations(connection, rows[:half]) + await _restore_relations(connection, rows[half:])
    return []


async def restore_columns(connection: Connection, statistics: Iterable[ColumnStatistics]) -> list[Skipped]:
    """Every row of pg_stats; a row that is refused is named, after a second try without its values."""
    rows = await _named_as_in_the_clone(connection, statistics)
    lost: list[Skipped] = []
    for start in range(0, len(rows), BATCH):
        for row in await _refused(connection, rows[start : start + BATCH]):
            what = f"statistics of {row.schema}.{row.table}.{row.column}"
            again = await _refused(connection, [_without_values(row)])
            lost.append(Skipped(what, "refused by the clone" if again else "its values were refused by the clone"))
    return lost


async def restore_expressions(
    connection: Connection, schema: str, table: str, columns: Mapping[str, ExpressionStatistics]
) -> bool:
    """As statistics of the columns of a table; True if any was refused."""
    rows = [
        ColumnStatistics(
            schema=schema,
            table=table,
            column=column,
            null_frac=one.null_frac,
            avg_width=one.avg_width or 0,
            n_distinct=one.n_distinct or 0.0,
            most_common_vals=one.most_common_vals,
            most_common_freqs=one.most_common_freqs,
            histogram_bounds=one.histogram_bounds,
            correlation=one.correlation,
            most_common_elems=one.most_common_elems,
            most_common_elem_freqs=one.most_common_elem_freqs,
            elem_count_histogram=one.elem_count_histogram,
        )
        for column, one in columns.items()
        if one.null_frac is not None
    ]
    return bool(await _refused(connection, rows))


async def _refused(connection: Connection, rows: list[ColumnStatistics]) -> list[ColumnStatistics]:
    """The rows that could not be restored, by halves until each is found."""
    if not rows:
        return []
    try:
        answers = await connection.fetch(COLUMNS, *_arguments(rows))
    except PostgresError:
        if len(rows) == 1:
            return rows
        half = len(rows) // 2
        return await _refused(connection, rows[:half]) + await _refused(connection, rows[half:])
    return [rows[answer["number"] - 1] for answer in answers if not answer["taken"]]


def _arguments(rows: Sequence[ColumnStatistics]) -> Iterator[list[str] | list[bool] | list[str | None]]:
    yield [row.schema for row in rows]
    yield [row.table for row in rows]
    yield [row.column for row in rows]
    yield [row.inherited for row in rows]
    for name in ARRAYS:
        yield [_text(getattr(row, name)) for row in rows]


def _text(value: object) -> str | None:
    """As PostgreSQL reads it: numbers exactly, a tuple of numbers as an array."""
    if isinstance(value, tuple):
        return "{" + ",".join("NULL" if item is None else repr(item) for item in value) + "}"
    if value is None or isinstance(value, str):
        return value
    return repr(value)


def _without_values(row: ColumnStatistics) -> ColumnStatistics:
    return msgspec.structs.replace(row, **dict.fromkeys(VALUES))


async def _named_as_in_the_clone(
    connection: Connection, statistics: Iterable[ColumnStatistics]
) -> list[ColumnStatistics]:
    """Statistics of index expressions carry a column name that PostgreSQL made up: matched by name, else by place."""
    expressions: dict[RelationName, list[str]] = {}
    for row in await connection.fetch(EXPRESSION_COLUMNS):
        expressions.setdefault(RelationName(row["schema"], row["name"]), []).append(row["attribute"])
    kept: list[ColumnStatistics] = []
    of_indexes: dict[RelationName, list[ColumnStatistics]] = {}
    for entry in statistics:
        name = RelationName(entry.schema, entry.table)
        if name in expressions:
            of_indexes.setdefault(name, []).append(entry)
        else:
            kept.append(entry)
    for name, entries in of_indexes.items():
        kept.extend(_renamed(entries, expressions[name]))
    return kept


def _renamed(entries: list[ColumnStatistics], names: list[str]) -> Iterator[ColumnStatistics]:
    known = [entry for entry in entries if entry.column in names]
    unknown = [entry for entry in entries if entry.column not in names]
    free = [name for name in names if name not in {entry.column for entry in known}]
    yield from known
    if len(unknown) == len(free):
        yield from (msgspec.structs.replace(entry, column=name) for entry, name in zip(unknown, free, strict=True))
    else:
        yield from unknown


def _tuples(count: float | None) -> float:
    return -1.0 if count is None else count
