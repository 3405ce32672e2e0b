"""How statements are to be explained."""

from typing import Literal

import msgspec

GENTLE = {"max_parallel_workers_per_gather": "0", "jit": "off"}


class ExplainOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`execute`: run EXPLAIN (ANALYZE) where the gates allow it. Never on a clone."""

    execute: bool = True
    max_time_ms: float = 10_000
    """statements whose measured mean is above it are planned only, and no execution takes longer."""
    timing: Literal["auto", "on", "off"] | str = "auto"
    """of the nodes; auto: on below one second of measured mean, it slows the execution down."""
    gentle: bool = False
    """without parallel query and JIT, for a server under load."""
    max_active: int = 20
    """no more executions while the server has more active sessions than this."""
    sample_rows: bool = True
    """where `execute` holds, read a few rows for values that belong together."""
    show_values: bool = False
    trust_functions: bool = False
    """functions of the database's own that are not volatile may run."""

    @property
    def planner_settings(self) -> dict[str, str]:
        """For the transactions that plan and execute."""
        return GENTLE if self.gentle else {}
