"""What the report says of the server and of where the workload came from."""

from pgtune_cli.model.report import Report
from pgtune_cli.report.format import count, duration, number_of, size

_UNITS = {"shared_buffers": 8192, "effective_cache_size": 8192, "temp_buffers": 8192, "work_mem": 1024,
          "maintenance_work_mem": 1024}  # fmt: skip
"""bytes of one unit of pg_settings"""
_NOTABLE = (
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "hash_mem_multiplier",
    "maintenance_work_mem",
    "random_page_cost",
    "seq_page_cost",
    "effective_io_concurrency",
    "max_connections",
    "max_parallel_workers_per_gather",
    "jit",
    "default_statistics_target",
    "plan_cache_mode",
    "autovacuum",
    "track_io_timing",
    "statement_timeout",
)


def notable_settings(report: Report) -> tuple[tuple[str, str], ...]:
    """(name, value) of those that bear on plans, sizes as people say them."""
    known = report.server.settings
    return tuple((name, _value(name, known[name])) for name in _NOTABLE if name in known)


def _value(name: str, value: str) -> str:
    return size(int(value) * _UNITS[name]) if name in _UNITS and value.isdigit() else value


def workload_lines(report: Report) -> tuple[str, ...]:
    """Where the statements came from, over which time, and what is known to be missing."""
    workload = report.workload
    window = workload.window
    lines = [f"From {workload.source}: {number_of(workload.statements, 'statement')}, {count(workload.calls)} calls, "
             f"{duration(workload.total_exec_time_ms)} of execution time."]  # fmt: skip
    if window.seconds is not None:
        lines.append(f"Two readings {duration(window.seconds * 1000)} apart.")
    elif window.age_seconds is not None:
        lines.append(f"Counted over {duration(window.age_seconds * 1000)}, since the counters were reset.")
    if window.evicted:
        lines.append(
            f"pg_stat_statements dropped {count(window.evicted)} of its entries for want of room: "
            "pg_stat_statements.max is too low, and what they took is not counted here."
        )
    return tuple(lines)
