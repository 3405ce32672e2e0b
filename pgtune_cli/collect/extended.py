"""What CREATE STATISTICS collected, by names instead of the numbers and bytes that PostgreSQL keeps."""

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from pgtune_cli.collect.connection import Record
from pgtune_cli.collect.reader import Reader
from pgtune_cli.collect.server_facts import ServerFacts
from pgtune_cli.collect.statistics import floats
from pgtune_cli.collect.tables import Found
from pgtune_cli.model.catalog import ExtendedStatistics
from pgtune_cli.model.extended import (
    Attribute,
    CommonRow,
    Dependency,
    DistinctCount,
    ExpressionStatistics,
    ExtendedData,
)

EXPRESSIONS_SINCE = 140_000
SET_OPTION_SINCE = 160_000
HEADER = struct.Struct("III")
"""magic, type, number of items (statistics/mvdistinct.c, dependencies.c)"""
Name = tuple[str, str]
Key = tuple[str, str, bool]


async def read_expression_texts(reader: Reader, found: Found, version_num: int) -> dict[Name, tuple[str, ...]]:
    """The expressions of each statistics object, as its definition numbers them."""
    if version_num < EXPRESSIONS_SINCE:
        return {}
    rows = await reader.rows_of("extended_texts", found.oids, found.called)
    return {(row["schema"], row["name"]): tuple(row["expressions"] or ()) for row in rows}


async def read_extended(
    reader: Reader, found: Found, statistics: Sequence[ExtendedStatistics], facts: ServerFacts
) -> tuple[ExtendedData, ...]:
    """What this role may see of it. What it may not is noted."""
    if not statistics:
        return ()
    oids = [oid for oid, name in found.names.items() if any(one.table == name for one in statistics)]
    numbers = await _attribute_names(reader, found, oids)
    rows = await reader.rows_of("extended_data", oids, found.called)
    expressions: dict[Key, list[ExpressionStatistics]] = defaultdict(list)
    if facts.version_num >= EXPRESSIONS_SINCE:
        for row in await reader.rows_of("extended_expressions", oids, found.called):
            expressions[_key(row)].append(_expression(row))
    known = {(one.schema, one.name): one for one in statistics}
    read = tuple(
        _data(row, numbers.get(known[row["schema"], row["name"]].table, {}), expressions[_key(row)])
        for row in sorted(rows, key=_key)
        if (row["schema"], row["name"]) in known
    )
    _say_hidden(reader, found, known.values(), {(one.schema, one.name) for one in read}, facts)
    return read


def _say_hidden(
    reader: Reader, found: Found, asked: Iterable[ExtendedStatistics], seen: set[Name], facts: ServerFacts
) -> None:
    """pg_stats_ext shows the owner's objects alone; one that was never analyzed has nothing to show."""
    owners = {found.names[row["oid"]]: row["owner_sql"] for row in found.rows if not row["owned"]}
    hidden = [one for one in asked if (one.schema, one.name) not in seen and one.table in owners]
    if not hidden:
        return
    names = sorted(f"{one.schema}.{one.name}" for one in hidden)
    named = names[0] if len(names) == 1 else f"{len(names)} objects ({', '.join(names[:3])}, …)"
    remedy = _as_owner(sorted({owners[one.table] for one in hidden}), facts)
    reader.skip(f"extended statistics {named}", "they are shown to the table's owner alone", remedy)


def _as_owner(owners: Sequence[str], facts: ServerFacts) -> str:
    """`owners` are quoted. No right shows them that is less than the owner's: best not to grant it for good."""
    options = " WITH INHERIT TRUE, SET FALSE" if facts.version_num >= SET_OPTION_SINCE else ""
    grants = "; ".join(f"GRANT {owner} TO {facts.user_sql}{options}" for owner in owners)
    log_in = f"log in as {' or '.join(owners)} (--user): no lesser right than the owner's shows them"
    return f"{log_in}; or, for a while, {grants}"


async def _attribute_names(reader: Reader, found: Found, oids: list[int]) -> Mapping[object, dict[int, str]]:
    rows = await reader.rows_of("columns", oids, found.called)
    names: dict[object, dict[int, str]] = defaultdict(dict)
    for row in rows:
        if row["attnum"] is not None:
            names[found.names[row["oid"]]][row["attnum"]] = row["name"]
    return names


def _key(row: Record) -> Key:
    return row["schema"], row["name"], row["inherited"]


def _data(row: Record, names: Mapping[int, str], expressions: list[ExpressionStatistics]) -> ExtendedData:
    return ExtendedData(
        schema=row["schema"],
        name=row["name"],
        inherited=row["inherited"],
        distinct=tuple(DistinctCount(*item) for item in _items(row["n_distinct"], "i", names)),
        dependencies=tuple(Dependency(*item) for item in _items(row["dependencies"], "h", names)),
        common=tuple(_common(row)),
        expressions=tuple(expressions),
    )


def _items(data: bytes | None, count: str, names: Mapping[int, str]) -> Iterator[tuple[tuple[Attribute, ...], float]]:
    """`count` is the type of an item's number of attributes. Little endian, as the servers that PostgreSQL runs on."""
    if not data:
        return
    _, _, items = HEADER.unpack_from(data)
    head = struct.Struct(f"<d{count}")
    place = HEADER.size
    for _ in range(items):
        value, size = head.unpack_from(data, place)
        numbers = struct.unpack_from(f"<{size}h", data, place + head.size)
        place += head.size + 2 * size
        attributes = tuple(names.get(number, "") if number > 0 else -number for number in numbers)
        if "" not in attributes:
            yield attributes, value


def _common(row: Record) -> Iterator[CommonRow]:
    values = msgspec.json.decode(row["most_common_vals"] or "[]", type=list[tuple[str | None, ...]])
    frequencies, bases = row["most_common_freqs"] or (), row["most_common_base_freqs"] or ()
    yield from (CommonRow(*item) for item in zip(values, frequencies, bases, strict=False))


def _expression(row: Record) -> ExpressionStatistics:
    def number(name: str) -> float | None:
        return None if row[name] is None else float(row[name])

    return ExpressionStatistics(
        expression=row["expression"],
        null_frac=number("null_frac"),
        avg_width=row["avg_width"],
        n_distinct=number("n_distinct"),
        most_common_vals=row["most_common_vals"],
        most_common_freqs=floats(row["most_common_freqs"]),
        histogram_bounds=row["histogram_bounds"],
        correlation=number("correlation"),
        most_common_elems=row["most_common_elems"],
        most_common_elem_freqs=floats(row["most_common_elem_freqs"]),
        elem_count_histogram=floats(row["elem_count_histogram"]),
    )
