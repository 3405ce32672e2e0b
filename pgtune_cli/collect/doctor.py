"""`pgtune doctor`: what can be read and what is missing, each with the exact SQL or setting that mends it."""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from pgtune_cli.collect import rights, statistics, tables
from pgtune_cli.collect.connection import LOST, Connection, Record, is_pooled, transaction
from pgtune_cli.collect.connection import statements as session_statements
from pgtune_cli.collect.entries import read_entries
from pgtune_cli.collect.kind import Kind
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.collect.queries import all_queries
from pgtune_cli.collect.reader import READABLE, UNREADABLE, UNREADABLE_NAMES, Reader, lost
from pgtune_cli.collect.server_facts import ServerFacts, read_server, read_settings
from pgtune_cli.collect.workload import Extension, describe_missing, find_extension, why_unreadable
from pgtune_cli.errors import ServerRefused

Status = Literal["ok", "warning", "missing"]

LATEST_EXTENSION = {13: "1.8", 14: "1.9", 15: "1.10", 16: "1.10", 17: "1.11", 18: "1.12"}
"""the version of pg_stat_statements that each server brings."""


class Check(msgspec.Struct, frozen=True):
    """`missing` is what pgtune cannot work without; `remedy` is SQL or a setting."""

    name: str
    status: Status
    detail: str
    remedy: str | None = None


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All that the checks look at."""

    facts: ServerFacts
    settings: Mapping[str, str]
    extension: Extension | None
    unreadable: tuple[str, str | None] | None
    """why pg_stat_statements cannot be read, and the remedy."""
    statements: int
    hidden: int
    relations: tuple[Record, ...]
    never_analyzed: tuple[str, ...]
    pooled: bool


async def diagnose(connection: Connection) -> list[Check]:
    """Every check, in a fixed order.

    Raises:
        ConnectionFailed: the connection broke.
    """
    try:
        facts = await read_server(connection)
    except ServerRefused as exc:
        return [Check("server version", "missing", str(exc), exc.hint)]
    try:
        pooled = await is_pooled(connection)
        async with transaction(connection, {"search_path": ""}):
            seen = await _look(Reader(connection), facts, pooled)
    except LOST as exc:
        raise lost(exc, "the database") from exc
    return [check for find in _CHECKS for check in find(seen)]


async def _look(reader: Reader, facts: ServerFacts, pooled: bool) -> _Seen:
    settings = await read_settings(reader)
    extension = await find_extension(reader)
    unreadable, entries = None, []
    if extension is not None:
        reader.fill["{schema}"] = extension.schema_sql
        try:
            entries = await read_entries(reader)
        except UNREADABLE as exc:
            unreadable = why_unreadable(exc, extension)
    found = await tables.find_relations(reader, CollectOptions())
    usage = await reader.rows_of("table_usage", found.oids, found.called)
    return _Seen(
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
        pooled=pooled,
    )


def _version(seen: _Seen) -> Iterator[Check]:
    yield Check("server version", "ok", seen.facts.version.partition(" on ")[0])


def _role(seen: _Seen) -> Iterator[Check]:
    facts = seen.facts
    if facts.superuser:
        yield Check("role", "warning", f"{facts.user} is a superuser: pgtune needs far less", _proper_role(seen))
    elif facts.owner or any(row["owned"] for row in seen.relations):
        yield Check(
            "role", "warning", f"{facts.user} owns what it reads: a role that only reads is safer", _proper_role(seen)
        )
    else:
        yield Check("role", "ok", f"{facts.user} is neither superuser nor owner")


def _proper_role(seen: _Seen) -> str:
    schemas = sorted({row["schema_sql"] for row in seen.relations}) or ["public"]
    names = ", ".join(schemas)
    return (
        "CREATE ROLE pgtune LOGIN; "
        "GRANT pg_monitor TO pgtune; "
        f"GRANT CONNECT ON DATABASE {seen.facts.database_sql} TO pgtune; "
        f"GRANT USAGE ON SCHEMA {names} TO pgtune; "
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {names} TO pgtune"
    )


def _statements(seen: _Seen) -> Iterator[Check]:
    name = "pg_stat_statements"
    if seen.extension is None:
        yield Check(name, "missing", *describe_missing(seen.settings))
        return
    if seen.unreadable is not None:
        yield Check(name, "missing", *seen.unreadable)
        return
    version = seen.extension.version
    newest = LATEST_EXTENSION.get(seen.facts.version_num // 10000)
    if newest is not None and _numbers(version) < _numbers(newest):
        detail = f"version {version} is older than the server's {newest}: some counters are missing"
        yield Check(name, "warning", detail, "ALTER EXTENSION pg_stat_statements UPDATE")
    else:
        yield Check(name, "ok", f"version {version}, {seen.statements} statements to analyse")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _texts(seen: _Seen) -> Iterator[Check]:
    if seen.extension is None or seen.unreadable is not None:
        return
    if seen.hidden:
        detail = f"the texts of {seen.hidden} entries of other roles are hidden from {seen.facts.user}"
        yield Check("statement texts", "warning", detail, rights.stats_grant(seen.facts))
    elif not seen.statements:
        yield Check(
            "statement texts",
            "warning",
            "no statement of this database was recorded yet",
            "run the application for a while",
        )
    else:
        yield Check("statement texts", "ok", "all are visible")


def _tables(seen: _Seen) -> Iterator[Check]:
    closed = rights.unreadable(seen.relations)
    if closed:
        detail = f"{len(closed)} of {len(seen.relations)} relations may not be read: no planner statistics, no plans"
        remedy = rights.read_all_grant(seen.facts, [row["schema_sql"] for row in closed])
        yield Check("tables", "warning", detail, remedy)
    elif not seen.relations:
        yield Check("tables", "warning", "this database has no tables", "name another with --dbname")
    else:
        yield Check("tables", "ok", f"all {len(seen.relations)} relations may be read")
    hidden = rights.behind_row_security(seen.relations)
    if hidden:
        detail = f"row security hides the planner statistics of {len(hidden)} tables"
        yield Check("row security", "warning", detail, f"ALTER ROLE {seen.facts.user_sql} BYPASSRLS")


def _analyzed(seen: _Seen) -> Iterator[Check]:
    never = seen.never_analyzed
    if never:
        detail = f"{len(never)} tables with rows were never analyzed since the counters began: plans are guesses"
        yield Check("planner statistics", "warning", detail, "; ".join(f"ANALYZE {name}" for name in never[:20]))
    else:
        yield Check("planner statistics", "ok", "every table with rows was analyzed")


def _measured(seen: _Seen) -> Iterator[Check]:
    size = int(seen.settings.get("track_activity_query_size", "1024"))
    if size < 4096:
        detail = f"track_activity_query_size is {size}: --window cannot sample longer texts"
        yield Check("text length", "warning", detail, _alter("track_activity_query_size", "16384", restart=True))
    else:
        yield Check("text length", "ok", f"track_activity_query_size is {size}")
    if seen.settings.get("track_io_timing") == "off":
        detail = "track_io_timing is off: reads have no time"
        yield Check("I/O timing", "warning", detail, _alter("track_io_timing", "on", restart=False))
    else:
        yield Check("I/O timing", "ok", "track_io_timing is on")


def _alter(setting: str, value: str, *, restart: bool) -> str:
    then = "restart the server" if restart else "SELECT pg_reload_conf()"
    return f"ALTER SYSTEM SET {setting} = '{value}'; {then}"


def _surroundings(seen: _Seen) -> Iterator[Check]:
    if seen.facts.in_recovery:
        detail = "this is a standby: its usage counters and statements are its own, not the primary's"
        yield Check("recovery", "warning", detail, "look at the primary too before dropping an index")
    else:
        yield Check("recovery", "ok", "this is a primary")
    if seen.pooled:
        detail = "a pooler stands between: settings hold for one transaction only"
        yield Check("pooler", "warning", detail, "connect to the server directly if plans and executions matter")
    else:
        yield Check("pooler", "ok", "the connection is direct")


_CHECKS = (_version, _role, _statements, _texts, _tables, _analyzed, _measured, _surroundings)


def statements_sent() -> list[tuple[str, str]]:
    """Every statement of connecting and collecting, by name, with what it reads and what it needs as comments.

    `{schema}` is the schema of pg_stat_statements.
    """
    found = list(session_statements())
    for query in all_queries():
        text = query.text.replace("{range_columns}", statistics.range_columns(True))
        found.append((query.name, f"-- reads: {query.reads}\n-- needs: {query.needs}\n{text}"))
    for name, text in (("its rows that are UTF-8", READABLE), ("its rows that are not", UNREADABLE_NAMES)):
        found.append((name, f"-- only where a query met other bytes, in an SQL_ASCII database\n{text}"))
    return found
