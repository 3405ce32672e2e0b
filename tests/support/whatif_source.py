"""The database that the what-if tests clone, its statements, and how a test asks about them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
from support.database import Database

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan
from pgtune_cli.model.snapshot import Snapshot, StatementRow, Workload
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.whatif.protocol import CostRequest

HERE = Path(__file__).resolve().parent
QUERIES = tuple(
    line.rstrip(";")
    for line in (HERE / "whatif_queries.sql").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("--")
)
LITERAL = ValueSet(name="literal", origin="literal")


def load_source(database: Database) -> None:
    """Tables, data and statistics of whatif_source.sql."""
    database.execute((HERE / "whatif_source.sql").read_text(encoding="utf-8"))
    database.execute("VACUUM (ANALYZE)")
    database.execute("CHECKPOINT")


async def snapshot_of(dsn: str, queries: tuple[str, ...] = QUERIES) -> Snapshot:
    """The database as pgtune reads it, with these statements for a workload."""
    connection = await connect(dsn)
    try:
        snapshot = await collect(connection)
    finally:
        await connection.close()
    rows = tuple(
        StatementRow(queryid=str(n), role="app", query=sql, calls=1, total_exec_time_ms=1.0, mean_exec_time_ms=1.0)
        for n, sql in enumerate(queries)
    )
    return msgspec.structs.replace(snapshot, workload=Workload(source="workload", rows=rows))


def request(sql: str, *indexes: CandidateIndex, hidden: frozenset[RelationName] = frozenset()) -> CostRequest:
    """What `sql`, a text with its own constants, costs with these candidates."""
    prepared = Prepared(fingerprint=sql, sql=sql)
    return CostRequest(prepared=prepared, values=LITERAL, indexes=frozenset(indexes), hidden=hidden)


@asynccontextmanager
async def session(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection of one's own, closed also when an assertion fails: no lock outlives its test."""
    connection = await database.connect()
    try:
        yield connection
    finally:
        await connection.close()


async def explain(connection: asyncpg.Connection, sql: str) -> Plan:
    return parse_plan(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}"))


def candidate(table: str | RelationName, *keys: str, **options: object) -> CandidateIndex:
    """A candidate on a table of the schema sales; `a desc` is a descending key, `f(a)` an expression."""
    name = RelationName("sales", table) if isinstance(table, str) else table
    return CandidateIndex(table=name, keys=tuple(_key(key) for key in keys), **options)  # type: ignore[arg-type]


def _key(text: str) -> IndexKey:
    descending = text.endswith(" desc")
    bare = text.removesuffix(" desc")
    if "(" in bare:
        return IndexKey(expression=bare, descending=descending, nulls_first=descending)
    return IndexKey(column=bare, descending=descending, nulls_first=descending)
