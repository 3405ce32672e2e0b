"""Facts of the server, its settings, and the workload as a whole."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.world import World

Workload = "workload"


class SettingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One setting that was read."""

    name: Annotated[str, known("as in pg_settings")]
    value: Annotated[str, known("pg_settings.setting: raw, in the unit of pg_settings.unit")]
    number: Annotated[float | None, known("the same as a number; null when it is none")]


class WorkloadFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All statements together."""

    source: Annotated[str, known("pg_stat_statements, or workload for files")]
    statements: Annotated[float, known("how many were analysed")]
    total_statements: Annotated[float | None, known("how many there were before --top", need=Workload)]
    calls: Annotated[float, known("calls of the analysed ones")]
    total_exec_time_ms: Annotated[float | None, known("of all statements of the database", need=Workload)]
    evicted: Annotated[float | None, known("entries that pg_stat_statements dropped for want of room", need=Workload)]
    window_seconds: Annotated[float | None, known("length of the window, where --window took two readings",
                                                  need=Workload)]  # fmt: skip
    hit_ratio: Annotated[float | None, known("blocks found in shared_buffers, a fraction of all", need=Workload)]


class ServerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The server. Settings that are not listed here are subjects of their own: `setting`."""

    version: Annotated[float, known("major version")]
    version_num: Annotated[float, known("as server_version_num")]
    in_recovery: Annotated[bool, known("a standby")]
    pg_stat_statements: Annotated[bool, known("the extension is installed in this database")]
    shared_buffers_bytes: Annotated[float | None, known("shared_buffers", need="settings")]
    effective_cache_size_bytes: Annotated[float | None, known("effective_cache_size", need="settings")]
    work_mem_bytes: Annotated[float | None, known("work_mem", need="settings")]
    random_page_cost: Annotated[float | None, known("random_page_cost", need="settings")]
    jit: Annotated[bool | None, known("jit is on", need="settings")]
    track_io_timing: Annotated[bool | None, known("track_io_timing is on", need="settings")]


def settings(world: World) -> Iterator[Subject]:
    """Each setting that was read."""
    for name, value in sorted(world.snapshot.server.settings.items()):
        yield Subject(facts=SettingFacts(name=name, value=value, number=_number(value)), place=name)


def workload(world: World) -> Iterator[Subject]:
    """The workload."""
    read = world.snapshot.workload
    hit = sum(statement.shared_blks_hit for statement in world.analysis.statements)
    missed = sum(statement.shared_blks_read for statement in world.analysis.statements)
    yield Subject(
        facts=WorkloadFacts(
            source=read.source, statements=len(world.analysis.statements), total_statements=read.total_statements,
            calls=sum(statement.calls for statement in world.analysis.statements),
            total_exec_time_ms=read.total_exec_time_ms if world.measured else None, evicted=read.window.evicted,
            window_seconds=read.window.seconds,
            hit_ratio=hit / (hit + missed) if world.measured and hit + missed else None,
        ),
    )  # fmt: skip


def server(world: World) -> Iterator[Subject]:
    """The server."""
    found = world.snapshot.server
    numbers = {name: _number(value) for name, value in found.settings.items()}
    cache, buffers = (numbers.get(name) for name in ("effective_cache_size", "shared_buffers"))
    memory = numbers.get("work_mem")
    yield Subject(
        facts=ServerFacts(
            version=found.version_num // 10_000, version_num=found.version_num, in_recovery=found.in_recovery,
            pg_stat_statements=found.pg_stat_statements is not None,
            shared_buffers_bytes=buffers * found.block_size if buffers is not None else None,
            effective_cache_size_bytes=cache * found.block_size if cache is not None else None,
            work_mem_bytes=memory * 1024 if memory is not None else None,
            random_page_cost=numbers.get("random_page_cost"), jit=_switch(found.settings.get("jit")),
            track_io_timing=_switch(found.settings.get("track_io_timing")),
        ),
    )  # fmt: skip


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _switch(value: str | None) -> bool | None:
    return None if value is None else value == "on"
