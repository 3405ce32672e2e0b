"""Facts of the workload as a whole."""

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import msgspec

from pgtune_cli.lint.latency import fast_share
from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.world import World
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.fingerprint import normalise
from pgtune_cli.sql.quote import quote_identifier

Workload = "workload"
Period = "period"
SETUP = ("SET ", "RESET", "SHOW", "DISCARD")
OF_NEED = ("SET LOCAL", "SET TRANSACTION", "SET CONSTRAINTS")
"""what holds for one transaction cannot be set beforehand."""


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
    seconds: Annotated[float | None, known("time that the counters cover: the window, or since their reset",
                                           need=Period)]  # fmt: skip
    calls_per_second: Annotated[float | None, known("calls of the analysed statements in that time", need=Period)]
    busy_connections: Annotated[float | None, known("connections that execute at the same time on average: calls x "
                                                    "time, over the time covered", need=Period)]  # fmt: skip
    pool_size: Annotated[float | None, known("connections that suffice in 99.8 of 100 moments if calls come evenly: "
                                             "busy ones and three times their square root", need=Period)]  # fmt: skip
    sessions: Annotated[float | None, known("client sessions of the database when it was read", need="server_state")]
    hit_ratio: Annotated[float | None, known("blocks found in shared_buffers, a fraction of all", need=Workload)]
    read_blocks: Annotated[float | None, known("blocks read from outside shared_buffers", need=Workload)]
    read_ms_per_block: Annotated[float | None, known("time to read one of them", need="io_timing")]
    plan_share: Annotated[float | None, known("planning as a fraction of planning and execution", need="planning")]
    jit_share: Annotated[float | None, known("compiling (JIT) as a fraction of the execution, 15 and later",
                                             need=Workload)]  # fmt: skip
    jit_time_ms: Annotated[float | None, known("time spent compiling", need=Workload)]
    temp_share_of_time: Annotated[float | None, known("fraction of the time in statements that write temporary files",
                                                      need=Workload)]  # fmt: skip
    temp_bytes: Annotated[float | None, known("written to temporary files", need=Workload)]
    temp_bytes_per_call: Annotated[float | None, known("the most that a statement writes to them, a call",
                                                       need=Workload)]  # fmt: skip
    workers_to_launch: Annotated[float | None, known("parallel workers that plans asked for", need="workers")]
    workers_launched: Annotated[float | None, known("parallel workers that they got", need="workers")]
    longest_call_ms: Annotated[float | None, known("the longest single call", need=Workload)]
    longest_query: Annotated[str, known("the statement of that call")]
    truncated_texts: Annotated[float | None, known("statements longer than track_activity_query_size: what "
                                                   "pg_stat_activity shows lacks its end",
                                             need="settings")]  # fmt: skip
    longest_text: Annotated[float, known("bytes of the longest statement")]
    activity_text_bytes: Annotated[float | None, known("track_activity_query_size", need="settings")]
    activity_text_wanted: Annotated[float, known("bytes of track_activity_query_size that would hold all statements, "
                                                 "a power of two from 16 kB on")]  # fmt: skip
    setup_calls: Annotated[float | None, known("calls of SET, RESET, SHOW and DISCARD; of SET those that hold for the "
                                               "session", need="utility")]  # fmt: skip
    setup_share: Annotated[float | None, known("those as a fraction of all calls", need="utility")]
    setup_command: Annotated[str, known("the one of them with the most calls")]
    database_sql: Annotated[str, known("the database's name, quoted", sql=True)]
    fast_ms: Annotated[float, known("the time that the objective for fast calls names")]
    fast_share: Annotated[float | None, known("share of the calls below that time, estimated from mean and deviation "
                                              "of each statement", need=Workload)]  # fmt: skip
    slow_query: Annotated[str, known("the statement with the most calls above that time")]
    objective_fast_share: Annotated[float, known("objective: share of fast calls; 0 without one")]
    objective_hit_ratio: Annotated[float, known("objective: cache hit ratio; 0 without one")]
    objective_calls_per_second: Annotated[float, known("objective: calls per second; 0 without one")]


def workload(world: World) -> Iterator[Subject]:
    """The workload."""
    read, statements, goals = world.snapshot.workload, world.analysis.statements, world.analysis.objectives
    state = world.snapshot.usage.server
    share, slowest = _fast(world, statements, goals.fast_ms)
    yield Subject(
        facts=WorkloadFacts(
            source=read.source, statements=len(statements), total_statements=read.total_statements,
            calls=sum(statement.calls for statement in statements), evicted=read.window.evicted,
            total_exec_time_ms=read.total_exec_time_ms if world.measured else None,
            window_seconds=read.window.seconds,
            sessions=state.sessions.total if state.sessions is not None else None, **_pace(world), **_blocks(world),
            **_setup(world), **_shares(world), **_workers(statements if world.measured else ()), **_texts(world),
            database_sql=quote_identifier(world.snapshot.server.database),
            fast_ms=goals.fast_ms, fast_share=share, slow_query=slowest,
            objective_fast_share=goals.fast_share or 0.0, objective_hit_ratio=goals.cache_hit_ratio or 0.0,
            objective_calls_per_second=goals.calls_per_second or 0.0,
        ),
    )  # fmt: skip


