"""From a TARGET to a snapshot: connect and collect, or load a file. Says on stderr what is analysed."""

import getpass
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pgtune_cli.cli.console import Notes
from pgtune_cli.errors import ServerRefused, UsageError
from pgtune_cli.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pgtune_cli.collect.connection import Connection
    from pgtune_cli.collect.target import Target
    from pgtune_cli.settings import Settings


@dataclass(frozen=True)
class ConnectionFlags:
    """What the command line says about where to connect."""

    target: str | None = None
    dsn: str | None = None
    host: str | None = None
    port: int | None = None
    user: str | None = None
    dbname: str | None = None
    ask_password: bool = False


@dataclass(frozen=True)
class CollectFlags:
    """What the command line says about which statements to read; None leaves it to the configuration."""

    workload: Path | None = None
    window: str | None = None
    top: int | None = None
    order_by: str | None = None
    schemas: tuple[str, ...] = field(default_factory=tuple)
    exclude: tuple[str, ...] = field(default_factory=tuple)
    replicas: tuple[str, ...] = ()
    """connections of replicas whose index scans are added."""


@dataclass(frozen=True)
class Source:
    """A snapshot, and the connection it came from while that is open."""

    snapshot: Snapshot
    connection: "Connection | None"
    replica: "Connection | None" = None
    """executes in place of `connection`."""


def resolve(flags: ConnectionFlags, settings: "Settings", notes: Notes) -> "Target":
    """Find the target and say where it came from.

    Raises:
        UsageError: nothing names a target, or -W without a terminal.
    """
    from pgtune_cli.collect.target import resolve_target

    password = None
    if flags.ask_password:
        if not sys.stdin.isatty():
            raise UsageError("-W needs a terminal to ask on", "use .pgpass or PGPASSWORD instead")
        password = getpass.getpass("Password: ")
    target = resolve_target(
        flags.target,
        dsn=flags.dsn,
        host=flags.host,
        port=flags.port,
        user=flags.user,
        dbname=flags.dbname,
        password=password,
        profile_dsn=settings.dsn,
        env=os.environ,
    )
    notes.note(f"analysing {target.describe()}")
    return target


def _check_schemas(snapshot: Snapshot, collect: CollectFlags) -> None:
    """A mistyped --schema would find nothing to complain of, and a gate would pass.

    Raises:
        UsageError: one of them matches no relation.
    """
    from fnmatch import fnmatchcase

    read = {relation.schema for relation in snapshot.catalog.relations}
    for pattern in collect.schemas:
        if not any(fnmatchcase(schema, pattern) for schema in read):
            raise UsageError(
                f"no table of {snapshot.server.database} is in schema {pattern}",
                "write the name as pg_namespace has it, without quotes; * and ? stand for others",
            )


def _say_empty(snapshot: Snapshot, notes: Notes) -> None:
    """A report of nothing looks like one that found nothing."""
    if snapshot.workload.rows:
        return
    hidden = next((one for one in snapshot.skipped if one.what.startswith("pg_stat_statements")
                   or "statements of other roles" in one.what), None)  # fmt: skip
    if hidden is not None:
        remedy = f"\nhint: {hidden.remedy}" if hidden.remedy else ""
        notes.note(f"no statement can be analysed: {hidden.what}: {hidden.why}{remedy}")
    else:
        notes.note("no statement can be analysed: none was counted\nhint: let the application run, then ask again")


