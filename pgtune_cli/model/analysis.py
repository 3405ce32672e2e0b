"""What the analysers (lint, rewrite, advise, compare) start from: one snapshot, its statements, their plans."""

import msgspec

from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.model.statement import Statement


class Objectives(msgspec.Struct, frozen=True, kw_only=True):
    """What a project wants of its workload; None is no objective."""

    fast_ms: float = 100.0
    fast_share: float | None = None
    """share of the calls that should take less than `fast_ms`."""
    cache_hit_ratio: float | None = None
    calls_per_second: float | None = None


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    snapshot: Snapshot
    statements: tuple[Statement, ...]
    """costliest first."""
    plans: dict[str, StatementPlans]
    """by fingerprint; a statement that was not tried has no entry."""
    skipped: tuple[Skipped, ...] = ()
    objectives: Objectives = Objectives()
