"""How far figures of an unchanged statement wander, and where a change begins: facts of measurement, and the policy.

Measured on replays of one workload and on a long-lived database, where data grow, autovacuum comes by and other
parameters are used.
"""

from enum import IntEnum
from math import sqrt

import msgspec

from pgtune_cli.model.check_policy import RelativePolicy


class Likeness(IntEnum):
    """How the second run relates to the first."""

    REPLAY = 0
    """the same calls with the same parameters: results that vary are as large"""
    PROBABLE = 1
    """the same calls; no other statement's result varies, so that the parameters may be others"""
    OTHER_PARAMETERS = 2
    """the same calls with other parameters, or on other data"""
    LIVE = 3
    """another stretch of a workload"""


Bound = tuple[float, float]
"""a factor and a slack: above `before * factor + slack` is a change."""


class Tolerance(msgspec.Struct, frozen=True, kw_only=True):
    """A change counts from factor and slack on; blocks only suspect until `blocks_fail`. None: not judged."""

    calls: Bound | None = (1.1, 2.0)
    rows: Bound | None
    blocks: Bound | None
    blocks_fail: Bound
    """together with a time that rose by `time`; without one `blocks_alone` is needed."""
    blocks_alone: Bound
    temp: Bound | None = (1.2, 2.0)
    wal: Bound | None
    cost: Bound | None = None
    time: float = 1.25


REPLAY = Tolerance(
    rows=(1.05, 0.5), blocks=(1.10, 2.0), blocks_fail=(1.5, 2.0), blocks_alone=(4.0, 10.0), wal=(1.3, 0.5)
)
OTHER_PARAMETERS = Tolerance(
    rows=(1.5, 1.0),
    blocks=(1.5, 2.0),
    blocks_fail=(3.0, 10.0),
    blocks_alone=(5.0, 20.0),
    temp=(2.0, 10.0),
    wal=(1.5, 1.0),
)
LIVE = Tolerance(
    calls=None,
    rows=(3.0, 1.0),
    blocks=(1.5, 2.0),
    blocks_fail=(3.0, 10.0),
    blocks_alone=(5.0, 20.0),
    wal=(3.0, 1.0),
)


MEASURED = {
    Likeness.REPLAY: REPLAY,
    Likeness.PROBABLE: REPLAY,
    Likeness.OTHER_PARAMETERS: OTHER_PARAMETERS,
    Likeness.LIVE: LIVE,
}


def tolerance_of(policy: RelativePolicy, likeness: Likeness, calls: int = 1) -> Tolerance:
    """The measured tolerances with the policy's factors and switches. `calls`: the fewer, the more a mean wanders."""
    base = MEASURED[likeness]
    if likeness is Likeness.PROBABLE and base.rows is not None:
        base = msgspec.structs.replace(base, rows=(base.rows[0] + 0.5 / sqrt(max(calls, 1)), base.rows[1]))
    blocks = _bound(policy.blocks, base.blocks)
    own = blocks if blocks is not None and not isinstance(policy.blocks, bool) else None
    return msgspec.structs.replace(
        base,
        calls=_bound(policy.calls, base.calls),
        rows=_bound(policy.rows, base.rows),
        blocks=blocks,
        blocks_fail=own or base.blocks_fail,
        blocks_alone=own or base.blocks_alone,
        temp=_bound(policy.temp_blocks, base.temp),
        wal=_bound(policy.wal_records, base.wal),
        cost=_bound(policy.cost, (1.3, 10.0)),
    )


def _bound(policy: bool | float, measured: Bound | None) -> Bound | None:
    if isinstance(policy, bool):
        return measured if policy else None
    return None if measured is None else (float(policy), measured[1])


def above(before: float, after: float, bound: Bound) -> bool:
    return after > before * bound[0] + bound[1]


def near(before: float, after: float, bound: Bound) -> bool:
    return not above(before, after, bound) and not above(after, before, bound)
