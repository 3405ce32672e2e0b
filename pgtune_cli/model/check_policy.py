"""What `pgtune check` fails for: the `check:` part of pgtune.yaml. Null or false turns a policy off."""

from typing import Annotated

import msgspec
from msgspec import Meta, field

from pgtune_cli.model.finding import Severity
from pgtune_cli.model.quantities import Bytes, Milliseconds

Factor = Annotated[float, Meta(gt=1)]
Amount = Annotated[float, Meta(ge=0)]


class AbsolutePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What no statement may exceed that kept it in the baseline, from one window and whatever moved it."""

    mean_exec_time_ms: Milliseconds | None = field(default=None, name="mean_exec_time")
    """`slow_query_threshold` for those who would rather have a false alarm than a doubt: see Verdicts."""
    blocks_per_call: Amount | None = None
    """shared blocks hit and read."""
    rows_per_call: Amount | None = None
    calls: Amount | None = None
    """in the whole run."""
    total_cost: Amount | None = None
    """the planner's, of the plan of record."""


class RelativePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Against the baseline. True: by the measured tolerances; a number: above this factor; false: off."""

    time: bool | Factor = True
    """only from five windows on each side; below that the verdict is undecided."""
    blocks: bool | Factor = True
    rows: bool | Factor = True
    calls: bool | Factor = True
    temp_blocks: bool | Factor = True
    wal_records: bool | Factor = True
    cost: bool | Factor = False
    """a cost alone fails nothing unless it is asked for: it moves with every ANALYZE."""


class PlanPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a plan may not do that it did not do in the baseline."""

    index_lost: bool = True
    """its index is gone from the schema, and the table is now read sequentially or at a higher cost."""
    seq_scan_above: Bytes | None = None
    """a sequential scan of a table at least so large."""
    spill: bool = False
    """temporary blocks written where none were."""
    nodes: tuple[str, ...] = ()
    """node types, as EXPLAIN spells them, such as `Nested Loop`."""


class RulesPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Findings of the rules."""

    severity: Severity | None = None
    """fail for findings at least so severe."""
    new_only: bool = True
    """not for those that the baseline has."""


class StatisticsPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With `--statistics`: both plans are made from production's statistics, so a cost may decide."""

    cost: Factor | None = 1.5
    """fail when the cost rises above this factor of what production's own schema gives."""
    min_cost: Amount = 100.0
    """cheaper plans never fail for their cost."""
    selective_scan_above: Bytes | None = field(default_factory=lambda: Bytes(64 << 20))
    """fail a statement that production does not know, if it scans a table at least so large for few of its rows."""


class CheckPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    absolute: AbsolutePolicy = AbsolutePolicy()
    relative: RelativePolicy = RelativePolicy()
    plan: PlanPolicy = PlanPolicy()
    rules: RulesPolicy = RulesPolicy()
    statistics: StatisticsPolicy = field(default_factory=StatisticsPolicy)
