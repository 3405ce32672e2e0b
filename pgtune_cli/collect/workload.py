"""What the server was asked to do: pg_stat_statements since its reset, or over a window of time."""

from collections.abc import Mapping
from typing import Any

import msgspec

from pgtune_cli.collect.connection import Connection, Record, transaction
from pgtune_cli.collect.counters import Counters
from pgtune_cli.collect.entries import Entry, Key, costliest, read_baseline, read_entries, with_texts
from pgtune_cli.collect.kind import Kind
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.collect.reader import UNREADABLE, Reader, reason
from pgtune_cli.collect.samples import Samples, watch
from pgtune_cli.collect.services import OWN, Service
from pgtune_cli.collect.utility import utility_uses
from pgtune_cli.model.snapshot import Window, Workload


class Extension(msgspec.Struct, frozen=True):
    """An extension as it is installed in this database; `schema_sql` is quoted."""

    version: str
    schema: str
    schema_sql: str


class Begun(msgspec.Struct, frozen=True):
    """The begin of a window, and what was seen while it passed. Times are the server's, seconds since 1970."""

    counters: dict[Key, Counters]
    reset: str | None
    evicted: int | None
    clock: float
    samples: Samples


async def find_extension(reader: Reader, name: str = "pg_stat_statements") -> Extension | None:
    rows = await reader.rows("extensions")
    return next(
        (Extension(row["version"], row["schema"], row["schema_sql"]) for row in rows if row["name"] == name),
        None,
    )


async def begin_window(connection: Connection, reader: Reader, seconds: float) -> Begun | None:
    """Read the counters, then watch for so long; None where there is nothing to read (said by the second reading)."""
    async with transaction(connection):
        extension = await find_extension(reader)
        if extension is None:
            return None
        reader.fill["{schema}"] = extension.schema_sql
        try:
            counters = await read_baseline(reader)
        except UNREADABLE:
            return None
        reset, evicted, _ = await state_of(reader, extension)
        clock = (await reader.attempt("clock"))[0]["seconds"]
    samples = await watch(connection, seconds, clock, reader.say)
    return Begun(counters, reset, evicted, clock, samples)


async def read_workload(
    reader: Reader, extension: Extension, options: CollectOptions, begun: Begun | None, grant: str
) -> Workload:
    """The costliest statements; none, and the reason in `skipped`, where the extension cannot be read.

    `grant`: the SQL that lets this role see the statements of others.
    """
    reader.fill["{schema}"] = extension.schema_sql
    reset, evicted, age = await state_of(reader, extension)
    try:
        entries = await read_entries(reader, _baseline(begun, reset))
    except UNREADABLE as exc:
        reader.skip("pg_stat_statements", *why_unreadable(exc, extension))
        return Workload(source="pg_stat_statements")
    window = Window(since=reset, age_seconds=age, evicted=evicted)
    if begun is not None:
        clock = (await reader.attempt("clock"))[0]["seconds"]
        window = _window(reader, begun, clock, reset, evicted)
    queries = [entry for entry in entries if entry.kind is Kind.QUERY]
    _say_hidden(reader, entries, begun, grant)
    utility = [entry for entry in entries if entry.kind is Kind.UTILITY]
    # a hidden entry has no key to find it by in the first reading
    uncounted = {Kind.OWN, Kind.HIDDEN} if begun else {Kind.OWN}
    return Workload(
        source="pg_stat_statements",
        window=window,
        rows=tuple(await with_texts(reader, costliest(queries, options.top, options.order_by))),
        samples=begun.samples.sampled() if begun else (),
        total_statements=len(queries),
        # what runs inside a function is a part of its caller's time
        total_exec_time_ms=sum(
            entry.counters.total_ms for entry in entries if entry.toplevel and entry.kind not in uncounted
        ),
        utility_statements=len(utility),
        utility_exec_time_ms=sum(entry.counters.total_ms for entry in utility if entry.toplevel),
        utility=utility_uses(utility),
    )


def _baseline(begun: Begun | None, reset: str | None) -> dict[Key, Counters] | None:
    """What is taken off the second reading: nothing where all entries began anew in between."""
    if begun is None:
        return None
    return begun.counters if begun.reset == reset else {}