def _pace(world: World) -> dict[str, Any]:
    seconds = world.seconds
    total = world.snapshot.workload.total_exec_time_ms
    if not world.measured or not seconds or total is None:
        return dict.fromkeys(("seconds", "calls_per_second", "busy_connections", "pool_size"))
    busy = total / 1000 / seconds
    return {
        "seconds": seconds,
        "calls_per_second": sum(statement.calls for statement in world.analysis.statements) / seconds,
        "busy_connections": busy,
        "pool_size": math.ceil(busy + 3 * math.sqrt(busy)) or 1,
    }


def _blocks(world: World) -> dict[str, Any]:
    statements = world.analysis.statements
    hit = sum(statement.shared_blks_hit for statement in statements)
    read = sum(statement.shared_blks_read for statement in statements)
    timed = [one for one in statements if one.blk_read_time_ms and one.shared_blks_read]
    timed_blocks = sum(one.shared_blks_read for one in timed)
    return {
        "hit_ratio": hit / (hit + read) if world.measured and hit + read else None,
        "read_blocks": read if world.measured else None,
        "read_ms_per_block": sum(one.blk_read_time_ms or 0.0 for one in timed) / timed_blocks if timed_blocks else None,
    }


def _shares(world: World) -> dict[str, Any]:
    statements = world.analysis.statements if world.measured else ()
    total = sum(statement.total_exec_time_ms for statement in statements)
    planned = [one for one in statements if one.plans and one.total_plan_time_ms is not None]
    planning = sum(one.total_plan_time_ms or 0.0 for one in planned)
    executing = sum(one.total_exec_time_ms for one in planned)
    jit = _sum(one.jit_time_ms for one in statements)
    spilling = [one for one in statements if one.temp_blks_written and one.calls]
    block = world.snapshot.server.block_size
    longest = max(statements, key=lambda one: one.max_exec_time_ms or 0.0, default=None)
    return {
        "plan_share": planning / (planning + executing) if planning + executing else None,
        "jit_time_ms": jit, "jit_share": jit / total if jit is not None and total else None,
        "temp_share_of_time": sum(one.total_exec_time_ms for one in spilling) / total if total else None,
        "temp_bytes": sum(one.temp_blks_written for one in spilling) * block if statements else None,
        "temp_bytes_per_call": max((one.temp_blks_written * block / one.calls for one in spilling), default=0.0)
        if statements else None,
        "longest_call_ms": longest.max_exec_time_ms if longest is not None else None,
        "longest_query": normalise(longest.query) if longest is not None else "",
    }  # fmt: skip


def _setup(world: World) -> dict[str, Any]:
    """What is asked of the server for the session alone, over and over where a pool sets up what it lends."""
    read = world.snapshot.workload
    tracked = world.snapshot.server.settings.get("pg_stat_statements.track_utility") != "off"
    if read.utility is None or not tracked:
        return {"setup_calls": None, "setup_share": None, "setup_command": ""}
    found = [one for one in read.utility if one.command.startswith(SETUP) and not one.command.startswith(OF_NEED)]
    calls = sum(one.calls for one in found)
    every = world.calls + sum(one.calls for one in read.utility)
    return {
        "setup_calls": calls,
        "setup_share": calls / every if every else None,
        "setup_command": max(found, key=lambda one: one.calls).command if found else "",
    }


def _workers(statements: Iterable[Statement]) -> dict[str, Any]:
    counted = list(statements)
    return {
        "workers_to_launch": _sum(one.parallel_workers_to_launch for one in counted),
        "workers_launched": _sum(one.parallel_workers_launched for one in counted),
    }


def _sum(values: Iterable[float | None]) -> float | None:
    known_values = [value for value in values if value is not None]
    return sum(known_values) if known_values else None


def _texts(world: World) -> dict[str, Any]:
    text = world.snapshot.server.settings.get("track_activity_query_size", "")
    most = float(text) if text.isdigit() else None
    sizes = [len(statement.query.encode()) for statement in world.analysis.statements]
    return {
        "activity_text_bytes": most, "longest_text": max(sizes, default=0),
        "activity_text_wanted": max(16384, 1 << max(sizes, default=0).bit_length()),
        "truncated_texts": sum(size >= most for size in sizes) if most is not None and world.measured else None,
    }  # fmt: skip


def _fast(world: World, statements: tuple[Statement, ...], limit_ms: float) -> tuple[float | None, str]:
    """Over the calls of which anything is known; and the statement with the most slow ones."""
    shares = [(one, fast_share(one, limit_ms)) for one in statements] if world.measured else []
    told = [(one, share) for one, share in shares if share is not None and one.calls]
    calls = sum(one.calls for one, _ in told)
    if not calls:
        return None, ""
    slowest, share = max(told, key=lambda item: item[0].calls * (1 - item[1]))
    fast = sum(one.calls * part for one, part in told) / calls
    return fast, normalise(slowest.query) if share < 1 else ""
