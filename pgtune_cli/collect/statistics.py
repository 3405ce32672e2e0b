"""The planner's statistics, and how tables and indexes were used."""

from collections.abc import Iterable, Sequence

from pgtune_cli.collect.connection import Record
from pgtune_cli.collect.reader import Reader
from pgtune_cli.collect.server_state import read_server_state
from pgtune_cli.collect.tables import Found
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import ColumnStatistics, IndexUsage, TableUsage, Usage

RANGES = ("range_length_histogram", "range_empty_frac", "range_bounds_histogram")


async def read_statistics(reader: Reader, found: Found, superuser: bool) -> tuple[ColumnStatistics, ...]:
    """One row for each column (or index expression) that was analyzed and that this role may see."""
    have = {row["name"] for row in await reader.rows("statistics_columns")}
    reader.fill["{range_columns}"] = range_columns(set(RANGES) <= have)
    rows = await reader.rows_of("statistics", found.oids, found.called)
    ranges: dict[object, Record] = {}
    if superuser and not set(RANGES) <= have:
        ranges = {_key(row): row for row in await reader.rows_of("range_statistics", found.oids, found.called)}
    return tuple(_column(row, ranges.get(_key(row), row)) for row in sorted(rows, key=_key))


def _key(row: Record) -> tuple[str, str, str, bool]:
    return row["schema"], row["table"], row["column"], row["inherited"]


def range_columns(present: bool) -> str:
    """What stands for {range_columns}: they came with 17."""
    return ",\n    ".join(f"{f's.{name}' if present else 'NULL'}::text AS {name}" for name in RANGES)


def _column(row: Record, ranges: Record) -> ColumnStatistics:
    return ColumnStatistics(
        schema=row["schema"],
        table=row["table"],
        column=row["column"],
        inherited=row["inherited"],
        null_frac=float(row["null_frac"]),
        avg_width=row["avg_width"],
        n_distinct=float(row["n_distinct"]),
        most_common_vals=row["most_common_vals"],
        most_common_freqs=floats(row["most_common_freqs"]),
        histogram_bounds=row["histogram_bounds"],
        correlation=_float(row["correlation"]),
        most_common_elems=row["most_common_elems"],
        most_common_elem_freqs=floats(row["most_common_elem_freqs"]),
        elem_count_histogram=floats(row["elem_count_histogram"]),
        range_length_histogram=ranges["range_length_histogram"],
        range_empty_frac=_float(ranges["range_empty_frac"]),
        range_bounds_histogram=ranges["range_bounds_histogram"],
    )


def _float(text: str | None) -> float | None:
    return None if text is None else float(text)


def floats(text: str | None) -> tuple[float, ...] | None:
    """A float4[] as text: so 0.1 stays 0.1 and does not become 0.10000000149."""
    if text is None:
        return None
    inside = text.strip("{}")
    return tuple(float(item) for item in inside.split(",")) if inside else ()


async def read_usage(reader: Reader, found: Found, version_num: int) -> Usage:
    since = await reader.rows("usage_since")
    tables = await reader.rows_of("table_usage", found.oids, found.called)
    io = await reader.rows_of("table_io", found.oids, found.called)
    indexes = await reader.rows_of("index_usage", found.oids, found.called)
    return Usage(
        since=since[0]["since"] if since else None,
        days=since[0]["days"] if since else None,
        tables=tuple(_tables(tables, io)),
        indexes=tuple(_indexes(indexes)),
        server=await read_server_state(reader, version_num),
    )


def _tables(rows: Sequence[Record], io: Sequence[Record]) -> Iterable[TableUsage]:
    blocks = {(row["schema"], row["name"]): row for row in io}
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"])):
        yield TableUsage(
            table=RelationName(row["schema"], row["name"]),
            seq_scan=row["seq_scan"],
            seq_tup_read=row["seq_tup_read"],
            idx_scan=row["idx_scan"],
            n_tup_ins=row["n_tup_ins"],
            n_tup_upd=row["n_tup_upd"],
            n_tup_del=row["n_tup_del"],
            n_tup_hot_upd=row["n_tup_hot_upd"],
            n_live_tup=row["n_live_tup"],
            n_dead_tup=row["n_dead_tup"],
            n_mod_since_analyze=row["n_mod_since_analyze"],
            last_analyze=row["last_analyze"],
            last_vacuum=row["last_vacuum"],
            n_tup_newpage_upd=row["n_tup_newpage_upd"],
            n_ins_since_vacuum=row["n_ins_since_vacuum"],
            vacuums=row["vacuums"],
            blks_hit=read["blks_hit"] if (read := blocks.get((row["schema"], row["name"]))) else None,
            blks_read=read["blks_read"] if read else None,
        )


def _indexes(rows: Sequence[Record]) -> Iterable[IndexUsage]:
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"])):
        yield IndexUsage(
            index=RelationName(row["schema"], row["name"]),
            idx_scan=row["idx_scan"],
            idx_tup_read=row["idx_tup_read"],
            idx_tup_fetch=row["idx_tup_fetch"],
        )
