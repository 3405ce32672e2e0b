"""What the analysers (lint, rewrite, advise, compare) start from: one snapshot, its statements, their plans."""

import msgspec

from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.model.statement import Statement


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    snapshot: Snapshot
    statements: tuple[Statement, ...]
    """costliest first."""
    plans: dict[str, StatementPlans]
    """by fingerprint; a statement that was not tried has no entry."""
    skipped: tuple[Skipped, ...] = ()
