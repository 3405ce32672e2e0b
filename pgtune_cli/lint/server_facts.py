"""Facts of the server and its settings."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

import msgspec

from pgtune_cli.lint.server_counters import server_counters
from pgtune_cli.lint.server_sessions import ServerSessions, server_sessions
from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.world import World
from pgtune_cli.sql.quote import quote_identifier


class SettingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One setting that was read."""

    name: Annotated[str, known("as in pg_settings")]
    value: Annotated[str, known("pg_settings.setting: raw, in the unit of pg_settings.unit")]
    number: Annotated[float | None, known("the same as a number; null when it is none")]


class ServerFacts(ServerSessions, frozen=True, kw_only=True):
    """The server. Settings that are not listed here are subjects of their own: `setting`."""

    version: Annotated[float, known("major version")]
    last_fixes_year: Annotated[float, known("year of its last fixes: November, five years after its first release")]
    gets_fixes: Annotated[bool, known("that month is not over, by this machine's clock")]
    version_num: Annotated[float, known("as server_version_num")]
    in_recovery: Annotated[bool, known("a standby")]
    pg_stat_statements: Annotated[bool, known("the extension is installed in this database")]
    shared_buffers_bytes: Annotated[float | None, known("shared_buffers", need="settings")]
    effective_cache_size_bytes: Annotated[float | None, known("effective_cache_size", need="settings")]
    work_mem_bytes: Annotated[float | None, known("work_mem", need="settings")]
    max_connections: Annotated[float | None, known("max_connections", need="settings")]
    work_mem_of_connections_bytes: Annotated[float | None, known("work_mem x hash_mem_multiplier x max_connections: "
                                                                 "one hash in each", need="settings")]  # fmt: skip
    database_sql: Annotated[str, known("the database's name, quoted", sql=True)]
    random_page_cost: Annotated[float | None, known("random_page_cost", need="settings")]
    seq_page_cost: Annotated[float | None, known("seq_page_cost", need="settings")]
    jit: Annotated[bool | None, known("jit is on", need="settings")]
    track_io_timing: Annotated[bool | None, known("track_io_timing is on", need="settings")]
    autovacuum: Annotated[bool | None, known("autovacuum and track_counts, which it needs, are on", need="settings")]


def settings(world: World) -> Iterator[Subject]:
    """Each setting that was read."""
    for name, value in sorted(world.snapshot.server.settings.items()):
        yield Subject(facts=SettingFacts(name=name, value=value, number=number(value)), place=name)


def server(world: World) -> Iterator[Subject]:
    """The server."""
    found = world.snapshot.server
    numbers = {name: number(value) for name, value in found.settings.items()}
    cache, buffers = (numbers.get(name) for name in ("effective_cache_size", "shared_buffers"))
    memory, connections = numbers.get("work_mem"), numbers.get("max_connections")
    hashes = numbers.get("hash_mem_multiplier") or 1.0
    vacuum, counts = (_switch(found.settings.get(name)) for name in ("autovacuum", "track_counts"))
    yield Subject(
        facts=ServerFacts(
            version=found.version_num // 10_000, last_fixes_year=_last_fixes(found.version_num),
            gets_fixes=date.today() < date(_last_fixes(found.version_num), 12, 1),
            version_num=found.version_num, in_recovery=found.in_recovery,
            pg_stat_statements=found.pg_stat_statements is not None,
            shared_buffers_bytes=buffers * found.block_size if buffers is not None else None,
            effective_cache_size_bytes=cache * found.block_size if cache is not None else None,
            work_mem_bytes=memory * 1024 if memory is not None else None, max_connections=connections,
            work_mem_of_connections_bytes=memory * 1024 * hashes * connections if memory and connections else None,
            database_sql=quote_identifier(found.database),
            random_page_cost=numbers.get("random_page_cost"), seq_page_cost=numbers.get("seq_page_cost"),
            jit=_switch(found.settings.get("jit")), track_io_timing=_switch(found.settings.get("track_io_timing")),
            autovacuum=vacuum and counts if vacuum is not None and counts is not None else None,
            **server_counters(world), **server_sessions(world),
        ),
    )  # fmt: skip


def _last_fixes(version_num: int) -> int:
    """13 came out in 2020, and one every year since."""
    return 2012 + version_num // 10_000


def number(value: str | None) -> float | None:
    """A setting as a number; None when it is none."""
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None


def _switch(value: str | None) -> bool | None:
    return None if value is None else value == "on"
