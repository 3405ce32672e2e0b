"""How statements are to be explained."""

from typing import Literal

import msgspec


class ExplainOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`execute`: run EXPLAIN (ANALYZE) where the gates allow it. Never on a clone."""

    execute: bool = True
    max_time_ms: float = 10_000
    """statements whose measured mean is above it are planned only, and no execution takes longer."""
    timing: Literal["auto", "on", "off"] | str = "auto"
    """of the nodes; auto: on below one second of measured mean, it slows the execution down."""
    show_values: bool = False
    trust_functions: bool = False
    """functions of the database's own that are not volatile may run."""
