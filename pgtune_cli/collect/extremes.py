"""The smallest and largest values of columns that lead a btree, which the planner looks up when it plans.

Reading them costs a descent at each end of an index. Nothing dearer is run: a plan is asked for first, a second ends
each query, and all of them have LIMIT_S together.
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from pgtune_cli.collect.connection import LOST, MARK, PostgresError
from pgtune_cli.collect.queries import query
from pgtune_cli.collect.reader import Reader, lost, reason
from pgtune_cli.collect.tables import Found
from pgtune_cli.model.catalog import Catalog, RelationKind, RelationName
from pgtune_cli.model.extended import Extremes
from pgtune_cli.model.snapshot import ColumnStatistics, Workload

LIMIT_S = 5.0
TIMEOUT = "1s"
CHUNK = 32
MAX_COST = 100.0
"""of one column, in the planner's units: some pages; a scan of a small table is as cheap as an index"""
WORD = re.compile(r"\w+")
OPERATOR = re.compile(r"\boperator\((?!pg_catalog\.)")
"""how the server writes one that is not built in, where no schema is in the search_path"""
HIDDEN = re.compile(r"\b(is (not )?distinct from|nullif|case)\b")
EQUALITY = ("=", "<>")
"""what these call, and do not write"""
CODE = "reading them may call functions of the database's own"


class _Wanted(msgspec.Struct, frozen=True):
    table: RelationName
    column: str
    table_sql: str


class _Plan(msgspec.Struct, rename={"total_cost": "Total Cost"}):
    total_cost: float


class _Explained(msgspec.Struct, rename={"plan": "Plan"}):
    plan: _Plan


async def read_extremes(
    reader: Reader,
    found: Found,
    catalog: Catalog,
    statistics: Sequence[ColumnStatistics],
    workload: Workload,
) -> tuple[Extremes, ...]:
    """Of the tables that the workload mentions, or of all where there is none. What is left out is noted."""
    wanted, failed = _apart(_wanted(found, catalog, statistics, workload), catalog)
    read: list[Extremes] = []
    if wanted:
        reader.say("reading the ends of the indexes")
    end = time.monotonic() + LIMIT_S
    for start in range(0, len(wanted), CHUNK):
        await _read(reader, wanted[start : start + CHUNK], end, read, failed)
    by_reason: dict[str, list[_Wanted]] = defaultdict(list)
    for one, why in failed:
        by_reason[why].append(one)
    for why, some in by_reason.items():
        more = f" and {len(some) - 1} more" if len(some) > 1 else ""
        reader.skip(f"smallest and largest values of {some[0].table}.{some[0].column}{more}", why)
    return tuple(read)


def _wanted(
    found: Found, catalog: Catalog, statistics: Sequence[ColumnStatistics], workload: Workload
) -> Iterator[_Wanted]:
    """Columns with a histogram that lead a whole btree: of no others the planner looks for the ends."""
    histograms = {
        (row.schema, row.table, row.column) for row in statistics if row.histogram_bounds and not row.inherited
    }
    oids = {found.names[row["oid"]]: row["oid"] for row in found.rows if not row["row_security_active"]}
    kinds = {relation.relation_name: relation.kind for relation in catalog.relations}
    mentioned = _mentioned(catalog, workload)
    seen = set()
    for index in catalog.indexes:
        column = index.keys[0].column if index.keys else None
        name = index.table
        usable = index.method == "btree" and index.valid and index.predicate is None and (index.pages or 0) > 1
        if column is None or not usable or name not in oids or kinds.get(name) is RelationKind.PARTITIONED:
            continue
        if (name.schema, name.name, column) in histograms and name in mentioned and (name, column) not in seen:
            seen.add((name, column))
            yield _Wanted(name, column, found.names_sql[oids[name]])


def _apart(wanted: Iterable[_Wanted], catalog: Catalog) -> tuple[list[_Wanted], list[tuple[_Wanted, str]]]:
    """Those that may be read, and those whose reading may run code of the database's own.

    Whatever stands in the expressions of a table, the planner may call with its constants, whoever reads the table.
    """
    functions = {one.name.casefold() for one in catalog.functions if one.extension is None}
    plain = {name for name in functions if WORD.fullmatch(name)}
    odd = {name.replace('"', '""') for name in functions - plain}
    hidden = any(one.name in EQUALITY for one in catalog.operators)
    casts = [one.target.casefold() for one in catalog.casts if one.method == "f"]
    texts: dict[RelationName, list[str]] = defaultdict(list)
    for table, text in _expressions(catalog):
        texts[table].append(text.casefold())
    safe, unsafe = [], []
    for one in wanted:
        text = "\n".join(texts[one.table])
        # a name in a literal counts as well
        called = not plain.isdisjoint(WORD.findall(text)) or any(name in text for name in odd)
        called = called or OPERATOR.search(text) is not None or (hidden and HIDDEN.search(text) is not None)
        if not called and not any(f"::{target}" in text for target in casts):
            safe.append(one)
        else:
            unsafe.append((one, CODE))
    return safe, unsafe


