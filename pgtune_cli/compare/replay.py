"""A workload replayed on two schemas side by side, so that time can be judged: windows for both, interleaved.

Two databases are loaded as templates on a scratch server; each side runs in a copy. In each window every statement runs
on both copies in turn, in a shuffled order with a fixed seed, autovacuum off, plans made anew. The first window is
thrown away: caches and hint bits settle in it.
"""

import random
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connection import MARK, Connection, PostgresError, connect
from pgtune_cli.errors import UsageError
from pgtune_cli.model.snapshot import SampledText, Snapshot
from pgtune_cli.server.binaries import Binaries
from pgtune_cli.server.embedded import EmbeddedServer, embedded_server
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.quote import quote_identifier

SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.max": "10000",
    "pg_stat_statements.track_planning": "off",
    "compute_query_id": "on",
    "autovacuum": "off",
    "max_parallel_workers_per_gather": "0",
    "plan_cache_mode": "force_custom_plan",
    "shared_buffers": "256MB",
    "fsync": "off",
    "max_wal_size": "4GB",
}
MOST_CALLS = 50
"""of one statement in a window"""
SEED = 1
TIME_LIMIT = "60s"

Progress = Callable[[str], None]


class Side(msgspec.Struct, frozen=True):
    """One schema: the SQL that makes it, and the name of its database."""

    name: str
    setup: Path


class Replayed(msgspec.Struct, frozen=True):
    """Snapshots of each window, the counters of one alone; and what could not be replayed."""

    before: tuple[Snapshot, ...]
    after: tuple[Snapshot, ...]
    notes: tuple[str, ...]


async def replay(
    before: Path, after: Path, samples: Sequence[SampledText], windows: int, binaries: Binaries, say: Progress
) -> Replayed:
    """`before` and `after`: a .sql file, or a folder of them, run by psql in an empty database.

    Raises:
        UsageError: a set-up that fails, or no statement that can be replayed.
    """
    texts, notes = _replayable(samples)
    if not texts:
        raise UsageError("nothing to replay", "a workload with literals: --workload, or texts sampled with --window")
    with embedded_server(binaries, SETTINGS) as server:
        sides = (Side("before", before), Side("after", after))
        for side in sides:
            say(f"loading {side.setup}")
            await _load(server, binaries, side)
        connections = [await connect(server.dsn(side.name), read_only=False) for side in sides]
        try:
            found, failed = await _windows(server, connections, texts, windows, say)
        finally:
            for connection in connections:
                await connection.close()
    return Replayed(tuple(found[0]), tuple(found[1]), (*notes, *failed))


def _replayable(samples: Sequence[SampledText]) -> tuple[list[SampledText], list[str]]:
    """A text with parameters, or one that is cut off, has no values to run with."""
    kept, left = [], 0
    for sample in samples:
        try:
            has_parameters = any(token.number is not None for token in tokens(sample.query))
        except TruncatedText:
            has_parameters = True
        if has_parameters:
            left += 1
        else:
            kept.append(sample)
    return kept, [f"{left} texts were not replayed: they have parameters, or no end"] if left else []


async def _load(server: EmbeddedServer, binaries: Binaries, side: Side) -> None:
    """A template loaded, vacuumed and analysed, and the copy that is run on."""
    template = f"{side.name}_template"
    admin = await connect(server.dsn(), read_only=False)
    try:
        await admin.execute(f"CREATE DATABASE {quote_identifier(template)}")
        files = sorted(side.setup.rglob("*.sql")) if side.setup.is_dir() else [side.setup]
        for file in files:
            _psql(server, binaries, template, file)
        inside = await connect(server.dsn(template), read_only=False)
        try:
            await inside.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            await inside.execute("VACUUM ANALYZE")
        finally:
            await inside.close()
        await admin.execute(f"CREATE DATABASE {quote_identifier(side.name)} TEMPLATE {quote_identifier(template)}")
        await admin.execute("CHECKPOINT")
    finally:
        await admin.close()


def _psql(server: EmbeddedServer, binaries: Binaries, database: str, file: Path) -> None:
    done = subprocess.run(
        [binaries.bin_dir / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", server.dsn(database), "-f", file],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["psql failed"]
        raise UsageError(f"{file} cannot be loaded: {lines[0][:300]}")


async def _windows(
    server: EmbeddedServer, connections: Sequence[Connection], texts: Sequence[SampledText], windows: int, say: Progress
) -> tuple[tuple[list[Snapshot], list[Snapshot]], list[str]]:
    chance = random.Random(SEED)  # noqa: S311 - the same order each time
    found: tuple[list[Snapshot], list[Snapshot]] = ([], [])
    failed: dict[str, str] = {}
    for connection in connections:
        await connection.execute(f"SET statement_timeout = '{TIME_LIMIT}'")
    for number in range(windows + 1):
        say(f"replaying window {number} of {windows}" if number else "warming up")
        await connections[0].execute(f"SELECT {MARK} pg_stat_statements_reset()")
        await _window(connections, texts, chance, failed)
        if number == 0:
            continue
        for side, connection in zip(found, connections, strict=True):
            side.append(await _snapshot(server, connection))
    return found, [f"not replayed whole: {why}" for why in sorted(set(failed.values()))]


async def _window(
    connections: Sequence[Connection], texts: Sequence[SampledText], chance: random.Random, failed: dict[str, str]
) -> None:
    calls = [text for text in texts for _ in range(min(max(round(text.calls), 1), MOST_CALLS))]
    chance.shuffle(calls)
    for call in calls:
        for connection in chance.sample(list(connections), len(connections)):
            try:
                await connection.execute(call.query)
            except PostgresError as error:
                failed[call.query] = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"


async def _snapshot(server: EmbeddedServer, connection: Connection) -> Snapshot:
    """Read on a session of its own, so that the one that runs keeps its settings."""
    database = await connection.fetchval(f"SELECT {MARK} current_database()")
    reader = await connect(server.dsn(database))
    try:
        return await collect(reader, CollectOptions(top=5000))
    finally:
        await reader.close()
