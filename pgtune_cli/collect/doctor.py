"""`pgtune doctor`: looks at all that the checks judge, and lists every statement that pgtune sends."""

import msgspec

from pgtune_cli.collect import statistics, tables
from pgtune_cli.collect.connect_options import ConnectOptions
from pgtune_cli.collect.connection import LOST, Connection, Record, is_counted, is_pooled, transaction
from pgtune_cli.collect.connection import statements as session_statements
from pgtune_cli.collect.doctor_checks import CHECKS, Check, Counted, Seen
from pgtune_cli.collect.entries import read_entries
from pgtune_cli.collect.kind import Kind
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.collect.pooler import Pooler, by_host, look
from pgtune_cli.collect.queries import all_queries
from pgtune_cli.collect.reader import READABLE, UNREADABLE, UNREADABLE_NAMES, Reader, lost
from pgtune_cli.collect.server_facts import ServerFacts, read_server, read_settings
from pgtune_cli.collect.service_marks import read_marks
from pgtune_cli.collect.workload import find_extension, state_of, why_unreadable
from pgtune_cli.errors import ServerRefused

__all__ = ["Check", "diagnose", "statements_sent"]


async def diagnose(connection: Connection, options: ConnectOptions | None = None) -> list[Check]:
    """Every check, in a fixed order. `options`: how to connect again, to look at a pooler from two sides.

    Raises:
        ConnectionFailed: the connection broke.
    """
    try:
        facts = await read_server(connection)
    except ServerRefused as exc:
        return [Check("server version", "missing", str(exc), exc.hint)]
    try:
        async with transaction(connection):
            seen = await _look(Reader(connection), facts, options)
        pooler = await _pooler(connection, options)
    except LOST as exc:
        raise lost(exc, "the database") from exc
    seen = msgspec.structs.replace(seen, pooler=pooler)
    return [check for find in CHECKS for check in find(seen)]


async def _pooler(connection: Connection, options: ConnectOptions | None) -> Pooler | None:
    if await is_pooled(connection):
        return await look(connection, options)
    name = by_host(options)
    return Pooler(name, None) if name else None


async def _look(reader: Reader, facts: ServerFacts, options: ConnectOptions | None) -> Seen:
    settings = await read_settings(reader)
    extension = await find_extension(reader)
    unreadable, entries, counted = None, [], Counted()
    if extension is not None:
        reader.fill["{schema}"] = extension.schema_sql
        try:
            entries = await read_entries(reader)
            _, evicted, age = await state_of(reader, extension)
            counted = Counted(days=None if age is None else age / 86400, evicted=evicted)
        except UNREADABLE as exc:
            unreadable = why_unreadable(exc, extension)
    found = await tables.find_relations(reader, CollectOptions())
    usage = await reader.rows_of("table_usage", found.oids, found.called)
    ages = await reader.rows("usage_since")
    return Seen(
        facts=facts,
        settings=settings,
        extension=extension,
        unreadable=unreadable,
        statements=sum(entry.kind is Kind.QUERY for entry in entries),
        hidden=sum(entry.kind is Kind.HIDDEN for entry in entries),
        relations=found.rows,
        never_analyzed=tuple(
            found.names_sql[row["oid"]] for row in usage if row["last_analyze"] is None and row["n_live_tup"] > 0
        ),
        stale=tuple(found.names_sql[row["oid"]] for row in usage if _is_stale(row)),
        analyzed_days=max((row["analyzed_days"] for row in usage if row["analyzed_days"] is not None), default=None),
        marks=await read_marks(reader, options.hosts[0] if options is not None else None),
        counted=counted,
        usage_days=ages[0]["days"] if ages else None,
        pooler=None,
        own_scans=is_counted(reader.connection),
    )


def _is_stale(row: Record) -> bool:
    """As many rows changed as autovacuum would not have waited for, twice over."""
    changed = row["n_mod_since_analyze"] or 0
    return row["last_analyze"] is not None and changed > max(1000, 0.2 * row["n_live_tup"])


def statements_sent() -> list[tuple[str, str]]:
    """Every statement of connecting and collecting, by name, with what it reads and what it needs as comments.

    `{schema}` is the schema of pg_stat_statements, `{qualstats}` that of pg_qualstats.
    """
    found = list(session_statements())
    for query in all_queries():
        text = query.text.replace("{range_columns}", statistics.range_columns(True))
        found.append((query.name, f"-- reads: {query.reads}\n-- needs: {query.needs}\n{text}"))
    for name, text in (("its rows that are UTF-8", READABLE), ("its rows that are not", UNREADABLE_NAMES)):
        found.append((name, f"-- only where a query met other bytes, in an SQL_ASCII database\n{text}"))
    return found