@asynccontextmanager
async def open_source(
    target: "Target", collect: CollectFlags, settings: "Settings", notes: Notes, *, need_statements: bool = True
) -> AsyncIterator[Source]:
    """Connect and collect, or load the snapshot file; the connection stays open for the body.

    Raises:
        ServerRefused: there are no statements to analyse, because pg_stat_statements is missing.
    """
    if target.snapshot_path is not None:
        from pgtune_cli.collect.snapshot_file import load

        if collect.replicas:
            raise UsageError("--replica needs a server, and this is a snapshot file")
        if collect.window:
            raise UsageError("--window needs a server, and this is a snapshot file")
        snapshot = _with_workload(_narrowed(load(target.snapshot_path), collect), collect, notes)
        _check_schemas(snapshot, collect)
        if need_statements:
            _say_empty(snapshot, notes)
        yield Source(snapshot, None)
        return
    from pgtune_cli.collect.connection import connect

    connection = await connect(target.connect_options)
    try:
        snapshot = await _collect(connection, collect, settings, notes)
        _check_schemas(snapshot, collect)
        snapshot = await _with_replicas(snapshot, connection, collect, notes)
        if need_statements and snapshot.server.pg_stat_statements is None and collect.workload is None:
            missing = next((s for s in snapshot.skipped if "pg_stat_statements" in s.what), None)
            raise ServerRefused(
                missing.why if missing else f"database {snapshot.server.database} has no pg_stat_statements",
                missing.remedy if missing else None,
            )
        if snapshot.server.superuser or snapshot.server.owner:
            who = "is a superuser" if snapshot.server.superuser else "owns what is analysed"
            notes.note(
                f"{snapshot.server.user} {who}, and pgtune needs far less: "
                "pgtune doctor prints the SQL for a role of its own"
            )
        snapshot = _with_workload(snapshot, collect, notes)
        if need_statements:
            _say_empty(snapshot, notes)
        yield Source(snapshot, connection)
    finally:
        # a server that died or a cancelled run must not hang here
        if not connection.is_closed():
            connection.terminate()


async def _with_replicas(snapshot: Snapshot, connection: "Connection", collect: CollectFlags, notes: Notes) -> Snapshot:
    """With the index scans of every --replica."""
    from pgtune_cli.collect.connect_options import options_of_dsn
    from pgtune_cli.collect.connection import connect
    from pgtune_cli.collect.replica_usage import with_replica_usage

    for dsn in collect.replicas:
        options = options_of_dsn(dsn, os.environ)
        replica = await connect(options)
        try:
            snapshot = await with_replica_usage(snapshot, connection, replica)
        finally:
            replica.terminate()
        notes.note(f"index scans of the replica {options.describe()} are added")
    return snapshot


async def again(source: Source, collect: CollectFlags, settings: "Settings", notes: Notes) -> Snapshot:
    """Read the same server once more, for another window.

    Raises:
        UsageError: there is no server.
    """
    if source.connection is None:
        raise UsageError("--windows needs a server, and this is a snapshot file", "give further snapshots with --run")
    return _with_workload(await _collect(source.connection, collect, settings, notes), collect, notes)


async def _collect(connection: "Connection", collect: CollectFlags, settings: "Settings", notes: Notes) -> Snapshot:
    from pgtune_cli.collect.collector import CollectOptions
    from pgtune_cli.collect.collector import collect as read
    from pgtune_cli.collect.scan_file import scans_folder
    from pgtune_cli.settings import parse_duration_ms

    window = parse_duration_ms(collect.window) / 1000 if collect.window else None
    options = CollectOptions(
        top=settings.top if collect.top is None else collect.top,
        order_by=collect.order_by or settings.order_by,
        window_seconds=window,
        schemas=collect.schemas or settings.schemas,
        exclude=collect.exclude or settings.exclude,
        scans_folder=scans_folder(os.environ),
    )
    return await read(connection, options, notes.progress)


def _narrowed(snapshot: Snapshot, collect: CollectFlags) -> Snapshot:
    """A snapshot holds what it was taken with; what the command line asks for goes on top, the configuration does not.

    Raises:
        UsageError: a --top or --order-by that there is none.
    """
    import msgspec

    from pgtune_cli.collect.narrow import narrow_relations, narrow_workload

    if collect.schemas or collect.exclude:
        snapshot = narrow_relations(snapshot, collect.schemas, collect.exclude)
    if collect.top is None and collect.order_by is None:
        return snapshot
    top = len(snapshot.workload.rows) or 1 if collect.top is None else collect.top
    workload = narrow_workload(snapshot.workload, top, collect.order_by or "total")
    return msgspec.structs.replace(snapshot, workload=workload)


def _with_workload(snapshot: Snapshot, collect: CollectFlags, notes: Notes) -> Snapshot:
    if collect.workload is None:
        return snapshot
    import msgspec

    from pgtune_cli.sql.workload_files import read_files

    workload, skipped = read_files(collect.workload)
    for one in skipped:
        notes.note(f"{one.what}: {one.why}")
    return msgspec.structs.replace(snapshot, workload=workload, skipped=snapshot.skipped + skipped, plans=())