def _expressions(catalog: Catalog) -> Iterator[tuple[RelationName, str]]:
    """Of indexes, checks and statistics, by table."""
    for index in catalog.indexes:
        yield from ((index.table, key.expression) for key in index.keys if key.expression is not None)
        yield index.table, index.predicate or ""
    yield from ((one.table, one.definition) for one in catalog.constraints if one.type == "c")
    yield from ((one.table, text) for one in catalog.extended_statistics for text in one.expressions)


def _mentioned(catalog: Catalog, workload: Workload) -> set[RelationName]:
    """Tables by their bare names, and the partitions and heirs of those; views may read anything."""
    texts = [row.query for row in workload.rows] + [sample.query for sample in workload.samples]
    words = {word for text in texts for word in WORD.findall(text.casefold())}
    everything = {relation.relation_name for relation in catalog.relations}
    views = (one.name for one in catalog.relations if one.kind is RelationKind.VIEW)
    if not texts or any(view.casefold() in words for view in views):
        return everything
    parents = {one.relation_name: (one.partition_of, *one.inherits) for one in catalog.relations}

    def named(name: RelationName) -> bool:
        folded = name.name.casefold()
        return folded in words if WORD.fullmatch(folded) else any(folded in text.casefold() for text in texts)

    known: dict[RelationName, bool] = {}

    def reached(name: RelationName) -> bool:
        if name not in known:
            known[name] = named(name)
            above = [parent for parent in parents.get(name, ()) if parent is not None]
            known[name] = known[name] or any(reached(parent) for parent in above)
        return known[name]

    return {name for name in everything if reached(name)}


async def _read(
    reader: Reader, wanted: list[_Wanted], end: float, read: list[Extremes], failed: list[tuple[_Wanted, str]]
) -> None:
    """By halves until the columns that are too dear, or fail, are alone."""
    problem = f"the others took {LIMIT_S:g} s"
    if time.monotonic() < end:
        try:
            found = await _attempt(reader, wanted)
        except PostgresError as exc:
            problem = reason(exc)
        else:
            if found is not None:
                read += found
                return
            problem = "reading them takes more than a look at the ends of an index"
        if len(wanted) > 1:
            half = len(wanted) // 2
            await _read(reader, wanted[:half], end, read, failed)
            await _read(reader, wanted[half:], end, read, failed)
            return
    failed += [(one, problem) for one in wanted]


async def _attempt(reader: Reader, wanted: list[_Wanted]) -> list[Extremes] | None:
    """None where the planner thinks it dear. In a savepoint that is always rolled back, with the timeout it sets."""
    connection = reader.connection
    text = _query(wanted)
    savepoint = connection.transaction()
    try:
        await savepoint.start()
        try:
            await connection.execute(f"SET {MARK} LOCAL statement_timeout = '{TIMEOUT}'")
            plan = msgspec.json.decode(
                await connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}"), type=list[_Explained]
            )
            if plan[0].plan.total_cost > MAX_COST * len(wanted):
                return None
            rows: Mapping[int, tuple[str | None, str | None]] = {
                row["number"]: (row["low"], row["high"]) for row in await connection.fetch(text)
            }
        finally:
            await savepoint.rollback()
    except LOST as exc:
        raise lost(exc, query("extremes").reads) from exc
    pairs = ((one, *rows[number]) for number, one in enumerate(wanted))
    return [
        Extremes(table=one.table, column=one.column, low=low, high=high)
        for one, low, high in pairs
        if low is not None and high is not None
    ]


def _query(wanted: list[_Wanted]) -> str:
    text = query("extremes").text
    lines = []
    for number, one in enumerate(wanted):
        column = '"' + one.column.replace('"', '""') + '"'
        lines.append(
            text.replace("{number}", str(number)).replace("{table}", one.table_sql).replace("{column}", column)
        )
    return "\nUNION ALL\n".join(lines)