def _window(reader: Reader, begun: Begun, clock: float, reset: str | None, evicted: int | None) -> Window:
    if reset != begun.reset:
        reader.skip(
            "a part of the window", "pg_stat_statements was reset while it passed: what ran before is not counted"
        )
    dropped = evicted - begun.evicted if evicted is not None and begun.evicted is not None else None
    if reset != begun.reset:
        dropped = evicted
    return Window(since=reset, seconds=round(clock - begun.clock, 3), evicted=dropped)


async def state_of(reader: Reader, extension: Extension) -> tuple[str | None, int | None, float | None]:
    """When the counters were reset, how many entries were dropped since, how many seconds ago; None before 1.9."""
    has_info = await reader.rows("statement_objects", extension.schema)
    if not has_info or not has_info[0]["has_info"]:
        return None, None, None
    try:
        rows: list[Record] = await reader.attempt("statement_window")
    except UNREADABLE:
        return None, None, None
    return rows[0]["since"], rows[0]["evicted"], rows[0]["age_seconds"]


def _say_hidden(reader: Reader, entries: list[Entry], begun: Begun | None, grant: str) -> None:
    hidden = [entry for entry in entries if entry.kind is Kind.HIDDEN]
    if hidden:
        share = sum(e.counters.total_ms for e in hidden) / max(sum(e.counters.total_ms for e in entries), 1e-9)
        reader.skip(
            f"{len(hidden)} statements of other roles" + ("" if begun else f" ({share:.0%} of the time)"),
            "pg_stat_statements does not show their texts to this role",
            grant,
        )
    if begun is not None and begun.samples.failed:
        reader.skip("some looks at the running statements", begun.samples.failed)
    if begun is not None and begun.samples.hidden:
        reader.skip("the running statements of other roles", "pg_stat_activity does not show them to this role", grant)


def why_unreadable(error: BaseException, extension: Extension) -> tuple[str, str | None]:
    """Why pg_stat_statements is there and cannot be read, and what to do."""
    state = getattr(error, "sqlstate", None)
    if state == "55000":
        return NOT_PRELOADED
    if state == "42501":
        return reason(error), f"GRANT SELECT ON ALL TABLES IN SCHEMA {extension.schema_sql} TO PUBLIC"
    if state in ("22021", "22P05"):
        return FOREIGN_BYTES
    if state in ("42883", "58P01", "42P01"):
        return reason(error), "ALTER EXTENSION pg_stat_statements UPDATE"
    return reason(error), None


NOT_PRELOADED = (
    "pg_stat_statements is created in this database, but the server does not load it",
    OWN.preload,
)
NOT_CREATED = (
    "pg_stat_statements is not created in this database",
    "CREATE EXTENSION pg_stat_statements; (as superuser, and it must be in shared_preload_libraries)",
)


FOREIGN_BYTES = (
    "a statement of another database of this server holds characters that this database's encoding does not have, "
    "and that stops every reader; the remedy begins the counters of such databases anew, of dropped ones too",
    "SELECT pg_stat_statements_reset(0, s.dbid, 0) FROM (SELECT DISTINCT dbid FROM pg_stat_statements(false)) AS s "
    "LEFT JOIN pg_database AS d ON d.oid = s.dbid WHERE d.encoding IS DISTINCT FROM "
    "(SELECT encoding FROM pg_database WHERE datname = current_database())",
)
"""the extension converts the texts of all databases before it gives out any."""


def describe_missing(settings: Mapping[str, Any], service: Service = OWN) -> tuple[str, str | None]:
    """Why there is no pg_stat_statements, as far as this role may see what the server preloads."""
    preloaded = settings.get("shared_preload_libraries")
    if preloaded is None and service is OWN:
        return NOT_CREATED
    if preloaded is None or "pg_stat_statements" in preloaded:
        return NOT_CREATED[0], service.created()
    return (
        "pg_stat_statements is neither loaded by the server nor created in this database",
        f"{service.preload}, then {service.created()}",
    )
