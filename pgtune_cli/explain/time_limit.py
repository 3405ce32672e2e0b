"""Whether a statement is quick enough to be executed: by the time that was measured, else by the planner's cost."""

from collections.abc import Iterable
from statistics import median

from pgtune_cli.model.statement import Statement

MS_PER_COST = 0.01
"""where nothing was measured: a page read in sequence costs 1 and takes about that long."""
ENOUGH = 5


def measured_mean_ms(statement: Statement) -> float | None:
    """None for statements of files, which were never timed."""
    return statement.mean_exec_time_ms if statement.calls > 0 and statement.total_exec_time_ms > 0 else None


def ms_per_cost(pairs: Iterable[tuple[Statement, float]]) -> float:
    """Of this server, from statements and the costs of their plans; a guess where too few were measured."""
    timed = [(measured_mean_ms(statement), cost) for statement, cost in pairs]
    rates = [mean / cost for mean, cost in timed if mean is not None and cost > 0]
    return median(rates) if len(rates) >= ENOUGH else MS_PER_COST


def too_slow(statement: Statement, cost: float, rate: float, max_time_ms: float) -> str | None:
    """Why it is not executed; None below --max-time."""
    mean = measured_mean_ms(statement)
    if mean is not None:
        slow = mean >= max_time_ms
        return f"its mean time of {_seconds(mean)} is not below --max-time ({_seconds(max_time_ms)})" if slow else None
    if cost * rate >= max_time_ms:
        return f"by its cost it may take {_seconds(cost * rate)}, --max-time is {_seconds(max_time_ms)}"
    return None


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3g} s"
