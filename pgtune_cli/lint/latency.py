"""The share of calls below a time, estimated from mean and deviation: pg_stat_statements keeps no more."""

import math
from statistics import NormalDist

from pgtune_cli.model.statement import Statement

NORMAL = NormalDist()


def fast_share(statement: Statement, limit_ms: float) -> float | None:
    """Of one statement's calls, as if their times were log-normal; certain where least or greatest time tells."""
    mean, deviation = statement.mean_exec_time_ms, statement.stddev_exec_time_ms
    least, most = statement.min_exec_time_ms, statement.max_exec_time_ms
    if most is not None and most < limit_ms:
        return 1.0
    if least is not None and least >= limit_ms:
        return 0.0
    if mean <= 0 or deviation is None:
        return None
    if deviation == 0:
        return 1.0 if mean < limit_ms else 0.0
    spread = math.log1p((deviation / mean) ** 2)
    return NORMAL.cdf((math.log(limit_ms / mean) + spread / 2) / math.sqrt(spread))
