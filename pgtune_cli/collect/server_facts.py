"""The server, this session's rights, and the settings that plans depend on."""

from typing import Any

import msgspec

from pgtune_cli.collect.connection import EXACT, GUARDS, LOST, UNCOUNTED, Connection, PostgresError, transaction
from pgtune_cli.collect.queries import query
from pgtune_cli.collect.reader import Reader, lost, reason
from pgtune_cli.errors import ServerRefused
from pgtune_cli.model.snapshot import Tablespace

OLDEST = 13

SETTINGS = (
    # Query Tuning: by name, as the category is translated to lc_messages
    "constraint_exclusion", "cpu_index_tuple_cost", "cpu_operator_cost", "cpu_tuple_cost", "cursor_tuple_fraction",
    "default_statistics_target", "effective_cache_size", "enable_async_append", "enable_bitmapscan",
    "enable_distinct_reordering", "enable_gathermerge", "enable_group_by_reordering", "enable_hashagg",
    "enable_hashjoin", "enable_incremental_sort", "enable_indexonlyscan", "enable_indexscan", "enable_material",
    "enable_memoize", "enable_mergejoin", "enable_nestloop", "enable_parallel_append", "enable_parallel_hash",
    "enable_partition_pruning", "enable_partitionwise_aggregate", "enable_partitionwise_join",
    "enable_presorted_aggregate", "enable_self_join_elimination", "enable_seqscan", "enable_sort", "enable_tidscan",
    "from_collapse_limit", "geqo", "geqo_effort", "geqo_generations", "geqo_pool_size", "geqo_seed",
    "geqo_selection_bias", "geqo_threshold", "jit", "jit_above_cost", "jit_inline_above_cost",
    "jit_optimize_above_cost", "join_collapse_limit", "min_parallel_index_scan_size", "min_parallel_table_scan_size",
    "parallel_leader_participation", "parallel_setup_cost", "parallel_tuple_cost", "plan_cache_mode",
    "random_page_cost", "recursive_worktable_factor", "seq_page_cost",
    # memory, workers, storage
    "shared_buffers", "work_mem", "hash_mem_multiplier", "maintenance_work_mem", "temp_buffers", "temp_file_limit",
    "logical_decoding_work_mem", "max_worker_processes", "max_parallel_workers", "max_parallel_workers_per_gather",
    "max_parallel_maintenance_workers", "effective_io_concurrency", "maintenance_io_concurrency", "io_method",
    "data_checksums", "block_size", "wal_level", "max_connections",
    # what values and names mean
    "TimeZone", "DateStyle", "IntervalStyle", "search_path", "extra_float_digits", "lc_collate", "lc_ctype",
    "lc_monetary", "lc_messages", "standard_conforming_strings", "server_encoding", "server_version",
    "row_security", "default_text_search_config", "transform_null_equals", "array_nulls",
    # upkeep
    "autovacuum", "autovacuum_analyze_scale_factor", "autovacuum_analyze_threshold",
    "autovacuum_vacuum_scale_factor", "autovacuum_vacuum_threshold", "autovacuum_vacuum_insert_scale_factor",
    "autovacuum_naptime", "autovacuum_max_workers", "autovacuum_vacuum_insert_threshold", "autovacuum_freeze_max_age",
    "autovacuum_multixact_freeze_max_age", "autovacuum_vacuum_cost_delay", "autovacuum_vacuum_cost_limit",
    "vacuum_cost_limit", "vacuum_failsafe_age", "track_counts", "max_wal_size", "checkpoint_timeout",
    "max_slot_wal_keep_size", "wal_segment_size", "archive_mode", "autovacuum_vacuum_max_threshold",
    # what is measured
    "track_io_timing", "track_activities", "track_activity_query_size", "compute_query_id",
    "shared_preload_libraries", "pg_stat_statements.max", "pg_stat_statements.track",
    "pg_stat_statements.track_utility", "pg_stat_statements.track_planning", "pg_stat_statements.save",
    # what stops a statement
    "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_timeout",
    "idle_session_timeout", "log_lock_waits", "deadlock_timeout",
    "default_transaction_isolation", "default_transaction_read_only",
)  # fmt: skip

OVERRIDDEN = (*EXACT, *GUARDS, UNCOUNTED, "search_path")
"""what pgtune SETs itself: the value at the session's begin is recorded instead."""


class ServerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One row of server.sql."""

    version_num: int
    version: str
    database: str
    user: str
    database_sql: str
    user_sql: str
    superuser: bool
    bypasses_row_security: bool
    owner: bool
    reads_all_stats: bool
    in_recovery: bool
    encoding: str
    collate: str
    ctype: str
    locale_provider: str
    block_size: int


def refuse_old(major: int, minor: int) -> None:
    if major < OLDEST:
        raise ServerRefused(
            f"PostgreSQL {major}.{minor} is too old: pgtune reads {OLDEST} and later",
            "upgrade the server; PostgreSQL 12 is without fixes since November 2024",
        )


async def read_server(connection: Connection) -> ServerFacts:
    """Version, database and rights: without these there is nothing to read.

    Raises:
        ServerRefused: older than 13, not PostgreSQL's own catalogs, or refused.
        ConnectionFailed: the server is gone.
    """
    version = connection.get_server_version()
    refuse_old(version.major, version.minor)
    try:
        async with transaction(connection):
            row = await connection.fetchrow(query("server").text)
    except PostgresError as exc:
        raise ServerRefused(f"the server does not answer as PostgreSQL does: {reason(exc)}") from exc
    except LOST as exc:
        raise lost(exc, query("server").reads) from exc
    if row is None:
        raise ServerRefused("the server does not say which database this is")
    return msgspec.convert(dict(row), ServerFacts)


async def read_settings(reader: Reader) -> dict[str, str]:
    rows = await reader.rows("settings", list(SETTINGS), list(OVERRIDDEN))
    found: dict[str, Any] = {row["name"]: row["setting"] for row in rows}
    return {name: found[name] for name in sorted(found) if found[name] is not None}


async def read_tablespaces(reader: Reader) -> tuple[Tablespace, ...]:
    return tuple(
        Tablespace(name=row["name"], options=tuple(row["options"]), of_database=row["of_database"])
        for row in await reader.rows("tablespaces")
    )
